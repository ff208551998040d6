# SPDX-License-Identifier: Apache-2.0
"""Revocation lists: what the tool makes and refuses, and what is refused by them. KEY-16, T13, T14."""
import contextlib
import hashlib
import os
import random
import re
import signal
import subprocess
import sys
import time
import unittest

import cbor2

from tool import IMPRINT, ROOT, Case, luhn

sys.path.append(str(ROOT / "tests/interop"))
import cose  # noqa: E402
import objects as o  # noqa: E402
from cbor_strict import Raw, encode  # noqa: E402

ME, OTHER = "001010010000014", "001010010000022"
BY = r"is revoked, by owner\.list \(sequence 1\)"


def ueid(imei):
    return bytes([3, *map(int, imei[:14])])


class Owner(Case):
    """An owner, an operator and a reseller with grants, a stranger."""

    def setUp(self):
        super().setUp()
        self.keys()
        for name in ("operator", "reseller"):
            self.run_tool("keygen", "--class", "test", "-o", f"{name}.pem", "--public", f"{name}.pub")
        self.grant("owner", "operator", "--domain", "network", "--depth", "1")
        self.grant("operator", "reseller", "--grant", "operator.grant", "--owner", "owner.pub")

    def grant(self, key, holder, *args):
        self.run_tool("grant", "-k", f"{key}.pem", "--holder", f"{holder}.pub", "--allow", "cellular", "--target", "keel-2", *args, "-o", f"{holder}.grant")

    def revoke(self, *args, out="owner.list", key="owner", status=0, **options):
        return self.run_tool("revoke", "-k", f"{key}.pem", *args, "-o", out, "--force", status=status, **options)

    def forget(self):
        """What was seen before."""
        for path in (self.dir / "state/imprint").glob("revoked-*"):
            path.unlink()

    def kid(self, name):
        return cose.kid_of(cbor2.loads(self.run_tool("key", "--cose", f"{name}.pub").stdout))

    def items(self, name):
        """(head or None, objects) of a file."""
        data, items = (self.dir / name).read_bytes(), []
        with open(self.dir / name, "rb") as f:
            while f.tell() < len(data):
                items.append(cbor2.load(f))
        return (items[0], items[1:]) if isinstance(items[0], dict) else (None, items)

    def body(self, name="owner.list"):
        return cbor2.loads(self.items(name)[1][0].value[2])

    def id_of(self, name):
        item = self.items(name)[1][0]
        return hashlib.sha256(cbor2.dumps(["Signature1", item.value[0], b"", item.value[2]])).digest()


