# SPDX-License-Identifier: Apache-2.0
"""The golden cases acted out in our guest: same files, policy, program and steps as on a real Linux; one table."""
import base64
import io
import os
import re
import shutil
import tarfile

import acts
import judges
import replay
from acts import ACTS, Machine, golden
from harness import (ACCOUNT, GUEST, ROOT, Root, build_image, case, check, command, guest_program, run_image, scratch,
                     twin)

CRITICAL = ("kernel_version", "tpm_info", "ima_policy")
BANKS = ("sha1", "sha256", "sha384", "sha512")
SCRIPTS = os.path.join(ROOT, "tests", "guest", "acts")
TIMEOUT = 400


def probe():
    """The program of the captured runs, from the same source."""
    out = os.path.join(GUEST, "golden-probe")
    if not os.path.exists(out):
        with scratch() as folder: # the name of the source is in the program, and so in its digest
            source = os.path.join(folder, "probe.c")
            shutil.copy(os.path.join(ACTS, "probe.txt"), source)
            status, text = command(["gcc", "-O2", "-static", "-w", "-o", out, source])
        check("the captured program builds", status == 0, text)
    return out


class Act:
    """One boot: script, command line, files; afterwards what the guest gave, by name."""

    def __init__(self, folder, script, cmdline="", policy=None, labels=None, tpm="crb", banks=BANKS, files=(),
                 programs=()):
        text = ""
        for name in ("lib", script):
            with open(os.path.join(SCRIPTS, name + ".sh"), encoding="ascii") as stream:
                text += stream.read()
        root = Root(os.path.join(folder, "root"), None)
        root.write("init", "#!/bin/busybox sh\n" + text + "finish\n", 0o755)
        root.copy(probe(), "usr/bin/probe")
        for name in programs:
            root.copy(guest_program(name), f"usr/bin/{name}")
        root.write("keys/rsa.der", golden("appraise", "rsa.der"))
        root.write("case/labels", golden("acts", labels + ".labels") if labels else b"")
        if policy:
            root.write("case/policy", golden("policy", policy + ".loaded"))
        for name, content in files:
            root.write(name, content)
        self.root = root
        self.banks_listed = [b for b in BANKS if b == "sha1" or tpm != "none" and b in banks]
        image = os.path.join(folder, "image.efi")
        status, text = build_image(root, image, sign=False, cmdline=cmdline)
        self.files, self.result = {}, None
        if not check(f"the image of {script} builds", status == 0, text):
            return
        options = () if tpm == "none" else ("--tpm-banks", ",".join(banks))
        self.result = run_image(image, *options, tpm=tpm, timeout=TIMEOUT)
        self.pcrs = {bank: self.result.pcr(bank) for bank in self.result.pcrs}
        match = re.search(r"^<<<out\r?\n(.*?)^>>>", self.result.text, re.S | re.M)
        if match:
            with tarfile.open(fileobj=io.BytesIO(base64.b64decode(match.group(1)))) as tar:
                for member in tar:
                    if member.isfile():
                        self.files[member.name.removeprefix("./")] = tar.extractfile(member).read()
        check(f"{script} is acted out to its end", self.files and self.result.status == 0, self.result.text)

    def file(self, name):
        return self.files.get(name, b"")

    def machine(self):
        return Machine(self.root.folder, self.pcrs)


class Table:
    """A row a golden case, a column a kind; a cell says equal, differs, or - where nothing was captured."""

    COLUMNS = ("lists", "ascii", "count", "violations", "answers", "audit", "policy", "directory", "PCRs")

    def __init__(self):
        self.rows, self.seen, self.wanted = {}, [], set()

    def compare(self, name, kind, captured, expect, have, spoil=acts.spoil):
        """expect(captured) is what the guest must give; one bit turned in what was captured must show."""
        want = expect(captured)
        good = want == have
        cells = self.rows.setdefault(name, {})
        difference = "" if good else acts.difference(want, have)
        if not good and cells.get(kind) != "differs":
            self.seen.append(f"{name}, {kind}:\n{difference}")
        cells[kind] = "equal" if good and cells.get(kind) != "differs" else "differs"
        check(f"{name}: {kind} as on Linux", good, difference)
        if len(captured) > 1:
            twin(f"{name}: {kind} as on Linux", lambda spoiled: expect(spoiled) == have, spoil(captured))

    def show(self):
        width = max(map(len, {"golden case", *self.rows})) + 2
        print("golden case".ljust(width) + " ".join(c.ljust(10) for c in self.COLUMNS))
        for name, cells in self.rows.items():
            print(name.ljust(width) + " ".join(cells.get(c, "-").ljust(10) for c in self.COLUMNS))
        for line in self.seen:
            print("  " + line)


