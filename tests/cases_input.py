# SPDX-License-Identifier: Apache-2.0
"""Bad images: each ends in one sentence that names the thing, with the right errno or halt reason."""
import io
import os
import struct
import subprocess
import tarfile

from harness import ASSAY, BUILD, KEYS, Root, build_image, case, check, command, guest_program, run_image, scratch

PACK = os.path.join(BUILD, "packsection")


def pack(folder, tar_bytes, cmdline=None):
    """An image whose .initrd and .cmdline are exactly these bytes (`assay image` would refuse them)."""
    initrd, out = os.path.join(folder, "initrd"), os.path.join(folder, "bad.efi")
    with open(initrd, "wb") as stream:
        stream.write(tar_bytes)
    arguments = [PACK, os.path.join(BUILD, "assay-stub.efi"), out, ".initrd=" + initrd]
    if cmdline is not None:
        text = os.path.join(folder, "cmdline")
        with open(text, "wb") as stream:
            stream.write(cmdline)
        arguments.insert(3, ".cmdline=" + text)
    return out if command(arguments)[0] == 0 else None


def tar_of(*members, finish=True):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            tar.addfile(info, io.BytesIO(content))
    blob = stream.getvalue()
    return blob if finish else blob.rstrip(b"\0")


def absurd_size():
    blob = bytearray(tar_of(("init", b"x")))
    blob[124:136] = b"77777777777\0"
    blob[148:156] = b" " * 8
    blob[148:156] = b"%06o\0 " % sum(blob[:512])
    return bytes(blob)


HALTS = {
    "a tar cut inside a member": (tar_of(("init", b"y" * 4000))[:1500], "init"),
    "a tar without its end": (tar_of(("init", b"y" * 512), finish=False)[:1024], "tar"),
    "an absurd size": (absurd_size(), "init"),
    "a name with ..": (tar_of(("a/../../init", b"x")), ".."),
    "an absolute name": (tar_of(("/init", b"x")), "/init"),
    "no /init": (tar_of(("etc/motd", b"x")), "/init"),
    "an unsigned /init": (tar_of(("init", b"\x7fELF")), "/init"),
}


@case
def bad_initrd():
    with scratch() as folder:
        for what, (blob, word) in HALTS.items():
            image = pack(folder, blob)
            if not check(f"{what}: packs", image):
                continue
            result = run_image(image, tpm="none")
            check(f"{what}: halts", result.status == 126, result.text[-1500:])
            check(f"{what}: the reason names it", result.last_line().startswith("assay: halted: ")
                  and word in result.last_line(), result.last_line())


def dynamic():
    with open("/bin/true", "rb") as stream:
        return stream.read()


# What `assay image` refuses and why, which the kernel says too: members of the root, command line.
UNBOOTABLE = {
    "a dynamic /init": ([("init", dynamic)], b"ima_policy=none", "is dynamically linked", "ENOEXEC"),
    "an empty /init": ([("init", b"")], b"ima_policy=none", "/init is empty", "ENOEXEC"),
    "a text as /init": ([("init", b"true\n")], b"ima_policy=none", "neither an ELF file nor", "ENOEXEC"),
    "a script for nothing": ([("init", b"#! \n")], b"ima_policy=none", "no interpreter", "ENOEXEC"),
    "a missing interpreter": ([("init", b"#!/bin/no\n")], b"ima_policy=none", "/bin/no, which is not in", "ENOENT"),
    "a file /dev": ([("init", b"#!/x\n"), ("dev", b"")], b"", "/dev of", "/dev"),
    "a misspelt value": ([("init", b"#!/x\n")], b"ima_tpm=reqire", "makes no sense: ima_tpm=reqire",
                         "makes no sense: ima_tpm=reqire"),
}


