/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/machine.c - see machine.h. Relies on fs/memfs.c and tests/fake/fake_tpm.c as they are.
 */
#include "tests/fake/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs/memfs.h"
#include "kernel/integrity/core.h"
#include "kernel/integrity/secnodes.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/golden.h"
#include "tools/log_parse.h"

struct machine machine;
static char text[1 << 20];

static void need(int err, const char *what)
{
	if (!err)
		return;
	fprintf(stderr, "machine: %s: %s\n", what, err_name(err));
	abort();
}

void machine_open_tpm(void)
{
	struct tpm_regs regs = fake_tpm_regs(&machine.fake);
	struct tpm_location where = fake_tpm_location(&machine.fake);

	if (machine.has_tpm)
		tpm_close(&machine.tpm, false);
	need(tpm_open(&machine.tpm, &regs, &where, NULL), "tpm_open");
	machine.has_tpm = true;
	machine.at_start = machine.fake;
}

void machine_up(bool with_tpm)
{
	static const struct memfs_options options = { .fsname = "assayroot", .magic = MAGIC_ROOT, .root_mode = 0755 };
	static const u8 uuid[16] = { 1, 2, 3 };

	fake_port_reset();
	fake_port_set_wall(1795310953120000000ull);
	machine = (struct machine){ .user = { .uid = 1000, .euid = 1000, .suid = 1000,
				    .fsuid = 1000, .gid = 1000, .egid = 1000, .sgid = 1000, .fsgid = 1000 } };
	fake_tpm_init(&machine.fake, true);
	if (with_tpm)
		machine_open_tpm();
	else
		machine.at_start = machine.fake;
	need(memfs_create(&options, &machine.sb), "memfs_create");
	memcpy(machine.sb->uuid, uuid, sizeof(uuid));
	need(vfs_mount_root(machine.sb, 0, "root", &machine.context.root), "vfs_mount_root");
	machine.context.cwd = machine.context.root;
	path_get(&machine.context.cwd);
	machine.task = (struct integrity_task){ .pid = 42, .ppid = 41, .comm = "sh", .cred = &machine.root,
						.context = &machine.context };
}

static void current(struct integrity_task *ret_task)
{
	*ret_task = machine.task;
}

int machine_start(struct integrity_config config)
{
	config.tpm = machine.has_tpm ? &machine.tpm : NULL;
	integrity_set_current(current);
	return integrity_init(&config);
}

void machine_boot(const char *policy_names)
{
	struct integrity_config config = { .policy_names = policy_names };
	char why[256];

	machine_up(true);
	machine_copy("/etc/keys/x509_ima.der", "keys/rsa2048.der", NULL);
	machine_copy("/bin/hello", "sigs/hello.txt", "sigs/rsa2048-sha256.sig");
	need(machine_start(config), "integrity_init");
	need(integrity_load_image_keys(&machine.context, &machine.root, why, sizeof(why)), "integrity_load_image_keys");
}

void machine_down(void)
{
	machine.fake.fault = FAKE_FAULT_NONE;
	core_done();
	path_put(&machine.context.root);
	path_put(&machine.context.cwd);
	vfs_detach_all();
	superblock_put(machine.sb);
	vfs_set_hooks(NULL);
	if (machine.has_tpm)
		tpm_close(&machine.tpm, false);
	fake_port_reset();
}

static void make_folders(const char *path)
{
	char folder[VFS_PATH_MAX];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int err;

		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
		err = vfs_mknod(&machine.context, NULL, folder, S_IFDIR | 0755, 0, &machine.root);
		need(err == -EEXIST ? 0 : err, folder);
	}
}

void machine_write(const char *path, const void *bytes, size_t len, const char *label)
{
	struct file *file;

	make_folders(path);
	need(vfs_open(&machine.context, NULL, path, O_WRONLY | O_CREAT | O_TRUNC, 0755, &machine.root, &file), path);
	need(file_write(file, bytes, len, NULL) != (ssize)len, path);
	if (label) {
		struct span value = golden_read(label);

		need(vfs_setxattr(&file->path, "security.ima", value.base, value.len, 0, &machine.root), label);
		golden_free(value);
	}
	file_put(file);
}

void machine_copy(const char *path, const char *golden, const char *label)
{
	struct span bytes = golden_read(golden);

	machine_write(path, bytes.base, bytes.len, label);
	golden_free(bytes);
}

struct inode *machine_inode(const char *path)
{
	struct inode *inode;
	struct path found;

	need(path_walk(&machine.context, NULL, path, WALK_FOLLOW, &machine.root, &found), path);
	inode = path_inode(&found);
	path_put(&found); /* memfs keeps it while it has a name */
	return inode;
}

struct file *machine_open(const char *path, u32 flags)
{
	struct file *file;

	need(vfs_open(&machine.context, NULL, path, flags, 0644, &machine.root, &file), path);
	return file;
}

int machine_exec(const char *path)
{
	struct file *file;
	int err = vfs_open_exec(&machine.context, NULL, path, &machine.root, &file);

	if (err)
		return err;
	err = inode_deny_write(file->inode);
	if (!err) {
		err = integrity_bprm_check(&machine.task, file, false);
		inode_allow_write(file->inode);
	}
	file_put(file);
	return err;
}

struct file *machine_list_open(size_t bank, bool ascii)
{
	struct file *file = calloc(1, sizeof(*file));

	file->private_data = (void *)(bank << 1 | ascii);
	if (secnodes_list_ops.open(NULL, file) != 0)
		abort();
	return file;
}

ssize machine_list_read(struct file *file, void *buf, size_t len, u64 pos)
{
	u64 end = pos;
	ssize got = secnodes_list_ops.read(file, buf, len, &end);

	if (end != (got > 0 ? pos + (u64)got : pos))
		abort();
	return got;
}

void machine_list_close(struct file *file)
{
	secnodes_list_ops.release(file);
	free(file);
}

const char *machine_list(void)
{
	struct file *reader;
	size_t bank = 0;
	ssize len;

	while (bank < mlog_bank_count(core.log) && mlog_bank(core.log, bank)->hash != HASH_SHA256)
		bank++;
	if (bank == mlog_bank_count(core.log) || !mlog_bank(core.log, bank)->listed)
		bank = 0;
	reader = machine_list_open(bank, true);
	len = machine_list_read(reader, text, sizeof(text) - 1, 0);
	text[len < 0 ? 0 : len] = 0;
	machine_list_close(reader);
	return text;
}

size_t machine_count(void)
{
	return mlog_count(core.log);
}

bool machine_replays(void)
{
	bool good = true;

	for (size_t bank = 0; bank < machine.fake.bank_count; bank++) {
		const struct mlog_bank *b = mlog_bank(core.log, bank);
		struct fake_bank chain = machine.at_start.banks[bank];
		struct mlog_cursor at = { 0 };
		struct mlog_record record;
		u8 digest[HASH_MAX_LEN];

		while (mlog_next(core.log, &at, &record)) {
			need(mlog_digest(b, &record, digest), "mlog_digest");
			need(log_chain_extend(b->hash, chain.pcrs[record.pcr], digest, record.violation), "chain");
		}
		good = good && memcmp(chain.pcrs, machine.fake.banks[bank].pcrs, sizeof(chain.pcrs)) == 0;
	}
	return good;
}
