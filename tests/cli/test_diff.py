# SPDX-License-Identifier: Apache-2.0
"""diff: every pair of sides, what differs and nothing of secrets."""
import os
import re
import shutil
import sys
import time
import unittest

from tool import EXAMPLES, ROOT, Case

sys.path.append(str(ROOT / "tests" / "interop"))
import cose  # noqa: E402
import objects as o  # noqa: E402
from cbor_strict import encode  # noqa: E402

ROWS = [row.split(",") for row in (EXAMPLES / "devices.csv").read_text().splitlines()[1:]]
IMEIS = [row[1] for row in ROWS]
HEAD = 'imprint: 1\nprofile: "{label}"\ndomain: {domain}\nsequence: {sequence}\ntarget: {{imei: "${{imei}}"}}\n'
MARKER = "5ec4e7MARKER"


def ueid(imei):
    return b"\3" + bytes(int(digit) for digit in imei[:14])


def batch(kind, items):
    return encode({0: "imprint-batch", 1: len(items), 2: kind}) + b"".join(encode(item) for item in items)


def evidence(device, key, domains, count=1):
    """Signed evidence: domains = {d: (domain-epoch, sequence, id, authority, state)}."""
    body = {10: os.urandom(32), o.UEID: device, o.OEMID: 32473, o.HWMODEL: b"keel-2", 263: 1, 265: o.EVIDENCE_PROFILE, 267: 1, 2395: 0x2000,
            -70020: [key.kid, 1, bytes(32)], -70021: {d: [1, bytes(32)] for d in sorted({0, *domains})}, -70022: count, -70023: 0, -70024: 0}
    if domains:
        body[273] = [[295, encode({1: [f"imprint/{d}", [str(sequence)]], 2: [1, ident], 3: [authority],
                                   4: bytes([state, d, 0, 0]) + epoch.to_bytes(4, "big")})]
                     for d, (epoch, sequence, ident, authority, state) in sorted(domains.items())]
    o.check_evidence(body)
    return cose.sign_one("evidence", encode(body), key)


