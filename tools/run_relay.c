/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_relay.c - passing control messages and TPM commands on.
 */
#include "tools/run_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/run_proc.h"

enum { QEMU_CTRL, SWTPM_CTRL, QEMU_DATA, SWTPM_DATA };

#define CMD_INIT 2u
#define CMD_SHUTDOWN 3u
#define CMD_STOP 14u
#define CMD_SET_DATAFD 16u

#define PCRS_TIMEOUT_MS 5000u
#define CONTROL_CHUNK 65536u

void relay_open(struct relay *r, int qemu, int swtpm) { *r = (struct relay){ .fds = { qemu, swtpm, -1, -1 } }; }

void relay_poll(const struct relay *r, struct pollfd *ret_fds) {
	for (unsigned i = 0; i < RELAY_FDS; i++) ret_fds[i] = (struct pollfd){ .fd = r->fds[i], .events = POLLIN };
}

static void close_one(struct relay *r, unsigned which) {
	if (r->fds[which] >= 0)
		(void)close(r->fds[which]); /* nothing is lost: sockets hold no data of ours */
	r->fds[which] = -1;
}

/* Sends all bytes, the descriptor with the first of them. */
static bool send_all(int fd, const u8 *bytes, size_t len, int pass_fd) {
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };

	while (len) {
		struct iovec iov = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n;

		if (pass_fd >= 0) {
			struct cmsghdr *c;

			msg.msg_control = control.bytes;
			msg.msg_controllen = sizeof(control.bytes);
			c = CMSG_FIRSTHDR(&msg);
			c->cmsg_level = SOL_SOCKET;
			c->cmsg_type = SCM_RIGHTS;
			c->cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
		}
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR) continue;
		if (n <= 0) return false;
		pass_fd = -1;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

/* Receives a portion and the descriptor that came with it, -1 when there is none. */
static ssize_t receive(int fd, u8 *bytes, size_t cap, int *ret_fd) {
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = bytes, .iov_len = cap };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

	*ret_fd = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	return n;
}

/* Passes one portion of TPM traffic on; false when the channel is at its end. */
static bool pass_data(struct relay *r, unsigned from, unsigned to, struct tpm_frame *frame) {
	u8 bytes[TPM_MESSAGE_MAX];
	ssize_t n = read(r->fds[from], bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
	return n > 0 && tpm_frame_feed(frame, bytes, (size_t)n) == 0 && r->fds[to] >= 0 &&
	       send_all(r->fds[to], bytes, (size_t)n, -1);
}

static bool command_open(const struct relay *r) {
	return r->commands.have || r->commands.complete != r->responses.complete;
}

/* Reads the PCRs between two commands of the guest: an open one is let finish first. */
static void take_pcrs(struct relay *r) {
	u64 deadline = now_ms() + PCRS_TIMEOUT_MS;
	struct pcrs pcrs;

	if (!r->tpm_on || r->fds[SWTPM_DATA] < 0) return;
	while (command_open(r)) {
		struct pollfd p = { .fd = r->fds[SWTPM_DATA], .events = POLLIN };
		u64 now = now_ms();

		if (now >= deadline || poll(&p, 1, (int)(deadline - now)) <= 0) return;
		if (!pass_data(r, SWTPM_DATA, QEMU_DATA, &r->responses) && r->fds[QEMU_DATA] >= 0) return;
	}
	if (pcrs_read(r->fds[SWTPM_DATA], PCRS_TIMEOUT_MS, &pcrs) == 0) {
		r->pcrs = pcrs;
		r->have_pcrs = true;
	}
}

/* QEMU's data channel stays here; swtpm gets the other end of a pair of ours. -1 on failure. */
static int replace_data_fd(struct relay *r, int qemu_fd) {
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) return -1;
	close_one(r, QEMU_DATA);
	close_one(r, SWTPM_DATA);
	r->fds[QEMU_DATA] = qemu_fd;
	r->fds[SWTPM_DATA] = pair[0];
	r->commands = r->responses = (struct tpm_frame){ .have = 0 };
	return pair[1];
}

static bool pass_control(struct relay *r) {
	static u8 bytes[CONTROL_CHUNK];
	int fd;
	ssize_t n = receive(r->fds[QEMU_CTRL], bytes, sizeof(bytes), &fd);
	u32 command = n >= 4 && !r->in_command ? load_be32(bytes) : 0;
	bool ok;

	if (n < 0 && errno == EINTR) return true;
	if (n <= 0 || r->fds[SWTPM_CTRL] < 0) return false;
	r->in_command = true;
	if (command == CMD_STOP || command == CMD_SHUTDOWN) {
		take_pcrs(r);
		r->tpm_on = false;
	}
	if (command == CMD_INIT) r->tpm_on = true;
	if (command == CMD_SET_DATAFD && fd >= 0) fd = replace_data_fd(r, fd);
	ok = send_all(r->fds[SWTPM_CTRL], bytes, (size_t)n, fd);
	if (fd >= 0)
		(void)close(fd); /* swtpm has its own copy */
	return ok;
}

static bool pass_control_response(struct relay *r) {
	static u8 bytes[CONTROL_CHUNK];
	ssize_t n = read(r->fds[SWTPM_CTRL], bytes, sizeof(bytes));

	if (n < 0 && errno == EINTR) return true;
	if (n <= 0 || r->fds[QEMU_CTRL] < 0) return false;
	r->in_command = false;
	return send_all(r->fds[QEMU_CTRL], bytes, (size_t)n, -1);
}

/* A TPM that went away must look so to QEMU: its ends are closed too. */
static void lose_tpm(struct relay *r) {
	for (unsigned i = 0; i < RELAY_FDS; i++) close_one(r, i);
	r->tpm_on = false;
}

void relay_step(struct relay *r, const struct pollfd *fds) {
	const short any = POLLIN | POLLHUP | POLLERR;

	/* Descriptors may have been exchanged by an earlier line: then the next poll() tells. */
	if (fds[SWTPM_DATA].revents & any && fds[SWTPM_DATA].fd == r->fds[SWTPM_DATA] &&
	    !pass_data(r, SWTPM_DATA, QEMU_DATA, &r->responses) && r->fds[QEMU_DATA] >= 0)
		close_one(r, SWTPM_DATA);
	if (fds[QEMU_DATA].revents & any && fds[QEMU_DATA].fd == r->fds[QEMU_DATA] &&
	    !pass_data(r, QEMU_DATA, SWTPM_DATA, &r->commands)) {
		close_one(r, QEMU_DATA);
		r->commands.have = 0; /* its rest never comes */
	}
	if (fds[SWTPM_CTRL].revents & any && fds[SWTPM_CTRL].fd == r->fds[SWTPM_CTRL] && !pass_control_response(r))
		lose_tpm(r);
	if (fds[QEMU_CTRL].revents & any && fds[QEMU_CTRL].fd == r->fds[QEMU_CTRL] && !pass_control(r))
		close_one(r, QEMU_CTRL);
}

void relay_close(struct relay *r) {
	u8 shutdown_command[4];

	take_pcrs(r);
	store_be32(shutdown_command, CMD_SHUTDOWN);
	if (r->fds[SWTPM_CTRL] >= 0)
		(void)send_all(r->fds[SWTPM_CTRL], shutdown_command, 4, -1); /* or it is ended by force */
	lose_tpm(r);
}
