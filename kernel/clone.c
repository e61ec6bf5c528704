/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/clone.c - new tasks: fork, vfork, threads.
 *
 * Invariant: everything that can fail happens before the child is entered in any list; after that it only runs.
 */
#include "kernel/syscall.h"
#include "kernel/task.h"
#include "kernel/vm.h"
#include "kernel/x86/usercopy.h"

static int check_flags(const struct clone_request *q) {
	u64 f = q->flags;

	if ((f & CLONE_THREAD) != 0 && (f & CLONE_SIGHAND) == 0) return -EINVAL;
	if ((f & CLONE_SIGHAND) != 0 && (f & CLONE_VM) == 0) return -EINVAL;
	if ((f & (CLONE_NAMESPACES | CLONE_PIDFD | CLONE_CLEAR_SIGHAND)) != 0) return -EINVAL;
	if (q->exit_signal < 0 || q->exit_signal > SIGNAL_COUNT) return -EINVAL;
	if ((f & CLONE_SETTLS) != 0 && q->tls >= USER_END) return -EPERM;
	/* A child of init outside its group would have nobody to go to. */
	return (f & CLONE_PARENT) != 0 && process_current()->pid == 1 ? -EINVAL : 0;
}

/* Registers, names and limits: what is copied and cannot fail. */
static void copy_task(struct task *child, const struct task *parent, const struct clone_request *q) {
	struct trap_frame *frame = task_frame(child);

	*frame = *task_frame(parent);
	frame->rax = 0;
	frame->orig_rax = (u64)-1;
	frame->vector = TRAP_NEW;
	if (q->stack != 0) frame->rsp = q->stack;
	fpu_save(child->fpu); /* the registers are the parent's */
	user_bases_save(&child->fs_base, &child->gs_base);
	if ((q->flags & CLONE_SETTLS) != 0) child->fs_base = q->tls;
	memcpy(child->comm, parent->comm, sizeof(child->comm));
	child->cred = parent->cred;
	child->blocked = parent->blocked;
	child->dumpable = parent->dumpable;
	child->no_new_privs = parent->no_new_privs;
	child->nice = parent->nice;
	if ((q->flags & (CLONE_VM | CLONE_VFORK)) != CLONE_VM) child->altstack = parent->altstack;
	if ((q->flags & CLONE_CHILD_SETTID) != 0) child->set_tid = q->child_tid;
	if ((q->flags & CLONE_CHILD_CLEARTID) != 0) child->clear_tid = q->child_tid;
}

static int copy_resources(struct task *child, const struct task *parent, u64 flags) {
	if ((flags & CLONE_FILES) != 0) {
		fdtable_get(parent->files);
		child->files = parent->files;
	} else {
		child->files = fdtable_copy(parent->files);
	}
	if ((flags & CLONE_FS) != 0) {
		parent->fs->refs++;
		child->fs = parent->fs;
	} else {
		child->fs = fs_state_alloc(&parent->fs->context);
	}
	if (child->files == NULL || child->fs == NULL) return -ENOMEM;
	if ((flags & CLONE_VM) == 0) return mm_fork(parent->mm, &child->mm);
	child->mm = parent->mm;
	child->mm->refs++;
	return 0;
}

static struct process *copy_process(struct process *from, const struct clone_request *q) {
	struct process *process = process_alloc();

	if (process == NULL) return NULL;
	if ((q->flags & CLONE_SIGHAND) != 0) {
		process->sighand = from->sighand;
		process->sighand->refs++;
	} else {
		process->sighand = sighand_alloc(from->sighand);
	}
	if (process->sighand == NULL) {
		process_free(process);
		return NULL;
	}
	memcpy(process->limits, from->limits, sizeof(process->limits));
	process->pgid = from->pgid;
	process->sid = from->sid;
	/* A parent that did not make this child gets the signal that it chose for ours. */
	process->exit_signal = (q->flags & CLONE_PARENT) != 0 ? from->exit_signal : q->exit_signal;
	process->parent = (q->flags & CLONE_PARENT) != 0 ? from->parent : from;
	return process;
}

/* vfork: until the child has its own memory. Killed meanwhile, we leave and the child forgets us. */
static void wait_for_vfork(struct vfork_wait *wait, u32 tid) {
	while (!wait->done) {
		if (sched_sleep(0, SLEEP_KILLABLE) == -EINTR && !wait->done) {
			struct task *child = task_find(tid);

			if (child != NULL) child->vfork = NULL;
			return;
		}
	}
}

static int build(const struct clone_request *q, struct task **ret_child, struct process **ret_process) {
	const struct task *parent = task_current();
	struct task *child = task_alloc();

	if (child == NULL) return -ENOMEM;
	copy_task(child, parent, q);
	int err = copy_resources(child, parent, q->flags);

	if (err == 0 && (q->flags & CLONE_THREAD) == 0) {
		*ret_process = copy_process(parent->process, q);
		if (*ret_process == NULL) err = -ENOMEM;
	}
	if (err != 0) {
		task_free(child);
		return err;
	}
	*ret_child = child;
	return 0;
}

s64 task_clone(const struct clone_request *q) {
	struct task *parent = task_current(), *child = NULL;
	struct process *process = parent->process;
	struct vfork_wait wait = { .parent = parent };
	bool new_process = (q->flags & CLONE_THREAD) == 0;

	TRY(check_flags(q));
	if (task_is_dying(parent)) return -ERESTARTNOINTR;
	TRY(task_check_count());
	TRY(build(q, &child, &process));
	task_enter(child, process, new_process);
	if (new_process) list_add_tail(&process->parent->children, &process->sibling);
	u32 tid = child->tid;

	if ((q->flags & CLONE_PARENT_SETTID) != 0)
		/* as Linux: a bad address is the caller's loss */
		(void)copy_to_user(uaddr(q->parent_tid), &tid, sizeof(tid));
	if ((q->flags & CLONE_VFORK) != 0) child->vfork = &wait;
	sched_add(child);
	if ((q->flags & CLONE_VFORK) != 0) wait_for_vfork(&wait, tid);
	return tid;
}
