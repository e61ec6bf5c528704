/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/crb.c - the command/response buffer interface.
 *
 * Relies on regs->now_ms to bound each wait. Invariant: nothing is taken from the shared buffers twice, the
 * size that was checked is the size that is copied, and no answer is taken for that to another command.
 */
#include "tpm/crb.h"

#include "kernel/base/mem.h"
#include "tpm/frame.h"

/* Register offsets in locality 0's page (PTP, CRB interface); the control area begins at REG_REQ. */
#define REG_LOC_STATE 0x00u
#define REG_LOC_CTRL 0x08u
#define REG_LOC_STS 0x0cu
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
#define LOC_GRANTED 1u

#define REQ_READY 1u
#define REQ_IDLE 2u
#define STS_FATAL 1u
#define STS_IDLE 2u

static u32 rd(const struct crb *c, u32 reg)
{
	return c->regs->read32(c->regs->bus, reg);
}

static void wr(const struct crb *c, u32 reg, u32 value)
{
	c->regs->write32(c->regs->bus, reg, value);
}

static u64 now(const struct crb *c)
{
	return c->regs->now_ms(c->regs->bus);
}

/* A register that the device holds at a constant: zeros or ones in it mean that nobody is there. */
static bool gone(const struct crb *c)
{
	u32 value = rd(c, c->has_head ? REG_INTF_ID : REG_CMD_SIZE);

	return value == 0 || value == 0xffffffffu;
}

/* Waits until the bits in mask of a register are want. */
static int poll_reg(const struct crb *c, u32 reg, u32 mask, u32 want, u64 timeout_ms)
{
	u64 start = now(c);

	for (;;) {
		bool last = now(c) - start >= timeout_ms;
		u32 value = rd(c, reg);

		if (value == 0xffffffffu)
			return -ENODEV;
		if ((value & mask) == want)
			return 0;
		if (value == 0 && gone(c))
			return -ENODEV;
		if (last)
			return -ETIMEDOUT;
		c->regs->pause(c->regs->bus);
	}
}

/* Makes sure that locality 0 is ours. PTP lets a device show the grant in either register first. */
static int acquire(const struct crb *c)
{
	u64 start = now(c);

	if (!c->has_head || (rd(c, REG_LOC_STATE) & LOC_OWNED_MASK) == LOC_OWNED)
		return 0;
	wr(c, REG_LOC_CTRL, LOC_REQUEST);
	for (;;) {
		bool last = now(c) - start >= CRB_TIMEOUT_A_MS;
		u32 state = rd(c, REG_LOC_STATE);

		if (state == 0xffffffffu || (state == 0 && gone(c)))
			return -ENODEV;
		if ((state & LOC_OWNED_MASK) == LOC_OWNED || (rd(c, REG_LOC_STS) & LOC_GRANTED))
			return 0;
		if (last)
			return -ETIMEDOUT;
		c->regs->pause(c->regs->bus);
	}
}

/* goIdle: its completion need not be seen before the next cmdReady, so a slow one is not an error. */
static void go_idle(const struct crb *c)
{
	wr(c, REG_REQ, REQ_IDLE);
	(void)poll_reg(c, REG_REQ, REQ_IDLE, 0, CRB_TIMEOUT_C_MS); /* see above */
}

static int make_ready(const struct crb *c)
{
	int err = -ETIMEDOUT;

	for (unsigned try = 0; try < CRB_READY_TRIES && err == -ETIMEDOUT; try++) {
		wr(c, REG_REQ, REQ_READY);
		err = poll_reg(c, REG_REQ, REQ_READY, 0, CRB_TIMEOUT_C_MS);
		if (!err)
			err = poll_reg(c, REG_STS, STS_IDLE, 0, CRB_TIMEOUT_C_MS);
		if (err == -ETIMEDOUT)
			go_idle(c);
	}
	return err;
}

static bool overlap(const struct crb *c)
{
	return c->cmd_addr < c->rsp_addr + c->rsp_len && c->rsp_addr < c->cmd_addr + c->cmd_len;
}

