/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/kinfo.c - /proc files about the machine as a whole, in Linux's formats.
 *
 * Relies on counters kept elsewhere. MemFree is exact: leak tests count with it.
 */
#include "kernel/kinfo.h"

#include "kernel/base/mem.h"
#include "kernel/base/text.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/klog.h"
#include "kernel/limits.h"
#include "kernel/pmm.h"
#include "kernel/version.h"
#include "kernel/x86/cpu.h"

#define NS_PER_S 1000000000ull
#define NS_PER_CLOCK_TICK (NS_PER_S / 100)
#define KIB_PER_PAGE (PAGE_SIZE / 1024)

char kinfo_hostname[65] = "assay";
char kinfo_domainname[65] = "(none)";
static const char *command_line;
static void (*get_load)(struct kinfo_load *ret_load);

void kinfo_set_load(void (*get)(struct kinfo_load *ret_load))
{
	get_load = get;
}

static struct kinfo_load load_now(void)
{
	struct kinfo_load load = { 0 };

	if (get_load)
		get_load(&load);
	return load;
}

static int show_cmdline(struct show_sink *sink, void *arg)
{
	(void)arg;
	show_format(sink, "%s\n", command_line);
	return 0;
}

static void show_seconds(struct show_sink *sink, u64 ns, char after)
{
	show_format(sink, "%llu.%02llu%c", (unsigned long long)(ns / NS_PER_S),
		    (unsigned long long)(ns / NS_PER_CLOCK_TICK % 100), after);
}

static int show_uptime(struct show_sink *sink, void *arg)
{
	(void)arg;
	show_seconds(sink, clock_now_ns(), ' ');
	show_seconds(sink, load_now().idle_ns, '\n');
	return 0;
}

static void show_kib(struct show_sink *sink, const char *name, u64 kib)
{
	char label[32];

	text_format(label, sizeof(label), "%s:", name);
	show_format(sink, "%-16s%8llu kB\n", label, (unsigned long long)kib);
}

static int show_meminfo(struct show_sink *sink, void *arg)
{
	struct pmm_stats memory;
	struct heap_stats heap;

	(void)arg;
	pmm_stats(&memory);
	heap_stats(&heap);
	show_kib(sink, "MemTotal", memory.total * KIB_PER_PAGE);
	show_kib(sink, "MemFree", memory.free * KIB_PER_PAGE);
	show_kib(sink, "MemAvailable", memory.free * KIB_PER_PAGE);
	show_kib(sink, "Buffers", 0);
	show_kib(sink, "Cached", 0);
	show_kib(sink, "SwapCached", 0);
	show_kib(sink, "Shmem", 0);
	show_kib(sink, "Slab", heap.pages * KIB_PER_PAGE);
	show_kib(sink, "SReclaimable", 0);
	show_kib(sink, "SUnreclaim", heap.pages * KIB_PER_PAGE);
	show_kib(sink, "SwapTotal", 0);
	show_kib(sink, "SwapFree", 0);
	/* Ours, in pages and objects, for leak tests. */
	show_format(sink, "AssayFreePages: %llu\nAssayLowWater:  %llu\nAssayObjects:   %llu\n",
		    (unsigned long long)memory.free, (unsigned long long)memory.low_water,
		    (unsigned long long)heap.objects);
	return 0;
}

static int show_version(struct show_sink *sink, void *arg)
{
	(void)arg;
	show_format(sink, "Linux version %s (assay) #1 Assay %s\n", ASSAY_RELEASE, ASSAY_VERSION);
	return 0;
}

