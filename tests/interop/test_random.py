# SPDX-License-Identifier: Apache-2.0
"""A stream of random objects, valid and mutated, to devices and their models: verdicts and states agree."""

import contextlib
import os
import pathlib
import random
import tempfile
import unittest

import agent
import cose
import objects as o
from cbor_strict import Raw, decode, encode
from lab import Lab

STEPS = int(os.environ.get('INTEROP_STEPS', '250'))
P256_PRIME = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffff
P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
SEED = int(os.environ.get('INTEROP_SEED', '20'))


# Settings of every type, as the simulated board takes them.
TAKEN = {10: ((0, 'text'), (1, -5), (8, None), (9, b'\1\2'), (13, 1)),
         11: ((0, 'text'), (2, True), (4, 3), (8, {0: 'x', 7: 'y'}), (30, {0: 1, 7: -5}))}


class Stream:
    """Draws the next object from what the model knows of the device."""

    def __init__(self, bench, draw):
        self.bench, self.draw = bench, draw
        self.fleet, self.device, self.model = bench.fleet, bench.device, bench.model
        self.fleet.owner = cose.Key.make(draw.choice((cose.P256, cose.ED25519)))
        self.approvers = [cose.Key.make(draw.choice((cose.P256, cose.ED25519))) for _ in range(3)]
        self.asked = draw.choice((0, 0, 1, 2))
        self.sent, self.pending = [], {}

    def keys(self):
        """Usually the right signers; now and then too few, too many or foreign."""
        right = [self.fleet.owner, *self.draw.sample(self.approvers, self.asked)]
        return self.draw.choice([right] * 12 + [[self.fleet.stranger], [self.fleet.owner, self.fleet.stranger],
                                                right[:1], [self.fleet.owner, *self.approvers]])

    def owner_epoch(self):
        return (self.model.owner_epoch or 1) + self.draw.choice([0] * 9 + [1])

    def near(self, value, low=0):
        return min(o.U63, max(low, value + self.draw.choice((0, 1, 1, 1, 1, 2, -1))))

    def target(self):
        me = {o.UEID: self.device.ueid}
        kind = {o.HWMODEL: self.device.hwmodel, o.OEMID: self.device.oemid}
        return self.draw.choice([me] * 8 + [{**me, **kind}, {**me, o.SEALING_KID: self.device.sealing.kid}, kind,
                                            {o.UEID: b'\3' + bytes(14)}, {**me, o.HWMODEL: b'x'}])

    def claim(self):
        approval = (self.asked, self.approvers) if self.asked else None
        body = o.claim(self.target(), self.fleet.owner, self.draw.choice((0, 0, 0, 1)), approval)
        return o.sign('transfer', body, self.keys(), issuer=self.fleet.owner.kid)

    def transfer(self):
        """To a new owner or the same one, mostly as the device wants it; now and then as a recovery, which it has no maker for."""
        new = self.draw.choice((cose.Key.make(), cose.Key.make(cose.ED25519), self.fleet.owner))
        asked = self.draw.choice((0, 0, 1, 2))
        body = o.transfer(self.device.ueid, new, self.near(self.model.owner_epoch), self.model.record or bytes(32),
                          policy=self.draw.choice((0, 1)), approval=(asked, self.approvers) if asked else None,
                          kept=self.draw.choice((None, [], [1], [0, 2, 15])),
                          nonce=self.draw.choice((None,) * 5 + (bytes(16),)))
        body[4] = self.target()
        keys = {k.kid: k for k in [*self.keys(), new, *self.draw.sample(self.approvers, asked)]}
        item = o.sign('transfer', body, list(keys.values()), issuer=self.fleet.owner.kid)
        self.pending[cose.id_of(item)] = (new, asked)
        return item

    def profile(self):
        number = self.draw.choice((0, 0, 1, 2, 3, 4, 15))
        domain = self.model.domain(number)
        settings = {}
        for _ in range(self.draw.randrange(4)):
            obj, instance = self.draw.choice(((10, 0), (11, 0), (11, 1), (11, 2)))
            settings.setdefault(obj, {})[instance] = dict([self.draw.choice(TAKEN[obj])])
        body = o.profile(
            self.device.ueid, self.near(domain.sequence, 1), settings, domain=number,
            epochs=(self.owner_epoch(), self.draw.choice([domain.epoch] * 5 + [self.near(domain.epoch)])),
            replaces=self.draw.choice([None, None, None, domain.id, bytes(32)]),
            label=self.draw.choice((None, 'a label')), target=self.draw.choice(({}, {}, {o.HWMODEL: self.device.hwmodel})))
        return o.sign('profile', body, self.keys())

    def command(self):
        op = self.draw.choice((o.LOCK, o.FLOOR, o.WIPE, o.POLICY) * 5 + (o.DECOMMISSION,))
        domain = self.draw.choice((0, 1, 2, 3, 4, 15))
        argument = {o.FLOOR: {domain: self.near(self.model.domain(domain).epoch)},
                    o.WIPE: sorted({domain, self.draw.randrange(16)}), o.POLICY: self.draw.choice((0, 1))}.get(op)
        sequence = None if op in (o.LOCK, o.FLOOR) else self.near(self.model.domain(0).sequence, 1)
        body = o.command(op, self.target(), sequence, argument, self.owner_epoch())
        return o.sign('command', body, self.keys())

    def mutate_map(self, signed):
        """Change one thing in the payload and sign again, so that only the form can be wrong."""
        body = decode(signed.value[2])
        key = self.draw.choice(list(body))
        change = self.draw.choice(('drop', 'value', 'add', 'raw'))
        if change == 'drop':
            del body[key]
        elif change == 'value':
            body[key] = self.draw.choice((0, -1, 2 ** 32, 2 ** 63 - 1, b'', bytes(16), bytes(32), '', None, [], {}, True))
        elif change == 'add':
            body[self.draw.choice((0, 7, 11, 13, 99, -1, 'x'))] = 1
        else:
            body[key] = Raw(self.draw.choice((b'\x18\x01', b'\xf9\x3c\x00', b'\x9f\xff', b'\x1b' + b'\xff' * 8)))
        kind = {cose.typ(k): k for k in ('profile', 'command', 'transfer')}[decode(signed.value[0])[16]]
        return o.sign(kind, body, [self.fleet.owner, *self.approvers[:self.asked]])

    def seal(self, signed):
        try:
            claims = o.outer_claims(signed)
        except (LookupError, TypeError, ValueError):
            claims = {o.UEID: self.device.ueid, o.PROFILE_ID: cose.id_of(signed), o.ISSUER_KID: self.fleet.owner.kid,
                      o.DOMAIN: 0, o.PAIR: [1, 0, 1]}
        if self.draw.random() < 0.05:
            field = self.draw.choice(list(claims))
            claims[field] = self.draw.choice((0, bytes(32), [1, 0, 7], self.device.ueid))
        return self.fleet.seal(signed, claims=claims)

    def damage(self, raw):
        raw = bytearray(raw)
        at = self.draw.randrange(len(raw))
        change = self.draw.choice(('flip', 'flip', 'flip', 'cut', 'insert', 'append'))
        if change == 'flip':
            raw[at] ^= 1 << self.draw.randrange(8)
        elif change == 'cut':
            del raw[at:]
        elif change == 'insert':
            raw.insert(at, self.draw.randrange(256))
        else:
            raw.append(0)
        return bytes(raw) or b'\0'

    def next(self):
        if self.sent and self.draw.random() < 0.12:
            return self.draw.choice(self.sent)
        if self.model.record in self.pending:
            self.fleet.owner, self.asked = self.pending.pop(self.model.record)
        kind = self.draw.choice(('profile',) * 12 + ('command',) * 6 + ('claim',) * 2 + ('transfer',) * 2)
        if self.model.owner is None:
            kind = self.draw.choice(('claim', 'claim', kind))
        signed = getattr(self, kind)()
        if self.draw.random() < 0.15:
            signed = self.mutate_map(signed)
        raw = encode(self.seal(signed) if kind == 'profile' else signed)
        if self.draw.random() < 0.2:
            return self.damage(raw)
        self.sent = self.sent[-30:] + [raw]
        return raw


