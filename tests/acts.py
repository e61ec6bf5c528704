# SPDX-License-Identifier: Apache-2.0
"""Golden cases acted out in the guest: what Linux gave, rewritten to what must differ, against what Assay gives.

Everything that is rewritten stands in ALLOWED with its reason; everything else is compared byte by byte.
"""
import difflib
import hashlib
import os
import re
import struct
from collections import namedtuple

import replay
from harness import ROOT

GOLDEN = os.path.join(ROOT, "tests", "golden")
ACTS = os.path.join(GOLDEN, "acts")

ALLOWED = {
    "boot_aggregate": "PCR 0 to 9 are those of another machine; the value expected is that of the TPM's PCRs",
    "PCR": "the PCRs expected are those that the expected list gives; 11 and 12 begin as the firmware's log ends",
    "programs": "/init, busybox and probe are those of this machine: the digest expected is that of the file",
    "own records": "the kernel's own critical data names itself, its TPM and policies; left out and not counted",
    "keys": "the captured kernel had its certificates built in, the image's are files, recorded when they are loaded",
    "mapping": "an executable mapping beside a shared writable one is refused on purpose (docs/CAVEATS.md)",
    "verity": "fs-verity files cannot be made in the guest and are not opened; where a rule asks for such a digest the "
              "others are recorded with zeros on purpose (docs/CAVEATS.md)",
    "time": "audit records carry the time and count from the boot",
    "pid": "processes are numbered otherwise",
    "ino": "inodes are numbered otherwise",
    "dev": "the root is not a disk",
    "staging": "the files that set records aside are not there yet",
}

# Whose digest is of a file of this machine: the name in the list and in the image.
PROGRAMS = {b"/init": "init", b"/bin/busybox": "bin/busybox", b"/usr/bin/probe": "usr/bin/probe",
            b"/t/prog": "usr/bin/probe", b"/t/prog_signed": "usr/bin/probe", b"/t/vprog": "usr/bin/probe"}
OWN_RECORDS = (b"kernel_version", b"tpm_info", b"ima_policy")
KEY_FILES = (b"/etc/keys/ca.der", b"/etc/keys/x509_ima.der")
NO_VERITY = re.compile(rb"/t/f(1009|1010|1014)\.bare")
VERITY = re.compile(rb"/t/f(1009|1010|1014)\.(plain|sig|v512)")

# data is, for the old template "ima", the digest with the length of the name and the name.
Record = namedtuple("Record", "pcr digest template data")


def golden(*names):
    with open(os.path.join(GOLDEN, *names), "rb") as stream:
        return stream.read()


def parse(blob, bank):
    """Records of a binary list; the old template "ima" has no length before its data and none in its digest."""
    records, offset, size = [], 0, replay.BANKS[bank]
    while offset < len(blob):
        pcr, offset = replay.u32(blob, offset)
        digest, offset = replay.take(blob, offset, size)
        length, offset = replay.u32(blob, offset)
        template, offset = replay.take(blob, offset, length)
        if template == b"ima":
            start = offset
            length, offset = replay.u32(blob, offset + 20)
            data, offset = blob[start:offset + length], offset + length
        else:
            length, offset = replay.u32(blob, offset)
            data, offset = replay.take(blob, offset, length)
        records.append(Record(pcr, digest, template, data))
    return records


def serialise(records):
    out = b""
    for r in records:
        length = b"" if r.template == b"ima" else struct.pack("<I", len(r.data))
        out += struct.pack("<I", r.pcr) + r.digest + struct.pack("<I", len(r.template)) + r.template + length + r.data
    return out


def name_of(record):
    if record.template == b"ima":
        return record.data[24:]
    return replay.fields(record.data)[1].rstrip(b"\0")


def template_digest(record, bank):
    data = record.data
    if record.template == b"ima":
        data = data[:20] + data[24:].ljust(256, b"\0")
    return hashlib.new(bank, data).digest()


class Machine:
    """What the expected values are computed from: the image's files and the TPM's PCRs at the end."""

    def __init__(self, root, pcrs):
        self.root, self.pcrs = root, pcrs

    def digest(self, name, algorithm, size):
        """The file digest that this machine must show for a name, or None: the captured one."""
        if name == b"boot_aggregate":
            return bytes.fromhex(replay.boot_aggregate(self.pcrs[algorithm], algorithm)) if self.pcrs else bytes(size)
        if name in PROGRAMS:
            with open(os.path.join(self.root, PROGRAMS[name]), "rb") as stream:
                return hashlib.new(algorithm, stream.read()).digest()
        return None

    def record(self, record, bank):
        """The record as this machine must show it."""
        if record.digest == bytes(len(record.digest)):
            return record
        if record.template == b"ima":
            prefix, old, rest = b"", record.data[:20], record.data[20:]
            algorithm = "sha1"
        else:
            first = replay.fields(record.data)[0]
            if b":\0" not in first:
                return record
            at = 4 + first.index(b":\0") + 2
            prefix, old, rest = record.data[:at], record.data[at:4 + len(first)], record.data[4 + len(first):]
            algorithm = first[:first.index(b":\0")].decode().split(":")[-1]
        new = self.digest(name_of(record), algorithm, len(old)) or old
        changed = record._replace(data=prefix + new + rest)
        if template_digest(record, bank) != record.digest:
            return record # a spoiled one stays spoiled
        return changed._replace(digest=template_digest(changed, bank))


