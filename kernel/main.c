/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/main.c - from the stub's jump to the first program: named steps, in the order in which trust grows.
 *
 * Relies on boot/bootinfo.h for the state at entry. Invariant: no step runs on what an earlier one did not check;
 * whatever cannot be done ends in one sentence that names it (halt_machine).
 */
#include "boot/bootinfo.h"
#include "crypto/ct.h"
#include "crypto/hash.h"
#include "crypto/mbedtls_port.h"
#include "fs/memfs.h"
#include "fs/nodefs.h"
#include "fs/tarfs.h"
#include "kernel/clock.h"
#include "kernel/cmdline.h"
#include "kernel/dev/acpi.h"
#include "kernel/dev/uart.h"
#include "kernel/exec.h"
#include "kernel/filearg.h"
#include "kernel/integrity/integrity.h"
#include "kernel/klog.h"
#include "kernel/pmm.h"
#include "kernel/power.h"
#include "kernel/signal.h"
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/tpmdev.h"
#include "kernel/tty.h"
#include "kernel/version.h"
#include "kernel/vm.h"
#include "kernel/x86/apic.h"
#include "kernel/x86/cpu.h"
#include "kernel/x86/paging.h"
#include "kernel/x86/trap.h"

#define GUARD_SEED 8u       /* last bytes of the firmware's seed: for the stack guard, not for the generator */
#define CPU_RANDOM_WORDS 8u
#define CPU_RANDOM_TRIES 10u

extern u64 __stack_chk_guard;
extern const struct nodefs_table nodes_start[], nodes_end[]; /* linker/kernel.lds */
__attribute__((noreturn)) void __stack_chk_fail(void);
__attribute__((noreturn)) void kernel_main(paddr_t bootinfo, u64 entry_tsc);

RO_AFTER_INIT u64 __stack_chk_guard;
RO_AFTER_INIT static struct bootinfo boot;
RO_AFTER_INIT static struct cmdline cmdline;
RO_AFTER_INIT static struct paging_range memory[PMM_RANGES_MAX];
static struct tpm *tpm;
static struct vfs_context root_context = { .umask = 022 };
static const struct cred root_cred;

void __stack_chk_fail(void) { port_panic("a stack frame was overwritten"); }

/* A step that cannot fail on a sound machine with a sound image. */
static void must(int err, const char *what) {
	if (err) halt_machine("%s (%s)", what, err_name(err));
}

static void console_write(const char *line, size_t len) {
	uart_write(line, len - 1);
	uart_write("\r\n", 2);
}

/* The first words, before anything can be trusted to work. */
static void start_console(void) {
	(void)uart_init(); /* without a port the log is all there is */
	klog_set(&(struct klog_config){ .console = console_write, .now_ns = clock_now_ns, .wake = poll_wake });
}

static void check_bootinfo(paddr_t addr) {
	const struct bootinfo *info = phys_to_virt(addr);

	if (info->magic != BOOTINFO_MAGIC) halt_machine("what the stub handed over is no boot information");
	if (info->version != BOOTINFO_VERSION || info->len != sizeof(*info))
		halt_machine("stub and kernel do not belong together: boot information version %u, length %u",
			     info->version, info->len);
	boot = *info;
	if (boot.seed_len > sizeof(boot.seed)) halt_machine("the stub's seed is longer than its place");
}

static u64 cpu_random(void) {
	bool seed = cpuid(0, 0).eax >= 7 && cpuid(7, 0).ebx >> 18 & 1, rand = cpuid(1, 0).ecx >> 30 & 1;
	u64 value = 0;

	for (u32 i = 0; i < CPU_RANDOM_TRIES; i++) {
		if ((seed && cpu_rdseed(&value)) || (rand && cpu_rdrand(&value))) return value;
	}
	return 0;
}

/* No caller of this function ever returns, so no frame is checked against two values. Low byte 0: it ends strings. */
__attribute__((no_stack_protector)) static void start_stack_guard(u64 entry_tsc) {
	u64 guard = load_le64(boot.seed + sizeof(boot.seed) - GUARD_SEED) ^ cpu_random();

	__stack_chk_guard = (guard ^ entry_tsc * 0x9e3779b97f4a7c15ull) & ~0xffull;
}

static struct span span_of(struct boot_span s) { return (struct span){ s.len ? phys_to_virt(s.addr) : NULL, s.len }; }

