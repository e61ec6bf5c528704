/* SPDX-License-Identifier: Apache-2.0 */
/* kernel/tpmhandles.c - a table of handles and their owners. Invariant: a handle stands in it at most once. */
#include "kernel/tpmhandles.h"

#include "kernel/base/cursor.h"
#include "tpm/frame.h"

#define HANDLES_MAX 128u /* more than any TPM holds: 64 sessions, a few objects */

#define TYPE(handle) ((handle) >> 24)
#define TYPE_HMAC_SESSION 0x02u
#define TYPE_POLICY_SESSION 0x03u
#define TYPE_TRANSIENT 0x80u

static struct {
	const void *owner; /* NULL: free */
	u32 handle;
} table[HANDLES_MAX];

static bool gives_handle(u32 code)
{
	static const u16 codes[] = {
		0x131, /* CreatePrimary */
		0x157, /* Load */
		0x15b, /* HMAC_Start */
		0x161, /* ContextLoad */
		0x167, /* LoadExternal */
		0x176, /* StartAuthSession */
		0x186, /* HashSequenceStart */
		0x191, /* CreateLoaded */
	};

	for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
		if (codes[i] == code) return true;
	}
	return false;
}

static bool is_session(u32 handle)
{
	return TYPE(handle) == TYPE_HMAC_SESSION || TYPE(handle) == TYPE_POLICY_SESSION;
}

static void forget(u32 handle)
{
	for (size_t i = 0; i < HANDLES_MAX; i++) {
		if (table[i].handle == handle) table[i].owner = NULL;
	}
}

static void remember(const void *owner, u32 handle)
{
	if (TYPE(handle) != TYPE_TRANSIENT && !is_session(handle)) return;
	forget(handle);
	for (size_t i = 0; i < HANDLES_MAX; i++) {
		if (table[i].owner) continue;
		table[i].owner = owner;
		table[i].handle = handle;
		return;
	}
}

void tpmhandles_note(const void *owner, const u8 *cmd, size_t cmd_len, const u8 *rsp, size_t rsp_len)
{
	struct cursor in = cursor_init(cmd, cmd_len), out = cursor_init(rsp, rsp_len);
	u32 code = frame_code(cmd);

	if (frame_code(rsp) != 0) return;
	cursor_skip(&in, FRAME_HEADER_LEN);
	cursor_skip(&out, FRAME_HEADER_LEN);
	u32 first = cursor_be32(&in), second = cursor_be32(&in), given = cursor_be32(&out);

	if (gives_handle(code) && cursor_ok(&out))
		remember(owner, given);
	else if (code == FRAME_CC_FLUSH_CONTEXT)
		forget(first);
	else if (code == 0x13e) /* SequenceComplete: the sequence object is gone */
		forget(first);
	else if (code == FRAME_CC_EVENT_SEQUENCE_COMPLETE)
		forget(second);
	else if (code == 0x162 && is_session(first)) /* ContextSave: a saved session is to outlive the file */
		forget(first);
}

void tpmhandles_release(struct tpm *tpm, const void *owner)
{
	for (size_t i = 0; i < HANDLES_MAX; i++) {
		u8 cmd[FRAME_HEADER_LEN + 4], rsp[FRAME_HEADER_LEN];
		size_t len;

		if (table[i].owner != owner) continue;
		table[i].owner = NULL;
		frame_write(cmd, FRAME_ST_NO_SESSIONS, sizeof(cmd), FRAME_CC_FLUSH_CONTEXT);
		store_be32(cmd + FRAME_HEADER_LEN, table[i].handle);
		(void)tpm_submit(tpm, cmd, sizeof(cmd), rsp, sizeof(rsp), &len); /* it may have ended by itself */
	}
}
