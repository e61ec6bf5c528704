/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tpm/filter.c - the allow-list of TPM commands.
 *
 * Relies on the table below: what is not in it, or is marked REFUSE, does not pass. Invariant: no PCR
 * that holds a record of ours, and nothing that decides how PCRs behave, can be changed by a command that passes.
 */
#include "tpm/filter.h"

#include "tpm/frame.h"
#include "tpm/pcr.h"

enum rule {
	REFUSE = 0,
	ALLOW,         /* whatever its handles are */
	ALLOW_BELOW,   /* unless its first handle is the platform hierarchy or the lockout authority */
	PCR_OR_NONE,   /* first handle: a PCR that programs own, or TPM_RH_NULL */
	PCR_ONLY,      /* first handle: a PCR that programs own */
};

#define RH_NULL 0x40000007u
#define RH_LOCKOUT 0x4000000au
#define RH_PLATFORM 0x4000000cu

static const struct {
	u16 code;
	u8 rule;
	const char *name;
} commands[] = {
	/* PCRs. */
	{ 0x17e, ALLOW, "TPM2_PCR_Read" },
	{ FRAME_CC_PCR_EXTEND, PCR_OR_NONE, "TPM2_PCR_Extend" },
	{ FRAME_CC_PCR_EVENT, PCR_OR_NONE, "TPM2_PCR_Event" },
	{ FRAME_CC_EVENT_SEQUENCE_COMPLETE, PCR_OR_NONE, "TPM2_EventSequenceComplete" },
	{ FRAME_CC_PCR_RESET, PCR_ONLY, "TPM2_PCR_Reset" },
	{ 0x12b, REFUSE, "TPM2_PCR_Allocate" },
	{ 0x12c, REFUSE, "TPM2_PCR_SetAuthPolicy" },
	{ 0x183, REFUSE, "TPM2_PCR_SetAuthValue" },
	/* Start, end and test. */
	{ 0x144, REFUSE, "TPM2_Startup" },
	{ 0x145, REFUSE, "TPM2_Shutdown" },
	{ 0x143, ALLOW, "TPM2_SelfTest" },
	{ 0x142, ALLOW, "TPM2_IncrementalSelfTest" },
	{ 0x17c, ALLOW, "TPM2_GetTestResult" },
	/* Hierarchies, dictionary attack protection, audit, clock: the platform's settings. */
	{ 0x121, REFUSE, "TPM2_HierarchyControl" },
	{ 0x129, REFUSE, "TPM2_HierarchyChangeAuth" },
	{ 0x12e, REFUSE, "TPM2_SetPrimaryPolicy" },
	{ 0x124, REFUSE, "TPM2_ChangeEPS" },
	{ 0x125, REFUSE, "TPM2_ChangePPS" },
	{ 0x126, REFUSE, "TPM2_Clear" },
	{ 0x127, REFUSE, "TPM2_ClearControl" },
	{ 0x139, REFUSE, "TPM2_DictionaryAttackLockReset" },
	{ 0x13a, REFUSE, "TPM2_DictionaryAttackParameters" },
	{ 0x12d, REFUSE, "TPM2_PP_Commands" },
	{ 0x13f, REFUSE, "TPM2_SetAlgorithmSet" },
	{ 0x140, REFUSE, "TPM2_SetCommandCodeAuditStatus" },
	{ 0x128, REFUSE, "TPM2_ClockSet" },
	{ 0x130, REFUSE, "TPM2_ClockRateAdjust" },
	{ 0x12f, REFUSE, "TPM2_FieldUpgradeStart" },
	{ 0x141, REFUSE, "TPM2_FieldUpgradeData" },
	{ 0x179, REFUSE, "TPM2_FirmwareRead" },
	{ 0x194, REFUSE, "TPM2_AC_GetCapability" },
	{ 0x195, REFUSE, "TPM2_AC_Send" },
	{ 0x196, REFUSE, "TPM2_Policy_AC_SendSelect" },
	{ 0x198, REFUSE, "TPM2_ACT_SetTimeout" },
	/* What the TPM tells, randomness, hashing. */
	{ 0x17a, ALLOW, "TPM2_GetCapability" },
	{ 0x18a, ALLOW, "TPM2_TestParms" },
	{ 0x17b, ALLOW, "TPM2_GetRandom" },
	{ 0x146, ALLOW, "TPM2_StirRandom" },
	{ 0x181, ALLOW, "TPM2_ReadClock" },
	{ 0x17d, ALLOW, "TPM2_Hash" },
	{ 0x155, ALLOW, "TPM2_HMAC" },
	{ 0x15b, ALLOW, "TPM2_HMAC_Start" },
	{ 0x186, ALLOW, "TPM2_HashSequenceStart" },
	{ 0x15c, ALLOW, "TPM2_SequenceUpdate" },
	{ 0x13e, ALLOW, "TPM2_SequenceComplete" },
	/* Objects. */
	{ 0x131, ALLOW_BELOW, "TPM2_CreatePrimary" },
	{ 0x153, ALLOW, "TPM2_Create" },
	{ 0x191, ALLOW_BELOW, "TPM2_CreateLoaded" },
	{ 0x157, ALLOW, "TPM2_Load" },
	{ 0x167, ALLOW, "TPM2_LoadExternal" },
	{ 0x173, ALLOW, "TPM2_ReadPublic" },
	{ 0x147, ALLOW, "TPM2_ActivateCredential" },
	{ 0x168, ALLOW, "TPM2_MakeCredential" },
	{ 0x15e, ALLOW, "TPM2_Unseal" },
	{ 0x150, ALLOW, "TPM2_ObjectChangeAuth" },
	{ 0x14b, ALLOW, "TPM2_Duplicate" },
	{ 0x152, ALLOW, "TPM2_Rewrap" },
	{ 0x156, ALLOW, "TPM2_Import" },
	{ 0x120, ALLOW_BELOW, "TPM2_EvictControl" },
	{ 0x162, ALLOW, "TPM2_ContextSave" },
	{ 0x161, ALLOW, "TPM2_ContextLoad" },
	{ FRAME_CC_FLUSH_CONTEXT, ALLOW, "TPM2_FlushContext" },
	/* Keys at work. */
	{ 0x174, ALLOW, "TPM2_RSA_Encrypt" },
	{ 0x159, ALLOW, "TPM2_RSA_Decrypt" },
	{ 0x163, ALLOW, "TPM2_ECDH_KeyGen" },
	{ 0x154, ALLOW, "TPM2_ECDH_ZGen" },
	{ 0x178, ALLOW, "TPM2_ECC_Parameters" },
	{ 0x18d, ALLOW, "TPM2_ZGen_2Phase" },
	{ 0x164, ALLOW, "TPM2_EncryptDecrypt" },
	{ 0x193, ALLOW, "TPM2_EncryptDecrypt2" },
	{ 0x18b, ALLOW, "TPM2_Commit" },
	{ 0x18e, ALLOW, "TPM2_EC_Ephemeral" },
	{ 0x177, ALLOW, "TPM2_VerifySignature" },
	{ 0x15d, ALLOW, "TPM2_Sign" },
	/* Statements about keys, PCRs, time. */
	{ 0x158, ALLOW, "TPM2_Quote" },
	{ 0x148, ALLOW, "TPM2_Certify" },
	{ 0x14a, ALLOW, "TPM2_CertifyCreation" },
	{ 0x197, ALLOW, "TPM2_CertifyX509" },
	{ 0x14d, ALLOW, "TPM2_GetSessionAuditDigest" },
	{ 0x133, ALLOW, "TPM2_GetCommandAuditDigest" },
	{ 0x14c, ALLOW, "TPM2_GetTime" },
	/* Sessions and policies. */
	{ 0x176, ALLOW, "TPM2_StartAuthSession" },
	{ 0x180, ALLOW, "TPM2_PolicyRestart" },
	{ 0x160, ALLOW, "TPM2_PolicySigned" },
	{ 0x151, ALLOW, "TPM2_PolicySecret" },
	{ 0x172, ALLOW, "TPM2_PolicyTicket" },
	{ 0x171, ALLOW, "TPM2_PolicyOR" },
	{ 0x17f, ALLOW, "TPM2_PolicyPCR" },
	{ 0x16f, ALLOW, "TPM2_PolicyLocality" },
	{ 0x149, ALLOW, "TPM2_PolicyNV" },
	{ 0x16d, ALLOW, "TPM2_PolicyCounterTimer" },
	{ 0x16c, ALLOW, "TPM2_PolicyCommandCode" },
	{ 0x187, ALLOW, "TPM2_PolicyPhysicalPresence" },
	{ 0x16e, ALLOW, "TPM2_PolicyCpHash" },
	{ 0x170, ALLOW, "TPM2_PolicyNameHash" },
	{ 0x188, ALLOW, "TPM2_PolicyDuplicationSelect" },
	{ 0x16a, ALLOW, "TPM2_PolicyAuthorize" },
	{ 0x16b, ALLOW, "TPM2_PolicyAuthValue" },
	{ 0x18c, ALLOW, "TPM2_PolicyPassword" },
	{ 0x189, ALLOW, "TPM2_PolicyGetDigest" },
	{ 0x18f, ALLOW, "TPM2_PolicyNvWritten" },
	{ 0x190, ALLOW, "TPM2_PolicyTemplate" },
	{ 0x192, ALLOW, "TPM2_PolicyAuthorizeNV" },
	/* NV memory, by its own authority or the owner's. */
	{ 0x12a, ALLOW_BELOW, "TPM2_NV_DefineSpace" },
	{ 0x122, ALLOW_BELOW, "TPM2_NV_UndefineSpace" },
	{ 0x11f, REFUSE, "TPM2_NV_UndefineSpaceSpecial" },
	{ 0x169, ALLOW, "TPM2_NV_ReadPublic" },
	{ 0x137, ALLOW_BELOW, "TPM2_NV_Write" },
	{ 0x134, ALLOW_BELOW, "TPM2_NV_Increment" },
	{ 0x136, ALLOW_BELOW, "TPM2_NV_Extend" },
	{ 0x135, ALLOW_BELOW, "TPM2_NV_SetBits" },
	{ 0x138, ALLOW_BELOW, "TPM2_NV_WriteLock" },
	{ 0x132, REFUSE, "TPM2_NV_GlobalWriteLock" },
	{ 0x14e, ALLOW_BELOW, "TPM2_NV_Read" },
	{ 0x14f, ALLOW_BELOW, "TPM2_NV_ReadLock" },
	{ 0x13b, ALLOW_BELOW, "TPM2_NV_ChangeAuth" },
	{ 0x184, ALLOW, "TPM2_NV_Certify" },
};

