# SPDX-License-Identifier: Apache-2.0
"""AUD: each finding, planted by a small fraud of its own and found; and what only looks like it, which is not."""
import hashlib
import json
import os
import re
import sys
import time
import unittest

from cryptography.hazmat.primitives.asymmetric import ec

import book
from book import Book, Line, resign, ueid_of
from tool import ROOT, Case, schema

sys.path.append(str(ROOT / "tests/interop"))
import cose  # noqa: E402
from cbor_strict import decode, encode  # noqa: E402

ONE, TWO, THREE = "001010010000014", "001010010000022", "001010010000030"
BOTH = "-d sim/1 -d sim/2"
DAY = 86400
# Claims of evidence: imprint-formats(7).
BOOT, LIFE, HEADS, COUNT, OWNER = 267, 2395, -70021, -70022, -70020


class Audited(Case):
    """Two devices: enrolled with an endorsement, claimed and provisioned, all of it in the ledger."""

    endorse = "--endorse factory.pem"
    ledger = None  # a file of its own

    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()
        self.write("d.csv", f"imei\n{ONE}\n{TWO}\n")
        self.env = {"IMPRINT_LEDGER": self.ledger or str(self.dir / "line.db")}
        self.tool("ledger init --origin log.example/line")
        self.line = Line(self).start()
        self.tool(f"enroll {BOTH} --station line-7 {self.endorse} -o x.cards")
        self.outside(f"claim -k owner.pem {BOTH} --cards x.cards")
        self.provision(1)

    def tool(self, words, status=0, env=None):
        return self.run_tool(*words.split(), status=status, env=self.env | (env or {}))

    def outside(self, words, status=0):
        """The same tool, without the ledger."""
        return self.run_tool(*words.split(), status=status, env={"IMPRINT_LEDGER": ""})

    def pack(self, sequence, words="", out="p.packages", key="owner", domain="owner"):
        self.profile(sequence, domain)
        if domain != "owner":  # each its own objects
            text = (self.dir / "p.yaml").read_text().split("settings:")[0]
            self.write("p.yaml", text + "settings:\n  apn/%d: {name: iot, apn: iot.example, auth: none}\n" % (domain == "service"))
        self.outside(f"pack p.yaml --csv d.csv -k {key}.pem --cards x.cards -o {out} --force {words}")

    def provision(self, sequence, devices=BOTH, status=0, station="line-7", **options):
        self.pack(sequence, **options)
        return self.tool(f"push p.packages {devices} --cards x.cards --station {station}", status=status)

    def somebody(self, sequence, devices="-d sim/2", **options):
        """Who has the right key, and uses it at night."""
        self.pack(sequence, out="n.packages", **options)
        self.outside(f"push n.packages {devices} --cards x.cards")

    def verify(self, name, devices=BOTH, words=""):
        self.outside(f"verify {devices} --cards x.cards --evidence {name} {words}")
        return name

    def audit(self, *args, status=None, env=None):
        """(findings without that of the anchor, the totals)"""
        run = self.run_tool("audit", "--json", *args, status=status, env=self.env | (env or {}))
        lines = self.lines(run.out)
        self.assertEqual(run.returncode, 11 if lines[-1]["findings"] else 0, run.err)
        self.assertEqual(lines[-1]["findings"], len(lines) - 1)
        for f in lines[:-1]:
            self.assertTrue(all(fact["text"] for fact in f["facts"]), f)
        return [f for f in lines[:-1] if f["finding"] != "not-anchored"], lines[-1]

    def finds(self, *codes, device=TWO, args=(), env=None):
        found, _ = self.audit(*args, env=env)
        self.assertEqual(sorted(f["finding"] for f in found), sorted(codes), found)
        for f in found:
            self.assertEqual(f["device"], f"imei {device}", f)
        return found

    def clean(self, *args, env=None):
        self.assertEqual(self.audit(*args, env=env)[0], [])

    def again(self, *options, count=2):
        self.line.stop()
        return self.line.start(*options, count=count)

    def book(self):
        return Book(self.dir / "line.db")

    def evidence(self, device="-d sim/2"):
        """A token, as the device signs it now."""
        (self.dir / "one.evidence").unlink(missing_ok=True)
        self.verify("one.evidence", device)
        return (self.dir / "one.evidence").read_bytes()

    def lies(self, name, claims, imei=TWO):
        """Evidence that firmware of this device could make up, after its last."""
        raw = self.evidence(f"-d sim/{(ONE, TWO).index(imei) + 1}")
        items = book.items(raw)
        body = decode(decode(items[-1]).value[2])
        self.write(name, resign(items[-1], self.line.key(imei), claims(body)))
        return name

    def spoilt(self, sequence, at=1, **claims):
        """A package, by default for TWO, whose outside alone is right, which no device takes; the whole ones beside it."""
        self.pack(sequence, out=f"{sequence}.packages")
        raw = (self.dir / f"{sequence}.packages").read_bytes()
        items = book.items(raw)
        head = decode(raw[: len(raw) - sum(map(len, items))])
        head[1] = 1
        package = decode(items[at])
        package.value[2] = bytes(len(package.value[2]))
        outside = decode(package.value[0])
        outside[15] |= {self.CLAIMS[name]: value for name, value in claims.items()}
        package.value[0] = encode(outside)
        self.write("f.packages", encode(head) + encode(package))
        (self.dir / "f.packages").chmod(0o600)
        return "f.packages"

    CLAIMS = {"id": -70010, "issuer": -70011, "pair": -70013}

    def outside_of(self, name, at):
        return decode(decode(book.items((self.dir / name).read_bytes())[at]).value[0])[15]

    def write_off(self):
        for line in self.tool("ledger items").out.splitlines():
            self.tool(f"ledger write-off --item {line.split()[0]} --reason line_stopped")


