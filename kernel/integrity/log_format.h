/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/log_format.h - a record of the measurement list as a verifier sees it.
 *
 *   u32 pcr | template digest, as long as the bank's | u32 name length | name, no NUL | u32 data length | data
 *
 * There is no header and no count; the digest length follows from the name of the file that is read. All numbers
 * are little-endian. data is the row of the template's fields, each a u32 length and its bytes; the template digest
 * of a bank is the hash of exactly these bytes. The template "ima" is older and differs:
 *
 *   ... | u32 3 | "ima" | file digest, 20 bytes | u32 name length | name, no NUL
 *
 * its digest covers the file digest and the name padded with zeros to 256 bytes. A violation has an all-zero template
 * digest in every bank, and 0xff bytes were extended.
 *
 * Context    any.
 * Units      bytes.
 * Source     the Linux IMA binary_runtime_measurements format.
 */
#pragma once

#define LOG_DEFAULT_PCR 10u
#define LOG_PCR_MAX 63u              /* of rules; the per-file set of PCRs has 64 bits */

#define LOG_LEGACY_NAME "ima"
#define LOG_LEGACY_DIGEST_LEN 20u
#define LOG_LEGACY_PADDED_LEN 256u

#define TEMPLATE_FIELDS_MAX 15u
#define TEMPLATE_ID_MAX 16u
#define TEMPLATE_NAME_MAX 31u             /* of a registered template */
/* The longest format: every field with its longest id, and the bars between them. */
#define TEMPLATE_FORMAT_MAX (TEMPLATE_FIELDS_MAX * (TEMPLATE_ID_MAX + 1u) - 1u)

/* A record's data beyond this is refused by readers and never written. */
#define LOG_DATA_MAX (1u << 20)

#define LOG_BOOT_AGGREGATE "boot_aggregate"