class Lists(Owner):
    def test_a_list_holds_what_was_typed(self):
        """Files, hashes and numbers, in any order, once each."""
        some = "ab" * 32
        self.profile()
        self.run_tool("pack", "p.yaml", "-s", f"imei={ME}", "-k", "owner.pem", "--accept-asserted", "-o", "p.packages", status=4)
        words = [("--kid", "operator.pub"), ("--kid", "stranger.pub"), ("--kid", some), ("--object", "operator.grant"), ("--object", some),
                 ("--ueid", OTHER), ("--ueid", ME), ("--ueid", "02aa2233445566"), ("--ueid", ME)]
        run = self.revoke(*sum(words, ()))
        self.assertIn("owner.list: sequence 1: revokes 3 keys, 2 objects, 3 devices", run.err)
        want = {1: 1, 3: 1, 13: sorted([self.kid("operator"), self.kid("stranger"), bytes.fromhex(some)]),
                14: sorted([self.id_of("operator.grant"), bytes.fromhex(some)]), 15: sorted([bytes.fromhex("02aa2233445566"), ueid(ME), ueid(OTHER)])}
        self.assertEqual(self.body(), want)
        for _ in range(3):
            random.shuffle(words)
            self.revoke(*sum(words, ()))
            self.assertEqual(self.body(), want)
        text = self.run_tool("inspect", "owner.list").out
        self.assertRegex(text, r"13 revoked keys: \n +- h'[0-9a-f]{64}'")
        self.assertRegex(text, r"15 revoked devices: \n +- h'02aa2233445566'")
        self.run_tool("open", "-k", "owner.pub", "owner.list", "-o", "payload")
        self.assertEqual(cbor2.loads((self.dir / "payload").read_bytes()), want)

    def test_every_package_of_a_file(self):
        self.profile()
        self.write("two.csv", f"imei\n{ME}\n{OTHER}\n")
        self.simulate("$I enroll -d all -o x.cards; $I pack p.yaml --csv two.csv -k owner.pem --cards x.cards -o p.packages", count=2)
        self.revoke("--object", "p.packages")
        ids = [item.value[0] for item in self.items("p.packages")[1]]
        self.assertEqual(self.body()[14], sorted(cbor2.loads(p)[15][o.PROFILE_ID] for p in ids))
        self.assertEqual(len(ids), 2)

    def test_a_list_goes_on_from_the_one_before(self):
        self.revoke("--kid", "operator.pub")
        self.revoke("--list", "owner.list", "--ueid", ME, out="2.list")
        self.assertEqual(self.body("2.list"), {1: 1, 3: 2, 13: [self.kid("operator")], 14: [], 15: [ueid(ME)]})
        self.revoke("--list", "2.list", "--sequence", "9", out="9.list")
        self.assertEqual(self.body("9.list"), {**self.body("2.list"), 3: 9})
        self.assertIn("expected one above 9", self.revoke("--list", "9.list", "--sequence", "9", out="x.list", status=2).err)
        self.assertRegex(self.revoke("--list", "9.list", key="stranger", out="x.list", status=4).err, r"9\.list: signed by \w+.*, expected the owner")
        self.assertFalse((self.dir / "x.list").exists())

    def test_mistakes_of_usage(self):
        for args, status, says in (((), 2, "missing what to revoke"), (("--kid", "none.pub"), 6, "hint: --kid takes a public key, or a kid of 64 hex digits"), (("--kid", "operator.pem"), 6, "imprint key --public"),
                                   (("--object", "none"), 2, "none"), (("--ueid", "keel-2"), 2, "--ueid keel-2: expected an imei"), (("--ueid", "001010010000015"), 2, "--ueid"),
                                   (("--object", "owner.pub"), 3, "owner.pub"), (("--kid", "owner.pub"), 4, "is the key that signs the list"), (("--sequence", "0"), 2, "--sequence")):
            with self.subTest(args):
                self.assertIn(says, self.revoke(*args, status=status).err)
                self.assertFalse((self.dir / "owner.list").exists())
        self.profile()
        self.run_tool("build", "p.yaml", "-s", f"imei={ME}", "-o", "p.profiles")
        self.assertIn("nobody signed", self.revoke("--object", "p.profiles", status=3).err)
        for text, says in (("serial\n1\n", "expected a column kid"), ("kid\nabc\n", r"d\.csv:2: kid abc: expected 64 hex digits"), ("imei\n\n001010010000015\n", r"d\.csv:3: imei 001010010000015")):
            self.write("d.csv", text)
            self.assertRegex(self.revoke("--csv", "d.csv", status=3).err, says)

    def look(self, status, env=None, name="x.list"):
        """check, as one who only looks."""
        self.profile()
        return self.run_tool("check", "p.yaml", "-s", f"imei={OTHER}", "--owner", "owner.pub", "--revoked", name, status=status, env=env)

    def forge(self, *bodies, head=None, key="owner", name="x.list", kind="revocation"):
        items = [o.sign(kind, body, [cose.Key.load(self.dir / f"{key}.pem")]) for body in bodies]
        self.write(name, (encode(head) if head else b"") + b"".join(map(encode, items)))

    GOOD = {1: 1, 3: 1, 13: [b"a" * 32, b"b" * 32], 14: [], 15: [b"u" * 7, b"u" * 33]}

    def test_what_is_no_list_is_refused(self):
        """Order and bounds of everything in it."""
        self.forge(self.GOOD)
        self.look(0)
        for change in ({13: [b"b" * 32, b"a" * 32]}, {13: [b"a" * 32] * 2}, {13: [b"a" * 31]}, {13: [b"a" * 33]}, {14: [b"a" * 31]}, {14: [b"a" * 33]}, {14: [b"b" * 32, b"a" * 32]},
                       {15: [b"u" * 6]}, {15: [b"u" * 34]}, {15: [b"u" * 8, b"u" * 7]}, {15: ["u" * 7]}, {15: {}}, {13: None}, {3: 0}, {3: -1}, {3: 2 ** 63}, {3: "1"}, {1: 2},
                       {16: [1, 1]}, {16: [0, 2]}, {16: [3, 2]}, {16: [1, 1025]}, {16: [1]}, {17: 0}, {2: 1}, {"x": 1}, {13: Raw(b"\x9f\xff")}, {14: Raw(b"\x98\x00")}):
            with self.subTest(change):
                self.forge({**self.GOOD, **change})
                self.look(3)
        for key in self.GOOD:
            with self.subTest(f"without {key}"):
                self.forge({k: v for k, v in self.GOOD.items() if k != key})
                self.look(3)
        self.forge(self.GOOD, kind="command")
        self.assertIn("is a command, expected a revocation", self.look(3).err)
        self.write("x.list", b"")
        self.look(3)
        self.look(2, name="none.list")

    def test_a_list_of_another_is_refused(self):
        self.forge(self.GOOD, key="stranger")
        self.assertRegex(self.look(4).err, r"x\.list: signed by \w+.*, expected the owner")
        self.forge(self.GOOD)
        whole = (self.dir / "x.list").read_bytes()
        self.write("x.list", whole[:-1] + bytes([whole[-1] ^ 1]))
        self.assertIn("x.list: the owner's signature does not verify", self.look(5).err)
        stranger = o.sign("revocation", self.GOOD, [cose.Key.load(self.dir / "stranger.pem")], kid=self.kid("owner"))
        self.write("x.list", encode(stranger))
        self.look(5)
        many = o.sign("revocation", self.GOOD, [cose.Key.load(self.dir / "owner.pem")], many=True)
        self.write("x.list", encode(many))
        self.assertIn("nobody has approved the revocation yet", self.look(4).err)

    def test_parts_are_one_list(self):
        """None is missing, twice, in another order, or of another list."""
        one = {1: 1, 3: 4, 13: [b"a" * 32], 14: [], 15: [], 16: [1, 3]}
        two = {**one, 13: [b"b" * 32], 16: [2, 3]}
        three = {**one, 13: [], 15: [ueid(OTHER)], 16: [3, 3]}
        head = {0: "imprint-batch", 1: 3, 2: "revocations"}
        self.forge(one, two, three, head=head)
        self.assertIn(f"imei {OTHER} is revoked", self.look(3).err)
        for name, parts, count in (("cut", (one, two), 2), ("cut with its head", (one, two), 3), ("the first is missing", (two, three), 2), ("swapped", (two, one, three), 3), ("twice", (one, one, three), 3),
                                   ("of another", (one, {**two, 3: 3}, three), 3), ("too many", (one, two, three, three), 4), ("descending", (two | {16: [1, 3]}, one | {16: [2, 3]}, three), 3),
                                   ("sets descend", (three | {16: [1, 3]}, one | {16: [2, 3]}, two | {16: [3, 3]}), 3), ("none", (), 0)):
            with self.subTest(name):
                self.forge(*parts, head={**head, 1: count})
                self.assertNotIn("the list revokes", self.look(3).err)
        self.forge(one)
        self.look(3)
        self.forge(self.GOOD, head={**head, 1: 1})
        self.look(0)

    def use(self, name, status, *args, env=None):
        """By a command that remembers."""
        self.profile()
        self.run_tool("build", "p.yaml", "-s", f"imei={OTHER}", "-o", "p.profiles", "--force")
        return self.run_tool("sign", "-k", "owner.pem", "p.profiles", "-o", "p.signed", "--force", "--revoked", name, *args, status=status, env=env)

    def test_an_older_list_is_refused(self):
        """Whatever stands in it; another one of the same number, too; each owner has numbers of its own."""
        for n in (1, 2, 3):
            self.forge({**self.GOOD, 3: n}, name=f"{n}.list")
        self.forge({**self.GOOD, 3: 2, 14: [bytes(32)]}, name="other2.list")
        self.forge({**self.GOOD, 3: 1}, name="theirs.list", key="stranger")
        self.use("1.list", 0)
        self.use("2.list", 0)
        self.use("2.list", 0)
        self.assertRegex(self.use("1.list", 4).err, r"1\.list: sequence 1 is older than 2, which was seen before \(.*state/imprint/revoked-\w+\)\nhint: ")
        self.assertRegex(self.look(4, name="1.list").err, "older than 2")
        self.assertRegex(self.use("other2.list", 4).err, r"other2\.list: another list of sequence 2 was seen before")
        self.run_tool("sign", "-k", "stranger.pem", "p.profiles", "-o", "s.signed", "--revoked", "theirs.list")
        self.look(0, name="3.list")  # who only looks writes nothing
        self.use("2.list", 0)
        self.use("3.list", 0)
        self.use("2.list", 4)
        self.assertEqual(len(list((self.dir / "state/imprint").iterdir())), 2)
        self.assertEqual((self.dir / f"state/imprint/revoked-{self.kid('owner').hex()}").stat().st_mode & 0o777, 0o600)
        self.assertRegex(self.revoke("--ueid", ME, status=4).err, "older than 3")

    def test_what_was_seen_cannot_be_lost_unnoticed(self):
        self.forge(self.GOOD)
        self.use("x.list", 0)
        path = self.dir / f"state/imprint/revoked-{self.kid('owner').hex()}"
        whole = path.read_text()
        for text in ("", whole[:-1], whole + "x", "x" + whole, whole.replace(" ", "  "), "9" * 200, whole[:-2] + "g\n", "-" + whole):
            with self.subTest(text):
                path.write_text(text)
                self.assertRegex(self.use("x.list", 3).err, "is damaged|larger than")
                self.assertEqual(path.read_text(), text)
        self.assertIn("expected HOME or XDG_STATE_HOME", self.use("x.list", 2, env={"XDG_STATE_HOME": "", "HOME": ""}).err)
        path.unlink()
        path.mkdir()
        self.use("x.list", 2)

    def test_the_ledger_remembers_where_there_is_one(self):
        env = {"IMPRINT_LEDGER": str(self.dir / "line.db")}
        self.run_tool("ledger", "init", env=env)
        for n in (1, 2):
            self.forge({**self.GOOD, 3: n}, name=f"{n}.list")
        self.forge({**self.GOOD, 3: 2, 14: [bytes(32)]}, name="other2.list")
        self.look(0, env=env, name="1.list")
        self.assertEqual(len(self.lines(self.run_tool("log", "--json", env=env).out)), 1)
        self.use("2.list", 0, env=env)
        self.use("2.list", 0, env=env)
        self.assertRegex(self.use("1.list", 4, env=env).err, r"1\.list: sequence 1 is older than 2, seen in entry 1")
        self.assertRegex(self.use("other2.list", 4, env=env).err, "another list of sequence 2 was seen in entry 1")
        self.look(4, env=env, name="1.list")
        self.assertFalse((self.dir / "state/imprint").exists())
        self.use("1.list", 0)  # nothing of it is known without the ledger
        self.revoke("--list", "2.list", "--ueid", ME, out="3.list", env=env)
        entries = [e for e in self.lines(self.run_tool("log", "--json", env=env).out) if e["type"] != "issued"]
        self.assertEqual([(e["type"], e["sequence"]) for e in entries[1:]], [("list", 2), ("list", 3), ("list-part", 3)] + [("revoked", 3)] * 5)
        self.assertEqual([bytes.fromhex(e["subject"]) for e in entries[4:]], [b"a" * 32, b"b" * 32, ueid(ME), b"u" * 7, b"u" * 33])
        self.assertEqual(entries[1]["issuer"], self.kid("owner").hex())
        self.revoke("--list", "3.list", "--ueid", OTHER, out="4.list", env=env)
        self.assertEqual([e["type"] for e in self.lines(self.run_tool("log", "--json", env=env).out)[-3:]], ["list", "list-part", "revoked"])
        self.assertRegex(self.run_tool("log", env=env).out, r"list .*object \w+.* of \w+.* sequence 4")

    def test_a_hundred_thousand(self):
        """Made, gone on from, read and asked in a time that does not grow with the square."""
        kids = [hashlib.sha256(b"%d" % n).digest() for n in range(100000)]
        self.write("d.csv", "kid\n" + "".join(f"{kid.hex()}\n" for kid in kids))
        started = time.monotonic()
        self.revoke("--csv", "d.csv", "--ueid", ME)
        self.revoke("--list", "owner.list", out="2.list")
        head, items = self.items("2.list")
        self.assertEqual(head, {0: "imprint-batch", 1: len(items), 2: "revocations"})
        bodies = [cbor2.loads(item.value[2]) for item in items]
        self.assertEqual([kid for b in bodies for kid in b[13]], sorted(kids))
        self.assertEqual([b[16] for b in bodies], [[n + 1, len(items)] for n in range(len(items))])
        self.assertTrue(all(len(cbor2.dumps(item)) <= 65536 for item in items))
        self.profile()
        self.write("rows.csv", "imei\n" + "".join(f"{luhn(10101000000000 + n)}\n" for n in range(3000)))
        for name, rows in (("2.list", "rows.csv"), ("2.list", "all.csv")):
            self.write("all.csv", (self.dir / "rows.csv").read_text() + f"{ME}\n")
            self.run_tool("check", "p.yaml", "--csv", rows, "--owner", "owner.pub", "--revoked", name, status=3 if rows == "all.csv" else 0)
        self.assertLess(time.monotonic() - started, 60)
        self.assertLess(self.peak_kib("check", "p.yaml", "--csv", "rows.csv", "--owner", "owner.pub", "--revoked", "2.list"), 64 << 10)


