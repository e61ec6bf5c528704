# SPDX-License-Identifier: Apache-2.0
"""Signatures: evmctl's and ours, both directions; flipped bits; wrong, cut and foreign signatures; modes."""
import os
import re
import shutil

import replay
from cases_golden import probe
from harness import ASSAY, KEYS, Root, build_image, case, check, command, guest_program, run_image, scratch, twin

SIGNERS = ("rsa2048", "rsa4096", "p256")


def certificates(folder):
    """All signers' certificates in one DER file, as x509_ima.der holds them."""
    out = b""
    for key in SIGNERS:
        with open(f"{KEYS}/{key}.der", "rb") as stream:
            out += stream.read()
    path = os.path.join(folder, "all.der")
    with open(path, "wb") as stream:
        stream.write(out)
    return path


@case
def foreign_signatures():
    """evmctl signs, the guest runs; we sign, evmctl verifies."""
    with scratch() as folder:
        script = "".join(f"/bin/hello-{k} && echo ran {k}\n" for k in SIGNERS)
        root = Root(os.path.join(folder, "root"), script)
        extra = []
        for key in SIGNERS:
            name = root.copy(guest_program("hello"), f"bin/hello-{key}")
            with open(name, "ab") as stream:
                stream.write(key.encode())
            status, text = command(["evmctl", "ima_sign", "--sigfile", "--hashalgo", "sha256",
                                    "--key", f"{KEYS}/{key}.key", name])
            check(f"evmctl signs with {key}", status == 0 and os.path.exists(name + ".sig"), text)
            extra += ["--sign-key", f"{KEYS}/{key}.key", "--cert", f"{KEYS}/{key}.pem"]
        image = os.path.join(folder, "image.efi")
        status, text = build_image(root, image, *extra, sign=False)
        check("assay image takes the sidecars", status == 0, text)
        result = run_image(image)
        for key in SIGNERS:
            check(f"a file signed by evmctl with {key} runs", f"ran {key}" in result.text, result.text)
        for key in SIGNERS:
            name = os.path.join(folder, f"ours-{key}")
            shutil.copy(guest_program("hello"), name)
            status, text = command([ASSAY, "sign", name, "--key", f"{KEYS}/{key}.key", "--sigfile"])
            check(f"assay sign signs with {key}", status == 0, text)
            verify = lambda path, k=key: command(["evmctl", "ima_verify", "--sigfile", "--key", f"{KEYS}/{k}.der",
                                                  path])[0] == 0
            check(f"evmctl verifies assay's {key} signature", verify(name))
            with open(name, "r+b") as stream:
                stream.write(b"\x7fELG")
            twin(f"evmctl verifies assay's {key} signature", verify, name)


@case
def flipped_bits():
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"),
                    "dmesg -n 8\n/bin/flip /bin/hello 200\necho flip status $?\nput_lists sha256\n"
                    "dmesg | grep -c 'cause=\"*invalid-signature' | sed 's/^/audit lines: /'\n"
                    "dmesg | grep type=1800 | head -n 3\n")
        for name in ("hello", "flip"):
            root.copy(guest_program(name), f"bin/{name}")
        image = os.path.join(folder, "image.efi")
        check("assay image builds", build_image(root, image)[0] == 0)
        result = run_image(image, timeout=500)
        want = "flip: 200 flipped copies refused with EACCES, 0 not; untouched ran 20 times, failed 0 times"
        check("200 flipped copies are refused, the untouched runs", want in result.text, result.text[-3000:])
        records = replay.parse_list(result.blob("list-sha256") or b"", "sha256")
        flipped = {replay.name_of(r) for r in records if replay.name_of(r).startswith("/tmp/flip-")}
        check("each refused copy has a record", len(flipped) == 200, len(flipped))
        lines = set(re.findall(r'type=1800 .*cause="?invalid-signature"? .*name="(/tmp/flip-\d+)"', result.text))
        check("each refused copy has an audit line", len(lines) == 200, len(lines))
        check("the list replays", replay.replay(records, "sha256")[10] == result.pcr("sha256")[10])


