/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/tcti.c - the transport of tss2-sys.
 *
 * Relies on wire.c. Invariant: the command that was transmitted is kept until its final response is given out,
 * because the device may have overwritten its own copy; a response given out was checked by the wire.
 */
#include "tpm/tcti.h"

#include <tss2_tcti.h>

#include "kernel/base/mem.h"
#include "tpm/frame.h"

#define TCTI_MAGIC 0x5941535341495443ull /* "CTIASSAY" in memory order */

enum tcti_state { STATE_IDLE, STATE_BUSY, STATE_READY };

struct tcti {
	TSS2_TCTI_CONTEXT_COMMON_V1 common; /* first: tss2 sees only this */
	struct wire *wire;
	enum tcti_state state;
	int error;
	u64 give_up_ms;   /* BUSY: when the command's time is over */
	u64 resend_ms;    /* BUSY: when to send it again; 0 while the TPM has it */
	u64 delay_ms;     /* last pause before a resend, 0 before the first */
	size_t cmd_len;
	size_t rsp_len;
	u8 cmd[FRAME_MAX];
	u8 rsp[FRAME_MAX];
};

/* The one cast from tss2's context. */
static struct tcti *tcti_of(TSS2_TCTI_CONTEXT *context)
{
	struct tcti *t = (struct tcti *)(void *)context;

	return t && t->common.magic == TCTI_MAGIC && t->common.version == 1 ? t : NULL;
}

/* Foreign codes go out, errnos stay inside. */
static TSS2_RC fail(struct tcti *t, int err)
{
	t->state = STATE_IDLE;
	t->error = err;
	return err == -ENODEV ? TSS2_TCTI_RC_NO_CONNECTION : TSS2_TCTI_RC_IO_ERROR;
}

static int send_kept(struct tcti *t)
{
	int err = wire_send(t->wire, t->cmd, t->cmd_len);

	if (err)
		return err;
	t->give_up_ms = wire_now_ms(t->wire) + wire_duration_ms(frame_code(t->cmd));
	t->resend_ms = 0;
	return 0;
}

static TSS2_RC transmit(TSS2_TCTI_CONTEXT *context, size_t size, const u8 *command)
{
	struct tcti *t = tcti_of(context);
	int err;

	if (!t)
		return TSS2_TCTI_RC_BAD_CONTEXT;
	if (!command)
		return TSS2_TCTI_RC_BAD_REFERENCE;
	if (t->state != STATE_IDLE)
		return TSS2_TCTI_RC_BAD_SEQUENCE;
	if (size < FRAME_HEADER_LEN || size > sizeof(t->cmd) || load_be32(command + 2) != size)
		return TSS2_TCTI_RC_BAD_VALUE;
	memcpy(t->cmd, command, size);
	t->cmd_len = size;
	t->delay_ms = 0;
	t->error = 0;
	err = send_kept(t);
	if (err)
		return fail(t, err);
	t->state = STATE_BUSY;
	return TSS2_RC_SUCCESS;
}

/* First pause after which the command is worth another try, 0 for an answer that is final. */
static u64 first_delay(const struct tcti *t)
{
	switch (frame_code(t->rsp)) {
	case FRAME_RC_TESTING:
		return frame_code(t->cmd) == FRAME_CC_SELF_TEST ? 0 : TCTI_DELAY_FIRST_MS;
	case FRAME_RC_RETRY:
	case FRAME_RC_YIELDED:
		return TCTI_DELAY_FIRST_MS;
	case FRAME_RC_NV_RATE:
	case FRAME_RC_NV_UNAVAILABLE:
		return TCTI_DELAY_NV_MS;
	default:
		return 0;
	}
}

/* True when the answer asks for a resend and one is still allowed. */
static bool schedule_resend(struct tcti *t)
{
	u64 first = first_delay(t);
	u64 delay = t->delay_ms ? t->delay_ms * 2 : first;

	if (!first || delay > TCTI_DELAY_MAX_MS)
		return false;
	t->delay_ms = delay;
	t->resend_ms = wire_now_ms(t->wire) + delay;
	return true;
}

/* Waits for time ms, or until deadline; false when the deadline came first. */
static bool pause_until(const struct tcti *t, u64 ms, u64 deadline)
{
	while (wire_now_ms(t->wire) < ms) {
		if (wire_now_ms(t->wire) >= deadline)
			return false;
		wire_pause(t->wire);
	}
	return true;
}

