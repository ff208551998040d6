# SPDX-License-Identifier: Apache-2.0
"""Files of either side read by the other: profiles, signed, cards, packages, commands, evidence."""

import hashlib
import hmac
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import agent
import cose
import objects as o
from cbor_strict import Tag, decode, encode, sequence
from fixtures import Fleet, device, imei_ueid, settings
from lab import IMPRINT, ROOT, Lab

EXAMPLES, OBJECTS = ROOT / 'profiles' / 'examples' / 'nb-iot-sensor', ROOT / 'profiles' / 'objects'


def batch(kind, items):
    """A batch file."""
    return b''.join(map(encode, [{0: 'imprint-batch', 1: len(items), 2: kind}, *items]))


def luhn(digits):
    total = sum(sum(divmod(2 * int(d), 10)) if n % 2 else int(d) for n, d in enumerate(digits))
    return f'{digits}{-total % 10}'


class Case(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix='imprint-files-')
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.owner = cose.Key.make()
        self.write('owner.pem', self.owner.pem())
        self.write('owner.pub', self.owner.public_pem())

    def write(self, name, data):
        path = self.dir / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        path.chmod(0o600)
        return path

    def run_tool(self, *args, status=0):
        run = subprocess.run([IMPRINT, *map(str, args)], cwd=self.dir, capture_output=True, timeout=60)
        if status is not None:
            self.assertEqual(run.returncode, status, f'{args}\n{run.stdout!r}\n{run.stderr.decode()}')
        return run

    def read(self, name, kind):
        """The items of a batch file of ours, each decoded strictly."""
        items = [item for item, _ in sequence((self.dir / name).read_bytes())]
        self.assertEqual(items[0], {0: 'imprint-batch', 1: len(items) - 1, 2: kind})
        return items[1:]

    def csv(self, count):
        rows = [luhn(f'3593830000000{n}') for n in range(1, count + 1)]
        self.write('d.csv', 'serial,imei\n' + ''.join(f'S{n},{imei}\n' for n, imei in enumerate(rows)))
        return [imei_ueid(int(imei[:14])) for imei in rows]


