# SPDX-License-Identifier: Apache-2.0
"""sign --batch against sign, one profile after the other, in one run: CPU time and wall time of the commands, alternating, medians; sizes; memory.

bench_batch.py IMPRINT [KEY [OPTION...]]: KEY is anything that -k takes, and OPTION what it needs besides; without it a key file of ES256
is made. With a KEY given nothing is gated, since a token's time is what is to be seen. IMPRINT_SOAK=1: 100,000 profiles besides 10,000."""
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

from common import PROFILE, cost, imei, peak_kib, report

imprint, key = os.path.abspath(sys.argv[1]), sys.argv[2:]
SIZES = (10_000, 100_000) if os.environ.get("IMPRINT_SOAK") == "1" else (10_000,)
PAIRS = 3


def run(*args):
    subprocess.run([imprint, *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def measure(count):
    with open("d.csv", "w", encoding="ascii") as f:
        f.write("imei\n" + "".join(f"{imei(i)}\n" for i in range(count)))
    run("build", "p.yaml", "--csv", "d.csv", "--seed", "seed.key", "-o", "x.profiles", "--force")
    one = (imprint, "sign", "-k", *key, "-j", "1", "x.profiles", "-o", "one.signed", "--force")
    all_of = (imprint, "sign", "-k", *key, "-j", "1", "--batch", "x.profiles", "-o", "all.signed", "--force")
    figures = [(*cost(one), *cost(all_of)) for _ in range(PAIRS)]
    cpu_one, wall_one, cpu_all, wall_all = (statistics.median(column) for column in zip(*figures))
    sizes = [os.path.getsize(name) / count for name in ("one.signed", "all.signed")]
    growth = (peak_kib(all_of) - peak_kib(one)) * 1024 / count
    fine = report(f"sign by sign --batch, CPU, {count} profiles", cpu_one / cpu_all, 3.0, 2.0) or gateless
    fine &= report(f"bytes of memory a leaf more, {count} profiles", growth, 80, 140, least=False) or gateless
    print(json.dumps({"profiles": count, "one by one, a second": round(count / wall_one), "together, a second": round(count / wall_all),
                      "ratio of wall times": round(wall_one / wall_all, 2), "bytes one": round(sizes[0]), "bytes together": round(sizes[1])}))
    return fine


gateless = bool(key)
with tempfile.TemporaryDirectory() as folder:
    if key and ":" not in key[0]:
        key[0] = os.path.abspath(key[0])
    os.chdir(folder)
    pathlib.Path("p.yaml").write_text(PROFILE, encoding="ascii")
    run("keygen", "--type", "seed", "-o", "seed.key")
    if not key:
        run("keygen", "--class", "test", "-o", "k.pem")
        key = ["k.pem"]
    good = all([measure(count) for count in SIZES])
sys.exit(not good)
