# SPDX-License-Identifier: Apache-2.0
"""The README's commands are run as they stand there."""
import os
import re
import subprocess

from harness import ASSAY, ROOT, case, check, command, twin

ACTIONS = ("measure", "appraise", "audit", "hash")

# `make test` runs this case: it cannot run itself.
NOT_HERE = ("make test", "make soak")


def blocks():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as stream:
        return re.findall(r"^```sh\n(.*?)^```", stream.read(), re.S | re.M)


def shows(text, sample):
    """Each line of the sample is in the text, in this order; an ellipsis stands for anything."""
    lines = iter(text.replace("\r", "").splitlines())
    pattern = lambda line: ".*".join(re.escape(part) for part in line.split("…"))
    return all(any(re.fullmatch(pattern(line), l) for l in lines) for line in sample.splitlines())


def run_sample():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as stream:
        fences = re.findall(r"^```(\w*)\n(.*?)^```", stream.read(), re.S | re.M)
    return next(text for language, text in fences if not language)


@case
def readme_commands():
    found = blocks()
    check("the README has commands", len(found) >= 2)
    for block in found:
        if block.strip().startswith(NOT_HERE):
            continue
        status, text = command(["sh", "-e", "-c", block], timeout=900)
        check(f"README: {block.strip().splitlines()[0]}", status == 0, text)
        if block.startswith("make run"):
            check("README: what make run shows is what it said", shows(text, run_sample()), text)
            twin("README: what make run shows is what it said", lambda sample: shows(text, sample),
                 run_sample().replace("/tmp/copy", "/tmp/hello"))


@case
def policy_page():
    """The examples of docs/POLICY.md are good policies, and its table has each word that the parser knows."""
    with open(os.path.join(ROOT, "docs", "POLICY.md"), encoding="utf-8") as stream:
        page = stream.read()
    examples = re.findall(r"^```policy\n(.*?)^```", page, re.S | re.M)
    check("the page has an example", examples)
    for text in examples:
        done = subprocess.run([ASSAY, "policy", "check", "-"], input=text, capture_output=True, text=True, check=False)
        check("the example is accepted", done.returncode == 0, done.stderr)
    with open(os.path.join(ROOT, "kernel", "integrity", "policy_parse.c"), encoding="utf-8") as stream:
        words = set(re.findall(r'{ "([A-Za-z_^|]+)"', stream.read())) - {"dont_" + w for w in ACTIONS}
    check("the parser's words are found", len(words) > 30, sorted(words))
    for word in sorted(words):
        check(f"the page names {word}", f"`{word}" in page.replace("\\|", "|") or f"={word}`" in page, word)


@case
def readme_length():
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as stream:
        lines = stream.read().splitlines()
    check("the README has at most 150 lines", len(lines) <= 150, len(lines))
