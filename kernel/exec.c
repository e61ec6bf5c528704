/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exec.c - from a name to a running program.
 *
 * Relies on integrity_bprm_check for the decision, on elf.h for the layout. Invariants: a byte is mapped only after its
 * file was measured and appraised with writers kept out, and from the same resident pages; nothing of the old
 * program is touched before everything that can be refused has been done.
 */
#include "kernel/exec.h"

#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"
#include "kernel/elf.h"
#include "kernel/exec_args.h"
#include "kernel/exec_image.h"
#include "kernel/integrity/integrity.h"
#include "kernel/task.h"
#include "kernel/vm.h"

#define SCRIPT_DEPTH_MAX 4u
#define SCRIPT_LINE_MAX 256u     /* as Linux's BINPRM_BUF_SIZE */

struct script {
	char interpreter[SCRIPT_LINE_MAX];
	char argument[SCRIPT_LINE_MAX];  /* empty: none */
};

/* One exec on its way; on the heap, for it is too large for a kernel stack. */
struct exec_job {
	struct file *file;       /* the image, with one inode_deny_write */
	struct exec_args *args;
	struct mm *mm;
	struct cred cred;
	bool secure;             /* ids change: AT_SECURE */
	struct elf_plan plan;
	u32 depth;               /* scripts on the way to the image */
	struct script scripts[SCRIPT_DEPTH_MAX];
};

static void close_image(struct exec_job *job)
{
	if (job->file == NULL)
		return;
	inode_allow_write(job->file->inode);
	file_put(job->file);
	job->file = NULL;
}

static void job_done(struct exec_job *job)
{
	close_image(job);
	if (job->args != NULL)
		exec_args_done(job->args);
	mm_put(job->mm);
	port_free(job);
}

