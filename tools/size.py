#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the trusted base weighs: code lines by folder, third-party code linked in, image size, memory in use.

A code line is one that is not blank and not only comment. The trusted base is everything of our
own that runs in the stub and the kernel. Third-party lines are those of the source files whose objects are in
the kernel's link map.
"""
import os
import re
import subprocess
import sys

BASE = ("boot", "linker", "kernel/base", "kernel/x86", "kernel/dev", "kernel/integrity", "kernel", "fs", "tpm",
        "crypto")
BLOCK = re.compile(r"/\*.*?\*/", re.S)


def code_lines(name):
    with open(name, encoding="utf-8", errors="replace") as stream:
        text = BLOCK.sub(lambda m: "\n" * m.group(0).count("\n"), stream.read())
    return sum(1 for line in text.splitlines() if line.strip() and not line.strip().startswith("//"))


def sources(folder):
    """The files of one folder, and of shims below it, but not of its other sub-folders."""
    found = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    shim = os.path.join(folder, "shim")
    if os.path.isdir(shim):
        found += [os.path.join(where, name) for where, _, names in os.walk(shim) for name in sorted(names)]
    return [name for name in found if name.endswith((".c", ".h", ".S", ".lds"))]


def third_party(build):
    """(library, lines, bytes) of what was linked from build/deps and has an address of the kernel's: no debug data."""
    with open(os.path.join(build, "kernel.map"), encoding="utf-8") as stream:
        text = stream.read()
    linked = text[text.find("Linker script and memory map"):]
    rows = []
    for library, pattern, folder in (("mbedTLS", r"kernel/mbedtls/(\w+)\.o", "mbedtls/library/{}.c"),
                                     ("tpm2-tss", r"tss2\.a\((\w[\w-]*)\.o\)", None)):
        names, size = set(), 0
        row = re.compile(r"^ *(?:\.\S+)?\s+0xffffffff[0-9a-f]+\s+(0x[0-9a-f]+)\s+\S*" + pattern + r"$", re.M)
        for match in row.finditer(linked):
            if int(match.group(1), 16):
                names.add(match.group(2))
                size += int(match.group(1), 16)
        lines = 0
        for name in names:
            if folder:
                lines += code_lines(os.path.join(build, "deps", folder.format(name)))
            else:
                for where in ("tss2-mu", "tss2-sys", "tss2-sys/api"):
                    path = os.path.join(build, "deps/tpm2-tss/src", where, name + ".c")
                    lines += code_lines(path) if os.path.exists(path) else 0
        rows.append((library, lines, size))
    return rows


def main():
    build = sys.argv[1] if len(sys.argv) > 1 else "build"
    total = 0
    for folder in BASE:
        lines = sum(code_lines(name) for name in sources(folder))
        total += lines
        print(f"  {folder + '/':20} {lines:6}")
        if folder == "kernel/integrity":
            integrity = lines
    print(f"trusted base: {total} lines")
    print(f"integrity path: {integrity} lines")
    for library, lines, size in third_party(build):
        print(f"linked in: {library}: {lines} lines, {size} bytes")
    for name in ("kernel.stripped", "assay-stub.efi", "demo.efi"):
        print(f"{name}: {os.path.getsize(os.path.join(build, name))} bytes")
    done = subprocess.run([os.path.join(build, "assay"), "run", os.path.join(build, "demo.efi"), "--timeout", "300"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    found = re.search(rb"assay: memory: .*", done.stdout)
    print("demo, after boot: " + (found.group(0).decode().rstrip() if found else "it did not boot"))
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
