/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/x86/usercopy.c - range checks in front of usercopy_bytes.S.
 *
 * Invariant: the assembly sees only ranges inside [USER_START, USER_END).
 */
#include "kernel/x86/usercopy.h"

u64 usercopy_bytes(void *dst, const void *src, u64 len);
u64 usercopy_clear(void *dst, u64 len);

static bool in_user_half(uaddr_t a, size_t len) {
	return a.addr >= USER_START && a.addr < USER_END && len <= USER_END - a.addr;
}

int copy_from_user(void *ret_dst, uaddr_t src, size_t len) {
	return !len || (in_user_half(src, len) && !usercopy_bytes(ret_dst, (const void *)src.addr, len)) ? 0 : -EFAULT;
}

int copy_to_user(uaddr_t dst, const void *src, size_t len) {
	return !len || (in_user_half(dst, len) && !usercopy_bytes((void *)dst.addr, src, len)) ? 0 : -EFAULT;
}

int clear_user(uaddr_t dst, size_t len) {
	return !len || (in_user_half(dst, len) && !usercopy_clear((void *)dst.addr, len)) ? 0 : -EFAULT;
}

/* Page by page: the bytes behind the NUL may be unmapped, those in its page are not. */
ssize copy_string_from_user(char *ret_dst, uaddr_t src, size_t cap) {
	size_t done = 0;

	while (done < cap) {
		uaddr_t at = { src.addr + done };
		size_t len = (size_t)min_u64(cap - done, PAGE_SIZE - (at.addr & (PAGE_SIZE - 1)));
		const char *nul;

		if (!in_user_half(at, len) || usercopy_bytes(ret_dst + done, (const void *)at.addr, len))
			return -EFAULT;
		nul = memchr(ret_dst + done, 0, len);
		if (nul) return nul - ret_dst;
		done += len;
	}
	return -ENAMETOOLONG;
}
