/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/tpmdev.c - finding the TPM; its devices and its values in sysfs.
 *
 * Relies on tpm/ for everything that is said to the TPM. Invariant: no byte of a program reaches the TPM unless
 * tpm_filter let that very command pass.
 */
#include "kernel/tpmdev.h"

#include "fs/nodefs.h"
#include "kernel/dev/acpi.h"
#include "kernel/integrity/audit.h"
#include "kernel/task.h"
#include "kernel/tpmbus.h"
#include "kernel/tpmlog.h"
#include "tpm/filter.h"
#include "tpm/frame.h"
#include "tpm/location.h"
#include "tpm/pcr.h"

#define HANDLES_MAX 128u              /* more than any TPM holds: 64 sessions, a few objects */
#define DEV_TPM0 (10u << 8 | 224u)    /* Linux: misc device 224 */
#define DEV_TPMRM0 (253u << 8 | 0u)   /* Linux: dynamic; this is what a usual system shows */

/* One open file. */
struct session {
	bool managed;       /* /dev/tpmrm0 */
	bool answered;      /* the response was read, at least in part: the next command may come */
	size_t rsp_len;     /* 0: none */
	size_t rsp_pos;
	u8 cmd[FRAME_MAX];
	u8 rsp[FRAME_MAX];
};

/*
 * Whose the objects and sessions in the TPM are: of the file that was given the handle last. What vanished
 * without our seeing it (a session that ended with its command) is flushed in vain, or is the next one's.
 */
static struct {
	const struct session *owner; /* NULL: free */
	u32 handle;
} handles[HANDLES_MAX];

static struct tpm the_tpm;
static bool working, tpm0_open;

static int unusable(int err, const char *why) {
	port_log(LOG_ERR, "assay: TPM: it cannot be used: %s", why);
	return err;
}

static int find(const struct bootinfo *boot, struct tpm_location *ret_where) {
	const char *why = NULL;
	struct span table;
	int err = acpi_table("TPM2", &table);

	if (err == -ENOENT && !(boot->flags & BOOT_TCG2_PRESENT)) return -ENODEV;
	if (err == -ENOENT)
		return unusable(-EIO, "the firmware measured into one, but no ACPI table tells where it is");
	if (err) return unusable(err, "its ACPI table is malformed");
	err = location_parse(table, ret_where, &why);
	return err ? unusable(err, why) : 0;
}

int tpmdev_init(const struct bootinfo *boot, struct tpm **ret_tpm) {
	const char *why = NULL;
	struct tpm_location where;
	struct tpm_regs regs;

	TRY(find(boot, &where));
	if (tpmbus_open(&where, &regs) != 0) return unusable(-EIO, "its registers cannot be mapped");
	int err = tpm_open(&the_tpm, &regs, &where, &why);

	if (err) return unusable(err == -ENODEV ? -EIO : err, why);
	if (the_tpm.table_disagrees)
		port_log(LOG_WARN, "assay: TPM: its registers speak %s, its ACPI table says otherwise",
			 tpm_interface_name(the_tpm.interface));
	TRY(tpmlog_init(boot));
	tpmlog_check(&the_tpm);
	working = true;
	*ret_tpm = &the_tpm;
	return 0;
}

void tpmdev_shutdown(void) {
	if (working) tpm_close(&the_tpm, true);
}

static bool gives_handle(u32 code) {
	return code == 0x131 /* CreatePrimary */ || code == 0x157 /* Load */ || code == 0x15b /* HMAC_Start */ ||
	       code == 0x161 /* ContextLoad */ || code == 0x167 /* LoadExternal */ ||
	       code == 0x176 /* StartAuthSession */ || code == 0x186 /* HashSequenceStart */ ||
	       code == 0x191 /* CreateLoaded */;
}

/* After an answer. A session that was saved is to outlive the file; a full table forgets the newest. */
static void note_handle(const struct session *s, size_t cmd_len) {
	bool gives = gives_handle(frame_code(s->cmd)), saves = frame_code(s->cmd) == 0x162 /* ContextSave */;
	const u8 *at = (gives ? s->rsp : s->cmd) + FRAME_HEADER_LEN;

	if (frame_code(s->rsp) != 0 || !(gives || saves) || (gives ? s->rsp_len : cmd_len) < FRAME_HEADER_LEN + 4)
		return;
	u32 handle = load_be32(at), type = handle >> 24;
	bool object = type == 0x80, session = type == 0x02 || type == 0x03;

	for (size_t i = 0; i < HANDLES_MAX && (gives || session); i++) {
		if (handles[i].handle == handle) handles[i].owner = NULL;
	}
	for (size_t i = 0; i < HANDLES_MAX && gives && (object || session); i++) {
		if (handles[i].owner) continue;
		handles[i].owner = s;
		handles[i].handle = handle;
		return;
	}
}

static void flush_handles(const struct session *s) {
	for (size_t i = 0; i < HANDLES_MAX; i++) {
		u8 cmd[FRAME_HEADER_LEN + 4], rsp[FRAME_HEADER_LEN];
		size_t len;

		if (handles[i].owner != s) continue;
		handles[i].owner = NULL;
		if (!s->managed) continue;
		frame_write(cmd, FRAME_ST_NO_SESSIONS, sizeof(cmd), FRAME_CC_FLUSH_CONTEXT);
		store_be32(cmd + FRAME_HEADER_LEN, handles[i].handle);
		(void)tpm_submit(&the_tpm, cmd, sizeof(cmd), rsp, sizeof(rsp), &len); /* it may have ended by itself */
	}
}

