# SPDX-License-Identifier: Apache-2.0
"""Challenges: what is made, who is asked by it, what results say of freshness. T06, T07, EVID-02 to EVID-05 on the host."""
import hashlib
import io
import json
import re
import shutil
import sys
import unittest

import cbor2

from tool import EXAMPLES, Case

READY = """
$I enroll -d sim/1 -d sim/2 -o x.cards >/dev/null || exit 99
$I claim -k owner.pem -d sim/1 -d sim/2 --cards x.cards >/dev/null || exit 99
"""
MAKE = "$I challenge -k owner.pem --target keel-2 -o c.challenge 2>/dev/null\n"
BIT_1 = "$I policy -k owner.pem --only-challenges -d sim/1 -d sim/2 --cards x.cards >/dev/null || exit 99\n"
IMEIS = ["001010010000014", "001010010000022"]


class Challenges(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        rows = (EXAMPLES / "devices.csv").read_text().splitlines(keepends=True)
        self.write("d.csv", "".join(rows[:3]))

    def two(self, script, *args, status=0):
        return self.simulate(READY + script, "--csv", "d.csv", *args, count=2, status=status)

    def told(self, script, *args, status=0):
        """The reports of the last command, by imei where it is known."""
        return [json.loads(line) for line in self.two(script, *args, status=status).out.splitlines() if line.startswith("{")]

    def items(self, name):
        data, out = (self.dir / name).read_bytes(), []
        f = io.BytesIO(data)
        while f.tell() < len(data):
            out.append(cbor2.load(f))
        return out

    def test_what_is_made(self):
        run = self.run_tool("challenge", "-k", "owner.pem", "--target", "32473/keel-2", "--owner-epoch", 3, "-o", "c")
        (one,) = self.items("c")
        body = cbor2.loads(one.value[2])
        self.assertEqual((one.tag, list(body), body[4], body[9]), (18, [1, 4, 8, 9], {258: 32473, 259: b"keel-2"}, [3, 0]))
        self.assertIn("challenge for class 32473/keel-2", run.err)
        self.run_tool("challenge", "-k", "owner.pem", "--target", IMEIS[0], "--target", "keel-2", "-n", 3, "-o", "many")
        head, *rest = self.items("many")
        self.assertEqual((head, len(rest)), ({0: "imprint-batch", 1: 6, 2: "signed"}, 6))
        beacons = {cbor2.loads(x.value[2])[8] for x in rest}
        self.assertEqual((len(beacons), {len(b) for b in beacons}), (6, {32}))
        for args, says in (((), "missing --target"), (("--target", "keel-2", "-n", "0"), "-n"), (("--target", "00101001000001"), "--target")):
            with self.subTest(args):
                self.assertIn(says, self.run_tool("challenge", "-k", "owner.pem", "-o", "x", *args, status=2).err)
                self.assertFalse((self.dir / "x").exists())

    def test_freshness_is_told_and_can_be_checked_by_who_made_it(self):
        """EVID-02: what the report holds makes the nonce again; without a challenge it is fresh to the station alone."""
        told = self.told(MAKE + "$I verify -d sim/1 -d sim/2 --cards x.cards --owner owner.pub --challenge c.challenge --json --evidence e.evidence\n"
                         "$I verify -d sim/1 --cards x.cards --json\n$I verify -d sim/1 --cards x.cards --challenge c.challenge")
        (one,) = self.items("c.challenge")
        beacon = cbor2.loads(one.value[2])[8]
        identity = hashlib.sha256(cbor2.dumps(["Signature1", one.value[0], b"", one.value[2]])).hexdigest()
        nonces = {cbor2.loads(e.value[2])[10] for e in self.items("e.evidence")[1:]}
        self.assertEqual(len(nonces), 2)
        for d in told[:2]:
            self.assertEqual((d["fresh"], d["challenge"], d["beacon"]), ("challenge", identity, beacon.hex()))
            self.assertEqual(d["challenge_by"], cbor2.loads(one.value[0])[4].hex())
            ueid = bytes.fromhex(d["ueid"])
            self.assertIn(hashlib.sha256(b"imprint-nonce-1" + beacon + bytes([len(ueid)]) + ueid + bytes.fromhex(d["r"])).digest(), nonces)
            self.assertIn(f"fresh since challenge {identity[:16]} of ", d["message"])
        self.assertNotEqual(told[0]["r"], told[1]["r"])
        self.assertEqual([told[2][k] for k in ("fresh", "challenge", "challenge_by", "beacon", "r")], ["station", None, None, None, None])
        self.assertNotIn("fresh", told[2]["message"])

    def test_evid_03_who_may_not_ask_is_refused(self):
        """By a stranger, for another device, of another owner-epoch: refused by the device; by the tool where it knows the owner."""
        for args, says in (("-k stranger.pem --target keel-2", "refuses (challenge)"), (f"-k owner.pem --target {IMEIS[1]}", "refuses (challenge)"),
                           ("-k owner.pem --target keel-2 --owner-epoch 2", "refuses (challenge)")):
            with self.subTest(args):
                run = self.two(f"$I challenge {args} -o b.challenge --force\n$I verify -d sim/1 --cards x.cards --challenge b.challenge", status=5)
                self.assertIn(says, run.err)
                self.assertIn("hint: the challenge is not one by its owner of now", run.err)
                self.reset()
        self.run_tool("challenge", "-k", "stranger.pem", "--target", "keel-2", "-o", "s.challenge")
        run = self.two("$I verify -d sim/1 --cards x.cards --owner owner.pub --challenge s.challenge", status=4)
        self.assertRegex(run.err, r"s.challenge: item 1: a challenge by \w+, expected one by ")
        self.reset()
        run = self.two("$I lock -k owner.pem --target keel-2 -o l.command\n$I verify -d sim/1 --cards x.cards --challenge l.command", status=3)
        self.assertIn("expected a challenge", run.err)

    def reset(self):
        """New devices."""
        shutil.rmtree(self.dir / "sim", ignore_errors=True)
        (self.dir / "x.cards").unlink(missing_ok=True)

    def test_evid_04_spoilt_signature(self):
        self.run_tool("challenge", "-k", "owner.pem", "--target", "keel-2", "-o", "c.challenge")
        data = bytearray((self.dir / "c.challenge").read_bytes())
        data[-1] ^= 1
        self.write("c.challenge", bytes(data))
        self.assertIn("the issuer's signature of the challenge is wrong",
                      self.two("$I verify -d sim/1 --cards x.cards --owner owner.pub --challenge c.challenge", status=5).err)

    def test_policy_bit_1_is_honoured(self):
        script = BIT_1 + "exec 2>&1\n"
        for command, says in (("$I devices", "(attests only to challenges)"), ("$I devices", "verify --challenge FILE has it say who it is"),
                              ("$I verify -d sim/1 --cards x.cards", "--challenge FILE has it say so, or --id ID names it"),
                              (f"$I verify -d sim/1 --id {IMEIS[0]} --cards x.cards", "hint: its policy: it proves itself to challenges only: --challenge FILE"),
                              ("$I enroll -d sim/1 -o y.cards", "hint: its policy: it proves itself to challenges only: --challenge FILE"),
                              ("$I diff p.packages -d sim/1", "--cards FILE and --challenge FILE have it prove what it holds"),
                              ("$I push p.packages -d sim/1 --cards x.cards", "--challenge FILE has it say so, or --id ID names it")):
            script += f"echo == {command.split()[1]}\n{command}\necho \"{says}\" >>wanted\n"
        self.profile()
        pack = "$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages\n"
        run = self.two(pack + script + "exit 0")
        for line in (self.dir / "wanted").read_text().splitlines():
            self.assertIn(line, run.out)
        for part in re.split(r"== \w+\n", run.out)[1:]:
            self.assertNotIn("001010010000014", part.replace(f"--id {IMEIS[0]}", ""))

    def test_with_a_challenge_all_of_it_works(self):
        self.profile(7)
        told = self.told("$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages 2>/dev/null\n" + MAKE + BIT_1 +
                         "C='--challenge c.challenge --json'\n"
                         "$I verify -d sim/1 -d sim/2 --cards x.cards --evidence e.evidence $C\n"
                         "$I push p.packages -d sim/1 -d sim/2 --cards x.cards --evidence e.evidence $C\n"
                         "$I enroll -d sim/1 -d sim/2 -o y.cards $C\n$I lock -k owner.pem -d sim/1 -d sim/2 --cards x.cards $C\n"
                         f"$I verify -d sim/1 -d sim/2 --id {IMEIS[1]} --cards y.cards $C\n"
                         "$I diff p.packages -d sim/1 -d sim/2 --cards x.cards --challenge c.challenge >/dev/null || exit 98\n"
                         "$I policy -k owner.pem -d sim/1 --cards x.cards $C\n$I verify -d sim/1 --cards x.cards --json")
        self.assertEqual({d["result"] for d in told}, {"pass"})
        self.assertEqual([d["imei"] for d in told], IMEIS * 4 + IMEIS[1:] + IMEIS[:1] * 2)
        self.assertEqual([d["fresh"] for d in told], ["challenge"] * 10 + ["station"])
        self.assertEqual(told[2]["round_trips"], 3, "describe, who it is, stage")

    def test_each_of_many_serves_one_conversation(self):
        run = self.two("$I challenge -k owner.pem --target keel-2 -n 2 -o two.challenge 2>/dev/null\n"
                       f"$I challenge -k owner.pem --target {IMEIS[1]} --target keel-2 -o own.challenge 2>/dev/null\n"
                       f"$I challenge -k owner.pem --target {IMEIS[1]} -n 2 -o other.challenge 2>/dev/null\n"
                       "$I verify -d sim/1 -d sim/2 --cards x.cards --challenge two.challenge --json\n"
                       "$I verify -d sim/2 --cards x.cards --challenge own.challenge --json\n"
                       "$I verify -d sim/1 --cards x.cards --challenge other.challenge; echo \"status $?\"\n" + BIT_1 +
                       "$I verify -d sim/1 -d sim/2 --cards x.cards --challenge two.challenge --json\n")
        told = [json.loads(line) for line in run.out.splitlines() if line.startswith("{")]
        self.assertEqual([d["result"] for d in told], ["pass"] * 5)
        ids = [d["challenge"] for d in told]
        self.assertEqual((len(set(ids[:2])), set(ids[:2]) == set(ids[3:])), (2, True))
        own = self.items("own.challenge")
        self.assertEqual(ids[2], hashlib.sha256(cbor2.dumps(["Signature1", own[1].value[0], b"", own[1].value[2]])).hexdigest(), "its own before its class's")
        self.assertIn("no challenge for it in other.challenge", run.err)
        self.assertIn("status 4\n", run.out)

    def test_more_devices_than_challenges(self):
        run = self.two("$I challenge -k owner.pem --target keel-2 --target keel-3 -o few.challenge 2>/dev/null\n"
                       "$I verify -d sim/1 -d sim/2 --cards x.cards --challenge few.challenge", status=12)
        self.assertEqual(len(re.findall("^PASS", run.out, re.M)), 1)
        self.assertRegex(run.out, "FAIL .*every challenge for it in few.challenge is used")
        self.assertIn("without -n one that serves all", run.err)

    def test_an_authority_asks_by_its_grant(self):
        self.run_tool("keygen", "--class", "test", "-o", "op.pem", "--public", "op.pub")
        self.run_tool("grant", "-k", "owner.pem", "--holder", "op.pub", "--domain", "network", "--allow", "cellular", "--target", "keel-2", "-o", "g")
        self.run_tool("challenge", "-k", "op.pem", "--grant", "g", "--owner", "owner.pub", "--target", "keel-2", "-o", "c.challenge")
        body = cbor2.loads(self.items("c.challenge")[0].value[2])
        self.assertEqual((body[2], body[9]), (1, [1, 0]))
        self.assertIn("g grants class keel-2", self.run_tool("challenge", "-k", "op.pem", "--grant", "g", "--target", "keel-3", "-o", "x", status=4).err)
        self.assertIn("held by", self.run_tool("challenge", "-k", "stranger.pem", "--grant", "g", "--target", "keel-2", "-o", "x", status=4).err)
        told = self.told("$I verify -d sim/1 --cards x.cards --owner owner.pub --challenge c.challenge --json\n"
                         "$I floor --raise 1=1 -k owner.pem -d sim/1 --cards x.cards >/dev/null\n"
                         "$I verify -d sim/1 --cards x.cards --challenge c.challenge --json", status=5)
        self.assertEqual([(d["fresh"], d["refusal"]) for d in told], [("challenge", None), (None, "challenge")])

    def test_the_ledger_keeps_what_makes_the_nonce_again(self):
        self.profile()
        self.two("$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages\n" + MAKE + "$I ledger init --ledger l.db\n"
                 "$I push p.packages -d sim/1 --cards x.cards --ledger l.db --challenge c.challenge\n"
                 "$I push p.packages -d sim/2 --cards x.cards --ledger l.db")
        entries = [json.loads(line) for line in self.run_tool("log", "--ledger", "l.db", "--json").out.splitlines()]
        by, without = (e for e in entries if e["type"] == "evidence")
        ueid, beacon = (bytes.fromhex(by[k]) for k in ("ueid", "beacon"))
        self.assertEqual(hashlib.sha256(b"imprint-nonce-1" + beacon + bytes([len(ueid)]) + ueid + bytes.fromhex(by["r"])).hexdigest(), by["nonce"])
        self.assertEqual(by["issuer"], cbor2.loads(self.items("c.challenge")[0].value[0])[4].hex())
        self.assertEqual([without[k] for k in ("challenge", "issuer", "beacon", "r")], [None] * 4)
        self.assertIn(f"challenge {by['challenge'][:16]}", self.run_tool("log", "--ledger", "l.db").out)
        self.run_tool("ledger", "verify", "--ledger", "l.db")

    def test_evid_05_a_device_that_answers_under_its_own_nonce_is_found(self):
        """The nonce must be the one that follows from beacon, device and r."""
        run = self.simulate("$I enroll -d sim/1 -o x.cards\n$I claim -k owner.pem -d sim/1 --cards x.cards\n" + MAKE +
                            "$I verify -d sim/1 --cards x.cards --challenge c.challenge --json", "--fault", "lie:nonce", status=5)
        told = [json.loads(run.out.splitlines()[-1])]
        self.assertEqual((told[0]["differences"][0]["what"], told[0]["fresh"]), ("nonce", None))


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
