# SPDX-License-Identifier: Apache-2.0
"""KEY-10: keys of published examples, wherever a key counts."""
import json
import re
import sys
import unittest

from cryptography.hazmat.primitives import serialization

from tool import ROOT, Case

sys.path.append(str(ROOT / "tests/vectors/published"))
import generate  # noqa: E402

PUBLISHED = json.loads((ROOT / "tests/vectors/published/keys.json").read_text(encoding="utf-8"))
PEM = serialization.Encoding.PEM


class Published(Case):
    def store(self, entry, mark=""):
        """k.pem and k.pub of a published key."""
        key = generate.private_key(entry)
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        self.write("k.pem", mark.encode() + private, 0o600)
        self.write("k.pub", mark.encode() + key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        return key

    def refused(self, entry, *args):
        """With exit 4 and the place where it is published; nothing is written."""
        run = self.run_tool(*args, status=4)
        self.assertIn(f"its private key is published ({entry['source']})", run.err)
        self.assertFalse((self.dir / "out").exists())

    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()

    def test_the_table_is_the_list(self):
        """In the order that it is searched in."""
        text = (ROOT / "lib/cose/published.c").read_text(encoding="utf-8")
        places = dict(re.findall(r'\[(\w+)\] = "(.+)",', text))
        rows = [(bytes.fromhex("".join(re.findall(r"0x(\w\w)", kid))), places[place]) for kid, place in re.findall(r"\{ \{ ([^}]+)\},\s+(\w+) \},", text)]
        self.assertEqual(rows, generate.rows())
        self.assertEqual(len(rows), len(PUBLISHED))

    def test_each_is_refused_where_it_signs(self):
        """By sign, claim, lock; the same key of class test is taken."""
        self.run_tool("build", "p.yaml", "-s", "imei=001010010000014", "-o", "p.profiles")
        for entry in PUBLISHED:
            if entry["crv"] == "X25519":
                continue
            with self.subTest(entry["source"]):
                self.store(entry)
                self.refused(entry, "sign", "-k", "k.pem", "p.profiles", "-o", "out")
                self.refused(entry, "claim", "-k", "k.pem", "--target", "keel-2", "-o", "out")
                self.refused(entry, "claim", "-k", "owner.pem", "--maker", "k.pem", "--target", "keel-2", "-o", "out")
                self.refused(entry, "lock", "-k", "k.pem", "--target", "keel-2", "-o", "out")
                self.store(entry, "imprint-class: test\n")
                self.run_tool("claim", "-k", "k.pem", "--target", "keel-2", "-o", "test.claim", "--force")

    def test_each_is_refused_where_somebody_is_trusted_by_it(self):
        """As holder and approver of a grant, as its owner, as a factory."""
        grant = ("grant", "-k", "owner.pem", "--domain", "1", "--allow", "10", "--target", "keel-2", "-o", "out")
        for entry in PUBLISHED:
            if entry["crv"] == "X25519":
                continue
            with self.subTest(entry["source"]):
                self.store(entry)
                self.refused(entry, *grant, "--holder", "k.pub")
                self.refused(entry, *grant, "--holder", "stranger.pub", "--approval", "1:k.pub")
                self.refused(entry, "check", "p.yaml", "-s", "imei=001010010000014", "--grant", "none.grant", "--owner", "k.pub")
                self.refused(entry, "pack", "p.yaml", "-s", "imei=001010010000014", "-k", "owner.pem", "--factory", "k.pub", "--cards", "none.cards", "-o", "out")

    def test_no_package_is_sealed_to_one(self):
        """Not even where nobody need vouch for the key."""
        for entry in PUBLISHED:
            if entry["crv"] == "Ed25519":
                continue
            with self.subTest(entry["source"]):
                public = self.store(entry).public_key()
                raw = (public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint) if entry["crv"] == "P-256"
                       else public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))
                self.write("d.csv", f"imei,key\n001010010000014,{raw.hex()}\n")
                self.refused(entry, "pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--accept-asserted", "-o", "out")

    def test_showing_and_opening_only_warn(self):
        for entry in PUBLISHED:
            with self.subTest(entry["source"]):
                self.store(entry)
                run = self.run_tool("key", "k.pub")
                self.assertEqual(run.err, f"note: k.pub: its private key is published ({entry['source']})\n")
        self.assertEqual(self.run_tool("key", "owner.pub").err, "")

    def named(self, name, *args):
        """The notes of inspect."""
        return [line for line in self.run_tool("inspect", *args, name).err.splitlines() if line.startswith("note: ")]

    def test_keys_that_are_named_are_told(self):
        """Each, once."""
        keys = b""
        for entry in PUBLISHED:
            with self.subTest(entry["source"], crv=entry["crv"]):
                self.store(entry)
                keys += self.write("bare", self.run_tool("key", "--cose", "k.pub").stdout).read_bytes()
                (note,) = self.named("bare")
                self.assertRegex(note, f"bare: the private key of [0-9a-f]{{16}}, which it names, is published \\({re.escape(entry['source'])}\\)$")
        self.write("all", keys + keys)
        self.assertEqual(len(set(self.named("all"))), len(PUBLISHED))
        self.assertEqual(len(self.named("all")), len(PUBLISHED))

    def test_wherever_they_are_named(self):
        """By kid or in full: as who signed, as holder below a grant, as new owner and approver, in leaves of a batch."""
        self.run_tool("build", "p.yaml", "-s", "imei=001010010000014", "-o", "p.profiles")
        for at, curve in enumerate(("P-256", "Ed25519"), 1):
            entry = next(e for e in PUBLISHED if e["crv"] == curve)
            self.store(entry, "imprint-class: test\n")
            for name, args in (("lock", ("lock", "-k", "k.pem", "--target", "keel-2")), ("claim", ("claim", "-k", "k.pem", "--target", "keel-2")),
                               ("approval", ("claim", "-k", "owner.pem", "--target", "keel-2", "--approval", "1:k.pub")),
                               ("grant", ("grant", "-k", "owner.pem", "--holder", "k.pub", "--domain", "1", "--allow", "10", "--target", "keel-2")),
                               ("leaf", ("sign", "-k", "k.pem", "--batch", "p.profiles")), ("list", ("revoke", "-k", "owner.pem", "--kid", "k.pub", "--sequence", str(at)))):
                with self.subTest(name, curve=curve):
                    self.run_tool(*args, "-o", name, "--force")
                    (note,) = self.named(name)
                    self.assertTrue(note.startswith(f"note: {name}: the private key of ") and note.endswith(f"({entry['source']})"), note)
            self.assertEqual(len(self.named("lock", "--strict")), 1)
        for name, args in (("mine", ("lock", "-k", "owner.pem", "--target", "keel-2")), ("mine.claim", ("claim", "-k", "owner.pem", "--target", "keel-2", "--approval", "1:stranger.pub"))):
            self.run_tool(*args, "-o", name)
            self.assertEqual(self.named(name), [])

    def test_opening_tells_test_keys(self):
        self.run_tool("lock", "-k", "owner.pem", "--target", "keel-2", "-o", "l")
        self.assertEqual(self.run_tool("open", "-k", "owner.pub", "l", "-o", "x").err.splitlines()[0], "note: owner.pub: is a test key")
        self.run_tool("keygen", "-o", "real.pem", "--public", "real.pub")
        self.run_tool("lock", "-k", "real.pem", "--target", "keel-2", "-o", "r")
        self.assertNotIn("test key", self.run_tool("open", "-k", "real.pub", "r", "-o", "y").err)


