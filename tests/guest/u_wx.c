/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/u_wx.c - tries in every way to get bytes that were written executed, or executable bytes changed.
 *
 *   u_wx FOLDER       FOLDER is writable; prints "ok NAME" or "bad NAME" a way
 *
 * A way is ok when the kernel refuses it with an errno that a program can understand. It is bad when the
 * mapping comes to be, whatever happens afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul

static const unsigned char code[] = { 0xb8, 0x2a, 0, 0, 0, 0xc3 }; /* mov $42,%eax; ret */
static char path[4096];
static char data_page[2 * PAGE] = { 1 };

static bool refused(int err)
{
	return err == EACCES || err == EPERM || err == ENOSYS || err == ENOENT || err == EINVAL || err == ETXTBSY ||
	       err == EIO;
}

static void report(const char *name, bool good, int err)
{
	if (good)
		printf("ok %s\n", name);
	else
		printf("bad %s (%s)\n", name, strerrorname_np(err) ? strerrorname_np(err) : "0");
}

static void want_refused(const char *name, long result)
{
	int err = errno;

	report(name, result == -1 && refused(err), result == -1 ? err : 0);
}

static void *anon(int prot)
{
	return mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void anonymous_memory(void)
{
	want_refused("mmap-write-exec", (long)anon(PROT_READ | PROT_WRITE | PROT_EXEC));
	void *p = anon(PROT_READ | PROT_WRITE);

	memcpy(p, code, sizeof(code));
	want_refused("mprotect-written-to-exec", mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	mprotect(p, PAGE, PROT_READ);
	want_refused("mprotect-written-by-way-of-read", mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	mprotect(p, PAGE, PROT_NONE);
	want_refused("mprotect-written-by-way-of-none", mprotect(p, PAGE, PROT_EXEC));
	p = anon(PROT_READ | PROT_WRITE);
	memcpy(p, code, sizeof(code));
	want_refused("pkey-mprotect", syscall(SYS_pkey_mprotect, p, PAGE, PROT_READ | PROT_EXEC, -1));
	void *q = mremap(p, PAGE, 2 * PAGE, MREMAP_MAYMOVE);

	want_refused("mremap-then-mprotect", mprotect(q == MAP_FAILED ? p : q, PAGE, PROT_READ | PROT_EXEC));
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memcpy(p, code, sizeof(code));
	want_refused("shared-anonymous", mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	void *page = (void *)(((unsigned long)data_page + PAGE - 1) & ~(PAGE - 1));

	memcpy(page, code, sizeof(code));
	want_refused("data-segment", mprotect(page, PAGE, PROT_READ | PROT_EXEC));
	char here[64];

	want_refused("stack", mprotect((void *)((unsigned long)here & ~(PAGE - 1)), PAGE,
				       PROT_READ | PROT_WRITE | PROT_EXEC));
	p = sbrk(PAGE);
	want_refused("heap", mprotect((void *)((unsigned long)p & ~(PAGE - 1)), PAGE, PROT_READ | PROT_EXEC));
}

static void text_segment(void)
{
	void *text = (void *)((unsigned long)text_segment & ~(PAGE - 1));

	want_refused("text-to-write-exec", mprotect(text, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC));
	if (fork() == 0) {
		/* Becoming writable is allowed when it is lost for execution for ever. */
		if (mprotect(text, PAGE, PROT_READ | PROT_WRITE) == 0)
			_exit(mprotect(text, PAGE, PROT_READ | PROT_EXEC) == 0 ? 1 : 0);
		_exit(0);
	}
	int status = -1;

	wait(&status); /* a child that lost its code dies by SIGSEGV, which is right too */
	report("text-written-and-back", status == 0 || WIFSIGNALED(status), 0);
	int fd = open("/proc/self/mem", O_RDWR);
	long done = fd < 0 ? -1 : pwrite(fd, "\xc3", 1, (off_t)(unsigned long)getppid + 0);

	want_refused("proc-self-mem", done);
	if (fd >= 0)
		close(fd);
}

static void another_process(void)
{
	int to_child[2], status;
	char byte;

	if (pipe(to_child))
		return;
	pid_t child = fork();

	if (child == 0) {
		close(to_child[1]);
		_exit(read(to_child[0], &byte, 1) == 0 ? 5 : 6);
	}
	close(to_child[0]);
	struct iovec local = { (void *)code, sizeof(code) }, remote = { (void *)(unsigned long)report, sizeof(code) };

	want_refused("process-vm-writev", process_vm_writev(child, &local, 1, &remote, 1, 0));
	want_refused("ptrace-attach", ptrace(PTRACE_ATTACH, child, NULL, NULL));
	char name[64];

	snprintf(name, sizeof(name), "/proc/%d/mem", (int)child);
	int fd = open(name, O_RDWR);

	want_refused("proc-pid-mem", fd < 0 ? -1 :
		     pwrite(fd, code, sizeof(code), (off_t)(unsigned long)report));
	close(to_child[1]);
	waitpid(child, &status, 0);
	report("the-other-lives", WIFEXITED(status) && WEXITSTATUS(status) == 5, status);
}

static void files(const char *folder)
{
	snprintf(path, sizeof(path), "%s/wxfile", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);

	if (fd < 0 || write(fd, code, sizeof(code)) != sizeof(code) || ftruncate(fd, PAGE)) {
		report("file", false, errno);
		return;
	}
	want_refused("file-private-write-exec",
		     (long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE, fd, 0));
	want_refused("file-shared-write-exec",
		     (long)mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0));
	char *w = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	want_refused("file-shared-mapped-twice", (long)mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
	want_refused("file-private-of-one-mapped-for-writing",
		     (long)mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
	want_refused("file-shared-written-to-exec", mprotect(w, PAGE, PROT_READ | PROT_EXEC));
	munmap(w, PAGE);
	char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	p[0] = code[0];
	want_refused("file-private-written-to-exec", mprotect(p, PAGE, PROT_READ | PROT_EXEC));
	close(fd);
	fd = (int)syscall(SYS_memfd_create, "code", 0);
	if (fd < 0) {
		report("memfd", refused(errno), errno);
		return;
	}
	p = ftruncate(fd, PAGE) ? MAP_FAILED : mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	want_refused("memfd", (long)mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
	(void)p;
}

/* The image that runs now can be neither opened for writing nor cut. */
static void running_image(void)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	exe[n < 0 ? 0 : n] = 0;
	int fd = open(exe, O_RDWR);

	report("running-image-open", fd < 0 && errno == ETXTBSY, fd < 0 ? errno : 0);
	int result = truncate(exe, 0);

	report("running-image-truncate", result < 0 && errno == ETXTBSY, result < 0 ? errno : 0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	if (argc != 2)
		return 2;
	anonymous_memory();
	text_segment();
	another_process();
	files(argv[1]);
	running_image();
	printf("wx ended\n");
	return 0;
}
