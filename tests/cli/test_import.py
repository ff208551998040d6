# SPDX-License-Identifier: Apache-2.0
"""Lists of other tools become the table of devices; each list is as the tool's documentation shows it."""
import csv
import os
import stat
import unittest

from tool import EXAMPLES, Case

MARKER = "4b6579206d61726b657220696e206461"  # a ki
TOKEN = "2dn3hQFQUDYxVDkxRPCAIhIbZAFifQNQGv86y_GmR2SiY0wmRsHGVFDT791_BPH8YOWFiyCHND1q.0oRDoQEmoQRBIfZYQGuX"
UUID = "50363154-3931-44f0-8022-121b6401627d"
# pySim manual, "Card programming using CSV files"; the keys are others.
CARDS = f'''"imsi","iccid","acc","ki","opc","adm1"
"999700000053010","8988211000000530108","0001","{MARKER}","E5A00E8DE427E21B206526B5D1B902DF","65942330"
"999700000053011","8988211000000530116","0002","746AAFD7F13CFED3AE626B770E53E860","38F7CE8322D2A7417E0BBD1D7B1190EC","13445792"
'''
# nRF Cloud Utils, device_credentials_installer: a certificate of several lines is the last column.
ONBOARD = f'''nrf-359383000000015,keel-2,north|pilot,APP|MODEM,"-----BEGIN CERTIFICATE-----
MIIB
-----END CERTIFICATE-----
"
{UUID},keel-2,south,APP,"-----BEGIN CERTIFICATE-----
MIIC
-----END CERTIFICATE-----
"
'''


class Import(Case):
    def take(self, kind, content, *args, status=0, out="devices.csv"):
        """Import a list; the table's rows. Where it fails, the words; nothing may be there then."""
        self.write("list", content)
        (self.dir / out).unlink(missing_ok=True)
        run = self.run_tool("import", "list", "--from", kind, *args, "-o", out, status=status)
        self.said = run.err
        if status:
            self.assertEqual(sorted(p.name for p in self.dir.iterdir() if out in p.name), [])
            return run.err
        with open(self.dir / out, newline="", encoding="utf-8") as f:
            return list(csv.DictReader(f))

    def wrong(self, kind, content, *words, args=(), status=3):
        err = self.take(kind, content, *args, status=status)
        for word in words:
            self.assertIn(word, err)


class NrfCloud(Import):
    def test_onboarding_list(self):
        self.assertEqual(self.take("nrfcloud", ONBOARD), [{"serial": "nrf-359383000000015", "imei": "359383000000015"},
                                                          {"serial": UUID, "imei": ""}])
        self.assertIn("note: list: left out, since no --keep names them: subType, tags, fwTypes, certPem\n", self.said)
        self.assertIn("note: devices.csv: 2 devices\n", self.said)

    def test_device_info_and_attestation_tokens(self):
        self.assertEqual(self.take("nrfcloud", f"{UUID},mfw_nrf91x1_2.0.2,359383000000015\n"),
                         [{"serial": UUID, "imei": "359383000000015"}])
        self.assertEqual(self.take("nrfcloud", f"359383000000015,{UUID},{TOKEN},2026-01-01T00:00:00+00:00\n"),
                         [{"serial": UUID, "imei": "359383000000015"}])

    def test_with_a_header(self):
        self.assertEqual(self.take("nrfcloud", f"deviceId,attestationToken\n{UUID},{TOKEN}\n"), [{"serial": UUID}])
        self.assertEqual(self.take("nrfcloud", f"DEVICEID,x\n359383000000015,\n"),
                         [{"serial": "359383000000015", "imei": "359383000000015"}])

    def test_kept_columns(self):
        rows = self.take("nrfcloud", ONBOARD, "--keep", "TAGS", "--keep", "certPem")
        self.assertEqual([row["tags"] for row in rows], ["north|pilot", "south"])
        self.assertEqual(rows[1]["certPem"], "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n")
        self.assertNotIn("mode 0600", self.said)

    def test_mistakes(self):
        self.wrong("nrfcloud", "nrf-359383000000016,a,b,c,\n", "list:1:1: deviceId 359383000000016: check digit is 6, should be 5")
        self.wrong("nrfcloud", "nrf-359383000000015,1,359383000000023\n", "list:1:1: deviceId nrf-359383000000015: is of another imei")
        self.wrong("nrfcloud", ",1,359383000000023\n", "list:1:1: deviceId : has no device id")
        self.wrong("nrfcloud", ONBOARD + ONBOARD, "list:9:1: deviceId nrf-359383000000015: stands already in line 1",
                   f"list:13:1: deviceId {UUID}: stands already in line 5", "2 rows with mistakes")
        self.wrong("nrfcloud", "a,b\n1,2\n", "list:1:1: 2 columns, and no name that is known: expected a column deviceId")
        self.wrong("nrfcloud", ONBOARD + "x,y\n", "list:9:1: 2 fields, the first row has 5")


