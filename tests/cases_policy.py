# SPDX-License-Identifier: Apache-2.0
"""assay-policy in the guest: what it checks, loads and shows, and what the kernel makes of it."""
import os

import replay
from harness import BUILD, Root, build_image, case, check, run_image, scratch, twin

TOOL = os.path.join(BUILD, "user", "assay-policy")
GOOD = "# ours\nmeasure func=BPRM_CHECK\n\n  audit func=FILE_CHECK fowner=7 # theirs\n"
SHOWN = "measure func=BPRM_CHECK \naudit func=FILE_CHECK fowner=7 \n"
MORE = "measure func=FILE_CHECK mask=MAY_READ fowner=1234\n"
MORE_SHOWN = "measure func=FILE_CHECK mask=MAY_READ fowner=1234 \n"
BAD = "measure func=BPRM_CHECK\nmeasure func=NOSUCH\n"
SIGNED = "measure func=BPRM_CHECK\nappraise func=POLICY_CHECK appraise_type=imasig\n"

TEXT_SCRIPT = r"""
mount -t tmpfs none /tmp
say() { echo "$1: $?"; }
assay-policy check /p/good; say checked
assay-policy load /p/bad; say bad
put shown0 $S/ima/policy
assay-policy load /p/good; say loaded
assay-policy show >/tmp/shown; put shown1 /tmp/shown
assay-policy load - </p/more; say more
put shown2 $S/ima/policy
( assay-policy load /p/good; say busy ) 3>>$S/ima/policy
put shown3 $S/ima/policy
printf 'measure func=BPRM_CHECK\nmeasure func=NOSUCH\n' | cat >$S/ima/policy; say raw
printf 'audit uid=5\n' >$S/ima/policy
put shown4 $S/ima/policy
put_lists sha256
exit 0
"""

SIGNED_SCRIPT = r"""
say() { echo "$1: $?"; }
assay-policy load /p/good; say text
assay-policy load --by-path /p/good; say unsigned
put shown0 $S/ima/policy
assay-policy load --by-path /etc/ima/ima-policy; say signed
put shown1 $S/ima/policy
exit 0
"""


def boot(folder, script, *extra, cmdline=None):
    root = Root(os.path.join(folder, "root"), script)
    root.copy(TOOL, "bin/assay-policy")
    for name, text in (("good", GOOD), ("bad", BAD), ("more", MORE)):
        root.write("p/" + name, text)
    image = os.path.join(folder, "image.efi")
    status, text = build_image(root, image, *extra, cmdline=cmdline)
    check("the image builds", status == 0, text)
    result = run_image(image)
    check("the machine ends with 0", result.status == 0, result.text)
    return result


def text_of(result, name):
    blob = result.blob(name)
    return "nothing was put out" if blob is None else blob.decode("utf-8", "replace")


@case
def policy_tool():
    with scratch() as folder:
        result = boot(folder, TEXT_SCRIPT, cmdline="ima_policy=none")
        said = "\n".join(result.lines)
        check("a good policy is counted", "/p/good: 2 rules" in said and "\nchecked: 0" in said, said)
        check("a bad one is named by line and column and not loaded",
              "/p/bad:2:9: the value is not known: func=NOSUCH" in said and "\nbad: 1" in said and
              text_of(result, "shown0") == "", said)
        judge = lambda shown: shown == SHOWN  # noqa: E731
        check("the rules are in force after the load",
              "\nloaded: 0" in said and judge(text_of(result, "shown1")), said)
        twin("the rules are in force after the load", judge, SHOWN.replace("7", "8"))
        check("a second load adds its rules", "\nmore: 0" in said and text_of(result, "shown2") == SHOWN + MORE_SHOWN,
              text_of(result, "shown2"))
        check("while somebody loads, nobody else can",
              "Resource busy; another program is loading a policy" in said.replace("Device or r", "R") and
              "\nbusy: 1" in said and text_of(result, "shown3") == SHOWN + MORE_SHOWN, said)
        check("a load with a bad rule leaves nothing, the next one counts",
              text_of(result, "shown4") == SHOWN + MORE_SHOWN + "audit uid=5 \n", text_of(result, "shown4"))
        check("Linux's line at the end of a load", said.count("ima: policy update completed") == 3 and
              said.count("ima: policy update failed") == 2, said)
        check("each rule is audited",
              "action=audit func=FILE_CHECK fowner=7 res=1" in said and
              "action=measure func=NOSUCH res=0" in said, said)
        records = replay.parse_list(result.blob("list-sha256") or b"", "sha256")
        loads = [record for record in records if replay.name_of(record) == "ima_policy"]
        check("each load is on record", len(loads) >= 3, len(loads))


@case
def policy_signed():
    with scratch() as folder:
        policy = os.path.join(folder, "policy")
        with open(policy, "w", encoding="ascii") as stream:
            stream.write(SIGNED)
        result = boot(folder, SIGNED_SCRIPT, "--policy", policy)
        said = "\n".join(result.lines)
        check("rules as text are refused", "a signed policy may be required: load it by path" in said and
              "\ntext: 1" in said and 'cause=signed policy required' in said, said)
        check("an unsigned file is refused", "\nunsigned: 1" in said, said)
        before = text_of(result, "shown0")
        check("nothing of both is in force", before == "".join(line + " \n" for line in SIGNED.splitlines()), before)
        check("a signed file is loaded", "\nsigned: 0" in said and text_of(result, "shown1") == 2 * before, said)