class Findings(Audited):
    def test_nothing(self):
        found, totals = self.audit()
        self.assertEqual((found, totals["devices"], totals["clean"], totals["evidence"]), ([], 2, 2, 2))
        self.provision(2)
        self.provision(3, devices="-d sim/1", domain="network")
        self.clean("--deep", "--owner", "owner.pub", "--factory", "factory.pub", "--stale", "1", self.verify("v.evidence"), "-d", "sim/1", "-d", "sim/2")

    def test_unissued_profile(self):
        self.somebody(2)
        (f,) = self.finds("unissued-profile", args=[self.verify("v.evidence")])
        self.assertEqual([x["source"] for x in f["facts"]], ["file", "entry"])
        self.assertEqual((f["facts"][0]["name"], f["domain"], f["severity"]), ("v.evidence", 0, "alarm"))
        self.assertIn(f["facts"][0]["number"], (1, 2))
        # The same package, by the line: it is issued then.
        self.tool("push n.packages -d sim/2 --cards x.cards")
        self.clean("v.evidence")

    def test_unissued_profile_that_is_issued_afterwards(self):
        self.somebody(2)
        self.outside(f"lock -k owner.pem --target {TWO} -o lock.signed")
        self.tool("push lock.signed -d sim/2 --cards x.cards")
        self.assertIn("unissued-profile", [f["finding"] for f in self.audit()[0]])
        record = self.book().last("issued", ueid_of(TWO))
        body = decode(decode(book.items((self.dir / "n.packages").read_bytes())[1]).value[0])[15]
        self.book().append("issued", record | {book.OBJECT: body[-70010], book.SEQUENCE: 2})
        (f,) = [f for f in self.audit()[0] if f["finding"] == "unissued-profile"]
        self.assertEqual(f["facts"][1]["text"], "it was issued only afterwards")

    def test_an_issuance_that_is_written_afterwards_explains_nothing(self):
        self.provision(1, domain="network")
        self.somebody(2, domain="network")
        self.provision(3, "-d sim/2", domain="network")
        self.finds("history-gap")
        record = self.book().last("issued", ueid_of(TWO))
        body = decode(decode(book.items((self.dir / "n.packages").read_bytes())[1]).value[0])[15]
        self.book().append("issued", record | {book.OBJECT: body[-70010], book.SEQUENCE: 2})
        self.finds("history-gap")

    def test_history_gap(self):
        """Provisioned by somebody else and set back, before the line came again: its settings are the right ones."""
        self.somebody(2)
        self.somebody(3)
        self.provision(4)
        (f,) = self.finds("history-gap")
        self.assertIn("explains 1 of the 3 since", f["facts"][0]["text"])
        self.assertEqual([x["source"] for x in f["facts"]], ["entry", "entry"])
        # The device's own history names both.
        both = self.finds("unissued-profile", "unissued-profile", args=["-d", "sim/2"])
        self.assertEqual([re.search(r"sequence (\d)", f["facts"][0]["text"])[1] for f in both], ["2", "3"])
        self.assertEqual({f["facts"][0]["source"] for f in both}, {"device"})

    def test_no_gap_where_the_owner_gives_commands(self):
        self.outside(f"lock -k owner.pem --target {TWO} -o lock.signed")
        self.tool("push lock.signed -d sim/2 --cards x.cards")
        self.provision(2)
        self.clean()
        self.outside("floor -R 1=3 -k owner.pem -d sim/2 --cards x.cards")
        self.provision(3)
        self.finds("history-gap")
        self.clean("-d", "sim/2")

    def test_no_gap_where_commands_are_given_with_the_ledger(self):
        for words in ("lock", "floor -R 1=3", "policy --allow-recovery", "wipe -D 0"):
            self.tool(f"{words} -k owner.pem -d sim/2 --cards x.cards")
        self.clean()
        self.outside("wipe -D 0 -k owner.pem -d sim/2 --cards x.cards")
        self.tool("policy -k owner.pem -d sim/2 --cards x.cards", status=None)
        self.finds("history-gap")

    def test_no_gap_where_evidence_was_lost(self):
        self.provision(2)
        self.provision(3)
        whole = self.book()
        self.clean()
        (rows,) = whole.db.execute("SELECT count(*) FROM leaves WHERE type = 41").fetchone()
        self.assertEqual(rows, 6)
        # From the first evidence to the last, in one step of two.
        self.clean(self.verify("v.evidence"))

    def test_no_gap_however_much_was_only_issued(self):
        """By the thousand, invented and packed, and never sent: the history goes by what was sent, of which three answers were lost."""
        b = self.book()
        issued = b.last("issued", ueid_of(TWO))
        for i in range(1100):
            b.append("issued", issued | {book.OBJECT: os.urandom(32), book.SEQUENCE: 2 + i % 9})
        self.again("--fault", "2:lie:no-evidence")
        for n in range(11, 42):
            if n == 41:
                self.again()
            if n % 10 == 1:
                self.provision(n, "-d sim/2", status=0 if n == 41 else 7)
            else:
                self.tool(f"pack p.yaml --csv d.csv -k owner.pem --cards x.cards --sequence {n} -o idle.packages --force")
        (f,) = self.finds("in-doubt")
        self.assertIn("only its history goes by it", f["facts"][1]["text"])

    def test_foreign_authority(self):
        self.outside("grant -k owner.pem --holder stranger.pub --domain 1 --allow 11 --target keel-2 -o theirs.grant")
        self.outside("grant -k owner.pem --holder factory.pub --domain 1 --allow 11 --target keel-2 -o ours.grant")
        self.provision(1, "-d sim/2", key="stranger", domain="network", words="--grant theirs.grant")
        self.clean()
        self.clean("-d", "sim/1", "-d", "sim/2", "--grant", "theirs.grant", *self.MINE)
        (f,) = self.finds("foreign-authority", args=[*self.MINE, "--grant", "ours.grant", "-d", "sim/1", "-d", "sim/2"])
        self.assertEqual((f["domain"], f["facts"][1]["text"]), (1, "knows no grant that this key holds"))
        # The ledger's grants count as well.
        data = (self.dir / "theirs.grant").read_bytes()
        self.book().append("grant", {book.OBJECT: os.urandom(32), book.CONTENT: data})
        self.clean("--grant", "ours.grant", "-d", "sim/1", "-d", "sim/2", *self.MINE)
        # Two owners are named, and one of them gave it.
        self.clean("--grant", "theirs.grant", "--owner", "factory.pub", *self.MINE)

    def test_foreign_authority_by_a_grant_that_nobody_gave(self):
        """Who writes the ledger adds a grant: by a key of its own, and one that is broken."""
        self.outside("grant -k owner.pem --holder stranger.pub --domain 1 --allow 11 --target keel-2 -o theirs.grant")
        self.outside("grant -k owner.pem --holder factory.pub --domain 1 --allow 11 --target keel-2 -o ours.grant")
        self.outside("grant -k factory.pem --holder stranger.pub --domain 1 --allow 11 --target keel-2 -o own.grant")
        self.provision(1, "-d sim/2", key="stranger", domain="network", words="--grant theirs.grant")
        own = (self.dir / "own.grant").read_bytes()
        self.book().append("grant", {book.OBJECT: os.urandom(32), book.CONTENT: own})
        self.assertEqual(self.codes("--grant", "ours.grant", "--owner", "owner.pub"), ["foreign-authority", "key-conflict"])
        theirs = bytearray((self.dir / "theirs.grant").read_bytes())
        theirs[-1] ^= 1
        self.book().append("grant", {book.OBJECT: os.urandom(32), book.CONTENT: bytes(theirs)})
        self.assertEqual(self.codes("--grant", "ours.grant", "--owner", "owner.pub"), ["foreign-authority", "key-conflict", "key-conflict"])

    def test_a_grant_whose_top_nobody_verified_excuses_nothing(self):
        """In the owner's name, and signed by nobody: whom devices name as their owner, anybody can put there."""
        self.outside("grant -k owner.pem --holder stranger.pub --domain 1 --allow 11 --target keel-2 -o theirs.grant")
        self.provision(1, "-d sim/2", key="stranger", domain="network", words="--grant theirs.grant")
        self.provision(1, "-d sim/1", domain="network")
        self.outside("grant -k owner.pem --holder factory.pub --domain 1 --allow 11 --target keel-9 -o narrow.grant")
        forged = bytearray((self.dir / "narrow.grant").read_bytes())
        forged[-1] ^= 1
        self.book().append("grant", {book.OBJECT: os.urandom(32), book.CONTENT: bytes(forged)})
        self.unverified()
        self.assertEqual(self.codes(*self.MINE), ["key-conflict"])
        self.write("forged.grant", bytes(forged))
        self.assertIn("--grant goes with --owner", self.tool("audit --grant narrow.grant", status=2).err)
        self.tool("audit --grant forged.grant --owner owner.pub", status=5)
        self.tool("audit --grant forged.grant --owner owner.pub --owner stranger.pub", status=5)
        self.tool("audit --grant forged.grant --owner stranger.pub --owner owner.pub", status=5)

    MINE = ("--owner", "owner.pub")

    def codes(self, *args):
        return sorted(f["finding"] for f in self.audit(*args)[0])

    def test_more_grants_than_anybody_gives(self):
        self.outside("grant -k owner.pem --holder stranger.pub --domain 1 --allow 11 --target keel-2 -o own.grant")
        data = (self.dir / "own.grant").read_bytes()
        with_many = self.book()
        for _ in range(257):
            with_many.append("grant", {book.OBJECT: os.urandom(32), book.CONTENT: data})
        self.clean("--owner", "owner.pub")

    def test_grants_below_one_grant(self):
        """What stands above them is verified once, their own signatures each; it counts for its own bytes alone."""
        self.outside("grant -k owner.pem --holder factory.pub --domain 1 --allow 11 --target keel-2 --depth 1 -o above.grant")
        below = "grant -k factory.pem --grant above.grant --allow 11 --target keel-2"
        held = []
        for words in ("--holder stranger.pub", "--holder owner.pub", "--holder stranger.pub --sequences 1,9"):
            self.outside(f"{below} {words} -o {len(held)}.grant")
            held.append((self.dir / f"{len(held)}.grant").read_bytes())
        self.provision(1, "-d sim/2", key="stranger", domain="network", words="--grant 0.grant")
        self.provision(1, "-d sim/1", key="factory", domain="network", words="--grant above.grant")
        self.outside("keygen --class test -o other.pem --public other.pub")
        self.outside("grant -k owner.pem --holder other.pub --domain 1 --allow 11 --target keel-2 -o other.grant")
        above = (self.dir / "above.grant").read_bytes()
        owners = ("--owner", "owner.pub", "--grant", "other.grant")
        self.assertEqual(set(self.codes(*owners)), {"foreign-authority"})
        # Whoever is given in the ledger may write, and what is above it comes with it.
        for i, data in enumerate(held):
            self.book().append("grant", {book.OBJECT: bytes([i]) * 32, book.CONTENT: data})
        self.clean(*owners)
        # A signature of its own that is wrong, below what has verified; one above it that is wrong.
        for i in (-1, held[2].index(above) + len(above) - 1):
            bad = bytearray(held[2])
            bad[i] ^= 1
            self.book().append("grant", {book.OBJECT: b"\xff" + os.urandom(31), book.CONTENT: bytes(bad)})
        self.assertEqual(self.codes(*owners), ["key-conflict", "key-conflict"])
        self.assertEqual(self.codes("--owner", "stranger.pub").count("key-conflict"), len(held) + 2)

    def test_foreign_authority_that_owns_it(self):
        self.clean("--owner", "owner.pub")
        evidence = self.lies("o.evidence", lambda b: {OWNER: [b"\x07" * 32, 2, b"\x08" * 32], HEADS: {0: [b[HEADS][0][0] + 1, b"\x09" * 32]}, COUNT: 90})
        codes = [f["finding"] for f in self.audit("--owner", "owner.pub", evidence)[0]]
        self.assertIn("foreign-authority", codes)
        self.assertIn("foreign-authority", [f["finding"] for f in self.audit(evidence)[0]])

    def test_a_transfer_by_the_ledger_is_no_foreign_owner(self):
        self.verify("v.evidence", "-d sim/2")
        self.outside("transfer -k owner.pem --to stranger.pub --cards x.cards --evidence v.evidence -o offer")
        self.outside("transfer --accept -k stranger.pem --from owner.pub offer -o accepted")
        self.tool("push accepted -d sim/2 --cards x.cards --station line-7")
        self.clean()
        self.clean("-d", "sim/2", "--owner", "owner.pub", "--owner", "stranger.pub")
        self.finds("foreign-authority", args=["--owner", "owner.pub"])
        self.provision(1, "-d sim/2", key="stranger", words="--epochs 2,0")
        self.clean()
        self.outside("transfer -k stranger.pem --to-key factory.pem --cards x.cards -d sim/2")
        (f,) = self.finds("foreign-authority", args=["-d", "sim/2"])
        self.assertIn("knows no transfer", f["facts"][1]["text"])

    def test_out_of_scope(self):
        self.outside("grant -k owner.pem --holder stranger.pub --domain 1 --allow 11 --target keel-2 -o wide.grant")
        self.provision(7, "-d sim/2", key="stranger", domain="network", words="--grant wide.grant")
        self.assertEqual([f["finding"] for f in self.audit("--grant", "wide.grant", *self.MINE)[0] if f["finding"] == "out-of-scope"], [])
        for words, why in (("--domain 2 --allow 11 --target keel-2", "another domain"), ("--domain 1 --allow 11 --target keel-9", "other devices"),
                           ("--domain 1 --allow 11 --target keel-2 --sequences 1,6", "other sequences"),
                           ("--domain 1 --allow 11 --target keel-2 --epochs 1,5", "other epochs")):
            self.outside(f"grant -k owner.pem --holder stranger.pub {words} -o narrow.grant --force")
            with self.subTest(words):
                (f,) = [f for f in self.audit("--grant", "narrow.grant", *self.MINE)[0] if f["finding"] == "out-of-scope"]
                self.assertIn(why, f["facts"][1]["text"])

    def test_history_mismatch(self):
        self.clean(self.lies("same.evidence", lambda b: {COUNT: 80}))
        for name, change in (("head", lambda b: {HEADS: {0: [b[HEADS][0][0], b"\x09" * 32]}, COUNT: 81}),
                             ("life", lambda b: {LIFE: 0x3000, COUNT: 82})):
            with self.subTest(name):
                (f,) = self.finds("history-mismatch", args=[self.lies(f"{name}.evidence", change)])
                self.assertEqual([x["source"] for x in f["facts"]], ["file", "entry"])

    def test_clone_where_flash_is_put_back_between_two_boots(self):
        """The same counts come twice: one device went back, or there are two; nothing tells them apart."""
        self.line.stop()
        old = self.line.keep(TWO)
        self.line.start()
        self.provision(2)
        self.clean()
        self.line.stop()
        self.line.put_back(TWO, old)
        self.line.start()
        self.tool("push p.packages -d sim/2 --cards x.cards", status=5)
        self.finds("clone")

    def test_rollback_by_its_counts(self):
        """The flash of the first day is put back after some more boots."""
        self.line.stop()
        old = self.line.keep(TWO)
        for _ in range(3):
            self.line.start()
            self.line.stop()
        self.line.start()
        self.provision(2)
        self.clean()
        self.line.stop()
        self.line.put_back(TWO, old)
        self.line.start()
        self.provision(2, "-d sim/2", status=5)
        (f,) = self.finds("rollback")
        self.assertIn("boot 5", f["facts"][1]["text"])

    def test_rollback_by_a_chain_that_is_shorter(self):
        self.provision(2)
        evidence = self.lies("short.evidence", lambda b: {HEADS: {0: [1, b"\x01" * 32]}, COUNT: 70})
        self.finds("rollback", args=[evidence])

    def test_clone(self):
        """One key in two devices, each counting for itself."""
        self.line.stop()
        twin = Line(self, "twin")
        self.line.copy_to(self.dir / "twin/devices", TWO)
        self.write("twin.csv", f"imei\n{TWO}\n")
        self.line.start()
        self.verify("a.evidence", "-d sim/2")
        self.clean("a.evidence")
        self.clean("a.evidence", "a.evidence")
        twin.start("--csv", "twin.csv", count=1)
        self.verify("b.evidence", "-d twin/1")
        (f,) = self.finds("clone", args=["a.evidence", "b.evidence"])
        self.assertEqual([x["name"] for x in f["facts"]], ["b.evidence", "a.evidence"])

    def test_clone_that_is_heard_of_again(self):
        """The counts of the copy are lower, and the older line goes on."""
        self.line.stop()
        twin = Line(self, "twin")
        self.line.copy_to(self.dir / "twin/devices", TWO)
        self.write("twin.csv", f"imei\n{TWO}\n")
        for _ in range(2):
            self.line.start()
            self.line.stop()
        self.line.start()
        self.provision(2)
        twin.start("--csv", "twin.csv", count=1)
        self.tool("push p.packages -d twin/1 --cards x.cards", status=5)
        self.finds("rollback")
        self.provision(3)
        self.finds("clone")

    def test_pre_claimed(self):
        self.line.stop()
        for kind in ("flash", "keys"):
            self.line.file(TWO, kind).unlink()
        self.line.start()
        (self.dir / "x.cards").unlink()
        self.env["IMPRINT_LEDGER"] = str(self.dir / "new.db")
        self.tool("ledger init")
        self.tool(f"enroll {BOTH} {self.endorse} -o x.cards")
        self.outside("claim -k stranger.pem -d sim/2 --cards x.cards")
        self.verify("v.evidence")
        (f,) = [f for f in self.audit("v.evidence", "--owner", "owner.pub")[0] if f["device"] == f"imei {TWO}"]
        self.assertEqual((f["finding"], f["facts"][1]["name"]), ("pre-claimed", "--owner"))
        found, _ = self.audit("v.evidence", "--owner", "owner.pub", "--owner", "stranger.pub")
        self.assertNotIn(f"imei {TWO}", [f["device"] for f in found])

    def test_pre_claimed_by_an_earlier_owner(self):
        self.env["IMPRINT_LEDGER"] = str(self.dir / "new.db")
        self.tool("ledger init")
        self.tool(f"enroll {BOTH} {self.endorse}")
        later = self.lies("later.evidence", lambda b: {OWNER: [b[OWNER][0], 2, b[OWNER][2]]})
        self.assertIn("pre-claimed", [f["finding"] for f in self.audit(later)[0]])
        record = decode(decode(book.items((self.dir / later).read_bytes())[0]).value[2])[OWNER][2]
        Book(self.dir / "new.db").append("delivery", {book.UEID: ueid_of(TWO), book.OBJECT: record, book.CODE: 0, 8: 1})
        self.assertNotIn("pre-claimed", [f["finding"] for f in self.audit(later)[0]])

    def test_pre_claimed_by_another_first_entry(self):
        self.env["IMPRINT_LEDGER"] = str(self.dir / "new.db")
        self.tool("ledger init")
        self.tool(f"enroll {BOTH} {self.endorse}")
        evidence = self.lies("v.evidence", lambda b: {HEADS: {0: [1, b"\x05" * 32]}})
        self.assertIn("pre-claimed", [f["finding"] for f in self.audit(evidence)[0]])

    def test_duplicate_identity(self):
        other = Line(self, "other").start()
        self.tool("enroll -d other/2 --station line-8", status=4)
        self.clean()  # an endorsed card stands
        other.stop()

    def test_duplicate_identity_after_an_exchange(self):
        """The old board is heard of again."""
        self.line.stop()
        old = self.dir / "old"
        self.line.copy_to(old / "devices", TWO)
        self.write("twin.csv", f"imei\n{TWO}\n")
        for kind in ("flash", "keys"):
            self.line.file(TWO, kind).unlink()
        self.line.start()
        (self.dir / "x.cards").rename(self.dir / "old.cards")
        self.write("d.csv", f"imei\n{TWO}\n")
        self.tool(f"enroll -d sim/2 --replace {self.endorse} -o x.cards")
        self.outside("claim -k owner.pem -d sim/2 --cards x.cards")
        self.provision(2, "-d sim/2")
        self.clean()
        Line(self, "old").start("--csv", "twin.csv", count=1)
        (f,) = self.finds("duplicate-identity", args=["-d", "old/1"])
        self.assertEqual([x["source"] for x in f["facts"]], ["device", "entry"])
        self.clean("-d", "sim/2")

    def test_evidence_that_nobody_signed_accuses_nobody(self):
        """A file comes from anybody: in its name by a key that no card has, and by its key with a signature that is none."""
        raw = book.items(self.evidence("-d sim/2"))[-1]
        key = cose.Key(ec.generate_private_key(ec.SECP256R1()))
        self.write("junk.evidence", resign(raw, key, {COUNT: 90}))
        broken = decode(resign(raw, self.line.key(TWO), {COUNT: 91}))
        broken.value[3] = bytes(64)
        self.write("broken.evidence", encode(broken))
        for name, text in (("junk.evidence", f"in the name of imei {TWO}"), ("broken.evidence", "is not signed by the device's key")):
            with self.subTest(name):
                found, totals = self.audit(name)
                (f,) = found
                self.assertEqual((f["finding"], f["severity"], f["device"], totals["clean"]), ("unverified", "notice", None, 2))
                self.assertEqual((f["facts"][0]["name"], f["facts"][0]["number"]), (name, 1))
                self.assertIn(text, f["facts"][0]["text"])
        # A device that says so itself, now, is in front of whoever asks.
        other = Line(self, "other").start()
        self.finds("duplicate-identity", args=["-d", "other/2"])
        other.stop()

    def test_key_conflict(self):
        """Two identities, one key."""
        self.line.stop()
        for kind in ("flash", "keys"):
            self.line.file(THREE, kind).unlink(missing_ok=True)
        self.line.file(THREE, "keys").write_bytes(self.line.file(TWO, "keys").read_bytes())
        self.line.file(THREE, "keys").chmod(0o600)
        self.line.start(count=3)
        self.tool("enroll -d sim/3 --endorse factory.pem --station line-8", status=4)
        found, _ = self.audit()
        self.assertEqual({f["finding"] for f in found}, {"key-conflict"})
        self.assertEqual({f["device"] for f in found}, {f"imei {TWO}", f"imei {THREE}"})
        self.assertIn("has its key, too", found[0]["facts"][0]["text"])

    def test_key_conflict_of_evidence_that_nobody_signed(self):
        """EVID-01: a station makes evidence up; the ledger that it writes is whole."""
        last = self.book().last("evidence", ueid_of(TWO))
        item = decode(last[book.CONTENT])
        body = decode(item.value[2]) | {COUNT: 50, 10: os.urandom(32)}
        item.value[2] = encode(body)
        self.book().append("evidence", last | {book.CONTENT: encode(item), book.COUNT: 50, book.NONCE: body[10]})
        self.clean()
        (f,) = self.finds("key-conflict", args=["--deep"])
        self.assertEqual([x["source"] for x in f["facts"]], ["entry", "entry"])
        run = self.audit("--deep", "-j", "3")
        self.assertEqual((len(run[0]), run[1]["signatures"]), (1, 5))

    def test_key_conflict_of_an_entry_that_says_something_else(self):
        last = self.book().last("evidence", ueid_of(TWO))
        self.book().append("evidence", last | {book.BOOT: 9, book.NONCE: os.urandom(32)})
        self.finds("key-conflict")

    def test_evid_02_evidence_again(self):
        """EVID-02..05: the same token again, under another nonce's entry, is nothing new: it proves no later time."""
        last = self.book().last("evidence", ueid_of(TWO))
        self.book().append("evidence", last | {book.NONCE: os.urandom(32)})
        self.clean()

    def test_unknown_device(self):
        self.again(count=3)
        self.outside("enroll -d sim/3 -o x.cards")
        self.write("d.csv", f"imei\n{THREE}\n")
        self.outside("claim -k owner.pem -d sim/3 --cards x.cards")
        self.clean("-d", "sim/1")
        self.finds("unknown-device", device=THREE, args=[self.verify("v.evidence", "-d sim/3")])
        self.finds("unknown-device", device=THREE, args=["-d", "sim/3"])
        self.provision(1, "-d sim/3")
        (f,) = self.finds("unknown-device", device=THREE)
        self.assertEqual(f["facts"][1]["text"], "has no card of it")
        self.tool("enroll -d sim/3 --endorse factory.pem --station line-7")
        self.clean("v.evidence")

    def test_revoked(self):
        issued = self.book().last("issued", ueid_of(TWO))
        mine = ("--owner", "owner.pub")
        self.outside("keygen --class test -o x.pem --public x.pub")
        self.tool("revoke -k owner.pem --kid x.pub -o 1.list")
        self.tool("push p.packages -d sim/2 --cards x.cards")
        self.clean(*mine)
        self.tool(f"revoke -k owner.pem --list 1.list --object {issued[book.OBJECT].hex()} -o 2.list")
        self.clean(*mine)  # nothing since says that it still has it
        self.tool("push p.packages -d sim/2 --cards x.cards")
        (f,) = self.finds("revoked", args=mine)
        self.assertIn("still holds", f["facts"][0]["text"])
        self.unverified()
        self.unverified("--owner", "stranger.pub", but=("foreign-authority", "pre-claimed"))

    def unverified(self, *args, but=()):
        """What is told of no device, and condemns none."""
        found, totals = self.audit(*args)
        (f,) = [f for f in found if f["finding"] == "unverified"]
        self.assertEqual((f["severity"], f["device"], f["facts"][0]["source"], f["facts"][1]["name"]), ("notice", None, "entry", "--owner"))
        self.assertLessEqual({f["finding"] for f in found} - {"unverified"}, set(but))
        return f

    def test_revoked_issuer(self):
        """KEY-20..24: what it had issued before stays good."""
        self.outside("grant -k owner.pem --holder stranger.pub --domain 1 --allow 11 --target keel-2 -o x.grant")
        options = {"key": "stranger", "domain": "network", "words": "--grant x.grant"}
        self.provision(1, "-d sim/1", **options)
        issued = self.book().last("issued", ueid_of(ONE))
        mine = ("--owner", "owner.pub", "--grant", "x.grant")
        self.tool("revoke -k owner.pem --kid stranger.pub -o o.list")
        self.clean(*mine)
        self.assertIn("its issuer is revoked, by entry", self.provision(2, "-d sim/1", status=4, **options).err)
        self.book().append("issued", issued | {book.OBJECT: os.urandom(32), book.SEQUENCE: 9})
        (f,) = self.finds("revoked", device=ONE, args=mine)
        entry = self.lines(self.tool("log --json").out)[f["facts"][1]["number"]]
        self.assertEqual((entry["type"], entry["subject"]), ("revoked", issued[book.ISSUER].hex()))
        self.unverified()

    def test_who_owns_nothing_revokes_nothing(self):
        """The owner's key and a device, by a stranger's list, and by entries behind which no list stands."""
        issued = self.book().last("issued", ueid_of(TWO))
        self.tool(f"revoke -k stranger.pem --kid owner.pub --ueid {TWO} -o evil.list")
        for subject in (issued[book.ISSUER], ueid_of(TWO)):
            self.book().append("revoked", {book.OBJECT: os.urandom(32), book.SEQUENCE: 1, book.SUBJECT: subject})
        self.provision(2)
        self.unverified()
        self.unverified("--owner", "owner.pub")
        # Not even where a part says that the owner has signed it.
        item = decode((self.dir / "evil.list").read_bytes())
        item.value[0] = encode(decode(item.value[0]) | {4: issued[book.ISSUER]})
        part = hashlib.sha256(encode(["Signature1", item.value[0], b"", item.value[2]])).digest()
        key = self.run_tool("key", "--cose", "owner.pub").stdout
        self.book().append("list-part", {book.OBJECT: part, book.ISSUER: issued[book.ISSUER], book.SEQUENCE: 1, book.KEY: key, book.CONTENT: encode(item)})
        self.book().append("revoked", {book.OBJECT: part, book.SEQUENCE: 1, book.SUBJECT: ueid_of(TWO)})
        self.provision(3)
        self.unverified("--owner", "owner.pub")

    def test_revoked_by_a_list_that_is_given(self):
        """As verify takes it: what a revoked key signed is refused, until something else is there; no ledger knows of it."""
        self.outside("grant -k owner.pem --holder stranger.pub --domain 1 --allow 11 --target keel-2 -o x.grant")
        self.provision(1, "-d sim/2", key="stranger", domain="network", words="--grant x.grant")
        held = self.book().last("issued", ueid_of(TWO))
        signing = self.book().last("evidence", ueid_of(TWO))[book.SIGNING]
        entries = len(self.lines(self.tool("log --json").out))
        for n, (words, says) in enumerate((("--kid stranger.pub", "holds a profile by"), (f"--object {held[book.OBJECT].hex()}", "still holds"), (f"--ueid {TWO}", "still proves its state, as"),
                                           (f"--kid {signing.hex()}", "still signs by")), 1):
            with self.subTest(words):
                self.outside(f"revoke -k owner.pem {words} -o o.list --force --sequence {n}")
                self.clean(*self.MINE)
                (f,) = self.finds("revoked", args=[*self.MINE, "--revoked", "o.list"])
                self.assertIn(says, f["facts"][0]["text"])
                self.assertEqual((f["facts"][1]["name"], f["facts"][1]["text"]), ("--revoked", f"o.list: sequence {n}"))
                self.finds("revoked", args=["--owner", "stranger.pub", *self.MINE], env={"IMPRINT_REVOKED": "o.list"})
        self.assertIn("--revoked goes with --owner", self.tool("audit --revoked o.list", status=2).err)
        self.outside("revoke -k stranger.pem --kid owner.pub -o evil.list")
        self.assertIn("expected the owner", self.tool("audit --revoked evil.list --owner owner.pub", status=4).err)
        # It was looked at; an older one than the ledger has seen is refused.
        self.assertEqual(len(self.lines(self.tool("log --json").out)), entries)
        self.tool("revoke -k owner.pem --list o.list --kid factory.pub -o 2.list")
        self.assertIn("is older than 5", self.tool("audit --revoked o.list --owner owner.pub", status=4).err)
        # A board that is out for good is not told of again.
        self.book().append("retired", {book.UEID: ueid_of(TWO), book.REASON: "scrapped"})
        self.clean(*self.MINE, "--revoked", "2.list")

    def test_a_device_that_answers_challenges_only(self):
        self.tool("policy --only-challenges -k owner.pem -d sim/2 --cards x.cards")
        self.outside("challenge -k owner.pem --target keel-2 -o c.challenge")
        self.outside("challenge -k stranger.pem --target keel-2 -o s.challenge")
        refused = self.run_tool("audit", "-d", "sim/2", env=self.env, status=11)
        self.assertIn("asks for a valid challenge", refused.err)
        self.assertEqual(self.audit("-d", "sim/2")[1]["evidence"], 3)
        found, totals = self.audit("-d", "sim/1", "-d", "sim/2", "--challenge", "c.challenge", *self.MINE)
        self.assertEqual((found, totals["evidence"]), ([], 5))
        self.tool("audit -d sim/2 --challenge s.challenge --owner owner.pub", status=4)
        # By its history, who was there.
        self.pack(3, out="n.packages")
        self.outside("push n.packages -d sim/2 --cards x.cards --challenge c.challenge")
        self.finds("unissued-profile", args=["-d", "sim/2", "--challenge", "c.challenge"])
        self.assertIn("--challenge goes with -d", self.tool("audit --challenge c.challenge", status=2).err)

    def test_wrong_lifecycle(self):
        self.book().append("retired", {book.UEID: ueid_of(TWO), book.REASON: "scrapped"})
        self.clean("-d", "sim/1")
        (f,) = self.finds("wrong-lifecycle", args=["-d", "sim/2"])
        self.assertEqual(f["facts"][1]["text"], "it was retired")
        self.assertEqual(f["severity"], "warning")

    def test_wrong_lifecycle_in_service(self):
        self.outside("retire -k owner.pem -d sim/2 --cards x.cards")
        self.verify("v.evidence", "-d sim/2", "--retired")
        found = [f["finding"] for f in self.audit("v.evidence", "-d", "sim/2")[0]]
        self.assertIn("wrong-lifecycle", found)
        self.book().append("retired", {book.UEID: ueid_of(TWO), book.REASON: "scrapped"})
        self.clean("-d", "sim/2")

    def test_debug_enabled(self):
        self.again("--fault", "2:lie:debug")
        self.clean(self.verify("v.evidence", "-d sim/1"))
        self.finds("debug-enabled", args=[self.verify("w.evidence", "-d sim/2", "--allow-debug")])

    def test_in_doubt(self):
        self.provision(2, "-d sim/2", words="--epochs 7,0", status=4)
        (f,) = self.finds("in-doubt")
        self.assertIn("sent at", f["facts"][1]["text"])
        self.provision(2, "-d sim/1")
        self.finds("in-doubt")

    def test_unissued_profile_that_a_push_in_vain_wrote_down(self):
        """Refused, applied at night, set back, and the item written off: its issuance explains the entry, and nobody sent it."""
        for sequence in (2, 3):
            self.tool(f"push {self.spoilt(sequence)} -d sim/2 --cards x.cards", status=5)
        for sequence in (2, 3):
            self.outside(f"push {sequence}.packages -d sim/2 --cards x.cards")
        self.write_off()
        self.tool("verify -d sim/2 --cards x.cards")
        both = self.finds("unissued-profile", "unissued-profile")
        self.assertEqual([re.search(r"sequence (\d)", f["facts"][0]["text"])[1] for f in both], ["2", "3"])
        self.assertIn("its history goes by", both[0]["facts"][0]["text"])
        self.assertIn("it holds", both[1]["facts"][0]["text"])
        self.assertEqual({f["facts"][1]["text"] for f in both}, {"has nothing but the device's refusals of it"})
        self.provision(4)
        self.assertEqual(len(self.finds("unissued-profile", "unissued-profile", args=["-d", "sim/2"])), 2)

    def test_unissued_profile_that_was_written_off(self):
        """The plug was pulled, then it was applied at night, set back, and the item written off."""
        self.again("--fault", "2:unplug@900")
        self.pack(2, out="2.packages")
        self.tool("push 2.packages -d sim/2 --cards x.cards --timeout 3", status=8)
        self.again()
        self.outside("push 2.packages -d sim/2 --cards x.cards")
        self.provision(3)
        (f,) = self.finds("in-doubt")
        self.assertIn("only its history goes by it", f["facts"][1]["text"])
        self.write_off()
        (f,) = self.finds("unissued-profile")
        self.assertEqual(f["facts"][1]["text"], "its item was written-off, as if no device had it")
        self.assertEqual(f["facts"][1]["source"], "entry")

    def test_in_doubt_where_it_was_written_off(self):
        self.tool(f"push {self.spoilt(2)} -d sim/2 --cards x.cards", status=5)
        self.write_off()
        self.tool("verify -d sim/2 --cards x.cards")
        (f,) = self.finds("in-doubt")
        self.assertIn("written-off at", f["facts"][1]["text"])

    def test_an_answer_that_was_lost_is_no_alarm(self):
        """It took it, and said so in vain: whatever settles that, nobody else was there."""
        self.again("--fault", "2:lie:no-evidence")
        self.provision(2, "-d sim/2", status=7)
        self.again()
        self.tool("push p.packages -d sim/2 --cards x.cards --station line-7")
        self.clean()
        self.again("--fault", "2:lie:no-evidence")
        self.provision(3, "-d sim/2", status=7)
        self.again()
        self.tool("verify -d sim/2 --cards x.cards")
        self.provision(4)
        self.clean("--deep")
        # Refused, and then not: the cause was mended.
        self.tool(f"push {self.spoilt(5)} -d sim/2 --cards x.cards --station line-7", status=5)
        self.tool("push 5.packages -d sim/2 --cards x.cards --station line-7")
        self.clean("-d", "sim/2")

    def test_an_answer_that_was_lost_before_it_was_refused(self):
        self.again("--fault", "2:lie:no-evidence")
        self.pack(2, out="2.packages")
        self.tool("push 2.packages -d sim/2 --cards x.cards --station line-7", status=7)
        self.again()
        self.provision(3)
        self.assertIn("sequence", self.tool("push 2.packages -d sim/2 --cards x.cards --station line-7", status=4).err)
        (f,) = self.finds("in-doubt")
        self.assertIn("only its history goes by it", f["facts"][1]["text"])

    def test_no_gap_where_the_answer_to_a_command_was_lost(self):
        self.outside(f"lock -k owner.pem --target {TWO} -o lock.signed")
        self.again("--fault", "2:lie:no-evidence")
        self.tool("push lock.signed -d sim/2 --cards x.cards", status=7)
        self.again()
        self.provision(2)
        self.clean()

    def test_in_doubt_that_evidence_settles(self):
        """The answer was lost: what a file shows counts as much as what the ledger has."""
        self.pack(2)
        self.again("--fault", "2:lie:no-evidence")
        self.tool("push p.packages -d sim/2 --cards x.cards", status=7)
        self.finds("in-doubt")
        self.again()
        self.clean(self.verify("v.evidence"))

    def test_in_doubt_where_no_evidence_says_so(self):
        """EVID-01: a station says that it went well."""
        last = self.book().last("issued", ueid_of(TWO))
        self.book().append("issued", last | {book.OBJECT: b"\x31" * 32, book.SEQUENCE: 2})
        self.clean()
        self.book().append("delivery", {book.UEID: ueid_of(TWO), book.OBJECT: b"\x31" * 32, book.CODE: 0, 8: 1})
        self.finds("in-doubt")

    def test_stale(self):
        now = int(time.time())
        self.clean("--stale", "30")
        self.clean("--stale", "30", env=book.at(now + 29 * DAY))
        found, _ = self.audit("--stale", "30", env=book.at(now + 31 * DAY))
        self.assertEqual([f["finding"] for f in found], ["stale"] * 2)
        self.assertEqual(found[0]["facts"][1]["name"], "--stale")
        self.again()
        found, _ = self.audit("--stale", "30", "-d", "sim/1", env=book.at(now + 31 * DAY))
        self.assertEqual([f["device"] for f in found], [f"imei {TWO}"])

    def test_stale_without_evidence(self):
        """Who has never proven anything has as long, from its enrolment on."""
        self.tool("ledger init --ledger new.db")
        self.tool("enroll -d sim/1 --ledger new.db")
        for days, codes in ((29, []), (31, ["stale"]), (-1, ["stale"])):
            with self.subTest(days):
                run = self.run_tool("audit", "--ledger", "new.db", "--stale", "30", "--json", status=11, env=book.at(int(time.time()) + days * DAY))
                self.assertEqual([f["finding"] for f in self.lines(run.out)[:-1] if f["finding"] == "stale"], codes)

    def test_clk_06_what_is_dated_after_now_proves_no_time(self):
        """CLK-06: the station's clock is ten years off; sequence rules still hold, and no evidence stays fresh for ten years."""
        now = int(time.time())
        self.provision(2, "-d sim/1")
        self.clean("--stale", "30", env=book.at(now))
        found, _ = self.audit("--stale", "30", env=book.at(now - 3650 * DAY))
        self.assertEqual([f["finding"] for f in found], ["stale"] * 2)
        self.assertIn("after now", found[0]["facts"][0]["text"])

    def test_since(self):
        self.somebody(2)
        self.somebody(3)
        self.provision(4)
        self.finds("history-gap")
        self.finds("history-gap", args=["--since", "2020-01-01"])
        self.clean("--since", "2099-01-01T00:00:00Z")
        self.run_tool("audit", "--since", "yesterday", env=self.env, status=2)

    # The ledger itself
    def anchor(self, name):
        if not (self.dir / "log.vkey").exists():
            self.outside("keygen --type eddsa --class test -o log.pem --public log.pub")
            self.outside("ledger key log.pub --name log.example/line -o log.vkey")
        self.tool(f"ledger checkpoint -k log.pem -o {name} --force")
        return ["--checkpoint", name, "--log", "log.vkey"]

    def test_not_anchored(self):
        run = self.tool("audit", status=11)
        self.assertIn("notice not-anchored (1)", run.out)
        self.assertIn("1 finding, in 0 of 2 devices", run.err)
        self.run_tool("audit", *self.anchor("c"), env=self.env)
        self.provision(2)
        run = self.run_tool("audit", "--json", *["--checkpoint", "c", "--log", "log.vkey"], env=self.env)
        self.assertGreater(json.loads(run.out)["entries"], json.loads(run.out)["anchored_entries"])

    def test_ledger_forked(self):
        copy = (self.dir / "line.db").read_bytes()
        wal = (self.dir / "line.db-wal").read_bytes() if (self.dir / "line.db-wal").exists() else b""
        self.provision(2)
        good = self.anchor("c")
        self.clean(*good)
        for path in self.dir.glob("line.db*"):
            path.unlink()
        self.write("line.db", copy, 0o600)
        if wal:
            self.write("line.db-wal", wal, 0o600)
        (f,) = self.audit(*good)[0]
        self.assertEqual((f["finding"], f["device"]), ("ledger-forked", None))
        self.assertIn("taken off its end", f["facts"][0]["text"])
        self.outside("keygen --type eddsa --class test -o other.pem --public other.pub")
        self.outside("ledger key other.pub --name log.example/line -o other.vkey")
        self.run_tool("audit", "--checkpoint", "c", "--log", "other.vkey", env=self.env, status=5)

    def test_a_damaged_ledger_is_an_error(self):
        with self.book().db as db:
            db.execute("UPDATE records SET record = x'a0' WHERE idx = 4")
        run = self.tool("audit", status=9)
        self.assertIn("entry 4: its record is not what its leaf says", run.err)
        self.assertEqual(run.out, "")

    # Reports
    def test_reports_say_the_same(self):
        self.somebody(2)
        self.somebody(3)
        self.provision(4)
        text, found = self.tool("audit", status=11).out, self.audit()[0]
        csv = self.tool("audit --csv --html r.html", status=11).out.splitlines()
        page = (self.dir / "r.html").read_text(encoding="utf-8")
        for f in found:
            for fact in f["facts"]:
                self.assertIn(fact["text"], text)
                self.assertIn(fact["text"], page.replace("&#39;", "'"))
        self.assertEqual(csv[0], "finding,severity,device,ueid,domain,time,station,found_in,found,but_in,but,next")
        self.assertEqual(len(csv), 3)
        self.assertNotRegex(page, r"(?i)<script|https?://|src=|@import|url\(")
        self.assertIn("1 of 2 devices is not as it was issued", page)
        self.assertIn("exists already", self.tool("audit --html r.html", status=2).err)
        self.tool("audit --html r.html --force", status=11)

    def test_the_page_names_every_field(self):
        found, totals = self.audit("--stale", "1", env=book.at(time.time() + 9 * DAY))
        page = (ROOT / "man/imprint-audit.1.scd").read_text(encoding="utf-8")
        told = list(dict.fromkeys(re.findall(r"\*([a-z_]+)\*", page[page.index("each with every field:"):page.index("With *--csv*")])))
        facts = list(found[0]["facts"][0])
        made = list(found[0]) + list(totals)
        at = made.index("facts") + 1
        self.assertEqual(told, made[:at] + facts + made[at:])

    def test_foreign_text_is_escaped(self):
        """DEV-15 for the report: names of stations come from whoever writes the ledger."""
        evil = '<img src=x onerror=alert(1)>"&\x1b[2J'
        self.tool("push p.packages -d sim/2 --cards x.cards")
        self.book().append("confirmed", {book.UEID: ueid_of(TWO), book.SIGNING: os.urandom(32), book.STATION: "x"})
        last = self.book().last("issued", ueid_of(TWO))
        self.book().append("issued", last | {book.OBJECT: b"\x32" * 32, book.SEQUENCE: 5, book.STATION: evil.replace("\x1b", "")})
        self.book().append("delivery", {book.UEID: ueid_of(TWO), book.OBJECT: b"\x32" * 32, book.CODE: 0, 8: 1})
        run = self.tool("audit --html r.html --csv", status=11)
        page = (self.dir / "r.html").read_text(encoding="utf-8")
        self.assertNotIn("<img", page)
        self.assertIn("&lt;img src=x onerror=alert(1)&gt;", page)
        self.assertNotIn("\x1b", run.out + page)

    def test_misuse(self):
        for words in ("audit --json --csv", "audit --checkpoint c", "audit --log x", "audit --stale 0", "audit none.evidence", "audit --owner none.pub"):
            with self.subTest(words):
                self.assertIn(self.tool(words, status=None).returncode, (2, 6))


