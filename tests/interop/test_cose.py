# SPDX-License-Identifier: Apache-2.0
"""COSE messages that are wrong in one way, against `imprint open`: exit status, and nothing written."""

import pathlib
import subprocess
import tempfile
import unittest

import cose
from cbor_strict import Pairs, Raw, Tag, encode
from lab import IMPRINT

MALFORMED, POLICY, AUTHN, KEY = 3, 4, 5, 6
ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551


class Case(unittest.TestCase):
    """A folder with keys, and open."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='imprint-cose-')
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.key, self.other = cose.Key.make(), cose.Key.make(cose.ED25519)
        (self.dir / 'key.pub').write_bytes(self.key.public_pem())
        (self.dir / 'other.pub').write_bytes(self.other.public_pem())

    def open(self, item, keys=('key.pub',), extra=()):
        """(status, output) of open."""
        (self.dir / 'm').write_bytes(item if isinstance(item, bytes) else encode(item))
        args = [a for k in keys for a in ('-k', k)]
        run = subprocess.run([IMPRINT, 'open', *args, *extra, 'm'], cwd=self.dir, capture_output=True, timeout=60)
        self.assertNotIn(b'Sanitizer', run.stderr)
        said = [line for line in run.stderr.splitlines() if not line.startswith(b'note: ')]  # of test keys
        self.assertEqual(bool(said), run.returncode != 0)
        return run.returncode, run.stdout

    def inspect(self, data):
        """The status of inspect --strict."""
        (self.dir / 'm').write_bytes(data)
        return subprocess.run([IMPRINT, 'inspect', '--strict', 'm'], cwd=self.dir, capture_output=True, timeout=60).returncode

    def refused(self, status, item, name=None, **kwargs):
        with self.subTest(name=name):
            self.assertEqual(self.open(item, **kwargs), (status, b''))


class Open(Case):
    def one(self, header=None, un=None, payload=b'payload', **wrong):
        """A COSE_Sign1 that is good but for what is asked."""
        return cose.sign_one('x', payload, self.key, un, protected={1: -7} if header is None else header, **wrong)

    def test_the_good_ones_open(self):
        for header in ({1: -7}, {1: -9}, {1: -7, 4: b'kid'}, {1: -7, 3: 0, 16: 'text/plain'}, {1: -7, 15: {1: 'x'}},
                       {1: -7, -70000: 'unknown, not critical'}):
            self.assertEqual(self.open(self.one(header)), (0, b'payload'), header)
        self.assertEqual(self.open(self.one(un={4: b'kid', 99: [1]})), (0, b'payload'))

    def test_cose_05_critical_headers(self):
        for name, header, un in (('unknown', {1: -7, 2: [99], 99: 1}, None), ('absent', {1: -7, 2: [16]}, None),
                                 ('empty', {1: -7, 2: []}, None), ('no array', {1: -7, 2: 16, 16: 'x'}, None),
                                 ('unprotected', {1: -7}, {2: [16]})):
            status, output = self.open(self.one(header, un))
            self.assertIn(status, (MALFORMED, POLICY), name)
            self.assertEqual(output, b'')

    def test_cose_07_protected_bucket(self):
        for name, raw in (('a list', b'\x80'), ('an integer', b'\x00'), ('cut', b'\xa1\x01'), ('two items', b'\xa1\x01\x26\x00')):
            self.refused(MALFORMED, self.one(protected_raw=raw), name)
        good = self.one()
        for name, first in (('a map', {1: -7}), ('text', 'x'), ('null', None), ('an array', [])):
            self.refused(MALFORMED, Tag(18, [first, *good.value[1:]]), name)
        for raw in (b'', b'\xa0'):
            tbs = encode(['Signature1', b'', b'', b'payload'])
            item = Tag(18, [raw, {1: -7}, b'payload', self.key.sign(tbs)])
            self.refused(POLICY, item, f'algorithm unprotected beside {raw!r}')

    def test_cose_08_tags(self):
        good = encode(self.one().value)
        for tag in (b'', b'\xd1', b'\xd3', b'\xd8\x62', b'\xd0', b'\xd8\x60', b'\xd9\x03\xe6', b'\xd2\xd2',
                    b'\xd8\x3d', b'\xc6'):
            self.refused(MALFORMED, tag + good, tag.hex())
        self.assertEqual(self.open(b'\xd8\x12' + good), (0, b'payload'), 'of others any well-formed head is read')
        self.assertNotEqual(self.inspect(b'\xd8\x12' + good), 0)

    def test_cose_09_array_lengths(self):
        good = self.one().value
        for items in ([], good[:3], [*good, b''], [*good, None]):
            self.refused(MALFORMED, Tag(18, items), len(items))
        self.refused(MALFORMED, Tag(18, {1: 2}), 'a map')

    def test_cose_10_detached_without_a_payload(self):
        item = self.one(payload_sent=None)
        status, output = self.open(item)
        self.assertNotEqual(status, 0)
        self.assertEqual(output, b'')
        (self.dir / 'p').write_bytes(b'payload')
        self.assertEqual(self.open(item, extra=('--detached', 'p')), (0, b'payload'))
        self.assertNotEqual(self.open(self.one(), extra=('--detached', 'p'))[0], 0, 'two payloads')

    def test_cose_11_signature_lengths(self):
        from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
        signature = self.one().value[3]
        r, s = (int.from_bytes(h, 'big') for h in (signature[:32], signature[32:]))
        for size in (0, 1, 63, 65, 128):
            status, output = self.open(self.one(signature=(signature * 2)[:size]))
            self.assertIn(status, (MALFORMED, AUTHN), size)
            self.assertEqual(output, b'')
        status, _ = self.open(self.one(signature=encode_dss_signature(r, s)))
        self.assertIn(status, (MALFORMED, AUTHN), 'DER')
        self.refused(AUTHN, self.one(signature=bytes(64)), 'zeros')
        self.refused(MALFORMED, self.one(signature='x' * 64), 'text')

    def test_cose_12_signature_values(self):
        signature = self.one().value[3]
        r, s = signature[:32], signature[32:]
        order = ORDER.to_bytes(32, 'big')
        for name, bad in (('r = 0', bytes(32) + s), ('s = 0', r + bytes(32)), ('r = n', order + s), ('s = n', r + order),
                          ('both n', order + order), ('r and s ones', b'\xff' * 64), ('swapped', s + r)):
            self.refused(AUTHN, self.one(signature=bad), name)
        item = self.one()
        r, s = item.value[3][:32], int.from_bytes(item.value[3][32:], 'big')
        item.value[3] = r + (ORDER - s).to_bytes(32, 'big')
        self.assertEqual(self.open(item), (0, b'payload'), 'n - s verifies, too: signature bytes are no identity')

    def test_cose_06_labels_twice(self):
        tbs_header = encode(Pairs([(1, -7), (1, -7)]))
        self.refused(MALFORMED, self.one(protected_raw=tbs_header), 'in protected')
        self.refused(MALFORMED, self.one(un=Pairs([(4, b'a'), (4, b'b')])), 'in unprotected')
        status, output = self.open(self.one(un={1: -7}))
        self.assertIn(status, (MALFORMED, POLICY), 'in both')
        self.assertEqual(output, b'')

    def test_cose_18_counts_of_signatures(self):
        many = cose.sign_many('x', b'payload', bytes(32), [self.key, self.other])
        both = ('key.pub', 'other.pub')
        self.assertEqual(self.open(many, both), (0, b'payload'))
        for key in both:
            self.refused(KEY, many, f'only {key}', keys=(key,))
        empty = Tag(98, [*many.value[:3], []])
        self.refused(MALFORMED, empty, 'none', keys=both)
        many.value[3][0][2] = bytes(64)
        self.refused(AUTHN, many, 'one of two is bad', keys=both)
        twice = cose.sign_many('x', b'payload', bytes(32), [self.key])
        twice.value[3] *= 2
        status, output = self.open(twice)
        self.assertTrue((status, output) == (0, b'payload') or status in (MALFORMED, POLICY))

    def test_extreme_shapes(self):
        for name, raw in (('deep', b'\xd2\x84\x41\xa0' + b'\x81' * 3000 + b'\x00'), ('count bomb', b'\xd2\x9b' + b'\xff' * 8),
                          ('bytes bomb', b'\xd2\x84\x5b\x7f' + b'\xff' * 7), ('empty', b''), ('tag only', b'\xd2')):
            self.refused(MALFORMED, raw, name)
        self.refused(MALFORMED, Tag(18, [Raw(b'\x5f\x41\xa0\xff'), {}, b'', bytes(64)]), 'indefinite protected')


class Encrypted(Case):
    """ENC by `open`: any failure past the form is one error."""

    def setUp(self):
        super().setUp()
        self.sealing = cose.Key.make()
        (self.dir / 'seal.pem').write_bytes(self.sealing.pem())
        (self.dir / 'seal.pem').chmod(0o600)

    def sealed(self, **wrong):
        return cose.seal(b'plain', {}, self.sealing.public, **wrong)[0]

    def refused(self, status, item, name=None, **kwargs):
        super().refused(status, item, name, **{'keys': ('seal.pem',), **kwargs})

    def test_enc_09_one_text_for_all(self):
        good = self.sealed()
        self.assertEqual(self.open(good, ('seal.pem',)), (0, b'plain'))
        texts = set()
        flips = {'protected': lambda i: i.value.__setitem__(0, encode({1: 3, 99: 1})),
                 'iv': lambda i: i.value[1].__setitem__(5, bytes(12)),
                 'ciphertext': lambda i: i.value.__setitem__(2, bytes(len(i.value[2]))),
                 'wrapped': lambda i: i.value[3][0].__setitem__(2, bytes(40)),
                 'epk': lambda i: i.value[3][0][1].__setitem__(-1, cose.Key.make().public)}
        for name, change in flips.items():
            item = self.sealed()
            change(item)
            (self.dir / 'm').write_bytes(encode(item))
            run = subprocess.run([IMPRINT, 'open', '-k', 'seal.pem', 'm'], cwd=self.dir, capture_output=True, timeout=60)
            self.assertEqual((run.returncode, run.stdout), (AUTHN, b''), name)
            texts.add(run.stderr)
        self.assertEqual(len(texts), 1, texts)

    def test_enc_01_ephemeral_keys(self):
        for name, epk in (('off the curve', {1: 2, -1: 1, -2: bytes(32), -3: b'\1' * 32}),
                          ('x = p', {1: 2, -1: 1, -2: b'\xff' * 32, -3: b'\1' * 32}),
                          ('of X25519', cose.Key.make(cose.X25519).public)):
            with self.subTest(name=name):
                status, output = self.open(self.sealed(epk=epk), ('seal.pem',))
                self.assertIn(status, (MALFORMED, AUTHN, KEY))
                self.assertEqual(output, b'')

    def test_enc_02_content_algorithms(self):
        for alg in (1, 2, 10, 24, 30, -65534, -999, 'A256GCM'):
            self.refused(POLICY, self.sealed(protected={1: alg}), alg)

    def test_enc_05_ivs_and_tags(self):
        for size in (0, 1, 8, 11, 13, 16):
            status, output = self.open(self.sealed(un={5: bytes(size)}), ('seal.pem',))
            self.assertIn(status, (MALFORMED, POLICY, AUTHN), size)
            self.assertEqual(output, b'')
        for name, un in (('none', {}), ('partial', {6: bytes(2)}), ('both', {5: bytes(12), 6: bytes(2)})):
            status, output = self.open(self.sealed(un=un), ('seal.pem',))
            self.assertIn(status, (MALFORMED, POLICY, AUTHN), name)
            self.assertEqual(output, b'')
        for size in (0, 1, 15):
            status, output = self.open(self.sealed(ciphertext=bytes(size)), ('seal.pem',))
            self.assertIn(status, (MALFORMED, AUTHN), size)
            self.assertEqual(output, b'')



if __name__ == '__main__':
    unittest.main()