REFUSED = (
    ("unsigned", "IMA-signature-required"),
    ("unknown", "invalid-signature"),
    ("shortened", "invalid-signature"),
    ("other", "invalid-signature"),
    ("algorithm", "invalid-signature"),
)

# A label that ends early, as only root in the guest can write it.
CUT_LABEL = """
cp /bin/hello /tmp/cut
label=$(/bin/label get /bin/hello security.ima)
/bin/label set /tmp/cut security.ima $label && /tmp/cut && echo whole label runs
/bin/label set /tmp/cut security.ima ${label%??????}; /tmp/cut; echo cut label gives $?
"""


@case
def refused_programs():
    """No label, unknown key, cut signature, other content, wrong algorithm: each EACCES, audited, recorded."""
    with scratch() as folder:
        script = "dmesg -n 8\n" + "".join(
            f"/bin/{n}; echo {n} gives $?\n/bin/label get /bin/{n} security.ima >/dev/null && echo {n} has a label\n"
            for n, _ in REFUSED) + CUT_LABEL + "/bin/hello && echo good ran\nput_lists sha256\n"
        root = Root(os.path.join(folder, "root"), script)
        root.copy(guest_program("label"), "bin/label")
        root.copy(guest_program("hello"), "bin/hello")
        with open(guest_program("hello"), "rb") as stream:
            body = stream.read()
        for name, _ in REFUSED:
            root.write(f"bin/{name}", body + name.encode(), 0o755)
        sign = lambda name, key: command(["evmctl", "ima_sign", "--sigfile", "--hashalgo", "sha256",
                                          "--key", f"{KEYS}/{key}.key", name])
        path = lambda name: os.path.join(root.folder, "bin", name)
        sign(path("unknown"), "p384")
        sign(path("other"), "rsa2048")
        root.write("bin/other", body + b"otherwise", 0o755)
        for name in ("shortened", "algorithm"):
            sign(path(name), "rsa2048")
            with open(path(name) + ".sig", "rb") as stream:
                label = stream.read()
            if name == "shortened":
                label = label[:7] + (len(label) - 12).to_bytes(2, "big") + label[9:-3]
            else:
                label = label[:2] + b"\x06" + label[3:]
            with open(path(name) + ".sig", "wb") as stream:
                stream.write(label)
        # An empty label file is "no signature": it must not be signed by `assay image` either.
        status, text = unsigned_image(folder, root)
        if not check("the image builds", status == 0, text):
            return
        result = run_image(os.path.join(folder, "image.efi"))
        names = [replay.name_of(r) for r in replay.parse_list(result.blob("list-sha256") or b"", "sha256")]
        for name, cause in REFUSED:
            check(f"{name}: refused with 126", f"{name} gives 126" in result.text, result.text[-2500:])
            found = re.search(rf'type=1800 .*cause="?{cause}"? .*name="/bin/{name}"', result.text)
            check(f"{name}: audited as {cause}", found, [l for l in result.lines if f"/bin/{name}" in l])
            check(f"{name}: recorded", f"/bin/{name}" in names)
            check(f"{name}: a sentence says why",
                  any(l.startswith("assay: ") and f"/bin/{name}" in l for l in result.lines))
        check("a copy with the whole label runs", "whole label runs" in result.text, result.text[-1500:])
        check("a copy with a cut label is refused", "cut label gives 126" in result.text, result.text[-1500:])
        check("the signed program runs between them", "good ran" in result.text)


def unsigned_image(folder, root):
    """Signs everything but bin/unsigned: sidecars by evmctl, then an image without a signing key."""
    root.copy(f"{KEYS}/rsa2048.der", "etc/keys/x509_ima.der", 0o644)
    for where, _, files in os.walk(root.folder):
        for name in files:
            path = os.path.join(where, name)
            if os.path.islink(path) or name.endswith(".sig") or os.path.exists(path + ".sig"):
                continue
            if os.access(path, os.X_OK) and os.stat(path).st_mode & 0o111 and name != "unsigned":
                command(["evmctl", "ima_sign", "--sigfile", "--hashalgo", "sha256",
                         "--key", f"{KEYS}/rsa2048.key", path])
    return build_image(root, os.path.join(folder, "image.efi"), sign=False)