class Diff(Case):
    def setUp(self):
        super().setUp()
        shutil.copy(EXAMPLES / "devices.csv", self.dir)
        shutil.copy(EXAMPLES / "sensor.yaml", self.dir)
        self.keys()

    def diff(self, *args, status=0, **more):
        return self.run_tool("diff", *args, status=status, **more)

    def yaml(self, name, settings, label="t", domain=0, sequence=1, variables="imei: {type: imei}", head=""):
        self.write(name, HEAD.format(label=label, domain=domain, sequence=sequence) + head + f"variables: {{{variables}}}\nsettings:\n{settings}\n")

    def csv(self, name="d.csv", count=1, extra=None):
        self.write(name, "serial,imei" + (f",{extra[0]}" if extra else "") + "\n" +
                   "".join(f"{row[0]},{row[1]}" + (f",{extra[1]}" if extra else "") + "\n" for row in ROWS[:count]))

    def two(self):
        self.csv()
        self.yaml("a.yaml", "  cellular: {psm-timer: 10h, active-timer: 20s, edrx-nb: {cycle: 81.92s, window: 10.24s}}\n"
                            "  apn/0: {name: iot, auth: none, rats: [lte, nb-iot-cp], apn: a.example}", head='replaces: "' + "0a" * 32 + '"\n')
        self.yaml("b.yaml", "  cellular: {psm-timer: 20h, edrx-nb: {cycle: 81.92s, window: 2.56s}, power-saving: [psm]}\n"
                            "  apn/0: {name: iot, auth: pap, user: u, secret: s, rats: [lte, lte-cp], apn: a.example}", label="t2", sequence=9)

    def test_settings_added_removed_changed(self):
        self.two()
        self.assertEqual(self.diff("a.yaml", "b.yaml", "--csv", "d.csv", "--epochs", "3,0", status=11).out, f'''imei {IMEIS[0]}, domain 0: differs
  ~ sequence: 1 -> 9
  ~ label: "t" -> "t2"
  ~ replaces: {"0a" * 32} -> 
  ~ cellular/0/psm-timer: 10h -> 20h
  - cellular/0/active-timer: 20s
  ~ cellular/0/edrx-nb: {{cycle: 81.92s, window: 10.24s}} -> {{cycle: 81.92s, window: 2.56s}}
  + cellular/0/power-saving: [psm]
  ~ apn/0/auth: none -> pap
  + apn/0/user: (secret)
  + apn/0/secret: (secret)
  ~ apn/0/rats/1: nb-iot-cp -> lte-cp
''')
        run = self.diff("a.yaml", "a.yaml", "--csv", "d.csv")
        self.assertEqual((run.out, run.err), ("no difference in 1 profile\n", ""))

    def test_both_directions_are_each_others_mirror(self):
        self.two()
        there, back = (self.lines(self.diff(*files, "--csv", "d.csv", "--json", status=11).out)[0]["changes"]
                       for files in (("a.yaml", "b.yaml"), ("b.yaml", "a.yaml")))
        mirror = {"added": "removed", "removed": "added", "changed": "changed"}
        turned = [{**c, "change": mirror[c["change"]], "first": c["second"], "second": c["first"]} for c in back]
        self.assertEqual(there, turned)
        self.assertEqual(self.lines(self.diff("a.yaml", "b.yaml", "--csv", "d.csv", "--json", status=11).out)[0]["result"], "differs")

    def test_a_yaml_side_second_is_second(self):
        """It is the one that streams, whichever it is."""
        self.two()
        self.run_tool("build", "b.yaml", "--csv", "d.csv", "--seed", "seed.key", "-o", "b.profiles")
        self.assertIn("- apn/0/user: (secret)", self.diff("b.profiles", "a.yaml", "--csv", "d.csv", status=11).out)
        self.assertIn("+ apn/0/user: (secret)", self.diff("a.yaml", "b.profiles", "--csv", "d.csv", status=11).out)
        changes = self.lines(self.diff("a.yaml", "b.profiles", "--csv", "d.csv", "--json", status=11).out)[0]["changes"]
        self.assertIn({"what": "apn/0/user", "numbers": "/11/0/5", "change": "added", "secret": True, "first": None, "second": None}, changes)

    def test_head_fields(self):
        self.csv()
        for name, target in (("a", ""), ("b", ", class: 32473/keel-2")):
            self.yaml(f"{name}.yaml", "  cellular: {psm-timer: 10h}", domain=1)
            path = self.dir / f"{name}.yaml"
            path.write_text(path.read_text().replace('"${imei}"}', '"${imei}"' + target + "}").replace("sequence: 1", f"sequence: 1\nepochs: [{name == 'b'}, 2]")
                            .replace("True", "2").replace("False", "1"))
        out = self.diff("a.yaml", "b.yaml", "--csv", "d.csv", status=11).out
        self.assertIn("domain 1: differs\n  ~ owner-epoch: 1 -> 2\n  ~ class: \"\" -> \"32473/keel-2\"\n", out)
        self.assertNotIn("domain-epoch", out)

    def test_one_value_and_a_list_of_one_are_not_the_same(self):
        ident = ueid(IMEIS[0])
        for name, value in (("a", 4), ("b", {0: 4})):
            self.write(name, encode(o.profile(ident, 1, {11: {0: {30: value}}})))
        out = self.diff("a", "b", status=11).out
        self.assertIn("  - apn/0/rats: lte\n  + apn/0/rats/0: lte\n", out)

    def test_secrets_are_in_no_output(self):
        """Resources that are secret, variables that go there, too, and what has no description: they differ, and that is all."""
        variables = "imei: {type: imei}, pin: {}"
        settings = ('  apn/0: {{name: "${{pin}}", apn: "a.${{pin}}", auth: pap, user: "u{0}", secret: "{0}${{pin}}"}}\n  cellular: {{activation: "{0}"}}\n'
                    '  security/0: {{bootstrap: true, mode: psk, identity: {{text: "${{pin}}"}}, secret: {{hex: "{1}"}}}}')
        for n, marker in enumerate((MARKER, MARKER + "2")):
            self.yaml(f"{n}.yaml", settings.format(marker, marker.encode().hex()), variables=variables, label="${pin}")
            self.csv(f"{n}.csv", extra=("pin", f"{n}{MARKER}"))
            self.run_tool("build", f"{n}.yaml", "--csv", f"{n}.csv", "--seed", "seed.key", "-o", f"{n}.profiles")
            self.run_tool("sign", "-k", "owner.pem", f"{n}.profiles", "-o", f"{n}.signed")
        self.write("v0", encode(o.profile(ueid(IMEIS[0]), 1, {40000: {0: {0: MARKER, 1: MARKER.encode(), 2: 5}}})))
        self.write("v1", encode(o.profile(ueid(IMEIS[0]), 1, {40000: {0: {0: MARKER + "2", 1: b"2" + MARKER.encode(), 2: 6}}})))
        for args in (("0.yaml", "1.yaml", "--csv", "0.csv"), ("0.yaml", "1.profiles", "--csv", "0.csv", "--seed", "seed.key"), ("v0", "v1")):
            for more in ((), ("--json",)):
                run = self.diff(*args, *more, status=11)
                for needle in (MARKER, MARKER.encode().hex()):
                    self.assertNotIn(needle, run.out + run.err, args)
        out = self.diff("0.yaml", "1.profiles", "--csv", "0.csv", "--seed", "seed.key", status=11).out
        for line in ("label: (secret, differs)", "security/0/identity: (secret, differs)", "security/0/secret: (secret, differs)",
                     "cellular/0/activation: (secret, differs)", "apn/0/apn: (secret, differs)", "apn/0/user: (secret, differs)"):
            self.assertIn(f"  ~ {line}\n", out)
        self.assertIn("  ~ 40000/0/0: (secret, differs)\n  ~ 40000/0/1: (secret, differs)\n  ~ 40000/0/2: 5 -> 6\n", self.diff("v0", "v1", status=11).out)

    def test_generated_secrets_are_compared_where_they_can_be(self):
        self.run_tool("build", "sensor.yaml", "--csv", "devices.csv", "--seed", "seed.key", "-o", "a.profiles")
        self.run_tool("keygen", "--type", "seed", "-o", "other.key")
        self.run_tool("build", "sensor.yaml", "--csv", "devices.csv", "--seed", "other.key", "-o", "b.profiles")
        self.assertEqual(self.diff("sensor.yaml", "a.profiles", "--csv", "devices.csv", "--seed", "seed.key").out, "no difference in 8 profiles\n")
        only = f"imei {IMEIS[0]}, domain 0: differs\n  ~ security/0/secret: (secret, differs)\n"
        self.assertEqual(self.diff("a.profiles", "b.profiles", "--id", IMEIS[0], status=11).out, only)
        self.assertEqual(self.diff("sensor.yaml", "a.profiles", "--csv", "devices.csv", "--seed", "other.key", "--id", IMEIS[0], status=11).out, only)
        for args in (("sensor.yaml", "a.profiles"), ("b.profiles", "sensor.yaml")):
            run = self.diff(*args, "--csv", "devices.csv")
            self.assertEqual(run.out, "no difference in 8 profiles\n")
            self.assertIn("note: generated secrets were not compared: --seed KEY", run.err)
            lines = self.lines(self.diff(*args, "--csv", "devices.csv", "--json").out)
            self.assertEqual(lines[0]["changes"], [{"what": "security/0/secret", "numbers": "/0/0/5", "change": "not-compared", "secret": True, "first": None, "second": None}])
            self.assertEqual(lines[0]["result"], "same")
        self.write("g.yaml", (self.dir / "sensor.yaml").read_text() + "generation: 1\n")
        run = self.diff("sensor.yaml", "g.yaml", "--csv", "devices.csv", "--id", IMEIS[0], status=11)
        self.assertEqual(run.out, only, "made of one seed on both sides")
        self.assertNotIn("not compared", run.err)

    def test_ids_of_whatever_is_signed(self):
        """A profile in clear is found in packages and evidence by the issuer that they name, whatever form and algorithm signed it."""
        body = o.profile(ueid(IMEIS[0]), 5, {10: {0: {4: 36000}}})
        other = o.profile(ueid(IMEIS[0]), 5, {10: {0: {4: 36000}}})
        self.write("clear", encode(body))
        self.write("other", encode(other))
        p256, ed = cose.Key.make(), cose.Key.make(cose.ED25519)
        for n, (keys, wrong) in enumerate((([p256], {}), ([ed], {}), ([p256], {"alg": -9}), ([ed], {"alg": -19}), ([p256, ed], {}))):
            signed = o.sign("profile", body, keys, **wrong)
            ident = cose.id_of(signed)
            self.write("signed", encode(signed))
            self.write("package", encode(o.package(signed, cose.Key.make().public)[0]))
            self.write("evidence", encode(evidence(ueid(IMEIS[0]), cose.Key.make(), {0: (0, 5, ident, keys[0].kid, 1)})))
            for side in ("package", "evidence"):
                for a in ("clear", "signed"):
                    with self.subTest(f"{n} {a} {side}"):
                        out = self.diff("--same", a, side).out
                        self.assertIn(f"same profile (id {ident.hex()[:16]}...)", out)
                        self.assertEqual("unproven" in out, side == "evidence")
                        self.assertIn("same profile", self.diff("--same", side, a).out)
                line = self.lines(self.diff("other", side, "--json", status=11).out)[0]
                self.assertEqual((line["result"], line["profile"], line["id"]), ("differs", "another", ident.hex()))
            self.assertIn("same profile", self.diff("--same", "package", "evidence").out)
        self.assertIn("note: package: encrypted: only outer claims were compared", self.diff("clear", "package").err)

    def test_another_profile_shows_its_numbers(self):
        body = o.profile(ueid(IMEIS[0]), 5, {10: {0: {4: 36000}}}, domain=1, epochs=(2, 3))
        self.write("a", encode(o.sign("profile", body, [cose.Key.make()])))
        self.write("b", encode(evidence(ueid(IMEIS[0]), cose.Key.make(), {1: (4, 6, bytes(32), bytes(32), 1)})))
        self.assertEqual(self.diff("a", "b", status=11).out,
                         f"imei {IMEIS[0]}, domain 1: another profile (id {'0' * 16}...), unproven\n  ~ sequence: 5 -> 6\n  ~ owner-epoch: 2 -> 1\n  ~ domain-epoch: 3 -> 4\n")

    def test_the_newest_evidence_of_each_device(self):
        key = cose.Key.make()
        body = o.profile(ueid(IMEIS[0]), 5, {10: {0: {4: 36000}}})
        signed = o.sign("profile", body, [key])
        ident = cose.id_of(signed)
        self.write("a", encode(signed))
        old = evidence(ueid(IMEIS[0]), key, {0: (0, 4, bytes(32), key.kid, 1)})
        new = evidence(ueid(IMEIS[0]), key, {0: (0, 5, ident, key.kid, 1)}, 2)
        else_ = evidence(ueid(IMEIS[1]), key, {})
        self.write("e", batch("evidence", [old, else_, new]))
        self.assertIn("same profile", self.diff("--same", "a", "e").out)
        self.assertIn("same profile", self.diff("--same", "a", "-", stdin=(self.dir / "e").read_bytes()).out)
        self.write("e", batch("evidence", [new, else_, old]))
        self.assertIn("another profile", self.diff("a", "e", status=11).out)

    def test_wiped_and_empty(self):
        key = cose.Key.make()
        signed = [o.sign("profile", o.profile(ueid(imei), 5, {10: {0: {4: 36000}}}), [key]) for imei in IMEIS[:3]]
        self.write("a", batch("signed", signed))
        self.write("e", batch("evidence", [evidence(ueid(IMEIS[0]), key, {0: (0, 5, cose.id_of(signed[0]), key.kid, 2)}), evidence(ueid(IMEIS[1]), key, {})]))
        run = self.diff("a", "e", status=11)
        self.assertEqual(re.sub(r"id \w+", "id X", run.out),
                         f"imei {IMEIS[0]}, domain 0: same profile (id X...), unproven\n  ~ state: set -> wiped\n"
                         f"imei {IMEIS[1]}, domain 0: only in a; the device holds nothing there, unproven\n"
                         f"imei {IMEIS[2]}, domain 0: only in a\n")
        self.assertIn("3 of 3 profiles differ", run.err)
        self.assertIn("~ state: wiped -> set", self.diff("e", "a", status=11).out)
        self.assertIn("no difference in 1 profile, unproven\n", self.diff("e", "e").out)

    def test_domains_that_profiles_are_not_about_are_passed_over(self):
        key = cose.Key.make()
        signed = o.sign("profile", o.profile(ueid(IMEIS[0]), 5, {10: {0: {4: 36000}}}), [key])
        both = {0: (0, 5, cose.id_of(signed), key.kid, 1), 1: (0, 1, bytes(32), bytes(32), 1)}
        self.write("a", encode(signed))
        self.write("e", encode(evidence(ueid(IMEIS[0]), key, both)))
        self.write("f", encode(evidence(ueid(IMEIS[0]), key, {0: both[0]})))
        for args in (("a", "e"), ("e", "a")):
            self.assertNotIn("domain 1", self.diff(*args).out)
        self.assertIn("domain 1: only in e", self.diff("e", "f", status=11).out)
        self.assertIn("domain 1: only in e", self.diff("f", "e", status=11).out)

    def test_only_in_one(self):
        self.csv("a.csv", 2)
        self.csv("b.csv", 3)
        self.yaml("p.yaml", "  cellular: {psm-timer: 10h}")
        for name in "ab":
            self.run_tool("build", "p.yaml", "--csv", f"{name}.csv", "-o", f"{name}.profiles")
        only = f"imei {IMEIS[2]}, domain 0: only in b.profiles\n"
        self.assertEqual(self.diff("a.profiles", "b.profiles", status=11).out, only)
        self.assertEqual(self.diff("b.profiles", "a.profiles", status=11).out, only)
        self.assertEqual(self.diff("p.yaml", "b.profiles", "--csv", "a.csv", status=11).out, only)

    def test_id_picks_devices(self):
        self.csv("all.csv", 8)
        self.yaml("a.yaml", "  cellular: {psm-timer: 10h}")
        self.yaml("b.yaml", "  cellular: {psm-timer: 20h}")
        for name in "ab":
            self.run_tool("build", f"{name}.yaml", "--csv", "all.csv", "-o", f"{name}.profiles")
        for args in (("a.yaml", "b.yaml"), ("a.yaml", "b.profiles"), ("b.profiles", "a.yaml")):
            for ident in (ROWS[3][0], IMEIS[3]):
                lines = self.lines(self.diff(*args, "--csv", "all.csv", "--id", ident, "--json", status=11).out)
                self.assertEqual([line["device"] for line in lines], [f"imei {IMEIS[3]}"], args)
        for ident in (IMEIS[3], ueid(IMEIS[3]).hex()):
            lines = self.lines(self.diff("a.profiles", "b.profiles", "--id", ident, "--json", status=11).out)
            self.assertEqual([line["device"] for line in lines], [f"imei {IMEIS[3]}"])
        self.assertIn("nothing to compare", self.diff("a.profiles", "b.profiles", "--id", "nobody", status=2).err)

    def test_usage_and_files(self):
        self.csv()
        self.yaml("a.yaml", "  cellular: {psm-timer: 10h}")
        self.run_tool("build", "a.yaml", "--csv", "d.csv", "-o", "a.profiles")
        for args in ((), ("a.yaml",), ("-", "-"), ("a.yaml", "a.profiles", "-d", "x"), ("a.yaml", "a.yaml", "a.yaml"), ("a.yaml", "a.profiles", "--owner", "owner.pub"),
                     ("a.yaml", "none"), ("none", "a.yaml"), (".", "a.profiles")):
            with self.subTest(args):
                self.diff(*args, status=2)
        whole = (self.dir / "a.profiles").read_bytes()
        self.write("cut", whole[:-3])
        self.write("cards", batch("cards", []))
        self.write("grants", batch("grants", []))
        self.write("command", encode(o.sign("command", o.command(o.LOCK, {o.UEID: ueid(IMEIS[0])}), [cose.Key.make()])))
        self.write("twice", batch("profiles", [o.profile(ueid(IMEIS[0]), n, {10: {0: {4: 36000}}}) for n in (1, 2)]))
        self.write("bad.yaml", "imprint: 1\nsettings: {cellular: {psm-timr: 1}}\n")
        self.write("empty", "")
        for args, words in ((("a.profiles", "cut"), "cut: item"), (("cut", "a.profiles"), "cut: item"), (("a.profiles", "command"), "is a command, expected a profile"),
                            (("a.profiles", "grants"), "holds grants"), (("a.profiles", "twice"), "twice: two profiles for imei"),
                            (("twice", "a.profiles"), "twice: two profiles for imei"), (("a.profiles", "bad.yaml"), "bad.yaml: domain is missing"),
                            (("empty", "a.profiles"), "empty: is empty"), (("a.yaml", "a.yaml", "--csv", "none.csv"), "none.csv")):
            with self.subTest(args):
                self.assertIn(words, self.diff(*args, status=2 if "none.csv" in words else 3).err)

    def test_ids_of_yaml_with_secrets_need_the_seed(self):
        self.run_tool("build", "sensor.yaml", "--csv", "devices.csv", "--seed", "seed.key", "-o", "a.profiles")
        self.run_tool("sign", "-k", "owner.pem", "a.profiles", "-o", "a.signed")
        key = cose.Key.make()
        self.write("e", batch("evidence", [evidence(ueid(IMEIS[0]), key, {0: (0, 1, bytes(32), key.kid, 1)})]))
        run = self.diff("sensor.yaml", "e", "--csv", "devices.csv", status=6)
        self.assertIn("sensor.yaml: it holds secrets: --seed KEY is needed", run.err)
        self.assertIn("sensor.yaml: it holds secrets", self.diff("e", "sensor.yaml", "--csv", "devices.csv", status=6).err)
        self.csv()
        self.yaml("p.yaml", "  cellular: {psm-timer: 10h}")
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "p.profiles")
        self.run_tool("sign", "-k", "owner.pem", "p.profiles", "-o", "p.signed")
        signed = cose.id_of(o.decode((self.dir / "p.signed").read_bytes()[self.head_of("p.signed"):]))
        kid = re.search("kid +([0-9a-f]{64})", self.run_tool("key", "owner.pub").out)[1]
        self.write("e", encode(evidence(ueid(IMEIS[0]), key, {0: (0, 1, signed, bytes.fromhex(kid), 1)})))
        self.assertIn("same profile", self.diff("--same", "p.yaml", "e", "--csv", "d.csv").out, "without secrets there is no seed")

    def head_of(self, name):
        return len(encode({0: "imprint-batch", 1: 1, 2: name.split(".")[1]}))

    def test_no_control_character_and_no_turned_text(self):
        """Texts of profiles that somebody else made; the strict reader has no control characters, a terminal has more to fear."""
        self.write("a", encode(o.profile(ueid(IMEIS[0]), 1, {11: {0: {0: 'x\u202e"\\'}}}, label="l\u2066")))
        self.write("b", encode(o.profile(ueid(IMEIS[0]), 1, {11: {0: {0: "y"}}}, label="m")))
        run = self.diff("a", "b", status=11)
        self.assertIn('label: "l\\u2066" -> "m"', run.out)
        self.assertIn('apn/0/name: "x\\u202e\\"\\\\" -> "y"', run.out)
        name = "a\x1b[1m"
        shutil.copy(self.dir / "a", self.dir / name)
        for args in ((name, "b"), ("b", name), (name, "none"), (name, "b", "--json")):
            run = self.diff(*args, status=None)
            self.assertNotIn("\x1b", run.out + run.err, args)
        self.write("c", encode(o.profile(ueid(IMEIS[1]), 1, {11: {0: {0: "y"}}})))
        self.assertNotIn("\x1b", self.diff(name, "c", status=11).out)

    def test_mistakes_in_rows_are_shown_up_to_a_limit(self):
        self.yaml("p.yaml", "  cellular: {psm-timer: 10h}")
        self.write("d.csv", "imei\n" + "1\n" * 5000)
        run = self.diff("p.yaml", "p.yaml", "--csv", "d.csv", status=3)
        self.assertIn("d.csv:2:1: imei 1: ", run.err)
        self.assertIn("\n... and more\n", run.err)
        self.assertIn("imprint: d.csv: 5000 rows with mistakes\n", run.err)
        self.assertLess(len(run.err), 200000)

    def test_what_is_the_same_is_shown_where_it_is_asked_for(self):
        """Of two thousand equal ones nobody wants a line each; that nothing proves them must not get lost with the lines."""
        key = cose.Key.make()
        signed = [o.sign("profile", o.profile(ueid(imei), 5, {10: {0: {4: 36000}}}), [key]) for imei in IMEIS[:3]]
        self.write("a", batch("signed", signed))
        self.write("b", batch("package", [o.package(s, cose.Key.make().public)[0] for s in signed]).replace(b"gpackage", b"hpackages"))
        self.write("e", batch("evidence", [evidence(ueid(imei), key, {0: (0, 5, cose.id_of(s), key.kid, 1)}) for imei, s in zip(IMEIS, signed)]))
        for other, same, unproven in (("a", "same profile", ""), ("b", "same profile (id", ""), ("e", "same profile (id", ", unproven")):
            with self.subTest(other):
                self.assertEqual(self.run_tool("diff", "a", other).out, f"no difference in 3 profiles{unproven}\n")
                self.assertEqual(self.diff("--same", "a", other).out.count(same), 3)
                self.assertEqual(len(self.lines(self.run_tool("diff", "a", other, "--json").out)), 3, "programs are told of each")
        self.write("c", batch("signed", [signed[0], o.sign("profile", o.profile(ueid(IMEIS[1]), 6, {10: {0: {4: 36000}}}), [key]), signed[2]]))
        self.assertEqual(self.run_tool("diff", "a", "c", status=11).out, f"imei {IMEIS[1]}, domain 0: differs\n  ~ sequence: 5 -> 6\n")

    def test_many_devices_without_a_quadratic_path(self):
        count = 30000
        devices = [b"\3" + bytes(int(d) for d in f"{n:014d}") for n in range(count)]
        for name, order, timer in (("a", devices, 36000), ("b", reversed(devices), 72000)):
            body = {1: 1, 2: 0, 3: 1, 4: {256: b""}, 5: {10: {0: {4: timer, 5: 20}}}, 6: bytes(16), 9: [1, 0]}
            pre, post = encode(body).split(encode({256: b""}))
            self.write(name, encode({0: "imprint-batch", 1: count, 2: "profiles"}) + b"".join(pre + encode({256: d}) + post for d in order))
        started = time.monotonic()
        run = self.diff("a", "b", status=11)
        self.assertLess(time.monotonic() - started, 30)
        self.assertEqual(run.out.count("psm-timer: 10h -> 20h\n"), count)


