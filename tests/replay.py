#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An independent reader of IMA lists and TCG2 event logs, in Python's hashlib alone.

It shares no code with Assay: the formats are read from their descriptions. Used to
judge what the guest reports; `replay.py LIST BANK` prints the PCRs that a list gives.
"""
import hashlib
import struct
import sys
from collections import namedtuple

Record = namedtuple("Record", "pcr digest template data")
BANKS = {"sha1": 20, "sha256": 32, "sha384": 48, "sha512": 64}
TPM_ALGS = {4: "sha1", 11: "sha256", 12: "sha384", 13: "sha512"}
EV_NO_ACTION = 3
LEGACY_DIGEST, LEGACY_NAME = 20, 256  # of the old template "ima"


class Malformed(Exception):
    pass


def take(blob, offset, length):
    if length > len(blob) - offset:
        raise Malformed(f"{length} bytes wanted at {offset}, {len(blob) - offset} are there")
    return blob[offset:offset + length], offset + length


def u32(blob, offset):
    raw, offset = take(blob, offset, 4)
    return struct.unpack("<I", raw)[0], offset


def take_legacy(blob, offset):
    """The data of the old template "ima", which has no length before it: a SHA-1, the length of a name, the name."""
    start = offset
    _, offset = take(blob, offset, LEGACY_DIGEST)
    length, offset = u32(blob, offset)
    _, offset = take(blob, offset, length)
    return blob[start:offset], offset


def parse_list(blob, bank):
    """Records of a binary list of one bank."""
    records, offset = [], 0
    while offset < len(blob):
        pcr, offset = u32(blob, offset)
        digest, offset = take(blob, offset, BANKS[bank])
        length, offset = u32(blob, offset)
        template, offset = take(blob, offset, length)
        if template == b"ima":
            data, offset = take_legacy(blob, offset)
        else:
            length, offset = u32(blob, offset)
            data, offset = take(blob, offset, length)
        records.append(Record(pcr, digest, template.decode(), data))
    return records


def fields(data):
    found, offset = [], 0
    while offset < len(data):
        length, offset = u32(data, offset)
        value, offset = take(data, offset, length)
        found.append(value)
    return found


def name_of(record):
    legacy = record.template == "ima"
    name = record.data[LEGACY_DIGEST + 4:] if legacy else fields(record.data)[1].rstrip(b"\0")
    return name.decode("utf-8", "surrogateescape")


def digest_of(record):
    """(algorithm, hex) of a record's d or d-ng field."""
    if record.template == "ima":
        return "sha1", record.data[:LEGACY_DIGEST].hex()
    algorithm, _, value = fields(record.data)[0].partition(b":\0")
    return algorithm.decode(), value.hex()


def hashed(record):
    """What the template digest is of: the data, or for "ima" digest and name without length, padded with zeros."""
    if record.template != "ima":
        return record.data
    return record.data[:LEGACY_DIGEST] + record.data[LEGACY_DIGEST + 4:].ljust(LEGACY_NAME, b"\0")


def replay(records, bank):
    """{pcr: hex} after all records; raises Malformed where a template digest is not that of its data."""
    pcrs = {}
    for number, record in enumerate(records):
        if record.digest == bytes(BANKS[bank]):
            extend = b"\xff" * BANKS[bank]
        else:
            extend = hashlib.new(bank, hashed(record)).digest()
            if extend != record.digest:
                raise Malformed(f"record {number} ({name_of(record)}): template digest is not that of its data")
        old = pcrs.get(record.pcr, bytes(BANKS[bank]))
        pcrs[record.pcr] = hashlib.new(bank, old + extend).digest()
    return {pcr: value.hex() for pcr, value in pcrs.items()}


def boot_aggregate(pcrs, bank):
    """The aggregate over {index: hex}: PCR 0 to 7 for SHA-1, else 0 to 9."""
    h = hashlib.new(bank)
    for index in range(8 if bank == "sha1" else 10):
        h.update(bytes.fromhex(pcrs[index]))
    return h.hexdigest()


def parse_eventlog(blob):
    """([algorithm ids], [(pcr, type, {bank: digest}, data)]) of a crypto-agile log."""
    _, offset = take(blob, 0, 28)
    size, offset = u32(blob, offset)
    spec, offset = take(blob, offset, size)
    if not spec.startswith(b"Spec ID Event03\0"):
        raise Malformed("no Spec ID event")
    count = struct.unpack_from("<I", spec, 24)[0]
    sizes = dict(struct.unpack_from("<HH", spec, 28 + 4 * i) for i in range(count))
    events = []
    while offset < len(blob):
        pcr, offset = u32(blob, offset)
        kind, offset = u32(blob, offset)
        number, offset = u32(blob, offset)
        digests = {}
        for _ in range(number):
            raw, offset = take(blob, offset, 2)
            alg = struct.unpack("<H", raw)[0]
            value, offset = take(blob, offset, sizes[alg])
            digests[TPM_ALGS.get(alg, hex(alg))] = value
        length, offset = u32(blob, offset)
        data, offset = take(blob, offset, length)
        events.append((pcr, kind, digests, data))
    return events


def replay_events(events, bank):
    pcrs = {}
    for pcr, kind, digests, _ in events:
        if kind == EV_NO_ACTION:
            continue
        old = pcrs.get(pcr, bytes(BANKS[bank]))
        pcrs[pcr] = hashlib.new(bank, old + digests[bank]).digest()
    return {pcr: value.hex() for pcr, value in pcrs.items()}


def main():
    if len(sys.argv) != 3 or sys.argv[2] not in BANKS:
        sys.exit("usage: tests/replay.py LIST sha1|sha256|sha384|sha512")
    with open(sys.argv[1], "rb") as stream:
        records = parse_list(stream.read(), sys.argv[2])
    for pcr, value in sorted(replay(records, sys.argv[2]).items()):
        print(f"PCR {pcr} {value} ({len(records)} records)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