class Built(Case):
    def setUp(self):
        super().setUp()
        self.seed = os.urandom(32)
        self.write('seed.key', self.seed)
        self.ueids = self.csv(3)
        self.run_tool('build', EXAMPLES / 'sensor.yaml', '--csv', 'd.csv', '--seed', 'seed.key', '--sequence', '5',
                      '--generation', '2', '--objects', OBJECTS, '-o', 'x.profiles')

    def test_profiles_are_what_the_formats_say(self):
        profiles = self.read('x.profiles', 'profiles')
        self.assertEqual([p[4][o.UEID] for p in profiles], self.ueids)
        for profile in profiles:
            o.check_profile(profile)
            self.assertEqual((profile[2], profile[3], profile[9], profile[10]), (0, 5, [1, 0], 'keel-sensor'))
            self.assertEqual(profile[4][o.HWMODEL], b'keel-2')
            cellular, apn = profile[5][10][0], profile[5][11][0]
            self.assertEqual(cellular, {4: 36000, 5: 20, 9: b'\x35', 13: 3})
            self.assertEqual(apn, {0: 'iot', 1: 'iot.example', 4: 3, 24: 1, 30: {0: 14, 1: 13}})

    def test_generated_secret_and_salt(self):
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF
        for profile in self.read('x.profiles', 'profiles'):
            info = encode(['imprint-secret-1', profile[4][o.UEID], 0, 0, 0, 5, 2])
            self.assertEqual(profile[5][0][0][5], HKDF(hashes.SHA256(), 16, None, info).derive(self.seed))
            without = encode({k: v for k, v in profile.items() if k != 6})
            self.assertEqual(profile[6], hmac.new(self.seed, without, hashlib.sha256).digest()[:16])

    def test_salt_without_a_seed(self):
        self.write('p.yaml', 'imprint: 1\nprofile: p\ndomain: owner\nsequence: 1\ntarget: {imei: "${imei}"}\n'
                             'variables: {imei: {type: imei}}\nsettings: {cellular: {psm-timer: 10h}}\n')
        self.run_tool('build', 'p.yaml', '--csv', 'd.csv', '--objects', OBJECTS, '-o', 'p.profiles')
        for profile in self.read('p.profiles', 'profiles'):
            without = encode({k: v for k, v in profile.items() if k != 6})
            self.assertEqual(profile[6], hmac.new(bytes(32), without, hashlib.sha256).digest()[:16])

    def test_signed_profiles_verify_and_a_model_takes_their_packages(self):
        for curve in (cose.P256, cose.ED25519):
            owner = cose.Key.make(curve)
            self.write(f'k{curve}.pem', owner.pem())
            self.run_tool('sign', '-k', f'k{curve}.pem', 'x.profiles', '-o', f'x{curve}.signed')
            profiles, signed = self.read('x.profiles', 'profiles'), self.read(f'x{curve}.signed', 'signed')
            for profile, item in zip(profiles, signed):
                self.assertEqual(o.verified_body(item, 'profile', owner.public), profile)
            for sealing in (cose.P256, cose.X25519):
                self.check_packages(owner, signed, curve, sealing)

    def check_packages(self, owner, signed, curve, sealing):
        fleets = [Fleet(device(u, sealing=sealing)) for u in self.ueids]
        name = f'{curve}-{sealing}'
        self.write(f'{name}.cards', batch('cards', [o.card(f.device, os.urandom(32)) for f in fleets]))
        self.run_tool('encrypt', '--accept-asserted', '--cards', f'{name}.cards', f'x{curve}.signed', '-o', f'{name}.packages')
        for fleet, profile, item in zip(fleets, signed, self.read(f'{name}.packages', 'packages')):
            fleet.owner = owner
            self.assertEqual(o.check_package(item)[1], o.outer_claims(profile))
            self.assertEqual(decode(cose.open_sealed(item, fleet.device.shared)), profile)
            self.assertEqual(fleet.agent.apply(encode(fleet.claim())), 'applied')
            self.assertEqual(fleet.agent.apply(encode(item)), 'applied')

    def test_iv_and_ephemeral_key_are_new_each_time(self):
        """ENC-14."""
        fleets = [Fleet(device(u)) for u in self.ueids]
        self.write('x.cards', batch('cards', [o.card(f.device, os.urandom(32)) for f in fleets]))
        self.run_tool('sign', '-k', 'owner.pem', 'x.profiles', '-o', 'x.signed')
        seen = set()
        for n in range(5):
            self.run_tool('encrypt', '--accept-asserted', '--cards', 'x.cards', 'x.signed', '-o', f'{n}.packages')
            for item in self.read(f'{n}.packages', 'packages'):
                seen |= {item.value[1][5], encode(item.value[3][0][1][-1]), item.value[3][0][2]}
        self.assertEqual(len(seen), 5 * 3 * 3)


class Cards(Case):
    def test_cards_that_are_wrong_are_refused(self):
        """Each with its own reason, none with a package."""
        factory, foreign = cose.Key.make(), cose.Key.make()
        self.write('factory.pub', factory.public_pem())
        fleet = Fleet(device(self.csv(1)[0]))
        self.write('x.signed', batch('signed', [o.sign('profile', o.profile(fleet.device.ueid, 1, settings()), [self.owner])]))
        good = o.endorsement(fleet.device, factory)
        bad_signature = o.card(fleet.device, bytes(32), good)
        bad_signature.value[3] = bytes(64)
        unsigned = o.endorsement(fleet.device, factory)
        unsigned.value[3] = bytes(64)
        other = o.endorsement(device(fleet.device.ueid), factory)
        for name, status, card in (
                ('endorsed', 0, o.card(fleet.device, bytes(32), good)),
                ('asserted', 4, o.card(fleet.device, bytes(32))),
                ('endorsed by a stranger', 4, o.card(fleet.device, bytes(32), o.endorsement(fleet.device, foreign))),
                ('endorsement not signed', 5, o.card(fleet.device, bytes(32), unsigned)),
                ('another device endorsed', 5, o.card(fleet.device, bytes(32), other)),
                ('signature', 5, bad_signature),
                ('trailing', 3, None)):
            with self.subTest(name=name):
                data = batch('cards', [card]) if card else batch('cards', [o.card(fleet.device, bytes(32))]) + b'\0'
                self.write('x.cards', data)
                run = subprocess.run([IMPRINT, 'encrypt', '--factory', 'factory.pub', '--cards', 'x.cards', 'x.signed',
                                      '-o', 'out'], cwd=self.dir, capture_output=True, timeout=60)
                self.assertEqual(run.returncode, status, run.stderr.decode())
                self.assertEqual((self.dir / 'out').exists(), status == 0)
                (self.dir / 'out').unlink(missing_ok=True)


