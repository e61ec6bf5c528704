/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/task.c - the lists of tasks and processes, their birth and memory, and what other parts ask about the
 * current one.
 *
 * Invariants: a task in task_list has a process with it in threads; tids are unique, and a number that is still the
 * name of a group or session is not given out as a tid.
 */
#include "kernel/task.h"

#include "kernel/commit.h"
#include "kernel/exec.h"
#include "kernel/integrity/integrity.h"
#include "kernel/timespec.h"
#include "kernel/vm.h"

#define PID_MAX 32768u
/* The last ones are for uid 0, so that a fork bomb can be ended. */
#define TASKS_FOR_ROOT 16u
#define NOFILE_SOFT 1024u

/* Load averages: fixed point with 16 bits; decay factors, with 11 bits, of 5 s in 1, 5 and 15 minutes. */
#define LOAD_INTERVAL_NS 5000000000ull
#define LOAD_ONE 65536u
#define DECAY_ONE 2048u

struct list task_list = LIST_INIT(task_list);
struct list process_list = LIST_INIT(process_list);
u32 task_count, fork_count, last_pid;

u64 task_loads[3];
static u64 load_next_ns;

struct mm *task_mm(void) { return task_current()->mm; }

u64 task_rlimit(unsigned resource) { return process_current()->limits[resource].soft; }

void task_integrity(struct integrity_task *ret_task) {
	const struct task *task = task_current();

	const struct process *process = task->process;

	ret_task->pid = process != NULL ? process->pid : 0;
	ret_task->ppid = process != NULL && process->parent != NULL ? process->parent->pid : 0;
	ret_task->exe = task->mm != NULL && task->mm->exe != NULL ? &task->mm->exe->path : NULL;
	ret_task->comm = task->comm;
	ret_task->killed = process != NULL && process->exiting && (process->exit_status & 0x7f) != 0;
	ret_task->cred = &task->cred;
	ret_task->context = task->fs != NULL ? &task->fs->context : NULL;
}

int task_check_exec_map(struct file *file, u32 reqprot, u32 prot) {
	struct integrity_task who;

	task_integrity(&who);
	return integrity_mmap_check(&who, file, reqprot, prot);
}

int task_check_exec_protect(struct file *file) {
	struct integrity_task who;

	task_integrity(&who);
	return integrity_mprotect_check(&who, file);
}

struct task *task_find(u32 tid) {
	list_for_each_entry(struct task, task, &task_list, node)
		if (task->tid == tid) return task;
	return NULL;
}

struct process *process_find(u32 pid) {
	list_for_each_entry(struct process, process, &process_list, node)
		if (process->pid == pid) return process;
	return NULL;
}

struct task *process_any_thread(const struct process *process) {
	return list_empty(&process->threads) ? NULL : list_first(&process->threads, struct task, thread_node);
}

struct cpu_times process_times(const struct process *process) {
	struct cpu_times sum = process->dead;

	list_for_each_entry(struct task, task, &process->threads, thread_node) cpu_times_add(&sum, task->times);
	return sum;
}

bool task_group_exists(u32 pgid, u32 sid) {
	list_for_each_entry(struct process, process, &process_list, node)
		if (process->pgid == pgid && process->sid == sid && !process->zombie) return true;
	return false;
}

bool task_group_orphaned(u32 pgid) {
	list_for_each_entry(struct process, process, &process_list, node) {
		const struct process *parent = process->parent;

		if (process->pgid == pgid && !process->zombie && parent != NULL && parent->pgid != pgid &&
		    parent->sid == process->sid)
			return false;
	}
	return true;
}

int task_check_count(void) {
	const struct task *self = task_current();
	u64 mine = 0;

	if (self->cred.euid == 0) return task_count >= TASKS_MAX ? -EAGAIN : 0;
	list_for_each(pos, &task_list) mine += list_entry(pos, struct task, node)->cred.uid == self->cred.uid;
	return task_count + TASKS_FOR_ROOT >= TASKS_MAX || mine >= task_rlimit(RLIMIT_NPROC) ? -EAGAIN : 0;
}

static bool number_in_use(u32 number) {
	if (task_find(number) != NULL) return true;
	list_for_each_entry(struct process, process, &process_list, node)
		if (process->pid == number || process->pgid == number || process->sid == number) return true;
	return false;
}

/* There are more numbers than tasks and processes can use, so one is free. */
static u32 next_number(void) {
	do {
		last_pid = last_pid + 1 < PID_MAX ? last_pid + 1 : 2;
		if (fork_count == 0) last_pid = 1;
	} while (number_in_use(last_pid));
	return last_pid;
}

struct task *task_alloc(void) {
	struct task *task = port_alloc(sizeof(*task));

	if (task == NULL) return NULL;
	task->kstack = kstack_alloc();
	if (task->kstack == NULL) {
		port_free(task);
		return NULL;
	}
	list_init(&task->node);
	list_init(&task->thread_node);
	list_init(&task->run_node);
	list_init(&task->sleep_timer.node);
	list_init(&task->pending.queue);
	task->dumpable = true;
	return task;
}

void task_free(struct task *task) {
	sigpending_discard(&task->pending, ~0ull);
	mm_put(task->mm);
	if (task->files != NULL) fdtable_put(task->files);
	fs_state_put(task->fs);
	kstack_free(task->kstack);
	port_free(task);
}

