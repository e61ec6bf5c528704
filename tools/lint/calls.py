# SPDX-License-Identifier: Apache-2.0
"""docs/SYSCALLS.md has a row for each system call of the kernel's tables, and no other."""
import re

import tree

ENTRY = re.compile(r'\{\s*(\d+),\s*\d,\s*"(\w+)",')
ROW = re.compile(r"^\| (\d+) \| `(\w+)` \|", re.M)


def table():
    found = {}
    for name in tree.files(".c"):
        if name.startswith("kernel/"):
            found.update({int(number): call for number, call in ENTRY.findall(tree.read(name))})
    return found


def findings():
    documented = {int(number): name for number, name in ROW.findall(tree.read("docs/SYSCALLS.md"))}
    built = table()
    return ([f"docs/SYSCALLS.md: no row for {built[n]} ({n})" for n in sorted(built) if documented.get(n) != built[n]] +
            [f"docs/SYSCALLS.md: {documented[n]} ({n}) is not in the kernel" for n in sorted(documented)
             if built.get(n) != documented[n]])
