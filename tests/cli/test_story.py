# SPDX-License-Identifier: Apache-2.0
"""The story of imprint-trust(7): maker (key in a TPM), operator (key in a token), provider and buyer; each wrong turn is refused. TEN, BIND, ROLL, KEY-16."""
import shutil
import sys
import unittest

import cbor2

from book import Line, items, ueid_of
from hardware import WithTpm, make_token, uri
from tool import ROOT

sys.path.append(str(ROOT / "tests/interop"))
import objects as o  # noqa: E402
from cbor_strict import decode, encode  # noqa: E402

IMEIS = ["001010010000014", "001010010000022"]
SOURCE = """imprint: 1
profile: story
domain: {}
sequence: 1
target: {{imei: "${{imei}}"}}
variables: {{imei: {{type: imei}}}}
settings:
"""
BEARER = "  bearer: {bearers: [lte]}\n"
CELLULAR = "  cellular: {psm-timer: 10h, active-timer: 20s}\n"
APN = "  apn/%d: {name: iot, apn: iot.example, auth: none}\n"
SERVER = '  security/0: {uri: "coaps://bs.lwm2m.example:5684", bootstrap: true, mode: psk, identity: {text: keel}, secret: {generate: 16}}\n'
SOURCES = {"own": ("owner", BEARER), "radio": ("network", CELLULAR + APN % 0), "server": ("service", SERVER),
           "foreign": ("service", CELLULAR), "wide": ("network", CELLULAR + APN % 0 + APN % 1), "taken": ("service", SERVER + APN % 0)}
TWO = ("-d", "sim/1", "-d", "sim/2")
CARDS = ("--cards", "line.cards", "--factory", "factory.pub")
SET = "2:ann.pub,bob.pub,cyd.pub"
STATUS = {"signature": 5}  # of a refusal; the others are of policy
NONCE, COUNT, OWNER = 10, -70022, -70020  # of evidence
PROOF, LEAF, CHAIN = -70031, -70030, 13


