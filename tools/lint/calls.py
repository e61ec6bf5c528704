# SPDX-License-Identifier: Apache-2.0
"""docs/SYSCALLS.md has a row for each system call of the kernel, and no other."""
import re

import tree

CALL = re.compile(r"^SYSCALL(?:_FD|_IO)?\((\d+), (\w+)\)", re.M)
BY_PATH = re.compile(r"^BY_PATH\((\d+), (\w+),", re.M)  # three calls: the name, with l, with f before it
ROW = re.compile(r"^\| (\d+) \| `(\w+)` \|", re.M)


def table():
    found = {}
    for name in tree.files(".c"):
        if name.startswith("kernel/"):
            text = tree.read(name)
            found.update({int(number): call for number, call in CALL.findall(text)})
            for number, call in BY_PATH.findall(text):
                found.update({int(number) + i: prefix + call for i, prefix in enumerate(("", "l", "f"))})
    return found


def findings():
    documented = {int(number): name for number, name in ROW.findall(tree.read("docs/SYSCALLS.md"))}
    built = table()
    return ([f"docs/SYSCALLS.md: no row for {built[n]} ({n})" for n in sorted(built) if documented.get(n) != built[n]] +
            [f"docs/SYSCALLS.md: {documented[n]} ({n}) is not in the kernel" for n in sorted(documented)
             if built.get(n) != documented[n]])
