/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/crb.c - the command/response buffer interface (CRB), locality 0, by polling.
 *
 *   send      Idle -> Ready -> Reception -> Execution
 *   wait      Execution -> Completion
 *   receive   Completion -> Idle
 *
 * Relies on regs_poll to bound each wait. The buffers lie where the device's registers say; they are shared with the
 * device and often the same for both directions. Invariant: nothing is taken from them twice, the
 * size that was checked is the size that is copied, and no answer is taken for that to another command.
 *
 * Source: TCG PC Client Platform TPM Profile (PTP) 1.05, section 6.5: CRB interface.
 */
#include "tpm/frame.h"
#include "tpm/wire.h"

/* Register offsets in locality 0's page; the control area begins at REG_REQ. */
enum { REG_LOC_STATE = 0x00, REG_LOC_CTRL = 0x08, REG_INTF_ID = 0x30, REG_REQ = 0x40, REG_STS = 0x44, REG_CANCEL = 0x48,
       REG_START = 0x4c, REG_CMD_SIZE = 0x58, REG_CMD_LOW = 0x5c, REG_CMD_HIGH = 0x60, REG_RSP_SIZE = 0x64,
       REG_RSP_LOW = 0x68, REG_RSP_HIGH = 0x6c };
/* OWNED_MASK: tpmRegValidSts, activeLocality, locAssigned; OWNED: ... with locality 0 active. */
enum { LOC_REQUEST = 1, LOC_RELINQUISH = 2, LOC_OWNED_MASK = 0x9e, LOC_OWNED = 0x82 };
enum { REQ_READY = 1, REQ_IDLE = 2, STS_FATAL = 1, STS_IDLE = 2 };

/* PTP 6.5.1.4, table 18 (750, 200 ms); C is longer, as drivers in the field need it. A: locality, C: ready, idle */
enum { TIMEOUT_A_MS = 750, TIMEOUT_C_MS = 750, READY_TRIES = 3 };

static int poll_reg(const struct wire *w, u32 addr, u32 mask, u32 want, u64 timeout_ms) {
	const struct regs_wait wait = { .addr = addr, .mask = mask, .want = want, .timeout_ms = timeout_ms,
					.id_addr = w->has_head ? REG_INTF_ID : REG_CMD_SIZE };

	return regs_poll(&w->regs, &wait, NULL);
}

/* Makes sure that locality 0 is ours. */
static int acquire(const struct wire *w) {
	if (!w->has_head || (regs_read(&w->regs, REG_LOC_STATE) & LOC_OWNED_MASK) == LOC_OWNED) return 0;
	regs_write(&w->regs, REG_LOC_CTRL, LOC_REQUEST);
	return poll_reg(w, REG_LOC_STATE, LOC_OWNED_MASK, LOC_OWNED, TIMEOUT_A_MS);
}

/* goIdle: its completion need not be seen before the next cmdReady, so a slow one is not an error. */
static void go_idle(const struct wire *w) {
	regs_write(&w->regs, REG_REQ, REQ_IDLE);
	(void)poll_reg(w, REG_REQ, REQ_IDLE, 0, TIMEOUT_C_MS); /* see above */
}

static int make_ready(const struct wire *w) {
	int err = -ETIMEDOUT;

	for (unsigned try = 0; try < READY_TRIES && err == -ETIMEDOUT; try++) {
		regs_write(&w->regs, REG_REQ, REQ_READY);
		err = poll_reg(w, REG_REQ, REQ_READY, 0, TIMEOUT_C_MS);
		if (!err) err = poll_reg(w, REG_STS, STS_IDLE, 0, TIMEOUT_C_MS);
		if (err == -ETIMEDOUT) go_idle(w);
	}
	return err;
}

static paddr_t read_addr(const struct wire *w, u32 low, u32 high) {
	return regs_read(&w->regs, low) | (u64)regs_read(&w->regs, high) << 32;
}

static bool overlap(const struct wire *w) {
	return w->cmd_addr < w->rsp_addr + w->rsp_len && w->rsp_addr < w->cmd_addr + w->cmd_len;
}

