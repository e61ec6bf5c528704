# SPDX-License-Identifier: Apache-2.0
"""The README's commands are run as they stand there."""
import os
import re

from harness import ROOT, case, check, command

# `make test` runs this case: it cannot run itself.
NOT_HERE = ("make test", "make soak")


def blocks():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as stream:
        return re.findall(r"^```sh\n(.*?)^```", stream.read(), re.S | re.M)


@case
def readme_commands():
    found = blocks()
    check("the README has commands", len(found) >= 2)
    for block in found:
        if block.strip().startswith(NOT_HERE):
            continue
        status, text = command(["sh", "-e", "-c", block], timeout=900)
        check(f"README: {block.strip().splitlines()[0]}", status == 0, text)


@case
def readme_length():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as stream:
        lines = stream.read().splitlines()
    check("the README has at most 150 lines", len(lines) <= 150, len(lines))
