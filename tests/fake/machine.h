/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/machine.h - a machine without hardware: a root file system, a fake TPM and the integrity core, booted.
 *
 * Context    unit tests; one machine at a time.
 * Ownership  machine_down frees all; machine_text is valid until the next call.
 * Errors     what a test cannot go on without fails the test.
 */
#pragma once

#include "fs/vfs.h"
#include "kernel/integrity/integrity.h"
#include "tests/fake/fake_tpm.h"

struct machine {
	struct fake_tpm fake;
	struct fake_tpm at_start;   /* what the PCRs were before the core started */
	struct tpm tpm;
	bool has_tpm;
	struct superblock *sb;
	struct vfs_context context;
	struct cred root;
	struct cred user;           /* uid 1000 */
	struct integrity_task task; /* root's, pid 42, "sh" */
};
extern struct machine machine;

/* An empty root file system and a TPM; nothing is started. */
void machine_up(bool with_tpm);
/* Starts the core. config->tpm is filled in. 0 or the core's errno. */
int machine_start(struct integrity_config config);
/* The usual: up, a key and a program in place, default configuration with this policy, keys loaded. */
void machine_boot(const char *policy_names);
void machine_down(void);
/* The TPM, with the banks that machine.fake has now, opened (again), which is its state at start. */
void machine_open_tpm(void);

/* Files; folders on the way are made. label: a file of tests/golden, NULL for none. */
void machine_write(const char *path, const void *bytes, size_t len, const char *label);
void machine_copy(const char *path, const char *golden, const char *label);
struct inode *machine_inode(const char *path);
struct file *machine_open(const char *path, u32 flags);
/* What exec does: opens, keeps writers out, asks. The hook's answer. */
int machine_exec(const char *path);

/* The ascii sha256 list, or its sha1 form without a TPM bank of that kind. */
const char *machine_list(void);
/* One open list file of a bank. */
struct file *machine_list_open(size_t bank, bool ascii);
ssize machine_list_read(struct file *file, void *buf, size_t len, u64 pos);
void machine_list_close(struct file *file);
size_t machine_count(void);
/* True when the list, replayed in every bank over the PCRs at start, gives the PCRs of now. */
bool machine_replays(void);
