/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/unit/test_filter.c - the allow-list of TPM commands, each forbidden one by name.
 *
 * Codes are tss2's, not those of the table under test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <tss2_tpm2_types.h>

#include "kernel/base/err.h"
#include "kernel/base/types.h"
#include "tpm/filter.h"

static u8 rsp[10];
static const char *what;
static u32 code;

/* A command of this code whose first four bytes after the header are handle, in an exact heap block. */
static int filter(u16 tag, u32 cc, u32 handle, size_t len)
{
	u8 *cmd = calloc(1, len);

	assert_non_null(cmd);
	store_be16(cmd, tag);
	store_be32(cmd + 2, (u32)len);
	store_be32(cmd + 6, cc);
	if (len >= 14)
		store_be32(cmd + 10, handle);
	memset(rsp, 0xee, sizeof(rsp));
	what = NULL;
	code = 0;
	int err = tpm_filter(cmd, len, rsp, &what, &code);

	free(cmd);
	return err;
}

static void refused(u16 tag, u32 cc, u32 handle, size_t len, u32 rc)
{
	assert_int_equal(filter(tag, cc, handle, len), -EPERM);
	assert_int_equal(load_be16(rsp), TPM2_ST_NO_SESSIONS);
	assert_int_equal(load_be32(rsp + 2), 10);
	assert_int_equal(load_be32(rsp + 6), rc);
	assert_non_null(what);
	assert_int_equal(code, cc);
}

static void forbidden_commands_are_refused_whatever_their_handle(void **state)
{
	static const u32 codes[] = {
		TPM2_CC_Startup, TPM2_CC_Shutdown, TPM2_CC_Clear, TPM2_CC_ClearControl,
		TPM2_CC_PCR_Allocate, TPM2_CC_PCR_SetAuthPolicy, TPM2_CC_PCR_SetAuthValue,
		TPM2_CC_HierarchyControl, TPM2_CC_HierarchyChangeAuth, TPM2_CC_SetPrimaryPolicy,
		TPM2_CC_ChangeEPS, TPM2_CC_ChangePPS, TPM2_CC_DictionaryAttackLockReset,
		TPM2_CC_DictionaryAttackParameters, TPM2_CC_PP_Commands, TPM2_CC_SetAlgorithmSet,
		TPM2_CC_SetCommandCodeAuditStatus, TPM2_CC_ClockSet, TPM2_CC_ClockRateAdjust,
		TPM2_CC_FieldUpgradeStart, TPM2_CC_FieldUpgradeData, TPM2_CC_FirmwareRead,
		TPM2_CC_NV_UndefineSpaceSpecial, TPM2_CC_NV_GlobalWriteLock,
		TPM2_CC_AC_GetCapability, TPM2_CC_AC_Send, TPM2_CC_Policy_AC_SendSelect,
		TPM2_CC_ACT_SetTimeout, TPM2_CC_Vendor_TCG_Test, 0, 0x11e, 0x123, 0x199, 0x20000000
		+ TPM2_CC_PCR_Read, 0xffffffff,
	};
	static const u32 handles[] = { 0, 16, 23, TPM2_RH_NULL, TPM2_RH_OWNER, TPM2_RH_PLATFORM };

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
		for (size_t j = 0; j < ARRAY_COUNT(handles); j++) {
			refused(TPM2_ST_NO_SESSIONS, codes[i], handles[j], 40, TPM2_RC_COMMAND_CODE);
			refused(TPM2_ST_SESSIONS, codes[i], handles[j], 40, TPM2_RC_COMMAND_CODE);
		}
		refused(TPM2_ST_NO_SESSIONS, codes[i], 0, 10, TPM2_RC_COMMAND_CODE);
	}
	assert_int_equal(filter(TPM2_ST_SESSIONS, TPM2_CC_Clear, 0, 27), -EPERM);
	assert_string_equal(what, "TPM2_Clear");
}

static void pcr_commands_reach_16_and_23_alone(void **state)
{
	static const u32 codes[] = {
		TPM2_CC_PCR_Extend, TPM2_CC_PCR_Event, TPM2_CC_EventSequenceComplete,
		TPM2_CC_PCR_Reset,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
		for (u32 pcr = 0; pcr < 40; pcr++) {
			if (pcr == 16 || pcr == 23)
				assert_int_equal(filter(TPM2_ST_SESSIONS, codes[i], pcr, 65), 0);
			else
				refused(TPM2_ST_SESSIONS, codes[i], pcr, 65, TPM2_RC_LOCALITY);
		}
		refused(TPM2_ST_SESSIONS, codes[i], 0x01000010, 65, TPM2_RC_LOCALITY);
		refused(TPM2_ST_SESSIONS, codes[i], 0x0a000000, 65, TPM2_RC_LOCALITY);
		for (size_t len = 10; len < 14; len++)
			refused(TPM2_ST_SESSIONS, codes[i], 0, len, TPM2_RC_LOCALITY);
		refused(0x8003, codes[i], 16, 65, TPM2_RC_COMMAND_CODE);
	}
	assert_int_equal(filter(TPM2_ST_SESSIONS, TPM2_CC_PCR_Extend, TPM2_RH_NULL, 65), 0);
	assert_int_equal(filter(TPM2_ST_SESSIONS, TPM2_CC_EventSequenceComplete, TPM2_RH_NULL, 65), 0);
	refused(TPM2_ST_SESSIONS, TPM2_CC_PCR_Reset, TPM2_RH_NULL, 27, TPM2_RC_LOCALITY);
}

