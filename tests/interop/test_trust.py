# SPDX-License-Identifier: Apache-2.0
"""Rights that are not the owner's own, one way of being wrong at a time: agent and model agree, on the verdict written here."""

import unittest

import cose
import objects as o
from fixtures import imei_ueid
from lab import Bench
from probe import Probe


class Case(unittest.TestCase):
    """A device that somebody owns, and three other parties."""

    def setUp(self):
        self.probe = Probe()
        self.addCleanup(self.probe.close)
        self.fresh()

    def fresh(self, **claim):
        self.probe.new_device(imei_ueid(35938300000001))
        self.bench = Bench(self.probe)
        self.fleet, self.device = self.bench.fleet, self.bench.device
        self.owner, self.me = self.fleet.owner, {o.UEID: self.device.ueid}
        self.a, self.b, self.c = (cose.Key.make(curve) for curve in (cose.P256, cose.ED25519, cose.P256))
        self.same('applied', self.fleet.claim(**claim), 'claim')

    def same(self, verdict, item, name=None):
        model, device = self.bench.both(item, 1 << 15)
        with self.subTest(name=name):
            self.assertEqual(device, model)
            self.assertEqual(device[0], verdict)
            self.assertEqual(self.probe.changed, verdict == 'applied')

    def grant(self, holder, keys=None, parent=None, wrong=None, **parts):
        body = o.grant(holder, self.device.ueid, **parts)
        return o.sign('grant', body, keys or [self.owner], un={} if parent is None else {13: parent}, **(wrong or {}))

    def profile(self, sequence, keys, grant=None, domain=1, **parts):
        body = o.profile(self.device.ueid, sequence, parts.pop('settings', {10: {0: {4: 1}}}), domain=domain, **parts)
        return self.fleet.seal(o.sign('profile', body, keys, un={} if grant is None else {13: grant}))


