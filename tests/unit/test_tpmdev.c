/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_tpmdev.c - the TPM's devices, sysfs values and event log, over the fake TPM.
 *
 * links: kernel/tpmdev.c kernel/tpmlog.c
 *
 * The firmware's log is OVMF's; its last events are moved to a final events table, and the fake's PCRs are
 * those that OVMF's TPM had. The kernel's parts that tpmdev.c calls (ACPI, memory, tasks) are stood in for here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fs/nodefs.h"
#include "kernel/dev/acpi.h"
#include "kernel/integrity/integrity.h"
#include "kernel/pmm.h"
#include "kernel/task.h"
#include "kernel/tpmbus.h"
#include "kernel/tpmdev.h"
#include "kernel/x86/paging.h"
#include "tests/fake/fake_port.h"
#include "tests/fake/fake_tpm.h"
#include "tests/fake/fs_fixture.h"
#include "tests/fake/golden.h"
#include "tests/fake/whole_log.h"
#include "tpm/eventlog.h"
#include "tpm/frame.h"

#define FINAL_PADDR 0x7f000000ull
#define MAIN_EVENTS 18u  /* in the log that the stub fetched */
#define DOUBLE_EVENTS 3u /* the last of them stand in the final table too */

static struct fake_tpm fake;
static struct tpm *tpm;
static struct bootinfo boot;
static u8 table[52];
static int table_err;
static u8 final[16 + 8192];
static struct span golden;

int acpi_table(const char signature[4], struct span *ret_table)
{
	assert_memory_equal(signature, "TPM2", 4);
	*ret_table = (struct span){ table, sizeof(table) };
	return table_err;
}

int tpmbus_open(const struct tpm_location *where, struct tpm_regs *ret_regs)
{
	assert_int_equal(where->base, 0xfed40000);
	assert_int_equal(where->interface, TPM_IF_CRB);
	*ret_regs = fake_tpm_regs(&fake);
	return 0;
}

const struct pmm_range *pmm_ranges(size_t *ret_count)
{
	static const struct pmm_range range = { FINAL_PADDR, FINAL_PADDR + sizeof(final), PMM_ACPI };

	*ret_count = 1;
	return &range;
}

int paging_read_phys(void *ret_dst, paddr_t paddr, size_t len)
{
	assert_true(paddr >= FINAL_PADDR && len <= FINAL_PADDR + sizeof(final) - paddr);
	memcpy(ret_dst, final + (paddr - FINAL_PADDR), len);
	return 0;
}

void task_integrity(struct integrity_task *ret_task)
{
	*ret_task = (struct integrity_task){ .pid = 42, .comm = "evil\nroot", .cred = &fs_root, .context = &fs_ctx };
}

static void make_table(u32 method)
{
	memset(table, 0, sizeof(table));
	memcpy(table, "TPM2", 4);
	store_le64(table + 40, 0xfed40040);
	store_le32(table + 48, method);
	table_err = 0;
}

static void load_pcrs(void)
{
	struct span file = golden_read("eventlog/ovmf-four-banks.pcrs");
	char *text = (char *)golden_cut(file, file.len), *line = strtok(text, "\n");

	for (; line; line = strtok(NULL, "\n")) {
		char bank[16], hex[200];
		unsigned pcr, byte;

		if (sscanf(line, "%15s %u %199s", bank, &pcr, hex) != 3)
			continue;
		struct fake_bank *b = &fake.banks[!strcmp(bank, "sha1") ? 0 : !strcmp(bank, "sha256") ? 1
						  : !strcmp(bank, "sha384") ? 2 : 3];

		for (size_t i = 0; i < b->len; i++) {
			assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
			b->pcrs[pcr][i] = (u8)byte;
		}
	}
	free(text);
	golden_free(file);
}

