# SPDX-License-Identifier: Apache-2.0
"""Wrong profiles and CSVs, each with all that is said of it."""
import unittest

import golden
from tool import IMPRINT


class Golden(unittest.TestCase):
    def test_each_says_what_it_said(self):
        self.assertGreaterEqual(len(golden.cases()), 60)
        for case in golden.cases():
            with self.subTest(case):
                self.assertTrue((golden.FOLDER / case / "said").exists())
                changed = golden.difference(case, golden.wanted(case), golden.said(IMPRINT, case))
                self.assertEqual(changed, "", "golden.py shows and takes over what changed")

    def test_each_shows_a_mistake(self):
        for case in golden.cases():
            with self.subTest(case):
                said = golden.wanted(case)
                self.assertTrue("exit 0" not in said or "note: " in said or case == "sound", said)


unittest.main()
