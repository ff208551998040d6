# SPDX-License-Identifier: Apache-2.0
"""Lines and devices that misbehave: each way of failing has its own words and its own exit status."""
import base64
import binascii
import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
import unittest

import cbor2

from tool import IMPRINT, Case

CARD = "$I enroll -d sim/1 -o x.cards --json\n"
CLAIM = "$I claim -k owner.pem -d sim/1 --cards x.cards --json\n"


class Faults(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()
        self.write("d.csv", "imei\n001010010000014\n")
        # Enrolled and claimed without any fault; the faults come with the restart.
        self.simulate(CARD + CLAIM + "$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages")

    def push(self, *faults, status, words, options="--timeout 6"):
        args = [a for f in faults for a in ("--fault", f)]
        run = self.simulate(f"$I push p.packages -d sim/1 --cards x.cards {options} --json", *args, status=status)
        answer = self.lines(run.out)[-1]
        self.assertRegex(answer["message"], words)
        return answer

    def held(self):
        """What the honest device shows afterwards."""
        run = self.simulate("$I verify -d sim/1 --cards x.cards --json")
        return self.lines(run.out)[-1]["domains"]

    # The line
    def test_dev_01_silent(self):
        self.push("silent", status=8, words="nothing came", options="--timeout 2")
        self.assertEqual(self.held(), [])

    def test_ser_14_echo(self):
        self.push("echo", status=8, words="only our own bytes came back", options="--timeout 2")

    def test_text_only(self):
        answer = self.push("text", status=8, words="text came, no answer", options="--timeout 2")
        self.assertNotIn("\x1b", answer["message"])

    def test_dev_03_endless_stream_hides_no_answer(self):
        self.push("flood", status=0, words="attested", options="--timeout 10")

    def test_dev_03_endless_stream_ends_at_the_deadline(self):
        """Without an answer in it. Endless frames are the unit test session."""
        began = time.monotonic()
        self.push("flood", "drop@1", status=8, words="text came, no answer", options="--timeout 1")
        self.assertLess(time.monotonic() - began, 3)

    def test_dev_02_slow(self):
        began = time.monotonic()
        self.push("slow@1", status=8, words="nothing came|text came|no frame|frames? came", options="--timeout 3")
        self.assertLess(time.monotonic() - began, 5)

    def test_ser_01_noise_is_passed_over(self):
        self.push("noise", status=0, words="attested")

    def test_ser_15_lost_answers_are_asked_for_again(self):
        answer = self.push("drop@2", status=0, words="attested", options="--timeout 20")
        self.assertGreater(answer["retries"], 0)

    def test_ser_16_reboot_in_the_middle(self):
        self.push("reboot@200", status=0, words="attested", options="--timeout 20")

    def test_unplugged(self):
        self.push("unplug@700", status=8, words="unplugged after [0-9]+ bytes")

    def test_ser_10_held_by_another_process(self):
        run = self.simulate("exec 9<>sim/1; flock 9; $I verify -d sim/1 --cards x.cards --json", status=8)
        self.assertRegex(self.lines(run.out)[-1]["message"], "held by process [0-9]+ \\(")

    def test_ser_10_what_holds_the_port_keeps_it_as_it_is(self):
        """Being refused changes nothing: not the exclusive mark of the holder, not its settings."""
        master, slave = pty.openpty()
        before = termios.tcgetattr(slave)
        fcntl.flock(slave, fcntl.LOCK_EX)
        fcntl.ioctl(slave, termios.TIOCEXCL)
        self.run_tool("verify", "-d", os.ttyname(slave), "--cards", "x.cards", status=8)
        TIOCGEXCL = 0x80045440
        self.assertEqual(fcntl.ioctl(slave, TIOCGEXCL, bytes(4)), b"\1\0\0\0")
        self.assertEqual(termios.tcgetattr(slave), before)
        os.close(slave)
        os.close(master)

    def test_ser_11_no_such_port(self):
        run = self.run_tool("verify", "-d", "/nowhere", "--cards", "x.cards", status=8)
        self.assertIn("/nowhere: no such port", run.err)

    def test_ser_12_not_a_tty(self):
        self.write("plain", "x")
        for path in ("plain", "/dev/null"):
            self.assertIn("is not a serial port", self.run_tool("verify", "-d", path, "--cards", "x.cards", status=8).err)

    def test_ser_09_other_rate(self):
        """Bytes that are no text and no frame: the baud rate is the first suspect."""
        master, slave = pty.openpty()
        name = os.ttyname(slave)

        def answer():
            try:
                while True:
                    os.read(master, 100)
                    os.write(master, bytes([0x80, 0xfe, 0x9c, 0xe0, 0xf8] * 8))
            except OSError:
                pass
        threading.Thread(target=answer, daemon=True).start()
        run = self.run_tool("verify", "-d", name, "--cards", "x.cards", "--timeout", "3", status=8)
        self.assertIn(f"hint: is the baud rate right? -d serial:{name}?baud=N\n", run.err)
        run = self.run_tool("verify", "-d", f"serial:{name}?baud=9600", "--cards", "x.cards", "--timeout", "3", status=8)
        self.assertIn(f"hint: is the baud rate right? -d serial:{name}?baud=N\n", run.err)

    def test_smp_without_the_group(self):
        """A device that speaks SMP and answers "not supported"."""
        master, slave = pty.openpty()

        def answer():
            try:
                while True:
                    got = os.read(master, 400)
                    line = got[got.index(b"\x06\x09") + 2:].split(b"\n")[0]
                    request = base64.b64decode(line)[2:-2]
                    body = b"\xa1\x62rc\x08"
                    packet = bytes([request[0] + 1, 0]) + struct.pack(">H", len(body)) + request[4:8] + body
                    crc = binascii.crc_hqx(packet, 0)
                    frame = struct.pack(">H", len(packet) + 2) + packet + struct.pack(">H", crc)
                    os.write(master, b"\x06\x09" + base64.b64encode(frame) + b"\n")
            except (OSError, ValueError):
                pass
        threading.Thread(target=answer, daemon=True).start()
        run = self.run_tool("verify", "-d", os.ttyname(slave), "--cards", "x.cards", "--timeout", "3", status=8)
        self.assertIn("speaks SMP, but has no imprint group (4096)", run.err)

    def test_a_device_that_goes_back_takes_the_bar_with_it(self):
        """What is shown of the way is never more than all of it."""
        master, slave = pty.openpty()
        back, lines = [150, 300, 10, 160, 0], b""

        def answer(request):
            read, command = request[0] & 7 == 0, request[7]
            if read and command == 0:
                return {"v": [1], "buf": 256, "framings": ["console"]}
            return {"off": back.pop(0)} if back else {"err": {"group": 4096, "rc": 14}}

        def serve():
            nonlocal lines
            with contextlib.suppress(OSError):
                while True:
                    *whole, rest = (lines + os.read(master, 4096)).split(b"\n")
                    lines = rest
                    for line in whole:
                        self.frame = (b"" if line[:2] == b"\x06\x09" else self.frame) + base64.b64decode(line[2:])
                        if len(self.frame) < 2 + int.from_bytes(self.frame[:2], "big"):
                            continue
                        request = self.frame[2:-2]
                        body = cbor2.dumps(answer(request))
                        packet = bytes([request[0] + 1, 0]) + len(body).to_bytes(2, "big") + request[4:8] + body
                        packet += binascii.crc_hqx(packet, 0).to_bytes(2, "big")
                        os.write(master, b"\x06\x09" + base64.b64encode((len(packet)).to_bytes(2, "big") + packet) + b"\n")
        threading.Thread(target=serve, daemon=True).start()
        screen, theirs = pty.openpty()
        run = subprocess.run([IMPRINT, "push", "p.packages", "-d", os.ttyname(slave), "--cards", "x.cards", "--timeout", "9"], cwd=self.dir,
                             stdout=subprocess.PIPE, stderr=theirs, timeout=30)
        os.close(theirs)
        shown = [int(n) for n in re.findall(rb"(\d+)%", os.read(screen, 65536))]
        self.assertEqual(run.returncode, 7, run.stdout)
        self.assertEqual(len(shown), 5, shown)
        self.assertLessEqual(max(shown), 100)
        self.assertEqual((shown[1] > shown[0] > shown[2], shown[4]), (True, 0), shown)

    # The device
    def test_dev_16_each_reason_is_mapped(self):
        status = {1: 3, 2: 4, 3: 4, 4: 4, 5: 4, 6: 4, 7: 5, 8: 5, 9: 4, 10: 4, 11: 4, 12: 4, 13: 4, 14: 7, 15: 5}
        names = "malformed unsupported not-for-me epoch sequence scope signature decrypt replaced-id conflict state approval " \
                "too-big storage challenge".split()
        for reason, code in status.items():
            answer = self.push(f"refuse@{reason}", status=code, words=names[reason - 1])
            self.assertEqual(answer["refusal"], names[reason - 1])

    def lie(self, name, status, words, what=None):
        answer = self.push(f"lie:{name}", status=status, words=words)
        if what:
            self.assertIn(what, [d["what"] for d in answer["differences"]])
        return answer

    def test_evid_03_replayed_evidence(self):
        """EVID-04: its nonce was issued, and is used."""
        run = self.simulate("$I verify -d sim/1 --cards x.cards >/dev/null; $I verify -d sim/1 --cards x.cards --json",
                            "--fault", "lie:replay", status=5)
        self.assertEqual(self.lines(run.out)[-1]["differences"][0]["what"], "nonce")

    def test_lies_are_told_apart(self):
        """What the device says differs from what must be, and it is named.

        EVID-01 and 03 have tests of their own. EVID-12: profile id, authority, sequence, epoch are the measurements of settings.
        """
        lies = {
            "garbage": (7, "an answer that is none", None),     # DEV-04
            "bomb": (7, "an answer that is none", None),        # DEV-05
            "deep": (7, "an answer that is none", None),        # DEV-05
            "version": (7, "version 1", None),                  # DEV-06
            "no-evidence": (7, "evidence", None),               # DEV-07, EVID-01
            "key": (5, "sign", None),                           # DEV-08
            "foreign-key": (5, "signing key", "signing key"),   # DEV-08
            "nonce": (5, "nonce", "nonce"),                     # DEV-09, EVID-02: one that nobody issued
            "missing": (7, "form", "form"),                     # DEV-11, EVID-13: no nonce at all
            "wrong-type": (7, "form", "form"),                  # COSE-17
            "claim": (0, "attested", None),                     # DEV-11: unknown claims are passed over
            "ueid": (5, "identity", "identity"),                # DEV-14, EVID-05: what another device would sign
            "label": (4, "nothing for it in", None),               # DEV-14: another name in describe
            "class": (4, "class", "class"),                     # EVID-14: other hardware
            "debug": (4, "debug", "debug"),                     # DEV-12, EVID-10
            "lifecycle": (4, "lifecycle", "lifecycle"),         # DEV-12, EVID-11
            "profile-id": (4, "profile id", "profile id"),      # DEV-10, EVID-12
            "authority": (4, "authority", "authority"),         # EVID-12
            "sequence": (4, "sequence", "sequence"),            # EVID-12
            "epoch": (4, "epoch", "owner-epoch"),               # EVID-12
            "applied": (4, "profile", "profile"),               # DEV-07, DEV-10
            "history": (5, "history", "history"),
        }
        for name, (status, words, what) in lies.items():
            with self.subTest(name):
                self.setUpFresh()
                self.lie(name, status, words, what)

    def test_dev_10_evidence_of_an_older_profile(self):
        """It took the new one, perhaps, and shows what it held before, under the nonce of now and its own signature."""
        self.simulate("$I push p.packages -d sim/1 --cards x.cards")
        self.profile(2)
        self.simulate("$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o q.packages")
        run = self.simulate("$I verify -d sim/1 --cards x.cards && $I push q.packages -d sim/1 --cards x.cards --json", "--fault", "lie:old-state", status=4)
        found = {d["what"]: (d["found"], d["expected"]) for d in self.lines(run.out)[-1]["differences"]}
        self.assertIn("profile id", found)
        self.assertEqual(found["sequence"], ("1", "2"))

    def test_dev_15_hostile_texts_reach_no_terminal(self):
        """Nor do they make lines, columns or files of their own."""
        for lie in ("strings", "serial", "class"):
            self.setUpFresh()
            before = self.files()
            run = self.simulate("$I enroll -d sim/1 -o y.cards; $I push p.packages -d sim/1 --cards x.cards; $I verify -d sim/1 --cards x.cards; "
                                "$I verify -d sim/1 --cards x.cards --json; $I inspect y.cards; true", "--fault", f"lie:{lie}")
            shown = run.stdout + run.stderr
            self.assertEqual([b for b in shown if b < 32 and b != 10 or b == 127], [])
            self.assertEqual([line for line in shown.splitlines() if line.startswith(b"';--")], [])
            self.assertEqual(len(self.lines(run.out)), 1)
            self.assertLessEqual(self.files() - before, {"y.cards"})

    def files(self):
        return {p.name for p in self.dir.iterdir()}

    def test_sig_01_ctrl_c_ends_with_130(self):
        run = self.simulate("$I push p.packages -d sim/1 --cards x.cards --timeout 30 & p=$!; sleep 1; kill -TERM $p; wait $p",
                            "--fault", "silent", status=130)
        self.assertEqual(self.held(), [])
        del run

    def test_pwr_04_cut_between_commit_and_evidence(self):
        """Power goes at every flash operation of a push: afterwards the same push says PASS, and history has one entry."""
        for n in range(1, 80) if os.environ.get("IMPRINT_SOAK") else (1, 2, 5, 9, 30, 60, 70):
            with self.subTest(n):
                self.setUpFresh()
                self.simulate("$I push p.packages -d sim/1 --cards x.cards --timeout 10 --json; true", "--fault", f"cut@{n}")
                run = self.simulate("$I push p.packages -d sim/1 --cards x.cards --json && $I verify -d sim/1 --cards x.cards --json")
                self.assertEqual(len(self.lines(run.out)[-1]["domains"]), 1)

    def setUpFresh(self):
        import shutil
        shutil.rmtree(self.dir / "sim", ignore_errors=True)
        for name in ("x.cards", "p.packages"):
            (self.dir / name).unlink(missing_ok=True)
        self.simulate(CARD + CLAIM + "$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages")


unittest.main()