@case
def refused_before_it_halts():
    """What `assay image` refuses would have halted the kernel."""
    for what, (members, cmdline, said, reason) in UNBOOTABLE.items():
        members = [(name, content() if callable(content) else content) for name, content in members]
        with scratch() as folder:
            root = os.path.join(folder, "root.tar")
            with open(root, "wb") as stream:
                stream.write(tar_of(*members))
            status, text = build_image(root, os.path.join(folder, "never.efi"), cmdline=cmdline.decode())
            check(f"{what}: assay image refuses it", status == 1 and said in text and text.count("\n") == 1, text)
            result = run_image(pack(folder, tar_of(*members), cmdline or None), tpm="none")
            check(f"{what}: the kernel halts", result.status == 126 and reason in result.last_line(),
                  result.text[-800:])


@case
def no_initrd():
    with scratch() as folder:
        out = os.path.join(folder, "bare.efi")
        check("the stub alone packs", command([PACK, os.path.join(BUILD, "assay-stub.efi"), out])[0] == 0)
        result = run_image(out, tpm="crb")
        check("no .initrd halts", result.status == 126, result.text[-1500:])
        check("the reason names .initrd", ".initrd" in result.last_line(), result.last_line())


@case
def bad_certificate():
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"), "echo never")
        with open(f"{KEYS}/rsa2048.der", "rb") as stream:
            root.write("etc/keys/x509_ima.der", stream.read()[:-20])
        image = os.path.join(folder, "image.efi")
        status, text = build_image(root, image, sign=False)
        if status != 0:
            check("assay image names the malformed certificate", "x509_ima.der" in text, text)
            stream = io.BytesIO()
            with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
                tar.add(root.folder, arcname=".")
            image = pack(folder, stream.getvalue())
        result = run_image(image, tpm="none")
        check("a malformed certificate halts", result.status == 126, result.text[-1500:])
        check("the reason names the file", "x509_ima.der" in result.last_line(), result.last_line())


def elf(change):
    """A copy of the hello program with its headers changed by change(bytearray, program header offset, count)."""
    with open(guest_program("hello"), "rb") as stream:
        blob = bytearray(stream.read())
    phoff, = struct.unpack_from("<Q", blob, 32)
    phnum, = struct.unpack_from("<H", blob, 56)
    loads = [phoff + 56 * i for i in range(phnum) if struct.unpack_from("<I", blob, phoff + 56 * i)[0] == 1]
    change(blob, loads)
    return bytes(blob)


def overlapping(blob, loads):
    struct.pack_into("<Q", blob, loads[1] + 16, struct.unpack_from("<Q", blob, loads[0] + 16)[0])


def wrapping(blob, loads):
    struct.pack_into("<QQ", blob, loads[-1] + 16, 0xFFFFFFFFFFFFF000, 0xFFFFFFFFFFFFF000)


def huge(blob, loads):
    struct.pack_into("<Q", blob, loads[-1] + 40, 1 << 46)


def out_of_file(blob, loads):
    in_page = struct.unpack_from("<Q", blob, loads[-1] + 16)[0] & 0xFFF
    struct.pack_into("<Q", blob, loads[-1] + 8, (len(blob) + 0x100000) & ~0xFFF | in_page)


def entry_outside(blob, _):
    struct.pack_into("<Q", blob, 24, 0x10)


def headers_outside(blob, _):
    struct.pack_into("<Q", blob, 32, 1 << 62)


def write_and_execute(blob, loads):
    struct.pack_into("<I", blob, loads[1] + 4, 7)


BAD_ELF = (overlapping, wrapping, huge, out_of_file, entry_outside, headers_outside, write_and_execute)


