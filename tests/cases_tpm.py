# SPDX-License-Identifier: Apache-2.0
"""What root in the guest, and a dying TPM, can do to log and PCR: nothing."""
import os
import re
import signal
import struct
import subprocess
import time

import replay
from harness import ASSAY, ROOT, Result, Root, build_image, case, check, guest_program, run_image, scratch


def tpm_command(code, body=b"", sessions=False):
    return struct.pack(">HII", 0x8002 if sessions else 0x8001, 10 + len(body), code) + body


PASSWORD = struct.pack(">IIHBH", 9, 0x40000009, 0, 0, 0)
ONE_SHA256 = struct.pack(">IH", 1, 0x000B) + b"\xaa" * 32


def extend(pcr):
    return tpm_command(0x182, struct.pack(">I", pcr) + PASSWORD + ONE_SHA256, True)


def pcr_event(pcr):
    return tpm_command(0x13C, struct.pack(">I", pcr) + PASSWORD + struct.pack(">H", 4) + b"evil", True)


def pcr_reset(pcr):
    return tpm_command(0x13D, struct.pack(">I", pcr) + PASSWORD, True)


def event_sequence_complete(pcr):
    auth = struct.pack(">I", 18) + 2 * struct.pack(">IHBH", 0x40000009, 0, 0, 0)
    return tpm_command(0x185, struct.pack(">II", pcr, 0x80000000) + auth + struct.pack(">H", 0), True)


def platform(code, body=b"", handle=0x4000000C):
    return tpm_command(code, struct.pack(">I", handle) + PASSWORD + body, True)


FORBIDDEN = {
    "PCR_Extend 10": extend(10), "PCR_Extend 0": extend(0), "PCR_Extend 11": extend(11),
    "PCR_Extend 17": extend(17),
    "PCR_Event 10": pcr_event(10), "PCR_Reset 10": pcr_reset(10), "PCR_Reset 17": pcr_reset(17),
    "EventSequenceComplete 10": event_sequence_complete(10),
    "Startup": tpm_command(0x144, struct.pack(">H", 0)), "Shutdown": tpm_command(0x145, struct.pack(">H", 0)),
    "Clear": platform(0x126, handle=0x4000000A), "ClearControl": platform(0x127, b"\0", 0x4000000A),
    "PCR_Allocate": platform(0x12B, struct.pack(">I", 0)),
    "HierarchyControl": platform(0x121, struct.pack(">IB", 0x4000000C, 0)),
    "HierarchyChangeAuth": platform(0x129, struct.pack(">H", 0), 0x40000001),
    "PCR_SetAuthPolicy": platform(0x12C, struct.pack(">HHI", 0, 0x10, 10)),
    "ChangePPS": platform(0x125), "ChangeEPS": platform(0x124),
    "SetPrimaryPolicy": platform(0x12E, struct.pack(">HH", 0, 0x10)),
    "vendor command": tpm_command(0x20000001),
}
ALLOWED = {
    "GetRandom": tpm_command(0x17B, struct.pack(">H", 8)), "PCR_Extend 16": extend(16), "PCR_Reset 16": pcr_reset(16),
    "PCR_Extend 23": extend(23),
    "PCR_Read": tpm_command(0x17E, struct.pack(">IHB3s", 1, 0x000B, 3, b"\0\4\0")),
    "GetCapability": tpm_command(0x17A, struct.pack(">III", 6, 0x100, 1)),
}


