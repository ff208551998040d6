# SPDX-License-Identifier: Apache-2.0
"""Sources and files: mistakes where they stand, outputs whole or not at all, secrets nowhere."""
import os
import pathlib
import socket
import stat
import subprocess
import time
import unittest

import cbor2

from tool import EXAMPLES, IMPRINT, Case, Simulated

HEAD = '''imprint: 1
profile: t
domain: owner
sequence: 1
target: {imei: "001010010000014"}
'''


class Sources(Case):
    def wrong(self, text, *expected, status=3, args=()):
        self.write("p.yaml", text)
        run = self.run_tool("build", "p.yaml", "-o", "out", *args, status=status)
        for words in expected:
            self.assertIn(words, run.err)
        self.assertFalse((self.dir / "out").exists())
        return run.err

    def setting(self, line, *expected):
        return self.wrong(HEAD + "settings:\n  " + line + "\n", *expected)

    def test_pro_01_empty(self):
        self.wrong("", "p.yaml: is empty")

    def test_pro_02_too_large(self):
        self.wrong("#" * (1 << 20) + "\n", "larger than")

    def test_pro_03_unknown_names_with_suggestions_all_at_once(self):
        err = self.wrong(HEAD.replace("profile", "profil") + 'settings:\n  celular: {psm-timer: 10h}\n  cellular: {psm-timr: 10h, active-timer: 20s}\n',
                         "p.yaml:2:1: unknown key 'profil'; did you mean profile?",
                         "p.yaml:7:3: unknown object 'celular'; did you mean cellular?",
                         "p.yaml:8:14: unknown resource 'psm-timr'; did you mean psm-timer?")
        self.assertIn("\n    profil: t\n    ^\n", err)

    def test_pro_04_duplicates(self):
        self.wrong(HEAD + "domain: network\nsettings: {cellular: {psm-timer: 10h}}\n", "p.yaml:6:1: key 'domain' stands there twice")

    def test_pro_05_missing(self):
        self.wrong("imprint: 1\nsettings: {cellular: {psm-timer: 10h}}\n", "domain is missing", "sequence is missing")
        self.setting("apn/0: {name: x}", "apn: auth is missing")

    def test_words_count(self):
        self.wrong(HEAD.replace("imprint: 1", "imprint: 2") + "settings: {cellular: {psm-timer: 10h}}\n", "p.yaml:1:10: imprint '2': expected 1\n", "p.yaml: 1 mistake\n")
        for fault, words in (("noise@3", "noise takes no number"), ("reboot", "reboot takes one number, from 1"), ("drop@1,2", "drop takes at most one number, from 1"),
                             ("cut", "cut takes 1 to 8 ascending numbers from 1")):
            self.assertIn(f"--fault {fault}: {words}\n", self.run_tool("simulate", "--fault", fault, "--", "true", status=2).err)
        self.write("d.csv", "imei\n001010010000014\n")
        self.assertIn("d.csv: has fewer than 2 rows", self.run_tool("simulate", "-n", "2", "--csv", "d.csv", "--", "true", status=2).err)
        self.write("e.csv", "imei\n")
        self.assertIn("e.csv: has fewer than 1 row\n", self.run_tool("simulate", "-n", "1", "--csv", "e.csv", "--", "true", status=2).err)

    def test_pro_a_variable_without_quotes(self):
        words = 'variables are put into quoted strings'
        self.wrong(HEAD.replace('"001010010000014"', "${imei}") + "settings: {cellular: {psm-timer: 10h}}\n", f'p.yaml:5:17: not YAML: ', f'{words}: "${{name}}"')
        self.wrong(HEAD + "settings: # \u00e9\n  apn/0: {name: n, apn: a${apn}, auth: none}\n", f'{words}: "${{name}}"')
        self.assertNotIn(words, self.wrong(HEAD + "settings: {apn/0: {name: n, apn: a{apn}, auth: none}}\n", "not YAML"))

    def test_pro_06_wrong_types(self):
        self.setting("apn/0: {name: x, auth: none, enabled: maybe}", "p.yaml:7:41: enabled 'maybe': expected true or false")
        self.setting("server/0: {short-id: many, lifetime: 1d, store: true, binding: U}", "short-id 'many': expected a number")
        self.setting("server/0: {short-id: 0, lifetime: 1d, store: true, binding: U}", "is not from 1 to 65534")
        self.setting("apn/0: {name: x, auth: nine}", "no such value; did you mean none?")
        self.setting("cellular: {smsc: [a, b]}", "takes one value, not a list")
        self.setting("security/0: {bootstrap: true, mode: nosec, server-key: abc}", "bytes need a form")
        self.setting("server/0: {short-id: 1, lifetime: 1d, store: true, binding: U, apn: here}", "expected OBJECT:INSTANCE")
        self.setting("cellular: {3: 1}", "reported by the device")

    def test_pro_07_identifiers(self):
        text = HEAD.replace("001010010000014", "001010010000015") + "settings: {cellular: {psm-timer: 10h}}\n"
        self.wrong(text, "check digit is 5, should be 4 (3GPP TS 23.003 6.2.1)")

    def test_pro_08_bytes(self):
        self.setting('security/0: {bootstrap: true, mode: nosec, server-key: {hex: "abc"}}', "odd number of hex digits")
        self.setting('security/0: {bootstrap: true, mode: nosec, server-key: {hex: "zz"}}', "no hex digits")
        self.setting('security/0: {bootstrap: true, mode: nosec, server-key: {base64: "a"}}', "is not base64")

    def test_pro_09_apn(self):
        for bad in ("a" * 101, "under_score", "dot.", "-x"):
            self.setting(f'apn/0: {{name: x, auth: none, apn: "{bad}"}}', "(3GPP TS 23.003 9.1)")

    def test_texts_of_the_head_are_bounded(self):
        settings = "settings: {cellular: {psm-timer: 10h}}\n"
        for name in ('""', '"' + "e" * 256 + '"', '"a\\tb"'):
            self.wrong(HEAD + f"endpoint: {name}\n" + settings, "p.yaml:6:11: ")
        self.wrong(HEAD + 'endpoint: "e-${serial}"\nvariables: {serial: {type: text}}\n' + settings, "endpoint: expected a name of 1 to 255 bytes",
                   args=("-s", "serial=" + "x" * 254))
        self.wrong(HEAD.replace("profile: t", "profile: " + "t" * 65) + settings, "p.yaml:2:10: profile: expected a label of 1 to 64 bytes")

    def test_pro_10_characters(self):
        self.wrong(b"\xef\xbb\xbf" + HEAD.encode(), "byte order mark")
        self.wrong(HEAD.encode() + b"settings: {a: \xff}\n", "p.yaml:6:15: is not UTF-8")
        self.assertNotIn("\u202e", self.wrong(HEAD + 'settings: {cellular: {smsc: "a\u202eb"}}\n', "bidirectional"))

    def test_pro_11_depth(self):
        self.wrong("[" * 10000, "nested deeper than 16")

    def test_pro_12_sequences(self):
        for bad in ("0", "-1", "18446744073709551616", "9223372036854775808", "x"):
            self.wrong(HEAD.replace("sequence: 1", f"sequence: {bad}") + "settings: {cellular: {psm-timer: 10h}}\n", "': expected a number from 1")

    def test_yaml_that_is_not_taken(self):
        for text, words in (("a: &x 1\nb: *x\n", "anchors"), ("a: !!str 1\n", "tags"), ("<<: {a: 1}\n", "merge keys"), ("a: 1\n---\nb: 2\n", "second document"),
                            ("? [a]\n: b\n", "key that is not a text"), ("- a\n", "expected KEY: VALUE"), ("a: [1\n", "not YAML")):
            self.wrong(text, words)

    def test_timers_are_exact_or_refused_with_neighbours(self):
        self.setting("cellular: {active-timer: 63s}", "the nearest are 62s and 2m")
        self.setting("cellular: {edrx-nb: {cycle: 50s, window: 2.56s}}", "no such cycle", "40.96s and 81.92s")
        self.setting("cellular: {edrx-nb: {cycle: 81.92s, window: 3s}}", "no such window", "2.56s and 5.12s")

    def test_secrets_are_masked(self):
        err = self.setting('apn/0: {name: x, auth: none, user: "topsecretuser", secret: [topsecretword], apn: "bad_apn"}', "apn 'bad_apn'")
        self.assertNotIn("topsecret", err)
        self.assertIn("*************", err)

    def test_perm_01_files_of_a_profile_stay_in_its_folder(self):
        """Neither a path nor a link leads out of it, nor into a pipe; the profile itself may be named through a link."""
        (self.dir / "sub").mkdir()
        self.write("outside", b"o" * 16)
        self.write("sub/inside", b"i" * 16)
        (self.dir / "sub/out").symlink_to("../outside")
        (self.dir / "sub/in").symlink_to("inside")
        os.mkfifo(self.dir / "sub/pipe")
        self.run_tool("keygen", "--type", "seed", "-o", "seed.key")

        def build(name, status=3, words=""):
            self.write("sub/p.yaml", HEAD + f'settings: {{security/0: {{bootstrap: true, mode: psk, identity: {{text: a}}, secret: {{file: "{name}"}}}}}}\n')
            run = self.run_tool("build", "sub/p.yaml", "--seed", "seed.key", status=status, timeout=5)
            self.assertIn(words, run.err)
            return run.stdout
        for name in ("../outside", str(self.dir / "outside"), str(self.dir / "sub/inside"), "out", "../sub/../outside"):
            build(name, words="in the profile's folder")
        build("pipe", words="is not a regular file")
        build("nothing", words="no such file")
        good = build("inside", status=0)
        self.assertIn(b"i" * 16, good)
        self.assertIn(b"i" * 16, build("in", status=0))
        build("inside", status=0)
        (self.dir / "sub/link.yaml").symlink_to("p.yaml")
        self.assertEqual(self.run_tool("build", "sub/link.yaml", "--seed", "seed.key").stdout, good)

    def test_secret_needs_a_seed(self):
        self.write("p.yaml", HEAD + 'settings: {apn/0: {name: x, auth: pap, user: u, secret: s}}\n')
        self.assertIn("--seed KEY is needed", self.run_tool("build", "p.yaml", "-o", "out", status=6).err)

    def rows(self, content, *expected, status=3):
        self.profile()
        self.write("d.csv", content)
        run = self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "out", status=status)
        for words in expected:
            self.assertIn(words, run.err)
        self.assertEqual((self.dir / "out").exists(), status == 0)
        (self.dir / "out").unlink(missing_ok=True)
        return run.err

    def test_csv(self):
        good = "imei\n001010010000014\n001010010000022\n"
        self.rows(good, status=0)
        self.rows(good.replace("\n", "\r\n"), status=0)                                   # CSV-05
        self.rows("\ufeff" + good, status=0)
        self.rows('imei,note\n"001010010000014","a\nb"\n', "columns that nothing uses: note", status=0)
        self.rows("imei,a\x1b[31mb\n001010010000014,1\n", r"columns that nothing uses: a\x1b[31mb", status=0)
        self.rows("", "no header")                                                        # CSV-01
        self.rows("imei,imei\n1,2\n", "stands there twice")                               # CSV-02
        self.rows("name\nx\n", "no column serial, imei or ueid")
        self.rows(good + "1,2\n", "d.csv:4:1: 2 fields, the header has 1")                # CSV-03
        self.rows('imei\n"001010010000014\n', "quoted field that never ends")             # CSV-04
        self.rows(b"imei\n00101\x0010010000014\n", "NUL byte")                             # CSV-06
        self.rows(good + "001010010000014\n", "d.csv:4:1: imei 001010010000014: stands already in line 2")  # CSV-08
        self.rows(good + "01010010000014\n", "leading zero lost by a spreadsheet?")
        self.rows("imei,iccid\n001010010000014,8.98821E+18\n", "a spreadsheet made")       # CSV-12
        err = self.rows("imei\n001010010000015\n001010010000014\n001010010000023\n", "d.csv:2:1", "d.csv:4:1")  # CSV-09
        self.assertIn("2 rows with mistakes", err)

    def test_pipes_and_cut_batches(self):
        self.profile()
        csv = b"imei\n001010010000014\n001010010000022\n"
        run = self.run_tool("build", "p.yaml", "--csv", "-", stdin=csv)
        items = run.stdout
        self.write("whole", items)
        self.run_tool("keygen", "-o", "k.pem")
        self.run_tool("sign", "-k", "k.pem", "whole", "-o", "signed")
        self.write("cut", items[:-1])
        self.run_tool("sign", "-k", "k.pem", "cut", "-o", "s2", status=3)
        last = cbor2.dumps(cbor2.loads(items))
        head = len(last)
        one = len(items[head:]) // 2
        self.write("fewer", items[:head + one])
        self.assertIn("its head says 2", self.run_tool("sign", "-k", "k.pem", "fewer", "-o", "s3", status=3).err)
        self.write("more", items + items[head:head + one])
        self.assertIn("imprint: more: goes on after the last of its profiles, its head says 2", self.run_tool("sign", "-k", "k.pem", "more", "-o", "s4", status=3).err)

    def test_same_input_and_seed_same_bytes(self):
        self.keys()
        outs = [self.run_tool("build", EXAMPLES / "sensor.yaml", "--csv", EXAMPLES / "devices.csv", "--seed", "seed.key").stdout for _ in range(2)]
        self.assertEqual(outs[0], outs[1])


