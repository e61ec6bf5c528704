/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/kinfo.c - /proc files about the machine as a whole, in Linux's formats.
 *
 * Relies on counters kept elsewhere. MemFree is exact: leak tests count with it.
 */
#include "kernel/kinfo.h"

#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/klog.h"
#include "kernel/limits.h"
#include "kernel/pmm.h"
#include "kernel/version.h"
#include "kernel/x86/cpu.h"

#define NS_PER_S 1000000000ull
#define NS_PER_CLOCK_TICK (NS_PER_S / 100)

char kinfo_hostname[65] = "assay";
char kinfo_domainname[65] = "(none)";
static const char *command_line;
static void (*get_load)(struct kinfo_load *ret_load);

void kinfo_set_load(void (*get)(struct kinfo_load *ret_load)) { get_load = get; }

static struct kinfo_load load_now(void) {
	struct kinfo_load load = { 0 };

	if (get_load) get_load(&load);
	return load;
}

static int show_cmdline(struct show_sink *sink, void *) {
	show_format(sink, "%s\n", command_line);
	return 0;
}

static void show_seconds(struct show_sink *sink, u64 ns, char after) {
	show_format(sink, "%llu.%02llu%c", (unsigned long long)(ns / NS_PER_S),
		    (unsigned long long)(ns / NS_PER_CLOCK_TICK % 100), after);
}

static int show_uptime(struct show_sink *sink, void *) {
	show_seconds(sink, clock_now_ns(), ' ');
	show_seconds(sink, load_now().idle_ns, '\n');
	return 0;
}

static int show_meminfo(struct show_sink *sink, void *) {
	struct pmm_stats memory;
	struct heap_stats heap;

	pmm_stats(&memory);
	heap_stats(&heap);
	const struct {
		const char *name;
		u64 pages;
	} lines[] = { { "MemTotal", memory.total }, { "MemFree", memory.free }, { "MemAvailable", memory.free },
		      { "Buffers", 0 }, { "Cached", 0 }, { "SwapCached", 0 }, { "Shmem", 0 }, { "Slab", heap.pages },
		      { "SReclaimable", 0 }, { "SUnreclaim", heap.pages }, { "SwapTotal", 0 }, { "SwapFree", 0 } };

	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		char label[32];

		text_format(label, sizeof(label), "%s:", lines[i].name);
		show_format(sink, "%-16s%8llu kB\n", label, (unsigned long long)lines[i].pages * (PAGE_SIZE / 1024));
	}
	/* Ours, in pages and objects, for leak tests. */
	show_format(sink, "AssayFreePages: %llu\nAssayLowWater:  %llu\nAssayObjects:   %llu\n",
		    (unsigned long long)memory.free, (unsigned long long)memory.low_water,
		    (unsigned long long)heap.objects);
	return 0;
}

static int show_version(struct show_sink *sink, void *) {
	show_format(sink, "Linux version %s (assay) #1 Assay %s\n", ASSAY_RELEASE, ASSAY_VERSION);
	return 0;
}

static void show_flags(struct show_sink *sink) {
	/* Linux's names; words are leaf 1 EDX, leaf 1 ECX, leaf 7 EBX, leaf 0x80000001 EDX. */
	static const struct {
		u8 word, bit;
		const char *name;
	} flags[] = {
		{ 0, 0, "fpu" }, { 0, 4, "tsc" }, { 0, 8, "cx8" }, { 0, 15, "cmov" }, { 0, 23, "mmx" },
		{ 0, 24, "fxsr" }, { 0, 25, "sse" }, { 0, 26, "sse2" }, { 3, 11, "syscall" }, { 3, 20, "nx" },
		{ 3, 29, "lm" }, { 1, 0, "pni" },
		{ 1, 1, "pclmulqdq" }, { 1, 9, "ssse3" }, { 1, 13, "cx16" }, { 1, 19, "sse4_1" }, { 1, 20, "sse4_2" },
		{ 1, 23, "popcnt" }, { 1, 25, "aes" }, { 1, 30, "rdrand" }, { 2, 0, "fsgsbase" }, { 2, 7, "smep" },
		{ 2, 18, "rdseed" }, { 2, 20, "smap" }, { 2, 29, "sha_ni" },
	};
	struct cpuid one = cpuid(1, 0);
	u32 words[4] = { one.edx, one.ecx, cpuid(0, 0).eax >= 7 ? cpuid(7, 0).ebx : 0, cpuid(0x80000001, 0).edx };

	show_format(sink, "flags\t\t:");
	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		if (words[flags[i].word] >> flags[i].bit & 1) show_format(sink, " %s", flags[i].name);
	}
}