class Recovered(Audited):
    """The owner's key was lost, and the maker gives the device to a new one; the history tells that from a transfer."""

    def setUp(self):
        super().setUp()
        self.again("--maker", "factory.pub")

    def recover(self):
        self.verify("r.evidence", "-d sim/2")
        self.outside("transfer --recover -k factory.pem --to stranger.pub --cards x.cards --evidence r.evidence -o offer")
        self.outside("transfer --accept -k stranger.pem offer -o accepted")
        return self.tool("push accepted -d sim/2 --cards x.cards --station line-7")

    def test_that_the_owner_allowed(self):
        """It is history: also to who looks at the whole of it, and to the new owner's next provisioning."""
        self.tool("policy --allow-recovery -k owner.pem -d sim/2 --cards x.cards")
        self.recover()
        self.clean("--deep")
        self.clean("-d", "sim/2", "--owner", "owner.pub", "--owner", "stranger.pub")
        self.provision(1, "-d sim/2", key="stranger", words="--epochs 2,0")
        self.clean("-d", "sim/2")

    def test_that_nobody_wrote_down(self):
        """Allowed or not: who did it without the ledger took the device from its owner."""
        self.tool("policy --allow-recovery -k owner.pem -d sim/2 --cards x.cards")
        self.verify("r.evidence", "-d sim/2")
        self.outside("transfer --recover -k factory.pem --to-key stranger.pem -d sim/2 --cards x.cards --evidence r.evidence")
        (f,) = self.finds("foreign-authority", args=["-d", "sim/2"])
        self.assertIn("knows no transfer", f["facts"][1]["text"])

    def test_that_the_owner_did_not_allow(self):
        """The agent refuses that; firmware that does not, or the key in other hands, signs a history with a recovery in it."""
        before = self.book().last("evidence", ueid_of(TWO))
        body = decode(decode(before[book.CONTENT]).value[2])
        n, head = body[HEADS][0]
        new, record = hashlib.sha256(b"new owner").digest(), os.urandom(32)
        for kind, codes in ((2, ()), (3, ("foreign-authority",))):
            with self.subTest(kind):
                entry = bytes([kind, 0]) + (2).to_bytes(4, "big") + bytes(4) + bytes(8) + new + record
                chain = hashlib.sha256(b"\1" + head + (n + 1).to_bytes(4, "big") + entry).digest()
                wiped = {273: self.wiped(body[273])}
                evidence = self.lies(f"{kind}.evidence", lambda b: {OWNER: [new, 2, record], HEADS: {0: [n + 1, chain]}, COUNT: 90 + kind, **wiped})
                found = [f for f in self.audit(evidence)[0] if "recover" in f["facts"][0]["text"]]
                self.assertEqual(tuple(f["finding"] for f in found), codes)
        (f,) = found
        self.assertIn("let nobody recover it", f["facts"][1]["text"])
        self.assertEqual(f["severity"], "alarm")

    @staticmethod
    def wiped(measured):
        """A transfer sets every pair to (0,0) and wipes what is not kept."""
        out = []
        for kind, component in measured:
            c = decode(component)
            name, _ = c[1]
            c[1] = [name, ["0"]]
            c[4] = bytes([2]) + c[4][1:4] + bytes(4)
            out.append([kind, encode(c)])
        return out


