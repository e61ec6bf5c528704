/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/files.c - files, directories, pipes, locks and waiting as a program sees them (frame: checks.h).
 *
 * Works in a directory of its own below /tmp and leaves nothing behind.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <utime.h>

#include "checks.h"

#pragma GCC diagnostic ignored "-Wstringop-overflow" /* wild arguments are what is tried */
#pragma GCC diagnostic ignored "-Wstringop-overread"

static int make(const char *name, const char *text)
{
	int fd = open(name, O_CREAT | O_RDWR | O_TRUNC, 0644);

	if (fd >= 0 && write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -1;
	return fd;
}

static bool holds(const char *name, const char *text)
{
	char buf[256];
	int fd = open(name, O_RDONLY);
	ssize_t n = read(fd, buf, sizeof(buf));

	close(fd);
	return n == (ssize_t)strlen(text) && memcmp(buf, text, (size_t)n) == 0;
}

static void reading_and_writing(void)
{
	struct iovec v[3] = { { "ab", 2 }, { NULL, 0 }, { "cde", 3 } };
	char a[3], b[10];
	struct iovec in[2] = { { a, 3 }, { b, 10 } };
	char *edge = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = make("f", "0123456789");

	HOLDS(fd >= 0 && pread(fd, b, 4, 3) == 4 && memcmp(b, "3456", 4) == 0);
	HOLDS(pwrite(fd, "XY", 2, 8) == 2 && lseek(fd, 0, SEEK_CUR) == 10);
	HOLDS(writev(fd, v, 3) == 5 && lseek(fd, 0, SEEK_SET) == 0);
	HOLDS(readv(fd, in, 2) == 13 && memcmp(a, "012", 3) == 0 && memcmp(b, "34567XYabc", 10) == 0);
	HOLDS(preadv(fd, in, 2, 12) == 3 && memcmp(a, "cde", 3) == 0);
	HOLDS(pwritev(fd, v, 3, 1) == 5 && holds("f", "0abcde67XYabcde"));
	HOLDS(pread(fd, b, 1, -1) == -1 && errno == EINVAL);
	HOLDS(read(fd, (void *)8, 4) == -1 && errno == EFAULT);
	HOLDS(write(fd, (void *)8, 4) == -1 && errno == EFAULT);
	HOLDS(edge && munmap(edge + 4096, 4096) == 0);
	memset(edge + 4090, 'e', 6);
	HOLDS(pwrite(fd, edge + 4090, 100, 0) == 6 && holds("f", "eeeeee67XYabcde")); /* what can be read */
	HOLDS(pread(fd, edge + 4093, 100, 5) == 3 && memcmp(edge + 4090, "eeee67", 6) == 0);
	HOLDS(pwrite(fd, edge + 4096, 100, 0) == -1 && errno == EFAULT);
	HOLDS(readv(fd, in, -1) == -1 && errno == EINVAL);
	HOLDS(read(-1, b, 1) == -1 && errno == EBADF);
	HOLDS(close(fd) == 0 && close(fd) == -1 && errno == EBADF);
	fd = open(".", O_RDONLY);
	HOLDS(read(fd, b, 1) == -1 && errno == EISDIR);
	HOLDS(open(".", O_WRONLY) == -1 && errno == EISDIR);
	close(fd);
	fd = open("f", O_WRONLY);
	HOLDS(read(fd, b, 1) == -1 && errno == EBADF);
	close(fd);
}

static void large_transfers_are_whole(void)
{
	static char big[300000], back[300000];
	int fd = make("big", ""), zero = open("/dev/zero", O_RDONLY);

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 31);
	HOLDS(write(fd, big, sizeof(big)) == sizeof(big));
	HOLDS(pread(fd, back, sizeof(back), 0) == sizeof(back) && memcmp(big, back, sizeof(big)) == 0);
	HOLDS(read(zero, back, sizeof(back)) == sizeof(back) && back[299999] == 0);
	close(zero);
	zero = open("/dev/urandom", O_RDONLY);
	HOLDS(read(zero, back, sizeof(back)) == sizeof(back));
	HOLDS(memcmp(back, back + 150000, 1000) != 0);
	close(zero);
	close(fd);
	unlink("big");
}

