#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every lint; prints the offending lines; exits 1 when there is one."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import budget
import calls
import conformance
import deps
import kernel
import words

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main():
    os.chdir(ROOT)
    findings = []
    for lint in (deps, budget, words, calls, kernel, conformance):
        findings += lint.findings()
    for finding in findings:
        print(finding)
    print(f"lint: {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