class Classes(Case):
    """KEY-10: a test key counts for nobody who is for production, whatever it is asked for."""

    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()
        for name in ("real", "real2"):
            self.run_tool("keygen", "-o", f"{name}.pem", "--public", f"{name}.pub")
        self.simulate("$I enroll -d sim/1 -o x.cards", "--factory", "factory.pem")
        self.run_tool("build", "p.yaml", "-s", "imei=001010010000014", "-o", "p.profiles")

    def refused(self, test, real, *args, factory=False):
        run = self.run_tool(*args, status=4)
        self.assertIn(f"{'--factory ' if factory else ''}{test}: is a test key, and {real} is for production", run.err)
        self.assertFalse((self.dir / "out").exists())

    GRANT = ("--domain", "1", "--allow", "10", "--target", "keel-2", "-o", "out")

    def test_grants(self):
        """Holder, approver; the owner of one who is for production, and one for tests under an owner who is."""
        self.refused("stranger.pub", "real.pem", "grant", "-k", "real.pem", "--holder", "stranger.pub", *self.GRANT)
        self.refused("stranger.pub", "real.pem", "grant", "-k", "real.pem", "--holder", "real2.pub", "--approval", "1:stranger.pub", *self.GRANT)
        self.run_tool("grant", "-k", "owner.pem", "--holder", "real.pub", *self.GRANT[:-1], "by-test.grant")
        self.refused("owner.pub", "real.pem", "sign", "p.profiles", "-k", "real.pem", "--grant", "by-test.grant", "--owner", "owner.pub", "-o", "out")
        self.run_tool("keygen", "-o", "op.pem", "--public", "op.pub")
        self.run_tool("grant", "-k", "real.pem", "--holder", "op.pub", *self.GRANT[:-1], "real.grant")
        marked = self.write("op-test.pem", b"imprint-class: test\n" + (self.dir / "op.pem").read_bytes(), 0o600)
        self.refused("op-test.pem", "real.pub", "sign", "p.profiles", "-k", marked.name, "--grant", "real.grant", "--owner", "real.pub", "-o", "out")
        self.run_tool("grant", "-k", "owner.pem", "--holder", "stranger.pub", *self.GRANT)

    def test_claims(self):
        self.refused("factory.pem", "real.pem", "claim", "-k", "real.pem", "--maker", "factory.pem", "--target", "keel-2", "-o", "out")
        self.run_tool("claim", "-k", "real.pem", "--maker", "real2.pem", "--target", "keel-2", "-o", "out")

    def test_transfers(self):
        """Nobody for production gives a device to a test key, nor lets one approve."""
        self.run_tool("claim", "-k", "owner.pem", "--approval", "1:stranger.pub", "--target", "keel-2", "-o", "t.claim")
        self.refused("stranger.pub", "real.pem", "claim", "-k", "real.pem", "--approval", "1:stranger.pub", "--target", "keel-2", "-o", "out")
        for to in (("--to", "stranger.pub"), ("--to-key", "stranger.pem")):
            self.refused(to[1], "real.pem", "transfer", "-k", "real.pem", *to, "-d", "none", "--cards", "x.cards", "-o", "out")

    def test_factories(self):
        """Of who packs, of who verifies, of who commands, of who endorses."""
        pack = ("pack", "p.yaml", "-s", "imei=001010010000014", "--cards", "x.cards", "-o", "out")
        self.refused("factory.pub", "real.pem", *pack, "-k", "real.pem", "--factory", "factory.pub", factory=True)
        for command in ("verify", "push p.profiles", "serve --listen 127.0.0.1:0 --bundle x.packages"):
            self.refused("factory.pub", "real.pub", *command.split(), *(("-d", "none") if "serve" not in command else ()), "--cards", "x.cards", "--owner", "real.pub", "--factory", "factory.pub", factory=True)
        self.refused("factory.pub", "real.pem", "lock", "-k", "real.pem", "-d", "none", "--cards", "x.cards", "--factory", "factory.pub", factory=True)
        self.refused("factory.pub", "real.pem", "enroll", "--endorse", "real.pem", "-d", "none", "-o", "out", "--factory", "factory.pub", factory=True)
        self.run_tool(*pack, "-k", "owner.pem", "--factory", "factory.pub")

    def test_who_encrypts_for_an_owner(self):
        """Of a list's owner the class is known, though encrypt has no key that signs."""
        self.run_tool("sign", "-k", "real.pem", "p.profiles", "-o", "p.signed")
        for name in ("real", "owner"):
            self.run_tool("revoke", "-k", f"{name}.pem", "--kid", "real2.pub", "-o", f"{name}.list")
        encrypt = ("encrypt", "p.signed", "--cards", "x.cards", "--factory", "factory.pub", "-o", "out")
        self.refused("factory.pub", "real.pub", *encrypt, "--owner", "real.pub", "--revoked", "real.list", factory=True)
        self.refused("factory.pub", "real.pub", *encrypt, "--owner", "real.pub", factory=True)
        self.run_tool(*encrypt, "--owner", "owner.pub", "--revoked", "owner.list")


