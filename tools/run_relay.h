/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_relay.h - between QEMU and swtpm.
 *
 * QEMU ends swtpm when it exits, and with it the PCR values. So `assay run` stands between both: control messages
 * are passed on as they are, with two exceptions. CMD_SET_DATAFD gets a socket pair of ours in place of
 * QEMU's data channel, so that TPM commands pass through here too and commands of our own can be put
 * between them; and before CMD_STOP and CMD_SHUTDOWN are passed on, and when QEMU hangs up, all PCRs are
 * read.
 *
 * Control protocol: QEMU sends a command (big-endian u32, then arguments) and waits for the response before
 * the next, so what arrives after a response begins a command.
 *
 * Context    one thread; relay_step is called after poll().
 * Ownership  the sockets are the relay's, closed by relay_close.
 * Errors     a peer that breaks off or breaks the protocol closes its side; relay_step then polls the rest.
 * Source     swtpm's control channel interface (tpm_ioctl.h, man swtpm_ioctls); man 7 unix (SCM_RIGHTS).
 */
#pragma once

#include <poll.h>

#include "tools/run_pcrs.h"

#define RELAY_FDS 4u

struct relay {
	int fds[RELAY_FDS];        /* control to QEMU, control to swtpm, data to QEMU, data to swtpm; -1 when closed */
	struct tpm_frame commands; /* from QEMU */
	struct tpm_frame responses;
	bool in_command;           /* QEMU's control command has no response yet */
	bool tpm_on;               /* after CMD_INIT, until CMD_STOP or CMD_SHUTDOWN */
	bool have_pcrs;
	struct pcrs pcrs;          /* as last read */
};

/* Takes over the sockets to QEMU's chardev and to swtpm's control channel. */
void relay_open(struct relay *r, int qemu, int swtpm);

/* Fills RELAY_FDS entries; closed ones have fd -1. */
void relay_poll(const struct relay *r, struct pollfd *ret_fds);
void relay_step(struct relay *r, const struct pollfd *fds);

/* After QEMU has gone: reads the PCRs unless that was done, ends swtpm, closes everything. */
void relay_close(struct relay *r);