/* Opens name, keeps writers out, and has it measured and appraised. */
static int open_checked(struct exec_job *job, const struct path *start, const char *name)
{
	struct integrity_task who;
	struct file *file;
	int err = vfs_open_exec(task_fs(), start, name, task_cred(), &file);

	if (err != 0)
		return err;
	err = inode_deny_write(file->inode);
	if (err != 0) {
		file_put(file);
		return err;
	}
	job->file = file;
	task_integrity(&who);
	return integrity_bprm_check(&who, file);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Splits "#! interpreter [argument]"; the argument is the rest of the line, blanks at its end cut. */
static int parse_script(const char *head, size_t len, struct script *ret_script)
{
	const char *end = memchr(head, '\n', len);
	size_t at = 2;

	if (end == NULL && len == SCRIPT_LINE_MAX) {
		/* A line that does not end here is allowed when the interpreter's name does. */
		end = head + len;
		bool name_ends = false, seen = false;

		for (const char *p = head + 2; p < end; p++) {
			seen = seen || !is_blank(*p);
			name_ends = name_ends || (seen && (is_blank(*p) || *p == 0));
		}
		if (!name_ends)
			return -ENOEXEC;
	} else if (end == NULL) {
		end = head + len;
	}
	size_t line = (size_t)(end - head);

	while (line > at && (is_blank(head[line - 1]) || head[line - 1] == 0))
		line--;
	while (at < line && is_blank(head[at]))
		at++;
	size_t name = at;

	while (at < line && !is_blank(head[at]) && head[at] != 0)
		at++;
	if (at == name)
		return -ENOEXEC;
	memcpy(ret_script->interpreter, head + name, at - name);
	ret_script->interpreter[at - name] = 0;
	while (at < line && is_blank(head[at]))
		at++;
	size_t arg_len = strnlen(head + at, line - at);

	memcpy(ret_script->argument, head + at, arg_len);
	ret_script->argument[arg_len] = 0;
	return 0;
}

/*
 * Follows "#!" lines until a file is no script: each one on the way is measured and appraised, and so is the image.
 */
static int open_image(struct exec_job *job, const struct exec_request *q)
{
	char head[SCRIPT_LINE_MAX];
	int err = open_checked(job, q->start, q->name);

	while (err == 0 && !q->check_only) {
		ssize len = inode_read(job->file->inode, 0, head, sizeof(head));

		if (len < 0)
			return (int)len;
		if (len < 2 || head[0] != '#' || head[1] != '!')
			return 0;
		if (job->depth >= SCRIPT_DEPTH_MAX)
			return -ELOOP;
		err = parse_script(head, (size_t)len, &job->scripts[job->depth]);
		if (err != 0)
			return err;
		close_image(job);
		err = open_checked(job, NULL, job->scripts[job->depth++].interpreter);
	}
	return err;
}

static int push(struct exec_args *args, const char *word)
{
	int err = exec_args_append(args, word, strlen(word) + 1);

	if (err == 0)
		args->argc++;
	return err;
}

/*
 * From the innermost script outwards: its interpreter and that one's argument; at last the name of the file that was
 * asked for.
 */
static int push_script_words(struct exec_job *job, const char *name)
{
	int err = 0;

	for (u32 i = job->depth; i > 0 && err == 0; i--) {
		const struct script *script = &job->scripts[i - 1];

		err = push(job->args, script->interpreter);
		if (err == 0 && script->argument[0] != 0)
			err = push(job->args, script->argument);
	}
	return err != 0 ? err : push(job->args, name);
}

static int collect_args(struct exec_job *job, const struct exec_request *q, const char *name)
{
	struct exec_args *args = port_alloc(sizeof(*args));
	bool script = job->depth > 0;

	if (args == NULL)
		return -ENOMEM;
	job->args = args;
	args->limit = min_u64(ARGS_LEN_MAX - PAGE_SIZE, max_u64(task_rlimit(RLIMIT_STACK) / 4, ARG_LEN_MAX));
	int err = script ? push_script_words(job, name) : 0;

	if (err == 0)
		err = exec_args_collect(args, &q->argv, script ? 1 : 0, &args->argc);
	if (err == 0 && args->argc == 0)
		err = push(args, ""); /* as Linux: there is always an argv[0] */
	args->env_off = args->len;
	if (err == 0)
		err = exec_args_collect(args, &q->envp, 0, &args->envc);
	args->name_off = args->len;
	args->limit = ARGS_LEN_MAX; /* the rest is ours */
	return err != 0 ? err : exec_args_append(args, name, strlen(name) + 1);
}

/* The setuid and setgid bits of the image, which has been appraised. */
static void choose_cred(struct exec_job *job)
{
	const struct task *task = task_current();
	const struct inode *inode = job->file->inode;
	struct cred *cred = &job->cred;

	*cred = task->cred;
	if ((path_mount_flags(&job->file->path) & MS_NOSUID) == 0 && !task->no_new_privs) {
		if ((inode->mode & S_ISUID) != 0)
			cred->euid = inode->uid;
		/* Without the group's x bit S_ISGID means something else. */
		if ((inode->mode & (S_ISGID | 010)) == (S_ISGID | 010))
			cred->egid = inode->gid;
	}
	cred->suid = cred->fsuid = cred->euid;
	cred->sgid = cred->fsgid = cred->egid;
	job->secure = cred->euid != cred->uid || cred->egid != cred->gid;
}

static int decode_image(struct exec_job *job, const char *name)
{
	static const u8 magic[4] = { 0x7f, 'E', 'L', 'F' };
	const char *why = NULL;
	u8 head[sizeof(magic)];
	int err = image_decode(job->file, &job->plan, &why);

	/* A text file without "#!" is what a shell runs by itself: nothing to report. */
	if (why != NULL && inode_read(job->file->inode, 0, head, sizeof(head)) == sizeof(head) &&
	    memcmp(head, magic, sizeof(magic)) == 0)
		port_log(LOG_NOTICE, "assay: %s cannot run: it %s",
			 job->depth > 0 ? job->scripts[job->depth - 1].interpreter : name, why);
	return err;
}

static int check_creds(struct exec_job *job)
{
	struct integrity_task who;

	choose_cred(job);
	task_integrity(&who);
	return integrity_creds_check(&who, job->file, &job->cred);
}

static int build_space(struct exec_job *job, struct image *ret_image)
{
	int err;

	job->mm = mm_alloc();
	if (job->mm == NULL)
		return -ENOMEM;
	err = mm_set_exe(job->mm, job->file);
	if (err == 0)
		err = task_check_exec_map(job->file, PROT_READ | PROT_EXEC, PROT_READ | PROT_EXEC);
	if (err == 0)
		err = image_map(job->mm, job->file, &job->plan, ret_image);
	if (err == 0)
		err = image_stack(job->mm, job->args, &job->plan, &job->cred, job->secure, ret_image);
	return err;
}

static bool shares_files(const struct task *self)
{
	list_for_each(pos, &task_list) {
		const struct task *task = list_entry(pos, struct task, node);

		if (task != self && task->files == self->files)
			return true;
	}
	return false;
}

/* Descriptors and handlers of our own, where they are shared: the last things that can fail. */
static int unshare(struct task *task)
{
	if (shares_files(task)) {
		struct fdtable *files = fdtable_copy(task->files);

		if (files == NULL)
			return -ENOMEM;
		fdtable_put(task->files);
		task->files = files;
	}
	if (task->process->sighand->refs > 1) {
		struct sighand *sighand = sighand_alloc(task->process->sighand);

		if (sighand == NULL)
			return -ENOMEM;
		sighand_put(task->process->sighand);
		task->process->sighand = sighand;
	}
	return 0;
}

static void set_comm(struct task *task, const char *name)
{
	const char *slash = strrchr(name, '/');

	memset(task->comm, 0, sizeof(task->comm));
	/* comm is cut, as on Linux */
	(void)text_copy(task->comm, sizeof(task->comm), slash != NULL ? slash + 1 : name);
}

static void reset_task(struct task *task, const struct exec_job *job)
{
	struct process *process = task->process;

	process_release_timers(process);
	process->exec_done = true;
	process->exit_signal = SIGCHLD;
	sighand_reset(process->sighand);
	fdtable_close_on_exec(task->files);
	task->altstack_base = task->altstack_len = task->altstack_flags = 0;
	task->restart = (struct restart){ NULL, { 0 } };
	task->dumpable = !job->secure;
	if (job->secure)
		task->parent_death_signal = 0;
	task->cred = job->cred;
}

static void reset_registers(struct task *task, const struct image *image)
{
	struct trap_frame *frame = task_frame(task);

	memset(frame, 0, sizeof(*frame));
	frame->orig_rax = (u64)-1;
	frame->vector = TRAP_NEW;
	frame->rip = image->entry;
	frame->rsp = image->sp;
	frame->cs = USER_CS;
	frame->ss = USER_SS;
	frame->rflags = 0x202;
	task->fs_base = task->gs_base = 0;
	user_bases_load(0, 0);
	fpu_state_init(task->fpu);
	fpu_restore(task->fpu);
}

/* The point of no return: nothing here can fail. */
static void commit(struct exec_job *job, const char *name, const struct image *image)
{
	struct task *task = task_current();
	struct mm *old = task->mm;

	task_release_mm(task);
	task->mm = job->mm;
	job->mm = NULL;
	pagetable_switch(&task->mm->pages);
	mm_put(old);
	set_comm(task, name);
	reset_task(task, job);
	reset_registers(task, image);
}

static int run(struct exec_job *job, const struct exec_request *q)
{
	struct image image = { 0 };
	const char *name = q->shown_name;
	int err = open_image(job, q);

	if (err != 0 || q->check_only)
		return err;
	err = check_creds(job);
	if (err == 0)
		err = decode_image(job, name);
	if (err == 0)
		err = collect_args(job, q, name);
	if (err == 0)
		err = build_space(job, &image);
	if (err == 0)
		err = task_become_single();
	if (err == 0)
		err = unshare(task_current());
	if (err == 0)
		commit(job, name, &image);
	return err;
}

int exec_run(const struct exec_request *request)
{
	struct exec_job *job = port_alloc(sizeof(*job));

	if (job == NULL)
		return -ENOMEM;
	int err = run(job, request);

	job_done(job);
	return err;
}
