/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/tis.c - the FIFO interface.
 *
 * Relies on regs_poll to bound each wait. Invariant: bytes move only while the status register shows
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

#define STS_VALID 0x80u
#define STS_READY 0x40u
#define STS_GO 0x20u
#define STS_AVAIL 0x10u
#define STS_EXPECT 0x08u
#define STS_RETRY 0x02u
/* Bits that read as zero on a device whose locality we own; a floating bus has them set. */
#define STS_ZERO (STS_GO | STS_RETRY | 0x01u)
#define STS_BURST 0x00ffff00u  /* one 32-bit read: bytewise reads of the count can tear */

#define INT_GLOBAL (1u << 31)

static int poll_status(const struct tpm_regs *r, u32 mask, u32 want, bool differ, u64 timeout_ms, u32 *ret_status) {
	const struct regs_wait wait = { .addr = REG_STS, .mask = mask, .want = want, .differ = differ, .lost = STS_ZERO,
					.id_addr = REG_DID_VID, .timeout_ms = timeout_ms };

	return regs_poll(r, &wait, ret_status);
}

static int poll_answer(const struct tpm_regs *r, u64 timeout_ms) {
	return poll_status(r, STS_VALID | STS_AVAIL, STS_VALID | STS_AVAIL, false, timeout_ms, NULL);
}

static int poll_burst(const struct tpm_regs *r, u32 *ret_burst) {
	u32 status;

	TRY(poll_status(r, STS_BURST, 0, true, TIS_TIMEOUT_A_MS, &status));
	*ret_burst = (status & STS_BURST) >> 8;
	return 0;
}

static int acquire(const struct tpm_regs *r) {
	static const struct regs_wait owned = {
		.addr = REG_ACCESS, .byte = true, .mask = ACCESS_VALID | ACCESS_ACTIVE | ACCESS_REQUEST,
		.want = ACCESS_VALID | ACCESS_ACTIVE, .id_addr = REG_DID_VID, .timeout_ms = TIS_TIMEOUT_A_MS,
	};
	u8 access = r->read8(r->bus, REG_ACCESS);
	int err;

	if ((access & owned.mask) == owned.want) return 0;
	r->write8(r->bus, REG_ACCESS, ACCESS_REQUEST);
	err = regs_poll(r, &owned, NULL);
	if (err) r->write8(r->bus, REG_ACCESS, ACCESS_ACTIVE);
	return err;
}

int tis_open(const struct tpm_regs *regs) {
	if (regs_gone(regs, REG_DID_VID)) return -ENODEV;
	TRY(acquire(regs));
	regs_write(regs, REG_INT_ENABLE, regs_read(regs, REG_INT_ENABLE) & ~INT_GLOBAL);
	return 0;
}

void tis_close(const struct tpm_regs *regs) {
	regs_write(regs, REG_STS, STS_READY);
	regs->write8(regs->bus, REG_ACCESS, ACCESS_ACTIVE);
}

/* stsValid is not asked for: QEMU's Ready state does not show it. */
static int make_ready(const struct tpm_regs *r) {
	u32 status = regs_read(r, REG_STS);

	if (!(status & STS_ZERO) && (status & STS_READY)) return 0;
	regs_write(r, REG_STS, STS_READY);
	return poll_status(r, STS_READY, STS_READY, false, TIS_TIMEOUT_B_MS, NULL);
}

static int push_bytes(const struct tpm_regs *r, const u8 *bytes, size_t len) {
	for (size_t done = 0; done < len;) {
		u32 burst;

		TRY(poll_burst(r, &burst));
		for (; burst && done < len; burst--) r->write8(r->bus, REG_FIFO, bytes[done++]);
	}
	return 0;
}

/* -EPROTO: the device expects more, or fewer, bytes than we have. */
static int check_expect(const struct tpm_regs *r, bool want) {
	u32 status;

	TRY(poll_status(r, STS_VALID, STS_VALID, false, TIS_TIMEOUT_C_MS, &status));
	return !!(status & STS_EXPECT) == want ? 0 : -EPROTO;
}

/* The last byte is held back until the device has shown that it expects one more. */
static int push_command(const struct tpm_regs *r, const u8 *cmd, size_t len) {
	TRY(acquire(r));
	TRY(make_ready(r));
	TRY(push_bytes(r, cmd, len - 1));
	TRY(check_expect(r, true));
	TRY(push_bytes(r, cmd + len - 1, 1));
	return check_expect(r, false);
}

int tis_send(const struct tpm_regs *regs, const u8 *cmd, size_t len) {
	unsigned expect_tries = 0, silence_tries = 0;

	for (;;) {
		int err = push_command(regs, cmd, len);

		regs_write(regs, REG_STS, err ? STS_READY : STS_GO); /* abort what the device has of it, or start it */
		if (err == -EPROTO && ++expect_tries < TIS_EXPECT_TRIES) continue;
		if (err == -ETIMEDOUT && ++silence_tries < TIS_SILENCE_TRIES) continue;
		return err == -EPROTO ? -EIO : err;
	}
}

/* A device that is Ready again without having answered has lost the command: no use to wait for more. */
int tis_wait(const struct tpm_regs *regs, u64 timeout_ms) {
	int err = poll_answer(regs, TIS_TIMEOUT_D_MS);

	if (err != -ETIMEDOUT) return err;
	if (regs_read(regs, REG_STS) & STS_READY) return regs_gone(regs, REG_DID_VID) ? -ENODEV : -EIO;
	return poll_answer(regs, timeout_ms);
}

static int pull_bytes(const struct tpm_regs *r, u8 *ret_bytes, size_t len) {
	for (size_t done = 0; done < len;) {
		u32 burst;

		TRY(poll_answer(r, TIS_TIMEOUT_C_MS));
		TRY(poll_burst(r, &burst));
		for (; burst && done < len; burst--) ret_bytes[done++] = r->read8(r->bus, REG_FIFO);
	}
	return 0;
}

static int pull_response(const struct tpm_regs *r, u8 *ret_rsp, size_t cap, size_t *ret_len) {
	size_t len;
	u32 status;

	TRY(pull_bytes(r, ret_rsp, FRAME_HEADER_LEN));
	TRY(frame_response_size(ret_rsp, cap, &len));
	TRY(pull_bytes(r, ret_rsp + FRAME_HEADER_LEN, len - FRAME_HEADER_LEN));
	TRY(poll_status(r, STS_VALID, STS_VALID, false, TIS_TIMEOUT_C_MS, &status));
	if (status & STS_AVAIL) return -EPROTO; /* bytes left over */
	*ret_len = len;
	return 0;
}

int tis_receive(const struct tpm_regs *regs, u8 *ret_rsp, size_t cap, size_t *ret_len) {
	int err;

	for (unsigned try = 1;; try++) {
		err = pull_response(regs, ret_rsp, cap, ret_len);
		/* A time-out: the device has fewer bytes than it said. */
		if ((err != -EPROTO && err != -ETIMEDOUT) || try == TIS_RESPONSE_TRIES) break;
		regs_write(regs, REG_STS, STS_RETRY);
	}
	regs_write(regs, REG_STS, STS_READY); /* frees the device's buffer */
	return err == -EPROTO || err == -ETIMEDOUT ? -EIO : err;
}
