# SPDX-License-Identifier: Apache-2.0
"""tools/ddf2yaml: definitions of the registry's form become descriptions that imprint takes, or are refused where they are wrong."""
import importlib.machinery
import random
import resource
import subprocess
import sys
import time
import types
import unittest
from unittest import mock

import cbor2
import yaml

from tool import ROOT, Case

TOOL = ROOT / "tools" / "ddf2yaml"
HEAD = '''imprint: 1
profile: t
domain: owner
sequence: 1
target: {imei: "001010010000014"}
objects: [made.yaml]
'''


def item(number, name, operations, kind, limits="", units="", multiple="Single", mandatory="Optional"):
    return f'''      <Item ID="{number}">
        <Name>{name}</Name><Operations>{operations}</Operations>
        <MultipleInstances>{multiple}</MultipleInstances><Mandatory>{mandatory}</Mandatory>
        <Type>{kind}</Type><RangeEnumeration>{limits}</RangeEnumeration><Units>{units}</Units>
        <Description><![CDATA[What it is: 0 <none>, 1 some & more.]]></Description>
      </Item>
'''


def ddf(number, name, items, version="1.1", instances="Single", urn=None):
    """A definition in the form of LWM2M.xsd 1.1; without a version in that of 1.0."""
    urn = urn or f"urn:oma:lwm2m:oma:{number}" + (f":{version}" if version else "")
    versions = f"<LWM2MVersion>1.1</LWM2MVersion><ObjectVersion>{version}</ObjectVersion>" if version else ""
    return f'''<?xml version="1.0" encoding="UTF-8"?>
<!-- A definition that is written for a test. -->
<LWM2M xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="LWM2M.xsd">
  <Object ObjectType="MODefinition">
    <Name>{name}</Name><Description1><![CDATA[For tests.]]></Description1>
    <ObjectID>{number}</ObjectID><ObjectURN>{urn}</ObjectURN>{versions}
    <MultipleInstances>{instances}</MultipleInstances><Mandatory>Optional</Mandatory>
    <Resources>
{"".join(items)}    </Resources>
    <Description2/>
  </Object>
</LWM2M>
'''


