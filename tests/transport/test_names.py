# SPDX-License-Identifier: Apache-2.0
"""Names of devices as people mistype them, and what is told where a name leads nowhere."""
import os
import random
import socket
import struct
import subprocess
import threading
import unittest

from lines import IMPRINT, Lines

# What is typed, and what may have been meant.
NEAR = {
    "usb": "usb:", "USB:": "usb:", "usb;": "usb:", "ubs:1-2.3": "usb:1-2.3", "tcp": "tcp:HOST:PORT", "TCP:127.0.0.1:17101": "tcp:127.0.0.1:17101",
    "serial": "serial:PORT[?baud=N]", "serail:/dev/ttyS0": "serial:/dev/ttyS0", "ALL": "all", "al": "all", "127.0.0.1:17101": "tcp:127.0.0.1:17101",
    "[::1]:17101": "tcp:[::1]:17101", "factory.example:17101": "tcp:factory.example:17101", "1-2.3": "usb:1-2.3", "1209:0001": "usb:1209:0001",
    "null": "/dev/null", "all:1": "tcp:all:1",
}
# What is typed, and what is told of it.
FORMS = {
    "": "an empty name, expected a DEVICE\nhint: imprint devices",
    "nothing-like-it": "nothing-like-it: no name of a device, and no file\nhint: imprint devices",
    "sim/1": "sim/1: no such device\nhint: a simulated device has its name while imprint simulate runs",
    "tcp://127.0.0.1:17101": "tcp://127.0.0.1:17101: expected HOST:PORT, or [ADDRESS]:PORT with an address of IPv6\nhint: did you mean tcp:127.0.0.1:17101?",
    "tcp:[zz]:1": "tcp:[zz]:1: expected HOST:PORT, or [ADDRESS]:PORT",
    "tcp:[127.0.0.1]:1": "expected HOST:PORT, or [ADDRESS]:PORT",
    "tcp:": "tcp:: expected HOST:PORT",
    "serial:": "serial:: no port, expected serial:PORT or serial:PORT?baud=N",
    "serial:?baud=9600": "serial:?baud=9600: no port, expected serial:PORT or",
    **{f"serial:usb={w}": f"serial:usb={w}: expected serial:usb=1-2.3 (its port) or serial:usb=1-2.3:1.0 (one interface)"
       for w in ("", "x", "1209:0001", "1-2.3:", "1-2.3:1", "1-2.3:1.", "1-2.3:1.0x", "0-1")},
    **{f"usb:{w}": f"usb:{w}: expected usb:, usb:1-2.3 (its port)" for w in ("0-1", "1-0", "01-1", "1-2.0", "x")},
}


