# SPDX-License-Identifier: Apache-2.0
"""Signals at every step: 130, nothing half done, and the same command again succeeds."""
import os
import pty
import signal
import subprocess
import time
import unittest

from tool import IMPRINT, Case, Simulated

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def heed():
    """Signals as a shell on a terminal leaves them, though the test may run under nohup."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)


class Signals(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()
        self.write("d.csv", "imei\n001010010000014\n")
        self.sim = None

    def start(self, *faults):
        """Simulated devices in the background, each answer of them slowed."""
        if self.sim:
            self.sim.end()
        self.sim = Simulated(self, "--state", "sim", *[a for f in faults for a in ("--fault", f)])

    def signalled(self, args, after, number, times=1, pause=0.05):
        """Exit status of imprint with these arguments, signalled after so many seconds; and the seconds it then took."""
        run = subprocess.Popen([IMPRINT, *args], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=heed)
        time.sleep(after)
        began = time.monotonic()
        for _ in range(times):
            run.send_signal(number)
            time.sleep(pause if times > 1 else 0)
        _, errors = run.communicate(timeout=20)
        self.assertNotIn(b"Sanitizer", errors)
        return run.returncode, time.monotonic() - began

    def files(self):
        return sorted(p.name for p in self.dir.iterdir() if p.name != "sim")

    def test_sig_01_at_each_step(self):
        """Steps on a line of 1000 bytes a second: each signal falls into another moment of each."""
        steps = (("enroll", ["-o", "x.cards"]),
                 ("claim", ["-k", "owner.pem", "--cards", "x.cards", "--evidence", "e"]),
                 ("push", ["p.packages", "--cards", "x.cards", "--evidence", "e"]),
                 ("verify", ["--cards", "x.cards", "--evidence", "e"]),
                 ("lock", ["-k", "owner.pem", "--cards", "x.cards", "--evidence", "e"]))
        moments = (0.1, 0.5, 0.9, 1.3) if os.environ.get("IMPRINT_SOAK") else (0.15, 0.7)
        interrupted = 0
        for verb, options in steps:
            for i, number in enumerate(SIGNALS):
                for after in moments:
                    with self.subTest(step=verb, signal=number, after=after):
                        self.start("slow@1000")
                        before = self.files()
                        status, seconds = self.signalled([verb, "-d", "sim/1", "--timeout", "30", *options], after + i / 20, number)
                        self.assertIn(status, (0, 130))
                        self.assertLess(seconds, 5)
                        if status == 130:
                            interrupted += 1
                            self.assertEqual(self.files(), before)
                        self.start()
                        self.run_tool(verb, "-d", "sim/1", *options)
            if verb == "claim":
                self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--cards", "x.cards", "-o", "p.packages")
        self.assertGreater(interrupted, len(steps) * len(SIGNALS), "most signals fell into the work")
        held = self.lines(self.run_tool("verify", "-d", "sim/1", "--cards", "x.cards", "--evidence", "e", "--json").out)[-1]
        self.assertEqual([d["sequence"] for d in held["domains"]], [1])

    def test_sig_01_in_a_batch(self):
        """Half of a batch is no batch: the file is not there, and nothing is left beside it."""
        rows = "".join(f"00101001{i:06d}{check(f'00101001{i:06d}')}\n" for i in range(300000))
        self.write("big.csv", "imei\n" + rows)
        for number in SIGNALS:
            with self.subTest(number):
                status, _ = self.signalled(["build", "p.yaml", "--csv", "big.csv", "-o", "big"], 0.25, number)
                self.assertEqual(status, 130)
                self.assertEqual([n for n in self.files() if n.startswith("big")], ["big.csv"])

    def test_sig_01_at_the_prompt(self):
        """Waiting for a passphrase: the terminal's echo is back afterwards."""
        import termios
        r, w = os.pipe()
        os.write(w, b"word\n")
        subprocess.run([IMPRINT, "keygen", "-o", "k.pem", "--encrypt", "--pass-fd", str(r)], cwd=self.dir, pass_fds=[r], check=True,
                       capture_output=True)
        os.close(r), os.close(w)
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execv(IMPRINT, [IMPRINT, "key", "k.pem"])
        while b"k.pem" not in os.read(master, 200):
            pass
        self.assertFalse(termios.tcgetattr(master)[3] & termios.ECHO)
        os.write(master, b"\x03")
        deadline = time.monotonic() + 5
        while not (done := os.waitpid(pid, os.WNOHANG))[0] and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertTrue(termios.tcgetattr(master)[3] & termios.ECHO)
        os.close(master)
        self.assertEqual(os.waitstatus_to_exitcode(done[1]) if done[0] else "hangs", 130)

    def test_sig_04_the_second_ends_at_once(self):
        """A pipe that nobody fills: whatever waits there, two signals end it."""
        os.mkfifo(self.dir / "never")
        keep = os.open(self.dir / "never", os.O_RDWR)
        self.addCleanup(os.close, keep)
        before = self.files()
        for args in (["build", "p.yaml", "--csv", "never", "-o", "out"], ["sign", "-k", "owner.pem", "never", "-o", "out"],
                     ["inspect", "never"]):
            with self.subTest(args[0]):
                status, seconds = self.signalled(args, 0.3, signal.SIGINT, times=2, pause=0.3)
                self.assertIn(status, (130, -signal.SIGINT))
                self.assertLess(seconds, 3)
                self.assertEqual(self.files(), before)

    def test_sig_04_two_at_once_leave_the_device_whole(self):
        self.start()
        self.run_tool("enroll", "-d", "sim/1", "-o", "x.cards")
        self.start("silent")
        status, seconds = self.signalled(["claim", "-k", "owner.pem", "-d", "sim/1", "--cards", "x.cards", "--timeout", "60"], 0.3,
                                         signal.SIGINT, times=2, pause=0)
        self.assertIn(status, (130, -signal.SIGINT))
        self.assertLess(seconds, 3)
        self.start()
        self.run_tool("claim", "-k", "owner.pem", "-d", "sim/1", "--cards", "x.cards")

    def test_an_ignored_hangup_stays_ignored(self):
        """nohup: the work goes on."""
        self.start("slow@2000")
        run = subprocess.Popen([IMPRINT, "enroll", "-d", "sim/1", "-o", "x.cards"], cwd=self.dir, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        time.sleep(0.2)
        self.assertIsNone(run.poll())
        run.send_signal(signal.SIGHUP)
        self.assertEqual(run.wait(20), 0)


def check(digits):
    """The Luhn digit of an IMEI."""
    total = sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(digits))
    return -total % 10


unittest.main()
