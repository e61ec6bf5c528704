/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/sys_poll.c - poll and select.
 *
 * Everything that can become ready wakes one queue; the waiter then looks at its descriptors again. Nothing leaves the
 * CPU between the look and the sleep, so no wake is lost.
 */
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/filearg.h"
#include "kernel/pollbits.h"
#include "kernel/task.h"
#include "kernel/x86/usercopy.h"

#define NSEC_PER_SEC 1000000000ull
#define SELECT_BITS_MAX 65536u

struct timeout timeout_after(u64 ns)
{
	u64 deadline;

	if (add_overflows(port_now_ns(), ns, &deadline))
		return (struct timeout){ .forever = true };
	return (struct timeout){ .deadline_ns = deadline };
}

struct timeout timeout_from_ms(s64 ms)
{
	return ms < 0 ? (struct timeout){ .forever = true } : timeout_after((u64)ms * 1000000u);
}

/* Seconds and a fraction of at most fraction_max + 1 units. */
static int timeout_from_pair(u64 addr, u64 fraction_count, struct timeout *ret_timeout)
{
	s64 pair[2];
	u64 ns;

	if (!addr) {
		*ret_timeout = (struct timeout){ .forever = true };
		return 0;
	}
	if (copy_from_user(pair, uaddr(addr), sizeof(pair)))
		return -EFAULT;
	if (pair[0] < 0 || pair[1] < 0 || (u64)pair[1] >= fraction_count)
		return -EINVAL;
	if (mul_overflows((u64)pair[0], NSEC_PER_SEC, &ns) ||
	    add_overflows(ns, (u64)pair[1] * (NSEC_PER_SEC / fraction_count), &ns))
		*ret_timeout = (struct timeout){ .forever = true };
	else
		*ret_timeout = timeout_after(ns);
	return 0;
}

int timeout_from_timespec(u64 addr, struct timeout *ret_timeout)
{
	return timeout_from_pair(addr, NSEC_PER_SEC, ret_timeout);
}

int timeout_wait(const struct timeout *timeout)
{
	int err;

	if (!timeout->forever && port_now_ns() >= timeout->deadline_ns)
		return -ETIMEDOUT;
	err = poll_sleep(timeout->forever ? 0 : timeout->deadline_ns);
	return err == -EINTR ? -ERESTARTNOHAND : err;
}

u64 timeout_left_ns(const struct timeout *timeout)
{
	u64 now = port_now_ns();

	return timeout->deadline_ns > now ? timeout->deadline_ns - now : 0;
}

int mask_from_user(u64 addr, u64 size)
{
	u64 mask;

	if (!addr)
		return 0;
	if (size != sizeof(mask))
		return -EINVAL;
	if (copy_from_user(&mask, uaddr(addr), sizeof(mask)))
		return -EFAULT;
	task_swap_mask(mask);
	return 0;
}

struct pollfd_abi {
	s32 fd;
	int16_t events, revents;
};

static u32 look_at(const struct pollfd_abi *p)
{
	struct file *file;
	u32 bits;

	if (p->fd < 0)
		return 0;
	file = fdtable_file(task_files(), p->fd);
	if (!file)
		return POLLNVAL;
	bits = poll_bits(file) & ((u16)p->events | POLL_ALWAYS);
	if (file->flags & O_PATH)
		bits = POLLNVAL;
	file_put(file);
	return bits;
}

static s64 poll_loop(struct pollfd_abi *fds, size_t count, const struct timeout *timeout)
{
	for (;;) {
		s64 ready = 0;
		int err;

		for (size_t i = 0; i < count; i++) {
			fds[i].revents = (int16_t)look_at(&fds[i]);
			ready += fds[i].revents != 0;
		}
		if (ready)
			return ready;
		err = timeout_wait(timeout);
		if (err)
			return err == -ETIMEDOUT ? 0 : err;
	}
}

static s64 do_poll(u64 addr, u64 count, const struct timeout *timeout)
{
	struct pollfd_abi *fds;
	s64 result;

	if (count > task_rlimit(RLIMIT_NOFILE) || count > SELECT_BITS_MAX)
		return -EINVAL;
	fds = port_alloc(count ? count * sizeof(*fds) : 1);
	if (!fds)
		return -ENOMEM;
	result = copy_from_user(fds, uaddr(addr), count * sizeof(*fds));
	if (!result)
		result = poll_loop(fds, count, timeout);
	if (result >= 0 && copy_to_user(uaddr(addr), fds, count * sizeof(*fds)))
		result = -EFAULT;
	port_free(fds);
	return result;
}