HEAD = '''imprint: 1
profile: granted
domain: network
sequence: {sequence}
target: {{imei: "{imei}"}}
settings:
  cellular: {{psm-timer: 10h, active-timer: 20s}}
'''


class Makers(Owner):
    """Those who sign and encrypt."""

    def setUp(self):
        super().setUp()
        self.write("n.yaml", HEAD.format(sequence=1, imei=ME))
        self.run_tool("build", "n.yaml", "-o", "n.profiles")
        self.simulate("$I enroll -d sim/1 -o x.cards", "--factory", "factory.pem")
        self.run_tool("sign", "n.profiles", "-k", "reseller.pem", "--grant", "reseller.grant", "-o", "n.signed")

    def refused(self, says, *args, status=4):
        run = self.run_tool(*args, "-o", "out", "--owner", "owner.pub", "--revoked", "owner.list", status=status)
        self.assertRegex(run.err, says)
        self.assertFalse((self.dir / "out").exists())

    BY_GRANT = ("-k", "reseller.pem", "--grant", "reseller.grant")

    def each(self, says):
        """sign, pack, encrypt refuse it; and check, which writes nothing."""
        self.refused(says, "sign", "n.profiles", *self.BY_GRANT)
        self.refused(says, "pack", "n.yaml", "--cards", "x.cards", "--factory", "factory.pub", *self.BY_GRANT)
        self.refused(says, "encrypt", "n.signed", "--cards", "x.cards", "--factory", "factory.pub")

    def test_nothing_of_it_is_theirs(self):
        self.revoke("--kid", "stranger.pub", "--ueid", OTHER)
        for args in (("sign", "n.profiles", *self.BY_GRANT), ("pack", "n.yaml", "--cards", "x.cards", "--factory", "factory.pub", *self.BY_GRANT),
                     ("encrypt", "n.signed", "--cards", "x.cards", "--factory", "factory.pub")):
            self.run_tool(*args, "-o", "out", "--force", "--owner", "owner.pub", "--revoked", "owner.list")

    def test_who_signs(self):
        self.revoke("--kid", "reseller.pub")
        self.each(rf"the (signing key|holder of a grant) \w+.* {BY}")
        self.refused(BY, "grant", "--holder", "stranger.pub", "--allow", "cellular", "--target", "keel-2", *self.BY_GRANT)
        self.assertRegex(self.run_tool("check", "n.yaml", "--grant", "reseller.grant", "--owner", "owner.pub", "--revoked", "owner.list", status=4).err, rf"reseller\.grant: the holder of a grant .*{BY}")

    def test_who_holds_the_grant_above(self):
        self.revoke("--kid", "operator.pub")
        self.each(rf"the (signing key|holder of a grant) \w+.* {BY}")

    def test_a_grant_in_the_chain(self):
        for name in ("operator", "reseller"):
            with self.subTest(name):
                self.forget()
                self.revoke("--object", f"{name}.grant")
                self.each(rf"the grant \w+.* {BY}")
                self.assertRegex(self.run_tool("check", "n.yaml", "--grant", "reseller.grant", "--owner", "owner.pub", "--revoked", "owner.list", status=4).err, rf"the grant .*{BY}")

    def test_whom_it_is_for(self):
        self.revoke("--ueid", ME)
        self.each(rf"the device imei {ME} {BY}")
        run = self.run_tool("check", "n.yaml", "--owner", "owner.pub", "--revoked", "owner.list", status=3)
        self.assertRegex(run.err, rf"n\.yaml:5:1: the device imei {ME} {BY}")

    def test_a_signed_profile(self):
        self.revoke("--object", "n.signed")
        self.refused(rf"the profile \w+.* {BY}", "encrypt", "n.signed", "--cards", "x.cards", "--factory", "factory.pub")
        self.assertEqual(self.body()[14], [self.id_of("n.signed")])

    def test_keys_of_a_card(self):
        card = cbor2.loads(self.items("x.cards")[1][0].value[2])
        for what, key in (("the device's signing key", cose.kid_of(card[8][1])), ("its sealing key|the device's sealing key", cose.kid_of(card[o.SEALING_KEY])),
                          ("the factory key that endorsed its card", self.kid("factory"))):
            with self.subTest(what):
                self.forget()
                self.revoke("--kid", key.hex())
                says = rf"({what}) \w+.* {BY}"
                self.refused(says, "pack", "n.yaml", "--cards", "x.cards", "--factory", "factory.pub", *self.BY_GRANT)
                self.refused(says, "encrypt", "n.signed", "--cards", "x.cards", "--factory", "factory.pub")

    def test_a_key_from_the_csv(self):
        point = cbor2.loads(self.items("x.cards")[1][0].value[2])[o.SEALING_KEY]
        self.revoke("--kid", cose.kid_of(point).hex())
        self.write("s.yaml", (self.dir / "n.yaml").read_text().replace(f'"{ME}"', '"${imei}"').replace("settings:", "variables: {imei: {type: imei}}\nsettings:"))
        self.write("d.csv", f"imei,key\n{ME},04{point[-2].hex()}{point[-3].hex()}\n")
        self.refused(rf"its sealing key \w+.* {BY}", "pack", "s.yaml", "--csv", "d.csv", "--accept-asserted", *self.BY_GRANT)

    def test_who_signs_without_a_grant(self):
        """Somebody who is not the owner, and whose objects no device takes: nothing is made of them all the same."""
        self.revoke("--kid", "stranger.pub")
        self.run_tool("sign", "n.profiles", "-k", "stranger.pem", "-o", "s.signed")
        self.refused(rf"the signing key \w+.* {BY}", "encrypt", "s.signed", "--cards", "x.cards", "--factory", "factory.pub")
        self.refused(rf"stranger\.pem: the signing key \w+.* {BY}", "sign", "n.profiles", "-k", "stranger.pem")

    def test_a_new_holder(self):
        self.revoke("--kid", "stranger.pub")
        self.refused(rf"stranger\.pub: the key \w+.* {BY}", "grant", "-k", "owner.pem", "--domain", "1", "--holder", "stranger.pub", "--allow", "cellular", "--target", "keel-2")

    def test_the_environment_names_one(self):
        self.revoke("--kid", "reseller.pub")
        env = {"IMPRINT_REVOKED": "owner.list"}
        args = ("sign", "n.profiles", *self.BY_GRANT, "-o", "out")
        self.assertRegex(self.run_tool(*args, "--owner", "owner.pub", status=4, env=env).err, BY)
        self.assertIn("owner.list: missing --owner PUB", self.run_tool(*args, status=2, env=env).err)
        self.assertIn("missing --owner PUB", self.run_tool("encrypt", "n.signed", "--cards", "x.cards", "-o", "out", status=2, env=env).err)
        self.assertFalse((self.dir / "out").exists())
        self.run_tool(*args, env={"IMPRINT_REVOKED": ""})
        self.assertIn("--owner goes with --grant FILE or --revoked", self.run_tool("check", "n.yaml", "--owner", "owner.pub", status=2).err)

    def test_the_owner_needs_no_owner(self):
        """-k without a grant is whose list it is."""
        self.revoke("--ueid", ME)
        self.profile()
        self.run_tool("build", "p.yaml", "-s", f"imei={ME}", "-o", "p.profiles")
        self.assertRegex(self.run_tool("sign", "p.profiles", "-k", "owner.pem", "--revoked", "owner.list", "-o", "out", status=4).err, BY)
        self.run_tool("sign", "p.profiles", "-k", "stranger.pem", "--revoked", "owner.list", "-o", "out", status=4)


