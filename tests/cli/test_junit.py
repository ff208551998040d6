# SPDX-License-Identifier: Apache-2.0
"""JUnit reports: a case a device, well formed whatever is told, whole or not at all."""
import os
import signal
import subprocess
import time
import unittest

import junit
from tool import IMPRINT, Case, Simulated

READY = ("$I enroll -d all -o x.cards --factory factory.pub && $I claim -k owner.pem -d all --cards x.cards --evidence e && "
         "$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards --factory factory.pub -o p.packages && ")
AGAIN = "--cards x.cards --evidence e"


class Checker(unittest.TestCase):
    """The schema check itself finds what is wrong."""

    GOOD = ('<testsuites name="n" tests="2" failures="1"><testsuite name="s" tests="2" failures="1" errors="0" skipped="0" time="0.100">'
            '<testcase classname="c" name="a" time="0.100"><system-out>x</system-out></testcase>'
            '<testcase classname="c" name="b"><failure message="m">t</failure></testcase></testsuite></testsuites>')

    def test_good(self):
        self.assertEqual(junit.mistakes_in(self.GOOD), [])

    def test_wrong(self):
        for old, new in (('tests="2" f', 'tests="3" f'), ('name="b"', 'name="a"'), (' name="s"', ''), ("failure", "blunder"), (">t<", "><"),
                         ('time="0.100">', 'time="1 s">'), ('classname="c" name="b"', 'class="c" name="b"'), ("<system-out>", "x<system-out>"),
                         ('skipped="0"', 'skipped="1"'), ("testsuites", "suites")):
            with self.subTest(new):
                self.assertNotEqual(junit.mistakes_in(self.GOOD.replace(old, new)), [])