static void read_command_line(void) {
	if (cmdline_parse(&cmdline, span_of(boot.cmdline), span_of(boot.load_options)) != 0)
		halt_machine("%s", cmdline.why);
	if (cmdline.quiet) klog_printk[0] = 4;
	if (cmdline.loglevel) klog_printk[0] = (u64)cmdline.loglevel;
	port_log(LOG_INFO, "assay: Assay %s", ASSAY_VERSION);
	port_log(LOG_INFO, "assay: command line: %s", cmdline.full);
	if (cmdline.ignored[0]) port_log(LOG_WARN, "assay: command line: ignored: %s", cmdline.ignored);
	if (boot.load_options_not_text) port_log(LOG_WARN, "assay: the load options are not text: ignored");
}

static void start_memory(void) {
	const struct pmm_config config = { span_of(boot.memmap), boot.memmap_desc_len, boot.memmap_desc_version,
					   phys_to_virt(0) };
	const char *why = NULL;
	const struct pmm_range *ranges;
	size_t count, used = 0;

	if (pmm_init(&config, &why) != 0) halt_machine("memory: %s", why);
	ranges = pmm_ranges(&count);
	for (size_t i = 0; i < count; i++) {
		if (ranges[i].kind <= PMM_ACPI)
			memory[used++] = (struct paging_range){ ranges[i].start, ranges[i].end,
								ranges[i].kind < PMM_ACPI };
	}
	must(paging_init(boot.kernel.addr, memory, used), "memory: the kernel's page tables could not be built");
}

static void on_timer(void) {
	tty_poll_input();
	clock_interrupt();
}

static const struct trap_handlers handlers = { vm_fault, signal_fault, task_syscall, task_return_to_user, on_timer,
					       tty_poll_input };

/* Clock, timer and the serial port's interrupt, all found through the firmware's tables. */
static void start_devices(u64 entry_tsc) {
	struct acpi_fadt fadt = { 0 };
	struct acpi_madt madt = { 0 };
	int err = acpi_init(boot.rsdp, paging_read_phys);

	if (err || acpi_fadt(&fadt) != 0)
		port_log(LOG_WARN, "assay: ACPI: no usable tables (%s); the machine cannot be switched off",
			 err_name(err));
	power_init(&fadt);
	must(clock_init(entry_tsc, fadt.pm_timer, fadt.pm_timer_32bit, fadt.century),
	     "there is no clock to measure the processor's time stamp counter with");
	if (acpi_madt(&madt) != 0) port_log(LOG_WARN, "assay: ACPI: no usable interrupt table");
	must(apic_init(madt.lapic, clock_now_ns), "the processor has no usable interrupt controller");
	if (madt.ioapic && madt.irq4_gsi >= madt.ioapic_gsi_base &&
	    ioapic_init(madt.ioapic, madt.irq4_gsi - madt.ioapic_gsi_base, VECTOR_SERIAL, madt.irq4_level,
			madt.irq4_active_low) == 0)
		uart_enable_interrupt(); /* otherwise the tick looks at the port */
	port_log(LOG_INFO, "assay: processor: %s; time stamp counter %lu.%03lu MHz", trap_features(),
		 clock_tsc_khz() / 1000, clock_tsc_khz() % 1000);
	if (trap_leaks_to_user())
		port_log(LOG_WARN, "assay: processor: may let programs read the kernel's memory (Meltdown)");
}

static void test_hashes(void) {
	const char *failed = NULL;

	if (hash_self_test(&failed) != 0) halt_machine("the known-answer test of %s failed", failed);
}

static void start_random(void) {
	struct {
		u8 firmware[sizeof(boot.seed) - GUARD_SEED];
		u64 cpu[CPU_RANDOM_WORDS], tsc[2];
	} seed = { .tsc = { boot.entry_tsc, cpu_rdtsc() } };
	u64 any = 0;

	memcpy(seed.firmware, boot.seed, sizeof(seed.firmware));
	for (size_t i = 0; i < CPU_RANDOM_WORDS; i++) any |= seed.cpu[i] = cpu_random();
	must(crypto_random_init(&seed, sizeof(seed)), "the random number generator could not be seeded");
	if (boot.seed_len < sizeof(seed.firmware) && !any)
		port_log(LOG_WARN, "assay: neither the firmware nor the processor gives random numbers");
	ct_wipe(&seed, sizeof(seed));
	ct_wipe(boot.seed, sizeof(boot.seed));
}

