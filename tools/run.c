/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run.c - `assay run`: boots an image in QEMU with OVMF and a TPM of its own.
 *
 * Exit status: that of the guest's /init; 2 the command line was not understood, 124 time-out, 125 the machine could
 * not be started, 126 the kernel or the stub halted; 130 Ctrl-], 128 + N after signal N.
 */
#include "tools/run.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/text.h"
#include "tools/cli.h"
#include "tools/commands.h"
#include "tools/run_vars.h"
#include "tools/utf8.h"

#define TAG_LEN_MAX 31u
#define MEMORY_DEFAULT_MIB 512u
#define MEMORY_MIN_MIB 64u
#define MEMORY_MAX_MIB (1u << 20)
#define TIMEOUT_MAX_S (7u * 24 * 3600)
#define SWTPM_WAIT_MS 3000u

static const char help[] =
	"Usage: assay run IMAGE.efi [OPTION]...\n"
	"\n"
	"Boots the image in QEMU with OVMF firmware and a TPM of its own, and copies the serial console to\n"
	"standard output. When standard input is a terminal it is the guest's console; Ctrl-] ends the machine.\n"
	"\n"
	"  --tpm crb|tis|none     interface of the TPM (crb)\n"
	"  --tpm-state DIR        use and keep the TPM's state in DIR; afterwards DIR/pcrs.json and\n"
	"                         DIR/pcrs-BANK.txt hold the PCRs as they were at the end, and while the\n"
	"                         machine runs DIR/swtpm.pid the TPM's process\n"
	"  --tpm-banks LIST       active PCR banks, of sha1,sha256,sha384,sha512 (sha1,sha256)\n"
	"  --share DIR[:TAG]      a host folder as 9p with this tag (share); may be repeated\n"
	"  --disk FILE            a raw disk image as /dev/vda\n"
	"  --port NAME=SOCKET     /dev/virtio-ports/NAME, a Unix socket here; may be repeated\n"
	"  --load-options TEXT    options that the firmware gives to the image from outside\n"
	"  --memory MIB           memory of the machine (512)\n"
	"  --timeout S            end the machine after S seconds\n"
	"  --serial FILE          also write the console to FILE\n"
	"  --secure-boot VARS.fd  firmware variables with Secure Boot keys; a copy is used\n"
	"  --qemu-arg ARG         one more argument for QEMU; may be repeated\n"
	"  --help                 this text\n"
	"\n"
	"Exit status: that of /init; 2 the command line was not understood; 124 time-out; 125 the machine\n"
	"could not be started; 126 the kernel halted, or a program other than init switched it off;\n"
	"130 ended with Ctrl-]; 128+N ended by signal N.\n";

enum option_id { OPT_TPM = 1, OPT_STATE, OPT_BANKS, OPT_SHARE, OPT_DISK, OPT_PORT, OPT_LOAD, OPT_MEMORY, OPT_TIMEOUT,
		 OPT_SERIAL, OPT_SECURE, OPT_QEMU, OPT_HELP };