class Opened(Case):
    def test_our_messages_open(self):
        fleet = Fleet()
        fleet.owner = self.owner
        self.write('seal.pem', fleet.device.sealing.pem())
        self.write('seal25519.pem', (x := device(sealing=cose.X25519)).sealing.pem())
        self.write('other.pem', cose.Key.make().pem())
        body = o.profile(fleet.device.ueid, 1, settings())
        signed = o.sign('profile', body, [self.owner])
        many = o.sign('command', o.command(o.LOCK, {o.UEID: fleet.device.ueid}), [self.owner, fleet.stranger])
        self.write('stranger.pub', fleet.stranger.public_pem())
        for name, item, keys, want in (
                ('signed', signed, ['owner.pub'], encode(body)),
                ('signed by a private key', signed, ['owner.pem'], encode(body)),
                ('many', many, ['owner.pub', 'stranger.pub'], many.value[2]),
                ('package', fleet.package(1, content=b'plain'), ['seal.pem'], b'plain'),
                ('package to X25519', o.package(signed, x.sealing.public)[0], ['seal25519.pem'], encode(signed))):
            with self.subTest(name=name):
                args = [a for k in keys for a in ('-k', k)]
                self.assertEqual(self.run_tool('open', *args, self.write('m', encode(item))).stdout, want)
                wrong = {'package to X25519': 6}.get(name, 5)
                if name != 'many':
                    self.assertEqual(self.run_tool('open', '-k', 'other.pem', self.write('m', encode(item)), status=wrong).stdout, b'')
        run = self.run_tool('open', '-k', 'owner.pub', self.write('m', encode(many)), status=6)
        self.assertEqual(run.stdout, b'')

    def test_detached_and_external_data(self):
        protected = encode({1: -7, 4: b'any kid'})
        tbs = encode(['Signature1', protected, b'aad', b'payload'])
        item = Tag(18, [protected, {}, None, self.owner.sign(tbs)])
        self.write('m', encode(item))
        self.write('payload', b'payload')
        self.write('aad', b'aad')
        run = self.run_tool('open', '-k', 'owner.pub', '--detached', 'payload', '--external-aad', 'aad', 'm')
        self.assertEqual(run.stdout, b'payload')
        self.run_tool('open', '-k', 'owner.pub', '--detached', 'payload', 'm', status=5)
        self.run_tool('open', '-k', 'owner.pub', '--detached', 'aad', '--external-aad', 'aad', 'm', status=5)

    def test_flipped_messages_never_open(self):
        fleet = Fleet()
        self.write('seal.pem', fleet.device.sealing.pem())
        for name, key, item in (('signed', 'owner.pub', o.sign('profile', o.profile(bytes(15), 1, {}), [self.owner])),
                                ('package', 'seal.pem', fleet.package(1))):
            raw = encode(item)
            for at in range(0, len(raw), 5):
                flipped = bytearray(raw)
                flipped[at] ^= 1 << at % 8
                run = subprocess.run([IMPRINT, 'open', '-k', key, self.write('m', bytes(flipped))], cwd=self.dir, capture_output=True)
                self.assertIn(run.returncode, (3, 4, 5), f'{name} byte {at}')
                self.assertEqual(run.stdout, b'')


class Commands(Case):
    def test_files_of_commands_are_taken_by_a_model(self):
        fleet = Fleet(device(imei_ueid(35938300000001)))
        fleet.owner = self.owner
        imei = luhn('35938300000001')
        steps = (('claim', [], 0x2000), ('floor', ['--raise', '1=5', '--raise', '2=1'], 0x2000),
                 ('wipe', ['--domain', '0', '--domain', '2', '--sequence', '2'], 0x2000),
                 ('policy', ['--allow-recovery', '--sequence', '3'], 0x2000), ('lock', [], 0x3000),
                 ('retire', ['--sequence', '4'], 0x6000))
        for verb, extra, life in steps:
            self.run_tool(verb, '-k', 'owner.pem', '--target', imei, *extra, '-o', verb)
            self.assertEqual(fleet.agent.apply((self.dir / verb).read_bytes()), 'applied', verb)
            self.assertEqual(fleet.agent.lifecycle(), life)
        self.assertEqual(fleet.agent.policy, 1)
        self.assertEqual({d: v.epoch for d, v in fleet.agent.domains.items() if d}, {1: 5, 2: 1})
        self.run_tool('claim', '-k', 'owner.pem', '--target', '32473/keel-2', '-o', 'class')
        other = Fleet(device(imei_ueid(1)))
        self.assertEqual(other.agent.apply((self.dir / 'class').read_bytes()), 'applied')