static void appending_and_holes(void)
{
	struct stat st;
	char buf[8];
	int fd = make("f", "head"), other = open("f", O_WRONLY | O_APPEND);

	HOLDS(write(other, "tail", 4) == 4 && holds("f", "headtail"));
	HOLDS(lseek(other, 0, SEEK_SET) == 0 && write(other, "!", 1) == 1 && holds("f", "headtail!"));
	HOLDS(ftruncate(fd, 1 << 20) == 0 && fstat(fd, &st) == 0 && st.st_size == 1 << 20 && st.st_blocks <= 8);
	HOLDS(pwrite(fd, "end", 3, 1 << 20) == 3);
	HOLDS(lseek(fd, 5000, SEEK_DATA) == 1 << 20 && lseek(fd, 0, SEEK_HOLE) == 4096);
	HOLDS(pread(fd, buf, 8, 500000) == 8 && memcmp(buf, "\0\0\0\0\0\0\0\0", 8) == 0);
	HOLDS(ftruncate(fd, 2) == 0 && holds("f", "he"));
	HOLDS(truncate("f", 4) == 0 && pread(fd, buf, 8, 0) == 4 && memcmp(buf, "he\0\0", 4) == 0);
	HOLDS(fallocate(fd, 0, 100, 10000) == 0 && fstat(fd, &st) == 0 && st.st_size == 10100 && st.st_blocks >= 16);
	HOLDS(ftruncate(fd, -1) == -1 && errno == EINVAL);
	close(fd);
	close(other);
}

static void open_flags(void)
{
	int fd;

	close(make("f", "x"));
	HOLDS(symlink("f", "s") == 0);
	HOLDS(open("f", O_CREAT | O_EXCL, 0644) == -1 && errno == EEXIST);
	HOLDS(open("s", O_NOFOLLOW) == -1 && errno == ELOOP);
	HOLDS(open("f", O_DIRECTORY) == -1 && errno == ENOTDIR);
	HOLDS(open("f/", O_RDONLY) == -1 && errno == ENOTDIR);
	HOLDS(open("", O_RDONLY) == -1 && errno == ENOENT);
	HOLDS(open((char *)8, O_RDONLY) == -1 && errno == EFAULT);
	fd = open("s", O_RDONLY | O_CLOEXEC);
	HOLDS(fcntl(fd, F_GETFD) == FD_CLOEXEC && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
	HOLDS(fcntl(fd, F_SETFD, 0) == 0 && fcntl(fd, F_GETFD) == 0);
	HOLDS(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK) == 0);
	HOLDS((fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK)) == (O_APPEND | O_NONBLOCK));
	close(fd);
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	HOLDS(fd >= 0 && write(fd, "t", 1) == 1);
	{
		char name[64];

		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		HOLDS(linkat(AT_FDCWD, name, AT_FDCWD, "named", AT_SYMLINK_FOLLOW) == 0 && holds("named", "t"));
	}
	close(fd);
	HOLDS(unlink("named") == 0 && unlink("s") == 0);
}

static void descriptors(void)
{
	struct rlimit old, small;
	int fd = make("f", "abc"), two, three;
	char c;

	two = dup(fd);
	HOLDS(two > fd && lseek(fd, 1, SEEK_SET) == 1 && read(two, &c, 1) == 1 && c == 'b');
	HOLDS(dup2(fd, 200) == 200 && dup2(fd, fd) == fd && dup2(-1, 5) == -1 && errno == EBADF);
	HOLDS(dup3(fd, fd, 0) == -1 && errno == EINVAL && dup3(fd, 201, O_CLOEXEC) == 201);
	HOLDS(fcntl(201, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_DUPFD, 150) == 150);
	three = fcntl(fd, F_DUPFD_CLOEXEC, 160);
	HOLDS(three == 160 && fcntl(three, F_GETFD) == FD_CLOEXEC);
	HOLDS(syscall(SYS_close_range, 150, 300, 0) == 0 && fcntl(200, F_GETFD) == -1 && errno == EBADF);
	HOLDS(getrlimit(RLIMIT_NOFILE, &old) == 0);
	small = old;
	small.rlim_cur = (rlim_t)two + 1;
	HOLDS(setrlimit(RLIMIT_NOFILE, &small) == 0);
	HOLDS(dup(fd) == -1 && errno == EMFILE && open("f", O_RDONLY) == -1 && errno == EMFILE);
	HOLDS(dup2(fd, two + 1) == -1 && errno == EBADF);
	HOLDS(setrlimit(RLIMIT_NOFILE, &old) == 0);
	close(two);
	close(fd);
}