static int session_open(struct inode *, struct file *file) {
	bool managed = file->private_data != NULL;
	struct session *s;

	if (!managed && tpm0_open) return -EBUSY;
	s = port_alloc(sizeof(*s));
	if (!s) return -ENOMEM;
	s->managed = managed;
	s->answered = true;
	if (!managed) tpm0_open = true;
	file->private_data = s;
	return 0;
}

static void session_release(struct file *file) {
	struct session *s = file->private_data;

	flush_handles(s);
	if (!s->managed) tpm0_open = false;
	port_free(s);
}

static void say_refused(const struct session *s, const char *what, u32 code) {
	struct integrity_task task;
	char comm[64], name[24] = "";

	task_integrity(&task);
	if (strchr(what, ' ')) /* it has no name */
		text_format(name, sizeof(name), "TPM_CC_0x%08x", code);
	text_printable(comm, sizeof(comm), task.comm, strlen(task.comm));
	port_log(LOG_WARN, "assay: /dev/%s: refused %s (0x%x) for pid %u (%s)", s->managed ? "tpmrm0" : "tpm0", what,
		 code, task.pid, comm);
	audit_integrity(&task, &(struct audit_event){
		.type = AUDIT_PCR, .op = "tpm_command", .cause = "not-allowed", .name = name[0] ? name : what,
		.err = EPERM });
}

/* One command of len bytes in s->cmd; the response goes to s->rsp. */
static int run_command(struct session *s, size_t len) {
	const char *what = NULL;
	u32 code = 0;
	int err = tpm_filter(s->cmd, len, s->rsp, &what, &code);

	if (err == -EPERM) {
		say_refused(s, what, code);
		s->rsp_len = FRAME_HEADER_LEN;
		return 0;
	}
	if (!err) err = tpm_submit(&the_tpm, s->cmd, len, s->rsp, sizeof(s->rsp), &s->rsp_len);
	if (!err) note_handle(s, len);
	return err;
}

/* As Linux: a response that nobody began to read keeps the device busy; bytes after the command are ignored. */
static ssize session_write(struct file *file, const void *buf, size_t len, u64 *) {
	struct session *s = file->private_data;
	size_t size = len >= FRAME_HEADER_LEN ? load_be32((const u8 *)buf + 2) : SIZE_MAX;

	if (len > sizeof(s->cmd)) return -E2BIG;
	if (!s->answered) return -EBUSY;
	if (size > len || size < FRAME_HEADER_LEN) return -EINVAL;
	memcpy(s->cmd, buf, size);
	s->rsp_len = 0;
	s->rsp_pos = 0;
	TRY(run_command(s, size));
	s->answered = false;
	return (ssize)len;
}

/* The response, also in parts; what was read is wiped. 0 when there is none. */
static ssize session_read(struct file *file, void *buf, size_t len, u64 *) {
	struct session *s = file->private_data;
	size_t n = min_u64(len, s->rsp_len - s->rsp_pos);

	s->answered = true;
	memcpy(buf, s->rsp + s->rsp_pos, n);
	memset(s->rsp + s->rsp_pos, 0, n);
	s->rsp_pos += n;
	return (ssize)n;
}

static u32 session_poll(struct file *file) {
	const struct session *s = file->private_data;

	return !s->answered || s->rsp_pos < s->rsp_len ? POLLIN : POLLOUT;
}

/* arg: bank << 8 | PCR. Upper-case hex, as on Linux. */
static int show_pcr(struct blob *text, void *arg) {
	size_t bank = (size_t)((uintptr_t)arg >> 8);
	struct tpm_digests values;

	TRY(tpm_pcr_read(&the_tpm, (unsigned)((uintptr_t)arg & 0xff), &values));
	for (size_t i = 0; i < the_tpm.banks[bank].len; i++) blob_format(text, "%02X", values.bytes[bank][i]);
	blob_text(text, "\n");
	return 0;
}

int tpmdev_register_nodes(void) {
	static const struct file_ops fops = { .open = session_open, .release = session_release, .read = session_read,
					      .write = session_write, .poll = session_poll };
	static const struct pseudo_node version = { "class/tpm/tpm0/tpm_version_major", S_IFREG | 0444, .arg = "2" };
	static const struct pseudo_node devices[] = {
		{ "tpm0", S_IFCHR | 0600, DEV_TPM0, .fops = &fops },
		{ "tpmrm0", S_IFCHR | 0600, DEV_TPMRM0, .fops = &fops, .arg = &the_tpm },
	};

	TRY(pseudo_add(nodefs[NODEFS_DEV], devices, ARRAY_COUNT(devices)));
	TRY(pseudo_add(nodefs[NODEFS_SYS], &version, 1));
	for (size_t i = 0; i < the_tpm.bank_count * PCR_COUNT; i++) {
		size_t bank = i / PCR_COUNT, pcr = i % PCR_COUNT;
		const char *name = pcr_bank_name(the_tpm.banks[bank].alg);
		char path[64];
		struct pseudo_node node = { path, S_IFREG | 0444, .show = show_pcr, .arg = (void *)(bank << 8 | pcr) };

		text_format(path, sizeof(path), "class/tpm/tpm0/pcr-%s/%zu", name ? name : "unknown", pcr);
		TRY(pseudo_add(nodefs[NODEFS_SYS], &node, 1));
	}
	return tpmlog_register_nodes();
}
