# SPDX-License-Identifier: Apache-2.0
"""Running the command on a machine that fails: what the tests of disks, memory, power and clocks share."""
import errno
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import cbor2

from tool import IMPRINT, ROOT, Case

# Thousands of runs, each of which syncs: in memory, where there is some.
if os.access("/dev/shm", os.W_OK | os.X_OK):
    tempfile.tempdir = "/dev/shm"

FAULTY, FAULTS = os.environ["FAULTY"], os.environ["FAULTS"]
SOAK, SANITIZED = bool(os.environ.get("IMPRINT_SOAK")), bool(os.environ.get("SANITIZED"))
MARKER = "5ec4e7c0ffee" * 5 + "abcd"
IMEIS = ("001010010000014", "001010010000022", "001010010000030")
PROFILE = '''imprint: 1
profile: small
domain: owner
sequence: 1
target: {imei: "${imei}"}
variables:
  imei: {type: imei}
settings:
  cellular: {psm-timer: 10h, active-timer: 20s}
  security/0: {bootstrap: true, mode: psk, identity: {text: a}, secret: {hex: "%s"}}
  security/1: {bootstrap: false, mode: psk, short-id: 1, identity: {text: b}, secret: {generate: 16}}
''' % MARKER
# What each leaves in its folder is listed behind it.
COMMANDS = {
    "keygen": ("keygen --class test -o new --public new.pub", ("new", "new.pub")),
    "key": ("key owner.pem", ()),
    "build": ("build p.yaml --csv d.csv --seed seed.key -o new", ("new",)),
    "build of a pipe": ("build p.yaml --csv - --seed seed.key -o new", ("new",)),
    "build and go on": ("build p.yaml --csv d.csv --seed seed.key -o new --keep-going", ("new",)),
    "sign": ("sign -k owner.pem x.profiles -j 1 -o new", ("new",)),
    "sign together": ("sign --batch -k owner.pem x.profiles -j 1 -o new", ("new",)),
    "encrypt": ("encrypt --cards x.cards --factory factory.pub x.signed -j 1 -o new", ("new",)),
    "pack": ("pack p.yaml --csv d.csv --seed seed.key -k owner.pem -j 1 -o new", ("new",)),
    "pack in threads": ("pack p.yaml --csv d.csv --seed seed.key -k owner.pem -j 3 -o new", ("new",)),
    "pack into a folder": ("pack p.yaml --csv d.csv --seed seed.key -k owner.pem -j 1 --split new.d", ("new.d",)),
    "pack and go on": ("pack p.yaml --csv d.csv --seed seed.key -k owner.pem -j 1 --keep-going -o new", ("new",)),
    "pack together": ("pack p.yaml --csv d.csv --seed seed.key -k owner.pem -j 1 --batch -o new", ("new",)),
    "inspect": ("inspect x.profiles", ()),
    "open": ("open -k seal.pem one.package -o new", ("new",)),
    "check": ("check p.yaml --csv d.csv --seed seed.key", ()),
    "check with a report": ("check p.yaml --csv d.csv --seed seed.key --junit new", ("new",)),
    "check and explain": ("check p.yaml --csv d.csv --seed seed.key --explain", ()),
    "diff": ("diff p.yaml x.profiles --csv d.csv --seed seed.key", ()),
    "export credentials": ("export credentials p.yaml --csv d.csv --seed seed.key -k owner.pem --to backend.pub -j 1 -o new", ("new",)),
    "export for a server": ("export --format csv x.credentials -k backend.pem --signer owner.pub -o new", ("new",)),
    "import": ("import list --from imei -o new", ("new",)),
    "init": ("init new.d", ("new.d",)),
}
# These make a folder, which nothing is in the way of; a report replaces what has its name.
FOLDERS = ("pack into a folder", "init")
REPLACING = ("check with a report",)


