# SPDX-License-Identifier: Apache-2.0
"""How a machine ends: roots without a startable /init, programs that switch it off, and what is said on the way."""
import io
import os
import re
import tarfile

from cases_input import PACK, tar_of
from harness import BUILD, Root, build_image, case, check, command, guest_program, run_image, scratch


def pack(folder, tar_bytes):
    """An image with this root that appraises nothing, so that the loader has the word."""
    initrd, cmdline, out = (os.path.join(folder, name) for name in ("initrd", "cmdline", "image.efi"))
    for path, content in ((initrd, tar_bytes), (cmdline, b"ima_policy=none")):
        with open(path, "wb") as stream:
            stream.write(content)
    status, text = command([PACK, os.path.join(BUILD, "assay-stub.efi"), out, ".cmdline=" + cmdline,
                            ".initrd=" + initrd])
    check("the image packs", status == 0, text)
    return out


UNSTARTABLE = {
    "a file in the place of /dev": (tar_of(("init", b"x"), ("dev", b"x")),
                                    "the image's /dev is not a directory (ENOTDIR)"),
    "a file in the place of /proc": (tar_of(("proc", b"x")), "the image's /proc is not a directory (ENOTDIR)"),
    "a missing interpreter": (tar_of(("init", b"#!/bin/nope\n")),
                              "/init: it could not be started (ENOENT): its interpreter /bin/nope is not there"),
    "no interpreter": (tar_of(("init", b"#! \n")),
                       "/init: it could not be started (ENOEXEC): it has no interpreter behind its #!"),
    "an empty /init": (tar_of(("init", b"")), "/init: it could not be started (ENOEXEC): it is neither an ELF program "
                       "nor a script with #!"),
    "a text as /init": (tar_of(("init", b"echo hello\n")), "/init: it could not be started (ENOEXEC): it is neither "
                        "an ELF program nor a script with #!"),
    "a cut program as /init": (tar_of(("init", b"\x7fELF")), "/init: it could not be started (ENOEXEC): it is not an "
                               "ELF file"),
    "no /init": (tar_of(("etc/motd", b"x")), "/init: it could not be started (ENOENT): the image has no such program"),
    "an archive of no whole blocks": (tar_of(("init", b"x"))[:-1], ".initrd: tar: the archive is cut (EBADMSG)"),
}


@case
def halt_reasons():
    with scratch() as folder:
        for what, (blob, reason) in UNSTARTABLE.items():
            result = run_image(pack(folder, blob), tpm="none")
            check(f"{what}: halts", result.status == 126, result.text[-1500:])
            check(f"{what}: for its reason", result.last_line() == "assay: halted: " + reason, result.last_line())


