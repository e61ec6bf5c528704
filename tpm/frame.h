/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/frame.h - the ten bytes before every TPM command and response.
 *
 * A command is tag, size, command code; a response is tag, size, response code: 2, 4 and 4 bytes, big-endian.
 *
 * Context    any.
 * Units      bytes.
 * Ownership  reads the caller's bytes; keeps nothing.
 * Errors     -EPROTO when the bytes are no response header, or its size is not within [10, cap].
 * Source     TCG TPM 2.0 Library part 1, section 18; part 2, sections 6.5.2 and 6.9.
 */
#pragma once

#include "kernel/base/base.h"

#define FRAME_HEADER_LEN 10u
/* The longest command or response, of our own buffers too: what TPMs and Linux's device take. */
#define FRAME_MAX 4096u

enum { FRAME_ST_NO_SESSIONS = 0x8001, FRAME_ST_SESSIONS = 0x8002 };

/* Command codes that more than one file names (part 2, section 6.5.2). */
enum { FRAME_CC_PCR_EVENT = 0x13c, FRAME_CC_PCR_RESET = 0x13d, FRAME_CC_SELF_TEST = 0x143,
       FRAME_CC_FLUSH_CONTEXT = 0x165, FRAME_CC_PCR_EXTEND = 0x182, FRAME_CC_EVENT_SEQUENCE_COMPLETE = 0x185 };

/* Response codes (part 2, section 6.6). */
enum { FRAME_RC_INITIALIZE = 0x100, FRAME_RC_FAILURE, FRAME_RC_COMMAND_CODE = 0x143, FRAME_RC_LOCALITY = 0x907,
       FRAME_RC_YIELDED, FRAME_RC_TESTING = 0x90a, FRAME_RC_NV_RATE = 0x920, FRAME_RC_RETRY = 0x922,
       FRAME_RC_NV_UNAVAILABLE };

/* Command code or response code; frame has at least FRAME_HEADER_LEN bytes. */
static inline u32 frame_code(const u8 *frame) { return load_be32(frame + 6); }

static inline void frame_write(u8 frame[FRAME_HEADER_LEN], u16 tag, u32 size, u32 code) {
	store_be16(frame, tag);
	store_be32(frame + 2, size);
	store_be32(frame + 6, code);
}

/* Size of the response that header begins. */
must_check static inline int frame_response_size(const u8 header[FRAME_HEADER_LEN], size_t cap, size_t *ret_len) {
	u16 tag = load_be16(header);
	u32 size = load_be32(header + 2);

	if ((tag != FRAME_ST_NO_SESSIONS && tag != FRAME_ST_SESSIONS) || size < FRAME_HEADER_LEN || size > cap)
		return -EPROTO;
	*ret_len = size;
	return 0;
}