static void show_flags(struct show_sink *sink)
{
	static const struct {
		u8 word; /* 0: leaf 1 EDX, 1: leaf 1 ECX, 2: leaf 7 EBX, 3: leaf 0x80000001 EDX */
		u8 bit;
		const char *name;
	} flags[] = {
		{ 0, 0, "fpu" }, { 0, 4, "tsc" }, { 0, 5, "msr" }, { 0, 6, "pae" }, { 0, 8, "cx8" }, { 0, 9, "apic" },
		{ 0, 15, "cmov" }, { 0, 19, "clflush" }, { 0, 23, "mmx" }, { 0, 24, "fxsr" }, { 0, 25, "sse" },
		{ 0, 26, "sse2" }, { 3, 11, "syscall" }, { 3, 20, "nx" }, { 3, 29, "lm" }, { 1, 0, "pni" },
		{ 1, 1, "pclmulqdq" }, { 1, 9, "ssse3" }, { 1, 13, "cx16" }, { 1, 19, "sse4_1" }, { 1, 20, "sse4_2" },
		{ 1, 23, "popcnt" }, { 1, 25, "aes" }, { 1, 30, "rdrand" }, { 2, 0, "fsgsbase" }, { 2, 7, "smep" },
		{ 2, 18, "rdseed" }, { 2, 20, "smap" }, { 2, 29, "sha_ni" },
	};
	struct cpuid one = cpuid(1, 0);
	u32 words[4] = { one.edx, one.ecx, cpuid(0, 0).eax >= 7 ? cpuid(7, 0).ebx : 0, cpuid(0x80000001, 0).edx };

	show_format(sink, "flags\t\t:");
	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		if (words[flags[i].word] >> flags[i].bit & 1)
			show_format(sink, " %s", flags[i].name);
	}
}

