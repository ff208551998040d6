# SPDX-License-Identifier: Apache-2.0
"""The objects that ship: every resource on the wire, mistakes in words, the page and the simulated board in step."""
import re
import unittest

import cbor2
import yaml

from tool import ROOT, Case

OBJECTS = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "profiles" / "objects").glob("*.yaml")]
OBJECTS.sort(key=lambda o: o["object"])

HEAD = '''imprint: 1
profile: t
domain: owner
sequence: 1
target: {imei: "001010010000014"}
'''

# Every resource of every object; some exclude each other, hence the instances.
ALL = HEAD + '''settings:
  security/0:
    uri: "coaps://bs.example"
    bootstrap: true
    mode: psk
    identity: {text: keel}
    secret: {hex: "00112233445566778899aabbccddeeff"}
    sms-mode: 3
    sms-binding: {hex: "010203040506"}
    sms-secret: {hex: "000102030405060708090a0b0c0d0e0f"}
    sms-number: "+4912345"
    hold-off: 5s
    bootstrap-timeout: 1m
    oscore: {link: "21:1"}
    more-uris: ["coaps+tcp://bs.example"]
    mqtt: {link: "24:0"}
    cose: [{link: "23:0"}, {link: "23:1"}]
    rds-destination-port: 1
    rds-source-port: 15
    rds-application: app
  security/1:
    uri: "coaps://dm.example"
    bootstrap: false
    mode: cert
    identity: {device-key: true}
    server-key: {base64: "AQID"}
    short-id: 101
    matching: sha256
    sni: dm.example
    usage: domain-issued
    ciphersuites: [0xC0A8, 0xC0AE]
    groups: [0x0017]
    server-signatures: [0x0403]
    signatures: [0x0403]
    certificate-signatures: [0x0403]
    tls13: [psk-pfs, certificate]
    server-extensions: [sni, cid]
    extensions: sni
  server/0:
    short-id: 101
    lifetime: 1d
    min-period: 10s
    max-period: 1h
    disable-timeout: 1d
    store: true
    binding: U
    apn: {link: "11:0"}
    priority: 1
    registration-delay: 2s
    block-on-failure: false
    bootstrap-on-failure: true
    retries: 5
    retry-timer: 1m
    sequence-delay: 1d
    sequence-retries: 3
    trigger: false
    transport: U
    mute-send: true
    alternate-apns: [{link: "11:1"}, {link: "65535:65535"}]
    versions: ["1.1", "1.2"]
    notification: confirmable
    profile-hash: 1
  cellular:
    smsc: "+4912345"
    radio-off: 1h
    activation: "*98"
    psm-timer: 70h
    active-timer: 4m
    edrx-iu: {cycle: 1966.08s, window: 20s}
    edrx-wb: {cycle: 2621.44s, window: 1.28s}
    edrx-nb: {cycle: 10485.76s, window: 40.96s}
    edrx-ab: {hex: "0b"}
    power-saving: [psm, edrx]
    rai: [last-no-reply, last-with-reply]
  apn/0:
    name: iot
    apn: iot.example
    auto: false
    enabled: true
    auth: pap-or-chap
    user: u
    secret: s
    reconnect: [10s, 1m, 10m, 1h, 1d]
    plmns: [00101, 310410, "901,70"]
    addresses: [192.0.2.1, "2001:db8::1"]
    prefix-lengths: ["64"]
    subnet-masks: [255.255.255.0]
    gateways: [192.0.2.254]
    dns: [192.0.2.53]
    dns-secondary: [192.0.2.54]
    qci: 9
    pdn-type: ipv4v6
    plmn-rate: 4294967295
    uplink-unit: day
    exception-unit: unrestricted
    rats: [nb-iot-cp, lte-cp, nb-iot-up, lte-up, lte, umts, gprs, ps, cs, 1xev-do]
  apn/1:
    name: nidd
    apn: ""
    auth: none
    pdn-type: non-ip
    rds-applications: [app]
    rds-destination-ports: [0, 15]
    rds-source-ports: [1, 2]
  bearer:
    bearers: [nb-iot-cp, nr, 4]
    rssi-gsm: -110
    rscp-umts: -25
    rsrp-lte: -44
    rssi-1xev-do: -90
    cells: [00101000a0001, 00101000a0002]
    operators: [00101, 310410]
    operators-only: true
    rsrp-nb-iot: -158
    plmn-search-timer: 10
    attach-without-pdn: true
  nas:
    signalling-priority: low
    attach-with-imsi: true
    min-search-timer: 255
    nmo-i: false
    t3245: true
    access-barring: true
    override-low-priority: true
    override-access-barring: true
    fast-first-search: true
    disable-eutra-on-15: false
    sm-retry-wait: 12m
    no-sm-retry-at-rat-change: false
    exception-data: true
  oscore/1:
    secret: {hex: "0102030405060708090a0b0c0d0e0f10"}
    sender: {hex: ""}
    recipient: {hex: "01"}
    aead: aes-ccm-16-64-128
    hmac: hmac-256
    salt: {hex: "9e7ca92223786340"}
    context: {hex: "37cbf3210017a2d3"}
'''

