/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/crb.c - the command/response buffer interface.
 *
 * Relies on regs_poll to bound each wait. Invariant: nothing is taken from the shared buffers twice, the
 * size that was checked is the size that is copied, and no answer is taken for that to another command.
 */
#include "tpm/crb.h"

#include "tpm/frame.h"

/* Register offsets in locality 0's page (PTP, CRB interface); the control area begins at REG_REQ. */
#define REG_LOC_STATE 0x00u
#define REG_LOC_CTRL 0x08u
#define REG_INTF_ID 0x30u
#define REG_REQ 0x40u
#define REG_STS 0x44u
#define REG_CANCEL 0x48u
#define REG_START 0x4cu
#define REG_CMD_SIZE 0x58u
#define REG_CMD_LOW 0x5cu
#define REG_CMD_HIGH 0x60u
#define REG_RSP_SIZE 0x64u
#define REG_RSP_LOW 0x68u
#define REG_RSP_HIGH 0x6cu

#define LOC_REQUEST 1u
#define LOC_RELINQUISH 2u
#define LOC_OWNED_MASK 0x9eu /* tpmRegValidSts, activeLocality, locAssigned */
#define LOC_OWNED 0x82u      /* ... with locality 0 active */

#define REQ_READY 1u
#define REQ_IDLE 2u
#define STS_FATAL 1u
#define STS_IDLE 2u

static int poll_reg(const struct crb *c, u32 addr, u32 mask, u32 want, u64 timeout_ms) {
	const struct regs_wait wait = { .addr = addr, .mask = mask, .want = want, .timeout_ms = timeout_ms,
					.id_addr = c->has_head ? REG_INTF_ID : REG_CMD_SIZE };

	return regs_poll(c->regs, &wait, NULL);
}

/* Makes sure that locality 0 is ours. */
static int acquire(const struct crb *c) {
	if (!c->has_head || (regs_read(c->regs, REG_LOC_STATE) & LOC_OWNED_MASK) == LOC_OWNED) return 0;
	regs_write(c->regs, REG_LOC_CTRL, LOC_REQUEST);
	return poll_reg(c, REG_LOC_STATE, LOC_OWNED_MASK, LOC_OWNED, CRB_TIMEOUT_A_MS);
}

/* goIdle: its completion need not be seen before the next cmdReady, so a slow one is not an error. */
static void go_idle(const struct crb *c) {
	regs_write(c->regs, REG_REQ, REQ_IDLE);
	(void)poll_reg(c, REG_REQ, REQ_IDLE, 0, CRB_TIMEOUT_C_MS); /* see above */
}

static int make_ready(const struct crb *c) {
	int err = -ETIMEDOUT;

	for (unsigned try = 0; try < CRB_READY_TRIES && err == -ETIMEDOUT; try++) {
		regs_write(c->regs, REG_REQ, REQ_READY);
		err = poll_reg(c, REG_REQ, REQ_READY, 0, CRB_TIMEOUT_C_MS);
		if (!err) err = poll_reg(c, REG_STS, STS_IDLE, 0, CRB_TIMEOUT_C_MS);
		if (err == -ETIMEDOUT) go_idle(c);
	}
	return err;
}

static paddr_t read_addr(const struct crb *c, u32 low, u32 high) {
	return regs_read(c->regs, low) | (u64)regs_read(c->regs, high) << 32;
}

static bool overlap(const struct crb *c) {
	return c->cmd_addr < c->rsp_addr + c->rsp_len && c->rsp_addr < c->cmd_addr + c->cmd_len;
}

