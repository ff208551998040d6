# SPDX-License-Identifier: Apache-2.0
"""Grants: what the tool makes and refuses, and that a device refuses the same."""
import sys
import unittest

import cbor2

from tool import ROOT, Case

sys.path.append(str(ROOT / "tests/interop"))
import cose  # noqa: E402
import objects as o  # noqa: E402
from cbor_strict import encode  # noqa: E402

ME = "001010010000014"
HEAD = '''imprint: 1
profile: granted
domain: {domain}
sequence: {sequence}
target: {{imei: "{imei}"}}
settings:
'''
CELLULAR = "  cellular: {psm-timer: 10h, active-timer: 20s}\n"
APN = "  apn/0: {name: iot, apn: iot.example, auth: none}\n"


class Grants(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        for name in ("operator", "service", "reseller"):
            self.run_tool("keygen", "--class", "test", "-o", f"{name}.pem", "--public", f"{name}.pub")

    def source(self, name, settings=CELLULAR, domain="network", sequence=1, imei=ME):
        self.write(name, HEAD.format(domain=domain, sequence=sequence, imei=imei) + settings)

    def grant(self, *args, key="owner", holder="operator", out="g.grant", status=0, domain="network", target="keel-2", allow="cellular"):
        options = ["--domain", domain] if domain else []
        for t in target.split():
            options += ["--target", t]
        return self.run_tool("grant", "-k", f"{key}.pem", "--holder", f"{holder}.pub", *options, "--allow", allow, "-o", out, "--force", *args, status=status)

    def claims(self, name):
        return cbor2.loads(cbor2.loads((self.dir / name).read_bytes()).value[2])

    def test_a_grant_holds_what_was_typed(self):
        run = self.grant("--sequences", "5,9", "--epochs", "2,3", "--depth", "1", "--expires", "2099-01-31", "--approval", "1:service.pub,reseller.pub",
                         allow="apn/1,cellular,11/0,32769", target=f"keel-2 32473/keel-3 {ME}")
        claims = self.claims("g.grant")
        self.assertEqual((claims[-70001], claims[-70004], claims[-70005], claims[-70006]), (1, [2, 3], [5, 9], 1))
        self.assertEqual(claims[-70002], {10: [], 11: [0, 1], 32769: []})
        self.assertEqual(claims[-70003], [{259: b"keel-2"}, {258: 32473, 259: b"keel-3"}, {256: bytes([3, *map(int, ME[:14])])}])
        self.assertEqual((claims[4], claims[-70007][0], len(claims[-70007][1])), (4073500800, 1, 2))
        self.assertIn("objects 10, 11/0, 11/1, 32769 of domain 1 of class keel-2, class 32473/keel-3", run.err)
        self.assertIn("what its holder signs needs 1 of 2 others", run.err)
        self.assertIn("note: it counts when it is approved", self.grant("--to-approve").err)

    def test_what_cannot_be_a_grant_is_a_mistake_of_usage(self):
        for args, says in ((("--domain", "2"), "--domain is given twice"), (("--depth", "3"), "--depth"), (("--sequences", "9,5"), "from high to low"),
                           (("--sequences", "0,5"), "--sequences"), (("--allow", "aps"), "did you mean apn?"), (("--allow", "apn/x"), "OBJECT/INSTANCE"),
                           (("--allow", "cellular"), "stands there twice"), (("--expires", "2001-01-01"), "a day that comes"), (("--expires", "2099-02-30"), "a day that comes"),
                           (("--approval", "2:service.pub"), "2 of 1 keys"), (("--approval", "1:service.pub,service.pub"), "twice"), (("--approval", "8:service.pub"), "M:PUB"),
                           (("--target", "00101001000001"), "--target")):
            with self.subTest(args):
                self.assertIn(says, self.grant(*args, status=2).err)
                self.assertFalse((self.dir / "g.grant").exists())
        for domain, says in (("0", "--domain 0: is the owner's alone"), ("owner", "is the owner's alone"), ("16", "'16' is not a number from 1 to 15"),
                             ("netwrk", "expected network (1), service (2)")):
            with self.subTest(domain):
                self.assertIn(says, self.grant(domain=domain, status=2).err)
        self.assertIn("is the key that signs", self.grant(holder="owner", status=4).err)
        self.run_tool("keygen", "--type", "seal-x25519", "--class", "test", "-o", "seal.pem", "--public", "seal.pub")
        self.assertIn("is no key that signs", self.grant(holder="seal", status=6).err)

    def test_outside_the_grant_is_refused_with_both_facts(self):
        """Before anything is signed, by check, sign and pack alike; check says where."""
        self.grant("--sequences", "5,9")
        good = {"settings": CELLULAR, "sequence": 5}
        for change, where, says in (({"settings": CELLULAR + APN}, "8:3", r"object 11/0: g\.grant grants objects 10"),
                                    ({"domain": "service"}, "3:1", r"domain 2: g\.grant grants domain 1"),
                                    ({"sequence": 10}, "4:1", r"sequence 10: g\.grant grants sequences 5 to 9"),
                                    ({"sequence": 4}, "4:1", r"sequence 4: g\.grant grants sequences 5 to 9")):
            with self.subTest(says):
                self.source("n.yaml", **{**good, **change})
                self.assertRegex(self.run_tool("check", "n.yaml", "--grant", "g.grant", "--owner", "owner.pub", status=3).err, rf"n\.yaml:{where}: {says}")
                self.run_tool("build", "n.yaml", "-o", "n.profiles", "--force")
                self.assertRegex(self.run_tool("sign", "-k", "operator.pem", "--grant", "g.grant", "n.profiles", "-o", "n.signed", status=4).err, says)
                self.assertFalse((self.dir / "n.signed").exists())
        self.source("n.yaml", **good)
        self.assertIn("epochs 1,1: g.grant grants epochs 1,0", self.run_tool("check", "n.yaml", "--epochs", "1,1", "--grant", "g.grant", status=3).err)
        run = self.run_tool("check", "n.yaml", "--grant", "g.grant")
        self.assertIn("the owner's signature is not verified", run.err)
        self.assertEqual(self.run_tool("check", "n.yaml", "--grant", "g.grant", "--owner", "owner.pub").err, "")

    def test_a_row_of_another_device_is_named(self):
        self.grant(target=ME)
        self.source("n.yaml")
        text = (self.dir / "n.yaml").read_text().replace(f'"{ME}"', '"${imei}"').replace("settings:", "variables: {imei: {type: imei}}\nsettings:")
        self.write("n.yaml", text)
        self.write("d.csv", f"imei\n{ME}\n001010010000022\n")
        run = self.run_tool("check", "n.yaml", "--csv", "d.csv", "--grant", "g.grant", "--owner", "owner.pub", status=3)
        self.assertRegex(run.err, r"n\.yaml:5:1: imei 001010010000022: g\.grant grants imei 001010010000014 \(d\.csv:3\)")

    def test_a_grant_fits_its_holder_and_its_owner(self):
        self.grant()
        self.source("n.yaml")
        self.run_tool("build", "n.yaml", "-o", "n.profiles")
        sign = ("sign", "n.profiles", "-o", "n.signed", "--grant", "g.grant")
        self.assertRegex(self.run_tool(*sign, "-k", "stranger.pem", status=4).err, r"the key that signs is \w+.*, g\.grant is held by")
        self.assertRegex(self.run_tool(*sign, "-k", "operator.pem", "--owner", "stranger.pub", status=4).err, r"g\.grant: signed by \w+.*, expected the owner")
        self.run_tool("claim", "-k", "owner.pem", "--target", "keel-2", "-o", "keel.claim")
        self.assertIn("keel.claim: is a transfer, expected a grant", self.run_tool("sign", "n.profiles", "-o", "n.signed", "-k", "operator.pem", "--grant", "keel.claim", status=3).err)
        whole = (self.dir / "g.grant").read_bytes()
        self.write("g.grant", whole[:-1] + bytes([whole[-1] ^ 1]))
        self.run_tool(*sign, "-k", "operator.pem", "--owner", "owner.pub", status=5)
        self.write("g.grant", whole[:-1])
        self.run_tool(*sign, "-k", "operator.pem", status=3)
        self.assertFalse((self.dir / "n.signed").exists())
        self.grant("--approval", "1:service.pub")
        self.run_tool(*sign, "-k", "operator.pem")
        self.assertEqual(cbor2.loads((self.dir / "n.signed").read_bytes()).tag, 98, "there is room for its approver")

    def test_a_grant_is_given_on_as_far_as_it_goes(self):
        self.grant("--depth", "1", "--sequences", "5,9", allow="cellular,apn/0", target=f"keel-2 {ME}")
        given_on = {"key": "operator", "holder": "reseller", "out": "r.grant", "domain": None}
        parent = ("--grant", "g.grant", "--owner", "owner.pub")
        self.grant(*parent, **given_on)
        self.assertEqual((self.claims("r.grant")[-70001], self.claims("r.grant")[-70005]), (1, [5, 9]))
        for args, change, says in (((), {"allow": "apn"}, "object 11: g.grant grants objects 10, 11/0"), ((), {"allow": "apn/1"}, "object 11/1: g.grant grants"),
                                   ((), {"domain": "service"}, "domain 2: g.grant grants domain 1"), (("--epochs", "1,1"), {}, "epochs 1,1: g.grant grants epochs 1,0"),
                                   (("--sequences", "5,10"), {}, "sequence 10: g.grant grants sequences 5 to 9"), ((), {"target": "keel-3"}, "class keel-3: g.grant grants class keel-2"),
                                   (("--depth", "1"), {}, "2 further grants: g.grant grants 1")):
            with self.subTest(says):
                self.assertIn(says, self.grant(*parent, *args, **{**given_on, **change}, status=4).err)
        self.assertIn("further grant", self.grant("--grant", "r.grant", key="reseller", holder="service", domain=None, out="s.grant", status=4).err)
        whole = (self.dir / "r.grant").read_bytes()  # the inner signature is the reseller's; without --owner, too
        self.write("r.grant", whole[:-1] + bytes([whole[-1] ^ 1]))
        self.source("n.yaml", sequence=5)
        self.run_tool("pack", "n.yaml", "-k", "reseller.pem", "--grant", "r.grant", "-o", "x.packages", status=5)

    def test_three_grants_and_no_more(self):
        """One behind the other, whoever made them; PRO-13, KEY-16: the fourth counts for nobody."""
        keys = [cose.Key.load(self.dir / f"{name}.pem") for name in ("owner", "operator", "service", "reseller", "stranger")]
        whole = None
        for n in range(4):
            body = o.grant(keys[n + 1], bytes([3, *map(int, ME[:14])]), objects={10: []}, depth=min(2, 3 - n))
            whole = o.sign("grant", body, [keys[n]], un={} if whole is None else {13: whole})
            self.write(f"{n + 1}.grant", encode(whole))
        self.source("n.yaml")
        self.run_tool("check", "n.yaml", "--grant", "3.grant", "--owner", "owner.pub", status=0)
        self.assertIn("4.grant: more than 3 grants, one behind the other", self.run_tool("check", "n.yaml", "--grant", "4.grant", "--owner", "owner.pub", status=4).err)

    def test_an_expired_grant_is_refused_by_hosts(self):
        self.grant("--expires", "2099-01-31")
        self.source("n.yaml")
        self.run_tool("check", "n.yaml", "--grant", "g.grant")
        whole = cbor2.loads((self.dir / "g.grant").read_bytes())
        claims = cbor2.loads(whole.value[2])
        claims[4] = 1000000000
        whole.value[2] = cbor2.dumps(claims)
        self.write("g.grant", cbor2.dumps(whole))
        self.assertRegex(self.run_tool("check", "n.yaml", "--grant", "g.grant", status=3).err, r"now it is 20.*: g\.grant grants up to 2001-09-09T01:46:40Z")


class Devices(Case):
    """Through the simulator: an owner, two authorities, and one outside its grant."""

    def setUp(self):
        super().setUp()
        self.keys()
        for name, domain, settings in (("operator", "network", CELLULAR), ("service", "service", APN)):
            self.run_tool("keygen", "--class", "test", "-o", f"{name}.pem", "--public", f"{name}.pub")
            self.write(f"{name}.yaml", HEAD.format(domain=domain, sequence=1, imei=ME) + settings)

    START = '''set -e
$I enroll -d sim/1 -o c.cards
$I claim -k owner.pem -d sim/1 --cards c.cards --evidence e.evidence
$I grant -k owner.pem --holder operator.pub --domain network --allow cellular --target keel-2 -o operator.grant
$I grant -k owner.pem --holder service.pub --domain service --allow apn --target keel-2 -o service.grant
'''
    PUSH = "$I push -d sim/1 --cards c.cards --evidence e.evidence "

    def test_two_authorities_in_one_run(self):
        run = self.simulate(self.START + f'''
$I pack operator.yaml -k operator.pem --grant operator.grant --owner owner.pub --cards c.cards -o o.packages
$I pack service.yaml -k service.pem --grant service.grant --owner owner.pub --cards c.cards -o s.packages
{self.PUSH} o.packages s.packages --dry-run
{self.PUSH} o.packages s.packages
{self.PUSH} s.packages o.packages
$I verify -d sim/1 --cards c.cards --evidence e.evidence --expect o.packages
''')
        self.assertIn("would set domain 1 to sequence 1 (now 0, owned), unproven; would set domain 2 to sequence 1", run.out)
        self.assertIn("domain 1 sequence 1, owned, attested; domain 2 sequence 1, owned, attested", run.out)
        self.assertIn("already there, domain 2 sequence 1, owned, attested; already there, domain 1", run.out)

    def test_a_file_may_hold_two_domains_of_a_device(self):
        run = self.simulate(self.START + f'''
$I pack operator.yaml -k operator.pem --grant operator.grant --cards c.cards -o o.packages
$I pack service.yaml -k service.pem --grant service.grant --cards c.cards -o s.packages
{sys.executable} - <<'END'
import cbor2
items = [cbor2.loads(open(f, "rb").read()) for f in ("o.packages", "s.packages")]
head = {{0: "imprint-batch", 1: 2, 2: "packages"}}
open("both.packages", "wb").write(b"".join(map(cbor2.dumps, [head, *items])))
open("twice.packages", "wb").write(b"".join(map(cbor2.dumps, [head, items[0], items[0]])))
END
{self.PUSH} both.packages
if {self.PUSH} twice.packages; then exit 1; fi
if {self.PUSH} o.packages both.packages; then exit 1; fi
''')
        self.assertIn("domain 1 sequence 1, owned, attested; domain 2 sequence 1, owned, attested", run.out)
        self.assertIn("twice.packages: item 2: the second one for imei", run.err)
        self.assertIn("both.packages has a second one for its domain 1", run.err)

    def test_outside_its_grant_the_device_refuses_as_the_tool_does(self):
        """The tool refuses; what somebody signs without the tool, the device refuses: scope."""
        run = self.simulate(self.START + f'''
sed 's/^settings:/&\\n  apn\\/1: {{name: iot, apn: iot.example, auth: none}}/' operator.yaml >wide.yaml
$I pack wide.yaml -k operator.pem --grant operator.grant --cards c.cards -o w.packages && exit 1
$I build wide.yaml -o w.profiles
$I sign -k operator.pem w.profiles -o w.signed
{sys.executable} - <<'END'
import cbor2
signed = cbor2.loads(open("w.signed", "rb").read())
signed.value[1] = {{13: cbor2.loads(open("operator.grant", "rb").read())}}
open("w.signed", "wb").write(cbor2.dumps(signed))
END
$I encrypt w.signed --cards c.cards --accept-asserted -o w.packages
{self.PUSH} w.packages || echo refused by the device with $?
$I pack operator.yaml -k operator.pem --cards c.cards -o bare.packages
{self.PUSH} bare.packages || echo no grant: $?
''')
        self.assertRegex(run.err, r"object 11/1: operator\.grant grants objects 10")
        self.assertIn("refused by the device with 4", run.out)
        self.assertIn("no grant: 4", run.out)
        self.assertIn("scope", run.out + run.err)

    def test_the_owner_knows_who_else_may_write(self):
        """Without an earlier proof the ring must explain everything: by the owner, and by those who hold its grants."""
        run = self.simulate(self.START + f'''
$I pack operator.yaml -k operator.pem --grant operator.grant --cards c.cards -o o.packages
{self.PUSH} o.packages
$I verify -d sim/1 --cards c.cards || echo foreign: $?
$I verify -d sim/1 --cards c.cards --owner owner.pub --grant service.grant || echo another: $?
$I verify -d sim/1 --cards c.cards --owner owner.pub --grant operator.grant
$I verify -d sim/1 --cards c.cards --grant operator.grant || echo usage: $?
''')
        self.assertIn("foreign: 5", run.out)
        self.assertIn("hint: where its owner let that key write domain 1: --grant FILE", run.err)
        self.assertIn("another: 5", run.out)
        self.assertIn("usage: 2", run.out)
        self.assertRegex(run.out, r"PASS .*domain 1 sequence 1, attested")

    def test_what_another_domain_holds_is_told(self):
        """The device says conflict; the tool, how the instance gets from one domain to the other."""
        self.write("owner.yaml", HEAD.format(domain="owner", sequence=1, imei=ME) + CELLULAR)
        run = self.simulate(self.START + f'''
$I pack operator.yaml -k operator.pem --grant operator.grant --cards c.cards -o o.packages
{self.PUSH} o.packages
$I pack owner.yaml -k owner.pem --cards c.cards -o w.packages
{self.PUSH} w.packages || echo refused: $?
''')
        self.assertIn("refused: 4", run.out)
        self.assertRegex(run.err, r"refuses \(conflict\).*\nhint: another domain than 0 has it, and gives it up first")

    def test_one_device_of_a_class_is_given_on(self):
        """Narrower than its class: the reseller writes this device, and the device whose number is another's refuses."""
        other = "001010010000022"
        self.run_tool("keygen", "--class", "test", "-o", "reseller.pem", "--public", "reseller.pub")
        self.write("that.yaml", HEAD.format(domain="network", sequence=1, imei=other) + CELLULAR)
        run = self.simulate(self.START + f'''
$I enroll -d sim/2 -o c.cards
$I claim -k owner.pem -d sim/2 --cards c.cards
$I grant -k owner.pem --holder operator.pub --domain network --allow cellular --target keel-2 --depth 1 -o up.grant
$I grant -k operator.pem --grant up.grant --owner owner.pub --holder reseller.pub --allow cellular --target {ME} -o r.grant
$I pack operator.yaml -k reseller.pem --grant r.grant --owner owner.pub --cards c.cards -o this.packages
{self.PUSH} this.packages
$I pack that.yaml -k reseller.pem --grant r.grant --owner owner.pub --cards c.cards -o that.packages || echo other: $?
$I grant -k operator.pem --grant up.grant --owner owner.pub --holder reseller.pub --allow cellular --target 32473/keel-9 -o x.grant || echo class: $?
''', count=2)
        self.assertIn("domain 1 sequence 1, owned, attested", run.out)
        self.assertRegex(run.err, rf"imei {other}.*: r\.grant grants imei {ME}")
        self.assertIn("other: 4", run.out)
        self.assertIn("class: 4", run.out)

    def test_a_class_in_the_card_counts(self):
        run = self.simulate(self.START + '''
$I grant -k owner.pem --holder operator.pub --domain network --allow cellular --target keel-9 -o other.grant
$I check operator.yaml --grant other.grant
$I pack operator.yaml -k operator.pem --grant other.grant --cards c.cards -o o.packages && exit 1
exit 0
''')
        self.assertRegex(run.err, r"imei 001010010000014 of class 32473/keel-2: other\.grant grants class keel-9")


if __name__ == "__main__":
    unittest.main()