SECRET = bytes.fromhex("00112233445566778899aabbccddeeff")
# The sources say which number is what; 3GPP TS 24.008 says which octet is which duration.
WIRE = {
    0: {0: {0: "coaps://bs.example", 1: True, 2: 0, 3: b"keel", 5: SECRET, 6: 3, 7: bytes(range(1, 7)), 8: bytes(range(16)),
            9: "+4912345", 11: 5, 12: 60, 17: "21:1", 25: {0: "coaps+tcp://bs.example"}, 26: "24:0",
            27: {0: "23:0", 1: "23:1"}, 28: 1, 29: 15, 30: "app"},
        1: {0: "coaps://dm.example", 1: False, 2: 2, 3: None, 4: b"\1\2\3", 10: 101, 13: 1, 14: "dm.example", 15: 3,
            16: {0: 0xc0a8, 1: 0xc0ae}, 18: {0: 0x17}, 19: {0: 0x403}, 20: {0: 0x403}, 21: {0: 0x403}, 22: 12, 23: 4097, 24: 1}},
    1: {0: {0: 101, 1: 86400, 2: 10, 3: 3600, 5: 86400, 6: True, 7: "U", 10: "11:0", 13: 1, 14: 2, 15: False, 16: True, 17: 5,
            18: 60, 19: 86400, 20: 3, 21: False, 22: "U", 23: True, 24: {0: "11:1", 1: "65535:65535"},
            25: {0: "1.1", 1: "1.2"}, 26: 1, 27: 1}},
    10: {0: {0: "+4912345", 1: 60, 2: "*98", 4: 252000, 5: 240, 7: b"\xf8", 8: b"\x0d", 9: b"\xff", 10: b"\x0b", 13: 3, 14: 6}},
    11: {0: {0: "iot", 1: "iot.example", 2: False, 3: True, 4: 2, 5: "u", 6: "s", 7: "10,60,600,3600,86400",
             8: {0: "001,01", 1: "310,410", 2: "901,70"}, 15: {0: "192.0.2.1", 1: "2001:db8::1"}, 16: {0: "64"},
             17: {0: "255.255.255.0"}, 18: {0: "192.0.2.254"}, 19: {0: "192.0.2.53"}, 20: {0: "192.0.2.54"}, 21: 9, 24: 3,
             26: 4294967295, 27: 3, 29: 0, 30: dict(enumerate((14, 13, 15, 12, 4, 3, 2, 1, 6, 5)))},
         1: {0: "nidd", 1: "", 4: 3, 24: 0, 31: {0: "app"}, 32: {0: 0, 1: 15}, 33: {0: 1, 1: 2}}},
    13: {0: {0: {0: 14, 1: 16, 2: 4}, 1: -110, 2: -25, 3: -44, 4: -90, 5: "00101000a0001,00101000a0002", 6: "00101,310410",
             7: True, 10: -158, 11: 10, 12: True}},
    18: {0: {0: 1, 1: True, 2: 255, 3: False, 4: True, 5: True, 6: True, 7: True, 8: True, 9: False, 10: 152, 11: False, 12: True}},
    21: {1: {0: bytes(range(1, 17)), 1: b"", 2: b"\1", 3: 10, 4: 5, 5: bytes.fromhex("9e7ca92223786340"),
             6: bytes.fromhex("37cbf3210017a2d3")}},
}