/* Splits the golden log: the first events for the stub's copy, the last ones for the final table. */
static void split_log(void)
{
	struct eventlog_raw raw;
	struct eventlog_event event;
	size_t pos, doubled = 0, main_end = 0, n = 0;

	assert_int_equal(eventlog_parse(golden, &raw, NULL), 0);
	for (pos = raw.header_len; eventlog_next(&raw, &pos, &event);) {
		n++;
		if (n == MAIN_EVENTS - DOUBLE_EVENTS)
			doubled = pos;
		if (n == MAIN_EVENTS)
			main_end = pos;
	}
	memset(final, 0, sizeof(final));
	store_le64(final, 1);
	store_le64(final + 8, n - (MAIN_EVENTS - DOUBLE_EVENTS));
	memcpy(final + 16, golden.base + doubled, golden.len - doubled);
	boot = (struct bootinfo){
		.event_log = { (u64)(uintptr_t)golden.base - PHYSMAP_BASE, main_end },
		.final_events = FINAL_PADDR,
		.final_events_skip = main_end - doubled,
		.flags = BOOT_TCG2_PRESENT,
	};
}

static void mount_at(const char *where, struct superblock *sb)
{
	struct path path;

	assert_int_equal(fs_mkdir(where, 0755), 0);
	assert_int_equal(fs_walk(where, WALK_DIRECTORY, &fs_root, &path), 0);
	assert_int_equal(vfs_mount(&path, sb, 0, where), 0);
	path_put(&path);
}

static int setup(void **state)
{
	if (fs_setup(state) || nodefs_init())
		return -1;
	mount_at("/dev", nodefs[NODEFS_DEV]);
	mount_at("/sys", nodefs[NODEFS_SYS]);
	mount_at("/sec", nodefs[NODEFS_SECURITY]);
	golden = golden_read("eventlog/ovmf-four-banks.bin");
	fake_tpm_init(&fake, true);
	load_pcrs();
	make_table(7);
	split_log();
	if (tpmdev_init(&boot, &tpm) || tpmdev_register_nodes())
		return -1;
	return 0;
}

static struct file *open_device(const char *name)
{
	struct file *file;

	assert_int_equal(fs_open(name, O_RDWR, 0, &fs_root, &file), 0);
	return file;
}

/* A command of one u32 parameter or handle. */
static size_t command(u8 *cmd, u16 tag, u32 code, u32 value)
{
	frame_write(cmd, tag, 14, code);
	store_be32(cmd + 10, value);
	return 14;
}

static u32 transact(struct file *file, const u8 *cmd, size_t len, u8 *ret_rsp)
{
	assert_int_equal(file_write(file, cmd, len, NULL), len);
	assert_true(file_read(file, ret_rsp, 4096, NULL) >= 10);
	return frame_code(ret_rsp);
}

static void content_is(const char *name, const void *bytes, size_t len)
{
	struct file *file;
	u8 *got = malloc(len + 1);

	assert_non_null(got);
	assert_int_equal(fs_open(name, O_RDONLY, 0, &fs_root, &file), 0);
	assert_int_equal(file_read(file, got, len + 1, NULL), len);
	assert_memory_equal(got, bytes, len);
	file_put(file);
	free(got);
}

static void log_is_the_main_log_and_the_rest_of_the_final_events(void **state)
{
	(void)state;
	content_is("/sec/tpm0/binary_bios_measurements", golden.base, golden.len);
	assert_non_null(strstr(fake_port_log_text(), "PCR 0 to 15 match the firmware's event log in every bank"));
	assert_null(strstr(fake_port_log_text(), "does not match"));
}

static void sysfs_shows_version_and_pcrs_in_upper_case(void **state)
{
	char text[2 * 32 + 2];

	(void)state;
	content_is("/sys/class/tpm/tpm0/tpm_version_major", "2\n", 2);
	for (size_t i = 0; i < 32; i++)
		snprintf(text + 2 * i, 3, "%02X", fake.banks[1].pcrs[7][i]);
	text[64] = '\n';
	content_is("/sys/class/tpm/tpm0/pcr-sha256/7", text, 65);
}

