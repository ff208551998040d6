# SPDX-License-Identifier: Apache-2.0
"""sign --batch against sign, one profile after the other, in one run: CPU time and wall time of the commands, alternating, medians; sizes; memory.

bench_batch.py IMPRINT [KEY [OPTION...]]: KEY is anything that -k takes, and OPTION what it needs besides (--pass-fd N); without it a key file of ES256
is made. With a KEY given nothing is gated, since a token's time is what is to be seen. IMPRINT_SOAK=1: 100,000 profiles besides 10,000."""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

imprint, key = os.path.abspath(sys.argv[1]), sys.argv[2:]
SIZES = (10_000, 100_000) if os.environ.get("IMPRINT_SOAK") == "1" else (10_000,)
PAIRS = 3
PROFILE = '''imprint: 1
profile: keel-sensor
domain: owner
sequence: 1
target: {imei: "${imei}"}
variables: {imei: {type: imei}, apn: {type: apn, default: iot.example}}
settings:
  cellular: {psm-timer: 10h, active-timer: 20s, edrx-nb: {cycle: 81.92s, window: 10.24s}, power-saving: [psm, edrx]}
  apn/0: {name: iot, apn: "${apn}", auth: none, pdn-type: ipv4, rats: [nb-iot-cp, lte-cp]}
  security/0: {uri: "coaps://bs.lwm2m.example:5684", bootstrap: true, mode: psk, identity: {text: "keel-${imei}"}, secret: {generate: 16}, ciphersuites: [0xC0A8]}
'''


def luhn(digits):
    total = sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(reversed(digits + "0")))
    return digits + str(-total % 10)


def run(*args):
    subprocess.run([imprint, *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def cost(*args):
    """CPU seconds and seconds of the command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    run(*args)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - start


def peak_kib(*args):
    """Peak resident memory, looked at until the command ends."""
    child, peak = subprocess.Popen([imprint, *args], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), 0
    while child.poll() is None:
        with open(f"/proc/{child.pid}/status", encoding="ascii") as f:
            peak = max([peak] + [int(line.split()[1]) for line in f if line.startswith("VmHWM:")])
        time.sleep(0.002)
    if child.returncode:
        sys.exit(f"{args}: {child.returncode}")
    return peak


def report(metric, value, target, gate, least=True):
    print(json.dumps({"metric": metric, "value": round(value, 4), "target": target, "gate": gate}))
    return value >= gate if least else value <= gate


def measure(count):
    with open("d.csv", "w", encoding="ascii") as f:
        f.write("imei\n" + "".join(f"{luhn(f'{10_000_000_000_000 + i}')}\n" for i in range(count)))
    run("build", "p.yaml", "--csv", "d.csv", "--seed", "seed.key", "-o", "x.profiles", "--force")
    one = ("sign", "-k", *key, "-j", "1", "x.profiles", "-o", "one.signed", "--force")
    all_of = ("sign", "-k", *key, "-j", "1", "--batch", "x.profiles", "-o", "all.signed", "--force")
    figures = [(*cost(*one), *cost(*all_of)) for _ in range(PAIRS)]
    cpu_one, wall_one, cpu_all, wall_all = (statistics.median(column) for column in zip(*figures))
    sizes = [os.path.getsize(name) / count for name in ("one.signed", "all.signed")]
    growth = (peak_kib(*all_of) - peak_kib(*one)) * 1024 / count
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