SECURITY = 'uri: "coaps://x", bootstrap: true'
OSCORE = 'secret: {generate: 16}'
TOGETHER = "override-low-priority and override-access-barring come together, with the same value"
PLMN = "is not an MCC of 3 digits and an MNC of 2 or 3 (3GPP TS 23.003 12.1)"
# A line under settings, with a ^ before each place that something is said about; then what is said, from left to right.
WRONG = [
    (f"^security/0: {{{SECURITY}, mode: rpk, identity: {{device-key: true}}}}", "security: mode needs server-key"),
    (f"^security/0: {{{SECURITY}, mode: est}}", "security: mode needs server-key"),
    (f"security/0: {{{SECURITY}, mode: nosec, oscore: {{link: ^\"11:0\"}}}}", "oscore '11:0': leads to object 11, must lead to object 21"),
    (f"security/0: {{uri: ^\"coaps://{'x' * 248}\", bootstrap: true, mode: nosec}}", "uri: has 256 bytes, must have 0 to 255"),
    (f"security/0: {{{SECURITY}, mode: nosec, sms-binding: {{hex: ^\"0102\"}}}}", "sms-binding: has 2 bytes, must have 6"),
    (f"security/0: {{{SECURITY}, mode: nosec, sms-secret: {{text: ^\"short\"}}}}", "sms-secret: must have 16 to 48 bytes"),
    (f"security/0: {{{SECURITY}, mode: nosec, sms-secret: {{generate: ^64}}}}", "sms-secret: must have 16 to 48 bytes"),
    (f"security/0: {{{SECURITY}, mode: nosec, sms-secret: {{file: ^p.yaml}}}}", "sms-secret: must have 16 to 48 bytes"),
    (f"security/0: {{{SECURITY}, mode: nosec, extensions: [sni, ^alpm]}}", "extensions 'alpm': no such bit; did you mean alpn?"),
    ("cellular: {edrx-ab: {hex: ^\"0b0b\"}}", "edrx-ab: has 2 bytes, must have 1"),
    ("cellular: {edrx-iu: {cycle: ^3000s, window: 1s}}",
     "edrx-iu '3000s': no such cycle; the nearest is 2621.44s (3GPP TS 24.008 10.5.5.32)"),
    ("cellular: {edrx-iu: {cycle: 10.24s, window: ^11s}}",
     "edrx-iu '11s': no such window; the nearest are 10s and 12s (3GPP TS 24.008 10.5.5.32)"),
    ("cellular: {edrx-iu: {hex: ^\"1a\"}}", "edrx-iu: is not one octet of window and cycle (3GPP TS 24.008 10.5.5.32)"),
    ("cellular: {rai: ^[unused, last-no-reply]}", "rai: unused stands alone (OMA 10.xml, resource 14)"),
    ("cellular: {rai: ^last-with-reply}", "rai 'last-with-reply': last-with-reply needs last-no-reply, too (OMA 10.xml, resource 14)"),
    ("cellular: {rai: ^0}", "rai '0': says nothing: unused is a bit, too (OMA 10.xml, resource 14)"),
    ("cellular: {rai: [last-no-reply, ^last-whit-reply]}", "rai 'last-whit-reply': no such bit; did you mean last-with-reply?"),
    ("apn/0: {name: x, auth: none, plmns: [^001, 00101, ^\"00,101\", ^\"001,0\", ^0010101]}",
     f"plmns '001': {PLMN}", f"plmns '00,101': {PLMN}", f"plmns '001,0': {PLMN}", f"plmns '0010101': {PLMN}"),
    ("apn/0: {name: x, auth: none, reconnect: [10s, ^0.5s]}",
     "reconnect '0.5s': expected a whole duration such as 20s, 10m, 10h or 2d"),
    ("^apn/0: {name: x, auth: none, pdn-type: ipv4, rds-source-ports: [1]}", "apn: pdn-type excludes rds-source-ports"),
    ("apn/0: {name: x, auth: none, rats: [lte, nb-iot-cp, ^4]}", "rats '4': stands there twice"),
    ("apn/0: {name: x, auth: none, qci: ^10}", "qci '10': is not from 1 to 9"),
    ("apn/0: {name: x, auth: none, ^22: \"1:0\"}", "apn: resource 22 is reported by the device, not set"),
    ("bearer: {bearers: [^nb-iot, lte, ^17]}", "bearers 'nb-iot': no such value; did you mean nb-iot-cp?", "bearers '17': no such value: "
     "expected auto, ps, gprs, umts, lte, 1xev-do, cs, wlan, ethernet, dsl, bluetooth, wimax, lte-up, lte-cp, nb-iot-cp, nb-iot-up or nr"),
    ("bearer: {operators: [00101, ^101, ^00101]}", f"operators '101': {PLMN}", "operators '00101': stands there twice"),
    ("bearer: {operators: ^\"00101,,310410\"}", f"operators '': {PLMN}"),
    ("bearer: {operators: [^\"00101,310410\"]}", f"operators '00101,310410': {PLMN}"),
    ("bearer: {operators: ^[]}", "operators: an empty list"),
    ("^bearer: {operators-only: false}", "bearer: operators-only needs operators"),
    ("bearer: {cells: [a, ^\"\", ^\"b,c\"]}", "cells '': an empty part", "cells 'b,c': has a comma in it"),
    ("bearer: {cells: ^\"" + 4096 * "a" + "\"}", "cells: is longer than 4095 bytes"),
    ("bearer: {cells: ^\"" + 9000 * "a" + "\"}", "cells: is longer than 4095 bytes"),
    (f"bearer: {{operators: ^[{', '.join(map(str, range(10000, 10683)))}]}}", "operators: is longer than 4095 bytes"),
    ("bearer: {rsrp-nb-iot: ^-159}", "rsrp-nb-iot '-159': is not from -158 to -44"),
    ("bearer: {^8: x}", "bearer: resource 8 is reported by the device, not set"),
    ("nas: {signalling-priority: ^0}", "signalling-priority '0': no such value: expected low"),
    ("nas: {min-search-timer: ^5h}", "min-search-timer '5h': is not from 0 to 255 min"),
    ("nas: {min-search-timer: ^90s}", "min-search-timer '90s': expected whole minutes, such as 10m, 10h or 2d"),
    ("nas: {sm-retry-wait: ^63s}", "sm-retry-wait '63s': cannot be expressed; the nearest are 62s and 90s (3GPP TS 24.008 10.5.7.4a)"),
    ("^nas: {override-low-priority: true}", f"nas: {TOGETHER}"),
    ("^nas: {override-low-priority: true, override-access-barring: false}", f"nas: {TOGETHER}"),
    ("^^^oscore/0: {aead: aes-ccm-16-64-128}", "oscore: secret is missing", "oscore: sender is missing", "oscore: recipient is missing"),
    (f"^oscore/0: {{{OSCORE}, sender: {{hex: \"61\"}}, recipient: {{text: a}}}}", "oscore: sender and recipient must differ"),
    (f"oscore/0: {{{OSCORE}, sender: {{text: ^eightbyt}}, recipient: {{hex: \"01\"}}}}", "sender: has 8 bytes, must have 0 to 7"),
    (f"oscore/0: {{{OSCORE}, sender: {{hex: \"01\"}}, recipient: {{hex: \"\"}}, aead: ^1}}", "aead '1': no such value: expected aes-ccm-16-64-128, aes-ccm-16-64-256, aes-ccm-64-64-128, "
     "aes-ccm-64-64-256, aes-ccm-16-128-128, aes-ccm-16-128-256, aes-ccm-64-128-128 or aes-ccm-64-128-256"),
]

