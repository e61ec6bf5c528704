/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/exec.c - from a name to a running program.
 *
 * Relies on integrity_bprm_check for the decision, on elf.h for the layout. Invariants: a byte is mapped only after its
 * file was measured and appraised with writers kept out, and from the same resident pages; nothing of the old
 * program is touched before everything that can be refused has been done.
 */
#include "kernel/exec.h"

#include "kernel/elf.h"
#include "kernel/exec_image.h"
#include "kernel/filearg.h"
#include "kernel/integrity/integrity.h"
#include "kernel/task.h"
#include "kernel/vm.h"

static void close_image(struct exec_job *job) {
	if (job->file == NULL) return;
	inode_allow_write(job->file->inode);
	file_put(TAKE(job->file));
}

/* Opens name, keeps writers out, and has it measured and appraised. */
static int open_checked(struct exec_job *job, const struct path *start, const char *name, bool check_only) {
	struct integrity_task who;
	struct file *file;

	TRY(vfs_open_exec(task_fs(), start, name, task_cred(), &file));
	int err = inode_deny_write(file->inode);

	if (err != 0) {
		file_put(file);
		return err;
	}
	job->file = file;
	task_integrity(&who);
	return integrity_bprm_check(&who, file, check_only);
}

/*
 * Follows "#!" lines until a file is no script: each one on the way is measured and appraised, and so is the image.
 */
static int open_image(struct exec_job *job, const struct exec_request *q) {
	char head[SCRIPT_LINE_MAX];

	TRY(open_checked(job, q->path, NULL, q->check_only));
	while (!q->check_only) {
		ssize len = inode_read(job->file->inode, 0, head, sizeof(head));

		TRY(len);
		if (!script_begins(head, (size_t)len)) break;
		if (job->depth >= SCRIPT_DEPTH_MAX) return -ELOOP;
		job->why = "has no interpreter behind its #!";
		TRY(script_parse(head, (size_t)len, &job->scripts[job->depth]));
		job->why = NULL;
		close_image(job);
		TRY(open_checked(job, NULL, job->scripts[job->depth++].interpreter, false));
	}
	return 0;
}

static int push(struct exec_args *args, const char *word) {
	args->argc++;
	return exec_args_append(args, word, strlen(word) + 1);
}

/*
 * From the innermost script outwards: its interpreter and that one's argument; at last the name of the file that was
 * asked for.
 */
static int push_script_words(struct exec_job *job, const char *name) {
	for (u32 i = job->depth; i > 0; i--) {
		const struct script *script = &job->scripts[i - 1];

		TRY(push(&job->args, script->interpreter));
		if (script->argument[0] != 0) TRY(push(&job->args, script->argument));
	}
	return push(&job->args, name);
}

static int collect_args(struct exec_job *job, const struct exec_request *q) {
	struct exec_args *args = &job->args;
	const char *name = q->shown_name;
	bool script = job->depth > 0;

	args->limit = min_u64(ARGS_LEN_MAX - PAGE_SIZE, max_u64(task_rlimit(RLIMIT_STACK) / 4, ARG_LEN_MAX));
	if (script) TRY(push_script_words(job, name));
	TRY(exec_args_collect(args, &q->argv, script ? 1 : 0, &args->argc));
	if (args->argc == 0) TRY(push(args, "")); /* as Linux: there is always an argv[0] */
	args->env_off = args->len;
	TRY(exec_args_collect(args, &q->envp, 0, &args->envc));
	args->name_off = args->len;
	args->limit = ARGS_LEN_MAX; /* the rest is ours */
	return exec_args_append(args, name, strlen(name) + 1);
}

/* The setuid and setgid bits of the image, which has been appraised; the hook agrees to them. */
static int choose_cred(struct exec_job *job) {
	struct integrity_task who;
	const struct task *task = task_current();
	const struct inode *inode = job->file->inode;
	struct cred *cred = &job->cred;

	*cred = task->cred;
	if ((path_mount_flags(&job->file->path) & MS_NOSUID) == 0 && !task->no_new_privs) {
		if ((inode->mode & S_ISUID) != 0) cred->euid = inode->uid;
		/* Without the group's x bit S_ISGID means something else. */
		if ((inode->mode & (S_ISGID | 010)) == (S_ISGID | 010)) cred->egid = inode->gid;
	}
	cred->suid = cred->fsuid = cred->euid;
	cred->sgid = cred->fsgid = cred->egid;
	job->secure = cred->euid != cred->uid || cred->egid != cred->gid;
	task_integrity(&who);
	return integrity_creds_check(&who, job->file, cred);
}

/* The file is called what a record of it is called, where memory suffices for that. */
static void say_cannot_run(const struct exec_job *job, const char *why) {
	RELEASED(memory_drop) char *name = port_alloc(VFS_PATH_MAX);
	bool named = name != NULL && path_name(task_fs(), &job->file->path, name, VFS_PATH_MAX) > 0;

	port_log(LOG_NOTICE, "assay: %s cannot run: %s", named ? name : job->comm, why);
}

