/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/wire.c - TIS or CRB, chosen once.
 *
 * Relies on tis.c and crb.c. Invariant: once dead, no register is touched again.
 */
#include "tpm/wire.h"

#include "tpm/frame.h"
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
	{ 0x13e, 750 } /* SequenceComplete */, { 0x15c, 750 } /* SequenceUpdate */,
	{ 0x186, 750 } /* HashSequenceStart */,
	{ 0x144, 750 } /* Startup */, { 0x145, 2000 } /* Shutdown */, { 0x143, 3000 } /* SelfTest */,
	{ 0x182, 750 } /* PCR_Extend */, { 0x17e, 2000 } /* PCR_Read */, { 0x185, 750 } /* EventSequenceComplete */,
	{ 0x17a, 750 } /* GetCapability */, { 0x17b, 2000 } /* GetRandom */, { 0x165, 2000 } /* FlushContext */,
	{ 0x14e, 2000 } /* NV_Read */, { 0x177, 30000 } /* VerifySignature */,
	/* A key search of unknown length: CreatePrimary, Create, CreateLoaded. */
	{ 0x131, 300000 }, { 0x153, 300000 }, { 0x191, 300000 },
};
#define DURATION_DEFAULT_MS 120000u

u64 wire_duration_ms(u32 command_code) {
	for (size_t i = 0; i < ARRAY_COUNT(durations); i++) {
		if (durations[i].code == command_code) return durations[i].ms + WIRE_GRACE_MS;
	}
	return DURATION_DEFAULT_MS + WIRE_GRACE_MS;
}

/* The registers win over ACPI's table where both can be asked: tables are copied between machines. */
static enum tpm_interface choose(const struct tpm_regs *regs, const struct tpm_location *where) {
	u32 id = where->has_head ? regs_read(regs, REG_INTF_ID) : INTF_KIND_CRB | INTF_CAP_CRB;

	if ((id & INTF_KIND) == INTF_KIND_CRB && (id & INTF_CAP_CRB)) return TPM_IF_CRB;
	if ((id & INTF_KIND) == INTF_KIND_FIFO && (id & INTF_CAP_FIFO)) return TPM_IF_TIS;
	return where->interface;
}

int wire_open(struct wire *wire, const struct tpm_regs *regs, const struct tpm_location *where, const char **ret_why) {
	int err;

	*wire = (struct wire){ .regs = *regs, .interface = choose(regs, where) };
	wire->table_disagrees = wire->interface != where->interface;
	if (wire->interface == TPM_IF_TIS)
		err = tis_open(&wire->regs);
	else
		err = crb_open(&wire->crb, &wire->regs, where->has_head);
	if (!err) return 0;
	wire->dead = true;
	*ret_why = err == -ENODEV ? "nothing that is a TPM answers at its registers"
				  : "it does not give locality 0, or does not become ready";
	return err;
}

void wire_close(struct wire *wire) {
	if (wire->dead) return;
	if (wire->interface == TPM_IF_TIS)
		tis_close(&wire->regs);
	else
		crb_close(&wire->crb);
	wire->dead = true;
}

int wire_exchange(struct wire *wire, const u8 *cmd, size_t len, u8 *ret_rsp, size_t cap, size_t *ret_len) {
	bool tis = wire->interface == TPM_IF_TIS;
	const struct tpm_regs *r = &wire->regs;
	struct crb *c = &wire->crb;
	u64 ms = wire_duration_ms(frame_code(cmd));

	if (wire->dead) return -EIO;
	int err = tis ? tis_send(r, cmd, len) : crb_send(c, cmd, len);
	if (!err) {
		err = tis ? tis_wait(r, ms) : crb_wait(c, ms);
		wire->dead = err == -ETIMEDOUT;
	}
	if (!err) err = tis ? tis_receive(r, ret_rsp, cap, ret_len) : crb_receive(c, ret_rsp, cap, ret_len);
	wire->dead |= err == -ENODEV;
	return err;
}