/* Addresses and sizes; the device may have lost them while it was idle, so it is Ready now. */
static int learn_buffers(struct wire *w) {
	const struct tpm_regs *r = &w->regs;
	u8 probe[FRAME_HEADER_LEN];
	u64 end;

	w->cmd_len = regs_read(r, REG_CMD_SIZE);
	w->cmd_addr = read_addr(w, REG_CMD_LOW, REG_CMD_HIGH);
	w->rsp_len = regs_read(r, REG_RSP_SIZE);
	w->rsp_addr = read_addr(w, REG_RSP_LOW, REG_RSP_HIGH);
	if (w->cmd_len < FRAME_HEADER_LEN || w->rsp_len < FRAME_HEADER_LEN || !w->cmd_addr || !w->rsp_addr ||
	    add_overflows(w->cmd_addr, w->cmd_len, &end) || add_overflows(w->rsp_addr, w->rsp_len, &end))
		return -ENODEV;
	if (w->cmd_addr == w->rsp_addr ? w->cmd_len != w->rsp_len : overlap(w)) return -ENODEV;
	w->cmd_len = (u32)min_u64(w->cmd_len, FRAME_MAX);
	w->rsp_len = (u32)min_u64(w->rsp_len, FRAME_MAX);
	if (r->read_buffer(r->bus, w->cmd_addr, probe, sizeof(probe)) ||
	    r->read_buffer(r->bus, w->rsp_addr + w->rsp_len - sizeof(probe), probe, sizeof(probe)))
		return -ENODEV;
	return 0;
}

static int crb_open(struct wire *w) {
	if (w->has_head && regs_gone(&w->regs, REG_INTF_ID)) return -ENODEV;
	TRY(acquire(w));
	TRY(make_ready(w));
	TRY(learn_buffers(w));
	go_idle(w);
	return 0;
}

static void crb_close(struct wire *w) {
	if (w->has_head) regs_write(&w->regs, REG_LOC_CTRL, LOC_RELINQUISH);
}

/*
 * A device that ignores the start, because it thinks that the locality is not ours, shows no sign of it. So the
 * response buffer must not hold a good answer to the command before: where the buffers are one, the command covers it.
 */
static int fill_buffers(const struct wire *w, const u8 *cmd, size_t len) {
	static const u8 zeros[FRAME_HEADER_LEN];
	const struct tpm_regs *r = &w->regs;

	if (w->rsp_addr != w->cmd_addr) TRY(r->write_buffer(r->bus, w->rsp_addr, zeros, sizeof(zeros)));
	return r->write_buffer(r->bus, w->cmd_addr, cmd, len);
}

static int crb_send(struct wire *w, const u8 *cmd, size_t len) {
	if (len > w->cmd_len) return -E2BIG;
	regs_write(&w->regs, REG_CANCEL, 0);
	TRY(acquire(w));
	TRY(make_ready(w));
	TRY(fill_buffers(w, cmd, len));
	regs_write(&w->regs, REG_START, 1);
	return 0;
}

static int crb_wait(struct wire *w, u64 timeout_ms) { return poll_reg(w, REG_START, 1, 0, timeout_ms); }

static int copy_response(const struct wire *w, u8 *ret_rsp, size_t cap, size_t *ret_len) {
	const struct tpm_regs *r = &w->regs;
	size_t len;

	TRY(r->read_buffer(r->bus, w->rsp_addr, ret_rsp, FRAME_HEADER_LEN));
	TRY(frame_response_size(ret_rsp, min_u64(cap, w->rsp_len), &len));
	TRY(r->read_buffer(r->bus, w->rsp_addr + FRAME_HEADER_LEN, ret_rsp + FRAME_HEADER_LEN, len - FRAME_HEADER_LEN));
	*ret_len = len;
	return 0;
}

static int crb_receive(struct wire *w, u8 *ret_rsp, size_t cap, size_t *ret_len) {
	int err;

	if (regs_read(&w->regs, REG_STS) & STS_FATAL) return -ENODEV; /* all ones say the same */
	err = copy_response(w, ret_rsp, cap, ret_len);
	go_idle(w);
	return err ? -EIO : 0;
}

const struct wire_protocol wire_crb = { crb_open, crb_close, crb_send, crb_wait, crb_receive };