/* Until the final response is in rsp: 0. -EAGAIN when the deadline came first. */
static int advance(struct tcti *t, u64 deadline)
{
	for (;;) {
		u64 now, limit;
		int err;

		if (t->resend_ms) {
			if (!pause_until(t, t->resend_ms, deadline))
				return -EAGAIN;
			err = send_kept(t);
			if (err)
				return err;
		}
		now = wire_now_ms(t->wire);
		limit = min_u64(deadline, t->give_up_ms);
		err = wire_wait(t->wire, limit > now ? limit - now : 0);
		if (err == -EAGAIN && wire_now_ms(t->wire) >= t->give_up_ms) {
			wire_give_up(t->wire);
			return -ETIMEDOUT;
		}
		if (!err)
			err = wire_receive(t->wire, t->rsp, sizeof(t->rsp), &t->rsp_len);
		if (err || !schedule_resend(t))
			return err;
	}
}

static TSS2_RC hand_out(struct tcti *t, size_t *size, u8 *response)
{
	size_t cap = *size;

	*size = t->rsp_len;
	if (!response)
		return TSS2_RC_SUCCESS;
	if (cap < t->rsp_len)
		return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
	memcpy(response, t->rsp, t->rsp_len);
	t->state = STATE_IDLE;
	return TSS2_RC_SUCCESS;
}

static TSS2_RC receive(TSS2_TCTI_CONTEXT *context, size_t *size, u8 *response, s32 timeout)
{
	struct tcti *t = tcti_of(context);
	u64 deadline = UINT64_MAX;
	int err;

	if (!t)
		return TSS2_TCTI_RC_BAD_CONTEXT;
	if (!size)
		return TSS2_TCTI_RC_BAD_REFERENCE;
	if (t->state == STATE_IDLE)
		return TSS2_TCTI_RC_BAD_SEQUENCE;
	if (timeout < TSS2_TCTI_TIMEOUT_BLOCK)
		return TSS2_TCTI_RC_BAD_VALUE;
	if (t->state == STATE_BUSY) {
		if (timeout != TSS2_TCTI_TIMEOUT_BLOCK)
			deadline = wire_now_ms(t->wire) + (u32)timeout;
		err = advance(t, deadline);
		if (err == -EAGAIN)
			return TSS2_TCTI_RC_TRY_AGAIN;
		if (err)
			return fail(t, err);
		t->state = STATE_READY;
	}
	return hand_out(t, size, response);
}

static TSS2_RC cancel(TSS2_TCTI_CONTEXT *context)
{
	struct tcti *t = tcti_of(context);

	if (!t)
		return TSS2_TCTI_RC_BAD_CONTEXT;
	if (t->state != STATE_BUSY)
		return TSS2_TCTI_RC_BAD_SEQUENCE;
	if (!t->resend_ms)
		wire_cancel(t->wire);
	return TSS2_RC_SUCCESS;
}

static void finalize(TSS2_TCTI_CONTEXT *context)
{
	struct tcti *t = tcti_of(context);

	if (!t)
		return;
	wire_close(t->wire);
	t->state = STATE_IDLE;
	t->common.magic = 0;
}

static TSS2_RC get_poll_handles(TSS2_TCTI_CONTEXT *context, TSS2_TCTI_POLL_HANDLE *handles, size_t *count)
{
	(void)handles; /* polling by register: there is nothing to wait on */
	(void)count;
	return tcti_of(context) ? TSS2_TCTI_RC_NOT_IMPLEMENTED : TSS2_TCTI_RC_BAD_CONTEXT;
}

static TSS2_RC set_locality(TSS2_TCTI_CONTEXT *context, u8 locality)
{
	if (!tcti_of(context))
		return TSS2_TCTI_RC_BAD_CONTEXT;
	return locality == 0 ? TSS2_RC_SUCCESS : TSS2_TCTI_RC_BAD_VALUE;
}

size_t tcti_size(void)
{
	return sizeof(struct tcti);
}

struct tcti *tcti_init(void *memory, struct wire *wire)
{
	struct tcti *t = memory;

	memset(t, 0, sizeof(*t));
	t->common.magic = TCTI_MAGIC;
	t->common.version = 1;
	t->common.transmit = transmit;
	t->common.receive = receive;
	t->common.finalize = finalize;
	t->common.cancel = cancel;
	t->common.getPollHandles = get_poll_handles;
	t->common.setLocality = set_locality;
	t->wire = wire;
	return t;
}

void tcti_reset(struct tcti *tcti)
{
	tcti->state = STATE_IDLE;
	tcti->error = 0;
}

int tcti_error(const struct tcti *tcti)
{
	return tcti->error;
}

bool tcti_resent(const struct tcti *tcti)
{
	return tcti->delay_ms != 0;
}

size_t tcti_response_len(const struct tcti *tcti)
{
	return tcti->rsp_len;
}
