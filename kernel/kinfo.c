/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/kinfo.c - /proc files about the machine as a whole, in Linux's formats.
 *
 * Relies on counters kept elsewhere. MemFree is exact: leak tests count with it.
 */
#include "kernel/kinfo.h"

#include "fs/nodefs.h"
#include "kernel/clock.h"
#include "kernel/heap.h"
#include "kernel/klog.h"
#include "kernel/limits.h"
#include "kernel/pmm.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/version.h"
#include "kernel/x86/cpu.h"

char kinfo_hostname[65] = "assay", kinfo_domainname[65] = "(none)";

static void show_seconds(struct blob *text, u64 ns, char after) {
	blob_format(text, "%lu.%02lu%c", ns / NS_PER_S, ns / NS_PER_CLOCK_TICK % 100, after);
}

static int show_uptime(struct blob *text, void *) {
	show_seconds(text, clock_now_ns(), ' ');
	show_seconds(text, sched_stats().idle_ns, '\n');
	return 0;
}

static int show_meminfo(struct blob *text, void *) {
	const struct pmm_stats memory = pmm_stats();
	const struct heap_stats heap = heap_stats();
	const struct {
		const char *name;
		u64 pages;
	} lines[] = { { "MemTotal", memory.total }, { "MemFree", memory.free }, { "MemAvailable", memory.free },
		      { "Buffers", 0 }, { "Cached", 0 }, { "SwapCached", 0 }, { "Shmem", 0 }, { "Slab", heap.pages },
		      { "SReclaimable", 0 }, { "SUnreclaim", heap.pages }, { "SwapTotal", 0 }, { "SwapFree", 0 } };

	for (size_t i = 0; i < ARRAY_COUNT(lines); i++) {
		char label[32];

		text_format(label, sizeof(label), "%s:", lines[i].name);
		blob_format(text, "%-16s%8lu kB\n", label, lines[i].pages * (PAGE_SIZE / 1024));
	}
	/* Ours, in pages and objects, for leak tests. */
	blob_format(text, "AssayFreePages: %lu\nAssayLowWater:  %lu\nAssayObjects:   %lu\n",
		    memory.free, memory.low_water,
		    heap.objects);
	return 0;
}

static void show_flags(struct blob *text) {
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

	blob_format(text, "flags\t\t:");
	for (size_t i = 0; i < ARRAY_COUNT(flags); i++) {
		if (words[flags[i].word] >> flags[i].bit & 1) blob_format(text, " %s", flags[i].name);
	}
}

static int show_cpuinfo(struct blob *text, void *) {
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
	blob_format(text, "processor\t: 0\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n"
		    "stepping\t: %u\n",
		    vendor, family, model, brand, one.eax & 15);
	blob_format(text, "cpu MHz\t\t: %lu.%03lu\nphysical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\n",
		    (khz / 1000), (khz % 1000));
	show_flags(text);
	blob_format(text, "\nbogomips\t: %lu.%02lu\n\n", (khz / 500),
		    (khz / 5 % 100));
	return 0;
}

static int show_stat(struct blob *text, void *) {
	struct sched_stats stats = sched_stats();
	u64 user = stats.times.user / NS_PER_CLOCK_TICK, system = stats.times.system / NS_PER_CLOCK_TICK;

	for (int i = 0; i < 2; i++)
		blob_format(text, "cpu%s %lu 0 %lu %lu 0 0 0 0 0 0\n", i ? "0" : " ", user, system,
			    stats.idle_ns / NS_PER_CLOCK_TICK);
	blob_format(text, "intr 0\nctxt %lu\nbtime %lu\nprocesses %u\nprocs_running %u\nprocs_blocked 0\n",
		    stats.switches, (clock_wall_ns() - clock_now_ns()) / NS_PER_S, fork_count, stats.runnable);
	return 0;
}

static int show_loadavg(struct blob *text, void *) {
	for (size_t i = 0; i < ARRAY_COUNT(task_loads); i++) {
		u64 rounded = task_loads[i] + (1u << 16) / 200;

		blob_format(text, "%lu.%02lu ", rounded >> 16, (rounded & 0xffff) * 100 >> 16);
	}
	blob_format(text, "%u/%u %u\n", sched_stats().runnable, task_count, last_pid);
	return 0;
}

/* Settings: one number or more, each in a range. */
struct numbers {
	u64 *values;
	u32 count, min, max;
};

static int show_numbers(struct blob *text, void *arg) {
	const struct numbers *n = arg;

	for (u32 i = 0; i < n->count; i++) blob_format(text, "%lu%c", n->values[i], i + 1 < n->count ? '\t' : '\n');
	return 0;
}

/* The first ones are set, as many as are given. */
static ssize store_numbers(const char *text, size_t len, void *arg, const struct cred *cred) {
	const struct numbers *n = arg;
	u32 count = 0;

	if (cred->euid != 0) return -EPERM;
	for (size_t start = 0, end = 0; count < n->count; start = end, count++) {
		u64 value;

		while (start < len && (text[start] == ' ' || text[start] == '\t')) start++;
		for (end = start; end < len && text[end] >= '0' && text[end] <= '9'; end++) {}
		if (text_to_u64(text + start, end - start, 10, n->max, &value) != 0 || value < n->min) break;
		n->values[count] = value;
	}
	return count ? (ssize)len : -EINVAL;
}

static int show_name(struct blob *text, void *arg) {
	blob_format(text, "%s\n", (const char *)arg);
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

/* All files are in memory and nothing is cached beside them: the values that Linux takes are taken. */
static u64 dropped;
static struct numbers printk = { klog_printk, 4, 0, 15 }, interval = { &klog_ratelimit_interval, 1, 0, 0x7fffffff },
		      burst = { &klog_ratelimit_burst, 1, 0, 0x7fffffff }, drop_caches = { &dropped, 1, 1, 4 };

#define SHOWN(name, show_) { name, S_IFREG | 0444, .show = (show_) }
#define NUMBERS(name, mode, numbers) { name, S_IFREG | (mode), 0, 0, 0, show_numbers, store_numbers, .arg = &(numbers) }
#define NAME(name, text) { name, S_IFREG | 0644, 0, 0, 0, show_name, store_name, .arg = (text) }
#define TEXT(name, text) { name, S_IFREG | 0444, .arg = (text) }
static const struct pseudo_node nodes[] = {
	SHOWN("uptime", show_uptime),
	SHOWN("meminfo", show_meminfo),
	SHOWN("cpuinfo", show_cpuinfo),
	SHOWN("stat", show_stat),
	SHOWN("loadavg", show_loadavg),
	NUMBERS("sys/kernel/printk", 0644, printk),
	NUMBERS("sys/kernel/printk_ratelimit", 0644, interval),
	NUMBERS("sys/kernel/printk_ratelimit_burst", 0644, burst),
	NUMBERS("sys/vm/drop_caches", 0200, drop_caches),
	NAME("sys/kernel/hostname", kinfo_hostname),
	NAME("sys/kernel/domainname", kinfo_domainname),
	TEXT("sys/kernel/osrelease", ASSAY_RELEASE),
	TEXT("sys/kernel/ostype", "Linux"),
	TEXT("sys/kernel/version", "#1 Assay " ASSAY_VERSION),
	TEXT("version", "Linux version " ASSAY_RELEASE " (assay) #1 Assay " ASSAY_VERSION),
};
NODES(NODEFS_PROC, nodes);