static void alarm_fires(struct ktimer *timer) {
	struct interval_timer *alarm = container_of(timer, struct interval_timer, timer);
	struct process *process = container_of(alarm, struct process, alarm);
	struct siginfo_abi info = signal_info(SIGALRM, SI_KERNEL);

	if (alarm->interval_ns != 0) ktimer_arm(timer, timer->deadline_ns + alarm->interval_ns);
	(void)signal_send_process(process, &info); /* a full queue loses only the information */
}

struct process *process_alloc(void) {
	struct process *process = port_alloc(sizeof(*process));

	if (process == NULL) return NULL;
	list_init(&process->node);
	list_init(&process->children);
	list_init(&process->sibling);
	list_init(&process->threads);
	list_init(&process->pending.queue);
	waitq_init(&process->child_event);
	ktimer_init(&process->alarm.timer, alarm_fires);
	process->exit_signal = SIGCHLD;
	process->start_ns = port_now_ns();
	return process;
}

void process_free(struct process *process) {
	list_del(&process->node);
	list_del(&process->sibling);
	ktimer_cancel(&process->alarm.timer);
	sigpending_discard(&process->pending, ~0ull);
	sighand_put(process->sighand);
	port_free(process);
}

void task_enter(struct task *task, struct process *process, bool new_process) {
	task->tid = next_number();
	task->process = process;
	task->stamp_ns = port_now_ns();
	list_add_tail(&task_list, &task->node);
	list_add_tail(&process->threads, &task->thread_node);
	process->thread_count++;
	task_count++;
	fork_count++;
	if (new_process) {
		process->pid = task->tid;
		list_add_tail(&process_list, &process->node);
	}
}

void fs_state_put(struct fs_state *fs) {
	if (fs == NULL || --fs->refs > 0) return;
	path_put(&fs->context.root);
	path_put(&fs->context.cwd);
	port_free(fs);
}

struct fs_state *fs_state_alloc(const struct vfs_context *context) {
	struct fs_state *fs = port_alloc(sizeof(*fs));

	if (fs == NULL) return NULL;
	*fs = (struct fs_state){ .refs = 1, .context = *context };
	path_get(&fs->context.root);
	path_get(&fs->context.cwd);
	return fs;
}

void task_tick(u64 now_ns) {
	static const u32 decay[3] = { 1884, 2014, 2037 };

	if (now_ns < load_next_ns) return;
	load_next_ns = now_ns + LOAD_INTERVAL_NS;
	u64 now = sched_stats().runnable * LOAD_ONE;

	for (unsigned i = 0; i < 3; i++)
		task_loads[i] = (task_loads[i] * decay[i] + now * (DECAY_ONE - decay[i])) / DECAY_ONE;
}

static void first_limits(struct process *process) {
	struct rlimit *limits = process->limits;

	for (unsigned i = 0; i < RLIMIT_COUNT; i++) limits[i] = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	limits[RLIMIT_STACK].soft = 8ull << 20;
	limits[RLIMIT_CORE].soft = 0;
	limits[RLIMIT_NOFILE] = (struct rlimit){ NOFILE_SOFT, 4096 };
	limits[RLIMIT_NPROC] = (struct rlimit){ TASKS_MAX / 2, TASKS_MAX };
	limits[RLIMIT_SIGPENDING] = (struct rlimit){ 1024, 1024 };
	limits[RLIMIT_MSGQUEUE] = (struct rlimit){ 819200, 819200 };
	limits[RLIMIT_MEMLOCK] = (struct rlimit){ 8ull << 20, 8ull << 20 };
	limits[RLIMIT_NICE] = limits[RLIMIT_RTPRIO] = (struct rlimit){ 0, 0 };
}

static struct task *make_init(const struct vfs_context *context) {
	struct task *task = task_alloc();
	struct process *process = process_alloc();

	if (task != NULL) {
		task->files = fdtable_alloc();
		task->fs = fs_state_alloc(context);
	}
	if (process != NULL) process->sighand = sighand_alloc(NULL);
	if (task == NULL || process == NULL || task->files == NULL || task->fs == NULL || process->sighand == NULL)
		return NULL; /* the machine halts: nothing to give back */
	first_limits(process);
	(void)text_copy(task->comm, sizeof(task->comm), "swapper/0"); /* Linux's name for it before its exec */
	process->unkillable = true;
	task_enter(task, process, true);
	process->pgid = process->sid = 0;
	return task;
}

/* Descriptors 0 to 2 are the console, when there is one. */
static void open_console(struct task *task) {
	struct file *file;
	int fd;

	if (vfs_open(&task->fs->context, NULL, "/dev/console", O_RDWR, 0, &task->cred, &file) != 0) {
		port_log(LOG_WARN,
			 "assay: /dev/console cannot be opened: init starts without standard input and output");
		return;
	}
	for (int i = 0; i < 3; i++) {
		file_get(file);
		if (fdtable_install(task->files, file, 0, false, NOFILE_SOFT, &fd) != 0) file_put(file);
	}
	file_put(file);
}

int task_start_init(const struct vfs_context *context, const char *path, char *const argv[], char *const envp[],
		    char *ret_why) {
	struct path found;
	struct exec_request request = { .path = &found, .shown_name = path, .argv = { .kernel = argv },
					.envp = { .kernel = envp }, .ret_why = ret_why };
	struct task *task = make_init(context);

	if (task == NULL) return -ENOMEM;
	commit_init();
	TRY(path_walk(&task->fs->context, NULL, path, WALK_FOLLOW, &task->cred, &found));
	(void)sched_adopt(task); /* from the boot context */
	open_console(task);
	int err = exec_run(&request);

	path_put(&found);
	pagetable_switch(NULL);
	(void)sched_adopt(NULL); /* back to it */
	if (err == 0) sched_add(task);
	return err;
}
