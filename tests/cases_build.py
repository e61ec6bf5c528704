# SPDX-License-Identifier: Apache-2.0
"""Two clones in two folders, one built by root and one not, give the same bytes; make size speaks."""
import hashlib
import os
import pwd
import re
import shutil
import subprocess

from harness import BUILD, ROOT, case, check, command, scratch, twin

TARBALLS = os.environ.get("DEPS_FROM") or os.path.join(BUILD, "deps", "download")


def copy_tarballs(folder):
    for name in os.listdir(TARBALLS):
        if ".orig.tar" in name and name.startswith(("mbedtls", "tpm2-tss")):
            shutil.copy(os.path.join(TARBALLS, name), folder)


def build_clone(folder, user):
    """A clone built in folder, as user when that is not None; the digests of what it built."""
    clone = os.path.join(folder, "clone")
    command(["git", "clone", "-q", ROOT, clone])
    # Copies, since the other user may not be able to look into the place where this tree stands.
    copy_tarballs(folder)
    environment = dict(os.environ, DEPS_FROM=folder, HOME=folder)
    options = {"env": environment}
    if user is not None:
        for where, names, files in os.walk(folder):
            for name in names + files:
                os.chown(os.path.join(where, name), user.pw_uid, user.pw_gid, follow_symlinks=False)
        os.chown(folder, user.pw_uid, user.pw_gid)
        options.update(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    done = subprocess.run(["make", "-j2", "all"], cwd=clone, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=1500, check=False, **options)
    digests = {}
    for name in ("assay-stub.efi", "demo.efi"):
        path = os.path.join(clone, "build", name)
        if os.path.exists(path):
            with open(path, "rb") as stream:
                digests[name] = hashlib.sha256(stream.read()).hexdigest()
    return digests, done.stdout.decode("utf-8", "replace")


@case
def reproducible():
    """Needs the tree committed: clones are made of HEAD."""
    nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    with scratch() as first, scratch() as second:
        os.chmod(first, 0o755)
        other = os.path.join(second, "another", "place")
        os.makedirs(other)
        os.chmod(second, 0o755)
        one, text = build_clone(first, None)
        check("the first clone builds", len(one) == 2, text[-1500:])
        two, text = build_clone(other, nobody)
        check("the second clone builds", len(two) == 2, text[-1500:])
        judge = lambda digests: len(digests) == 2 and digests == one
        check("both give the same bytes", judge(two), (one, two))
        twin("both give the same bytes", judge, dict(two, **{"demo.efi": "0" * 64}))


@case
def bad_tarballs():
    """A missing or changed tarball is one clear error; sources for the tests go through the same script."""
    with scratch() as folder:
        out = os.path.join(folder, "deps")
        deps = lambda *words: command(["tools/deps.sh", out, *words], env=dict(os.environ, DEPS_FROM=folder))
        for words, name in (((), "mbedtls"), (("build",), "mbedtls"), (("userland",), "busybox")):
            status, text = deps(*words)
            check("a missing tarball is refused", status != 0 and text.count("\n") == 1 and name in text, text)
        status, text = deps("elsewhere")
        check("an unknown set is refused", status != 0 and text.count("\n") == 1 and "elsewhere" in text, text)
        copy_tarballs(folder)
        status, text = deps()
        check("the right tarballs are taken", status == 0, text)
        victim = next(n for n in os.listdir(folder) if n.startswith("tpm2-tss") and ".orig.tar" in n)
        with open(os.path.join(folder, victim), "ab") as stream:
            stream.write(b"x")
        with open(os.path.join(folder, "busybox_1.35.0.orig.tar.bz2"), "wb") as stream:
            stream.write(b"x")
        for words in ((), ("userland",)):
            status, text = deps(*words)
            check("a changed tarball is refused", status != 0 and "hash" in text, text)


@case
def size():
    status, text = command(["make", "size"], timeout=600)
    match = re.search(r"^trusted base: (\d+) lines$", text, re.M)
    check("make size counts the trusted base", status == 0 and match, text)
    check("the trusted base is under 20,000 lines", match and int(match.group(1)) < 20000, text)
    path = re.search(r"^integrity path: (\d+) lines$", text, re.M)
    check("the integrity path is under 5,000 lines", path and int(path.group(1)) < 5000, text)
