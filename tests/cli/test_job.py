# SPDX-License-Identifier: Apache-2.0
"""The main job: enroll, claim, pack, push, verify, against devices that run the real agent."""
import re
import unittest

from tool import EXAMPLES, ROOT, Case

READY = """
$I enroll -d sim/1 -d sim/2 -o x.cards --factory factory.pub
$I claim -k owner.pem -d sim/1 -d sim/2 --cards x.cards --evidence e.evidence
"""


class Job(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        rows = (EXAMPLES / "devices.csv").read_text().splitlines(keepends=True)
        self.write("d.csv", "".join(rows[:3]))

    def pack(self, sequence=1, name="p.packages"):
        self.profile(sequence)
        return f"$I pack p{sequence}.yaml --csv d.csv -k owner.pem --cards x.cards --seed seed.key -o {name}\n"

    def two(self, script, *args, status=0):
        for n in (1, 2, 3):
            self.profile(n)
            (self.dir / "p.yaml").rename(self.dir / f"p{n}.yaml")
        return self.simulate(script, "--factory", "factory.pem", "--csv", "d.csv", *args, count=2, status=status)

    def test_two_devices_end_up_proven(self):
        run = self.two(READY + self.pack() + "$I push p.packages -d sim/1 -d sim/2 --cards x.cards --evidence e.evidence --json")
        last = self.lines(run.out)
        self.assertEqual([d["result"] for d in last], ["pass", "pass"])
        self.assertEqual([d["round_trips"] for d in last], [2, 2])
        self.assertEqual({d["assurance"] for d in last}, {"attested"})

    def test_example_profile_goes_all_the_way(self):
        self.two(READY + f"$I pack {EXAMPLES}/sensor.yaml --csv d.csv -k owner.pem --cards x.cards --factory factory.pub "
                 "--seed seed.key -o s.packages && $I push s.packages -d sim/1 -d sim/2 --cards x.cards "
                 "&& $I verify --expect s.packages -d sim/1 -d sim/2 --cards x.cards")

    def test_again_01_pushing_what_is_there_says_so(self):
        run = self.two(READY + self.pack() + "P='$I push p.packages -d sim/1 --cards x.cards --json'\n"
                       "$I push p.packages -d sim/1 --cards x.cards --json >/dev/null\n"
                       "$I push p.packages -d sim/1 --cards x.cards --json")
        last = self.lines(run.out)[-1]
        self.assertTrue(last["again"])
        self.assertIn("already there", last["message"])

    def test_roll_01_older_package_is_refused_by_the_device(self):
        run = self.two(READY + self.pack(1, "a.packages") + self.pack(2, "b.packages") +
                       "$I push b.packages -d sim/1 --cards x.cards && $I push a.packages -d sim/1 --cards x.cards --json", status=4)
        self.assertEqual(self.lines(run.out)[-1]["refusal"], "sequence")

    def test_bind_01_only_the_diagonal_is_taken(self):
        """Three devices by three packages."""
        self.write("d.csv", "imei\n001010010000014\n001010010000022\n001010010000030\n")
        self.profile()
        run = self.simulate("$I enroll -d all -o x.cards && $I claim -k owner.pem -d all --cards x.cards && "
                            "$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages\nfor d in 1 2 3; do for p in 1 2 3; do "
                            "$I push p.packages --index $p -d sim/$d --cards x.cards --json; done; done; $I verify -d all --cards x.cards --json",
                            count=3)
        answers = self.lines(run.out)
        self.assertEqual([a["refusal"] for a in answers[:9]], [None if d == p else "not-for-me" for d in range(3) for p in range(3)])
        self.assertEqual([a["status"] for a in answers[:9]], [0 if d == p else 4 for d in range(3) for p in range(3)])
        self.assertEqual(len({a["domains"][0]["profile_id"] for a in answers[9:]}), 3)

    def test_foreign_owner_is_refused_and_named(self):
        run = self.two(READY + self.pack().replace("owner.pem", "stranger.pem") +
                       "$I push p.packages -d sim/1 --cards x.cards --json", status=4)
        self.assertEqual(self.lines(run.out)[-1]["refusal"], "scope")

    def test_pre_claimed_device_shows(self):
        run = self.two("$I enroll -d sim/1 -o x.cards\n$I claim -k stranger.pem -d sim/1 --cards x.cards\n"
                       "$I claim -k owner.pem -d sim/1 --cards x.cards --json; $I verify -d sim/1 --cards x.cards "
                       "--owner owner.pub --json", status=4)
        answers = self.lines(run.out)
        self.assertEqual(answers[0]["refusal"], "state")
        self.assertEqual(answers[1]["differences"][0]["what"], "owner")

    def test_commands_of_the_owner(self):
        run = self.two(READY + self.pack() + "$I push p.packages -d sim/1 --cards x.cards --evidence e.evidence >/dev/null\n"
                       "O='-k owner.pem -d sim/1 --cards x.cards --evidence e.evidence --json'\n"
                       "$I wipe --domain 0 $O; $I floor --raise 2=5 $O; $I lock $O; $I policy --allow-recovery $O --sequence 9000000000; "
                       "$I retire $O --sequence 9000000001; $I verify -d sim/1 --cards x.cards --json; true")
        answers = self.lines(run.out)
        self.assertEqual([d["result"] for d in answers[:5]], ["pass"] * 5, answers)
        self.assertEqual(answers[4]["lifecycle"], "decommissioned")
        self.assertEqual({d["round_trips"] for d in answers[:5]}, {3})  # what is signed is what was attested
        self.assertEqual(answers[5]["status"], 4)

    def test_a_retired_device_is_called_so(self):
        run = self.two(READY + "O='-d sim/1 --cards x.cards --json'\n$I verify $O --retired; $I verify $O --retired --owner stranger.pub\n"
                       "$I retire -k owner.pem --target 001010010000014 --sequence 1 -o r\n$I push r $O; $I push r $O; $I verify $O; $I verify $O --retired\n"
                       "$I retire -k owner.pem $O; true")
        honest, _, first, second, plain, retired, again = self.lines(run.out)
        self.assertEqual([a["status"] for a in (honest, first, second, plain, retired, again)], [4, 0, 0, 4, 0, 4])
        self.assertEqual((first["again"], second["again"]), (False, True))
        self.assertEqual(honest["differences"][0], {"what": "lifecycle", "found": "owned", "expected": "decommissioned"})
        self.assertEqual(honest["hints"], [])
        self.assertEqual(plain["message"], "lifecycle: decommissioned, expected owned or locked")
        self.assertEqual(plain["hints"], ["it is retired, for good: verify --retired expects that"])
        self.assertEqual((again["refusal"], again["hints"]), ("state", ["it is retired and takes nothing any more"]))
        for option in (("--expect", "x"), ("--require-locked",)):
            self.run_tool("verify", "-d", "x", "--cards", "x.cards", "--retired", *option, status=2)

    def test_json_has_every_field_always(self):
        """Whatever the command, and whether it passed: each field, and each in the page that tells of them."""
        run = self.two(READY.replace("claim", "claim --json").replace("enroll", "enroll --json") + self.pack() +
                       "O='-d sim/1 --cards x.cards --json'\n$I push p.packages --dry-run $O; $I push p.packages $O; $I verify $O; $I lock -k owner.pem $O\n"
                       "$I verify -d /nowhere --cards x.cards --json; $I push p.packages $O --owner stranger.pub; "
                       "$I enroll -d sim/1 --endorse factory.pem -o y.cards --json; true")
        answers = self.lines(run.out)
        self.assertEqual([a["command"] for a in answers], ["enroll"] * 2 + ["claim"] * 2 + ["push", "push", "verify", "lock", "verify", "push", "enroll"])
        names = {frozenset(a) for a in answers}
        self.assertEqual(len(names), 1, names)
        page = (ROOT / "man/imprint-push.1.scd").read_text()
        told = set(re.findall(r"\*([a-z_]+)\*", page[page.index("# REPORT"):page.index("# EXAMPLES")]))
        inner = {"what", "found", "expected", "domain", "state", "domain_epoch", "sequence", "profile_id"}
        self.assertEqual(told - inner, set(answers[0]))
        self.assertEqual(set(answers[6]["domains"][0]) | set(answers[9]["differences"][0]), inner)
        first, lost, stranger, endorsed = answers[0], answers[8], answers[9], answers[10]
        self.assertEqual((first["imei"], first["serial"], first["key_assurance"]), ("001010010000014", "KS26-000001", "endorsed"))
        self.assertEqual((first["name"], first["ueid"]), ("imei 001010010000014", "03" + "".join(f"0{d}" for d in "00101001000001")))
        self.assertTrue(all(re.fullmatch("[0-9a-f]{64}", first[k]) for k in ("signing_kid", "sealing_kid")))
        self.assertEqual(endorsed["key_assurance"], "endorsed")
        self.assertEqual((lost["message"], len(lost["hints"])), ("no such port", 1))
        self.assertRegex(lost["hints"][0], r"^is the device plugged in\? .*/dev/serial/by-id")
        self.assertEqual((lost["domains"], lost["lifecycle"], lost["ueid"]), (None, None, None))
        kids = {k: self.lines(self.run_tool("key", f"{k}.pub", "--json").out)[0]["kid"] for k in ("owner", "stranger")}
        self.assertEqual(stranger["differences"][0], {"what": "owner", "found": kids["owner"], "expected": kids["stranger"]})
        self.assertEqual(stranger["message"], f"owner: {kids['owner'][:16]}, expected {kids['stranger'][:16]}")

    def test_commands_take_the_next_sequence(self):
        """They spend domain 0's, one by one, and the profile that is held stays proven; what comes next is told."""
        run = self.two(READY + self.pack(1, "a.packages") + self.pack(2, "b.packages") + self.pack(3, "c.packages") +
                       "O='-d sim/1 --cards x.cards --evidence e.evidence --json'\n"
                       "$I policy -k owner.pem $O; $I push a.packages --dry-run $O; $I push b.packages --dry-run $O; $I push b.packages $O\n"
                       "$I wipe --domain 3 -k owner.pem $O; $I verify --expect b.packages $O; $I push b.packages $O; $I push c.packages $O; true")
        answers = self.lines(run.out)
        self.assertEqual([a["status"] for a in answers], [0, 4, 0, 0, 0, 0, 0, 4])
        self.assertEqual(answers[1]["hints"], ["domain 0 has sequence 1: build with --sequence 2 or higher"])
        self.assertEqual(answers[5]["domains"][0]["sequence"], 3)
        self.assertEqual((answers[7]["refusal"], answers[1]["refusal"]), ("sequence", "sequence"))
        self.assertIn("missing --sequence N", self.run_tool("retire", "-k", "owner.pem", "--target", "001010010000014", "-o", "r", status=2).err)

    def test_refusals_say_what_to_do(self):
        """Each once, however many devices refuse for it."""
        run = self.two("$I enroll -d all -o x.cards; " + self.pack() + "$I push p.packages -d all --cards x.cards", status=12)
        self.assertEqual(run.err.count("hint: nobody owns it yet: imprint claim"), 1)
        self.assertIn("hint: nobody owns it yet: imprint claim", self.two("$I verify -d sim/1 --cards x.cards", status=4).err)
        run = self.two("$I claim -k owner.pem -d all --cards x.cards; $I floor --raise 1=4 -k owner.pem -d all --cards x.cards; "
                       "sed -i 's/domain: owner/domain: network/' p1.yaml; " + self.pack().replace("-o p", "-o q") +
                       "$I push q.packages -d sim/1 --cards x.cards", status=4)
        self.assertIn("build with --epochs 1,4", run.err)
        run = self.two("$I claim -k stranger.pem -d sim/1 --cards x.cards", status=4)
        self.assertIn("it has an owner already", run.err)

    def test_stranger_commands_nothing(self):
        run = self.two(READY + "for c in lock retire 'wipe --domain 0' 'floor --raise 1=2' policy; do "
                       "$I $c -k stranger.pem -d sim/1 --cards x.cards --json; done; true")
        self.assertEqual([d["refusal"] for d in self.lines(run.out)], ["scope"] * 5)

    def test_files_with_o_are_pushed_later(self):
        run = self.two(READY + "$I lock -k owner.pem --target keel-2 -o l.command && $I push l.command -d sim/1 -d sim/2 --cards x.cards "
                       "&& $I verify -d sim/1 -d sim/2 --cards x.cards --require-locked --json")
        self.assertEqual({d["lifecycle"] for d in self.lines(run.out)}, {"locked"})

    def test_targets_are_what_they_look_like(self):
        for target, words in (("49015420323751", "check digit|15 digits|spreadsheet"), ("490154203237517", "check digit"), ("/x", "expected an imei"),
                              ("99999999999/x", "expected an imei"), ("-1/x", "expected an imei"), ("1/", "expected an imei"),
                              ("0300", "expected 15"), ("4901542032375180", "16 digits, expected 15"), ("03010203040506", "15 digits|spreadsheet"), ("imei M3", "digits only"),
                              ("ueid 0300", "7 to 33 bytes"), ("ueid xyz", "7 to 33 bytes"), ("abcdefabcdefabc", "7 to 33 bytes"), ("", "expected an imei")):
            self.assertRegex(self.run_tool("lock", "-k", "owner.pem", "--target", target, "-o", "x", status=2).err, words, target)
        ueid = "03" + "".join(f"0{d}" for d in "49015420323751")
        for target, understood in (("490154203237518", "imei 490154203237518"), ("imei 490154203237518", "imei 490154203237518"), (ueid, "imei 490154203237518"),
                                   ("ueid 01020304050607", "ueid 01020304050607"), ("0a020304050607", "ueid 0a020304050607"),
                                   ("4294967295/keel", "class 4294967295/keel"), ("keel-2", "class keel-2"), ("M3", "class M3")):
            with self.subTest(target):
                run = self.run_tool("lock", "-k", "owner.pem", "--target", target, "--force", "-o", "x")
                self.assertEqual(run.err, f"note: lock for {understood}\n")
        for command in ("lock", "floor", "claim"):
            self.assertIn("unknown option '--sequence'", self.run_tool(command, "--sequence", "3", status=2).err)
            self.assertNotIn("--sequence", self.run_tool(command, "--help").out)
        for wrong in ("+1=2", " 1=2", "0=1", "16=1", "1=0", "1"):
            self.run_tool("floor", "--raise", wrong, "-k", "owner.pem", "--target", "1/x", "-o", "z", status=2)

    def test_maker_must_sign_a_claim(self):
        self.run_tool("keygen", "--class", "test", "-o", "maker.pem", "--public", "maker.pub")
        run = self.two("$I enroll -d sim/1 -o x.cards\n$I claim -k owner.pem -d sim/1 --cards x.cards --json\n"
                       "$I claim -k owner.pem --maker maker.pem -d sim/1 --cards x.cards --json", "--maker", "maker.pub")
        self.assertEqual([d["refusal"] for d in self.lines(run.out)], ["approval", None])

    def test_a_maker_that_is_the_owner_signs_once(self):
        self.two("$I enroll -d sim/1 -o x.cards\n$I claim -k owner.pem --maker owner.pem -d sim/1 --cards x.cards", "--maker", "owner.pub")

    def test_asserted_keys_get_no_secrets_from_production_keys(self):
        self.run_tool("keygen", "-o", "prod.pem")
        self.two("$I enroll -d sim/1 -d sim/2 -o x.cards\n" + self.pack().replace("owner.pem", "prod.pem"), status=4)
        self.assertFalse((self.dir / "p.packages").exists())

    def test_state_survives_a_restart(self):
        self.two(READY)
        run = self.two("$I verify -d sim/1 --cards x.cards --evidence e.evidence --owner owner.pub --json")
        self.assertEqual(self.lines(run.out)[-1]["boot"], 2)

    def test_dry_run_changes_nothing(self):
        run = self.two(READY + self.pack() + "$I push p.packages -d sim/1 --cards x.cards --dry-run; $I verify -d sim/1 --cards x.cards "
                       "--evidence e.evidence --json")
        self.assertEqual(self.lines(run.out)[-1]["domains"], [])

    def test_history_by_somebody_else_is_found(self):
        """The owner's own key, used behind the verifier's back: evidence no longer follows from what was proven."""
        run = self.two(READY + self.pack(1, "a.packages") + self.pack(2, "b.packages") +
                       "$I push a.packages -d sim/1 --cards x.cards --evidence e.evidence >/dev/null\n"
                       "$I push b.packages -d sim/1 --cards x.cards >/dev/null\n"
                       "$I verify -d sim/1 --cards x.cards --evidence e.evidence --expect a.packages --json", status=4)
        found = {d["what"] for d in self.lines(run.out)[-1]["differences"]}
        self.assertIn("profile id", found)
        self.assertIn("sequence", found)

    def test_a_state_that_changed_without_an_entry(self):
        """The heads are those of the last evidence, what they are about is not."""
        self.two(READY + self.pack() + "$I push p.packages -d sim/1 -d sim/2 --cards x.cards --evidence e.evidence")
        for lie in ("profile-id", "sequence", "authority"):
            with self.subTest(lie):
                run = self.two("$I verify -d sim/1 --cards x.cards --evidence e.evidence --json", "--fault", f"1:lie:{lie}", status=5)
                self.assertIn("history", {d["what"] for d in self.lines(run.out)[-1]["differences"]})

    def test_evidence_that_was_kept_is_verified_again(self):
        """A bit of it turned in its file: nothing is continued from it."""
        self.two(READY + self.pack() + "$I push p.packages -d sim/1 --cards x.cards --evidence e.evidence")
        data = bytearray((self.dir / "e.evidence").read_bytes())
        data[-1] ^= 1
        self.write("e.evidence", bytes(data))
        run = self.two("$I verify -d sim/1 --cards x.cards --evidence e.evidence --json", status=5)
        self.assertIn("does not verify", self.lines(run.out)[-1]["message"])
        self.assertEqual((self.dir / "e.evidence").read_bytes(), bytes(data))

    def test_id_picks_the_device(self):
        """By imei, serial and ueid, wherever it is plugged in; the other one is left alone."""
        ports = "-d sim/1 -d sim/2 --cards x.cards --json"
        self.two(READY + self.pack())
        for name in ("KS26-000002", "001010010000022", (b"\3" + bytes(map(int, "00101001000002"))).hex()):
            run = self.two(f"$I verify --id {name} {ports}")
            self.assertEqual([a["name"] for a in self.lines(run.out)], ["imei 001010010000022"], name)
        run = self.two(f"$I push p.packages --id KS26-000002 {ports}; $I verify -d sim/1 -d sim/2 --cards x.cards --json")
        self.assertEqual([len(a["domains"]) for a in self.lines(run.out)][1:], [0, 1])
        run = self.two(f"$I verify --id KS26-000009 {ports}", status=2)
        self.assertIn("no device with --id KS26-000009", run.err)
        with self.subTest("a port where nobody answers"):
            self.two(f"$I verify --id KS26-000002 --timeout 2 {ports}", "--fault", "1:silent")

    def test_all_are_the_simulated_ones_under_simulate(self):
        run = self.two("$I enroll -d all -o x.cards --json && $I claim -k owner.pem -d all -d sim/2 --cards x.cards --json")
        self.assertEqual([a["name"] for a in self.lines(run.out)], ["imei 001010010000014", "imei 001010010000022"] * 2)

    def test_a_port_is_one_however_it_is_named(self):
        run = self.two(READY + "ln -s $(readlink -f sim/1) again\n"
                       "$I verify -d sim/1 -d again -d serial:sim/1?baud=9600 --cards x.cards --json; "
                       "IMPRINT_DEVICE=sim/2 $I verify --cards x.cards --json")
        self.assertEqual([a["device"] for a in self.lines(run.out)][-2:], ["sim/1", "sim/2"])

    def test_clones_on_two_ports_are_found_at_once(self):
        run = self.two("$I enroll -d sim/1 -d sim/2 -o x.cards --json", "--fault", "2:clone", status=12)
        self.assertIn("a clone?", self.lines(run.out)[-1]["message"])

    def test_two_cards_with_different_keys_are_refused(self):
        self.two("$I enroll -d sim/1 -o x.cards; rm -rf other; mkdir other", status=0)
        import shutil
        shutil.rmtree(self.dir / "sim")
        run = self.two("$I enroll -d sim/1 -o x.cards --json", status=4)
        self.assertIn("different keys", self.lines(run.out)[-1]["message"])


unittest.main()
