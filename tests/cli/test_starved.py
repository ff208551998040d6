# SPDX-License-Identifier: Apache-2.0
"""DISK-07: malloc fails, the n-th time, for each n: a refusal that says so, and nothing left behind.

Each allocation of our own in turn, and some of those that OpenSSL and libyaml make for us. Where one was not needed the work is done, whole.
"""
import unittest

from faulty import ROOT, Faulty, code, some
from tool import Simulated

NO_MEMORY = code("ENOMEM")
WORDS = r"out of memory|Cannot allocate memory|thread.*: Resource temporarily unavailable"
# Where OpenSSL and libyaml lack memory they lose some: theirs. Where we do, what was had from them is to be given back, too.
LIBRARIES = {"LSAN_OPTIONS": f"suppressions={ROOT}/tests/faults/libraries.supp:print_suppressions=0"}


class Starved(Faulty):
    def sweep(self, args, outputs, same):
        """How often it failed. `same`: the output has the same bytes each time."""
        want = self.traced(args)
        self.assertEqual(want.returncode, 0, want.err)
        good, failed = self.snapshot(), 0
        self.restore(self.known)
        for kind, most in (("own", 60), ("alloc", 60)):
            for n in some(self.counted(want, kind), most, 10):
                run = self.faulty(args, f"{kind}:{n}:{NO_MEMORY}", LIBRARIES if kind == "alloc" else None)
                said = f"{kind} {n}: " + self.decent(run, 0, 10)
                if run.returncode == 0:
                    self.assertEqual(len(run.stdout), len(want.stdout), said)
                    self.whole(good, same, said)
                else:
                    failed += 1
                    self.assertRegex(run.err, WORDS, said)
                    self.no_debris(outputs, said)
                    self.none_or_whole(good, said)
                self.restore(self.known)
        return failed

    def whole(self, good, same, said):
        now = self.snapshot()
        self.assertEqual(now.keys(), good.keys(), said)
        for name, (mode, content) in good.items():
            self.assertEqual(now[name][0], mode, said)
            self.assertEqual(now[name][1] if same else len(now[name][1] or b""), content if same else len(content or b""), said)

    def none_or_whole(self, good, said):
        """What has its name has all its bytes: the reason may come after it, when its folder is synced, or there are two."""
        now = self.snapshot()
        for name in now.keys() - self.known.keys():
            self.assertEqual(len(now[name][1] or b""), len(good[name][1] or b""), said)
        self.assertEqual({n: now[n] for n in self.known}, self.known, said)


def case(name):
    def test(self):
        args, outputs = self.commands(name)[name]
        same = args[0] in ("build", "open", "import", "check")
        self.assertGreater(self.sweep(args, outputs, same), 5)
    test.__doc__ = f"DISK-07: {name}"
    return test


for command in ("keygen", "key", "build", "build of a pipe", "sign", "encrypt", "pack", "pack in threads", "pack into a folder", "pack and go on",
                "inspect", "open", "check", "check with a report", "check and explain", "diff", "export credentials", "export for a server", "import",
                "init"):
    setattr(Starved, "test_disk_07_" + command.replace(" ", "_"), case(command))


class Conversations(Faulty):
    """The station's side: a device is either as it was or as it should be, and the same command again succeeds."""

    def setUp(self):
        super().setUp()
        Simulated(self, "--state", "sim")

    def files(self):
        return {p.name: p.read_bytes() for p in self.dir.iterdir() if p.is_file()}

    def sweep(self, args, output):
        """The command again and again; the output is as it was, or whole."""
        args = [*args.split(), "-d", "sim/1", "--timeout", "5"]
        want = self.traced(args)
        self.assertEqual(want.returncode, 0, want.err)
        failed = 0
        for kind, most in (("own", 40), ("alloc", 40)):
            for n in some(self.counted(want, kind), most, 10):
                before = self.files()
                run = self.faulty(args, f"{kind}:{n}:{NO_MEMORY}", LIBRARIES if kind == "alloc" else None)
                said = f"{kind} {n}: " + self.decent(run, 0, 10)
                now = self.files()
                if run.returncode:
                    failed += 1
                    self.assertRegex(run.err, WORDS, said)
                self.assertEqual(now.keys(), before.keys(), said)
                self.assertEqual({k: v for k, v in now.items() if k != output}, {k: v for k, v in before.items() if k != output}, said)
                self.run_tool("inspect", output)
        self.run_tool(*args)
        return failed

    def test_disk_07_enroll_claim_push_verify(self):
        self.write("p.yaml", (self.dir / "p.yaml").read_text().replace("sequence: 1", "sequence: 2"))
        self.write("d.csv", "imei\n001010010000014\n")
        self.assertGreater(self.sweep("enroll -o y.cards", "y.cards"), 5)
        self.assertGreater(self.sweep("claim -k owner.pem --cards y.cards --evidence e", "e"), 5)
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--seed", "seed.key", "--cards", "y.cards", "-o", "p.packages")
        self.assertGreater(self.sweep("push p.packages --cards y.cards --evidence e", "e"), 5)
        self.assertGreater(self.sweep("verify --cards y.cards --evidence e", "e"), 5)


if __name__ == "__main__":
    unittest.main()
