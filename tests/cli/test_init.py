# SPDX-License-Identifier: Apache-2.0
"""init: a project that works as printed, whole or not at all, and keeps its keys to itself."""
import fcntl
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import time
import unittest

from tool import EXAMPLES, IMPRINT, ROOT, Case
from typed import Terminal

PRIVATE = {"owner.pem", "factory.pem", "seed.key"}
ALWAYS = PRIVATE | {"owner.pub", "factory.pub", "README.md", "devices.csv", "line.sh", ".gitignore"}
NAMES = [p.name for p in sorted(EXAMPLES.parent.iterdir())]


class Init(Case):
    def names(self, folder="."):
        return sorted(p.name for p in (self.dir / folder).iterdir())

    def mode(self, name):
        return (self.dir / name).stat().st_mode & 0o777

    def refused(self, *args, status=2, **options):
        """Nothing is made, nothing is left."""
        before = self.names()
        run = self.run_tool("init", *args, status=status, **options)
        self.assertEqual((run.out, self.names()), ("", before))
        return run.err

    def test_what_is_made(self):
        for example in NAMES:
            with self.subTest(example):
                told = self.lines(self.run_tool("init", example, "--example", example, "--json").out)[0]
                self.assertEqual(set(self.names(example)), ALWAYS | {p.name for p in (EXAMPLES.parent / example).iterdir()})
                self.assertEqual(sorted(told["files"] + told["private_files"]), self.names(example))
                self.assertEqual((set(told["private_files"]), told["folder"], told["example"]), (PRIVATE, example, example))
                for name in self.names(example):
                    self.assertEqual(self.mode(f"{example}/{name}"), 0o600 if name in PRIVATE else 0o666 & ~umask())
        self.assertEqual(self.names(), NAMES)

    def test_keys_are_fresh_and_for_tests(self):
        kids = set()
        for folder in ("a", "b"):
            self.run_tool("init", folder)
            for name in ("owner", "factory"):
                private, public = (self.lines(self.run_tool("key", f"{folder}/{name}.{end}", "--json").out)[0] for end in ("pem", "pub"))
                self.assertEqual((private["class"], private["kid"], public["class"]), ("test", public["kid"], "test"))
                kids.add(private["kid"])
        self.assertEqual(len(kids), 4)
        seeds = [(self.dir / f / "seed.key").read_bytes() for f in "ab"]
        self.assertEqual([len(s) for s in seeds], [32, 32])
        self.assertNotEqual(*seeds)

    def test_printed_commands_work_as_printed(self):
        """Whatever the folder is called."""
        (self.dir / "bin").mkdir()
        (self.dir / "bin" / "imprint").symlink_to(IMPRINT)
        env = {**os.environ, "PATH": f"{self.dir}/bin:{os.environ['PATH']}"}
        for folder in ("fleet", "it's a $(touch hit) `x`;", "deep/er"):
            with self.subTest(folder):
                (self.dir / "deep").mkdir(exist_ok=True)
                printed = re.findall(r"^  (cd .*|imprint .*)$", self.run_tool("init", folder).out, re.M)
                self.assertEqual(len(printed), 2)
                run = subprocess.run(["sh", "-ec", "\n".join(printed)], cwd=self.dir, env=env, capture_output=True, text=True, timeout=60)
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
                self.assertEqual(run.stdout.count("sequence 1, attested\n"), 8)
        self.assertEqual(list(self.dir.rglob("hit")), [])

    def test_each_readme_line_by_line(self):
        for example in NAMES:
            with self.subTest(example):
                printed = self.lines(self.run_tool("init", example, "--example", example, "--json").out)[0]["next"]
                readme = (self.dir / example / "README.md").read_text(encoding="utf-8")
                self.assertEqual(re.findall(r"^\$ (.*)$", readme, re.M)[:1], printed)
                terminal = Terminal(self, self.dir / example, self.dir / "bin")
                terminal.type(readme)
                self.assertGreaterEqual(terminal.count, 3)

    def test_each_readme_tells_of_every_file(self):
        for example in NAMES:
            self.run_tool("init", example, "--example", example)
            readme = (self.dir / example / "README.md").read_text(encoding="utf-8")
            told = [word for row in re.findall(r"^\| (`.*?) \|", readme, re.M) for word in re.findall(r"`(.*?)`", row)]
            told += [t.replace(".pem", "") + w for t, w in zip(told, told[1:]) if w.startswith(".")]
            for name in set(self.names(example)) - {"README.md", ".gitignore"}:
                with self.subTest(f"{example}/{name}"):
                    self.assertTrue(any(pathlib.PurePath(name).match(t) for t in told), told)

    def test_line_runs_twice(self):
        """What is there already is said, and is no failure."""
        self.run_tool("init", "p")
        shutil.copytree(self.dir / "p", self.dir, dirs_exist_ok=True)
        for said in ("sequence 1, owned", "already there, domain 0 sequence 1"):
            run = self.simulate(f'PATH={self.dir}/bin:$PATH; mkdir -p bin; ln -sf "$I" bin/imprint; sh line.sh sensor.yaml', "--csv", "devices.csv",
                                "--factory", "factory.pem", count=8)
            self.assertEqual(run.out.count(said), 8, run.out)

    def test_nothing_private_is_shared(self):
        """Of what a project holds after its first run, git takes the rest."""
        self.run_tool("init", "p")
        terminal = Terminal(self, self.dir / "p", self.dir / "bin")
        terminal.type((self.dir / "p/README.md").read_text(encoding="utf-8"))
        terminal.type("```\n$ imprint build sensor.yaml --csv devices.csv --seed seed.key -o line.profiles\n"
                      "$ imprint sign -k owner.pem line.profiles -o line.signed\n```\n")
        seed = (self.dir / "p/seed.key").read_bytes()
        env = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
        for args in (["init", "-q"], ["add", "-A"]):
            subprocess.run(["git", *args], cwd=self.dir / "p", env=env, check=True, capture_output=True)
        shared = subprocess.run(["git", "ls-files", "-z"], cwd=self.dir / "p", env=env, check=True, capture_output=True, text=True).stdout
        shared = set(shared.split("\0")) - {""}
        self.assertEqual(shared, {".gitignore", "README.md", "devices.csv", "factory.pub", "line.cards", "line.evidence", "line.sh", "owner.pub",
                                  "sensor.yaml"})
        for name in shared:
            content = (self.dir / "p" / name).read_bytes()
            self.assertNotIn(b"PRIVATE KEY", content, name)
            self.assertNotIn(seed, content, name)

    def test_a_folder_that_is_not_empty_stays_as_it_is(self):
        for name in ("full", "hidden"):
            (self.dir / name).mkdir()
        self.write("full/sensor.yaml", "mine")
        self.write("hidden/.keep", "")
        self.write("file", "mine")
        for name in ("full", "hidden", "full/", "."):
            err = self.refused(name)
            self.assertIn("is not empty", err)
            self.assertIn("hint: name a new folder", err)
        self.refused("file")
        self.refused("no/such/parent")
        self.assertEqual((self.names("full"), (self.dir / "full/sensor.yaml").read_text(), (self.dir / "file").read_text()),
                         (["sensor.yaml"], "mine", "mine"))

    def test_an_empty_folder_will_do(self):
        for name in ("plain", "slash/", "target"):
            (self.dir / name).mkdir()
        (self.dir / "link").symlink_to("target")
        for name in ("plain", "slash/", "link", "new/"):
            self.run_tool("init", name)
            self.assertTrue(ALWAYS <= set(self.names(name)))
        self.assertTrue((self.dir / "link").is_symlink())

    def test_not_the_folder_one_stands_in(self):
        (self.dir / "here").mkdir()
        for name in (".", "../here", "./"):
            run = subprocess.run([IMPRINT, "init", name], cwd=self.dir / "here", capture_output=True, text=True)
            self.assertEqual((run.returncode, self.names("here"), self.names()), (2, [], ["here"]))
            self.assertIn("is the folder that you are in", run.stderr)
            self.assertIn("hint: go one up", run.stderr)

    def test_usage(self):
        for args in ((), ("a", "b"), ("a", "--example", "nosuch"), ("a", "--example", "calibration|"), ("a", "--example", ""),
                     ("a", "--example=nb-iot")):
            self.refused(*args)
        words = re.search(r"--example\*=_(.+?)_\n", subprocess.run([IMPRINT, "options", "init"], capture_output=True, text=True).stdout)[1]
        self.assertEqual(sorted(words.split("|")), NAMES)

    def test_umasks(self):
        """Keys are for the user alone, and lie where nobody else can exchange them."""
        for mask in (0, 0o002, 0o077):
            old = os.umask(mask)
            try:
                self.run_tool("init", f"p{mask}")
            finally:
                os.umask(old)
            self.assertEqual(self.mode(f"p{mask}"), 0o777 & ~mask & ~0o002)
            self.assertEqual(self.mode(f"p{mask}/sensor.yaml"), 0o666 & ~mask)
            for name in PRIVATE:
                self.assertEqual(self.mode(f"p{mask}/{name}"), 0o600)
            self.run_tool("key", f"p{mask}/owner.pem")

    def test_disk_full(self):
        for limit in (0, 100, 1500):
            def small(limit=limit):
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            run = subprocess.run([IMPRINT, "init", "p"], cwd=self.dir, capture_output=True, text=True, preexec_fn=small)
            self.assertEqual((run.returncode, run.stdout, self.names()), (10, "", []), run.stderr)
            self.assertIn("p/", run.stderr)

    def data(self):
        """Installed data of one's own."""
        shutil.copytree(ROOT / "profiles", self.dir / "data")
        return self.dir / "data"

    def test_data_that_is_not_there(self):
        self.assertIn("IMPRINT_DATADIR", self.refused("p", env={"IMPRINT_DATADIR": "/no/such"}))
        data = self.data()
        self.write("data/init/more", b"x" * (64 * 1024 + 1))
        self.assertIn("larger than", self.refused("p", env={"IMPRINT_DATADIR": str(data)}, status=3))
        (data / "init/more").unlink()
        for i in range(40):
            self.write(f"data/init/{i}", "x")
        self.refused("p", env={"IMPRINT_DATADIR": str(data)}, status=1)

    def test_only_files_of_the_data_are_taken(self):
        data = self.data()
        (data / "init/folder").mkdir()
        self.write("data/init/.hidden", "")
        self.write("data/init/line.sh~", "")
        self.run_tool("init", "p", env={"IMPRINT_DATADIR": str(data)})
        self.assertEqual(set(self.names("p")), ALWAYS | {"sensor.yaml"})

    def test_a_binary_that_was_not_installed_finds_its_data(self):
        place = self.dir / "src/build/cmd/imprint"
        place.mkdir(parents=True)
        shutil.copy(IMPRINT, place)
        (self.dir / "src/profiles").symlink_to(ROOT / "profiles")
        env = {k: v for k, v in os.environ.items() if k != "IMPRINT_DATADIR"}
        subprocess.run([place / "imprint", "init", "p"], cwd=self.dir, env=env, check=True, capture_output=True)
        self.assertTrue(ALWAYS <= set(self.names("p")))

    def held(self, do):
        """Start init; it waits at a file of its data that is leased to us; do something; then let it go on."""
        data = self.data()
        before = set(self.names())
        old = signal.signal(signal.SIGIO, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGIO, old)
        with open(data / "init/line.sh", "r+b") as f:
            try:
                fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            except OSError as e:
                self.skipTest(f"no leases on this file system: {e}")
            run = subprocess.Popen([IMPRINT, "init", "p"], cwd=self.dir, env={**os.environ, "IMPRINT_DATADIR": str(data)}, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            until = time.monotonic() + 20
            while not (begun := set(self.names()) - before) or ".gitignore" not in self.names(next(iter(begun))):
                self.assertLess(time.monotonic(), until)
                time.sleep(0.005)
            self.assertNotIn("p", begun)
            do(run)
            if run.poll() is None:
                fcntl.fcntl(f, fcntl.F_SETLEASE, fcntl.F_UNLCK)
            out, err = run.communicate(timeout=20)
        self.assertNotIn("Sanitizer", err)
        return run.returncode, out, err, set(self.names()) - before

    def test_interrupted(self):
        """SIG-01: half of it was there under another name; afterwards nothing is."""
        def interrupt(run):
            run.send_signal(signal.SIGINT)
            run.wait(20)
        self.assertEqual(self.held(interrupt), (130, "", "imprint: " + str(self.dir / "data/init/line.sh") + ": interrupted\n", set()))

    def test_somebody_else_was_faster(self):
        def fill(_):
            (self.dir / "p").mkdir()
            self.write("p/mine", "mine")
        status, out, err, left = self.held(fill)
        self.assertEqual((status, out, left, self.names("p")), (2, "", {"p"}, ["mine"]), err)
        self.assertIn("is not empty", err)

    def test_the_same_folder_meanwhile_empty_is_taken(self):
        status, _, err, left = self.held(lambda _: (self.dir / "p").mkdir())
        self.assertEqual((status, left), (0, {"p"}), err)


def umask():
    old = os.umask(0)
    os.umask(old)
    return old


unittest.main()