@case
def bad_elf():
    """Signed, so that appraisal lets them pass: the loader must refuse each with ENOEXEC, and live."""
    with scratch() as folder:
        script = "".join(f"/bin/execerr /bin/{f.__name__}\n" for f in BAD_ELF) + "/bin/hello && echo alive\n"
        root = Root(os.path.join(folder, "root"), script)
        root.copy(guest_program("hello"), "bin/hello")
        root.copy(guest_program("execerr"), "bin/execerr")
        for change in BAD_ELF:
            root.write(f"bin/{change.__name__}", elf(change), 0o755)
        image = os.path.join(folder, "image.efi")
        status, text = build_image(root, image)
        check("assay image builds", status == 0, text)
        result = run_image(image)
        for change in BAD_ELF:
            name = change.__name__
            check(f"{name}: refused", any(l in (f"execerr: /bin/{name}: ENOEXEC", f"execerr: /bin/{name}: ENOMEM",
                                                f"execerr: /bin/{name}: EINVAL") for l in result.lines),
                  [l for l in result.lines if name in l])
            check(f"{name}: a sentence says why",
                  any(l.startswith("assay: ") and f"/bin/{name}" in l for l in result.lines))
        check("the kernel lives", "alive" in result.text, result.text[-1500:])


@case
def bad_names():
    with scratch() as folder:
        for what, name in (("a newline", b"bin/a\nb"), ("invalid UTF-8", b"bin/a\xff"), ("an escape", b"bin/\x1b[31m")):
            root = Root(os.path.join(folder, what.replace(" ", "-")), "true")
            with open(os.path.join(os.fsencode(root.folder), name), "wb") as stream:
                stream.write(b"x")
            out = os.path.join(folder, "never.efi")
            status, text = build_image(root, out)
            check(f"assay image refuses {what} in a name", status == 1 and text.count("\n") == 1, text)
            check(f"{what}: nothing half-done is left", not os.path.exists(out))
        names = tar_of(("init", b"#!/bin/busybox sh\n"), ("a/" * 2048 + "b", b"x"))
        image = pack(folder, names)
        result = run_image(image, tpm="none")
        check("a name over 4,095 bytes halts", result.status == 126, result.text[-800:])
        root = Root(os.path.join(folder, "long"), "p=/tmp; for i in 1 2 3 4 5 6 7 8; do p=$p/$(printf '%0250d' $i); "
                    "mkdir $p || break; done\ncat $(printf '/%04095d' 0) 2>&1 | tail -c 40\nput_lists sha256\n")
        image = os.path.join(folder, "long.efi")
        check("assay image builds", build_image(root, image)[0] == 0)
        result = run_image(image, tpm="none")
        check("a 4,096-byte path is ENAMETOOLONG", "File name too long" in result.text, result.text[-800:])
        check("and the appliance goes on", result.status == 0)


def mistakes(folder, root, out):
    """What users type: the status, words of the sentence, the arguments."""
    key, crt = f"{KEYS}/rsa2048.key", f"{KEYS}/rsa2048.pem"
    image = ["image", "--rootfs", root.folder, "-o", out]
    policy, cut = os.path.join(folder, "policy"), os.path.join(folder, "cut.efi")
    with open(policy, "w", encoding="ascii") as stream:
        stream.write("measure func=BPRM_CHECK\n\nappraise func=NO_SUCH\n")
    with open(os.path.join(BUILD, "demo.efi"), "rb") as stream, open(cut, "wb") as short:
        short.write(stream.read(3000000))
    cut_tar = os.path.join(folder, "cut.tar")
    with open(cut_tar, "wb") as stream:
        stream.write(tar_of(("init", b"y" * 512))[:1024])
    demo = ["run", os.path.join(BUILD, "demo.efi")]
    return {
        "a missing root": (1, "No such file", ["image", "--rootfs", os.path.join(folder, "none"), "-o", out]),
        "a device as root": (1, "neither a folder nor a tar", ["image", "--rootfs", "/dev/null", "-o", out]),
        "an image as root": (1, "tar", ["image", "--rootfs", cut, "-o", out]),
        "a cut archive": (1, "the archive is cut", ["image", "--rootfs", cut_tar, "-o", out]),
        "no output": (2, "-o OUT.efi", ["image", "--rootfs", root.folder]),
        "an output in a missing folder": (1, "there is no folder", image[:3] + ["-o", f"{folder}/none/out.efi"]),
        "a missing key": (1, "No such file", image + ["--sign-key", "none.pem", "--cert", crt]),
        "a key without its certificate": (2, "--cert", image + ["--sign-key", key]),
        "a foreign certificate": (1, "belong together", image + ["--sign-key", key, "--cert", f"{KEYS}/p256.pem"]),
        "a certificate as key": (1, "no private key", image + ["--sign-key", crt, "--cert", crt]),
        "an Ed25519 key": (1, "RSA of 2048", ["sign", guest_program("hello"), "--key", f"{KEYS}/ed25519.key", "-f"]),
        "a policy that the kernel refuses": (1, f"{policy}:3:10: the value is not known: func=NO_SUCH",
                                             image + ["--policy", policy]),
        "such a policy, checked": (1, f"{policy}:3:10: ", ["policy", "check", policy]),
        "an unknown option": (2, "--frobnicate", ["image", "--frobnicate"]),
        "an unknown command": (2, "frobnicate", ["frobnicate"]),
        "a missing image": (125, "No such file", ["run", os.path.join(folder, "none.efi")]),
        "a cut image": (125, "cut or damaged", ["run", cut]),
        "a text as image": (125, "not an EFI image", ["run", policy]),
        "a stray option of run": (2, "--frobnicate", ["run", "--frobnicate"]),
        "long load options": (2, "longer than 4096 bytes", demo + ["--load-options", "x" * 100000]),
        "a wrong TPM kind": (2, "crb, tis or none", demo + ["--tpm", "spi"]),
        "a file as TPM state": (125, "not a folder", demo + ["--tpm-state", policy]),
    }


