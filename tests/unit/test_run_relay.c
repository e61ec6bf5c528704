/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_run_relay.c - between QEMU and swtpm: the test plays QEMU, a child process plays swtpm.
 *
 * The child answers each control message with its own command number, and each TPM command with a response;
 * PCR_Read gives PCR 10 of the sha256 bank, whose first byte counts the TPM commands before it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/run_relay.h"

#define CMD_INIT 2u
#define CMD_SHUTDOWN 3u
#define CMD_STOP 14u
#define CMD_SET_DATAFD 16u
#define SLOW_COMMAND 0x144u /* answered after 50 ms */

static int receive_fd(int fd, u8 *bytes, size_t cap, ssize_t *ret_len)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { bytes, cap };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	struct cmsghdr *c;
	int got = -1;

	*ret_len = recvmsg(fd, &msg, 0);
	c = *ret_len > 0 ? CMSG_FIRSTHDR(&msg) : NULL;
	if (c)
		memcpy(&got, CMSG_DATA(c), sizeof(got));
	return got;
}

static void answer(int fd, const u8 *cmd, unsigned number)
{
	u8 rsp[62] = { 0x80, 1 };
	bool pcr10 = load_be16(cmd + 14) == PCR_ALG_SHA256 && cmd[18] & 4;
	size_t len = load_be32(cmd + 6) != 0x17e ? 10 : pcr10 ? 62 : 28;

	if (load_be32(cmd + 6) == SLOW_COMMAND)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	store_be32(rsp + 2, (u32)len);
	store_be32(rsp + 14, 1);
	memcpy(rsp + 18, cmd + 14, 2);
	rsp[20] = 3;
	if (pcr10) {
		rsp[22] = 4;
		rsp[27] = 1;
		rsp[29] = 32;
		rsp[30] = (u8)number;
	}
	if (write(fd, rsp, len) != (ssize_t)len)
		_exit(1);
}

/* The child. */
static void play_swtpm(int ctrl)
{
	struct pollfd fds[2] = { { .fd = ctrl, .events = POLLIN }, { .fd = -1, .events = POLLIN } };
	unsigned commands = 0;

	for (;;) {
		u8 bytes[4096];
		ssize_t n;

		(void)poll(fds, 2, -1);
		if (fds[1].fd >= 0 && fds[1].revents) {
			n = read(fds[1].fd, bytes, sizeof(bytes));
			if (n <= 0)
				fds[1].fd = -1;
			else
				answer(fds[1].fd, bytes, load_be32(bytes + 6) == 0x17e ? commands : ++commands);
		}
		if (fds[0].revents) {
			int fd = receive_fd(ctrl, bytes, sizeof(bytes), &n);

			if (n <= 0)
				_exit(0);
			if (fd >= 0)
				fds[1].fd = fd;
			if (write(ctrl, bytes, 4) != 4 || load_be32(bytes) == CMD_SHUTDOWN)
				_exit(0);
		}
	}
}

struct rig {
	struct relay relay;
	int ctrl; /* QEMU's ends */
	int data;
	int data_far; /* what QEMU passed to swtpm */
	pid_t swtpm;
};

/* Runs the relay until QEMU's end fd has something to read; with fd < 0 until the relay closed one to QEMU. */
static void pump(struct rig *rig, int fd)
{
	struct pollfd fds[RELAY_FDS + 1] = { [RELAY_FDS] = { .fd = fd, .events = POLLIN } };

	do {
		relay_poll(&rig->relay, fds);
		assert_true(poll(fds, RELAY_FDS + 1, 10000) > 0);
		if (fds[RELAY_FDS].revents)
			return;
		relay_step(&rig->relay, fds);
	} while (fd >= 0 || (rig->relay.fds[0] >= 0 && rig->relay.fds[2] >= 0));
}

static void control(struct rig *rig, u32 command, int pass_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} extra = { .bytes = { 0 } };
	u8 bytes[4];
	struct iovec iov = { bytes, 4 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	store_be32(bytes, command);
	if (pass_fd >= 0) {
		extra.align = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
		memcpy(CMSG_DATA(&extra.align), &pass_fd, sizeof(int));
		msg.msg_control = extra.bytes;
		msg.msg_controllen = sizeof(extra.bytes);
	}
	assert_int_equal(sendmsg(rig->ctrl, &msg, 0), 4);
	pump(rig, rig->ctrl);
	assert_int_equal(recv(rig->ctrl, bytes, 4, MSG_DONTWAIT), 4);
	assert_int_equal(load_be32(bytes), command);
}

static void send_command(struct rig *rig, u32 code)
{
	u8 cmd[12] = { 0x80, 1 };

	store_be32(cmd + 2, sizeof(cmd));
	store_be32(cmd + 6, code);
	assert_int_equal(write(rig->data, cmd, sizeof(cmd)), sizeof(cmd));
}