class Grants(Case):
    def test_one_link(self):
        a, b = self.a, self.b
        for verdict, name, grant in (
                ('scope', 'none', None),
                ('scope', 'domain', self.grant(a, domain=2)),
                ('scope', 'device', self.grant(a, targets=[{o.UEID: b'\3' + bytes(14)}])),
                ('scope', 'class', self.grant(a, targets=[{o.HWMODEL: b'x'}, {o.HWMODEL: b'keel-2', o.OEMID: 1}])),
                ('scope', 'owner-epoch', self.grant(a, epochs=(2, 0))),
                ('scope', 'domain-epoch', self.grant(a, epochs=(1, 1))),
                ('scope', 'object', self.grant(a, objects={9: [], 11: []})),
                ('scope', 'instance', self.grant(a, objects={10: [1, 2]})),
                ('scope', 'low', self.grant(a, sequences=(8, 9))),
                ('scope', 'high', self.grant(a, sequences=(1, 6))),
                ('scope', 'holder', self.grant(b)),
                ('scope', 'issuer', self.grant(a, keys=[b])),
                ('decrypt', 'domain 0', self.grant(a, domain=0)),
                ('decrypt', 'no object', self.grant(a, objects={})),
                ('decrypt', 'descending', self.grant(a, objects={10: [1, 0]})),
                ('decrypt', 'no target', self.grant(a, targets=[])),
                ('decrypt', 'class without a model', self.grant(a, targets=[{o.OEMID: 32473}])),
                ('decrypt', 'class with a sealing kid', self.grant(a, targets=[{o.HWMODEL: b'keel-2', o.SEALING_KID: bytes(32)}])),
                ('decrypt', 'high below low', self.grant(a, sequences=(3, 2))),
                ('decrypt', 'sequence 0', self.grant(a, sequences=(0, 9))),
                ('decrypt', 'depth 3', self.grant(a, depth=3)),
                ('decrypt', 'exp below 0', self.grant(a, exp=-1)),
                ('decrypt', 'approver of X25519', self.grant(a, approval=(1, [cose.Key.make(cose.X25519)]))),
                ('decrypt', 'a command', self.fleet.command(o.LOCK)),
                ('unsupported', 'ES384', self.grant(a, wrong={'alg': -35})),
                ('approval', 'many', self.grant(a, wrong={'many': True})),
                ('signature', 'spoilt', self.grant(a, wrong={'signature': bytes(64)})),
                ('applied', 'the second target', self.grant(a, targets=[{o.HWMODEL: b'x'}, {o.HWMODEL: b'keel-2'}], exp=0)),
        ):
            self.same(verdict, self.profile(7, [a], grant), name)
        self.same('scope', self.profile(8, [self.owner], self.grant(self.owner)), 'the owner needs none')
        self.same('scope', self.profile(8, [a], self.grant(a), domain=0, settings={}), 'domain 0')
        self.assertEqual(*self.bench.state())

    def test_more_links(self):
        a, b, c = self.a, self.b, self.c
        top = self.grant(a, depth=2)
        two = self.grant(b, keys=[a], parent=top, depth=1)
        three = self.grant(c, keys=[b], parent=two)
        for verdict, name, grant, by in (
                ('scope', 'depth of two', self.grant(b, keys=[a], parent=self.grant(a)), b),
                ('scope', 'depth of three', self.grant(c, keys=[b], parent=self.grant(b, keys=[a], parent=top)), c),
                ('scope', 'not the one that it names', self.grant(c, keys=[b], parent=top), c),
                ('scope', 'a stranger at the top', self.grant(b, keys=[a], parent=self.grant(a, keys=[c], depth=1)), b),
                ('scope', 'below the owner', self.grant(b, parent=top), b),
                ('scope', 'wider below', self.grant(b, keys=[a], objects={9: [], 10: []}, parent=self.grant(a, objects={9: []}, depth=1)), b),
                ('scope', 'a fourth', self.grant(self.fleet.stranger, keys=[c], parent=three), self.fleet.stranger),
                ('signature', 'the middle', self.grant(c, keys=[b], parent=self.grant(
                    b, keys=[a], parent=top, depth=1, wrong={'signature': bytes(64)})), c),
                ('applied', 'three', three, c),
        ):
            self.same(verdict, self.profile(7, [by], grant), name)

    def test_epochs(self):
        a, b = self.a, self.b
        old = self.grant(a)
        self.same('applied', self.profile(o.U63, [a], old))
        self.same('applied', self.profile(1, [b], self.grant(b, epochs=(1, 5)), epochs=(1, 5)), 'raised')
        self.same('epoch', self.profile(9, [a], old), 'dead')
        self.same('scope', self.profile(9, [a], old, epochs=(1, 5)), 'dead under the new epoch')
        self.same('applied', self.fleet.command(o.FLOOR, argument={1: 6}))
        self.same('epoch', self.profile(9, [b], self.grant(b, epochs=(1, 5)), epochs=(1, 5)), 'floor')

    def test_reasons_come_in_their_order(self):
        """Each row is wrong in all that the rows before it are."""
        a = self.a
        self.same('applied', self.fleet.package(8, domain=1, settings={10: {0: {4: 1}}}))
        self.same('applied', self.fleet.package(1, domain=2, settings={11: {0: {1: 'x'}}}))
        wrong = {'many': True}
        held = {11: {0: {1: 'x'}}}
        for verdict, grant, parts in (
                ('signature', self.grant(a, wrong={'signature': bytes(64)}), {}),
                ('approval', self.grant(a, wrong=wrong), {}),
                ('conflict', self.grant(a, wrong=wrong), {'settings': held}),
                ('unsupported', self.grant(a, objects={11: [], 999: []}, wrong=wrong), {'settings': {**held, 999: {0: {1: 1}}}}),
                ('scope', self.grant(a, domain=2, wrong=wrong), {'settings': held}),
                ('replaced-id', self.grant(a, domain=2, wrong=wrong), {'settings': held, 'replaces': bytes(32)}),
        ):
            self.same(verdict, self.profile(9, [a], grant, **parts), verdict)
        self.same('sequence', self.profile(8, [a], self.grant(a, domain=2), replaces=bytes(32)))
        self.same('epoch', self.profile(8, [a], self.grant(a, domain=2), replaces=bytes(32), epochs=(2, 0)))


if __name__ == '__main__':
    unittest.main()
