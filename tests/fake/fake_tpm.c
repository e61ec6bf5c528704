/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/fake_tpm.c - the registers: TIS and CRB as PTP describes them.
 *
 * Relies on fake_tpm_exec.c for what a command does. Invariant: a fault hits the commands numbered
 * fault_at to fault_at + fault_count - 1 and nothing else.
 */
#include "tests/fake/fake_tpm.h"

#include "kernel/base/mem.h"
#include "tpm/frame.h"

enum { IDLE, READY, RECEPTION, EXECUTION, COMPLETION };

#define BUFFER_ADDR 0xfed40080ull
#define DID_VID 0x00011014u

static bool hit(const struct fake_tpm *f)
{
	u64 count = f->fault_count ? f->fault_count : 1;

	return f->fault && f->commands >= f->fault_at && f->commands - f->fault_at < count;
}

/* A CRB driver finds what it wrote itself. */
static void lose(struct fake_tpm *f)
{
	if (f->crb)
		memcpy(f->rsp, f->shown, sizeof(f->rsp));
	f->rsp_len = 0;
	f->state = f->crb ? COMPLETION : READY;
}

static void spoil(struct fake_tpm *f)
{
	switch (f->fault) {
	case FAKE_DROP_AFTER:
	case FAKE_HALF:
		lose(f);
		break;
	case FAKE_SHORT:
		f->rsp_len -= 3;
		if (f->crb)
			store_be32(f->rsp + 2, (u32)f->rsp_len);
		break;
	case FAKE_SHORT_ONCE:
		f->short_once = true;
		break;
	case FAKE_LONG:
		f->rsp_len++;
		break;
	case FAKE_SIZE_HUGE:
		store_be32(f->rsp + 2, 0x7fffffff);
		break;
	case FAKE_SIZE_SMALL:
		store_be32(f->rsp + 2, 9);
		break;
	case FAKE_TAG:
		store_be16(f->rsp, 0x00c4);
		break;
	case FAKE_ONES:
		memset(f->rsp, 0xff, sizeof(f->rsp));
		break;
	case FAKE_RC_AFTER:
		store_be16(f->rsp, 0x8001);
		store_be32(f->rsp + 2, 10);
		store_be32(f->rsp + 6, f->fault_rc);
		f->rsp_len = 10;
		break;
	case FAKE_GONE_AFTER:
		f->gone = 1;
		break;
	case FAKE_FATAL:
		f->fatal = true;
		break;
	default:
		break;
	}
}

static void finish(struct fake_tpm *f)
{
	bool faulty = f->faulty;

	f->rsp_pos = 0;
	f->state = COMPLETION;
	if (faulty && f->fault == FAKE_DROP_BEFORE) {
		lose(f);
		return;
	}
	if (faulty && f->fault == FAKE_RC) {
		store_be16(f->rsp, 0x8001);
		store_be32(f->rsp + 2, 10);
		store_be32(f->rsp + 6, f->fault_rc);
		f->rsp_len = 10;
		return;
	}
	fake_tpm_exec(f);
	if (faulty)
		spoil(f);
}

static void go(struct fake_tpm *f)
{
	f->state = EXECUTION;
	f->done_us = f->now_us + f->run_us;
	if (f->fault_code && frame_code(f->cmd) != f->fault_code)
		f->faulty = false;
	if (!f->faulty)
		return;
	if (f->fault == FAKE_IGNORE)
		f->state = RECEPTION;
	else if (f->fault == FAKE_STALL)
		f->done_us = UINT64_MAX;
	else if (f->fault == FAKE_GONE_ONES)
		f->gone = 1;
	else if (f->fault == FAKE_GONE_ZEROS)
		f->gone = 2;
	else if (f->fault == FAKE_NO_LOCALITY) {
		f->locality = false;
		f->no_locality = true;
	}
}

/* Every access costs a microsecond; a command whose time has come ends. */
static void touch(struct fake_tpm *f)
{
	f->accesses++;
	f->now_us++;
	if (f->state == EXECUTION && f->now_us >= f->done_us)
		finish(f);
}

/* Length that the command in the buffer claims; 10 until that is known. */
static size_t claimed(const struct fake_tpm *f)
{
	size_t len = f->cmd_len < 6 ? 10 : load_be32(f->cmd + 2);

	if (f->faulty && f->fault == FAKE_EXPECT)
		len++;
	if (f->faulty && f->fault == FAKE_EXPECT_LESS)
		len--;
	return len;
}

static size_t response_left(const struct fake_tpm *f)
{
	size_t len = f->short_once ? f->rsp_len - 3 : f->rsp_len;

	return f->rsp_pos < len ? len - f->rsp_pos : 0;
}

