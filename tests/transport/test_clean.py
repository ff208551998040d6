# SPDX-License-Identifier: Apache-2.0
"""Nothing is lost or misread where libusb is used: in the cases of the transports on USB, and by commands with several devices at once.

valgrind says so; in a build with sanitizers, which have the cases as they are, those say it of the commands."""
import os
import re
import subprocess
import unittest

from lines import Lines
from tool import ROOT

SOAK, SANITIZED = "IMPRINT_SOAK" in os.environ, "SANITIZED" in os.environ
# How transfers and openings end, by themselves and not; in the soak all there are.
EVERY = {
    "TRANSPORT": ("usb", ("a_session_works", "cancelled_while_reading", "cancelled_while_writing", "nothing_is_there", "plugged_in_again",
                          "unplugged_while_reading", "unplugged_while_writing")),
    "USB": ("usb_line", ("a_cancel_takes_the_transfer_back", "a_halted_endpoint_is_cleared_and_the_line_goes_on",
                         "an_interface_that_is_held_says_by_whom", "descriptors_that_lie", "what_exceeds_the_readers_room_is_lost_alone")),
}
MANY = 16 if SOAK else 3
SLOWNESS = 10


VALGRIND = ["valgrind", "-q", "--trace-children=yes", "--error-exitcode=99", "--leak-check=full", "--show-leak-kinds=definite,indirect",
            "--errors-for-leak-kinds=definite,indirect", "--num-callers=30", f"--suppressions={ROOT}/tests/transport/foreign.supp"]


class Clean(Lines):
    def setUp(self):
        super().setUp()
        self.logs = self.dir / "valgrind"
        self.logs.mkdir()
        self.watched = [] if SANITIZED else [*VALGRIND, f"--log-file={self.logs}/%p"]

    def nothing_found(self):
        """Nor in a child whose status nobody asks for: Criterion's verdict on a test comes before valgrind's."""
        logs = list(self.logs.iterdir())
        self.assertEqual(len(logs) > 0, not SANITIZED, "it was not watched")
        self.assertEqual("".join(log.read_text() for log in logs), "")


class Commands(Clean):
    def test_with_several_devices_at_once(self):
        """One of them leaves in the middle of the push."""
        self.start(count=MANY)
        self.keys()
        self.profile()
        rows = self.lines(self.run_tool("devices", "--json", env={"IMPRINT_SIM": str(self.dir / "sim")}).out)
        self.write("d.csv", "imei\n" + "".join(f"{row['name'].split()[1]}\n" for row in rows))
        every = [f"to={at},port=1-{n + 2}" for n, at in enumerate(self.at)]

        def watch(*args, devices=every, status=0):
            names = [word for n in range(MANY) for word in ("-d", f"usb:1-{n + 2}")]
            run = self.usb(devices, *args, *names, "--cards" if args[0] != "enroll" else "-o", "x.cards", "--timeout", "200", status=status, timeout=1200,
                           prefix=self.watched)
            self.nothing_found()
            return run

        watch("enroll")
        watch("claim", "-k", "owner.pem")
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--cards", "x.cards", "-o", "p.packages")
        run = watch("push", "p.packages", "--json", devices=[*every[:-1], f"{every[-1]},pull=400"], status=12)
        told = [d for d in self.lines(run.out) if "device" in d]
        self.assertEqual([d["result"] for d in told], ["pass"] * (MANY - 1) + ["fail"])
        self.assertIn("unplugged after", told[-1]["message"])


class Cases(Clean):
    def cases(self, program):
        """Tests of a program of Criterion."""
        suite, names = EVERY[program]
        run = subprocess.run(["umockdev-wrapper", *self.watched, os.environ[program], "-j1", "--filter", f"{suite}/{'*' if SOAK else '@(' + '|'.join(names) + ')'}"],
                             cwd=self.dir, capture_output=True, text=True, timeout=3600, check=False, env={**os.environ, "SLOWNESS": str(SLOWNESS)})
        said = run.stdout + run.stderr
        tested = re.search(r"Tested: (\d+) \| Passing: (\d+)", said)
        self.assertEqual(run.returncode, 0, said)
        self.assertEqual(tested[1], tested[2], said)
        self.assertGreaterEqual(int(tested[1]), 2 * len(names) if SOAK else len(names), said)
        self.nothing_found()

    def test_the_cases_of_the_transports_on_usb(self):
        self.cases("TRANSPORT")

    def test_the_cases_that_only_usb_has(self):
        self.cases("USB")


if SANITIZED:
    del Cases
unittest.main()