TABLE = Table()


def own_names(act, where="end"):
    """The names of our records that were not captured, in order."""
    records = acts.parse(act.file(f"{where}/binary_runtime_measurements_sha1"), "sha1")
    return [acts.name_of(r).decode() for r in records if acts.only_here(r)]


def compare_lists(act, name, where="end", source=None):
    """Binary and ascii lists of every bank, and the counters."""
    source = source or name
    machine = act.machine()
    for bank in act.banks_listed:
        blob = golden("lists", source, f"binary_runtime_measurements_{bank}")
        have = act.file(f"{where}/binary_runtime_measurements_{bank}")
        TABLE.compare(name, "lists", blob,
                      lambda b, k=bank: acts.readable(acts.expected_records(machine, b, k)),
                      acts.readable(acts.own_records_out(have, bank)),
                      lambda b, k=bank: acts.spoil_list(b, k))
        text = act.file(f"{where}/ascii_runtime_measurements_{bank}")
        TABLE.compare(name, "ascii", golden("lists", source, f"ascii_runtime_measurements_{bank}"),
                      lambda t, b=blob, k=bank: acts.expected_ascii(machine, t, b, k),
                      acts.own_ascii_out(text, have, bank) if have else text,
                      lambda t, b=blob, k=bank: acts.spoil_ascii(t, b, k))
    records = acts.parse(golden("lists", source, "binary_runtime_measurements_sha1"), "sha1")
    missing = sum(1 for r in records if acts.only_there(r))
    TABLE.compare(name, "count", golden("lists", source, "runtime_measurements_count"),
                  lambda t: b"%d\n" % (int(t) - missing + len(own_names(act, where))),
                  act.file(f"{where}/runtime_measurements_count"))


def compare_own(act, name, *want):
    check(f"{name}: the records of ours that were not captured are {', '.join(want) or 'none'}",
          own_names(act) == list(want), own_names(act))


def compare_violations(act, name, captured, where="end"):
    TABLE.compare(name, "violations", captured, bytes, act.file(f"{where}/violations"))


def compare_pcrs(act, name):
    """The TPM at the end against the list in every bank; 11 and 12 begin as the stub left them."""
    want, have = b"", b""
    events = replay.parse_eventlog(act.file("eventlog")) if act.pcrs else []
    for bank in act.pcrs:
        records = acts.parse(act.file(f"end/binary_runtime_measurements_{bank}"), bank)
        begin = {pcr: value for pcr, value in replay.replay_events(events, bank).items() if pcr in (11, 12)}
        values = acts.replays(records, bank, begin)
        for pcr in sorted({r.pcr for r in records}):
            want += f"{bank} {pcr} {values[pcr]}\n".encode()
            have += f"{bank} {pcr} {act.pcrs[bank][pcr]}\n".encode()
    if act.pcrs:
        TABLE.compare(name, "PCRs", want, bytes, have)


def compare_text(act, name, kind, captured, file, expect=bytes):
    TABLE.compare(name, kind, captured, expect, act.file(file))


def compare_audit(act, name, captured):
    TABLE.compare(name, "audit", captured, acts.audit_lines, acts.audit_lines(act.file("dmesg")))


def compare_directory(act, name, captured, where="end"):
    TABLE.compare(name, "directory", captured, lambda t: acts.listing(t, staging=False),
                  acts.listing(act.file(f"{where}/listing")))