class Squatters(Audited):
    """Who has no key, or another, takes no numbers and no packages from the owner. Whatever stands on the outside of a package is not proven."""

    def evil(self, name, device="-d sim/2", status=5):
        return self.tool(f"push {name} {device} --cards x.cards --station evil --timeout 3", status=status)

    def another(self, sequence):
        """Another object by the owner, under numbers that are taken."""
        self.profile(sequence, extra="  apn/0: {name: iot, apn: other.example, auth: none}\n")
        self.outside("pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o another.packages --force")
        return self.tool("push another.packages -d sim/2 --cards x.cards --station line-7", status=4)

    def test_what_the_device_refuses_takes_nothing(self):
        """The outside is that of the owner's package to the bit; another station goes on with that."""
        self.evil(self.spoilt(2))
        self.tool("push 2.packages -d sim/1 -d sim/2 --cards x.cards --station line-7")
        self.clean()
        # Other numbers under its id, and another id under its numbers.
        self.evil(self.spoilt(3, pair=[1, 0, 99]))
        self.evil(self.spoilt(3, id=os.urandom(32)))
        self.tool("push 3.packages -d sim/1 -d sim/2 --cards x.cards --station line-7")
        (f,) = self.finds("in-doubt")  # the id that is nobody's
        self.assertIn("sequence 3", f["facts"][0]["text"])
        # What was taken is taken.
        self.assertIn("sequence 3 of domain 0 was issued already", self.another(3).err)

    def test_a_stranger_takes_nothing_of_the_owners(self):
        """Not even where the answer is lost."""
        self.again("--fault", "2:unplug@900")
        self.pack(2, out="bad.packages", key="stranger")
        self.evil("bad.packages", status=8)
        self.again()
        self.provision(2)
        self.evil("bad.packages", status=4)
        self.provision(3)

    def test_what_is_sent_to_one_device_takes_nothing_from_another(self):
        """The id of the package for TWO, on the outside of one for ONE, whose answer is lost; whoever owns ONE can do that."""
        self.pack(2, out="2.packages")
        theirs = self.outside_of("2.packages", 1)
        self.again("--fault", "1:unplug@900")
        self.evil(self.spoilt(2, at=0, id=theirs[-70010], pair=[1, 0, 9]), "-d sim/1", status=8)
        self.assertEqual(self.outside_of("2.packages", 1)[-70010], theirs[-70010])
        self.again()
        self.tool("push 2.packages -d sim/1 -d sim/2 --cards x.cards --station line-7")
        (f,) = self.finds("in-doubt", device=ONE)
        self.assertIn("sequence 9", f["facts"][0]["text"])
        self.evil("f.packages", "-d sim/1")
        self.finds("in-doubt", device=ONE)
        self.provision(3)
        self.finds("in-doubt", device=ONE)

    def test_an_answer_that_was_lost_keeps_numbers_and_package(self):
        self.again("--fault", "2:unplug@900")
        self.pack(2, out="2.packages")
        self.tool("push 2.packages -d sim/2 --cards x.cards --station line-7 --timeout 3", status=8)
        self.again()
        self.assertIn("by another station", self.evil("2.packages", status=4).err)
        run = self.another(2)
        self.assertIn("sequence 2 of domain 0 was issued already", run.err)
        self.assertIn("hint: sign it with the next sequence", run.err)
        self.tool("push 2.packages -d sim/2 --cards x.cards --station line-7")
        self.clean()


