# SPDX-License-Identifier: Apache-2.0
"""Running the built binary: what every CLI test uses."""
import itertools
import json
import os
import pathlib
import pty
import shutil
import subprocess
import tempfile
import time
import unittest

IMPRINT = os.environ["IMPRINT"]
ROOT = pathlib.Path(os.environ["SOURCE_ROOT"])
EXAMPLES = ROOT / "profiles" / "examples" / "nb-iot-sensor"
SCHEMAS = itertools.count(1)


def luhn(digits):
    """14 digits or more, and the check digit behind them. Source: 3GPP TS 23.003 annex B."""
    text = str(digits).zfill(14)
    total = sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(reversed(text + "0")))
    return text + str(-total % 10)


class Simulated:
    """Simulated devices in a case's folder, until the block or the test ends."""

    def __init__(self, case, *args):
        self.case = case
        self.run = subprocess.Popen([IMPRINT, "simulate", *args, "--json"], cwd=case.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        case.addCleanup(self.end)
        while b"ready" not in self.run.stdout.readline():
            case.assertIsNone(self.run.poll(), args)

    def end(self):
        if self.run:
            self.run.terminate()
            self.case.assertNotIn(b"Sanitizer", self.run.communicate(timeout=10)[1])
            self.run = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def schema(place, name):
    """A PostgreSQL ledger in a new schema of that database, told by name from those of other suites."""
    own = f"{name}{os.getpid()}_{next(SCHEMAS)}"
    subprocess.run(["psql", "-q", "-d", place, "-c", f"CREATE SCHEMA {own}"], check=True)
    return f"{place}&options=-csearch_path%3D{own}"


class Case(unittest.TestCase):
    """Each test in a folder of its own."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="imprint-test-")
        self.addCleanup(self.folder.cleanup)
        self.dir = pathlib.Path(self.folder.name)

    def run_tool(self, *args, status=0, stdin=None, env=None, timeout=60):
        """Run imprint; check its exit status; return the finished process."""
        program = os.environ["FAULTY"] if "FAULT_TIME" in (env or {}) else IMPRINT  # whose clock can be set
        run = subprocess.run([program, *map(str, args)], cwd=self.dir, input=stdin, capture_output=True,
                             timeout=timeout, env={**os.environ, "XDG_STATE_HOME": f"{self.dir}/state",
                                                     "XDG_CONFIG_HOME": f"{self.dir}/config", **(env or {})})
        run.out = run.stdout.decode("utf-8", "replace")
        run.err = run.stderr.decode("utf-8", "replace")
        self.assertNotIn("Sanitizer", run.err)
        if status is not None:
            self.assertEqual(run.returncode, status, f"{args}\n{run.out}\n{run.err}")
        return run

    def write(self, name, content, mode=0o644):
        path = self.dir / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def simulate(self, script, *args, count=1, status=0, timeout=120, env=None):
        """Run a shell script beside simulated devices; $I is imprint, sim/1.. the devices."""
        self.write("script.sh", 'I="$IMPRINT"\n' + script)
        return self.run_tool("simulate", "-n", count, *args, "--", "sh", "script.sh", status=status, timeout=timeout, env=env)

    def keys(self):
        """Test keys of an owner, a factory, a stranger; a seed."""
        for name in ("owner", "factory", "stranger"):
            self.run_tool("keygen", "--class", "test", "-o", f"{name}.pem", "--public", f"{name}.pub")
        self.run_tool("keygen", "--type", "seed", "-o", "seed.key")

    def profile(self, sequence=1, domain="owner", extra=""):
        """A small profile without secrets."""
        self.write("p.yaml", f'''imprint: 1
profile: small
domain: {domain}
sequence: {sequence}
target: {{imei: "${{imei}}"}}
variables:
  imei: {{type: imei}}
settings:
  cellular: {{psm-timer: 10h, active-timer: 20s}}
{extra}''')

    def nobody(self):
        """(program, options of subprocess): imprint as a user who is not root and may write this test's folder."""
        if os.geteuid() != 0:
            return IMPRINT, {}
        program = self.dir / "imprint"
        shutil.copy(IMPRINT, program)
        program.chmod(0o755)
        self.dir.chmod(0o1777)
        shutil.copytree(ROOT / "profiles", self.dir / "data")  # the source may lie where only root looks
        who = {"user": 65534, "group": 65534, "extra_groups": [], "env": {**os.environ, "IMPRINT_DATADIR": str(self.dir / "data")}}
        try:
            subprocess.run([program, "help"], check=True, capture_output=True, cwd=self.dir, **who)
        except OSError as error:
            self.skipTest(f"nobody else can be here: {error}")
        return str(program), who

    def peak_kib(self, *args):
        """Peak resident memory of imprint, looked at until it ends: what wait4 gives would be Python's own before exec, and that of the hungriest child."""
        run, peak = subprocess.Popen([IMPRINT, *map(str, args)], cwd=self.dir, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL), 0
        while run.poll() is None:
            with open(f"/proc/{run.pid}/status", encoding="ascii") as f:
                peak = max([peak] + [int(line.split()[1]) for line in f if line.startswith("VmHWM:")])
            time.sleep(0.002)
        self.assertEqual(run.returncode, 0, args)
        self.assertGreater(peak, 0)
        return peak

    def at_terminal(self, args, question, *lines, env=None):
        """imprint at a terminal where these lines are typed, one a question: exit status, what the terminal showed, questions answered."""
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(self.dir)
            os.execve(IMPRINT, ["imprint", *args], {**os.environ, **(env or {})})
        shown, questions = b"", 0
        while True:
            try:
                data = os.read(master, 1000)
            except OSError:
                break
            shown += data
            if questions < len(lines) and shown.count(question) > questions and shown.endswith(b": "):
                os.write(master, lines[questions])
                questions += 1
        os.close(master)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown, questions

    def lines(self, text):
        """JSON lines."""
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
