#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs unit test programs (cmocka), two at a time, and sums up their results.

A program that dies, hangs, reports a failure or runs no test is a failure. The
output of failing programs is printed whole. The last line is
"N passed, N failed, N skipped".
"""
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

TIMEOUT_S = 300


def run(program):
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=1:allocator_may_return_null=1", CMOCKA_MESSAGE_OUTPUT="STDOUT")
    try:
        done = subprocess.run([program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIMEOUT_S, env=env, check=False)
        text = done.stdout.decode("utf-8", "replace")
        status = done.returncode
    except subprocess.TimeoutExpired as hang:
        text = (hang.stdout or b"").decode("utf-8", "replace") + f"\nno end after {TIMEOUT_S} s\n"
        status = -1
    passed = sum(int(n) for n in re.findall(r"\[  PASSED  \] (\d+) test", text))
    failed = sum(int(n) for n in re.findall(r"\[  FAILED  \] (\d+) test", text))
    skipped = sum(int(n) for n in re.findall(r"\[  SKIPPED \] (\d+) test", text))
    if status != 0 and failed == 0:
        failed = 1
    if status == 0 and passed == 0:
        failed, text = 1, text + "\nno test ran\n"
    return program, passed, failed, skipped, text


def main():
    programs = sys.argv[1:]
    if not programs:
        sys.exit("usage: tests/unit.py PROGRAM...")
    total = [0, 0, 0]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for program, passed, failed, skipped, text in pool.map(run, programs):
            total = [total[0] + passed, total[1] + failed, total[2] + skipped]
            if failed:
                print(f"==== {program} ====\n{text}")
            if skipped:
                print("\n".join(line for line in text.splitlines() if "SKIPPED" in line))
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
