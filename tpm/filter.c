/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/filter.c - the allow-list of TPM commands.
 *
 * Relies on the tables below: what is in none of the first three does not pass. Invariant: no PCR that holds a
 * record of ours, and nothing that decides how PCRs behave, can be changed by a command that passes.
 */
#include "tpm/filter.h"

#include "tpm/frame.h"
#include "tpm/pcr.h"

#define RH_NULL 0x40000007u
#define RH_LOCKOUT 0x4000000au
#define RH_PLATFORM 0x4000000cu

/* Whatever their handles are: what the TPM tells, hashing, objects, keys at work, statements, sessions, policies. */
static const u16 allowed[] = {
	0x17e /* PCR_Read */, 0x143 /* SelfTest */, 0x142 /* IncrementalSelfTest */, 0x17c /* GetTestResult */,
	0x17a /* GetCapability */, 0x18a /* TestParms */, 0x17b /* GetRandom */, 0x146 /* StirRandom */,
	0x181 /* ReadClock */, 0x17d /* Hash */, 0x155 /* HMAC */, 0x15b /* HMAC_Start */,
	0x186 /* HashSequenceStart */, 0x15c /* SequenceUpdate */, 0x13e /* SequenceComplete */, 0x153 /* Create */,
	0x157 /* Load */, 0x167 /* LoadExternal */, 0x173 /* ReadPublic */, 0x147 /* ActivateCredential */,
	0x168 /* MakeCredential */, 0x15e /* Unseal */, 0x150 /* ObjectChangeAuth */, 0x14b /* Duplicate */,
	0x152 /* Rewrap */, 0x156 /* Import */, 0x162 /* ContextSave */, 0x161 /* ContextLoad */,
	0x165 /* FlushContext */, 0x174 /* RSA_Encrypt */, 0x159 /* RSA_Decrypt */, 0x163 /* ECDH_KeyGen */,
	0x154 /* ECDH_ZGen */, 0x178 /* ECC_Parameters */, 0x18d /* ZGen_2Phase */, 0x164 /* EncryptDecrypt */,
	0x193 /* EncryptDecrypt2 */, 0x18b /* Commit */, 0x18e /* EC_Ephemeral */, 0x177 /* VerifySignature */,
	0x15d /* Sign */, 0x158 /* Quote */, 0x148 /* Certify */, 0x14a /* CertifyCreation */,
	0x197 /* CertifyX509 */, 0x14d /* GetSessionAuditDigest */, 0x133 /* GetCommandAuditDigest */,
	0x14c /* GetTime */, 0x176 /* StartAuthSession */, 0x180 /* PolicyRestart */, 0x160 /* PolicySigned */,
	0x151 /* PolicySecret */, 0x172 /* PolicyTicket */, 0x171 /* PolicyOR */, 0x17f /* PolicyPCR */,
	0x16f /* PolicyLocality */, 0x149 /* PolicyNV */, 0x16d /* PolicyCounterTimer */,
	0x16c /* PolicyCommandCode */, 0x187 /* PolicyPhysicalPresence */, 0x16e /* PolicyCpHash */,
	0x170 /* PolicyNameHash */, 0x188 /* PolicyDuplicationSelect */, 0x16a /* PolicyAuthorize */,
	0x16b /* PolicyAuthValue */, 0x18c /* PolicyPassword */, 0x189 /* PolicyGetDigest */,
	0x18f /* PolicyNvWritten */, 0x190 /* PolicyTemplate */, 0x192 /* PolicyAuthorizeNV */,
	0x169 /* NV_ReadPublic */, 0x184 /* NV_Certify */,
};

/* Unless their first handle is the platform hierarchy or the lockout authority: primary keys and NV memory. */
static const u16 allowed_below[] = {
	0x131 /* CreatePrimary */, 0x191 /* CreateLoaded */, 0x120 /* EvictControl */, 0x12a /* NV_DefineSpace */,
	0x122 /* NV_UndefineSpace */, 0x137 /* NV_Write */, 0x134 /* NV_Increment */, 0x136 /* NV_Extend */,
	0x135 /* NV_SetBits */, 0x138 /* NV_WriteLock */, 0x14e /* NV_Read */, 0x14f /* NV_ReadLock */,
	0x13b /* NV_ChangeAuth */,
};

/* First handle: a PCR that programs own, or where the command knows it (all but PCR_Reset), TPM_RH_NULL. */
static const u16 pcr_commands[] = {
	FRAME_CC_PCR_EXTEND, FRAME_CC_PCR_EVENT, FRAME_CC_EVENT_SEQUENCE_COMPLETE, FRAME_CC_PCR_RESET,
};

