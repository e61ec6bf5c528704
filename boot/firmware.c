/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boot/firmware.c - thin wrappers over UEFI's tables.
 */
#include "boot/firmware.h"

void firmware_say(const struct firmware *fw, const char *text) {
	CHAR16 out[3] = { 0 };

	if (!fw->st->ConOut) return;
	for (; *text; text++) {
		out[0] = (CHAR16)(*text == '\n' ? '\r' : *text);
		out[1] = (CHAR16)(*text == '\n' ? '\n' : 0);
		(void)fw->st->ConOut->OutputString(fw->st->ConOut, out); /* no console is no reason to stop */
	}
}

void *firmware_protocol(const struct firmware *fw, EFI_GUID *guid) {
	void *found = NULL;

	return fw->bs->LocateProtocol(guid, NULL, &found) == EFI_SUCCESS ? found : NULL;
}

u64 firmware_table(const struct firmware *fw, const EFI_GUID *guid) {
	for (UINTN i = 0; i < fw->st->NumberOfTableEntries; i++) {
		const EFI_CONFIGURATION_TABLE *t = &fw->st->ConfigurationTable[i];

		if (memcmp(&t->VendorGuid, guid, sizeof(*guid)) == 0) return (u64)(uintptr_t)t->VendorTable;
	}
	return 0;
}

void *firmware_alloc(const struct firmware *fw, u64 len) {
	EFI_PHYSICAL_ADDRESS addr = 0;

	if (fw->bs->AllocatePages(AllocateAnyPages, EfiLoaderData, align_up(len, PAGE_SIZE) / PAGE_SIZE, &addr))
		return NULL;
	return (void *)(uintptr_t)addr;
}