static void tpm0_has_one_opener_tpmrm0_many(void **state)
{
	struct file *first = open_device("/dev/tpm0"), *second = open_device("/dev/tpmrm0"), *third;

	(void)state;
	assert_int_equal(fs_open("/dev/tpm0", O_RDWR, 0, &fs_root, &third), -EBUSY);
	third = open_device("/dev/tpmrm0");
	file_put(first);
	first = open_device("/dev/tpm0");
	file_put(first);
	file_put(second);
	file_put(third);
}

static void response_is_read_in_parts_once(void **state)
{
	struct file *file = open_device("/dev/tpm0");
	u8 cmd[20] = { 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8 }, rsp[64];

	(void)state;
	assert_int_equal(file_read(file, rsp, sizeof(rsp), NULL), 0);
	assert_int_equal(file_poll(file), POLLOUT);
	assert_int_equal(file_write(file, cmd, 20, NULL), 20); /* more than the command says: ignored */
	assert_int_equal(file_poll(file), POLLIN);
	assert_int_equal(file_write(file, cmd, 12, NULL), -EBUSY);
	assert_int_equal(file_read(file, rsp, 3, NULL), 3);
	assert_int_equal(file_read(file, rsp + 3, sizeof(rsp) - 3, NULL), 17);
	assert_int_equal(load_be32(rsp + 2), 20);
	assert_int_equal(frame_code(rsp), 0);
	assert_int_equal(file_read(file, rsp, sizeof(rsp), NULL), 0);
	assert_int_equal(file_poll(file), POLLOUT);
	file_put(file);
}

static void write_that_is_no_command_is_refused(void **state)
{
	static u8 big[4097];
	struct file *file = open_device("/dev/tpm0");
	u8 cmd[12] = { 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8 };
	u64 commands = fake.commands;

	(void)state;
	for (size_t len = 1; len < 12; len++)
		assert_int_equal(file_write(file, cmd, len, NULL), -EINVAL);
	cmd[5] = 9;
	assert_int_equal(file_write(file, cmd, 12, NULL), -EINVAL);
	memset(cmd + 2, 0xff, 4);
	assert_int_equal(file_write(file, cmd, 12, NULL), -EINVAL);
	frame_write(big, FRAME_ST_NO_SESSIONS, sizeof(big), 0x17b);
	assert_int_equal(file_write(file, big, sizeof(big), NULL), -E2BIG);
	assert_int_equal(fake.commands, commands);
	file_put(file);
}

static void forbidden_command_is_answered_audited_and_not_sent(void **state)
{
	static const char *const devices[] = { "/dev/tpm0", "/dev/tpmrm0" };
	u8 cmd[14], rsp[4096];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct file *file = open_device(devices[i]);
		u64 commands = fake.commands;

		fake_port_reset();
		assert_int_equal(transact(file, cmd, command(cmd, FRAME_ST_SESSIONS, 0x182, 10), rsp),
				 FRAME_RC_LOCALITY);
		assert_int_equal(transact(file, cmd, command(cmd, FRAME_ST_SESSIONS, 0x126, 0x4000000a), rsp),
				 FRAME_RC_COMMAND_CODE);
		assert_int_equal(transact(file, cmd, command(cmd, FRAME_ST_SESSIONS, 0x199, 0), rsp),
				 FRAME_RC_COMMAND_CODE);
		assert_non_null(strstr(fake_port_log_text(), "refused a command that is not on the list (0x199)"));
		assert_non_null(strstr(fake_port_log_text(), "name=\"TPM_CC_0x00000199\" res=0"));
		assert_int_equal(fake.commands, commands);
		assert_non_null(strstr(fake_port_log_text(), "refused TPM2_PCR_Extend (0x182) for pid 42 (evil?root)"));
		assert_non_null(strstr(fake_port_log_text(), devices[i]));
		assert_non_null(strstr(fake_port_log_text(), "audit: type=1804 "));
		assert_non_null(strstr(fake_port_log_text(), "name=\"TPM2_Clear\" res=0 errno=1"));
		file_put(file);
	}
}