class Asserted(Audited):
    """No factory vouches for them."""

    endorse = ""

    def test_asserted_key(self):
        found, _ = self.audit()
        self.assertEqual([(f["finding"], f["severity"]) for f in found], [("asserted-key", "notice")] * 2)
        self.provision(2, "-d sim/1", station="elsewhere")
        self.finds("asserted-key")
        self.clean("-d", "sim/2")

    def test_asserted_key_where_another_factory_is_named(self):
        self.line.stop()
        self.line.start("--factory", "factory.pem")
        self.tool(f"enroll {BOTH} --station line-7 --factory factory.pub")
        self.clean()
        self.clean("--factory", "factory.pub")
        found, _ = self.audit("--factory", "stranger.pub")
        self.assertEqual([f["finding"] for f in found], ["asserted-key"] * 2)
        self.assertIn("by no factory named", found[0]["facts"][0]["text"])

    def test_single_path(self):
        record = {book.UEID: ueid_of(TWO), book.SIGNING: self.book().last("evidence", ueid_of(TWO))[book.SIGNING]}
        self.book().append("confirmed", record)
        found, _ = self.audit()
        self.assertEqual([(f["finding"], f["device"]) for f in found], [("asserted-key", f"imei {ONE}"), ("single-path", f"imei {TWO}")])
        self.provision(2, station="elsewhere")
        self.clean()

    def test_confirmed_by_another_station(self):
        for imei in (ONE, TWO):
            record = {book.UEID: ueid_of(imei), book.SIGNING: self.book().last("evidence", ueid_of(imei))[book.SIGNING]}
            self.book().append("confirmed", record | {book.STATION: "headquarters"})
        self.clean()

    def test_duplicate_identity(self):
        Line(self, "other").start()
        self.tool("enroll -d other/2 --station line-8", status=4)
        found = [f for f in self.audit()[0] if f["finding"] != "asserted-key"]
        self.assertEqual([(f["finding"], f["device"]) for f in found], [("duplicate-identity", f"imei {TWO}")])


class OnPostgres(Audited):
    """The same statements in the other database."""

    def setUp(self):
        self.ledger = schema(os.environ["IMPRINT_TEST_POSTGRES"], "audit")
        super().setUp()

    def test_found_and_not_found(self):
        self.clean("--deep")
        self.somebody(2)
        self.somebody(3)
        self.provision(4)
        self.finds("history-gap", args=["--deep", "--factory", "factory.pub"])


if __name__ == "__main__":
    unittest.main()
