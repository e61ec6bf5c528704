/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_poll.c - poll and select.
 *
 * Everything that can become ready wakes one queue; the waiter then looks at its descriptors again. Nothing leaves the
 * CPU between the look and the sleep, so no wake is lost.
 */
#include "kernel/filearg.h"
#include "kernel/pollbits.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define NSEC_PER_SEC 1000000000ull
#define DESCRIPTORS_MAX 65536u

static u64 deadline_after(u64 ns) {
	u64 deadline;

	return add_overflows(port_now_ns(), ns, &deadline) ? 0 : deadline ? deadline : 1;
}

u64 deadline_from_ms(s64 ms) { return ms < 0 ? 0 : deadline_after((u64)ms * 1000000u); }

/* Seconds and a fraction of which fraction_count make a second. */
static int deadline_from_pair(u64 addr, u64 fraction_count, u64 *ret_deadline_ns) {
	s64 pair[2];
	u64 ns;

	*ret_deadline_ns = 0;
	if (!addr) return 0;
	TRY(copy_from_user(pair, uaddr(addr), sizeof(pair)));
	if (pair[0] < 0 || pair[1] < 0 || (u64)pair[1] >= fraction_count) return -EINVAL;
	if (!mul_overflows((u64)pair[0], NSEC_PER_SEC, &ns) &&
	    !add_overflows(ns, (u64)pair[1] * (NSEC_PER_SEC / fraction_count), &ns))
		*ret_deadline_ns = deadline_after(ns);
	return 0;
}

int deadline_from_timespec(u64 addr, u64 *ret_deadline_ns) {
	return deadline_from_pair(addr, NSEC_PER_SEC, ret_deadline_ns);
}

int deadline_wait(u64 deadline_ns) {
	int err;

	if (deadline_ns && port_now_ns() >= deadline_ns) return -ETIMEDOUT;
	err = poll_sleep(deadline_ns);
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

struct pollfd_abi {
	s32 fd;
	int16_t events, revents;
};

static u32 look_at(const struct pollfd_abi *p) {
	RELEASED(file_drop) struct file *file = p->fd < 0 ? NULL : file_from_fd((u64)p->fd, true);

	if (!file) return p->fd < 0 ? 0 : POLLNVAL;
	return poll_bits(file) & ((u16)p->events | POLL_ALWAYS);
}

static s64 poll_loop(struct pollfd_abi *fds, size_t count, u64 deadline_ns) {
	for (;;) {
		s64 ready = 0;
		int err;

		for (size_t i = 0; i < count; i++) {
			fds[i].revents = (int16_t)look_at(&fds[i]);
			ready += fds[i].revents != 0;
		}
		if (ready) return ready;
		err = deadline_wait(deadline_ns);
		if (err) return err == -ETIMEDOUT ? 0 : err;
	}
}

static s64 do_poll(u64 addr, u64 count, u64 deadline_ns) {
	RELEASED(memory_drop) struct pollfd_abi *fds = NULL;
	s64 result;

	if (count > task_rlimit(RLIMIT_NOFILE) || count > DESCRIPTORS_MAX) return -EINVAL;
	fds = port_alloc((count + 1) * sizeof(*fds));
	if (!fds) return -ENOMEM;
	TRY(copy_from_user(fds, uaddr(addr), count * sizeof(*fds)));
	result = poll_loop(fds, count, deadline_ns);
	if (result >= 0) TRY(copy_to_user(uaddr(addr), fds, count * sizeof(*fds)));
	return result;
}

SYSCALL(7, poll) {
	return do_poll(args[0], (u32)args[1], deadline_from_ms((s32)args[2]));
}

/* Linux tells what is left of the time; a program that gave constant memory loses nothing. */
static s64 with_left(s64 result, u64 addr, u64 deadline_ns, u64 unit_ns) {
	u64 now = port_now_ns(), left = deadline_ns > now ? deadline_ns - now : 0;
	u64 pair[2] = { left / NSEC_PER_SEC, left % NSEC_PER_SEC / unit_ns };

	if (deadline_ns) (void)copy_to_user(uaddr(addr), pair, sizeof(pair)); /* only a courtesy */
	return result;
}

SYSCALL(271, ppoll) {
	u64 deadline;

	TRY(deadline_from_timespec(args[2], &deadline));
	TRY(mask_from_user(args[3], args[4]));
	return with_left(do_poll(args[0], (u32)args[1], deadline), args[2], deadline, 1);
}

/* The three sets, asked for and found. */
struct fd_sets {
	size_t count;
	u64 *want[3], *found[3];
};

static s64 look_at_sets(struct fd_sets *sets) {
	static const u32 meaning[3] = { POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI };
	s64 ready = 0;

	for (size_t fd = 0; fd < sets->count; fd++) {
		u64 bit = 1ull << fd % 64, word = fd / 64;
		struct file *file;
		u32 bits;

		if (!((sets->want[0][word] | sets->want[1][word] | sets->want[2][word]) & bit)) continue;
		file = file_from_fd(fd, false);
		if (!file) return -EBADF;
		bits = file_poll(file);
		file_put(file);
		for (size_t i = 0; i < 3; i++) {
			if (!(sets->want[i][word] & bit) || !(bits & meaning[i])) continue;
			sets->found[i][word] |= bit;
			ready++;
		}
	}
	return ready;
}

static s64 do_select(u64 n, const u64 addr[3], u64 deadline_ns) {
	struct fd_sets sets = { .count = min_u64(n, DESCRIPTORS_MAX) };
	size_t words = (sets.count + 63) / 64;
	RELEASED(memory_drop) u64 *memory = port_alloc((6 * words + 1) * 8);
	s64 ready;

	if ((s32)n < 0) return -EINVAL;
	if (!memory) return -ENOMEM;
	for (size_t i = 0; i < 3; i++) {
		sets.want[i] = memory + i * words;
		sets.found[i] = memory + (3 + i) * words;
		if (addr[i]) TRY(copy_from_user(sets.want[i], uaddr(addr[i]), words * 8));
	}
	while (!(ready = look_at_sets(&sets))) {
		int err = deadline_wait(deadline_ns);

		if (err == -ETIMEDOUT) break;
		TRY(err);
	}
	for (size_t i = 0; i < 3 && ready >= 0; i++)
		if (addr[i]) TRY(copy_to_user(uaddr(addr[i]), sets.found[i], words * 8));
	return ready;
}

SYSCALL(23, select) {
	u64 deadline;

	TRY(deadline_from_pair(args[4], 1000000u, &deadline));
	return with_left(do_select((u32)args[0], &args[1], deadline), args[4], deadline, 1000);
}

SYSCALL(270, pselect6) {
	u64 mask[2] = { 0, 0 }, deadline; /* address and size */

	TRY(deadline_from_timespec(args[4], &deadline));
	if (args[5]) TRY(copy_from_user(mask, uaddr(args[5]), sizeof(mask)));
	TRY(mask_from_user(mask[0], mask[1]));
	return with_left(do_select((u32)args[0], &args[1], deadline), args[4], deadline, 1);
}
