#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Guest instruction counts, taken with QEMU's -icount.

With shift=0 the guest's time stamp counter advances by one for each executed instruction, so a
difference of two readings is a count of instructions, whatever else the host does. Figures are printed, never asserted.
"""
import os
import re
import sys

from harness import BUILD, Root, build_image, guest_program, run_image, scratch

ICOUNT = ["--qemu-arg", "-icount", "--qemu-arg", "shift=0,sleep=off", "--qemu-arg", "-rtc",
          "--qemu-arg", "base=2026-01-01,clock=vm"]


def boot_instructions(tpm):
    result = run_image(os.path.join(BUILD, "demo.efi"), *ICOUNT, tpm=tpm, timeout=900)
    found = re.search(r"assay: boot: (\d+) ticks", result.text)
    if not found:
        print(result.text[-2000:])
    return int(found.group(1)) if found else None


def open_instructions(rules):
    """The least that an open of a file costs that no rule wants, and of one that the last rule wants and has had."""
    with scratch() as folder:
        root = Root(os.path.join(folder, "root"), "chown 4242 /t/wanted\n/bin/opencost /t/other /t/wanted\n")
        root.copy(guest_program("opencost"), "bin/opencost")
        for name in ("other", "wanted"):
            root.write(f"t/{name}", name)
        owners = list(range(5001, 5000 + rules)) + [4242] if rules else []
        text = "".join(f"measure func=FILE_CHECK mask=MAY_READ fowner={owner}\n" for owner in owners)
        if rules:
            root.write("etc/ima/ima-policy", text)
        image = os.path.join(folder, "image.efi")
        status, output = build_image(root, image, cmdline="" if rules else "ima_policy=none")
        if status:
            print(output)
            return None, None
        result = run_image(image, *ICOUNT, timeout=900)
        costs = dict(re.findall(r"opencost /t/(\w+) (\d+)", result.text))
        if len(costs) != 2:
            print(result.text[-2000:])
            return None, None
        return int(costs["other"]), int(costs["wanted"])


def opens():
    """Rules that all ask about the opening of files, and are told apart by the owner: none can be passed over."""
    bare, _ = open_instructions(0)
    failed = bare is None
    for rules in (8, 100):
        other, wanted = open_instructions(rules)
        if bare is None or other is None:
            failed = True
            continue
        print(f"open without a rule {bare} instructions; with {rules} rules, unmeasured: {other - bare} more; "
              f"measured before: {wanted - other} more than that", flush=True)
    return failed


def main():
    failed = opens()
    for tpm in ("none", "crb", "tis"):
        counts = [boot_instructions(tpm) for _ in range(2)]
        failed += counts.count(None)
        print(f"kernel entry to the first instruction of /init, TPM {tpm}: {counts[0]} and {counts[1]} instructions",
              flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