class Approved(Owner):
    """Lists of an owner who needs others, too: T13."""

    SET = "2:operator.pub,reseller.pub,stranger.pub"

    def approve(self, key, name, out, *args, status=0):
        return self.run_tool("approve", "-k", f"{key}.pem", name, "-o", out, "--owner", "owner.pub", "--yes", "--force", *args, status=status)

    def use(self, name, *args, status=0):
        return self.run_tool("check", "p.yaml", "-s", f"imei={OTHER}", "--owner", "owner.pub", "--revoked", name, *args, status=status)

    def setUp(self):
        super().setUp()
        self.profile()
        self.run_tool("keygen", "--class", "test", "-o", "other.pem", "--public", "other.pub")

    def test_two_of_three(self):
        """One too few, the same twice, one too many and an outsider are told at approve; hosts that know count, and verify each."""
        told = ("--revoked-approval", self.SET)
        self.assertIn("0.list: is none yet: imprint approve", self.revoke("--kid", "factory.pub", "--ueid", ME, "--to-approve", out="0.list").err)
        self.assertFalse(list((self.dir / "state").glob("imprint/revoked-*")), "nobody has approved it")
        self.assertIn("nobody has approved the revocation yet", self.use("0.list", status=4).err)
        run = self.approve("operator", "0.list", "1.list", "--approval", self.SET)
        self.assertIn(f"list 1 of what hosts refuse; the key {self.kid('factory').hex()[:16]}; the device imei {ME}\n", run.out)
        self.assertIn("approved by 0 of the 2 that it needs", run.out)
        self.assertIn("has 1 of the 2 approvals", self.use("1.list", *told, status=4).err)
        self.assertIn("hosts know that have --revoked-approval", self.approve("operator", "0.list", "x").err)
        self.assertIn("has approved it already", self.approve("operator", "1.list", "x", status=4).err)
        self.assertIn("is not among those", self.approve("other", "1.list", "x", "--approval", self.SET, status=4).err)
        self.approve("stranger", "1.list", "2.list", "--approval", self.SET)
        self.assertIn("one more is one too many", self.approve("reseller", "2.list", "x", "--approval", self.SET, status=4).err)
        self.use("2.list", *told)
        self.use("2.list")
        self.assertEqual(self.run_tool("check", "p.yaml", "-s", f"imei={ME}", "--owner", "owner.pub", "--revoked", "2.list", *told, status=3).err.count("is revoked, by 2.list (sequence 1)"), 1)
        self.approve("reseller", "2.list", "3.list")
        self.assertIn("the revocation has 3 of the 2 approvals", self.use("3.list", *told, status=4).err)
        self.approve("other", "1.list", "alien.list")
        self.assertIn("is not among those who may approve it", self.use("alien.list", *told, status=4).err)
        item = self.items("2.list")[1][0]
        (signer,) = (s for s in item.value[3] if cbor2.loads(s[0])[4] == self.kid("stranger"))
        signer[2] = bytes(64)
        self.write("spoilt.list", cbor2.dumps(item))
        self.assertIn("signature of", self.use("spoilt.list", *told, status=5).err)
        (own,) = (s for s in item.value[3] if cbor2.loads(s[0])[4] == self.kid("owner"))
        own[2] = bytes(64)
        self.write("spoilt.list", cbor2.dumps(item))
        self.assertIn("signature of the revocation is wrong", self.use("spoilt.list", status=5).err)
        self.revoke("--kid", "factory.pub", "--list", "2.list", "--to-approve", out="next.list")
        self.assertIn("list 2 of what hosts refuse; the key ", self.approve("operator", "next.list", "x").out)

    def test_a_thief_of_the_owner_s_key_alone(self):
        """A list by one is none to a host that knows of the others."""
        self.revoke("--kid", "factory.pub")
        self.use("owner.list")
        self.forget()
        self.assertIn("has 0 of the 2 approvals", self.use("owner.list", "--revoked-approval", self.SET, status=4).err)
        self.assertIn("in a form that has no room for others", self.approve("operator", "owner.list", "x", status=4).err)
        self.assertIn("--revoked-approval goes with --revoked", self.run_tool("check", "p.yaml", "-s", f"imei={ME}", "--owner", "owner.pub", "--grant", "operator.grant", "--revoked-approval", self.SET, status=2).err)

    def test_a_list_of_several_parts(self):
        """Each part is shown whole, and approved."""
        self.write("rows.csv", "kid\n" + "".join(f"{hashlib.sha256(bytes([n % 256, n >> 8])).hexdigest()}\n" for n in range(4000)))
        self.revoke("--csv", "rows.csv", "--to-approve", out="0.list")
        run = self.approve("operator", "0.list", "1.list", "--approval", self.SET)
        self.assertIn("list 1 of what hosts refuse, part 3 of 3; the keys ", run.out)
        self.assertEqual(len(re.findall(r"[0-9a-f]{16}(?=[,\n])", run.out)), 4000)
        self.approve("reseller", "1.list", "2.list", "--approval", self.SET)
        self.use("2.list", "--revoked-approval", self.SET)
        _, first = self.items("1.list")
        head, last = self.items("2.list")
        self.write("mixed.list", b"".join(map(cbor2.dumps, [head, *last[:2], first[2]])))
        self.assertIn("has 1 of the 2 approvals", self.use("mixed.list", "--revoked-approval", self.SET, status=4).err)


