/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/wire.c - TIS or CRB, chosen once.
 *
 * Relies on tis.c and crb.c. Invariant: once dead, no register is touched again.
 */
#include "tpm/wire.h"

#include "tpm/frame.h"

/* KIND: type and version. */
enum { REG_INTF_ID = 0x30, INTF_KIND = 0xff, INTF_KIND_CRB = 0x11, INTF_KIND_FIFO = 0x00, INTF_CAP_FIFO = 1 << 13,
       INTF_CAP_CRB = 1 << 14 };

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

/* The longest that the command may run before it is given up. */
static u64 duration_ms(u32 command_code) {
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

	*wire = (struct wire){ .regs = *regs, .interface = choose(regs, where), .has_head = where->has_head };
	wire->protocol = wire->interface == TPM_IF_TIS ? &wire_tis : &wire_crb;
	wire->table_disagrees = wire->interface != where->interface;
	err = wire->protocol->open(wire);
	wire->dead = err != 0;
	if (err)
		*ret_why = err == -ENODEV ? "nothing that is a TPM answers at its registers"
					  : "it does not give locality 0, or does not become ready";
	return err;
}

void wire_close(struct wire *wire) {
	if (!wire->dead) wire->protocol->close(wire);
	wire->dead = true;
}

int wire_exchange(struct wire *wire, const u8 *cmd, size_t len, u8 *ret_rsp, size_t cap, size_t *ret_len) {
	if (wire->dead) return -EIO;
	int err = wire->protocol->send(wire, cmd, len);
	if (!err) {
		err = wire->protocol->wait(wire, duration_ms(frame_code(cmd)));
		wire->dead = err == -ETIMEDOUT;
	}
	if (!err) err = wire->protocol->receive(wire, ret_rsp, cap, ret_len);
	wire->dead |= err == -ENODEV;
	return err;
}