static ssize_t response_waits(struct rig *rig)
{
	u8 rsp[64];

	return recv(rig->data, rsp, sizeof(rsp), MSG_DONTWAIT);
}

static void rig_open(struct rig *rig)
{
	int qemu[2], swtpm[2], data[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, qemu), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, swtpm), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, data), 0);
	rig->swtpm = fork();
	if (rig->swtpm == 0) {
		(void)close(swtpm[0]);
		(void)alarm(20);
		play_swtpm(swtpm[1]);
	}
	(void)close(swtpm[1]);
	rig->ctrl = qemu[0];
	rig->data = data[0];
	rig->data_far = data[1];
	relay_open(&rig->relay, qemu[1], swtpm[0]);
	control(rig, CMD_SET_DATAFD, rig->data_far);
	control(rig, CMD_INIT, -1);
}

static void rig_close(struct rig *rig)
{
	relay_close(&rig->relay);
	(void)close(rig->ctrl);
	(void)close(rig->data);
	(void)close(rig->data_far);
	assert_int_equal(waitpid(rig->swtpm, NULL, 0), rig->swtpm);
}

static void assert_pcr10(const struct rig *rig, u8 first)
{
	assert_true(rig->relay.have_pcrs);
	assert_int_equal(rig->relay.pcrs.banks[1].alg, PCR_ALG_SHA256);
	assert_int_equal(rig->relay.pcrs.banks[1].mask, 1u << 10);
	assert_int_equal(rig->relay.pcrs.banks[1].values[10][0], first);
	assert_int_equal(rig->relay.pcrs.banks[0].mask, 0);
}

static void relay_reads_pcrs_before_shutdown_passes(void **state)
{
	struct rig rig;

	(void)state; /* none */
	rig_open(&rig);
	send_command(&rig, 1);
	pump(&rig, rig.data);
	assert_int_equal(response_waits(&rig), 10);
	assert_false(rig.relay.have_pcrs);
	control(&rig, CMD_SHUTDOWN, -1);
	assert_pcr10(&rig, 1);
	assert_int_equal(response_waits(&rig), -1); /* our own responses stay here */
	rig_close(&rig);
}

static void relay_reads_pcrs_again_at_each_stop(void **state)
{
	struct rig rig;

	(void)state; /* none */
	rig_open(&rig);
	control(&rig, CMD_STOP, -1);
	assert_pcr10(&rig, 0);
	control(&rig, CMD_INIT, -1);
	for (unsigned i = 0; i < 2; i++) {
		send_command(&rig, 1);
		pump(&rig, rig.data);
		assert_int_equal(response_waits(&rig), 10);
	}
	control(&rig, CMD_STOP, -1);
	assert_pcr10(&rig, 2);
	rig_close(&rig);
}

static void relay_lets_an_open_command_finish_first(void **state)
{
	struct rig rig;

	(void)state; /* none */
	rig_open(&rig);
	send_command(&rig, SLOW_COMMAND);
	control(&rig, CMD_SHUTDOWN, -1);
	assert_int_equal(response_waits(&rig), 10);
	assert_pcr10(&rig, 1);
	rig_close(&rig);
}

static void relay_reads_pcrs_when_qemu_hangs_up(void **state)
{
	struct rig rig;

	(void)state; /* none */
	rig_open(&rig);
	send_command(&rig, 1);
	pump(&rig, rig.data);
	(void)shutdown(rig.ctrl, SHUT_RDWR);
	pump(&rig, -1);
	assert_int_equal(rig.relay.fds[0], -1);
	rig_close(&rig);
	assert_pcr10(&rig, 1);
}

static void relay_shows_qemu_that_the_tpm_went_away(void **state)
{
	struct rig rig;
	u8 byte;

	(void)state; /* none */
	rig_open(&rig);
	assert_int_equal(kill(rig.swtpm, SIGKILL), 0);
	pump(&rig, rig.ctrl);
	assert_int_equal(recv(rig.ctrl, &byte, 1, MSG_DONTWAIT), 0);
	rig_close(&rig);
	assert_false(rig.relay.have_pcrs);
}

static void relay_refuses_a_message_of_absurd_length(void **state)
{
	struct rig rig;
	u8 cmd[10] = { 0x80, 1, 0xff, 0xff, 0xff, 0xff };

	(void)state; /* none */
	rig_open(&rig);
	assert_int_equal(write(rig.data, cmd, sizeof(cmd)), sizeof(cmd));
	pump(&rig, -1);
	assert_int_equal(rig.relay.fds[2], -1);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(relay_reads_pcrs_before_shutdown_passes),
		cmocka_unit_test(relay_reads_pcrs_again_at_each_stop),
		cmocka_unit_test(relay_lets_an_open_command_finish_first),
		cmocka_unit_test(relay_reads_pcrs_when_qemu_hangs_up),
		cmocka_unit_test(relay_shows_qemu_that_the_tpm_went_away),
		cmocka_unit_test(relay_refuses_a_message_of_absurd_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