class Line(Owner):
    """Those who talk to devices."""

    START = f'''set -e
$I enroll -d sim/1 -o x.cards
$I claim -k owner.pem -d sim/1 --cards x.cards --evidence e.evidence
$I pack n.yaml -k operator.pem --grant operator.grant --cards x.cards -o n.packages
'''
    LIST = "--owner owner.pub --grant operator.grant --revoked owner.list"
    DEVICE = "-d sim/1 --cards x.cards --evidence e.evidence"

    def setUp(self):
        super().setUp()
        self.write("n.yaml", HEAD.format(sequence=1, imei=ME))

    def test_nothing_revoked_is_pushed(self):
        """Nothing is sent, nor written into a ledger; in a dry run, too."""
        env = {"IMPRINT_LEDGER": str(self.dir / "line.db")}
        for what, says in (("--kid operator.pub", "the signing key"), ("--object n.packages", "the profile"), (f"--ueid {ME}", "the device"), ("--kid {card}", "the device's signing key")):
            with self.subTest(what):
                (self.dir / "line.db").unlink(missing_ok=True)
                self.run_tool("ledger", "init", env=env)
                self.simulate("rm -f *.packages;" + self.START)
                card = cbor2.loads(self.items("x.cards")[1][0].value[2])
                self.forget()
                self.revoke(*what.format(card=cose.kid_of(card[8][1]).hex()).split(), env=env)
                run = self.simulate(f'''
for more in --dry-run ""; do $I push n.packages {self.DEVICE} {self.LIST} $more && exit 1; echo status $?; done
IMPRINT_LEDGER= $I verify {self.DEVICE} --json
''', env=env)
                self.assertRegex(run.err, rf"imei {ME}: {says} .* {BY}")
                self.assertEqual(run.out.count("status 4"), 2)
                self.assertEqual(self.lines(run.out)[-1]["domains"], [])
                self.assertEqual({e["type"] for e in self.lines(self.run_tool("log", "--json", env=env).out)} - {"list", "list-part", "revoked"}, {"ledger"})

    def test_commands_of_the_owner_are_as_good_as_their_list(self):
        self.simulate(self.START + f'''
$I floor -k owner.pem --raise 1=2 --target {ME} -o f.floor
$I revoke -k owner.pem --object f.floor -o owner.list
$I push f.floor {self.DEVICE} {self.LIST} && exit 1
test $? = 4
$I push f.floor --index 1 {self.DEVICE} {self.LIST} && exit 1
$I floor -k owner.pem --raise 1=2 {self.DEVICE}
''')

    def test_what_is_expected(self):
        """verify --expect: not even before the device is asked for it."""
        run = self.simulate(self.START + f'''
$I revoke -k owner.pem --object n.packages -o owner.list
$I verify {self.DEVICE} {self.LIST} --expect n.packages || echo status $?
''')
        self.assertIn("status 4", run.out)
        self.assertRegex(run.err, rf"the profile \w+.* {BY}")

    def test_a_claim_by_several(self):
        """Each of those who signed it counts."""
        self.run_tool("revoke", "-k", "owner.pem", "--kid", "stranger.pub", "-o", "owner.list")
        run = self.simulate(f'''set -e
$I enroll -d sim/1 -o x.cards
$I claim -k owner.pem --maker stranger.pem --target {ME} -o m.claim
$I push m.claim {self.DEVICE} --owner owner.pub --revoked owner.list || echo status $?
$I push m.claim {self.DEVICE} --owner owner.pub
''', "--maker", "stranger.pub")
        self.assertIn("status 4", run.out)
        self.assertRegex(run.err, rf"the signing key \w+.* {BY}")

    def test_what_a_device_holds(self):
        """verify says what is there of somebody who is out, until something else is."""
        run = self.simulate(self.START + f'''
$I push n.packages {self.DEVICE}
cp e.evidence before.evidence
for what in "--kid operator.pub" "--object n.packages"; do
  rm -rf state
  $I revoke -k owner.pem $what -o owner.list --force
  $I verify {self.DEVICE} {self.LIST} && exit 1
  echo status $?
done
sed 's/sequence: 1/sequence: 2/' n.yaml >2.yaml
$I pack 2.yaml -k owner.pem --cards x.cards --revoked owner.list -o 2.packages
$I push 2.packages {self.DEVICE} {self.LIST}
$I verify {self.DEVICE} {self.LIST}
''')
        self.assertEqual(run.out.count("status 4"), 2)
        self.assertRegex(run.out + run.err, rf"domain 1: the signing key \w+.* {BY}")
        self.assertRegex(run.out + run.err, rf"domain 1: the profile \w+.* {BY}")

    def test_a_device_that_is_out(self):
        """verify, verify --expect and push refuse it; the owner's own commands don't: it is to be locked, wiped and retired."""
        run = self.simulate(self.START + f'''
$I revoke -k owner.pem --ueid {ME} -o owner.list
$I verify {self.DEVICE} --owner owner.pub --revoked owner.list || echo status $?
IMPRINT_REVOKED=owner.list $I lock -k owner.pem {self.DEVICE}
''')
        self.assertIn("status 4", run.out)
        self.assertRegex(run.err, rf"imei {ME}: the device imei {ME} {BY}")

    def test_its_card_is_not_taken(self):
        """enroll: by ueid, by each key, by who endorses it; others are."""
        self.simulate("$I enroll -d sim/1 -o x.cards", "--factory", "factory.pem")
        card = cbor2.loads(self.items("x.cards")[1][0].value[2])
        for what in (f"--ueid {ME}", f"--kid {cose.kid_of(card[8][1]).hex()}", f"--kid {cose.kid_of(card[o.SEALING_KEY]).hex()}", "--kid factory.pub"):
            with self.subTest(what):
                self.forget()
                self.revoke(*what.split())
                run = self.simulate("$I enroll -d sim/1 -o new.cards --owner owner.pub --revoked owner.list", "--factory", "factory.pem", status=4)
                self.assertRegex(run.err, BY)
                self.assertFalse((self.dir / "new.cards").exists())
        self.assertRegex(self.simulate("$I enroll -d sim/1 -o new.cards --owner owner.pub --revoked owner.list --endorse factory.pem", "--state", "sim/other", status=4).err, rf"the factory key [0-9a-f]{{16}}.* {BY}")
        self.forget()
        self.revoke("--ueid", OTHER)
        self.simulate("$I enroll -d all -o new.cards --owner owner.pub --revoked owner.list", "--factory", "factory.pem", count=2, status=12)
        self.assertEqual(len(self.items("new.cards")[1]), 1)

    def each(self, lists, script, *args):
        """Each list, and what is said of it by a script whose every command must be refused (exit 4) and make nothing."""
        for what, says, commands in lists:
            with self.subTest(what):
                self.forget()
                key, _, words = what.partition(" ")
                self.revoke(*words.split(), key=key)
                run = self.simulate(script + "".join(f"rc=0; {c} || rc=$?; [ $rc = 4 ] || exit 99; test ! -e x\n" for c in commands), *args)
                self.assertEqual(len(re.findall(rf"{says}.* {BY}", run.err)), len(commands), run.err)
                self.assertNotIn("PASS", run.out)

    def test_claims_are_held_against_the_list(self):
        """By which key, for which device, with which maker and approvers; without the list they are made."""
        self.simulate("$I enroll -d sim/1 -o x.cards")
        card = cbor2.loads(self.items("x.cards")[1][0].value[2])
        claim, live, file = "$I claim -k owner.pem --revoked owner.list ", "-d sim/1 --cards x.cards ", f"--target {ME} -o x "
        self.each(((f"owner --ueid {ME}", f"the device imei {ME}", (claim + live, claim + file)),
                   (f"owner --kid {cose.kid_of(card[8][1]).hex()}", f"imei {ME}: the device's signing key", (claim + live,)),
                   ("owner --kid operator.pub", r"operator\.pem: the signing key", (claim + live + "--maker operator.pem", claim + file + "--maker operator.pem")),
                   ("owner --kid operator.pub", "an approver's key", (claim + file + "--approval 1:operator.pub,reseller.pub",)),
                   ("stranger --kid owner.pub", r"owner\.pem: the signing key", (claim + live + "--owner stranger.pub", claim + file + "--owner stranger.pub"))), "")
        self.forget()
        self.revoke("--kid", "stranger.pub")
        self.simulate(f"{claim} {file}\n{claim} {live}\nIMPRINT_REVOKED=owner.list $I claim -k owner.pem {live}")
        self.assertIn("owner.list: signed by ", self.run_tool("claim", "-k", "operator.pem", "--target", "keel-2", "-o", "y", "--revoked", "owner.list", status=4).err)

    def test_commands_are_held_against_the_list(self):
        """Of a key that is out nothing is proven; a device that is out is worked on."""
        self.simulate(self.START)
        card = cbor2.loads(self.items("x.cards")[1][0].value[2])
        commands = [f"$I {c} --revoked owner.list -k owner.pem " for c in ("lock", "floor --raise 1=2", "wipe --domain 1", "policy", "retire")]
        self.each(((f"owner --kid {cose.kid_of(card[8][1]).hex()}", f"imei {ME}: the device's signing key", [c + self.DEVICE for c in commands]),
                   (f"owner --kid {cose.kid_of(card[o.SEALING_KEY]).hex()}", f"imei {ME}: the device's sealing key", [c + self.DEVICE for c in commands]),
                   ("stranger --kid owner.pub", r"owner\.pem: the signing key", [c + f"--owner stranger.pub --sequence 9 --target {ME} -o x" for c in commands[2:]])), "")
        self.forget()
        self.revoke("--ueid", ME)
        self.assertEqual(self.simulate("set -e\n" + "".join(f"{c} {self.DEVICE}\n" for c in commands)).out.count("PASS"), 5)

    def test_transfers_are_held_against_the_list(self):
        """Made: by the old owner's list, to whom and of which devices. Accepted: by the new owner's, from whom, with what terms; one of a batch, too."""
        self.run_tool("keygen", "--class", "test", "-o", "new.pem", "--public", "new.pub")
        run = self.simulate(self.START + """
$I transfer -k owner.pem --to new.pub --approval 1:reseller.pub --cards x.cards --evidence e.evidence -o one
$I transfer -k owner.pem --to new.pub --batch --cards x.cards --evidence e.evidence -o lot
""")
        card = cbor2.loads(self.items("x.cards")[1][0].value[2])
        made = cose.id_many(*(self.items("one")[1][0].value[i] for i in (0, 2))).hex()
        make = "$I transfer -k owner.pem --revoked owner.list --cards x.cards -o x "
        ways = (make + "-d sim/1 ", make + "--evidence e.evidence ", make + "--evidence e.evidence --batch ")
        to = "--to new.pub "
        take = "$I transfer --accept -k new.pem --revoked owner.list -o x "
        self.each(((f"owner --ueid {ME}", f"the device imei {ME}", [w + to for w in ways]),
                   (f"owner --kid {cose.kid_of(card[8][1]).hex()}", "the device's signing key", [w + to for w in ways]),
                   ("owner --kid new.pub", r"new\.p(ub|em): the new owner's key", [w + to for w in ways] + [ways[1] + "--to-key new.pem"]),
                   ("owner --kid reseller.pub", "an approver's key", [w + to + "--approval 1:reseller.pub" for w in ways]),
                   ("stranger --kid owner.pub", r"owner\.pem: the signing key", [w + to + "--owner stranger.pub" for w in ways]),
                   ("new --kid owner.pub", f"item 1: imei {ME}: the signing key", [take + f for f in ("one", "lot", "lot --from owner.pub")]),
                   (f"new --ueid {ME}", f"item 1: imei {ME}: the device imei {ME}", [take + f for f in ("one", "lot")]),
                   ("new --kid reseller.pub", f"item 1: imei {ME}: an approver's key", [take + "one"]),
                   ("new --object one", f"the transfer {made[:8]}", [take + "one"]),
                   ("stranger --kid new.pub", r"new\.pem: the signing key", [take + "one --owner stranger.pub"])), "")
        self.forget()
        self.revoke("--kid", "stranger.pub", key="new")
        self.run_tool("transfer", "--accept", "-k", "new.pem", "--revoked", "owner.list", "lot", "-o", "y")
        self.assertIn("missing --owner PUB", self.run_tool("transfer", "--recover", "-k", "stranger.pem", "--to", "new.pub", "--revoked", "owner.list", "--cards", "x.cards", "--evidence", "e.evidence", "-o", "z", status=2).err)

    @contextlib.contextmanager
    def serving(self):
        server = subprocess.Popen([IMPRINT, "serve", "--listen", "127.0.0.1:0", "--bundle", "n.packages", "--cards", "x.cards", *self.LIST.split(), "--json"], cwd=self.dir, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, env={**os.environ, "XDG_STATE_HOME": f"{self.dir}/state"})
        try:
            yield server, self.lines(server.stdout.readline().decode())[0]["listening"]
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=30)

    def test_who_calls(self):
        """serve: a device that is out, and a package that is."""
        self.simulate(self.START)
        for what, says in ((f"--ueid {ME}", "the device"), ("--object n.packages", "the profile"), ("--kid operator.pub", "the signing key")):
            with self.subTest(what):
                self.forget()
                self.revoke(*what.split())
                with self.serving() as (server, where):
                    sim = subprocess.Popen([IMPRINT, "simulate", "--call-home", where], cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    told = self.lines(server.stdout.readline().decode())[0]
                    sim.terminate()
                    sim.wait(20)
                self.assertEqual((told["result"], told["status"]), ("fail", 4))
                self.assertRegex(told["message"], rf"{says} .* {BY}")


if __name__ == "__main__":
    unittest.main()
