# SPDX-License-Identifier: Apache-2.0
"""The agent of this build on a pipe (probe.c): one device at a time, and what it did besides answering."""

import os
import subprocess

import smp
from cbor_strict import encode

PROBE = os.environ.get('PROBE', 'build/tests/interop/probe')


class Probe(smp.Client):
    """A client whose packets go to the agent without framing. `changed`: the last one changed flash or state."""

    def __init__(self):
        self.process = subprocess.Popen([PROBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.timeout, self.sequence, self.changed = 60, 0, False

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        if self.process.wait(10):
            raise RuntimeError(f'probe ended with {self.process.returncode}')

    def ask(self, request):
        self.process.stdin.write(len(request).to_bytes(4, 'big') + request)
        self.process.stdin.flush()
        size = int.from_bytes(self.process.stdout.read(4), 'big')
        return self.process.stdout.read(size)

    def new_device(self, ueid, maker=None):
        self.ask(b'n' + ueid + (b'' if maker is None else encode(maker)))

    def reboot(self):
        self.ask(b'r')

    def send(self, body):
        told = self.ask(b'p' + body)
        self.changed, self.waiting = bool(told[0]), told[1:]

    def receive(self, deadline):
        return [self.waiting]