static void directories(void)
{
	bool seen[64] = { false };
	struct dirent *entry;
	int count = 0, number;
	char name[32];
	DIR *dir;

	HOLDS(mkdir("d", 0700) == 0 && mkdir("d", 0700) == -1 && errno == EEXIST);
	for (int i = 0; i < 64; i++) {
		snprintf(name, sizeof(name), "d/f%d", i);
		close(make(name, ""));
	}
	dir = opendir("d");
	HOLDS(dir != NULL);
	while ((entry = readdir(dir))) {
		count++;
		if (sscanf(entry->d_name, "f%d", &number) == 1) {
			HOLDS(!seen[number] && entry->d_type == DT_REG);
			seen[number] = true;
			snprintf(name, sizeof(name), "d/f%d", number);
			HOLDS(unlink(name) == 0); /* while it is read */
		}
	}
	HOLDS(count == 66 && closedir(dir) == 0);
	HOLDS(rmdir("d/") == 0 && rmdir("d") == -1 && errno == ENOENT);
}

static void names(void)
{
	struct stat st;
	char buf[16];

	close(make("a", "a"));
	close(make("b", "b"));
	HOLDS(rename("a", "b") == 0 && holds("b", "a") && access("a", F_OK) == -1);
	close(make("a", "new"));
	HOLDS(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 1) == -1 && errno == EEXIST);
	HOLDS(syscall(SYS_renameat2, AT_FDCWD, "a", AT_FDCWD, "b", 2) == 0 && holds("b", "new") && holds("a", "a"));
	HOLDS(link("a", "c") == 0 && stat("c", &st) == 0 && st.st_nlink == 2);
	HOLDS(symlink("target", "s") == 0 && readlink("s", buf, 3) == 3 && memcmp(buf, "tar", 3) == 0);
	HOLDS(lstat("s", &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 6);
	HOLDS(stat("s", &st) == -1 && errno == ENOENT);
	HOLDS(readlink("a", buf, sizeof(buf)) == -1 && errno == EINVAL);
	HOLDS(mkfifo("p", 0600) == 0 && stat("p", &st) == 0 && S_ISFIFO(st.st_mode));
	HOLDS(unlink(".") == -1 && errno == EISDIR && rmdir(".") == -1 && errno == EINVAL);
	HOLDS(unlink("a") == 0 && unlink("b") == 0 && unlink("c") == 0 && unlink("s") == 0 && unlink("p") == 0);
}