class Devices(Case):
    def test_what_devices_hold(self):
        """Packages on their way, evidence in a file, devices themselves: proven by cards, or marked."""
        self.keys()
        for name in ("sensor.yaml", "devices.csv"):
            shutil.copy(EXAMPLES / name, self.dir)
        self.write("two.csv", "".join((EXAMPLES / "devices.csv").read_text().splitlines(keepends=True)[:3]))
        self.write("next.yaml", (self.dir / "sensor.yaml").read_text().replace("sequence: 1", "sequence: 2"))
        same = f"imei {IMEIS[0]}, domain 0: same profile (id X...)\nimei {IMEIS[1]}, domain 0: same profile (id X...)\nno difference in 2 profiles\n"
        run = self.simulate('''set -e
step() { echo "== $*"; "$I" diff --same "$@" || echo "status $?"; }
"$I" enroll -d all -o x.cards >/dev/null; "$I" claim -k owner.pem -d all --cards x.cards --evidence e >/dev/null
step p.packages -d all --cards x.cards 2>/dev/null
"$I" pack sensor.yaml --csv two.csv --seed seed.key -k owner.pem --cards x.cards -o p.packages
step p.packages -d all --cards x.cards
"$I" push p.packages -d all --cards x.cards --evidence e >/dev/null
step p.packages -d all --cards x.cards
step p.packages -d all
step p.packages e --cards x.cards
step sensor.yaml -d all --csv devices.csv --seed seed.key --cards x.cards --evidence f
step next.yaml -d sim/1 --csv two.csv --seed seed.key
step next.yaml -d all --csv two.csv --seed seed.key --id KS26-000002 --cards x.cards --json
step next.yaml -d all --csv two.csv --seed seed.key --id KS26-000002 --id KS26-000001 --cards x.cards --json
step e -d all --cards x.cards
"$I" wipe --domain 0 -k owner.pem -d sim/1 --cards x.cards --evidence e >/dev/null
step p.packages -d sim/1 --cards x.cards
step p.packages -d sim/1 -d sim/9
''', "--csv", "two.csv", count=2)
        steps = {}
        for part in re.sub(r"id \w{16}", "id X", run.out).split("== ")[1:]:
            name, out = part.split("\n", 1)
            steps.setdefault(name, []).append(out)
        self.assertEqual(steps["p.packages -d all --cards x.cards"][0], "status 2\n")
        self.assertEqual(steps["p.packages -d all --cards x.cards"][1],
                         "".join(f"imei {imei}, domain 0: only in p.packages; the device holds nothing there\n" for imei in IMEIS[:2]) + "status 11\n")
        self.assertEqual(steps["p.packages -d all --cards x.cards"][2], same)
        self.assertEqual(steps["p.packages -d all"], [same.replace("...)", "...), unproven").replace("profiles\n", "profiles, unproven\n")])
        self.assertEqual(steps["p.packages e --cards x.cards"], [same])
        self.assertEqual(steps["sensor.yaml -d all --csv devices.csv --seed seed.key --cards x.cards --evidence f"], [same], "devices that are not attached are passed over")
        self.assertTrue((self.dir / "f").exists())
        self.assertEqual(steps["next.yaml -d sim/1 --csv two.csv --seed seed.key"],
                         [f"imei {IMEIS[0]}, domain 0: another profile (id X...), unproven\n  ~ sequence: 2 -> 1\nstatus 11\n"])
        line = self.lines(steps["next.yaml -d all --csv two.csv --seed seed.key --id KS26-000002 --cards x.cards --json"][0])
        self.assertEqual([(l["device"], l["result"], l["profile"], l["unproven"]) for l in line], [(f"imei {IMEIS[1]}", "differs", "another", False)])
        line = self.lines(steps["next.yaml -d all --csv two.csv --seed seed.key --id KS26-000002 --id KS26-000001 --cards x.cards --json"][0])
        self.assertEqual([l["device"] for l in line], [f"imei {imei}" for imei in IMEIS[:2]])
        self.assertIn("no difference in 2 profiles", steps["e -d all --cards x.cards"][0])
        self.assertEqual(steps["p.packages -d sim/1 --cards x.cards"], [f"imei {IMEIS[0]}, domain 0: same profile (id X...)\n  ~ state: set -> wiped\nstatus 11\n"])
        self.assertTrue(steps["p.packages -d sim/1 -d sim/9"][0].startswith("FAIL "))
        self.assertTrue(steps["p.packages -d sim/1 -d sim/9"][0].endswith("unproven\nstatus 12\n"))
        run = self.run_tool("diff", "p.packages", "e", "--cards", "x.cards", "--factory", "factory.pub", status=4)
        self.assertRegex(run.err, "e: item [0-9]+: its device's card is not endorsed by a key of --factory")
        raw = bytearray((self.dir / "e").read_bytes())
        raw[-1] ^= 1
        self.write("e", bytes(raw))
        self.assertIn("does not verify with its device's card", self.run_tool("diff", "p.packages", "e", "--cards", "x.cards", status=5).err)
        self.run_tool("diff", "p.packages", "e", status=11)

    def test_what_cannot_be_compared_does_not_differ(self):
        """A device's description says who its owner is, but not who signed what another domain holds."""
        self.keys()
        self.profile(domain=1)
        self.write("two.csv", f"serial,imei\nA,{IMEIS[0]}\nB,{IMEIS[1]}\n")
        run = self.simulate('''set -e
"$I" enroll -d all -o x.cards; "$I" claim -k owner.pem -d all --cards x.cards --evidence e
"$I" pack p.yaml --csv two.csv -k owner.pem --cards x.cards -o p.packages
"$I" push p.packages -d all --cards x.cards --evidence e
exec 2>&1
echo ==; "$I" diff p.yaml -d all --csv two.csv || echo "status $?"
echo ==; "$I" diff p.yaml -d all --csv two.csv --json || true
head -2 two.csv >one.csv
echo ==; "$I" diff p.yaml -d all --csv one.csv || echo "status $?"
''', "--csv", "two.csv", count=2)
        _, first, json, last = run.out.split("==\n")
        for imei in IMEIS[:2]:
            self.assertIn(f"imei {imei}, domain 1: nobody says who signed, so it cannot be compared (id ", first)
        self.assertIn("imprint: p.yaml and the device: 2 of 2 profiles cannot be compared\n", first)
        self.assertIn("\nstatus 11\n", first)
        self.assertEqual([l["result"] for l in self.lines(json)], ["unknown"] * 2)
        self.assertIn("imprint: p.yaml and the device: 1 of 2 profiles differs, 1 cannot be compared\n", last)


unittest.main()
