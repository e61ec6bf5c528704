/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/tis.c - the FIFO interface.
 *
 * Relies on regs->now_ms to bound each wait. Invariant: bytes move only while the status register shows
 * that we own the locality, and only as many as the burst count allows at that moment.
 */
#include "tpm/tis.h"

#include "tpm/frame.h"

/* Register offsets in locality 0's page (PTP, FIFO interface). */
#define REG_ACCESS 0x00u
#define REG_INT_ENABLE 0x08u
#define REG_STS 0x18u
#define REG_FIFO 0x24u
#define REG_DID_VID 0xf00u

#define ACCESS_VALID 0x80u
#define ACCESS_ACTIVE 0x20u    /* written: relinquish, or withdraw the request */
#define ACCESS_REQUEST 0x02u
#define ACCESS_OWNED_MASK (ACCESS_VALID | ACCESS_ACTIVE | ACCESS_REQUEST)
#define ACCESS_OWNED (ACCESS_VALID | ACCESS_ACTIVE)

#define STS_VALID 0x80u
#define STS_READY 0x40u
#define STS_GO 0x20u
#define STS_AVAIL 0x10u
#define STS_EXPECT 0x08u
#define STS_RETRY 0x02u
#define STS_CANCEL (1u << 24)
/* Bits that read as zero on a device whose locality we own; a floating bus has them set. */
#define STS_ZERO (STS_GO | STS_RETRY | 0x01u)

#define INT_GLOBAL (1u << 31)

static u32 rd32(const struct tis *t, u32 reg)
{
	return t->regs->read32(t->regs->bus, reg);
}

static void wr32(const struct tis *t, u32 reg, u32 value)
{
	t->regs->write32(t->regs->bus, reg, value);
}

static u8 rd8(const struct tis *t, u32 reg)
{
	return t->regs->read8(t->regs->bus, reg);
}

static void wr8(const struct tis *t, u32 reg, u8 value)
{
	t->regs->write8(t->regs->bus, reg, value);
}

static u64 now(const struct tis *t)
{
	return t->regs->now_ms(t->regs->bus);
}

/* The identification register reads the same in every state: zeros or ones mean that nobody is there. */
static bool gone(const struct tis *t)
{
	u32 id = rd32(t, REG_DID_VID);

	return id == 0 || id == 0xffffffffu;
}

/* Waits until the status bits in mask are want. */
static int poll_status(const struct tis *t, u32 mask, u32 want, u64 timeout_ms, u32 *ret_status)
{
	u64 start = now(t);

	for (;;) {
		bool last = now(t) - start >= timeout_ms;
		u32 status = rd32(t, REG_STS);

		if (status & STS_ZERO)
			return gone(t) ? -ENODEV : -EIO; /* the locality was taken from us */
		if ((status & mask) == want) {
			*ret_status = status;
			return 0;
		}
		if (status == 0 && gone(t))
			return -ENODEV;
		if (last)
			return -ETIMEDOUT;
		t->regs->pause(t->regs->bus);
	}
}

static int poll_burst(const struct tis *t, size_t *ret_burst)
{
	u64 start = now(t);

	for (;;) {
		bool last = now(t) - start >= TIS_TIMEOUT_A_MS;
		u32 status = rd32(t, REG_STS); /* one 32-bit read: bytewise reads of the count can tear */

		if (status & STS_ZERO)
			return gone(t) ? -ENODEV : -EIO;
		*ret_burst = status >> 8 & 0xffffu;
		if (*ret_burst)
			return 0;
		if (last)
			return gone(t) ? -ENODEV : -ETIMEDOUT;
		t->regs->pause(t->regs->bus);
	}
}

static int poll_owned(const struct tis *t)
{
	u64 start = now(t);

	for (;;) {
		bool last = now(t) - start >= TIS_TIMEOUT_A_MS;
		u8 access = rd8(t, REG_ACCESS);

		if (access != 0xff && (access & ACCESS_OWNED_MASK) == ACCESS_OWNED)
			return 0;
		if (access == 0xff || (access == 0 && gone(t)))
			return -ENODEV;
		if (last)
			return -ETIMEDOUT;
		t->regs->pause(t->regs->bus);
	}
}

static int acquire(const struct tis *t)
{
	u8 access = rd8(t, REG_ACCESS);
	int err;

	if (access == 0xff)
		return -ENODEV;
	if ((access & ACCESS_OWNED_MASK) == ACCESS_OWNED)
		return 0;
	wr8(t, REG_ACCESS, ACCESS_REQUEST);
	err = poll_owned(t);
	if (err)
		wr8(t, REG_ACCESS, ACCESS_ACTIVE); /* withdraw the request */
	return err;
}

int tis_open(struct tis *tis, const struct tpm_regs *regs)
{
	int err;

	tis->regs = regs;
	tis->did_vid = rd32(tis, REG_DID_VID);
	if (gone(tis))
		return -ENODEV;
	err = acquire(tis);
	if (err)
		return err;
	wr32(tis, REG_INT_ENABLE, rd32(tis, REG_INT_ENABLE) & ~INT_GLOBAL);
	return 0;
}

