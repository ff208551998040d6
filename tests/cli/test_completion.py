# SPDX-License-Identifier: Apache-2.0
"""The completions, each in its own shell."""
import os
import re
import subprocess
import unittest

from tool import IMPRINT, ROOT, Case

KEYS = ["pkcs11:token=", "handle:0x81"]  # beside files


class Completion(Case):
    def setUp(self):
        super().setUp()
        (self.dir / "bin").mkdir()
        (self.dir / "bin" / "imprint").symlink_to(IMPRINT)
        self.env = {**os.environ, "PATH": f"{self.dir}/bin:{os.environ['PATH']}", "HOME": f"{self.dir}/bin", "LC_ALL": "C.UTF-8"}

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

    def offers(self, *words):
        """What imprint itself offers for the last of these words."""
        run = subprocess.run([IMPRINT, "complete", "--", *words], capture_output=True, text=True, check=True)
        return [line.split("\t")[0] for line in run.stdout.splitlines()]

    def test_each_shell_offers_what_imprint_does(self):
        """Words; files where the argument or the value is one; words and files for a device, and never the mark that asks for files."""
        (self.dir / "line.packages").write_text("")
        (self.dir / "folder").mkdir()
        for name, shell in (("bash", self.bash), ("fish", self.fish)):
            with self.subTest(name):
                self.assertEqual(shell("imprint pus"), ["push"])
                self.assertIn("--dry-run", shell("imprint push --d"))
                self.assertIn("line.packages", shell("imprint push --cards line."))
                both = shell("imprint push -d ")
                self.assertTrue({"all", "line.packages"} <= set(both), both)
                self.assertIn("folder", [f.rstrip("/") for f in shell("imprint simulate --state ")])
                self.assertEqual({"test", "production"}, set(shell("imprint keygen --class ")))
                self.assertIn("verify", shell("imprint help ve"))
        self.assertEqual(self.bash("imprint keygen --class=t"), ["test"])
        for line in ("imprint simulate --state ", "imprint init "):
            self.assertEqual(set(self.bash(line)), {"bin", "folder"})
        self.assertEqual(set(self.fish("imprint init --example ")), {"nb-iot-sensor", "lte-m-tracker", "calibration"})

    def test_each_command_that_takes_a_file_offers_files(self):
        (self.dir / "one.file").write_text("")
        commands = {name for name in self.offers("") if self.offers(name, "")}
        self.assertEqual(commands, {"approve", "key", "check", "build", "sign", "encrypt", "pack", "push", "diff", "inspect", "open", "help", "import", "export", "init", "ledger", "audit", "transfer"})
        self.assertEqual(self.offers("export", ""), ["credentials", ":FILE"])
        self.assertEqual(self.offers("ledger", "ver"), ["verify", ":FILE"])
        for command in sorted(commands - {"help", "import", "export", "init", "ledger", "audit"}):
            for name, shell in (("bash", self.bash), ("fish", self.fish)):
                with self.subTest(f"{name} {command}"):
                    keys = set(KEYS) if command == "key" else set()
                    self.assertEqual(set(shell(f"imprint {command} ")), keys | ({"bin/", "one.file"} if name == "fish" else {"bin", "one.file"}))

    def test_zsh(self):
        (self.dir / "one.file").write_text("")
        self.assertIn("simulate", self.zsh("imprint simu"))
        self.assertIn("verify", self.zsh("imprint ver"))
        for command in ("key", "check", "build", "sign", "encrypt", "pack", "push", "diff", "inspect", "open"):
            with self.subTest(command):
                self.assertIn("one.file", self.zsh(f"imprint {command} on"))
        shown = self.zsh("imprint push -d ")
        self.assertTrue("all" in shown and "one.file" in shown and ":FILE" not in shown, shown)

    def test_each_option_value_is_of_the_vocabulary(self):
        """For every option of every command: files, folders, words or nothing, by its metavar."""
        for command in self.offers(""):
            options = subprocess.run([IMPRINT, "options", command], capture_output=True, text=True, check=True).stdout
            for option, metavar in re.findall(r"\*(--[\w-]+)\*=_(.+?)_\n", options):
                expected = {"FILE": [":FILE"], "KEY": KEYS + [":FILE"], "PUB": KEYS + [":FILE"], "DIR": [":DIR"], "MODEM": ["3gpp", "nrf91", ":FILE"]}.get(metavar, metavar.split("|") if "|" in metavar else [])
                got = self.offers(command, option, "")
                with self.subTest(f"{command} {option}"):
                    if metavar == "DEVICE":
                        self.assertEqual((got[0], got[-1]), ("all", ":FILE"))
                    else:
                        self.assertEqual(got, expected)
                        self.assertEqual(self.offers(command, f"{option}="), expected)


unittest.main()
