#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs libFuzzer programs for an equal share of a time budget each.

The seeds of NAME are the files in tests/fuzz/corpus/NAME; what is found new goes
to build/fuzz/corpus/NAME. A crash, a time-out of one input (10 s) or a leak is a failure; the
input is kept beside the corpus and named. The last line is "N passed, N failed, 0 skipped".
"""
import argparse
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def fuzz(program, seconds):
    name = os.path.basename(program).removeprefix("fuzz_")
    work = os.path.join(ROOT, "build", "fuzz", "corpus", name)
    os.makedirs(work, exist_ok=True)
    seeds = os.path.join(ROOT, "tests", "fuzz", "corpus", name)
    command = [program, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
               f"-artifact_prefix={work}.", work]
    if os.path.isdir(seeds):
        command.append(seeds)
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=seconds + 120, check=False)
    text = done.stdout.decode("utf-8", "replace")
    runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", text)
    return done.returncode == 0 and runs is not None, int(runs.group(1)) if runs else 0, text


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=120, help="for all programs together")
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()
    share = max(1, options.seconds // len(options.programs))
    failed = 0
    for program in options.programs:
        good, runs, text = fuzz(program, share)
        print(f"{'ok  ' if good else 'FAIL'} {os.path.basename(program)}: {runs} executions in {share} s", flush=True)
        if not good:
            failed += 1
            print(text[-6000:])
    print(f"{len(options.programs) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
