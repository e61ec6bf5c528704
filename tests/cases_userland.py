# SPDX-License-Identifier: Apache-2.0
"""A real userland: applets, busybox's own suites, programs of others, resources, wild calls.

The host's Linux is the judge wherever it can be: the same programs in the same root, compared line by line.
"""
import difflib
import os
import re

from harness import ACCOUNT, ROOT, Root, build_image, case, check, run_image, scratch, twin
from userland import host

HERE = os.path.join(ROOT, "tests", "userland")
PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n"
GROUP = "root:x:0:\nnobody:x:65534:\n"


def userland_root(folder, init):
    """busybox with links, two users, and the scripts of tests/userland; `init` prints with put."""
    root = Root(os.path.join(folder, "root"), init)
    root.write("etc/passwd", PASSWD)
    root.write("etc/group", GROUP)
    os.makedirs(os.path.join(root.folder, "root"), exist_ok=True)
    for name in ("applets.sh", "suites.sh"):
        root.copy(os.path.join(HERE, name), name)
    return root


def boot(folder, root, cmdline="ima_policy=none", **options):
    """Builds and runs; the result, or None when there is no image."""
    image = os.path.join(folder, "image.efi")
    status, text = build_image(root, image, cmdline=cmdline)
    if not check("assay image builds", status == 0, text):
        return None
    return run_image(image, **options)


def same_lines(expected, seen):
    """None, or the first lines of the difference."""
    if expected == seen:
        return None
    diff = difflib.unified_diff(expected.split(b"\n"), seen.split(b"\n"), b"Linux", b"Assay", lineterm=b"", n=2) \
        if False else difflib.diff_bytes(difflib.unified_diff, expected.split(b"\n"), seen.split(b"\n"), b"Linux",
                                         b"Assay", lineterm=b"")
    return b"\n".join(list(diff)[:60]).decode("utf-8", "replace")


def uses(text):
    """Output of applets.sh by use: {name: lines}."""
    parts = re.split(rb"^== (\d+ [^\n]*)\n", text, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2]))
