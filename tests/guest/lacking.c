/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/lacking.c - what Assay does not offer, asked for: ENOSYS, or the errno of docs/SYSCALLS.md.
 *
 * Prints "asked NUMBER" for each call that is not there at all, so that the kernel log can be compared with it
 * (frame: checks.h).
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/xattr.h>

#include "checks.h"

static void assay_missing_calls_are_enosys(void)
{
	static const long numbers[] = { SYS_socket, SYS_ptrace, SYS_unshare, SYS_setns, SYS_io_uring_setup,
		SYS_inotify_init1, SYS_timerfd_create, SYS_signalfd4, SYS_memfd_create, SYS_splice, SYS_timer_create,
		SYS_shmget, SYS_mq_open, SYS_bpf, SYS_init_module, SYS_kexec_load, SYS_userfaultfd, SYS_pidfd_open,
		9999, 512, -1 }; /* beyond the table: each its own */

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		printf("asked %ld\n", numbers[i]);
		for (int again = 0; again < 3; again++)
			HOLDS(syscall(numbers[i], 0, 0, 0, 0, 0, 0) == -1 && errno == ENOSYS);
	}
}

/* The C library takes another way when these fail; they are not worth a line in the log. */
static void assay_expected_refusals_are_enosys(void)
{
	HOLDS(syscall(SYS_clone3, NULL, 0) == -1 && errno == ENOSYS);
	HOLDS(syscall(SYS_rseq, NULL, 0, 0, 0) == -1 && errno == ENOSYS);
}

static void assay_missing_parts_have_their_errno(void)
{
	struct itimerval timer = { { 0, 0 }, { 1, 0 } };
	int word = 0, fd = open("/tmp/lacking", O_RDWR | O_CREAT | O_TRUNC, 0600);

	HOLDS(fd >= 0 && unlink("/tmp/lacking") == 0 && write(fd, "x", 1) == 1);
	HOLDS(syscall(SYS_clone, CLONE_NEWNS | SIGCHLD, 0, 0, 0, 0) == -1 && errno == EINVAL);
	HOLDS(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) == -1 && errno == EINVAL);
	HOLDS(setitimer(ITIMER_PROF, &timer, NULL) == -1 && errno == EINVAL);
	HOLDS(fcntl(fd, F_SETLEASE, F_RDLCK) == -1 && errno == EINVAL);
	HOLDS(ioctl(fd, 0x5421fff, 0) == -1 && errno == ENOTTY);
	HOLDS(prctl(PR_SET_SECCOMP, 1, 0, 0, 0) == -1 && errno == EINVAL);
	HOLDS(syscall(SYS_futex, &word, FUTEX_WAKE_OP, 1, 1, &word, 0) == -1 && errno == ENOSYS);
	HOLDS(syscall(SYS_futex, &word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == -1 && errno == ENOSYS);
	HOLDS(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1) == -1 && errno == EOPNOTSUPP);
	HOLDS(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
	HOLDS(errno == EACCES);
	HOLDS(mmap((void *)4096, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED);
	HOLDS(errno == EPERM);
	HOLDS(syscall(SYS_close_range, 100, 200, CLOSE_RANGE_UNSHARE) == -1 && errno == EINVAL);
	HOLDS(mount("none", "/tmp", "ext4", 0, NULL) == -1 && errno == ENODEV);
	HOLDS(close(fd) == 0);
}

static void assay_differences_have_their_errno(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	int ends[2], fd = open("/tmp/lacking", O_RDWR | O_CREAT | O_TRUNC, 0600);
	fd_set set;

	HOLDS(fd >= 0 && pipe(ends) == 0);
	HOLDS(fcntl(fd, F_OFD_SETLK, &lock) == -1 && errno == EINVAL);
	HOLDS(fcntl(ends[0], F_SETPIPE_SZ, 4096) == 65536);
	HOLDS(fcntl(ends[0], F_SETPIPE_SZ, 65537) == -1 && errno == EPERM);
	HOLDS(ftruncate(fd, 1l << 62) == -1 && errno == EFBIG);
	HOLDS(syscall(SYS_renameat2, AT_FDCWD, "/tmp/lacking", AT_FDCWD, "/tmp/white", RENAME_WHITEOUT) == -1);
	HOLDS(errno == EINVAL);
	HOLDS(fsetxattr(fd, "user.", "x", 1, 0) == -1 && errno == EINVAL);
	FD_ZERO(&set);
	FD_SET(1000, &set);
	HOLDS(select(1001, &set, NULL, NULL, NULL) == -1 && errno == EBADF);
	HOLDS(close(fd) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0 && unlink("/tmp/lacking") == 0);
}

int main(void)
{
	static const struct check checks[] = {
		CHECK(assay_missing_calls_are_enosys), CHECK(assay_expected_refusals_are_enosys),
		CHECK(assay_missing_parts_have_their_errno), CHECK(assay_differences_have_their_errno),
	};

	return run_checks("lacking", checks, sizeof(checks) / sizeof(checks[0]), false);
}
