/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/task.h - tasks (threads), processes (thread groups), and what they share.
 *
 * A struct task is what the scheduler runs; a struct process is what has a pid, a parent, children and an exit
 * status. Memory, signal handlers, descriptors and file system state are reference counted and hang at the task or
 * the process as clone's flags say. A process without tasks is a zombie until its parent waits.
 *
 * Context    task context, unless said otherwise.
 * Ownership  a task is freed by the scheduler after it ended; a process by the wait that reaps it. Both may go
 *            at any schedule(): hold no pointer to another one across a wait.
 * Errors     -EAGAIN over RLIMIT_NPROC or the task limit, -ENOMEM.
 */
#pragma once

#include "fs/fdtable.h"
#include "fs/vfs.h"
#include "kernel/limits.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "kernel/x86/trap.h"

struct mm;
struct integrity_task;

/* Resources: Linux uapi resource.h. */
enum rlimit_resource {
	RLIMIT_CPU = 0, RLIMIT_FSIZE, RLIMIT_DATA, RLIMIT_STACK, RLIMIT_CORE, RLIMIT_RSS, RLIMIT_NPROC, RLIMIT_NOFILE,
	RLIMIT_MEMLOCK, RLIMIT_AS, RLIMIT_LOCKS, RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_RTPRIO,
	RLIMIT_RTTIME, RLIMIT_COUNT,
};
#define RLIM_INFINITY (~0ull)

struct rlimit {
	u64 soft, hard;
};

#define COMM_LEN 16u

struct fs_state {
	u32 refs;
	struct vfs_context context;
};

/* Interval timers: what setitimer's first argument means. */
struct interval_timer {
	struct ktimer timer;
	u64 interval_ns;
};

struct process {
	struct list node;            /* in the list of all */
	struct process *parent;      /* NULL for init */
	struct list children, sibling;
	struct list threads;         /* of task.thread_node */
	u32 thread_count;
	u32 pid, pgid, sid;
	int exit_signal;             /* what the parent gets */
	bool exec_done;              /* since the fork: setpgid by the parent is over */
	bool unkillable;             /* init: default actions of signals sent to it do nothing */

	/* Ending. */
	bool exiting;                /* exit_group or a deadly signal: every thread ends at its next chance */
	bool zombie;
	int exit_status;             /* as wait gives it */
	int event, event_status;     /* what the parent was told and did not wait for yet: CLD_* (0: none) */
	struct task *exec_task;      /* the thread that waits in exec until the others are gone */
	char comm[COMM_LEN];         /* of the last thread, for zombies */
	u32 uid;                     /* real uid, for siginfo of a zombie */
	struct waitq child_event;    /* wait4 sleeps here */

	/* Signals: handlers, and what is pending for whichever thread takes it. */
	struct sighand *sighand;
	struct sigpending pending;
	bool stopping;               /* a stop signal was taken; threads stop at the way to ring 3 */
	bool stop_reported;          /* to the parent */
	int stop_signal;

	struct rlimit limits[RLIMIT_COUNT];
	struct interval_timer alarm; /* ITIMER_REAL and alarm() */
	u64 start_ns;
	/* CPU time of threads that ended, and of children that were waited for. */
	struct cpu_times dead, children_times;
};

enum task_state { TASK_NEW = 0, TASK_RUNNABLE, TASK_SLEEPING, TASK_STOPPED, TASK_ENDED };

/* A call that a signal interrupted and restart_syscall continues. */
struct restart {
	s64 (*call)(struct restart *restart);
	u64 arg[5];
};

/* On the stack of a parent that called vfork. */
struct vfork_wait {
	struct task *parent;
	bool done;
};

struct task {
	/* The scheduler's. */
	struct list run_node;
	enum task_state state;
	enum sleep_mode sleep_mode;
	int sleep_result;
	struct ktimer sleep_timer;
	void *kstack;
	u64 saved_rsp, fs_base, gs_base;
	_Alignas(16) u8 fpu[FPU_STATE_LEN];
	bool in_kernel;
	u64 stamp_ns;
	struct cpu_times times;