A, B = "a: {id: 0, type: int}", "b: {id: 1, type: text}"
RULE = "expected {if: {RESOURCE: VALUE}, present: [...], absent: [...]}, {same: [...]} or {differ: [...]}"
DESCRIPTIONS = [
    ("resources: {a: {id: 0, type: int, encoding: t3325}}", "45: 't3325': expected t3324, t3412-extended, gprs-timer-3, edrx-iu, edrx-wb, edrx-nb, rai, plmn, plmn-pair, plmn-list, list or "
     "seconds-list"),
    ("resources: {a: {id: 0, type: int, encoding: gprs-timer-3}}", "45: a: a timer is an int with unit s"),
    ("resources: {a: {id: 0, type: text, encoding: t3324, unit: s}}", "53: a: a unit is for int and uint",
     "46: a: a timer is an int with unit s"),
    ("resources: {a: {id: 0, type: text, encoding: edrx-nb}}", "46: a: eDRX is opaque"),
    ("resources: {a: {id: 0, type: opaque, encoding: plmn-list}}", "48: a: PLMNs are text"),
    ("resources: {a: {id: 0, type: int, encoding: seconds-list}}", "45: a: a list with commas is text"),
    ("resources: {a: {id: 0, type: text, encoding: rai}}", "46: a: rai is a uint with bits"),
    ("resources: {a: {id: 0, type: int, length: 1..2}}", "35: a: a length is for text, apn and opaque"),
    ("resources: {a: {id: 0, type: text, range: 1..2}}", "36: a: a range is for int and uint"),
    ("resources: {a: {id: 0, type: text, length: -1..2}}", "44: a: no length is negative"),
    ("resources: {a: {id: 0, type: text, length: 2}}", "44: expected LOW..HIGH"),
    ("resources: {a: {id: 0, type: text, to: 11}}", "36: a: only a link leads to an object"),
    ("resources: {a: {id: 0, type: float, range: 0..1000}}", "37: a: a range is for int and uint"),
    ("resources: {a: {id: 0, type: double}}", "30: 'double': expected text, apn, int, uint, float, bool, opaque or link"),
    ("resources: {a: {id: 0, type: int, unit: h}}", "41: 'h': expected s or min"),
    ("resources: {a: {id: 0, type: int, unit: s, bits: {b: 0}}}", "44: a: bits stand alone"),
    ("resources: {a: {id: 0, type: link, to: apn}}", "40: expected a number from 0 to 65535"),
    (f"resources: {{{A}}}\nrules: [{{present: [a]}}]", "4:9: " + RULE),
    (f"resources: {{{A}, {B}}}\nrules: [{{if: {{a: 1}}, same: [a, b]}}]", "4:9: " + RULE),
    (f"resources: {{{A}}}\nrules: [{{if: {{c: 1}}, absent: [a]}}]", "4:14: expected {RESOURCE: VALUE}"),
    (f"resources: {{{A}, {B}}}\nrules: [{{differ: [a, c]}}]", "4:22: no such resource"),
    (f"resources: {{{A}}}\nrules: [{{same: a}}]", "4:16: expected a list of at most 8"),
    (f"resources: {{{A}}}\nrules: [{{differ: [a, a, a, a, a, a, a, a, a]}}]", "4:18: expected a list of at most 8"),
]

