# SPDX-License-Identifier: Apache-2.0
"""Somebody on the serial wire between tool and device: the result is the same, or a clean failure; never half of it."""
import fcntl
import os
import random
import re
import select
import struct
import subprocess
import sys
import termios
import threading
import time
import tty
import unittest

import cbor2

from tool import IMPRINT, ROOT, Case, Simulated

sys.path.append(str(ROOT / "tests/interop"))
import smp  # noqa: E402

NEWLINE = b"\n"


class Wire:
    """A terminal that hands on what goes between the tool (at .name) and a device, through two functions."""

    def __init__(self, device, to_device=lambda d: [d], to_tool=lambda d: [d], raw=True):
        self.master, self.slave = os.openpty()
        if raw:
            tty.setraw(self.slave)
        self.name = os.ttyname(self.slave)
        self.device = os.open(device, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self.device)
        self.ways = {self.master: (self.device, to_device), self.device: (self.master, to_tool)}
        self.stop, self.wake = os.pipe()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            ready = select.select([*self.ways, self.stop], [], [])[0]
            if self.stop in ready:
                return
            for fd in ready:
                to, change = self.ways[fd]
                for piece in change(os.read(fd, 65536)):
                    os.write(to, piece)

    def close(self):
        os.write(self.wake, b"x")
        self.thread.join()
        for fd in (self.master, self.slave, self.device, self.stop, self.wake):
            os.close(fd)


class Frames:
    """Whole frames of a stream, all lines of a console frame together, put through a function from list to list."""

    def __init__(self, change):
        self.buffer, self.frame = b"", b""
        self.whole = smp.ConsoleDeframer()
        self.change = change

    def __call__(self, data):
        self.buffer += data
        frames = []
        while self.buffer:
            end = self.buffer.find(b"\0" if self.buffer[:1] == b"\0" else NEWLINE, 1) + 1
            if end == 0:
                break
            piece, self.buffer = self.buffer[:end], self.buffer[end:]
            self.frame += piece
            if not self.frame.startswith(smp.FIRST) or self.whole.feed(piece):
                frames.append(self.frame)
                self.frame = b""
        return self.change(frames)


def packets(change):
    """Frames taken apart and put together again in their framing; change makes a list of packets of each packet."""
    def each(frames):
        out = []
        for frame in frames:
            cobs = frame.startswith(b"\0")
            found = (smp.CobsDeframer() if cobs else smp.ConsoleDeframer()).feed(frame)
            if not found:
                out.append(frame)
            for packet in found:
                out += [smp.cobs_frame(p) if cobs else b"".join(smp.console_frames(p)) for p in change(packet)]
        return out
    return Frames(each)


def body(packet, change):
    """A packet with another body: change takes the map and gives one."""
    data = cbor2.dumps(change(cbor2.loads(packet[8:])))
    return packet[:2] + len(data).to_bytes(2, "big") + packet[4:8] + data


def is_answer(packet, command):
    return packet[4:6] == smp.IMPRINT_GROUP.to_bytes(2, "big") and packet[7] == command and packet[0] & 1


def spoilt(frame):
    """The last byte of what a frame carries is another."""
    at = -2 if frame.startswith(b"\0") else -3
    return frame[:at] + (bytes([frame[at] ^ 3 or 1]) if at == -2 else b"A" if frame[at:at + 1] != b"A" else b"B") + frame[at + 1 or None:]


def exclusive(fd):
    """Whether a terminal is in exclusive use."""
    tiocgexcl = 0x80045440  # Source: Linux, asm-generic/ioctls.h
    return struct.unpack("i", fcntl.ioctl(fd, tiocgexcl, bytes(4)))[0]