class Agreement(unittest.TestCase):
    def run_stream(self, bench, seed, tally):
        draw = random.Random(seed)
        stream = Stream(bench, draw)
        for step in range(STEPS):
            raw = stream.next()
            model, device = bench.both(raw, draw.choice((100, 700, 1500)))
            tally[device[0]] = tally.get(device[0], 0) + 1
            self.assertEqual(device, model, f'seed {seed} step {step}: {raw.hex()}')
            if step % 16 == 0:
                self.assertEqual(*bench.state()[::-1], f'seed {seed} step {step}')
            if bench.model.dead and draw.random() < 0.1:
                break

    def test_random_objects(self):
        tally = {}
        with Lab(8) as lab:
            for number in range(1, 9):
                bench = lab.bench(number, framing=('cobs', 'console')[number % 2])
                with self.subTest(device=number):
                    self.run_stream(bench, SEED * 100 + number, tally)
                bench.client.close()
        missing = {'applied', 'again', *agent.NUMBERS} - {'storage', 'challenge'} - tally.keys()
        self.assertFalse(missing, tally)


@contextlib.contextmanager
def board_of(maker):
    """A device with the maker's key in its firmware."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, 'maker.pub')
        path.write_bytes(maker.public_pem())
        with Lab(1, '--maker', path) as lab:
            bench = lab.bench(1, maker=maker)
            yield bench
            bench.client.close()


class Maker(unittest.TestCase):
    """A key built into the firmware signs the claim, too."""

    def run_claims(self, maker, owner, cases):
        with board_of(maker) as bench:
            for verdict, keys in cases:
                body = o.claim({o.UEID: bench.device.ueid}, owner)
                model, device = bench.both(o.sign('transfer', body, keys, issuer=owner.kid))
                self.assertEqual(device, model)
                self.assertEqual(device[0], verdict)

    def test_both_sign(self):
        owner, other = cose.Key.make(), cose.Key.make()
        for maker in (cose.Key.make(), cose.Key.make(cose.ED25519)):
            self.run_claims(maker, owner, (('approval', [owner]), ('approval', [maker]), ('approval', [owner, other]),
                                           ('approval', [owner, maker, other]), ('applied', [owner, maker])))

    def test_the_maker_as_owner_signs_once(self):
        maker = cose.Key.make()
        self.run_claims(maker, maker, (('approval', [maker, cose.Key.make()]), ('applied', [maker])))


class Recovery(unittest.TestCase):
    """The maker takes a device from an owner that let it, with the nonce that the device tells, and nothing else."""

    def test_recovery(self):
        maker, lost, new = cose.Key.make(), cose.Key.make(), cose.Key.make(cose.ED25519)
        with board_of(maker) as bench:
            bench.fleet.owner = lost
            self.agree(bench, 'applied', o.sign('transfer', o.claim({o.UEID: bench.device.ueid}, lost), [lost, maker]))
            self.agree(bench, 'scope', self.recovery(bench, new, bytes(16), maker))
            self.agree(bench, 'applied', bench.fleet.command(o.POLICY, 1, 1))
            self.agree(bench, 'replaced-id', self.recovery(bench, new, bytes(16), maker))
            stale = self.recovery(bench, new, bench.model.recovery, maker)
            self.agree(bench, 'applied', bench.fleet.command(o.POLICY, 2, 1))
            self.agree(bench, 'replaced-id', stale)
            self.agree(bench, 'approval', self.recovery(bench, new, bench.model.recovery, maker, [maker]))
            good = self.recovery(bench, new, bench.model.recovery, maker)
            self.agree(bench, 'applied', good)
            self.agree(bench, 'again', good)
            self.agree(bench, 'epoch', stale)
            self.agree(bench, 'epoch', bench.fleet.command(o.POLICY, 3, 0))

    @staticmethod
    def recovery(bench, new, nonce, maker, keys=None):
        body = o.transfer(bench.device.ueid, new, bench.model.owner_epoch + 1, bench.model.record, nonce=nonce, policy=0)
        return o.sign('transfer', body, keys or [maker, new], issuer=maker.kid)

    def agree(self, bench, verdict, item):
        model, device = bench.both(item)
        self.assertEqual(device, model)
        self.assertEqual(device[0], verdict)


def damaged(raw):
    """Each byte with one bit flipped, each truncation, each insertion of a byte."""
    for at in range(len(raw)):
        yield f'flip {at}', raw[:at] + bytes([raw[at] ^ 1 << at % 8]) + raw[at + 1:]
        yield f'cut {at}', raw[:at]
        yield f'insert {at}', raw[:at] + b'\x41' + raw[at:]


class Flips(unittest.TestCase):
    """BITFLIP: nothing damaged is applied, and each gets the model's reason."""

    def setUp(self):
        lab = Lab(1)
        lab.__enter__()
        self.addCleanup(lab.__exit__)
        self.bench = lab.bench(1)
        self.addCleanup(self.bench.client.close)

    def agreed(self, raw, name=''):
        model, device = self.bench.both(raw)
        self.assertEqual(device, model, f'{name} of {raw.hex()}')
        return device[0]

    def test_damaged_claim_and_package(self):
        claim = encode(self.bench.fleet.claim())
        for raw in (claim, encode(self.bench.fleet.package(1))):
            for name, bad in damaged(raw):
                if bad:
                    self.assertNotIn(self.agreed(bad, name), ('applied', 'again'), name)
            if raw is claim:
                self.assertEqual(self.agreed(raw), 'applied')
        self.assertEqual(*self.bench.state())

    def test_two_changes_make_no_other_object(self):
        """The epk's other y gives the same shared x; n - s is the same signature."""
        self.bench.fleet.owner = cose.Key.make()
        claim = self.bench.fleet.claim()
        signature = claim.value[3][0][2]
        other_s = P256_ORDER - int.from_bytes(signature[32:], 'big')
        claim.value[3][0][2] = signature[:32] + other_s.to_bytes(32, 'big')
        self.assertEqual(self.agreed(encode(claim)), 'applied')
        claim.value[3][0][2] = signature
        self.assertEqual(self.agreed(encode(claim)), 'again')
        package = self.bench.fleet.package(1)
        epk = package.value[3][0][1][-1]
        ephemeral = self.bench.device.ephemerals[encode(epk)]
        epk[-3] = (P256_PRIME - int.from_bytes(epk[-3], 'big')).to_bytes(32, 'big')
        self.bench.device.ephemerals[encode(epk)] = ephemeral
        self.assertEqual(self.agreed(encode(package)), 'applied')
        self.assertEqual(*self.bench.state())


if __name__ == '__main__':
    unittest.main()
