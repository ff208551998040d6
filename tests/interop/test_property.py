# SPDX-License-Identifier: Apache-2.0
"""Random objects, most of them under chains of grants, right and wrong, to the agent and to the model: the same verdict, the same state, and nothing changed by a refusal."""

import collections
import concurrent.futures
import os
import random
import unittest

import agent
import cose
import objects as o
from drafts import FAULTS, Drafts
from fixtures import imei_ueid
from lab import Bench
from probe import Probe

COUNT = int(os.environ.get('PROPERTY_COUNT', '100000' if os.environ.get('IMPRINT_SOAK') else '20000'))
SEED = int(os.environ.get('PROPERTY_SEED', '1'))
WORKERS = 2
A_LIFE = 150  # objects for one device, at most; COUNT counts those with a chain


class Mismatch(AssertionError):
    """Agent and model disagree."""


class Worker:
    """Its own probe, keys and share of the objects."""

    def __init__(self, number, count):
        self.draw = random.Random(SEED * 1000 + number)
        self.number, self.count, self.done, self.chains = number, count, 0, 0
        self.tally, self.met, self.chained = (collections.Counter() for _ in range(3))

    def run(self):
        pool = [cose.Key.make(cose.P256 if n % 3 else cose.ED25519) for n in range(16)]
        probe = Probe()
        while self.chains < self.count:
            self.live(probe, pool)
        probe.close()
        return self.tally, self.met, self.chained

    def live(self, probe, pool):
        maker = self.draw.choice((None, None, self.draw.choice(pool)))
        probe.new_device(imei_ueid(self.draw.randrange(10 ** 14)), maker and maker.public)
        bench = Bench(probe, maker=maker)
        drafts = Drafts(bench, self.draw, pool)
        for step in range(A_LIFE):
            if self.chains == self.count:
                break
            kind, faults, raw = drafts.next()
            verdict = self.one(bench, kind, faults, raw)
            self.chains += drafts.links > 0
            self.chained[drafts.links, verdict == 'applied'] += 1
            if step % 50 == 49:
                probe.reboot()
                self.same(bench.state(), ('state', step))
            if bench.model.dead and self.draw.random() < 0.2:
                break

    def one(self, bench, kind, faults, raw):
        model, device = bench.both(raw, chunk=1 << 15)
        self.done += 1
        self.tally[device[0]] += 1
        self.met.update(faults)
        where = (self.number, self.done, kind, faults, raw.hex())
        self.same((model, device), where)
        if device[0] != 'applied' and bench.client.changed:
            raise Mismatch(f'{device[0]} changed something: {where}')
        return device[0]

    @staticmethod
    def same(pair, where):
        if pair[0] != pair[1]:
            raise Mismatch(f'model {pair[0]}, agent {pair[1]}: {where}')


def work(number, count):
    return Worker(number, count).run()


class Property(unittest.TestCase):
    def test_agent_and_model_agree(self):
        tally, met, chained = (collections.Counter() for _ in range(3))
        with concurrent.futures.ProcessPoolExecutor(WORKERS) as pool:
            for counters in pool.map(work, range(WORKERS), [COUNT // WORKERS] * WORKERS):
                for total, part in zip((tally, met, chained), counters):
                    total.update(part)
        print(dict(tally.most_common()), dict(sorted(chained.items())))
        self.assertEqual(sum(n for (links, _), n in chained.items() if links), COUNT)
        for links in range(1, o.LINKS + 1):  # of each length many are taken, and many are not
            self.assertGreater(chained[links, True], COUNT / 50, chained)
            self.assertGreater(chained[links, False], COUNT / 50, chained)
        self.assertGreater(chained[o.LINKS + 1, False], COUNT / 1000, chained)
        self.assertEqual(chained[o.LINKS + 1, True], 0)
        self.assertGreater(tally['applied'], COUNT / 10, tally)
        for verdict in {'applied', 'again', *agent.NUMBERS} - {'storage', 'challenge'}:
            self.assertGreater(tally[verdict], COUNT / 2000, (verdict, tally))
        for name in {fault for kind in FAULTS.values() for fault in kind}:
            self.assertGreater(met[name], COUNT / 1000, (name, met))


if __name__ == '__main__':
    unittest.main()
