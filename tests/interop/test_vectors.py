# SPDX-License-Identifier: Apache-2.0
"""Published vectors and our own lists, against the Python model and the built binary."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import cose
import foreign
from cbor_strict import Refused, decode
from lab import IMPRINT, ROOT, Lab

VECTORS = ROOT / 'tests' / 'vectors'
# How `imprint inspect --strict` words each rule.
WORDS = {'not-shortest': 'shortest form', 'float': 'floating-point', 'simple': 'simple value', 'indefinite': 'indefinite length',
         'tag': 'tag other than', 'integer-range': 'outside signed 64 bits', 'key-order': 'ascending order',
         'duplicate': 'duplicate map key', 'key-type': 'neither integer nor text', 'control': 'control character',
         'depth': 'nested deeper', 'trailing': 'bytes after', 'too-long': 'larger than 65536', 'truncated': 'ends inside',
         'count': 'larger than the bytes', 'indefinite-integer': 'an integer or a tag of indefinite', 'reserved': 'reserved', 'break': 'break', 'utf-8': 'not UTF-8'}
# RFC 8949 appendix A: the rule that each example outside the strict form breaks, by its first byte or bytes.
APPENDIX_A = {'1b': 'integer-range', '3b': 'integer-range', 'c': 'tag', 'd7': 'tag', 'd8': 'tag', 'f7': 'simple', 'f0': 'simple',
              'f8': 'simple', 'f9': 'float', 'fa': 'float', 'fb': 'float', '5f': 'indefinite', '7f': 'indefinite',
              '9f': 'indefinite', 'bf': 'indefinite'}


def load(name):
    return json.loads((VECTORS / name).read_text())


def table(name):
    """The rows of a text file of vectors: strings, empty for '-'."""
    lines = (VECTORS / 'wycheproof' / name).read_text().splitlines()
    return [['' if c == '-' else c for c in line.split(' ')] for line in lines[1:]]


class Case(unittest.TestCase):
    maxDiff = 400

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='imprint-vectors-')
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)

    def write(self, name, data):
        path = self.dir / name
        path.write_bytes(data)
        path.chmod(0o600)
        return path

    def run_tool(self, *args):
        run = subprocess.run([IMPRINT, *map(str, args)], cwd=self.dir, capture_output=True, timeout=60)
        self.assertNotIn(b'Sanitizer', run.stderr)
        return run

    def strict(self, data):
        """(status, offset, message) of inspect --strict."""
        run = self.run_tool('inspect', '--strict', self.write('in', data))
        message = run.stderr.decode()
        offset = re.search(r'offset (\d+)', message)
        return run.returncode, int(offset[1]) if offset else None, message


class StrictForm(Case):
    def check(self, data, rule, offset, name):
        with self.subTest(name=name):
            with self.assertRaises(Refused) as caught:
                decode(data)
            self.assertEqual((caught.exception.rule, caught.exception.offset), (rule, offset))
            status, found, message = self.strict(data)
            self.assertEqual((status, found), (3, offset), message)
            self.assertIn(WORDS[rule], message)

    def check_accepted(self, data, name):
        with self.subTest(name=name):
            decode(data)
            self.assertEqual(self.strict(data)[0], 0)

    def test_our_own_list(self):
        cases = load('strict/cases.json')
        self.assertGreaterEqual(min(len(cases['forbidden']), len(cases['malformed'])), 100)
        for kind in ('forbidden', 'malformed'):
            for case in cases[kind]:
                data = bytes.fromhex(case['hex']) + bytes(case.get('zeros', 0))
                self.check(data, case['rule'], case['offset'], case['name'])
        for case in cases['accepted']:
            self.check_accepted(bytes.fromhex(case['hex']) + bytes(case.get('zeros', 0)), case['name'])

    def test_rfc_8949_appendix_a(self):
        refused = 0
        for example in load('rfc8949/appendix_a.json'):
            text = example['hex']
            rule = APPENDIX_A.get(text[:2]) or APPENDIX_A.get(text[:1])
            if text.startswith('1b') and int(text[2:], 16) < 2 ** 63:
                rule = None
            if rule:
                refused += 1
                self.check(bytes.fromhex(text), rule, 0, text)
            elif re.match('8[0-9a-f]|a[0-9a-f]', text) and ('9f' in text or 'bf' in text or text.startswith('826161bf')):
                refused += 1
                status, _, message = self.strict(bytes.fromhex(text))
                self.assertEqual(status, 3, text)
                self.assertIn(WORDS['indefinite'], message)
            else:
                self.check_accepted(bytes.fromhex(text), text)
        self.assertEqual(refused, 47)


class WorkingGroup(Case):
    def keys(self, vector):
        out = []
        for number, key in enumerate(vector['keys']):
            encrypted = bytes.fromhex(vector['cbor'])[:1] == b'\xd0' or vector['cbor'].startswith('d860')
            out += ['-k', self.write(f'key{number}', foreign.cose_key(key, encrypted))]
        return out

    def test_open_and_inspect(self):
        vectors, expected = load('cose-wg/vectors.json'), load('cose-wg/expected.json')
        self.assertEqual(len(vectors), len(expected))
        opened = 0
        for vector, want in zip(vectors, expected):
            with self.subTest(name=vector['name']):
                self.assertEqual(foreign.expected(vector), want)
                data = bytes.fromhex(vector['cbor'])
                aad = vector.get('external_aad')
                extra = [] if aad is None else ['--external-aad', self.write('aad', bytes.fromhex(aad))]
                run = self.run_tool('open', *self.keys(vector), *extra, self.write('message', data))
                self.assertEqual(run.returncode, want['open'], run.stderr.decode() + want['why'])
                self.assertEqual(run.stdout.hex(), vector['plaintext'] if want['open'] == 0 else '')
                opened += want['open'] == 0
                status, offset, message = self.strict(data)
                if want['strict'] is None:
                    self.assertEqual(status, 0, message)
                else:
                    self.assertEqual((status, offset), (3, want['strict']['offset']), message)
                    self.assertIn(WORDS[want['strict']['rule']], message)
        self.assertEqual(opened, 14)

    def test_external_data_counts(self):
        for vector in load('cose-wg/vectors.json'):
            if 'external_aad' in vector and vector['name'].startswith('sign'):
                message = self.write('message', bytes.fromhex(vector['cbor']))
                self.assertEqual(self.run_tool('open', *self.keys(vector), message).returncode, 5)

    def test_no_device_takes_one(self):
        with Lab(1) as lab:
            bench = lab.bench(1)
            self.addCleanup(bench.client.close)
            for vector, want in zip(load('cose-wg/vectors.json'), load('cose-wg/expected.json')):
                with self.subTest(name=vector['name']):
                    self.assertIsNotNone(want['object'])
                    model, device = bench.both(bytes.fromhex(vector['cbor']))
                    self.assertEqual(device, model)
                    self.assertIn(device[0], ('malformed', 'unsupported'))
            self.assertEqual(*bench.state())


class Keys(Case):
    def test_rfc_9679_thumbprint(self):
        vector = load('rfc9679/thumbprint.json')
        key = bytes.fromhex(vector['key'])
        self.assertEqual(cose.kid_of(decode(key)).hex(), vector['sha-256'])
        run = self.run_tool('key', self.write('key', key))
        self.assertIn(vector['sha-256'], run.stdout.decode() + run.stderr.decode())

    def test_kid_and_cose_key_of_pem_files(self):
        for curve in (cose.P256, cose.ED25519, cose.X25519):
            key = cose.Key.make(curve)
            for name, pem in (('private', key.pem()), ('public', key.public_pem())):
                run = self.run_tool('key', '--json', self.write(name, pem))
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertIn(key.kid.hex(), run.stdout.decode())
            run = self.run_tool('key', '--cose', '-o', f'out{curve}', self.dir / 'public')
            self.assertEqual(decode((self.dir / f'out{curve}').read_bytes()), key.public)

    def test_keys_of_keygen_load(self):
        for kind, curve in (('es256', cose.P256), ('eddsa', cose.ED25519), ('seal-p256', cose.P256), ('seal-x25519', cose.X25519)):
            run = self.run_tool('keygen', '--class', 'test', '--type', kind, '-o', f'{kind}.pem')
            self.assertEqual(run.returncode, 0, run.stderr)
            key = cose.Key.load(self.dir / f'{kind}.pem')
            self.assertEqual(key.curve, curve)
            self.assertIn(key.kid.hex(), (run.stdout + run.stderr).decode())


class Wycheproof(unittest.TestCase):
    """The Python side's own cryptography on the same files that the C unit tests may read."""

    def test_signatures(self):
        for number, result, x, y, message, signature in table('ecdsa-p256.txt'):
            key = {1: 2, -1: 1, -2: bytes.fromhex(x), -3: bytes.fromhex(y)}
            good = cose.verify(key, -7, bytes.fromhex(message), bytes.fromhex(signature))
            self.assertEqual(good, result == 'valid', f'ecdsa {number}')
        for number, result, public, message, signature in table('ed25519.txt'):
            good = cose.verify({1: 1, -1: 6, -2: bytes.fromhex(public)}, -8, bytes.fromhex(message), bytes.fromhex(signature))
            self.assertEqual(good, result == 'valid', f'ed25519 {number}')


if __name__ == '__main__':
    unittest.main()