static int show_cpuinfo(struct show_sink *sink, void *arg)
{
	struct cpuid zero = cpuid(0, 0), one = cpuid(1, 0);
	u32 family = one.eax >> 8 & 15, model = one.eax >> 4 & 15;
	u64 khz = clock_tsc_khz();
	char vendor[13] = "", brand[49] = "";

	(void)arg;
	memcpy(vendor, &zero.ebx, 4);
	memcpy(vendor + 4, &zero.edx, 4);
	memcpy(vendor + 8, &zero.ecx, 4);
	if (family == 6 || family == 15)
		model |= one.eax >> 12 & 0xf0;
	if (family == 15)
		family += one.eax >> 20 & 0xff;
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

static int show_stat(struct show_sink *sink, void *arg)
{
	struct kinfo_load l = load_now();
	unsigned long long user = l.user_ns / NS_PER_CLOCK_TICK, system = l.system_ns / NS_PER_CLOCK_TICK;
	unsigned long long idle = l.idle_ns / NS_PER_CLOCK_TICK;

	(void)arg;
	for (int i = 0; i < 2; i++)
		show_format(sink, "cpu%s %llu 0 %llu %llu 0 0 0 0 0 0\n", i ? "0" : " ", user, system, idle);
	show_format(sink, "intr 0\nctxt %llu\nbtime %llu\nprocesses %llu\nprocs_running %u\nprocs_blocked %u\n",
		    (unsigned long long)l.switches, (unsigned long long)((clock_wall_ns() - clock_now_ns()) / NS_PER_S),
		    (unsigned long long)l.forks, l.running, l.blocked);
	return 0;
}

static int show_loadavg(struct show_sink *sink, void *arg)
{
	struct kinfo_load l = load_now();

	(void)arg;
	for (size_t i = 0; i < ARRAY_COUNT(l.loadavg); i++) {
		u32 rounded = l.loadavg[i] + (1u << 11) / 200;

		show_format(sink, "%u.%02u ", rounded >> 11, (rounded & 0x7ff) * 100 >> 11);
	}
	show_format(sink, "%u/%u %u\n", l.running, l.total, l.last_pid);
	return 0;
}

/* Leading digits of text that may end in spaces or a newline. */
static int parse_number(const char *text, size_t len, u64 max, u64 *ret_value, size_t *ret_used)
{
	size_t start = 0, end;

	while (start < len && (text[start] == ' ' || text[start] == '\t'))
		start++;
	for (end = start; end < len && text[end] >= '0' && text[end] <= '9'; end++)
		;
	*ret_used = end;
	return text_to_u64(text + start, end - start, 10, max, ret_value);
}

static int show_printk(struct show_sink *sink, void *arg)
{
	(void)arg;
	show_format(sink, "%d\t%d\t%d\t%d\n", klog_printk[0], klog_printk[1], klog_printk[2], klog_printk[3]);
	return 0;
}

static bool is_root(const struct cred *cred)
{
	return cred->euid == 0;
}

static ssize store_printk(const char *text, size_t len, void *arg, const struct cred *cred)
{
	size_t at = 0, used, count = 0;
	u64 values[4];

	(void)arg;
	if (!is_root(cred))
		return -EPERM;
	while (count < 4 && parse_number(text + at, len - at, 15, &values[count], &used) == 0) {
		at += used;
		count++;
	}
	if (!count)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		klog_printk[i] = (int)values[i];
	return (ssize)len;
}

static int show_u64(struct show_sink *sink, void *arg)
{
	show_format(sink, "%llu\n", (unsigned long long)*(const u64 *)arg);
	return 0;
}

static ssize store_u64(const char *text, size_t len, void *arg, const struct cred *cred)
{
	u64 value;
	size_t used;

	if (!is_root(cred))
		return -EPERM;
	if (parse_number(text, len, 0x7fffffff, &value, &used) != 0)
		return -EINVAL;
	*(u64 *)arg = value;
	return (ssize)len;
}

/* All files are in memory and nothing is cached beside them; the values that Linux takes are taken. */
static u64 drop_caches_value;

static ssize store_drop_caches(const char *text, size_t len, void *arg, const struct cred *cred)
{
	u64 value;
	size_t used;

	if (!is_root(cred))
		return -EPERM;
	if (parse_number(text, len, 4, &value, &used) != 0 || value < 1)
		return -EINVAL;
	*(u64 *)arg = value;
	return (ssize)len;
}

static int show_text(struct show_sink *sink, void *arg)
{
	show_format(sink, "%s\n", (const char *)arg);
	return 0;
}

static ssize store_name(const char *text, size_t len, void *arg, const struct cred *cred)
{
	size_t n = len;

	if (!is_root(cred))
		return -EPERM;
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\0'))
		n--;
	if (n >= sizeof(kinfo_hostname))
		return -EINVAL;
	memcpy(arg, text, n);
	((char *)arg)[n] = '\0';
	return (ssize)len;
}

static const struct pseudo_ops ops_cmdline = { .show = show_cmdline };
static const struct pseudo_ops ops_uptime = { .show = show_uptime };
static const struct pseudo_ops ops_meminfo = { .show = show_meminfo };
static const struct pseudo_ops ops_version = { .show = show_version };
static const struct pseudo_ops ops_cpuinfo = { .show = show_cpuinfo };
static const struct pseudo_ops ops_stat = { .show = show_stat };
static const struct pseudo_ops ops_loadavg = { .show = show_loadavg };
static const struct pseudo_ops ops_printk = { .show = show_printk, .store = store_printk };
static const struct pseudo_ops ops_u64 = { .show = show_u64, .store = store_u64 };
static const struct pseudo_ops ops_drop_caches = { .show = show_u64, .store = store_drop_caches };
static const struct pseudo_ops ops_text = { .show = show_text };
static const struct pseudo_ops ops_name = { .show = show_text, .store = store_name };

static const struct {
	const char *name;
	u32 mode;
	const struct pseudo_ops *ops;
	void *arg;
} nodes[] = {
	{ "cmdline", 0444, &ops_cmdline, NULL },
	{ "uptime", 0444, &ops_uptime, NULL },
	{ "meminfo", 0444, &ops_meminfo, NULL },
	{ "version", 0444, &ops_version, NULL },
	{ "cpuinfo", 0444, &ops_cpuinfo, NULL },
	{ "stat", 0444, &ops_stat, NULL },
	{ "loadavg", 0444, &ops_loadavg, NULL },
	{ "sys/kernel/printk", 0644, &ops_printk, NULL },
	{ "sys/kernel/printk_ratelimit", 0644, &ops_u64, &klog_ratelimit_interval },
	{ "sys/kernel/printk_ratelimit_burst", 0644, &ops_u64, &klog_ratelimit_burst },
	{ "sys/kernel/hostname", 0644, &ops_name, kinfo_hostname },
	{ "sys/kernel/domainname", 0644, &ops_name, kinfo_domainname },
	{ "sys/kernel/osrelease", 0444, &ops_text, (void *)(uintptr_t)ASSAY_RELEASE },
	{ "sys/kernel/ostype", 0444, &ops_text, (void *)(uintptr_t)"Linux" },
	{ "sys/kernel/version", 0444, &ops_text, (void *)(uintptr_t)("#1 Assay " ASSAY_VERSION) },
	{ "sys/vm/drop_caches", 0200, &ops_drop_caches, &drop_caches_value },
};

int kinfo_init(struct superblock *proc, const char *cmdline)
{
	command_line = cmdline;
	for (size_t i = 0; i < ARRAY_COUNT(nodes); i++) {
		int err = pseudo_add(proc, nodes[i].name, S_IFREG | nodes[i].mode, 0, nodes[i].ops, nodes[i].arg);

		if (err)
			return err;
	}
	return 0;
}
