# SPDX-License-Identifier: Apache-2.0
"""The files of the project as git knows them (tracked, and new ones not ignored)."""
import os
import subprocess


def files(*suffixes):
    listing = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             stdout=subprocess.PIPE, check=True).stdout.decode()
    names = sorted(set(name for name in listing.split("\0") if name))
    return [n for n in names if os.path.isfile(n) and (not suffixes or n.endswith(suffixes))]


def read(name):
    with open(name, encoding="utf-8", errors="surrogateescape") as stream:
        return stream.read()