static void opener_of_tpmrm0_leaves_nothing_loaded(void **state)
{
	struct file *mine = open_device("/dev/tpmrm0"), *other = open_device("/dev/tpmrm0");
	u8 cmd[14], rsp[4096];
	u64 flushes = fake.flushes;

	(void)state;
	fake.next_handle = 0x80000001;
	fake.handles[fake.handle_count++] = 0x80000001;
	assert_int_equal(transact(mine, cmd, command(cmd, FRAME_ST_NO_SESSIONS, 0x161, 0), rsp), 0);
	fake.next_handle = 0x80000002;
	fake.handles[fake.handle_count++] = 0x80000002;
	assert_int_equal(transact(other, cmd, command(cmd, FRAME_ST_NO_SESSIONS, 0x161, 0), rsp), 0);
	fake.next_handle = 0x02000000;
	fake.handles[fake.handle_count++] = 0x02000000;
	assert_int_equal(transact(mine, cmd, command(cmd, FRAME_ST_NO_SESSIONS, 0x176, 0), rsp), 0);
	file_put(mine);
	assert_int_equal(fake.flushes, flushes + 2);
	assert_int_equal(fake.handle_count, 1);
	assert_int_equal(fake.handles[0], 0x80000002);
	assert_int_equal(transact(other, cmd, command(cmd, FRAME_ST_NO_SESSIONS, 0x165, 0x80000002), rsp), 0);
	file_put(other);
	assert_int_equal(fake.flushes, flushes + 3); /* it flushed that itself */
}

/* Last of the ones on the open TPM: it is dead afterwards. */
static void dead_tpm_is_eio(void **state)
{
	struct file *file = open_device("/dev/tpm0"), *pcr;
	u8 cmd[12] = { 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8 };

	(void)state;
	fake_tpm_fault(&fake, FAKE_STALL, 1);
	assert_int_equal(file_write(file, cmd, sizeof(cmd), NULL), -ETIMEDOUT);
	assert_int_equal(file_write(file, cmd, sizeof(cmd), NULL), -EIO);
	assert_int_equal(file_poll(file), POLLOUT);
	assert_int_equal(fs_open("/sys/class/tpm/tpm0/pcr-sha1/0", O_RDONLY, 0, &fs_root, &pcr), -EIO);
	file_put(file);
	tpm_close(tpm, true);
}

static void try_init(u32 method, int acpi_err, u32 flags, int want)
{
	struct tpm *got = NULL;

	fake_port_reset();
	make_table(method);
	table_err = acpi_err;
	boot.flags = flags;
	boot.event_log.len = 0;
	assert_int_equal(tpmdev_init(&boot, &got), want);
	assert_null(got);
	/* An absent TPM is the caller's to speak of; an unusable one is said. */
	assert_int_equal(strstr(fake_port_log_text(), "it cannot be used") != NULL, want != -ENODEV);
}

static void init_without_a_usable_tpm_tells_absent_from_unusable(void **state)
{
	(void)state;
	fake_tpm_init(&fake, true);
	try_init(7, -ENOENT, 0, -ENODEV);
	try_init(7, -ENOENT, BOOT_TCG2_PRESENT, -EIO);
	try_init(7, -EBADMSG, 0, -EBADMSG);
	try_init(11, 0, 0, -EOPNOTSUPP);
	assert_int_equal(fake.accesses, 0);
	fake.gone = 2;
	try_init(7, 0, 0, -EIO); /* the table promises one */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(log_is_the_main_log_and_the_rest_of_the_final_events),
		cmocka_unit_test(sysfs_shows_version_and_pcrs_in_upper_case),
		cmocka_unit_test(tpm0_has_one_opener_tpmrm0_many),
		cmocka_unit_test(response_is_read_in_parts_once),
		cmocka_unit_test(write_that_is_no_command_is_refused),
		cmocka_unit_test(forbidden_command_is_answered_audited_and_not_sent),
		cmocka_unit_test(opener_of_tpmrm0_leaves_nothing_loaded),
		cmocka_unit_test(dead_tpm_is_eio),
		cmocka_unit_test(init_without_a_usable_tpm_tells_absent_from_unusable),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
