# SPDX-License-Identifier: Apache-2.0
"""Who has a ledger's file, or a simulated device's key, can write what no command writes: entries, evidence, older flash."""
import hashlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

from tool import IMPRINT, ROOT

sys.path.append(str(ROOT / "tests/interop"))
import cose  # noqa: E402
from cbor_strict import decode, encode, sequence  # noqa: E402

TYPES = {"confirmed": 11, "quarantined": 12, "retired": 13, "issued": 20, "delivery": 40, "evidence": 41, "grant": 51, "revoked": 52, "list-part": 54}
# Fields of records, and by which of them an entry is found: imprint-ledger(5).
TIME, STATION, UEID, SIGNING, REASON, OBJECT, ISSUER, SEQUENCE, CODE, NONCE, BOOT, COUNT, KEY, CONTENT, SUBJECT = 1, 2, 5, 6, 9, 10, 11, 15, 20, 21, 22, 23, 24, 25, 26
REFS = {"confirmed": {1: UEID}, "quarantined": {1: UEID}, "retired": {1: UEID}, "issued": {3: UEID, 4: OBJECT}, "delivery": {3: UEID},
        "evidence": {3: UEID, 8: SIGNING, 9: NONCE}, "grant": {10: OBJECT}, "revoked": {11: SUBJECT}, "list-part": {10: OBJECT}}


class Book:
    """The ledger's file, written past the program: well-formed entries of a tree that holds."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, timeout=10)

    def append(self, kind, record):
        record = {TIME: int(time.time()), STATION: "line-7", **record}
        data, salt = cbor2.dumps(dict(sorted(record.items()))), os.urandom(32)
        index = self.db.execute("SELECT max(idx) FROM leaves").fetchone()[0] + 1
        digest = hashlib.sha256(b"imprint-leaf-1" + salt + data).digest()
        nodes = [hashlib.sha256(b"\0" + cbor2.dumps([1, TYPES[kind], digest])).digest()]
        while (index >> (len(nodes) - 1)) & 1:  # each subtree that this leaf completes
            level = len(nodes) - 1
            left = self.db.execute("SELECT nodes FROM leaves WHERE idx = ?", (index - (1 << level),)).fetchone()[0]
            nodes.append(hashlib.sha256(b"\1" + left[32 * level:32 * level + 32] + nodes[-1]).digest())
        with self.db:
            self.db.execute("INSERT INTO leaves VALUES(?, ?, ?, ?)", (index, TYPES[kind], digest, b"".join(nodes)))
            self.db.execute("INSERT INTO records VALUES(?, ?, ?)", (index, salt, data))
            refs = [(ref, record[field]) for ref, field in REFS[kind].items()]
            if kind == "issued":
                refs.append((5, bytes([record[12]]) + record[13].to_bytes(4, "big") + record[14].to_bytes(4, "big") + record[15].to_bytes(8, "big") + record[UEID]))
            if kind == "evidence" and record[CODE] == 0:
                refs.append((14, record[SIGNING] + record[BOOT].to_bytes(8, "big") + record[COUNT].to_bytes(8, "big")))
            self.db.executemany("INSERT INTO refs VALUES(?, ?, ?)", [(ref, key, index) for ref, key in refs])
        return index

    def last(self, kind, ueid):
        """The last record of a kind about a device."""
        rows = self.db.execute("SELECT c.record FROM leaves l JOIN records c ON c.idx = l.idx WHERE l.type = ? ORDER BY l.idx DESC", (TYPES[kind],))
        return next(record for record in (cbor2.loads(row[0]) for row in rows) if record.get(UEID) == ueid)


def at(seconds):
    """The environment of a command that takes this for now."""
    return {"FAULT_TIME": str(int(seconds)), **({"LD_PRELOAD": os.environ["FAULTS"]} if os.environ["FAULTS"] else {})}


def items(data):
    """The items of a batch file, without its head."""
    all_of_it = [encode(item) for item, _ in sequence(data)]
    return all_of_it[1:] if isinstance(decode(all_of_it[0]), dict) else all_of_it


def ueid_of(imei):
    return bytes([3]) + bytes(int(digit) for digit in imei[:14])


class Line:
    """Simulated devices in a folder, as they are between one shift and the next: stopped, changed behind their backs, started again."""

    def __init__(self, case, state="sim"):
        self.case, self.state, self.process = case, case.dir / state, None
        case.addCleanup(self.stop)

    def start(self, *options, count=2):
        self.process = subprocess.Popen([IMPRINT, "simulate", "-n", str(count), "--state", str(self.state), "--json", *options], cwd=self.case.dir,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for line in self.process.stdout:
            if b"ready" in line:
                return self
        raise RuntimeError("simulate ended")

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=20)
            self.process = None

    def file(self, imei, kind):
        return self.state / "devices" / f"{imei}.{kind}"

    def keep(self, imei):
        """What somebody with a programmer reads out of it."""
        return self.file(imei, "flash").read_bytes()

    def put_back(self, imei, flash):
        self.file(imei, "flash").write_bytes(flash)

    def copy_to(self, other, imei):
        other.mkdir(parents=True, exist_ok=True)
        for kind in ("flash", "keys"):
            shutil.copy(self.file(imei, kind), other / f"{imei}.{kind}")

    def key(self, imei):
        """Its signing key."""
        return cose.Key(ec.derive_private_key(int.from_bytes(self.file(imei, "keys").read_bytes()[:32], "big"), ec.SECP256R1()))


def resign(evidence, key, claims):
    """Evidence with other claims, signed well: what firmware can say that lies."""
    body = decode(decode(evidence).value[2]) | claims
    return encode(cose.sign_one("evidence", encode(body), key))