class Call:
    """A line of the trace: what the command asked of libc."""

    def __init__(self, line):
        change, self.name, number, self.path, self.second = line.split("\t")
        self.change, self.number = int(change), int(number)


class Faulty(Case):
    """Commands with their inputs, in a folder that is the same before each run."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = tempfile.TemporaryDirectory(prefix="imprint-faults-")
        cls.addClassCleanup(cls.store.cleanup)
        cls.inputs = pathlib.Path(cls.store.name, "inputs")
        cls.inputs.mkdir()
        # A few objects of those that are shipped: less to read at each run.
        cls.data = pathlib.Path(cls.store.name, "data")
        (cls.data / "objects").mkdir(parents=True)
        for name in ("0-security", "10-cellular"):
            shutil.copy(ROOT / f"profiles/objects/{name}.yaml", cls.data / "objects")
        for name in ("init", "examples", "modems"):
            shutil.copytree(ROOT / "profiles" / name, cls.data / name)
        cls.make_inputs()

    @classmethod
    def make(cls, *args, **options):
        return subprocess.run([IMPRINT, *args], cwd=cls.inputs, check=True, capture_output=True, **options).stdout

    @classmethod
    def make_inputs(cls):
        for name in ("owner", "factory"):
            cls.make("keygen", "--class", "test", "-o", f"{name}.pem", "--public", f"{name}.pub")
        cls.make("keygen", "--type", "seed", "-o", "seed.key")
        keys = []
        for i in range(len(IMEIS)):
            cls.make("keygen", "--type", "seal-p256", "--force", "-o", "seal.pem", "--public", "seal.pub")
            keys.append("".join(line for line in (cls.inputs / "seal.pub").read_text().splitlines() if "-----" not in line))
        (cls.inputs / "p.yaml").write_text(PROFILE)
        (cls.inputs / "d.csv").write_text("imei,key\n" + "".join(f"{i},{k}\n" for i, k in zip(IMEIS, keys)))
        cls.make("simulate", "-n", str(len(IMEIS)), "--factory", "factory.pem", "--", IMPRINT, "enroll", "-o", "x.cards",
                 *[a for n in range(1, len(IMEIS) + 1) for a in ("-d", f"sim/{n}")])
        shutil.rmtree(cls.inputs / "sim")
        cls.make("build", "p.yaml", "--csv", "d.csv", "--seed", "seed.key", "-o", "x.profiles")
        cls.make("sign", "-k", "owner.pem", "x.profiles", "-o", "x.signed")
        cls.make("pack", "p.yaml", "--csv", "d.csv", "--seed", "seed.key", "-k", "owner.pem", "-o", "x.packages")
        with open(cls.inputs / "x.packages", "rb") as f:
            items = [cbor2.load(f) for _ in range(1 + len(IMEIS))]
        (cls.inputs / "one.package").write_bytes(cbor2.dumps(items[-1]))
        cls.make("keygen", "--class", "test", "--type", "seal-p256", "-o", "backend.pem", "--public", "backend.pub")
        cls.make("export", "credentials", "p.yaml", "--csv", "d.csv", "--seed", "seed.key", "-k", "owner.pem", "--to", "backend.pub", "-o", "x.credentials")
        (cls.inputs / "list").write_text("".join(f"{i}\n" for i in IMEIS))

    def setUp(self):
        super().setUp()
        shutil.copytree(self.inputs, self.dir, dirs_exist_ok=True)
        self.trace = pathlib.Path(self.store.name, "trace")
        self.known = self.snapshot()

    def commands(self, *names):
        """Those that this build has."""
        have = {line.split()[0] for line in self.run_tool("help", "--all").out.splitlines() if line.startswith("  ")}
        return {n: (c.split(), o) for n, (c, o) in COMMANDS.items() if c.split()[0] in have and (not names or n in names)}

    def variants(self, name):
        """Arguments, outputs, and the folder before: with nothing in the way, and with files to be replaced."""
        args, outputs = self.commands(name)[name]
        self.restore(self.known)
        yield args, outputs, dict(self.known)
        if name in FOLDERS:
            return
        if name in REPLACING:
            self.faulty(args)
        for output in outputs:
            self.write(output, (self.dir / output).read_bytes() + b"<!-- before -->\n" if name in REPLACING else "before", 0o600)
        yield [*args, *([] if name in REPLACING else ["--force"])], outputs, self.snapshot()

    def snapshot(self):
        return {str(p.relative_to(self.dir)): (p.stat().st_mode, p.read_bytes() if p.is_file() else None)
                for p in self.dir.rglob("*")}

    def restore(self, snapshot):
        """The folder as it was; quick where nothing changed."""
        if self.snapshot() == snapshot:
            return
        for child in self.dir.iterdir():
            child.unlink() if child.is_file() else shutil.rmtree(child)
        for name, (mode, content) in sorted(snapshot.items()):
            path = self.dir / name
            path.mkdir() if content is None else path.write_bytes(content)
            path.chmod(mode & 0o7777)

    def faulty(self, args, fault=None, env=None, stdin=None, **options):
        """Run it with `fault`: CALL:WHICH:WHAT."""
        words = {"IMPRINT_DATADIR": str(self.data), **({"LD_PRELOAD": FAULTS} if FAULTS else {}), **({"FAULT": fault} if fault else {}), **(env or {})}
        if stdin is None and "-" in args:
            stdin = (self.dir / "d.csv").read_bytes()
        run = subprocess.run([FAULTY, *map(str, args)], cwd=self.dir, env={**os.environ, **words}, timeout=60,
                             **({"stdin": subprocess.DEVNULL} if stdin is None else {"input": stdin}),
                             **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options})
        run.out, run.err = (run.stdout or b"").decode("utf-8", "replace"), (run.stderr or b"").decode("utf-8", "replace")
        return run

    def traced(self, args, fault=None, env=None, **options):
        """The same, with the calls that were made in .calls."""
        self.trace.unlink(missing_ok=True)
        run = self.faulty(args, fault, {"FAULT_TRACE": str(self.trace), **(env or {})}, **options)
        run.calls = [Call(line) for line in self.trace.read_text().splitlines()]
        return run

    def counted(self, run, name):
        return max([c.number for c in run.calls if c.name == name], default=0)

    def decent(self, run, *statuses):
        """An end that a user can live with: a known status, one line of error, no secret, no debris."""
        said = f"{run.args[1:]}\n{run.returncode}\n{run.err}"
        self.assertIn(run.returncode, statuses, said)
        self.assertNotIn("Sanitizer", run.err)
        self.assertNotIn("runtime error", run.err)
        self.assertNotIn(MARKER, run.err + run.out)
        self.assertNotIn(bytes.fromhex(MARKER), run.stderr)
        if run.returncode not in (0, -signal.SIGKILL):
            lines = [l for l in run.err.splitlines() if not l.startswith(("note: ", "warning: ", "hint: "))]
            self.assertEqual(len(lines), 1, said)
            self.assertRegex(lines[0], r"^imprint: \S", said)
        return said

    def no_debris(self, outputs, said):
        extra = {n.split("/")[0] for n in self.snapshot()} - {n.split("/")[0] for n in self.known} - set(outputs)
        self.assertEqual(extra, set(), said)

    def untouched(self, before, said):
        self.assertEqual(self.snapshot(), before, said)


def code(name):
    return getattr(errno, name)


def some(count, at_most, at_least=1):
    """Of 1..count, all in the soak, else a tenth, though not more nor fewer than these; the last one always."""
    if SOAK and not (SANITIZED and count > 1000):
        return range(1, count + 1)
    wanted = max(min(count // 10, at_most // (4 if SANITIZED else 1)), min(at_least, count))
    step = max(1, count // wanted) if wanted else 1
    return sorted({*range(1, count + 1, step), count} - {0})
