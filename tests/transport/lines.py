# SPDX-License-Identifier: Apache-2.0
"""Simulated devices on TCP, and the same on an emulated USB, for tests of the whole command."""
import os
import signal
import subprocess
import sys
import time

sys.path.append(os.path.join(os.environ["SOURCE_ROOT"], "tests/cli"))
from tool import IMPRINT, Case  # noqa: E402

PLUG = ["umockdev-wrapper", os.environ["PLUG"]]


class Lines(Case):
    def setUp(self):
        super().setUp()
        self.sim, self.at = None, []
        self.addCleanup(self.end)

    def start(self, *options, count=1):
        """Simulated devices on TCP in the background: their addresses are .at."""
        self.end()
        self.sim = subprocess.Popen([IMPRINT, "simulate", "--state", "sim", "--json", "-n", str(count), "--tcp", "127.0.0.1:0", *options],
                                    cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        said = []
        for line in self.sim.stdout:
            said += self.lines(line.decode())
            if "ready" in said[-1]:
                break
        else:
            raise RuntimeError(self.sim.communicate()[1])
        self.at = [d["tcp"].removeprefix("tcp:") for d in said[:-1]]

    def end(self):
        if self.sim:
            self.sim.terminate()
            self.assertNotIn(b"Sanitizer", self.sim.communicate(timeout=10)[1])
            self.sim = None

    def usb(self, devices, *args, status=0, prefix=(), timeout=60, env=None):
        """Run imprint beside devices on USB: a list of what plug takes; an address by itself is enough."""
        specs = [d if "=" in d else f"to={d}" for d in devices]
        run = subprocess.run([*PLUG, *specs, "--", *prefix, IMPRINT, *map(str, args)], cwd=self.dir, capture_output=True, timeout=timeout,
                             env={**os.environ, "XDG_CONFIG_HOME": f"{self.dir}/config", **(env or {})})
        run.out, run.err = run.stdout.decode("utf-8", "replace"), run.stderr.decode("utf-8", "replace")
        self.assertNotIn("Sanitizer", run.err)
        if status is not None:
            self.assertEqual(run.returncode, status, f"{devices} {args}\n{run.out}\n{run.err}")
        return run

    def provision(self):
        """Keys, a card and an owner for each device, a package for the first."""
        self.keys()
        self.profile()
        self.write("d.csv", "imei\n001010010000014\n")
        names = [w for at in self.at for w in ("-d", f"tcp:{at}")]
        self.run_tool("enroll", *names, "-o", "x.cards")
        self.run_tool("claim", "-k", "owner.pem", *names, "--cards", "x.cards")
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--cards", "x.cards", "-o", "p.packages")

    def held(self, device=0):
        """What a device proves that it holds."""
        run = self.run_tool("verify", "-d", f"tcp:{self.at[device]}", "--cards", "x.cards", "--json")
        return [d["sequence"] for d in self.lines(run.out)[-1]["domains"]]

    def interrupted(self, command, after=0.7):
        """Exit status and seconds of a command that gets Ctrl-C, sent to its whole group as a terminal does."""
        run = subprocess.Popen(command, cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        time.sleep(after)
        began = time.monotonic()
        os.killpg(run.pid, signal.SIGINT)
        _, errors = run.communicate(timeout=20)
        self.assertNotIn(b"Sanitizer", errors)
        return run.returncode, time.monotonic() - began