static size_t find(u32 code)
{
	size_t i = 0;

	while (i < ARRAY_COUNT(commands) && commands[i].code != code)
		i++;
	return i;
}

const char *tpm_command_name(u32 code)
{
	size_t i = find(code);

	return i < ARRAY_COUNT(commands) ? commands[i].name : NULL;
}

/* A PCR's handle is its number. A command without room for a handle has none that would be allowed. */
static bool handle_allowed(enum rule rule, const u8 *cmd, size_t len)
{
	u32 handle;

	if (len < FRAME_HEADER_LEN + 4)
		return false;
	handle = load_be32(cmd + FRAME_HEADER_LEN);
	switch (rule) {
	case ALLOW_BELOW:
		return handle != RH_PLATFORM && handle != RH_LOCKOUT;
	case PCR_OR_NONE:
		return pcr_free_for_programs(handle) || handle == RH_NULL;
	case PCR_ONLY:
		return pcr_free_for_programs(handle);
	default:
		return false;
	}
}

int tpm_filter(const void *cmd, size_t len, u8 ret_rsp[10], const char **ret_what, u32 *ret_code)
{
	const u8 *bytes = cmd;
	enum rule rule = REFUSE;
	u32 answer = FRAME_RC_COMMAND_CODE;
	const char *name = "a command that is not on the list";
	size_t i;
	u16 tag;
	u32 code;

	if (len < FRAME_HEADER_LEN || load_be32(bytes + 2) != len)
		return -EINVAL;
	tag = load_be16(bytes);
	code = frame_code(bytes);
	i = find(code);
	if (i < ARRAY_COUNT(commands)) {
		name = commands[i].name;
		if (tag == FRAME_ST_NO_SESSIONS || tag == FRAME_ST_SESSIONS)
			rule = commands[i].rule;
	}
	if (rule == ALLOW)
		return 0;
	if (rule != REFUSE) {
		if (handle_allowed(rule, bytes, len))
			return 0;
		answer = FRAME_RC_LOCALITY;
	}
	frame_write(ret_rsp, FRAME_ST_NO_SESSIONS, FRAME_HEADER_LEN, answer);
	*ret_what = name;
	*ret_code = code;
	return -EPERM;
}
