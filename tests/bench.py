#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Guest instruction counts, taken with QEMU's -icount.

With shift=0 the guest's time stamp counter advances by one for each executed instruction, so a
difference of two readings is a count of instructions, whatever else the host does. Figures are printed, never asserted.
"""
import os
import re
import sys

from harness import BUILD, run_image

ICOUNT = ["--qemu-arg", "-icount", "--qemu-arg", "shift=0,sleep=off", "--qemu-arg", "-rtc",
          "--qemu-arg", "base=2026-01-01,clock=vm"]


def boot_instructions(tpm):
    result = run_image(os.path.join(BUILD, "demo.efi"), *ICOUNT, tpm=tpm, timeout=900)
    found = re.search(r"assay: boot: (\d+) ticks", result.text)
    if not found:
        print(result.text[-2000:])
    return int(found.group(1)) if found else None


def main():
    failed = 0
    for tpm in ("none", "crb", "tis"):
        counts = [boot_instructions(tpm) for _ in range(2)]
        failed += counts.count(None)
        print(f"kernel entry to the first instruction of /init, TPM {tpm}: {counts[0]} and {counts[1]} instructions",
              flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
