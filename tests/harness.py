# SPDX-License-Identifier: Apache-2.0
"""What the QEMU cases stand on: images, runs, results, and the account of checks.

A case is a function registered with @case; it boots one image, or a few, and calls check() many times. A
check that fails is recorded with what was seen and the case goes on. Each group of
end-to-end checks has a twin(): the same judgement fed with spoiled data, which must come out red.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
ASSAY = os.path.join(BUILD, "assay")
KEYS = os.path.join(ROOT, "tests", "golden", "keys")
GUEST = os.path.join(BUILD, "guest")
BUSYBOX = "/bin/busybox"
TIMEOUT_S = 240

CASES = []


def case(function):
    CASES.append(function)
    return function


class Account:
    """Counts checks; a skip needs a reason."""

    def __init__(self):
        self.passed, self.failed, self.skipped = 0, 0, 0
        self.name = ""
        self.whole = False # every case is run

    def check(self, what, good, seen=""):
        if good:
            self.passed += 1
            return True
        self.failed += 1
        print(f"FAIL {self.name}: {what}" + (f"\n     seen: {str(seen)[-1500:]}" if seen != "" else ""), flush=True)
        return False

    def skip(self, what, reason):
        self.skipped += 1
        print(f"SKIP {self.name}: {what}: {reason}", flush=True)


ACCOUNT = Account()


def check(what, good, seen=""):
    return ACCOUNT.check(what, bool(good), seen)


def twin(what, judge, spoiled):
    """judge(spoiled) must say no (return False or raise): a check that cannot fail is no check."""
    try:
        verdict = judge(spoiled)
    except Exception:  # pylint: disable=broad-except
        verdict = False
    return ACCOUNT.check(f"twin of: {what}", not verdict, "the spoiled data was accepted")


def scratch():
    return tempfile.TemporaryDirectory(prefix="assay-test-")


def command(arguments, timeout=TIMEOUT_S, **options):
    options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout,
                          check=False, cwd=ROOT, **options)
    return done.returncode, done.stdout.decode("utf-8", "replace")


SHELL_LIB = """
put() { echo "<<<$1"; base64 "$2"; echo ">>>"; }
S=/sys/kernel/security
put_lists() {
	for bank in "$@"; do
		put "list-$bank" $S/ima/binary_runtime_measurements_$bank
		put "ascii-$bank" $S/ima/ascii_runtime_measurements_$bank
	done
}
"""


class Root:
    """A root folder for `assay image`: busybox with its applets, an /init script, further files."""

    def __init__(self, folder, script, applets=True):
        self.folder = folder
        for name in ("bin", "etc", "tmp", "proc", "sys", "dev"):
            os.makedirs(os.path.join(folder, name), exist_ok=True)
        shutil.copy(BUSYBOX, os.path.join(folder, "bin", "busybox"))
        if applets:
            _, listing = command([BUSYBOX, "--list"])
            for name in listing.split():
                link = os.path.join(folder, "bin", name)
                if name != "busybox" and "/" not in name:
                    os.symlink("busybox", link)
        if script is not None:
            self.write("init", "#!/bin/busybox sh\nexport PATH=/bin\n" + SHELL_LIB + script, 0o755)

    def write(self, name, content, mode=0o644):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
        os.chmod(path, mode)
        return path

    def copy(self, source, name, mode=0o755):
        with open(source, "rb") as stream:
            return self.write(name, stream.read(), mode)


def build_image(root, out, *extra, key="rsa2048", cmdline=None, sign=True):
    """`assay image` with the throw-away keys; (status, output)."""
    folder = root.folder if isinstance(root, Root) else root
    arguments = [ASSAY, "image", "--rootfs", folder, "-o", out]
    if sign:
        arguments += ["--sign-key", f"{KEYS}/{key}.key", "--cert", f"{KEYS}/{key}.pem"]
    if cmdline is not None:
        arguments += ["--cmdline", cmdline]
    return command(arguments + list(extra))


class Result:
    def __init__(self, status, text, pcrs):
        self.status, self.text, self.pcrs = status, text, pcrs
        self.lines = [line.rstrip("\r") for line in text.split("\n")]

    def blob(self, name):
        """What the guest printed with `put NAME FILE`; None when it did not."""
        match = re.search(r"^<<<" + re.escape(name) + r"\r?\n(.*?)^>>>", self.text, re.S | re.M)
        if not match:
            return None
        body = "".join(l.strip() for l in match.group(1).splitlines() if re.fullmatch(r"[A-Za-z0-9+/=\r]+", l))
        try:
            return base64.b64decode(body)
        except ValueError:
            return None

    def last_line(self):
        filled = [line for line in self.lines if line.strip()]
        return filled[-1] if filled else ""

    def pcr(self, bank):
        return {int(index): value.lower() for index, value in self.pcrs.get(bank, {}).items()}


def run_image(image, *extra, tpm="crb", timeout=TIMEOUT_S, state=None):
    """`assay run`; the PCRs are those that swtpm had at the end."""
    with scratch() as folder:
        state = state or os.path.join(folder, "tpm")
        os.makedirs(state, exist_ok=True)
        serial = os.path.join(folder, "serial")
        arguments = [ASSAY, "run", image, "--tpm", tpm, "--timeout", str(timeout), "--serial", serial]
        if tpm != "none":
            arguments += ["--tpm-state", state]
        status, output = command(arguments + list(extra), timeout=timeout + 60)
        pcrs = {}
        if os.path.exists(os.path.join(state, "pcrs.json")):
            with open(os.path.join(state, "pcrs.json"), encoding="ascii") as stream:
                pcrs = json.load(stream)
        text = output
        if os.path.exists(serial):
            with open(serial, "rb") as stream:
                text = stream.read().decode("utf-8", "replace")
        result = Result(status, text, pcrs)
        result.output = output
        return result


def guest_program(name):
    """A static program of tests/guest, built by `make guest`."""
    return os.path.join(GUEST, name)
