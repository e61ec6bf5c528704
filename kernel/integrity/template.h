/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/template.h - what a record says: fields, and the templates made of them.
 *
 * A template is a row of fields; a field knows how to make its bytes from an event and how to show them as text.
 * Adding a field is adding a row to the table in template_field.c.
 *
 * Context    task context; template_build and template_show allocate through the blob.
 * Units      bytes.
 * Ownership  templates are static, or the caller's struct; an event points to the caller's things.
 * Errors     -ENOENT unknown template or field, -EINVAL a format that is empty or too long,
 *            -EBADMSG data that does not fit its template, -ENOMEM, -E2BIG a record over LOG_DATA_MAX.
 */
#pragma once

#include "crypto/hash.h"
#include "kernel/base/cursor.h"
#include "kernel/base/blob.h"
#include "kernel/integrity/log_format.h"

struct inode;
struct template;

/* Everything that a record can be made of. */
struct event {
	const char *name;             /* whole path, or the event's name */
	const char *base_name;        /* last component, for the field n; NULL for other than files */
	struct digest digest;         /* of the content */
	struct digest legacy_digest;  /* sha1 or md5 of the content: read by the field d only */
	bool violation;               /* digests become zeros of default_hash */
	bool verity;                  /* the rule asked for an fs-verity digest */
	unsigned default_hash;
	struct span label;            /* value of security.ima; len 0: none */
	struct span buffer;           /* of buffer events; len 0: none */
	struct inode *inode;          /* NULL for other than files */
};

struct template_field {
	const char *id;
	void (*make)(struct blob *out, const struct event *event, unsigned arg);
	void (*show)(struct blob *out, struct span bytes);
	unsigned arg;
};

/* Appends what the ascii list shows of a record's data, each field after a blank. */
typedef int template_show_fn(const struct template *template, struct span data, struct blob *out);

struct template {
	const char *name;   /* "" for a format given on the command line */
	const char *format; /* "d-ng|n-ng" */
	template_show_fn *show;
};

/* A template taken apart. */
struct template_layout {
	size_t count;
	const struct template_field *fields[TEMPLATE_FIELDS_MAX];
};

/* Appends an extended attribute's value; its length, or the errno of reading it. */
ssize blob_xattr(struct blob *out, struct inode *inode, const char *name);

/* NULL when there is no field of that id. */
const struct template_field *template_field(const char *id, size_t len);

/* By name or by format among the built-in and the registered ones. */
const struct template *template_find(const char *name, size_t len);
/*
 * Registers a template with its display operation: both texts are copied. Under the empty name, which is that of the
 * command line's own format, a format that is known gives the template that has it. -EINVAL no display operation, a
 * name that is no word, an invalid format; -EEXIST the name is taken; -ENOSPC; -EPERM
 * after template_freeze, which the core's start calls.
 */
must_check int template_register(const char *name, const char *format, template_show_fn *show,
				 const struct template **ret_template);
void template_freeze(void);
/* Forgets what was registered: for the core's end. */
void template_reset(void);
must_check int template_layout(const char *format, size_t len, struct template_layout *ret_layout);

/* The name that stands in records: the name, or the format where that is empty. */
const char *template_label(const struct template *template);
/* "ima", the template with the older encoding. */
bool template_is_legacy(const struct template *template);
/* True when the template has the field d, and so reads event.legacy_digest. */
bool template_wants_legacy_digest(const struct template *template);

/* Appends the record's data. */
must_check int template_build(const struct template *template, const struct event *event, struct blob *out);
/* The template digest in hash_id over a record's data: hash_len(hash_id) bytes. Errors of hash_init, -EBADMSG. */
must_check int template_digest(const struct template *template, unsigned hash_id, struct span data, u8 *ret_bytes);
/* The display operation of templates that have none of their own: each field in its own way. */
must_check int template_show_fields(const struct template *template, struct span data, struct blob *out);
/* Calls each for every field in turn until one says an errno; -EBADMSG where the data does not fit the template. */
typedef int template_each_fn(const struct template_field *field, struct span bytes, void *arg);
must_check int template_each(const struct template *template, struct span data, template_each_fn *each, void *arg);