	struct list node;            /* in the list of all */
	struct list thread_node;     /* in the process's */
	struct process *process;
	u32 tid;
	char comm[COMM_LEN];
	struct mm *mm;               /* NULL while it ends */
	struct fdtable *files;
	struct fs_state *fs;
	struct cred cred;

	struct sigpending pending;
	u64 blocked;
	u64 saved_blocked;           /* what sigsuspend and ppoll put back */
	bool restore_blocked;
	struct stack_abi altstack;   /* len 0: none; flags: SS_AUTODISARM */

	u64 clear_tid;               /* address to zero and wake when the thread ends */
	u64 robust_list;
	u64 set_tid;                 /* address where the child writes its tid when it begins */
	struct vfork_wait *vfork;    /* the parent waits until exec or the end */
	struct restart restart;
	bool dumpable, no_new_privs;
	s32 nice;
};

/* Boot: the names other parts call. */
/* Makes pid 1 in context and loads path; it runs with sched_end(). Errors and ret_why as in exec.h. */
must_check int task_start_init(const struct vfs_context *context, const char *path, char *const argv[],
			       char *const envp[], char *ret_why);
/* From trap.c: a system call, and the last thing before ring 3. */
void task_syscall(struct trap_frame *frame);
void task_return_to_user(struct trap_frame *frame);

struct task *task_current(void);
static inline struct process *process_current(void) { return task_current()->process; }
/* What the file calls need of the current task. Borrowed: valid until the next schedule() or exec. */
static inline const struct cred *task_cred(void) { return &task_current()->cred; }
static inline struct vfs_context *task_fs(void) { return &task_current()->fs->context; }
static inline struct fdtable *task_files(void) { return task_current()->files; }
struct mm *task_mm(void);
/* Thread group, process group and session. */
static inline u32 task_pid(void) { return process_current()->pid; }
static inline u32 task_pgid(void) { return process_current()->pgid; }
static inline u32 task_sid(void) { return process_current()->sid; }
static inline const char *task_comm(void) { return task_current()->comm; }
/* true when a signal that would end a wait is pending. */
bool task_signal_pending(void);
/* Sends sig to the current thread (SIGPIPE and the like), or to a process group (^C). */
void task_signal_self(int sig);
void task_signal_group(u32 pgid, int sig);
/* The current thread ignores or blocks sig (a background write to the terminal then goes on). */
bool task_signal_ignored(int sig);
/* A living group pgid in session sid. */
bool task_group_exists(u32 pgid, u32 sid);
/* No member's parent is in another group of the same session: stop signals of the terminal are not for it. */
bool task_group_orphaned(u32 pgid);
u64 task_rlimit(unsigned resource);  /* RLIMIT_*: soft limit of the current process */
/* The mask for the time of one call (ppoll, pselect): put back when the call returned and handlers were set up. */
void task_swap_mask(u64 mask);
/* Who acts, for the integrity hooks. */
void task_integrity(struct integrity_task *ret_task);
/* Whether file may be mapped executable: asks the integrity hooks. */
must_check int task_check_exec_map(struct file *file, u32 reqprot, u32 prot);
/* Likewise, of a mapping that was not. */
must_check int task_check_exec_protect(struct file *file);

/* For the other files of kernel/. */
static inline struct trap_frame *task_frame(const struct task *task) {
	return (struct trap_frame *)(void *)((char *)task->kstack + KSTACK_LEN) - 1;
}

static inline bool task_on_altstack(const struct task *task, u64 sp) {
	return sp > task->altstack.base && sp - task->altstack.base <= task->altstack.len;
}

extern struct list task_list;    /* every task that did not end, in the order of creation */
extern struct list process_list; /* every process, zombies too */
extern u32 task_count, fork_count, last_pid;

/* Load averages of 1, 5 and 15 minutes with 16 fraction bits. */
extern u64 task_loads[3];

