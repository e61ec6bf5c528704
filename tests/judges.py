# SPDX-License-Identifier: Apache-2.0
"""Judgements by tools that are not ours: evmctl, tpm2_eventlog, and the replay in Python's hashlib.

Each returns True or False, or raises; the cases call them on what the guest gave and, as
a twin, on the same thing spoiled.
"""
import os

import replay
from harness import command, scratch

LIST_BANKS = ("sha1", "sha256", "sha384", "sha512")


def list_replays(blob, bank, pcrs, pcr=10):
    """The list's replay gives the PCR value of the TPM."""
    return replay.replay(replay.parse_list(blob, bank), bank).get(pcr) == pcrs[pcr]


def spoil(blob):
    """One bit of the last record's data: template names and lengths are not hashed, data is."""
    at = len(blob) - 2
    return blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1:]


def evmctl_matches(sha1_list, bank, pcrs):
    """evmctl reads the sha1 list and recomputes the bank; only its text counts, not its exit status."""
    with scratch() as folder:
        list_name, pcr_name = os.path.join(folder, "list"), os.path.join(folder, "pcrs")
        with open(list_name, "wb") as stream:
            stream.write(sha1_list)
        with open(pcr_name, "w", encoding="ascii") as stream:
            for index in sorted(pcrs):
                stream.write(f"PCR-{index:02d}: {pcrs[index].upper()}\n")
        _, text = command(["evmctl", "ima_measurement", "--ignore-violations", f"--verify-bank={bank}",
                           "--pcrs", f"{bank},{pcr_name}", list_name])
    return "Matched per TPM bank" in text


def eventlog_clean(blob):
    """tpm2_eventlog parses the log without a warning."""
    with scratch() as folder:
        name = os.path.join(folder, "log")
        with open(name, "wb") as stream:
            stream.write(blob)
        status, text = command(["tpm2_eventlog", name])
    return status == 0 and "WARN" not in text and "ERROR" not in text and "pcrs:" in text


def eventlog_replays(blob, bank, pcrs, indices):
    values = replay.replay_events(replay.parse_eventlog(blob), bank)
    zero = "0" * len(pcrs[0])
    return all(values.get(index, zero) == pcrs[index] for index in indices)


def aggregate_agrees(list_blob, bank, pcrs):
    """The first record is boot_aggregate and its digest is that of the TPM's PCRs (of the record's own bank)."""
    first = replay.parse_list(list_blob, bank)[0]
    algorithm, value = replay.digest_of(first)
    return replay.name_of(first) == "boot_aggregate" and value == replay.boot_aggregate(pcrs[algorithm], algorithm)
