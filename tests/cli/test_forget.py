# SPDX-License-Identifier: Apache-2.0
"""A device is forgotten: nothing is left of it but hashes that fit, in SQLite and in PostgreSQL."""
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import unittest

from tool import Case

POSTGRES = os.environ["IMPRINT_TEST_POSTGRES"]
ONE, TWO = "001010010000014", "001010010000022"
BECAUSE = ("--reason", "asked for by its owner")


class Forgetting(Case):
    """Two devices: enrolled, claimed, provisioned; all of it in the ledger, and a checkpoint over that."""

    ledgers = 0

    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()
        self.write("d.csv", f"imei\n{ONE}\n{TWO}\n")
        self.run_tool("keygen", "--type", "eddsa", "--class", "test", "-o", "log.pem", "--public", "log.pub")
        self.run_tool("ledger", "key", "log.pub", "--name", "log.example/line", "-o", "log.vkey")
        self.env = {"IMPRINT_LEDGER": self.place()}
        self.tool("ledger", "init", "--origin", "log.example/line")
        self.beside("set -e; $I enroll -d sim/1 -d sim/2 -o x.cards; $I claim -k owner.pem -d sim/1 -d sim/2 --cards x.cards; "
                    "$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages; $I push p.packages -d sim/1 -d sim/2 --cards x.cards")
        self.tool("ledger", "checkpoint", "-k", "log.pem", "-o", "before")

    def place(self):
        return str(self.dir / "ledger.db")

    def sql(self, text):
        with sqlite3.connect(self.dir / "ledger.db", timeout=10) as db:
            db.execute(text)
        db.close()

    def files(self):
        return list(self.dir.glob("ledger.db*"))

    def tool(self, *args, **options):
        return self.run_tool(*args, env=self.env, **options)

    def beside(self, script, **options):
        return self.simulate(script, count=2, env=self.env, **options)

    def log(self, *args):
        return self.lines(self.tool("log", "--json", *args).out)

    def forget(self, imei=ONE, status=0):
        return self.tool("ledger", "forget", "--id", imei, *BECAUSE, "--yes", status=status)

    def verify(self, *args, status=0):
        run = self.tool("ledger", "verify", "--json", "--log", "log.vkey", "--checkpoint", "before", *args, status=status)
        return json.loads(run.out) if status == 0 else run.err

    def hits(self, imei):
        """Where the files of the database name a device: as bytes, in digits, in hex."""
        ueid = bytes([3, *map(int, imei[:14])])
        words = (ueid, imei[:14].encode(), ueid.hex().encode())
        data = {path: self.content(path) for path in self.files()}
        return [(path.name, word) for path in data for word in words if word in data[path]]

    @staticmethod
    def content(path):
        """By another process: who closes SQLite's file loses the locks that it has on it."""
        return subprocess.run(["cat", path], capture_output=True, check=False).stdout

    def test_nothing_of_it_is_left(self):
        self.assertTrue(self.hits(ONE))
        mine, others = self.log("--id", ONE), self.log("--id", TWO)
        named = [e["entry"] for e in mine]
        self.assertIn("sent", [e["type"] for e in mine])
        self.tool("ledger", "prove", "--entry", named[0], "-o", "shown.tlog-proof")
        run = self.forget()
        self.assertEqual(run.out, f"imei {ONE}: {len(named)} entries forgotten\n")
        self.assertEqual(self.hits(ONE), [])
        self.assertTrue(self.hits(TWO))
        # The tree is what it was.
        report = self.verify()
        self.assertEqual((report["forgotten"], report["anchored"]), (len(named), True))
        self.run_tool("ledger", "verify", "shown.tlog-proof", "--log", "log.vkey")  # what was shown was shown
        self.assertIn("is forgotten: nothing can be shown", self.tool("ledger", "prove", "--entry", named[0], status=4).err)
        # Whoever asks is told so.
        self.assertEqual(self.log("--id", ONE), [])
        self.assertEqual(self.log("--id", TWO), others)
        gone = [e for e in self.log() if e["forgotten"]]
        self.assertEqual([e["entry"] for e in gone], named)
        self.assertEqual({e["type"] for e in gone}, {e["type"] for e in mine})
        for e in gone:
            self.assertEqual({k for k, v in e.items() if v is not None}, {"entry", "type", "forgotten"})
        self.assertEqual((self.log()[-1]["type"], self.log()[-1]["reason"]), ("forgotten", BECAUSE[1]))
        self.assertRegex(self.tool("log").out, rf"(?m)^ +{named[0]}  - +device +forgotten$")
        self.assertIn(f"forgotten   {len(named)} of them", self.tool("ledger", "show").out)
        self.assertEqual(json.loads(self.tool("ledger", "show", "--json").out)["forgotten"], len(named))
        found = self.lines(self.tool("audit", "--json", status=11).out)
        self.assertEqual((found[-1]["forgotten"], found[-1]["devices"]), (len(named), 1))
        self.assertEqual({f["device"] for f in found[:-1]} - {None}, {f"imei {TWO}"})
        self.assertIn(f"{len(named)} entries forgotten", self.tool("audit", status=11).out)
        # Again there is nothing; the other one goes on.
        self.assertEqual(self.forget().out, f"imei {ONE}: 0 entries forgotten\n")
        self.beside("set -e; $I verify -d sim/2 --cards x.cards; $I enroll -d sim/1")
        self.assertEqual(self.log()[-1]["imei"], ONE, "a device that nobody knew")
        self.verify()

    def test_it_is_asked_for(self):
        before = self.log()
        self.assertIn("hint: --yes", subprocess.run(["setsid", "-w", os.environ["IMPRINT"], "ledger", "forget", "--id", ONE, *BECAUSE], cwd=self.dir,
                                                    env={**os.environ, **self.env}, capture_output=True, text=True, check=False).stderr)
        self.assertIn("missing --reason", self.tool("ledger", "forget", "--id", ONE, "--yes", status=2).err)
        self.assertEqual(self.log(), before)

    def test_an_open_item_is_in_the_way(self):
        self.profile(2)
        script = "$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o q.packages && $I push q.packages -d sim/1 --cards x.cards --timeout 2"
        self.simulate(script, "--fault", "1:unplug@700", count=2, env=self.env, status=None)
        before = self.log()
        run = self.forget(status=4)
        self.assertIn("is of an item that is open", run.err)
        self.assertIn("hint: imprint ledger items", run.err)
        self.assertEqual(self.log(), before)
        (item,) = self.lines(self.tool("ledger", "items", "--json").out)
        self.tool("ledger", "write-off", "--item", item["item"], "--reason", "gone")
        self.forget()
        self.assertEqual(self.hits(ONE), [])
        self.verify()

    def test_a_grant_that_names_it_is_in_the_way(self):
        self.run_tool("keygen", "--class", "test", "-o", "operator.pem", "--public", "operator.pub")
        self.tool("grant", "-k", "owner.pem", "--holder", "operator.pub", "--domain", "network", "--allow", "cellular", "--target", ONE, "--target", TWO, "-o", "g.grant")
        before = self.log()
        self.assertRegex(self.forget(status=4).err, rf"imei {ONE}: entry {before[-1]['entry']} \(grant\) names it, and is about others, too")
        self.assertEqual(self.log(), before)

    def test_a_record_that_only_vanished_is_found(self):
        self.forget()
        (victim,) = [e["entry"] for e in self.log("--id", TWO) if e["type"] == "device"]
        self.sql(f"DELETE FROM records WHERE idx = {victim}")
        self.assertIn(f"entry {victim}: its record is missing", self.verify(status=9))

    def test_who_had_its_key_stays_out(self):
        """Its name goes, too, from where it stood in the reason."""
        keys = self.dir / "sim" / "devices"
        (keys / f"{TWO}.keys").write_bytes((keys / f"{ONE}.keys").read_bytes())
        (keys / f"{TWO}.flash").write_bytes((keys / f"{ONE}.flash").read_bytes())
        self.beside("$I enroll -d sim/2 --replace", status=None)
        reasons = {e["imei"]: e["reason"] for e in self.log() if e["type"] == "quarantined"}
        self.assertEqual(reasons, {ONE: f"has the key of imei {TWO}", TWO: f"has the key of imei {ONE}"})
        self.forget()
        self.assertEqual(self.hits(ONE), [])
        self.assertEqual([e["reason"] for e in self.log("--id", TWO) if e["type"] == "quarantined"], ["has the key of a device that was forgotten"])
        self.assertIn("is quarantined", self.beside("$I verify -d sim/2", status=4).err)
        self.verify()

    def test_a_persons_reason_stays_a_persons(self):
        """That it named the device is not that it has its key; and what was said of it later stands."""
        reason = ("ledger", "quarantine", "--id", TWO, "--reason")
        self.tool(*reason, f"seen beside {ONE}")
        self.tool("ledger", "reinstate", "--id", TWO, "--reason", "it was not")
        self.tool(*reason, "stolen")
        self.forget()
        told = [e["reason"] for e in self.log("--id", TWO) if e["type"] == "quarantined"]
        self.assertEqual(told, ["stolen"])
        self.beside("$I enroll -d sim/1")
        self.tool(*reason, f"the twin of {ONE}")
        self.forget()
        told = [e["reason"] for e in self.log("--id", TWO) if e["type"] == "quarantined"]
        self.assertEqual(told, ["stolen", "for a reason that named a device that was forgotten"])
        self.assertNotIn("key-conflict", {f["finding"] for f in self.lines(self.tool("audit", "--json", status=11).out)[:-1]})

    def test_as_plain_files(self):
        self.forget()
        self.tool("ledger", "checkpoint", "-k", "log.pem", "-o", "after")
        self.tool("ledger", "export", "public", "--records", "private")
        words = [bytes([3, *map(int, ONE[:14])]), ONE[:14].encode()]
        for path in [*(self.dir / "public").rglob("*"), *(self.dir / "private").rglob("*")]:
            for word in words if path.is_file() else ():
                self.assertNotIn(word, path.read_bytes(), path)
        self.run_tool("ledger", "import", "public", "--records", "private", "--log", "log.vkey", "--ledger", "copy.db")
        self.env = {"IMPRINT_LEDGER": str(self.dir / "copy.db")}
        self.assertGreater(self.verify()["forgotten"], 0)
        # Somebody leaves out another record, and says that it is forgotten.
        (victim,) = [e["entry"] for e in self.log("--id", TWO) if e["type"] == "device"]
        (path,) = [p for p in (self.dir / "private").rglob("*") if p.is_file()]
        data, at = path.read_bytes(), 0
        for _ in range(victim):
            at += 4 + int.from_bytes(data[at:at + 4], "big")
        path.write_bytes(data[:at] + bytes(4) + data[at + 4 + int.from_bytes(data[at:at + 4], "big"):])
        run = self.run_tool("ledger", "import", "public", "--records", "private", "--log", "log.vkey", "--ledger", "other.db", status=9)
        self.assertIn(f"entry {victim}: its record is missing", run.err)