struct task *task_find(u32 tid);          /* a living thread, or NULL */
struct process *process_find(u32 pid);    /* zombies too */
struct task *process_any_thread(const struct process *process); /* NULL for a zombie */
struct cpu_times process_times(const struct process *process);
static inline void cpu_times_add(struct cpu_times *sum, struct cpu_times more) {
	sum->user += more.user;
	sum->system += more.system;
}

/* An empty task with a stack, in no list, and one with its process; for clone and init. */
struct task *task_alloc(void);
void task_free(struct task *task);
struct process *process_alloc(void);
/* Gives the task a tid (and the process, when new, the pid) and enters both. */
void task_enter(struct task *task, struct process *process, bool new_process);
must_check int task_check_count(void); /* -EAGAIN */
void process_free(struct process *process);
void fs_state_put(struct fs_state *fs);
/* Takes references on root and working directory. */
struct fs_state *fs_state_alloc(const struct vfs_context *context);

/* The current thread ends; the last one ends the process with status. */
__attribute__((noreturn)) void task_exit(int status);
/* Every thread of the current process ends; does not return for the caller. status as wait gives it. */
__attribute__((noreturn)) void task_exit_group(int status);
/* Marks the process: all its threads end at their next chance. */
void process_kill(struct process *process, int status);
bool task_is_dying(const struct task *task);
/*
 * Ends the other threads of the current process and waits for them; the caller becomes the leader. -EAGAIN when the
 * process dies.
 */
must_check int task_become_single(void);
/* The old address space goes: clear_tid is written, robust futexes released, a vfork parent woken. */
void task_release_mm(struct task *task);

/* clone's flags: Linux uapi sched.h. */
enum { CLONE_VM = 0x100, CLONE_FS = 0x200, CLONE_FILES = 0x400, CLONE_SIGHAND = 0x800, CLONE_PIDFD = 0x1000,
       CLONE_VFORK = 0x4000, CLONE_PARENT = 0x8000, CLONE_THREAD = 0x10000, CLONE_SETTLS = 0x80000,
       CLONE_PARENT_SETTID = 0x100000, CLONE_CHILD_CLEARTID = 0x200000, CLONE_CHILD_SETTID = 0x1000000 };
#define CLONE_CLEAR_SIGHAND 0x100000000ull
#define CLONE_NAMESPACES 0x7e020080ull /* NEWTIME NEWNS NEWCGROUP NEWUTS NEWIPC NEWUSER NEWPID NEWNET */

struct clone_request {
	u64 flags, stack;
	u64 parent_tid, child_tid, tls;
	int exit_signal;
};
/*
 * The child's tid; the child itself begins at the caller's next instruction with 0. -EINVAL flags that make no sense
 * together or ask for namespaces, -EAGAIN, -ENOMEM.
 */
s64 task_clone(const struct clone_request *request);

/* What happened to a child, for the parent: SIGCHLD and waking its wait. code is CLD_*. */
void process_notify_parent(struct process *process, int code, int status);

struct wait_request {
	int which;               /* WAIT_* */
	u32 id;
	u32 options;             /* W* of Linux */
};
struct wait_result {
	struct siginfo_abi info; /* as waitid gives it */
	int wait_status;         /* as wait4 gives it */
	struct cpu_times times;
};
enum { WAIT_ALL = 0, WAIT_PID, WAIT_GROUP };
enum { WAIT_NOHANG = 1, WAIT_STOPPED = 2, WAIT_EXITED = 4, WAIT_CONTINUED = 8, WAIT_KEEP = 0x01000000 };
/* 1 with a result, 0 nothing yet (WAIT_NOHANG), -ECHILD, -ERESTARTSYS. */
must_check int task_wait(const struct wait_request *request, struct wait_result *ret_result);

/* From the timer interrupt. */
void task_tick(u64 now_ns);
/* Time since the last call is the program's or the kernel's. */
void sched_account(bool in_kernel_from_now);
