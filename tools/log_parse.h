/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/log_parse.h - the reader of binary lists that come from elsewhere.
 *
 * Parsed is not verified: log_parse_next yields what the bytes claim; log_record_digest recomputes the template
 * digest from the data, and log_chain_extend is the step of a replay. Used by programs
 * of the guest and of the host; the kernel reads no foreign list.
 *
 * Context    any; no allocation.
 * Units      bytes.
 * Ownership  a record's spans point into the list.
 * Errors     -EBADMSG malformed, a static reason in ret_why; -ENOENT the template's name is neither known nor a format.
 */
#pragma once

#include "kernel/base/cursor.h"
#include "kernel/integrity/template.h"

struct log_record {
	u32 pcr;
	struct span digest;
	struct span name;  /* of the template; not NUL-terminated */
	struct span data;
	struct span bytes; /* the whole record */
};

/* A template for a name or format that stands in a record; holds the text it needs. */
struct log_template {
	struct template template;
	char format[TEMPLATE_FORMAT_MAX + 1];
};

/* The next record of a list whose digests have digest_len bytes. At the end of the list ask cursor_at_end first. */
must_check int log_parse_next(struct cursor *list, size_t digest_len, struct log_record *ret_record,
			      const char **ret_why);

/*
 * Its template, and whether the data is what that template allows (-EBADMSG). ret_template must not be moved
 * afterwards.
 */
must_check int log_record_template(const struct log_record *record, struct log_template *ret_template,
				   const char **ret_why);

/* True when every field's bytes are what its kind allows and nothing is left over. */
bool log_data_check(const struct template *template, struct span data);
bool log_field_check(const char *id, struct span bytes);

bool log_record_is_violation(const struct log_record *record);
/* The template digest that the data gives in hash_id. */
must_check int log_record_digest(const struct log_record *record, const struct log_template *template,
				 unsigned hash_id, u8 *ret_bytes);

/* value := H(value || digest); a violation extends ones. value has hash_len(hash_id) bytes. */
must_check int log_chain_extend(unsigned hash_id, u8 *value, const u8 *digest, bool violation);