static int decode_image(struct exec_job *job) {
	int err = image_decode(job, &job->why);
	char text[128];

	if (job->why == NULL) return err;
	(void)text_format(text, sizeof(text), "it %s", job->why); /* ours, short */
	say_cannot_run(job, text);
	return err;
}

static void explain(const struct exec_job *job, int err, char *ret_why) {
	const char *why = job->why != NULL ? job->why :
			  err == -ENOENT ? "is not there" :
			  err == -EACCES ? "was refused by appraisal or permissions" :
			  err == -ENOEXEC ? "is neither an ELF program nor a script with #!" : "cannot be run";
	bool script = job->depth > 0;

	(void)text_format(ret_why, EXEC_WHY_LEN, "%s%s %s", script ? "its interpreter " : "it",
			  script ? job->scripts[job->depth - 1].interpreter : "", why);
}

/* The mapping of the image is the new program's act already. */
static int check_map(const struct exec_job *job) {
	struct integrity_task who;

	task_integrity(&who);
	who.comm = job->comm;
	who.cred = &job->cred;
	who.exe = &job->file->path;
	return integrity_mmap_check(&who, job->file, PROT_READ | PROT_EXEC, PROT_READ | PROT_EXEC);
}

static int build_space(struct exec_job *job) {
	job->mm = mm_alloc();
	if (job->mm == NULL) return -ENOMEM;
	TRY(mm_set_exe(job->mm, job->file));
	TRY(port_random(&job->random, sizeof(job->random)));
	TRY(check_map(job));
	TRY(image_map(job));
	return image_stack(job);
}

static bool shares_files(const struct task *self) {
	list_for_each_entry(struct task, task, &task_list, node)
		if (task != self && task->files == self->files) return true;
	return false;
}

/* Descriptors and handlers of our own, where they are shared: the last things that can fail. */
static int unshare(struct task *task) {
	if (shares_files(task)) {
		struct fdtable *files = fdtable_copy(task->files);

		if (files == NULL) return -ENOMEM;
		fdtable_put(task->files);
		task->files = files;
	}
	if (task->process->sighand->refs > 1) {
		struct sighand *sighand = sighand_alloc(task->process->sighand);

		if (sighand == NULL) return -ENOMEM;
		sighand_put(task->process->sighand);
		task->process->sighand = sighand;
	}
	return 0;
}

static void reset_task(struct task *task, const struct exec_job *job) {
	struct process *process = task->process;

	process->exec_done = true;
	process->exit_signal = SIGCHLD;
	/* The new program may have other rights: it did not choose these signals. */
	list_for_each_entry(struct process, child, &process->children, sibling) child->exit_signal = SIGCHLD;
	sighand_reset(process->sighand);
	fdtable_close_on_exec(task->files);
	task->altstack = (struct stack_abi){ 0 };
	task->restart = (struct restart){ NULL, { 0 } };
	task->dumpable = !job->secure;
	task->cred = job->cred;
}

static void reset_registers(struct task *task, const struct exec_job *job) {
	*task_frame(task) = (struct trap_frame){
		.orig_rax = (u64)-1, .vector = TRAP_NEW, .cs = USER_CS, .ss = USER_SS, .rflags = 0x202,
		.rip = job->plan.entry + job->bias, .rsp = job->sp,
	};
	task->fs_base = task->gs_base = 0;
	user_bases_load(0, 0);
	fpu_state_init(task->fpu);
	fpu_restore(task->fpu);
}

/* The point of no return: nothing here can fail. */
static void commit(struct exec_job *job) {
	struct task *task = task_current();
	struct mm *old = task->mm;

	task_release_mm(task);
	task->mm = TAKE(job->mm);
	pagetable_switch(&task->mm->pages);
	mm_put(old);
	memcpy(task->comm, job->comm, sizeof(job->comm));
	reset_task(task, job);
	reset_registers(task, job);
}

static int run(struct exec_job *job, const struct exec_request *q) {
	const char *slash = strrchr(q->shown_name, '/');

	/* What does not fit is cut. */
	(void)text_copy(job->comm, sizeof(job->comm), slash != NULL ? slash + 1 : q->shown_name);
	TRY(open_image(job, q));
	if (q->check_only) return 0;
	TRY(choose_cred(job));
	TRY(decode_image(job));
	TRY(collect_args(job, q));
	int err = build_space(job);

	if (err == -ENOMEM) say_cannot_run(job, "out of memory for it (ENOMEM)");
	TRY(err);
	TRY(task_become_single());
	TRY(unshare(task_current()));
	commit(job);
	return 0;
}

int exec_run(const struct exec_request *request) {
	struct exec_job *job = port_alloc(sizeof(*job));

	if (job == NULL) return -ENOMEM;
	int err = run(job, request);

	if (err != 0 && request->ret_why != NULL) explain(job, err, request->ret_why);
	close_image(job);
	port_free(job->args.bytes);
	mm_put(job->mm);
	port_free(job);
	return err;
}
