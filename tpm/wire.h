/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/wire.h - one command to the TPM and its response back, over TIS or CRB.
 *
 * A wire holds locality 0 from wire_open to wire_close. How long a command may run is known by its code.
 *
 * A command whose time is over is not cancelled: what it did is unknown either way, and an emulated device
 * may carry a cancel out at once, stopping the machine for as long as its own backend stands still. The wire
 * then is dead: nothing is sent through it any more, because a late answer would be taken for the next one.
 *
 * Context    task context; busy-waits.
 * Units      bytes, ms.
 * Ownership  the struct is the caller's; regs is copied, its bus must outlive the wire.
 * Errors     -ENODEV nothing answers at the registers, or the buffers cannot be reached, or the device says that it
 *            has failed; -ETIMEDOUT; -EIO bytes that are no response, a device that does not follow the protocol or
 *            lost the command, or dead; -E2BIG a command longer than the device takes.
 * Source     PTP 1.05, section 6.5 (durations: 6.5.1.3, table 17; the longer ones that Linux grants, because
 *            firmware is tested against it); TPM 2.0 Library part 1, section 18.
 */
#pragma once

#include "tpm/tpm.h"

/* Added to each command's duration before the device is given up: a busy machine may run an emulated TPM late. */
#define WIRE_GRACE_MS 4000u

struct wire {
	const struct wire_protocol *protocol;
	struct tpm_regs regs;
	enum tpm_interface interface;
	bool table_disagrees;        /* ACPI's table named the other interface than the registers do */
	bool has_head;               /* CRB: the registers below the control area are there: locality, interface id */
	bool dead;
	paddr_t cmd_addr, rsp_addr;  /* CRB's buffers */
	u32 cmd_len, rsp_len;
};

/*
 * One interface (tis.c, crb.c). open checks that a device answers and takes locality 0, where there is one, close gives
 * it back; send hands over one whole command and starts it; wait gives 0 once the response is there; receive reads it:
 * its tag and size were checked and every byte arrived.
 */
struct wire_protocol {
	int (*open)(struct wire *wire);
	void (*close)(struct wire *wire);
	int (*send)(struct wire *wire, const u8 *cmd, size_t len);
	int (*wait)(struct wire *wire, u64 timeout_ms);
	int (*receive)(struct wire *wire, u8 *ret_rsp, size_t cap, size_t *ret_len);
};
extern const struct wire_protocol wire_tis, wire_crb;

/* ret_why gets a static sentence on failure. */
must_check int wire_open(struct wire *wire, const struct tpm_regs *regs, const struct tpm_location *where,
			 const char **ret_why);
void wire_close(struct wire *wire);

/* One submission; cmd has at least a header, rsp room for one. */
must_check int wire_exchange(struct wire *wire, const u8 *cmd, size_t len, u8 *ret_rsp, size_t cap, size_t *ret_len);
