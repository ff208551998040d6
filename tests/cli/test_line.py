# SPDX-License-Identifier: Apache-2.0
"""Somebody on the serial wire between tool and device: the result is the same, or a clean failure; never half of it."""
import os
import random
import select
import subprocess
import sys
import threading
import tty
import unittest

from tool import IMPRINT, ROOT, Case

sys.path.append(str(ROOT / "tests/interop"))
import smp  # noqa: E402

NEWLINE = b"\n"


class Wire:
    """A terminal that hands on what goes between the tool (at .name) and a device, through two functions."""

    def __init__(self, device, to_device=lambda d: [d], to_tool=lambda d: [d]):
        self.master, self.slave = os.openpty()
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


class Line(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()
        self.write("d.csv", "imei\n001010010000014\n")
        self.simulate("$I enroll -d sim/1 -o x.cards && $I claim -k owner.pem -d sim/1 --cards x.cards && "
                      "$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages")
        self.sim = subprocess.Popen([IMPRINT, "simulate", "--state", "sim", "--json"], cwd=self.dir,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while b"ready" not in self.sim.stdout.readline():
            self.assertIsNone(self.sim.poll())
        self.addCleanup(self.end)

    def end(self):
        self.sim.terminate()
        self.assertNotIn(b"Sanitizer", self.sim.communicate(timeout=10)[1])

    def push(self, to_device=lambda d: [d], to_tool=lambda d: [d], status=0, timeout=8):
        wire = Wire(self.dir / "sim/1", to_device, to_tool)
        try:
            return self.run_tool("push", "p.packages", "-d", wire.name, "--cards", "x.cards", "--timeout", timeout,
                                 "--json", status=status)
        finally:
            wire.close()

    def domains(self):
        run = self.run_tool("verify", "-d", "sim/1", "--cards", "x.cards", "--json")
        return self.lines(run.out)[-1]["domains"]

    def whole(self):
        """The device holds what was pushed, once; pushing it directly says so."""
        run = self.run_tool("push", "p.packages", "-d", "sim/1", "--cards", "x.cards", "--json")
        self.assertTrue(self.lines(run.out)[-1]["again"])

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


unittest.main()
