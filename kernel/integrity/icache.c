/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/icache.c - see icache.h.
 */
#include "kernel/integrity/icache.h"

struct change_id change_id_take(const struct inode *inode) {
	return (struct change_id){ .dev = inode->sb->dev, .ino = inode->ino, .has_cookie = true, .has_ctime = true,
				   .cookie = inode->version, .ctime = inode->ctime };
}

bool change_id_differs(const struct change_id *then, const struct change_id *now) {
	if (then->dev != now->dev || then->ino != now->ino) return true;
	if (then->has_cookie && now->has_cookie) return then->cookie != now->cookie;
	if (then->has_ctime && now->has_ctime)
		return then->ctime.sec != now->ctime.sec || then->ctime.nsec != now->ctime.nsec;
	return true;
}

struct icache *icache_get(struct inode *inode) {
	if (!inode->integrity) inode->integrity = port_alloc(sizeof(struct icache));
	return inode->integrity;
}

/* The label or the metadata changed. */
static void forget_verdicts(struct icache *state) { memset(state->verdicts, 0, sizeof(state->verdicts)); }

void icache_forget(struct icache *state) {
	state->collected = false;
	state->done = 0;
	state->measured_pcrs = 0;
	forget_verdicts(state);
}

void icache_refresh(struct icache *state, struct inode *inode) {
	struct change_id now;

	if (!state->collected) return;
	now = change_id_take(inode);
	if (change_id_differs(&state->id, &now)) icache_forget(state);
}

void icache_changed(struct inode *inode, bool content) {
	struct icache *state = inode->integrity;
	struct change_id now;

	if (!state || !state->collected) return;
	if (content) {
		icache_forget(state);
		return;
	}
	forget_verdicts(state);
	now = change_id_take(inode);
	state->id.cookie++;
	if (state->id.cookie == now.cookie) /* this change and no other: the digest is still of these bytes */
		state->id = now;
}

void icache_free(struct inode *inode) {
	port_free(inode->integrity);
	inode->integrity = NULL;
}
