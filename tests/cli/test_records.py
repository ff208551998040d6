# SPDX-License-Identifier: Apache-2.0
"""What a verifier keeps of devices, cards and evidence: nothing is lost, nothing contradicts itself unseen."""
import io
import os
import shutil
import signal
import subprocess
import time
import unittest

import cbor2

from tool import IMPRINT, Case

COMMON = "--cards x.cards --json\n"


class Records(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        for n in (1, 2, 3):
            self.profile(n)
            (self.dir / "p.yaml").rename(self.dir / f"p{n}.yaml")
        self.write("d.csv", "imei\n" + "".join(f"{i}\n" for i in IMEIS))

    def forget(self):
        """Other devices under the same names."""
        shutil.rmtree(self.dir / "sim")

    def items(self, name):
        content, out = (self.dir / name).read_bytes(), []
        decoder = cbor2.CBORDecoder(io.BytesIO(content))
        while decoder.fp.tell() < len(content):
            out.append(decoder.decode())
        self.assertEqual(out[0][1], len(out) - 1)
        return out[1:]

    def run_ready(self, script, *args, count=2, status=0):
        """After enroll, claim and packages of three sequences."""
        ports = " ".join(f"-d sim/{n}" for n in range(1, count + 1))
        return self.simulate(f"set -e; $I enroll {ports} -o x.cards >/dev/null; $I claim -k owner.pem {ports} --cards x.cards --evidence e >/dev/null\n"
                             "for n in 1 2 3; do $I pack p$n.yaml --csv d.csv --keep-going -k owner.pem --cards x.cards -o $n.packages 2>/dev/null "
                             "|| [ $? = 11 ]; done\nset +e\n" + script, *args, count=count, status=status)

    def test_processes_at_once_lose_nothing(self):
        run = self.simulate("for n in 1 2 3 4 5 6; do $I enroll -d sim/$n -o x.cards >/dev/null & done; wait\n"
                            "for n in 1 2 3 4 5 6; do $I claim -k owner.pem -d sim/$n --cards x.cards --evidence e --json & done; wait", count=6)
        self.assertEqual([d["result"] for d in self.lines(run.out)], ["pass"] * 6)
        self.assertEqual(len(self.items("x.cards")), 6)
        self.assertEqual(len(self.items("e")), 6)

    def test_what_is_proven_outlives_a_killed_process(self):
        """Device 1 is owned while device 2 is slow: its evidence is in the file before the process dies."""
        self.simulate("$I enroll -d sim/1 -d sim/2 -o x.cards >/dev/null", count=2)
        self.write("script.sh", 'I="$IMPRINT"; $I claim -k owner.pem -d sim/1 -d sim/2 --cards x.cards --evidence e & p=$!\n'
                   'i=0; while [ ! -e e ] && [ $i -lt 200 ]; do sleep 0.05; i=$((i+1)); done; kill -9 $p; wait $p; true')
        self.run_tool("simulate", "-n", 2, "--fault", "2:slow@20", "--", "sh", "script.sh")
        self.assertEqual(len(self.items("e")), 1)

    def test_one_identity_on_two_ports_passes_on_neither(self):
        """T10: a clone, or one device twice."""
        run = self.simulate("$I enroll -d sim/1 -o x.cards >/dev/null; $I claim -k owner.pem -d sim/1 --cards x.cards >/dev/null; "
                            "$I claim -k owner.pem -d sim/2 --cards x.cards >/dev/null; $I verify -d sim/1 -d sim/2 " + COMMON,
                            "--fault", "2:clone", count=2, status=12)
        answers = self.lines(run.out)
        self.assertEqual([d["result"] for d in answers], ["fail", "fail"])
        self.assertIn("a clone?", answers[0]["message"])
        self.assertIn("a clone?", answers[1]["message"])

    def test_roll_back_is_not_laundered_by_a_push(self):
        """A device put back to before its profile takes the same package again: its chain must be longer than was proven."""
        self.run_ready("true", count=1)
        flash = self.dir / "sim" / "devices"
        saved = {p: p.read_bytes() for p in flash.rglob("*") if p.is_file()}
        push = "$I push 1.packages -d sim/1 --evidence e " + COMMON
        self.simulate(push + push.replace("push 1.packages", "verify"))
        for path, content in saved.items():
            path.write_bytes(content)
        run = self.simulate("$I verify -d sim/1 --evidence e " + COMMON + push, status=5)
        for answer in self.lines(run.out):
            self.assertEqual((answer["result"], answer["differences"][0]["what"]), ("fail", "history"))

    def test_factory_is_required_where_it_is_named(self):
        run = self.run_ready("F='--factory factory.pub'\n$I enroll -d sim/1 -o y.cards $F --json; $I claim -k owner.pem -d sim/1 $F " + COMMON +
                             "$I push 1.packages -d sim/1 $F " + COMMON + "$I verify -d sim/1 $F " + COMMON + "true")
        for answer in self.lines(run.out):
            self.assertEqual((answer["status"], "not endorsed" in answer["message"]), (4, True), answer)

    def test_endorsement_stays_with_its_card(self):
        run = self.simulate("$I enroll -d sim/1 --endorse factory.pem -o x.cards; $I enroll -d sim/1 -o x.cards\n"
                            "$I enroll -d sim/1 -o y.cards; $I verify -d sim/1 --factory factory.pub " + COMMON, status=4)
        self.assertIn("lifecycle", self.lines(run.out)[-1]["message"])
        self.assertEqual(len(self.items("x.cards")), 1)

    def test_a_card_with_other_keys_quarantines_its_device_alone(self):
        """KEY-14, T09: neither is trusted, and the line goes on; --replace says which it is."""
        self.simulate("$I enroll -d sim/1 -d sim/2 -o x.cards", count=2)
        self.forget()
        run = self.simulate("$I enroll -d sim/1 -o x.cards --json; $I pack p1.yaml --csv d.csv -k owner.pem --cards x.cards -o x.packages\n"
                            "$I pack p1.yaml --csv d.csv --id 001010010000022 -k owner.pem --cards x.cards -o 2.packages || exit 1\n"
                            "$I enroll -d sim/1 -o x.cards --replace && $I claim -k owner.pem -d sim/1 " + COMMON, status=0)
        answers = self.lines(run.out)
        self.assertEqual((answers[0]["status"], answers[-1]["result"]), (4, "pass"))
        self.assertIn("two cards with different keys", run.err)
        self.assertFalse((self.dir / "x.packages").exists())

    def test_an_endorsed_card_wins_over_a_squatter(self):
        self.simulate("$I enroll -d sim/1 -o x.cards")
        self.forget()
        self.simulate("$I enroll -d sim/1 -o x.cards --factory factory.pub && $I claim -k owner.pem -d sim/1 --factory factory.pub " + COMMON,
                      "--factory", "factory.pem")
        self.forget()
        run = self.simulate("$I enroll -d sim/1 -o x.cards --factory factory.pub --json; $I enroll -d sim/1 -o x.cards --json", status=4)
        self.assertEqual([d["status"] for d in self.lines(run.out)], [4, 4])
        self.assertIn("different keys", self.lines(run.out)[-1]["message"])

    def test_ids_that_nothing_answers_to_are_told(self):
        run = self.run_ready("$I verify -d sim/1 -d sim/2 --id 001010010000014 --id 001010010000022 " + COMMON +
                             "$I verify -d sim/1 -d sim/2 --id 001010010000014 --id 001010010000030 " + COMMON, status=2)
        self.assertEqual(len(self.lines(run.out)), 3)
        self.assertIn("no device with --id 001010010000030", run.err)

    def test_records_that_cannot_be_kept_stop_before_the_first_byte(self):
        run = self.run_ready("$I push 1.packages -d sim/1 --evidence no/such/e " + COMMON + "echo $?; $I push 1.packages -d sim/1 --evidence - " + COMMON +
                             "echo $?; $I verify -d sim/1 " + COMMON, count=1)
        self.assertEqual(run.out.splitlines()[:2], ["2", "2"])
        self.assertEqual(self.lines(run.out)[-1]["domains"], [])

    def test_the_file_keeps_its_mode(self):
        run = self.run_ready("chmod 600 x.cards e; $I push 1.packages -d sim/1 --evidence e " + COMMON + "$I enroll -d sim/1 -o x.cards; stat -c %a x.cards e", count=1)
        self.assertEqual(run.out.split()[-2:], ["600", "600"])

    def test_dry_run_says_that_nothing_is_proven(self):
        self.run_tool("pack", "p3.yaml", "--csv", "d.csv", "-k", "stranger.pem", "--cards", "x.cards", "-o", "no", status=2)
        dry = "$I push {} -d sim/1 --dry-run " + COMMON
        run = self.run_ready(dry.format("1.packages") + "$I push 1.packages -d sim/1 " + COMMON + dry.format("1.packages") +
                             "$I pack p3.yaml --csv d.csv --id 001010010000014 -k stranger.pem --cards x.cards -o foreign\n" + dry.format("foreign") +
                             "$I wipe -k owner.pem -D 0 -d sim/1 " + COMMON + dry.format("1.packages") +
                             "$I retire -k owner.pem -d sim/1 " + COMMON + dry.format("2.packages") + "true", count=1)
        answers = self.lines(run.out)
        self.assertEqual([a["result"] for a in answers], ["dry-run", "pass", "dry-run", "fail", "pass", "fail", "pass", "fail"])
        self.assertEqual([a["refusal"] for a in answers if a["result"] == "fail"], ["scope", "sequence", "state"])
        self.assertIn("would set domain 0 to sequence 1", answers[0]["message"])
        self.assertIn("already there", answers[2]["message"])

    def test_owner_is_named_where_it_was_not_compared(self):
        run = self.run_ready("$I verify -d sim/1 --cards x.cards; $I verify -d sim/1 --cards x.cards --owner owner.pub", count=1)
        first, second = run.out.splitlines()
        self.assertIn("(not compared)", first)
        self.assertNotIn("compared", second)

    def test_commands_take_their_sequence_from_evidence(self):
        run = self.run_ready("$I policy -k owner.pem -d sim/1 " + COMMON + "$I push 3.packages -d sim/1 " + COMMON + "$I wipe -k owner.pem -D 0 -d sim/1 " + COMMON +
                             "$I floor -k owner.pem -R 3=7 -d sim/1 " + COMMON + "$I floor -k owner.pem -R 3=7 -d sim/1 " + COMMON, count=1)
        answers = self.lines(run.out)
        self.assertEqual([(a["result"], a["again"]) for a in answers], [("pass", False)] * 4 + [("pass", True)])
        self.assertEqual(answers[2]["domains"][0]["sequence"], 4)

    def test_a_lie_about_a_lock_is_found_without_asking_for_it(self):
        """The state must follow from the history: no entry, no lock."""
        self.run_ready("true", count=1)
        run = self.simulate("$I enroll -d sim/1 -o x.cards; $I claim -k owner.pem -d sim/1 --cards x.cards; $I verify -d sim/1 " + COMMON,
                            "--fault", "lie:locked", status=5)
        self.assertEqual(self.lines(run.out)[-1]["differences"][0]["what"], "history")

    def test_interrupted_while_it_waits_for_input(self):
        """SIG-01: reading a pipe or opening a FIFO ends with 130, and leaves nothing."""
        os.mkfifo(self.dir / "fifo")
        for args in (("sign", "-k", "owner.pem", "-o", "x.signed"), ("build", "p1.yaml", "--csv", "-", "-o", "x.profiles"),
                     ("encrypt", "--cards", "fifo"), ("inspect", "-")):
            before = set(os.listdir(self.dir))
            process = subprocess.Popen([IMPRINT, *args], cwd=self.dir, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(0.4)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(5), 130, args)
            process.stdin.close()
            self.assertEqual(set(os.listdir(self.dir)), before)


IMEIS = ("001010010000014", "001010010000022", "001010010000030")

if __name__ == "__main__":
    unittest.main()