static u32 burst_count(struct fake_tpm *f)
{
	size_t room = f->state == COMPLETION ? response_left(f) : sizeof(f->cmd) - f->cmd_len;

	if (f->state == EXECUTION || (f->stutter && f->burst_reads++ % 2 == 0))
		room = 0;
	f->granted = min_u64(room, f->burst);
	return (u32)f->granted;
}

static u32 tis_status(struct fake_tpm *f)
{
	u32 status = 1u << 26; /* family: TPM 2.0 */

	if (!f->locality)
		return 0xffffffffu;
	switch (f->state) {
	case READY:
		status |= 0x40;
		break;
	case RECEPTION:
		status |= 0x80 | (f->cmd_len < claimed(f) ? 0x08 : 0);
		break;
	case COMPLETION:
		status |= 0x80 | (response_left(f) ? 0x10 : 0);
		break;
	default:
		break;
	}
	return status | burst_count(f) << 8;
}

static void begin_command(struct fake_tpm *f)
{
	f->cmd_len = 0;
	f->commands++;
	f->faulty = hit(f);
}

static void tis_write_status(struct fake_tpm *f, u32 value)
{
	switch (value) {
	case 0x40:
		if (f->state == RECEPTION)
			f->commands--; /* aborted: it was none */
		f->state = f->state == EXECUTION ? EXECUTION : READY;
		f->short_once = false;
		if (f->faulty && (f->fault == FAKE_EXPECT || f->fault == FAKE_EXPECT_LESS)) {
			f->fault_count -= f->fault_count > 0;
			if (!f->fault_count)
				f->fault = FAKE_FAULT_NONE;
		}
		break;
	case 0x20:
		if (f->state == RECEPTION && f->cmd_len == claimed(f))
			go(f);
		else
			f->protocol_errors++;
		break;
	case 0x02:
		f->rsp_pos = 0;
		f->short_once = false;
		break;
	case 1u << 24:
		if (f->state == EXECUTION)
			f->done_us = f->now_us;
		break;
	default:
		f->protocol_errors++;
	}
}

static void tis_fifo_in(struct fake_tpm *f, u8 value)
{
	if (f->state == READY) {
		begin_command(f);
		f->state = RECEPTION;
	}
	if (f->state != RECEPTION || f->cmd_len == sizeof(f->cmd) || !f->granted) {
		f->protocol_errors++;
		return;
	}
	f->granted--;
	f->cmd[f->cmd_len++] = value;
}

static u8 tis_fifo_out(struct fake_tpm *f)
{
	if (f->state != COMPLETION || !f->granted || !response_left(f)) {
		f->protocol_errors++;
		return 0xff;
	}
	f->granted--;
	return f->rsp[f->rsp_pos++];
}

static u8 read8(void *bus, u32 addr)
{
	struct fake_tpm *f = bus;

	touch(f);
	if (f->gone)
		return f->gone == 1 ? 0xff : 0;
	switch (addr) {
	case 0x00:
		return f->locality ? 0xa1 : 0x81;
	case 0x24:
		return tis_fifo_out(f);
	default:
		f->protocol_errors++;
		return 0xff;
	}
}

static void write8(void *bus, u32 addr, u8 value)
{
	struct fake_tpm *f = bus;

	touch(f);
	if (f->gone)
		return;
	if (addr == 0x24) {
		tis_fifo_in(f, value);
	} else if (addr == 0x00) {
		if (value == 0x02 && !f->no_locality)
			f->locality = true;
		else if (value == 0x20)
			f->locality = false;
	} else {
		f->protocol_errors++;
	}
}

static u32 crb_read(struct fake_tpm *f, u32 addr)
{
	u64 rsp = f->rsp_addr ? f->rsp_addr : BUFFER_ADDR;

	switch (addr) {
	case 0x00:
		return f->locality ? 0x83 : 0x81;
	case 0x0c:
		return f->locality;
	case 0x30:
		return 0x25811;
	case 0x44:
		return (f->fatal ? 1u : 0) | (f->state == IDLE ? 2u : 0);
	case 0x4c:
		return f->state == EXECUTION;
	case 0x58:
	case 0x64:
		return 0xf80;
	case 0x5c:
		return (u32)BUFFER_ADDR;
	case 0x68:
		return (u32)rsp;
	case 0x6c:
		return (u32)(rsp >> 32);
	default:
		return 0;
	}
}

static u32 read32(void *bus, u32 addr)
{
	struct fake_tpm *f = bus;

	touch(f);
	if (f->gone)
		return f->gone == 1 ? 0xffffffffu : 0;
	if (f->crb)
		return crb_read(f, addr);
	switch (addr) {
	case 0x18:
		return tis_status(f);
	case 0x30:
		return 0x2100;
	case 0xf00:
		return DID_VID;
	default:
		return 0;
	}
}

