# SPDX-License-Identifier: Apache-2.0
"""The README's tour, line by line, with the output that it shows."""
import unittest

from tool import ROOT, Case
from typed import Terminal


class Readme(Case):
    def test_tour(self):
        text = (ROOT / "README.md").read_text(encoding="utf-8")
        terminal = Terminal(self, self.dir, self.dir / "bin")
        terminal.type(text[text.index("<!-- tour"):text.index("## Reading on")])
        self.assertGreaterEqual(terminal.count, 7)
        # The project's own README goes on from here.
        terminal.type((terminal.folder / "README.md").read_text(encoding="utf-8"))


unittest.main()