static void attributes(void)
{
	struct timespec times[2] = { { 5, 6 }, { 7, 8 } };
	struct utimbuf utimbuf = { 100, 200 };
	struct timeval timeval[2] = { { 1, 2 }, { 3, 4 } };
	struct stat st, before;
	struct statx sx;
	int fd = make("f", "12345");
	mode_t old = umask(027);

	HOLDS(fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 5 && st.st_nlink == 1 && st.st_blksize > 0);
	HOLDS(fchmod(fd, 0604) == 0 && stat("f", &st) == 0 && (st.st_mode & 07777) == 0604);
	HOLDS(chmod("f", 0640) == 0 && chown("f", 5, 6) == 0 && chown("f", -1, -1) == 0 && stat("f", &st) == 0);
	HOLDS(st.st_uid == 5 && st.st_gid == 6 && fchownat(AT_FDCWD, "f", 0, 0, AT_SYMLINK_NOFOLLOW) == 0);
	HOLDS(utimensat(AT_FDCWD, "f", times, 0) == 0 && stat("f", &st) == 0);
	HOLDS(st.st_atim.tv_sec == 5 && st.st_atim.tv_nsec == 6 && st.st_mtim.tv_sec == 7 && st.st_mtim.tv_nsec == 8);
	times[0].tv_nsec = UTIME_OMIT;
	times[1].tv_nsec = UTIME_NOW;
	HOLDS(futimens(fd, times) == 0 && fstat(fd, &st) == 0 && st.st_atim.tv_sec == 5 && st.st_mtim.tv_sec > 1000);
	HOLDS(utime("f", &utimbuf) == 0 && stat("f", &st) == 0 && st.st_atime == 100 && st.st_mtime == 200);
	HOLDS(utimes("f", timeval) == 0 && stat("f", &st) == 0 && st.st_mtim.tv_nsec == 4000);
	times[0].tv_nsec = 2000000000;
	HOLDS(futimens(fd, times) == -1 && errno == EINVAL);
	HOLDS(statx(AT_FDCWD, "f", 0, STATX_ALL, &sx) == 0 && sx.stx_size == 5 && sx.stx_mode == (S_IFREG | 0640));
	HOLDS(sx.stx_mtime.tv_sec == 3 && (sx.stx_mask & STATX_BTIME) && sx.stx_dev_minor == minor(st.st_dev));
	HOLDS(statx(fd, "", AT_EMPTY_PATH, STATX_ALL, &sx) == 0 && sx.stx_ino == st.st_ino);
	HOLDS(fstat(fd, &before) == 0 && pwrite(fd, "x", 1, 0) == 1 && fstat(fd, &st) == 0);
	HOLDS(before.st_ctim.tv_sec != st.st_ctim.tv_sec || before.st_ctim.tv_nsec != st.st_ctim.tv_nsec);
	HOLDS(access("f", R_OK | W_OK) == 0 && access("f", X_OK) == -1 && errno == EACCES);
	HOLDS(faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS) == 0);
	close(open("masked", O_CREAT | O_WRONLY, 0666));
	HOLDS(stat("masked", &st) == 0 && (st.st_mode & 07777) == 0640 && umask(old) == 027 && unlink("masked") == 0);
	HOLDS(stat("/dev/null", &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
	close(fd);
}

static void extended_attributes(void)
{
	char buf[64];
	int fd = make("f", "");

	HOLDS(setxattr("f", "user.one", "value", 5, 0) == 0 && getxattr("f", "user.one", buf, 64) == 5);
	HOLDS(memcmp(buf, "value", 5) == 0 && getxattr("f", "user.one", NULL, 0) == 5);
	HOLDS(getxattr("f", "user.one", buf, 4) == -1 && errno == ERANGE);
	HOLDS(fsetxattr(fd, "user.one", "x", 1, XATTR_CREATE) == -1 && errno == EEXIST);
	HOLDS(fsetxattr(fd, "user.two", "x", 1, XATTR_REPLACE) == -1 && errno == ENODATA);
	HOLDS(setxattr("f", "trusted.t", "t", 1, 0) == 0 && lgetxattr("f", "trusted.t", buf, 64) == 1);
	HOLDS(flistxattr(fd, buf, 64) == 19 && memmem(buf, 19, "user.one", 9) && memmem(buf, 19, "trusted.t", 10));
	HOLDS(removexattr("f", "user.one") == 0 && removexattr("f", "user.one") == -1 && errno == ENODATA);
	HOLDS(setxattr("f", "user.big", buf, 65537, 0) == -1 && errno == E2BIG);
	HOLDS(setxattr("f", "odd.name", "x", 1, 0) == -1 && errno == EOPNOTSUPP);
	HOLDS(symlink("f", "s") == 0 && lsetxattr("s", "user.one", "x", 1, 0) == -1 && errno == EPERM);
	HOLDS(unlink("s") == 0);
	close(fd);
}

static int as_user(void)
{
	char buf[8];

	if (setgid(1000) || setuid(1000))
		return 1;
	if (open("f", O_WRONLY) != -1 || errno != EACCES)
		return 2;
	if (open("secret/x", O_RDONLY) != -1 || errno != EACCES)
		return 3;
	if (unlink("f") != -1 || errno != EACCES || chmod("f", 0777) != -1 || errno != EPERM)
		return 4;
	if (getxattr("f", "trusted.t", buf, 8) != -1 || errno != ENODATA)
		return 5;
	if (setxattr("f", "security.ima", "x", 1, 0) != -1 || errno != EPERM)
		return 6;
	if (mount("none", "secret", "tmpfs", 0, NULL) != -1 || errno != EPERM)
		return 7;
	return chroot(".") == -1 && errno == EPERM ? 42 : 8;
}

static void permissions_of_another_user(void)
{
	int fd = make("f", "x");
	int status;

	HOLDS(fd >= 0 && fchmod(fd, 0644) == 0 && setxattr("f", "trusted.t", "t", 1, 0) == 0);
	HOLDS(mkdir("secret", 0700) == 0);
	close(make("secret/x", ""));
	close(fd);
	status = in_child(as_user);
	HOLDS(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	HOLDS(unlink("secret/x") == 0 && rmdir("secret") == 0);
}

static void pipes(void)
{
	static char big[100000];
	int p[2], n = -1;
	char buf[16];

	HOLDS(pipe2(p, O_NONBLOCK) == 0 && read(p[0], buf, 1) == -1 && errno == EAGAIN);
	HOLDS(write(p[1], "hello", 5) == 5 && ioctl(p[0], FIONREAD, &n) == 0 && n == 5);
	HOLDS(read(p[0], buf, 16) == 5 && memcmp(buf, "hello", 5) == 0);
	HOLDS(write(p[1], big, sizeof(big)) == 65536 && write(p[1], "x", 1) == -1 && errno == EAGAIN);
	HOLDS(read(p[0], big, 4096) == 4096 && write(p[1], big, 4096) == 4096 && write(p[1], "x", 1) == -1);
	HOLDS(fcntl(p[0], F_GETPIPE_SZ) == 65536);
	while (read(p[0], big, sizeof(big)) > 0)
		;
	HOLDS(errno == EAGAIN && lseek(p[0], 0, SEEK_CUR) == -1 && errno == ESPIPE);
	HOLDS(pread(p[0], buf, 1, 0) == -1 && errno == ESPIPE);
	close(p[1]);
	HOLDS(read(p[0], buf, 1) == 0);
	close(p[0]);
	HOLDS(pipe(p) == 0 && close(p[0]) == 0);
	signal(SIGPIPE, SIG_IGN);
	HOLDS(write(p[1], "x", 1) == -1 && errno == EPIPE);
	signal(SIGPIPE, SIG_DFL);
	close(p[1]);
}

static int stream[2];

static int feed(void)
{
	static char block[10000];

	close(stream[0]);
	for (int i = 0; i < 100; i++) {
		memset(block, i, sizeof(block));
		if (write(stream[1], block, sizeof(block)) != sizeof(block))
			return 1;
	}
	return 0;
}

static void pipe_streams_between_processes(void)
{
	static char block[10000];
	size_t total = 0;
	int status;
	ssize_t n;
	pid_t pid;

	HOLDS(pipe(stream) == 0);
	pid = fork();
	if (pid == 0)
		_exit(feed());
	close(stream[1]);
	while ((n = read(stream[0], block, sizeof(block))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			HOLDS(block[i] == (char)((total + (size_t)i) / 10000));
		total += (size_t)n;
	}
	HOLDS(n == 0 && total == 1000000 && waitpid(pid, &status, 0) == pid && status == 0);
	close(stream[0]);
}

static int write_fifo(void)
{
	int fd = open("fifo", O_WRONLY);

	return fd >= 0 && write(fd, "through", 7) == 7 ? 0 : 1;
}

static void named_fifos(void)
{
	char buf[16];
	int fd, status;
	pid_t pid;

	HOLDS(mkfifo("fifo", 0600) == 0);
	HOLDS(open("fifo", O_WRONLY | O_NONBLOCK) == -1 && errno == ENXIO);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	HOLDS(fd >= 0 && read(fd, buf, 1) == 0 && close(fd) == 0);
	pid = fork();
	if (pid == 0)
		_exit(write_fifo());
	fd = open("fifo", O_RDONLY);
	HOLDS(fd >= 0 && read(fd, buf, 16) == 7 && memcmp(buf, "through", 7) == 0 && read(fd, buf, 1) == 0);
	HOLDS(waitpid(pid, &status, 0) == pid && status == 0);
	close(fd);
	HOLDS(unlink("fifo") == 0);
}

static int lock_child(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_start = 5, .l_len = 1 };
	int fd = open("f", O_RDWR);

	if (fcntl(fd, F_SETLK, &l) != -1 || errno != EAGAIN)
		return 1;
	if (fcntl(fd, F_GETLK, &l) || l.l_type != F_WRLCK || l.l_start != 0 || l.l_len != 10 || l.l_pid != getppid())
		return 2;
	l = (struct flock){ .l_type = F_WRLCK, .l_start = 10, .l_len = 1 };
	if (fcntl(fd, F_SETLK, &l))
		return 3;
	if (flock(fd, LOCK_EX | LOCK_NB) != -1 || errno != EWOULDBLOCK)
		return 4;
	l = (struct flock){ .l_type = F_WRLCK, .l_start = 5, .l_len = 1 };
	return fcntl(fd, F_SETLKW, &l) ? 5 : 42;
}

static void locks(void)
{
	struct flock l = { .l_type = F_WRLCK, .l_len = 10 };
	int fd = make("f", "0123456789"), status;
	pid_t pid;

	HOLDS(fcntl(fd, F_SETLK, &l) == 0 && flock(fd, LOCK_EX) == 0);
	pid = fork();
	if (pid == 0)
		_exit(lock_child());
	usleep(200000);
	l.l_type = F_UNLCK;
	HOLDS(fcntl(fd, F_SETLK, &l) == 0 && waitpid(pid, &status, 0) == pid);
	HOLDS(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	close(fd);
}

static void polling(void)
{
	struct timeval tv = { 0, 50000 };
	struct pollfd fds[3];
	fd_set set;
	int p[2];

	HOLDS(pipe(p) == 0);
	fds[0] = (struct pollfd){ p[0], POLLIN, 0 };
	fds[1] = (struct pollfd){ p[1], POLLOUT, 0 };
	fds[2] = (struct pollfd){ -1, POLLIN, 77 };
	HOLDS(poll(fds, 3, -1) == 1 && fds[0].revents == 0 && fds[1].revents == POLLOUT && fds[2].revents == 0);
	HOLDS(poll(fds, 1, 20) == 0);
	HOLDS(write(p[1], "x", 1) == 1 && poll(fds, 1, 0) == 1 && fds[0].revents == POLLIN);
	FD_ZERO(&set);
	FD_SET(p[0], &set);
	HOLDS(select(p[0] + 1, &set, NULL, NULL, &tv) == 1 && FD_ISSET(p[0], &set));
	HOLDS(read(p[0], fds, 1) == 1);
	FD_SET(p[0], &set);
	HOLDS(select(p[0] + 1, &set, NULL, NULL, &tv) == 0 && !FD_ISSET(p[0], &set));
	close(p[1]);
	fds[0] = (struct pollfd){ p[0], POLLIN, 0 };
	HOLDS(poll(fds, 1, -1) == 1 && fds[0].revents == POLLHUP);
	close(p[0]);
	HOLDS(poll(fds, 1, 0) == 1 && fds[0].revents == POLLNVAL);
	FD_SET(p[0], &set);
	HOLDS(select(p[0] + 1, &set, NULL, NULL, &tv) == -1 && errno == EBADF);
}

static void polling_is_woken(void)
{
	struct pollfd fd;
	int status;
	pid_t pid;
	char c;

	HOLDS(pipe(stream) == 0);
	pid = fork();
	if (pid == 0) {
		usleep(100000);
		_exit(write(stream[1], "x", 1) == 1 ? 0 : 1);
	}
	fd = (struct pollfd){ stream[0], POLLIN, 0 };
	HOLDS(poll(&fd, 1, 10000) == 1 && read(stream[0], &c, 1) == 1);
	HOLDS(waitpid(pid, &status, 0) == pid && status == 0);
	close(stream[0]);
	close(stream[1]);
}

static void epolls(void)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = 7 }, got[4];
	int ep = epoll_create1(EPOLL_CLOEXEC), p[2], fd;

	HOLDS(ep >= 0 && pipe2(p, O_NONBLOCK) == 0 && epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &event) == 0);
	HOLDS(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &event) == -1 && errno == EEXIST);
	HOLDS(epoll_wait(ep, got, 4, 0) == 0 && write(p[1], "ab", 2) == 2);
	HOLDS(epoll_wait(ep, got, 4, -1) == 1 && got[0].data.u64 == 7 && got[0].events == EPOLLIN);
	HOLDS(epoll_wait(ep, got, 4, -1) == 1); /* level: still there */
	event.events = EPOLLIN | EPOLLET;
	HOLDS(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &event) == 0 && epoll_wait(ep, got, 4, 0) == 1);
	HOLDS(epoll_wait(ep, got, 4, 0) == 0); /* edge: reported once */
	HOLDS(write(p[1], "c", 1) == 1 && epoll_wait(ep, got, 4, 0) == 1);
	event.events = EPOLLIN | EPOLLONESHOT;
	HOLDS(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &event) == 0 && epoll_wait(ep, got, 4, 0) == 1);
	HOLDS(epoll_wait(ep, got, 4, 0) == 0);
	HOLDS(epoll_ctl(ep, EPOLL_CTL_MOD, p[0], &event) == 0 && epoll_wait(ep, got, 4, 0) == 1);
	HOLDS(epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL) == 0 && epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL) == -1);
	HOLDS(errno == ENOENT && epoll_ctl(ep, EPOLL_CTL_ADD, ep, &event) == -1 && errno == EINVAL);
	fd = make("f", "");
	HOLDS(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event) == -1 && errno == EPERM);
	close(fd);
	event.events = EPOLLIN;
	HOLDS(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &event) == 0 && epoll_wait(ep, got, 4, 0) == 1);
	close(p[0]); /* the last descriptor: it is forgotten */
	HOLDS(epoll_wait(ep, got, 4, 0) == 0);
	close(p[1]);
	close(ep);
}

