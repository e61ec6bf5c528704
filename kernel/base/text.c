/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/text.c - bounded formatting, numbers in text, names of error numbers.
 *
 * Invariant: emit() alone writes into the caller's buffer, and it leaves the last byte
 * for the NUL; the length counted is that of the whole text, whatever fits.
 */
#include "kernel/base/text.h"

#include "kernel/base/err.h"
#include "kernel/base/mem.h"

struct sink {
	char *buf;
	size_t cap, len;
};

/* One conversion: what stands between '%' and its letter. */
struct conversion {
	bool left, zero;
	s64 width, precision; /* precision -1: none */
	int length;           /* -2 hh, -1 h, 0 int, 1 l or ll or z: all of these are 64 bits wide here */
};

/* va_list is an array type on some ABIs; inside a structure it can be passed on by pointer everywhere. */
struct arguments {
	va_list list;
};

static const char lower[] = "0123456789abcdef", upper[] = "0123456789ABCDEF";

static void emit(struct sink *s, const char *text, size_t len) {
	for (; len; len--, s->len++, text++) {
		if (s->cap && s->len < s->cap - 1) s->buf[s->len] = *text;
	}
}

static void emit_fill(struct sink *s, char c, s64 count) {
	for (; count > 0; count--) emit(s, &c, 1);
}

/* Prefix, zeros and text, with blanks before or behind them up to the width. */
static void emit_field(struct sink *s, const struct conversion *c, const char *prefix, s64 zeros, const char *text,
		       size_t len) {
	s64 blanks = c->width - zeros - (s64)(strlen(prefix) + len);

	if (!c->left) emit_fill(s, ' ', blanks);
	emit(s, prefix, strlen(prefix));
	emit_fill(s, '0', zeros);
	emit(s, text, len);
	if (c->left) emit_fill(s, ' ', blanks);
}

/* prefix is "", "-" or "0x"; zeros go between prefix and digits. */
static void emit_number(struct sink *s, const struct conversion *c, u64 value, unsigned base, const char *prefix,
			const char *digits) {
	char text[20], *first = text + sizeof(text);

	for (; value; value /= base) *--first = digits[value % base];
	if (first == text + sizeof(text) && c->precision != 0) *--first = '0';

	s64 len = text + sizeof(text) - first, zeros = c->precision - len;

	if (c->precision < 0) zeros = c->zero && !c->left ? c->width - len - (s64)strlen(prefix) : 0;
	emit_field(s, c, prefix, zeros > 0 ? zeros : 0, first, (size_t)len);
}

/* An argument for '*', or the digits' value; 0 for neither. */
static const char *parse_count(const char *f, struct arguments *args, s64 *ret_count) {
	*ret_count = *f == '*' ? va_arg(args->list, int) : 0;
	if (*f == '*') return f + 1;
	for (; *f >= '0' && *f <= '9'; f++) *ret_count = *ret_count * 10 + (*f - '0');
	return f;
}

static const char *parse_conversion(const char *f, struct arguments *args, struct conversion *c) {
	for (; *f == '-' || *f == '0'; f++) {
		c->left |= *f == '-';
		c->zero |= *f == '0';
	}
	f = parse_count(f, args, &c->width);
	c->left |= c->width < 0;
	if (c->width < 0) c->width = -c->width;
	if (*f == '.') f = parse_count(f + 1, args, &c->precision);
	for (; *f == 'h' || *f == 'l' || *f == 'z'; f++) c->length += *f == 'h' ? -1 : 1;
	return f;
}

/* An integer as it was passed, cut to the length's width, in 64 bits. */
static u64 integer_argument(const struct conversion *c, struct arguments *args, bool is_signed) {
	unsigned spare = c->length > 0 ? 0 : c->length == 0 ? 32 : c->length == -1 ? 48 : 56;
	u64 value = (c->length > 0 ? va_arg(args->list, unsigned long) : va_arg(args->list, unsigned)) << spare;

	return is_signed ? (u64)((s64)value >> spare) : value >> spare;
}

