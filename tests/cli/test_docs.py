# SPDX-License-Identifier: Apache-2.0
"""The command table, --help, completions and man pages tell one story."""
import re
import subprocess
import sys
import unittest

from tool import IMPRINT, ROOT, Case

sys.path.append(str(ROOT / "tests/interop"))
import cose  # noqa: E402
import objects as o  # noqa: E402
from cbor_strict import encode, sequence  # noqa: E402

METAVARS = {"FILE", "DIR", "KEY", "PUB", "DEVICE", "ID", "N", "FD", "SECONDS", "NAME=VALUE", "CHAR", "A,B", "FAULT",
            "HOST:PORT", "DOMAIN=EPOCH", "MODEM", "WORD", "LIST", "DATE", "M:PUB,..."}


def run(*args):
    return subprocess.run([IMPRINT, *args], capture_output=True, text=True, check=True).stdout


def commands():
    return [line.split("\t") for line in run("complete").splitlines()]


class Docs(Case):
    def test_brief_is_one_imperative_phrase(self):
        for name, brief in commands():
            with self.subTest(name):
                self.assertRegex(brief, r"^[a-z][^.]{4,59}$")

    def test_every_command_has_a_page_that_takes_its_options_from_the_table(self):
        index = (ROOT / "man/imprint.1.scd").read_text()
        for name, brief in commands():
            with self.subTest(name):
                page = (ROOT / f"man/imprint-{name}.1.scd").read_text(encoding="utf-8")
                self.assertIn("\n@OPTIONS@\n", page)
                self.assertIn(f"imprint-{name} - {brief}\n", page)
                self.assertIn(f"*imprint-{name}*(1)\n:  {brief}\n", index)

    def test_pages_name_only_options_that_exist(self):
        for name, _ in commands():
            known = set(re.findall(r"\*--([\w-]+)\*", run("options", name)))
            page = (ROOT / f"man/imprint-{name}.1.scd").read_text(encoding="utf-8")
            for line in page.splitlines():
                for word in re.findall(rf"imprint {name}\b[^|&;']*", line):
                    for option in re.findall(r"(?<!\S)--([a-z][\w-]+)", word.split(" -- ")[0]):
                        with self.subTest(f"{name} --{option}"):
                            self.assertIn(option, known)

    def test_metavars_come_from_the_vocabulary(self):
        for name, _ in commands():
            for metavar in re.findall(r"--[\w-]+\*=_(.+?)_\n", run("options", name)):
                with self.subTest(f"{name} {metavar}"):
                    self.assertTrue(metavar in METAVARS or re.fullmatch(r"[a-z0-9-]+(\|[a-z0-9-]+)+", metavar))

    def test_code_in_pages_is_what_a_reader_sees(self):
        """scdoc halves backslashes in code, too: what tests run has none, what is only shown has them twice."""
        for page in (ROOT / "man").glob("*.scd"):
            for block in re.findall(r"^```\n(.*?)^```", page.read_text(encoding="utf-8"), re.S | re.M):
                with self.subTest(page.name):
                    self.assertNotIn("\\", block if block.startswith("$ ") else block.replace("\\\\", ""))

    def test_pages_name_every_field_of_json(self):
        made = {"keygen": ("keygen", "-o", "k.pem", "--public", "k.pub", "--json"), "key": ("key", "k.pem", "--json"),
                "init": ("init", "project", "--json")}
        for name, args in made.items():
            page = (ROOT / f"man/imprint-{name}.1.scd").read_text()
            told = re.findall(r"\*([a-z_]+)\*", page[page.index("# REPORT"):page.index("# EXAMPLES")])
            with self.subTest(name):
                self.assertEqual(list(self.lines(self.run_tool(*args).out)[0]), list(dict.fromkeys(told)))

    def test_a_page_explains_every_finding(self):
        """In the order of the table, under its severity, with what the table says of it."""
        words = re.findall(r'\{ "([a-z-]+)",\s+IMP_(\w+)', (ROOT / "lib/ledger/audit_table.c").read_text())
        page = (ROOT / "man/imprint-audit.7.scd").read_text(encoding="utf-8")
        told = [(word, part[0].upper()) for part in re.findall(r"^## (\w+)s\n(.*?)(?=^#|\Z)", page, re.S | re.M) for word in re.findall(r"^\*([a-z-]+)\*\n\t", part[1], re.M)]
        self.assertGreater(len(words), 15)
        self.assertEqual(words, told)

    def test_help_shows_one_command(self):
        for name, _ in commands():
            with self.subTest(name):
                self.assertEqual(self.run_tool("help", name).out, self.run_tool(name, "--help").out)

    def test_a_command_that_does_not_exist(self):
        names = ", ".join(name for name, _ in commands())
        for typed, near in (("psuh", "; did you mean push?"), ("verfy", "; did you mean verify?"), ("xyzzy", "")):
            for args in ((typed,), ("help", typed)):
                err = self.run_tool(*args, status=2).err
                self.assertEqual(err, f"imprint: no command '{typed}'{near}\nhint: the commands are {names}\n")

    def grant(self):
        self.run_tool("grant", "-k", "owner.pem", "--holder", "stranger.pub", "--domain", "1", "--allow", "10", "--target", "keel-2", "-o", "x.grant")
        self.run_tool("challenge", "-k", "owner.pem", "--target", "keel-2", "-o", "x.challenge")
        self.run_tool("revoke", "-k", "owner.pem", "--kid", "stranger.pub", "--to-approve", "-o", "w.list")
        self.run_tool("approve", "-k", "factory.pem", "--owner", "owner.pub", "w.list", "-o", "x.list", "--yes")

    def unsigned(self):
        """Names of packages that nobody signed, sealed well to the device of x.cards."""
        card = o.verified_body(decode_sequence((self.dir / "x.cards").read_bytes())[1], "card")
        owner = cose.Key.load(self.dir / "owner.pem")
        body = o.profile(card[o.UEID], 1, {10: {0: {4: 36000}}})
        good = o.sign("profile", body, [owner])
        zeros = o.sign("profile", body, [owner], signature=bytes(64))
        none = o.sign("profile", body, [owner], many=True)
        none.value[3] = []
        for name, content in {"zeros": encode(zeros), "none": encode(none), "bare": encode(body), "untagged": encode(good.value[:3])}.items():
            self.write(name, encode(cose.seal(content, o.outer_claims(good), card[o.SEALING_KEY])[0]))
        return "zeros none bare untagged"

    def test_cfg_01_no_option_turns_verification_off(self):
        """Every option of push, one after the other, on objects that nobody signed: refused under each."""
        self.keys()
        self.grant()
        self.run_tool("ledger", "init", "--ledger", "line.db")
        self.write("d.csv", "imei\n001010010000014\n")
        self.profile()
        self.simulate("$I enroll -d sim/1 -o x.cards; $I claim -k owner.pem -d sim/1 --cards x.cards\n"
                      "$I build p.yaml --csv d.csv -o b.profiles; $I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages", "--factory", "factory.pem")
        raw = (self.dir / "p.packages").read_bytes()
        forged = bytearray(raw)
        forged[-60] ^= 1
        self.write("forged.packages", bytes(forged))
        names = self.unsigned()
        for word in ("", *each_option("push")):
            with self.subTest(word):
                done = self.simulate(f"for f in {names} forged.packages b.profiles; do $I push $f -d sim/1 --cards x.cards {word}; echo $? $f; done\n"
                                     "$I verify -d sim/1 --cards x.cards --json")
                status = {name: int(code) for code, name in re.findall(r"^(\d+) (\S+)$", done.out, re.M)}
                self.assertEqual([status[name] for name in names.split()], [5] * 4, done.err)
                self.assertIn(status["forged.packages"], (3, 4, 5))
                self.assertIn(status["b.profiles"], (3, 4, 5))
                self.assertEqual(self.lines(done.out)[-1]["domains"], [])

    def test_cfg_01_no_option_makes_evidence_good(self):
        """The same of verify, where the signature of the evidence is another key's."""
        self.keys()
        self.grant()
        self.run_tool("ledger", "init", "--ledger", "line.db")
        self.simulate("$I enroll -d sim/1 -o x.cards; $I claim -k owner.pem -d sim/1 --cards x.cards", "--factory", "factory.pem")
        run = self.simulate("\n".join(f"$I verify -d sim/1 --cards x.cards {word}; echo $?" for word in each_option("verify")), "--fault", "lie:key")
        self.assertEqual(set(re.findall(r"^\d+$", run.out, re.M)), {"5"}, run.err)


VALUES = {"revoked": "x.list --owner=owner.pub", "revoked-approval": "1:factory.pub --revoked=x.list --owner=owner.pub", "approval": "1:stranger.pub", "challenge": "x.challenge", "factory": "factory.pub", "grant": "x.grant --owner=owner.pub", "ledger": "line.db", "confirm": "mail --ledger=line.db", "WORD": "line-7", "FILE": "none.evidence", "PUB": "owner.pub", "SECONDS": "9", "N": "1", "ID": "001010010000014", "DEVICE": "sim/1"}


def each_option(name):
    """Each option of a command as a user would write it, but those that every run here has and that say or do nothing."""
    for option, metavar in re.findall(r"\*--([\w-]+)\*(?:=_(.+?)_)?\n", run("options", name)):
        if option not in ("help", "usage", "dry-run", "device", "cards", "expect"):
            yield f"--{option}" + (f"={VALUES.get(option) or VALUES[metavar]}" if metavar else "")


def decode_sequence(data):
    return [item for item, _ in sequence(data)]


unittest.main()