HOOK_LINES = (
    ("mprotect to executable is EPERM", r"mprotect\(/t/file,PROT_EXEC\) = EPERM"),
    ("and audited", r"type=1800 \S+ pid=\d+ uid=0 auid=4294967295 ses=4294967295 op=collect_data cause=failed-mprotect "
                    r'comm="probe" name="/t/file" dev="\S+" ino=\d+ res=0 errno=0'),
    ("a question about a program is EACCES", r"execveat\(/t/file,AT_EXECVE_CHECK\) = EACCES"),
    ("and audited as one", r"type=1808 \S+ pid=\d+ uid=0 auid=4294967295 ses=4294967295 op=appraise_data "
                           r'cause=missing-hash comm="probe" name="/t/file" dev="\S+" ino=\d+ res=0 errno=0'),
    ("an audit rule names task and program",
     r'type=1805 \S+ file="/t/file" hash="sha256:[0-9a-f]{64}" ppid=\d+ pid=\d+ auid=4294967295 uid=0 gid=0 euid=0 '
     r'suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=\(none\) ses=4294967295 comm="probe" exe="/usr/bin/probe"'),
)


@case
def hooks_as_a_program_meets_them():
    """The lines are those that a Linux 7.2 printed for the same program and acts, but for numbers and devices."""
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"),
                    "mkdir /t\ncp /usr/bin/probe /t/file\nchown 1001 /t/file\n"
                    "for act in mprotx execcheck; do /usr/bin/probe $act /t/file; done\n"
                    "/usr/bin/probe open /t/file r\ndmesg | grep 'audit: type='\n")
        root.copy(probe(), "usr/bin/probe")
        root.write("etc/ima/ima-policy", "appraise func=MMAP_CHECK mask=MAY_EXEC fowner=1001\n"
                                         "appraise func=BPRM_CHECK fowner=1001\naudit func=FILE_CHECK fowner=1001\n")
        image = os.path.join(folder, "image.efi")
        check("the image builds", build_image(root, image)[0] == 0)
        text = run_image(image).text.replace("\r", "")
        for what, pattern in HOOK_LINES:
            judge = lambda seen, p=pattern: re.search(p, seen)
            check(what, judge(text), text[-3000:])
            twin(what, judge, text.replace("probe", "prode").replace("PROT_EXEC", "-").replace("AT_EXECVE", "-"))


@case
def appraise_modes():
    """ima_appraise=log lets an unsigned program run and audits it; off does not look; both measure."""
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"), "dmesg -n 8\n/bin/unsigned; echo gives $?\nput_lists sha256\n")
        root.copy(guest_program("hello"), "bin/unsigned")
        for mode, audited in (("log", True), ("off", False)):
            image = os.path.join(folder, "image.efi")
            root.write("etc/mode", mode)
            if not check("the image builds", unsigned_image(folder, root)[0] == 0):
                return
            status, text = build_image(root, image, sign=False, cmdline=f"ima_appraise={mode}")
            check(f"image with ima_appraise={mode}", status == 0, text)
            result = run_image(image)
            check(f"{mode}: the unsigned program runs", "gives 0" in result.text, result.text[-1500:])
            found = re.search(r'type=1800 .*cause="?IMA-signature-required"? .*name="/bin/unsigned"', result.text)
            check(f"{mode}: audit line is {'there' if audited else 'absent'}", bool(found) == audited)
            names = [replay.name_of(r) for r in replay.parse_list(result.blob("list-sha256") or b"", "sha256")]
            check(f"{mode}: it is recorded", "/bin/unsigned" in names, names)
