# SPDX-License-Identifier: Apache-2.0
"""The completions, each in its own shell."""
import os
import subprocess
import unittest

from tool import IMPRINT, ROOT, Case


class Completion(Case):
    def setUp(self):
        super().setUp()
        (self.dir / "bin").mkdir()
        (self.dir / "bin" / "imprint").symlink_to(IMPRINT)
        self.env = {**os.environ, "PATH": f"{self.dir}/bin:{os.environ['PATH']}", "HOME": str(self.dir), "LC_ALL": "C.UTF-8"}

    def shell(self, *command):
        return subprocess.run(command, cwd=self.dir, env=self.env, capture_output=True, text=True, timeout=60).stdout.split()

    def bash(self, line):
        script = f"""compopt() {{ :; }}
. {ROOT}/completions/imprint.bash
COMP_LINE='{line}'; COMP_POINT=${{#COMP_LINE}}; COMPREPLY=(); _imprint; printf '%s\\n' "${{COMPREPLY[@]}}" """
        return self.shell("bash", "-c", script)

    def fish(self, line):
        return self.shell("fish", "-c", f"source {ROOT}/completions/imprint.fish; complete -C '{line}' | string split -f1 \\t")

    def zsh(self, line):
        """A zsh of its own on a pseudo-terminal, with a TAB pressed in it."""
        script = f"""zmodload zsh/zpty
zpty z 'zsh -f -i'
zpty -w z 'PS1= PS2= ; fpath=({ROOT}/completions $fpath); autoload -U compinit; compinit -u -D; zstyle ":completion:*" list-colors ""; LISTMAX=0; stty -echo columns 200; print READY'
zpty -r z out '*READY*'; zpty -r z out '*READY*'
zpty -n -w z '{line}'$'\\t\\t\\t'
sleep 1
zpty -r -t z out; print -r -- $out
while zpty -r -t z out; do print -r -- $out; done
zpty -d z"""
        run = subprocess.run(["zsh", "-f", "-c", script], cwd=self.dir, env=self.env, capture_output=True, timeout=60)
        return run.stdout.decode("utf-8", "replace")

    def test_bash(self):
        self.assertEqual(self.bash("imprint pus"), ["push"])
        self.assertIn("--dry-run", self.bash("imprint push --d"))
        self.assertEqual(self.bash("imprint keygen --class=t"), ["test"])
        (self.dir / "line.packages").write_text("")
        self.assertIn("line.packages", self.bash("imprint push --cards line."))

    def test_fish(self):
        self.assertEqual(self.fish("imprint pus"), ["push"])
        self.assertIn("--dry-run", self.fish("imprint push --d"))

    def test_zsh(self):
        self.assertIn("simulate", self.zsh("imprint simu"))
        self.assertIn("verify", self.zsh("imprint ver"))


unittest.main()
