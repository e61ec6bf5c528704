/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/run_machine.c - QEMU's command line, and its start.
 *
 * The machine is the same for everybody: q35 emulated in software, one processor, the firmware's disk on
 * SATA, first in the boot order; no network, no display, no default devices.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tools/cli.h"
#include "tools/run.h"

/* Commas end a value in QEMU's options and are doubled inside one. The caller frees. */
static char *escape(const char *text) {
	char *out = cli_alloc(2 * strlen(text) + 1);
	char *o = out;

	for (; *text; text++) {
		if (*text == ',') *o++ = ',';
		*o++ = *text;
	}
	return out;
}

/* Adds the two arguments OPTION and FORMAT with the escaped path in it. */
static void add_path(struct args *a, const char *option, const char *before, const char *path) {
	char *safe = escape(path);

	args_add(a, "%s", option);
	args_add(a, "%s%s", before, safe);
	free(safe);
}

static void add_pair(struct args *a, const char *option, const char *value) {
	args_add(a, "%s", option);
	args_add(a, "%s", value);
}

static void add_machine(struct args *a, const struct run *r) {
	args_add(a, "qemu-system-x86_64");
	args_add(a, "-no-user-config");
	args_add(a, "-nodefaults");
	args_add(a, "-no-reboot");
	add_pair(a, "-display", "none");
	add_pair(a, "-machine", r->smm ? "q35,smm=on" : "q35,smm=off");
	add_pair(a, "-accel", "tcg");
	add_pair(a, "-cpu", "max");
	args_add(a, "-m");
	args_add(a, "%u", r->options.memory_mib);
	add_pair(a, "-nic", "none");
	add_pair(a, "-device", "virtio-rng-pci");
	add_path(a, "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=", r->code);
	add_path(a, "-drive", "if=pflash,format=raw,unit=1,file=", r->vars);
	if (r->smm) {
		add_pair(a, "-global", "driver=cfi.pflash01,property=secure,value=on");
		add_pair(a, "-global", "ICH9-LPC.disable_s3=1");
	}
	add_pair(a, "-chardev", "stdio,id=console,signal=off");
	add_pair(a, "-serial", "chardev:console");
	add_path(a, "-drive", "if=none,id=esp,format=raw,file=", r->esp);
	add_pair(a, "-device", "ide-hd,drive=esp,bus=ide.0,bootindex=0");
}

static void add_devices(struct args *a, const struct run *r, int tpm_fd) {
	if (tpm_fd >= 0) {
		args_add(a, "-chardev");
		args_add(a, "socket,id=tpm,fd=%d", tpm_fd);
		add_pair(a, "-tpmdev", "emulator,id=tpm0,chardev=tpm");
		args_add(a, "-device");
		args_add(a, "tpm-%s,tpmdev=tpm0", r->options.tpm);
	}
	for (size_t i = 0; i < r->options.share_count; i++) {
		const struct run_share *s = &r->options.shares[i];
		char *dir = escape(s->dir), *tag = escape(s->tag);

		args_add(a, "-fsdev");
		args_add(a, "local,id=share%zu,security_model=none,multidevs=remap,path=%s", i, dir);
		args_add(a, "-device");
		args_add(a, "virtio-9p-pci,fsdev=share%zu,mount_tag=%s", i, tag);
		free(dir);
		free(tag);
	}
	if (r->options.disk) {
		add_path(a, "-drive", "if=none,id=disk,format=raw,file=", r->options.disk);
		add_pair(a, "-device", "virtio-blk-pci,drive=disk");
	}
}

static void add_ports(struct args *a, const struct run *r) {
	if (r->options.ports.count) add_pair(a, "-device", "virtio-serial-pci");
	for (size_t i = 0; i < r->options.ports.count; i++) {
		const char *port = r->options.ports.v[i];
		const char *socket_path = strchr(port, '=') + 1;
		char *safe = escape(socket_path);

		args_add(a, "-chardev");
		args_add(a, "socket,id=port%zu,server=on,wait=off,path=%s", i, safe);
		args_add(a, "-device");
		args_add(a, "virtserialport,chardev=port%zu,name=%.*s", i, (int)(socket_path - port - 1), port);
		free(safe);
	}
	for (size_t i = 0; i < r->options.qemu_args.count; i++) args_add(a, "%s", r->options.qemu_args.v[i]);
}

int run_start_machine(struct run *r) {
	struct args a = { NULL, 0 };
	int tpm[2] = { -1, -1 }, in[2], out[2], err[2];

	if (r->swtpm > 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, tpm) < 0)
		return cli_fail("cannot make a socket pair: %s", strerror(errno));
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
		return cli_fail("cannot make pipes: %s", strerror(errno));
	add_machine(&a, r);
	add_devices(&a, r, tpm[1]);
	add_ports(&a, r);
	r->qemu = proc_start(&a, in[0], out[1], err[1], tpm[1]);
	args_free(&a);
	(void)close(in[0]); /* QEMU's ends */
	(void)close(out[1]);
	(void)close(err[1]);
	if (tpm[1] >= 0) (void)close(tpm[1]);
	r->console_in = in[1];
	r->console_out = out[0];
	r->errors = err[0];
	if (r->swtpm > 0) {
		relay_open(&r->relay, tpm[0], r->swtpm_fd);
		r->swtpm_fd = -1;
	}
	return r->qemu < 0 ? cli_fail("cannot start QEMU: %s", strerror(errno)) : CLI_OK;
}