# Cut down to what is particular in each: the definition, settings that use what it has, and what travels.
SEVEN = [
    (ddf(0, "LWM2M Security", [item(0, "LWM2M  Server URI", "", "String", "0..255", mandatory="Mandatory"), item(5, "Secret Key", "", "Opaque"),
                               item(7, "SMS Binding Key Parameters", "", "Opaque", "6"), item(8, "SMS Binding Secret Key(s)", "", "Opaque", "16,32,48"),
                               item(10, "Short Server ID", "", "Integer", "1..65534"), item(17, "OSCORE Security Mode", "", "Objlnk")],
         "1.2", "Multiple"),
     'security/1: {lwm2m-server-uri: "coaps://x", secret-key: {text: "s"}, sms-binding-key-parameters: {hex: "010203040506"}, '
     'sms-binding-secret-key-s: {text: "t"}, short-server-id: 7, oscore-security-mode: {link: "21:0"}}',
     {0: {1: {0: "coaps://x", 5: b"s", 7: bytes(range(1, 7)), 8: b"t", 10: 7, 17: "21:0"}}}),
    (ddf(1, "LwM2M Server", [item(0, "Short Server ID", "R", "Integer", "1-65534"), item(1, "Lifetime", "RW", "Integer", units="s", mandatory="Mandatory"),
                             item(4, "Disable", "E", ""), item(12, "Last Bootstrapped", "R", "Time"),
                             item(20, "Communication Sequence Retry Count", "RW", "Unsigned Integer"),
                             item(24, "Alternate APN Links", "RW", "Objlnk", multiple="Multiple")], "1.2", "Multiple"),
     'server/0: {lifetime: 1d, communication-sequence-retry-count: 3, alternate-apn-links: [{link: "11:1"}]}',
     {1: {0: {1: 86400, 20: 3, 24: {0: "11:1"}}}}),
    (ddf(10, "LWM2M Cellular Connectivity", [item(1, "Disable radio period", "RW", "Integer", "0..65535", "min"), item(4, "PSM Timer", "RW", "Integer", units="s"),
                                             item(8, "eDRX parameters for WB-S1 mode", "RW", "Opaque", "1"),
                                             item(11, "Activated Profile Names", "R", "Objlnk", multiple="Multiple", mandatory="Mandatory")]),
     'cellular-connectivity: {disable-radio-period: 1h, psm-timer: 70h, edrx-parameters-for-wb-s1-mode: {hex: "0d"}}',
     {10: {0: {1: 60, 4: 252000, 8: b"\x0d"}}}),
    (ddf(11, "LWM2M APN Connection Profile", [item(0, "Profile name", "RW", "String", mandatory="Mandatory"), item(6, "Secret", "RW", "String"),
                                              item(13, "TotalBytesSent", "R", "Integer"), item(15, "IP address (2)", "RW", "String", multiple="Multiple"),
                                              item(30, "Supported RAT Types", "RW", "Unsigned Integer", multiple="Multiple")], instances="Multiple"),
     'apn-connection-profile/0: {profile-name: x, secret: s, ip-address: [192.0.2.1], supported-rat-types: [14, 13]}',
     {11: {0: {0: "x", 6: "s", 15: {0: "192.0.2.1"}, 30: {0: 14, 1: 13}}}}),
    (ddf(13, "LWM2M Bearer Selection", [item(0, "Preferred Communications Bearer", "RW", "Integer", "0..100", multiple="Multiple"),
                                        item(3, "Acceptable RSRP (LTE)", "RW", "Integer", "-140..-44"), item(7, "Operator list mode", "RW", "Boolean")]),
     'bearer-selection: {preferred-communications-bearer: [14, 4], acceptable-rsrp-lte: -140, operator-list-mode: true}',
     {13: {0: {0: {0: 14, 1: 4}, 3: -140, 7: True}}}),
    (ddf(18, "Non-Access Stratum (NAS) configuration ", [item(2, "MinimumPeriodicSearchTimer", "RW", "Integer", "[0-255]", "minutes"),
                                                        item(3, "NMO_I_Behaviour", "RW", "Boolean"),
                                                        item(9, "EUTRADisablingAllowedForEMMCause15", "RW", "Boolean")], None),
     'non-access-stratum-nas-configuration: {minimum-periodic-search-timer: 4h, nmo-i-behaviour: true, eutra-disabling-allowed-for-emm-cause15: false}',
     {18: {0: {2: 240, 3: True, 9: False}}}),
    (ddf(21, "LWM2M OSCORE", [item(0, "OSCORE Master Secret", "", "Opaque", mandatory="Mandatory"), item(1, "OSCORE Sender ID", "", "Opaque", "0 to 7 bytes"),
                              item(3, "OSCORE AEAD Algorithm ", "", "Integer"), item(6, " OSCORE ID Context", "", "Opaque")], "2.0", "Multiple"),
     'oscore/2: {oscore-master-secret: {hex: "00112233445566778899aabbccddeeff"}, oscore-sender-id: {hex: ""}, oscore-aead-algorithm: 10, oscore-id-context: {text: c}}',
     {21: {2: {0: bytes.fromhex("00112233445566778899aabbccddeeff"), 1: b"", 3: 10, 6: b"c"}}}),
]

METER = ddf(42770, "LwM2M Métre d'eau", [item(12, "pulse weight", "RW", "Float", "0.1..10", "l"), item(3, "Pulse Weight", "RW", "Integer", "1,10,100"),
                                         item(4, "\u6c34", "W", "Integer", "5..1", "ms"), item(5, "7", "RW", "Corelnk"), item(6, "Start", "RW", "Time", units="s"),
                                         item(7, "Access password", "RW", "String", "1-16 bytes"), item(8, "Reset", "E", ""), item(9, "Level", "R", "Float"),
                                         item(10, "x" * 60, "RW", "Integer", "0..99999999999999999999")], urn="urn:oma:lwm2m:x:42770")
METER_YAML = '''object: 42770
name: metre-d-eau
urn: "urn:oma:lwm2m:x:42770"
instances: single
source: "meter.xml, version 1.1"
reported: [8, 9]
resources:
  pulse-weight: {id: 3, type: int}  # range 1,10,100
  resource-4: {id: 4, type: int}  # unit ms; range 5..1
  resource-5: {id: 5, type: text}
  start: {id: 6, type: int, unit: s}  # Unix time
  access-password: {id: 7, type: text, length: 1..16, secret: true}
  # R: level: {id: 9, type: float}
  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: {id: 10, type: int}  # range 0..99999999999999999999
  pulse-weight-12: {id: 12, type: float}  # unit l; range 0.1..10
'''

ONE = ddf(42771, "One", [item(0, "A", "RW", "Integer")])
LAUGHS = ('<?xml version="1.0"?>\n<!DOCTYPE l [<!ENTITY a "ha">' + "".join(f'<!ENTITY {n} "{f"&{m};" * 10}">' for m, n in zip("abcdefgh", "bcdefghi"))
          + "]>\n<LWM2M>&i;</LWM2M>")