class PySim(Import):
    def test_card_data(self):
        self.assertEqual(self.take("pysim", CARDS), [{"iccid": "8988211000000530108", "imsi": "999700000053010"},
                                                     {"iccid": "8988211000000530116", "imsi": "999700000053011"}])
        self.assertIn("left out, since no --keep names them: acc, ki, opc, adm1\n", self.said)
        self.assertIn("note: build wants a serial or imei of each device", self.said)

    def test_the_iccid_as_a_serial(self):
        rows = self.take("pysim", CARDS, "--serial", "ICCID")
        self.assertEqual([row["serial"] for row in rows], ["8988211000000530108", "8988211000000530116"])
        self.assertNotIn("build wants", self.said)

    def test_without_a_header_as_pysim_prog_writes_it(self):
        rows = self.take("pysim", f"Magic,8988211000000530108,999,70,999700000053010,,{MARKER},E5A0\n")
        self.assertEqual(rows, [{"iccid": "8988211000000530108", "imsi": "999700000053010"}])

    def test_card_keys_of_an_euicc(self):
        rows = self.take("pysim", f"EID,SCP03_ENC_ISDR\n89049032123451234512345678901235,{MARKER}\n")
        self.assertEqual(rows, [{"eid": "89049032123451234512345678901235"}])

    def test_secrets_stay_out_unless_asked_for(self):
        self.take("pysim", CARDS)
        self.assertNotIn(MARKER, (self.dir / "devices.csv").read_text() + self.said)
        rows = self.take("pysim", CARDS, "--keep", "KI")
        self.assertEqual(rows[0]["ki"], MARKER)
        self.assertEqual(stat.S_IMODE((self.dir / "devices.csv").stat().st_mode), 0o600)
        self.assertIn("note: devices.csv: KI may hold secrets in clear: mode 0600\n", self.said)
        self.assertNotIn(MARKER, self.said)
        for out in ((), ("-o", "-")):
            run = self.run_tool("import", "list", "--from", "pysim", "--keep", "ki", *out, status=2)
            self.assertIn("missing -o FILE: ki may hold secrets", run.err)
            self.assertEqual(run.out, "")

    def test_a_column_that_nobody_knows_may_be_a_secret(self):
        self.take("pysim", "iccid,pickle\n8988211000000530108,x\n", "--keep", "pickle")
        self.assertEqual(stat.S_IMODE((self.dir / "devices.csv").stat().st_mode), 0o600)
        self.take("pysim", "iccid,msisdn\n8988211000000530108,+4930123456\n", "--keep", "msisdn")
        self.assertNotEqual(stat.S_IMODE((self.dir / "devices.csv").stat().st_mode), 0o600)

    def test_no_secret_in_what_is_said_of_a_list_that_is_wrong(self):
        for content in (f"8988211000000530108,{MARKER}\n", f"{MARKER}\n{MARKER}\n", f"{MARKER},{MARKER}\n", f"iccid,ki\n1,{MARKER}\n",
                        f"iccid,ki\n8988211000000530108,={MARKER}\n", f"iccid,ki\n8988211000000530108,{MARKER},{MARKER}\n",
                        f'iccid,ki\n8988211000000530108,"{MARKER}\n', f"iccid,ki\n,{MARKER}\n"):
            with self.subTest(content=content):
                self.assertNotIn(MARKER, self.take("pysim", content, "--keep", "ki", status=3))
        self.assertEqual([p.name for p in self.dir.iterdir()], ["list"])

    def test_nothing_else_holds_the_secret(self):
        """The copy of a pipe has no name, and none is left."""
        scratch = self.dir / "tmp"
        scratch.mkdir()
        run = self.run_tool("import", "-", "--from", "pysim", stdin=CARDS.encode(), env={"TMPDIR": str(scratch)})
        self.assertNotIn(MARKER.encode(), run.stdout + run.stderr)
        self.assertEqual(list(scratch.iterdir()), [])

    def test_mistakes(self):
        self.wrong("pysim", "iccid,imsi\n8988211000000530109,99\n", "list:2:1: iccid 8988211000000530109: check digit is 9, should be 8",
                   "list:2:21: imsi 99: is not 6 to 15 digits", "1 row with mistakes")
        self.wrong("pysim", "iccid\n8.98821E+18\n", "a spreadsheet made a floating-point number of it")
        self.wrong("pysim", "iccid\n8988211000000530000\n", "ends in zeros after 15 digits, and its check digit is wrong")
        self.wrong("pysim", "iccid,x\n8988211000000530116,\n8988211000000530116,\n", "list:3:1: iccid 8988211000000530116: stands already in line 2")
        self.wrong("pysim", "\n\niccid,ICCID\n1,2\n", "list:3:7: column ICCID stands there twice, in another case")
        self.wrong("pysim", "iccid,acc\n,1\n", "list:2:1: nothing in it names a device")
        self.wrong("pysim", CARDS, "list: has no column kc", args=("--keep", "kc"), status=2)
        self.wrong("pysim", CARDS, "list: has no column nr", args=("--serial", "nr"), status=2)
        self.wrong("pysim", CARDS, "--keep KI: twice", args=("--keep", "ki", "--keep", "KI"), status=2)
        self.wrong("pysim", CARDS, "--keep imsi: the name has a meaning", args=("--keep", "imsi"), status=2)


