/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/wire.c - TIS or CRB, chosen once.
 *
 * Relies on tis.c and crb.c. Invariant: once dead, no register is touched again.
 */
#include "tpm/wire.h"

#include "tpm/frame.h"
#include "tpm/location.h"

#define REG_INTF_ID 0x30u
#define INTF_TYPE(id) ((id) & 0xfu)
#define INTF_VERSION(id) ((id) >> 4 & 0xfu)
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
		if (durations[i].code == command_code)
			return durations[i].ms + WIRE_GRACE_MS;
	}
	return DURATION_DEFAULT_MS + WIRE_GRACE_MS;
}

static bool is_crb(u32 id)
{
	return INTF_TYPE(id) == 1 && INTF_VERSION(id) == 1 && (id & INTF_CAP_CRB);
}

static bool is_fifo(u32 id)
{
	return INTF_TYPE(id) == 0 && INTF_VERSION(id) == 0 && (id & INTF_CAP_FIFO);
}

/* The registers win over ACPI's table where both can be asked: tables are copied between machines. */
static int choose(struct wire *w, const struct tpm_location *where, bool *ret_has_head, const char **ret_why)
{
	bool has_head = location_has_head(where);
	u32 id = has_head ? w->regs.read32(w->regs.bus, REG_INTF_ID) : 0;

	switch (where->start_method) {
	case LOCATION_START_TIS:
		w->interface = is_crb(id) ? TPM_IF_CRB : TPM_IF_TIS;
		w->table_disagrees = w->interface == TPM_IF_CRB;
		break;
	case LOCATION_START_CRB:
		w->interface = is_fifo(id) ? TPM_IF_TIS : TPM_IF_CRB;
		w->table_disagrees = w->interface == TPM_IF_TIS;
		break;
	default:
		*ret_why = "its start method needs ACPI methods, a secure monitor or a bus that is not supported";
		return -ENODEV;
	}
	*ret_has_head = has_head;
	return 0;
}

int wire_open(struct wire *wire, const struct tpm_regs *regs, const struct tpm_location *where, const char **ret_why)
{
	bool has_head;
	int err;

	*wire = (struct wire){ .regs = *regs };
	err = choose(wire, where, &has_head, ret_why);
	if (err)
		return err;
	if (wire->interface == TPM_IF_TIS)
		err = tis_open(&wire->tis, &wire->regs);
	else
		err = crb_open(&wire->crb, &wire->regs, has_head);
	if (err) {
		wire->dead = true;
		*ret_why = err == -ENODEV ? "nothing that is a TPM answers at its registers"
					  : "it does not give locality 0, or does not become ready";
	}
	return err;
}

void wire_close(struct wire *wire)
{
	if (wire->dead)
		return;
	if (wire->interface == TPM_IF_TIS)
		tis_close(&wire->tis);
	else
		crb_close(&wire->crb);
	wire->dead = true;
}

/* What a device that is gone, or says that it failed, answers later is not to be believed. */
static int note(struct wire *w, int err)
{
	if (err == -ENODEV || (w->interface == TPM_IF_CRB && w->crb.failed))
		w->dead = true;
	return err;
}

int wire_send(struct wire *wire, const u8 *cmd, size_t len)
{
	if (wire->dead)
		return -EIO;
	return note(wire, wire->interface == TPM_IF_TIS ? tis_send(&wire->tis, cmd, len)
							 : crb_send(&wire->crb, cmd, len));
}

int wire_wait(struct wire *wire, u64 timeout_ms)
{
	int err;

	if (wire->dead)
		return -EIO;
	err = wire->interface == TPM_IF_TIS ? tis_wait(&wire->tis, timeout_ms) : crb_wait(&wire->crb, timeout_ms);
	return err == -ETIMEDOUT ? -EAGAIN : note(wire, err);
}

int wire_receive(struct wire *wire, u8 *ret_rsp, size_t cap, size_t *ret_len)
{
	if (wire->dead)
		return -EIO;
	return note(wire, wire->interface == TPM_IF_TIS ? tis_receive(&wire->tis, ret_rsp, cap, ret_len)
							 : crb_receive(&wire->crb, ret_rsp, cap, ret_len));
}

void wire_cancel(struct wire *wire)
{
	if (wire->dead)
		return;
	if (wire->interface == TPM_IF_TIS)
		tis_cancel(&wire->tis);
	else
		crb_cancel(&wire->crb);
}

void wire_give_up(struct wire *wire)
{
	wire->dead = true;
}

int wire_exchange(struct wire *wire, const u8 *cmd, size_t len, u8 *ret_rsp, size_t cap, size_t *ret_len)
{
	int err = wire_send(wire, cmd, len);

	if (err)
		return err;
	err = wire_wait(wire, wire_duration_ms(frame_code(cmd)));
	if (err == -EAGAIN) {
		wire_give_up(wire);
		return -ETIMEDOUT;
	}
	return err ? err : wire_receive(wire, ret_rsp, cap, ret_len);
}

u64 wire_now_ms(const struct wire *wire)
{
	return wire->regs.now_ms(wire->regs.bus);
}

void wire_pause(const struct wire *wire)
{
	wire->regs.pause(wire->regs.bus);
}