static void platform_hierarchy_and_lockout_are_out_of_reach(void **state)
{
	static const u32 codes[] = {
		TPM2_CC_CreatePrimary, TPM2_CC_CreateLoaded, TPM2_CC_EvictControl,
		TPM2_CC_NV_DefineSpace, TPM2_CC_NV_UndefineSpace, TPM2_CC_NV_Write,
		TPM2_CC_NV_Increment, TPM2_CC_NV_Extend, TPM2_CC_NV_SetBits, TPM2_CC_NV_WriteLock,
		TPM2_CC_NV_Read, TPM2_CC_NV_ReadLock,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
		refused(TPM2_ST_SESSIONS, codes[i], TPM2_RH_PLATFORM, 60, TPM2_RC_LOCALITY);
		refused(TPM2_ST_SESSIONS, codes[i], TPM2_RH_LOCKOUT, 60, TPM2_RC_LOCALITY);
		assert_int_equal(filter(TPM2_ST_SESSIONS, codes[i], TPM2_RH_OWNER, 60), 0);
	}
}

static void attestation_and_sealing_pass(void **state)
{
	static const u32 codes[] = {
		TPM2_CC_PCR_Read, TPM2_CC_Quote, TPM2_CC_GetCapability, TPM2_CC_GetRandom,
		TPM2_CC_ReadClock, TPM2_CC_CreatePrimary, TPM2_CC_Create, TPM2_CC_Load,
		TPM2_CC_LoadExternal, TPM2_CC_Unseal, TPM2_CC_ReadPublic,
		TPM2_CC_ActivateCredential, TPM2_CC_MakeCredential, TPM2_CC_Certify,
		TPM2_CC_CertifyCreation, TPM2_CC_Sign, TPM2_CC_VerifySignature,
		TPM2_CC_StartAuthSession, TPM2_CC_PolicyPCR, TPM2_CC_PolicySecret, TPM2_CC_PolicyOR,
		TPM2_CC_PolicyGetDigest, TPM2_CC_PolicyRestart, TPM2_CC_FlushContext,
		TPM2_CC_ContextSave, TPM2_CC_ContextLoad, TPM2_CC_NV_Read, TPM2_CC_NV_ReadPublic,
		TPM2_CC_NV_Write, TPM2_CC_Hash, TPM2_CC_HashSequenceStart, TPM2_CC_SequenceUpdate,
		TPM2_CC_SequenceComplete, TPM2_CC_GetTime, TPM2_CC_GetTestResult, TPM2_CC_SelfTest,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(codes); i++) {
		assert_int_equal(filter(TPM2_ST_SESSIONS, codes[i], TPM2_RH_OWNER, 60), 0);
		assert_int_equal(filter(TPM2_ST_NO_SESSIONS, codes[i], 0x80000000, 60), 0);
		refused(0x00c1, codes[i], 0x80000000, 60, TPM2_RC_COMMAND_CODE);
	}
}

static void malformed_frames_are_einval(void **state)
{
	u8 cmd[12] = { 0x80, 1, 0, 0, 0, 12, 0, 0, 1, 0x7b, 0, 8 };

	(void)state;
	assert_int_equal(tpm_filter(cmd, 12, rsp, &what, &code), 0);
	for (size_t len = 0; len < 12; len++)
		assert_int_equal(tpm_filter(cmd, len, rsp, &what, &code), -EINVAL);
	cmd[5] = 13;
	assert_int_equal(tpm_filter(cmd, 12, rsp, &what, &code), -EINVAL);
	memset(cmd + 2, 0xff, 4);
	assert_int_equal(tpm_filter(cmd, 12, rsp, &what, &code), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forbidden_commands_are_refused_whatever_their_handle),
		cmocka_unit_test(pcr_commands_reach_16_and_23_alone),
		cmocka_unit_test(platform_hierarchy_and_lockout_are_out_of_reach),
		cmocka_unit_test(attestation_and_sealing_pass),
		cmocka_unit_test(malformed_frames_are_einval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
