# SPDX-License-Identifier: Apache-2.0
"""Approvals: what is shown, who may sign, when it is enough, by the tool and by the device. COSE-18, T13; PRO-14 at the prompt."""
import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import unittest

import cbor2

from tool import EXAMPLES, IMPRINT, ROOT, Case, luhn

sys.path.append(str(ROOT / "tests/interop"))
import cose  # noqa: E402
import objects as o  # noqa: E402
from cbor_strict import decode, sequence  # noqa: E402

ENROLL = "$I enroll -d sim/1 -d sim/2 -o x.cards >/dev/null || exit 99\n"
IMEIS = ["001010010000014", "001010010000022"]
SET = "2:a.pub,b.pub,c.pub"


class Approve(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        for name in "abc":
            self.run_tool("keygen", "--class", "test", "-o", f"{name}.pem", "--public", f"{name}.pub")
        rows = (EXAMPLES / "devices.csv").read_text().splitlines(keepends=True)
        self.write("d.csv", "".join(rows[:3]))

    def approve(self, key, name, out, *args, status=0):
        return self.run_tool("approve", "-k", f"{key}.pem", name, "-o", out, "--yes", *args, status=status)

    def claim(self):
        """k.claim: by the owner and two of three."""
        self.run_tool("claim", "-k", "owner.pem", "--target", "keel-2", "--approval", SET, "-o", "k0.claim")
        self.approve("c", "k0.claim", "k1.claim")
        self.approve("a", "k1.claim", "k.claim")

    def profiles(self, sequence=1, name="p0.signed", **parts):
        self.profile(sequence, **parts)
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "p.profiles", "--force")
        (self.dir / "p.profiles").unlink()
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "p.profiles")
        self.run_tool("sign", "-k", "owner.pem", "p.profiles", "--to-approve", "-o", name)

    def two(self, script, *args, status=0):
        return self.simulate(ENROLL + script, "--csv", "d.csv", *args, count=2, status=status)

    def kid(self, name):
        return cose.kid_of(cose.Key.load(self.dir / f"{name}.pem").public)

    def test_signatures_are_those_of_the_format(self):
        """The second implementation reads what comes of it: order, headers, each signature, the same id as before."""
        self.claim()
        before, after = (o.Signed(decode((self.dir / n).read_bytes())) for n in ("k0.claim", "k.claim"))
        keys = {self.kid(n): cose.Key.load(self.dir / f"{n}.pem").public for n in ("owner", "a", "c")}
        self.assertTrue(after.many)
        self.assertEqual([s[0] for s in after.signers], sorted(keys))
        for kid, alg, tbs, signature in after.signers:
            self.assertTrue(cose.verify(keys[kid], alg, tbs, signature))
        self.assertEqual((after.id, after.issuer, after.payload), (before.id, self.kid("owner"), before.payload))
        count, approvers = decode(after.payload)[6]
        self.assertEqual((count, [cose.kid_of(k) for k in approvers]), (2, [self.kid(n) for n in "abc"]))

    def test_owner_with_approvers_from_claim_to_lock(self):
        """Two of three for everything that the owner signs: the device refuses one alone and one too few, and takes two."""
        self.claim()
        self.profiles()
        self.approve("b", "p0.signed", "p1.signed", "--owner", "owner.pub")
        self.approve("a", "p1.signed", "p2.signed", "--owner", "owner.pub", "--approval", SET)
        self.run_tool("sign", "-k", "owner.pem", "p.profiles", "-o", "one.signed")
        for out, args in (("l0", ("--to-approve",)), ("l", ())):
            self.run_tool("lock", "-k", "owner.pem", "--target", "keel-2", "-o", out, *args)
        self.approve("c", "l0", "l1", "--owner", "owner.pub")
        self.approve("b", "l1", "l2", "--owner", "owner.pub")
        script = "$I push k.claim -d sim/1 -d sim/2 --cards x.cards --json\n"
        for n in ("one", "p1", "p2"):
            script += f"$I encrypt {n}.signed --cards x.cards --accept-asserted -o {n}.packages\n$I push {n}.packages -d sim/1 -d sim/2 --cards x.cards --json\n"
        for n in ("l", "l1", "l2"):
            script += f"$I push {n} -d sim/1 --cards x.cards --json\n"
        run = self.two(script)
        told = self.lines(run.out)
        self.assertEqual([d["refusal"] for d in told], [None] * 2 + ["approval"] * 4 + [None] * 2 + ["approval"] * 2 + [None])
        self.assertIn("how many others must sign: sign with --to-approve", told[2]["hints"][0])
        self.assertEqual(told[-1]["lifecycle"], "locked")

    def test_cose_18_who_may_not_sign_is_told_why(self):
        self.claim()
        self.profiles()
        self.approve("a", "p0.signed", "p1.signed", "--owner", "owner.pub")
        self.run_tool("sign", "-k", "owner.pem", "p.profiles", "-o", "one.signed")
        self.run_tool("claim", "-k", "owner.pem", "--target", "keel-2", "-o", "plain.claim")
        own = ("--owner", "owner.pub")
        for key, name, args, status, says in (
                ("a", "p1.signed", own, 4, "has approved it already"),
                ("owner", "p0.signed", own, 4, "signs it in its own name, and can't approve it, too"),
                ("stranger", "p1.signed", (*own, "--approval", SET), 4, "is not among those who may approve it"),
                ("stranger", "k1.claim", (), 4, "is not among those who may approve it"),
                ("b", "k.claim", (), 4, "all 2 that it needs have approved it, one more is one too many"),
                ("a", "plain.claim", (), 4, "asks for nobody's approval"),
                ("a", "one.signed", own, 4, "in a form that has no room for others\nhint: its issuer signs it anew with --to-approve"),
                ("a", "p0.signed", (), 2, "missing --owner PUB"),
                ("a", "p0.signed", ("--owner", "stranger.pub"), 4, "a profile by "),
                ("a", "p.profiles", own, 3, "holds profiles, expected what is signed"),
                ("b", "p1.signed", (*own, "--approval", "1:b.pub,c.pub"), 4, "is not among those who may approve it"),
        ):
            with self.subTest(f"{key} {name}"):
                run = self.approve(key, name, "x", *args, status=status)
                self.assertIn(says, run.err)
                self.assertFalse((self.dir / "x").exists())

    def test_bad_signatures_are_not_added_to(self):
        """The issuer's first, then each other that is known."""
        self.run_tool("claim", "-k", "owner.pem", "--target", "keel-2", "--approval", SET, "-o", "k0.claim")
        self.approve("c", "k0.claim", "k1.claim")
        good = decode((self.dir / "k1.claim").read_bytes())
        for name in ("owner", "c"):
            item = cbor2.loads((self.dir / "k1.claim").read_bytes())
            for signer in item.value[3]:
                if cbor2.loads(signer[0])[4] == self.kid(name):
                    signer[2] = bytes([signer[2][0] ^ 1]) + signer[2][1:]
            self.write("bad.claim", cbor2.dumps(item))
            self.assertIn("wrong", self.approve("a", "bad.claim", "x", status=5).err)
        item = cbor2.loads((self.dir / "k1.claim").read_bytes())
        item.value[3][:] = [s for s in item.value[3] if cbor2.loads(s[0])[4] != self.kid("owner")]
        self.write("bad.claim", cbor2.dumps(item))
        self.assertIn("the issuer's signature of the transfer is missing", self.approve("a", "bad.claim", "x", status=5).err)
        self.assertEqual(len(good.value[3]), 2)

    def test_one_too_few_is_refused_before_it_is_sent(self):
        self.run_tool("claim", "-k", "owner.pem", "--target", "keel-2", "--approval", SET, "-o", "k0.claim")
        self.approve("c", "k0.claim", "k1.claim")
        self.profiles()
        self.run_tool("lock", "-k", "owner.pem", "--target", "keel-2", "--to-approve", "-o", "l0")
        for name, says in (("k0.claim", "the claim has 0 of the 2 approvals"), ("k1.claim", "the claim has 1 of the 2 approvals"), ("l0", "nobody has approved the command yet")):
            with self.subTest(name):
                run = self.two(f"$I push {name} -d sim/1 --cards x.cards", status=4)
                self.assertIn(says, run.err)
                self.assertIn("hint: imprint approve adds a signature", run.err)
        self.approve("a", "p0.signed", "p1.signed", "--owner", "owner.pub")
        self.approve("a", "l0", "l1", "--owner", "owner.pub")
        self.approve("a", "k1.claim", "k.claim")
        run = self.two("$I push k.claim -d sim/1 -d sim/2 --cards x.cards >/dev/null\n"
                       f"$I push l1 -d sim/1 --cards x.cards --approval {SET}", status=4)
        self.assertIn("the command has 1 of the 2 approvals that it needs", run.err)
        for args, says in (((), "nobody has approved the profile yet"), (("--approval", SET), "the profile has 0 of the 2 approvals")):
            self.assertIn(says, self.run_tool("encrypt", "p0.signed", "--cards", "x.cards", "--accept-asserted", "-o", "x", *args, status=4).err)
        self.assertIn("the profile has 1 of the 2 approvals",
                      self.run_tool("encrypt", "p1.signed", "--cards", "x.cards", "--accept-asserted", "-o", "x", "--approval", SET, status=4).err)
        self.assertFalse((self.dir / "x").exists())

    def test_holder_of_a_grant_with_approvers(self):
        """The grant says that others must sign: sign makes room by itself, pack refuses, the device counts; the owner's own grant is approved, too."""
        self.run_tool("keygen", "--class", "test", "-o", "op.pem", "--public", "op.pub")
        grant = ("grant", "-k", "owner.pem", "--holder", "op.pub", "--domain", "network", "--allow", "cellular", "--target", "keel-2", "--approval", "1:b.pub,c.pub")
        self.run_tool(*grant, "--to-approve", "-o", "g0")
        run = self.approve("a", "g0", "g1", "--owner", "owner.pub", "--approval", SET)
        self.assertRegex(run.out, r"grant: \w+ may write objects 10 of domain 1 of class keel-2.*; what it signs needs 1 of 2 others: ")
        self.approve("b", "g1", "g", "--owner", "owner.pub", "--approval", SET)
        self.claim()
        self.profile(3, domain="network")
        by = ("-k", "op.pem", "--grant", "g", "--owner", "owner.pub")
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "p.profiles")
        self.run_tool("sign", "p.profiles", *by, "-o", "p0.signed")
        self.assertIn("nobody has approved the grant yet", self.run_tool("sign", "p.profiles", *by[:2], "--grant", "g0", *by[4:], "-o", "x", status=4).err)
        item = cbor2.loads((self.dir / "g").read_bytes())
        (own,) = (s for s in item.value[3] if cbor2.loads(s[0])[4] == self.kid("owner"))
        own[2] = bytes(64)
        self.write("bad", cbor2.dumps(item))
        self.assertIn("signature of the grant is wrong", self.run_tool("sign", "p.profiles", *by[:2], "--grant", "bad", *by[4:], "-o", "x", status=5).err)
        self.assertIn("approved by 0 of the 1 that it needs", self.approve("c", "p0.signed", "p1.signed", "--owner", "owner.pub").out)
        self.assertIn("a grant by ", self.approve("c", "p0.signed", "x", "--owner", "stranger.pub", status=4).err)
        item = self.items("p0.signed")[1]
        (own,) = (s for s in item.value[1][13].value[3] if cbor2.loads(s[0])[4] == self.kid("owner"))
        own[2] = bytes(64)
        self.write("bad.signed", cbor2.dumps(item))
        self.assertIn("signature of the grant is wrong", self.approve("c", "bad.signed", "x", "--owner", "owner.pub", status=5).err)
        self.assertIn("without --owner PUB", self.approve("c", "p0.signed", "p9.signed").err)
        self.assertIn("is not among those", self.approve("a", "p0.signed", "x", "--owner", "owner.pub", status=4).err)
        run = self.two("$I push k.claim -d sim/1 -d sim/2 --cards x.cards >/dev/null\n"
                       "$I encrypt p0.signed --cards x.cards --accept-asserted -o x; echo \"status $?\"\n"
                       "$I encrypt p1.signed --cards x.cards --accept-asserted -o p.packages\n"
                       f"$I pack p.yaml --csv d.csv {' '.join(by)} --cards x.cards -o y; echo \"status $?\"\n"
                       "$I push p.packages -d sim/1 -d sim/2 --cards x.cards --json\n"
                       "$I verify -d sim/1 --cards x.cards --owner owner.pub --grant g --json")
        self.assertIn("the profile has 0 of the 1 approvals that it needs", run.err)
        self.assertIn("asks for 1 of 2 approvers besides", run.err)
        self.assertIn("hint: imprint build, sign, approve and encrypt", run.err)
        self.assertEqual(re.findall(r"^status (\d+)", run.out, re.M), ["4", "4"])
        self.assertEqual([d["result"] for d in (json.loads(x) for x in run.out.splitlines() if x.startswith("{"))], ["pass"] * 3)

    def test_many_profiles_are_summed_up(self):
        """What is the same on all and what is not, never a bare hash; secrets stay secret; each gets its signature."""
        rows = "".join(f"{luhn(f'0010100100{n:04d}')},apn{n % 3}\n" for n in range(1, 41))
        self.write("many.csv", "imei,apn\n" + rows)
        self.write("m.yaml", '''imprint: 1
profile: fleet
domain: owner
sequence: 9
target: {imei: "${imei}", class: keel-2}
variables: {imei: {type: imei}, apn: {type: apn}}
settings:
  cellular: {psm-timer: 10h}
  apn/0: {name: iot, apn: "${apn}", auth: pap, user: u, secret: hunter2}
''')
        self.run_tool("build", "m.yaml", "--csv", "many.csv", "--seed", "seed.key", "-o", "m.profiles")
        self.run_tool("sign", "-k", "owner.pem", "m.profiles", "--to-approve", "-o", "m0.signed")
        run = self.approve("a", "m0.signed", "m1.signed", "--owner", "owner.pub", "--approval", SET)
        for line in ("40 profiles:", "  device        imei 001010010000014", "  only if it is of class keel-2", "  domain        0 (owner)",
                     "  sequence      9", "  label         fleet", "    cellular/0/psm-timer: 10h", "    apn/0/secret: (secret)", '    apn/0/apn:\n      14 x "apn1"\n      13 x "apn2"\n      13 x "apn0"'):
            self.assertIn(line + "\n", run.out)
        devices = run.out[run.out.index("  device "):run.out.index("  only if")]
        self.assertEqual(re.findall(r"imei (\d+)\n", devices), [row.split(",")[0] for row in rows.split()])
        self.assertNotIn("hunter2", run.out)
        self.assertLess(run.out.index("psm-timer"), run.out.index("not the same on all:"))
        self.assertGreater(run.out.index("apn/0/apn:"), run.out.index("not the same on all:"))
        items = [item for item, _ in sequence((self.dir / "m1.signed").read_bytes())]
        self.assertEqual((items[0], {len(i.value[3]) for i in items[1:]}), ({0: "imprint-batch", 1: 40, 2: "signed"}, {2}))
        self.assertEqual((self.dir / "m1.signed").stat().st_mode & 0o777, 0o600)
        told = self.lines(self.approve("b", "m1.signed", "m2.signed", "--owner", "owner.pub", "--approval", SET, "--json").out)
        self.assertEqual((len(told), {(d["approvals"], d["needed"]) for d in told}), (40, {(1, 2)}))
        self.assertEqual(told[1]["says"], "profile: imei 001010010000022, domain 0, sequence 9, owner-epoch 1, domain-epoch 0")

    def test_a_batch_is_approved_whole_or_not_at_all(self):
        """One signature stands for all of its leaves: each is shown, the root is made again, and each gets the same signature."""
        self.claim()
        self.profile(4)
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "p.profiles")
        for n, label in ((0, "June, line 2"), (9, "another")):
            self.run_tool("sign", "-k", "owner.pem", "p.profiles", "--batch", "--label", label, "--to-approve", "-o", f"p{n}.signed")
        own = ("--owner", "owner.pub", "--approval", SET)
        run = self.approve("a", "p0.signed", "p1.signed", *own)
        self.assertIn("2 profiles:\n  device        imei 001010010000014\n                imei 001010010000022\n", run.out)
        self.assertIn("all of them are one batch, by one signature: June, line 2\n", run.out)
        self.approve("c", "p1.signed", "p2.signed", *own)
        leaves = [cbor2.dumps(item) for item in self.items("p2.signed")[1:]]
        signatures = [{cbor2.loads(s[0])[4]: s[2] for s in cbor2.loads(leaf).value[3]} for leaf in leaves]
        self.assertEqual((signatures[0], set(signatures[0])), (signatures[1], {self.kid(n) for n in ("owner", "a", "c")}))
        first, second = (cbor2.dumps(item) for item in self.items("p0.signed")[1:])
        other = cbor2.dumps(self.items("p9.signed")[2])
        self.run_tool("sign", "-k", "owner.pem", "p.profiles", "--to-approve", "-o", "single.signed")
        single = cbor2.dumps(self.items("single.signed")[1])
        for name, parts, status in (("one of two", (first,), 3), ("the second of two", (second,), 3), ("turned round", (second, first), 3), ("one twice", (first, first), 3),
                                    ("of two batches", (first, other), 3), ("a leaf and another", (first, single), 3), ("another and a leaf", (single, second), 3)):
            with self.subTest(name):
                self.write("bad.signed", cbor2.dumps({0: "imprint-batch", 1: len(parts), 2: "signed"}) + b"".join(parts))
                self.assertIn("bad.signed: ", self.approve("a", "bad.signed", "x", *own, status=status).err)
                self.assertFalse((self.dir / "x").exists())
        run = self.two("$I push k.claim -d sim/1 -d sim/2 --cards x.cards >/dev/null\n"
                       "for n in 1 2; do $I encrypt p$n.signed --cards x.cards --accept-asserted -o p$n.packages\n"
                       "$I push p$n.packages -d sim/1 -d sim/2 --cards x.cards --json; done")
        self.assertEqual([d["refusal"] for d in self.lines(run.out)], ["approval"] * 2 + [None] * 2)

    def items(self, name):
        data, out = io.BytesIO((self.dir / name).read_bytes()), []
        while data.tell() < len(data.getbuffer()):
            out.append(cbor2.load(data))
        return out

    def test_what_changes_is_shown(self):
        """Against an older file, evidence, and the devices themselves."""
        self.claim()
        self.profiles(1, "a0.signed")
        for n, (key, out) in enumerate((("a", "a1.signed"), ("b", "a2.signed"))):
            self.approve(key, f"a{n}.signed", out, "--owner", "owner.pub")
        self.profiles(2, "b0.signed", extra="  apn/0: {name: iot, apn: iot.example, auth: none}\n")
        run = self.approve("a", "b0.signed", "b1.signed", "--owner", "owner.pub", "--against", "a2.signed")
        self.assertIn("what changes, compared with a2.signed, unproven:\n", run.out)
        self.assertIn('imei 001010010000014, domain 0: differs\n  ~ sequence: 1 -> 2\n  + apn/0/name: "iot"\n', run.out)
        self.assertIn("2 of 2 change\n", run.out)
        run = self.two("$I push k.claim -d sim/1 -d sim/2 --cards x.cards --evidence e.evidence >/dev/null\n"
                       "$I encrypt a2.signed --cards x.cards --accept-asserted -o a.packages 2>/dev/null\n"
                       "$I push a.packages -d sim/1 --cards x.cards --evidence e.evidence >/dev/null\n"
                       "$I approve -k b.pem b0.signed -o c1.signed --owner owner.pub --yes -d sim/1 -d sim/2 --cards x.cards\n"
                       "$I approve -k b.pem a1.signed -o c2.signed --owner owner.pub --yes -d sim/1 --cards x.cards\n"
                       "$I approve -k b.pem b0.signed -o c3.signed --owner owner.pub --yes --against e.evidence --cards x.cards", status=0)
        live, same, kept = run.out.split("compared with ")[1:]
        self.assertTrue(live.startswith("the devices:\n"))
        self.assertRegex(live, r"imei 001010010000014, domain 0: another profile \(id \w+\.\.\.\)\n  ~ sequence: 1 -> 2\n")
        self.assertIn("imei 001010010000022, domain 0: only in b0.signed; the device holds nothing there\n", live)
        self.assertIn("\n1 of 2 change\n", same, "one has it, the other is not there")
        self.assertTrue(kept.startswith("e.evidence:\n"))
        self.assertIn("2 of 2 change", kept)
        self.assertIn("is YAML", self.approve("b", "b0.signed", "x", "--owner", "owner.pub", "--against", "p.yaml", status=2).err)

    def test_commands_are_told_in_words(self):
        one = ("--target", IMEIS[0])
        for args, says in ((("lock", "--target", "keel-2"), "lock: every device of class keel-2 is locked, a mark that is never taken off; owner-epoch 1"),
                           (("floor", "--raise", "1=4", "--raise", "2=1", *one), "domain 1 goes up to domain-epoch 4, domain 2 goes up to domain-epoch 1: whatever was signed for a lower one is dead, for good"),
                           (("wipe", "--domain", "0", "--domain", "3", "--sequence", "8", *one), f"wipe: imei {IMEIS[0]} loses its settings in domain 0, 3; owner-epoch 1, sequence 8 of domain 0"),
                           (("policy", "--only-challenges", "--sequence", "8", *one), f"policy: of imei {IMEIS[0]}: the maker's key may not recover it, it proves itself to challenges only"),
                           (("retire", "--sequence", "8", "--owner-epoch", "3", *one), f"retire: imei {IMEIS[0]} loses all settings and takes nothing any more, for good; owner-epoch 3"),
                           (("challenge", "--target", "32473/keel-2"), "challenge: every device of class 32473/keel-2 may be asked to prove itself; owner-epoch 1")):
            with self.subTest(args[0]):
                self.run_tool(*args, "-k", "owner.pem", "--to-approve", "-o", args[0])
                self.assertIn(says, self.approve("a", args[0], f"{args[0]}.1", "--owner", "owner.pub").out)

    def test_every_object_is_shown(self):
        parts = []
        for n in range(24):
            self.run_tool("lock", "-k", "owner.pem", "--target", f"model-{n}", "--to-approve", "-o", f"l{n}")
            parts.append((self.dir / f"l{n}").read_bytes())
        self.write("all.signed", cbor2.dumps({0: "imprint-batch", 1: len(parts), 2: "signed"}) + b"".join(parts))
        run = self.approve("a", "all.signed", "x", "--owner", "owner.pub")
        self.assertEqual(re.findall(r"^lock: every device of class (\S+) is locked", run.out, re.M), [f"model-{n}" for n in range(24)])

    def test_all_of_a_grant_is_told(self):
        """Its depth and end, and each of many targets and approvers."""
        targets = [f"a-model-with-a-long-name-{n:02d}" for n in range(15)]
        grant = ("grant", "-k", "owner.pem", "--holder", "stranger.pub", "--domain", "1", "--allow", "10", "--to-approve", "--approval", SET)
        for depth, says in ((0, "depth 0: its holder may not give it on"), (2, "depth 2: up to 2 further grants below it")):
            self.run_tool(*grant, *(a for t in targets for a in ("--target", t)), "--depth", str(depth), "-o", f"g{depth}")
            out = self.approve("a", f"g{depth}", f"h{depth}", "--owner", "owner.pub").out
            self.assertIn(f"of domain 1 of {', '.join('class ' + t for t in targets)}, epochs 1,0, sequences 1 and above, without expiry, {says}; what it signs needs 2 of 3 others: ", out)
            for name in "abc":
                self.assertIn(self.kid(name).hex()[:8], out)

    def test_a_new_owner_with_approvers(self):
        """They sign before or after the new owner does; without them nothing is sent."""
        self.run_tool("keygen", "--class", "test", "-o", "new.pem", "--public", "new.pub")
        run = self.two("$I claim -k owner.pem -d sim/1 -d sim/2 --cards x.cards --evidence e.evidence >/dev/null\n"
                       "$I transfer -k owner.pem --to new.pub --approval 1:a.pub,b.pub --evidence e.evidence --cards x.cards -o t0 >/dev/null\n"
                       "$I approve -k a.pem t0 -o t1 --owner owner.pub --yes\n$I transfer --accept -k new.pem t1 -o t2 >/dev/null\n"
                       "$I transfer --accept -k new.pem t0 -o u1 >/dev/null\n$I approve -k b.pem u1 -o u2 --owner owner.pub --yes >/dev/null\n"
                       "$I approve -k new.pem u1 -o x --owner owner.pub --yes; echo \"status $?\"\n"
                       "$I push u1 -d sim/1 --cards x.cards; echo \"status $?\"\n"
                       "$I push t2 -d sim/1 --cards x.cards --evidence e.evidence --json\n$I push u2 -d sim/2 --cards x.cards --evidence e.evidence --json")
        self.assertRegex(run.out, r"transfer: imei 001010010000014 goes to the new owner \w+, owner-epoch 2; it loses all settings; .*; what that owner signs needs 1 of 2 others: ")
        self.assertEqual(re.findall(r"^status (\d+)", run.out, re.M), ["4", "4"])
        self.assertIn("can't approve it, too", run.err)
        self.assertIn("nobody has approved the transfer yet", run.err)
        self.assertEqual([json.loads(x)["result"] for x in run.out.splitlines() if x.startswith("{")], ["pass"] * 2)

    def test_challenge_by_an_owner_with_approvers(self):
        self.claim()
        self.run_tool("challenge", "-k", "owner.pem", "--target", "keel-2", "--to-approve", "-o", "c0")
        self.approve("a", "c0", "c1", "--owner", "owner.pub")
        self.approve("b", "c1", "c2", "--owner", "owner.pub")
        run = self.two("$I push k.claim -d sim/1 -d sim/2 --cards x.cards >/dev/null\n"
                       "$I verify -d sim/1 --cards x.cards --owner owner.pub --challenge c1; echo \"status $?\"\n"
                       "$I verify -d sim/1 --cards x.cards --owner owner.pub --challenge c2 --json")
        self.assertIn("status 5\n", run.out)
        self.assertEqual(json.loads(run.out.splitlines()[-1])["fresh"], "challenge")

    def typed(self, answer, change=None):
        """imprint approve at a terminal; `change` happens while it asks: exit status, what was shown."""
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execv(IMPRINT, ["imprint", "approve", "-k", "a.pem", "k0.claim", "-o", "k1.claim"])
        shown, asked = b"", False
        while True:
            try:
                shown += os.read(master, 4096)
            except OSError:
                break
            if b"[y/N] " in shown and not asked:
                asked = True
                if change:
                    change()
                os.write(master, answer)
        os.close(master)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def test_the_terminal_is_asked(self):
        """PRO-14: what is signed is what was shown."""
        self.run_tool("claim", "-k", "owner.pem", "--target", "keel-2", "--approval", SET, "-o", "k0.claim")
        self.run_tool("claim", "-k", "owner.pem", "--target", "keel-3", "--approval", SET, "-o", "other.claim")
        for answer in (b"n\n", b"\n", b"\x04", b"no, never\n"):
            status, shown = self.typed(answer)
            self.assertEqual((status, (self.dir / "k1.claim").exists()), (4, False), answer)
            self.assertIn("not approved: nothing was written", shown)
        self.assertLess(shown.index("becomes the first owner of every device of class keel-2"), shown.index("Sign it? [y/N]"))
        status, shown = self.typed(b"y\n", lambda: shutil.copy(self.dir / "other.claim", self.dir / "k0.claim"))
        self.assertEqual((status, (self.dir / "k1.claim").exists()), (3, False))
        self.assertIn("k0.claim: changed after it was shown", shown)
        status, shown = self.typed(b"yes\n")
        self.assertEqual((status, (self.dir / "k1.claim").exists()), (0, True))
        run = self.run_tool("approve", "-k", "b.pem", "k0.claim", "-o", "k1.claim", status=2)
        self.assertEqual((run.out, run.err), ("", "imprint: k1.claim: exists already\nhint: --force replaces it\n"), "nobody is asked in vain")
        run = self.run_tool("approve", "-k", "b.pem", "k1.claim", "-o", "x", "--yes", "--objects", "none", status=2)
        self.assertIn("none", run.err)

    def test_without_a_terminal_and_without_yes(self):
        self.run_tool("claim", "-k", "owner.pem", "--target", "keel-2", "--approval", SET, "-o", "k0.claim")
        run = subprocess.run([IMPRINT, "approve", "-k", "a.pem", "k0.claim", "-o", "k1.claim"], cwd=self.dir, capture_output=True, text=True, timeout=20,
                             stdin=subprocess.DEVNULL, start_new_session=True, check=False)
        self.assertEqual((run.returncode, (self.dir / "k1.claim").exists()), (2, False))
        self.assertIn("there is no terminal to ask on\nhint: --yes", run.stderr)

    def test_misuse(self):
        for args, says in ((("claim", "-k", "owner.pem", "--target", "keel-2", "--approval", "1:owner.pub", "-o", "x"), "the key of the owner is among them"),
                           (("claim", "-k", "owner.pem", "--approval", SET, "-d", "sim/1"), "--approval goes with -o"),
                           (("claim", "-k", "owner.pem", "--target", "keel-2", "--to-approve", "-o", "x"), "a claim always is so"),
                           (("lock", "-k", "owner.pem", "--to-approve", "-d", "sim/1"), "--to-approve goes with -o"),
                           (("grant", "-k", "owner.pem", "--holder", "a.pub", "--domain", "1", "--allow", "10", "--target", "keel-2", "--approval", "1:a.pub", "-o", "x"), "the key of the holder is among them"),
                           (("approve", "-k", "a.pem", "f", "-o", "x", "--evidence", "e"), "--against takes evidence, too"),
                           (("approve", "-k", "a.pem", "f", "-o", "x", "--cards", "c"), "--cards and --factory go with"),
                           (("approve", "-k", "a.pem", "f", "-o", "x", "--against", "g", "-d", "sim/1"), "--against or -d"),
                           (("approve", "-k", "a.pem", "-", "-o", "x"), "expected a file"), (("approve", "-k", "a.pem", "f"), "missing -o FILE")):
            with self.subTest(args[0]):
                self.assertIn(says, self.run_tool(*args, status=2).err)
        self.run_tool("grant", "-k", "owner.pem", "--holder", "a.pub", "--domain", "1", "--allow", "10", "--target", "keel-2", "-o", "g")
        self.write("e.profiles", b"")
        self.assertIn("asks for nobody's approval", self.run_tool("sign", "-k", "a.pem", "--grant", "g", "--to-approve", "e.profiles", "-o", "x", status=4).err)


if __name__ == "__main__":
    unittest.main(argv=sys.argv)