static void eventfds(void)
{
	uint64_t value = 5;
	int fd = eventfd(3, EFD_NONBLOCK);

	HOLDS(fd >= 0 && write(fd, &value, 8) == 8 && read(fd, &value, 8) == 8 && value == 8);
	HOLDS(read(fd, &value, 8) == -1 && errno == EAGAIN && read(fd, &value, 7) == -1 && errno == EINVAL);
	value = ~0ull;
	HOLDS(write(fd, &value, 8) == -1 && errno == EINVAL);
	close(fd);
	fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
	HOLDS(read(fd, &value, 8) == 8 && value == 1 && read(fd, &value, 8) == 8 && read(fd, &value, 8) == -1);
	close(fd);
}

static void copying_inside_the_kernel(void)
{
	int in = make("in", "0123456789"), out = make("out", ""), p[2];
	off_t off = 2, to = 1;
	char buf[16];

	HOLDS(sendfile(out, in, &off, 5) == 5 && off == 7 && holds("out", "23456") && lseek(in, 0, SEEK_CUR) == 10);
	off = 0;
	HOLDS(copy_file_range(in, &off, out, &to, 3, 0) == 3 && off == 3 && to == 4 && holds("out", "20126"));
	HOLDS(pipe(p) == 0 && lseek(in, 0, SEEK_SET) == 0 && sendfile(p[1], in, NULL, 100) == 10);
	HOLDS(read(p[0], buf, 16) == 10 && memcmp(buf, "0123456789", 10) == 0 && lseek(in, 0, SEEK_CUR) == 10);
	HOLDS(sendfile(out, p[0], NULL, 1) == -1 && errno == EINVAL);
	close(p[0]);
	close(p[1]);
	close(in);
	close(out);
	HOLDS(unlink("in") == 0 && unlink("out") == 0);
}

