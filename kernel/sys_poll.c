/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_poll.c - poll, and select as a poll of every descriptor that a set names.
 *
 * Everything that can become ready wakes one queue; the waiter then looks at its descriptors again. Nothing leaves the
 * CPU between the look and the sleep, so no wake is lost.
 */
#include "kernel/filearg.h"
#include "kernel/pollbits.h"
#include "kernel/task.h"
#include "kernel/timespec.h"
#include "kernel/x86/usercopy.h"

#define DESCRIPTORS_MAX 65536u

u64 deadline_from_ms(s32 ms) { return ms < 0 ? 0 : deadline_of((u64)ms * NS_PER_MS, FROM_NOW); }

int deadline_wait(u64 deadline_ns) {
	int err = deadline_ns && port_now_ns() >= deadline_ns ? -ETIMEDOUT : poll_sleep(deadline_ns);

	return err == -EINTR ? -ERESTARTNOHAND : err;
}

int mask_from_user(u64 addr, u64 size) {
	u64 mask;

	if (!addr) return 0;
	if (size != sizeof(mask)) return -EINVAL;
	TRY(copy_from_user(&mask, uaddr(addr), sizeof(mask)));
	task_swap_mask(mask);
	return 0;
}

u32 poll_bits(struct file *file) {
	u32 bits = file_poll(file);

	return bits | ((bits & POLLIN) ? POLLRDNORM : 0) | ((bits & POLLOUT) ? POLLWRNORM : 0);
}

struct pollfd_abi {
	s32 fd;
	u16 events, revents;
};

static u32 look_at(const struct pollfd_abi *p, u32 always) {
	RELEASED(file_drop) struct file *file = p->fd < 0 ? NULL : file_from_fd((u64)p->fd, true);

	if (!file) return p->fd < 0 ? 0 : POLLNVAL;
	return poll_bits(file) & (p->events | always);
}

/* Until one is ready: how many are, 0 when the time is over. always: bits that count though not asked for. */
static s64 poll_loop(struct pollfd_abi *fds, size_t count, u32 always, u64 deadline_ns) {
	for (;;) {
		s64 ready = 0;
		int err;

		for (size_t i = 0; i < count; i++) {
			fds[i].revents = (u16)look_at(&fds[i], always);
			ready += fds[i].revents != 0;
		}
		if (ready) return ready;
		err = deadline_wait(deadline_ns);
		if (err) return err == -ETIMEDOUT ? 0 : err;
	}
}

static s64 do_poll(u64 addr, u32 count, u64 deadline_ns) {
	RELEASED(memory_drop) struct pollfd_abi *fds = NULL;
	s64 result;

	if (count > task_rlimit(RLIMIT_NOFILE) || count > DESCRIPTORS_MAX) return -EINVAL;
	fds = port_alloc((count + 1) * sizeof(*fds));
	if (!fds) return -ENOMEM;
	TRY(copy_from_user(fds, uaddr(addr), count * sizeof(*fds)));
	result = poll_loop(fds, count, POLL_ALWAYS, deadline_ns);
	if (result >= 0) TRY(copy_to_user(uaddr(addr), fds, count * sizeof(*fds)));
	return result;
}

SYSCALL(7, poll) { return do_poll(args[0], (u32)args[1], deadline_from_ms((s32)args[2])); }

/* Linux tells what is left of the time; a program that gave constant memory loses nothing. */
static s64 with_left(s64 result, u64 addr, u64 deadline_ns, u64 unit_ns) {
	u64 now = port_now_ns();

	if (deadline_ns) (void)time_write(addr, unit_ns, deadline_ns > now ? deadline_ns - now : 0); /* a courtesy */
	return result;
}

SYSCALL(271, ppoll) {
	u64 deadline;

	TRY(deadline_read(args[2], 1, FROM_NOW, &deadline));
	TRY(mask_from_user(args[3], args[4]));
	return with_left(do_poll(args[0], (u32)args[1], deadline), args[2], deadline, 1);
}

/* In whole words of the sets, so that bits behind n come back cleared. */
static s64 do_select(s32 n, const u64 addr[3], u64 deadline_ns) {
	static const u16 meaning[3] = { POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI };
	size_t asked = n < 0 ? 0 : min_u64((u32)n, DESCRIPTORS_MAX), words = (asked + 63) / 64, count = words * 64;
	RELEASED(memory_drop) struct pollfd_abi *fds = port_alloc((count + 1) * sizeof(*fds));
	RELEASED(memory_drop) u64 *sets = port_alloc((3 * words + 1) * 8);
	s64 ready = 0;

	if (n < 0) return -EINVAL;
	if (!fds || !sets) return -ENOMEM;
	for (size_t fd = 0; fd < count; fd++) fds[fd].fd = -1;
	for (size_t i = 0; i < 3; i++) {
		if (addr[i]) TRY(copy_from_user(sets + i * words, uaddr(addr[i]), words * 8));
		for (size_t fd = 0; fd < asked; fd++) {
			if (!(sets[i * words + fd / 64] >> fd % 64 & 1)) continue;
			fds[fd].fd = (s32)fd;
			fds[fd].events |= meaning[i];
		}
	}
	TRY(poll_loop(fds, count, 0, deadline_ns));
	for (size_t i = 0; i < 3; i++) {
		for (size_t fd = 0; fd < count; fd++) {
			u64 bit = 1ull << fd % 64, *word = &sets[i * words + fd / 64];

			if (fds[fd].revents & POLLNVAL) return -EBADF;
			if (!(fds[fd].revents & meaning[i])) *word &= ~bit;
			ready += (*word & bit) != 0;
		}
	}
	for (size_t i = 0; i < 3; i++)
		if (addr[i]) TRY(copy_to_user(uaddr(addr[i]), sets + i * words, words * 8));
	return ready;
}

static s64 select_until(const u64 args[6], u64 unit_ns, u64 mask, u64 mask_len) {
	u64 deadline;

	TRY(deadline_read(args[4], unit_ns, FROM_NOW, &deadline));
	TRY(mask_from_user(mask, mask_len));
	return with_left(do_select((s32)args[0], &args[1], deadline), args[4], deadline, unit_ns);
}

SYSCALL(23, select) { return select_until(args, NS_PER_US, 0, 0); }

SYSCALL(270, pselect6) {
	u64 mask[2] = { 0, 0 }; /* address and size */

	if (args[5]) TRY(copy_from_user(mask, uaddr(args[5]), sizeof(mask)));
	return select_until(args, 1, mask[0], mask[1]);
}