/* Addresses and sizes; the device may have lost them while it was idle, so it is Ready now. */
static int learn_buffers(struct crb *c)
{
	u8 probe[FRAME_HEADER_LEN];
	u64 end;

	c->cmd_len = rd(c, REG_CMD_SIZE);
	c->cmd_addr = rd(c, REG_CMD_LOW) | (u64)rd(c, REG_CMD_HIGH) << 32;
	c->rsp_len = rd(c, REG_RSP_SIZE);
	c->rsp_addr = rd(c, REG_RSP_LOW) | (u64)rd(c, REG_RSP_HIGH) << 32;
	if (c->cmd_len < FRAME_HEADER_LEN || c->rsp_len < FRAME_HEADER_LEN || !c->cmd_addr || !c->rsp_addr ||
	    add_overflows(c->cmd_addr, c->cmd_len, &end) || add_overflows(c->rsp_addr, c->rsp_len, &end))
		return -ENODEV;
	if (c->cmd_addr == c->rsp_addr ? c->cmd_len != c->rsp_len : overlap(c))
		return -ENODEV;
	c->cmd_len = (u32)min_u64(c->cmd_len, FRAME_MAX);
	c->rsp_len = (u32)min_u64(c->rsp_len, FRAME_MAX);
	if (c->regs->read_buffer(c->regs->bus, c->cmd_addr, probe, sizeof(probe)) ||
	    c->regs->read_buffer(c->regs->bus, c->rsp_addr + c->rsp_len - sizeof(probe), probe, sizeof(probe)))
		return -ENODEV;
	return 0;
}

int crb_open(struct crb *crb, const struct tpm_regs *regs, bool has_head)
{
	int err;

	*crb = (struct crb){ .regs = regs, .has_head = has_head };
	if (has_head && gone(crb))
		return -ENODEV;
	err = acquire(crb);
	if (!err)
		err = make_ready(crb);
	if (!err)
		err = learn_buffers(crb);
	if (err)
		return err;
	go_idle(crb);
	return 0;
}

void crb_close(struct crb *crb)
{
	if (crb->has_head)
		wr(crb, REG_LOC_CTRL, LOC_RELINQUISH);
}

/*
 * A device that ignores the start, because it thinks that the locality is not ours, shows no sign of it. So the
 * response buffer must not hold a good answer to the command before: where the buffers are one, the command
 * covers it.
 */
static int fill_buffers(const struct crb *c, const u8 *cmd, size_t len)
{
	static const u8 zeros[FRAME_HEADER_LEN];
	const struct tpm_regs *r = c->regs;
	int err = 0;

	if (c->rsp_addr != c->cmd_addr)
		err = r->write_buffer(r->bus, c->rsp_addr, zeros, sizeof(zeros));
	return err ? err : r->write_buffer(r->bus, c->cmd_addr, cmd, len);
}

int crb_send(struct crb *crb, const u8 *cmd, size_t len)
{
	int err;

	if (len < FRAME_HEADER_LEN)
		return -EINVAL;
	if (len > crb->cmd_len)
		return -E2BIG;
	wr(crb, REG_CANCEL, 0);
	err = acquire(crb);
	if (!err)
		err = make_ready(crb);
	if (!err)
		err = fill_buffers(crb, cmd, len);
	if (err)
		return err;
	wr(crb, REG_START, 1);
	return 0;
}

int crb_wait(struct crb *crb, u64 timeout_ms)
{
	return poll_reg(crb, REG_START, 1, 0, timeout_ms);
}

static int copy_response(const struct crb *c, u8 *ret_rsp, size_t cap, size_t *ret_len)
{
	const struct tpm_regs *r = c->regs;
	size_t len;
	int err = r->read_buffer(r->bus, c->rsp_addr, ret_rsp, FRAME_HEADER_LEN);

	if (!err)
		err = frame_response_size(ret_rsp, min_u64(cap, c->rsp_len), &len);
	if (!err && len > FRAME_HEADER_LEN)
		err = r->read_buffer(r->bus, c->rsp_addr + FRAME_HEADER_LEN, ret_rsp + FRAME_HEADER_LEN,
				     len - FRAME_HEADER_LEN);
	if (err)
		return -EIO;
	*ret_len = len;
	return 0;
}

int crb_receive(struct crb *crb, u8 *ret_rsp, size_t cap, size_t *ret_len)
{
	u32 status = rd(crb, REG_STS);
	int err;

	if (status == 0xffffffffu)
		return -ENODEV;
	if (status & STS_FATAL) {
		crb->failed = true;
		return -EIO;
	}
	err = cap < FRAME_HEADER_LEN ? -EINVAL : copy_response(crb, ret_rsp, cap, ret_len);
	go_idle(crb);
	return err;
}

void crb_cancel(struct crb *crb)
{
	wr(crb, REG_CANCEL, 1);
	(void)poll_reg(crb, REG_START, 1, 0, CRB_TIMEOUT_B_MS); /* the caller's own wait tells whether it ended */
	wr(crb, REG_CANCEL, 0);
}
