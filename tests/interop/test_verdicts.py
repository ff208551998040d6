# SPDX-License-Identifier: Apache-2.0
"""The device's verdict on each way of being wrong is the model's, and the one written here."""

import unittest

from cryptography.hazmat.primitives.keywrap import aes_key_wrap_with_padding

import agent
import cose
import objects as o
import smp
from cbor_strict import Pairs, Tag, encode
from fixtures import settings
from lab import LabCase


class Verdicts(LabCase):
    COUNT = 16

    def setUp(self):
        super().setUp()
        self.fleet, self.device = self.bench.fleet, self.bench.device
        self.me = {o.UEID: self.device.ueid}

    def same(self, verdict, item, name=None):
        """Model and device agree on verdict and state, and the verdict is the one given."""
        model, device = self.bench.both(item)
        with self.subTest(name=name):
            self.assertEqual(device, model)
            self.assertEqual(device[0], verdict)

    def claimed(self, **parts):
        self.same('applied', self.fleet.claim(**parts), 'claim')

    def transfer(self, keys=None, wrong=None, **parts):
        """A claim with fields of its map replaced (None: taken out)."""
        body = {**o.claim(self.me, self.fleet.owner), **parts.pop('fields', {})}
        return o.sign('transfer', {k: v for k, v in body.items() if v is not None}, keys or [self.fleet.owner],
                      **(wrong or {}), **parts)

    def profile(self, sequence, body=None, seal=None, keys=None, **wrong):
        """A package whose profile has fields replaced by number, and the sealing parts of `seal`."""
        fields = {**o.profile(self.device.ueid, sequence, {}), **(body or {})}
        signed = o.sign('profile', {k: v for k, v in fields.items() if v is not None},
                        keys or [self.fleet.owner], **wrong)
        return self.fleet.seal(signed, **(seal or {}))

    def command(self, op, fields=None, keys=None, sequence=None, argument=None, **wrong):
        body = {**o.command(op, self.me, sequence, argument), **(fields or {})}
        return o.sign('command', {k: v for k, v in body.items() if v is not None}, keys or [self.fleet.owner], **wrong)

    def test_an_unowned_device_takes_nothing_but_a_claim(self):
        self.same('state', self.profile(1))
        self.same('state', self.command(o.LOCK))
        self.same('state', self.command(o.FLOOR, argument={1: 2}))
        self.same('state', self.command(o.FLOOR, argument={1: 0}))
        self.same('state', self.command(o.WIPE, sequence=3, argument=[1]))
        self.assertEqual(*self.bench.state())

    def test_claims(self):
        owner, stranger = self.fleet.owner, self.fleet.stranger
        fields, keys = {}, [cose.Key.make() for _ in range(8)]
        public = [k.public for k in keys]
        for verdict, name, item in (
                ('epoch', 'epoch 2', self.fleet.claim(epoch=2)),
                ('replaced-id', 'previous record', self.fleet.claim(previous=b'\1' * 32)),
                ('state', 'a transfer', self.transfer(fields={3: 2, 8: b'\1' * 32})),
                ('state', 'a transfer that keeps', self.transfer(fields={3: 2, 8: b'\1' * 32, 9: [1]})),
                ('state', 'recovery', self.transfer(fields={3: 2, 8: b'\1' * 32, 11: bytes(16)})),
                ('malformed', 'recovery nonce', self.transfer(fields={11: bytes(16)})),
                ('scope', 'issuer is not the owner', self.transfer(issuer=stranger.kid)),
                ('approval', 'foreign signature', self.transfer([stranger], issuer=owner.kid)),
                ('approval', 'extra signature', self.transfer([owner, stranger])),
                ('approval', 'Sign1', cose.sign_one('transfer', encode(o.claim(self.me, owner)), owner)),
                ('malformed', 'sealing key as owner', self.transfer(fields={5: cose.Key.make(cose.X25519).public})),
                ('malformed', 'kept domains', self.transfer(fields={9: [1]})),
                ('malformed', 'unknown field', self.transfer(fields={12: 1})),
                ('malformed', 'policy 4', self.transfer(fields={7: 4})),
                ('malformed', 'policy -1', self.transfer(fields={7: -1})),
                ('malformed', 'no policy', self.transfer(fields={7: None})),
                ('malformed', 'version 2', self.transfer(fields={1: 2})),
                ('malformed', 'short previous', self.transfer(fields={8: bytes(31)})),
                ('malformed', 'empty target', self.transfer(fields={4: {}})),
                ('not-for-me', 'other device', self.transfer(fields={4: {o.UEID: b'\3' + bytes(14)}})),
                ('not-for-me', 'other class', self.transfer(fields={4: {o.HWMODEL: b'other'}})),
                ('not-for-me', 'wrong class', self.transfer(fields={4: {**self.me, o.HWMODEL: b'other'}})),
                ('not-for-me', 'wrong maker', self.transfer(fields={4: {**self.me, o.OEMID: 1}})),
                ('not-for-me', 'wrong sealing kid', self.transfer(fields={4: {**self.me, o.SEALING_KID: bytes(32)}})),
                ('malformed', 'a grant', self.transfer(un={13: o.sign('grant', fields, [owner])})),
                ('malformed', 'unknown header', self.transfer(un={99: 1})),
                ('signature', 'EdDSA by an ES256 key', self.transfer(wrong={'alg': -8})),
                ('unsupported', 'ES384', self.transfer(wrong={'alg': -35})),
                ('malformed', 'approval twice the same', self.transfer([owner, keys[0]], fields={6: [1, public[:1] * 2]})),
                ('malformed', 'approval 2 of 1', self.transfer([owner, *keys[:2]], fields={6: [2, public[:1]]})),
                ('malformed', 'approval 0 of 1', self.transfer(fields={6: [0, public[:1]]})),
                ('malformed', 'approval 8 of 8', self.transfer([owner, *keys[:7]], fields={6: [7, public]})),
                ('approval', 'too few', self.transfer(fields={6: [1, public[:1]]})),
                ('approval', 'too many', self.transfer([owner, *keys[:2]], fields={6: [1, public[:2]]})),
                ('approval', 'without the owner', self.transfer(keys[:2], issuer=owner.kid, fields={6: [1, public[:2]]})),
                ('approval', 'the same twice', self.transfer([owner, keys[0], keys[0]], fields={6: [2, public[:2]]})),
                ('malformed', 'nine signatures', self.transfer([owner, *keys], fields={6: [7, public[:7]]})),
                ('approval', 'the owner approves itself', self.transfer(fields={6: [1, [owner.public]]})),
                ('malformed', 'signatures descend', self.transfer(
                    sorted([owner, *keys[:2]], key=lambda k: k.kid)[::-1], issuer=owner.kid,
                    fields={6: [2, public[:2]]}, unsorted=True)),
        ):
            self.same(verdict, item, name)
        none = self.transfer()
        none.value[3] = []
        self.same('malformed', none, 'no signature')
        self.assertEqual(*self.bench.state())
        claim = self.transfer(fields={4: {o.HWMODEL: self.device.hwmodel}})
        self.same('applied', claim)
        self.same('again', claim)
        self.same('state', self.fleet.claim(policy=1))

    def test_transfers(self):
        owner, stranger = self.fleet.owner, self.fleet.stranger
        public = [cose.Key.make().public for _ in range(2)]
        self.claimed()
        self.same('applied', self.profile(3), 'profile')
        next_one = {3: 2, 5: stranger.public, 8: self.bench.model.record}
        for verdict, name, keys, fields in (
                ('malformed', 'a class', (), {4: {o.HWMODEL: self.device.hwmodel}}),
                ('malformed', 'kept domain 16', (), {9: [16]}),
                ('malformed', 'kept domain twice', (), {9: [1, 1]}),
                ('malformed', 'kept domains descend', (), {9: [2, 1]}),
                ('malformed', 'kept domains no list', (), {9: 1}),
                ('malformed', 'short nonce', (), {11: bytes(15)}),
                ('malformed', 'long nonce', (), {11: bytes(17)}),
                ('malformed', 'sealing key as owner', (), {5: cose.Key.make(cose.X25519).public}),
                ('malformed', 'unknown field', (), {10: 'x'}),
                ('malformed', 'epoch of 33 bits', (), {3: 2 ** 32}),
                ('not-for-me', 'other device', (), {4: {o.UEID: b'\3' + bytes(14)}}),
                ('not-for-me', 'other class', (), {4: {**self.me, o.HWMODEL: b'other'}}),
                ('state', 'a claim', (), {3: 1}),
                ('state', 'no previous record', (), {8: bytes(32)}),
                ('epoch', 'epoch 3', (), {3: 3}),
                ('epoch', 'the last epoch', (), {3: 2 ** 32 - 1}),
                ('epoch', 'epoch 0', (), {3: 0}),
                ('replaced-id', 'another record', (), {8: b'\1' * 32}),
                ('scope', 'recovery without a maker', (), {11: bytes(16)}),
                ('approval', 'the new owner alone', [stranger], {}),
                ('approval', 'the old owner alone', [owner], {}),
                ('approval', 'a foreign key, too', [owner, stranger, cose.Key.make()], {}),
                ('approval', 'an approver too few', (), {6: [1, public]}),
        ):
            item = self.transfer(keys or [owner, stranger], fields={**next_one, **fields}, issuer=owner.kid)
            self.same(verdict, item, name)
        self.same('scope', self.transfer([owner, stranger], fields=next_one, issuer=stranger.kid), 'by the new owner')
        self.assertEqual(*self.bench.state())
        good = self.transfer([owner, stranger], fields={**next_one, 9: []}, issuer=owner.kid)
        self.same('applied', good)
        self.same('again', good)
        self.same('epoch', self.profile(4), 'what the old owner signed')
        self.fleet.owner = stranger
        self.same('applied', self.profile(1, {9: [2, 0]}), 'what the new owner signed')
        again = {3: 3, 5: stranger.public, 8: self.bench.model.record, 9: [0, 7]}
        self.same('applied', self.transfer([stranger], fields=again), 'to oneself')
        self.same('epoch', good, 'the transfer before')
        self.assertEqual(*self.bench.state())

    def test_what_is_no_object_for_a_device(self):
        """COSE-05, 07 to 11, 13, 16 and 17 on a device."""
        owner = self.fleet.owner
        for verdict, name, item in (
                ('unsupported', 'evidence', o.sign('evidence', {}, [owner])),
                ('unsupported', 'a bare profile', o.sign('profile', o.profile(self.device.ueid, 1, {}), [owner])),
                ('unsupported', 'foreign typ', o.sign('x', {}, [owner], typ='text/plain')),
                ('unsupported', 'typ a number', o.sign('x', {}, [owner], typ=18)),
                ('unsupported', 'typ of bytes', o.sign('x', {}, [owner], typ=b'x')),
                ('unsupported', 'a package in Sign1', o.sign('package', {}, [owner])),
                ('unsupported', 'a grant', o.sign('grant', {}, [owner])),
                ('unsupported', 'a challenge', o.sign('challenge', {}, [owner])),
                ('unsupported', 'a batch', o.sign('batch', {}, [owner])),
                ('malformed', 'a batch of no leaf', o.sign('batch', {}, [owner], un={-70030: b'', -70031: b''})),
                ('malformed', 'no typ', o.sign('x', {}, [owner], protected={1: -7, 4: owner.kid})),
                ('malformed', 'no kid', o.sign('x', {}, [owner], protected={1: -7, 16: cose.typ('command')})),
                ('malformed', 'crit', o.sign('x', {}, [owner], protected={1: -7, 2: [1], 4: owner.kid, 16: ''})),
                ('malformed', 'no tag', encode(o.sign('command', {}, [owner]).value)),
                ('malformed', 'tag 17', o.sign('command', {}, [owner], tag=17)),
                ('malformed', 'tag 16', Tag(16, [b'', {}, b''])),
                ('malformed', 'two tags', Tag(61, o.sign('command', {}, [owner]))),
                ('malformed', 'detached', o.sign('command', {}, [owner], payload_sent=None)),
                ('malformed', 'trailing byte', encode(self.fleet.claim()) + b'\0'),
                ('malformed', 'zeros', bytes(self.device.object_max)),
                ('too-big', 'one byte more', bytes(self.device.object_max + 1)),
        ):
            self.same(verdict, item, name)
        for size in (0, 63, 65):
            self.same('malformed', o.sign('command', {}, [owner], signature=bytes(size)), f'signature {size}')

    def test_cose_headers_and_signatures_on_a_device(self):
        """COSE-01 to 04, 06, 12, 14 and 15 on a device: each signature is good over the bytes that are sent."""
        self.claimed()
        owner = self.fleet.owner
        header = {1: -7, 4: owner.kid, 16: cose.typ('command')}
        rest = {k: v for k, v in header.items() if k != 1}
        kid, typ = encode(owner.kid), encode(header[16])

        def lock(**wrong):
            return self.command(o.LOCK, **wrong)

        for verdict, name, item in (
                ('malformed', 'COSE-01', lock(protected=rest, un={1: -7})),
                ('malformed', 'COSE-02', lock(protected=rest)),
                ('unsupported', 'COSE-03', lock(alg=-999)),
                ('unsupported', 'COSE-03 content', lock(alg=3)),
                ('unsupported', 'COSE-03 text', lock(alg='unknown')),
                ('signature', 'COSE-04', lock(alg=-19)),
                ('malformed', 'COSE-06 protected', lock(protected_raw=encode(Pairs([(1, -7), (1, -7), *rest.items()])))),
                ('malformed', 'COSE-06 unprotected', lock(un=Pairs([(99, 1), (99, 1)]))),
                ('malformed', 'COSE-06 both', lock(un={1: -7})),
                ('malformed', 'COSE-14 order', lock(protected_raw=b'\xa3\x04' + kid + b'\x01\x26\x10' + typ)),
                ('malformed', 'COSE-14 long', lock(protected_raw=b'\xa3\x01\x38\x06\x04' + kid + b'\x10' + typ)),
                ('malformed', 'COSE-14 open', lock(protected_raw=b'\xbf\x01\x26\x04' + kid + b'\x10' + typ + b'\xff')),
                ('malformed', 'kid of 31 bytes', lock(kid=owner.kid[:31])),
                ('malformed', 'kid of 33 bytes', lock(kid=owner.kid + b'\0')),
                ('malformed', 'COSE-16', lock(protected={**header, 33: b'certificate'})),
                ('malformed', 'COSE-16 unprotected', lock(un={33: b'certificate'})),
                ('malformed', 'COSE-16 a key', lock(un={-1: self.fleet.stranger.public})),
        ):
            self.same(verdict, item, name)
        for name, change in (('added', {99: 1}), ('removed', {16: None}), ('removed', {4: None})):
            item = lock()
            item.value[0] = encode({k: v for k, v in {**header, **change}.items() if v is not None})
            self.same('malformed', item, f'COSE-15 {name}')
        for size in (0, 1, 63, 65, 72):
            self.same('malformed', lock(signature=bytes(size)), f'COSE-11 {size}')
        for tag in (16, 17, 61, 96, 97):
            self.same('malformed', Tag(tag, self.command(o.LOCK, many=True).value), f'COSE-08 {tag}')
        r, s = (lambda sig: (sig[:32], sig[32:]))(lock().value[3])
        order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
        for name, bad in (('r = 0', bytes(32) + s), ('s = 0', r + bytes(32)), ('r = n', order.to_bytes(32, 'big') + s),
                          ('s = n', r + order.to_bytes(32, 'big')), ('swapped', s + r)):
            self.same('signature', lock(signature=bad), f'COSE-12 {name}')
        item = lock()
        item.value[3] = item.value[3][:32] + (order - int.from_bytes(item.value[3][32:], 'big')).to_bytes(32, 'big')
        self.same('applied', item, 'COSE-12 n - s')
        self.assertEqual(*self.bench.state())

    def test_commands(self):
        self.claimed()
        stranger = self.fleet.stranger
        self.same('applied', self.fleet.package(2))
        for verdict, name, item in (
                ('epoch', 'floor 0', self.command(o.FLOOR, argument={0: 1})),
                ('epoch', 'floor 0 unchanged', self.command(o.FLOOR, argument={0: 0})),
                ('epoch', 'floor 0 and 1', self.command(o.FLOOR, argument={0: 0, 1: 5})),
                ('applied', 'floor 1', self.command(o.FLOOR, argument={1: 5})),
                ('scope', 'floor lower by a stranger', self.command(o.FLOOR, argument={1: 4}, keys=[stranger])),
                ('again', 'floor lower', self.command(o.FLOOR, argument={1: 4})),
                ('epoch', 'floor lower, foreign epoch', self.command(o.FLOOR, {9: [7, 0]}, argument={1: 4})),
                ('scope', 'floor by a stranger', self.command(o.FLOOR, argument={1: 9}, keys=[stranger])),
                ('malformed', 'floor nothing', self.command(o.FLOOR, argument={})),
                ('malformed', 'floor a list', self.command(o.FLOOR, argument=[1])),
                ('malformed', 'floor without', self.command(o.FLOOR)),
                ('malformed', 'floor 2^32', self.command(o.FLOOR, argument={1: 2 ** 32})),
                ('malformed', 'floor domain 16', self.command(o.FLOOR, argument={16: 1})),
                ('too-big', 'floor more than the device holds', self.command(o.FLOOR, argument={3: 1, 4: 1, 5: 1})),
                ('epoch', 'foreign owner-epoch', self.command(o.LOCK, {9: [2, 0]})),
                ('malformed', 'domain-epoch 1', self.command(o.LOCK, {9: [1, 1]})),
                ('malformed', 'lock with a sequence', self.command(o.LOCK, sequence=5)),
                ('malformed', 'lock with an argument', self.command(o.LOCK, argument=1)),
                ('malformed', 'wipe a class', self.command(o.WIPE, {4: {o.HWMODEL: self.device.hwmodel}},
                                                           sequence=9, argument=[1])),
                ('malformed', 'wipe without a sequence', self.command(o.WIPE, argument=[1])),
                ('malformed', 'sequence 0', self.command(o.WIPE, {3: 0}, argument=[1])),
                ('malformed', 'wipe twice the same', self.command(o.WIPE, sequence=50, argument=[1, 1])),
                ('malformed', 'wipe nothing', self.command(o.WIPE, sequence=51, argument=[])),
                ('malformed', 'wipe domain 16', self.command(o.WIPE, sequence=51, argument=[16])),
                ('sequence', 'wipe, old sequence', self.command(o.WIPE, sequence=2, argument=[1])),
                ('malformed', 'op 9', self.command(9)),
                ('malformed', 'op 3', self.command(3)),
                ('malformed', 'op -1', self.command(-1)),
                ('malformed', 'policy 4', self.command(o.POLICY, sequence=50, argument=4)),
                ('malformed', 'no target', self.command(o.LOCK, {4: None})),
                ('approval', 'Sign where none is asked', self.command(o.LOCK, many=True)),
                ('approval', 'an approver where none is asked', self.command(o.LOCK, keys=[self.fleet.owner, stranger])),
                ('malformed', 'a grant', self.command(o.LOCK, un={13: o.sign('grant', {}, [stranger])})),
                ('signature', 'zeros', self.command(o.LOCK, signature=bytes(64))),
                ('signature', 'EdDSA by an ES256 key', self.command(o.LOCK, alg=-8)),
                ('applied', 'wipe an unused domain', self.command(o.WIPE, sequence=60, argument=[1])),
                ('applied', 'wipe 0', self.command(o.WIPE, sequence=61, argument=[0])),
                ('sequence', 'below the wipe', self.fleet.package(61)),
                ('applied', 'above it', self.fleet.package(62, replaces=self.bench.model.domains[0].id)),
                ('applied', 'ESP256', self.command(o.POLICY, sequence=63, argument=1, alg=-9)),
                ('sequence', 'policy again', self.command(o.POLICY, sequence=63, argument=0)),
                ('applied', 'a class is locked', self.command(o.LOCK, {4: {o.HWMODEL: self.device.hwmodel}})),
                ('scope', 'locked already, by a stranger', self.command(o.LOCK, keys=[stranger])),
                ('again', 'locked already', self.command(o.LOCK)),
        ):
            self.same(verdict, item, name)
        self.assertEqual(*self.bench.state())

    def test_policy_bit_1_asks_for_challenges(self):
        self.claimed(policy=2)
        self.assertEqual(set(self.bench.client.describe()), {'v', 'buf', 'framings'})
        for ask in (self.bench.client.attest, self.bench.client.enroll):
            with self.assertRaises(smp.Refused) as caught:
                ask(bytes(32))
            self.assertEqual(agent.REASONS[caught.exception.code], 'challenge')
        with self.assertRaises(smp.Refused) as caught:
            self.bench.client.history()
        self.assertEqual(agent.REASONS[caught.exception.code], 'challenge')
        lock = self.command(o.LOCK, {4: {o.HWMODEL: self.device.hwmodel}})
        self.same('applied', lock)
        self.same('again', lock, 'carries no evidence')
        self.same('again', self.command(o.LOCK), 'carries evidence')
        self.same('applied', self.command(o.POLICY, sequence=1, argument=0))
        self.assertEqual(*self.bench.state())

    def test_profiles(self):
        """ROLL-01 to 05; AGAIN-01."""
        self.claimed()
        owner, stranger = self.fleet.owner, self.fleet.stranger
        self.same('applied', self.command(o.FLOOR, argument={1: 5}))
        first = self.fleet.package(1)
        self.same('applied', first)
        self.same('again', first)
        grant = {13: o.sign('grant', {}, [owner])}
        for verdict, name, item in (
                ('sequence', 'the same sequence', self.profile(1)),
                ('epoch', 'owner-epoch 2', self.profile(9, {9: [2, 0]})),
                ('epoch', 'domain 0 with a domain-epoch', self.profile(9, {9: [1, 1]})),
                ('epoch', 'below the floor', self.profile(9, {2: 1, 9: [1, 4]})),
                ('replaced-id', 'replaces another', self.profile(9, {8: bytes(32)})),
                ('replaced-id', 'replaces where nothing is', self.profile(9, {2: 1, 8: bytes(32), 9: [1, 5]})),
                ('scope', 'by a stranger', self.profile(9, keys=[stranger])),
                ('conflict', 'held by domain 0', self.fleet.package(9, domain=1, epochs=(1, 5))),
                ('approval', 'Sign', self.profile(9, many=True)),
                ('approval', 'an approver', self.profile(9, keys=[owner, stranger])),
                ('signature', 'zeros', self.profile(9, signature=bytes(64))),
                ('signature', 'EdDSA by an ES256 key', self.profile(9, alg=-8)),
                ('unsupported', 'an object that it has not', self.profile(9, {5: {999: {0: {0: 1}}}})),
                ('malformed', 'domain 16', self.profile(9, {2: 16})),
                ('decrypt', 'no grant', self.profile(9, un=grant)),
                ('decrypt', 'no grant, by a stranger', self.profile(9, un=grant, keys=[stranger])),
                ('decrypt', 'leaf headers', self.profile(9, un={-70030: b'', -70031: b''})),
                ('not-for-me', 'wrong class', self.profile(9, {4: {**self.me, o.HWMODEL: b'z'}})),
                ('not-for-me', 'wrong sealing kid', self.profile(9, {4: {**self.me, o.SEALING_KID: bytes(32)}})),
                ('applied', 'domain 1', self.profile(1, {2: 1, 9: [1, 5]})),
                ('applied', 'domain 1, epoch raised', self.profile(1, {2: 1, 9: [1, 6], 5: {11: {1: {0: 'a', 4: 3}}}})),
                ('conflict', 'held by domain 1', self.profile(9, {5: {11: {1: {0: 'b', 4: 3}}}})),
                ('applied', 'domain 2', self.profile(1, {2: 2})),
                ('applied', 'domain 15', self.profile(1, {2: 15})),
                ('too-big', 'a fifth domain', self.profile(1, {2: 3})),
                ('applied', 'null and bool', self.profile(10, {5: {0: {0: {1: True, 5: None}}}})),
                ('applied', 'several instances', self.profile(11, {5: {11: {0: {30: {0: 14, 65535: 13}}}}})),
                ('applied', 'label', self.profile(12, {10: 'x' * 64})),
                ('applied', 'last sequence', self.profile(2 ** 63 - 1, {2: 2})),
        ):
            self.same(verdict, item, name)
        for name, fields in (
                ('no resource instance', {5: {10: {0: {4: {}}}}}), ('list', {5: {10: {0: {4: [1]}}}}),
                ('nested', {5: {10: {0: {4: {0: {0: 1}}}}}}), ('text key', {5: {10: {0: {'a': 1}}}}),
                ('key 65536', {5: {65536: {0: {0: 1}}}}), ('key -1', {5: {-1: {0: {0: 1}}}}),
                ('no settings', {5: None}), ('settings a list', {5: []}),
                ('label of 65 bytes', {10: 'x' * 65}), ('empty label', {10: ''}), ('salt 15', {6: bytes(15)}),
                ('no salt', {6: None}), ('unknown field', {7: 1}), ('version 2', {1: 2}),
        ):
            self.same('decrypt', self.profile(20, fields), name)
        self.assertEqual(*self.bench.state())

    def test_packages(self):
        """ENC-01 to 05, 07 and 08; what an attacker may write into a package."""
        self.claimed()
        signed = o.sign('profile', o.profile(self.device.ueid, 93, {}), [self.fleet.owner])
        claims = o.outer_claims(signed)
        key = cose.Key.make()
        kid = self.device.sealing.kid

        def seal(verdict, name, **wrong):
            self.same(verdict, self.fleet.seal(signed, **wrong), name)

        for field, value in ((o.PROFILE_ID, bytes(32)), (o.ISSUER_KID, bytes(32)), (o.DOMAIN, 1), (o.PAIR, [1, 0, 94]),
                             (o.PAIR, [1, 1, 93]), (o.PAIR, [2, 0, 93])):
            seal('malformed', f'outer {field} differs', claims={**claims, field: value})
        seal('not-for-me', 'outer ueid', claims={**claims, o.UEID: b'\3' + bytes(14)})
        other = o.sign('profile', o.profile(b'\3' + bytes(14), 93, {}), [self.fleet.owner])
        self.same('not-for-me', self.fleet.seal(other, claims={**o.outer_claims(other), **self.me}), 'inner ueid')
        for kind in (cose.typ('credentials'), cose.typ('profile'), 'text/plain', 96):
            seal('unsupported', f'typ {kind}', typ=kind)
        seal('malformed', 'extra claim', claims={**claims, 99: 1})
        seal('malformed', 'no claims', protected={1: 3, 16: cose.typ('package')})
        seal('malformed', 'a header more', protected={1: 3, 15: claims, 16: cose.typ('package'), 99: 1})
        seal('malformed', 'a kid outside', protected={1: 3, 4: kid, 15: claims, 16: cose.typ('package')})
        seal('malformed', 'A128GCM', protected={1: 1, 15: claims, 16: cose.typ('package')})
        seal('malformed', 'A128KW', recipient={1: -29, 4: kid})
        seal('not-for-me', 'kid of another', kid=bytes(32))
        seal('malformed', 'kid of 31 bytes', kid=bytes(31))
        for size in (0, 1, 8, 11, 13, 16):
            seal('malformed', f'iv {size}', un={5: bytes(size)})
        seal('malformed', 'partial iv', un={5: bytes(12), 6: b'\0'})
        seal('malformed', 'no iv', un={})
        seal('malformed', 'no recipient', recipients=[])
        twice = self.fleet.seal(signed)
        twice.value[3] *= 2
        self.same('malformed', twice, 'two recipients')
        nested = self.fleet.seal(signed)
        nested.value[3][0].append([])
        self.same('malformed', nested, 'nested recipients')
        for size in (15, 17, 24, 39, 41, 48):
            seal('malformed', f'wrapped key {size}', wrapped=bytes(size))
        seal('decrypt', 'wrapped with the other IV', wrap=aes_key_wrap_with_padding)
        seal('decrypt', 'wrapped zeros', wrapped=bytes(40))
        seal('malformed', 'ciphertext 15', ciphertext=bytes(15))
        seal('decrypt', 'ciphertext 16', ciphertext=bytes(16))
        seal('decrypt', 'other KDF context', kdf_protected=b'')
        seal('decrypt', 'other AAD', aad_protected=b'')
        seal('decrypt', 'epk off the curve', epk={1: 2, -1: 1, -2: bytes(32), -3: b'\1' * 32})
        seal('decrypt', 'epk infinity', epk={1: 2, -1: 1, -2: bytes(32), -3: bytes(32)})
        for size in range(1, 16):
            cut = self.fleet.seal(signed)
            cut.value[2] = cut.value[2][:-size]
            self.same('decrypt', cut, f'tag of {16 - size}')
        seal('decrypt', 'epk of X25519', epk=cose.Key.make(cose.X25519).public)
        for name, u in (('top bit', 2 ** 255), ('u = p', cose.PRIME_25519), ('zero', 0), ('one', 1)):
            seal('decrypt', f'X25519 {name}', epk={1: 1, -1: 4, -2: u.to_bytes(32, 'little')})
        seal('malformed', 'epk with a kid', epk={**key.public, 2: b''})
        seal('malformed', 'epk compressed', epk={**key.public, -3: True})
        seal('malformed', 'epk short', epk={**key.public, -2: key.public[-2][:31]})
        seal('malformed', 'epk of Ed25519', epk=self.fleet.stranger.public)
        for name, content in (('nothing', b''), ('no CBOR', b'\xff'), ('trailing', encode(signed) + b'\0'),
                              ('untagged', encode(signed.value)), ('a claim', encode(self.fleet.claim()))):
            seal('decrypt', f'content {name}', content=content, claims=claims)
        self.assertEqual(*self.bench.state())

    def test_enc_06_key_agreed_for_something_else(self):
        """The right key, but derived for other protected fields, or used over other additional data."""
        self.claimed()
        signed = o.sign('profile', o.profile(self.device.ueid, 1, {}), [self.fleet.owner])
        for wrong in ({'kdf_protected': b''}, {'aad_protected': b''}):
            self.same('decrypt', self.fleet.seal(signed, **wrong), str(wrong))
        self.assertEqual(*self.bench.state())

    def test_enc_10_what_decrypts_is_no_signed_profile(self):
        self.claimed()
        signed = o.sign('profile', o.profile(self.device.ueid, 1, {}), [self.fleet.owner])
        claims = o.outer_claims(signed)
        for name, content in (('nothing', b''), ('settings without a signature', encode({10: {0: {5: 20}}})),
                              ('a map', encode({})), ('the payload alone', signed.value[2]),
                              ('COSE_Mac0', encode(Tag(17, signed.value))),
                              ('a package in a package', encode(self.fleet.seal(signed)))):
            self.same('decrypt', self.fleet.seal(signed, content=content, claims=claims), name)
        self.assertEqual(*self.bench.state())

    def test_enc_11_inner_signature_of_another_tenant(self):
        """By a stranger under its own name, under the owner's name, and with the owner's kid in its header."""
        self.claimed()
        owner, stranger = self.fleet.owner, self.fleet.stranger
        body = o.profile(self.device.ueid, 1, {})
        own = o.sign('profile', body, [stranger])
        self.same('scope', self.fleet.seal(own), 'a stranger')
        disguised = cose.Key.make()
        disguised.kid = owner.kid
        self.same('signature', self.fleet.seal(o.sign('profile', body, [disguised])), 'under the kid of the owner')
        self.assertEqual(*self.bench.state())

    def test_enc_12_inner_for_another_device(self):
        """T04, BIND-02: the owner's profile for a neighbour, wrapped anew for this device."""
        self.claimed()
        other = o.sign('profile', o.profile(b'\3' + bytes(14), 93, {}), [self.fleet.owner])
        self.same('not-for-me', self.fleet.seal(other), 'as it is')
        self.same('not-for-me', self.fleet.seal(other, claims={**o.outer_claims(other), **self.me}), 'under our name outside')
        self.assertEqual(*self.bench.state())

    def test_enc_13_one_byte_over_the_limit(self):
        """The largest package is taken, the one with a byte more in it refused."""
        self.claimed()

        def sized(sequence, n):
            return self.fleet.package(sequence, settings={11: {0: {1: 'x' * n}}})
        most = self.device.object_max - len(encode(sized(1, 1000))) + 1000
        self.assertEqual(len(encode(sized(1, most))), self.device.object_max)
        self.same('too-big', sized(1, most + 1), 'one more')
        self.same('applied', sized(1, most), 'the most')

    def test_approvals_and_the_end(self):
        approvers = [cose.Key.make(cose.ED25519), cose.Key.make(), cose.Key.make(cose.ED25519)]
        self.fleet.owner = cose.Key.make(cose.ED25519)
        owner = self.fleet.owner
        self.claimed(approval=(2, approvers))
        for verdict, keys in (('approval', [owner]), ('approval', [owner, approvers[0]]),
                              ('approval', [owner, *approvers]), ('scope', approvers),
                              ('approval', [owner, approvers[0], self.fleet.stranger]),
                              ('approval', [owner, approvers[1], approvers[1]]),
                              ('applied', [owner, approvers[2], approvers[0]]),
                              ('sequence', [owner, approvers[1], approvers[0]])):
            self.same(verdict, self.fleet.package(3, keys=keys), str(len(keys)))
        signers = [owner, *approvers[:2]]
        bad = o.sign('command', o.command(o.LOCK, self.me), signers)
        bad.value[3][1][2] = bytes(64)
        self.same('signature', bad)
        self.same('applied', self.command(o.LOCK, keys=signers))
        self.same('applied', self.command(o.DECOMMISSION, keys=signers, sequence=9))
        self.same('state', self.command(o.LOCK, keys=signers), 'locked')
        for item in (self.fleet.package(10, keys=signers), self.command(o.FLOOR, keys=signers, argument={1: 9}),
                     self.command(o.WIPE, keys=signers, sequence=11, argument=[0]), self.fleet.claim(policy=1)):
            self.same('state', item, 'dead')
        self.assertEqual(*self.bench.state())
        self.assertEqual(self.bench.client.describe()['life'], 0x6000)
        told = self.bench.client.history()
        self.assertEqual(agent.fold(told['base'], told['entries']), self.bench.model.snapshot()['heads'])


if __name__ == '__main__':
    unittest.main()
