#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""coverage.py BUILD FOLDER: how much of FOLDER the programs that were just run have gone through.

Asks gcov about each source of FOLDER compiled below BUILD and prints, for each file and in all, the lines and the
branches (each way out of each condition) that were taken at least once; with -v also where a branch was not. The last
line is "branches: N of M taken, P %".
"""
import json
import os
import subprocess
import sys


def gcov(notes):
    """{line: (was reached, [count of each way out])} of one source; a function compiled twice counts once."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", notes],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    source = notes.split(os.sep + "coverage" + os.sep, 1)[1].removesuffix(".gcno") + ".c"
    lines = {}
    for file in json.loads(done.stdout)["files"]:
        if not file["file"].endswith(source):
            continue
        for line in file["lines"]:
            ways = [branch["count"] for branch in line["branches"] if not branch["throw"]]
            reached, before = lines.get(line["line_number"], (False, []))
            lines[line["line_number"]] = (reached or line["count"] > 0, before + ways)
    return source, lines


def main():
    verbose = "-v" in sys.argv
    build, folder = [word for word in sys.argv[1:] if word != "-v"]
    where = os.path.join(build, folder)
    total = [0, 0]
    print(f"{'file':44} {'lines':>12} {'branches':>12}")
    for name in sorted(os.listdir(where)):
        if not name.endswith(".gcno"):
            continue
        source, lines = gcov(os.path.join(where, name))
        ways = [count for _, counts in lines.values() for count in counts]
        taken = sum(count > 0 for count in ways)
        total = [total[0] + taken, total[1] + len(ways)]
        reached = sum(hit for hit, _ in lines.values())
        percent = 100.0 * taken / len(ways) if ways else 100.0
        print(f"{source:44} {reached:>5}/{len(lines):<6} {taken:>5}/{len(ways):<5} {percent:6.1f} %")
        for number, (_, counts) in sorted(lines.items() if verbose else []):
            if 0 in counts:
                print(f"  {source}:{number}: {counts.count(0)} of {len(counts)} ways not taken")
    if not total[1]:
        sys.exit(f"{where}: nothing was compiled for coverage")
    print(f"branches: {total[0]} of {total[1]} taken, {100.0 * total[0] / total[1]:.1f} %")


if __name__ == "__main__":
    main()
