# SPDX-License-Identifier: Apache-2.0
"""Policies loaded in the guest: by rules, by path, signed; critical data; keys."""
import hashlib
import os
import re

import replay
from harness import KEYS, Root, build_image, case, check, command, guest_program, run_image, scratch, twin

LOADING = """
P=$S/ima/policy
dmesg -n 1
try() { echo "== $1"; shift; "$@" 2>&1; echo "gives $?"; }
load() { cat "$1" >$P; }
ls -l $P | cut -c1-10
try read-write sh -c "exec 3<>$P"
printf 'measure func=BPRM_CHECK\\n# none\\n\\ndont_measure fowner=3\\n' >/tmp/first
printf 'audit fowner=4\\nbogus\\n' >/tmp/bad
printf '# nothing\\n' >/tmp/empty
printf 'audit fowner=5\\n' >/tmp/second
printf 'measure func=FILE_CHECK fowner=6' >/tmp/path
try bad load /tmp/bad
try empty load /tmp/empty
cp $P /tmp/builtin
try first load /tmp/first
cp $P /tmp/after-first
try second load /tmp/second
exec 3>$P
try busy load /tmp/second
echo '/tmp/path' >&3
exec 3>&-
try killed sh -c "exec 3>$P; echo audit fowner=9 >&3; kill -9 \\$\\$"
try nofile sh -c "echo /tmp/none >$P"
cp $P /tmp/after-path
for f in builtin after-first after-path; do put $f /tmp/$f; done
put_lists sha256
dmesg | sed 's/^\\[[^]]*\\] //' | grep -E '^ima:|type=180[27]' >/tmp/said
put said /tmp/said
"""

FIRST = b"measure func=BPRM_CHECK \ndont_measure fowner=3 \n"
ALL = FIRST + b"audit fowner=5 \nmeasure func=FILE_CHECK fowner=6 \n"


def answers(text):
    """What each try said."""
    return {name: (said.strip(), int(status)) for name, said, status in
            re.findall(r"^== (\S+)\s*$(.*?)^gives (\d+)", text.replace("\r", ""), re.S | re.M)}


def boot(folder, script, cmdline, *extra, sign=False, more=None):
    root = Root(os.path.join(folder, "root"), script)
    if more:
        more(root)
    image = os.path.join(folder, "image.efi")
    status, text = build_image(root, image, sign=sign, cmdline=cmdline)
    if not check("assay image builds", status == 0, text):
        return None
    return run_image(image, *extra)


def records_of(result):
    return replay.parse_list(result.blob("list-sha256") or b"", "sha256")


def last_policy_digest(records):
    found = [replay.fields(r.data)[2] for r in records if replay.name_of(r) == "ima_policy"]
    return found[-1] if found else None


@case
def policy_loading():
    """One rule a write, a path, one writer, all or nothing, the next load appends, read-back, the digest on record."""
    with scratch() as folder:
        result = boot(folder, LOADING, "ima_policy=tcb")
        if not result:
            return
        said = answers(result.text)
        want = {"read-write": ("Permission denied", False), "bad": ("Invalid argument", False), "empty": ("", True),
                "first": ("", True), "second": ("", True), "busy": ("busy", False), "killed": ("", False),
                "nofile": ("No such file", False)}
        for name, (words, good) in want.items():
            text, status = said.get(name, ("nothing", 99))
            check(f"{name}: {words or 'taken'}", words in text and (status == 0) == good, (text, status))
        check("the file's mode is Linux's", re.search(r"^-rw-------", result.text, re.M), result.text[-800:])
        check("neither the bad nor the empty policy changed a rule",
              (result.blob("builtin") or b"").startswith(b"dont_measure fsmagic=0x9fa0 \n"), result.blob("builtin"))
        check("the first load replaces", result.blob("after-first") == FIRST, result.blob("after-first"))
        check("what follows is appended, what failed is not", result.blob("after-path") == ALL,
              result.blob("after-path"))
        log = (result.blob("said") or b"").decode()
        for line in ("action=audit fowner=4 res=1", "action=UNKNOWN=bogus res=0".replace("action=", ""),
                     "op=update_policy cause=invalid-policy", "ima: policy update failed",
                     "op=policy_update cause=failed", "ima: policy update completed",
                     "op=policy_update cause=completed", "ima: Unable to open file: /tmp/none (-2)",
                     "ima: policy: line 2, column 1: the word is not known: bogus"):
            check(f"the log says: {line}", line in log, log)
        records = records_of(result)
        digest = hashlib.sha256(ALL).digest()
        check("the last load's digest is that of the policy read back", last_policy_digest(records) == digest)
        check("three loads have three records", [replay.name_of(r) for r in records].count("ima_policy") == 3)
        judge = lambda list_: replay.replay(list_, "sha256")[10] == result.pcr("sha256")[10]
        check("the list replays", judge(records))
        twin("the list replays", judge, [r for r in records if replay.name_of(r) != "ima_policy"])


SIGNED = """
P=$S/ima/policy
try() { echo "== $1"; shift; "$@" 2>&1; echo "gives $?"; }
write() { echo "$1" >$P; }
for round in before after; do
	try text-$round write measure
	try unsigned-$round write /etc/unsigned
	try tampered-$round write /etc/tampered
	try signed-$round write /etc/signed
done
cp $P /tmp/policy
put policy /tmp/policy
put_lists sha256
dmesg | grep -c 'cause=signed policy required' | sed 's/^/refused texts: /'
"""