static const struct option long_options[] = {
	{ "tpm", required_argument, NULL, OPT_TPM },
	{ "tpm-state", required_argument, NULL, OPT_STATE },
	{ "tpm-banks", required_argument, NULL, OPT_BANKS },
	{ "share", required_argument, NULL, OPT_SHARE },
	{ "disk", required_argument, NULL, OPT_DISK },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "load-options", required_argument, NULL, OPT_LOAD },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "serial", required_argument, NULL, OPT_SERIAL },
	{ "secure-boot", required_argument, NULL, OPT_SECURE },
	{ "qemu-arg", required_argument, NULL, OPT_QEMU },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static bool is_dir(const char *path) {
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* DIR[:TAG]: what follows the last colon is a tag unless the whole names a folder. */
static int add_share(struct run_options *o, const char *text) {
	const char *colon = strrchr(text, ':');
	struct run_share s;

	if (is_dir(text)) colon = NULL;
	s.dir = colon ? cli_text("%.*s", (int)(colon - text), text) : cli_text("%s", text);
	s.tag = cli_text("%s", colon ? colon + 1 : "share");
	o->shares = cli_grow(o->shares, (o->share_count + 1) * sizeof(*o->shares));
	o->shares[o->share_count++] = s;
	if (!*s.tag || strlen(s.tag) > TAG_LEN_MAX)
		return cli_usage("run", "--share: the tag must have 1 to %u bytes", TAG_LEN_MAX);
	for (size_t i = 0; i + 1 < o->share_count; i++)
		if (strcmp(o->shares[i].tag, s.tag) == 0)
			return cli_usage("run", "--share: the tag %s is given twice", s.tag);
	return 0;
}

static int add_port(struct run_options *o, const char *text) {
	const char *equals = strchr(text, '=');

	if (!equals || equals == text || !equals[1]) return cli_usage("run", "--port needs NAME=SOCKET");
	if (memchr(text, ',', (size_t)(equals - text))) return cli_usage("run", "--port: the name has a comma");
	args_add(&o->ports, "%s", text);
	return 0;
}

static int set_number(const char *option, const char *text, u64 min, u64 max, u64 *ret_value) {
	u64 value;

	if (text_to_u64(text, strlen(text), 10, max, &value) || value < min)
		return cli_usage("run", "--%s needs a number from %llu to %llu", option, (unsigned long long)min,
				 (unsigned long long)max);
	*ret_value = value;
	return 0;
}

/* A list of bank names, each once. */
static int set_banks(struct run_options *o, const char *text) {
	static const char *const names[] = { "sha1", "sha256", "sha384", "sha512" };
	unsigned seen = 0;
	const char *at = text;

	for (;;) {
		size_t len = strcspn(at, ",");
		unsigned bit = 0;

		for (unsigned i = 0; i < ARRAY_COUNT(names); i++)
			if (strlen(names[i]) == len && strncmp(at, names[i], len) == 0) bit = 1u << i;
		if (!bit || seen & bit)
			return cli_usage("run", "--tpm-banks needs a list of sha1, sha256, sha384, sha512, each once");
		seen |= bit;
		at += len;
		if (!*at++) break;
	}
	o->tpm_banks = text;
	return 0;
}

static int set_tpm(struct run_options *o, const char *text) {
	if (strcmp(text, "crb") != 0 && strcmp(text, "tis") != 0 && strcmp(text, "none") != 0)
		return cli_usage("run", "--tpm must be crb, tis or none");
	o->tpm = text;
	return 0;
}

static int set_load_options(struct run_options *o, const char *text) {
	if (!text_is_utf8(text, strlen(text)) || text_has_control(text, strlen(text)))
		return cli_usage("run", "--load-options must be UTF-8 text without control characters");
	if (strlen(text) > VARS_OPTIONS_MAX)
		return cli_usage("run", "--load-options is longer than %u bytes", VARS_OPTIONS_MAX);
	o->load_options = text;
	return 0;
}

static int set_option(struct run_options *o, int id, const char *value) {
	u64 number = 0;
	int status = 0;

	switch ((enum option_id)id) {
	case OPT_TPM: return set_tpm(o, value);
	case OPT_STATE:
		o->tpm_state = value;
		return 0;
	case OPT_BANKS: return set_banks(o, value);
	case OPT_SHARE: return add_share(o, value);
	case OPT_DISK:
		o->disk = value;
		return 0;
	case OPT_PORT: return add_port(o, value);
	case OPT_LOAD: return set_load_options(o, value);
	case OPT_MEMORY:
		status = set_number("memory", value, MEMORY_MIN_MIB, MEMORY_MAX_MIB, &number);
		o->memory_mib = (unsigned)number;
		return status;
	case OPT_TIMEOUT:
		status = set_number("timeout", value, 1, TIMEOUT_MAX_S, &number);
		o->timeout_ms = number * 1000;
		return status;
	case OPT_SERIAL:
		o->serial = value;
		return 0;
	case OPT_SECURE:
		o->secure_boot = value;
		return 0;
	case OPT_QEMU:
		args_add(&o->qemu_args, "%s", value);
		return 0;
	case OPT_HELP:
		break;
	}
	return 0;
}

/* No option but one can do with an empty value. */
static int check_value(int id, int option) {
	if (!optarg || *optarg || id == OPT_LOAD) return 0;
	return cli_usage("run", "the value of --%s is empty", long_options[option].name);
}

/* 0, or a status; *ret_help when only the help was asked for. */
static int parse(int argc, char **argv, struct run_options *o, bool *ret_help) {
	int id, status, option = 0;

	*o = (struct run_options){ .tpm = "crb", .memory_mib = MEMORY_DEFAULT_MIB };
	optind = 0;
	opterr = 0;
	while ((id = getopt_long(argc, argv, ":", long_options, &option)) != -1) {
		if (id == '?' || id == ':') return cli_bad_option("run", id, argv);
		if (id == OPT_HELP) {
			*ret_help = true;
			return 0;
		}
		status = check_value(id, option);
		if (!status) status = set_option(o, id, optarg);
		if (status) return status;
	}
	if (argc - optind != 1) return cli_usage("run", argc == optind ? "give the image to boot" : "give one image");
	o->image = argv[optind];
	if (strcmp(o->tpm, "none") == 0 && (o->tpm_state || o->tpm_banks))
		return cli_usage("run", "--tpm none goes with neither --tpm-state nor --tpm-banks");
	return 0;
}

static bool same_file(const char *path, const char *other) {
	struct stat a, b;

	return other && stat(path, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* What the options name must be there: later the sentence would be QEMU's. */
static int check_files(struct run *r) {
	const struct run_options *o = &r->options;
	struct stat st;

	for (size_t i = 0; i < o->share_count; i++)
		if (!is_dir(o->shares[i].dir)) return cli_fail("--share: %s is not a folder", o->shares[i].dir);
	if (o->disk && (is_dir(o->disk) || access(o->disk, R_OK | W_OK) < 0))
		return cli_fail("--disk: %s is not a file that can be read and written", o->disk);
	for (size_t i = 0; i < o->ports.count; i++) {
		const char *path = strchr(o->ports.v[i], '=') + 1;

		if (lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) /* QEMU would remove it */
			return cli_fail("--port: %s is there already and is not a socket", path);
	}
	if (o->serial && (same_file(o->serial, o->image) || same_file(o->serial, o->disk)))
		return cli_fail("--serial: %s is the image or the disk, and would be overwritten", o->serial);
	if (o->tpm_state && access(o->tpm_state, F_OK) == 0 && !is_dir(o->tpm_state))
		return cli_fail("--tpm-state: %s is not a folder", o->tpm_state);
	return CLI_OK;
}

static int make_temp(struct run *r) {
	r->temp = temp_make();
	return r->temp ? CLI_OK : CLI_FAILED;
}

static void block_signals(void) {
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

/* Whatever was started is ended, whatever was made for this run alone is removed. */
static void run_end(struct run *r, bool started) {
	if (r->qemu > 0) (void)proc_end(r->qemu, 0);
	if (r->swtpm > 0) {
		relay_close(&r->relay);
		if (r->swtpm_fd >= 0) (void)close(r->swtpm_fd);
		(void)proc_end(r->swtpm, SWTPM_WAIT_MS);
	}
	if (r->swtpm > 0 && r->options.tpm_state && r->relay.have_pcrs)
		(void)pcrs_write(&r->relay.pcrs, r->tpm_dir); /* the sentence is said; the guest's status counts more */
	else if (r->swtpm > 0 && r->options.tpm_state && started)
		cli_warn("the TPM's PCRs could not be read at the end");
	if (r->swtpm > 0 && r->tpm_dir) {
		char *pid_file = cli_text("%s/swtpm.pid", r->tpm_dir);

		(void)unlink(pid_file); /* swtpm may have done so */
		free(pid_file);
	}
	temp_remove(r->temp);
	if (r->tpm_lock >= 0) (void)close(r->tpm_lock);
	free(r->esp);
	free(r->vars);
	free(r->tpm_dir);
}

static void options_free(struct run_options *o) {
	for (size_t i = 0; i < o->share_count; i++) {
		free(o->shares[i].dir);
		free(o->shares[i].tag);
	}
	free(o->shares);
	args_free(&o->ports);
	args_free(&o->qemu_args);
}

int cmd_run(int argc, char **argv) {
	struct run r = { .console_in = -1, .console_out = -1, .errors = -1, .swtpm_fd = -1, .tpm_lock = -1 };
	int (*const steps[])(struct run *r) = { check_files, run_check_image, run_lock_tpm, make_temp,
						run_make_esp, run_choose_firmware, run_start_tpm,
						run_start_machine };
	bool only_help = false;
	int status = parse(argc, argv, &r.options, &only_help);

	if (only_help || status) {
		options_free(&r.options);
		return status ? status : cli_print(help);
	}
	block_signals();
	for (size_t i = 0; !status && i < ARRAY_COUNT(steps); i++) status = steps[i](&r);
	status = status ? RUN_NOT_STARTED : run_loop(&r);
	run_end(&r, status != RUN_NOT_STARTED);
	options_free(&r.options);
	return status;
}
