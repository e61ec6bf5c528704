/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/tis.c - the FIFO interface (TIS), locality 0, by polling.
 *
 *   send      Idle/Completion -> Ready -> Reception -> Execution; a failed one has aborted the command before it ran
 *   wait      Execution -> Completion
 *   receive   Completion -> Idle
 *
 * Relies on regs_poll to bound each wait. Invariant: bytes move only while the status register shows
 * that we own the locality, and only as many as the burst count allows at that moment.
 *
 * Source: TCG PC Client Platform TPM Profile (PTP) 1.05, section 6.5: FIFO interface.
 */
#include "tpm/frame.h"
#include "tpm/wire.h"

/* Register offsets in locality 0's page. */
enum { REG_ACCESS = 0x00, REG_INT_ENABLE = 0x08, REG_STS = 0x18, REG_FIFO = 0x24, REG_DID_VID = 0xf00 };
/* ACTIVE, written: relinquish, or withdraw the request. */
enum { ACCESS_VALID = 0x80, ACCESS_ACTIVE = 0x20, ACCESS_REQUEST = 0x02 };
enum { STS_VALID = 0x80, STS_READY = 0x40, STS_GO = 0x20, STS_AVAIL = 0x10, STS_EXPECT = 0x08, STS_RETRY = 0x02,
       /* Bits that read as zero on a device whose locality we own; a floating bus has them set. */
       STS_ZERO = STS_GO | STS_RETRY | 0x01,
       /* One 32-bit read: bytewise reads of the count can tear. */
       STS_BURST = 0x00ffff00 };
#define INT_GLOBAL (1u << 31)

/*
 * PTP 6.5.1.4, table 18 (750, 2000, 200, 30 ms); B and C are longer, as drivers in the field need them. A: locality,
 * burst count; B: command ready; C: stsValid, Expect; D: until the status of a started command is no left-over.
 */
enum { TIMEOUT_A_MS = 750, TIMEOUT_B_MS = 4000, TIMEOUT_C_MS = 750, TIMEOUT_D_MS = 30 };
/*
 * A command is sent again when the device counted other bytes than we (cheap), or fell silent (a time-out each). A
 * response is read again through responseRetry when its bytes make no sense.
 */
enum { EXPECT_TRIES = 50, SILENCE_TRIES = 3, RESPONSE_TRIES = 3 };

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

	TRY(poll_status(r, STS_BURST, 0, true, TIMEOUT_A_MS, &status));
	*ret_burst = (status & STS_BURST) >> 8;
	return 0;
}

static int acquire(const struct tpm_regs *r) {
	static const struct regs_wait owned = {
		.addr = REG_ACCESS, .byte = true, .mask = ACCESS_VALID | ACCESS_ACTIVE | ACCESS_REQUEST,
		.want = ACCESS_VALID | ACCESS_ACTIVE, .id_addr = REG_DID_VID, .timeout_ms = TIMEOUT_A_MS,
	};
	u8 access = r->read8(r->bus, REG_ACCESS);
	int err;

	if ((access & owned.mask) == owned.want) return 0;
	r->write8(r->bus, REG_ACCESS, ACCESS_REQUEST);
	err = regs_poll(r, &owned, NULL);
	if (err) r->write8(r->bus, REG_ACCESS, ACCESS_ACTIVE);
	return err;
}

static int tis_open(struct wire *wire) {
	const struct tpm_regs *r = &wire->regs;

	if (regs_gone(r, REG_DID_VID)) return -ENODEV;
	TRY(acquire(r));
	regs_write(r, REG_INT_ENABLE, regs_read(r, REG_INT_ENABLE) & ~INT_GLOBAL);
	return 0;
}

static void tis_close(struct wire *wire) {
	regs_write(&wire->regs, REG_STS, STS_READY);
	wire->regs.write8(wire->regs.bus, REG_ACCESS, ACCESS_ACTIVE);
}

/* stsValid is not asked for: QEMU's Ready state does not show it. */
static int make_ready(const struct tpm_regs *r) {
	u32 status = regs_read(r, REG_STS);

	if (!(status & STS_ZERO) && (status & STS_READY)) return 0;
	regs_write(r, REG_STS, STS_READY);
	return poll_status(r, STS_READY, STS_READY, false, TIMEOUT_B_MS, NULL);
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

	TRY(poll_status(r, STS_VALID, STS_VALID, false, TIMEOUT_C_MS, &status));
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

static int tis_send(struct wire *wire, const u8 *cmd, size_t len) {
	unsigned expect_tries = 0, silence_tries = 0;

	for (;;) {
		int err = push_command(&wire->regs, cmd, len);

		regs_write(&wire->regs, REG_STS, err ? STS_READY : STS_GO); /* abort it, or start it */
		if (err == -EPROTO && ++expect_tries < EXPECT_TRIES) continue;
		if (err == -ETIMEDOUT && ++silence_tries < SILENCE_TRIES) continue;
		return err == -EPROTO ? -EIO : err;
	}
}

/* A device that is Ready again without having answered has lost the command: no use to wait for more. */
static int tis_wait(struct wire *wire, u64 timeout_ms) {
	const struct tpm_regs *r = &wire->regs;
	int err = poll_answer(r, TIMEOUT_D_MS);

	if (err != -ETIMEDOUT) return err;
	if (regs_read(r, REG_STS) & STS_READY) return regs_gone(r, REG_DID_VID) ? -ENODEV : -EIO;
	return poll_answer(r, timeout_ms);
}

static int pull_bytes(const struct tpm_regs *r, u8 *ret_bytes, size_t len) {
	for (size_t done = 0; done < len;) {
		u32 burst;

		TRY(poll_answer(r, TIMEOUT_C_MS));
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
	TRY(poll_status(r, STS_VALID, STS_VALID, false, TIMEOUT_C_MS, &status));
	if (status & STS_AVAIL) return -EPROTO; /* bytes left over */
	*ret_len = len;
	return 0;
}

static int tis_receive(struct wire *wire, u8 *ret_rsp, size_t cap, size_t *ret_len) {
	int err;

	for (unsigned try = 1;; try++) {
		err = pull_response(&wire->regs, ret_rsp, cap, ret_len);
		/* A time-out: the device has fewer bytes than it said. */
		if ((err != -EPROTO && err != -ETIMEDOUT) || try == RESPONSE_TRIES) break;
		regs_write(&wire->regs, REG_STS, STS_RETRY);
	}
	regs_write(&wire->regs, REG_STS, STS_READY); /* frees the device's buffer */
	return err == -EPROTO || err == -ETIMEDOUT ? -EIO : err;
}

const struct wire_protocol wire_tis = { tis_open, tis_close, tis_send, tis_wait, tis_receive };
