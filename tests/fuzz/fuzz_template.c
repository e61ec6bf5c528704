/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fuzz/fuzz_template.c - any bytes as a format, as an event and as template data.
 *
 * Input: format NUL, name NUL, the rest as label, buffer and data. A record that is built is of the form that the
 * reader demands, and its fields are those of the format; data from elsewhere is shown or refused, never read beyond.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/integrity/template.h"
#include "tools/log_parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool good)
{
	if (!good)
		abort();
}

/* Up to a NUL; NULL when there is none within limit. */
static const char *take_text(struct cursor *c, size_t limit)
{
	const char *text = (const char *)c->base + c->pos;
	size_t left = cursor_left(c), len = strnlen(text, left < limit ? left : limit);

	if (len == left || len == limit)
		return NULL;
	cursor_skip(c, len + 1);
	return text;
}

static void use(const struct template *template, struct span bytes, bool must_fit)
{
	struct blob shown = { 0 };
	u8 digest[HASH_MAX_LEN];
	bool fits = log_data_check(template, bytes);

	need(fits || !must_fit);
	need(template_show_fields(template, bytes, &shown) == 0 || !fits);
	need(!must_fit || template_digest(template, HASH_SHA256, bytes, digest) == 0);
	blob_done(&shown);
}

static void build(const struct template *template, const char *name, struct span rest)
{
	struct event event = { .name = name, .base_name = name, .default_hash = HASH_SHA256, .label = rest,
			       .buffer = rest, .digest = { .id = HASH_SHA512, .len = 64 }, .violation = rest.len & 1,
			       .verity = rest.len & 2, .legacy_digest = { .id = HASH_SHA1, .len = 20 } };
	struct blob record = { 0 };

	need(template_build(template, &event, &record) == 0);
	use(template, blob_span(&record), true);
	blob_done(&record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_init(data, size);
	const char *format = take_text(&c, 4096), *name = format ? take_text(&c, 4096) : NULL;
	struct template_layout layout;
	struct template custom = { .name = "", .format = format, .show = template_show_fields };
	const struct template *known;

	if (!name)
		return 0;
	known = template_find(format, strlen(format));
	if (!known && template_layout(format, strlen(format), &layout) == 0)
		known = &custom;
	if (known) {
		struct span rest = cursor_take(&c, cursor_left(&c));

		use(known, rest, false);
		build(known, name, rest);
	}
	return 0;
}