void tis_close(struct tis *tis)
{
	wr32(tis, REG_STS, STS_READY);
	wr8(tis, REG_ACCESS, ACCESS_ACTIVE);
}

/* stsValid is not asked for: QEMU's Ready state does not show it. */
static int make_ready(const struct tis *t)
{
	u32 status = rd32(t, REG_STS);

	if (!(status & STS_ZERO) && (status & STS_READY))
		return 0;
	wr32(t, REG_STS, STS_READY);
	return poll_status(t, STS_READY, STS_READY, TIS_TIMEOUT_B_MS, &status);
}

static int push_bytes(const struct tis *t, const u8 *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t burst;
		int err = poll_burst(t, &burst);

		if (err)
			return err;
		for (; burst && done < len; burst--)
			wr8(t, REG_FIFO, bytes[done++]);
	}
	return 0;
}

/* -EPROTO: the device expects more, or fewer, bytes than we have. */
static int check_expect(const struct tis *t, bool want)
{
	u32 status;
	int err = poll_status(t, STS_VALID, STS_VALID, TIS_TIMEOUT_C_MS, &status);

	if (err)
		return err;
	return !!(status & STS_EXPECT) == want ? 0 : -EPROTO;
}

/* The last byte is held back until the device has shown that it expects one more. */
static int push_command(const struct tis *t, const u8 *cmd, size_t len)
{
	int err = push_bytes(t, cmd, len - 1);

	if (!err)
		err = check_expect(t, true);
	if (!err)
		err = push_bytes(t, cmd + len - 1, 1);
	if (!err)
		err = check_expect(t, false);
	return err;
}

int tis_send(struct tis *tis, const u8 *cmd, size_t len)
{
	unsigned expect_tries = 0, silence_tries = 0;

	if (len < FRAME_HEADER_LEN)
		return -EINVAL;
	for (;;) {
		int err = acquire(tis);

		if (!err)
			err = make_ready(tis);
		if (!err)
			err = push_command(tis, cmd, len);
		if (!err) {
			wr32(tis, REG_STS, STS_GO);
			return 0;
		}
		wr32(tis, REG_STS, STS_READY); /* abort what the device has of the command */
		if (err == -EPROTO && ++expect_tries < TIS_EXPECT_TRIES)
			continue;
		if (err == -ETIMEDOUT && ++silence_tries < TIS_SILENCE_TRIES)
			continue;
		return err == -EPROTO ? -EIO : err;
	}
}

/* A device that is Ready again without having answered has lost the command: no use to wait for more. */
int tis_wait(struct tis *tis, u64 timeout_ms)
{
	u64 first = min_u64(timeout_ms, TIS_TIMEOUT_D_MS);
	u32 status;
	int err = poll_status(tis, STS_VALID | STS_AVAIL, STS_VALID | STS_AVAIL, first, &status);

	if (err != -ETIMEDOUT)
		return err;
	if (rd32(tis, REG_STS) & STS_READY)
		return gone(tis) ? -ENODEV : -EIO;
	return poll_status(tis, STS_VALID | STS_AVAIL, STS_VALID | STS_AVAIL, timeout_ms - first, &status);
}

static int pull_bytes(const struct tis *t, u8 *ret_bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t burst;
		u32 status;
		int err = poll_status(t, STS_VALID | STS_AVAIL, STS_VALID | STS_AVAIL, TIS_TIMEOUT_C_MS, &status);

		if (!err)
			err = poll_burst(t, &burst);
		if (err)
			return err == -ETIMEDOUT ? -EPROTO : err; /* the device has fewer bytes than it said */
		for (; burst && done < len; burst--)
			ret_bytes[done++] = rd8(t, REG_FIFO);
	}
	return 0;
}

static int pull_response(const struct tis *t, u8 *ret_rsp, size_t cap, size_t *ret_len)
{
	size_t len;
	u32 status;
	int err = pull_bytes(t, ret_rsp, FRAME_HEADER_LEN);

	if (!err)
		err = frame_response_size(ret_rsp, cap, &len);
	if (!err)
		err = pull_bytes(t, ret_rsp + FRAME_HEADER_LEN, len - FRAME_HEADER_LEN);
	if (!err)
		err = poll_status(t, STS_VALID, STS_VALID, TIS_TIMEOUT_C_MS, &status);
	if (err)
		return err;
	if (status & STS_AVAIL)
		return -EPROTO; /* bytes left over */
	*ret_len = len;
	return 0;
}

int tis_receive(struct tis *tis, u8 *ret_rsp, size_t cap, size_t *ret_len)
{
	int err = -EINVAL;

	for (unsigned try = 0; cap >= FRAME_HEADER_LEN && try < TIS_RESPONSE_TRIES; try++) {
		err = pull_response(tis, ret_rsp, cap, ret_len);
		if (err != -EPROTO)
			break;
		wr32(tis, REG_STS, STS_RETRY);
	}
	wr32(tis, REG_STS, STS_READY); /* frees the device's buffer */
	return err == -EPROTO || err == -ETIMEDOUT ? -EIO : err;
}

void tis_cancel(struct tis *tis)
{
	wr32(tis, REG_STS, STS_CANCEL);
}