@case
def forbidden_commands():
    with scratch() as folder:
        script = "dmesg -n 8\n"
        for device in ("/dev/tpm0", "/dev/tpmrm0"):
            for name, cmd in {**FORBIDDEN, **ALLOWED}.items():
                script += f"echo '{device} {name}:' $(/bin/tpmcmd {device} {cmd.hex()})\n"
        script += "/bin/hello\nput_lists sha1 sha256\n"
        root = Root(os.path.join(folder, "root"), script)
        for program in ("tpmcmd", "hello"):
            root.copy(guest_program(program), f"bin/{program}")
        image = os.path.join(folder, "image.efi")
        check("assay image builds", build_image(root, image)[0] == 0)
        result = run_image(image)
        for device in ("/dev/tpm0", "/dev/tpmrm0"):
            for name, cmd in FORBIDDEN.items():
                found = re.search(rf"^{device} {re.escape(name)}: tpmcmd: \w+ ([0-9a-f]{{8}})", result.text, re.M)
                check(f"{device}: {name} is refused", found and found.group(1) != "00000000",
                      [l for l in result.lines if name in l])
            for name in ALLOWED:
                found = re.search(rf"^{device} {re.escape(name)}: tpmcmd: \w+ 00000000", result.text, re.M)
                check(f"{device}: {name} is allowed", found, [l for l in result.lines if name in l])
        refusals = [l for l in result.lines if "refused" in l and "/dev/tpm" in l]
        check("each refusal has a line", len(refusals) >= 2 * len(FORBIDDEN), len(refusals))
        for bank in ("sha1", "sha256"):
            records = replay.parse_list(result.blob(f"list-{bank}") or b"", bank)
            check(f"the {bank} list still replays",
                  records and replay.replay(records, bank).get(10) == result.pcr(bank)[10])


def swtpm_of(pid):
    """The swtpm process that `assay run` with this pid started."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", encoding="ascii", errors="replace") as stream:
                text = stream.read()
        except OSError:
            continue
        name, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
        if name == "swtpm" and int(rest[1]) == pid:
            return int(entry)
    return None


def run_and_disturb(image, how, folder):
    """Runs the image; when the guest prints "ready" sends the signal to its TPM."""
    serial = os.path.join(folder, "serial")
    arguments = [ASSAY, "run", image, "--timeout", "180", "--serial", serial]
    disturbed = False
    with subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          cwd=ROOT) as process:
        while process.poll() is None:
            time.sleep(0.1)
            text = ""
            if os.path.exists(serial):
                with open(serial, "rb") as stream:
                    text = stream.read().decode("utf-8", "replace")
            if not disturbed and "\nready" in text:
                victim = swtpm_of(process.pid)
                if victim:
                    os.kill(victim, how)
                disturbed = victim is not None
        process.stdout.read()
    with open(serial, "rb") as stream:
        text = stream.read().decode("utf-8", "replace")
    return disturbed, Result(process.returncode, text, {})


@case
def dying_tpm():
    with scratch() as folder:
        script = ("/bin/hello && echo first ran\necho ready\nsleep 4\necho going on\n"
                  "/bin/second; echo second gives $?\n"
                  "/bin/third; echo third gives $?\n/bin/hello && echo recorded one runs on\necho end\n")
        root = Root(os.path.join(folder, "root"), script)
        for program in ("hello", "second", "third"):
            with open(guest_program("hello"), "rb") as stream:
                root.write(f"bin/{program}", stream.read() + program.encode(), 0o755)
        image = os.path.join(folder, "image.efi")
        check("assay image builds", build_image(root, image)[0] == 0)
        for how in (signal.SIGKILL, signal.SIGSTOP):
            with scratch() as work:
                disturbed, result = run_and_disturb(image, how, work)
            check(f"{how.name}: the TPM was disturbed", disturbed, result.text)
            check(f"{how.name}: before, programs ran", "first ran" in result.text, result.text)
            check(f"{how.name}: the next program is refused",
                  re.search(r"second gives (?!0\b)\d+", result.text), result.text)
            check(f"{how.name}: and all later ones",
                  re.search(r"third gives (?!0\b)\d+", result.text), result.text)
            check(f"{how.name}: neither ran", result.text.count("hello from a measured program") <= 2, result.text)
            check(f"{how.name}: a sentence says that the log broke",
                  "the log is broken at record" in result.text, result.text)
            check(f"{how.name}: the wait is bounded, the guest ends", "\nend" in result.text, result.text)
