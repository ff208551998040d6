# SPDX-License-Identifier: Apache-2.0
"""Group 4096 as imprint-protocol(7) describes it, spoken to a simulated device by another implementation."""

import hashlib
import os
import unittest

import cbor2

import agent
import objects as o
import smp
from cbor_strict import encode
from lab import LabCase


class Wire(LabCase):
    COUNT = 9

    def setUp(self):
        super().setUp()
        self.client = self.bench.client

    def stage(self, **body):
        return self.client.request(smp.WRITE, smp.IMPRINT_GROUP, smp.STAGE, body)

    def refused(self, group, code, op, command, body, in_group=smp.IMPRINT_GROUP):
        with self.assertRaises(smp.Refused) as caught:
            self.client.request(op, in_group, command, body)
        self.assertEqual((caught.exception.group, caught.exception.code), (group, code))

    def test_os_group(self):
        echo = self.client.request(smp.WRITE, smp.OS_GROUP, 0, {'d': 'hallo'})
        self.assertEqual(echo, {'r': 'hallo'})
        told = self.client.request(smp.READ, smp.OS_GROUP, 6, {})
        self.assertEqual(told['buf_size'], self.client.describe()['buf'])
        self.assertGreaterEqual(told['buf_count'], 1)

    def test_describe_agrees_with_card_and_evidence(self):
        fleet = self.bench.fleet
        self.bench.both(fleet.claim())
        self.bench.both(fleet.package(7))
        told, body = self.client.describe(), self.bench.attest()
        self.assertEqual((told['ueid'], told['oemid'], told['hwmodel']), (body[256], body[258], body[259]))
        self.assertEqual((told['sign'], told['seal']), (self.bench.device.signing.kid, self.bench.device.sealing.kid))
        self.assertEqual((told['life'], told['owner']), (body[2395], body[-70020]))
        sequence, profile_id, _, _, epoch = o.components(body)[0]
        self.assertEqual(told['domains'], {0: [epoch, sequence, profile_id]})
        self.assertIsNone(told['staged'])

    def test_second_enroll_gives_the_same_keys_under_the_new_nonce(self):
        nonce = os.urandom(32)
        card = o.verified_body(o.decode(self.client.enroll(nonce)), 'card')
        self.assertEqual({**card, 10: 0}, {**self.bench.card, 10: 0})
        self.assertEqual(card[10], nonce)

    def test_evidence_count_rises(self):
        first, second = self.bench.attest(), self.bench.attest()
        self.assertEqual((first[267], first[-70022] + 1), (second[267], second[-70022]))

    def test_upload_resumes_and_is_idempotent(self):
        data = encode(self.bench.fleet.claim())
        sha = hashlib.sha256(data).digest()
        head = {'off': 0, 'len': len(data), 'sha': sha}
        self.assertEqual(self.stage(**head, data=data[:50]), {'off': 50})
        self.assertEqual(self.client.describe()['staged'], {'off': 50, 'sha': sha})
        self.assertEqual(self.stage(off=20, data=data[20:60]), {'off': 50})
        self.assertEqual(self.stage(off=90, data=data[90:]), {'off': 50})
        self.assertEqual(self.stage(**head, data=data[:10]), {'off': 50}, 'the same upload again')
        self.assertEqual(self.stage(off=50, data=data[50:80]), {'off': 80})
        other = hashlib.sha256(b'x').digest()
        self.assertEqual(self.stage(off=0, len=1, sha=other, data=b''), {'off': 0}, 'another upload')
        self.assertEqual(self.stage(**head, data=data[:80]), {'off': 80})
        answer = self.stage(off=80, data=data[80:], nonce=bytes(32))
        self.bench.evidence(answer['evidence'], bytes(32))
        self.assertIsNone(self.client.describe()['staged'])
        self.bench.model.apply(data)
        self.assertEqual(*self.bench.state())

    def test_stage_then_apply(self):
        data = encode(self.bench.fleet.claim())
        sha = hashlib.sha256(data).digest()
        self.assertEqual(self.stage(off=0, len=len(data), sha=sha, data=data), {'off': len(data)})
        answer = self.client.request(smp.WRITE, smp.IMPRINT_GROUP, smp.APPLY, {'sha': sha, 'nonce': bytes(32)})
        self.assertEqual(set(answer), {'evidence'})
        self.refused(smp.IMPRINT_GROUP, agent.NUMBERS['malformed'], smp.WRITE, smp.APPLY, {'sha': sha, 'nonce': bytes(32)})

    def test_what_is_staged_must_have_its_sha(self):
        data = encode(self.bench.fleet.claim())
        body = {'off': 0, 'len': len(data), 'sha': bytes(32), 'data': data, 'nonce': bytes(32)}
        self.refused(smp.IMPRINT_GROUP, agent.NUMBERS['malformed'], smp.WRITE, smp.STAGE, body)
        self.assertIsNone(self.client.describe()['staged'])
        body['len'] = 2 ** 20
        self.refused(smp.IMPRINT_GROUP, agent.NUMBERS['too-big'], smp.WRITE, smp.STAGE, body)

    def test_maps_in_any_order_and_of_indefinite_length_but_without_duplicates(self):
        nonce = os.urandom(32)
        packet = smp.packet(smp.WRITE, smp.IMPRINT_GROUP, 77, smp.ATTEST, {})
        self.client.sequence = 76
        for body, good in ((b'\xbf\x65nonce\x58\x20' + nonce + b'\xff', True),
                           (b'\xa2\x61z\x00\x65nonce\x58\x20' + nonce, True),
                           (b'\xbf\x65nonce\x58\x20' + nonce + b'\x65nonce\x58\x20' + nonce + b'\xff', False),
                           (b'\xa2\x65nonce\x58\x20' + nonce + b'\x65nonce\x58\x20' + nonce, False),
                           (b'\xa1\x65nonce\x58\x20' + nonce[:31], False), (b'\x80', False), (b'\xa1', False)):
            with self.subTest(body=body[:12].hex()):
                self.client.sequence = (self.client.sequence + 1) % 256
                header = packet[:2] + len(body).to_bytes(2, 'big') + packet[4:6] + bytes([self.client.sequence, smp.ATTEST])
                self.client.send(header + body)
                answer = None
                while answer is None:
                    for found in self.client.receive(smp.time.monotonic() + 5):
                        answer = found if found[6] == self.client.sequence else None
                told = cbor2.loads(answer[8:])
                self.assertEqual('evidence' in told, good, told)
                if good:
                    self.bench.evidence(told['evidence'], nonce)

    def test_noise_is_passed_over(self):
        for framing in ('console', 'cobs', 'console'):
            self.client.framing = framing
            self.client.deframer = smp.CobsDeframer() if framing == 'cobs' else smp.ConsoleDeframer()
            for noise in (b'login: \r\n', b'\x06\x09AAAA\n', b'\0', b'\0\x05abc\0', b'\x04\x14AAAA\n', os.urandom(40) + b'\n',
                          b'\x06\x09' + b'A' * 200 + b'\n', b'\0\x01\x01\x01\0', b'\x06\x09ABAKAAAGAAAAAKFhZGJoaeJ7\n'):
                os.write(self.client.fd, noise)
                self.assertEqual(self.client.describe()['v'], [1], f'{framing} after {noise!r}')


if __name__ == '__main__':
    unittest.main()