/* Names of commands that are refused, for the audit line: PCRs, start and end, settings of the platform. */
static const struct {
	u16 code;
	const char *name;
} names[] = {
	{ 0x13c, "TPM2_PCR_Event" }, { 0x13d, "TPM2_PCR_Reset" }, { 0x182, "TPM2_PCR_Extend" },
	{ 0x185, "TPM2_EventSequenceComplete" }, { 0x12b, "TPM2_PCR_Allocate" },
	{ 0x12c, "TPM2_PCR_SetAuthPolicy" }, { 0x183, "TPM2_PCR_SetAuthValue" }, { 0x144, "TPM2_Startup" },
	{ 0x145, "TPM2_Shutdown" }, { 0x121, "TPM2_HierarchyControl" }, { 0x129, "TPM2_HierarchyChangeAuth" },
	{ 0x12e, "TPM2_SetPrimaryPolicy" }, { 0x124, "TPM2_ChangeEPS" }, { 0x125, "TPM2_ChangePPS" },
	{ 0x126, "TPM2_Clear" }, { 0x127, "TPM2_ClearControl" }, { 0x139, "TPM2_DictionaryAttackLockReset" },
	{ 0x13a, "TPM2_DictionaryAttackParameters" }, { 0x12d, "TPM2_PP_Commands" },
	{ 0x13f, "TPM2_SetAlgorithmSet" }, { 0x140, "TPM2_SetCommandCodeAuditStatus" }, { 0x128, "TPM2_ClockSet" },
	{ 0x130, "TPM2_ClockRateAdjust" }, { 0x12f, "TPM2_FieldUpgradeStart" }, { 0x141, "TPM2_FieldUpgradeData" },
	{ 0x179, "TPM2_FirmwareRead" }, { 0x194, "TPM2_AC_GetCapability" }, { 0x195, "TPM2_AC_Send" },
	{ 0x196, "TPM2_Policy_AC_SendSelect" }, { 0x198, "TPM2_ACT_SetTimeout" },
	{ 0x11f, "TPM2_NV_UndefineSpaceSpecial" }, { 0x132, "TPM2_NV_GlobalWriteLock" },
};

static bool contains(const u16 *codes, size_t count, u32 code) {
	for (size_t i = 0; i < count; i++) {
		if (codes[i] == code) return true;
	}
	return false;
}

/* -EPERM, with the answer that the program gets. */
static int refuse(u32 rc, const char *name, u8 ret_rsp[10], const char **ret_what) {
	frame_write(ret_rsp, FRAME_ST_NO_SESSIONS, FRAME_HEADER_LEN, rc);
	*ret_what = name;
	return -EPERM;
}

int tpm_filter(const void *cmd, size_t len, u8 ret_rsp[10], const char **ret_what, u32 *ret_code) {
	const u8 *bytes = cmd;
	const char *name = "a command that is not on the list";

	if (len < FRAME_HEADER_LEN || load_be32(bytes + 2) != len) return -EINVAL;
	u16 tag = load_be16(bytes);
	u32 code = frame_code(bytes);
	/* A PCR's handle is its number. A command without room for a handle has none that would be allowed. */
	u32 handle = len < FRAME_HEADER_LEN + 4 ? RH_PLATFORM : load_be32(bytes + FRAME_HEADER_LEN);

	*ret_code = code;
	for (size_t i = 0; i < ARRAY_COUNT(names); i++) {
		if (names[i].code == code) name = names[i].name;
	}
	if (tag != FRAME_ST_NO_SESSIONS && tag != FRAME_ST_SESSIONS)
		return refuse(FRAME_RC_COMMAND_CODE, name, ret_rsp, ret_what);
	if (contains(pcr_commands, ARRAY_COUNT(pcr_commands), code)) {
		if (pcr_free_for_programs(handle) || (handle == RH_NULL && code != FRAME_CC_PCR_RESET)) return 0;
		return refuse(FRAME_RC_LOCALITY, name, ret_rsp, ret_what);
	}
	if (contains(allowed, ARRAY_COUNT(allowed), code)) return 0;
	if (!contains(allowed_below, ARRAY_COUNT(allowed_below), code))
		return refuse(FRAME_RC_COMMAND_CODE, name, ret_rsp, ret_what);
	if (handle != RH_PLATFORM && handle != RH_LOCKOUT) return 0;
	return refuse(FRAME_RC_LOCALITY, "a command under the platform hierarchy", ret_rsp, ret_what);
}
