# SPDX-License-Identifier: Apache-2.0
"""Devices that call home: what they get, who gets nothing, and what holds when many come at once."""
import contextlib
import csv
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import cbor2

from tool import IMPRINT, Case, luhn

SOAK = "IMPRINT_SOAK" in os.environ
MANY = 5000 if SOAK else 500
A_SIMULATION = 500  # devices in one process
HERE, THERE = "imprint-test-here", "imprint-test-there"  # network namespaces


def decode_all(data):
    decoder, out = cbor2.CBORDecoder(io.BytesIO(data)), []
    while decoder.fp.tell() < len(data):
        out.append(decoder.decode())
    return out


class Serve(Case):
    """A fleet in folders sim0, sim1..., claimed, with packages for all of it; devices keep what they are between runs."""

    host, here, there = "127.0.0.1", [], []

    def fleet(self, count=3, profiled=None):
        self.keys()
        self.profile()
        self.rows = [(f"S{n}", luhn(10101000000000 + n)) for n in range(count)]
        self.write("all.csv", "serial,imei\n" + "".join(f"{s},{i}\n" for s, i in self.rows[:profiled]))
        self.parts = range(0, count, A_SIMULATION)
        for part in self.parts:
            with open(self.dir / f"{part}.csv", "w", encoding="ascii", newline="") as f:
                csv.writer(f, lineterminator="\n").writerows([("serial", "imei"), *self.rows[part:part + A_SIMULATION]])
            self.run_tool("simulate", "--csv", f"{part}.csv", "--state", f"sim{part}", "--", "sh", "-c",
                          f"{IMPRINT} enroll -d all -o x.cards && {IMPRINT} claim -k owner.pem -d all --cards x.cards --evidence x.evidence", timeout=200)
        self.run_tool("pack", "p.yaml", "--csv", "all.csv", "-k", "owner.pem", "--cards", "x.cards", "--seed", "seed.key", "-o", "p.packages",
                      timeout=200)

    @contextlib.contextmanager
    def namespaces(self):
        """The server in one network namespace, the devices in another."""
        def ip(*words):
            subprocess.run(["ip", *words], check=True, capture_output=True)
        try:
            for name in (HERE, THERE):
                ip("netns", "add", name)
            ip("link", "add", "here", "netns", HERE, "type", "veth", "peer", "name", "there", "netns", THERE)
            for name, device, address in ((HERE, "here", "10.0.0.1/30"), (THERE, "there", "10.0.0.2/30")):
                ip("-n", name, "address", "add", address, "dev", device)
                ip("-n", name, "link", "set", device, "up")
            self.host, self.here, self.there = "10.0.0.1", ["ip", "netns", "exec", HERE], ["ip", "netns", "exec", THERE]
            yield
        finally:
            for name in (HERE, THERE):
                subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)

    @contextlib.contextmanager
    def serving(self, *options, status=0, packages="p.packages"):
        """A server in the background: .port, then .told (its lines) and .said (standard error)."""
        server = subprocess.Popen([*self.here, IMPRINT, "serve", "--listen", f"{self.host}:0", "--bundle", packages, "--cards", "x.cards", "--evidence",
                                   "x.evidence", "--json", *map(str, options)], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            self.port = int(self.lines(server.stdout.readline().decode())[0]["listening"].split(":")[1])
            self.server = server
            yield server
        finally:
            if status != 0 and server.poll() is None:
                server.terminate()
            try:
                out, err = server.communicate(timeout=120)
            except subprocess.TimeoutExpired:
                server.kill()
                out, err = server.communicate()
            self.told, self.said = self.lines(out.decode()), err.decode()
            self.assertNotIn("Sanitizer", self.said)
        if status is not None:
            self.assertEqual(server.returncode, status, self.said)

    @contextlib.contextmanager
    def calling(self, *options, state=None, rows=None):
        """The fleet calls."""
        sims = [subprocess.Popen([*self.there, IMPRINT, "simulate", "--csv", rows or f"{part}.csv", "--state", state or f"sim{part}", "--call-home",
                                  f"{self.host}:{self.port}", *options], cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
                for part in self.parts]
        try:
            yield sims
        finally:
            for sim in sims:
                sim.terminate()
            for sim in sims:
                self.assertNotIn(b"Sanitizer", sim.communicate(timeout=60)[1])

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def test_each_gets_what_is_for_it_in_three_round_trips(self):
        self.fleet()
        with self.serving("--count", 3) as server, self.calling():
            server.wait(timeout=30)
        self.assertEqual(sorted(d["serial"] for d in self.told), ["S0", "S1", "S2"])
        for d in self.told:
            self.assertEqual((d["command"], d["result"], d["round_trips"], d["again"], d["domains"][0]["sequence"]), ("serve", "pass", 3, False, 1))
            self.assertTrue(d["device"].startswith("tcp:127.0.0.1:"))
        self.assertIn("served 3 of 3 devices; 3 conversations passed, 0 failed", self.said)
        self.run_tool("simulate", "--csv", "0.csv", "--state", "sim0", "--", IMPRINT, "verify", "-d", "all", "--cards", "x.cards", "--evidence",
                      "x.evidence", "--expect", "p.packages")

    def test_who_was_not_served_is_told_where_that_is_asked(self):
        self.fleet()
        self.write("two.csv", "serial,imei\n" + "".join(f"{s},{i}\n" for s, i in self.rows[:2]))
        for options, status in ((("--require-all",), 12), ((), 0)):
            with self.subTest(options), self.serving("--count", 2, *options, status=status) as server, self.calling(rows="two.csv"):
                server.wait(timeout=30)
            self.assertIn("served 2 of 3 devices", self.said)
            self.assertEqual({d["imei"] for d in self.told if d["result"] == "pass"}, {i for _, i in self.rows[:2]})
            missing = [d for d in self.told if d["result"] != "pass"]
            self.assertEqual([(d["result"], d["status"], d["device"], d["name"], d["message"]) for d in missing],
                             [("fail", 4, None, f"imei {self.rows[2][1]}", "was not served")] if options else [])
        self.assertNotIn("not served", self.said)
        with self.serving("--count", 3, "--require-all") as server, self.calling():
            server.wait(timeout=30)
        self.assertEqual([d["result"] for d in self.told], ["pass"] * 3)

    def test_more_than_there_are_is_said_at_once(self):
        self.fleet(2)
        serve = ("serve", "--listen", "127.0.0.1:0", "--cards", "x.cards")
        run = self.run_tool(*serve, "--bundle", "p.packages", "--count", 3, status=2)
        self.assertIn("--count 3: p.packages is for 2 devices", run.err)
        self.run_tool("lock", "-k", "owner.pem", "--target", "keel-2", "-o", "class.lock")
        self.assertIn("is for a class", self.run_tool(*serve, "--bundle", "class.lock", "--require-all", status=2).err)

    def test_who_answers_challenges_only_is_served_by_one(self):
        """Under policy bit 1 a caller says who it is to who may ask; without a challenge it gets nothing."""
        self.fleet(2)
        self.run_tool("challenge", "-k", "owner.pem", "--target", "keel-2", "-o", "c.challenge")
        self.run_tool("simulate", "--csv", "0.csv", "--state", "sim0", "--", IMPRINT, "policy", "--only-challenges", "-k", "owner.pem", "-d", "all",
                      "--cards", "x.cards", "--evidence", "x.evidence")
        self.profile(5)
        self.run_tool("pack", "p.yaml", "--csv", "all.csv", "-k", "owner.pem", "--cards", "x.cards", "--seed", "seed.key", "-o", "q.packages")
        with self.serving(packages="q.packages", status=None) as server, self.calling("--every", "1"):
            hidden = self.lines(server.stdout.readline().decode())[0]
            server.terminate()
        self.assertEqual((hidden["result"], hidden["name"], hidden["ueid"]), ("fail", "(attests only to challenges)", None))
        self.assertIn("--challenge FILE has it say so", hidden["hints"][0])
        with self.serving("--count", 2, "--challenge", "c.challenge", packages="q.packages") as server, self.calling():
            server.wait(timeout=30)
        self.assertEqual({(d["result"], d["fresh"], d["domains"][0]["sequence"]) for d in self.told}, {("pass", "challenge", 5)})

    def test_who_calls_again_gets_nothing_twice(self):
        self.fleet(1)
        with self.serving(status=None) as server, self.calling("--every", "1"):
            first, second, _ = (self.lines(server.stdout.readline().decode())[0] for _ in range(3))
        self.assertEqual((first["again"], first["round_trips"]), (False, 3))
        self.assertTrue(second["again"])
        self.assertGreater(first["bytes_sent"], (self.dir / "p.packages").stat().st_size // 2)
        self.assertLess(second["bytes_sent"], 200)
        kept = decode_all((self.dir / "x.evidence").read_bytes())
        self.assertEqual(len(kept), 1 + 2, "the head; the claim's and the package's, however often it calls")

    def test_what_is_served_is_in_the_ledger(self):
        """And a package that another station has sent stays there."""
        self.fleet(2)
        self.run_tool("ledger", "init", "--ledger", "l.db")
        with self.serving("--count", 2, "--ledger", "l.db", "--station", "air") as server, self.calling():
            server.wait(timeout=30)
        types = [e["type"] for e in self.lines(self.run_tool("log", "--ledger", "l.db", "--json").out)]
        self.assertEqual({t: types.count(t) for t in set(types)}, {"ledger": 1, "issued": 2, "reserved": 2, "sent": 2, "proven": 2, "delivery": 2, "evidence": 2})
        self.run_tool("ledger", "verify", "--ledger", "l.db")

    def entries(self, kind):
        return [e for e in self.lines(self.run_tool("log", "--ledger", "l.db", "--json").out) if e["type"] == kind]

    def test_a_device_that_fails_on_and_on_does_not_fill_the_ledger(self):
        """A failure is written down when it changes: three calls of a device that lies are one entry, and the truth another."""
        self.fleet(1)
        self.run_tool("ledger", "init", "--ledger", "l.db")
        with self.serving("--ledger", "l.db", status=None) as server:
            for fault in ("lie:debug", "lie:locked"):
                with self.calling("--fault", f"1:{fault}", "--every", "1"):
                    lines = [self.lines(server.stdout.readline().decode())[0] for _ in range(3)]
                self.assertEqual({line["result"] for line in lines}, {"fail"}, lines)
            with self.calling():
                self.assertEqual(self.lines(server.stdout.readline().decode())[0]["result"], "pass")
            with self.calling("--fault", "1:lie:locked"):
                self.assertEqual(self.lines(server.stdout.readline().decode())[0]["result"], "fail")
        statuses = [e["status"] for e in self.entries("evidence")]
        self.assertEqual(len(statuses), 4, statuses)
        self.assertEqual([status == 0 for status in statuses], [False, False, True, False])

    def test_what_is_sent_in_vain_is_sent_some_times(self):
        self.fleet(1)
        self.run_tool("ledger", "init", "--ledger", "l.db")
        data = (self.dir / "p.packages").read_bytes()
        inside = decode_all(data)[-1].value[2]
        self.write("bad.packages", data.replace(inside, bytes(len(inside))), 0o600)
        with self.serving("--ledger", "l.db", status=None, packages="bad.packages") as server, self.calling("--every", "1"):
            lines = [self.lines(server.stdout.readline().decode())[0] for _ in range(11)]
        self.assertEqual([line["status"] for line in lines], [5] * 8 + [7] * 3)
        self.assertIn("failed 8 times: now it is sent something once an hour", lines[-1]["message"])
        self.assertEqual((len(self.entries("sent")), len(self.entries("delivery"))), (8, 8))
        self.assertEqual([e["status"] for e in self.entries("evidence")], [5, 7])

    def test_who_cannot_prove_its_key_gets_nothing(self):
        """T09: the same imei with other keys is told nothing but two questions."""
        self.fleet(1)
        size = (self.dir / "p.packages").stat().st_size
        with self.serving(status=None) as server, self.calling(state="impostor"):
            d = self.lines(server.stdout.readline().decode())[0]
        self.assertEqual((d["result"], d["status"], d["imei"]), ("fail", 5, self.rows[0][1]))
        self.assertLess(d["bytes_sent"], 200)
        self.assertGreater(size, 400)

    def test_t10_a_copy_shows_within_one_run(self):
        """A device with the keys and the flash of another, as that one was a boot ago."""
        self.fleet(1)
        with self.serving(status=None) as server:
            with self.calling():
                first = self.lines(server.stdout.readline().decode())[0]
            shutil.copytree(self.dir / "sim0", self.dir / "copy")
            with self.calling():
                second = self.lines(server.stdout.readline().decode())[0]
            with self.calling(state="copy"):
                third = self.lines(server.stdout.readline().decode())[0]
        self.assertEqual((first["result"], second["result"], third["result"], third["status"]), ("pass", "pass", "fail", 5))
        self.assertIn("contradicted by the count of boots and evidence", third["message"])
        self.assertLess(third["bytes_sent"], 200)

    def test_t10_a_copy_that_boots_more_often_lacks_the_history(self):
        self.fleet(1)
        shutil.copytree(self.dir / "sim0", self.dir / "copy")
        for _ in range(4):
            self.run_tool("simulate", "--csv", "0.csv", "--state", "copy", "--", "true")
        with self.serving(status=None) as server:
            with self.calling():
                first = self.lines(server.stdout.readline().decode())[0]
            with self.calling(state="copy"):
                second = self.lines(server.stdout.readline().decode())[0]
        self.assertEqual((first["result"], second["result"]), ("pass", "fail"), second)
        self.assertLess(second["bytes_sent"], 200)

    def test_no_card_no_package_no_conversation(self):
        self.fleet(2, profiled=1)
        with self.serving(status=None) as server, self.calling():
            told = [self.lines(server.stdout.readline().decode())[0] for _ in range(2)]
        by = {d["serial"]: d for d in told}
        self.assertEqual(by["S0"]["result"], "pass")
        self.assertEqual(by["S1"]["result"], "fail")
        self.assertEqual(by["S1"]["round_trips"], 2)

    def test_power_cuts_end_in_what_was_asked_for(self):
        """T26: a device that loses power at any write calls again, and in the end holds its profile, once."""
        self.fleet(3)
        with self.serving("--count", 3) as server, self.calling("--every", "1", "--fault", "1:cut@1", "--fault", "2:cut@3", "--fault", "3:reboot@500"):
            server.wait(timeout=60)
        self.assertEqual({d["serial"] for d in self.told if d["result"] == "pass"}, {"S0", "S1", "S2"})

    def test_silent_callers_give_way(self):
        """A room that strangers fill and hold is had by devices all the same."""
        self.fleet(5)
        with self.serving("--count", 5, "--max", 8, "--patience", 60) as server:
            silent = [self.connect() for _ in range(30)]
            begun = time.monotonic()
            with self.calling():
                server.wait(timeout=45)
            took = time.monotonic() - begun
            for s in silent:
                s.close()
        self.assertLess(took, 40)
        self.assertEqual(sum(d["result"] == "pass" for d in self.told), 5)
        self.assertTrue(any("gave way" in d["message"] for d in self.told))
        self.assertIn("at most 8 at once", self.said)

    def test_patience_ends_a_slow_caller(self):
        """Slow-loris: a byte now and then does not prolong anything."""
        self.fleet(1)
        with self.serving("--patience", 2, status=None) as server:
            with self.connect() as s:
                begun = time.monotonic()
                with contextlib.suppress(OSError):
                    while time.monotonic() - begun < 15:
                        s.sendall(b"\x01")
                        time.sleep(0.2)
                took = time.monotonic() - begun
        self.assertLess(took, 8)
        self.assertEqual(self.told[0]["status"], 8)

    def test_a_flood_of_strangers_does_not_fill_the_log(self):
        self.fleet(1)
        told = []
        with self.serving(status=None) as server:
            def flood():
                for _ in range(100):
                    with contextlib.suppress(OSError), self.connect() as s:
                        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + os.urandom(64))
            threads = [threading.Thread(target=flood) for _ in range(4)]
            for t in threads:
                t.start()
            with self.calling():
                while (line := server.stdout.readline()) and '"pass"' not in line.decode():
                    told += self.lines(line.decode())
            for t in threads:
                t.join()
            with self.connect() as last:
                last.recv(1)  # who is asked behind them all: they were taken
        told += self.told
        failed = int(re.search(r"passed, (\d+) failed", self.said)[1])
        said = sum(d["result"] == "fail" for d in told)
        kept = sum(int(n) for n in re.findall(r"serve: (\d+) more caller", self.said))
        self.assertGreater(failed, 100)
        self.assertEqual(said + kept, failed)
        self.assertGreater(kept, 0)

    def test_ends_by_signal(self):
        self.fleet(1)
        with self.serving() as server:
            server.send_signal(signal.SIGTERM)
        self.assertIn("served 0 of 1 device;", self.said)
        with self.serving(status=130) as server:
            with self.connect() as s:
                s.recv(4096)
                server.terminate()
                server.wait(timeout=20)
        self.assertIn("1 caller cut off", self.said)

    def test_usage(self):
        self.fleet(1)
        base = ("serve", "--bundle", "p.packages", "--cards", "x.cards")
        self.assertIn("missing --listen", self.run_tool(*base, status=2).err)
        self.assertIn("expected HOST:PORT", self.run_tool(*base, "--listen", "7", status=2).err)
        self.assertIn("missing --bundle", self.run_tool("serve", "--listen", "127.0.0.1:0", status=2).err)
        self.assertIn("missing --cards", self.run_tool("serve", "--listen", "127.0.0.1:0", "--bundle", "p.packages", status=2).err)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            self.assertIn("in use", self.run_tool(*base, "--listen", f"127.0.0.1:{taken.getsockname()[1]}", status=8).err)
        low = self.run_tool(*base, "--listen", "127.0.0.1:0", "--max", 100000, status=10).err
        self.assertIn("descriptors", low)
        self.assertIn("hint: raise it", low)

    def test_many_at_once_in_bounded_memory(self):
        self.fleet(MANY)
        apart = self.namespaces() if SOAK else contextlib.nullcontext()
        with apart, self.serving("--count", MANY, "--patience", 60, "--timeout", 60) as server:
            before = self.peak(server.pid)
            drain = threading.Thread(target=lambda: self.collected.extend(server.stdout.readlines()))
            self.collected = []
            drain.start()
            with self.calling():
                end = time.monotonic() + (1800 if SOAK else 300)
                peak = before
                while server.poll() is None and time.monotonic() < end:
                    peak = self.peak(server.pid) or peak
                    time.sleep(0.1)
            drain.join(timeout=20)
        passed = [d for d in self.lines(b"".join(self.collected).decode()) if d["result"] == "pass"]
        most = int(re.search(r"at most (\d+) at once", self.said)[1])
        self.assertEqual(len({d["serial"] for d in passed}), MANY)
        if SOAK:
            self.assertGreater(most, MANY // 2, "they did not come at once")
        print(f"serve: {MANY} devices, at most {most} at once, {(peak - before) / most:.0f} KiB a connection")
        if "SANITIZED" not in os.environ:
            self.assertLess((peak - before) / most, 256)

    def peak(self, pid):
        """KiB resident at most so far; 0 where it has ended."""
        try:
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1])
        except (OSError, TypeError):
            return 0


unittest.main()
