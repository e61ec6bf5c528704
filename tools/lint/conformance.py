# SPDX-License-Identifier: Apache-2.0
"""docs/CONFORMANCE.md: each feature has one row; what is done names tests, and these exist; what is not says why.

A test is named `FILE:FUNCTION`, FILE being one below tests/ (unit tests and QEMU cases) or tools/.
"""
import os
import re

import tree

PAGE = "docs/CONFORMANCE.md"
ROWS = {"ML": 36, "PO": 37, "API": 13}
ROW = re.compile(r"^\| ([A-Z]+)-(\d\d) \| ([^|]*) \| ([^|]*) \| (.*) \|$")
TEST = re.compile(r"`([\w.]+):(\w+)`")


def findings():
    found, seen = [], []
    files = {os.path.basename(name): name for name in tree.files(".c", ".py")
             if name.startswith(("tests/", "tools/"))}
    for number, line in enumerate(tree.read(PAGE).splitlines(), 1):
        match = ROW.match(line.replace("\\|", "/"))
        if not match:
            continue
        kind, index, _, state, evidence = match.groups()
        seen.append((kind, int(index)))
        tests = TEST.findall(evidence)
        if state not in ("done", "not done"):
            found.append(f"{PAGE}:{number}: the state is 'done' or 'not done'")
        if state == "done" and not tests:
            found.append(f"{PAGE}:{number}: {kind}-{index} is done, and no test is named")
        if state == "not done" and not TEST.sub("", evidence).strip(" ,;"):
            found.append(f"{PAGE}:{number}: {kind}-{index} is not done, and no reason is given")
        for name, function in tests:
            text = tree.read(files[name]) if name in files else ""
            if not re.search(rf"^(?:static void|def) {function}\(", text, re.M):
                found.append(f"{PAGE}:{number}: there is no test {name}:{function}")
    wanted = [(kind, index) for kind, count in ROWS.items() for index in range(1, count + 1)]
    if seen != wanted:
        missing = [f"{kind}-{index:02}" for kind, index in wanted if (kind, index) not in seen]
        found.append(f"{PAGE}: rows are not each once and in order; missing: {' '.join(missing) or 'none'}")
    return found
