# SPDX-License-Identifier: Apache-2.0
"""Words that do not belong in the tree, the licence line, and white space at line ends."""
import re

import tree

# Spelled so that this file does not trip over itself.
MARKS = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
MACHINE = re.compile(r"(?<![\w/])/(home|root|wo" r"rk)/\w|\bdeb\.debi" r"an\.org|registry\.np" r"mjs|/tmp/br" r"ief")
TEXT = (".c", ".h", ".S", ".py", ".sh", ".md", ".mk", ".lds", "Makefile")


def findings():
    found = []
    for name in tree.files(*TEXT):
        if name.startswith("tests/golden/"):
            continue
        lines = tree.read(name).splitlines()
        if not name.endswith(".md") and not any("SPDX-License-Identifier: Apache-2.0" in l for l in lines[:3]):
            found.append(f"{name}:1: no SPDX line")
        for number, line in enumerate(lines, 1):
            if MARKS.search(line):
                found.append(f"{name}:{number}: a mark that promises later work: {line.strip()}")
            if MACHINE.search(line):
                found.append(f"{name}:{number}: a path or host of one machine: {line.strip()}")
            if line != line.rstrip():
                found.append(f"{name}:{number}: white space at the end of the line")
    return found