class Line(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()
        self.write("d.csv", "imei\n001010010000014\n")
        self.simulate("$I enroll -d sim/1 -o x.cards && $I claim -k owner.pem -d sim/1 --cards x.cards && "
                      "$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages")
        Simulated(self, "--state", "sim")

    def push(self, to_device=lambda d: [d], to_tool=lambda d: [d], status=0, timeout=8, raw=True):
        wire = Wire(self.dir / "sim/1", to_device, to_tool, raw)
        before = termios.tcgetattr(wire.slave)
        self.addCleanup(lambda: self.assertEqual(after, before, "the port is as it was"))
        try:
            return self.run_tool("push", "p.packages", "-d", wire.name, "--cards", "x.cards", "--timeout", timeout,
                                 "--json", status=status)
        finally:
            after = termios.tcgetattr(wire.slave)
            wire.close()

    def domains(self):
        run = self.run_tool("verify", "-d", "sim/1", "--cards", "x.cards", "--json")
        return self.lines(run.out)[-1]["domains"]

    def whole(self):
        """The device holds what was pushed, once; pushing it directly says so."""
        run = self.run_tool("push", "p.packages", "-d", "sim/1", "--cards", "x.cards", "--json")
        self.assertTrue(self.lines(run.out)[-1]["again"])

    def test_ser_01_port_that_echoes_and_edits(self):
        """As it is found after boot, before a program sets it: nothing is echoed, translated or taken for a signal."""
        self.push(raw=False)
        self.whole()

    def test_ser_01_garbage_before_the_first_frame(self):
        first = [random.Random(7).randbytes(4000)]
        self.push(to_tool=lambda d: [first.pop() + d] if first else [d], timeout=12)
        self.whole()

    def test_ser_03_bad_check_is_asked_for_again_so_many_times(self):
        count = 0

        def once(frames):
            nonlocal count
            count += 1
            return [spoilt(f) if count == 2 else f for f in frames]
        run = self.push(to_tool=Frames(once))
        self.assertGreaterEqual(self.lines(run.out)[-1]["retries"], 1)
        self.whole()
        asked = []

        def all_of_them(frames):
            return [spoilt(f) if f.startswith((b"\0", smp.FIRST)) else f for f in frames]
        run = self.push(lambda d: asked.append(d) or [d], Frames(all_of_them), status=8, timeout=1)
        words = re.search(r"([0-9]+) frames? came, not one whole \(asked ([0-9]+) times\)", run.err)
        self.assertEqual((words[1], words[2]), (str(len(asked)), str(len(asked))))
        self.assertIn(len(asked), (2, 3, 4))

    def test_ser_05_cut_short_then_silence(self):
        for name, ways in {"answer": (lambda d: [d], Frames(lambda frames: [f[:len(f) // 2] for f in frames])),
                           "request": (Frames(lambda frames: [f[:len(f) // 2] for f in frames]), lambda d: [d])}.items():
            with self.subTest(name):
                began = time.monotonic()
                run = self.push(*ways, status=8, timeout=1)
                self.assertLess(time.monotonic() - began, 4)
                self.assertRegex(run.err, "nothing came|not one whole|no answer|and no frame")
        self.assertEqual(self.domains(), [])
        run = self.run_tool("push", "p.packages", "-d", "sim/1", "--cards", "x.cards", "--json")
        self.assertFalse(self.lines(run.out)[-1]["again"])

    def test_ser_13_every_byte_gets_through(self):
        """XON, XOFF, interrupt, end of file and the like, as COBS has them, through a port that was in no raw mode."""
        seen, special = bytearray(), bytes((0x03, 0x04, 0x0a, 0x0d, 0x11, 0x13, 0x1a, 0x1c, 0x7f, 0xff))
        sequence = 1
        while not all(b in seen for b in special):
            sequence += 1
            self.profile(sequence)
            self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--cards", "x.cards", "-o", "p.packages", "--force")
            self.push(lambda d: seen.extend(d) or [d], raw=False)
            self.assertLess(sequence, 20)
        self.assertEqual([d["sequence"] for d in self.domains()], [sequence])

    def test_ser_10_the_port_is_ours_alone(self):
        """TIOCEXCL for those who just open it, flock for root: another imprint is told who has it, whoever starts it."""
        program, who = self.nobody()
        wire = Wire(self.dir / "sim/1", to_tool=lambda d: [])
        self.addCleanup(wire.close)
        os.chmod(wire.name, 0o666)
        command = ["verify", "-d", wire.name, "--cards", "x.cards", "--timeout"]
        self.assertEqual(exclusive(wire.slave), 0)
        first = subprocess.Popen([IMPRINT, *command, "4"], cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            until = time.monotonic() + 3
            while not exclusive(wire.slave) and time.monotonic() < until:
                time.sleep(0.01)
            self.assertEqual(exclusive(wire.slave), 1)
            run = self.run_tool(*command, "3", status=8)
            self.assertRegex(run.err, r"held by process [0-9]+ \(")
            run = subprocess.run([program, *command, "3"], cwd=self.dir, capture_output=True, text=True, **who)
            self.assertEqual(run.returncode, 8)
            self.assertIn("held by ", run.stderr)
            self.assertIn("ID_MM_DEVICE_IGNORE", run.stderr)
        finally:
            first.terminate()
            first.wait()
        self.assertEqual(exclusive(wire.slave), 0)

    def test_ser_11_no_permission(self):
        program, who = self.nobody()
        wire = Wire(self.dir / "sim/1")
        self.addCleanup(wire.close)
        os.chmod(wire.name, 0)
        run = subprocess.run([program, "verify", "-d", wire.name, "--cards", "x.cards"], cwd=self.dir, capture_output=True, text=True, **who)
        self.assertEqual(run.returncode, 8)
        self.assertRegex(run.stderr, r"no permission, it is c--------- root \w+\nhint: no group may use it: sudo chgrp dialout " + wire.name)

    def test_ser_15_refusing_without_end(self):
        """A device that takes no byte, one that loses all it had, one that is busy: each ends, with the count where there is one."""
        stages = 0

        def back(packet):
            nonlocal stages
            stages += is_answer(packet, smp.STAGE)
            return [body(packet, lambda b: {"off": 0})] if is_answer(packet, smp.STAGE) else [packet]
        run = self.push(to_tool=packets(back), status=7)
        self.assertRegex(run.err, "went back in the object 5 times, now to byte 0 of [0-9]+")
        self.assertLessEqual(stages, 6)
        busy = packets(lambda p: [body(p, lambda b: {"rc": 10})] if is_answer(p, smp.STAGE) else [p])
        self.assertIn("error 10 of group 0", self.push(to_tool=busy, status=7).err)
        far = packets(lambda p: [body(p, lambda b: {"off": 1 << 20})] if is_answer(p, smp.STAGE) else [p])
        self.assertIn("an offset that makes sense", self.push(to_tool=far, status=7).err)

    def test_dev_06_versions(self):
        def says(versions):
            return packets(lambda p: [body(p, lambda b: {**b, "v": versions})] if is_answer(p, smp.DESCRIBE) else [p])
        for versions in ([], [0], [2], [65535], [0, 2, 65535], [-1]):
            with self.subTest(versions):
                run = self.push(to_tool=says(versions), status=7)
                self.assertRegex(run.err, "does not speak version 1|an answer that is none")
        self.assertIn("an answer that is none", self.push(to_tool=says(1), status=7).err)
        without = packets(lambda p: [body(p, lambda b: {k: x for k, x in b.items() if k != "v"})] if is_answer(p, smp.DESCRIBE) else [p])
        self.assertIn("does not speak version 1", self.push(to_tool=without, status=7).err)
        self.assertEqual(self.domains(), [])
        self.push(to_tool=says([0, 1, 65535]))

    def test_dev_07_again_without_evidence(self):
        """What is said to be there already is to be proven like anything else."""
        bare = packets(lambda p: [body(p, lambda b: {"off": b["off"], "again": True})] if is_answer(p, smp.STAGE) else [p])
        self.assertIn("no evidence", self.push(to_tool=bare, status=7).err)
        bare = packets(lambda p: [body(p, lambda b: {"off": b["off"]})] if is_answer(p, smp.STAGE) else [p])
        self.assertIn("without evidence", self.push(to_tool=bare, status=7).err)

    def test_dev_15_texts_of_any_length(self):
        for size in (33, 3000, 65000):
            with self.subTest(size):
                run = self.push(to_tool=packets(lambda p, n=size: [body(p, lambda b: {**b, "hwmodel": b"\x1b" * n})]
                                                if is_answer(p, smp.DESCRIBE) else [p]), status=None, timeout=1)
                self.assertIn(run.returncode, (7, 8))
                self.assertLess(len(run.err), 600)
                self.assertNotIn(b"\x1b", run.stdout + run.stderr)

    def test_ser_06_duplicates_and_old_answers(self):
        old = []

        def twice(frames):
            return [f for frame in frames for f in (frame, frame)]

        def old_first(frames):
            out = [f for frame in frames for f in (*old[-3:], frame)]
            old.extend(frames)
            return out

        with self.subTest("requests twice"):
            self.push(to_device=Frames(twice))
            self.whole()
        with self.subTest("answers twice"):
            self.push(to_tool=Frames(twice))
        with self.subTest("old answers first"):
            self.push(to_tool=Frames(old_first))
        self.whole()

    def test_ser_06_reordered(self):
        """Pieces of a frame in another order are no frame; what is asked again comes in order."""
        count = 0

        def swapped(frames):
            nonlocal count
            count += 1
            return frames[::-1] if count < 3 else frames
        self.push(to_device=Frames(swapped), to_tool=Frames(swapped), timeout=12)
        self.whole()

    def test_ser_07_escapes_and_delimiters_out_of_place(self):
        """A frame cut by its own delimiter, a start without an end, a block whose code points past its end."""
        for name, junk in {"starts": b"\x06\x09\x06\x09\x04\x14", "ends": b"\n\n\0\0\n", "code past the end": b"\0\xff\x01\0",
                           "start only": b"\x06\x09AAAA", "not base64": b"\x06\x09====\n", "empty": b"\x06\x09\n"}.items():
            with self.subTest(name):
                self.push(to_device=lambda d, j=junk: [j, d], to_tool=lambda d, j=junk: [j, d], timeout=12)
        for delimiter in (b"\n", b"\0", b"\x06\x09"):
            with self.subTest(delimiter):
                count = 0

                def cut(frames, mark=delimiter):
                    nonlocal count
                    count += 1
                    return [f[:len(f) // 2] + mark + f[len(f) // 2:] if count == 2 else f for f in frames]
                self.push(to_tool=Frames(cut), timeout=12)
        self.whole()

    def test_ser_08_single_bytes_and_large_pieces(self):
        with self.subTest("bytes"):
            self.push(*[lambda d: [d[i:i + 1] for i in range(len(d))]] * 2)
        with self.subTest("pieces"):
            held = []

            def collect(data):
                held.append(data)
                whole = b"".join(held)
                if not whole.endswith((NEWLINE, b"\0")) and len(whole) < 4096:
                    return []
                held.clear()
                return [whole]
            self.push(collect, collect)
        self.whole()

    def test_damaged_at_random(self):
        """T11: bytes of both ways changed, lost and added; the same lines in every run."""
        for seed in range(20 if os.environ.get("IMPRINT_SOAK") else 3):
            chance = random.Random(seed)

            def damage(data):
                out = bytearray()
                for byte in data:
                    kind = chance.random() * 600
                    out += b"" if kind < 1 else bytes([byte ^ 1 << chance.randrange(8)]) if kind < 2 \
                        else bytes([byte, chance.randrange(256)]) if kind < 3 else bytes([byte])
                return [bytes(out)]
            with self.subTest(seed):
                run = self.push(damage, damage, status=None, timeout=5)
                self.assertIn(run.returncode, (0, 5, 7, 8), run.err)
                self.assertIn(len(self.domains()), (0, 1))
                self.assertEqual(self.lines(run.out)[-1]["result"] == "pass", run.returncode == 0)
        self.run_tool("push", "p.packages", "-d", "sim/1", "--cards", "x.cards")
        self.assertEqual([d["sequence"] for d in self.domains()], [1])


if __name__ == "__main__":
    unittest.main()
