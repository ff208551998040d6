# SPDX-License-Identifier: Apache-2.0
"""The ledger from the command line, as a file and in PostgreSQL: what a line writes into it, and what others can check."""
import json
import os
import signal
import subprocess
import sys
import time
import unittest

from tool import IMPRINT, ROOT, Case

sys.path.append(str(ROOT / "tests/interop"))
import smp  # noqa: E402
from test_line import Wire, packets  # noqa: E402

POSTGRES = os.environ["IMPRINT_TEST_POSTGRES"]
PUSH = "$I push p.packages -d sim/1 --cards x.cards"


class Ledger(Case):
    """A device that is enrolled and claimed, and a package for it; nothing of that is in the ledger yet."""

    ledgers = 0

    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()
        self.write("d.csv", "imei\n001010010000014\n")
        self.simulate("$I enroll -d sim/1 -o x.cards && $I claim -k owner.pem -d sim/1 --cards x.cards && "
                      "$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages")
        for name in ("log", "other", "witness"):
            self.run_tool("keygen", "--type", "eddsa", "--class", "test", "-o", f"{name}.pem", "--public", f"{name}.pub")
        self.env = {"IMPRINT_LEDGER": self.place()}
        self.tool("ledger", "init", "--origin", "log.example/line")

    def place(self):
        return str(self.dir / "ledger.db")

    def tool(self, *args, **options):
        return self.run_tool(*args, env=self.env, **options)

    def beside(self, script, *args, **options):
        return self.simulate(script, *args, env=self.env, **options)

    def log(self, *args):
        return self.lines(self.tool("log", "--json", *args).out)

    def types(self):
        return [entry["type"] for entry in self.log()]

    def report(self, *args):
        return json.loads(self.tool("ledger", "verify", "--json", *args).out)

    # The registry
    def test_cards_go_into_the_ledger_with_or_without_a_file(self):
        self.beside("$I enroll -d sim/1 && $I enroll -d sim/1 -o again.cards")
        self.assertEqual(self.types(), ["ledger", "device"])
        self.assertTrue((self.dir / "again.cards").exists())
        run = self.simulate("$I enroll -d sim/1", status=2)
        self.assertIn("missing -o FILE, or --ledger", run.err)

    def test_two_cards_that_disagree(self):
        """REG: another card of the same device takes it out, until somebody says which is right."""
        self.beside("$I enroll -d sim/1")
        run = self.beside("$I enroll -d other/1", "--state", "other", status=4)
        self.assertIn("quarantined", run.err)
        self.assertEqual(self.types(), ["ledger", "device", "quarantined"])
        run = self.beside("$I enroll -d sim/1", status=4)
        self.assertIn("is quarantined", run.err)
        self.beside("$I enroll -d sim/1 --replace")
        self.assertEqual(self.log()[-1]["reason"], "enroll --replace")

    def test_an_endorsed_card_stands(self):
        self.beside("$I enroll -d sim/1 --endorse factory.pem")
        self.assertEqual(self.log()[-1]["assurance"], "endorsed")
        run = self.beside("$I enroll -d other/1", "--state", "other", status=4)
        self.assertIn("a factory vouches for", run.err)
        self.assertEqual(self.types(), ["ledger", "device"])

    # Outside
    def checkpoint(self, name):
        self.tool("ledger", "checkpoint", "-k", "log.pem", "-o", name, "--force")
        return (self.dir / name).read_text(encoding="utf-8")

    def vkeys(self):
        self.run_tool("ledger", "key", "log.pub", "--name", "log.example/line", "-o", "log.vkey")
        self.run_tool("ledger", "key", "other.pub", "--name", "log.example/line", "-o", "other.vkey")
        self.run_tool("ledger", "key", "witness.pub", "--name", "witness.example", "--cosigns", "-o", "witness.vkey")

    def cosign(self, request, status=0, log="log.vkey"):
        return self.run_tool("ledger", "cosign", request, "-k", "witness.pem", "--name", "witness.example", "--log", log, "--seen", "seen",
                             "-o", "cosigned", "--force", status=status)

    def test_not_anchored_is_said(self):
        self.assertIn("self-consistent, not anchored", self.tool("ledger", "verify").out)

    def test_one_key_and_no_other(self):
        self.assertIn("Ed25519", self.tool("ledger", "checkpoint", "-k", "owner.pem", status=6).err)
        self.checkpoint("one")
        self.assertIn("is signed by another key", self.tool("ledger", "checkpoint", "-k", "other.pem", status=6).err)

    def test_misuse(self):
        for args in (("ledger",), ("ledger", "burn"), ("ledger", "init", "x"), ("ledger", "prove"), ("ledger", "prove", "--entry", "1", "--since", "1"),
                     ("ledger", "checkpoint"), ("ledger", "checkpoint", "x"), ("ledger", "checkpoint", "x", "-k", "log.pem"),
                     ("ledger", "verify", "x"), ("ledger", "verify", "--checkpoint", "x"), ("ledger", "key", "log.pub"), ("ledger", "cosign", "x"),
                     ("ledger", "init"), ("ledger", "prove", "--entry", "99"), ("log", "--from", "x")):
            with self.subTest(args):
                self.tool(*args, status=2)
        self.assertEqual(self.types(), ["ledger"])

    # Helpers
    def sim(self):
        sim = subprocess.Popen([IMPRINT, "simulate", "--state", "sim", "--json"], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while b"ready" not in sim.stdout.readline():
            self.assertIsNone(sim.poll())
        self.addCleanup(lambda: (sim.terminate(), sim.communicate(timeout=10)))

    def wire(self, **ways):
        wire = Wire(self.dir / "sim/1", **ways)
        self.addCleanup(lambda: wire.thread.is_alive() and wire.close())
        return wire

    @staticmethod
    def is_stage(packet, answer=False):
        return packet[4:6] == smp.IMPRINT_GROUP.to_bytes(2, "big") and packet[7] == 1 and bool(packet[0] & 1) == answer


class InPostgres(Ledger):
    """The same in a database, each test in a schema of its own."""

    def place(self):
        Ledger.ledgers += 1
        schema = f"cli{os.getpid()}_{Ledger.ledgers}"
        subprocess.run(["psql", "-q", "-d", POSTGRES, "-c", f"CREATE SCHEMA {schema}"], check=True)
        return f"{POSTGRES}&options=-csearch_path%3D{schema}"


class Files(Case):
    def test_ones_own_ledger(self):
        """Nothing to set up: a folder of the user's, for nobody else."""
        env = {"XDG_STATE_HOME": str(self.dir / "state"), "IMPRINT_LEDGER": ""}
        self.assertIn("there is no ledger", self.run_tool("log", env=env, status=9).err)
        self.assertFalse((self.dir / "state").exists())
        self.run_tool("ledger", "init", env=env)
        path = self.dir / "state/imprint/ledger.db"
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.dir / "state/imprint").stat().st_mode & 0o777, 0o700)
        origin = json.loads(self.run_tool("ledger", "show", "--json", env=env).out)["origin"]
        self.assertRegex(origin, r"^imprint\.invalid/[0-9a-f]{16}$")
        self.assertIn("is a ledger already", self.run_tool("ledger", "init", env=env, status=2).err)
        env = {"HOME": str(self.dir / "home"), "XDG_STATE_HOME": "not/absolute", "IMPRINT_LEDGER": ""}
        self.run_tool("ledger", "init", env=env)
        self.assertTrue((self.dir / "home/.local/state/imprint/ledger.db").exists())

    def test_a_ledger_that_cannot_be_written_is_read(self):
        """LED-12"""
        self.run_tool("ledger", "init", "--ledger", "l.db")
        program, who = self.nobody()
        (self.dir / "l.db").chmod(0o644)
        self.dir.chmod(0o755)
        for args, status in ((("log",), 0), (("ledger", "verify"), 0), (("ledger", "show"), 0), (("ledger", "checkpoint", "-k", "k.pem"), 6)):
            run = subprocess.run([program, *args, "--ledger", "l.db"], cwd=self.dir, capture_output=True, text=True, check=False, **who)
            self.assertEqual(run.returncode, status, f"{args}: {run.stderr}")

    def test_no_password_in_a_url(self):
        run = self.run_tool("log", "--ledger", "postgresql://u:secret@/x?host=/nowhere", status=2)
        self.assertIn("holds a password", run.err)
        self.assertNotIn("secret", run.err)

