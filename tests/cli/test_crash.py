# SPDX-License-Identifier: Apache-2.0
"""A station, a device and a ledger that stop in the middle of a push, in every mixture: nothing is lost, issued twice or burnt."""
import os
import shutil
import subprocess
import time
import unittest

from faulty import SOAK, Faulty, some
from tool import IMPRINT, Case, Simulated, schema

POSTGRES = os.environ["IMPRINT_TEST_POSTGRES"]
PUSH = ("push", "p.packages", "-d", "sim/1", "--json")


class Crash(Faulty):
    """A device that is enrolled in a ledger and claimed."""

    @classmethod
    def make_inputs(cls):
        cls.make("keygen", "--class", "test", "-o", "owner.pem")

    def setUp(self):
        super().setUp()
        Case.profile(self)
        self.ledger = self.place()
        self.env = {"IMPRINT_LEDGER": self.ledger}
        self.tool("ledger", "init", "--origin", "log.example/line")
        self.sequence = 0
        self.write("d.csv", "imei\n001010010000014\n")
        with self.simulated():
            self.tool("enroll", "-d", "sim/1", "-o", "x.cards")
            self.tool("claim", "-k", "owner.pem", "-d", "sim/1")

    def place(self):
        return str(self.dir / "ledger.db")

    def tool(self, *args, **options):
        return self.run_tool(*args, env=self.env, **options)

    def simulated(self, *args, state="sim"):
        return Simulated(self, "--state", state, *args)

    def entries(self, start=0):
        return self.lines(self.tool("log", "--json", "--from", start).out)

    def pack(self):
        """A package that has not been sent, and that the ledger does not know; how many entries there are."""
        self.sequence += 1
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "--sequence", self.sequence, "-k", "owner.pem", "--cards", "x.cards", "-o", "p.packages", "--force",
                      env={"IMPRINT_LEDGER": ""})
        return len(self.entries())

    def held(self):
        """What the device says, which no ledger hears."""
        run = self.lines(self.run_tool("verify", "-d", "sim/1", "--cards", "x.cards", "--evidence", "held", "--json", env={"IMPRINT_LEDGER": ""}).out)[-1]
        return max([d["sequence"] for d in run["domains"]], default=0)

    def push(self, fault=None, **options):
        return self.faulty(PUSH, fault, self.env, **options)

    def sound(self, start, said):
        """After a crash: the ledger is whole, and knows of what the device has."""
        self.tool("ledger", "verify")
        types = [e["type"] for e in self.entries(start)]
        self.assertLessEqual(self.held(), self.sequence if "sent" in types else self.sequence - 1, said)

    def settled(self, start, said):
        """After the same push again: once issued, once proven, and nothing thrown away."""
        self.tool("ledger", "verify")
        types = [e["type"] for e in self.entries(start)]
        for kind in ("issued", "reserved", "proven"):
            self.assertEqual(types.count(kind), 1, f"{said}: {kind} in {types}")
        self.assertLess(types.index("sent"), types.index("proven"), said)
        self.assertEqual({"released", "written-off", "quarantined"} & set(types), set(), said)
        self.assertEqual(self.tool("ledger", "items").out, "", said)
        self.assertEqual(self.held(), self.sequence, said)

    def audited(self):
        """What the device has been through is what the ledger has: no gap, no stranger, nothing in doubt."""
        found = {f["finding"] for f in self.lines(self.tool("audit", "--json", status=None).out) if "finding" in f}
        self.assertLessEqual(found, {"not-anchored", "asserted-key"})


