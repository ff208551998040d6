# SPDX-License-Identifier: Apache-2.0
"""What a reader of a README types: the "$ ..." lines of its code blocks, in one terminal, and the output shown below them."""
import os
import pathlib
import re
import subprocess

from tool import IMPRINT

MARK = "--typed--"


def blocks(text):
    """Lists of (command, output shown), a list a code block."""
    for block in re.findall(r"^```\n(.*?)^```", text, re.S | re.M):
        if block.startswith("$ "):
            yield re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M)


class Terminal:
    """A shell's working folder, and imprint on its path."""

    def __init__(self, case, folder, bin_folder):
        self.case, self.folder, self.count = case, folder, 0
        bin_folder.mkdir(exist_ok=True)
        if not (bin_folder / "imprint").exists():
            (bin_folder / "imprint").symlink_to(IMPRINT)
        self.env = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}

    def type(self, text):
        for block in blocks(text):
            rest = list(block)
            while rest:
                command, shown = rest.pop(0)
                if re.fullmatch(r"imprint simulate .* -- sh", command):
                    end = [c for c, _ in rest].index("exit")
                    self.within(command, rest[:end])
                    rest = rest[end + 1:]
                else:
                    self.check(command, shown, *self.run(f"{command}\nstatus=$?; echo {MARK}; pwd; exit $status"))

    def run(self, script, stdin=None):
        run = subprocess.run(["sh", "-c", script], cwd=self.folder, env=self.env, input=stdin, capture_output=True, text=True, timeout=120)
        out, _, there = run.stdout.rpartition(f"{MARK}\n")
        if stdin is None:
            self.folder = pathlib.Path(there.strip() or self.folder)
        return run.returncode, out if stdin is None else run.stdout, run.stderr

    def within(self, command, typed):
        """What is typed at the shell that a command starts, until it is left."""
        script = "".join(f"{c}\necho {MARK} $?\n" for c, _ in typed) + "exit\n"
        status, out, err = self.run(command, script)
        answers = re.findall(rf"(.*?){MARK} (\d+)\n", out, re.S)
        self.case.assertEqual((status, len(answers)), (0, len(typed)), f"{command}\n{out}\n{err}")
        for (c, shown), (answer, code) in zip(typed, answers):
            self.check(c, shown, int(code), answer, err)

    def check(self, command, shown, status, out, err):
        self.count += 1
        self.case.assertEqual(status, 0, f"{command}\n{out}\n{err}")
        self.case.assertNotIn("Sanitizer", err)
        if shown:
            self.case.assertEqual(out, shown, command)
