# SPDX-License-Identifier: Apache-2.0
"""What the trusted base keeps to everywhere and no compiler asks for."""
import re

import tree

BASE = ("boot/", "kernel/", "fs/", "tpm/", "crypto/")
TABLE = re.compile(r"^(?:static )?struct (?:\w*_(?:ops|protocol|hooks)|template_field|pseudo_node) \w+"
                   r"(?:\[\w*\])? = ", re.M)
SAID = re.compile(r'\bport_log\(\w+,\s*((?:\w+ \? )?)"([^"]*)"')
PREFIXES = ("assay: ", "ima: ", "integrity: ", "evm: ", "audit: ", "%.*s")
LOCKS = re.compile(r"\b\w*(?:spin_?lock|mutex)\w*\b")
CONDITION = re.compile(r"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif)\b.*$", re.M)
# The errno values of a C library, where there is one; a compiler's spelling of an attribute.
CONDITIONS = {"kernel/base/err.h": 1, "kernel/base/mem.c": 1}
STEP = re.compile(r"^\t(\w+)\(", re.M)
DOCUMENTED = re.compile(r"`(\w+)`")


def sources():
    names = [name for name in tree.files(".c", ".h") if name.startswith(BASE) and "/shim/" not in name]
    return [(name, tree.read(name)) for name in names]


def const_tables(files):
    """Tables of functions are const; the one that is filled at the start is read-only afterwards."""
    found = [f"{name}:{text.count(chr(10), 0, match.start()) + 1}: a table of functions that is not const"
             for name, text in files for match in TABLE.finditer(text)]
    if not re.search(r"\.ro_after_init : \{[^}]*\(\.bss\.vfs_hooks\)", tree.read("linker/kernel.lds")):
        found.append("linker/kernel.lds: vfs_hooks is not in .ro_after_init")
    return found


def prefixes(files):
    """Whatever the integrity core says begins with who says it."""
    return [f'{name}: a message without its prefix: "{match.group(2)}"'
            for name, text in files if name.startswith("kernel/integrity/")
            for match in SAID.finditer(text) if not match.group(2).startswith(PREFIXES)]


def no_spin_locks(files):
    """Nothing can sleep under a lock where there is none (docs/DESIGN.md)."""
    code = [(name, re.sub(r"/\*.*?\*/", "", text, flags=re.S)) for name, text in files]
    return [f"{name}: a lock: {match.group(0)}" for name, text in code for match in LOCKS.finditer(text)]


def no_build_options(files):
    """What is built does not depend on options: no conditional compilation."""
    return [f"{name}: conditional compilation: {', '.join(found)}" for name, text in files
            if len(found := CONDITION.findall(text)) != CONDITIONS.get(name, 0)]


def start_order(_):
    """docs/DESIGN.md has the steps of kernel_main in their order."""
    body = tree.read("kernel/main.c").split("\nvoid kernel_main(", 1)[1].split("\n}", 1)[0]
    page = tree.read("docs/DESIGN.md").split("\n## The order of the start\n", 1)[-1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    steps, documented = STEP.findall(body), DOCUMENTED.findall(" ".join(rows))
    return [] if steps == documented else [f"docs/DESIGN.md: the order of the start is {' '.join(steps)}"]


def findings():
    files = sources()
    return [finding for check in (const_tables, prefixes, no_spin_locks, no_build_options, start_order)
            for finding in check(files)]
