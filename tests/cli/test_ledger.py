# SPDX-License-Identifier: Apache-2.0
"""The ledger from the command line, as a file and in PostgreSQL: what a line writes into it, and what others can check."""
import base64
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import unittest

from tool import IMPRINT, ROOT, Case, Simulated, schema

sys.path.append(str(ROOT / "tests/interop"))
import smp  # noqa: E402
from test_line import Wire, packets  # noqa: E402

POSTGRES = os.environ["IMPRINT_TEST_POSTGRES"]
PUSH = "$I push p.packages -d sim/1 --cards x.cards"


class Ledger(Case):
    """A device that is enrolled and claimed, and a package for it; nothing of that is in the ledger yet."""

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

    # The line
    def test_what_a_line_does_is_written_down(self):
        self.beside(f"$I enroll -d sim/1 --ledger $IMPRINT_LEDGER --station line-7 && {PUSH} --station line-7 && {PUSH} --station line-7")
        self.assertEqual(self.types(), ["ledger", "device", "issued", "reserved", "sent", "evidence", "proven", "delivery", "evidence", "delivery"])
        entries = self.log()
        self.assertEqual({e["station"] for e in entries[1:]}, {"line-7"})
        issued, evidence = entries[2], entries[5]
        self.assertEqual((issued["domain"], issued["sequence"], issued["owner_epoch"]), (0, 1, 1))
        self.assertEqual(issued["ueid"], "030000010001000001000000000001")
        self.assertEqual((evidence["object"], evidence["status"]), (issued["object"], 0))
        self.assertEqual(entries[7]["assurance"], "attested")
        for entry in entries:
            self.assertEqual(list(entry), list(entries[0]), "every field, always")
        self.assertEqual(self.report(), {"ledger": self.tool("ledger", "show", "--json").out.split('"')[3], "entries": 10, "checkpoints": 0, "open": 0, "forgotten": 0,
                                         "anchored": False, "anchored_entries": 0})
        text = self.tool("log").out
        self.assertIn("imei 001010010000014", text)
        self.assertEqual(len(text.splitlines()), 10)

    def test_log_of_one_device(self):
        self.beside(f"$I enroll -d sim/1 && {PUSH}")
        self.beside("$I enroll -d sim/2", count=2)
        self.assertEqual(self.types().count("device"), 2)
        for name in ("001010010000014", "030000010001000001000000000001"):
            mine = [e["type"] for e in self.log("--id", name)]
            self.assertEqual(mine, ["device", "issued", "reserved", "sent", "evidence", "proven", "delivery"])
        self.assertEqual([e["type"] for e in self.log("--id", "001010010000022")], ["device"])
        self.assertEqual([e["entry"] for e in self.log("--from", "5")], [5, 6, 7, 8])

    def test_without_a_ledger_nothing_is_sent(self):
        self.env["IMPRINT_LEDGER"] = str(self.dir / "nowhere.db")
        run = self.beside(PUSH, status=9)
        self.assertIn("there is no ledger", run.err)
        self.assertIn("hint: imprint ledger init", run.err)
        self.assertFalse((self.dir / "nowhere.db").exists())
        run = self.simulate("$I verify -d sim/1 --cards x.cards --json")
        self.assertEqual(self.lines(run.out)[-1]["domains"], [])

    def test_dry_run_writes_nothing(self):
        self.beside(f"{PUSH} --dry-run")
        self.assertEqual(self.types(), ["ledger"])

    def test_a_silent_device_leaves_it_in_doubt(self):
        self.sim()
        wire = self.wire(to_tool=packets(lambda packet: [] if self.is_stage(packet, answer=True) else [packet]))
        run = self.tool("push", "p.packages", "-d", wire.name, "--cards", "x.cards", "--timeout", "3", "--json", status=8)
        self.assertIn("in doubt", self.lines(run.out)[-1]["message"])
        self.assertEqual(self.types(), ["ledger", "issued", "reserved", "sent", "delivery"])
        last = self.log()[-1]
        self.assertEqual((last["status"], last["assurance"]), (8, "unproven"))
        self.assertEqual(self.report()["open"], 1)
        wire.close()
        # Another station must not send it; this one may, and settles it.
        run = self.tool("push", "p.packages", "-d", "sim/1", "--cards", "x.cards", "--station", "elsewhere", status=4)
        self.assertIn("is taken, by another station", run.err)
        self.tool("push", "p.packages", "-d", "sim/1", "--cards", "x.cards")
        self.assertEqual(self.types()[5:], ["sent", "evidence", "proven", "delivery"])
        self.assertEqual(self.report()["open"], 0)

    def test_sent_is_on_disk_before_the_first_byte(self):
        seen = []

        def look(packet):
            if self.is_stage(packet) and not seen:
                seen.append(self.types())
            return [packet]
        self.sim()
        wire = self.wire(to_device=packets(look))
        self.tool("push", "p.packages", "-d", wire.name, "--cards", "x.cards")
        self.assertEqual(seen, [["ledger", "issued", "reserved", "sent"]])

    def test_killed_in_the_middle(self):
        """A crash loses nothing and issues nothing twice."""
        self.sim()
        wire = self.wire(to_tool=packets(lambda packet: [] if self.is_stage(packet, answer=True) else [packet]))
        push = subprocess.Popen([IMPRINT, "push", "p.packages", "-d", wire.name, "--cards", "x.cards"], cwd=self.dir,
                                env={**os.environ, **self.env}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while "sent" not in self.types() and time.monotonic() < end:
            time.sleep(0.05)
        push.send_signal(signal.SIGKILL)
        push.wait()
        wire.close()
        self.assertEqual(self.types(), ["ledger", "issued", "reserved", "sent"])
        self.tool("push", "p.packages", "-d", "sim/1", "--cards", "x.cards")
        self.assertEqual(self.types()[4:], ["sent", "evidence", "proven", "delivery"])

    def test_two_objects_with_the_same_numbers(self):
        self.beside(PUSH)
        self.profile(extra="  apn/0: {name: iot, apn: other.example, auth: none}\n")
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--cards", "x.cards", "-o", "q.packages")
        run = self.beside("$I push q.packages -d sim/1 --cards x.cards", status=4)
        self.assertRegex(run.err, r"sim/1: imei 001010010000014: sequence 1 of domain 0 was issued already")
        self.assertIn("no action 'shwo'; did you mean show?", self.run_tool("ledger", "shwo", status=2).err)
        self.assertEqual(self.types()[-1], "delivery")
        self.assertEqual(self.types().count("issued"), 1)

    def test_refusals_are_deliveries(self):
        self.beside(PUSH)
        self.profile(sequence=1, extra="  apn/0: {name: iot, apn: other.example, auth: none}\n")
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--cards", "x.cards", "--sequence", "9", "--epochs", "7,0", "-o", "q.packages")
        self.beside("$I push q.packages -d sim/1 --cards x.cards", status=4)
        last = self.log()[-1]
        self.assertEqual((last["type"], last["status"], last["assurance"]), ("delivery", 4, "refused"))
        self.assertIn("epoch", last["reason"])
        self.assertEqual(self.report()["open"], 1)

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

    def test_a_refused_card_is_in_no_file(self):
        self.beside("$I enroll -d sim/1")
        self.beside("$I enroll -d other/1 -o other.cards", "--state", "other", status=4)
        self.assertFalse((self.dir / "other.cards").exists())

    def test_a_card_with_another_key_than_the_ledgers(self):
        """The file says one thing and the ledger another: nothing is sent."""
        self.simulate("$I enroll -d other/1 -o other.cards && $I claim -k owner.pem -d other/1 --cards other.cards && "
                      "$I pack p.yaml --csv d.csv -k owner.pem --cards other.cards -o o.packages", "--state", "other")
        self.beside("$I enroll -d sim/1")
        run = self.beside("$I push o.packages -d other/1 --cards other.cards", "--state", "other", status=4)
        self.assertIn("another key than that of entry 1", run.err)
        self.assertEqual(self.types(), ["ledger", "device"])

    def test_words_that_a_record_cannot_hold(self):
        for word in ("line\t7", "li\udcffne", "", "x" * 65):
            self.assertIn("--station: expected", self.tool("ledger", "show", "--station", word, status=2).err)
        self.assertIn("--reason: expected", self.tool("ledger", "retire", "--id", "001010010000014", "--reason", "a\nb", status=2).err)

    def test_log_of_a_time_and_of_nothing(self):
        self.beside("$I enroll -d sim/1")
        self.assertEqual(len(self.log("--since", "2020-01-01")), 2)
        self.assertEqual(self.log("--since", "2199-01-01T00:00:00Z"), [])
        self.assertEqual(self.log("--order", "0" * 64), [])
        self.assertIn("no entry", self.tool("log", "--id", "001010010000022").err)
        self.assertEqual(self.log()[1]["imei"], "001010010000014")
        follow = subprocess.Popen([IMPRINT, "log", "--follow", "--json"], cwd=self.dir, env={**os.environ, **self.env}, stdout=subprocess.PIPE)
        self.addCleanup(follow.stdout.close)
        self.assertEqual([json.loads(follow.stdout.readline())["type"] for _ in range(2)], ["ledger", "device"])
        self.beside("$I enroll -d sim/2", count=2)
        self.assertEqual(json.loads(follow.stdout.readline())["type"], "device")
        follow.send_signal(signal.SIGINT)
        self.assertEqual(follow.wait(timeout=10), 0)

    def test_an_endorsed_card_against_an_asserted_one_is_told(self):
        """Other keys under the same imei: the factory's word counts, and whoever enrolls hears that one of the two was not the device."""
        said = "contradicts it, and counts no more"
        for options, kept in (("-o c.cards", "a file"), ("", "the ledger")):
            with self.subTest(kept):
                env = self.env if not options else None
                old, new = f"old{len(options)}", f"new{len(options)}"
                first = self.simulate(f"$I enroll -d {old}/1 {options}", "--state", old, env=env)
                run = self.simulate(f"$I enroll -d {new}/1 {options} --factory factory.pub; $I enroll -d {new}/1 {options} --factory factory.pub", "--state", new,
                                    "--factory", "factory.pem", env=env)
                self.assertNotIn(said, first.out)
                self.assertRegex(run.out.splitlines()[0], rf"^PASS .* enrolled, key endorsed; a card that nobody vouches for {said}$")
                if kept == "the ledger":
                    self.assertNotIn(said, run.out.splitlines()[1])

    def test_an_endorsed_card_stands(self):
        self.beside("$I enroll -d sim/1 --endorse factory.pem")
        self.assertEqual(self.log()[-1]["assurance"], "endorsed")
        run = self.beside("$I enroll -d other/1", "--state", "other", status=4)
        self.assertIn("a factory vouches for", run.err)
        self.assertEqual(self.types(), ["ledger", "device"])

    def test_the_registry_in_place_of_cards(self):
        """Nothing but the ledger is named: cards, and what was proven last, come from it."""
        self.beside("set -e; $I enroll -d sim/1; $I claim -k owner.pem -d sim/1\n"
                    "$I pack p.yaml --csv d.csv -k owner.pem -o l.packages; $I push l.packages -d sim/1; $I verify -d sim/1 --id 001010010000014\n"
                    "$I build p.yaml --csv d.csv --sequence 2 | $I sign -k owner.pem | $I encrypt --accept-asserted -o 2.packages; $I push 2.packages -d sim/1")
        run = self.beside("$I verify -d sim/1 --id KS26 ; $I verify -d other/1", "--state", "sim", status=None)
        self.assertIn("a ledger does not find serials", run.err)
        run = self.beside("$I verify -d other/1", "--state", "other", status=5)
        self.assertIn("001010010000014", run.err)
        run = self.beside("$I verify -d far/2", "--state", "far", count=2, status=4)
        self.assertIn("no card of this device", run.err)

    def test_what_was_proven_is_where_the_history_goes_on(self):
        """T10, DEV-13, the device's flash put back: the ledger knows its history."""
        self.beside("$I enroll -d sim/1 && $I claim -k owner.pem -d sim/1")
        shutil.copytree(self.dir / "sim", self.dir / "old")
        self.beside("$I pack p.yaml --csv d.csv -k owner.pem -o l.packages && $I push l.packages -d sim/1 && $I verify -d sim/1")
        run = self.beside("for n in 1 2; do $I verify -d old/1; done", "--state", "old", status=5)
        self.assertEqual(run.err.count("a chain that is shorter than what was proven"), 2, "the bad evidence is no ground for the next")
        self.assertEqual([e["status"] for e in self.log() if e["type"] == "evidence"], [0, 0, 0, 5, 5])
        self.beside("$I verify -d sim/1")

    def test_out_of_the_registry(self):
        self.beside("set -e; $I enroll -d sim/1; $I claim -k owner.pem -d sim/1; $I pack p.yaml --csv d.csv -k owner.pem -o l.packages")
        self.tool("ledger", "retire", "--id", "001010010000014", "--reason", "burnt")
        for command in ("push l.packages -d sim/1", "verify -d sim/1", "push l.packages -d sim/1 --cards x.cards",
                        "pack p.yaml --csv d.csv -k owner.pem -o m.packages"):
            with self.subTest(command):
                self.assertIn("burnt", self.beside(f"$I {command}", status=4).err)
        run = self.beside("$I verify -d sim/1 --retired", status=4)
        self.assertIn("lifecycle: owned, expected decommissioned", run.err, "it is asked, and says what it is")
        self.assertIn("is not in the ledger", self.tool("ledger", "retire", "--id", "001010010000022", "--reason", "x", status=4).err)

    def test_a_person_takes_a_device_in_again(self):
        me = ("--id", "001010010000014", "--reason")
        self.beside("$I enroll -d sim/1")
        self.assertIn("is not quarantined", self.tool("ledger", "reinstate", *me, "x", status=4).err)
        self.beside("$I enroll -d other/1", "--state", "other", status=4)
        self.assertIn("is quarantined", self.beside(PUSH.replace(" --cards x.cards", ""), status=4).err)
        self.assertIn("duplicate-identity", self.tool("audit", "--json", status=11).out)
        self.tool("ledger", "reinstate", *me, "looked at by the lab")
        self.assertEqual((self.log()[-1]["type"], self.log()[-1]["reason"]), ("reinstated", "looked at by the lab"))
        self.assertNotIn("duplicate-identity", self.tool("audit", "--json", status=11).out)
        self.beside(PUSH.replace(" --cards x.cards", ""))
        self.tool("ledger", "quarantine", *me, "its box was open")
        self.assertIn("its box was open", self.beside(PUSH.replace(" --cards x.cards", ""), status=4).err)
        self.assertIn("missing --reason", self.tool("ledger", "reinstate", "--id", "001010010000014", status=2).err)

    def test_a_grant_is_written_down(self):
        """Before anybody has it; an audit then knows who may write the domain."""
        self.run_tool("keygen", "--class", "test", "-o", "operator.pem", "--public", "operator.pub")
        grant = ("grant", "-k", "owner.pem", "--holder", "operator.pub", "--domain", "network", "--target", "keel-2", "--allow")
        self.tool(*grant, "cellular", "-o", "x.cards", status=2)  # it stands there
        self.assertEqual(self.types(), ["ledger", "grant"])
        self.tool(*grant, "cellular", "-o", "g.grant")
        self.tool(*grant, "apn", "-o", "h.grant")
        entries = self.log()
        self.assertEqual([e["type"] for e in entries], ["ledger", "grant", "grant"])
        self.assertEqual(entries[2]["bytes"], (self.dir / "h.grant").read_bytes().hex(), "signed twice, the first is one object")
        self.profile(domain="network")
        run = self.beside("$I enroll -d sim/1 --replace && $I pack p.yaml --csv d.csv -k operator.pem --grant g.grant -o n.packages && $I push n.packages -d sim/1; $I audit --json --owner owner.pub", status=None)
        self.assertNotIn("foreign-authority", run.out)

    def test_a_decommissioned_device_is_retired(self):
        self.beside("set -e; $I enroll -d sim/1; $I claim -k owner.pem -d sim/1; $I retire -k owner.pem -d sim/1")
        self.assertEqual((self.log()[-1]["type"], self.log()[-1]["reason"]), ("retired", "decommissioned by its owner"))
        for cards in ("", "--cards x.cards"):
            with self.subTest(cards or "the registry's"):
                self.assertIn("hint: it is out for good; imprint verify --retired", self.beside(f"$I verify -d sim/1 {cards}", status=4).err)
                self.assertIn("decommissioned", self.beside(f"$I verify -d sim/1 --retired {cards}").out)

    def test_a_confirmed_key_may_have_secrets(self):
        """KEY: asserted by the station that enrolled it, until it showed itself past that."""
        self.run_tool("keygen", "-o", "maker.pem", "--public", "maker.pub")
        self.profile(extra='  apn/0: {name: iot, apn: a.example, auth: pap, user: "u", secret: "s"}\n')
        pack = "$I pack p.yaml --csv d.csv --seed seed.key -k maker.pem -o m.packages --force"
        self.beside("$I enroll -d sim/1")
        self.assertIn("asserted", self.beside(pack, status=4).err)
        self.beside("$I verify -d sim/1 --confirm 'over the network' --station elsewhere")
        self.assertEqual((self.log()[-1]["type"], self.log()[-1]["reason"]), ("confirmed", "over the network"))
        self.beside(pack)

    def test_t13_a_station_names_no_factory(self):
        """That a key is endorsed, or confirmed, is what a station wrote: where factories are named, theirs is the word."""
        for name in ("maker", "mint", "theirs"):
            self.run_tool("keygen", "-o", f"{name}.pem", "--public", f"{name}.pub")
        pack = "$I pack p.yaml --csv d.csv -k maker.pem -o m.packages --force"
        for says in ("verify -d sim/1 --confirm 'so they say' --station elsewhere", "enroll -d sim/1 --endorse theirs.pem"):
            self.beside(f"set -e; $I enroll -d sim/1; $I {says}")
            self.assertIn("its key is asserted", self.beside(f"{pack} --factory mint.pub", status=4).err, says)
            self.assertIn("not endorsed by a key of --factory", self.beside("$I verify -d sim/1 --factory mint.pub", status=4).err, says)
            self.assertFalse((self.dir / "m.packages").exists())
        self.assertEqual([e["type"] for e in self.log()[1:]].count("confirmed"), 1)
        self.assertEqual(self.log()[-1]["assurance"], "endorsed")
        self.beside(f"set -e; {pack} --factory mint.pub --factory theirs.pub; {pack}")

    def test_a_person_decides_what_is_in_doubt(self):
        self.sim()
        wire = self.wire(to_tool=packets(lambda packet: [] if self.is_stage(packet, answer=True) else [packet]))
        self.tool("push", "p.packages", "-d", wire.name, "--cards", "x.cards", "--timeout", "3", status=8)
        wire.close()
        (item,) = self.lines(self.tool("ledger", "items", "--json").out)
        self.assertEqual((item["state"], item["entry"], item["imei"], item["ueid"]), ("sent", 3, "001010010000014", "030000010001000001000000000001"))
        self.assertEqual(item["time"], self.log()[3]["time"])
        text = self.tool("ledger", "items").out
        self.assertIn(item["item"], text)
        self.assertIn("imei 001010010000014", text)
        self.assertIn("is in doubt", self.tool("ledger", "release", "--item", item["item"], "--reason", "x", status=4).err)
        self.tool("ledger", "write-off", "--item", item["item"], "--reason", "the board is lost")
        self.assertEqual(self.tool("ledger", "items").out, "")
        self.assertEqual((self.log()[-1]["type"], self.log()[-1]["reason"]), ("written-off", "the board is lost"))
        run = self.tool("push", "p.packages", "-d", "sim/1", "--cards", "x.cards", status=4)
        self.assertIn("is written off", run.err)
        self.assertIn("packed anew, with a higher --sequence", run.err)
        self.assertNotIn("push it there", run.err)
        # It did arrive, and evidence says so.
        self.tool("verify", "-d", "sim/1", "--cards", "x.cards")
        self.assertEqual(self.types()[-1], "proven")

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

    def test_a_witness_and_a_proof(self):
        self.vkeys()
        self.beside(f"$I enroll -d sim/1 && {PUSH}")
        note = self.checkpoint("first")
        self.assertRegex(note, r"\Alog\.example/line\n9\n[\w+/]{43}=\n\n— log\.example/line \S+\n\Z")
        shown = json.loads(self.tool("ledger", "show", "--json").out)
        self.assertEqual((shown["entries"], shown["checkpoint"], shown["origin"]), (9, 9, "log.example/line"))
        self.assertEqual(shown["key"] + "\n", (self.dir / "log.vkey").read_text())
        self.tool("ledger", "prove", "--since", "0", "-o", "grow")
        self.cosign("grow", status=5, log="other.vkey")  # LED-09
        self.assertFalse((self.dir / "seen").exists())
        self.cosign("grow")
        self.tool("ledger", "checkpoint", "cosigned", "--witness", "witness.vkey")
        self.assertEqual(self.checkpoint("second").count("— witness.example "), 1)
        self.tool("ledger", "prove", "--entry", "2", "-o", "two.tlog-proof")
        entry = json.loads(self.run_tool("ledger", "verify", "two.tlog-proof", "--log", "log.vkey", "--json").out)
        self.assertEqual(entry, self.log()[2])
        self.run_tool("ledger", "verify", "two.tlog-proof", "--log", "other.vkey", status=5)
        proof = (self.dir / "two.tlog-proof").read_text(encoding="utf-8")
        self.write("moved", proof.replace("index 2\n", "index 3\n"))
        run = self.run_tool("ledger", "verify", "moved", "--log", "log.vkey", status=5)
        self.assertIn("entry 3 is not in the tree", run.err)
        self.beside(PUSH)
        self.checkpoint("third")
        self.tool("ledger", "prove", "--since", "9", "-o", "grow", "--force")
        self.cosign("grow")
        self.assertIn("anchored", self.tool("ledger", "verify", "--log", "log.vkey", "--checkpoint", "seen").out)
        self.assertEqual(self.report("--log", "log.vkey", "--checkpoint", "seen")["anchored_entries"], 11)

    def test_as_plain_files(self):
        """LED-18: C2SP tlog-tiles, read by nothing of ours; and a ledger made of them."""
        self.vkeys()
        self.assertIn("there is no checkpoint", self.tool("ledger", "export", "out", status=4).err)
        self.beside(f"$I enroll -d sim/1 && {PUSH}")
        self.checkpoint("first")
        told = json.loads(self.tool("ledger", "export", "out", "--records", "private", "--json").out)
        self.assertEqual(told, {"folder": "out", "entries": 9, "files": 4, "kept": 0})
        origin, size, root = (self.dir / "out/checkpoint").read_text().splitlines()[:3]
        leaves = self.bundle((self.dir / "out/tile/entries/000.p/9").read_bytes())
        self.assertEqual((origin, int(size), len(leaves)), ("log.example/line", 9, 9))
        hashes = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
        self.assertEqual((self.dir / "out/tile/0/000.p/9").read_bytes(), b"".join(hashes))
        self.assertEqual(base64.b64decode(root), self.tree(hashes))
        self.assertEqual((self.dir / "private/000.p/9").stat().st_mode & 0o777, 0o600)
        for name in ("checkpoint", "tile/0/000.p/9", "tile/entries/000.p/9"):
            self.assertNotIn(bytes.fromhex("030000010001000001"), (self.dir / "out" / name).read_bytes(), "a device's name")
        self.tool("ledger", "export", "out")
        # Another ledger of them, on a file; and one that cannot be.
        before, copy = self.log(), {"IMPRINT_LEDGER": str(self.dir / "copy.db")}
        self.run_tool("ledger", "import", "out", "--records", "private", "--log", "other.vkey", env=copy, status=5)
        run = self.run_tool("ledger", "import", "out", "--records", "private", "--log", "log.vkey", env=copy)
        self.assertIn("the ledger log.example/line, 9 entries", run.out)
        self.assertEqual(self.lines(self.run_tool("log", "--json", env=copy).out), before)
        self.run_tool("ledger", "verify", "--log", "log.vkey", "--checkpoint", "first", env=copy)
        self.run_tool("ledger", "import", "out", "--records", "private", "--log", "log.vkey", env=copy, status=2)
        # The copy goes on, and what it publishes goes on, too.
        self.simulate(PUSH, env=copy)
        self.run_tool("ledger", "checkpoint", "-k", "log.pem", "-o", "second", env=copy)
        self.assertIn("11 entries", self.run_tool("ledger", "export", "out", env=copy).out)
        self.beside("$I enroll -d sim/2", count=2)
        self.beside(PUSH)
        self.checkpoint("fork")
        self.assertIn("another history", self.tool("ledger", "export", "out", status=4).err)

    def exported(self):
        self.vkeys()
        self.beside(PUSH)
        self.checkpoint("first")
        self.tool("ledger", "export", "out", "--records", "private")
        return {"IMPRINT_LEDGER": str(self.dir / "copy.db")}

    def test_an_import_that_fails_leaves_no_ledger(self):
        copy = self.exported()
        (leaf,) = (self.dir / "out/tile/0/000.p").iterdir()
        words = ("ledger", "import", "out", "--records", "private", "--log", "log.vkey")
        good = leaf.read_bytes()
        for name, data, status in (("a hash is another", good[:40] + bytes([good[40] ^ 1]) + good[41:], 5), ("one is missing", good[:-32], 5),
                                   ("one more", good + bytes(32), 3), ("none", None, 2)):
            with self.subTest(name):
                leaf.unlink()
                if data is not None:
                    leaf.write_bytes(data)
                run = self.run_tool(*words, env=copy, status=status)
                self.assertEqual([p.name for p in self.dir.glob("copy.db*")], [], run.err)
                leaf.write_bytes(good)
        leaf.write_bytes(good[:40] + bytes([good[40] ^ 1]) + good[41:])
        self.assertIn("entry 1: its hash in tile/0 is that of another", self.run_tool(*words, env=copy, status=5).err)
        leaf.write_bytes(good)
        # What was there before stays there.
        self.run_tool("ledger", "init", env=copy)
        self.run_tool(*words, env=copy, status=2)
        self.assertTrue((self.dir / "copy.db").exists())
        for path in self.dir.glob("copy.db*"):
            path.unlink()
        self.run_tool(*words, env=copy)
        self.run_tool("ledger", "verify", "--log", "log.vkey", "--checkpoint", "first", env=copy)

    def test_an_export_is_led_nowhere_else(self):
        """PERM-01: whoever may write the folder that is published puts a link there."""
        self.exported()
        for place, moved in (("out", "out"), ("out/tile", "tile"), ("out/tile/0", "0"), ("out/checkpoint", "checkpoint"), ("private", "private")):
            with self.subTest(place):
                path, there = self.dir / place, self.dir / f"elsewhere-{moved}"
                path.rename(there)
                path.symlink_to(there)
                before = sorted(str(p) for p in there.rglob("*"))
                for ending in ("", "/") if place == "out" else ("",):
                    run = self.tool("ledger", "export", "out" + ending, "--records", "private", status=2)
                    self.assertRegex(run.err, rf"{place}.*: is a symbolic link")
                self.assertEqual(sorted(str(p) for p in there.rglob("*")), before)
                path.unlink()
                there.rename(path)
        self.tool("ledger", "export", "out", "--records", "private")

    @staticmethod
    def bundle(data):
        out = []
        while data:
            n = int.from_bytes(data[:2], "big")
            out.append(data[2:2 + n])
            data = data[2 + n:]
        return out

    def tree(self, hashes):
        """RFC 6962 2.1."""
        if len(hashes) == 1:
            return hashes[0]
        k = 1 << (len(hashes) - 1).bit_length() - 1
        return hashlib.sha256(b"\1" + self.tree(hashes[:k]) + self.tree(hashes[k:])).digest()

    def test_not_anchored_is_said(self):
        self.assertIn("self-consistent, not anchored", self.tool("ledger", "verify").out)

    def test_a_witness_signs_no_second_history(self):
        """LED-08, LED-10: two ledgers of one name and key; each is whole, and a witness signs one."""
        self.vkeys()
        self.beside(f"$I enroll -d sim/1 && {PUSH}")
        self.checkpoint("one")
        self.tool("ledger", "prove", "--since", "0", "-o", "grow")
        self.cosign("grow")
        first, self.env = self.env, {"IMPRINT_LEDGER": str(self.dir / "forked.db")}
        self.tool("ledger", "init", "--origin", "log.example/line")
        self.checkpoint("short")
        self.tool("ledger", "prove", "--since", "2", "-o", "short.grow")
        self.assertIn("fewer than the 9", self.cosign("short.grow", status=4).err)
        for _ in range(2):
            self.beside(f"$I enroll -d sim/1 && {PUSH}")
        self.checkpoint("fork")
        self.tool("ledger", "verify")
        self.tool("ledger", "prove", "--since", "9", "-o", "fork.grow")
        self.assertIn("two histories", self.cosign("fork.grow", status=5).err)
        run = self.tool("ledger", "verify", "--log", "log.vkey", "--checkpoint", "seen", status=9)
        self.assertIn("two histories", run.err)
        self.env = first
        self.tool("ledger", "verify", "--log", "log.vkey", "--checkpoint", "seen")

    def test_one_key_and_no_other(self):
        self.assertIn("Ed25519", self.tool("ledger", "checkpoint", "-k", "owner.pem", status=6).err)
        self.checkpoint("one")
        self.assertIn("is signed by another key", self.tool("ledger", "checkpoint", "-k", "other.pem", status=6).err)

    def test_misuse(self):
        for args in (("ledger",), ("ledger", "burn"), ("ledger", "init", "x"), ("ledger", "prove"), ("ledger", "prove", "--entry", "1", "--since", "1"),
                     ("ledger", "checkpoint"), ("ledger", "checkpoint", "x"), ("ledger", "checkpoint", "x", "-k", "log.pem"),
                     ("ledger", "verify", "x"), ("ledger", "verify", "--checkpoint", "x"), ("ledger", "key", "log.pub"), ("ledger", "cosign", "x"),
                     ("ledger", "release", "--item", "0" * 64), ("ledger", "write-off", "--item", "x", "--reason", "x"), ("ledger", "retire", "--id", "x"),
                     ("ledger", "export"), ("ledger", "import", "x"), ("ledger", "import", "x", "--log", "log.pub"),
                     ("ledger", "init"), ("ledger", "prove", "--entry", "99"), ("log", "--from", "x")):
            with self.subTest(args):
                self.tool(*args, status=2)
        for args, says in ((("ledger", "show", "--entry", "1"), "show: takes no --entry N"), (("ledger", "items", "-o", "x"), "items: takes no -o FILE"),
                           (("ledger", "export", "x", "--log", "y"), "export: takes no --log FILE"), (("ledger", "prove", "x", "--entry", "0"), "prove: takes no FILE"),
                           (("ledger", "init"), "hint: imprint ledger show tells its name"), (("log", "--id", "14"), "--id 14: expected an imei or a ueid"),
                           (("log", "14"), "unexpected '14'"), (("ledger", "show", "x", "y"), "unexpected 'y'")):
            with self.subTest(args):
                self.assertIn(says, self.tool(*args, status=2).err)
        self.assertEqual(self.types(), ["ledger"])

    def test_the_name_of_a_log_is_told(self):
        """It is for good: who did not choose one hears so."""
        self.assertNotIn("note:", self.run_tool("ledger", "init", "--ledger", "named.db", "--origin", "log.example/x").err)
        run = self.run_tool("ledger", "init", "--ledger", "random.db")
        self.assertIn("imprint.invalid/", run.out)
        self.assertIn("note: a random name, for good; --origin gives one", run.err)

    def test_a_key_that_signs_no_notes_is_told_as_one(self):
        for args in (("checkpoint", "-k", "owner.pem"), ("key", "owner.pub", "--name", "log.example/line")):
            with self.subTest(args):
                run = self.tool("ledger", *args, status=6)
                self.assertRegex(run.err, r"owner\.p\w+: is no Ed25519 key.*\nhint: imprint keygen --type eddsa makes one")

    # Helpers
    def sim(self):
        Simulated(self, "--state", "sim")

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
        return schema(POSTGRES, "cli")

    # A station can append, and an auditor read
    STATION = ("GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA {schema} TO {role};"
               "GRANT UPDATE, DELETE ON {schema}.pending TO {role}")
    AUDITOR = "GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}"

    def role(self, name, rights):
        """The name of a ledger's place as a role with these rights has it."""
        schema = self.env["IMPRINT_LEDGER"].rsplit("%3D", 1)[1]
        role = f"{name}_{schema}"
        self.sql(f"CREATE ROLE {role} LOGIN; {rights.format(schema=schema, role=role)}")
        self.addCleanup(self.sql, f"DROP OWNED BY {role}; DROP ROLE {role}")
        return re.sub("user=[^&]*", f"user={role}", self.env["IMPRINT_LEDGER"])

    def sql(self, text, url=POSTGRES, fails=False):
        run = subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", text], capture_output=True, text=True)
        self.assertEqual(run.returncode != 0, fails, run.stderr)
        return run.stderr

    def test_a_station_appends_and_changes_nothing(self):
        station = self.role("station", self.STATION)
        self.beside(f"$I enroll -d sim/1 --ledger '{station}' && {PUSH} --ledger '{station}' && {PUSH} --ledger '{station}'")
        self.run_tool("ledger", "checkpoint", "-k", "log.pem", "--ledger", station)
        self.assertIn("proven", self.types())
        for table in ("leaves", "records", "refs", "lines", "version"):
            for change in (f"DELETE FROM {table}", f"UPDATE {table} SET {'number = number' if table == 'version' else 'line = line' if table == 'lines' else 'idx = idx'}",
                           f"TRUNCATE {table}", f"DROP TABLE {table}"):
                self.assertRegex(self.sql(change, station, fails=True), "permission denied|must be owner")

    def test_an_auditor_reads(self):
        self.beside(f"$I enroll -d sim/1 && {PUSH}")
        auditor, before = self.role("auditor", self.AUDITOR), self.log()
        for args in (("log",), ("ledger", "show"), ("ledger", "verify")):
            self.run_tool(*args, "--ledger", auditor)
        self.assertIn("8 entries", self.run_tool("audit", "--deep", "--ledger", auditor, status=11).out)
        run = self.beside(f"{PUSH} --ledger '{auditor}'", status=9)
        self.assertRegex(run.err, r"permission denied.*\nhint: imprint-ledger\(5\) has what a station and an auditor must be granted")
        self.assertEqual(self.log(), before)

    def test_what_a_role_lacks_is_told(self):
        """A ledger that it may not see, and a search_path without a schema."""
        nobody = self.role("nobody", "SELECT")
        self.assertIn("this role is not let see it", self.run_tool("log", "--ledger", nobody, status=9).err)
        run = self.run_tool("ledger", "init", "--ledger", nobody, status=9)
        self.assertIn("make a schema that this role owns", run.err)


class Tenants(Case):
    """TEN-04: two parties in one database, each with a role and a schema of its own."""

    def sql(self, text):
        subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", POSTGRES, "-c", text], check=True)

    def setUp(self):
        super().setUp()
        self.keys()
        self.names = [f"ten{os.getpid()}_{x}" for x in "ab"]
        for name in self.names:
            self.sql(f"CREATE ROLE {name} LOGIN; CREATE SCHEMA {name} AUTHORIZATION {name}")
            self.addCleanup(self.sql, f"DROP SCHEMA {name} CASCADE; DROP ROLE {name}")

    def url(self, role, schema):
        return f"{re.sub('user=[^&]*', f'user={role}', POSTGRES)}&options=-csearch_path%3D{schema}"

    def test_ten_04_another_tenants_rows_are_not_to_be_had(self):
        """Neither read, nor written, nor made up to look like one's own."""
        a, b = self.names
        self.run_tool("ledger", "init", "--origin", "log.example/a", "--ledger", self.url(a, a))
        self.run_tool("ledger", "init", "--origin", "log.example/b", "--ledger", self.url(b, b))
        self.simulate(f"$I enroll -d sim/1 --ledger '{self.url(a, a)}'")
        self.assertEqual([e["type"] for e in self.lines(self.run_tool("log", "--json", "--ledger", self.url(a, a)).out)], ["ledger", "device"])
        self.assertEqual([e["type"] for e in self.lines(self.run_tool("log", "--json", "--ledger", self.url(b, b)).out)], ["ledger"])
        for args in (("log",), ("ledger", "show"), ("ledger", "verify"), ("ledger", "init"), ("log", "--id", "001010010000014"), ("revoke", "-k", "owner.pem", "--ueid", "001010010000014", "-o", "x.list")):
            with self.subTest(args):
                run = self.run_tool(*args, "--ledger", self.url(b, a), status=9)
                self.assertNotIn("001010010000014", run.out)
        self.assertEqual(len(self.lines(self.run_tool("log", "--json", "--ledger", self.url(a, a)).out)), 2)


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

    def test_secrets_stay_out(self):
        """What is in the ledger holds no key and no setting of the profile."""
        case = Ledger("test_not_anchored_is_said")
        case.setUp()
        self.addCleanup(case.doCleanups)
        case.profile(extra='  apn/0: {name: iot, apn: hidden.example, auth: pap, user: "u-4711", secret: "s3cret-4711"}\n')
        case.run_tool("pack", "p.yaml", "--csv", "d.csv", "--seed", "seed.key", "-k", "owner.pem", "--cards", "x.cards", "-o", "p.packages", "--force")
        case.beside(PUSH)
        for path in case.dir.glob("ledger.db*"):
            data = path.read_bytes()
            for word in (b"hidden.example", b"s3cret-4711", b"u-4711", (case.dir / "seed.key").read_bytes()):
                self.assertNotIn(word, data)
        self.assertIn("issued", case.types())


if __name__ == "__main__":
    unittest.main()
