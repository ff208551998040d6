# SPDX-License-Identifier: Apache-2.0
"""Every "$ ..." line in a man page runs, in one folder a page, with what a reader has: sensor.yaml and its CSV."""
import os
import re
import shutil
import subprocess
import unittest

from tool import EXAMPLES, IMPRINT, ROOT, Case


def blocks(text):
    for block in re.findall(r"^```\n(.*?)^```", text, re.S | re.M):
        if block.startswith("$ "):
            yield block


def commands(block):
    """Lines that start with "$ "; what follows without it belongs to a here document, or is output."""
    command = None
    for line in block.splitlines():
        if line.startswith("$ "):
            if command:
                yield command
            command = line[2:]
        elif command and "<<'END'" in command and "\nEND" not in command:
            command += "\n" + line
    if command:
        yield command


class Examples(Case):
    def test_pages(self):
        pages = sorted((ROOT / "man").glob("*.scd"))
        self.assertGreater(len(pages), 15)
        ran = 0
        for page in pages:
            for block in blocks(page.read_text(encoding="utf-8")):
                with self.subTest(page.name):
                    ran += self.run_block(page, block)
        self.assertGreater(ran, 40)

    def run_block(self, page, block):
        folder = self.dir / page.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(EXAMPLES / "sensor.yaml", folder)
        shutil.copy(EXAMPLES / "devices.csv", folder)
        rows = (EXAMPLES / "devices.csv").read_text().splitlines(keepends=True)
        (folder / "bin").mkdir()
        (folder / "bin" / "imprint").symlink_to(IMPRINT)
        (folder / "bin" / "ddf2yaml").symlink_to(ROOT / "tools" / "ddf2yaml")
        env = {**os.environ, "XDG_STATE_HOME": f"{folder}/state", "PATH": f"{folder}/bin:{os.environ['PATH']}"}
        count = 0
        for command in commands(block):
            run = subprocess.run(["sh", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=60)
            self.assertEqual(run.returncode, 0, f"{page.name}: {command}\n{run.stdout}\n{run.stderr}")
            count += 1
        return count


unittest.main()
