# SPDX-License-Identifier: Apache-2.0
"""Leaves of signed batches, to devices and their models."""

import hashlib
import unittest

import cose
import leaves
import objects as o
from cbor_strict import encode
from lab import Lab


class OnDevices(unittest.TestCase):
    lab = used = None

    @classmethod
    def setUpClass(cls):
        cls.lab = cls.enterClassContext(Lab(8))
        cls.used = 0

    def setUp(self):
        type(self).used += 1
        self.bench = self.lab.bench(self.used)
        self.addCleanup(self.bench.client.close)
        self.fleet, self.device = self.bench.fleet, self.bench.device
        self.owner = self.fleet.owner

    def same(self, verdict, item, name=None):
        """Model and device agree on verdict and state, and the verdict is the one given."""
        model, device = self.bench.both(item)
        with self.subTest(name=name):
            self.assertEqual(device, model)
            self.assertEqual(device[0], verdict)

    def package(self, sequence, issuer=None, keys=None, domain=0, **parts):
        issuer = issuer or self.owner
        body = encode(o.profile(self.device.ueid, sequence, {10: {domain: {4: 36000}}}, domain=domain))
        claims = {o.UEID: self.device.ueid, o.PROFILE_ID: leaves.identity(issuer.kid, cose.typ('profile'), body),
                  o.ISSUER_KID: issuer.kid, o.DOMAIN: domain, o.PAIR: [1, 0, sequence]}
        return self.fleet.seal(leaves.sign('profile', body, issuer.kid, keys or [issuer], **parts), claims=claims)

    def claim(self, **parts):
        body = encode(o.claim({o.UEID: self.device.ueid}, self.owner))
        return leaves.sign('transfer', body, self.owner.kid, [self.owner], many=True, **parts)

    def test_a_claim_and_profiles(self):
        self.same('malformed', self.claim(size=5, proof=lambda p: [p[0], p[1], p[2][1:]]), 'shorter path')
        self.same('signature', self.claim(size=5, batch={2: bytes(32)}), 'another root')
        self.same('applied', self.claim(size=3, label='first of all'))
        for size in range(1, 18):
            self.same('applied', self.package(size, size=size, index=hashlib.sha256(bytes([size])).digest()[0] % size))
        again = self.package(18, size=100)
        self.same('applied', again)
        self.same('again', again)
        self.same('sequence', self.fleet.package(18))
        self.assertEqual(*self.bench.state())

    def test_what_is_wrong_with_a_leaf(self):
        self.same('applied', self.fleet.claim())
        for verdict, name, parts in (
                ('signature', 'root', {'batch': {2: bytes(32)}}),
                ('signature', 'hash', {'proof': lambda p: [*p[:2], [bytes(32), *p[2][1:]]]}),
                ('signature', 'order', {'proof': lambda p: [*p[:2], p[2][::-1]]}),
                ('signature', 'index', {'proof': lambda p: [p[0], p[1] ^ 1, p[2]]}),
                ('decrypt', 'index of the size', {'proof': lambda p: [p[0], p[0], p[2]]}),
                ('decrypt', 'negative index', {'proof': lambda p: [p[0], -1, p[2]]}),
                ('decrypt', 'longer', {'proof': lambda p: [*p[:2], [*p[2], bytes(32)]]}),
                ('decrypt', 'shorter', {'proof': lambda p: [*p[:2], p[2][:-1]]}),
                ('decrypt', 'proof of two', {'proof': lambda p: p[:2]}),
                ('decrypt', 'size 0', {'batch': {3: 0}}),
                ('decrypt', 'another size', {'batch': {3: 9}}),
                ('decrypt', 'kid', {'kid': self.fleet.stranger.kid}),
                ('decrypt', 'grants', {'typ': cose.typ('grant')}),
                ('decrypt', 'batches', {'typ': cose.typ('batch')}),
                ('decrypt', 'commands', {'typ': cose.typ('command')}),
                ('decrypt', 'typ of the leaf', {'batch': {4: cose.typ('grant')}}),
                ('decrypt', 'version', {'batch': {1: 2}}),
                ('decrypt', 'unknown field', {'batch': {5: 1}}),
                ('decrypt', 'empty label', {'batch': {10: ''}}),
                ('decrypt', 'label of 65', {'batch': {10: 'x' * 65}}),
                ('decrypt', 'leaf of three', {'leaf': lambda p: [*p, 0]}),
                ('decrypt', 'bytes after the leaf', {'rest': b'\xf6'}),
                ('decrypt', 'one more header', {'un': {-70032: 0}}),
                ('approval', 'as many', {'many': True}),
                ('scope', 'by a stranger', {'issuer': self.fleet.stranger}),
        ):
            self.same(verdict, self.package(1, size=8, index=3, **parts), name)
        self.same('applied', self.package(1, size=8, index=3))
        self.assertEqual(*self.bench.state())

    def test_the_key_of_a_batch_signs_nothing_else(self):
        """The bytes of a batch's payload under another typ, and another object's signature under a batch."""
        self.same('applied', self.fleet.claim())
        item = leaves.sign('profile', encode(o.profile(self.device.ueid, 1, {})), self.owner.kid, [self.owner], size=4)
        for kind in ('profile', 'grant', 'transfer', 'command', 'card', 'evidence', 'challenge'):
            other = cose.sign_one(kind, item.value[2], self.owner)
            moved = cose.Tag(18, [*item.value[:3], other.value[3]])
            self.same('signature', self.fleet.seal(moved), kind)
        # The note of a ledger's checkpoint, signed by the same key, is no batch either.
        note = b'imprint.example/log\n4\n' + item.value[2] + b'\n'
        self.same('signature', self.fleet.seal(cose.Tag(18, [*item.value[:3], self.owner.sign(note)])), 'a note')
        self.same('applied', self.fleet.seal(item))

    def test_grants(self):
        self.same('applied', self.fleet.claim())
        tenant, deputy = cose.Key.make(), cose.Key.make(cose.ED25519)
        body = encode(o.grant(tenant, self.device.ueid, depth=1))
        grant = leaves.sign('grant', body, self.owner.kid, [self.owner], size=7, index=6)
        below = leaves.sign('grant', encode(o.grant(deputy, self.device.ueid)), tenant.kid, [tenant], size=2, un={13: grant})
        spoilt = leaves.sign('grant', body, self.owner.kid, [self.owner], size=7, batch={2: bytes(32)})
        self.same('signature', self.package(1, tenant, domain=1, size=5, un={13: spoilt}), 'grant of no tree')
        self.same('scope', self.package(1, tenant, domain=1, size=5), 'no grant')
        self.same('applied', self.package(1, tenant, domain=1, size=5, un={13: grant}), 'leaf by a leaf')
        self.same('applied', self.package(2, deputy, domain=1, size=5, un={13: below}), 'leaf by leaves')
        self.same('malformed', self.claim(un={13: grant}), 'a transfer has no chain')
        self.assertEqual(*self.bench.state())

    def test_approvals(self):
        people = [cose.Key.make() for _ in range(3)]
        self.same('applied', self.fleet.claim(approval=(2, people)))
        for verdict, keys in (('approval', []), ('approval', people[:1]), ('approval', people), ('applied', people[1:])):
            self.same(verdict, self.package(1, keys=[self.owner, *keys], size=6, index=5, many=True), len(keys))


if __name__ == '__main__':
    unittest.main()
