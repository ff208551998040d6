# SPDX-License-Identifier: Apache-2.0
"""Simulated devices beside their models: the same object to both, verdict and state compared."""

import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

import agent
import cose
import objects as o
import smp
from cbor_strict import decode, encode
from fixtures import Fleet

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMPRINT = os.environ.get('IMPRINT', str(ROOT / 'build/cmd/imprint/imprint'))


class Public:
    """A public key where a Key is wanted."""

    def __init__(self, public):
        self.public = public
        self.kid = cose.kid_of(public)


class Remote(agent.Device):
    """A device known by its card; agreements are known for the ephemeral keys that we drew."""

    def __init__(self, card, maker=None):
        super().__init__(card[o.UEID], Public(card[8][1]), Public(card[o.SEALING_KEY]),
                         oemid=card[o.OEMID], hwmodel=card[o.HWMODEL], objects=card[-70009],
                         object_max=card[-70014][0], domains=card[-70014][1], maker=maker)
        self.ephemerals = {}

    def shared(self, epk):
        known = self.ephemerals.get(encode(epk))
        if known is None:
            raise ValueError('no such ephemeral key')
        return known.agree(self.sealing.public)


class Lab:
    """`imprint simulate` with N devices in a folder of its own."""

    def __init__(self, count, *options):
        self.folder = tempfile.TemporaryDirectory(prefix='imprint-interop-')
        self.dir = pathlib.Path(self.folder.name)
        self.options = options
        self.count = count
        self.process = None

    def __enter__(self):
        self.log = open(self.dir / 'log', 'wb')
        self.process = subprocess.Popen(
            [IMPRINT, 'simulate', '-n', str(self.count), '--state', str(self.dir / 'sim'), *map(str, self.options)],
            stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not all((self.dir / 'sim' / str(n + 1)).exists() for n in range(self.count)):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.dir / 'log').read_text())
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        self.log.close()
        self.folder.cleanup()

    def bench(self, number, framing='cobs', **parts):
        return Bench(smp.Client(self.dir / 'sim' / str(number), framing), **parts)


class Bench:
    """One device behind a client, its model, its owner's keys."""

    def __init__(self, client, maker=None):
        self.client, self.maker = client, maker
        self.nonces = set()
        nonce = os.urandom(32)
        self.card = o.verified_body(decode(self.client.enroll(nonce)), 'card')
        o.check_card(self.card)
        assert self.card[10] == nonce
        self.device = Remote(self.card, maker and maker.public)
        self.fleet = Fleet(self.device)
        self.model = self.fleet.agent

    def expect(self, data):
        """The model's verdict."""
        try:
            return self.model.apply(data)
        except agent.Refusal as refusal:
            return refusal.reason

    def push(self, data, chunk=1500):
        """The device's verdict and, where it answers so, its verified evidence."""
        nonce = os.urandom(32)
        try:
            answer = self.client.push(data, nonce, chunk)
        except smp.Refused as refused:
            if refused.group != smp.IMPRINT_GROUP:
                return f'smp {refused.code}', None
            return agent.REASONS[refused.code], None
        evidence = None
        if 'evidence' in answer:
            evidence = self.evidence(answer['evidence'], nonce)
        return 'again' if answer.get('again') else 'applied', evidence

    def evidence(self, raw, nonce):
        body = o.verified_body(decode(raw), 'evidence', self.device.signing.public)
        o.check_evidence(body)
        assert (body[10], body[o.UEID]) == (nonce, self.device.ueid)
        self.note_recovery(body)
        return body

    def note_recovery(self, body):
        """The nonce is the same as long as owner record and policy are, and then never again."""
        told = body.get(-70025)
        if told is not None and self.model.recovery is None:
            assert told not in self.nonces
            self.nonces.add(told)
        assert told is None or self.model.recovery in (None, told)
        self.model.recovery = told

    def attest(self):
        nonce = os.urandom(32)
        return self.evidence(self.client.attest(nonce), nonce)

    def both(self, item, chunk=1500):
        """(model, device): verdict and, where the object was taken, the state that evidence shows."""
        data = item if isinstance(item, bytes) else encode(item)
        want = self.expect(data)
        got, evidence = self.push(data, chunk)
        model = (want, self.model.snapshot() if want in ('applied', 'again') and self.model.evidence_due else None)
        return model, (got, agent.snapshot_of(evidence) if evidence else None)

    def asked(self, item, r=None):
        """(model, device): the nonce of the evidence by a challenge, or the reason why there is none."""
        data, r = item if isinstance(item, bytes) else encode(item), r or os.urandom(16)
        try:
            want = self.model.answer(data, r)
        except agent.Refusal as refusal:
            want = refusal.reason
        try:
            raw = self.client.attest(challenge=data, r=r)
        except smp.Refused as refused:
            return want, agent.REASONS[refused.code]
        body = o.verified_body(decode(raw), 'evidence', self.device.signing.public)
        o.check_evidence(body)
        return want, body[10]

    def state(self):
        """(model, device): the state as freshly attested."""
        return self.model.snapshot(), agent.snapshot_of(self.attest())


class LabCase(unittest.TestCase):
    """Each test at a bench of its own, of a lab with COUNT devices."""

    @classmethod
    def setUpClass(cls):
        cls.lab = Lab(cls.COUNT)
        cls.lab.__enter__()
        cls.used = 0

    @classmethod
    def tearDownClass(cls):
        cls.lab.__exit__()

    def setUp(self):
        type(self).used += 1
        self.bench = self.lab.bench(self.used)
        self.addCleanup(self.bench.client.close)
