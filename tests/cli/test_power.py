# SPDX-License-Identifier: Apache-2.0
"""A process that is killed, and a machine that loses power, at each call that changes a file (SIG-02, PWR-05).

Afterwards an output is as it was before, whole, or not there; what a killed process leaves beside it is called *.tmp, and the same command
again succeeds.
"""
import os
import signal
import unittest

from faulty import FOLDERS, REPLACING, SOAK, Faulty
from tool import Simulated

COMMANDS = ("keygen", "sign", "pack", "pack into a folder", "pack in threads", "build of a pipe", "check with a report", "export credentials",
            "export for a server", "import", "init")


class Node:
    """A file or folder on a disk that keeps what was synced: contents by file, names by folder."""

    def __init__(self, folder, kept=True):
        self.folder = folder
        self.now, self.kept = {}, {}   # names
        self.writes = self.synced = 0  # of contents
        self.old = kept                # it was there before

    def sync(self):
        self.kept, self.synced = dict(self.now), self.writes

    def sync_all(self):
        self.sync()
        for node in self.now.values():
            node.sync_all()


class Model:
    """What a disk holds after some calls."""

    def __init__(self, existing):
        self.root = Node(True)
        for path, is_folder in existing:
            self.put(path, Node(is_folder))
        self.root.sync_all()

    def find(self, path):
        node = self.root
        for name in path.strip("/").split("/"):
            node = node.now.get(name) if node else None
        return node

    def parent(self, path):
        """The folder of a path; those that no call made are there already."""
        node = self.root
        for name in os.path.dirname(path).strip("/").split("/"):
            if name not in node.now:
                node.now[name] = node.kept[name] = Node(True)
            node = node.now[name]
        return node.now

    def put(self, path, node):
        self.parent(path)[os.path.basename(path)] = node

    def take(self, call):
        path = call.path
        if call.name == "open" and not self.find(path):
            self.put(path, Node(False, kept=False))
        elif call.name == "mkdir":
            self.put(path, Node(True, kept=False))
        elif call.name == "write" and self.find(path):
            self.find(path).writes += 1
        elif call.name == "sync" and self.find(path):
            self.find(path).sync_all() if call.second == "*" else self.find(path).sync()
        elif call.name in ("rename", "link"):
            self.put(call.second, self.find(path))
        if call.name in ("rename", "unlink"):
            self.parent(path).pop(os.path.basename(path), None)

    def after_power_loss(self, path, names_kept):
        """'old', 'whole', 'broken', or None: what has this name now. Names that were not synced may have got to the disk, or not."""
        node = self.root
        for name in path.strip("/").split("/"):
            node = (node.now if names_kept else node.kept).get(name)
            if node is None:
                return None
        return self.state(node, names_kept)

    def state(self, node, names_kept):
        if node.old:
            return "old"
        names = node.now if names_kept else node.kept
        whole = node.synced == node.writes > 0 if not node.folder else len(names) == len(node.now) > 0 and all(
            self.state(n, names_kept) == "whole" for n in names.values())
        return "whole" if whole else "broken"