class Imei(Import):
    def imeis(self, content, *args):
        return [row["imei"] for row in self.take("imei", content, *args)]

    def test_with_and_without_check_digits(self):
        want = ["359383000000015", "359383000000023"]
        self.assertEqual(self.imeis("359383000000015\n359383000000023\n"), want)
        self.assertNotIn("check digits", self.said)
        self.assertEqual(self.imeis("IMEI\r\n35938300000001\r\n35938300000002"), want)
        self.assertIn("note: list: check digits computed for 2 IMEIs of 14 digits\n", self.said)
        self.assertIn("note: list: the last line has no end", self.said)
        self.assertEqual(self.imeis("imei;batch\n359383000000015;7\n", "--delimiter", ";", "--keep", "batch"), want[:1])

    def test_mistakes(self):
        self.wrong("imei", "359383000000015\n35938300000002\n", "list:2:1: imei 35938300000002: has 14 digits, those before have 15")
        self.wrong("imei", "35938300000001\n359383000000023\n", "list:2:1: imei 359383000000023: has 15 digits, those before have 14")
        self.wrong("imei", "359383000000016\n", "list:1:1: imei 359383000000016: check digit is 6, should be 5")
        self.wrong("imei", "35938300000001\n35938300000001\n", "list:2:1: imei 359383000000015: stands already in line 1")
        self.wrong("imei", "3593830000000151\n", "has 16 digits, expected 15: an IMEISV?")
        self.wrong("imei", "35-938300-000001-5\n", "has spaces or dashes in it")
        self.wrong("imei", "3.59383E+14\n", "a spreadsheet made a floating-point number of it")
        self.wrong("imei", "1,2\n", "2 columns, and no name that is known: expected an imei a line")
        self.wrong("imei", "", "list:1:1: no row")
        self.wrong("imei", "imei\n", "list: no row")

    def test_zeros_that_a_spreadsheet_took_off(self):
        """010928... with its check digit, all short of their zero: what is left would get digits that pass."""
        full = ["010928000000018", "010928000000026", "010928000000034"]
        self.assertEqual(self.imeis("\n".join(full) + "\n"), full)
        for count in (1, 2, 3):
            self.wrong("imei", "".join(imei[1:] + "\n" for imei in full[:count]), "leading zeros lost by a spreadsheet?", "hint: write all 15 digits")