static void file_size_limit(void)
{
	struct rlimit old, small = { 10, RLIM_INFINITY };
	int fd = make("f", "");

	HOLDS(getrlimit(RLIMIT_FSIZE, &old) == 0);
	small.rlim_max = old.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	HOLDS(setrlimit(RLIMIT_FSIZE, &small) == 0 && write(fd, "0123456789abc", 13) == 10);
	HOLDS(write(fd, "x", 1) == -1 && errno == EFBIG && ftruncate(fd, 11) == -1 && errno == EFBIG);
	HOLDS(setrlimit(RLIMIT_FSIZE, &old) == 0 && write(fd, "x", 1) == 1);
	close(fd);
}

static int in_jail(void)
{
	char cwd[64];

	if (chroot("jail") || chdir("/"))
		return 1;
	if (!getcwd(cwd, sizeof(cwd)) || strcmp(cwd, "/") || access("../../../inside", F_OK))
		return 2;
	return 42;
}

static void working_directory_and_root(void)
{
	char cwd[256], before[256];
	int status, fd = open(".", O_RDONLY | O_DIRECTORY);

	HOLDS(getcwd(before, sizeof(before)) && mkdir("jail", 0755) == 0);
	close(make("jail/inside", ""));
	status = in_child(in_jail);
	HOLDS(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	HOLDS(chdir("jail") == 0 && getcwd(cwd, sizeof(cwd)) && strcmp(cwd + strlen(before), "/jail") == 0);
	HOLDS(unlink("inside") == 0 && rmdir("../jail") == 0 && !getcwd(cwd, sizeof(cwd)) && errno == ENOENT);
	HOLDS(open("new", O_CREAT | O_WRONLY, 0644) == -1 && errno == ENOENT);
	HOLDS(fchdir(fd) == 0 && getcwd(cwd, sizeof(cwd)) && strcmp(cwd, before) == 0);
	HOLDS(getcwd(cwd, 2) == NULL && errno == ERANGE && chdir("nothing") == -1 && errno == ENOENT);
	close(fd);
}

static void assay_mounts(void)
{
	struct statfs sf;
	char line[256];
	bool seen = false;
	FILE *f;

	HOLDS(mkdir("m", 0755) == 0 && mount("none", "m", "tmpfs", MS_NOSUID, "size=64k,mode=0700") == 0);
	HOLDS(statfs("m", &sf) == 0 && sf.f_type == 0x01021994 && sf.f_blocks == 16 && (sf.f_flags & MS_NOSUID));
	close(make("m/f", "inside"));
	f = fopen("/proc/mounts", "r");
	while (f && fgets(line, sizeof(line), f))
		seen |= strstr(line, "/m tmpfs rw,nosuid,relatime 0 0\n") != NULL;
	HOLDS(f && seen && fclose(f) == 0);
	HOLDS(mkdir("b", 0755) == 0 && mount("m", "b", NULL, MS_BIND, NULL) == 0 && holds("b/f", "inside"));
	HOLDS(rename("m/f", "b/g") == -1 && errno == EXDEV && umount("b") == 0);
	HOLDS(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	HOLDS(open("m/f", O_WRONLY) == -1 && errno == EROFS && unlink("m") == -1);
	{
		int fd = open("m/f", O_RDONLY);

		HOLDS(umount("m") == -1 && errno == EBUSY && umount2("m", MNT_DETACH) == 0 && close(fd) == 0);
	}
	HOLDS(mount("none", "m", "nofs", 0, NULL) == -1 && errno == ENODEV);
	HOLDS(mount("none", "m", "tmpfs", 0, "size=banana") == -1 && errno == EINVAL);
	HOLDS(mount("proc", "/proc", "proc", 0, NULL) == 0 && access("/proc/self/stat", F_OK) == 0);
	HOLDS(umount("/proc") == 0 && access("/proc/self/stat", F_OK) == 0);
	HOLDS(umount("m") == -1 && errno == EINVAL && rmdir("m") == 0 && rmdir("b") == 0);
}

static void assay_root_is_not_tmpfs(void)
{
	struct statfs sf;

	HOLDS(statfs("/", &sf) == 0 && sf.f_type != 0x01021994);
}

static void devices(void)
{
	char buf[4] = "abc";
	int fd = open("/dev/null", O_RDWR);

	HOLDS(fd >= 0 && read(fd, buf, 4) == 0 && write(fd, buf, 3) == 3 && close(fd) == 0);
	fd = open("/dev/full", O_RDWR);
	HOLDS(read(fd, buf, 3) == 3 && buf[0] == 0 && write(fd, buf, 1) == -1 && errno == ENOSPC && close(fd) == 0);
	HOLDS(mknod("null", S_IFCHR | 0600, makedev(1, 3)) == 0);
	fd = open("null", O_RDWR);
	HOLDS(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 && unlink("null") == 0);
	HOLDS(mknod("strange", S_IFCHR | 0600, makedev(240, 99)) == 0);
	HOLDS(open("strange", O_RDONLY) == -1 && errno == ENXIO);
	HOLDS(unlink("strange") == 0);
	fd = open("/dev/stdout", O_WRONLY);
	HOLDS(fd >= 0 && close(fd) == 0);
}

int main(int argc, char **argv)
{
	static const struct check checks[] = {
		CHECK(reading_and_writing), CHECK(large_transfers_are_whole), CHECK(appending_and_holes),
		CHECK(open_flags), CHECK(descriptors), CHECK(directories), CHECK(names), CHECK(attributes),
		CHECK(extended_attributes), CHECK(permissions_of_another_user), CHECK(pipes),
		CHECK(pipe_streams_between_processes), CHECK(named_fifos), CHECK(locks), CHECK(polling),
		CHECK(polling_is_woken), CHECK(epolls), CHECK(eventfds), CHECK(copying_inside_the_kernel),
		CHECK(file_size_limit), CHECK(working_directory_and_root), CHECK(devices), CHECK(assay_mounts),
		CHECK(assay_root_is_not_tmpfs),
	};
	char place[] = "/tmp/filesXXXXXX";
	int result;

	(void)argv;
	if (!mkdtemp(place) || chmod(place, 0755) || chdir(place))
		return 125;
	result = run_checks("files", checks, sizeof(checks) / sizeof(checks[0]), argc > 1);
	(void)unlink("f");
	return chdir("/") || rmdir(place) ? 124 : result;
}