class Power(Faulty):
    def sizes(self, snapshot, outputs):
        return {n: len(c or b"") for n, (_, c) in snapshot.items() if n.split("/")[0] in outputs}

    def of(self, output, sizes):
        return {n: size for n, size in sizes.items() if n.split("/")[0] == output}

    def changes(self, args, before):
        run = self.traced(args)
        self.assertEqual(run.returncode, 0, run.err)
        good = self.snapshot()
        self.restore(before)
        return run.calls, max(c.change for c in run.calls), good

    def test_sig_02_killed_at_each_change(self):
        for name in COMMANDS:
            for args, outputs, before in self.variants(name):
                _, count, good = self.changes(args, before)
                for n in range(1, count + 1):
                    with self.subTest(name, n=n):
                        run = self.faulty(args, f"change:{n}:kill")
                        said = f"{n} of {count}: " + self.decent(run, -signal.SIGKILL)
                        now = self.snapshot()
                        debris = {x.split("/")[0] for x in now.keys() - before.keys() - good.keys()}
                        self.assertLessEqual(len(debris), len(outputs), said)
                        for x in debris:
                            self.assertRegex(x, r"^new.*\.([0-9a-f]{8}\.tmp|[A-Za-z0-9]{6})$", said)
                        got, whole = self.sizes(now, outputs), self.sizes(good, outputs)
                        for output in outputs:
                            self.assertIn(self.of(output, got), ({}, self.of(output, whole), self.sizes(before, [output])), said)
                        if name not in FOLDERS or not got:
                            self.run_tool(*args, *(["--force"] if got and name not in REPLACING and "--force" not in args else []), stdin=(self.dir / "d.csv").read_bytes())
                        self.assertEqual(self.sizes(self.snapshot(), outputs), whole, said)
                    self.restore(before)
            self.restore(self.known)

    def test_pwr_05_power_is_lost_at_each_change(self):
        """Only what was synced is kept; names that were not may be kept or not. When the command says that it is done, it is."""
        for name in COMMANDS:
            for args, outputs, before in self.variants(name):
                calls, count, _ = self.changes(args, before)
                calls = [c for c in calls if c.change]
                existing = [(str(self.dir / n), c is None) for n, (_, c) in before.items()]
                for n in range(count + 1):
                    model = Model(existing)
                    for call in calls[:n]:
                        model.take(call)
                    for output in outputs:
                        for names_kept in (True, False):
                            state = model.after_power_loss(str(self.dir / output), names_kept)
                            was = "old" if output in before else None
                            said = f"{name}: {output} is {state} after {n} of {count}: {[(c.name, c.path, c.second) for c in calls[:n]]}"
                            self.assertIn(state, ("whole",) if n == count else (was, "whole"), said)
            self.restore(self.known)

    def test_the_model_sees_what_is_missing(self):
        """Without a sync of the contents, and of the folder."""
        args, _, before = next(self.variants("sign"))
        calls, _, _ = self.changes(args, before)
        syncs = [c for c in calls if c.name == "sync"]
        for left_out, names_kept, want in ((syncs[0], True, "broken"), (syncs[-1], False, None)):
            model = Model([])
            for call in calls:
                if call is not left_out:
                    model.take(call)
            self.assertEqual(model.after_power_loss(str(self.dir / "new"), names_kept), want)


class Stations(Faulty):
    """A station that is killed while it talks: the device is as it was or as it should be, files too."""

    def setUp(self):
        super().setUp()
        Simulated(self, "--state", "sim")

    def test_sig_02_a_station_is_killed(self):
        self.write("d.csv", "imei\n001010010000014\n")
        port = ["-d", "sim/1", "--timeout", "5"]
        steps = (["enroll", "-o", "y.cards"], ["claim", "-k", "owner.pem", "--cards", "y.cards", "--evidence", "e"],
                 ["push", "p.packages", "--cards", "y.cards", "--evidence", "e"], ["verify", "--cards", "y.cards", "--evidence", "e"])
        for sequence in range(1, 4 if SOAK else 2):
            for args in steps:
                args = [*args, *port]
                if args[0] == "push":
                    self.run_tool("pack", "p.yaml", "--csv", "d.csv", "--sequence", sequence, "-k", "owner.pem", "--seed", "seed.key",
                                  "--cards", "y.cards", "-o", "p.packages", "--force")
                count = 60
                for n in range(1, count):
                    run = self.faulty(args, f"change:{n}:kill")
                    said = self.decent(run, 0, -signal.SIGKILL)
                    for name in ("y.cards", "e"):
                        if (self.dir / name).exists():
                            self.run_tool("inspect", name)
                    if run.returncode == 0:
                        break
                self.assertEqual(run.returncode, 0, said)
                self.assertGreater(n, 5, said)
                self.run_tool(*args)
            held = self.lines(self.run_tool("verify", *port, "--cards", "y.cards", "--evidence", "e", "--json").out)[-1]
            self.assertEqual([d["sequence"] for d in held["domains"]], [sequence])


if __name__ == "__main__":
    unittest.main()
