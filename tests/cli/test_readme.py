# SPDX-License-Identifier: Apache-2.0
"""The README's tour, line by line, with the output that it shows."""
import os
import pathlib
import re
import subprocess
import time
import unittest

from tool import IMPRINT, ROOT, Case


class Readme(Case):
    def test_tour(self):
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        tour = text[text.index("<!-- tour"):text.index("## Reading on")].replace("PROFILES", str(ROOT / "profiles"))
        (self.dir / "bin").mkdir()
        (self.dir / "bin" / "imprint").symlink_to(IMPRINT)
        env = {**os.environ, "PATH": f"{self.dir}/bin:{os.environ['PATH']}"}
        background, ran = None, 0
        for block in re.findall(r"^```\n(.*?)^```", tour, re.S | re.M):
            for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.M):
                if command.startswith("imprint simulate"):
                    background = subprocess.Popen(command.split(), cwd=self.dir, env=env, stdout=subprocess.DEVNULL)
                    self.addCleanup(background.wait)
                    self.addCleanup(background.terminate)
                    self.wait_for(self.dir / "sim" / "8")
                    continue
                run = subprocess.run(["sh", "-c", command], cwd=self.dir, env=env, capture_output=True, text=True, timeout=60)
                self.assertEqual(run.returncode, 0, f"{command}\n{run.stdout}{run.stderr}")
                if output:
                    self.assertEqual(run.stdout, output, command)
                ran += 1
        self.assertIsNotNone(background)
        self.assertGreaterEqual(ran, 8)

    def wait_for(self, path: pathlib.Path):
        until = time.monotonic() + 20
        while not path.is_symlink() and time.monotonic() < until:
            time.sleep(0.05)
        self.assertTrue(path.is_symlink(), f"{path} never came")


unittest.main()
