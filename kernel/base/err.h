/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/err.h - the error policy, and the errno subset.
 *
 * A function that can fail returns int: 0, or a negative Linux errno (-EINVAL),
 * because most of them end in a system call's return register. Functions that
 * return a count return ssize: the count, or a negative errno. ret_ outputs come
 * last and are untouched on failure. Foreign codes (EFI_STATUS, TSS2_RC, mbedtls)
 * are translated once a folder. Libraries return errors and never log them; the
 * hook, syscall or step that decides logs once, with names.
 *
 * Trust decisions are not error codes: see enum verdict.
 *
 * Context    any.
 * Ownership  err_name() returns static text.
 * Source     errno values: Linux uapi asm-generic/errno*.h numbers, as programs see them.
 */
#pragma once

#include "kernel/base/types.h"

#define ERRNO_LIST(X) \
	X(EPERM, 1) X(ENOENT, 2) X(ESRCH, 3) X(EINTR, 4) X(EIO, 5) X(ENXIO, 6) X(E2BIG, 7) X(ENOEXEC, 8) \
	X(EBADF, 9) X(ECHILD, 10) X(EAGAIN, 11) X(ENOMEM, 12) X(EACCES, 13) X(EFAULT, 14) X(ENOTBLK, 15) \
	X(EBUSY, 16) X(EEXIST, 17) X(EXDEV, 18) X(ENODEV, 19) X(ENOTDIR, 20) X(EISDIR, 21) X(EINVAL, 22) \
	X(ENFILE, 23) X(EMFILE, 24) X(ENOTTY, 25) X(ETXTBSY, 26) X(EFBIG, 27) X(ENOSPC, 28) X(ESPIPE, 29) \
	X(EROFS, 30) X(EMLINK, 31) X(EPIPE, 32) X(EDOM, 33) X(ERANGE, 34) X(EDEADLK, 35) X(ENAMETOOLONG, 36) \
	X(ENOLCK, 37) X(ENOSYS, 38) X(ENOTEMPTY, 39) X(ELOOP, 40) X(ENODATA, 61) X(ETIME, 62) X(ENOPKG, 65) \
	X(EPROTO, 71) X(EBADMSG, 74) X(EOVERFLOW, 75) X(EILSEQ, 84) X(ENOTSOCK, 88) X(EOPNOTSUPP, 95) \
	X(EAFNOSUPPORT, 97) X(ETIMEDOUT, 110) X(EDQUOT, 122) X(ENOKEY, 126) X(EKEYREJECTED, 129)

/* The host's <errno.h> may define the same names as macros with the same values. */
#ifndef EPERM
enum {
#define ERRNO_ENUM(name, value) name = value,
	ERRNO_LIST(ERRNO_ENUM)
#undef ERRNO_ENUM
};
#endif

/* Whether content may be trusted. Zeroed memory is never "good". */
enum verdict {
	VERDICT_UNKNOWN = 0,
	VERDICT_BAD,
	VERDICT_NO_LABEL,
	VERDICT_GOOD = 0x5a17c0de,
};

/* "ENOENT" for -ENOENT or ENOENT; "E?" for a value outside the list. Never NULL. */
const char *err_name(int err);
