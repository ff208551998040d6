# SPDX-License-Identifier: Apache-2.0
"""check: every mistake of every row, for people, programs and CI; what settings become."""
import os
import pathlib
import shutil
import unittest
import xml.etree.ElementTree as ET

import junit
from tool import EXAMPLES, ROOT, Case

HEAD = '''imprint: 1
profile: t
domain: owner
sequence: 1
target: {imei: "${imei}"}
'''
MARKER = "5ec4e7MARKER"
IMEIS = [row.split(",")[1] for row in (EXAMPLES / "devices.csv").read_text().splitlines()[1:]]


class Check(Case):
    def setUp(self):
        super().setUp()
        for name in ("sensor.yaml", "devices.csv"):
            shutil.copy(EXAMPLES / name, self.dir)

    def check(self, *args, status=0, **more):
        return self.run_tool("check", *args, status=status, **more)

    def settings(self, text, *args, variables="imei: {type: imei}", csv=f"imei\n{IMEIS[0]}\n", status=0):
        self.write("p.yaml", HEAD + f"variables: {{{variables}}}\nsettings:\n{text}\n")
        self.write("d.csv", csv)
        return self.check("p.yaml", "--csv", "d.csv", *args, status=status)

    def test_good_in_one_line_and_without_a_seed(self):
        run = self.check("sensor.yaml", "--csv", "devices.csv")
        self.assertEqual(run.out, "sensor.yaml: good for 8 devices of devices.csv, 15 settings each\n")
        self.assertEqual(run.err, "")
        run = self.check("sensor.yaml", "-s", f"imei={IMEIS[0]}")
        self.assertEqual(run.out, "sensor.yaml: good, 15 settings\n")
        self.assertEqual(self.check("sensor.yaml", "--csv", "-", stdin=(EXAMPLES / "devices.csv").read_bytes()).out,
                         "sensor.yaml: good for 8 devices of standard input, 15 settings each\n")
        self.assertEqual(sorted(p.name for p in self.dir.iterdir()), ["devices.csv", "sensor.yaml"])

    def test_what_build_says_of_the_same(self):
        """One compiler: what check lets pass, build makes; what it refuses, build refuses in the same words."""
        self.run_tool("keygen", "--type", "seed", "-o", "seed.key")
        for text in ("cellular: {psm-timer: 10h}", "cellular: {psm-timr: 10h, active-timer: 63s}", "apn/0: {name: x}"):
            with self.subTest(text):
                status = 0 if "10h}" in text and "timr" not in text else 3
                checked = self.settings("  " + text, status=status)
                built = self.run_tool("build", "p.yaml", "--csv", "d.csv", "--seed", "seed.key", "-o", "o", "--force", status=status)
                lines = [line for line in built.err.splitlines() if not line.startswith(("imprint: ", "note: "))]
                self.assertEqual(lines, [line for line in checked.err.splitlines() if not line.startswith("imprint: ")])

    def test_build_leaves_out_rows_of_another_length(self):
        self.write("d.csv", f"serial,imei\nA,{IMEIS[0]}\nB\nC,{IMEIS[2]},x\nD,{IMEIS[3]}\n")
        self.write("p.yaml", HEAD + "variables: {imei: {type: imei}}\nsettings: {cellular: {psm-timer: 10h}}\n")
        mistakes = "d.csv:3:1: 1 field, the header has 2 (RFC 4180 2)\nd.csv:4:1: 3 fields, the header has 2 (RFC 4180 2)\n"
        run = self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "o", status=3)
        self.assertEqual(run.err, mistakes + "imprint: d.csv: 2 rows with mistakes\n")
        run = self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "o", "--keep-going", status=11)
        self.assertTrue(run.err.startswith(mistakes), run.err)
        self.assertIn('"count","value":2', self.run_tool("inspect", "--json", "o").out)
        self.check("p.yaml", "--csv", "d.csv", "--keep-going", status=2)
        self.assertEqual(self.check("p.yaml", "--csv", "d.csv", "--id", "A", status=3).err, mistakes + "imprint: d.csv: 2 rows with mistakes\n")
        self.write("d.csv", f"serial,imei\nA,1\nB\nC,{IMEIS[2]}\n")
        lines = self.lines(self.check("p.yaml", "--csv", "d.csv", "--json", status=3).out)
        self.assertEqual([m["line"] for m in lines[:-1]], [2, 3], "nothing is taken from the row before")

    def test_a_wrong_head_is_wrong_for_every_row(self):
        """Nothing is built with the domain or the sequence that stands in for one that nobody can read."""
        self.write("d.csv", f"imei\n{IMEIS[0]}\n{IMEIS[1]}\n{IMEIS[2]}\n")
        good = HEAD + "variables: {imei: {type: imei}}\nsettings: {cellular: {psm-timer: 10h}}\n"
        for head, words in (("domain: ownr", "domain"), ("sequence: 0", "sequence"), ("imprint: 2", "imprint"), ("sequence: 1\nsequence: 2", "twice"),
                            ("sequence: 1\nepochs: [x, 0]", "epochs"), ("sequence: 1\nreplaces: 00", "replaces"), ("sequence: 1\ngeneration: x", "generation")):
            with self.subTest(head):
                key = head.split(":")[0]
                self.write("p.yaml", "".join(f"{head}\n" if line.startswith(key + ":") else line for line in good.splitlines(keepends=True)))
                run = self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "o", "--keep-going", status=3)
                self.assertIn(words, run.err)
                self.assertIn("imprint: d.csv: 3 rows with mistakes\n", run.err)
                self.assertFalse((self.dir / "o").exists())
                self.assertEqual(self.lines(self.check("p.yaml", "--csv", "d.csv", "--json", status=3).out)[-1]["bad"], 3)

    def test_what_many_rows_do_wrong_is_shown_once(self):
        """By the first of them; a program is told of each."""
        wrong = self.settings('  security/0: {uri: "coaps://${imei}", bootstrap: true, mode: psk, identity: "x"}', status=3,
                              csv="imei\n" + "".join(f"{imei}\n" for imei in IMEIS[:3])).err
        self.assertEqual(wrong.count("mode needs secret (d.csv:2)"), 1, wrong)
        self.assertEqual(wrong.count("mode needs secret"), 1, wrong)
        self.assertIn("3 rows with mistakes", wrong)
        told = self.lines(self.check("p.yaml", "--csv", "d.csv", "--json", status=3).out)
        self.assertEqual([m["row"] for m in told if "mode needs secret" in m.get("text", "")], [2, 3, 4])

    def test_every_row_whose_cell_is_empty_is_named(self):
        """Whoever has rows left out must be able to tell which: check, build and pack say the same of each."""
        self.write("d.csv", f"serial,imei\nA,\nB,{IMEIS[1]}\nC,\n")
        self.write("p.yaml", HEAD + 'endpoint: "urn:imei:${imei}"\nvariables: {imei: {type: imei}}\nsettings: {cellular: {psm-timer: 10h}}\n')
        named = "".join(f"d.csv:{line}:3: imei: is empty, and the variable has no default\n" for line in (2, 4))
        self.assertEqual(self.check("p.yaml", "--csv", "d.csv", status=3).err, named + "imprint: d.csv: 2 rows with mistakes\n")
        self.assertEqual([m["row"] for m in self.lines(self.check("p.yaml", "--csv", "d.csv", "--json", status=3).out)[:-1]], [2, 4])
        self.run_tool("keygen", "-o", "owner.pem")
        for command in (("build",), ("pack", "-k", "owner.pem")):
            with self.subTest(command):
                run = self.run_tool(command[0], "p.yaml", "--csv", "d.csv", "-o", command[0], "--keep-going", *command[1:], status=11)
                self.assertTrue(run.err.startswith(named), run.err)

    def test_every_row_that_is_left_out_is_named(self):
        """The same mistake in two rows leaves out both; what a row makes larger than a package can be is a mistake of that row."""
        lengths = (240, 1, 240, 190)
        for variables, text, cells, words in (("t: {type: text}", '  cellular: {psm-timer: "${t}"}\n', ("25s", "10h", "25s", "25s"), ["psm-timer '25s': cannot be expressed"] * 3),
                                              ("t: {type: text}", "".join(f'  apn/{i}: {{name: "${{t}}", apn: "", auth: none}}\n' for i in range(300)), ["x" * n for n in lengths],
                                               ["the settings are larger than 65536 bytes"] * 2 + ["the settings with the profile's head are larger than 60000 bytes"])):
            with self.subTest(words):
                self.write("d.csv", "imei,t\n" + "".join(f"{imei},{cell}\n" for imei, cell in zip(IMEIS, cells)))
                self.write("p.yaml", HEAD + f"variables: {{imei: {{type: imei}}, {variables}}}\nsettings:\n{text}")
                run = self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "o", "--force", "--keep-going", status=11)
                named = [line for line in run.err.splitlines() if line.startswith("p.yaml:")]
                self.assertEqual([line[-9:] for line in named], [f"(d.csv:{row})"[-9:] for row, cell in enumerate(cells, 2) if cell not in ("10h", "x")], run.err)
                for line, what in zip(named, words):
                    self.assertIn(what, line)
                self.assertTrue(run.err.endswith("imprint: d.csv: 3 rows left out\n"), run.err)

    def test_unused_columns_are_no_mistake(self):
        run = self.settings("  cellular: {psm-timer: 10h}", csv=f"imei,colour\n{IMEIS[0]},red\n")
        self.assertIn("columns that nothing uses: colour", run.err)

    def bad(self, *args):
        """Mistakes in the file, in fields and in what rows put into it; a row with too few fields between them."""
        return self.settings('  cellular: {psm-timr: 10h, active-timer: "${t}"}\n  apn/0: {name: x, auth: "${auth}"}', *args, status=3,
                             variables="imei: {type: imei}, t: {}, auth: {}",
                             csv=f"serial,imei,t,auth\nA,{IMEIS[0]},20s,none\nB,{IMEIS[1]},63s,nonne\nC,{IMEIS[2][:-1]}9,20s,none\n"
                                 f"D,{IMEIS[3]}\nE,{IMEIS[4]},63s,pap\nA,{IMEIS[5]},20s,none\n")

    def test_csv_09_every_mistake_of_every_row_as_json(self):
        run = self.bad("--json")
        lines = self.lines(run.out)
        found = [(m["file"], m["line"], m["row"], m["text"], m["suggestion"]) for m in lines[:-1]]
        timer = "active-timer '63s': cannot be expressed; the nearest are 62s and 2m (3GPP TS 24.008 10.5.7.4)"
        self.assertEqual(found, [
            ("p.yaml", 8, None, "unknown resource 'psm-timr'; did you mean psm-timer?", "psm-timer"),
            ("p.yaml", 8, 3, timer, None),
            ("p.yaml", 9, 3, "auth 'nonne': no such value; did you mean none?", "none"),
            ("d.csv", 4, 4, f"imei {IMEIS[2][:-1]}9: check digit is 9, should be 0 (3GPP TS 23.003 6.2.1)", None),
            ("d.csv", 5, 5, "2 fields, the header has 4 (RFC 4180 2)", None),
            ("p.yaml", 8, 6, timer, None),
            ("p.yaml", 9, 6, "apn: auth needs user", None),
            ("p.yaml", 9, 6, "apn: auth needs secret", None),
            ("d.csv", 7, 7, "serial A: stands already in line 2", None)])
        self.assertTrue(all(m["kind"] == "mistake" and m["column"] >= 1 for m in lines[:-1]))
        self.assertEqual(lines[-1], {"kind": "summary", "profile": "p.yaml", "csv": "d.csv", "good": 0, "bad": 6, "mistakes": 9, "settings": 0})
        self.assertEqual(len(lines), len(run.out.splitlines()), "nothing but objects")

    def test_text_has_the_same_with_lines_and_carets(self):
        run = self.bad()
        self.assertEqual(run.out, "")
        self.assertIn("p.yaml:8:14: unknown resource 'psm-timr'; did you mean psm-timer?\n", run.err)
        self.assertIn("(3GPP TS 24.008 10.5.7.4) (d.csv:3)\n", run.err)
        self.assertTrue(run.err.endswith("imprint: d.csv: 6 rows with mistakes\n"))

    def test_many_rows_with_mistakes_are_all_told(self):
        rows = "".join(f"S{n},{n}\n" for n in range(1500))
        self.write("p.yaml", HEAD.replace("imei", "ueid") + "variables: {ueid: {type: ueid}}\nsettings: {cellular: {psm-timer: 10h}}\n")
        self.write("d.csv", "serial,ueid\n" + rows)
        lines = self.lines(self.check("p.yaml", "--csv", "d.csv", "--json", status=3).out)
        self.assertEqual((lines[-1]["bad"], lines[-1]["mistakes"]), (1500, 1500))

    def test_a_mistake_costs_nothing_of_those_before(self):
        def cost(*args, status):
            before = os.times().children_user
            self.run_tool(*args, status=status)
            return os.times().children_user - before + 0.02

        self.write("p.yaml", HEAD.replace("imei", "ueid") + "variables: {ueid: {type: ueid}}\nsettings: {cellular: {psm-timer: 10h}}\n")
        self.write("good.csv", "serial,ueid\n" + "".join(f"S{n},02{n:032x}\n" for n in range(10000)))
        self.write("bad.csv", "serial,ueid\n" + "".join(f"S{n},{n}\n" for n in range(10000)))
        good = cost("build", "p.yaml", "--csv", "good.csv", "-o", "o", status=0)
        self.assertLess(cost("build", "p.yaml", "--csv", "bad.csv", "-o", "o2", status=3), 5 * good)
        self.assertLess(cost("check", "p.yaml", "--csv", "bad.csv", status=3), 5 * good)

    def test_the_line_of_a_header_is_where_it_stands(self):
        self.write("d.csv", "\n\n\nname;x\nA;1\n")
        self.assertIn("d.csv:4:1: no column serial, imei or ueid", self.check("sensor.yaml", "--csv", "d.csv", status=3).err)

    def test_any_file_error_is_3(self):
        for args, words in ((("none.yaml",), "none.yaml: No such file"), (("sensor.yaml", "--csv", "none.csv"), "none.csv: No such file"),
                            ((".",), "folder"), (("sensor.yaml", "--csv", "devices.csv", "--objects", "none"), "none: No such file or directory"),
                            (("sensor.yaml", "--csv", "devices.csv", "--id", "nobody"), "no row with --id nobody"),
                            (("sensor.yaml", "--csv", "devices.csv", "--seed", "none"), "none: No such file"),
                            (("sensor.yaml", "--csv", "devices.csv", "--explain", "--modem", "none"), "none.yaml: No such file"),
                            (("sensor.yaml",), "variable 'imei' has no value")):
            with self.subTest(args):
                self.assertIn(words, self.check(*args, status=3).err)
                lines = self.lines(self.check(*args, "--json", status=3).out)
                self.assertEqual(lines[-1]["kind"], "summary")
                self.assertGreaterEqual(lines[-1]["mistakes"], 1)
        self.check("sensor.yaml", "--modem", "nrf91", status=2)
        self.check("sensor.yaml", "--junit", "-", status=2)
        self.check(status=2)

    def suite(self):
        """Name and failure, or None, of each case of the report."""
        content = (self.dir / "report.xml").read_bytes()
        self.assertEqual(junit.mistakes_in(content), [])
        return {case.get("name"): case.find("failure") for case in ET.fromstring(content).iter("testcase")}

    def test_junit(self):
        self.check("sensor.yaml", "--csv", "devices.csv", "--junit", "report.xml")
        cases = self.suite()
        self.assertEqual(len(cases), 9)
        self.assertTrue(all(failure is None for failure in cases.values()))
        self.assertIn("devices.csv:2 KS26-000001", cases)
        self.check("sensor.yaml", "-s", f"imei={IMEIS[0]}", "--junit", "report.xml")
        self.assertEqual(list(self.suite()), ["sensor.yaml"])
        self.bad("--junit", "report.xml")
        cases = self.suite()
        self.assertEqual(list(cases), ["d.csv:2 A", "d.csv:3 B", "d.csv:4 C", "d.csv:5", "d.csv:6 E", "d.csv:7 A", "p.yaml"])
        self.assertEqual(cases["d.csv:2 A"].get("message"), "the profile has mistakes")
        self.assertIn("active-timer '63s'", cases["d.csv:3 B"].get("message"))
        self.assertIn("p.yaml:9:26: auth 'nonne'", cases["d.csv:3 B"].text)
        self.assertNotIn("psm-timr'", cases["d.csv:3 B"].text.split("\n")[0])
        self.assertIn("psm-timr", cases["p.yaml"].text)
        self.check("none.yaml", "--junit", "report.xml", status=3)
        self.assertIn("No such file", self.suite()["none.yaml"].get("message"))

    def test_junit_escapes_whatever_stands_in_a_file(self):
        name = 'a<b>&"\x1b[31m\x01.csv'
        self.write("p.yaml", HEAD + 'variables: {imei: {type: imei}, t: {}}\nsettings: {cellular: {psm-timer: "${t}"}}\n')
        self.write(name, f'serial,imei,t\n"<&>""\x1b\u202e\n",{IMEIS[0]},"]]>&<\x1b[2J"\n')
        self.check("p.yaml", "--csv", name, "--junit", "report.xml", status=3)
        raw = (self.dir / "report.xml").read_bytes()
        self.assertNotIn(b"\x1b", raw)
        self.assertNotIn("\u202e".encode(), raw)
        failure = list(self.suite().values())[0]
        self.assertIn('serial <&>"\\x1b', failure.get("message"))
        self.assertIn("psm-timer ']]>&<\\x1b[2J'", failure.text)

    def test_no_control_character_reaches_a_terminal(self):
        name = "a\x1b]0;x\x07.csv"
        self.write("p.yaml", HEAD + 'profil\u0041: "\\e"\nsettings: {cellular: {psm-timer: 10h}}\n')
        self.write(name, f'serial,imei,x\x1b[2J\n"A\x1b[1m",{IMEIS[0]},1\nA\x7f,{IMEIS[0]},\x9b\n'.encode("latin-1"))
        for args in (("p.yaml",), ("p.yaml", "--csv", name), ("sensor.yaml", "--csv", name), ("sensor.yaml", "--csv", name, "--json")):
            run = self.check(*args, status=3)
            for byte in b"\x1b\x07\x7f\x9b":
                self.assertNotIn(byte, run.stdout + run.stderr, args)
        self.write(name, f"imei,a\x1b[2Jb\n{IMEIS[0]},1\n")
        run = self.check("sensor.yaml", "--csv", name)
        self.assertIn("good for 1 device of a\\x1b]0;x\\x07.csv", run.out)
        self.assertIn("columns that nothing uses: a\\x1b[2Jb", run.err)
        self.assertNotIn("\x1b", run.out + run.err)
        self.write("p.yaml", HEAD + 'variables: {imei: {type: imei}, smsc: {}}\nsettings: {cellular: {smsc: "${smsc}"}}\n')
        self.write("d.csv", f'imei,smsc\n{IMEIS[0]},"a\u202eb"\n')
        self.assertNotIn("\u202e", self.check("p.yaml", "--csv", "d.csv", status=3).err)

    def test_explain(self):
        run = self.check("sensor.yaml", "--csv", "devices.csv", "--explain", "--id", "KS26-000003")
        self.assertTrue(run.out.startswith(f'imei {IMEIS[2]}, profile "keel-sensor", domain 0, sequence 1, epochs 1,0, AT commands of 3gpp\n'))
        for block in ('cellular/0/psm-timer  /10/0/4  10h\n    bytes  198ca0\n    octet  00101010  T3412 extended\n'
                      '    AT     AT+CPSMS=1,,,"00101010","00001010"\n',
                      'cellular/0/edrx-nb  /10/0/9  {cycle: 81.92s, window: 10.24s}\n    bytes  4135\n    octet  00110101  eDRX\n'
                      '    AT     AT+CEDRXS=1,5,"0101"  the paging time window is not sent, +CEDRXS does not take one\n',
                      'cellular/0/power-saving  /10/0/13  [psm, edrx]\n    bytes  03\n',
                      'apn/0/auth  /11/0/4  none\n    bytes  03\n    AT     AT+CGAUTH=1,0\n',
                      'apn/0/rats/1  /11/0/30/1  lte-cp\n    bytes  0d\n    AT     AT+CCIOTOPT=0,1\n',
                      'security/0/secret  /0/0/5  (secret)\n    bytes  (secret)\n',
                      f'security/0/identity  /0/0/3  {{text: "keel-{IMEIS[2]}"}}\n'):
            self.assertIn(block, run.out)
        self.assertIn('    AT     AT%XPTW=5,"0011"\n', self.check("sensor.yaml", "--csv", "devices.csv", "--explain", "--modem", "nrf91").out)
        run = self.settings("  bearer: {operators: [00101], operators-only: true}\n  nas: {sm-retry-wait: 90m}", "--explain")
        self.assertIn('bearer/0/operators  /13/0/6  [00101]\n    bytes  653030313031\n    AT     AT+COPS=1,2,"00101"\n', run.out)
        self.assertIn("nas/0/sm-retry-wait  /18/0/10  90m\n    bytes  09\n    octet  00001001  GPRS timer 3\n", run.out)
        self.assertIn("    AT     +CPSMS is left out: power-saving is missing\n",
                      self.settings("  cellular: {psm-timer: 10h, active-timer: 20s}", "--explain").out)

    def test_explain_as_json(self):
        lines = self.lines(self.check("sensor.yaml", "--csv", "devices.csv", "--explain", "--json").out)
        self.assertEqual([lines[0]["kind"], lines[-1]["kind"]], ["profile", "summary"])
        self.assertEqual(lines[0]["ueid"], "03" + "".join(f"0{digit}" for digit in IMEIS[0][:14]))
        settings = {line["setting"]: line for line in lines[1:-1]}
        self.assertEqual(settings["cellular/0/active-timer"],
                         {"kind": "setting", "setting": "cellular/0/active-timer", "numbers": "/10/0/5", "secret": False, "value": "20s", "bytes": "14",
                          "octet": "00001010", "encoding": "T3324",
                          "at": [{"command": "+CPSMS", "line": 'AT+CPSMS=1,,,"00101010","00001010"', "left_out": None}]})
        self.assertEqual(settings["security/0/secret"], {"kind": "setting", "setting": "security/0/secret", "numbers": "/0/0/5", "secret": True, "value": None, "bytes": None,
                                                          "octet": None, "encoding": None, "at": []})
        lines = self.lines(self.settings("  cellular: {psm-timer: 10h, active-timer: 20s}", "--explain", "--json").out)
        self.assertEqual(lines[1]["at"], [{"command": "+CPSMS", "line": None, "left_out": "power-saving is missing"}])

    def test_nothing_is_explained_where_a_row_is_wrong(self):
        run = self.settings("  cellular: {psm-timer: 10h}", "--explain", "--json", csv=f"imei\n{IMEIS[0]}\n1\n", status=3)
        self.assertEqual([line["kind"] for line in self.lines(run.out)], ["mistake", "summary"])

    def test_secrets_are_in_no_output(self):
        """In a secret resource, and put into others by a variable that goes there, too: value, bytes, AT command, label, mistake."""
        variables = "imei: {type: imei}, pin: {}, t: {}, cycle: {}, bit: {}"
        csv = f"imei,pin,t,cycle,bit\n{IMEIS[0]},{MARKER},20s,81.92s,last-no-reply\n"
        text = ('  apn/0: {name: "${pin}", apn: "a.${pin}", auth: pap, user: "${pin}", secret: "${t}${cycle}${bit}' + MARKER + '", pdn-type: ipv4}\n'
                '  cellular: {active-timer: "${t}", smsc: "${pin}", power-saving: [psm], psm-timer: 10h,'
                ' edrx-nb: {cycle: "${cycle}", window: 10.24s}, rai: ["${bit}"]}\n'
                '  security/0: {bootstrap: true, mode: psk, identity: {text: "${pin}"}, secret: {generate: 16}}')
        for args in (("--explain",), ("--explain", "--json"), ("--json",), ("--junit", "report.xml")):
            run = self.settings(text, *args, variables=variables, csv=csv)
            for needle in (MARKER, MARKER.encode().hex()):
                self.assertNotIn(needle, run.out + run.err, args)
            for needle in ("20s", "81.92s", "last-no-reply", "00001010", "00110101"):
                self.assertNotIn(needle, run.out, args)
        self.assertNotIn(MARKER, (self.dir / "report.xml").read_text())
        shown = self.settings(text, "--explain", variables=variables, csv=csv).out
        self.assertIn('AT+CGDCONT=1,"IP","(secret)"', shown)
        self.assertIn('AT+CGAUTH=1,1,"(secret)","(secret)"', shown)
        self.assertIn('AT+CPSMS=1,,,"00101010","(secret)"', shown)
        self.assertIn("apn/0/apn  /11/0/1  (secret)\n    bytes  (secret)\n", shown)
        self.write("l.yaml", (self.dir / "p.yaml").read_text().replace("profile: t", 'profile: "l-${pin}"'))
        run = self.check("l.yaml", "--csv", "d.csv", "--explain")
        self.assertIn('profile "(secret)"', run.out)
        self.assertNotIn(MARKER, run.out)
        bad = text.replace("a.${pin}", "_${pin}").replace('name: "${pin}"', 'name: "${pin}", auto: "${pin}"')
        bad = bad.replace("cellular: {", 'cellular: {edrx-nb: {cycle: "${pin}", window: 1s}, edrx-wb: {cycle: "${cycle}", window: 1s}, ')
        for args in ((), ("--json",), ("--junit", "report.xml")):
            run = self.settings(bad, *args, variables=variables, csv=csv.replace("81.92s", "7.77s"), status=3)
            self.assertIn("edrx-wb: no such cycle", run.out + run.err)
            for needle in (MARKER, "7.77s"):
                self.assertNotIn(needle, run.out + run.err, args)
        self.assertNotIn(MARKER, (self.dir / "report.xml").read_text())
        for wrong in (text, bad):
            run = self.settings(wrong, "--json", variables=variables.replace("{}", "{secret: true}"), csv=csv, status=3)
            self.assertIn("is no secret, and the variable 'pin' is", run.out)
            self.assertNotIn(MARKER, run.out + run.err)

    def test_nothing_shown_depends_on_the_seed_that_is_thrown_away(self):
        outs = {self.check("sensor.yaml", "--csv", "devices.csv", "--explain", "--json").out for _ in range(2)}
        self.assertEqual(len(outs), 1)

    def test_modem_descriptions_with_mistakes(self):
        self.write("m.yaml", "modem: m\ncommands:\n  a: {command: +A, object: cellular, takes: [{setting: psm-tmer, as: octet}]}\n")
        run = self.check("sensor.yaml", "--csv", "devices.csv", "--explain", "--modem", "./m.yaml", status=3)
        self.assertIn("m.yaml:3:56: object cellular has no resource 'psm-tmer'", run.err)
        lines = self.lines(self.check("sensor.yaml", "--csv", "devices.csv", "--explain", "--modem", "./m.yaml", "--json", status=3).out)
        self.assertEqual([(m["file"], m["line"]) for m in lines[:-1]], [("./m.yaml", 3)])
        self.write("loop.yaml", "modem: m\nextends: loop\ncommands: {}\n")
        self.assertIn("at most 4 deep", self.check("sensor.yaml", "--csv", "devices.csv", "--explain", "--modem", "./loop.yaml", status=3).err)
        self.write("up.yaml", "modem: m\nextends: ../up\ncommands: {}\n")
        self.assertIn("beside this one", self.check("sensor.yaml", "--csv", "devices.csv", "--explain", "--modem", "./up.yaml", status=3).err)

    def test_shipped_modems_serve_with_any_objects(self):
        """A factory may describe its own objects only."""
        (self.dir / "mine").mkdir()
        (self.dir / "mine" / "own.yaml").write_text("object: 42769\nname: own\nresources: {level: {id: 0, type: int}}\n")
        run = self.settings("  own: {level: 3}", "--objects", "mine", "--explain")
        self.assertIn("own/0/level  /42769/0/0  3\n    bytes  03\n", run.out)
        modems = pathlib.Path(os.environ["IMPRINT_DATADIR"]) / "modems"
        self.assertEqual(modems, ROOT / "profiles" / "modems")
        for path in modems.glob("*.yaml"):
            self.check("sensor.yaml", "--csv", "devices.csv", "--explain", "--modem", path.stem)


unittest.main()
