# SPDX-License-Identifier: Apache-2.0
"""What the tests of the simulator share: running it, and reading what devices sign."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

IMPRINT = os.environ['IMPRINT']
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.append(str(ROOT / 'tests/interop'))
import smp  # noqa: E402

NONCE = bytes(range(32))
OWNED, UNOWNED = 0x2000, 0x1000
# Claims of evidence; imprint-formats(7).
A_NONCE, A_UEID, A_OEMID, A_HWMODEL, A_DEBUG, A_BOOT, A_LIFE = 10, 256, 258, 259, 263, 267, 2395
A_OWNER, A_HEADS, A_COUNT = -70020, -70021, -70022


class Simulation:
    """`imprint simulate` in the background; devices are /1, /2, ... of .dir."""

    def __init__(self, folder, *options):
        self.dir = os.path.join(folder, 'sim')
        self.process = subprocess.Popen(
            [IMPRINT, 'simulate', '--json', '--state', self.dir, *options], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.devices = []
        for line in self.process.stdout:
            said = json.loads(line)
            if 'ready' in said:
                break
            self.devices.append(said)
        else:
            raise RuntimeError(self.process.communicate()[1])
        self.log = ''

    def link(self, device=1):
        return os.path.join(self.dir, str(device))

    def client(self, device=1, **options):
        return smp.Client(self.link(device), **options)

    def stop(self):
        """End it as Ctrl-C does; once. It must end well (a sanitizer's report would not be)."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
            self.log = self.process.communicate(timeout=10)[1]
            if self.process.returncode != 0:
                raise AssertionError(f'simulate: status {self.process.returncode}: {self.log}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Case(unittest.TestCase):
    """A test with a folder of its own, and test keys that all share."""

    keys = None

    @classmethod
    def setUpClass(cls):
        cls.keys = tempfile.TemporaryDirectory()
        for name in ('factory', 'owner', 'maker'):
            run('keygen', '--class', 'test', '-o', cls.key(name), '--public', cls.pub(name))

    @classmethod
    def tearDownClass(cls):
        cls.keys.cleanup()

    @classmethod
    def key(cls, name):
        return os.path.join(cls.keys.name, name + '.pem')

    @classmethod
    def pub(cls, name):
        return os.path.join(cls.keys.name, name + '.pub.pem')

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def simulation(self, *options):
        sim = Simulation(self.folder, *options)
        self.addCleanup(sim.stop)
        return sim


def run(*args, status=0, **options):
    """Run imprint; its result."""
    done = subprocess.run([IMPRINT, *args], capture_output=True, text=True, timeout=60, check=False, **options)
    if done.returncode != status:
        raise AssertionError(f'imprint {" ".join(args)}: status {done.returncode}, expected {status}\n'
                             f'{done.stdout}{done.stderr}')
    return done


class Signed:
    """A COSE_Sign1 of a device, taken apart."""

    def __init__(self, encoded):
        item = cbor2.loads(encoded)
        assert item.tag == 18
        self.protected, self.unprotected, self.payload, self.signature = item.value
        self.headers = cbor2.loads(self.protected)
        self.claims = cbor2.loads(self.payload)

    @property
    def kind(self):
        return self.headers[16].removeprefix('application/vnd.imprint.').removesuffix('+cose')

    def verifies(self, key):
        """By a COSE_Key {1: 2, -1: 1, -2: x, -3: y}."""
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(key[-2], 'big'), int.from_bytes(key[-3], 'big'),
                                                ec.SECP256R1())
        half = len(self.signature) // 2
        der = utils.encode_dss_signature(int.from_bytes(self.signature[:half], 'big'),
                                         int.from_bytes(self.signature[half:], 'big'))
        try:
            numbers.public_key().verify(der, cbor2.dumps(['Signature1', self.protected, b'', self.payload]),
                                        ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return False
        return True


def signing_key(card):
    return card.claims[8][1]