class Files(Case):
    def writes(self):
        """Commands that write to standard output: a few bytes, text and binary, and more than any buffer holds."""
        self.profile()
        self.keys()
        rows = (f"00101001{i:06d}{-sum(sum(divmod(int(d) * (1 + k % 2), 10)) for k, d in enumerate(f'00101001{i:06d}')) % 10}\n" for i in range(2000))
        self.write("d.csv", "imei\n" + "".join(rows))
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "x.profiles")
        return (("help",), ("key", "owner.pem", "--json"), ("key", "owner.pem", "--cose"), ("inspect", "x.profiles"),
                ("build", "p.yaml", "--csv", "d.csv"), ("sign", "-k", "owner.pem", "x.profiles"))

    def test_disk_05_full_disk_and_closed_pipe(self):
        """SIG-03: a pipe that nobody reads is a status, too, and no signal ends the command."""
        for args in self.writes():
            with self.subTest(args):
                with open("/dev/full", "wb") as full:
                    run = subprocess.run([IMPRINT, *args], stdout=full, stderr=subprocess.PIPE, cwd=self.dir)
                self.assertEqual(run.returncode, 10)
                self.assertIn(b"standard output: No space left on device", run.stderr)
                r, w = os.pipe()
                os.close(r)
                run = subprocess.run([IMPRINT, *args], stdout=w, stderr=subprocess.PIPE, cwd=self.dir)
                os.close(w)
                self.assertEqual(run.returncode, 10)
                self.assertIn(b"standard output: Broken pipe", run.stderr)
                run = subprocess.run([IMPRINT, *args], stderr=subprocess.PIPE, cwd=self.dir, preexec_fn=lambda: os.close(1))
                self.assertEqual(run.returncode, 10, "closed")
                self.assertIn(b"standard output: Bad file descriptor", run.stderr)

    def test_disk_06_and_disk_09_no_such_folder(self):
        """DISK-06 by every call that fails is the unit test out."""
        self.assertIn("cannot create it", self.run_tool("keygen", "-o", "no/such/k.pem", status=2).err)
        (self.dir / "taken").mkdir()
        self.assertIn("taken: is a folder", self.run_tool("keygen", "-o", "taken", "--force", status=2).err)
        self.profile()
        self.write("plain", "x")
        csv = b"imei\n001010010000014\n"
        for where in ("/no/such", str(self.dir / "plain"), "/proc"):
            run = self.run_tool("build", "p.yaml", "--csv", "-", "-o", "out", stdin=csv, env={"TMPDIR": where}, status=10)
            self.assertIn(where, run.err)
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), ["p.yaml", "plain", "taken"])
        program, who = self.nobody()
        (self.dir / "closed").mkdir(0o755)
        if who:
            who["env"]["TMPDIR"] = str(self.dir / "closed")
            run = subprocess.run([program, "build", "p.yaml", "--csv", "-", "-o", "out"], cwd=self.dir, input=csv, capture_output=True, **who)
            self.assertEqual(run.returncode, 10, run.stderr)
            self.assertIn(b"closed", run.stderr)

    def test_perm_04_whatever_the_umask_what_may_hold_secrets_is_private(self):
        self.profile()
        self.keys()
        self.write("d.csv", "imei\n001010010000014\n")
        self.simulate("$I enroll -d sim/1 -o x.cards; $I claim -k owner.pem -d sim/1 --cards x.cards --evidence e")
        for mask in (0o000, 0o077):
            old = os.umask(mask)
            try:
                self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "b", "--force")
                self.run_tool("sign", "-k", "owner.pem", "b", "-o", "s", "--force")
                self.run_tool("claim", "-k", "owner.pem", "--target", "keel-2", "-o", "c", "--force")
                self.run_tool("keygen", "-o", "k.pem", "--type", "seed", "--force")
                os.chmod(self.dir / "c", 0o600)
                self.run_tool("open", "-k", "owner.pub", "c", "-o", "p", "--force")
            finally:
                os.umask(old)
            for name in ("b", "s", "k.pem", "p"):
                with self.subTest(name, umask=oct(mask)):
                    self.assertEqual((self.dir / name).stat().st_mode & 0o777, 0o600)

    def test_csv_other_delimiters(self):
        """Taken when named, by a word where it is hard to type; told where the header shows it."""
        self.profile()
        for typed, shown, character in (("tab", "tab", "\t"), ("\\t", "tab", "\t"), ("\t", "tab", "\t"), (";", "';'", ";"), ("|", "'|'", "|")):
            self.write("d.csv", f"serial{character}imei\nA{character}001010010000014\n")
            with self.subTest(typed):
                err = self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "x", status=3).err
                self.assertIn(f"hint: --delimiter {shown}\n", err)
                self.run_tool("build", "p.yaml", "--csv", "d.csv", "--delimiter", typed, "--force", "-o", "y")
        self.write("d.csv", "name\nA\n")
        self.assertNotIn("hint: --delimiter", self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "x", status=3).err)
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "--delimiter", "tabs", "-o", "x", status=2)

    def test_output_appears_whole_or_not_at_all(self):
        self.profile()
        self.write("d.csv", "imei\n001010010000014\nbad\n")
        self.write("out", "before")
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "out", "--force", status=3)
        self.assertEqual((self.dir / "out").read_text(), "before")
        self.assertEqual([p.name for p in self.dir.glob("*.tmp")], [])

    def test_perm_08_no_core_no_tracing(self):
        """Seen by another user than root, whose processes are his own: each command forbids it before it reads anything."""
        program, who = self.nobody()
        os.mkfifo(self.dir / "never")
        os.chmod(self.dir / "never", 0o666)
        keep = os.open(self.dir / "never", os.O_RDWR)
        self.addCleanup(os.close, keep)
        subprocess.run([program, "keygen", "-o", "k.pem"], cwd=self.dir, check=True, capture_output=True, **who)
        self.profile()
        free = subprocess.Popen(["sleep", "60"], **who)
        self.addCleanup(free.wait)
        self.addCleanup(free.kill)
        time.sleep(0.1)
        usual = self.reads(free.pid, who) != "Permission denied"  # or nobody may, here
        for args in (["sign", "-k", "k.pem", "never"], ["open", "-k", "k.pem", "never"], ["build", "p.yaml", "--csv", "never"], ["inspect", "never"],
                     ["simulate", "--state", "s"]):
            with self.subTest(args[0]):
                run = subprocess.Popen([program, *args], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=self.dir, **who)
                try:
                    time.sleep(0.2)
                    self.assertIsNone(run.poll())
                    limits = pathlib.Path(f"/proc/{run.pid}/limits").read_text()
                    self.assertRegex(limits, r"Max core file size +0 ")
                    self.assertEqual(os.stat(f"/proc/{run.pid}/mem").st_uid, 0, "not dumpable: its files belong to root")
                    self.assertTrue(not usual or self.reads(run.pid, who) == "Permission denied")
                finally:
                    run.kill()
                    run.wait()
                    run.stdout.close()

    @staticmethod
    def reads(pid, who):
        """Why the same user cannot read the memory of this process."""
        run = subprocess.run(["head", "-c", "1", f"/proc/{pid}/mem"], capture_output=True, text=True, **{**who, "env": {"LC_ALL": "C"}})
        return run.stderr.strip().rsplit(": ", 1)[-1]

    def test_secret_01_a_marker_is_found_nowhere(self):
        marker = "5ec4e7c0ffee" * 5 + "abcd"
        self.keys()
        self.write("p.yaml", HEAD.replace('"001010010000014"', '"${imei}"') + 'variables: {imei: {type: imei}, pin: {type: text, secret: true}}\nsettings:\n'
                   '  apn/0: {name: x, auth: pap, user: u, secret: "${pin}"}\n'
                   f'  security/0: {{bootstrap: true, mode: psk, identity: {{text: a}}, secret: {{hex: "{marker}"}}}}\n')
        self.write("d.csv", f"imei,pin\n001010010000014,{marker}\n")
        run = self.simulate("$I enroll -d sim/1 -o x.cards; $I claim -k owner.pem -d sim/1 --cards x.cards --evidence e\n"
                            "$I pack p.yaml --csv d.csv --seed seed.key -k owner.pem --cards x.cards -o p.packages\n"
                            "$I push p.packages -d sim/1 --cards x.cards --evidence e --json; $I verify -d sim/1 --cards x.cards --json\n"
                            "$I build p.yaml --csv d.csv --seed seed.key -o b.profiles; $I inspect b.profiles; $I inspect --json b.profiles\n"
                            "$I sign -k owner.pem b.profiles -o b.signed; $I inspect b.signed; rm b.profiles b.signed; mv sim dev")
        found = [marker.encode(), bytes.fromhex(marker)]
        for where, content in {"output": run.stdout, "errors": run.stderr}.items():
            for needle in found:
                self.assertNotIn(needle, content, where)
        for path in self.dir.rglob("*"):
            if path.is_file() and self.dir / "dev" not in path.parents and path.name not in ("p.yaml", "d.csv"):
                content = path.read_bytes()
                for needle in found:
                    self.assertNotIn(needle, content, path.name)

    @staticmethod
    def look_for(needles, pid):
        found = set()
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
            for line in maps:
                start, end = (int(x, 16) for x in line.split()[0].split("-"))
                if line.split()[1][0] == "r" and end - start < 1 << 28:
                    try:
                        memory.seek(start)
                        image = memory.read(end - start)
                    except (OSError, ValueError, OverflowError):
                        continue
                    found |= {n for n in needles if n in image}
        return found

    def test_secret_01_not_in_the_stations_memory(self):
        """While it pushes, the station has ciphertext only. Reading a process that forbids it takes root."""
        marker = "5ec4e7c0ffee" * 5 + "abcd"
        self.keys()
        self.write("p.yaml", HEAD.replace('"001010010000014"', '"${imei}"') + 'variables: {imei: {type: imei}}\nsettings:\n'
                   f'  security/0: {{bootstrap: true, mode: psk, identity: {{text: a}}, secret: {{hex: "{marker}"}}}}\n')
        self.write("d.csv", "imei\n001010010000014\n")
        self.simulate("$I enroll -d sim/1 -o x.cards; $I claim -k owner.pem -d sim/1 --cards x.cards\n"
                      "$I pack p.yaml --csv d.csv --seed seed.key -k owner.pem --cards x.cards -o p.packages; mv p.yaml ..x")
        package = (self.dir / "p.packages").read_bytes()[-64:]
        Simulated(self, "--state", "sim", "--fault", "slow@150")
        push = subprocess.Popen([IMPRINT, "push", "p.packages", "-d", "sim/1", "--cards", "x.cards", "--timeout", "30"], cwd=self.dir,
                                stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        try:
            time.sleep(0.2)
            if os.geteuid() != 0:
                with self.assertRaises(PermissionError):
                    open(f"/proc/{push.pid}/mem", "rb")
                return
            found = set()
            while push.poll() is None and package not in found:
                found |= self.look_for({marker.encode(), bytes.fromhex(marker), package}, push.pid)
            self.assertEqual(found, {package}, "the package is seen, the secret is not")
        finally:
            push.kill()
            push.wait()

    def test_a_note_says_what_may_hold_secrets(self):
        self.keys()
        self.profile()
        self.write("d.csv", "imei\n001010010000014\n001010010000022\n")
        build = ("build", "p.yaml", "--csv", "d.csv")
        self.assertEqual(self.run_tool(*build, "-o", "b").err, "note: b: 2 profiles in clear, mode 0600: may hold secrets\n")
        self.assertEqual(self.run_tool("sign", "-k", "owner.pem", "b", "-o", "s").err, "note: s: 2 signed profiles in clear, mode 0600: may hold secrets\n")
        self.assertEqual(self.run_tool("sign", "-k", "owner.pem", "b", "--split", "f").err,
                         "note: f: 2 signed profiles in clear, mode 0700: may hold secrets\n")
        self.assertEqual(self.run_tool("build", "p.yaml", "-s", "imei=001010010000014", "-o", "one").err,
                         "note: one: 1 profile in clear, mode 0600: may hold secrets\n")
        self.assertEqual(self.run_tool("open", "-k", "owner.pub", "s", "--item", "1", "-o", "p").err, "note: owner.pub: is a test key\nnote: p: mode 0600: may hold secrets\n")
        for name in ("b", "s", "one", "p"):
            self.assertEqual(os.stat(self.dir / name).st_mode & 0o777, 0o600)
        self.assertEqual(self.run_tool("sign", "-k", "owner.pem", "b", "-o", "/dev/null").err, "")
        self.assertEqual(self.run_tool("sign", "-k", "owner.pem", "b").err, "")
        self.assertNotIn("secrets", self.run_tool("open", "-k", "owner.pub", "s", "--item", "1").err)

    def test_perm_03_only_a_regular_file_is_replaced(self):
        """--force takes nothing away but a file; whoever writes after the work is told before it."""
        self.keys()
        (self.dir / "real").write_text("precious")
        (self.dir / "link").symlink_to("real")
        (self.dir / "dangling").symlink_to("nowhere")
        (self.dir / "folder").mkdir()
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(self.dir / "socket"))
        for name, words in (("link", "is a symbolic link"), ("dangling", "is a symbolic link"), ("folder", "is a folder"), ("socket", "is a socket")):
            for args in ((), ("--force",)):
                with self.subTest(name):
                    run = self.run_tool("claim", "-k", "owner.pem", "--target", "keel-2", "-o", name, *args, status=2)
                    self.assertIn(f"{name}: {words}, expected a regular file", run.err)
                    self.assertIn(f"{name}: {words}", self.run_tool("enroll", "-d", "/nowhere", "-o", name, status=2).err)
        self.assertEqual((self.dir / "real").read_text(), "precious")
        self.assertTrue((self.dir / "link").is_symlink() and (self.dir / "dangling").is_symlink() and (self.dir / "folder").is_dir())
        self.run_tool("enroll", "-d", "/nowhere", "-o", "x.cards", status=8)
        self.simulate("$I enroll -d sim/1 -o y.cards")
        run = self.run_tool("verify", "-d", "/nowhere", "--cards", "y.cards", "--evidence", "link", status=2)
        self.assertIn("link: is a symbolic link", run.err)

    def test_perm_03_what_passes_bytes_on_is_written_as_it_is(self):
        self.keys()
        args = ("claim", "-k", "owner.pem", "--target", "keel-2", "-o")
        before = os.stat("/dev/null")
        for force in ((), ("--force",)):
            self.run_tool(*args, "/dev/null", *force)
        self.assertEqual((os.stat("/dev/null").st_ino, os.stat("/dev/null").st_rdev), (before.st_ino, before.st_rdev))
        self.run_tool(*args, "claim")
        size = (self.dir / "claim").stat().st_size
        self.assertEqual(len(self.run_tool(*args, "/dev/stdout").stdout), size)
        os.mkfifo(self.dir / "fifo")
        with subprocess.Popen(["cat", "fifo"], cwd=self.dir, stdout=subprocess.PIPE) as cat:
            self.run_tool(*args, "fifo")
            self.assertEqual(len(cat.stdout.read()), size)
        self.assertTrue(stat.S_ISFIFO((self.dir / "fifo").stat().st_mode))
        self.assertIn("/dev/full", self.run_tool(*args, "/dev/full", status=10).err)

    def test_clk_05_no_clock_is_asked(self):
        """What a device signs and takes has no time in it: a station whose clock is wrong changes nothing."""
        self.keys()
        self.profile()
        self.write("d.csv", "imei\n001010010000014\n")
        self.simulate("$I enroll -d sim/1 -o x.cards && $I claim -k owner.pem -d sim/1 --cards x.cards --evidence e && "
                      "$I pack p.yaml --csv d.csv -k owner.pem --cards x.cards -o p.packages && $I push p.packages -d sim/1 --cards x.cards --evidence e")
        data = (self.dir / "e").read_bytes()
        import io
        stream = io.BytesIO(data)
        decoder = cbor2.CBORDecoder(stream)
        decoder.decode()
        while stream.tell() < len(data):
            claims = cbor2.loads(decoder.decode().value[2])
            self.assertFalse({4, 5, 6} & set(claims), "exp, nbf, iat")


unittest.main()
