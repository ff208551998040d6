# SPDX-License-Identifier: Apache-2.0
"""What pack and sign write into the ledger before anything that they signed is handed out, in SQLite and in PostgreSQL."""
import json
import os
import select
import signal
import subprocess
import unittest

from cbor2 import CBORDecoder, loads

from tool import IMPRINT, Case, luhn, schema

POSTGRES = os.environ["IMPRINT_TEST_POSTGRES"]
ONE, TWO = "001010010000014", "001010010000022"
PROFILE_ID = -70010


def imei(i):
    return luhn(10_000_000_000_000 + i)


class Recording(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()
        self.env = {"IMPRINT_LEDGER": ""}
        self.ledger = self.place()
        self.tool("ledger init --origin log.example/line --ledger", self.ledger)
        self.rows(2)

    def place(self):
        return str(self.dir / "ledger.db")

    def tool(self, words, *args, **options):
        return self.run_tool(*words.split(), *args, env=self.env, **options)

    def rows(self, count):
        """Nearly any 32 bytes are a key of X25519."""
        self.write("d.csv", "imei,key\n" + "".join(f"{imei(i)},{i + 9:062x}00\n" for i in range(count)))

    def pack(self, words="", *args, **options):
        return self.tool(f"pack p.yaml --csv d.csv -k owner.pem --ledger {self.ledger} {words}", *args, **options)

    def log(self):
        return self.lines(self.tool("log --json --ledger", self.ledger).out)

    def issued(self):
        return [e for e in self.log() if e["type"] == "issued"]

    def ids(self, name):
        """What stands on the outside of packages, in their order."""
        with (self.dir / name).open("rb") as f:
            decoder, found = CBORDecoder(f), []
            while f.peek(1):
                item = decoder.decode()
                if not isinstance(item, dict):
                    found.append(loads(item.value[0])[15][PROFILE_ID].hex())
        return found

    def intact(self):
        return json.loads(self.tool("ledger verify --json --ledger", self.ledger).out)

    def test_every_profile_is_issued(self):
        run = self.pack("-o p.packages --station line-7")
        entries = self.issued()
        self.assertEqual([e["object"] for e in entries], self.ids("p.packages"), run.err)
        self.assertEqual([e["imei"] for e in entries], [imei(0), imei(1)])
        self.assertEqual({(e["domain"], e["owner_epoch"], e["domain_epoch"], e["sequence"], e["station"]) for e in entries}, {(0, 1, 0, 1, "line-7")})
        owner = json.loads(self.tool("key owner.pub --json").out)["kid"]
        self.assertEqual({e["issuer"] for e in entries}, {owner})
        self.intact()

    def test_sign_does_as_pack_does(self):
        self.tool("build p.yaml --csv d.csv -o b.profiles")
        self.tool(f"sign -k owner.pem b.profiles -o b.signed --ledger {self.ledger}")
        entries = self.issued()
        self.pack("-o p.packages")  # the same profiles
        self.assertEqual(self.issued(), entries)
        self.assertEqual([e["object"] for e in entries], self.ids("p.packages"))
        # Signed together they are other objects.
        run = self.tool(f"sign -k owner.pem --batch b.profiles -o c.signed --ledger {self.ledger}", status=4)
        self.assertIn("was issued already", run.err)
        self.assertFalse((self.dir / "c.signed").exists())

    def test_signed_together(self):
        self.pack("--batch -o p.packages -j 2")
        self.assertEqual([e["object"] for e in self.issued()], self.ids("p.packages"))
        self.tool("build p.yaml --csv d.csv -o b.profiles")
        self.tool(f"sign -k owner.pem --batch b.profiles -o c.signed --ledger {self.ledger}")
        self.assertEqual(len(self.issued()), 2)

    def test_the_environment_names_it_too(self):
        self.tool("pack p.yaml --csv d.csv -k owner.pem -o a.packages")
        self.assertEqual(self.issued(), [])
        self.env = {"IMPRINT_LEDGER": self.ledger}
        self.tool("pack p.yaml --csv d.csv -k owner.pem -o b.packages")
        self.assertEqual(len(self.issued()), 2)

    def test_again_is_the_same(self):
        self.pack("-o p.packages")
        before = self.log()
        self.pack("-o q.packages")
        self.assertEqual(self.log(), before)
        self.assertEqual(self.ids("p.packages"), self.ids("q.packages"))

    def test_another_profile_under_the_same_numbers(self):
        self.pack("-o p.packages")
        before = self.log()
        self.write("p.yaml", (self.dir / "p.yaml").read_text().replace("10h", "20h"))
        run = self.pack("-o q.packages", status=4)
        self.assertRegex(run.err, rf"imei {imei(0)}: sequence 1 of domain 0 was issued already, as [0-9a-f]{{16}} \(entry 1\)")
        self.assertIn("hint: ", run.err)
        self.assertIn("higher sequence", run.err)
        self.assertFalse((self.dir / "q.packages").exists())
        self.assertEqual(self.log(), before)
        self.pack("--sequence 2 -o q.packages")
        self.assertEqual([e["sequence"] for e in self.issued()], [1, 1, 2, 2])

    def test_what_fails_before_leaves_nothing(self):
        self.write("d.csv", (self.dir / "d.csv").read_text() + f"{imei(2)},\n")  # no key
        self.pack("-o p.packages", status=4)
        self.assertEqual(self.issued(), [])
        self.pack("-o p.packages --keep-going", status=11)
        self.assertEqual([e["object"] for e in self.issued()], self.ids("p.packages"))
        self.assertEqual(len(self.issued()), 2)

    def test_one_profile_and_files_for_each(self):
        self.pack("--split d.d")
        self.assertEqual(len(list((self.dir / "d.d").iterdir())), 2)
        self.assertEqual(len(self.issued()), 2)
        self.write("one.yaml", (self.dir / "p.yaml").read_text().replace("${imei}", imei(7)).replace("variables:\n  imei: {type: imei}\n", ""))
        self.tool("build one.yaml -o one.profile")
        run = self.tool(f"sign -k owner.pem one.profile --ledger {self.ledger}")
        self.assertGreater(len(run.stdout), 100)
        self.assertEqual(self.issued()[-1]["imei"], imei(7))

    def test_a_pipe_gets_nothing_before_the_ledger_has_it(self):
        self.rows(600)  # more than a pipe holds
        argv = [IMPRINT, *f"pack p.yaml --csv d.csv -k owner.pem --ledger {self.ledger}".split()]
        with subprocess.Popen(argv, cwd=self.dir, env={**os.environ, **self.env}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as run:
            self.assertTrue(select.select([run.stdout], [], [], 60)[0])
            self.assertEqual(len(self.issued()), 600)
            data = run.stdout.read()
            self.assertEqual(run.wait(60), 0)
        self.write("p.packages", data)
        self.assertEqual(self.ids("p.packages"), [e["object"] for e in self.issued()])

    def test_more_than_one_transaction(self):
        self.rows(1100)
        self.pack("-o p.packages -j 2")
        entries = self.issued()
        self.assertEqual([e["object"] for e in entries], self.ids("p.packages"))
        self.assertEqual(len(entries), 1100)
        self.assertEqual(self.intact()["entries"], 1101)
        # Something else has the number of one row in the second: what was written before stays, and is no obstacle.
        text = (self.dir / "p.yaml").read_text()
        self.write("p.yaml", text.replace("10h", "20h"))
        self.write("e.csv", "imei,key\n" + f"{imei(700)},{'11' * 31}00\n")
        self.tool(f"pack p.yaml --csv e.csv -k owner.pem --sequence 2 -o e.packages --ledger {self.ledger}")
        self.write("p.yaml", text)
        run = self.pack("--sequence 2 -o q.packages", status=4)
        self.assertIn(f"imei {imei(700)}: sequence 2", run.err)
        self.assertEqual(len(self.issued()), 1100 + 1 + 512)
        self.assertFalse((self.dir / "q.packages").exists())
        self.write("d.csv", "\n".join(line for line in (self.dir / "d.csv").read_text().splitlines() if not line.startswith(imei(700))) + "\n")
        self.pack("--sequence 2 -o q.packages")
        self.assertEqual(len(self.issued()), 1100 + 1 + 1099)
        self.intact()

    def test_killed_between_the_ledger_and_the_name(self):
        """What has no name yet is issued; the same command goes on from there, and burns nothing."""
        preload = {"LD_PRELOAD": os.environ["FAULTS"]} if os.environ["FAULTS"] else {}
        run = subprocess.run([os.environ["FAULTY"], *f"pack p.yaml --csv d.csv -k owner.pem -o p.packages --ledger {self.ledger}".split()], cwd=self.dir,
                             env={**os.environ, **self.env, "FAULT": "link:1+:kill", **preload}, capture_output=True, check=False, timeout=60)
        self.assertEqual(run.returncode, -signal.SIGKILL, run.stderr)
        self.assertFalse((self.dir / "p.packages").exists())
        before = self.issued()
        self.assertEqual(len(before), 2)
        self.pack("-o p.packages")
        self.assertEqual(self.issued(), before)
        self.assertEqual(self.ids("p.packages"), [e["object"] for e in before])

    def test_conc_04_two_authorities_at_once(self):
        """Each has its own profile for the same devices and numbers: one of them signs for all, and the other hands out nothing."""
        self.rows(100)
        self.write("q.yaml", (self.dir / "p.yaml").read_text().replace("10h", "20h"))
        runs = [subprocess.Popen([IMPRINT, *f"pack {name}.yaml --csv d.csv -k owner.pem -j 1 -o {name}.packages --ledger {self.ledger}".split()], cwd=self.dir,
                                 env={**os.environ, **self.env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for name in "pq"]
        self.assertEqual(sorted(run.wait(60) for run in runs), [0, 4])
        (name,) = [name for name in "pq" if (self.dir / f"{name}.packages").exists()]
        self.assertEqual(self.ids(f"{name}.packages"), [e["object"] for e in self.issued()])

    def test_the_audit_takes_it_for_history(self):
        self.write("d.csv", f"imei\n{ONE}\n{TWO}\n")
        self.simulate(f"""L='{self.ledger}'
audit() {{ out=$1; shift; $I audit --json --ledger "$L" "$@" >$out || test $? = 11; }}
set -e
$I enroll -d sim/1 -d sim/2 -o x.cards
$I claim -k owner.pem -d sim/1 -d sim/2 --cards x.cards
$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages --ledger "$L"
audit packed
$I push p.packages -d sim/1 --cards x.cards
$I enroll -d sim/1 -d sim/2 --ledger "$L"
$I verify -d sim/1 -d sim/2 --cards x.cards --evidence v.evidence
audit pushed v.evidence
$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o q.packages --sequence 2
$I push q.packages -d sim/2 --cards x.cards
$I verify -d sim/2 --cards x.cards --evidence w.evidence
audit unissued v.evidence w.evidence
""", count=2, env=self.env)
        self.assertEqual(len(self.issued()), 2)
        found = {name: {(f["finding"], f["device"]) for f in self.lines((self.dir / name).read_text())[:-1]} for name in ("packed", "pushed", "unissued")}
        of = {code: {device for x, device in found["unissued"] if x == code} for code in ("unissued-profile", "in-doubt", "unknown-device")}
        self.assertEqual(found["packed"], {("not-anchored", None)}, "nobody enrolled them here, and nothing was sent")
        self.assertEqual({code for code, _ in found["pushed"]}, {"not-anchored", "asserted-key"}, "one holds what was issued, the other never got it")
        self.assertEqual(of, {"unissued-profile": {f"imei {TWO}"}, "in-doubt": set(), "unknown-device": set()})

    def test_only_what_was_issued_is_carried(self):
        """Who has a stolen key needs more than an honest station."""
        self.write("d.csv", f"imei\n{ONE}\n")
        self.assertIn("missing --reason", self.tool("ledger only-issued --ledger", self.ledger, status=2).err)
        self.assertFalse(json.loads(self.tool("ledger show --json --ledger", self.ledger).out)["only_issued"])
        for _ in range(2):
            self.tool("ledger only-issued --reason policy-4 --ledger", self.ledger)
        self.assertEqual([(e["type"], e["reason"]) for e in self.log()], [("ledger", None), ("only-issued", "policy-4")])
        self.assertIn("only what was issued, by entry 1", self.tool("ledger show --ledger", self.ledger).out)
        run = self.simulate(f"""L='{self.ledger}'
$I enroll -d sim/1 -o x.cards && $I claim -k owner.pem -d sim/1 --cards x.cards && $I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o n.packages &&
$I push n.packages -d sim/1 --cards x.cards --ledger "$L"; echo $? >first
$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages --ledger "$L" && $I push p.packages -d sim/1 --cards x.cards --ledger "$L"; echo $? >second
$I push n.packages -d sim/1 --cards x.cards --ledger "$L"; echo $? >third
""", env=self.env, status=None)
        self.assertEqual([(self.dir / name).read_text() for name in ("first", "second", "third")], ["4\n", "0\n", "0\n"], run.err)
        self.assertIn("was not issued in this ledger", run.err)
        self.assertIn("hint: imprint pack --ledger", run.err)
        self.assertEqual(len(self.issued()), 1)
        self.intact()


class InPostgres(Recording):
    def place(self):
        return schema(POSTGRES, "recording")


if __name__ == "__main__":
    unittest.main()