LISTS = {
    "list_ng": "", "list_sig": "ima_template=ima-sig", "list_ngv2": "ima_template=ima-ngv2",
    "list_sigv2": "ima_template=ima-sigv2", "list_ima_sha1": "ima_template=ima ima_hash=sha1",
    "list_fmt": "ima_template_fmt=d-ng|n-ng|sig|iuid|igid|imode|xattrnames|xattrlengths|xattrvalues", "list_notpm": "",
}


@case
def golden_lists():
    """list_*: seven boots of one script; bootagg and bootagg_notpm are how two of them begin."""
    TABLE.wanted |= {*LISTS, "bootagg", "bootagg_notpm"}
    for name, options in LISTS.items():
        with scratch() as folder:
            act = Act(folder, "list", "ima_policy=none " + options, policy="list_ng", labels=name,
                      tpm="none" if name == "list_notpm" else "crb")
            if not act.files:
                continue
            compare_lists(act, name)
            compare_violations(act, name, b"0\n")
            compare_text(act, name, "answers", golden("acts", "list.said"), "said")
            compare_text(act, name, "policy", golden("policy", "list_ng.readback"), "end/readback")
            compare_audit(act, name, golden("acts", "list.audit"))
            compare_own(act, name, "ima_policy")
            compare_pcrs(act, name)
            begin = {"list_ng": ("bootagg", "bootagg_tis"), "list_notpm": ("bootagg_notpm", "bootagg_notpm")}.get(name)
            if begin:
                compare_lists(act, begin[0], "before", begin[1])
                compare_violations(act, begin[0], b"0\n", "before")
                compare_directory(act, begin[0], golden("acts", begin[0] + ".listing"), "before")


AGGREGATES = {"bootagg_tis": ("tis", BANKS), "bootagg_sha1only": ("crb", ("sha1",)),
              "bootagg_sha256only": ("crb", ("sha256",))}


@case
def golden_aggregates():
    """bootagg_*: other interfaces and banks of the TPM."""
    TABLE.wanted |= {*AGGREGATES}
    for name, (tpm, banks) in AGGREGATES.items():
        with scratch() as folder:
            act = Act(folder, "bootagg", "ima_policy=none", tpm=tpm, banks=banks)
            if not act.files:
                continue
            compare_lists(act, name)
            compare_violations(act, name, b"0\n")
            compare_directory(act, name, golden("acts", name.replace("_tis", "") + ".listing"))
            compare_audit(act, name, b"")
            compare_own(act, name)
            compare_pcrs(act, name)


@case
def golden_mixed():
    TABLE.wanted.add("mixed_noima")
    with scratch() as folder:
        act = Act(folder, "mixed_noima", "ima_policy=none", policy="mixed_noima", labels="mixed_noima")
        if act.files:
            name = "mixed_noima"
            compare_lists(act, name)
            compare_violations(act, name, b"0\n")
            compare_text(act, name, "answers", golden("acts", "mixed_noima.said"), "said",
                         lambda t: re.sub(rb"open\(" + acts.VERITY.pattern[3:] + rb",r\) = OK\n", b"", t))
            compare_text(act, name, "policy", golden("policy", "mixed_noima.readback"), "end/readback")
            compare_audit(act, name, golden("acts", "mixed_noima.audit"))
            compare_own(act, name, "ima_policy", "/t/f1009.bare", "/t/f1010.bare", "/t/f1014.bare")
            compare_pcrs(act, name)


@case
def golden_violations():
    TABLE.wanted.add("violations")
    with scratch() as folder:
        act = Act(folder, "violations", "ima_policy=none", policy="violations")
        if act.files:
            name, source = "violations", ("lists", "violations")
            compare_lists(act, name)
            compare_violations(act, name, b"15\n")
            compare_text(act, name, "answers", golden("acts", "violations.said"), "said")
            blob = golden(*source, "binary_runtime_measurements_sha1")
            text = golden(*source, "ascii_runtime_measurements_sha1")
            lines = dict(zip(text.split(b"\n"), acts.expected_ascii(act.machine(), text, blob, "sha1").split(b"\n")))
            own = len(own_names(act))
            counted = lambda t: re.sub(rb"count=(\d+)", lambda m: b"count=%d" % (int(m.group(1)) + own), t)
            rewritten = lambda t: acts.refused_mapping(counted(t)).split(b"\n")
            compare_text(act, name, "answers", golden("acts", "violations.transcript"), "transcript",
                         lambda t: b"\n".join(lines.get(line, line) for line in rewritten(t)))
            compare_text(act, name, "policy", golden("policy", "violations.readback"), "end/readback")
            compare_audit(act, name, golden("acts", "violations.audit"))
            compare_own(act, name, "ima_policy")
            compare_pcrs(act, name)


