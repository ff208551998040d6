# SPDX-License-Identifier: Apache-2.0
"""What the benches of whole commands share: a profile, IMEIs, time, memory, a figure and its gate."""
import json
import resource
import subprocess
import sys
import time

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


def imei(i):
    return luhn(f"{10_000_000_000_000 + i}")


def cost(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, time.monotonic() - start


def peak_kib(command):
    """Peak resident memory of one command, looked at until it ends: what wait4 gives would be Python's own before exec."""
    run, peak = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), 0
    while run.poll() is None:
        with open(f"/proc/{run.pid}/status", encoding="ascii") as f:
            peak = max([peak] + [int(line.split()[1]) for line in f if line.startswith("VmHWM:")])
        time.sleep(0.002)
    if run.returncode:
        sys.exit(f"{command}: {run.returncode}")
    return peak


def report(metric, value, target, gate, least=True):
    print(json.dumps({"metric": metric, "value": round(value, 4), "target": target, "gate": gate}))
    return value >= gate if least else value <= gate
