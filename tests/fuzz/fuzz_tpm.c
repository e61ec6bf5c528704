/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fuzz/fuzz_tpm.c - a TPM whose every register and answer comes from the input.
 *
 * The first byte chooses TIS, CRB with answers of any bytes, or CRB with any registers. Time flies, so that
 * waits end; an extend that reports success must have seen at least one answer.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/base/cursor.h"
#include "tests/fake/fake_port.h"
#include "tpm/tpm.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t len);

struct bus {
	struct cursor input;
	u8 kind;
	u64 us;
	u64 buffers_read;
};

static u32 next32(struct bus *b)
{
	b->us += 1000;
	return cursor_left(&b->input) < 4 ? 0xffffffffu : cursor_le32(&b->input);
}

static u32 read32(void *bus, u32 addr)
{
	struct bus *b = bus;

	if (b->kind != 1)
		return next32(b);
	b->us += 1000;
	switch (addr) {
	case 0x00:
		return 0x83;
	case 0x30:
		return 0x25811;
	case 0x58:
	case 0x64:
		return 0xf80;
	case 0x5c:
	case 0x68:
		return 0xfed40080;
	default:
		return 0;
	}
}

static u8 read8(void *bus, u32 addr)
{
	struct bus *b = bus;

	b->us += 1000;
	if (addr == 0 && b->kind == 0)
		return 0xa1;
	return cursor_left(&b->input) ? cursor_u8(&b->input) : 0xff;
}

static void write8(void *bus, u32 addr, u8 value)
{
	(void)bus;
	(void)addr;
	(void)value;
}

static void write32(void *bus, u32 addr, u32 value)
{
	(void)bus;
	(void)addr;
	(void)value;
}

static int read_buffer(void *bus, paddr_t addr, void *ret_buf, size_t len)
{
	struct bus *b = bus;

	(void)addr;
	b->buffers_read++;
	memset(ret_buf, 0, len);
	return cursor_get_bytes(&b->input, ret_buf, min_u64(len, cursor_left(&b->input)));
}

static int write_buffer(void *bus, paddr_t addr, const void *buf, size_t len)
{
	(void)bus;
	(void)addr;
	(void)buf;
	(void)len;
	return 0;
}

static u64 now_ms(void *bus)
{
	return ((struct bus *)bus)->us / 1000;
}

static void pause_long(void *bus)
{
	((struct bus *)bus)->us += 50000;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t len)
{
	struct bus bus = { .input = cursor_init(data, len) };
	struct tpm_regs regs = { read8, write8, read32, write32, read_buffer, write_buffer, now_ms, pause_long, &bus };
	struct tpm_location where = { .base = 0xfed40000, .has_head = true };
	struct tpm_digests digests = { 0 };
	struct tpm tpm;
	u8 random[40];

	bus.kind = cursor_u8(&bus.input) % 3;
	where.interface = bus.kind ? TPM_IF_CRB : TPM_IF_TIS;
	if (tpm_open(&tpm, &regs, &where, NULL))
		return fake_port_live() ? abort(), 0 : 0;
	if (!tpm.bank_count || tpm.bank_count > TPM_BANKS_MAX)
		abort();
	u64 before = bus.buffers_read + bus.input.pos;

	if (tpm_extend(&tpm, 10, &digests) == 0 && before == bus.buffers_read + bus.input.pos)
		abort();
	(void)tpm_pcr_read(&tpm, 10, &digests); /* any outcome will do */
	(void)tpm_random(&tpm, random, sizeof(random)); /* likewise */
	tpm_close(&tpm, true);
	return fake_port_live() ? abort(), 0 : 0;
}
