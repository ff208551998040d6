# SPDX-License-Identifier: Apache-2.0
"""Random profiles and rows, built and decoded by other code: the same values. Every timer and eDRX value of 3GPP, both ways."""
import base64
import hashlib
import hmac
import itertools
import json
import os
import random
import re
import string
import unittest

import cbor2
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

import ts24008
from cbor_strict import encode, sequence
from fixtures import imei_ueid
from test_files import OBJECTS, Case, luhn

PROFILES = int(os.environ.get('PROPERTY_PROFILES', '80'))
ROWS = 5
OWNER = 0


class Drawn:
    """What a profile says, the variables in it, and what each row makes of it."""

    def __init__(self, draw):
        self.draw, self.names, self.cells = draw, [], []

    def put(self, words):
        """A text of the profile; now and then from a column, or partly so."""
        if not isinstance(words, str) or self.draw.random() < 0.5:
            return words.replace('$', '$$') if isinstance(words, str) else words
        at = self.draw.randrange(len(words))  # the cell must not be empty
        self.names.append(f'v{len(self.names)}')
        self.cells.append(words[at:])
        return words[:at].replace('$', '$$') + '${' + self.names[-1] + '}'

    def text(self, most=20):
        letters = string.ascii_letters + string.digits + ' $,;:#{}[]"\'&*!|>%@`-_/\\é€😀'
        return ''.join(self.draw.choice(letters) for _ in range(self.draw.randrange(1, most)))

    def apn(self):
        return '.'.join(''.join(self.draw.choice(string.ascii_lowercase + string.digits) for _ in range(self.draw.randrange(1, 20)))
                        for _ in range(self.draw.randrange(1, 4)))

    def octets(self, least, most):
        """(how it is written, bytes)"""
        raw = self.draw.randbytes(self.draw.randrange(least, most + 1))
        form = self.draw.choice(('hex', 'base64') if raw else ('hex',))
        return {form: self.put(raw.hex() if form == 'hex' else base64.b64encode(raw).decode()) if raw else ''}, raw

    def number(self, low, high):
        value = self.draw.choice((low, high, self.draw.randint(low, high)))
        return self.put(self.draw.choice((str(value), f'0x{value:x}' if value >= 0 else f'-0x{-value:x}'))), value

    def seconds(self, most):
        unit, name = self.draw.choice(((1, 's'), (60, 'm'), (3600, 'h'), (86400, 'd')))
        count = self.draw.randint(0, most // unit)
        return self.put(f'{count}{name}'), count * unit

    def minutes(self, most):
        unit, name = self.draw.choice(((1, 'm'), (60, 'h'), (1440, 'd')))
        count = self.draw.randint(0, most // unit)
        return self.put(f'{count}{name}'), count * unit

    def timer(self, units):
        seconds = self.draw.choice(list(ts24008.timers(units)))
        return self.put(f'{seconds}s'), seconds

    def edrx(self, kind):
        octet = self.draw.choice([o for o in range(256) if ts24008.edrx(kind, o)])
        cycle, window = ts24008.edrx(kind, octet)
        return {'cycle': self.put(ts24008.duration(cycle)), 'window': self.put(ts24008.duration(window))}, bytes([octet])

    def name(self, names):
        word = self.draw.choice(list(names))
        return self.put(self.draw.choice((word, str(names[word])))), names[word]

    def bits(self, names):
        words = self.draw.sample(list(names), self.draw.randint(1, len(names)))
        return [self.put(word) for word in words], sum(1 << names[word] for word in words)

    def several(self, one):
        """Values of a list differ: in an order of preference none stands twice."""
        drawn = {value: words for words, value in (one() for _ in range(self.draw.randint(1, 4)))}
        return list(drawn.values()), dict(enumerate(drawn))

    def boolean(self):
        value = self.draw.random() < 0.5
        return self.put('true' if value else 'false'), value

    def plain(self, most=20):
        text = self.text(most)
        return self.put(text), text

    def operators(self):
        plmns = {f'{self.draw.randrange(1000):03}{self.draw.randrange(100):02}' for _ in range(self.draw.randint(1, 4))}
        return [self.put(plmn) for plmn in plmns], ','.join(plmns)


# name, number, how it is drawn; from the registry's XML, not from profiles/objects.
CELLULAR = (('smsc', 0, Drawn.plain), ('radio-off', 1, lambda d: d.minutes(65535)), ('psm-timer', 4, lambda d: d.timer(ts24008.T3412)),
            ('active-timer', 5, lambda d: d.timer(ts24008.T3324)), ('edrx-wb', 8, lambda d: d.edrx('edrx-wb')), ('edrx-nb', 9, lambda d: d.edrx('edrx-nb')),
            ('power-saving', 13, lambda d: d.bits({'psm': 0, 'edrx': 1})))
RATS = {'lte': 4, 'lte-up': 12, 'lte-cp': 13, 'nb-iot-cp': 14, 'nb-iot-up': 15}
APN = (('apn', 1, lambda d: (lambda a: (d.put(a), a))(d.apn())), ('enabled', 3, Drawn.boolean), ('dns', 19, lambda d: d.several(d.plain)),
       ('qci', 21, lambda d: d.number(1, 9)), ('pdn-type', 24, lambda d: d.name({'ipv4': 1, 'ipv6': 2, 'ipv4v6': 3})),
       ('rats', 30, lambda d: d.several(lambda: d.name(RATS))))
SECURITY = (('uri', 0, Drawn.plain), ('sms-binding', 7, lambda d: d.octets(6, 6)), ('hold-off', 11, lambda d: d.seconds(2 ** 31 - 1)),
            ('ciphersuites', 16, lambda d: d.several(lambda: d.number(0, 65535))), ('short-id', 10, lambda d: d.number(1, 65534)),
            ('tls13', 22, lambda d: d.bits({'psk-plain': 0, '0-rtt': 1, 'psk-pfs': 2, 'certificate': 3})))
BEARER = (('rsrp-lte', 3, lambda d: d.number(-140, -44)), ('operators', 6, Drawn.operators), ('attach-without-pdn', 12, Drawn.boolean))
SERVER = (('min-period', 2, lambda d: d.seconds(2 ** 31 - 1)), ('apn', 10, lambda d: (lambda n: ({'link': f'11:{n}'}, f'11:{n}'))(d.draw.randrange(65535))),
          ('retries', 17, lambda d: d.number(0, 2 ** 32 - 1)), ('notification', 26, lambda d: d.name({'non-confirmable': 0, 'confirmable': 1})))
# object, its name, how many instances, what it must have, what it may have
TAKEN = ((10, 'cellular', 1, (), CELLULAR), (13, 'bearer', 1, (), BEARER),
           (11, 'apn', 3, (('name', 0, Drawn.plain), ('auth', 4, lambda d: d.name({'none': 3}))), APN),
           (1, 'server', 2, (('short-id', 0, lambda d: d.number(1, 65534)), ('lifetime', 1, lambda d: d.seconds(2 ** 31 - 1)),
                             ('store', 6, Drawn.boolean), ('binding', 7, Drawn.plain)), SERVER))
GENERATED = object()
PSK = (('bootstrap', 1, lambda d: ('true', True)), ('mode', 2, lambda d: d.name({'psk': 0})), ('identity', 3, lambda d: d.octets(1, 40)))


class Values(Case):
    def instance(self, drawn, must, may):
        """(what the profile says, what must come out)"""
        chosen = [*must, *drawn.draw.sample(may, drawn.draw.randint(0 if must else 1, len(may)))]
        drawn.draw.shuffle(chosen)
        said, meant = {}, {}
        for name, number, make in chosen:
            words, value = make(drawn)
            said[name if drawn.draw.random() < 0.8 else str(number)], meant[number] = words, value
        return said, meant

    def settings(self, drawn):
        said, meant = {}, {}
        for number, name, most, must, may in drawn.draw.sample(TAKEN, drawn.draw.randint(1, len(TAKEN))):
            for at in drawn.draw.sample(range(65535), drawn.draw.randint(1, most)) if most > 1 else (0,):
                words, values = self.instance(drawn, must, may)
                said[f'{name}/{at}' if at or drawn.draw.random() < 0.5 else name] = words
                meant.setdefault(number, {})[at] = values
        if drawn.draw.random() < 0.5:
            words, values = self.instance(drawn, PSK, SECURITY)
            size = drawn.draw.randint(16, 64)
            words['secret'], values[5] = {'generate': size}, (GENERATED, size)
            said['security/0'], meant[0] = words, {0: values}
        return said, meant

    def secret(self, ueid, generation, size):
        info = encode(['imprint-secret-1', ueid, OWNER, 0, 0, 5, generation])
        return HKDF(SHA256(), size, None, info).derive(self.seed)

    def wanted(self, meant, ueid, generation):
        return {o: {i: {r: self.secret(ueid, generation, v[1]) if isinstance(v, tuple) else v for r, v in values.items()}
                    for i, values in instances.items()} for o, instances in meant.items()}

    def one(self, draw):
        drawn = Drawn(draw)
        said, meant = self.settings(drawn)
        pair, generation, imeis = draw.randint(1, 2 ** 63 - 1), draw.choice((0, draw.getrandbits(32))), sorted({luhn(f'{draw.randrange(10 ** 14):014}') for _ in range(ROWS)})
        head = {'imprint': 1, 'profile': 'random', 'domain': 'owner', 'sequence': pair, 'generation': generation, 'target': {'imei': '${imei}'},
                'variables': {'imei': {'type': 'imei'}, **{name: {} for name in drawn.names}}, 'settings': said}
        quoted = ','.join('"' + cell.replace('"', '""') + '"' for cell in drawn.cells)
        self.write('p.json', json.dumps(head, ensure_ascii=False).encode())
        self.write('d.csv', '\n'.join([','.join(['imei', *drawn.names]), *(','.join(filter(None, [imei, quoted])) for imei in imeis), '']).encode())
        self.run_tool('build', 'p.json', '--csv', 'd.csv', '--seed', 'seed.key', '--objects', OBJECTS, '-o', 'out', '--force')
        profiles = [cbor2.loads(raw) for _, raw in sequence((self.dir / 'out').read_bytes())[1:]]
        self.assertEqual(profiles, self.read('out', 'profiles'))
        for imei, profile in zip(imeis, profiles, strict=True):
            self.same(imei, profile, pair, self.wanted(meant, imei_ueid(int(imei[:14])), generation))
        return meant

    def same(self, imei, profile, sequence, settings):
        salt = profile.pop(6)
        self.assertEqual(encode(profile), encode({1: 1, 2: OWNER, 3: sequence, 4: {256: imei_ueid(int(imei[:14]))}, 5: settings, 9: [1, 0], 10: 'random'}))
        self.assertEqual(salt, hmac.new(self.seed, encode(profile), hashlib.sha256).digest()[:16])

    def test_random_profiles(self):
        self.seed = os.urandom(32)
        self.write('seed.key', self.seed)
        met, seed = set(), int(os.environ.get('PROPERTY_SEED', '3'))
        for number in range(PROFILES):
            with self.subTest(seed=seed, number=number):
                for o, instances in self.one(random.Random(seed * 1000 + number)).items():
                    met |= {(o, r) for values in instances.values() for r in values}
        every = {(o, r[1]) for o, _, _, must, may in TAKEN for r in (*must, *may)} | {(0, r[1]) for r in (*PSK, *SECURITY)} | {(0, 5)}
        self.assertEqual(met, every)

    def check(self, settings, rows, *args, status=0):
        """What check says, as JSON, of settings of cellular and the rows of a column v."""
        self.write('p.json', json.dumps({'imprint': 1, 'domain': 'owner', 'sequence': 1, 'target': {'ueid': '${ueid}'}, 'variables': {'ueid': {}, 'v': {}},
                                         'settings': {'cellular': settings}}).encode())
        self.write('v.csv', 'ueid,v\n' + ''.join(f'{n:016x},{v}\n' for n, v in enumerate(rows)))
        run = self.run_tool('check', 'p.json', '--csv', 'v.csv', '--objects', OBJECTS, '--json', *args, status=status)
        return [json.loads(line) for line in run.stdout.splitlines()]

    def explained(self, settings):
        """{name: (value as it travels, octet, value in words)}"""
        return {line['setting'].split('/')[-1]: (cbor2.loads(bytes.fromhex(line['bytes'])), int(line['octet'], 2), line['value'])
                for line in self.check(settings, 'x', '--explain') if line['kind'] == 'setting'}

    def refused(self, settings, rows):
        """Those of the values that are no good."""
        said = self.check(settings, rows, status=3)
        return {rows[line['row'] - 2] for line in said if line['kind'] == 'mistake'}

    def again(self, said):
        """The words make the same octets."""
        words = {name: dict(re.findall(r'(cycle|window): (\S+?)[,}]', w)) or w for name, (_, _, w) in said.items()}
        self.assertEqual(self.explained(words), said)

    def test_all_timers(self):
        kinds = {'active-timer': ts24008.T3324, 'psm-timer': ts24008.T3412}
        every = {name: ts24008.timers(units) for name, units in kinds.items()}
        for pair in itertools.zip_longest(*every.values(), fillvalue=0):
            said = self.explained({name: f'{seconds}s' for name, seconds in zip(kinds, pair)})
            for (name, units), seconds in zip(kinds.items(), pair):
                octets = every[name][seconds]
                self.assertEqual((name, said[name][0]), (name, seconds))
                self.assertEqual((name, said[name][1]), (name, min(octets, key=lambda o: units[o >> 5])), 'the smallest unit')
            self.again(said)
        for name, good in every.items():
            near = [f'{s}s' for s in sorted({s + d for s in good for d in (-1, 0, 1)} - {-1})]
            self.assertEqual(self.refused({name: '${v}'}, near), {s for s in near if int(s[:-1]) not in good})

    def test_all_of_edrx(self):
        for octet in range(256):
            meant = {name: ts24008.edrx(name, octet) for name in ts24008.EDRX}
            meant = {name: dict(zip(('cycle', 'window'), map(ts24008.duration, pair))) for name, pair in meant.items() if pair}
            if meant:
                said = self.explained(meant)
                self.assertEqual({name: s[:2] for name, s in said.items()}, {name: (bytes([octet]), octet) for name in meant})
                self.assertEqual(self.explained({name: {'hex': f'{octet:02x}'} for name in meant}), said)
                self.again(said)
        for name in ts24008.EDRX:
            octets = [f'{octet:02x}' for octet in range(256)]
            self.assertEqual(self.refused({name: {'hex': '${v}'}}, octets), {o for o in octets if not ts24008.edrx(name, int(o, 16))})


if __name__ == '__main__':
    unittest.main()
