/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/text.c - bounded formatting and the checks of text from outside.
 *
 * Invariant: emit() alone writes into the caller's buffer, and it leaves the last byte
 * for the NUL; the length counted is that of the whole text, whatever fits.
 */
#include "kernel/base/text.h"

#include "kernel/base/err.h"
#include "kernel/base/mem.h"

struct sink {
	char *buf;
	size_t cap;
	size_t len;
};

/* One conversion: what stands between '%' and its letter. */
struct conversion {
	bool left;
	bool zero;
	bool has_precision;
	size_t width;
	size_t precision;
	int length; /* -2 hh, -1 h, 0 int, 1 l or ll or z: all of these are 64 bits wide here */
};

/* va_list is an array type on some ABIs; inside a structure it can be passed on by pointer everywhere. */
struct arguments {
	va_list list;
};

static void emit(struct sink *s, char c) {
	if (s->cap && s->len < s->cap - 1) s->buf[s->len] = c;
	s->len++;
}

static void emit_fill(struct sink *s, char c, size_t count) {
	while (count--) emit(s, c);
}

static void emit_padded(struct sink *s, const struct conversion *c, const char *text, size_t len) {
	size_t fill = c->width > len ? c->width - len : 0;

	if (!c->left) emit_fill(s, ' ', fill);
	for (size_t i = 0; i < len; i++) emit(s, text[i]);
	if (c->left) emit_fill(s, ' ', fill);
}

/* prefix is "", "-" or "0x"; zeros go between prefix and digits. */
static void emit_number(struct sink *s, const struct conversion *c, u64 value, unsigned base, const char *prefix,
			bool upper) {
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[20];
	size_t len = 0, zeros = 0, total;

	for (; value; value /= base) text[sizeof(text) - ++len] = digits[value % base];
	if (!len && !(c->has_precision && c->precision == 0)) text[sizeof(text) - ++len] = '0';
	total = len + strlen(prefix);
	if (c->has_precision && c->precision > len)
		zeros = c->precision - len;
	else if (c->zero && !c->left && !c->has_precision && c->width > total)
		zeros = c->width - total;
	total += zeros;
	if (!c->left && c->width > total) emit_fill(s, ' ', c->width - total);
	for (; *prefix; prefix++) emit(s, *prefix);
	emit_fill(s, '0', zeros);
	for (size_t i = sizeof(text) - len; i < sizeof(text); i++) emit(s, text[i]);
	if (c->left && c->width > total) emit_fill(s, ' ', c->width - total);
}

static const char *parse_count(const char *f, struct arguments *args, size_t *ret_count, bool *ret_negative) {
	size_t count = 0;

	*ret_negative = false;
	if (*f == '*') {
		int value = va_arg(args->list, int);

		*ret_negative = value < 0;
		*ret_count = value < 0 ? (size_t)-(s64)value : (size_t)value;
		return f + 1;
	}
	while (*f >= '0' && *f <= '9') count = count * 10 + (size_t)(*f++ - '0');
	*ret_count = count;
	return f;
}

static const char *parse_conversion(const char *f, struct arguments *args, struct conversion *c) {
	bool negative;

	for (; *f == '-' || *f == '0'; f++) {
		if (*f == '-')
			c->left = true;
		else
			c->zero = true;
	}
	f = parse_count(f, args, &c->width, &negative);
	c->left |= negative;
	if (*f == '.') {
		f = parse_count(f + 1, args, &c->precision, &negative);
		c->has_precision = !negative;
	}
	for (; *f == 'h' || *f == 'l' || *f == 'z'; f++) c->length += *f == 'h' ? -1 : 1;
	return f;
}

static void format_signed(struct sink *s, const struct conversion *c, struct arguments *args) {
	s64 value;

	if (c->length > 0)
		value = va_arg(args->list, long);
	else
		value = va_arg(args->list, int);
	if (c->length == -1)
		value = (short)value;
	else if (c->length < -1)
		value = (signed char)value;
	emit_number(s, c, value < 0 ? 0 - (u64)value : (u64)value, 10, value < 0 ? "-" : "", false);
}

static u64 unsigned_argument(const struct conversion *c, struct arguments *args) {
	u64 value;

	if (c->length > 0) return va_arg(args->list, unsigned long);
	value = va_arg(args->list, unsigned int);
	if (c->length == -1) return (unsigned short)value;
	return c->length < -1 ? (unsigned char)value : value;
}

static void format_string(struct sink *s, const struct conversion *c, struct arguments *args) {
	const char *text = va_arg(args->list, const char *);

	if (!text) text = "(null)";
	emit_padded(s, c, text, c->has_precision ? strnlen(text, c->precision) : strlen(text));
}