def without_ids(said):
    """What keyctl said without the numbers of keys, and without what `keyctl show` said."""
    lines = [line for line in said.split(b"\n") if not re.match(rb"Keyring$| *\d+ --", line)]
    return b"\n".join(b"ID" if line.isdigit() else line for line in lines)


def trusted_keys(listing):
    """Type and description of the keys in the trusted rings, and how many these rings hold."""
    rows = [line.split(None, 7)[7] for line in listing.split(b"\n") if len(line.split(None, 7)) == 8]
    kept = [row for row in rows if row.startswith((b"asymmetri ", b"keyring   .ima:", b"keyring   .builtin"))]
    return b"".join(row.rstrip() + b"\n" for row in sorted(kept))


@case
def golden_buffers():
    """buf up to its first kexec; the certificates that the captured kernel had built in are the image's."""
    TABLE.wanted.add("buf")
    kernel_key = next(replay.fields(r.data)[2] for r in acts.parse(
        golden("lists", "buf_after_policy", "binary_runtime_measurements_sha256"), "sha256")
                      if acts.name_of(r) == b".ima")
    files = (("etc/keys/ca.der", golden("acts", "ca.der")), ("etc/keys/x509_ima.der", kernel_key),
             ("keys/ec.der", golden("appraise", "ec.der")), ("keys/unk.der", golden("acts", "unk.der")))
    with scratch() as folder:
        act = Act(folder, "buf", "ima_policy=critical_data", policy="buf", files=files, programs=("keyctl",))
        if act.files:
            for where, part in (("before", "before_policy"), ("policy", "after_policy"), ("keys", "after_keys"),
                                ("end", "after_more_keys")):
                compare_lists(act, "buf", where, "buf_" + part)
            compare_violations(act, "buf", b"0\n")
            said = golden("acts", "buf.said")
            TABLE.compare("buf", "answers", said[:said.index(b"kexec_file_load")], without_ids,
                          without_ids(act.file("said")))
            TABLE.compare("buf", "answers", golden("acts", "buf.keys"), trusted_keys,
                          trusted_keys(act.file("proc_keys")))
            compare_text(act, "buf", "policy", golden("policy", "critical_data.readback"), "before/readback")
            compare_text(act, "buf", "policy", golden("policy", "buf.readback"), "end/readback")
            compare_audit(act, "buf", golden("acts", "buf.audit"))
            compare_own(act, "buf", *CRITICAL, "/etc/keys/ca.der", "/etc/keys/x509_ima.der", "ima_policy")
            compare_pcrs(act, "buf")


BUILTIN = {
    "policy_tcb": ("ima_policy=tcb", "tcb", "tcb"), "policy_ima_tcb": ("ima_tcb", "policy_ima_tcb", "ima_tcb"),
    "policy_appraise_tcb": ("ima_policy=appraise_tcb ima_appraise=log", "policy_appraise_tcb", "appraise_tcb"),
    "policy_secure_boot": ("ima_policy=secure_boot ima_appraise=log", "policy_secure_boot", "secure_boot"),
    "policy_critical_data": ("ima_policy=critical_data", "policy_critical_data", "critical_data"),
    "policy_all": ("ima_policy=tcb|appraise_tcb|secure_boot|critical_data|fail_securely ima_appraise=log",
                   "policy_all", "all"),
}


