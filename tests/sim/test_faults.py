# SPDX-License-Identifier: Apache-2.0
"""Scripted faults do what imprint-simulate(1) says, as seen on the wire."""

import os
import select
import time
import unittest

import cbor2

from sim import (A_BOOT, A_COUNT, A_DEBUG, A_HEADS, A_HWMODEL, A_LIFE, A_NONCE, A_OWNER, A_UEID, NONCE, OWNED, UNOWNED, Case,
                 Signed, run, signing_key, smp)

OTHER = bytes(reversed(NONCE))
DESCRIBE = b''.join(smp.console_frames(smp.packet(smp.READ, smp.IMPRINT_GROUP, 1, smp.DESCRIBE, {})))


class Raw:
    """A line without a protocol."""

    def __init__(self, path):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def read(self, seconds, enough=1 << 20):
        """What comes within the time; ends early with enough bytes, or when the line is dead."""
        got, until = b'', time.monotonic() + seconds
        while len(got) < enough and (left := until - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                try:
                    data = os.read(self.fd, 4096)
                except BlockingIOError:
                    continue
                if not data:
                    break
                got += data
        return got

    def ask(self, seconds, enough=1 << 20):
        os.write(self.fd, DESCRIBE)
        return self.read(seconds, enough)


class Line(Case):

    def raw(self, *faults, count=1):
        sim = self.simulation('-n', str(count), *(w for f in faults for w in ('--fault', f)))
        raw = Raw(sim.link())
        self.addCleanup(os.close, raw.fd)
        raw.sim = sim
        return raw

    def test_noise_surrounds_answers_that_are_whole(self):
        sim = self.simulation('--fault', 'noise')
        for framing in ('console', 'cobs'):
            with sim.client(framing=framing) as client:
                for _ in range(20):
                    self.assertEqual(client.describe()['life'], UNOWNED)

    def test_noise_is_the_same_for_the_same_seed(self):
        said = []
        for seed in ('5', '5', '6'):
            with self.simulation('--fault', 'noise', '--seed', seed) as sim:
                raw = Raw(sim.link())
                said.append(raw.ask(0.3).split(b'host is there')[1])
                os.close(raw.fd)
        self.assertEqual(said[0], said[1])
        self.assertNotEqual(said[0], said[2])

    def test_drop_loses_every_nth_answer(self):
        sim = self.simulation('--fault', 'drop@3')
        came = []
        with sim.client(timeout=0.2) as client:
            for _ in range(6):
                try:
                    came.append(bool(client.describe()))
                except smp.Silence:
                    came.append(False)
        self.assertEqual(came, [True, True, False] * 2)

    def test_lose_takes_bytes_out_of_both_ways(self):
        sim = self.simulation('--fault', 'lose@300')
        good = bad = 0
        with sim.client(timeout=0.1) as client:
            for _ in range(40):
                try:
                    client.describe()
                    good += 1
                except (smp.Silence, ValueError):
                    bad += 1
        self.assertGreater(good, 3)
        self.assertGreater(bad, 3)

    def test_slow_paces_what_the_device_sends(self):
        raw = self.raw('slow@400')
        raw.read(0.6)
        began = time.monotonic()
        self.assertGreaterEqual(len(raw.ask(3, 200)), 200)
        self.assertGreater(time.monotonic() - began, 0.3)

    def test_echo_gives_back_what_came_and_nothing_else(self):
        raw = self.raw('echo')
        raw.read(0.1)
        self.assertEqual(raw.ask(0.3), DESCRIBE)

    def test_cooked_echoes_and_answers(self):
        raw = self.raw('cooked')
        raw.read(0.1)
        got = raw.ask(0.3)
        self.assertTrue(got.startswith(DESCRIBE))
        self.assertGreater(got.count(b'\x06\x09'), 1)

    def test_silent_says_nothing(self):
        self.assertEqual(self.raw('silent').ask(0.3), b'')

    def test_text_never_makes_a_frame(self):
        got = self.raw('text').ask(0.3)
        self.assertIn(b'uart:~$', got)
        self.assertNotIn(b'\x06\x09', got)

    def test_flood_does_not_end(self):
        raw = self.raw('flood')
        self.assertGreaterEqual(len(raw.ask(2, 100000)), 100000)

    def test_frames_without_end_answer_older_questions(self):
        raw = self.raw('lie:frames')
        self.assertGreaterEqual(len(raw.ask(2, 100000)), 100000)
        with raw.sim.client(timeout=0.5) as client:
            frames = client.receive(time.monotonic() + 0.5)
            self.assertEqual({(f[0] & 7, f[6], f[7]) for f in frames}, {(smp.WRITE + 1, 0, smp.STAGE)})

    def test_a_fault_is_one_devices_where_it_names_one(self):
        sim = self.simulation('-n', '2', '--fault', '2:silent')
        with sim.client(1) as client:
            client.describe()
        with sim.client(2, timeout=0.2) as client, self.assertRaises(smp.Silence):
            client.describe()

    def test_unplug_ends_the_line_and_a_new_one_takes_its_name(self):
        raw = self.raw(f'unplug@{len(DESCRIBE) + 200}')
        tty = os.readlink(raw.sim.link())
        got = raw.ask(2)
        self.assertFalse(os.path.lexists(raw.sim.link()))
        self.assertLessEqual(len(got), 200)
        until = time.monotonic() + 3
        while not os.path.lexists(raw.sim.link()) and time.monotonic() < until:
            time.sleep(0.02)
        with raw.sim.client() as client:
            client.describe()
        raw.sim.stop()
        self.assertIn(f'unplugged after {len(DESCRIBE) + 200} bytes', raw.sim.log)
        self.assertTrue(tty.startswith('/dev/pts/'))

    def test_unplugging_keeps_what_was_staged(self):
        sim = self.simulation('--fault', 'unplug@3000')
        data = bytes(range(256)) * 12
        with sim.client(timeout=0.3) as client, self.assertRaises((OSError, smp.Silence)):
            self.stage(client, data, 500)
        time.sleep(0.5)
        with sim.client() as client:
            self.assertGreater(client.describe()['staged']['off'], 0)

    def test_rebooting_forgets_what_was_staged(self):
        sim = self.simulation('--fault', 'reboot@3000')
        data = bytes(range(256)) * 12
        with sim.client(timeout=0.3) as client:
            with self.assertRaises(smp.Silence):
                self.stage(client, data, 500)
            time.sleep(0.2)
            self.assertIsNone(client.describe()['staged'])
            self.assertEqual(Signed(client.attest(NONCE)).claims[267], 2)

    @staticmethod
    def stage(client, data, chunk):
        sha = smp.hashlib.sha256(data).digest()
        for at in range(0, len(data), chunk):
            body = {'off': at, 'data': data[at:at + chunk]}
            if at == 0:
                body.update(len=len(data), sha=sha)
            client.request(smp.WRITE, smp.IMPRINT_GROUP, smp.STAGE, body)

    def test_refuse_is_any_reason_but_not_to_describe(self):
        for reason in (1, 7, 15, 99):
            with self.simulation('--fault', f'refuse@{reason}') as sim, sim.client() as client:
                client.describe()
                with self.assertRaises(smp.Refused) as refused:
                    client.attest(NONCE)
                self.assertEqual((refused.exception.group, refused.exception.code), (4096, reason))

    def test_swap_trades_places_at_a_request(self):
        sim = self.simulation('-n', '2', '--fault', '1:swap@2')
        with sim.client(1) as one, sim.client(2) as two:
            ueids = [one.describe()['ueid'].hex(), one.describe()['ueid'].hex(), two.describe()['ueid'].hex()]
        first, second = (d['ueid'] for d in sim.devices)
        self.assertEqual(ueids, [first, second, first])

    def test_a_clone_has_the_first_ones_key_and_identity(self):
        sim = self.simulation('-n', '3', '--fault', '3:clone')
        cards = []
        for device in (1, 2, 3):
            with sim.client(device) as client:
                cards.append(Signed(client.enroll(NONCE)).claims)
        self.assertEqual(cards[0], cards[2])
        self.assertNotEqual(cards[0][8], cards[1][8])
        run('enroll', '-d', sim.link(1), '-o', self.path('cards'))
        run('claim', '-k', self.key('owner'), '-d', sim.link(1), '--cards', self.path('cards'))
        with sim.client(1) as one, sim.client(3) as three:
            self.assertEqual((one.describe()['life'], three.describe()['life']), (OWNED, UNOWNED))


class Cut(Case):

    def claimed(self, *faults):
        """Claim as many devices as there are faults, under cuts: the last words of each."""
        count = len(faults)
        sim = self.simulation('-n', str(count), *(w for f in faults for w in ('--fault', f)))
        devices = [w for i in range(count) for w in ('-d', sim.link(i + 1))]
        run('enroll', *devices, '-o', self.path('cards'), '--timeout', '3')
        run('claim', '-k', self.key('owner'), *devices, '--cards', self.path('cards'), '--timeout', '3')
        said = []
        for i in range(count):
            with sim.client(i + 1) as client:
                said.append((client.describe()['life'], Signed(client.attest(NONCE)).claims[A_HEADS][0][0]))
        sim.stop()
        return sim.log, said

    def test_at_any_operation_the_device_comes_back_whole_and_the_repeat_lands_once(self):
        """Device k is cut at its kth flash operation."""
        count = 100
        log, said = self.claimed(*(f'{k}:cut@{k}' for k in range(1, count + 1)))
        self.assertEqual(said, [(OWNED, 1)] * count)
        cuts = log.count('power cut')
        self.assertGreater(cuts, 20)
        self.assertLess(cuts, count, 'the claim takes more operations than are cut')

    def test_twice(self):
        log, said = self.claimed('cut@3,4')
        self.assertEqual((log.count('power cut'), said), (2, [(OWNED, 1)]))

    def test_it_tells_its_boot_log_again(self):
        sim = self.simulation('--fault', 'cut@2')
        raw = Raw(sim.link())
        self.addCleanup(os.close, raw.fd)
        raw.read(0.1)
        os.write(raw.fd, b''.join(smp.console_frames(
            smp.packet(smp.WRITE, smp.IMPRINT_GROUP, 1, smp.ENROLL, {'nonce': NONCE}))))
        got = raw.read(0.5)
        self.assertIn(b'*** Booting', got)
        self.assertNotIn(b'\x06\x09', got)


class Lies(Case):
    """Each lie on the wire, next to the truth."""

    def setUp(self):
        super().setUp()
        with self.simulation() as sim:
            run('enroll', '-d', sim.link(), '-o', self.path('cards'))
            run('claim', '-k', self.key('owner'), '-d', sim.link(), '--cards', self.path('cards'))
            with sim.client() as client:
                self.card = Signed(client.enroll(NONCE))
                self.truth = Signed(client.attest(NONCE))

    def lied(self, lie, nonce=NONCE):
        with self.simulation('--fault', f'lie:{lie}') as sim, sim.client(timeout=1) as client:
            return Signed(client.attest(nonce))

    def assert_altered(self, lie, claim):
        evidence = self.lied(lie)
        self.assertTrue(evidence.verifies(signing_key(self.card)), lie)
        changed = {c for c in self.truth.claims if evidence.claims.get(c) != self.truth.claims[c]}
        self.assertEqual(changed - {A_BOOT, A_COUNT}, {claim}, lie)
        return evidence.claims[claim]

    def test_claims_are_altered_one_at_a_time_under_a_good_signature(self):
        self.assertEqual(self.assert_altered('debug', A_DEBUG), 0)
        self.assertEqual(self.assert_altered('lifecycle', A_LIFE), UNOWNED)
        self.assert_altered('nonce', A_NONCE)
        self.assert_altered('ueid', A_UEID)
        self.assert_altered('class', A_HWMODEL)
        self.assert_altered('history', A_HEADS)
        self.assertNotEqual(self.lied('owner').claims[A_OWNER][0], self.truth.claims[A_OWNER][0])
        self.assertEqual(self.lied('epoch').claims[A_OWNER][1], self.truth.claims[A_OWNER][1] + 1)

    def test_key_is_a_signature_by_another_key_under_the_devices_name(self):
        evidence = self.lied('key')
        self.assertEqual(evidence.headers[4], self.truth.headers[4])
        self.assertFalse(evidence.verifies(signing_key(self.card)))

    def test_foreign_key_is_honest_about_whose_signature_it_is(self):
        evidence = self.lied('foreign-key')
        self.assertNotEqual(evidence.headers[4], self.truth.headers[4])
        self.assertFalse(evidence.verifies(signing_key(self.card)))

    def test_wrong_type_is_a_card_with_the_claims_of_evidence(self):
        evidence = self.lied('wrong-type')
        self.assertEqual((self.truth.kind, evidence.kind), ('evidence', 'card'))

    def test_missing_lacks_the_nonce_and_claim_has_one_more(self):
        self.assertEqual(set(self.truth.claims) - set(self.lied('missing').claims), {A_NONCE})
        self.assertEqual(len(set(self.lied('claim').claims) - set(self.truth.claims)), 1)
        self.assertTrue(self.lied('claim').verifies(signing_key(self.card)))

    def test_replay_is_the_first_evidence_again(self):
        with self.simulation('--fault', 'lie:replay') as sim, sim.client() as client:
            first, second = client.attest(NONCE), client.attest(OTHER)
        self.assertEqual(first, second)

    def test_old_state_is_under_the_new_nonce(self):
        with self.simulation('--fault', 'lie:old-state') as sim, sim.client() as client:
            client.attest(NONCE)
            evidence = Signed(client.attest(OTHER))
        self.assertEqual(evidence.claims[A_NONCE], OTHER)
        self.assertTrue(evidence.verifies(signing_key(self.card)))

    def test_no_evidence_leaves_it_out(self):
        with self.simulation('--fault', 'lie:no-evidence') as sim, sim.client() as client:
            self.assertNotIn('evidence', client.request(smp.WRITE, smp.IMPRINT_GROUP, smp.ATTEST, {'nonce': NONCE}))

    def test_applied_changes_nothing(self):
        with self.simulation('--fault', 'lie:applied') as sim, sim.client() as client:
            answer = client.push(b'not even an object', OTHER)
            evidence = Signed(answer['evidence'])
        self.assertEqual(answer['off'], len(b'not even an object'))
        self.assertEqual(evidence.claims[A_NONCE], OTHER)
        self.assertEqual(evidence.claims[A_HEADS], self.truth.claims[A_HEADS])

    def test_describe_lies(self):
        said = {}
        for lie in ('version', 'label', 'strings'):
            with self.simulation('--fault', f'lie:{lie}') as sim, sim.client() as client:
                said[lie] = client.describe()
        self.assertNotIn(1, said['version']['v'])
        self.assertEqual(said['label']['ueid'], b'\3' + b'\x09' * 14)
        self.assertIn(b'\x1b[2J', said['strings']['hwmodel'])

    def test_serial_is_hostile_on_the_card(self):
        with self.simulation('--fault', 'lie:serial') as sim, sim.client() as client:
            self.assertIn('\x1b[2J', Signed(client.enroll(NONCE)).claims[-70015]['serial'])

    def test_garbage_bombs_and_errors(self):
        for lie in ('garbage', 'bomb', 'deep'):
            with self.simulation('--fault', f'lie:{lie}') as sim, sim.client(timeout=1) as client:
                with self.assertRaises((cbor2.CBORDecodeError, MemoryError, RecursionError, ValueError, TypeError,
                                        OverflowError, smp.Silence)):
                    if not isinstance(client.describe(), dict):
                        raise ValueError
        with self.simulation('--fault', 'lie:smp-error@8') as sim, sim.client() as client:
            with self.assertRaises(smp.Refused) as refused:
                client.describe()
            self.assertEqual((refused.exception.group, refused.exception.code), (None, 8))


if __name__ == '__main__':
    unittest.main()