static s64 sys_poll(const u64 args[6])
{
	struct timeout timeout = timeout_from_ms((s32)args[2]);

	return do_poll(args[0], (u32)args[1], &timeout);
}

/* Linux tells what is left of the time; a program that gave constant memory loses nothing. */
static void put_left(u64 addr, const struct timeout *timeout, u64 unit_ns)
{
	u64 left = timeout_left_ns(timeout);
	u64 pair[2] = { left / NSEC_PER_SEC, left % NSEC_PER_SEC / unit_ns };

	if (addr && !timeout->forever)
		(void)copy_to_user(uaddr(addr), pair, sizeof(pair)); /* only a courtesy */
}

static s64 sys_ppoll(const u64 args[6])
{
	struct timeout timeout;
	s64 result = timeout_from_timespec(args[2], &timeout);

	if (!result)
		result = mask_from_user(args[3], args[4]);
	if (result)
		return result;
	result = do_poll(args[0], (u32)args[1], &timeout);
	put_left(args[2], &timeout, 1);
	return result;
}

/* The three sets, asked for and found, each `words` long. */
struct fd_sets {
	size_t count, words;
	u64 *want[3], *found[3];
};

static const u32 set_bits[3] = { POLLIN | POLLHUP | POLLERR, POLLOUT | POLLERR, POLLPRI };

static s64 look_at_sets(struct fd_sets *sets)
{
	s64 ready = 0;

	for (size_t fd = 0; fd < sets->count; fd++) {
		u64 bit = 1ull << fd % 64;
		struct file *file;
		u32 bits;

		if (!((sets->want[0][fd / 64] | sets->want[1][fd / 64] | sets->want[2][fd / 64]) & bit))
			continue;
		file = fdtable_file(task_files(), (int)fd);
		if (!file)
			return -EBADF;
		bits = file_poll(file);
		file_put(file);
		for (size_t i = 0; i < 3; i++) {
			if (!(sets->want[i][fd / 64] & bit) || !(bits & set_bits[i]))
				continue;
			sets->found[i][fd / 64] |= bit;
			ready++;
		}
	}
	return ready;
}

static s64 select_loop(struct fd_sets *sets, const struct timeout *timeout)
{
	for (;;) {
		s64 ready = look_at_sets(sets);
		int err;

		if (ready)
			return ready;
		err = timeout_wait(timeout);
		if (err)
			return err == -ETIMEDOUT ? 0 : err;
	}
}

static s64 do_select(u64 n, const u64 addr[3], const struct timeout *timeout)
{
	struct fd_sets sets = { .count = min_u64(n, SELECT_BITS_MAX) };
	size_t bytes = (sets.count + 63) / 64 * 8;
	s64 result = 0;
	u64 *memory;

	if ((s32)n < 0)
		return -EINVAL;
	memory = port_alloc(bytes ? 6 * bytes : 1);
	if (!memory)
		return -ENOMEM;
	for (size_t i = 0; i < 3; i++) {
		sets.want[i] = memory + i * bytes / 8;
		sets.found[i] = memory + (3 + i) * bytes / 8;
		if (addr[i] && !result)
			result = copy_from_user(sets.want[i], uaddr(addr[i]), bytes);
	}
	if (!result)
		result = select_loop(&sets, timeout);
	for (size_t i = 0; i < 3 && result >= 0; i++)
		if (addr[i] && copy_to_user(uaddr(addr[i]), sets.found[i], bytes))
			result = -EFAULT;
	port_free(memory);
	return result;
}

static s64 sys_select(const u64 args[6])
{
	struct timeout timeout;
	s64 result = timeout_from_pair(args[4], 1000000u, &timeout);

	if (result)
		return result;
	result = do_select((u32)args[0], &args[1], &timeout);
	put_left(args[4], &timeout, 1000);
	return result;
}

static s64 sys_pselect6(const u64 args[6])
{
	u64 mask[2] = { 0, 0 }; /* address and size */
	struct timeout timeout;
	s64 result = timeout_from_timespec(args[4], &timeout);

	if (!result && args[5])
		result = copy_from_user(mask, uaddr(args[5]), sizeof(mask));
	if (!result)
		result = mask_from_user(mask[0], mask[1]);
	if (result)
		return result;
	result = do_select((u32)args[0], &args[1], &timeout);
	put_left(args[4], &timeout, 1);
	return result;
}

const struct syscall_entry sys_poll_calls[] = {
	{ 7, 3, "poll", sys_poll },
	{ 23, 5, "select", sys_select },
	{ 270, 6, "pselect6", sys_pselect6 },
	{ 271, 5, "ppoll", sys_ppoll },
};
const size_t sys_poll_call_count = ARRAY_COUNT(sys_poll_calls);