static void say_tpm(void) {
	RELEASED(blob_done) struct blob banks = { 0 };

	for (size_t i = 0; i < tpm->bank_count; i++) {
		const char *name = hash_name(tpm->banks[i].hash);

		blob_format(&banks, " %s", name ? name : "unknown");
	}
	port_log(LOG_INFO, "assay: TPM: %s, %s firmware %u.%u, banks%.*s", tpm_interface_name(tpm->interface),
		 tpm->manufacturer, tpm->firmware[0] >> 16, tpm->firmware[0] & 0xffff, (int)banks.len,
		 (const char *)banks.base);
	if (tpm->unstarted)
		port_log(LOG_ERR, "assay: TPM: the firmware had not started it: what ran before was not measured");
}

/* Absent is Linux's bypass unless the command line says otherwise; present and failing is never bypassed. */
static void start_tpm(void) {
	u8 random[32];
	int err = tpmdev_init(&boot, &tpm);

	if (err == -ENODEV && !cmdline.ima_tpm_require) {
		port_log(LOG_ERR, "assay: NO TPM: the log is kept, but nothing vouches for it");
		tpm = NULL;
		return;
	}
	must(err, err == -ENODEV ? "ima_tpm=require, and there is no TPM" : "the TPM does not work");
	say_tpm();
	if (tpm_random(tpm, random, sizeof(random)) != 0 || crypto_random_add(random, sizeof(random)) != 0)
		port_log(LOG_WARN, "assay: TPM: gave no random numbers");
	ct_wipe(random, sizeof(random));
}

static void unpack_root(void) {
	static struct tar_report report;
	struct memfs_options options = { .fsname = "assayroot", .magic = MAGIC_ROOT, .root_mode = 0755 };
	struct superblock *sb = NULL;
	int err;

	if (!boot.initrd.len) halt_machine("the image has no section .initrd, and so no root file system");
	must(memfs_create(&options, &sb), "the root file system could not be made");
	memcpy(sb->uuid, cmdline.rootuuid, sizeof(sb->uuid));
	err = tar_unpack(sb, span_of(boot.initrd), &report);
	if (err) halt_machine(".initrd: %s (%s)", report.why, err_name(err));
	/* Beside the image's own content, half of what is free now, as a tmpfs would have. */
	sb->max_bytes = sb->used_bytes + pmm_stats().free / 2 * PAGE_SIZE;
	sb->max_inodes = sb->inode_count + pmm_stats().free / 2;
	must(vfs_mount_root(sb, 0, "assayroot", &root_context.root), "the root file system could not be mounted");
	root_context.cwd = root_context.root;
	path_get(&root_context.cwd);
	port_log(LOG_INFO, "assay: root: %lu files, %lu directories, %lu symbolic links, %lu hard links",
		 report.count[TAR_FILE], report.count[TAR_DIRECTORY], report.count[TAR_SYMLINK],
		 report.count[TAR_LINK]);
	if (report.count[TAR_DEVICE])
		port_log(LOG_WARN, "assay: root: %lu device nodes left out: /dev is devfs", report.count[TAR_DEVICE]);
}

/* The image need not have the directories. */
static int mount_at(const char *where, struct superblock *sb, u32 flags) {
	struct path path;
	int err = vfs_mknod(&root_context, NULL, where, S_IFDIR | 0555, 0, &root_cred);

	if (err && err != -EEXIST) return err;
	TRY(path_walk(&root_context, NULL, where, WALK_FOLLOW | WALK_DIRECTORY, &root_cred, &path));
	err = vfs_mount(&path, sb, flags, sb->fsname);
	path_put(&path);
	return err;
}