class Names(Lines):
    def ask(self, name, status, **more):
        """What standard error has of a question to this device."""
        return self.run_tool("enroll", "-d", name, "-o", "x.cards", "--timeout", "3", status=status, **more).err

    def test_near_misses_say_what_may_have_been_meant(self):
        for name, meant in NEAR.items():
            with self.subTest(name):
                self.assertEqual(self.ask(name, 2), f"imprint: {name}: no name of a device; did you mean {meant}?\n")
        self.assertIn("did you mean usb:?", self.run_tool("enroll", "-o", "x.cards", status=2, env={"IMPRINT_DEVICE": "usb"}).err)

    def test_what_is_no_name_is_told_with_the_forms(self):
        for name, words in FORMS.items():
            with self.subTest(name):
                self.assertIn(words, self.ask(name, 2))

    def test_cards_that_are_not_there_are_made_by_enroll(self):
        run = self.run_tool("verify", "-d", "/nowhere", "--cards", "none.cards", status=2)
        self.assertIn("none.cards: No such file or directory\nhint: imprint enroll -d DEVICE -o FILE makes it\n", run.err)

    def test_a_near_miss_among_good_names_sends_nothing(self):
        self.start()
        run = self.run_tool("enroll", "-d", f"tcp:{self.at[0]}", "-d", "al", "-o", "x.cards", status=2)
        self.assertEqual(run.out, "")
        self.assertFalse((self.dir / "x.cards").exists())

    def test_a_path_that_is_not_there_is_a_port_that_may_be_plugged_in(self):
        self.assertIn("/dev/nobody: no such port\nhint: is the device plugged in?", self.ask("/dev/nobody", 8))
        (self.dir / "sim").mkdir()
        run = self.run_tool("simulate", "--", "sh", "-c", "rm sim/1; $IMPRINT enroll -d sim/1 -o x.cards", status=8)
        self.assertIn("sim/1: no such port", run.err)  # a simulated one is away for a moment

    def test_the_folders_of_stable_names(self):
        view = "mount -t tmpfs none /dev && mkdir -p /dev/serial/{} && exec {} enroll -d serial:{}/nobody -o x.cards"
        for made, asked, words in (("by-id", "by-id", "is the device plugged in? ls /dev/serial/by-id"),
                                   ("by-path", "by-path", "is the device plugged in? ls /dev/serial/by-path"),
                                   ("by-id", "by-path", "is the device plugged in? this host has no /dev/serial/by-path")):
            run = subprocess.run(["unshare", "-rm", "sh", "-c", view.format(made, IMPRINT, asked)], cwd=self.dir, capture_output=True, text=True)
            if "unshare" in run.stderr or "mount:" in run.stderr:
                self.skipTest(run.stderr)
            self.assertEqual(run.returncode, 8)
            self.assertIn(f"/dev/serial/{asked}/nobody: no such port\nhint: {words}", run.stderr)

    def test_a_host_without_usb_says_so(self):
        """An empty folder stands over the kernel's: no bus is there."""
        view = "mount -t tmpfs none /sys && exec {} {}"
        for name in ("usb:", "usb:1-2.3", "usb:serial=x", "serial:usb=1-2.3"):
            run = subprocess.run(["unshare", "-rm", "sh", "-c", view.format(IMPRINT, f"enroll -d {name} -o x.cards")], cwd=self.dir, capture_output=True, text=True)
            if "unshare" in run.stderr or "mount:" in run.stderr:
                self.skipTest(run.stderr)
            self.assertEqual(run.returncode, 8)
            self.assertIn("\nhint: this host has no USB bus: there is no /sys/bus/usb\n", run.stderr)
        run = subprocess.run(["unshare", "-rm", "sh", "-c", view.format(IMPRINT, "doctor")], cwd=self.dir, capture_output=True, text=True)
        self.assertIn("ok    access        no device is attached; this host has no USB bus", run.stdout)

    def test_a_port_without_permission_says_whose_it_is(self):
        program, who = self.nobody()
        if not who:
            self.skipTest("only root gives files to others")
        node = self.dir / "tty"
        for mode, group, words in ((0o600, 0, "crw------- root root\nhint: no group may use it: sudo chgrp dialout {0} && sudo chmod g+rw {0}"),
                                   (0o660, 0, "crw-rw---- root root\nhint: no group may use it"),
                                   (0o600, 20, "crw------- root dialout\nhint: no group may use it"),
                                   (0o660, 20, "crw-rw---- root dialout\nhint: join the port's group: sudo usermod -aG dialout $USER, then log in again"),
                                   (0o660, 54321, "crw-rw---- root 54321\nhint: join the port's group: sudo usermod -aG 54321 ")):
            node.unlink(missing_ok=True)
            os.mknod(node, 0o020000, os.makedev(1, 3))
            os.chown(node, 0, group)
            os.chmod(node, mode)
            run = subprocess.run([program, "enroll", "-d", str(node), "-o", "x.cards"], cwd=self.dir, capture_output=True, text=True, **who)
            self.assertEqual(run.returncode, 8)
            self.assertIn(f"{node}: no permission, it is " + words.format(node), run.stderr)

    def test_every_address_of_a_name_is_told(self):
        """A host of two addresses, by a hosts file of its own."""
        self.write("hosts", "127.0.0.1 twofold\n127.0.0.2 twofold\n")
        view = f"mount --bind {self.dir}/hosts /etc/hosts && ip link set lo up && exec {IMPRINT} enroll -d tcp:$0:9 -o x.cards"
        for host, hint in (("twofold", "\nhint: tried 127.0.0.1, then 127.0.0.2\n"), ("127.0.0.1", None)):
            run = subprocess.run(["unshare", "-rmn", "sh", "-c", view, host], cwd=self.dir, capture_output=True, text=True)
            if "unshare" in run.stderr or "mount:" in run.stderr or "no host" in run.stderr or "ip:" in run.stderr:
                self.skipTest(run.stderr)
            self.assertIn(f"tcp:{host}:9: refused, nothing listens there\nhint: ", run.stderr)
            self.assertIn(hint, run.stderr) if hint else self.assertNotIn("tried", run.stderr)

    def test_bytes_without_sense_are_no_answers(self):
        """What reads as a bare packet by chance, of a group that is not ours or a question, is no answer to another question."""
        chance = random.Random(1)
        noise = b"".join(struct.pack(">BBHHBB", 8 | op, 0, 2, group, chance.randrange(256), 200) + chance.randbytes(2)
                         for op, group in [(1, chance.randrange(4096)), (0, 4096), (2, 4096)] * 500)
        with socket.create_server(("127.0.0.1", 0)) as other:
            def speak():
                host, _ = other.accept()
                with host:
                    host.recv(100)
                    host.sendall(noise)
                    while host.recv(100):
                        pass
            thread = threading.Thread(target=speak)
            thread.start()
            told = self.ask(f"tcp:127.0.0.1:{other.getsockname()[1]}", 8)
            thread.join()
        self.assertIn("15000 bytes came, and no answer\nhint: another service listens there", told)

    def test_a_name_stands_once(self):
        """Beside the name there is what was found, without the name again."""
        self.assertRegex(self.usb([], "enroll", "-d", "usb:", "-o", "x.cards", status=8).out, r"^FAIL +- +usb: +no device of ours among 0 on USB\n")


unittest.main()