class Report(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()
        self.write("d.csv", "serial,imei\nKS26-000001,001010010000014\nKS26-000002,001010010000022\n")

    def two(self, script, *faults, status=0):
        return self.simulate(script, "--csv", "d.csv", "--factory", "factory.pem", *[a for f in faults for a in ("--fault", f)], count=2,
                             status=status)

    def report(self, name="r.xml"):
        content = (self.dir / name).read_bytes()
        self.assertEqual(junit.mistakes_in(content), [])
        self.assertEqual(list(self.dir.glob("*.tmp")), [])
        return junit.cases(content)

    def test_a_case_a_device(self):
        self.two(READY + f"$I push p.packages -d all {AGAIN} --junit r.xml && $I verify -d all {AGAIN} --expect p.packages --junit v.xml")
        names = ["imei 001010010000014 (sim/1)", "imei 001010010000022 (sim/2)"]
        self.assertEqual(self.report(), [(n, [("system-out", "domain 0 sequence 1, owned, attested")]) for n in names])
        self.assertEqual(self.report("v.xml"), [(n, [("system-out", "owned, domain 0 sequence 1, attested")]) for n in names])
        self.assertIn(b'<testcase classname="imprint.verify" ', (self.dir / "v.xml").read_bytes())

    def test_one_fails(self):
        """The text is the message with its hints; the report is whole though the run failed."""
        run = self.two(READY + f"$I push p.packages -d all {AGAIN}; $I pack p.yaml --csv d.csv --sequence 3 -k owner.pem --cards x.cards "
                       f"--factory factory.pub -o n.packages; $I push n.packages -d sim/2 {AGAIN}\n"
                       f"$I push p.packages -d all {AGAIN} --junit r.xml", status=12)
        (_, passed), (name, failed) = self.report()
        self.assertEqual(passed[0][0], "system-out")
        self.assertEqual((name, failed[0][0]), ("imei 001010010000022 (sim/2)", "failure"))
        first, *hints = failed[0][1].split("\n")
        self.assertIn("the device refuses (sequence)", first)
        self.assertTrue(hints and all(h.startswith("hint: ") for h in hints))
        self.assertIn(hints[0], run.err)
        self.assertIn(b'<failure type="status 4" message="sim/2: ', (self.dir / "r.xml").read_bytes())

    def test_all_that_differs_is_told(self):
        run = self.two(READY + f"$I push p.packages -d sim/1 {AGAIN} --junit r.xml", "1:lie:old-state", status=None)
        shown = run.out.splitlines()
        more = [line.strip() for line in shown if line.startswith("      ")]
        ((_, [(kind, text)]),) = self.report()
        self.assertEqual(kind, "failure")
        self.assertGreaterEqual(len(more), 1, run.out)
        self.assertEqual([line for line in text.split("\n")[1:] if not line.startswith("hint: ")], more)

    def test_dry_run_proves_nothing(self):
        self.two(READY + f"$I push p.packages -d all {AGAIN} --dry-run --junit r.xml")
        self.assertEqual({kind for _, below in self.report() for kind, _ in below}, {"skipped"})

    def test_a_port_that_says_nothing(self):
        self.two(READY + f"$I verify -d all {AGAIN}")
        self.two(f"$I verify -d all {AGAIN} --timeout 1 --junit r.xml", "1:silent", status=12)
        (name, [(kind, text)]), _ = self.report()
        self.assertEqual((name, kind), ("sim/1", "failure"))
        self.assertIn("nothing came", text)

    def enroll(self):
        """A card, for commands whose devices never answer."""
        self.simulate("$I enroll -d sim/1 -o x.cards")

    def test_what_is_told_cannot_break_it(self):
        """Names of ports are the user's bytes: markup, quotes, controls, what is not UTF-8, what XML has no word for."""
        self.enroll()
        names = [b'a<b>&"c\'', b"]]>", b"esc\x1b[2J", b"line\nfeed", b"\xff\xfe", "\ufffe\uffff\u202e".encode(), "schlüssel".encode()]
        for name in names:
            os.symlink(b"nowhere", os.fsencode(self.dir) + b"/" + name)
        run = self.run_tool("verify", "--cards", "x.cards", *[a for n in names for a in ("-d", os.fsdecode(n))], "--junit", "r.xml", status=12)
        told = self.report()
        self.assertEqual([n for n, _ in told], ['a<b>&"c\'', "]]>", "esc\\x1b[2J", "line\nfeed", "\\xff\\xfe", "\\xef\\xbf\\xbe\\xef\\xbf\\xbf\\xe2\\x80\\xae",
                                                "schlüssel"])
        self.assertEqual({kind for _, below in told for kind, _ in below}, {"failure"})
        self.assertIn("7 of 7", run.err)

    def test_files(self):
        """An earlier report is replaced, anything else stays as it is, and no device is asked first."""
        self.enroll()
        for name, content in (("d.csv", None), ("empty", b""), ("other.xml", b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="pytest">')):
            if content is not None:
                self.write(name, content)
            before = (self.dir / name).read_bytes()
            run = self.run_tool("verify", "--cards", "x.cards", "-d", "/nowhere", "--junit", name, status=2)
            self.assertIn(f"{name}: is there already, and is no report of imprint", run.err)
            self.assertEqual((run.out, (self.dir / name).read_bytes()), ("", before))
        (self.dir / "folder").mkdir()
        for name in ("-", "folder", "no/such/r.xml"):
            self.assertEqual(self.run_tool("verify", "--cards", "x.cards", "-d", "/nowhere", "--junit", name, status=2).out, "")
        for _ in range(2):
            self.run_tool("verify", "--cards", "x.cards", "-d", "/nowhere", "--junit", "r.xml", status=8)
            self.assertEqual(len(self.report()), 1)

    def test_disk_full(self):
        """Exit status 10 where all else went well; a device that failed keeps its own, and the report is a hint."""
        run = self.two(READY + f"$I verify -d all {AGAIN} --junit /dev/full", status=10)
        self.assertIn("/dev/full", run.err)
        run = self.run_tool("verify", "--cards", "x.cards", "-d", "/nowhere", "--junit", "/dev/full", status=8)
        self.assertIn("\nhint: there is no report: /dev/full: ", run.err)

    def test_interrupted(self):
        self.enroll()
        Simulated(self, "--fault", "silent")
        run = subprocess.Popen([IMPRINT, "verify", "--cards", "x.cards", "-d", "sim/1", "--timeout", "60", "--junit", "r.xml"], cwd=self.dir, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        time.sleep(0.5)
        run.send_signal(signal.SIGINT)
        self.assertEqual(run.wait(20), 130)
        self.assertEqual([kind for _, below in self.report() for kind, _ in below], ["failure"])


unittest.main()