class Table(Import):
    def test_formulas_are_refused(self):
        for cell in ("=cmd|' /C calc'!A0", "@SUM(1)", "+1+cmd", "-2+3", '"\t=1"'):
            with self.subTest(cell=cell):
                self.wrong("nrfcloud", f"{cell},a,b,c,\n", "list:1:1: deviceId ", "a spreadsheet would take it for a formula")
                self.wrong("nrfcloud", f"{UUID},{cell},b,c,\n", "list:1:38: subType: a spreadsheet", args=("--keep", "subtype"))
                self.take("nrfcloud", f"{UUID},{cell},b,c,\n")

    def test_all_mistakes_at_once_and_nothing_written(self):
        self.wrong("imei", "".join(f"{i}\n" for i in range(1, 50)), "list:1:1: ", "list:49:1: ", "49 rows with mistakes")
        self.run_tool("import", "list", "--from", "imei", status=3, stdin=b"")

    def test_standard_output_gets_nothing_of_a_bad_list(self):
        run = self.run_tool("import", "-", "--from", "imei", stdin=b"359383000000015\n359383000000024\n", status=3)
        self.assertEqual(run.out, "")
        self.assertIn("standard input:2:1: imei 359383000000024", run.err)
        run = self.run_tool("import", "-", "--from", "imei", stdin=b"359383000000015\n")
        self.assertEqual(run.out, "imei\n359383000000015\n")

    def test_what_exists_is_not_replaced(self):
        self.write("list", "359383000000015\n")
        self.write("devices.csv", "mine")
        self.run_tool("import", "list", "--from", "imei", "-o", "devices.csv", status=2)
        self.assertEqual((self.dir / "devices.csv").read_text(), "mine")
        self.run_tool("import", "list", "--from", "imei", "-o", "devices.csv", "--force")

    def test_names_of_columns_cannot_draw_on_the_terminal(self):
        self.take("imei", "imei,a\x1b[31mb\n359383000000015,1\n")
        self.assertIn("a\\x1b[31mb", self.said)

    def test_a_table_that_build_takes(self):
        self.take("imei", "35938300000001\n35938300000002\n")
        self.run_tool("keygen", "--type", "seed", "-o", "seed.key")
        run = self.run_tool("build", EXAMPLES / "sensor.yaml", "--csv", "devices.csv", "--seed", "seed.key", "-o", "x.profiles")
        self.assertIn("2 profiles", run.err)

    def test_usage(self):
        for args, words in (((), "missing FILE"), (("x",), "missing --from nrfcloud|pysim|imei"),
                            (("x", "--from", "csv"), "'csv' is none of nrfcloud|pysim|imei"), (("x", "y", "--from", "imei"), "unexpected 'y'"),
                            (("x", "--from", "imei", "--delimiter", "ab"), "expected one character"),
                            (("none", "--from", "imei"), "none: No such file")):
            with self.subTest(args=args):
                self.assertIn(words, self.run_tool("import", *args, status=2).err)

    def test_completion_offers_the_formats(self):
        self.assertEqual(self.run_tool("complete", "--", "import", "--from=n").out.split()[0].split("\t")[0], "nrfcloud")
        self.assertIn("leshan-bootstrap", self.run_tool("complete", "--", "export", "--format=l").out)

    def test_memory_does_not_grow_with_the_rows(self):
        """24 bytes a row are remembered, so that nothing stands twice; a row is not."""
        def peak(rows):
            with open(self.dir / "big", "w", encoding="ascii") as f:
                f.writelines(f"{35000000000000 + i}\n" for i in range(rows))
            return self.peak_kib("import", "big", "--from", "imei", "-o", "t", "--force")

        # A sanitizer keeps what was given back.
        self.assertLess(peak(200000) - peak(1000), 65536 if os.environ.get("SANITIZED") else 16000)

    def test_every_mistake_is_counted_whatever_there_is_between(self):
        """Only so many are shown; a row of another length is one of them."""
        self.wrong("imei", "imei,x\n35938300000001,\n1\n2,,\n35938300000002,\n3,\n", "list:3:1: 1 field, the header has 2 (RFC 4180 2)\n",
                   "list:4:1: 3 fields, the header has 2 (RFC 4180 2)\n", "list:6:1: imei 3: ", "imprint: list: 3 rows with mistakes\n")
        self.wrong("imei", "1\n" * 5000, "list:1:1: imei 1: ", "\n... and more\n", "imprint: list: 5000 rows with mistakes\n")
        self.assertLess(len(self.said), 80000)

    def test_names_of_files_cannot_draw_on_the_terminal(self):
        self.write("li\x1b[31mst", "35938300000001")
        run = self.run_tool("import", "li\x1b[31mst", "--from", "imei", "-o", "t\x1b[31m")
        self.assertNotIn("\x1b", run.err)
        self.assertIn("note: li\\x1b[31mst: the last line has no end", run.err)
        self.assertIn("note: t\\x1b[31m: 1 device\n", run.err)

    def test_a_quoted_cell_costs_what_it_has(self):
        """Not its square: against the same bytes without quotes."""
        def cost(content, status=0):
            self.write("big", content)
            before = os.times()
            self.run_tool("import", "big", "--from", "imei", "-o", "t", "--force", status=status)
            after = os.times()
            return after.children_user - before.children_user + 0.02

        cell = "x" * 4000
        imeis = [35000000000000 + i for i in range(2000)]
        plain = cost("imei,x\n" + "".join(f"{i},{cell}\n" for i in imeis))
        self.assertLess(cost("imei,x\n" + "".join(f'{i},"{cell}"\n' for i in imeis)), 10 * plain)


if __name__ == "__main__":
    unittest.main()
