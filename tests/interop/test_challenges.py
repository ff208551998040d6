# SPDX-License-Identifier: Apache-2.0
"""Challenges, one way of being wrong at a time and at random: agent and model agree, and the nonce is the one that follows. EVID-03, EVID-05, T07."""

import os
import random
import unittest

import agent
import cose
import objects as o
import smp
from cbor_strict import decode, encode
from lab import Bench
from test_trust import Case

COUNT = int(os.environ.get('CHALLENGE_COUNT', '20000' if os.environ.get('IMPRINT_SOAK') else '2000'))


class Challenges(Case):
    def setUp(self):
        super().setUp()
        self.klass = {o.HWMODEL: self.device.hwmodel}

    def challenge(self, keys=None, grant=None, fields=None, wrong=None, **parts):
        body = {**o.challenge(parts.pop('target', self.me), **parts), **(fields or {})}
        return o.sign('challenge', {k: v for k, v in body.items() if v is not None}, keys or [self.owner],
                      **{'un': {} if grant is None else {13: grant}, **(wrong or {})})

    def answers(self, good, item, name=None):
        model, device = self.bench.asked(item)
        with self.subTest(name=name):
            self.assertEqual(device, model)
            self.assertEqual(device != 'challenge', good)
            self.assertFalse(self.probe.changed)

    def test_by_the_owner(self):
        other = {o.UEID: b'\3' + bytes(14)}
        for good, name, item in (
                (True, 'this device', self.challenge()),
                (True, 'its class', self.challenge(target=self.klass)),
                (True, 'its class, with the maker', self.challenge(target={**self.klass, o.OEMID: 32473})),
                (False, 'another device', self.challenge(target=other)),
                (False, 'another class', self.challenge(target={o.HWMODEL: b'x'})),
                (False, 'another sealing key', self.challenge(target={**self.me, o.SEALING_KID: bytes(32)})),
                (False, 'a stranger', self.challenge([self.a])),
                (False, 'in the name of the owner', self.challenge([self.a], wrong={'issuer': self.owner.kid, 'many': True})),
                (False, 'owner-epoch 2', self.challenge(epochs=(2, 0))),
                (False, 'owner-epoch 0', self.challenge(epochs=(0, 0))),
                (False, 'domain-epoch 1', self.challenge(epochs=(1, 1))),
                (False, 'a domain', self.challenge(domain=1)),
                (False, 'domain 0', self.challenge(domain=0)),
                (False, 'a grant', self.challenge(grant=self.grant(self.owner), domain=1)),
                (False, 'a grant without a domain', self.challenge(grant=self.grant(self.a))),
                (False, 'beacon of 31', self.challenge(fields={8: bytes(31)})),
                (False, 'no beacon', self.challenge(fields={8: None})),
                (False, 'a field more', self.challenge(fields={3: 1})),
                (False, 'version 2', self.challenge(fields={1: 2})),
                (False, 'Sign where none is asked', self.challenge(wrong={'many': True})),
                (False, 'an approver where none is asked', self.challenge([self.owner, self.a])),
                (False, 'spoilt', self.challenge(wrong={'signature': bytes(64)})),
                (False, 'ES384', self.challenge(wrong={'alg': -35})),
                (False, 'of another kind', o.sign('grant', o.challenge(self.me), [self.owner])),
                (False, 'a command', self.fleet.command(o.LOCK)),
                (False, 'a leaf', self.challenge(wrong={'un': {-70030: b'x', -70031: b'x'}})),
                (False, 'no COSE', b'\xa0'),
                (False, 'nothing', b''),
        ):
            self.answers(good, item, name)

    def test_by_an_authority(self):
        a, b = self.a, self.b
        self.same('applied', self.fleet.command(o.FLOOR, argument={2: 3}))
        deep = self.grant(b, keys=[a], parent=self.grant(a, depth=1))
        for good, name, item in (
                (True, 'its domain', self.challenge([a], self.grant(a), domain=1)),
                (True, 'whatever it may write', self.challenge([a], self.grant(a, sequences=(5, 5), objects={9: []}), domain=1)),
                (True, 'a second link', self.challenge([b], deep, domain=1)),
                (True, 'at the floor', self.challenge([a], self.grant(a, domain=2, epochs=(1, 3)), domain=2, epochs=(1, 3))),
                (True, 'above it', self.challenge([a], self.grant(a, domain=2, epochs=(1, 4)), domain=2, epochs=(1, 4))),
                (False, 'below it', self.challenge([a], self.grant(a, domain=2, epochs=(1, 2)), domain=2, epochs=(1, 2))),
                (False, 'no grant', self.challenge([a], domain=1)),
                (False, 'no domain', self.challenge([a], self.grant(a))),
                (False, 'another domain', self.challenge([a], self.grant(a, domain=2, epochs=(1, 3)), domain=1)),
                (False, 'epochs not of the grant', self.challenge([a], self.grant(a), domain=1, epochs=(1, 1))),
                (False, 'a device not in the grant', self.challenge([a], self.grant(a, targets=[{o.HWMODEL: b'x'}]), domain=1)),
                (False, 'held by another', self.challenge([b], self.grant(a), domain=1)),
                (False, 'without depth', self.challenge([b], self.grant(b, keys=[a], parent=self.grant(a)), domain=1)),
                (False, 'grant by a stranger', self.challenge([a], self.grant(a, keys=[b]), domain=1)),
                (False, 'grant spoilt', self.challenge([a], self.grant(a, wrong={'signature': bytes(64)}), domain=1)),
        ):
            self.answers(good, item, name)

    def test_approvals(self):
        a, b, c = self.a, self.b, self.c
        asked = self.grant(a, approval=(1, [b, c]))
        for good, keys in ((True, [a, b]), (True, [a, c]), (False, [a]), (False, [a, b, c]), (False, [b, c])):
            self.answers(good, self.challenge(keys, asked, domain=1, wrong={'issuer': a.kid, 'many': True}), keys)
        self.fresh(approval=(1, [b]))
        self.answers(False, self.challenge(), 'the owner alone')
        self.answers(True, self.challenge([self.owner, b]), 'and its approver')

    def test_nobody_asks_a_device_that_nobody_owns(self):
        self.probe.new_device(self.device.ueid)
        self.bench = Bench(self.probe)
        self.answers(False, self.challenge())

    def test_policy_bit_1_asks_for_one(self):
        """Evidence, card and history; the card answers under the same nonce; a decommissioned device does, too."""
        client, r = self.bench.client, os.urandom(16)
        self.same('applied', self.fleet.command(o.POLICY, sequence=1, argument=2))
        good, bad = (encode(self.challenge(keys)) for keys in ([self.owner], [self.a]))
        for ask in (lambda **by: client.attest(**by), lambda **by: client.enroll(**by), lambda **by: client.history(**by)):
            for by in ({'challenge': bad, 'r': r}, {'nonce': bytes(32)}, {'r': r}):
                with self.assertRaises(smp.Refused) as caught:
                    ask(**by)
                self.assertEqual(agent.REASONS[caught.exception.code], 'challenge')
        for by in ({'challenge': good}, {'challenge': good, 'r': r, 'nonce': bytes(32)}):
            with self.assertRaises(smp.Refused) as caught:
                client.attest(**by)
            self.assertEqual(agent.REASONS[caught.exception.code], 'challenge')
        self.assertEqual(client.history(challenge=good)['total'], 2)
        nonce = agent.nonce_of(decode(decode(good).value[2])[8], self.device.ueid, r)
        card = o.verified_body(decode(client.enroll(challenge=good, r=r)), 'card')
        self.assertEqual(card[10], nonce)
        self.same('applied', self.fleet.command(o.DECOMMISSION, sequence=2))
        self.answers(True, good, 'for good')

    def test_at_random(self):
        draw = random.Random(7)
        self.same('applied', self.fleet.command(o.FLOOR, argument={2: 2}))
        keys = [self.owner, self.a, self.b]
        tally = {True: 0, False: 0}
        for number in range(COUNT):
            domain, epochs = draw.choice((None, None, 1, 2)), (1, draw.choice((0, 0, 2, 3)))
            by = draw.choice(keys[:1] if domain is None and draw.random() < .8 else keys[1:])
            grant = None
            if domain is not None or draw.random() < .1:
                grant = self.grant(draw.choice((by, by, by, self.b)), domain=draw.choice((domain or 1, domain or 1, 1, 2)),
                                   epochs=draw.choice((epochs, epochs, (1, 0))), keys=[draw.choice((self.owner, self.owner, self.owner, self.a))])
            item = self.challenge([by], grant, target=draw.choice((self.me, self.klass, {o.HWMODEL: b'x'}, self.me)), domain=domain,
                                  epochs=epochs if domain or draw.random() < .1 else (1, 0))
            data = encode(item)
            if draw.random() < .2:
                at = draw.randrange(len(data))
                data = data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1:]
            model, device = self.bench.asked(data)
            self.assertEqual(device, model, (number, data.hex()))
            tally[device != 'challenge'] += 1
        self.assertGreater(min(tally.values()), COUNT / 10, tally)


if __name__ == '__main__':
    unittest.main()