@case
def odd_names_boot():
    """What only `assay image` refuses: the kernel takes names byte for byte, and the later of two entries."""
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"), 'cat /x\nfor f in /odd/*; do echo "$f" | cat -A; done\n')
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT, errors="surrogateescape",
                          encoding="utf-8") as tar:
            tar.add(root.folder, arcname=".")
            for name, content in (("x", b"first\n"), ("x", b"second\n"), ("odd/a\nb", b""), ("odd/c\udcff", b"")):
                info = tarfile.TarInfo(name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        result = run_image(pack(folder, stream.getvalue()), tpm="none")
        check("the appliance runs", result.status == 0, result.text[-1500:])
        check("the later entry counts", "second" in result.lines and "first" not in result.lines)
        check("names are what the archive says", any(line == "/odd/a$" for line in result.lines)
              and any(line == "/odd/cM-^?$" for line in result.lines), result.text[-800:])
        warnings = [line for line in result.lines if line.startswith("assay: unsigned programs run: ")]
        check("that unsigned programs run is said once", len(warnings) == 1 and "no appraise rule" in warnings[0],
              warnings)


SAYINGS = """
cd /bin
./hello && echo appraised
./cls
cp hello /tmp/copy
cd /tmp
./copy
%s -f
"""


@case
def ended_by_a_program():
    """reboot(2) by a program that is not init is not init's exit; and two sentences call a program alike."""
    with scratch() as folder:
        for how, act in (("poweroff", "switched the machine off"), ("reboot", "restarted the machine")):
            root = Root(os.path.join(folder, how), SAYINGS % how)
            hello = root.copy(guest_program("hello"), "bin/hello")
            with open(hello, "rb") as stream:
                blob = stream.read()
            root.write("bin/cls", blob[:4] + b"\1" + blob[5:], 0o755)
            image = os.path.join(folder, how + ".efi")
            status, text = build_image(root, image)
            check("assay image builds", status == 0, text)
            result = run_image(image)
            check("the last line tells who", re.fullmatch(rf"assay: halted: {how}\[\d+\] {act} by reboot\(2\)",
                                                          result.last_line()), result.last_line())
            check("which is no success", result.status == 126, result.status)
            check("a signed program runs", "appraised" in result.lines)
            check("a program that cannot run has its absolute name", any(
                line.startswith("assay: /bin/cls cannot run: it is not a 64-bit") for line in result.lines),
                [line for line in result.lines if "cls" in line])
            check("and so has one that is refused", any(
                line.startswith("assay: /tmp/copy: refused (EACCES): ") for line in result.lines))
            check("where refusals are possible nothing else is said",
                  "unsigned programs run" not in result.text)


@case
def ended_by_init():
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"), "exec poweroff -f")
        image = os.path.join(folder, "image.efi")
        check("assay image builds", build_image(root, image)[0] == 0)
        result = run_image(image, tpm="none")
        check("init may end the machine as it may exit", result.status == 0
              and result.last_line() == "assay: init exited with status 0", result.last_line())


GREED = """
mkdir -p /tmp/dd /tmp/greedy
chown u /tmp/dd /tmp/greedy
su u -c 'dd if=/dev/zero of=/tmp/dd/fill bs=1M'
echo "root after dd: $(ls /bin | grep -c hello)"
rm /tmp/dd/fill
su u -c 'greedy /tmp/greedy' | {
	while read line; do
		echo "$line"
		case "$line" in *memory*) break;; esac
	done
	for i in 1 2 3 4 5; do
		hello > /dev/null && echo "root forks $i"
	done
	killall greedy
	rm -r /tmp/greedy
	dd if=/dev/zero of=/own bs=1M count=1
	echo "root writes: $(wc -c < /own)"
}
"""


@case
def greedy_user():
    """A user takes all files, links, attributes and memory there are for one; root's programs still run."""
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"), GREED)
        root.write("etc/passwd", "root:x:0:0::/:/bin/sh\nu:x:1000:1000::/tmp:/bin/sh\n")
        for name in ("hello", "greedy"):
            root.copy(guest_program(name), "bin/" + name)
        image = os.path.join(folder, "image.efi")
        status, text = build_image(root, image)
        check("assay image builds", status == 0, text)
        result = run_image(image, tpm="none", timeout=400)
        check("a file grows until there is no space", "No space left on device" in result.text, result.text[-1500:])
        for what, error in (("attributes", "ENOSPC"), ("links", "ENOSPC"), ("files", "ENOSPC"), ("memory", "ENOMEM")):
            check(f"{what} end with {error}", re.search(rf"^greedy: {what} {error} after [1-9]\d\d", result.text, re.M),
                  result.text[-1500:])
        check("root ran a program beside the full file", "root after dd: 1" in result.lines, result.text[-1500:])
        check("root still forks and runs programs", all(f"root forks {i}" in result.lines for i in range(1, 6)),
              result.text[-1500:])
        check("and writes files once the user's are gone", "root writes: 1048576" in result.lines, result.text[-1500:])
        check("and ends well", result.status == 0, result.text[-1500:])