def signed_files(root):
    """No rule of theirs asks for signed policies: that this stays is what is tested."""
    for name in ("signed", "unsigned", "tampered"):
        root.write(f"etc/{name}", "measure func=BPRM_CHECK\nmeasure func=POLICY_CHECK\n")
    for name in ("signed", "tampered"):
        status, text = command(["evmctl", "ima_sign", "--sigfile", "--hashalgo", "sha256", "--key",
                                f"{KEYS}/rsa2048.key", os.path.join(root.folder, "etc", name)])
        check(f"evmctl signs {name}", status == 0, text)
    root.write("etc/tampered", "measure func=BPRM_CHECK\nmeasure func=POLICY_CHECK \n")


@case
def policy_stays_signed():
    """The default policy asks for signed policies, and that stays when its rules have gone."""
    with scratch() as folder:
        result = boot(folder, SIGNED, None, sign=True, more=signed_files)
        if not result:
            return
        said = answers(result.text)
        for when in ("before", "after"):
            for name in ("text", "unsigned", "tampered"):
                text, status = said.get(f"{name}-{when}", ("nothing", 0))
                check(f"{name}, {when}: refused", status != 0 and "Permission denied" in text, (text, status))
            check(f"signed, {when}: taken", said.get(f"signed-{when}", ("", 1))[1] == 0, said)
        rules = b"measure func=BPRM_CHECK \nmeasure func=POLICY_CHECK \n"
        check("the signed policy is in force, twice", result.blob("policy") == rules * 2, result.blob("policy"))
        check("texts were refused and audited", "refused texts: 2" in result.text, result.text[-1500:])
        judge = lambda name: said[name][1] != 0 and "Permission denied" in said[name][0]
        twin("what has no good signature is refused", judge, "signed-after")
        names = [replay.name_of(r) for r in records_of(result)]
        for name in ("/etc/signed", "/etc/unsigned", "/etc/tampered"):
            check(f"{name} is on record", name in names, names)


CRITICAL = ("kernel_version", "tpm_info", "ima_policy")


@case
def policy_critical_data():
    """What the kernel tells of itself is the same at two boots of the same platform, and not on another."""
    with scratch() as folder:
        boots = []
        for part, extra in (("one", ()), ("two", ()), ("other", ("--tpm-banks", "sha256"))):
            os.mkdir(os.path.join(folder, part))
            result = boot(os.path.join(folder, part), "put_lists sha256\n", "ima_policy=critical_data", *extra)
            if not result:
                return
            boots.append([(replay.name_of(r), r.data) for r in records_of(result) if replay.name_of(r) in CRITICAL])
        check("version, TPM and policy are on record", tuple(name for name, _ in boots[0]) == CRITICAL, boots[0])
        same = lambda other: boots[0] == other
        check("two boots say the same", same(boots[1]), boots)
        twin("two boots say the same", same, boots[2])
        text = replay.fields(dict(boots[0]).get("tpm_info", b""))[2] if boots[0] else b""
        check("the TPM's maker, firmware and banks", re.fullmatch(
            rb"manufacturer=\S+ ?;firmware=\d+\.\d+\.\d+\.\d+;banks=sha1,sha256", text), text)


KEYS_SCRIPT = """
/bin/u_keys
echo '/etc/pol' >$S/ima/policy
/bin/keyctl padd asymmetric '' %:.ima </etc/leaf.der; echo "leaf gives $?"
/bin/keyctl padd asymmetric '' %:.ima </etc/rsa.der; echo "stranger gives $?"
put keys /proc/keys
put_lists sha256
"""


@case
def policy_keys():
    """Keys of programs and trusted rings: calls, /proc/keys, and the record of what enters .ima."""
    def files(root):
        for program in ("u_keys", "keyctl"):
            root.copy(guest_program(program), f"bin/{program}")
        for key, name in (("ca", "etc/keys/ca.der"), ("p256", "etc/keys/x509_ima.der"), ("leaf", "etc/leaf.der"),
                          ("rsa2048", "etc/rsa.der")):
            root.copy(f"{KEYS}/{key}.der", name, 0o644)
        root.write("etc/pol", "measure func=KEY_CHECK keyrings=.ima\n")

    with scratch() as folder:
        result = boot(folder, KEYS_SCRIPT, "ima_policy=none", more=files)
        if not result:
            return
        check("the calls do as they should", "u_keys: 5 passed, 0 failed" in result.text, result.text[-2000:])
        check("a signed certificate enters .ima", "leaf gives 0" in result.text, result.text[-800:])
        check("one that nobody trusted signed does not", "Required key not available" in result.text and
              "stranger gives 1" in result.text, result.text[-800:])
        text = (result.blob("keys") or b"").decode()
        form = re.compile(r"[0-9a-f]{8} I--[Q-]---     1 perm [0-9a-f]{8} +\d+ +\d+ "
                          r"(keyring  |asymmetri|user     ) \S.*")
        judge = lambda text: bool(text) and all(form.fullmatch(line) for line in text.splitlines())
        check("/proc/keys has Linux's form", judge(text), text)
        twin("/proc/keys has Linux's form", judge, text.replace(" perm ", "  perm ", 1))
        with open(f"{KEYS}/leaf.der", "rb") as stream:
            leaf = stream.read()
        added = [replay.fields(r.data)[2] for r in records_of(result) if replay.name_of(r) == ".ima"]
        check("it is on record, behind the one the image brought", len(added) == 2 and added[1] == leaf, len(added))
