# SPDX-License-Identifier: Apache-2.0
"""imprint devices: what is attached, over an emulated USB and beside simulated devices."""
import errno
import os
import signal
import subprocess
import time
import unittest

from lines import IMPRINT, PLUG, Lines

FIELDS = ["event", "device", "transport", "port", "what", "answers", "proven", "name", "ueid", "signing_kid", "lifecycle", "status", "message", "hints"]


class Looks:
    """`devices --watch` in a /sys where each look waits: a number there is a FIFO."""
    READS = 2  # of the FIFO in one look: for the list, and for where the name in it leads

    def __init__(self, case):
        self.case, self.told = case, []
        devices = case.dir / "host/sys/bus/usb/devices"
        self.gate, self.device = devices / "1-8/busnum", devices / "1-9"
        for folder in (self.gate.parent, self.device):
            folder.mkdir(parents=True)
        for name, text in (("busnum", "1"), ("idVendor", "1209"), ("idProduct", "0001"), ("bConfigurationValue", "1"), ("descriptors", "")):
            (self.device / name).write_text(text)
        os.mkfifo(self.gate)
        self.looks = 0

    def __enter__(self):
        self.run = subprocess.Popen(["umockdev-wrapper", IMPRINT, "devices", "--watch", "--no-ask", "--json"], cwd=self.case.dir, stdout=subprocess.PIPE,
                                    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                                    env={**os.environ, "UMOCKDEV_DIR": str(self.case.dir / "host")})
        os.set_blocking(self.run.stdout.fileno(), False)
        return self

    def waiting(self):
        """The FIFO, once it is being read."""
        end = time.monotonic() + 60
        while True:
            try:
                return os.open(self.gate, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                self.case.assertEqual(error.errno, errno.ENXIO)
                self.case.assertLess(time.monotonic(), end, "no look in 60 s")
                time.sleep(0.01)

    def next(self, node):
        """A look that finds the device at this node. What was told is what the looks before it told."""
        for _ in range(self.READS):
            fd = self.waiting()
            self.told += [(line, self.looks) for line in self.case.lines((self.run.stdout.read() or b"").decode())]
            (self.device / "devnum").write_text(str(node))
            self.gate.unlink()
            os.mkfifo(self.gate)
            os.close(fd)
        self.looks += 1

    def __exit__(self, *_):
        fd = self.waiting()
        self.told += [(line, self.looks) for line in self.case.lines((self.run.stdout.read() or b"").decode())]
        self.gate.unlink()
        os.close(fd)
        self.run.send_signal(signal.SIGINT)
        self.run.wait(timeout=60)
        self.run.stdout.close()


class Devices(Lines):
    def test_each_is_told_once_with_who_it_says_it_is(self):
        self.start(count=2)
        devices = [f"to={self.at[0]},serial_port,maker=ACME,name=Keel,serial=A1", f"to={self.at[1]},port=1-3.2,halts_out=9"]
        run = self.usb(devices, "devices", "--json")
        first, second = self.lines(run.out)
        self.assertEqual(list(first), FIELDS)
        self.assertEqual((first["device"], first["transport"], first["port"], first["what"]), ("usb:1-2", "usb", "1-2", "ACME Keel A1"))
        self.assertEqual((first["answers"], first["proven"], first["name"]), (True, False, "imei 001010010000014"))
        self.assertEqual((first["lifecycle"], first["message"], first["status"]), ("unowned", "unowned, unproven", 0))
        self.assertEqual((second["device"], second["port"], second["answers"], second["ueid"], second["status"]), ("usb:1-3.2", "1-3.2", False, None, 8))
        self.assertRegex(second["message"], "halted its endpoint")
        self.assertRegex(self.usb(devices, "devices").out, r"^imei 001010010000014 +usb:1-2 +ACME Keel A1; unowned, unproven\n- +usb:1-3.2 +the device halted")

    def test_why_it_cannot_be_opened(self):
        self.start()
        for like, words, status in (("hid", "refused, it also has a HID interface", 4), ("busy", "is held by", 8), ("raw=12", "contradict themselves", 8)):
            with self.subTest(like):
                (device,) = self.lines(self.usb([f"to={self.at[0]},{like}"], "devices", "--json").out)
                self.assertIn(words, device["message"])
                self.assertEqual((device["answers"], device["status"]), (False, status))

    def test_no_ask_sends_nothing(self):
        """A device that would be gone at the first byte is still there."""
        self.start()
        run = self.usb([f"to={self.at[0]},pull=1"], "devices", "--no-ask", "--json")
        (device,) = self.lines(run.out)
        self.assertEqual((device["device"], device["answers"], device["message"]), ("usb:1-2", False, None))
        run = self.usb([f"to={self.at[0]},hid"], "devices", "--no-ask")
        self.assertIn("refused, it also has a HID interface", run.out)

    def test_a_name_cannot_paint_the_terminal(self):
        (self.dir / "ports\x1b[31m").mkdir()
        (self.dir / "ports\x1b[31m/1").symlink_to("/dev/null")
        out = self.usb([], "devices", "--no-ask", env={"IMPRINT_SIM": str(self.dir / "ports\x1b[31m")}).out
        self.assertIn(r"ports\x1b[31m/1", out)
        self.assertNotIn("\x1b", out)

    def test_nothing_is_attached(self):
        run = self.usb([], "devices")
        self.assertEqual((run.out, run.err), ("", "no device is attached\n"))

    def test_watch_tells_who_comes_and_goes(self):
        """Pulled in the middle of the first answer, there again under another number."""
        self.start()
        run = subprocess.run([*PLUG, f"to={self.at[0]},pull=30,back=700", "--", "timeout", "--preserve-status", "-s", "INT", "3",
                              IMPRINT, "devices", "--watch", "--json"], cwd=self.dir, capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stderr)
        told = self.lines(run.stdout)
        self.assertEqual([t["event"] for t in told], ["attached", "gone", "attached"])
        self.assertEqual([t["answers"] for t in told], [False, False, True])
        self.assertIn("unplugged after", told[0]["message"])

    def test_watch_tells_what_two_looks_agree_on(self):
        """A device whose node changes between looks is not told before it has stayed for two; the first look has nothing to wait for."""
        with Looks(self) as looks:
            for node in (1, 2, 3, 3, 3):
                looks.next(node)
        self.assertEqual([(t["event"], t["device"], looks_before) for t, looks_before in looks.told],
                         [("attached", "usb:1-9", 1), ("gone", "usb:1-9", 2), ("attached", "usb:1-9", 4)])

    def test_watch_ends_at_an_interrupt(self):
        run = subprocess.Popen([IMPRINT, "devices", "--watch", "--no-ask"], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL), env={**os.environ, "IMPRINT_SIM": str(self.dir)})
        time.sleep(0.5)
        began = time.monotonic()
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=10)
        self.assertLess(time.monotonic() - began, 2)
        self.assertEqual((run.returncode, out, err), (0, b"", b"no device is attached yet; Ctrl-C ends\n"))


unittest.main()
