/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_firmware.c - choosing OVMF and preparing its variables.
 *
 * The 2 MiB build of Debian 12 starts in half the time of its 4 MiB build and is preferred; later releases
 * have only the latter. Variables and code must be of one size class.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/run.h"
#include "tools/run_vars.h"

#define VARS_LEN_2M 131072u
#define VARS_LEN_4M 540672u
#define VARS_LEN_MAX (1u << 20)

struct build {
	const char *code;
	const char *vars;  /* NULL: given by --secure-boot */
	size_t vars_len;
	bool smm;
};

static const struct build plain[] = {
	{ "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd", VARS_LEN_2M, false },
	{ "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd", VARS_LEN_4M, false },
	{ "/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd", VARS_LEN_4M, false },
};

static const struct build secure[] = {
	{ "/usr/share/OVMF/OVMF_CODE.fd", NULL, VARS_LEN_2M, false },
	{ "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", NULL, VARS_LEN_4M, true },
	{ "/usr/share/edk2/x64/OVMF_CODE.secboot.4m.fd", NULL, VARS_LEN_4M, true },
};

static int write_vars(struct run *r, struct buf *vars) {
	struct output out = { NULL, NULL };
	const char *why = NULL;
	int status;

	if (r->options.load_options && vars_set_boot(vars->bytes, vars->len, r->options.load_options, &why))
		return cli_fail("cannot give load options to the firmware: %s", why);
	r->vars = cli_text("%s/vars.fd", r->temp);
	status = output_write(&out, r->vars, vars->bytes, vars->len);
	return status ? status : output_commit(&out);
}

static int choose_secure(struct run *r) {
	struct buf vars = { 0 };
	int status = cli_read_file(r->options.secure_boot, VARS_LEN_MAX, &vars);

	for (size_t i = 0; !status && !r->code && i < ARRAY_COUNT(secure); i++) {
		if (vars.len != secure[i].vars_len || access(secure[i].code, R_OK) < 0) continue;
		r->code = secure[i].code;
		r->smm = secure[i].smm;
	}
	if (!status && !r->code)
		status = cli_fail("no installed OVMF with Secure Boot fits the variables in %s",
				  r->options.secure_boot);
	if (!status) status = write_vars(r, &vars);
	buf_free(&vars);
	return status;
}

int run_choose_firmware(struct run *r) {
	if (r->options.secure_boot) return choose_secure(r);
	for (size_t i = 0; i < ARRAY_COUNT(plain); i++) {
		struct buf vars = { 0 };
		int status;

		if (access(plain[i].code, R_OK) < 0 || access(plain[i].vars, R_OK) < 0) continue;
		r->code = plain[i].code;
		status = cli_read_file(plain[i].vars, VARS_LEN_MAX, &vars);
		if (!status) status = write_vars(r, &vars);
		buf_free(&vars);
		return status;
	}
	return cli_fail("no OVMF firmware is installed (Debian's package is ovmf)");
}