WRONG = [
    ("", "1: not XML: no element found"),
    ("<LWM2M><Object></LWM2M>", "1: not XML: mismatched tag"),
    (ONE[:-20], "17: not XML: no element found"),
    (ONE.replace("UTF-8", "klingon"), "1: not XML: an encoding that is not known"),
    (ONE.replace("UTF-8", "utf-7"), "1: not XML: an encoding that is not known"),
    (ONE.replace("UTF-8", "rot13"), "1: not XML: an encoding that is not known"),
    (ONE.replace("Name>A<", "Name>&amp;&nothing;<"), "10: not XML: undefined entity"),
    (LAUGHS, "2: a document type (DTD): not taken"),
    ('<!DOCTYPE l SYSTEM "file:///etc/passwd">\n<LWM2M/>', "1: a document type (DTD): not taken"),
    ('<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n<LWM2M>&x;</LWM2M>', "1: a document type (DTD): not taken"),
    ("<a>" * 17 + "</a>" * 17, "1: nested deeper than 16"),
    ("<a>" * 300000, "1: nested deeper than 16"),
    ("<!--" + "x" * (1 << 20) + "--><LWM2M/>", "1: larger than 1048576 bytes"),
    ("<DDFList/>", "1: the file: no LWM2M"),
    ("<LWM2M/>", "1: no Object in it"),
    (ONE.replace("<ObjectID>42771</ObjectID>", ""), "4: Object: no ObjectID"),
    (ONE.replace("<ObjectID>42771</ObjectID>", "<ObjectID>1</ObjectID><ObjectID>2</ObjectID>"), "4: Object: more than one ObjectID"),
    (ONE.replace(">42771<", ">65536<"), "6: ObjectID is '65536', expected 0 to 65535"),
    (ONE.replace(">42771<", ">\uff11<"), "6: ObjectID is '\\uff11', expected 0 to 65535"),
    (ONE.replace("urn:oma", "urn&quot;: x#"), "6: ObjectURN is 'urn\": x#:lwm2m:oma:42771:1.1', expected urn:oma:lwm2m:..."),
    (ONE.replace("<ObjectVersion>1.1", "<ObjectVersion>one"), "4: ObjectVersion is 'one', expected digits and dots"),
    (ONE.replace("<MultipleInstances>Single</MultipleInstances><Mandatory>Optional</Mandatory>\n    <Res", "<Mandatory>Optional</Mandatory>\n    <Res"),
     "4: Object: no MultipleInstances"),
    (ONE.replace("Resources>", "Resource>"), "4: Object: no Resources"),
    (ONE.replace(' ID="0"', ""), "9: Item: ID is '', expected 0 to 65535"),
    (ONE.replace(' ID="0"', ' ID="-1"'), "9: Item: ID is '-1', expected 0 to 65535"),
    (ONE.replace("<Name>A</Name>", ""), "9: Item: no Name"),
    (ONE.replace("<Name>A</Name>", "<Name> </Name>"), "9: Item 0: no name"),
    (ONE.replace(">RW<", ">RE<"), "10: Operations is 'RE', expected R, W, RW, E, nothing"),
    (ONE.replace(">Integer<", ">Int<"), "12: Type is 'Int', expected String, Integer, Unsigned Integer, Float, Boolean, Opaque, Time, Objlnk, Corelnk, nothing"),
    (ONE.replace(">Integer<", "><"), "9: Item 0: no type"),
    (ONE.replace(">RW<", ">R<"), "4: object 42771: nothing to set: all of it is read or executed"),
    (ddf(42771, "Twice", [item(0, "A", "RW", "Integer"), item(0, "B", "RW", "Integer")]), "15: two resources have ID 0"),
]


