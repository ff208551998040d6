# SPDX-License-Identifier: Apache-2.0
"""Leaves of signed batches: to devices and their models, and as the tool makes and reads them."""

import hashlib
import json
import os
import subprocess
import unittest

import cose
import leaves
import objects as o
from cbor_strict import decode, encode
from fixtures import Fleet, device, settings
from lab import IMPRINT, Lab
from test_files import EXAMPLES, OBJECTS, Case, batch


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
                ('decrypt', 'size 0 with a path', {'batch': {3: 0}, 'proof': lambda p: [0, 0, [bytes(32)] * 64]}),
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


class OfTheTool(Case):
    """What sign and pack make with --batch, taken apart here; what is made here, read by the tool."""

    def setUp(self):
        super().setUp()
        self.seed = os.urandom(32)
        self.write('seed.key', self.seed)

    def build(self, count, *args):
        ueids = self.csv(count)
        self.run_tool('build', EXAMPLES / 'sensor.yaml', '--csv', 'd.csv', '--seed', 'seed.key', '--objects', OBJECTS, '-o', 'x.profiles', '--force', *args)
        return ueids, self.read('x.profiles', 'profiles')

    def check_batch(self, items, profiles, key, label=None):
        """Every leaf verifies, all have one signature, and there is no other leaf."""
        hashes = []
        for index, (item, profile) in enumerate(zip(items, profiles, strict=True)):
            self.assertEqual(o.verified_body(item, 'profile', key), profile)
            signed = o.Signed(item)
            self.assertTrue(signed.included)
            self.assertEqual(decode(item.value[1][leaves.PROOF])[:2], [len(profiles), index])
            self.assertEqual((item.value[0], item.value[2:]), (items[0].value[0], items[0].value[2:]))
            hashes.append(leaves.leaf_hash(signed.id))
        body = decode(items[0].value[2])
        self.assertEqual(body, {1: 1, 2: leaves.root(hashes), 3: len(profiles), 4: cose.typ('profile'), **({10: label} if label else {})})

    def test_sign_batch(self):
        for curve in (cose.P256, cose.ED25519):
            owner = cose.Key.make(curve)
            self.write('k.pem', owner.pem())
            for count in (1, 2, 3, 7, 9):
                for jobs in (1, 3):
                    _, profiles = self.build(count)
                    self.run_tool('sign', '--batch', '--label', 'line 4', '-j', jobs, '-k', 'k.pem', 'x.profiles', '-o', 'x.signed', '--force')
                    self.check_batch(self.read('x.signed', 'signed'), profiles, owner.public, 'line 4')

    def test_of_a_pipe_and_of_one_alone(self):
        _, profiles = self.build(5)
        data = (self.dir / 'x.profiles').read_bytes()
        run = subprocess.run([IMPRINT, 'sign', '--batch', '-k', 'owner.pem', '-o', 'x.signed'], cwd=self.dir, input=data, capture_output=True, check=True)
        self.assertIn(b'5 signed profiles in clear', run.stderr)
        self.check_batch(self.read('x.signed', 'signed'), profiles, self.owner.public)
        self.write('one.profile', encode(profiles[0]))
        self.run_tool('sign', '--batch', '-k', 'owner.pem', 'one.profile', '-o', 'one.signed')
        self.check_batch([decode((self.dir / 'one.signed').read_bytes())], profiles[:1], self.owner.public)

    def test_encrypt_and_pack(self):
        ueids, profiles = self.build(3)
        fleets = [Fleet(device(u)) for u in ueids]
        self.write('x.cards', batch('cards', [o.card(f.device, os.urandom(32)) for f in fleets]))
        self.run_tool('sign', '--batch', '-k', 'owner.pem', 'x.profiles', '-o', 'x.signed')
        self.run_tool('encrypt', '--accept-asserted', '--cards', 'x.cards', 'x.signed', '-o', 'a.packages')
        self.run_tool('pack', '--batch', '-k', 'owner.pem', EXAMPLES / 'sensor.yaml', '--csv', 'd.csv', '--seed', 'seed.key', '--objects', OBJECTS,
                      '--cards', 'x.cards', '-o', 'b.packages')
        for name in ('a.packages', 'b.packages'):
            content = []
            for fleet, item in zip(fleets, self.read(name, 'packages'), strict=True):
                content.append(decode(cose.open_sealed(item, fleet.device.shared)))
                self.assertEqual(o.check_package(item)[1], o.outer_claims(content[-1]))
                fresh = Fleet(fleet.device)
                fresh.owner = self.owner
                self.assertEqual([fresh.agent.apply(encode(i)) for i in (fresh.claim(), item)], ['applied', 'applied'])
            self.check_batch(content, profiles, self.owner.public)
        same = self.run_tool('diff', 'a.packages', 'b.packages').stdout
        self.assertIn(b'no difference in 3 profiles', same)
        self.assertIn(b'no difference in 3 profiles', self.run_tool('diff', 'x.profiles', 'b.packages').stdout)
        self.assertIn(b'no difference in 3 profiles', self.run_tool('diff', 'x.signed', 'x.profiles').stdout)

    def test_by_a_grant_with_rows_that_it_does_not_cover(self):
        tenant = cose.Key.make()
        self.write('t.pem', tenant.pem())
        self.write('p.yaml', 'imprint: 1\nprofile: p\ndomain: network\nsequence: 1\ntarget: {imei: "${imei}"}\n'
                             'variables: {imei: {type: imei}}\nsettings: {cellular: {psm-timer: 10h}}\n')
        ueids = self.csv(6)
        covered = [u for n, u in enumerate(ueids) if n not in (1, 4)]
        grant = o.sign('grant', o.grant(tenant, ueids[0], targets=[{o.UEID: u} for u in covered]), [self.owner])
        self.write('t.grant', encode(grant))
        self.run_tool('build', 'p.yaml', '--csv', 'd.csv', '--objects', OBJECTS, '-o', 'x.profiles')
        run = self.run_tool('sign', '--batch', '-k', 't.pem', '--grant', 't.grant', 'x.profiles', '-o', 'x.signed', status=4)
        self.assertIn(b'x.profiles: profiles 2: imei ', run.stderr)
        self.assertFalse((self.dir / 'x.signed').exists())
        fleets = [Fleet(device(u)) for u in ueids]
        self.write('x.cards', batch('cards', [o.card(f.device, os.urandom(32)) for f in fleets if f.device.ueid != ueids[3]]))
        pack = ('pack', '--batch', '-k', 't.pem', '--grant', 't.grant', 'p.yaml', '--csv', 'd.csv', '--objects', OBJECTS, '--cards', 'x.cards')
        run = self.run_tool(*pack, '-o', 'x.packages', status=4)
        self.assertEqual([line.split(b':')[1] for line in run.stderr.splitlines() if line.startswith(b'd.csv:')], [b'3', b'6'])
        self.assertIn(b'd.csv: 2 rows failed', run.stderr)
        self.assertFalse((self.dir / 'x.packages').exists())
        run = self.run_tool(*pack, '--keep-going', '-o', 'x.packages', status=11)
        self.assertIn(b'd.csv: 3 rows left out', run.stderr)
        packages = self.read('x.packages', 'packages')
        self.assertEqual([item.value[3][0][0] and decode(item.value[0])[15][o.UEID] for item in packages], [ueids[0], ueids[2], ueids[5]])
        places = []
        for item, fleet in zip(packages, (fleets[0], fleets[2], fleets[5])):
            signed = o.Signed(decode(cose.open_sealed(item, fleet.device.shared)))
            self.assertEqual((signed.un[13], signed.included), (grant, True))
            places.append(decode(signed.un[leaves.PROOF])[:2])
            fleet.owner = self.owner
            self.assertEqual([fleet.agent.apply(encode(i)) for i in (fleet.claim(), item)], ['applied', 'applied'])
        self.assertEqual(places, [[4, 0], [4, 1], [4, 3]])

    def test_a_grant_that_is_a_leaf_itself(self):
        tenant = cose.Key.make()
        self.write('t.pem', tenant.pem())
        self.write('p.yaml', 'imprint: 1\nprofile: p\ndomain: network\nsequence: 1\ntarget: {imei: "${imei}"}\n'
                             'variables: {imei: {type: imei}}\nsettings: {cellular: {psm-timer: 10h}}\n')
        ueids = self.csv(2)
        self.run_tool('build', 'p.yaml', '--csv', 'd.csv', '--objects', OBJECTS, '-o', 'x.profiles')
        body = encode(o.grant(tenant, ueids[0], targets=[{o.UEID: u} for u in ueids]))
        self.write('owner.pub', b'imprint-class: test\n' + self.owner.public_pem())
        sign = ('sign', '--batch', '-k', 't.pem', '--grant', 't.grant', '--owner', 'owner.pub', 'x.profiles', '-o', 'x.signed', '--force')
        for status, parts in ((5, {'batch': {2: bytes(32)}}), (4, {'many': True}), (3, {'proof': lambda p: [*p[:2], []]}), (0, {})):
            grant = leaves.sign('grant', body, self.owner.kid, [self.owner], size=4, index=2, **parts)
            self.write('t.grant', encode(grant))
            self.run_tool(*sign, status=status)
            self.assertEqual((self.dir / 'x.signed').exists(), status == 0)
        for item, ueid in zip(self.read('x.signed', 'signed'), ueids):
            fleet = Fleet(device(ueid))
            fleet.owner = self.owner
            self.assertEqual([fleet.agent.apply(encode(i)) for i in (fleet.claim(), fleet.seal(item))], ['applied', 'applied'])

    def test_open_and_inspect(self):
        profile = o.profile(b'\3' + bytes(14), 1, {**settings(2), 0: {0: {5: b'hush, hush'}}}, salt=b'such a salt, yes')
        for name, parts in (('good', {}), ('root', {'batch': {2: bytes(32)}}), ('size', {'batch': {3: 9}})):
            self.write(f'{name}.signed', encode(leaves.sign('profile', encode(profile), self.owner.kid, [self.owner], size=8, index=5, **parts)))
        self.run_tool('open', '-k', 'owner.pub', 'good.signed', '-o', 'x.payload')
        self.assertEqual((self.dir / 'x.payload').read_bytes(), encode(profile))
        self.assertIn(b'the leaf is none of the batch that is signed', self.run_tool('open', '-k', 'owner.pub', 'root.signed', '-o', 'y', status=5).stderr)
        self.assertIn(b'size is not the batch', self.run_tool('open', '-k', 'owner.pub', 'size.signed', '-o', 'y', status=3).stderr)
        self.assertFalse((self.dir / 'y').exists())
        for args in ((), ('--json',)):
            shown = self.run_tool('inspect', *args, 'good.signed').stdout
            for secret in (b'hush, hush', b'such a salt, yes'):
                self.assertNotIn(secret.hex().encode(), shown)
            self.assertIn(b'psm-timer', shown)
        parts = json.loads(shown)['parts']
        self.assertEqual([p['name'] for p in parts['unprotected']], ['leaf', 'size, index, path'])
        self.assertEqual([p['name'] for p in parts['payload']], ['version', 'root', 'size', 'leaves'])

    def test_a_leaf_that_is_none_shows_nothing(self):
        """Bytes that might be a profile, but are not where one is."""
        secret = encode(o.profile(b'\3' + bytes(14), 1, {0: {0: {5: b'hush, hush'}}}))
        for leaf in (encode([secret]), secret, encode([b'', secret]), encode([encode({16: 'x'}), secret]), encode({0: secret}), secret[:-1],
                     encode([encode({16: cose.typ('profile')}), secret, 0])):
            item = cose.sign_one('batch', encode({1: 1}), self.owner, {leaves.LEAF: leaf, leaves.PROOF: b'\x80'})
            self.write('x.signed', encode(item))
            self.assertNotIn(b'hush, hush'.hex().encode(), self.run_tool('inspect', 'x.signed').stdout)


if __name__ == '__main__':
    unittest.main()
