# SPDX-License-Identifier: Apache-2.0
"""DEV-01..05 over TCP and over USB: the deadline holds, the words tell what was wrong, nothing is taken for an answer."""
import concurrent.futures
import time
import unittest

from lines import Lines

CASES = (
    ("dev_01", "silent", (8,), r"nothing came \(asked [0-9]+ times"),
    ("dev_02", "slow@1", (8,), r"nothing came|no frame|frames? came|not one whole|came, and no"),
    ("dev_03", "flood", (0, 8), r"attested|asserted|text came|came"),
    ("dev_03", "lie:frames", (0, 8), r"asserted|answers? came, not one to this question|came"),
    ("dev_04", "lie:garbage", (7,), r"an answer that is none"),
    ("dev_05", "lie:bomb", (7,), r"an answer that is none"),
    ("dev_05", "lie:deep", (7,), r"an answer that is none"),
    ("text", "text", (8,), r"text came, no answer: "),
    ("echo", "echo", (8,), r"only our own bytes came back"),
    ("noise", "noise", (0,), r"asserted"),
    ("drop", "drop@2", (0,), r"asserted"),
)


class Misbehaving(Lines):
    def check(self, enroll):
        """A device for each case, all asked at once."""
        self.start(*(w for n, case in enumerate(CASES, 1) for w in ("--fault", f"{n}:{case[1]}")), count=len(CASES))
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(len(CASES)) as pool:
            runs = list(pool.map(enroll, self.at, (f"{n}.cards" for n in range(len(CASES)))))
        self.assertLess(time.monotonic() - began, 15)
        for n, (run, (name, fault, statuses, words)) in enumerate(zip(runs, CASES)):
            with self.subTest(name, fault=fault):
                self.assertIn(run.returncode, statuses, run.err)
                self.assertRegex(self.lines(run.out)[-1]["message"], words)
                self.assertEqual((self.dir / f"{n}.cards").exists(), run.returncode == 0)

    def test_over_tcp(self):
        self.check(lambda at, out: self.run_tool("enroll", "-d", f"tcp:{at}", "-o", out, "--timeout", "4", "--json", status=None))

    def test_over_usb(self):
        self.check(lambda at, out: self.usb([at], "enroll", "-d", "usb:", "-o", out, "--timeout", "4", "--json", status=None))


unittest.main()
