/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_machine.c - what concerns the machine as a whole: its name, memory, random numbers, log, and end.
 */
#include "kernel/filearg.h"
#include "kernel/kinfo.h"
#include "kernel/klog.h"
#include "kernel/pmm.h"
#include "kernel/power.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/version.h"
#include "kernel/x86/usercopy.h"

#define UTS_LEN 65u
#define GRND_FLAGS 7u
#define GRND_BOTH 6u
#define RANDOM_CHUNK 256u
#define RANDOM_LEN_MAX 0x1ffffffu
#define LOG_COPY_MAX (256u << 10)
#define CONSOLE_LEVEL_QUIET 1
#define CONSOLE_LEVEL_DEFAULT 7

#define REBOOT_MAGIC1 0xfee1deadu
enum { REBOOT_RESTART = 0x01234567u, REBOOT_HALT = 0xcdef0123u, REBOOT_POWER_OFF = 0x4321fedcu,
       REBOOT_RESTART2 = 0xa1b2c3d4u, REBOOT_CAD_ON = 0x89abcdefu, REBOOT_CAD_OFF = 0 };

struct uts_abi {
	char sysname[UTS_LEN], nodename[UTS_LEN], release[UTS_LEN], version[UTS_LEN], machine[UTS_LEN],
		domainname[UTS_LEN];
};

struct sysinfo_abi {
	s64 uptime;
	u64 loads[3];
	u64 totalram, freeram, sharedram, bufferram, totalswap, freeswap;
	u16 procs;
	u8 pad[6];
	u64 totalhigh, freehigh;
	u32 unit, pad2;
};
_Static_assert(sizeof(struct sysinfo_abi) == 112, "struct sysinfo has 112 bytes");

SYSCALL(63, uname) {
	struct uts_abi uts = { .sysname = "Linux", .release = ASSAY_RELEASE, .version = "#1 Assay " ASSAY_VERSION,
			       .machine = "x86_64" };

	memcpy(uts.nodename, kinfo_hostname, UTS_LEN);
	memcpy(uts.domainname, kinfo_domainname, UTS_LEN);
	return copy_to_user(uaddr(args[0]), &uts, sizeof(uts));
}

static s64 set_name(char name[UTS_LEN], u64 addr, u64 len) {
	char text[UTS_LEN] = { 0 };

	if (task_cred()->euid != 0) return -EPERM;
	if (len >= UTS_LEN) return -EINVAL;
	TRY(copy_from_user(text, uaddr(addr), len));
	memcpy(name, text, UTS_LEN);
	return 0;
}

SYSCALL(170, sethostname) { return set_name(kinfo_hostname, args[0], args[1]); }
SYSCALL(171, setdomainname) { return set_name(kinfo_domainname, args[0], args[1]); }

SYSCALL(99, sysinfo) {
	struct sysinfo_abi info = { .uptime = (s64)(port_now_ns() / NS_PER_S), .procs = (u16)task_count, .unit = 1 };
	const struct pmm_stats memory = pmm_stats();

	info.totalram = memory.total * PAGE_SIZE;
	info.freeram = memory.free * PAGE_SIZE;
	memcpy(info.loads, task_loads, sizeof(task_loads));
	return copy_to_user(uaddr(args[0]), &info, sizeof(info));
}

SYSCALL(318, getrandom) {
	u8 chunk[RANDOM_CHUNK];
	u64 len = min_u64(args[1], RANDOM_LEN_MAX), done = 0;

	if ((args[2] & ~(u64)GRND_FLAGS) != 0 || (args[2] & GRND_BOTH) == GRND_BOTH) return -EINVAL;
	while (done < len) {
		size_t part = min_u64(len - done, sizeof(chunk));

		TRY(port_random(chunk, part));
		TRY(copy_to_user(uaddr(args[0] + done), chunk, part));
		done += part;
		if (task_signal_pending()) break;
	}
	memset(chunk, 0, sizeof(chunk));
	return (s64)done;
}

