# SPDX-License-Identifier: Apache-2.0
"""The Python model against itself, published numbers and a second CBOR library."""

import os
import random
import unittest

import cbor2

import agent
import cose
import leaves
import objects as o
import smp
from cbor_strict import Refused, Tag, decode, encode
from fixtures import Fleet, device, settings


def plain(item):
    """An item as cbor2 wants it."""
    if isinstance(item, Tag):
        return cbor2.CBORTag(item.number, plain(item.value))
    if isinstance(item, list):
        return [plain(i) for i in item]
    if isinstance(item, dict):
        return {k: plain(v) for k, v in item.items()}
    return item


class Form(unittest.TestCase):
    def test_random_items_agree_with_cbor2(self):
        draw = random.Random(1)
        for _ in range(500):
            item = random_item(draw, 5)
            raw = encode(item)
            self.assertEqual(decode(raw), item)
            self.assertEqual(cbor2.loads(raw), plain(item))

    def test_order_of_rfc_8949(self):
        raw = encode({10: 0, 100: 1, -1: 2, 'z': 3, 'aa': 4, 2 ** 32: 5, -70001: 6})
        self.assertEqual(list(decode(raw)), [10, 100, 2 ** 32, -1, -70001, 'z', 'aa'])

    def test_sixteen_levels_are_the_limit(self):
        self.assertEqual(decode(b'\x81' * 15 + b'\x80')[0][0][0][0], [[[[[[[[[[[[]]]]]]]]]]]])
        with self.assertRaises(Refused) as caught:
            decode(b'\x81' * 16 + b'\x80')
        self.assertEqual((caught.exception.rule, caught.exception.offset), ('depth', 16))


def random_item(draw, depth):
    kinds = 'int bytes text simple'.split() + (['list', 'map', 'tag'] if depth else [])
    kind = draw.choice(kinds)
    if kind == 'int':
        return draw.choice((1, -1)) * draw.getrandbits(draw.choice((3, 5, 8, 16, 32, 62)))
    if kind == 'bytes':
        return draw.randbytes(draw.choice((0, 1, 23, 24, 255, 256)))
    if kind == 'text':
        return ''.join(draw.choice('aZ é€😀') for _ in range(draw.randrange(30)))
    if kind == 'simple':
        return draw.choice((True, False, None))
    if kind == 'list':
        return [random_item(draw, depth - 1) for _ in range(draw.randrange(5))]
    if kind == 'tag':
        return Tag(98, random_item(draw, depth - 1))
    return {draw.choice((draw.getrandbits(20), -1 - draw.getrandbits(20), str(draw.getrandbits(9)))):
            random_item(draw, depth - 1) for _ in range(draw.randrange(5))}


class Published(unittest.TestCase):
    def test_rfc_9679_thumbprint(self):
        key = {1: 2, -1: 1,
               -2: bytes.fromhex('65eda5a12577c2bae829437fe338701a10aaa375e1bb5b5de108de439c08551d'),
               -3: bytes.fromhex('1e52ed75701163f7f9e40ddf9f341b3dc9ba860af7e0ca7ca7e9eecd0084d19c')}
        self.assertEqual(cose.kid_of(key).hex(), '496bd8afadf307e5b08c64b0421bf9dc01528a344a43bda88fadd1669da253ec')

    def test_kdf_info_of_the_working_group(self):
        self.assertEqual(cose.kdf_info(bytes.fromhex('a101381e')).hex(), '842483f6f6f683f6f6f68219010044a101381e')

    def test_crc_check_values_and_console_frame(self):
        self.assertEqual(smp.binascii.crc_hqx(b'123456789', 0), 0x31C3)
        self.assertEqual(smp.zlib.crc32(b'123456789'), 0xCBF43926)
        frames = smp.console_frames(smp.packet(smp.WRITE, smp.OS_GROUP, 0, 0, {'d': 'hi'}))
        self.assertEqual(frames, [b'\x06\x09ABAKAAAGAAAAAKFhZGJoaeJ8\n'])


class Framing(unittest.TestCase):
    def test_round_trips_in_noise(self):
        draw = random.Random(2)
        for size in (0, 1, 83, 84, 200, 253, 254, 255, 508, 509, 1000, 4000):
            body = bytes(8) + draw.choice((draw.randbytes(size), bytes(size), b'\xff' * size))
            for frame, deframer in ((b''.join(smp.console_frames(body)), smp.ConsoleDeframer()),
                                    (smp.cobs_frame(body), smp.CobsDeframer())):
                noisy = b'boot: ok\r\n' + frame
                got = [p for byte in noisy for p in deframer.feed(bytes([byte]))]
                self.assertEqual(got, [body])

    def test_lines_are_at_most_127_bytes(self):
        self.assertLessEqual(max(map(len, smp.console_frames(bytes(4000)))), 127)

    def test_a_bad_crc_is_dropped(self):
        frame = bytearray(smp.cobs_frame(bytes(8) + b'\1\2\3'))
        frame[5] ^= 1
        self.assertEqual(smp.CobsDeframer().feed(bytes(frame)), [])