class Devices(Case):
    """KEY-10: firmware for production."""

    def test_a_published_key_owns_no_device(self):
        """Each that signs, marked as a test key so that the tool lets it."""
        self.run_tool("keygen", "-o", "mine.pem")
        script = "set -e; $I enroll -d sim/1 -o x.cards --replace; "
        for n, entry in enumerate(PUBLISHED):
            if entry["crv"] == "X25519":
                continue
            key = generate.private_key(entry)
            self.write(f"k{n}.pem", b"imprint-class: test\n" + key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()), 0o600)
            script += f"if $I claim -k k{n}.pem -d sim/1 --cards x.cards; then exit 1; else test $? = 5; fi; "
        self.assertIn("signature", self.simulate(script + "$I claim -k mine.pem -d sim/1 --cards x.cards", "--production").err)

    def test_other_firmware_takes_it(self):
        entry = PUBLISHED[0]
        self.write("k.pem", b"imprint-class: test\n" + generate.private_key(entry).private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()), 0o600)
        self.simulate("set -e; $I enroll -d sim/1 -o x.cards; $I claim -k k.pem -d sim/1 --cards x.cards")
        self.assertIn("signature", self.simulate("$I lock -k k.pem -d sim/1 --cards x.cards", "--production", status=5).err)

    def test_its_maker_and_factory_are_for_production(self):
        self.keys()
        for option in (("--maker", "stranger.pub"), ("--factory", "factory.pem")):
            with self.subTest(option):
                self.assertIn(f"{option[1]}: is a test key, and the devices are for production", self.run_tool("simulate", "--production", *option, "--", "true", status=4).err)
                self.run_tool("simulate", *option, "--", "true")


if __name__ == "__main__":
    unittest.main()
