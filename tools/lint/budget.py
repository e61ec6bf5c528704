# SPDX-License-Identifier: Apache-2.0
"""Lengths: functions at most 60 lines, files at most 700, lines at most 120 columns; one name a file.

A function runs from the line of its name to the closing brace in column 0. Exceptions
stand in budget.allow, one "file:function reason" a line.
"""
import os
import re

import tree

FUNCTION_MAX = 60
FILE_MAX = 700
COLUMN_MAX = 120
NAME = re.compile(r"([A-Za-z_]\w*)\s*\(")


def allowed():
    name = os.path.join(os.path.dirname(os.path.abspath(__file__)), "budget.allow")
    if not os.path.exists(name):
        return {}
    rows = [line.split(None, 1) for line in tree.read(name).splitlines() if line and not line.startswith("#")]
    return {row[0]: row[1] for row in rows if len(row) == 2}


def functions(lines):
    """(name, first line, length) of each function; its brace stands alone or ends the signature."""
    start = None
    for number, line in enumerate(lines):
        opens = line == "{" or line.endswith(") {") and not line.startswith(("#", "}"))
        if opens and start is None and number > 0:
            first = number if line != "{" else number - 1
            while first > 0 and (lines[first].startswith(("\t", " ")) or not NAME.search(lines[first])):
                first -= 1
            if lines[first].startswith(("struct", "enum", "union")) and "(" not in lines[first]:
                continue
            match = NAME.search(lines[first])
            start = (match.group(1) if match else "?", first)
        elif line.startswith("}") and start is not None:
            yield start[0], start[1] + 1, number - start[1] + 1
            start = None


def findings():
    found = []
    exceptions = allowed()
    seen = {}
    for name in tree.files(".c", ".h", ".S", ".py", ".sh"):
        lines = tree.read(name).splitlines()
        if len(lines) > FILE_MAX:
            found.append(f"{name}: {len(lines)} lines, at most {FILE_MAX}")
        for number, line in enumerate(lines, 1):
            width = len(line.expandtabs(8)) if name.endswith((".c", ".h", ".S")) else len(line)
            if width > COLUMN_MAX:
                found.append(f"{name}:{number}: {width} columns, at most {COLUMN_MAX}")
        if not name.endswith((".c", ".h", ".S")):
            continue
        stem, suffix = os.path.splitext(os.path.basename(name))
        if "shim/" not in name:
            other = seen.setdefault(stem + suffix, name)
            if other != name:
                found.append(f"{name}: same file name as {other}")
        if name.endswith(".c"):
            for function, line, length in functions(lines):
                if length > FUNCTION_MAX and f"{name}:{function}" not in exceptions:
                    found.append(f"{name}:{line}: {function} has {length} lines, at most {FUNCTION_MAX}")
    return found
