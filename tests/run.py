#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the test suite.

  tests/run.py all              make check, every QEMU case, fuzzing, the README's commands
  tests/run.py soak             fuzzing by the hour (SOAK_SECONDS, default 3600), the cases that take long
  tests/run.py list             the names of the QEMU cases
  tests/run.py userland         the cases that judge the userland against Linux
  tests/run.py CASE...          these cases

The last line is "N passed, N failed, N skipped"; the exit status is 1 when something failed.
"""
import os
import re
import subprocess
import sys
import time
import traceback

import harness
from harness import ACCOUNT, CASES, ROOT

import cases_appraise  # noqa: F401  pylint: disable=unused-import
import cases_boot  # noqa: F401  pylint: disable=unused-import
import cases_build  # noqa: F401  pylint: disable=unused-import
import cases_ends  # noqa: F401  pylint: disable=unused-import
import cases_golden  # noqa: F401  pylint: disable=unused-import
import cases_input  # noqa: F401  pylint: disable=unused-import
import cases_load  # noqa: F401  pylint: disable=unused-import
import cases_policy  # noqa: F401  pylint: disable=unused-import
import cases_readme  # noqa: F401  pylint: disable=unused-import
import cases_terminal  # noqa: F401  pylint: disable=unused-import
import cases_tpm  # noqa: F401  pylint: disable=unused-import
import cases_userland

FUZZ_SECONDS = 240
SOAKED = ("policy", "policy_load", "template")  # ten minutes each beside their share
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)


def make(*arguments, timeout=2400):
    """Runs make with its output shown; the text of the output."""
    with subprocess.Popen(["make", "-j2", *arguments], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace") as process:
        lines = []
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
        process.wait(timeout=timeout)
    return process.returncode, "".join(lines)


def make_and_count(what, *arguments):
    """A make target whose output ends in the summary line: its numbers are added."""
    ACCOUNT.name = what
    status, text = make(*arguments)
    counts = SUMMARY.findall(text)
    if counts:
        passed, failed, skipped = (int(n) for n in counts[-1])
        ACCOUNT.passed, ACCOUNT.failed, ACCOUNT.skipped = (ACCOUNT.passed + passed, ACCOUNT.failed + failed,
                                                           ACCOUNT.skipped + skipped)
    if status != 0 and not (counts and int(counts[-1][1])) or not counts:
        ACCOUNT.check(f"make {' '.join(arguments)}", False, text[-1500:])


def run_cases(cases):
    for function in cases:
        ACCOUNT.name = function.__name__
        before, start = (ACCOUNT.passed, ACCOUNT.failed), time.monotonic()
        print(f"==== {function.__name__}", flush=True)
        try:
            function()
        except Exception:  # pylint: disable=broad-except
            ACCOUNT.check("the case comes to its end", False, traceback.format_exc())
        print(f"     {ACCOUNT.passed - before[0]} passed, {ACCOUNT.failed - before[1]} failed"
              f" ({time.monotonic() - start:.0f} s)", flush=True)


def chosen(names, known):
    """The cases that names ask for."""
    if names == ["all"]:
        return CASES
    if names == ["soak"]:
        return cases_userland.SOAK
    if names == ["userland"]:
        return [function for function in CASES if function.__module__ == "cases_userland"]
    return [known[name] for name in names]


def main():
    names = sys.argv[1:]
    if not names or names[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if names else 2
    if names == ["list"]:
        print("\n".join(function.__name__ for function in CASES + cases_userland.SOAK))
        return 0
    known = {function.__name__: function for function in CASES + cases_userland.SOAK}
    unknown = [name for name in names if name not in known and name not in ("all", "soak", "userland")]
    if unknown:
        sys.exit(f"no such case: {' '.join(unknown)} (tests/run.py list)")
    ACCOUNT.whole = names == ["all"]
    if ACCOUNT.whole:
        make_and_count("check", "check")
    status, text = make("all", "guest", "build/packsection")
    if ACCOUNT.check("everything builds", status == 0, text[-1500:]):
        run_cases(chosen(names, known))
    if names in (["all"], ["soak"]):
        seconds = FUZZ_SECONDS if names == ["all"] else os.environ.get("SOAK_SECONDS", "3600")
        make_and_count("fuzz", "fuzz", f"SECONDS={seconds}")
    for name in SOAKED if names == ["soak"] else ():
        make_and_count("fuzz", "fuzz", f"T={name}", "SECONDS=600")
    print(f"{ACCOUNT.passed} passed, {ACCOUNT.failed} failed, {ACCOUNT.skipped} skipped")
    return 1 if ACCOUNT.failed else 0


if __name__ == "__main__":
    sys.exit(main())