@case
def image_errors():
    """assay image, run, sign and policy: each mistake is one sentence on stderr and no output file."""
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"), "true")
        out = os.path.join(folder, "out.efi")
        for what, (status, words, arguments) in mistakes(folder, root, out).items():
            done = subprocess.run([ASSAY] + arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False, timeout=60)
            text = done.stderr.decode()
            check(f"{what}: status {status}", done.returncode == status, (done.returncode, text))
            check(f"{what}: one sentence on stderr", text.startswith("assay") and words in text
                  and text.count("\n") == 1 + text.count("Try 'assay "), text)
            check(f"{what}: no file is left", sorted(os.listdir(folder)) ==
                  ["cut.efi", "cut.tar", "policy", "root"], os.listdir(folder))
        for sub in ([], ["image"], ["run"], ["sign"], ["policy"], ["licenses"]):
            status, text = command([ASSAY] + sub + ["--help"])
            check(f"assay {' '.join(sub)} --help", status == 0 and "usage" in text.lower() and "Exit status" in text,
                  text)
        status, text = build_image(root, os.path.join(folder, "named.efi"), cmdline="ima_policy=nosuch")
        check("a policy name that the kernel does not know is a warning",
              status == 0 and 'assay: warning: ima: policy "nosuch" not found\n' in text, text)
        status, text = command([ASSAY, "licenses"])
        check("assay licenses names the libraries", status == 0 and "mbedTLS" in text or "Mbed TLS" in text, text[:400])


@case
def policy_is_the_kernels_word():
    """A policy that `assay policy check` refuses halts the kernel at the same place."""
    with scratch() as folder:
        policy = "measure func=BPRM_CHECK\n# a comment\nappraise  func=NO_SUCH\n"
        root = Root(os.path.join(folder, "root"), None, applets=False)
        path = root.write("policy", policy)
        status, said = command([ASSAY, "policy", "check", path])
        check("the check refuses it", status == 1 and f"{path}:3:11: " in said, said)
        reason = said.rpartition(f"{path}:3:11: ")[2].strip()
        image = pack(folder, tar_of(("init", b"x"), ("etc/ima/ima-policy", policy.encode())))
        result = run_image(image, tpm="none")
        check("the kernel halts with the same place and reason", result.status == 126 and
              f"line 3, column 11: {reason}" in result.last_line(), (reason, result.last_line()))
        path = root.write("policy", policy.replace("NO_SUCH", "BPRM_CHECK appraise_type=imasig"))
        status, said = command([ASSAY, "policy", "check", path])
        check("a good one has its rules counted", status == 0 and said == f"{path}: 2 rules\n", said)
