# SPDX-License-Identifier: Apache-2.0
"""The completions, each in its own shell."""
import os
import pty
import re
import select
import subprocess
import time
import unittest

from tool import IMPRINT, ROOT, Case

KEYS = ["pkcs11:token=", "handle:0x81"]  # beside files


class Bash:
    """A bash at a pseudo-terminal, plain: no startup files, the usual word breaks. ^G shows the line as it stands."""

    def __init__(self, case, env):
        self.case, (self.pid, self.fd) = case, pty.fork()
        if self.pid == 0:
            os.chdir(case.dir)
            os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], {**env, "TERM": "dumb", "PS1": "", "HISTFILE": ""})
        self.say(f"bind 'set bell-style none' 'set page-completions off' 'set completion-query-items 0'; . {ROOT}/completions/imprint.bash\n"
                 "bind -x '\"\\C-g\": printf \"<<%s>>\" \"$READLINE_LINE\"'; echo REA''DY\n", "READY")

    def say(self, keys, until):
        """What came up to the mark, and the mark."""
        os.write(self.fd, keys.encode())
        seen, end = "", time.monotonic() + 30
        while until not in seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            self.case.assertTrue(ready, f"{keys!r}: {seen!r}")
            seen += os.read(self.fd, 65536).decode()
        return seen

    def line(self, typed):
        """The line once TAB was pressed behind it."""
        shown = self.say(f"{typed}\t\x07", ">>")
        self.say("\x15echo EN''D\n", "END")
        return re.findall(r"<<(.*)>>", shown)[0]

    def list(self, typed):
        """What a second TAB lists."""
        shown = self.say(f"{typed}\t\t\x07", ">>")
        self.say("\x15echo EN''D\n", "END")
        return shown[:shown.rindex("<<")].replace(typed, " ").replace("^G", " ").split()  # typed while a completion ran, the bell is echoed

    def end(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


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
                self.assertTrue({"all", "usb:", "tcp:", "serial:"} <= set(shell("imprint push -d ")))
                self.assertNotIn("line.packages", shell("imprint push -d "))
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

    def test_an_action_has_options_of_its_own(self):
        self.assertTrue({"--origin=", "--ledger=", "--help"} <= set(self.offers("ledger", "init", "--")))
        self.assertFalse({"--item=", "--since=", "--cosigns"} & set(self.offers("ledger", "init", "--")))
        self.assertTrue({"--name=", "--cosigns"} <= set(self.offers("ledger", "key", "--")))
        self.assertTrue({"--name=", "--seen="} <= set(self.offers("ledger", "cosign", "--")))
        self.assertIn("--item=", self.offers("ledger", "--"))  # any, before there is an action

    def test_zsh(self):
        (self.dir / "one.file").write_text("")
        self.assertIn("simulate", self.zsh("imprint simu"))
        self.assertIn("verify", self.zsh("imprint ver"))
        for command in ("key", "check", "build", "sign", "encrypt", "pack", "push", "diff", "inspect", "open"):
            with self.subTest(command):
                self.assertIn("one.file", self.zsh(f"imprint {command} on"))
        shown = self.zsh("imprint push -d ")
        self.assertTrue("all" in shown and "one.file" not in shown and ":FILE" not in shown, shown)
        self.assertRegex(self.zsh("imprint push -d us"), r"usb:(?! )")

    def test_names_of_devices_in_a_plain_bash(self):
        """On a pseudo-terminal: a scheme goes on without a space or a backslash, ports and simulated devices come by path, files never."""
        for name in ("owner.pem", "README.md"):
            (self.dir / name).write_text("")
        for folder in ("sim/devices", "folder"):
            (self.dir / folder).mkdir(parents=True)
        (self.dir / "sim/1").symlink_to("tcp:127.0.0.1:5")
        (self.dir / "sim/2").symlink_to("/dev/null")
        (self.dir / "folder/ttyX0").symlink_to("/dev/null")
        (self.dir / "a=b").mkdir()
        (self.dir / "a=b/ttyX0").symlink_to("/dev/null")
        bash = Bash(self, self.env)
        self.addCleanup(bash.end)
        for typed, line in (("us", "usb:"), ("tc", "tcp:"), ("tcp:", "tcp:"), ("se", "serial:"), ("serial:u", "serial:usb="), ("serial:usb=", "serial:usb="),
                            ("serial:by-i", "serial:by-id/"), ("serial:/dev/nul", "serial:/dev/null "), ("/dev/nul", "/dev/null "), ("al", "all "),
                            ("si", "sim/"), ("sim/1", "sim/1 "), ("fold", "fold"), ("./fold", "./folder/"), ("folder/", "folder/ttyX0 "),
                            ("serial:./fold", "serial:./folder/"), ("serial:folder/t", "serial:folder/ttyX0 "), ("./a=b/t", "./a=b/ttyX0 "), ("own", "own"), ("./own", "./own")):
            with self.subTest(typed):
                self.assertEqual(bash.line(f"imprint push -d {typed}"), f"imprint push -d {line}")
                self.assertEqual(bash.line(f"imprint push --device={typed}"), f"imprint push --device={line}")
        every = bash.list("imprint push -d ")
        self.assertTrue({"all", "usb:", "serial:", "tcp:", "sim/1", "sim/2"} <= set(every), every)
        self.assertFalse({"owner.pem", "README.md", "sim", "folder"} & set(every), every)
        self.assertEqual(set(bash.list("imprint push -d sim/")), {"sim/1", "sim/2"})
        self.assertEqual(set(bash.list("imprint push -d serial:")), {"by-id/", "by-path/", "usb="})

    def test_names_of_faults(self):
        bash = Bash(self, self.env)
        self.addCleanup(bash.end)
        for typed, line in (("noi", "noise "), ("cu", "cut@"), ("lie:ap", "lie:applied "), ("2:sil", "2:silent "), ("2:lie:loc", "2:lie:locked ")):
            with self.subTest(typed):
                self.assertEqual(bash.line(f"imprint simulate --fault {typed}"), f"imprint simulate --fault {line}")

    def test_each_option_value_is_of_the_vocabulary(self):
        """For every option of every command: files, folders, words or nothing, by its metavar."""
        for command in self.offers(""):
            options = subprocess.run([IMPRINT, "options", command], capture_output=True, text=True, check=True).stdout
            for option, metavar in re.findall(r"\*(--[\w-]+)\*=_(.+?)_\n", options):
                expected = {"FILE": [":FILE"], "KEY": KEYS + [":FILE"], "PUB": KEYS + [":FILE"], "DIR": [":DIR"], "MODEM": ["3gpp", "nrf91", ":FILE"]}.get(metavar, metavar.split("|") if "|" in metavar else [])
                got = self.offers(command, option, "")
                with self.subTest(f"{command} {option}"):
                    if metavar == "DEVICE":
                        self.assertEqual(got[:4], ["all", "usb:", "serial:", "tcp:"])
                    elif metavar == "FAULT":
                        self.assertTrue({"cut@", "noise", "lie:applied", "lie:smp-error@"} <= set(got), got)
                    else:
                        self.assertEqual(got, expected)
                        self.assertEqual(self.offers(command, f"{option}="), expected)


unittest.main()
