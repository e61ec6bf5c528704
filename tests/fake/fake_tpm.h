/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/fake_tpm.h - a small TPM behind struct tpm_regs, which behaves and can be made to misbehave.
 *
 * It has TIS or CRB registers, banks that extend for real, PCR_Read, GetCapability, SelfTest, Startup, Shutdown,
 * GetRandom and FlushContext; other commands are answered with TPM_RC_COMMAND_CODE. Time is its own: it
 * advances by pauses and register accesses alone.
 *
 * Context    unit tests and fuzzers; one thread.
 * Units      us of the fake's clock, bytes.
 * Ownership  the struct is the test's; nothing is allocated.
 * Errors     what the protocol forbids (bytes beyond the burst count, two status bits at once, a command
 *            while one runs) is counted in protocol_errors.
 */
#pragma once

#include "crypto/hash.h"
#include "tpm/regs.h"
#include "tpm/tpm.h"

enum fake_fault {
	FAKE_FAULT_NONE = 0,
	FAKE_STALL,            /* starts and never ends */
	FAKE_DROP_BEFORE,      /* does not run, gives no answer */
	FAKE_DROP_AFTER,       /* runs, gives no answer */
	FAKE_SHORT,            /* runs; some bytes at the end of the answer are missing */
	FAKE_SHORT_ONCE,       /* as above, but responseRetry gives them all (TIS) */
	FAKE_SIZE_HUGE,        /* runs; the size field says 0x7fffffff */
	FAKE_SIZE_SMALL,       /* runs; the size field says 9 */
	FAKE_TAG,              /* runs; the tag is that of a TPM 1.2 */
	FAKE_ONES,             /* runs; the answer is all 0xff */
	FAKE_RC,               /* does not run; answers fault_rc */
	FAKE_RC_AFTER,         /* runs; answers fault_rc */
	FAKE_LONG,             /* runs; a byte follows the answer (TIS) */
	FAKE_IGNORE,           /* does not notice the start */
	FAKE_EXPECT,           /* wants a byte more than the command has, once for each count (TIS) */
	FAKE_EXPECT_LESS,      /* wants a byte less; otherwise as above */
	FAKE_GONE_ONES,        /* does not run; from then on every register reads as ones */
	FAKE_GONE_ZEROS,       /* does not run; from then on every register reads as zeros */
	FAKE_GONE_AFTER,       /* runs; then as FAKE_GONE_ONES */
	FAKE_FATAL,            /* runs; then says that it has failed (CRB) */
	FAKE_HALF,             /* PCR_Extend reaches the first bank alone and gives no answer; others: DROP_AFTER */
	FAKE_NO_LOCALITY,      /* loses the locality, and never gives it again */
	FAKE_FAULT_COUNT,
};

struct fake_bank {
	u16 alg;
	u8 len;
	u8 pcrs[PCR_COUNT][HASH_MAX_LEN];
};

struct fake_tpm {
	/* Set by the test. */
	bool crb;
	enum fake_fault fault;
	u64 fault_at;          /* number of the first command that it hits, from 1 */
	u64 fault_count;       /* how many commands in a row; 0: once */
	u32 fault_code;        /* only commands of this code are hit; 0: any */
	u32 fault_rc;
	u32 burst;             /* most bytes a burst count grants */
	bool stutter;          /* every second burst count is 0 */
	u64 run_us;            /* how long a command runs */
	bool started;
	bool failure_mode;
	bool restless;         /* the update counter moves with every PCR_Read */
	size_t bank_count;
	struct fake_bank banks[16];
	size_t handle_count;   /* transient objects left behind */
	u32 handles[8];
	u32 next_handle;       /* what ContextLoad and StartAuthSession give */
	u64 rsp_addr;          /* CRB: 0 means the command's buffer */

	/* Looked at by the test. */
	u64 commands;          /* sent so far */
	u64 startups, shutdowns, flushes, extends;
	u64 protocol_errors;
	u64 accesses;
	u64 now_us;
	bool locality;         /* held by us */

	/* The fake's own. */
	unsigned state;
	u32 gone;
	bool fatal, faulty, short_once, no_locality;
	u64 done_us;
	u32 update_counter;
	size_t cmd_len, rsp_len, rsp_pos, granted;
	u64 burst_reads;
	u8 cmd[4096];
	u8 rsp[4096];
	u8 shown[4096];        /* CRB: the response buffer before the command ran */
};

/* A started TPM with sha1, sha256, sha384 and sha512 banks, PCRs as after firmware (some extended). */
void fake_tpm_init(struct fake_tpm *fake, bool crb);
/* The n-th command from now (1 = the next) meets the fault; fault_count, fault_code and fault_rc stay as they are. */
void fake_tpm_fault(struct fake_tpm *fake, enum fake_fault fault, u64 n);
struct tpm_regs fake_tpm_regs(struct fake_tpm *fake);
struct tpm_location fake_tpm_location(const struct fake_tpm *fake);

/* Runs the command in fake->cmd; the answer goes to fake->rsp. In fake_tpm_exec.c. */
void fake_tpm_exec(struct fake_tpm *fake);
/* Extends as a stranger would. */
void fake_tpm_extend(struct fake_tpm *fake, unsigned pcr, const struct tpm_digests *digests, size_t banks);