class Definitions(Case):
    def convert(self, *files, status=0, stdin=None):
        done = subprocess.run([TOOL, *files], cwd=self.dir, input=stdin, capture_output=True, timeout=30)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        self.assertTrue(status == 0 or not done.stdout)
        return done

    def build(self, settings):
        """What travels, from an empty folder of descriptions and the one that was made."""
        (self.dir / "objects").mkdir(exist_ok=True)
        self.write("objects/none.yaml", "{object: 42800, name: none, resources: {a: {id: 0, type: int}}}\n")
        self.write("p.yaml", HEAD + f"settings:\n  {settings}\n")
        self.write("seed.key", bytes(32), mode=0o600)
        self.run_tool("build", "p.yaml", "--objects", "objects", "--seed", "seed.key", "-o", "out", "--force")
        return cbor2.loads((self.dir / "out").read_bytes())[5]

    def test_each_of_the_seven_is_taken(self):
        for xml, settings, travels in SEVEN:
            with self.subTest(settings):
                self.write("o.xml", xml)
                self.write("made.yaml", self.convert("o.xml").stdout)
                self.assertEqual(self.build(settings), travels)

    def test_several_files_become_several_documents(self):
        for n, (xml, _, _) in enumerate(SEVEN):
            self.write(f"{n}.xml", xml)
        made = self.convert(*(f"{n}.xml" for n in range(7))).stdout
        self.write("made.yaml", made)
        self.assertEqual([o["object"] for o in yaml.safe_load_all(made)], [0, 1, 10, 11, 13, 18, 21])
        self.assertEqual(self.build("server/0: {lifetime: 1d}"), {1: {0: {1: 86400}}})

    def test_names_ranges_and_notes(self):
        self.write("meter.xml", METER)
        made = self.convert("meter.xml").stdout.decode()
        lines = made.splitlines(keepends=True)
        self.assertEqual(lines[0], "# Made by ddf2yaml from meter.xml. Check before use:\n")
        self.assertEqual("".join(line for line in lines if not line.startswith("#")), METER_YAML)
        self.write("made.yaml", made)
        self.assertEqual(self.build("metre-d-eau: {pulse-weight-12: 0.5, resource-4: 1}"), {42770: {0: {4: 1, 12: b"\x3f\xe0" + bytes(6)}}})

    def test_standard_input_and_byte_order_mark(self):
        made = self.convert("-", stdin=b"\xef\xbb\xbf" + ONE.encode()).stdout.decode()
        self.assertIn('source: "standard input, version 1.1"\n', made)
        self.assertEqual(self.convert("-", stdin=ONE.replace("UTF-8", "UTF-16").encode("utf-16")).stdout.decode(), made)

    def test_nothing_of_a_definition_becomes_yaml(self):
        hostile = 'x: {a}\n---\nobject: 1 "# \u202e\x85'
        self.write("evil\n name.xml", ddf(42772, hostile, [item(0, hostile, "RW", "Integer", hostile, hostile)]))
        made = self.convert("evil\n name.xml").stdout.decode("ascii")
        self.write("made.yaml", made)
        self.assertEqual(self.build("x-a-object-1: {x-a-object-1: 5}"), {42772: {0: {0: 5}}})
        self.assertEqual(len(list(yaml.safe_load_all(made))), 1)

    def test_what_is_wrong_is_said_with_its_line(self):
        for xml, expected in WRONG:
            with self.subTest(expected):
                self.write("o.xml", xml)
                self.assertEqual(self.convert("o.xml", status=3).stderr.decode(), f"o.xml:{expected}\n")

    def test_one_wrong_file_of_several_leaves_nothing(self):
        self.write("good.xml", ONE)
        self.write("bad.xml", "<")
        self.convert("good.xml", "bad.xml", status=3)
        self.assertIn("bad.xml:6: object 42771 stands already in good.xml", self.again("good.xml"))
        self.assertIn("no.xml: No such file", self.convert("no.xml", status=2).stderr.decode())
        self.convert(status=2)

    def again(self, name):
        self.write("bad.xml", "\n\n\n" + ONE.split("?>\n")[1])
        return self.convert(name, "bad.xml", status=3).stderr.decode()

    def test_cut_or_changed_it_is_refused_or_whole(self):
        loader = importlib.machinery.SourceFileLoader("ddf2yaml", str(TOOL))
        tool = types.ModuleType("ddf2yaml")
        with mock.patch.object(sys, "dont_write_bytecode", True):
            loader.exec_module(tool)
        draw, whole, taken = random.Random(1), METER.encode(), 0
        for n in range(1500):
            changed = bytearray(whole[:n] if n < 200 else whole)
            for _ in range(0 if n < 200 else draw.randrange(1, 4)):
                changed[draw.randrange(len(changed))] = draw.choice(b"<>&;\"'0-9aZ \x00\xff")
            path = self.write("o.xml", bytes(changed))
            try:
                made = tool.convert(str(path), {}, set())
            except tool.Mistake as mistake:
                self.assertGreater(mistake.line, 0)
                continue
            taken += 1
            self.assertIsInstance(yaml.safe_load(made)["resources"], dict)
        self.assertGreater(taken, 100)

    def test_entities_cost_nothing(self):
        self.write("o.xml", LAUGHS)
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, time.monotonic()
        self.convert("o.xml", status=3)
        self.assertLess(time.monotonic() - start, 5)
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, max(before, 64 * 1024))


unittest.main()