VALUE = {"text": "text", "apn": "APN", "int": "number", "uint": "number", "float": "float", "bool": "true or false",
         "opaque": "bytes", "link": "link"}


def described(r):
    """A resource in a few words, as the page has them."""
    words = []
    if "values" in r or "bits" in r:
        words.append(", ".join(f"{name} ({n})" for name, n in (r.get("values") or r["bits"]).items()))
    elif "to" in r:
        words.append(f"link to object {r['to']}")
    elif r.get("encoding", "").startswith("edrx"):
        words.append("eDRX")
    elif "unit" in r:
        words.append("duration, " + {"s": "s", "min": "min"}[r["unit"]])
    else:
        words.append(VALUE[r["type"]])
    if "length" in r:
        low, high = r["length"].split("..")
        words.append(f"{high} bytes" if low == high else f"{low} to {high} bytes")
    if "range" in r and r["range"].split("..")[1] not in ("2147483647", "4294967295"):
        words.append(r["range"].replace("..", " to "))
    if "encoding" in r:
        words.append(r["encoding"])
    words += [word for word, key in (("bits", "bits"), ("several", "multiple"), ("required", "required"), ("secret", "secret")) if r.get(key)]
    return "; ".join(words)


def said(rule):
    """A rule as the page has it."""
    if "if" not in rule:
        return " and ".join(rule.get("same") or rule["differ"]) + (" come together, with the same value" if "same" in rule else " differ")
    (name, value), = rule["if"].items()
    values = value if isinstance(value, list) else [value]
    words = " or ".join(str(v).lower() if isinstance(v, bool) else str(v) for v in values)
    return f"{name} {words} " + "; ".join(f"{verb} {', '.join(rule[key])}" for key, verb in (("present", "needs"), ("absent", "excludes"))
                                         if key in rule)


