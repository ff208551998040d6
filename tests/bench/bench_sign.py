# SPDX-License-Identifier: Apache-2.0
"""Signing one by one: keys in a file, in a token (SoftHSM) and in a TPM (swtpm), on one thread and on two.
Any further argument is a KEY that is measured, too (its PIN in $PIN)."""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

from common import luhn

imprint = os.path.abspath(sys.argv[1])
DEVICES = 20_000 if os.environ.get("IMPRINT_SOAK") == "1" else 2_000
ROUNDS = 3
MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PROFILE = '''imprint: 1
profile: keel-sensor
domain: owner
sequence: 1
target: {imei: "${imei}"}
variables: {imei: {type: imei}}
settings:
  cellular: {psm-timer: 10h, active-timer: 20s, power-saving: [psm, edrx]}
'''


def quietly(*command, **more):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)


def cost(key, name, jobs):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    quietly(imprint, "sign", name, "-k", key, "--pass-fd", "0", "-j", str(jobs), "-o", "out", "--force", input=os.environ.get("PIN", "1234").encode() + b"\n")
    wall, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def token():
    pathlib.Path("tokens").mkdir()
    pathlib.Path("softhsm.conf").write_text(f"directories.tokendir = {os.getcwd()}/tokens\nlog.level = ERROR\n", encoding="ascii")
    os.environ["SOFTHSM2_CONF"] = os.path.abspath("softhsm.conf")
    quietly("softhsm2-util", "--init-token", "--free", "--label", "line", "--so-pin", "5678", "--pin", "1234")
    keys = {}
    for kind in ("es256", "eddsa"):
        keys[f"token {kind}"] = f"pkcs11:token=line;object={kind}?module-path={MODULE}"
        quietly(imprint, "keygen", "--type", kind, "-o", keys[f"token {kind}"], "--pass-fd", "0", input=b"1234\n")
    return keys


def tpm():
    """A TPM that is a program, and the process that it is."""
    at = os.getcwd()
    pathlib.Path("state").mkdir()
    process = subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={at}/state", "--server", f"type=unixio,path={at}/sock",
                                "--ctrl", f"type=unixio,path={at}/sock.ctrl", "--flags", "not-need-init,startup-clear"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.environ["TPM2TOOLS_TCTI"] = os.environ["TPM2OPENSSL_TCTI"] = f"swtpm:path={at}/sock"
    for _ in range(1000):
        if os.path.exists("sock"):
            break
        time.sleep(0.01)
    for args in (("createprimary", "-C", "o", "-G", "ecc", "-c", "p"), ("create", "-C", "p", "-G", "ecc256:ecdsa-sha256", "-u", "u", "-r", "r", "-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"),
                 ("load", "-C", "p", "-u", "u", "-r", "r", "-c", "k"), ("evictcontrol", "-C", "o", "-c", "k", "0x81000101")):
        quietly("tpm2_" + args[0], *args[1:])
        quietly("tpm2_flushcontext", "-t")
    return {"TPM es256": "handle:0x81000101"}, process


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    pathlib.Path("p.yaml").write_text(PROFILE, encoding="ascii")
    pathlib.Path("d.csv").write_text("imei\n" + "".join(luhn(f"{10_000_000_000_000 + i}") + "\n" for i in range(DEVICES)), encoding="ascii")
    pathlib.Path("1.csv").write_text("imei\n" + luhn("10000000000000") + "\n", encoding="ascii")
    quietly(imprint, "build", "p.yaml", "--csv", "d.csv", "-o", "all.profiles")
    quietly(imprint, "build", "p.yaml", "--csv", "1.csv", "-o", "one.profiles")
    keys = {}
    for kind in ("es256", "eddsa"):
        keys[f"file {kind}"] = f"{kind}.pem"
        quietly(imprint, "keygen", "--type", kind, "-o", f"{kind}.pem")
    keys |= {key: key for key in sys.argv[2:]} | token()
    more, process = tpm()
    try:
        keys |= more
        figures = {}
        for _ in range(ROUNDS):
            for name, key in keys.items():
                for jobs in (1, 2):
                    wall, cpu = (a - b for a, b in zip(cost(key, "all.profiles", jobs), cost(key, "one.profiles", 1)))
                    figures.setdefault((name, jobs), []).append((wall, cpu))
    finally:
        process.kill()
        process.wait()
    median = {at: [statistics.median(column) for column in zip(*rounds)] for at, rounds in figures.items()}
    for name in keys:
        (wall, cpu), (wall2, _) = median[name, 1], median[name, 2]
        print(json.dumps({"key": name, "signatures a second, one thread": round(DEVICES / wall), "two threads": round(DEVICES / wall2),
                          "us of CPU each": round(cpu / DEVICES * 1e6)}))
    good = True
    for kind, gate in (("es256", 9), ("eddsa", 12)):
        value = median[f"token {kind}", 1][1] / median[f"file {kind}", 1][1]
        good &= value <= gate
        print(json.dumps({"metric": f"CPU of a signature by a token to one by a file, {kind}", "value": round(value, 2), "target": gate - 2, "gate": gate}))
sys.exit(not good)
