/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_tpm.c - swtpm: its state and its start.
 *
 * Invariant: nothing in the state's folder is changed before this run holds the lock on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/run.h"

#define LOCK_NAME "assay.lock"
#define DEFAULT_BANKS "sha1,sha256"

/* Takes the folder for this run. The lock ends with the process; the file stays, and says who was the last. */
static int lock_state(struct run *r) {
	char *path = cli_text("%s/" LOCK_NAME, r->tpm_dir);
	char pid[24] = "";
	ssize_t len;
	int status = CLI_OK;

	r->tpm_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->tpm_lock < 0) {
		status = cli_fail("cannot write %s: %s", path, strerror(errno));
	} else if (flock(r->tpm_lock, LOCK_EX | LOCK_NB) < 0) {
		len = pread(r->tpm_lock, pid, sizeof(pid) - 1, 0);
		pid[len > 0 ? strspn(pid, "0123456789") : 0] = '\0';
		status = cli_fail("the TPM state %s is in use by another assay run%s%s", r->tpm_dir,
				  *pid ? ", process " : "", pid);
	} else if (ftruncate(r->tpm_lock, 0) < 0 || dprintf(r->tpm_lock, "%d\n", (int)getpid()) < 0) {
		status = cli_fail("cannot write %s: %s", path, strerror(errno));
	}
	free(path);
	return status;
}

/* Makes the state when there is none; changes the banks of one that is there only when asked to. */
static int prepare_state(struct run *r) {
	struct args a = { NULL, 0 };
	char *log = cli_text("%s/swtpm_setup.log", r->temp);
	char *state = cli_text("%s/tpm2-00.permall", r->tpm_dir);
	bool fresh = access(state, F_OK) < 0;
	int status = CLI_OK;

	if (fresh || r->options.tpm_banks) {
		args_add(&a, "swtpm_setup");
		args_add(&a, "--tpm2");
		args_add(&a, "--tpmstate");
		args_add(&a, "%s", r->tpm_dir);
		args_add(&a, "--pcr-banks");
		args_add(&a, "%s", r->options.tpm_banks ? r->options.tpm_banks : DEFAULT_BANKS);
		if (!fresh) args_add(&a, "--reconfigure");
		status = proc_run(&a, log);
		args_free(&a);
	}
	free(state);
	free(log);
	return status;
}

static int start_swtpm(struct run *r) {
	struct args a = { NULL, 0 };
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return cli_fail("cannot make a socket pair: %s", strerror(errno));
	args_add(&a, "swtpm");
	args_add(&a, "socket");
	args_add(&a, "--tpm2");
	args_add(&a, "--tpmstate");
	args_add(&a, "dir=%s", r->tpm_dir);
	args_add(&a, "--ctrl");
	args_add(&a, "type=unixio,clientfd=%d", pair[1]);
	args_add(&a, "--pid");
	args_add(&a, "file=%s/swtpm.pid", r->tpm_dir);
	r->swtpm = proc_start(&a, -1, -1, -1, pair[1]);
	args_free(&a);
	(void)close(pair[1]); /* swtpm's end */
	r->swtpm_fd = pair[0];
	return r->swtpm < 0 ? cli_fail("cannot start swtpm: %s", strerror(errno)) : CLI_OK;
}

static int make_state(const char *dir) {
	if (strchr(dir, ',')) return cli_fail("swtpm cannot use a folder with a comma in its name: %s", dir);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return cli_fail("cannot create the folder %s: %s", dir, strerror(errno));
	return CLI_OK;
}

int run_lock_tpm(struct run *r) {
	int status;

	if (!r->options.tpm_state) return CLI_OK;
	r->tpm_dir = cli_text("%s", r->options.tpm_state);
	status = make_state(r->tpm_dir);
	return status ? status : lock_state(r);
}

int run_start_tpm(struct run *r) {
	int status = CLI_OK;

	if (strcmp(r->options.tpm, "none") == 0) return CLI_OK;
	if (!r->tpm_dir) {
		r->tpm_dir = cli_text("%s/tpm", r->temp);
		status = make_state(r->tpm_dir);
	}
	pcrs_remove(r->tpm_dir);
	if (!status) status = prepare_state(r);
	return status ? status : start_swtpm(r);
}