def table(o):
    """An object as a section of imprint-objects(5)."""
    lines = [f"## {o['object']} {o['name']}", "", f"Version {o['urn'].split(':')[5] if o['urn'].count(':') == 5 else '1.0'}, {o['instances']}. "
             f"Source: {o['source']}.", "", "[[ *Id*", ":< *Resource*", ":< *Value*"]
    for name, r in o["resources"].items():
        lines += [f"|  {r['id']}", f":  {name}", f":  {described(r)}"]
    if "reported" in o:
        lines += ["", "Reported by the device: " + ", ".join(map(str, o["reported"])) + "."]
    if "rules" in o:
        lines += ["", "Rules: " + "; ".join(map(said, o["rules"])) + "."]
    return "\n".join(lines) + "\n"


class Shipped(Case):
    def build(self, text, *args, status=0):
        self.write("p.yaml", text)
        self.write("seed.key", bytes(32), mode=0o600)
        return self.run_tool("build", "p.yaml", "--seed", "seed.key", "-o", "out", *args, status=status)

    def test_seven_objects_ship_with_their_source(self):
        self.assertEqual([o["object"] for o in OBJECTS], [0, 1, 10, 11, 13, 18, 21])
        for o in OBJECTS:
            self.assertIn("OMA LwM2M registry", o["source"])

    def test_every_resource_travels_as_its_source_says(self):
        self.build(ALL)
        raw = (self.dir / "out").read_bytes()
        self.assertEqual(cbor2.loads(raw)[5], WIRE)

    def test_the_golden_profile_leaves_no_resource_out(self):
        for o in OBJECTS:
            used = {r for instance in WIRE[o["object"]].values() for r in instance}
            self.assertEqual({r["id"] for r in o["resources"].values()}, used, o["name"])
            self.assertEqual(used & set(o.get("reported", [])), set(), o["name"])

    def test_the_simulated_board_has_them_all(self):
        self.keys()
        self.write("p.yaml", ALL)
        self.simulate("set -e; $I enroll -d sim/1 -o x.cards; $I claim -k owner.pem -d sim/1 --cards x.cards\n"
                      "$I pack p.yaml -k owner.pem --seed seed.key --cards x.cards -o p.packages\n"
                      "$I push p.packages -d sim/1 --cards x.cards")

    def test_what_is_wrong_is_said_where_it_stands(self):
        for marked, *words in WRONG:
            with self.subTest(marked[:200]):
                *before, _ = ("  " + marked).split("^")
                columns = [len("".join(before[:n + 1])) + 1 for n in range(len(before))]
                self.assertEqual(len(columns), len(words))
                err = self.build(HEAD + f"settings:\n  {marked.replace('^', '')}\n", status=3).err
                self.assertEqual([line for line in err.splitlines() if line.startswith("p.yaml:")],
                                 [f"p.yaml:7:{column}: {what}" for column, what in zip(columns, words)], err)
                self.assertFalse((self.dir / "out").exists())

    def test_variables_of_identifiers(self):
        text = HEAD + 'variables: {op: {type: plmn}, sv: {type: imeisv}}\nsettings: {bearer: {operators: ["${op}"], cells: ["${sv}"]}}\n'
        self.build(text, "-s", "op=00101", "-s", "sv=4901542032375101")
        self.assertEqual(cbor2.loads((self.dir / "out").read_bytes())[5], {13: {0: {5: "4901542032375101", 6: "00101"}}})
        err = self.build(text, "-s", "op=101", "-s", "sv=490154203237518", "--force", status=3).err
        self.assertIn(f"op=101: {PLMN}", err)
        self.assertIn("-s sv=490154203237518: has 15 digits, expected 16: an IMEI, or leading zero lost by a spreadsheet?", err)

    def test_an_apn_is_empty_only_where_it_was_meant(self):
        text = HEAD + 'variables: {apn: {type: text}}\nsettings: {apn/0: {name: x, auth: none, apn: "${apn}"}}\n'
        self.assertIn("apn '': is not 1 to 99 characters", self.build(text, "-s", "apn=", status=3).err)

    def test_mistakes_in_descriptions(self):
        for line, *words in DESCRIPTIONS:
            with self.subTest(line):
                self.write("o.yaml", f"object: 42769\nname: mine\n{line}\n")
                err = self.build(HEAD + "objects: [o.yaml]\nsettings: {cellular: {psm-timer: 10h}}\n", status=3).err
                self.assertEqual(re.findall(r"/o\.yaml:(\d+:\d+: .*)", err), [w if w[:2] == "4:" else f"3:{w}" for w in words], err)

    def test_generated_secrets_of_an_instance_differ(self):
        self.write("o.yaml", "object: 42769\nname: mine\nresources: {a: {id: 0, type: opaque, secret: true}, b: {id: 1, type: opaque, secret: true}}\n"
                             "rules: [{differ: [a, b]}]\n")
        self.write("d.csv", "imei\n001010010000014\n")
        self.build(HEAD + "objects: [o.yaml]\nsettings: {mine: {a: {generate: 16}, b: {generate: 16}}}\n", "--csv", "d.csv")

    def test_a_number_or_a_name_that_another_object_has(self):
        """What is taken is said, where it stands; what has another mistake is compared with nothing."""
        for text, *words in (("object: 42769\nname: apn\n", "2:7: the name apn is taken already, by object 11"), ("object: 10\nname: mine\n", "1:9: object 10 is described already, as cellular"),
                             ("object: 10\nname: apn\n", "1:9: object 10 is described already, as cellular", "2:7: the name apn is taken already, by object 11"),
                             ("object: 11\nname: apn\n", "1:1: object 11 (apn) is described already"), ("object: 99999\nname: oscore\n", "1:9: expected a number from 0 to 65535")):
            with self.subTest(text):
                self.write("o.yaml", text + "resources: {a: {id: 0, type: int}}\n")
                err = self.build(HEAD + "objects: [o.yaml]\nsettings: {cellular: {psm-timer: 10h}}\n", status=3).err
                self.assertEqual([line.split("o.yaml:")[1] for line in err.splitlines() if "o.yaml:" in line and not line.startswith("imprint: ")], words, err)

    def test_a_description_of_nothing(self):
        self.write("o.yaml", "# nothing\n")
        err = self.build(HEAD + "objects: [o.yaml]\nsettings: {cellular: {psm-timer: 10h}}\n", status=3).err
        self.assertIn("/o.yaml: describes no object\n", err)

    def test_a_long_list_of_networks_fits(self):
        plmns = [*map(str, range(10000, 10682))]
        self.build(HEAD + f"settings: {{bearer: {{operators: [{', '.join(plmns)}]}}}}\n")
        self.assertEqual(cbor2.loads((self.dir / "out").read_bytes())[5], {13: {0: {6: ",".join(plmns)}}})

    def test_the_page_lists_them(self):
        page = (ROOT / "man/imprint-objects.5.scd").read_text(encoding="utf-8")
        for o in OBJECTS:
            self.assertIn("\n" + table(o), page, f"the page should have:\n{table(o)}")


unittest.main()
