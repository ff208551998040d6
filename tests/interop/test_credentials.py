# SPDX-License-Identifier: Apache-2.0
"""Credentials of either side read by the other, and what only objects of a model show."""

import csv
import io
import json
import unittest

import cose
import objects as o
from cbor_strict import encode
from fixtures import imei_ueid
from test_files import EXAMPLES, OBJECTS, Case, batch

SECRET = {(0, 5), (0, 8), (10, 2), (11, 5), (11, 6)}
UEID = imei_ueid(35938300000001)
PSK = {0: 'coaps://x.example', 1: True, 2: 0, 3: b'keel', 5: bytes(range(16))}


class Ours(Case):
    """What export credentials writes opens with a model, and holds what the profile holds."""

    def made(self, owner, backend, *args):
        self.write('owner.pem', owner.pem())
        self.write('backend.pub', backend.public_pem())
        self.write('seed.key', bytes(32))
        self.csv(3)
        common = [EXAMPLES / 'sensor.yaml', '--csv', 'd.csv', '--seed', 'seed.key', '--objects', OBJECTS, *args]
        self.run_tool('build', *common, '-o', 'x.profiles', '--force')
        self.run_tool('export', 'credentials', *common, '-k', 'owner.pem', '--to', 'backend.pub', '-o', 'x.credentials', '--force')
        return self.read('x.profiles', 'profiles'), self.read('x.credentials', 'credentials')

    def test_each_curve(self):
        for owner in (cose.Key.make(), cose.Key.make(cose.ED25519)):
            for backend in (cose.Key.make(), cose.Key.make(cose.X25519)):
                profiles, items = self.made(owner, backend)
                self.assertEqual(len(profiles), len(items))
                for profile, item in zip(profiles, items):
                    body = o.open_credentials(item, backend, owner.public)
                    self.assertEqual(body, o.credentials(
                        profile[4][o.UEID], o.picked(profile[5], SECRET), domain=profile[2], sequence=profile[3],
                        profile=cose.sha256(encode(profile)), endpoint='urn:imei:' + self.imei(profile[4][o.UEID])))

    def imei(self, ueid):
        from test_files import luhn
        return luhn(''.join(map(str, ueid[1:])))

    def test_nothing_in_them_repeats(self):
        """ENC-14."""
        seen, count = set(), 4
        for _ in range(count):
            for item in self.made(self.owner, cose.Key.make())[1]:
                seen |= {item.value[1][5], encode(item.value[3][0][1][-1]), item.value[3][0][2]}
        self.assertEqual(len(seen), count * 3 * 3)