/* Addresses and sizes; the device may have lost them while it was idle, so it is Ready now. */
static int learn_buffers(struct crb *c) {
	const struct tpm_regs *r = c->regs;
	u8 probe[FRAME_HEADER_LEN];
	u64 end;

	c->cmd_len = regs_read(r, REG_CMD_SIZE);
	c->cmd_addr = read_addr(c, REG_CMD_LOW, REG_CMD_HIGH);
	c->rsp_len = regs_read(r, REG_RSP_SIZE);
	c->rsp_addr = read_addr(c, REG_RSP_LOW, REG_RSP_HIGH);
	if (c->cmd_len < FRAME_HEADER_LEN || c->rsp_len < FRAME_HEADER_LEN || !c->cmd_addr || !c->rsp_addr ||
	    add_overflows(c->cmd_addr, c->cmd_len, &end) || add_overflows(c->rsp_addr, c->rsp_len, &end))
		return -ENODEV;
	if (c->cmd_addr == c->rsp_addr ? c->cmd_len != c->rsp_len : overlap(c)) return -ENODEV;
	c->cmd_len = (u32)min_u64(c->cmd_len, FRAME_MAX);
	c->rsp_len = (u32)min_u64(c->rsp_len, FRAME_MAX);
	if (r->read_buffer(r->bus, c->cmd_addr, probe, sizeof(probe)) ||
	    r->read_buffer(r->bus, c->rsp_addr + c->rsp_len - sizeof(probe), probe, sizeof(probe)))
		return -ENODEV;
	return 0;
}

int crb_open(struct crb *crb, const struct tpm_regs *regs, bool has_head) {
	*crb = (struct crb){ .regs = regs, .has_head = has_head };
	if (has_head && regs_gone(regs, REG_INTF_ID)) return -ENODEV;
	TRY(acquire(crb));
	TRY(make_ready(crb));
	TRY(learn_buffers(crb));
	go_idle(crb);
	return 0;
}

void crb_close(struct crb *crb) {
	if (crb->has_head) regs_write(crb->regs, REG_LOC_CTRL, LOC_RELINQUISH);
}

/*
 * A device that ignores the start, because it thinks that the locality is not ours, shows no sign of it. So the
 * response buffer must not hold a good answer to the command before: where the buffers are one, the command covers it.
 */
static int fill_buffers(const struct crb *c, const u8 *cmd, size_t len) {
	static const u8 zeros[FRAME_HEADER_LEN];
	const struct tpm_regs *r = c->regs;

	if (c->rsp_addr != c->cmd_addr) TRY(r->write_buffer(r->bus, c->rsp_addr, zeros, sizeof(zeros)));
	return r->write_buffer(r->bus, c->cmd_addr, cmd, len);
}

int crb_send(struct crb *crb, const u8 *cmd, size_t len) {
	if (len > crb->cmd_len) return -E2BIG;
	regs_write(crb->regs, REG_CANCEL, 0);
	TRY(acquire(crb));
	TRY(make_ready(crb));
	TRY(fill_buffers(crb, cmd, len));
	regs_write(crb->regs, REG_START, 1);
	return 0;
}

int crb_wait(struct crb *crb, u64 timeout_ms) { return poll_reg(crb, REG_START, 1, 0, timeout_ms); }

static int copy_response(const struct crb *c, u8 *ret_rsp, size_t cap, size_t *ret_len) {
	const struct tpm_regs *r = c->regs;
	size_t len;

	TRY(r->read_buffer(r->bus, c->rsp_addr, ret_rsp, FRAME_HEADER_LEN));
	TRY(frame_response_size(ret_rsp, min_u64(cap, c->rsp_len), &len));
	TRY(r->read_buffer(r->bus, c->rsp_addr + FRAME_HEADER_LEN, ret_rsp + FRAME_HEADER_LEN, len - FRAME_HEADER_LEN));
	*ret_len = len;
	return 0;
}

int crb_receive(struct crb *crb, u8 *ret_rsp, size_t cap, size_t *ret_len) {
	int err;

	if (regs_read(crb->regs, REG_STS) & STS_FATAL) return -ENODEV; /* all ones say the same */
	err = copy_response(crb, ret_rsp, cap, ret_len);
	go_idle(crb);
	return err ? -EIO : 0;
}
