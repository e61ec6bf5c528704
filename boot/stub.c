/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/stub.c - the EFI program: from firmware to the kernel.
 *
 * Nothing of the image is used before all of it is measured. A step that fails has left a sentence in why;
 * it is shown on the firmware's console, and firmware gets the machine back ten seconds later.
 */
#include "boot/firmware.h"
#include "boot/load.h"
#include "boot/measure.h"
#include "boot/uki.h"
#include "boot/utf16.h"
#include "kernel/x86/cpu.h"

#define STOP_WAIT_US 10000000u
#define OPTIONS_LEN_MAX 0x10000u

static EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;
static EFI_GUID rng_guid = EFI_RNG_PROTOCOL_GUID;
static const EFI_GUID acpi_guid = ACPI_20_TABLE_GUID;
static EFI_GUID global_guid = EFI_GLOBAL_VARIABLE;

struct stub {
	struct firmware fw;
	struct pe image;
	struct span options;   /* as firmware gave them */
	struct measure measure;
	struct bootinfo *info;
	struct load load;
	const char *why;
};

static int fail(struct stub *s, int err, const char *why) {
	s->why = why;
	return err;
}

static int prepare(struct stub *s) {
	u64 now = cpu_rdtsc();

	(void)s->fw.bs->SetWatchdogTimer(0, 0, 0, NULL); /* a firmware without one has nothing to disable */
	s->info = firmware_alloc(&s->fw, sizeof(*s->info));
	if (!s->info) return fail(s, -ENOMEM, "there is no memory for the boot record");
	*s->info = (struct bootinfo){ .magic = BOOTINFO_MAGIC, .version = BOOTINFO_VERSION, .len = sizeof(*s->info),
				      .entry_tsc = now };
	return 0;
}

static int find_image(struct stub *s) {
	EFI_LOADED_IMAGE *loaded = NULL;

	if (s->fw.bs->HandleProtocol(s->fw.image, &loaded_image_guid, (void **)&loaded) != EFI_SUCCESS)
		return fail(s, -ENODEV, "firmware does not say where the image is");
	if (loaded->LoadOptions) s->options = (struct span){ loaded->LoadOptions, loaded->LoadOptionsSize };
	return pe_open(loaded->ImageBase, loaded->ImageSize, PE_LOADED, &s->image, &s->why);
}

static int measure_all(struct stub *s) {
	measure_open(&s->fw, &s->measure);
	TRY(measure_sections(&s->measure, &s->image, &s->why));
	TRY(measure_options(&s->measure, s->options, &s->why));
	if (s->measure.tcg2)
		s->info->flags |= BOOT_TCG2_PRESENT;
	else
		firmware_say(&s->fw, "assay: no TPM through EFI_TCG2: sections and load options are not measured\n");
	return 0;
}

/* The place of a section that may be absent; two of one name did not pass measure_sections. */
static void take_section(struct stub *s, enum uki_section which, struct boot_span *ret_span) {
	struct span content;

	if (pe_find(&s->image, uki_name(which), &content) == 0)
		*ret_span = (struct boot_span){ (u64)(uintptr_t)content.base, content.len };
}

static int take_sections(struct stub *s) {
	take_section(s, UKI_CMDLINE, &s->info->cmdline);
	take_section(s, UKI_INITRD, &s->info->initrd);
	return 0;
}

static int take_options(struct stub *s) {
	size_t cap = s->options.len / 2 * 3;
	size_t len = 0;
	void *text;

	if (!s->options.len) return 0;
	s->info->load_options_not_text = 1;
	if (s->options.len > OPTIONS_LEN_MAX || cap == 0) return 0;
	text = firmware_alloc(&s->fw, cap);
	if (!text) return fail(s, -ENOMEM, "there is no memory for the load options");
	if (utf16_to_utf8(s->options.base, s->options.len, text, cap, &len) == 0) {
		s->info->load_options_not_text = 0;
		if (len) s->info->load_options = (struct boot_span){ (u64)(uintptr_t)text, len };
	}
	return 0;
}

/* A one-byte global variable; 0 when absent. */
static u8 global_variable(const struct stub *s, CHAR16 *name) {
	u8 value = 0;
	UINTN len = sizeof(value);
	EFI_STATUS status = s->fw.st->RuntimeServices->GetVariable(name, &global_guid, NULL, &len, &value);

	return status == EFI_SUCCESS ? value : 0;
}

static int take_platform(struct stub *s) {
	EFI_RNG_PROTOCOL *rng = firmware_protocol(&s->fw, &rng_guid);
	struct bootinfo *info = s->info;

	if (rng && rng->GetRNG(rng, NULL, sizeof(info->seed), info->seed) == EFI_SUCCESS)
		info->seed_len = sizeof(info->seed);
	else
		memset(info->seed, 0, sizeof(info->seed));
	if (global_variable(s, L"SecureBoot") == 1 && global_variable(s, L"SetupMode") == 0)
		info->flags |= BOOT_SECURE_BOOT;
	info->rsdp = firmware_table(&s->fw, &acpi_guid);
	return 0;
}

static int place_kernel(struct stub *s) {
	struct span elf;

	if (pe_find(&s->image, uki_name(UKI_LINUX), &elf))
		return fail(s, -ENOENT, "the image has no section .linux, so there is no kernel");
	TRY(load_kernel(&s->fw, elf, s->info, &s->load, &s->why));
	return load_tables(&s->fw, s->info, &s->load, &s->why);
}

static int leave(struct stub *s) {
	firmware_say(&s->fw, "assay: leaving firmware; output continues on the serial console (COM1, 115200 baud)\n");
	measure_log(&s->measure, &s->fw, s->info);
	return load_leave(&s->fw, s->info, &s->load, &s->why);
}

static EFI_STATUS stop(const struct stub *s) {
	firmware_say(&s->fw, "assay: halted: ");
	firmware_say(&s->fw, s->why);
	firmware_say(&s->fw, "\n");
	(void)s->fw.bs->Stall(STOP_WAIT_US); /* time to read it; a shorter wait does no harm */
	return EFI_LOAD_ERROR;
}

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table);

EFI_STATUS efi_main(EFI_HANDLE image, EFI_SYSTEM_TABLE *table) {
	struct stub s = { .fw = { image, table, table->BootServices }, .why = "unknown reason" };
	int (*const steps[])(struct stub *s) = {
		prepare, find_image, measure_all, take_sections, take_options, take_platform, place_kernel, leave,
	};

	for (size_t i = 0; i < ARRAY_COUNT(steps); i++)
		if (steps[i](&s)) break;
	return stop(&s);
}
