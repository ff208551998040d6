# SPDX-License-Identifier: Apache-2.0
"""A batch on a terminal says how far it is, how fast, and how long yet; elsewhere it says nothing, and what it writes is the same."""
import os
import pty
import re
import subprocess
import time
import unittest

from tool import IMPRINT, Case, luhn

ROWS = 3000
LINE = re.compile(r"\rbuild: (\d+) of (\d+)  (\d+)%  (\d+)/s  (\d+):(\d\d) left\x1b\[K")


class Progress(Case):
    def setUp(self):
        super().setUp()
        self.profile()
        self.write("d.csv", "imei\n" + "".join(luhn(f"00101001{i:06d}") + "\n" for i in range(ROWS)))

    def build(self, stderr):
        """Its output, taken so slowly that the work lasts a second and more."""
        run = subprocess.Popen([IMPRINT, "build", "p.yaml", "--csv", "d.csv"], cwd=self.dir, stdout=subprocess.PIPE, stderr=stderr)
        out = run.stdout.read(1)
        for _ in range(3):
            time.sleep(0.4)
            out += os.read(run.stdout.fileno(), 65536)
        out += run.stdout.read()
        run.stdout.close()
        self.assertEqual(run.wait(20), 0)
        return out

    def test_a_terminal_shows_rate_and_time_left(self):
        master, slave = pty.openpty()
        out = self.build(slave)
        os.set_blocking(master, False)
        shown = os.read(master, 65536).decode()
        os.close(slave), os.close(master)
        lines = LINE.findall(shown)
        self.assertTrue(lines, shown)
        for done, total, percent, rate, minutes, seconds in (map(int, line) for line in lines):
            self.assertEqual((total, percent), (ROWS, 100 * done // ROWS))
            self.assertLess(0, done)
            self.assertLessEqual(done, ROWS)
            self.assertLess(rate, ROWS / 0.5, "it was held back for longer")
            self.assertAlmostEqual(60 * minutes + seconds, (ROWS - done) / rate, delta=1)
        self.assertEqual([int(line[0]) for line in lines], sorted({int(line[0]) for line in lines}), "it only rises")
        self.assertTrue(shown.endswith("\r\x1b[K"), "the line is cleared")
        self.assertEqual(LINE.sub("", shown), "\r\x1b[K")
        plain, written = os.pipe()
        self.assertEqual(self.build(written), out)
        os.close(written)
        self.assertEqual(os.read(plain, 100), b"")
        os.close(plain)


if __name__ == "__main__":
    unittest.main()
