# SPDX-License-Identifier: Apache-2.0
"""Boots of Debian's busybox: lists against the TPM, over TIS and CRB, with other banks, without a TPM."""
import hashlib
import json
import os
import signal
import subprocess

import judges
import replay
from harness import ASSAY, Root, build_image, case, check, command, guest_program, run_image, scratch, twin

LISTS = """
/bin/hello
echo "sh: $(id -u)"
put_lists BANKS
put bios $S/tpm0/binary_bios_measurements
cat $S/ima/runtime_measurements_count
ls -l $S/ima/ $S/ | cat
"""


def lists_script(banks):
    return LISTS.replace("BANKS", " ".join(banks))


def pcrs_of(result):
    return {bank: result.pcr(bank) for bank in result.pcrs}


def judge_lists(result, banks, tpm_banks):
    """Every list of the guest against the TPM that it ran with, each with its twin."""
    pcrs = pcrs_of(result)
    for bank in tpm_banks:
        blob = result.blob(f"list-{bank}")
        if not check(f"the guest gives its {bank} list", blob, result.text[-800:]):
            continue
        judge = lambda b, k=bank: judges.list_replays(b, k, pcrs[k])
        check(f"the {bank} list replays to PCR 10", judge(blob))
        twin(f"the {bank} list replays to PCR 10", judge, judges.spoil(blob))
        text = result.blob(f"ascii-{bank}").decode()
        records = replay.parse_list(blob, bank)
        check(f"the ascii {bank} list has a line a record", len(text.splitlines()) == len(records))
        check(f"the ascii {bank} list shows the template digests",
              [line.split()[1] for line in text.splitlines()] == [r.digest.hex() for r in records])
    sha1_list = result.blob("list-sha1")
    for bank in [b for b in ("sha1", "sha256") if b in tpm_banks]:
        judge = lambda b, k=bank: judges.evmctl_matches(b, k, pcrs[k])
        check(f"evmctl matches the list in bank {bank}", judge(sha1_list))
        twin(f"evmctl matches the list in bank {bank}", judge, judges.spoil(sha1_list))
    names = [replay.name_of(r) for r in replay.parse_list(sha1_list, "sha1")]
    for name in ("boot_aggregate", "/init", "/bin/busybox", "/bin/hello"):
        check(f"{name} is in the list", name in names, names)
    first = result.blob("list-" + tpm_banks[0])
    judge = lambda p: judges.aggregate_agrees(first, tpm_banks[0], p)
    check("boot_aggregate agrees with the PCRs", judge(pcrs))
    spoiled = {bank: {**values, 0: "00" * (len(values[0]) // 2)} for bank, values in pcrs.items()}
    twin("boot_aggregate agrees with the PCRs", judge, spoiled)
    check("lists of all banks are there", all(result.blob(f"list-{b}") is not None for b in banks))


def judge_eventlog(result, reference):
    blob, pcrs = result.blob("bios"), pcrs_of(result)
    if not check("the guest gives the firmware's log", blob, result.text[-800:]):
        return
    check("tpm2_eventlog parses the log without a warning", judges.eventlog_clean(blob))
    twin("tpm2_eventlog parses the log without a warning", judges.eventlog_clean, blob[:len(blob) - 7])
    indices = list(range(10)) + [11, 12]
    for bank in pcrs:
        judge = lambda b, k=bank: judges.eventlog_replays(b, k, pcrs[k], indices)
        check(f"the log replays to PCR 0-9, 11, 12 in bank {bank}", judge(blob))
        separator = hashlib.new(bank, b"\0\0\0\0").digest()
        spoiled = blob.replace(separator, bytes(len(separator)), 1)
        twin(f"the log replays in bank {bank}", judge, spoiled)
        check(f"the reference predicts PCR 11 in bank {bank}", reference["pcrs"]["11"][bank] == pcrs[bank][11])
        check(f"the reference predicts PCR 12 in bank {bank}", reference["pcrs"]["12"][bank] == pcrs[bank][12])


def boot(folder, tpm, banks, tpm_banks):
    root = Root(os.path.join(folder, "root"), lists_script(banks))
    root.copy(guest_program("hello"), "bin/hello")
    image, reference = os.path.join(folder, "image.efi"), os.path.join(folder, "reference.json")
    status, text = build_image(root, image, "--reference", reference)
    if not check("assay image builds", status == 0, text):
        return None, None
    result = run_image(image, "--tpm-banks", ",".join(tpm_banks), tpm=tpm)
    check("the appliance ends with status 0", result.status == 0, result.text)
    check("the last line is init's status", result.last_line() == "assay: init exited with status 0",
          result.last_line())
    check("the program ran", "hello from a measured program" in result.text)
    with open(reference, encoding="utf-8") as stream:
        return result, json.load(stream)


@case
def busybox_crb():
    with scratch() as folder:
        banks = ("sha1", "sha256", "sha384", "sha512")
        result, reference = boot(folder, "crb", banks, banks)
        if result:
            judge_lists(result, banks, banks)
            judge_eventlog(result, reference)


@case
def busybox_tis():
    with scratch() as folder:
        banks = ("sha1", "sha256", "sha384", "sha512")
        result, reference = boot(folder, "tis", banks, banks)
        if result:
            judge_lists(result, banks, banks)
            judge_eventlog(result, reference)


@case
def busybox_sha256_only():
    with scratch() as folder:
        result, _ = boot(folder, "crb", ("sha1", "sha256"), ("sha256",))
        if result:
            judge_lists(result, ("sha1", "sha256"), ("sha256",))
            check("no list for a bank that is not active", "_sha384" not in result.text)


@case
def no_tpm():
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"), "put_lists sha1\n/bin/hello\n")
        root.copy(guest_program("hello"), "bin/hello")
        image = os.path.join(folder, "image.efi")
        check("assay image builds", build_image(root, image)[0] == 0)
        result = run_image(image, tpm="none")
        check("without a TPM the appliance runs", result.status == 0 and "hello from a measured" in result.text,
              result.text)
        check("and says that there is no TPM", "no TPM" in result.text)
        first = replay.parse_list(result.blob("list-sha1") or b"", "sha1")
        check("boot_aggregate is zeros", first and replay.digest_of(first[0]) == ("sha256", "00" * 32))
        image = os.path.join(folder, "require.efi")
        check("assay image builds", build_image(root, image, cmdline="ima_tpm=require")[0] == 0)
        result = run_image(image, tpm="none")
        check("ima_tpm=require without a TPM halts", result.status == 126, result.text)
        check("with the reason", result.last_line().startswith("assay: halted: ") and "TPM" in result.last_line(),
              result.last_line())
        result = run_image(image, tpm="crb")
        check("ima_tpm=require with a TPM runs", result.status == 0, result.text)


@case
def load_options():
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"), "cat /proc/cmdline\nput bios $S/tpm0/binary_bios_measurements\n")
        image = os.path.join(folder, "image.efi")
        check("assay image builds", build_image(root, image, cmdline="assay.allow=loglevel")[0] == 0)
        given = "loglevel=7 init=/bin/busybox ima_policy=none"
        result = run_image(image, "--load-options", given)
        check("options from outside do not change init or ima", result.status == 0, result.text)
        check("what was ignored is said", "init=/bin/busybox" in result.text and "ignored" in result.text)
        pcrs, blob = pcrs_of(result), result.blob("bios")
        check("the options are measured to PCR 12", pcrs["sha256"][12] != "00" * 32)
        check("and the log replays", judges.eventlog_replays(blob, "sha256", pcrs["sha256"], [11, 12]))


@case
def one_state_one_run():
    """A second run on the same --tpm-state is refused and harms nothing."""
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"), "read answer\n")
        image, state = os.path.join(folder, "image.efi"), os.path.join(folder, "tpm")
        check("assay image builds", build_image(root, image)[0] == 0)
        arguments = [ASSAY, "run", image, "--tpm-state", state]
        with subprocess.Popen(arguments + ["--timeout", "120"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT) as first:
            said = first.stdout.read(1) # the machine is on, so its TPM is
            with open(os.path.join(state, "swtpm.pid"), encoding="ascii") as stream:
                pid = stream.read()
            status, text = command(arguments)
            check("the second run is refused", status == 125 and f"in use by another assay run, process {first.pid}"
                  in text and text.count("\n") == 1, text)
            with open(os.path.join(state, "swtpm.pid"), encoding="ascii") as stream:
                check("the first one's swtpm.pid stands", said and stream.read() == pid)
            first.send_signal(signal.SIGTERM)
            first.stdout.read()
            check("the first run ends by its signal", first.wait() == 128 + signal.SIGTERM, first.returncode)
        status, text = command(arguments + ["--timeout", "1"])
        check("then the state is free", status == 124, text)


@case
def demo():
    status, text = command(["make", "run"])
    check("make run </dev/null exits with 0", status == 0, text)
    check("the demo shows measurements", "PCR 10 record 5: /bin/greet  sha256:" in text)
    check("the demo shows the refusal", "EACCES" in text or "Permission denied" in text)
    check("the demo compares list and PCRs", text.count("equal to the TPM") >= 2)
