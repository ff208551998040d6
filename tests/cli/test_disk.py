# SPDX-License-Identifier: Apache-2.0
"""Disks that are full, broken, read-only: an exit status of 10, a sentence, and every file as it was before.

DISK-01, 02, 03, 04, 05, 06, 08, 09; DISK-07 is in test_starved.py.
"""
import os
import resource
import unittest

from faulty import COMMANDS, FOLDERS, SOAK, Faulty, code, some

# For the soak: each index; else these commands have the ways in which files come about.
WRITERS = [name for name, (_, outputs) in COMMANDS.items() if outputs] if SOAK else \
    ["keygen", "build of a pipe", "sign", "pack in threads", "pack into a folder", "pack and go on", "open", "check with a report", "export credentials",
     "export for a server", "import", "init"]

# The search for leaks takes descriptors of its own.
FEW = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


class Disk(Faulty):
    def whole(self, outputs, good, said):
        """Outputs that have their names are whole: of the right size and mode; signatures and keys differ each time."""
        now = self.snapshot()
        for name in good.keys() - self.known.keys():
            if name.split("/")[0] in outputs:
                self.assertIn(name, now, said)
                self.assertEqual(now[name][0], good[name][0], said)
                self.assertEqual(len(now[name][1] or b""), len(good[name][1] or b""), said)

    def one(self, args, outputs, before, good, call, fault, words):
        run = self.faulty(args, fault)
        said = fault + " " + self.decent(run, 10)
        self.assertRegex(run.err, words, said)
        self.no_debris(outputs, said)
        if call.named:
            self.whole(call.named, good, said)
        else:
            self.untouched(before, said)
        self.restore(before)

    def named(self, args, before):
        """A run without faults: its calls, each with the outputs that had their names before it; and what it made."""
        run = self.traced(args)
        self.assertEqual(run.returncode, 0, run.err)
        good, named = self.snapshot(), set()
        for call in run.calls:
            call.named = frozenset(named)
            if call.name in ("rename", "link"):
                named.add(os.path.basename(call.second))
        self.restore(before)
        return run.calls, good

    def sweep(self, kind, number, words, follow="+", skip=lambda call: False):
        """The call fails at each index: that one alone, and all that follow."""
        faults = 0
        for name in WRITERS:
            for args, outputs, before in self.variants(name):
                calls, good = self.named(args, before)
                for call in calls:
                    if call.name != kind or skip(call):
                        continue
                    for more in ("", follow) if SOAK or call.number == 1 else ("",):
                        self.one(args, outputs, before, good, call, f"{kind}:{call.number}{more}:{code(number)}", words)
                        faults += 1
        self.restore(self.known)
        return faults

    NAMES = r"(?m)^imprint: (new\S*|standard output|/\S+): "

    def test_disk_01_no_space_at_each_write(self):
        self.assertGreater(self.sweep("write", "ENOSPC", self.NAMES + r"(no room to keep .*: )?No space left on device\n(hint: \d+ bytes are free on \S+ \(/|\Z)"), 20)

    def test_disk_01_rows_that_were_left_out_hide_nothing(self):
        """There is no file, whatever else there is to be told."""
        self.write("d.csv", (self.dir / "d.csv").read_text() + "1,\n")
        before = self.snapshot()
        for name in ("build and go on", "pack and go on", "export credentials"):
            args = [*COMMANDS[name][0].split(), *(["--keep-going"] if "export" in name else [])]
            run = self.traced(args)
            self.assertRegex(run.err, "\nimprint: d.csv: 1 row left out\n\\Z", name)
            self.assertEqual(run.returncode, 11)
            self.restore(before)
            for kind in ("write", "sync"):
                at = next(c.number for c in run.calls if c.name == kind and "/new." in c.path)
                failed = self.faulty(args, f"{kind}:{at}:{code('ENOSPC')}")
                self.assertEqual(failed.returncode, 10, failed.err)
                self.assertRegex(failed.err, self.NAMES + r"No space left on device\nhint: \d+ bytes are free", name)
                self.assertNotIn("left out", failed.err)
                self.untouched(before, failed.err)

    def test_disk_01_no_space_for_the_name(self):
        self.assertGreater(self.sweep("open", "ENOSPC", self.NAMES + r"(cannot create it: |no room to keep .*: )?No space left on device\nhint: \d+ bytes"), 10)
        self.assertGreater(self.sweep("link", "ENOSPC", self.NAMES + r"No space left on device\nhint: \d+ bytes"), 5)
        self.assertGreater(self.sweep("mkdir", "ENOSPC", self.NAMES + r"cannot create it: No space left on device\nhint: \d+ bytes"), 0)

    def test_disk_02_a_sync_that_fails_is_fatal_and_not_repeated(self):
        """Never again: the kernel has dropped the pages, and a second sync would say that all is well."""
        self.assertGreater(self.sweep("sync", "EIO", self.NAMES + r"(cannot sync its folder: )?Input/output error\nhint: \S+ \(/.* fails: dmesg"), 20)
        for args, outputs, before in self.variants("sign"):
            calls, _ = self.named(args, before)
            files = [c.number for c in calls if c.name == "sync" and not c.named]
            self.assertEqual(len(files), 1)
            run = self.traced(args, f"sync:{files[0]}:{code('EIO')}")
            self.assertEqual(self.counted(run, "sync"), 1)
            self.restore(before)

    def test_disk_02_close_reports_what_was_written_late(self):
        """Of an output; that an input closes badly means nothing."""
        def is_input(call):
            return not (call.path.endswith(".tmp") or "/new.d." in call.path) or os.path.basename(call.path).startswith("new.d.") and call.path.count("/") == str(self.dir).count("/") + 1
        self.assertGreater(self.sweep("close", "EIO", self.NAMES + "Input/output error", skip=is_input), 10)

    def test_disk_03_quota(self):
        words = self.NAMES + r"(.*: )?Disk quota exceeded\n(hint: quota -s|\Z)"
        self.assertGreater(self.sweep("write", "EDQUOT", words), 20)
        self.assertGreater(self.sweep("open", "EDQUOT", words), 10)

    def test_disk_04_read_only(self):
        self.assertGreater(self.sweep("open", "EROFS", self.NAMES + r"(.*: )?Read-only file system\nhint: \S+ \(/.* is mounted read-only"), 10)
        self.assertGreater(self.sweep("mkdir", "EROFS", self.NAMES + r"(.*: )?Read-only file system\nhint: \S+ \(/.* is mounted read-only"), 0)

    def test_disk_04_a_folder_where_nobody_may_write(self):
        """PERM: the name is wrong, not the disk: 2."""
        for name in WRITERS:
            for args, outputs, before in self.variants(name):
                calls, _ = self.named(args, before)
                at = [c for c in calls if c.name in ("open", "mkdir") and os.path.basename(c.path).startswith("new")][0]
                run = self.faulty(args, f"{at.name}:{at.number}:{code('EACCES')}")
                said = self.decent(run, 2)
                self.assertRegex(run.err, r"cannot create it: Permission denied\nhint: ls -ld shows who may write to \S+", said)
                self.untouched(before, said)

    def test_disk_05_standard_output(self):
        """SIG-03: a full disk behind it, and nobody who reads it."""
        for name in COMMANDS if SOAK else ("key", "build", "sign", "pack in threads", "inspect", "open", "check and explain", "diff", "import"):
            if name == "check" or name not in self.commands() or name in FOLDERS or "--format" in COMMANDS[name][0]:
                continue
            args = self.commands(name)[name][0]
            if "-o" in args and args[0] != "keygen":
                at = args.index("-o")
                args = args[:at] + args[at + 2:]
            with self.subTest(name), open("/dev/full", "wb") as full:
                run = self.faulty(args, stdout=full)
                self.assertRegex(run.err, "(?m)^imprint: standard output: No space left on device\n", self.decent(run, 10))
                self.restore(self.known)
                r, w = os.pipe()
                os.close(r)
                run = self.faulty(args, stdout=w)
                os.close(w)
                self.assertRegex(run.err, "(?m)^imprint: standard output: Broken pipe\n", self.decent(run, 10))
                if args[0] != "keygen":
                    self.untouched(self.known, name)
            self.restore(self.known)

    def test_disk_05_what_failed_in_the_middle_is_told_at_the_end(self):
        """More than fits a buffer: the first part is lost, the last one goes out."""
        for name in ("help --all", "inspect x.profiles"):
            run = self.traced(name.split())
            writes = self.counted(run, "write")
            for n in range(1, writes + 1):
                run = self.faulty(name.split(), f"write:{n}:{code('ENOSPC')}")
                self.assertRegex(run.err, "^imprint: standard output: (No space left on device|not all of it was taken)\n", self.decent(run, 10))

    def test_disk_06_no_renaming_across_devices(self):
        for kind in ("rename", "link"):
            self.assertGreater(self.sweep(kind, "EXDEV", self.NAMES + "Invalid cross-device link\nhint: a mount point is not replaced"), 4)

    def test_short_writes_and_reads_are_continued(self):
        """A disk that takes half of what it is given, each time: the same bytes."""
        for name in ("build", "build of a pipe", "inspect"):
            args, outputs = self.commands(name)[name]
            want = self.faulty(args)
            good = self.snapshot()
            self.restore(self.known)
            for kind in ("write", "read"):
                run = self.faulty(args, f"{kind}:1+:short")
                self.assertEqual((run.returncode, run.stdout), (0, want.stdout), run.err)
                self.assertEqual(self.snapshot(), good)
                self.restore(self.known)

    def test_reads_that_fail_leave_nothing(self):
        """EIO at each read of an input, and of what was kept meanwhile."""
        for name in WRITERS:
            for args, outputs, before in self.variants(name):
                calls, _ = self.named(args, before)
                for n in some(max([c.number for c in calls if c.name == "read"], default=0), 8):
                    run = self.faulty(args, f"read:{n}:{code('EIO')}")
                    said = f"read {n} " + self.decent(run, 10)
                    self.assertIn("Input/output error", run.err, said)
                    self.untouched(before, said)
        self.restore(self.known)

    def test_disk_08_few_descriptors(self):
        """From none to enough: done, or 10 with the limit named."""
        done = set()
        for name in self.commands():
            args, outputs = self.commands()[name]
            for limit in range(4, 13) if SOAK else (4, 8):
                run = self.faulty(args, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)), env=FEW)
                said = f"{limit} descriptors: {name} " + self.decent(run, 0, 10)
                if run.returncode == 0:
                    done.add((name, limit))
                else:
                    self.assertRegex(run.err, "(Too many open files|No file descriptors available)\nhint: ulimit -n ", said)
                    self.untouched(self.known, said)
                self.restore(self.known)
        self.assertEqual({n for n, limit in done if limit == 8}, set(self.commands()), "eight are enough")

    def test_disk_09_no_place_for_what_must_wait(self):
        """A pipe that is read twice, a batch whose count is not known yet."""
        for name in ("build of a pipe", "pack and go on"):
            args, outputs = self.commands(name)[name]
            self.write("plain", "x")
            before = self.snapshot()
            for folder, why in (("no/such", "No such file or directory"), ("plain", "Not a directory"), ("/proc", "")):
                run = self.faulty(args, env={"TMPDIR": folder})
                said = self.decent(run, 10)
                self.assertRegex(run.err, rf"^imprint: {folder}: no room to keep (standard input|new): {why}", said)
                self.assertIn("hint: TMPDIR names another folder for it\n", run.err)
                self.untouched(before, said)
            run = self.traced(args, env={"TMPDIR": str(self.dir)})
            self.assertEqual(run.returncode, 0, run.err)
            spool = [c for c in run.calls if c.name == "open"][0 if "-" in args else 1]
            self.assertEqual(spool.path, str(self.dir))
            self.restore(before)
            run = self.faulty(args, f"open:{spool.number}:{code('EACCES')}", env={"TMPDIR": str(self.dir)})
            self.assertRegex(run.err, "no room to keep .*: Permission denied\nhint: ls -ld", self.decent(run, 10))
            # Without O_TMPFILE, as on some overlays: a name for a moment.
            run = self.faulty(args, f"open:{spool.number}:{code('EOPNOTSUPP')}", env={"TMPDIR": str(self.dir)})
            self.assertEqual(run.returncode, 0, run.err)
            self.no_debris([*outputs, "plain"], "the copy lost its name")
            self.restore(self.known)
            (self.dir / "plain").unlink(missing_ok=True)

    def test_threads_that_cannot_be_had(self):
        for n in (1, 2, 3):
            run = self.faulty(COMMANDS["pack in threads"][0].split(), f"thread:{n}:{code('EAGAIN')}")
            said = self.decent(run, 10)
            self.assertIn(f"thread {n} of 3: Resource temporarily unavailable\nhint: -j 1 ", run.err)
            self.untouched(self.known, said)


if __name__ == "__main__":
    unittest.main()
