/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run.h - `assay run`: what its parts share.
 *
 * The parts, in the order in which tools/run.c calls them: run_esp.c (the image, the disk with it),
 * run_firmware.c (which OVMF, its variables), run_tpm.c (swtpm), run_machine.c (QEMU's command line and start),
 * run_loop.c (console, TPM traffic and clock until the end).
 *
 * Context    one thread; SIGINT, SIGTERM, SIGHUP are blocked and read by run_loop.c.
 * Ownership  struct run owns its strings, descriptors and processes; run_end() in tools/run.c ends them all.
 * Errors     functions return 0 or a status after one sentence on stderr.
 */
#pragma once

#include "tools/run_proc.h"
#include "tools/run_relay.h"

/* Exit status besides init's own, 0 to 255. */
enum run_exit {
	RUN_TIMED_OUT = 124,
	RUN_NOT_STARTED = 125,
	RUN_HALTED = 126,
	RUN_DETACHED = 130, /* Ctrl-] at the terminal */
};

struct run_share {
	char *dir;
	char *tag;
};

struct run_options {
	const char *image;
	const char *tpm;          /* "crb", "tis" or "none" */
	const char *tpm_state;    /* NULL: thrown away */
	const char *tpm_banks;    /* NULL: the default for a fresh TPM, no change to a kept one */
	struct run_share *shares;
	size_t share_count;
	const char *disk;
	struct args ports;        /* NAME=SOCKET each */
	const char *load_options; /* NULL: no boot entry */
	unsigned memory_mib;
	u64 timeout_ms;           /* 0: none */
	const char *serial;       /* copy of the console, NULL: none */
	const char *secure_boot;  /* variables with keys, NULL: Secure Boot off */
	struct args qemu_args;
};

struct run {
	struct run_options options;
	char *temp;
	u64 image_len;
	char *esp;            /* disk image */
	const char *code;     /* OVMF */
	bool smm;
	char *vars;           /* the run's copy */
	char *tpm_dir;        /* where swtpm keeps its state; NULL without a TPM */
	int tpm_lock;         /* on --tpm-state, for the run's life */
	pid_t swtpm;
	int swtpm_fd;         /* control channel until the relay takes it */
	struct relay relay;
	pid_t qemu;
	int console_in;       /* to QEMU's stdin */
	int console_out;      /* from QEMU's stdout */
	int errors;           /* from QEMU's stderr */
};

/* Whether the image is a whole one: the firmware would drop into its shell without a word. */
must_check int run_check_image(struct run *r);
/* Takes the folder of --tpm-state for this run alone. */
must_check int run_lock_tpm(struct run *r);
must_check int run_make_esp(struct run *r);
must_check int run_choose_firmware(struct run *r);
must_check int run_start_tpm(struct run *r);
must_check int run_start_machine(struct run *r);

/* Until the machine has ended; the exit status of `assay run`. */
int run_loop(struct run *r);
