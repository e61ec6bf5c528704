/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fuzz/fuzz_policy_load.c - any writes to the policy file, in any order with opens and closes.
 *
 * Input: a byte of settings, then steps: 'o' open, 'c' close, 'w' N bytes write (N a byte, 255 for all that is left).
 * A path names the whole input. Rules come in force by a close alone, all that were accepted since the
 * open, none after a write that failed, none as text where signed ones are asked for; memory is given back.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/integrity/policy_load.h"
#include "tests/fake/fake_port.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *input;
static size_t input_len, accepted;
static bool failed, closing, signed_only;

static void need(bool good)
{
	if (!good)
		abort();
}

static int read_file(const struct integrity_task *task, const char *path, bool must_be_signed, struct blob *out)
{
	(void)task;
	need(path[0] == '/' && must_be_signed >= signed_only);
	if (path[1] == 'x')
		return -ENOENT;
	blob_bytes(out, input, input_len);
	return blob_status(out);
}

static int commit(const struct integrity_task *task, struct policy *rules)
{
	(void)task;
	need(closing && !failed && rules->count && rules->count == accepted);
	if (input[0] & 4)
		return -ENOMEM;
	policy_done(rules);
	return 0;
}

static void write_once(struct policy_load *load, const struct policy_load_env *env, const uint8_t *bytes, size_t len)
{
	const bool is_path = len && bytes[0] == '/';
	size_t before = load->rules.count;
	ssize n = policy_load_write(load, env, (const char *)bytes, len);

	need(n <= (ssize)len && (n > 0 || !len || n < 0));
	failed = failed || n < 0;
	need(load->valid == !failed);
	need(n < 0 || is_path || load->rules.count <= before + 1);
	need(!signed_only || !len || is_path || n == -EACCES || n == -EINVAL);
	accepted = load->rules.count;
}

static void close_load(struct policy_load *load, const struct policy_load_env *env)
{
	int err;

	closing = true;
	err = policy_load_release(load, env);
	closing = false;
	need((err == 0) == (!failed && accepted && !(input[0] & 4)));
	need(!load->busy && !load->rules.count && !load->rules.rules);
}

/* One step; how many bytes it took. */
static size_t step(struct policy_load *load, const struct policy_load_env *env, const uint8_t *at, size_t left)
{
	size_t len;

	if (at[0] == 'o') {
		len = load->busy;
		need(policy_load_open(load) == (len ? -EBUSY : 0) && load->busy);
		return 1;
	}
	if (at[0] == 'c' && load->busy) {
		close_load(load, env);
		failed = false;
		accepted = 0;
		return 1;
	}
	if (at[0] != 'w' || left < 2 || !load->busy)
		return 1;
	len = at[1] == 255 || at[1] > left - 2 ? left - 2 : at[1];
	write_once(load, env, at + 2, len);
	return 2 + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cred root = { 0 };
	const struct integrity_task task = { .pid = 1, .comm = "load", .cred = &root };
	struct policy_load_env env = { .task = &task, .read = read_file, .commit = commit };
	struct policy_load load = { 0 };
	u64 live = fake_port_live();

	if (!size)
		return 0;
	env.signed_required = data[0] & 1;
	env.enforce = data[0] & 2;
	env.rules_before = data[0] & 8 ? POLICY_RULES_MAX - 2 : 0;
	signed_only = env.signed_required && env.enforce;
	input = data;
	input_len = size;
	failed = false;
	accepted = 0;
	for (size_t at = 1; at < size; )
		at += step(&load, &env, data + at, size - at);
	if (load.busy)
		close_load(&load, &env);
	need(fake_port_live() == live);
	fake_port_reset(); /* the log */
	return 0;
}