class Theirs(Case):
    """What a model made is opened, or refused for what is wrong with it."""

    def setUp(self):
        super().setUp()
        self.backend = cose.Key.make()
        self.write('backend.pem', self.backend.pem())

    def seal(self, body, kind='credentials', key=None, un=None, to=None, payload=None, **wrong):
        signed = cose.sign_one(kind, payload or encode(body), key or self.owner, un)
        return cose.seal(encode(signed), wrong.pop('claims', None), (to or self.backend).public, **wrong)[0]

    def export(self, items, form='csv', status=0, *args):
        self.write('x.credentials', batch('credentials', items))
        (self.dir / 'out').unlink(missing_ok=True)
        run = self.run_tool('export', '--format', form, *args, 'x.credentials', '-k', 'backend.pem', '--signer', 'owner.pub', '-o', 'out',
                            status=status)
        self.assertEqual((self.dir / 'out').exists(), status == 0)
        return run.stderr.decode() if status else (self.dir / 'out').read_text()

    def one(self, secrets, form, status=0, *args, **parts):
        return self.export([self.seal(o.credentials(UEID, secrets, **parts))], form, status, *args)

    def test_every_value_arrives(self):
        secrets = {0: {0: PSK}, 11: {0: {5: 'u', 6: 'p'}}, 40000: {65535: {65535: {0: b'', 7: -9223372036854775808}, 65534: None}}}
        rows = list(csv.DictReader(io.StringIO(self.one(secrets, 'csv', endpoint='é', sequence=o.U63))))
        got = [(int(r['object']), int(r['instance']), int(r['resource']), r['resource_instance'], r['type'], r['value']) for r in rows]
        self.assertEqual(got, [
            (0, 0, 0, '', 'text', 'coaps://x.example'), (0, 0, 1, '', 'bool', 'true'), (0, 0, 2, '', 'int', '0'),
            (0, 0, 3, '', 'hex', b'keel'.hex()), (0, 0, 5, '', 'hex', bytes(range(16)).hex()), (11, 0, 5, '', 'text', 'u'),
            (11, 0, 6, '', 'text', 'p'), (40000, 65535, 65534, '', 'device-key', ''), (40000, 65535, 65535, '0', 'hex', ''),
            (40000, 65535, 65535, '7', 'int', "'-9223372036854775808")])
        self.assertEqual({(r['endpoint'], r['sequence']) for r in rows}, {('é', str(o.U63))})

    def test_form(self):
        good = o.credentials(UEID, {0: {0: PSK}}, endpoint='e')
        for name, change, status in (
                ('whole', {}, 0), ('version', {1: 2}, 3), ('domain', {2: 16}, 3), ('sequence 0', {3: 0}, 3), ('hash', {8: bytes(31)}, 3),
                ('no secret', {12: {}}, 3), ('empty instance', {12: {0: {0: {}}}}, 3), ('empty object', {12: {0: {}}}, 3),
                ('array', {12: []}, 3), ('endpoint empty', {13: ''}, 3), ('endpoint long', {13: 'e' * 256}, 3), ('endpoint bytes', {13: b'e'}, 3),
                ('ueid short', {256: bytes(6)}, 3), ('unknown key', {14: 1}, 3), ('negative key', {-1: 1}, 3)):
            with self.subTest(name=name):
                self.export([self.seal({**good, **change})], status=status)
        for key in good:
            with self.subTest(missing=key):
                body = {k: v for k, v in good.items() if k != key}
                self.export([self.seal(body)], status=0 if key == 13 else 3)
        self.export([self.seal(None, payload=encode(good) + b'\0')], status=3)
        self.export([self.seal(None, payload=b'\xbf' + encode(good)[1:] + b'\xff')], status=3)

    def test_wrapping(self):
        body = o.credentials(UEID, {0: {0: PSK}})
        stranger, other = cose.Key.make(), cose.Key.make()
        grant = o.sign('grant', {}, [self.owner])
        for name, item, status in (
                ('whole', self.seal(body), 0), ('another signer', self.seal(body, key=stranger), 5), ('another back-end', self.seal(body, to=other), 5),
                ('our kid, their key', self.seal(body, to=other, kid=self.backend.kid), 5),
                ('signed as a profile', self.seal(body, kind='profile'), 3), ('a chain', self.seal(body, un={13: grant}), 3),
                ('sealed as a package', self.seal(body, typ=cose.typ('package')), 4), ('typ of nobody', self.seal(body, typ='x'), 4),
                ('with claims', self.seal(body, claims={256: UEID}, typ=cose.typ('credentials')), 3),
                ('not signed', cose.seal(encode(body), None, self.backend.public)[0], 3),
                ('two recipients', self.twice(body), 3), ('short IV', self.seal(body, iv=bytes(11)), 3),
                ('other associated data', self.seal(body, aad_protected=encode({1: 3, 16: cose.typ('package')})), 5)):
            with self.subTest(name=name):
                self.export([item], status=status)

    def twice(self, body):
        item = self.seal(body)
        item.value[3] = item.value[3] * 2
        return item

    def test_many_signatures_are_not_the_form(self):
        signed = cose.sign_many('credentials', encode(o.credentials(UEID, {0: {0: PSK}})), self.owner.kid, [self.owner])
        self.export([cose.seal(encode(signed), None, self.backend.public)[0]], status=3)

    def test_the_last_of_many_is_wrong_and_nothing_is_written(self):
        items = [self.seal(o.credentials(imei_ueid(n), {0: {0: PSK}})) for n in range(20)]
        self.assertEqual(len(self.export(items, 'leshan').splitlines()), 20)
        items[19] = self.seal(o.credentials(imei_ueid(19), {0: {0: PSK}}), key=cose.Key.make())
        self.assertIn('credentials 20: are signed by another key', self.export(items, 'leshan', 5))
        items[19] = self.seal(o.credentials(imei_ueid(19), {0: {0: {**PSK, 2: 1}}}))
        self.assertIn('credentials 20: imei 000000000000190: security/0 identity: is not DER', self.export(items, 'leshan', 4))

    def oscore(self, **parts):
        return {0: {0: {1: False, 2: 3, 10: 1, 17: '21:4'}}, 21: {4: {0: b'master', 1: b'\x01', 2: b'\x02\x03', **parts.pop('more', {})}}, **parts}

    def test_oscore_is_seen_from_the_server(self):
        """Its sender is the device's recipient."""
        info = json.loads(self.one(self.oscore(more={3: 10, 4: 5, 5: b''}), 'leshan'))
        self.assertEqual(info['oscore'], {'sid': '0203', 'rid': '01', 'msec': b'master'.hex()})
        self.assertEqual(set(info), {'endpoint', 'oscore'})
        self.assertEqual(json.loads(self.one(self.oscore(more={1: b''}), 'leshan'))['oscore']['rid'], '')

    def test_oscore_that_leshan_cannot_take(self):
        for more, words in (({3: 24}, 'security/0 oscore aead: 24'), ({4: 6}, 'security/0 oscore hmac: 6'), ({5: b's'}, 'security/0 oscore salt'),
                            ({6: b'c'}, 'security/0 oscore context')):
            self.assertIn(words, self.one(self.oscore(more=more), 'leshan', 4))
        secrets = self.oscore()
        del secrets[21][4][1]
        self.assertIn('oscore sender: is not set', self.one(secrets, 'leshan', 4))
        secrets = self.oscore()
        secrets[0][0].update({2: 0, 3: b'i', 5: b'k'})
        self.assertIn('security/0 oscore: Leshan takes OSCORE or', self.one(secrets, 'leshan', 4))
        for form in ('thingsboard', 'aws', 'azure', 'azure-dps'):
            self.assertIn('security/0 oscore: ', self.one(self.oscore(), form, 4), form)
        self.assertIn('security/0 oscore: ', self.one({**secrets, 0: {0: {**PSK, 17: '21:4'}}}, 'leshan-bootstrap', 4))
        self.assertIn('no such instance of object 21', self.one({0: {0: {2: 3, 17: '21:5'}}}, 'leshan', 4))
        self.assertIn('oscore/0: no instance of security links to it', self.one({0: {0: PSK}, 21: {0: {0: b'm'}}}, 'leshan', 4))

    def test_types_are_those_of_the_object(self):
        for resource, value in ((0, b'uri'), (1, 1), (2, 'psk'), (3, 'keel'), (5, 'key'), (5, {0: b'k'})):
            self.assertIn('is of another type', self.one({0: {0: {**PSK, resource: value}}}, 'leshan', 3))
        for resource in (0, 1, 2, 8, 10, 17):
            self.assertIn(f'x.credentials: credentials 1: imei', said := self.one({0: {0: {**PSK, resource: None}}}, 'leshan', 3))
            self.assertIn('is of another type', said, resource)
        for resource in (3, 5):
            self.assertIn('is the key that the device holds', self.one({0: {0: {**PSK, resource: None}}}, 'leshan', 4))
        self.assertIn('oscore/4 salt: is of another type', self.one(self.oscore(more={5: None}), 'leshan', 3))
        self.assertIn('security/0 resource 16', self.one({0: {0: {**PSK, 16: 1}}}, 'leshan', 4))
        self.assertIn('more than 16 instances', self.one({0: {n: PSK for n in range(17)}}, 'leshan', 4))
        self.assertIn('security/0 mode: is not set', self.one({0: {0: {3: b'i', 5: b'k'}}}, 'leshan', 4))
        self.assertIn('security/0 short-id: is not set', self.one({0: {0: {**PSK, 1: False}}}, 'leshan-bootstrap', 4))
        self.assertIn('has no account of a server', self.one({11: {0: {6: 'p'}}}, 'leshan', 4, '--without', '11'))

    def test_a_hostile_name_reaches_no_terminal_and_breaks_no_line(self):
        """CSV-11, DEV-15. Control characters are not even CBOR of ours."""
        self.export([self.seal(None, payload=encode(o.credentials(UEID, {0: {0: PSK}}, endpoint='a\nb')))], 'leshan', 3)
        name = 'a","b":"c\\\u2028<script>'
        self.assertEqual(json.loads(self.one({0: {0: PSK}}, 'leshan', endpoint=name))['endpoint'], name)
        rows = list(csv.reader(io.StringIO(self.one({0: {0: {**PSK, 3: b'x,"y"'}}}, 'thingsboard'))))
        self.assertEqual(rows[1][4], 'x,"y"')

    def test_flips(self):
        raw = encode(self.seal(o.credentials(UEID, {0: {0: PSK}})))
        for bit in range(0, 8 * len(raw), 11):
            flipped = bytearray(raw)
            flipped[bit // 8] ^= 1 << bit % 8
            self.write('x.credentials', bytes(flipped))
            code = self.code()
            self.assertIn(code, (3, 4, 5), f'bit {bit}')

    def code(self):
        import subprocess
        from lab import IMPRINT
        run = subprocess.run([IMPRINT, 'export', '--format', 'csv', 'x.credentials', '-k', 'backend.pem', '--signer', 'owner.pub', '-o', 'out'],
                             cwd=self.dir, capture_output=True, timeout=60)
        self.assertFalse((self.dir / 'out').exists())
        return run.returncode

    def test_a_lone_object_needs_no_head(self):
        self.write('x.credentials', encode(self.seal(o.credentials(UEID, {0: {0: PSK}}))))
        self.run_tool('export', '--format', 'leshan', 'x.credentials', '-k', 'backend.pem', '--signer', 'owner.pub', '-o', 'out')
        self.assertEqual(json.loads((self.dir / 'out').read_text())['endpoint'], 'urn:imei:359383000000015')

    def test_an_empty_batch_is_no_success(self):
        self.assertIn('holds no credentials', self.export([], 'leshan', 3))

    def test_back_end_key_as_cose_key(self):
        private = encode({**self.backend.public, -4: self.backend.private.private_numbers().private_value.to_bytes(32, 'big')})
        self.write('backend.pem', private)
        self.one({0: {0: PSK}}, 'csv')


if __name__ == '__main__':
    unittest.main()