def spoil(data):
    """A captured value with one bit turned, for the twins: near the end, where nothing is rewritten."""
    return data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]


def spoil_list(blob, bank):
    """The same in the last record that is compared."""
    records = parse(blob, bank)
    last = max(i for i, r in enumerate(records) if not only_there(r))
    records[last] = records[last]._replace(data=spoil(records[last].data))
    return serialise(records)


def spoil_ascii(text, blob, bank):
    records = parse(blob, bank)
    places = ascii_places(text, records)
    end = places[max(i for i, r in enumerate(records) if not only_there(r)) + 1]
    return spoil(text[:end]) + text[end:]


def without_verity(record):
    """Assay's record of a file that has not the digest which the rule wants."""
    return NO_VERITY.fullmatch(name_of(record)) and not int(file_digest(record), 16)


def only_there(record):
    """Captured records that have no counterpart here."""
    name = name_of(record)
    return record.template == b"ima-buf" and name == b"kernel_version" or VERITY.fullmatch(name)


def only_here(record):
    """Our records that have no counterpart in what was captured."""
    name = name_of(record)
    own = record.template == b"ima-buf" and name in OWN_RECORDS or name in KEY_FILES
    return own or without_verity(record)


def expected_records(machine, blob, bank):
    return [machine.record(r, bank) for r in parse(blob, bank) if not only_there(r)]


def own_records_out(blob, bank):
    """Our list without the kernel's own records."""
    return [r for r in parse(blob, bank) if not only_here(r)]


def file_digest(record):
    if record.template == b"ima":
        return record.data[:20].hex().encode()
    return replay.fields(record.data)[0].rpartition(b":\0")[2].hex().encode()


def ascii_places(text, records):
    """Where each record begins in an ascii list, and the end; a name may hold a line end."""
    places, at = [], 0
    for r in records:
        head = b"%2d %s %s " % (r.pcr, r.digest.hex().encode(), r.template)
        at = text.index(head, at)
        places.append(at)
        at += len(head)
    return places + [len(text)]


def own_ascii_out(text, blob, bank):
    records = parse(blob, bank)
    places = ascii_places(text, records)
    parts = [text[start:end] for record, start, end in zip(records, places, places[1:]) if not only_here(record)]
    return text[:places[0]] + b"".join(parts)


def expected_ascii(machine, text, blob, bank):
    """The captured ascii list with the digests that change replaced; where the records are tells the binary one."""
    records = parse(blob, bank)
    places = ascii_places(text, records)
    out = [text[:places[0]]]
    for record, start, end in zip(records, places, places[1:]):
        if only_there(record):
            continue
        new = machine.record(record, bank)
        line = text[start:end].replace(record.digest.hex().encode(), new.digest.hex().encode(), 1)
        out.append(line.replace(file_digest(record), file_digest(new), 1))
    return b"".join(out)


def replays(records, bank, start):
    """{pcr: hex} that the records give from the values in start."""
    pcrs = {pcr: bytes.fromhex(value) for pcr, value in start.items()}
    for record in records:
        violation = record.digest == bytes(replay.BANKS[bank])
        extend = b"\xff" * replay.BANKS[bank] if violation else template_digest(record, bank)
        pcrs[record.pcr] = hashlib.new(bank, pcrs.get(record.pcr, bytes(replay.BANKS[bank])) + extend).digest()
    return {pcr: value.hex() for pcr, value in pcrs.items()}


def readable(records):
    """A line a record with all its bytes: as good as the list itself, and better to show."""
    return b"".join(b"%d %s %s %r %s\n" % (r.pcr, r.digest.hex().encode(), r.template, name_of(r),
                                           r.data.hex().encode()) for r in records)


AUDIT = re.compile(rb"audit: type=18\d\d audit\(([0-9.]+):(\d+)\): .*")
REWRITTEN = ((re.compile(rb" pid=\d+ "), b" pid=P "), (re.compile(rb' dev="[^"]*"'), b' dev="D"'),
             (re.compile(rb" ino=\d+"), b" ino=I"))


def audit_lines(log):
    """The integrity records of a kernel log; serial numbers are counted from the first one."""
    found = []
    for line in log.split(b"\n"):
        match = AUDIT.search(line)
        if not match:
            continue
        first = first if found else int(match.group(2))
        text = match.group(0).replace(match.group(1) + b":" + match.group(2), b"T:%d" % (int(match.group(2)) - first))
        for pattern, word in REWRITTEN:
            text = pattern.sub(word, text)
        found.append(text)
    return b"".join(line + b"\n" for line in found)


def refused_mapping(transcript):
    return transcript.replace(b"with MAP_SHARED writer = OK", b"with MAP_SHARED writer = ETXTBSY")


def listing(text, staging=True):
    """Mode, owner and name of each line of ls -l."""
    rows = []
    for line in text.split(b"\n"):
        words = line.split()
        if len(words) < 9 or words[8] in (b".", b".."):
            continue
        name = b" ".join(words[8:])
        if staging or b"_staged" not in name:
            rows.append(b" ".join((words[0], words[2], words[3], name)))
    return b"\n".join(sorted(rows))


def difference(want, have):
    """The first lines that differ, each cut to what a screen shows."""
    lines = difflib.unified_diff(*(data.decode("latin1").split("\n") for data in (want, have)), "Linux", "Assay",
                                 lineterm="", n=0)
    return "\n".join("     " + line[:300] for line in list(lines)[:12])