static int show_cpuinfo(struct show_sink *sink, void *) {
	struct cpuid zero = cpuid(0, 0), one = cpuid(1, 0);
	u32 family = one.eax >> 8 & 15, model = one.eax >> 4 & 15;
	u64 khz = clock_tsc_khz();
	char vendor[13] = "", brand[49] = "";

	memcpy(vendor, &zero.ebx, 4);
	memcpy(vendor + 4, &zero.edx, 4);
	memcpy(vendor + 8, &zero.ecx, 4);
	if (family == 6 || family == 15) model |= one.eax >> 12 & 0xf0;
	if (family == 15) family += one.eax >> 20 & 0xff;
	for (u32 i = 0; i < 3 && cpuid(0x80000000, 0).eax >= 0x80000004; i++) {
		struct cpuid part = cpuid(0x80000002 + i, 0);

		memcpy(brand + 16 * i, &part, 16);
	}
	show_format(sink, "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n"
		    "stepping\t: %u\n",
		    vendor, family, model, brand, one.eax & 15);
	show_format(sink, "cpu MHz\t\t: %llu.%03llu\nphysical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\n",
		    (unsigned long long)(khz / 1000), (unsigned long long)(khz % 1000));
	show_flags(sink);
	show_format(sink, "\nbogomips\t: %llu.%02llu\n\n", (unsigned long long)(khz / 500),
		    (unsigned long long)(khz / 5 % 100));
	return 0;
}

static int show_stat(struct show_sink *sink, void *) {
	struct kinfo_load l = load_now();
	unsigned long long user = l.user_ns / NS_PER_CLOCK_TICK, system = l.system_ns / NS_PER_CLOCK_TICK;
	unsigned long long idle = l.idle_ns / NS_PER_CLOCK_TICK;

	for (int i = 0; i < 2; i++)
		show_format(sink, "cpu%s %llu 0 %llu %llu 0 0 0 0 0 0\n", i ? "0" : " ", user, system, idle);
	show_format(sink, "intr 0\nctxt %llu\nbtime %llu\nprocesses %llu\nprocs_running %u\nprocs_blocked %u\n",
		    (unsigned long long)l.switches, (unsigned long long)((clock_wall_ns() - clock_now_ns()) / NS_PER_S),
		    (unsigned long long)l.forks, l.running, l.blocked);
	return 0;
}

static int show_loadavg(struct show_sink *sink, void *) {
	struct kinfo_load l = load_now();

	for (size_t i = 0; i < ARRAY_COUNT(l.loadavg); i++) {
		u32 rounded = l.loadavg[i] + (1u << 11) / 200;

		show_format(sink, "%u.%02u ", rounded >> 11, (rounded & 0x7ff) * 100 >> 11);
	}
	show_format(sink, "%u/%u %u\n", l.running, l.total, l.last_pid);
	return 0;
}

/* Leading digits of text that may end in spaces or a newline. */
static int parse_number(const char *text, size_t len, u64 max, u64 *ret_value, size_t *ret_used) {
	size_t start = 0, end;

	while (start < len && (text[start] == ' ' || text[start] == '\t')) start++;
	for (end = start; end < len && text[end] >= '0' && text[end] <= '9'; end++) ;
	*ret_used = end;
	return text_to_u64(text + start, end - start, 10, max, ret_value);
}

