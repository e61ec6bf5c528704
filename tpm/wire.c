/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/wire.c - TIS or CRB, chosen once.
 *
 * Relies on tis.c and crb.c. Invariant: once dead, no register is touched again.
 */
#include "tpm/wire.h"

#include "kernel/base/try.h"
#include "tpm/frame.h"
#include "tpm/location.h"
#include "tpm/tis.h"

#define REG_INTF_ID 0x30u
#define INTF_KIND 0xffu          /* type and version */
#define INTF_KIND_CRB 0x11u
#define INTF_KIND_FIFO 0x00u
#define INTF_CAP_FIFO (1u << 13)
#define INTF_CAP_CRB (1u << 14)

static const struct {
	u32 code;
	u32 ms;
} durations[] = {
	{ 0x13e, 750 },     /* SequenceComplete */
	{ 0x143, 3000 },    /* SelfTest */
	{ 0x144, 750 },     /* Startup */
	{ 0x15c, 750 },     /* SequenceUpdate */
	{ 0x182, 750 },     /* PCR_Extend */
	{ 0x185, 750 },     /* EventSequenceComplete */
	{ 0x186, 750 },     /* HashSequenceStart */
	{ 0x17a, 750 },     /* GetCapability */
	{ 0x17b, 2000 },    /* GetRandom */
	{ 0x17e, 2000 },    /* PCR_Read */
	{ 0x165, 2000 },    /* FlushContext */
	{ 0x145, 2000 },    /* Shutdown */
	{ 0x14e, 2000 },    /* NV_Read */
	{ 0x177, 30000 },   /* VerifySignature */
	{ 0x131, 300000 },  /* CreatePrimary: a key search of unknown length */
	{ 0x153, 300000 },  /* Create */
	{ 0x191, 300000 },  /* CreateLoaded */
};
#define DURATION_DEFAULT_MS 120000u

u64 wire_duration_ms(u32 command_code)
{
	for (size_t i = 0; i < ARRAY_COUNT(durations); i++) {
		if (durations[i].code == command_code) return durations[i].ms + WIRE_GRACE_MS;
	}
	return DURATION_DEFAULT_MS + WIRE_GRACE_MS;
}

/* The registers win over ACPI's table where both can be asked: tables are copied between machines. */
static enum tpm_interface choose(const struct tpm_regs *regs, const struct tpm_location *where)
{
	u32 id = location_has_head(where) ? regs_read(regs, REG_INTF_ID) : INTF_KIND_CRB | INTF_CAP_CRB;

	if ((id & INTF_KIND) == INTF_KIND_CRB && (id & INTF_CAP_CRB)) return TPM_IF_CRB;
	if ((id & INTF_KIND) == INTF_KIND_FIFO && (id & INTF_CAP_FIFO)) return TPM_IF_TIS;
	return where->start_method == LOCATION_START_CRB ? TPM_IF_CRB : TPM_IF_TIS;
}

int wire_open(struct wire *wire, const struct tpm_regs *regs, const struct tpm_location *where, const char **ret_why)
{
	int err;

	*wire = (struct wire){ .regs = *regs, .interface = choose(regs, where) };
	wire->table_disagrees = (where->start_method == LOCATION_START_CRB) != (wire->interface == TPM_IF_CRB);
	if (wire->interface == TPM_IF_TIS)
		err = tis_open(&wire->regs);
	else
		err = crb_open(&wire->crb, &wire->regs, location_has_head(where));
	if (!err) return 0;
	wire->dead = true;
	*ret_why = err == -ENODEV ? "nothing that is a TPM answers at its registers"
				  : "it does not give locality 0, or does not become ready";
	return err;
}

void wire_close(struct wire *wire)
{
	if (wire->dead) return;
	if (wire->interface == TPM_IF_TIS)
		tis_close(&wire->regs);
	else
		crb_close(&wire->crb);
	wire->dead = true;
}

static int tis_exchange(const struct tpm_regs *r, const u8 *cmd, size_t len, u8 *ret_rsp, size_t cap, size_t *ret_len,
			bool *ret_started)
{
	TRY(tis_send(r, cmd, len));
	*ret_started = true;
	TRY(tis_wait(r, wire_duration_ms(frame_code(cmd))));
	return tis_receive(r, ret_rsp, cap, ret_len);
}

static int crb_exchange(struct crb *c, const u8 *cmd, size_t len, u8 *ret_rsp, size_t cap, size_t *ret_len,
			bool *ret_started)
{
	TRY(crb_send(c, cmd, len));
	*ret_started = true;
	TRY(crb_wait(c, wire_duration_ms(frame_code(cmd))));
	return crb_receive(c, ret_rsp, cap, ret_len);
}

int wire_exchange(struct wire *wire, const u8 *cmd, size_t len, u8 *ret_rsp, size_t cap, size_t *ret_len)
{
	bool started = false;
	int err;

	if (wire->dead) return -EIO;
	if (wire->interface == TPM_IF_TIS)
		err = tis_exchange(&wire->regs, cmd, len, ret_rsp, cap, ret_len, &started);
	else
		err = crb_exchange(&wire->crb, cmd, len, ret_rsp, cap, ret_len, &started);
	wire->dead = err == -ENODEV || (err == -ETIMEDOUT && started);
	return err;
}