class Sizes(unittest.TestCase):
    """imprint-formats(7) says how big objects are."""

    def test_a_package_is_359_bytes_more_than_its_profile(self):
        fleet = Fleet()
        signed = o.sign('profile', o.profile(fleet.device.ueid, 1000, settings(14), label='keel-sensor'), [fleet.owner])
        package, _ = o.package(signed, fleet.device.sealing.public)
        self.assertEqual(len(encode(package)) - len(encode(signed)), 703 - 344)


    def test_a_leaf_of_100000_is_764_bytes_more_than_its_profile(self):
        fleet = Fleet()
        body = o.profile(fleet.device.ueid, 1000, settings(14), label='keel-sensor')
        leaf = leaves.sign('profile', encode(body), fleet.owner.kid, [fleet.owner], batch={3: 100000})
        leaf.value[1][leaves.PROOF] = encode([100000, 50000, [bytes(32)] * leaves.path_len(50000, 100000)])
        self.assertEqual(len(encode(leaf)) - len(encode(o.sign('profile', body, [fleet.owner]))), 1108 - 344)


class Verdicts(unittest.TestCase):
    def setUp(self):
        self.fleet = Fleet()

    def verdict(self, item):
        try:
            return self.fleet.agent.apply(item if isinstance(item, bytes) else encode(item))
        except agent.Refusal as refusal:
            return refusal.reason

    def test_the_main_job(self):
        fleet = self.fleet
        self.assertEqual(self.verdict(fleet.package(1)), 'state')
        claim = fleet.claim()
        self.assertEqual(self.verdict(claim), 'applied')
        self.assertEqual(self.verdict(claim), 'again')
        self.assertEqual(self.verdict(fleet.claim()), 'again')
        self.assertEqual(self.verdict(fleet.claim(policy=1)), 'state')
        package = fleet.package(1)
        self.assertEqual(self.verdict(package), 'applied')
        self.assertEqual(self.verdict(package), 'again')
        self.assertEqual(self.verdict(fleet.package(1, label='x')), 'sequence')
        self.assertEqual(self.verdict(fleet.package(2, epochs=(2, 0))), 'epoch')
        self.assertEqual(self.verdict(fleet.package(2, domain=1)), 'conflict')
        self.assertEqual(self.verdict(fleet.package(2, replaces=bytes(32))), 'replaced-id')
        self.assertEqual(self.verdict(fleet.package(2, keys=[fleet.stranger])), 'scope')
        self.assertEqual(self.verdict(fleet.command(o.WIPE, 2, [0])), 'applied')
        self.assertEqual(self.verdict(package), 'sequence')
        self.assertEqual(self.verdict(fleet.command(o.LOCK)), 'applied')
        self.assertEqual(self.verdict(fleet.command(o.LOCK)), 'again')
        self.assertEqual(self.verdict(fleet.command(o.DECOMMISSION, 9)), 'applied')
        self.assertEqual(self.verdict(fleet.package(10)), 'state')
        self.assertEqual(fleet.agent.snapshot()['lifecycle'], 0x6000)
        heads = agent.fold({0: [0, agent.history_start(fleet.device.signing.kid, 0)]}, fleet.agent.ring)
        self.assertEqual(heads, fleet.agent.snapshot()['heads'])

    def test_every_reason_but_the_boards(self):
        fleet = self.fleet
        self.verdict(fleet.claim(approval=(1, [fleet.stranger])))
        self.assertEqual(self.verdict(fleet.package(1)), 'approval')
        self.assertEqual(self.verdict(fleet.package(1, keys=[fleet.owner, fleet.stranger])), 'applied')
        self.assertEqual(self.verdict(b'\xd2\x80'), 'malformed')
        self.assertEqual(self.verdict(bytes(5000)), 'too-big')
        self.assertEqual(self.verdict(o.sign('card', {}, [fleet.owner])), 'unsupported')
        self.assertEqual(self.verdict(fleet.package(2, keys=[fleet.owner, fleet.stranger], content=b'x')), 'decrypt')
        other = device(b'\3' + bytes(14))
        self.assertEqual(self.verdict(fleet.package(2, target=other)), 'not-for-me')
        bad = fleet.command(o.LOCK, keys=[fleet.owner, fleet.stranger])
        bad.value[3][0][2] = bytes(64)
        self.assertEqual(self.verdict(bad), 'signature')

    def test_a_bit_flip_never_applies(self):
        fleet = self.fleet
        self.verdict(fleet.claim())
        raw = encode(fleet.package(1))
        for at in range(0, len(raw) * 8, 7):
            flipped = bytearray(raw)
            flipped[at // 8] ^= 1 << at % 8
            self.assertNotIn(self.verdict(bytes(flipped)), ('applied', 'again'))


if __name__ == '__main__':
    random.seed(os.environ.get('SEED', 0))
    unittest.main()
