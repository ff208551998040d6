# SPDX-License-Identifier: Apache-2.0
"""B2, B3, B5: the whole command, rows in and a synced bundle out, with and without rows in a ledger, against the cryptography of so many devices; keys in PEM against raw points; memory.
CPU time of children, alternating, medians. IMPRINT_SOAK=1: 100,000 devices, and a million rows."""
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from common import PROFILE, cost, imei, peak_kib, report

imprint, bound = map(os.path.abspath, sys.argv[1:3])
SOAK = os.environ.get("IMPRINT_SOAK") == "1"
DEVICES = 100_000 if SOAK else 10_000
PAIRS = 5
SLOT = 24  # bytes a row for each column that must be unique, and for the target


def rows(name, count, form):
    """Sealing keys differ, as they must: multiples of one point are as good as drawn ones."""
    with open(name, "w", encoding="ascii") as f:
        f.write("imei,key\n")
        for i in range(count):
            public = ec.derive_private_key(i + 1000, ec.SECP256R1()).public_key()
            f.write(f"{imei(i)},{form(public)}\n")


def many_rows(name, count):
    """Nearly any 32 bytes are a key of X25519, and they cost nothing to make."""
    with open(name, "w", encoding="ascii") as f:
        f.write("imei,key\n")
        for i in range(count):
            f.write(f"{imei(i)},{hashlib.sha256(str(i).encode()).hexdigest()[:62]}00\n")


def raw(public):
    return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()


def pem(public):
    return '"' + public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() + '"'


def pack(name, jobs, *words):
    return [imprint, "pack", "p.yaml", "--csv", name, "--seed", "seed.key", "-k", "k.pem", "-j", str(jobs), "-o", "out", "--force", *words]


def recorded():
    """The same into a ledger, which is new each time: what was issued before is not written again."""
    for path in pathlib.Path().glob("ledger.db*"):
        path.unlink()
    subprocess.run([imprint, "ledger", "init", "--ledger", "ledger.db"], check=True, stdout=subprocess.DEVNULL)
    return cost(pack("raw.csv", 1, "--ledger", "ledger.db"))


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    pathlib.Path("p.yaml").write_text(PROFILE, encoding="ascii")
    for args in (("keygen", "--class", "test", "-o", "k.pem"), ("keygen", "--type", "seed", "-o", "seed.key")):
        subprocess.run([imprint, *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rows("raw.csv", DEVICES, raw)
    rows("pem.csv", DEVICES, pem)
    rows("few.csv", 1000, raw)
    figures = [(cost([bound, str(DEVICES)])[0], *cost(pack("raw.csv", 1)), *cost(pack("pem.csv", 1)), cost(pack("raw.csv", 2))[1], *recorded()) for _ in range(PAIRS)]
    need, cpu, wall, cpu_pem, wall_pem, wall_two, cpu_rows, wall_rows = (statistics.median(column) for column in zip(*figures))
    few, many = peak_kib(pack("few.csv", 2)), peak_kib(pack("raw.csv", 2))
    allowed = 3 * SLOT * DEVICES / 1024
    good = report("B2 pack of the bound, CSV in, synced bundle out", need / cpu, 0.85, 0.72)
    good &= report("B2 the same with its rows in a ledger", need / cpu_rows, 0.85, 0.55)
    good &= report("B3 PEM keys to raw points", cpu_pem / cpu, 1.10, 1.30, least=False)
    good &= report("B5 peak memory beyond the slots of unique columns, MiB", (many - allowed) / 1024, 24, 24, least=False)
    good &= report("B5 growth from 1,000 devices beyond the slots, MiB", (many - allowed - few) / 1024, 2, 4, least=False)
    if SOAK:
        many_rows("million.csv", 1_000_000)
        most = peak_kib(pack("million.csv", 2))
        good &= report("B5 growth from 1,000 to 1,000,000 devices beyond the slots, MiB", (most - few) / 1024 - 3 * SLOT * 1_000_000 / 2**20, 2, 4, least=False)
    print(json.dumps({"devices": DEVICES, "devices a second, one thread": round(DEVICES / wall), "two threads": round(DEVICES / wall_two),
                      "with a ledger": round(DEVICES / wall_rows), "PEM keys": round(DEVICES / wall_pem)}))
sys.exit(not good)