/* syslog(2) actions: Linux syslog.h. */
enum { LOG_CLOSE = 0, LOG_OPEN, LOG_READ, LOG_READ_ALL, LOG_READ_CLEAR, LOG_CLEAR, LOG_CONSOLE_OFF, LOG_CONSOLE_ON,
       LOG_CONSOLE_LEVEL, LOG_SIZE_UNREAD, LOG_SIZE_BUFFER };

static s64 copy_log(u64 addr, u64 len, bool clear) {
	u64 cap = min_u64(len, LOG_COPY_MAX);
	RELEASED(memory_drop) char *text = port_alloc(cap);
	ssize got = text != NULL ? klog_read_all(text, cap) : cap == 0 ? 0 : -ENOMEM;

	if (got > 0) TRY(copy_to_user(uaddr(addr), text, (size_t)got));
	if (got >= 0 && clear) klog_seq.clear = klog_seq.next;
	return got;
}

static s64 read_log(u64 addr, u64 len) {
	char line[KLOG_LINE_MAX + 64];
	ssize got;

	while ((got = klog_read_next(line, min_u64(len, sizeof(line)))) == -EAGAIN) {
		if (poll_sleep(0) != 0) return -ERESTARTSYS;
	}
	if (got > 0) TRY(copy_to_user(uaddr(addr), line, (size_t)got));
	return got;
}

SYSCALL(103, syslog) {
	static u64 level_before;
	int action = int_arg(args[0]), len = int_arg(args[2]);

	if (action != LOG_READ_ALL && action != LOG_SIZE_BUFFER && task_cred()->euid != 0) return -EPERM;
	switch (action) {
	case LOG_CLOSE:
	case LOG_OPEN: return 0;
	case LOG_READ: return args[1] == 0 || len < 0 ? -EINVAL : read_log(args[1], (u64)len);
	case LOG_READ_ALL:
	case LOG_READ_CLEAR:
		return args[1] == 0 || len < 0 ? -EINVAL : copy_log(args[1], (u64)len, action == LOG_READ_CLEAR);
	case LOG_CLEAR:
		klog_seq.clear = klog_seq.next;
		return 0;
	case LOG_CONSOLE_OFF:
		level_before = klog_printk[0];
		klog_printk[0] = CONSOLE_LEVEL_QUIET;
		return 0;
	case LOG_CONSOLE_ON:
		klog_printk[0] = level_before != 0 ? level_before : CONSOLE_LEVEL_DEFAULT;
		return 0;
	case LOG_CONSOLE_LEVEL:
		if (len < 1 || len > 8) return -EINVAL;
		klog_printk[0] = (u64)len;
		return 0;
	case LOG_SIZE_UNREAD: return (s64)klog_unread();
	case LOG_SIZE_BUFFER: return KLOG_LEN;
	default: return -EINVAL;
	}
}

static bool is_magic2(u32 magic) {
	return magic == 672274793u || magic == 85072278u || magic == 369367448u || magic == 537993216u;
}

/* For the last line: who ends the machine, unless it is init, which may do so as it may exit. */
static const char *ender(char text[80], const char *what) {
	(void)text_format(text, 80, "%s[%u] %s by reboot(2)", task_comm(), task_pid(), what); /* fits */
	return task_pid() == 1 ? NULL : text;
}

SYSCALL(169, reboot) {
	char text[80];

	if (task_cred()->euid != 0) return -EPERM;
	if ((u32)args[0] != REBOOT_MAGIC1 || !is_magic2((u32)args[1])) return -EINVAL;
	switch ((u32)args[2]) {
	case REBOOT_RESTART:
	case REBOOT_RESTART2: power_restart(ender(text, "restarted the machine"));
	case REBOOT_POWER_OFF: power_off(0, ender(text, "switched the machine off"));
	case REBOOT_HALT: halt_machine("%s[%u] asked for it by reboot(2)", task_comm(), task_pid());
	case REBOOT_CAD_ON:
	case REBOOT_CAD_OFF: return 0; /* there is no such key */
	default: return -EINVAL;
	}
}