static void crb_write(struct fake_tpm *f, u32 addr, u32 value)
{
	switch (addr) {
	case 0x08:
		f->locality = value == 1 && !f->no_locality;
		break;
	case 0x40:
		if (f->state == EXECUTION)
			f->protocol_errors++;
		else
			f->state = value == 1 ? READY : IDLE;
		break;
	case 0x48:
		if (value && f->state == EXECUTION)
			f->done_us = f->now_us;
		break;
	case 0x4c:
		if (f->state != RECEPTION || !f->locality)
			f->protocol_errors++;
		else
			go(f);
		break;
	default:
		f->protocol_errors++;
	}
}

static void write32(void *bus, u32 addr, u32 value)
{
	struct fake_tpm *f = bus;

	touch(f);
	if (f->gone)
		return;
	if (f->crb)
		crb_write(f, addr, value);
	else if (addr == 0x18)
		tis_write_status(f, value);
	else if (addr != 0x08)
		f->protocol_errors++;
}

static bool within(u64 addr, size_t len, u64 base)
{
	return addr >= base && addr - base <= 0xf80 && len <= 0xf80 - (addr - base);
}

static int read_buffer(void *bus, paddr_t addr, void *ret_buf, size_t len)
{
	struct fake_tpm *f = bus;
	u64 base = f->rsp_addr && within(addr, len, f->rsp_addr) ? f->rsp_addr : BUFFER_ADDR;

	touch(f);
	if (!within(addr, len, base))
		return -EIO;
	if (f->gone)
		memset(ret_buf, f->gone == 1 ? 0xff : 0, len);
	else
		memcpy(ret_buf, f->rsp + (addr - base), len);
	return 0;
}

static int write_buffer(void *bus, paddr_t addr, const void *buf, size_t len)
{
	struct fake_tpm *f = bus;

	touch(f);
	if (f->rsp_addr && within(addr, len, f->rsp_addr)) {
		memcpy(f->rsp + (addr - f->rsp_addr), buf, len);
		memcpy(f->shown, f->rsp, sizeof(f->shown));
		return 0;
	}
	if (!within(addr, len, BUFFER_ADDR))
		return -EIO;
	if (f->state != READY)
		f->protocol_errors++;
	begin_command(f);
	memcpy(f->cmd + (addr - BUFFER_ADDR), buf, len);
	if (!f->rsp_addr) { /* one buffer for both */
		memcpy(f->rsp, f->cmd, sizeof(f->rsp));
		memcpy(f->shown, f->rsp, sizeof(f->shown));
	}
	f->cmd_len = len;
	f->state = RECEPTION;
	return 0;
}

static u64 now_ms(void *bus)
{
	return ((struct fake_tpm *)bus)->now_us / 1000;
}

static void pause50(void *bus)
{
	((struct fake_tpm *)bus)->now_us += 50;
}

void fake_tpm_init(struct fake_tpm *fake, bool crb)
{
	static const u16 algs[] = { 0x0004, 0x000b, 0x000c, 0x000d };
	static const u8 lens[] = { 20, 32, 48, 64 };

	memset(fake, 0, sizeof(*fake));
	fake->crb = crb;
	fake->started = true;
	fake->burst = 4096;
	fake->run_us = 300;
	fake->bank_count = ARRAY_COUNT(algs);
	for (size_t i = 0; i < ARRAY_COUNT(algs); i++) {
		fake->banks[i].alg = algs[i];
		fake->banks[i].len = lens[i];
		memset(fake->banks[i].pcrs[17], 0xff, 6 * HASH_MAX_LEN);
		for (unsigned pcr = 0; pcr < 8; pcr++)
			memset(fake->banks[i].pcrs[pcr], (int)(0x10 + pcr), lens[i]);
	}
}

void fake_tpm_fault(struct fake_tpm *fake, enum fake_fault fault, u64 n)
{
	fake->fault = fault;
	fake->fault_at = fake->commands + n;
}

struct tpm_regs fake_tpm_regs(struct fake_tpm *fake)
{
	return (struct tpm_regs){
		.read8 = read8, .write8 = write8, .read32 = read32, .write32 = write32, .read_buffer = read_buffer,
		.write_buffer = write_buffer, .now_ms = now_ms, .pause = pause50, .bus = fake,
	};
}

struct tpm_location fake_tpm_location(const struct fake_tpm *fake)
{
	return (struct tpm_location){ fake->crb ? TPM_IF_CRB : TPM_IF_TIS, 0xfed40000, true };
}