/* /proc, /sys and /dev, with everything that programs find in them. */
static void mount_pseudo(void) {
	static const struct pseudo_node cmdline_node = { "cmdline", S_IFREG | 0444, .arg = cmdline.full };
	static const char *const where[] = { [NODEFS_PROC] = "/proc", [NODEFS_SYS] = "/sys",
					     [NODEFS_SECURITY] = "/sys/kernel/security", [NODEFS_DEV] = "/dev" };
	int err = nodefs_init() ?: pseudo_add(nodefs[NODEFS_PROC], &cmdline_node, 1);

	for (const struct nodefs_table *table = nodes_start; table < nodes_end && !err; table++)
		err = pseudo_add(nodefs[table->fs], table->nodes, table->count);
	must(err ?: tpm ? tpmdev_register_nodes() : 0, "/proc, /sys and /dev could not be filled");
	for (size_t i = 0; i < NODEFS_COUNT; i++) {
		err = mount_at(where[i], nodefs[i], MS_NOSUID | MS_NOEXEC | (i == NODEFS_DEV ? 0 : MS_NODEV));
		if (err == -ENOTDIR) halt_machine("the image's %s is not a directory (ENOTDIR)", where[i]);
		if (err) halt_machine("%s could not be mounted (%s)", where[i], err_name(err));
	}
}

static enum appraise_mode appraise_mode(void) {
	const char *given = cmdline.ima_appraise;

	if (!given || given[0] == 'e') return APPRAISE_ENFORCE;
	if (!(boot.flags & BOOT_SECURE_BOOT))
		return given[0] == 'l' ? APPRAISE_LOG : given[0] == 'f' ? APPRAISE_FIX : APPRAISE_OFF;
	port_log(LOG_WARN, "ima: Secure boot enabled: ignoring ima_appraise=%s option", given);
	return APPRAISE_ENFORCE;
}

static void start_integrity(void) {
	const struct integrity_config config = {
		.tpm = tpm, .appraise = appraise_mode(), .policy_names = cmdline.ima_policy,
		.template_name = cmdline.ima_template, .template_format = cmdline.ima_template_fmt,
		.format_first = cmdline.ima_template_fmt < cmdline.ima_template, /* both point into one text */
		.hash_name = cmdline.ima_hash, .version = ASSAY_RELEASE,
		.audit_informational = cmdline.integrity_audit && cmdline.integrity_audit[0] == '1',
	};
	char why[256] = "";
	int err;

	integrity_set_current(task_integrity);
	must(integrity_init(&config), "the measurement log could not be begun");
	must(integrity_register_nodes(nodefs[NODEFS_SECURITY]), "/sys/kernel/security/ima could not be filled");
	err = integrity_load_image_keys(&root_context, &root_cred, why, sizeof(why));
	must(err, why[0] ? why : "the image's keys or policy could not be loaded");
	port_log(LOG_INFO, "assay: keys: %zu in .ima, %zu in .evm", keyring_count(integrity_keyring(".ima")),
		 keyring_count(integrity_keyring(".evm")));
}

/* The stub, the packed image and what firmware's loader left are memory again. */
static void release_stub(void) {
	acpi_done();
	pmm_release_loader(boot.kernel.addr, boot.kernel.len);
	const struct pmm_stats stats = pmm_stats();

	port_log(LOG_INFO, "assay: memory: %lu of %lu KiB in use", (stats.total - stats.free) * (PAGE_SIZE / 1024),
		 stats.total * (PAGE_SIZE / 1024));
}

static void load_init(void) {
	static char why[EXEC_WHY_LEN];
	int err = task_start_init(&root_context, cmdline.init, (char *const *)cmdline.argv,
				  (char *const *)cmdline.envp, why);

	if (err)
		halt_machine("%s: it could not be started (%s): %s", cmdline.init, err_name(err), why[0] ? why :
			     err == -ENOENT ? "the image has no such program" : "its path leads nowhere");
	port_log(LOG_INFO, "assay: boot: %lu ticks from kernel entry to the first instruction of %s",
		 clock_tsc_since_entry(), cmdline.init);
}

void kernel_main(paddr_t bootinfo, u64 entry_tsc) {
	start_console();
	check_bootinfo(bootinfo);
	start_stack_guard(entry_tsc);
	trap_init();              /* faults are told from here on */
	read_command_line();
	start_memory();           /* own page tables, W^X */
	start_devices(entry_tsc); /* ACPI, clock, interrupts */
	test_hashes();
	start_random();
	start_tpm();
	unpack_root();
	mount_pseudo();
	syscall_init();
	sys_fd_init();
	tty_init();
	start_integrity();        /* boot_aggregate, keys, policy */
	trap_set_handlers(&handlers);
	paging_seal();            /* settings are read-only from here on */
	release_stub();
	load_init();              /* measured and appraised like any program */
	clock_start_tick();
	sched_end();
}