class Driven(Case):
    """imprint drives simulated devices with objects made in Python, and Python reads what it wrote."""

    def test_push_and_verify(self):
        factory = cose.Key.make()
        self.write('factory.pem', factory.pem())
        self.write('factory.pub', factory.public_pem())
        with Lab(2, '--factory', self.dir / 'factory.pem') as lab:
            ports = [a for n in (1, 2) for a in ('-d', lab.dir / 'sim' / str(n))]
            self.run_tool('enroll', *ports, '--factory', 'factory.pub', '-o', 'x.cards')
            cards = sorted(self.read('x.cards', 'cards'), key=lambda item: o.verified_body(item, 'card')[o.UEID])
            bodies = [o.verified_body(item, 'card') for item in cards]
            for item, body in zip(cards, bodies):
                o.check_card(body)
                self.check_endorsement(item, body, factory)
            claims = [o.sign('transfer', o.claim({o.UEID: b[o.UEID]}, self.owner), [self.owner]) for b in bodies]
            packages = [o.package(self.profile(b, n + 1), b[o.SEALING_KEY])[0] for n, b in enumerate(bodies)]
            for name, item in (('1.claim', claims[0]), ('2.claim', claims[1])):
                port = ports[:2] if name[0] == '1' else ports[2:]
                self.run_tool('push', self.write(name, encode(item)), *port, '--cards', 'x.cards', '--evidence', 'e')
            self.write('x.packages', batch('packages', packages))
            run = self.run_tool('push', 'x.packages', *ports, '--cards', 'x.cards', '--evidence', 'e', '--owner', 'owner.pub', '--json')
            results = [json.loads(line) for line in run.stdout.splitlines()]
            self.assertEqual([r['result'] for r in results], ['pass', 'pass'])
            self.run_tool('verify', '--expect', 'x.packages', *ports, '--cards', 'x.cards', '--evidence', 'e', '--owner', 'owner.pub')
            self.check_evidence(bodies, claims, packages)

    def profile(self, card, number):
        return o.sign('profile', o.profile(card[o.UEID], number, settings()), [self.owner])

    def check_endorsement(self, item, body, factory):
        endorsed = o.verified_body(item.value[1][13], 'endorsement', factory.public)
        self.assertEqual(endorsed, {8: body[8], **{k: body[k] for k in (o.UEID, o.OEMID, o.HWMODEL, o.SEALING_KEY)}})

    def check_evidence(self, cards, claims, packages):
        by_key = {cose.kid_of(c[8][1]): c for c in cards}
        last = {}
        for item in self.read('e', 'evidence'):
            card = by_key[decode(item.value[0])[4]]
            body = o.verified_body(item, 'evidence', card[8][1])
            o.check_evidence(body)
            last[card[o.UEID]] = body
        for card, claim, package in zip(cards, claims, packages):
            body, claims_of = last[card[o.UEID]], o.check_package(package)[1]
            self.assertEqual(body[-70020], [self.owner.kid, 1, cose.id_of(claim)])
            self.assertEqual(o.components(body)[0], (claims_of[o.PAIR][2], claims_of[o.PROFILE_ID], self.owner.kid, 1, 0))
            signing = cose.kid_of(card[8][1])
            entries = [agent.history_entry(2, 0, 1, 0, 0, self.owner.kid, cose.id_of(claim)),
                       agent.history_entry(1, 0, 1, 0, claims_of[o.PAIR][2], self.owner.kid, claims_of[o.PROFILE_ID])]
            start = {0: [0, agent.history_start(signing, 0)]}
            self.assertEqual(body[-70021], agent.fold(start, entries))


if __name__ == '__main__':
    unittest.main()