static void format_one(struct sink *s, const char *letter, const struct conversion *c, struct arguments *args) {
	const char *text;
	char byte;
	u64 value;

	switch (*letter) {
	case 's':
		text = va_arg(args->list, const char *);
		if (!text) text = "(null)";
		/* A precision of -1 is no bound. */
		emit_field(s, c, "", 0, text, strnlen(text, c->precision < 0 ? SIZE_MAX : (size_t)c->precision));
		break;
	case 'c':
		byte = (char)va_arg(args->list, int);
		emit_field(s, c, "", 0, &byte, 1);
		break;
	case 'd':
	case 'i':
		value = integer_argument(c, args, true);
		emit_number(s, c, (s64)value < 0 ? -value : value, 10, (s64)value < 0 ? "-" : "", lower);
		break;
	case 'u': emit_number(s, c, integer_argument(c, args, false), 10, "", lower); break;
	case 'x': emit_number(s, c, integer_argument(c, args, false), 16, "", lower); break;
	case 'X': emit_number(s, c, integer_argument(c, args, false), 16, "", upper); break;
	case 'p': emit_number(s, c, (u64)(uintptr_t)va_arg(args->list, void *), 16, "0x", lower); break;
	default: emit(s, letter, *letter != '\0'); /* '%%', and mistakes, so that they are seen */
	}
}

size_t text_vformat(char *buf, size_t cap, const char *format, va_list list) {
	struct sink s = { .buf = buf, .cap = cap };
	struct arguments args;

	va_copy(args.list, list);
	for (; *format; format += *format != '\0') {
		struct conversion c = { .precision = -1 };

		if (*format == '%') {
			format = parse_conversion(format + 1, &args, &c);
			format_one(&s, format, &c, &args);
		} else {
			emit(&s, format, 1);
		}
	}
	va_end(args.list);
	if (cap) buf[min_u64(s.len, cap - 1)] = '\0';
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

bool text_copy(char *dst, size_t cap, const char *src) { return text_format(dst, cap, "%s", src) < cap; }

void text_printable(char *buf, size_t cap, const void *bytes, size_t len) {
	size_t shown = min_u64(len, cap - 1);
	const u8 *from = bytes;

	for (size_t i = 0; i < shown; i++) buf[i] = from[i] < 0x20 || from[i] > 0x7e ? '?' : (char)from[i];
	if (shown < len && shown >= 3) memcpy(buf + shown - 3, "...", 3);
	buf[shown] = '\0';
}

void text_hex(char *buf, const void *bytes, size_t len) {
	const u8 *b = bytes;

	for (size_t i = 0; i < len; i++) {
		*buf++ = lower[b[i] >> 4];
		*buf++ = lower[b[i] & 15];
	}
	*buf = '\0';
}

static unsigned digit_value(char c) {
	if (c >= '0' && c <= '9') return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 255;
}

int text_to_u64(const char *text, size_t len, unsigned base, u64 max, u64 *ret_value) {
	bool hex = base == 0 && len > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X'), range = false;
	u64 value = 0;

	if (base == 0) base = hex ? 16 : 10;
	if (!len) return -EINVAL;
	for (size_t i = hex ? 2 : 0; i < len; i++) {
		unsigned digit = digit_value(text[i]);

		if (digit >= base) return -EINVAL;
		range |= mul_overflows(value, base, &value) || add_overflows(value, digit, &value);
	}
	if (range || value > max) return -ERANGE;
	*ret_value = value;
	return 0;
}

bool text_has_control(const void *bytes, size_t len) {
	const u8 *b = bytes;

	for (size_t i = 0; i < len; i++) {
		if (b[i] < 0x20 || b[i] == 0x7f) return true;
	}
	return false;
}

const char *err_name(int err) {
	switch (err < 0 ? -err : err) {
#define ERRNO_NAME(name, value) case value: return #name;
		ERRNO_LIST(ERRNO_NAME)
#undef ERRNO_NAME
	}
	return "E?";
}
