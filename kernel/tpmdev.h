/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/tpmdev.h - the machine's TPM: found at boot, and what programs see of it.
 *
 * /dev/tpm0 takes one opener, /dev/tpmrm0 any number; through both a program writes one command and reads its
 * response, as on Linux. Every command passes the allow-list of tpm/filter.h: a refused one is answered with a
 * TPM response code, a sentence and an audit line. What an opener of /dev/tpmrm0 has loaded (objects, sessions
 * that it did not save) is flushed when it closes. Handles are the TPM's own, not virtual ones: two openers
 * see the same few slots.
 *
 * A command runs inside write(): the machine waits for it.
 *
 * Context    boot (tpmdev_init, tpmdev_register_nodes), then task context.
 * Ownership  the struct tpm lives for ever.
 * Errors     -ENODEV no TPM: neither ACPI nor the firmware's TCG2 protocol know one. Anything else: there is
 *            one and it cannot be used (-EIO, -ETIMEDOUT, -EOPNOTSUPP, -EBADMSG, -ENOMEM); the reason was logged.
 * Source     Linux tpm character device (driver API); Linux ABI stable/sysfs-class-tpm.
 */
#pragma once

#include "boot/bootinfo.h"
#include "tpm/tpm.h"

/* Without a TPM2 table no register is touched. */
must_check int tpmdev_init(const struct bootinfo *boot, struct tpm **ret_tpm);

/*
 * /dev/tpm0, /dev/tpmrm0, /sys/class/tpm/tpm0/{tpm_version_major,pcr-BANK/N} and
 * /sys/kernel/security/tpm0/binary_bios_measurements. Only after tpmdev_init gave a TPM.
 */
must_check int tpmdev_register_nodes(void);

/* Tells the TPM, if there is one that works, that power goes. */
void tpmdev_shutdown(void);
