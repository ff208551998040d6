# SPDX-License-Identifier: Apache-2.0
"""The udev rules: about every device that usb.yaml names by its numbers, in a form that udev reads, early enough for seats."""
import os
import re
import shutil
import subprocess
import unittest

import yaml
from tool import ROOT

RULES = (ROOT / "profiles/udev/70-imprint.rules").read_text(encoding="utf-8")
LINES = [line for line in RULES.splitlines() if line and line[0] != "#"]
# udev(7): a key, with an attribute in braces, an operator and a value in double quotes.
WORD = r'[A-Z]+(\{[A-Za-z_]+\})?(==|!=|=|\+=|-=|:=)"[^"]*"'


def rule(subsystem, vendor, product):
    found = [line for line in LINES if f'SUBSYSTEM=="{subsystem}"' in line and f'{{idVendor}}=="{vendor:04x}"' in line and f'{{idProduct}}=="{product:04x}"' in line]
    return found[0] if len(found) == 1 else ""


class Rules(unittest.TestCase):
    def test_every_device_that_is_known_by_its_numbers_has_both(self):
        rows = yaml.safe_load((ROOT / "profiles/usb.yaml").read_text(encoding="utf-8"))["interfaces"]
        rows = [row for row in rows if "vendor" in row and "product" in row]
        self.assertTrue(rows)
        for row in rows:
            for subsystem, words in (("usb", ('GROUP="dialout"', 'MODE="0660"')), ("tty", ())):
                for word in ('TAG+="uaccess"', 'ENV{ID_MM_DEVICE_IGNORE}="1"', *words):
                    with self.subTest(row["name"], word=word):
                        self.assertIn(word, rule(subsystem, row["vendor"], row["product"]).split(", "))

    def test_each_line_is_one_that_udev_reads(self):
        for line in LINES:
            with self.subTest(line):
                self.assertRegex(line, rf"^{WORD}(, {WORD})*$")

    def test_no_device_is_for_everybody(self):
        self.assertNotRegex(RULES, r'MODE:?="0?[0-7][0-7][1-7]"')

    def test_jumps_lead_to_labels(self):
        self.assertEqual(set(re.findall(r'GOTO="(\w+)"', RULES)), set(re.findall(r'LABEL="(\w+)"', RULES)))

    def test_the_page_shows_what_the_rules_say(self):
        """In a block that is not filled, each rule joined over its lines, which end in a backslash: whatever is copied is a whole rule."""
        page = (ROOT / "man/imprint-device.7.scd").read_text(encoding="utf-8")
        (block,) = re.findall(r"^```\n(SUBSYSTEM.*?)^```", page, re.S | re.M)
        self.assertEqual(page.count('SUBSYSTEM=='), block.count('SUBSYSTEM=='))
        self.assertEqual(re.sub(r"\\\\\n +", "", block).splitlines(), [rule(subsystem, 0x1209, 1) for subsystem in ("usb", "tty")])
        self.assertLess(max(map(len, block.splitlines())), 66)

    @unittest.skipUnless(shutil.which("scdoc") and shutil.which("man"), "needs scdoc and man")
    def test_the_page_as_it_is_read_has_it_line_by_line(self):
        page = subprocess.run(["scdoc"], input=(ROOT / "man/imprint-device.7.scd").read_bytes(), capture_output=True, check=True).stdout
        shown = subprocess.run(["man", "-l", "-"], input=page, capture_output=True, check=True, env={**os.environ, "MANWIDTH": "80"}).stdout.decode()
        self.assertRegex(shown, r'(?m)^ +SUBSYSTEM=="usb", ENV\{DEVTYPE\}=="usb_device", \\\n +ATTR\{idVendor\}=="1209", ATTR\{idProduct\}=="0001", \\\n')


unittest.main()