class Story(WithTpm):
    def setUp(self):
        super().setUp()
        self.env.update(make_token(self.dir, (("es256", "operator"),)))
        self.write("pin", "1234\n", 0o600)
        self.key("0x81000101")
        self.keys_of = {"maker": "handle:0x81000101", "operator": uri("operator", pin_source=f"file:{self.dir}/pin")}
        for name, key in self.keys_of.items():
            self.tell("key", "--public", key, "-o", f"{name}.pub")
        for name in ("provider", "rival", "buyer", "heir", "factory", "ann", "bob", "cyd"):
            self.tell("keygen", "-o", f"{name}.pem", "--public", f"{name}.pub")
        self.tell("keygen", "--type", "seed", "-o", "seed.key")
        for name, (domain, settings) in SOURCES.items():
            self.write(f"{name}.yaml", SOURCE.format(domain) + settings)
        self.write("d.csv", "imei\n" + "".join(f"{imei}\n" for imei in IMEIS))
        Line(self).start("--csv", "d.csv", "--factory", "factory.pem")
        self.owner, self.grants = "maker", []

    def tell(self, *args, **more):
        return self.run_tool(*args, env=self.env, **more)

    def by(self, name):
        return ("-k", self.keys_of.get(name, f"{name}.pem"))

    def now(self):
        """Whom the devices belong to, and who else may have written what they hold."""
        return ("--owner", f"{self.owner}.pub", *(word for g in self.grants for word in ("--grant", g)))

    def grant(self, holder, domain, allow, out, *more):
        self.tell("grant", *self.by(self.owner), "--holder", f"{holder}.pub", "--domain", domain, "--allow", allow, "--target", "keel-2", *more, "-o", out)
        self.grants.append(out)

    def build(self, source, *more):
        self.tell("build", f"{source}.yaml", "--csv", "d.csv", "--seed", "seed.key", *more, "-o", "x.profiles", "--force")

    def pack(self, source, who, out, *more):
        self.tell("pack", f"{source}.yaml", "--csv", "d.csv", "--seed", "seed.key", *self.by(who), *CARDS, *more, "-o", out)

    def approved(self, name, *approvers, how):
        """A signed file with one more signature after the other."""
        for n, approver in enumerate(approvers):
            self.tell("approve", *self.by(approver), name if n == 0 else f"{n}.{name}", "-o", f"{n + 1}.{name}", "--yes", "--force", *how)
        return f"{len(approvers)}.{name}"

    def batch(self, out, *more, approvers=("ann", "cyd")):
        """The operator's packages: one signature of its token for all, then those of its approvers."""
        self.build("radio", *more)
        self.tell("sign", "--batch", *self.by("operator"), "--grant", "operator.grant", "--owner", "maker.pub", "x.profiles", "-o", f"{out}.signed")
        last = self.approved(f"{out}.signed", *approvers, how=("--owner", "maker.pub"))
        if len(approvers) == 2:
            self.tell("encrypt", last, *CARDS, "-o", out)
        return last

    def sealed(self, out, item):
        """A package to the first device of what the tool would not encrypt, or not to that device."""
        cards = (o.verified_body(item, "card") for item in self.signed("line.cards"))
        card = next(card for card in cards if card[o.UEID] == ueid_of(IMEIS[0]))
        self.write(out, encode(o.package(item, card[o.SEALING_KEY], {**o.outer_claims(item), o.UEID: card[o.UEID]})[0]))

    def signed(self, name):
        return [decode(item) for item in items((self.dir / name).read_bytes())]

    def other(self, name):
        """Which object of a file of transfers is for the second device."""
        targets = [decode(item.value[2])[4][o.UEID] for item in self.signed(name)]
        return targets.index(ueid_of(IMEIS[1])) + 1

    def push(self, *files):
        """All devices take it, and prove it."""
        run = self.tell("push", *files, *TWO, *CARDS, "--evidence", "line.evidence", *self.now(), "--json")
        told = self.lines(run.out)
        self.assertEqual([(d["result"], d["assurance"], d["again"]) for d in told], [("pass", "attested", False)] * 2, run.out)
        return told

    def proof(self, device):
        """Every claim that a device proves now, but for what no two proofs share."""
        shutil.copy(self.dir / "line.evidence", self.dir / "now.evidence")
        self.tell("verify", "-d", f"sim/{device}", *CARDS, "--evidence", "now.evidence", *self.now())
        claims = [cbor2.loads(cbor2.loads(item).value[2]) for item in items((self.dir / "now.evidence").read_bytes())]
        last = max((c for c in claims if c[256] == ueid_of(IMEIS[device - 1])), key=lambda c: c[COUNT])
        return {label: value for label, value in last.items() if label not in (NONCE, COUNT)}

    def refused(self, reason, name, *more, device=1):
        """The device says so itself, once it has all of it, and is the same as before."""
        with self.subTest(f"{reason}: {name}"):
            before = self.proof(device)
            run = self.tell("push", name, "-d", f"sim/{device}", *CARDS, *more, "--json", status=STATUS.get(reason, 4))
            (told,) = self.lines(run.out)
            self.assertEqual((told["result"], told["refusal"]), ("fail", reason), run.out)
            self.assertIn(f"the device refuses ({reason})", told["message"])
            self.assertGreater(told["bytes_sent"], (self.dir / name).stat().st_size // 4, "it was sent")
            self.assertEqual(self.proof(device), before)

    def not_sent(self, words, *args, status=4, device=1):
        """A host refuses; no device hears of it."""
        with self.subTest(words):
            before = self.proof(device)
            self.assertIn(words, self.tell(*args, status=status).err)
            self.assertEqual(self.proof(device), before)

    def asked(self, status=0):
        """What the provider, who is far from the line, is told by its challenge: fresh since when, or why not."""
        run = self.tell("verify", "-d", "sim/1", *CARDS, "--challenge", "far.challenge", "--json", *(() if status else self.now()), status=status)
        (told,) = self.lines(run.out)
        return (told["result"], told["fresh"], told["refusal"])

    def held(self, told):
        return [[(d["domain"], d["state"], d["domain_epoch"], d["sequence"]) for d in device["domains"]] for device in told]

    def test_the_story(self):
        self.the_maker_claims_and_provisions()
        self.two_parties_push_in_one_run()
        self.nobody_leaves_its_grant()
        self.a_batch_is_good_whole_and_where_it_belongs()
        self.the_same_authority_sets_it_anew()
        self.another_authority_takes_the_domain_over()
        self.what_was_taken_back_is_not_sent()
        self.the_buyer_takes_the_devices()
        self.what_the_maker_left_behind_is_dead()
        self.the_buyer_provisions_anew()

    def the_maker_claims_and_provisions(self):
        self.tell("enroll", *TWO, "-o", "line.cards", "--factory", "factory.pub")
        self.tell("claim", *self.by("maker"), *TWO, *CARDS, "--evidence", "line.evidence")
        self.pack("own", "maker", "own1")
        self.assertEqual(self.held(self.push("own1")), [[(0, "set", 0, 1)]] * 2)

    def two_parties_push_in_one_run(self):
        self.grant("operator", "network", "cellular,apn/0", "operator.grant", "--approval", SET)
        self.grant("provider", "service", "security,apn", "provider.grant")
        self.batch("radio1")
        self.pack("server", "provider", "server1", "--grant", "provider.grant", "--owner", "maker.pub")
        told = self.push("radio1", "server1")
        self.assertEqual(self.held(told)[-1], [(0, "set", 0, 1), (1, "set", 0, 1), (2, "set", 0, 1)])
        self.tell("challenge", *self.by("provider"), "--grant", "provider.grant", "--owner", "maker.pub", "--target", "keel-2", "-o", "far.challenge")
        self.assertEqual(self.asked(), ("pass", "challenge", None))

    def outside(self, source, out, *more):
        """What the operator signs past the tool, approved by all who must, under its grant."""
        self.build(source, *more)
        self.tell("sign", "--batch", *self.by("operator"), "--to-approve", "x.profiles", "-o", f"{out}.signed")
        name = self.approved(f"{out}.signed", "ann", "cyd", how=("--owner", "operator.pub", "--approval", SET))
        first = self.signed(name)[0]
        first.value[1] = {CHAIN: decode((self.dir / "operator.grant").read_bytes()), **first.value[1]}
        self.sealed(out, first)

    def nobody_leaves_its_grant(self):
        for source, words in (("foreign", "grants domain 1"), ("wide", "operator.grant grants objects 10, 11/0")):
            self.build(source, "--sequence", "2")
            self.not_sent(words, "sign", "--batch", *self.by("operator"), "--grant", "operator.grant", "x.profiles", "-o", "x.signed")
            self.outside(source, source, "--sequence", "2")
            self.refused("scope", source)
        self.pack("taken", "provider", "taken", "--sequence", "2", "--grant", "provider.grant", "--owner", "maker.pub")
        self.refused("conflict", "taken")

    def a_batch_is_good_whole_and_where_it_belongs(self):
        few = self.batch("few", "--sequence", "2", approvers=("bob",))
        self.not_sent("the profile has 1 of the 2 approvals", "encrypt", few, *CARDS, "-o", "x")
        self.sealed("few", self.signed(few)[0])
        self.refused("approval", "few")
        first, second = self.signed(self.batch("radio2", "--sequence", "2"))
        self.sealed("moved", second)
        self.refused("not-for-me", "moved")
        self.refused("not-for-me", "radio2", "--index", "2")
        first.value[1][PROOF] = second.value[1][PROOF]
        self.sealed("proof", first)
        self.refused("signature", "proof")

    def the_same_authority_sets_it_anew(self):
        self.assertEqual(self.held(self.push("radio2"))[0][1], (1, "set", 0, 2))
        self.refused("sequence", "radio1")

    def another_authority_takes_the_domain_over(self):
        """A floor ends the operator's grant, also for what it has signed already, and for what it signs anew."""
        self.batch("radio3", "--sequence", "3")
        self.tell("floor", *self.by("maker"), "--raise", "1=1", "--target", "keel-2", "-o", "network.floor")
        self.push("network.floor")
        self.refused("epoch", "radio3")
        self.outside("radio", "radio4", "--sequence", "4", "--epochs", "1,1")
        self.refused("scope", "radio4")
        self.grant("rival", "network", "cellular", "rival.grant", "--epochs", "1,1")
        self.write("rival.yaml", SOURCE.format("network") + CELLULAR)
        self.pack("rival", "rival", "rival1", "--epochs", "1,1", "--grant", "rival.grant", "--owner", "maker.pub")
        self.assertEqual(self.held(self.push("rival1"))[0][1], (1, "set", 1, 1))

    def what_was_taken_back_is_not_sent(self):
        """Devices would still take the rival's: only the list stands in its way, and an older list brings nothing back."""
        self.pack("rival", "rival", "rival2", "--sequence", "2", "--epochs", "1,1", "--grant", "rival.grant", "--owner", "maker.pub")
        self.tell("revoke", *self.by("maker"), "--kid", "operator.pub", "-o", "old.list")
        self.tell("revoke", *self.by("maker"), "--list", "old.list", "--kid", "rival.pub", "-o", "new.list")
        self.assertEqual(self.lines(self.tell("push", "rival2", *TWO, *CARDS, "--dry-run", "--json").out)[0]["refusal"], None)
        send = ("push", "rival2", "-d", "sim/1", *CARDS, "--owner", "maker.pub", "--revoked")
        self.not_sent("is revoked, by new.list (sequence 2)", *send, "new.list")
        self.build("radio", "--sequence", "5")
        self.not_sent("is revoked, by new.list (sequence 2)", "sign", *self.by("operator"), "--grant", "operator.grant", "--owner", "maker.pub", "--revoked", "new.list",
                      "x.profiles", "-o", "x.signed")
        self.not_sent("old.list: sequence 1 is older than 2, which was seen before", *send, "old.list")

    def the_buyer_takes_the_devices(self):
        self.pack("own", "maker", "own2", "--sequence", "2")
        self.pack("server", "provider", "server2", "--sequence", "2", "--grant", "provider.grant", "--owner", "maker.pub")
        self.tell("lock", *self.by("maker"), "--target", "keel-2", "-o", "old.lock")
        for who in ("buyer", "rival"):
            self.tell("transfer", *self.by("maker"), "--to", f"{who}.pub", *CARDS, "--evidence", "line.evidence", "-o", f"{who}.offer")
            self.tell("transfer", "--accept", *self.by(who), "--from", "maker.pub", f"{who}.offer", "-o", f"{who}.transfers")
        self.refused("approval", "buyer.offer")  # the buyer has not accepted yet
        self.refused("not-for-me", "buyer.transfers", "--index", self.other("buyer.transfers"))
        self.push("buyer.transfers")
        self.owner, self.grants = "buyer", []
        self.assertEqual(self.proof(1)[OWNER][1], 2)

    def what_the_maker_left_behind_is_dead(self):
        for name in ("own2", "server2", "rival2", "old.lock", "rival.transfers"):
            self.refused("epoch", name)
        before = self.proof(1)
        (told,) = self.lines(self.tell("push", "buyer.transfers", "-d", "sim/1", *CARDS, "--owner", "buyer.pub", "--json").out)
        self.assertEqual((told["result"], told["again"]), ("pass", True))
        self.assertEqual(self.asked(status=5), ("fail", None, "challenge"))
        self.assertEqual(self.proof(1), before)

    def the_buyer_provisions_anew(self):
        self.pack("own", "buyer", "own3", "--epochs", "2,0")
        self.grant("operator", "network", "cellular,apn/0", "again.grant", "--epochs", "2,0")
        self.pack("radio", "operator", "radio5", "--epochs", "2,0", "--grant", "again.grant", "--owner", "buyer.pub")
        self.assertEqual(self.held(self.push("own3", "radio5"))[-1], [(0, "set", 0, 1), (1, "set", 0, 1), (2, "wiped", 0, 0)])
        self.tell("transfer", *self.by("buyer"), "--to-key", "heir.pem", *TWO, *CARDS, "--evidence", "line.evidence")
        self.owner, self.grants = "heir", []
        self.refused("epoch", "buyer.transfers")


if __name__ == "__main__":
    unittest.main()
