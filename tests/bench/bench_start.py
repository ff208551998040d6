# SPDX-License-Identifier: Apache-2.0
"""B6: starting imprint costs what its libraries cost; one signature costs what OpenSSL's does. CPU time of children, medians, alternating."""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

imprint, empty, minimal = map(os.path.abspath, sys.argv[1:4])
ROUNDS = 60


def cost(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ratio(a, b):
    pairs = [(cost(a), cost(b)) if i % 2 else (cost(b), cost(a))[::-1] for i in range(ROUNDS)]
    return statistics.median(x for x, _ in pairs) / statistics.median(y for _, y in pairs)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    run = lambda *args: subprocess.run([imprint, *args], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run("keygen", "-o", "k.pem")
    (folder / "p.yaml").write_text('imprint: 1\nprofile: t\ndomain: owner\nsequence: 1\ntarget: {imei: "001010010000014"}\nsettings: {cellular: {psm-timer: 10h}}\n')
    run("build", "p.yaml", "-o", "p.profiles")
    os.chdir(folder)
    figures = [("B6 --version to a program that does nothing", ratio([imprint, "--version"], [empty]), 1.25),
               ("B6 sign to a minimal OpenSSL program", ratio([imprint, "sign", "-k", "k.pem", "p.profiles"], [minimal, "k.pem", "p.profiles"]), 1.30)]
bad = False
for metric, value, limit in figures:
    print(json.dumps({"metric": metric, "value": round(value, 3), "limit": limit}))
    bad |= value > limit * 1.1
sys.exit(bad)
