# SPDX-License-Identifier: Apache-2.0
"""Runs the program of a root folder on this Linux (hostroot.sh): what it prints is the judgement."""
import functools
import itertools
import os
import pty
import shutil
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))


@functools.cache
def prefix():
    """The words that make a command run as uid 0 in namespaces of its own; None where that cannot be."""
    unshare = shutil.which("unshare")
    if not unshare:
        return None
    # In a chroot whose root is no mount point, propagation can't be changed: hostroot.sh makes its own root private.
    for lead, propagation in itertools.product(([], ["sudo", "-n"]), ("private", "unchanged")):
        if lead and not shutil.which("sudo"):
            continue
        words = lead + [unshare, "-mpfiu", "--propagation", propagation]
        done = subprocess.run(words + ["id", "-u"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=False)
        if done.returncode == 0 and done.stdout.strip() == b"0":
            return words
    return None


WHY_NOT = "the host's judgement needs uid 0 (or password-less sudo) and unshare"


def run(folder, *arguments, timeout=300):
    """The bytes that arguments print in the root `folder`, with a terminal as standard input."""
    master, slave = pty.openpty()
    try:
        done = subprocess.run(prefix() + [os.path.join(HERE, "hostroot.sh"), folder, *arguments], stdin=slave,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout, check=False,
                              start_new_session=True)
    finally:
        os.close(slave)
        os.close(master)
        if "unchanged" in prefix() and os.path.ismount(folder + ".linux"):
            lead = prefix()[:prefix().index("-mpfiu") - 1]
            subprocess.run(lead + ["umount", "-l", folder + ".linux"], check=False)
    return done.stdout