static int show_printk(struct show_sink *sink, void *) {
	show_format(sink, "%d\t%d\t%d\t%d\n", klog_printk[0], klog_printk[1], klog_printk[2], klog_printk[3]);
	return 0;
}

static ssize store_printk(const char *text, size_t len, void *, const struct cred *cred) {
	size_t at = 0, used, count = 0;
	u64 values[4];

	if (cred->euid != 0) return -EPERM;
	for (; count < 4 && parse_number(text + at, len - at, 15, &values[count], &used) == 0; count++) at += used;
	if (!count) return -EINVAL;
	for (size_t i = 0; i < count; i++) klog_printk[i] = (int)values[i];
	return (ssize)len;
}

static int show_u64(struct show_sink *sink, void *arg) {
	show_format(sink, "%llu\n", (unsigned long long)*(const u64 *)arg);
	return 0;
}

static ssize store_u64(const char *text, size_t len, void *arg, const struct cred *cred) {
	size_t used;

	if (cred->euid != 0) return -EPERM;
	return parse_number(text, len, 0x7fffffff, arg, &used) == 0 ? (ssize)len : -EINVAL;
}

/* All files are in memory and nothing is cached beside them; the values that Linux takes are taken. */
static ssize store_drop_caches(const char *text, size_t len, void *, const struct cred *cred) {
	u64 value;
	size_t used;

	if (cred->euid != 0) return -EPERM;
	return parse_number(text, len, 4, &value, &used) == 0 && value ? (ssize)len : -EINVAL;
}

static int show_text(struct show_sink *sink, void *arg) {
	show_format(sink, "%s\n", (const char *)arg);
	return 0;
}

static ssize store_name(const char *text, size_t len, void *arg, const struct cred *cred) {
	size_t n = len;

	if (cred->euid != 0) return -EPERM;
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\0')) n--;
	if (n >= sizeof(kinfo_hostname)) return -EINVAL;
	memcpy(arg, text, n);
	((char *)arg)[n] = '\0';
	return (ssize)len;
}

#define NODE(name, mode, show, store, arg) { name, mode, { show, store, NULL }, (void *)(uintptr_t)(arg) }
static const struct {
	const char *name;
	u32 mode;
	struct pseudo_ops ops;
	void *arg;
} nodes[] = {
	NODE("cmdline", 0444, show_cmdline, NULL, 0),
	NODE("uptime", 0444, show_uptime, NULL, 0),
	NODE("meminfo", 0444, show_meminfo, NULL, 0),
	NODE("version", 0444, show_version, NULL, 0),
	NODE("cpuinfo", 0444, show_cpuinfo, NULL, 0),
	NODE("stat", 0444, show_stat, NULL, 0),
	NODE("loadavg", 0444, show_loadavg, NULL, 0),
	NODE("sys/kernel/printk", 0644, show_printk, store_printk, 0),
	NODE("sys/kernel/printk_ratelimit", 0644, show_u64, store_u64, &klog_ratelimit_interval),
	NODE("sys/kernel/printk_ratelimit_burst", 0644, show_u64, store_u64, &klog_ratelimit_burst),
	NODE("sys/kernel/hostname", 0644, show_text, store_name, kinfo_hostname),
	NODE("sys/kernel/domainname", 0644, show_text, store_name, kinfo_domainname),
	NODE("sys/kernel/osrelease", 0444, show_text, NULL, ASSAY_RELEASE),
	NODE("sys/kernel/ostype", 0444, show_text, NULL, "Linux"),
	NODE("sys/kernel/version", 0444, show_text, NULL, "#1 Assay " ASSAY_VERSION),
	NODE("sys/vm/drop_caches", 0200, NULL, store_drop_caches, 0),
};

int kinfo_init(struct superblock *proc, const char *cmdline) {
	command_line = cmdline;
	for (size_t i = 0; i < ARRAY_COUNT(nodes); i++)
		TRY(pseudo_add(proc, nodes[i].name, S_IFREG | nodes[i].mode, 0, &nodes[i].ops, nodes[i].arg));
	return 0;
}