@case
def golden_builtin_policies():
    """tcb and policy_*; tcb and policy_tcb are the same boot."""
    TABLE.wanted |= {*BUILTIN, "tcb"}
    for name, (options, source, readback) in BUILTIN.items():
        with scratch() as folder:
            act = Act(folder, "tcb", options)
            if not act.files:
                continue
            compare_own(act, name, *(CRITICAL if "critical_data" in options else ()))
            for row in ("tcb", name) if name == "policy_tcb" else (name,):
                compare_lists(act, row, source=source)
                compare_violations(act, row, b"0\n")
                compare_text(act, row, "answers", golden("acts", "tcb.said"), "said")
                compare_text(act, row, "policy", golden("policy", readback + ".readback"), "end/readback")
                compare_pcrs(act, row)
                if "appraise_tcb" in options:
                    compare_probe_audit(act, row)
                else:
                    compare_audit(act, row, b"")


def compare_probe_audit(act, name):
    """The records of pid 1 and of the one run of probe, in order; the rest of /init is another script."""
    log = act.file("dmesg")
    probes = re.findall(rb" pid=(\d+) [^\n]* comm=\"probe\"", log)
    keep = re.compile(rb" pid=(1|" + (probes[0] if probes else b"none") + rb") ")
    lines = b"\n".join(line for line in log.split(b"\n") if keep.search(line))
    numbers = lambda t: re.sub(rb"T:\d+", b"T", acts.audit_lines(t))
    TABLE.compare(name, "audit", golden("acts", "appraise_tcb.audit"), numbers, numbers(lines))


WANTED = {*LISTS, *AGGREGATES, *BUILTIN, "bootagg", "bootagg_notpm", "mixed_noima", "violations", "buf", "tcb"}


@case
def golden_replays():
    """The reader that judges our lists reads those of Linux, the old template "ima" beside others too; no boot."""
    mixed = ()
    for name in ("list_ima_sha1", "list_ng", "list_fmt", "list_sigv2"):
        text = golden("lists", name, "pcrs.txt").decode().lower()
        pcrs = {bank: dict(re.findall(rf"^{bank} (\d+) ([0-9a-f]+)$", text, re.M)) for bank in BANKS}
        for bank in BANKS:
            blob = golden("lists", name, f"binary_runtime_measurements_{bank}")
            judge = lambda b, k=bank, p=pcrs: judges.list_replays(b, k, {10: p[k]["10"]})
            check(f"{name}: the {bank} list gives the PCR that Linux read", judge(blob))
            twin(f"{name}: the {bank} list gives the PCR that Linux read", judge, judges.spoil(blob))
        mixed += (golden("lists", name, "binary_runtime_measurements_sha256"),)
    legacy, others = replay.parse_list(mixed[0], "sha256"), replay.parse_list(b"".join(mixed), "sha256")
    check("a list of several templates is read", others[:len(legacy)] == legacy and
          len(others) == sum(len(replay.parse_list(blob, "sha256")) for blob in mixed))
    check("and replays", replay.replay(others, "sha256").get(10))
    first = next(r for r in legacy if replay.name_of(r) == "boot_aggregate")
    digest = golden("lists", "list_ima_sha1", "ascii_runtime_measurements_sha256").split()[3].decode()
    check("its digest is the one of the ascii list", replay.digest_of(first) == ("sha1", digest))
    last = acts.serialise(acts.parse(mixed[0], "sha256")[-1:])
    refused = 0
    for cut in range(1, len(last)):
        try:
            replay.parse_list(mixed[0][:-cut], "sha256")
        except replay.Malformed:
            refused += 1
    check("cut anywhere in its last record it is refused", refused == len(last) - 1, refused)


@case
def golden_table():
    """The table of all that was acted out; it comes after the cases above. A run of all has all of it."""
    wanted = WANTED if ACCOUNT.whole else TABLE.wanted
    if not wanted:
        ACCOUNT.skip("the table of golden cases", "none was acted out in this run")
        return
    print("What may differ:")
    for what, why in acts.ALLOWED.items():
        print(f"  {what}: {why}")
    TABLE.show()
    judge = lambda rows: wanted <= rows
    check("every captured case was acted out", judge(set(TABLE.rows)), wanted - set(TABLE.rows))
    twin("every captured case was acted out", judge, set(TABLE.rows) - {min(wanted)})
