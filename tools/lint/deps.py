# SPDX-License-Identifier: Apache-2.0
"""The dependency table: which folder may include what. An include line is a dependency edge."""
import re

import tree

FREESTANDING = {"stdint.h", "stddef.h", "stdbool.h", "stdarg.h", "stdalign.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')

# folder: (project prefixes, foreign headers: {file pattern: header pattern})
TABLE = {
    "kernel/base": (["kernel/base/"], {}),
    "crypto": (["kernel/base/", "crypto/"], {r"\.c$": r"^(mbedtls|psa)/", r"mbedtls_config\.h$": r"^mbedtls/"}),
    "tpm": (["kernel/base/", "tpm/", "crypto/hash.h"], {r"tpm/(tcti\.[ch]|tpm\w*\.c)$": r"^tss2_"}),
    "fs": (["kernel/base/", "fs/"], {}),
    "kernel/integrity": (["kernel/base/", "kernel/integrity/", "crypto/", "tpm/", "fs/"], {}),
    "kernel/x86": (["kernel/base/", "kernel/limits.h", "kernel/x86/"], {}),
    "kernel/dev": (["kernel/base/", "kernel/limits.h", "kernel/x86/", "kernel/dev/", "tpm/regs.h"], {}),
    "kernel": (["kernel/", "crypto/", "tpm/", "fs/", "boot/bootinfo.h"], {}),
    "boot": (["kernel/base/", "kernel/x86/cpu.h", "kernel/elf.h", "boot/", "tpm/pcr.h", "tpm/eventlog.h"],
             {r"boot/firmware\.h$": r"^efi\.h$"}),
    "tools": (["kernel/base/", "kernel/integrity/", "kernel/version.h", "kernel/cmdline.h", "kernel/elf.h",
               "kernel/script.h",
               "crypto/", "tpm/", "fs/", "boot/uki.h", "boot/pe.h", "boot/bootinfo.h", "tools/"], {r".": r"."}),
    "user": (["kernel/base/", "kernel/integrity/", "kernel/version.h", "crypto/", "tpm/",
              "tools/log_parse.h", "tools/cli.h", "tools/policy_check.h", "tools/policy_write.h",
              "user/"], {r".": r"."}),
    "tests": ([""], {r".": r"."}),
}


def folder_of(name):
    best = ""
    for folder in TABLE:
        if name.startswith(folder + "/") and len(folder) > len(best):
            best = folder
    return best


def check(name, include, foreign):
    prefixes, patterns = TABLE[folder_of(name)]
    if include is not None:
        return any(include.startswith(prefix) for prefix in prefixes)
    if foreign in FREESTANDING:
        return True
    return any(re.search(files, name) and re.search(headers, foreign) for files, headers in patterns.items())


def stated():
    """The single headers of docs/DESIGN.md's table, by folder."""
    rows = re.findall(r"^\| `([\w/]+)` \| (`[^|]*\.h`) \|$", tree.read("docs/DESIGN.md"), re.M)
    return {folder: set(re.findall(r"`([^`]+)`", headers)) for folder, headers in rows}


def findings():
    found = []
    said = stated()
    for folder, (prefixes, _) in TABLE.items():
        single = {prefix for prefix in prefixes if prefix.endswith(".h")}
        if single != said.get(folder, set()):
            found.append(f"docs/DESIGN.md: single headers that {folder} may include: {sorted(single)}")
    for name in tree.files(".c", ".h", ".S"):
        if "/shim/" in name:
            continue
        if not folder_of(name):
            found.append(f"{name}: in no folder of the dependency table (tools/lint/deps.py)")
            continue
        for number, line in enumerate(tree.read(name).splitlines(), 1):
            match = INCLUDE.match(line)
            if match and not check(name, match.group(1), match.group(2)):
                found.append(f"{name}:{number}: {folder_of(name)} may not include {match.group(1) or match.group(2)}")
    return found