/* f points at the conversion's letter; returns what follows it. */
static const char *format_one(struct sink *s, const char *f, const struct conversion *c, struct arguments *args) {
	char byte;

	switch (*f) {
	case 's': format_string(s, c, args); break;
	case 'c':
		byte = (char)va_arg(args->list, int);
		emit_padded(s, c, &byte, 1);
		break;
	case 'd':
	case 'i': format_signed(s, c, args); break;
	case 'u': emit_number(s, c, unsigned_argument(c, args), 10, "", false); break;
	case 'x':
	case 'X': emit_number(s, c, unsigned_argument(c, args), 16, "", *f == 'X'); break;
	case 'p':
		emit_number(s, c, (u64)(uintptr_t)va_arg(args->list, void *), 16, "0x", false);
		break;
	case '\0': return f;
	default:
		/* '%%', and letters outside the language: shown, so that the mistake is seen. */
		emit(s, *f);
	}
	return f + 1;
}

size_t text_vformat(char *buf, size_t cap, const char *format, va_list list) {
	struct sink s = { .buf = buf, .cap = cap };
	struct arguments args;

	va_copy(args.list, list);
	while (*format) {
		struct conversion c = { 0 };

		if (*format != '%') {
			emit(&s, *format++);
			continue;
		}
		format = parse_conversion(format + 1, &args, &c);
		format = format_one(&s, format, &c, &args);
	}
	va_end(args.list);
	if (cap) buf[s.len < cap ? s.len : cap - 1] = '\0';
	return s.len;
}

size_t text_format(char *buf, size_t cap, const char *format, ...) {
	va_list args;
	size_t len;

	va_start(args, format);
	len = text_vformat(buf, cap, format, args);
	va_end(args);
	return len;
}

bool text_copy(char *dst, size_t cap, const char *src) {
	size_t len = strnlen(src, cap);
	bool fits = len < cap;

	if (!cap) return false;
	if (!fits) len = cap - 1;
	memcpy(dst, src, len);
	dst[len] = '\0';
	return fits;
}

void text_printable(char *buf, size_t cap, const void *bytes, size_t len) {
	size_t shown = min_u64(len, cap - 1);
	const u8 *from = bytes;

	for (size_t i = 0; i < shown; i++) buf[i] = from[i] < 0x20 || from[i] > 0x7e ? '?' : (char)from[i];
	if (shown < len && shown >= 3) memcpy(buf + shown - 3, "...", 3);
	buf[shown] = '\0';
}

void text_hex(char *buf, const void *bytes, size_t len) {
	static const char digits[] = "0123456789abcdef";
	const u8 *b = bytes;

	for (size_t i = 0; i < len; i++) {
		*buf++ = digits[b[i] >> 4];
		*buf++ = digits[b[i] & 15];
	}
	*buf = '\0';
}

static unsigned digit_value(char c) {
	if (c >= '0' && c <= '9') return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f') return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F') return (unsigned)(c - 'A') + 10;
	return 255;
}

int text_to_u64(const char *text, size_t len, unsigned base, u64 max, u64 *ret_value) {
	u64 value = 0;
	bool range = false;

	if (base == 0) {
		bool hex = len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

		base = hex ? 16 : 10;
		text += hex ? 2 : 0;
		len -= hex ? 2 : 0;
	}
	if (!len) return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		unsigned digit = digit_value(text[i]);

		if (digit >= base) return -EINVAL;
		range |= mul_overflows(value, base, &value) || add_overflows(value, digit, &value);
	}
	if (range || value > max) return -ERANGE;
	*ret_value = value;
	return 0;
}

/* Length of the well-formed sequence at b (RFC 3629 section 4), 0 for none. */
static size_t utf8_sequence(const u8 *b, size_t left) {
	u8 low = 0x80, high = 0xbf;
	size_t len;

	if (b[0] < 0x80) return 1;
	if (b[0] < 0xc2 || b[0] > 0xf4) return 0;
	len = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	if (len > left) return 0;
	if (b[0] == 0xe0)
		low = 0xa0; /* overlong */
	else if (b[0] == 0xed)
		high = 0x9f; /* surrogates */
	else if (b[0] == 0xf0)
		low = 0x90; /* overlong */
	else if (b[0] == 0xf4)
		high = 0x8f; /* above U+10FFFF */
	if (b[1] < low || b[1] > high) return 0;
	for (size_t i = 2; i < len; i++) {
		if (b[i] < 0x80 || b[i] > 0xbf) return 0;
	}
	return len;
}

bool text_is_utf8(const void *bytes, size_t len) {
	const u8 *b = bytes;

	for (size_t i = 0; i < len;) {
		size_t step = utf8_sequence(b + i, len - i);

		if (!step) return false;
		i += step;
	}
	return true;
}

bool text_has_control(const void *bytes, size_t len) {
	const u8 *b = bytes;

	for (size_t i = 0; i < len; i++) {
		if (b[i] < 0x20 || b[i] == 0x7f) return true;
	}
	return false;
}