class WithOthers(Case):
    """Somebody else has SQLite's file open meanwhile: its log of old pages stays there as long."""

    def test_pages_of_the_log(self):
        case = Forgetting("test_nothing_of_it_is_left")
        case.setUp()
        self.addCleanup(case.doCleanups)
        other = sqlite3.connect(case.dir / "ledger.db", isolation_level=None)
        self.addCleanup(other.close)
        other.execute("SELECT count(*) FROM leaves").fetchall()
        case.beside("$I verify -d sim/1 --cards x.cards")
        self.assertIn("ledger.db-wal", {name for name, _ in case.hits(ONE)})
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM leaves").fetchall()
        run = case.forget(status=9)
        self.assertIn("others are reading it", run.err)
        self.assertIn("hint: what was forgotten is still in old pages", run.err)
        self.assertTrue(case.hits(ONE))
        other.execute("COMMIT")
        case.forget()
        self.assertEqual(case.hits(ONE), [])
        self.assertTrue((case.dir / "ledger.db-wal").exists())


class InPostgres(Forgetting):
    def place(self):
        InPostgres.ledgers += 1
        self.schema = f"forget{os.getpid()}_{InPostgres.ledgers}"
        self.psql(f"CREATE SCHEMA {self.schema}")
        self.addCleanup(self.psql, f"DROP SCHEMA {self.schema} CASCADE")  # the others' files are looked through, too
        return f"{POSTGRES}&options=-csearch_path%3D{self.schema}"

    @staticmethod
    def psql(text):
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", POSTGRES, "-c", "SET client_min_messages = error", "-c", text], check=True, stdout=subprocess.DEVNULL)

    def sql(self, text):
        self.psql(f"SET search_path = {self.schema}; {text}")

    @staticmethod
    def content(path):
        return path.read_bytes()

    def files(self):
        """Those of the tables, as they are on disk."""
        self.psql("CHECKPOINT")
        home = re.search("host=([^&]*)", POSTGRES).group(1)
        return [p for p in (pathlib.Path(home) / "data" / "base").rglob("*") if p.is_file()]

    def test_only_who_owns_the_tables_can(self):
        role = f"{self.schema}_clerk"
        self.psql(f"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {self.schema} TO {role}; GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA {self.schema} TO {role}")
        self.addCleanup(self.psql, f"DROP OWNED BY {role}; DROP ROLE {role}")
        owner, self.env = self.env, {"IMPRINT_LEDGER": re.sub("user=[^&]*", f"user={role}", self.env["IMPRINT_LEDGER"])}
        run = self.forget(status=9)
        self.assertIn("another role's", run.err)
        self.assertIn("hint: what was forgotten is still in old pages", run.err)
        self.env = owner
        self.forget()
        self.assertEqual(self.hits(ONE), [])
        self.verify()


if __name__ == "__main__":
    unittest.main()