class Killed(Crash):
    def calls(self):
        """The calls of a push that goes well."""
        start = self.pack()
        run = self.traced(PUSH, env=self.env)
        self.assertEqual(run.returncode, 0, run.err)
        self.settled(start, "no fault")
        return [c for c in run.calls if c.change]

    def test_sig_02_killed_at_each_call(self):
        """SIG-02, CONC-05: whatever a killed station holds, the next run goes on."""
        with self.simulated():
            count = self.calls()[-1].change
            self.assertGreater(count, 20)
            for n in some(count, 1000):
                with self.subTest(n):
                    start = self.pack()
                    said = f"{n} of {count}: " + self.decent(self.push(f"change:{n}:kill"), -9, 0)
                    self.sound(start, said)
                    again = self.push()
                    self.assertEqual(again.returncode, 0, said + again.err)
                    self.settled(start, said)
            self.audited()

    def test_pwr_04_station_and_device_stop_together(self):
        """PWR-04: power of the device goes at its kth operation of flash, the station is killed at its nth call."""
        with self.simulated():
            count = self.calls()[-1].change
        for k in range(1, 80) if SOAK else (9, 60):
            for n in range(count // 4, count, 5 if SOAK else count // 4):
                with self.subTest(cut=k, kill=n), self.simulated("--fault", f"cut@{k}"):
                    start = self.pack()
                    said = f"cut@{k}, {n} of {count}: " + self.decent(self.push(f"change:{n}:kill"), -9, 0, 8, 7)
                    self.tool("ledger", "verify")
                    self.push()  # which the cut may meet
                    again = self.push()
                    self.assertEqual(again.returncode, 0, said + again.err)
                    self.settled(start, said)
        self.audited()

    def test_usb_04_unplugged_at_each_byte(self):
        """USB-04, the ledger's half: what was begun is open in the ledger, and the same push settles it."""
        for n in range(50, 1600, 25) if SOAK else (300, 700, 1100):
            with self.subTest(n), self.simulated("--fault", f"unplug@{n}"):
                start = self.pack()
                run = self.push()
                types = [e["type"] for e in self.entries(start)]
                if run.returncode and "sent" in types and "proven" not in types:
                    self.assertIn('"state":"sent"', self.tool("ledger", "items", "--json").out.replace(" ", ""))
                if run.returncode:
                    self.back()
                    run = self.push()
                self.assertEqual(run.returncode, 0, run.err)
                self.settled(start, f"unplug@{n}")
        self.audited()


    def back(self):
        """Wait for the plug to be in again."""
        end = time.monotonic() + 10
        while not (self.dir / "sim/1").exists() and time.monotonic() < end:
            time.sleep(0.02)


class KilledInPostgres(Killed):
    def place(self):
        return schema(POSTGRES, "crash")


class Synced(Killed):
    """What a host that loses power keeps is what it synced."""

    test_sig_02_killed_at_each_call = test_pwr_04_station_and_device_stop_together = test_usb_04_unplugged_at_each_byte = None

    def test_nothing_is_sent_that_rests_on_unsynced_pages(self):
        with self.simulated():
            waiting, told = 0, 0
            for call in self.calls():
                if call.path.endswith("-wal"):
                    waiting = 0 if call.name == "sync" else waiting + (call.name == "write")
                elif call.name == "write" and "/pts/" in call.path:
                    told += 1
                    self.assertEqual(waiting, 0, f"call {call.change}")
            self.assertGreaterEqual(told, 2)


class Two(Crash):
    def test_conc_02_two_stations_send_one_package(self):
        """CONC-02: a device and its copy, each at a station of its own, at once: one sends, the other is refused."""
        for round_ in range(20 if SOAK else 4):
            shutil.rmtree(self.dir / "copy", ignore_errors=True)
            shutil.copytree(self.dir / "sim", self.dir / "copy", ignore_dangling_symlinks=True)
            start = self.pack()
            slow = ("--fault", "slow@3000")  # so that what is sent is not proven before the other comes
            with self.simulated(*slow), self.simulated(*slow, state="copy"):
                runs = [subprocess.Popen([IMPRINT, "push", "p.packages", "-d", f"{state}/1", "--station", f"line-{state}"], cwd=self.dir,
                                         env={**os.environ, **self.env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for state in ("sim", "copy")]
                said = [run.communicate(timeout=30)[1].decode() for run in runs]
            status = [run.returncode for run in runs]
            self.assertEqual(sorted(status), [0, 4], said)
            self.assertRegex(said[status.index(4)], "is taken, by another station", said)
            entries = self.entries(start)
            self.assertEqual({e["station"] for e in entries if e["type"] in ("reserved", "sent", "proven")}, {("line-sim", "line-copy")[status.index(0)]})
            self.assertEqual([e["type"] for e in entries].count("sent"), 1)
            self.tool("ledger", "verify")
            if status.index(0):  # the copy went on: it is the device now
                shutil.rmtree(self.dir / "sim")
                (self.dir / "copy").rename(self.dir / "sim")


class TwoInPostgres(Two):
    place = KilledInPostgres.place


if __name__ == "__main__":
    unittest.main()
