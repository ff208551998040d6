# SPDX-License-Identifier: Apache-2.0
"""Owners follow each other: transfers between two machines, keys that are exchanged, recoveries; and everybody who tries without."""
import re
import shutil
import unittest

import cbor2

from tool import Case

FIRST, SECOND = "001010010000014", "001010010000022"
HEAD = """imprint: 1
profile: small
domain: {}
sequence: 1
target: {{imei: "${{imei}}"}}
variables: {{imei: {{type: imei}}}}
settings:
"""
# A command that must end so, and say that; the script goes on.
START = """set -e
D="-d sim/1 -d sim/2" C="--cards c.cards"
fails() {
	want=$1 says=$2 rc=0; shift 2
	"$@" >said 2>&1 || rc=$?
	cat said
	if [ $rc != "$want" ] || ! grep -q -e "$says" said; then echo "WRONG: $rc, wanted $want and '$says': $*"; exit 99; fi
}
$I enroll $D -o c.cards
"""
CLAIM = "$I claim -k old.pem $D $C --evidence e.old\n"


def ueid(imei):
    return bytes([3, *map(int, imei[:14])])


class Transfers(Case):
    def setUp(self):
        super().setUp()
        for name in ("old", "new", "third", "maker", "operator"):
            self.run_tool("keygen", "--class", "test", "-o", f"{name}.pem", "--public", f"{name}.pub")
        self.write("d.csv", f"imei\n{FIRST}\n{SECOND}\n")
        self.write("o.yaml", HEAD.format("owner") + "  cellular: {psm-timer: 10h, active-timer: 20s}\n")
        self.write("n.yaml", HEAD.format("network") + "  apn/0: {name: iot, apn: iot.example, auth: none}\n")

    def play(self, script, *args, claim=CLAIM):
        """A script beside two devices that `old` has claimed; $D are both, $C appraises them."""
        return self.simulate(START + claim + script, "--csv", "d.csv", *args, count=2)

    def kid(self, name):
        return self.lines(self.run_tool("key", f"{name}.pub", "--json").out)[0]["kid"]

    def read(self, name):
        """Of each object of a file: the issuer's kid, the claims, the kids that signed, the whole message."""
        out = []
        with open(self.dir / name, "rb") as f:
            size = len((self.dir / name).read_bytes())
            while f.tell() < size:
                item = cbor2.CBORDecoder(f).decode()
                if isinstance(item, dict):
                    self.assertEqual(item[2], "signed")
                    continue
                body, _, payload, signatures = item.value
                out.append((cbor2.loads(body)[4].hex(), cbor2.loads(payload), [cbor2.loads(s[0])[4].hex() for s in signatures], item))
        return out

    def test_from_owner_to_owner(self):
        """T02, T03, T15, ROLL, TEN: the whole story; what the old owner has signed, or let others sign, is dead on both devices."""
        run = self.play("""
$I grant -k old.pem --holder operator.pub --domain network --allow apn --target keel-2 -o old.grant
$I pack o.yaml --csv d.csv -k old.pem $C -o o.packages
$I pack n.yaml --csv d.csv -k operator.pem --grant old.grant $C -o n.packages
$I push o.packages n.packages $D $C --evidence e.old
$I pack o.yaml --csv d.csv --sequence 2 -k old.pem $C -o later.packages
$I pack n.yaml --csv d.csv --sequence 2 -k operator.pem --grant old.grant $C -o later-n.packages
$I lock -k old.pem --target keel-2 -o lock.command
$I transfer -k old.pem --to new.pub --keep 1 $C --evidence e.old -o offer
$I transfer --accept -k new.pem --from old.pub offer -o accepted
$I push accepted $D $C --dry-run
$I push accepted $D $C --evidence e.new --owner new.pub
$I push accepted $D $C --evidence e.new
$I verify $D $C --owner new.pub
$I verify $D $C --owner new.pub --evidence e.old
fails 4 'owner: ' $I verify -d sim/1 $C --owner old.pub
fails 5 '--owner, who took it over' $I verify -d sim/1 $C
for late in later.packages later-n.packages o.packages lock.command; do
	fails 4 '(epoch)' $I push $late -d sim/1 $C
done
$I push n.packages $D $C --owner new.pub
$I pack o.yaml --csv d.csv --epochs 2,0 -k new.pem $C -o new.packages
$I grant -k new.pem --holder third.pub --domain network --epochs 2,0 --allow apn --target keel-2 -o new.grant
$I pack n.yaml --csv d.csv --epochs 2,0 -k third.pem --grant new.grant $C -o new-n.packages
$I push new.packages new-n.packages $D $C --owner new.pub --evidence e.new
$I push accepted $D $C --owner new.pub --grant new.grant --evidence e.new
fails 4 'grants epochs 1,0' $I pack n.yaml --csv d.csv --epochs 2,0 --sequence 2 -k operator.pem --grant old.grant $C -o x.packages
$I lock -k new.pem $D $C --evidence e.new
fails 4 '(scope)' $I lock -k old.pem -d sim/1 $C --owner new.pub --grant new.grant
$I verify $D $C --owner new.pub --grant new.grant --evidence e.new --require-locked
$I transfer -k new.pem --to-key third.pem $D $C --evidence e.new
fails 4 '(epoch)' $I push accepted -d sim/1 $C
$I verify $D $C --owner third.pub --require-locked
""")
        self.assertIn("would apply: transfer, unproven", run.out)
        self.assertRegex(run.out, r"PASS  imei 001010010000022 +sim/2 +transfer, owned, attested")
        self.assertIn("already there, transfer, owned, attested", run.out)
        self.assertIn("owned, domain 0 wiped (sequence 0), domain 1 sequence 0, attested", run.out)
        self.assertIn("already there, domain 1 sequence 1, owned, attested", run.out)
        self.assertIn("make it anew with fresh evidence", run.out)

    def test_what_is_made_and_accepted(self):
        old, new = self.kid("old"), self.kid("new")
        run = self.play("""
$I verify $D $C --evidence e.old --json >now
$I transfer -k old.pem --to new.pub --keep 0,2,15 --allow-recovery --only-challenges --approval 1:third.pub,operator.pub $C --evidence e.old -o offers
$I transfer -k old.pem --to new.pub --id 001010010000022 $C --evidence e.old --json -o offer
$I transfer --accept -k new.pem --from old.pub --json offer -o accepted
$I transfer -k old.pem --to new.pub -d sim/1 $C --evidence e.old -o attached --json >made
""")
        told = {d["imei"]: d for d in self.lines((self.dir / "now").read_text())}
        offers = self.read("offers")
        self.assertEqual({t[256] for t in (o[1][4] for o in offers)}, {ueid(FIRST), ueid(SECOND)})
        for issuer, claims, signers, _ in offers:
            self.assertEqual((issuer, signers, claims[1], claims[3], claims[7], claims[9]), (old, [old], 1, 2, 3, [0, 2, 15]))
            self.assertEqual((claims[6][0], len(claims[6][1]), list(claims[4])), (1, 2, [256]))
        self.assertIn("domains 0, 2, 15 as now; everything else is wiped", run.out)
        self.assertIn("the maker's key may recover it", run.out)
        self.assertIn("to challenges only", run.out)
        self.assertIn("needs 1 of 2 approvals", run.out)
        self.assertEqual(run.out.count("as above"), 1)
        (issuer, claims, signers, _), = self.read("accepted")
        self.assertEqual((issuer, sorted(signers), claims[4], set(claims)), (old, sorted((old, new)), {256: ueid(SECOND)}, {1, 3, 4, 5, 7, 8}))
        made, accepted = [j for j in self.lines(run.out) if "change" in j]
        self.assertEqual((made["change"], made["from"], made["to"], made["owner_epoch"], made["kept"]), ("transfer", old, new, 2, []))
        self.assertEqual((made["signed_by"], sorted(accepted["signed_by"]), accepted["record"]), ([old], sorted((old, new)), made["record"]))
        self.assertEqual((made["recovery_allowed"], made["challenges_only"], made["approval"]), (False, False, None))
        (_, attached, _, _), = self.read("attached")
        self.assertEqual((attached[4], attached[3]), ({256: ueid(FIRST)}, 2))
        line, = self.lines((self.dir / "made").read_text())
        self.assertEqual((line["result"], line["owner"], line["owner_epoch"]), ("pass", old, 1))
        self.assertEqual({told[i]["owner"] for i in told}, {old})

    def test_one_machine_has_both_keys(self):
        """An owner exchanges its key, then only makes all that is outstanding void."""
        run = self.play("""
$I pack o.yaml --csv d.csv -k old.pem $C -o o.packages
$I push o.packages $D $C --evidence e.old
$I transfer -k old.pem --to-key new.pem --keep all $D $C --evidence e.old
$I transfer -k new.pem --to-key new.pem --keep all $D $C --evidence e.old --owner new.pub
$I transfer -k new.pem --to new.pub --keep all $D $C --evidence e.old --owner new.pub -o again
$I push again $D $C --evidence e.old --owner new.pub
$I verify $D $C --owner new.pub --json >now
""")
        self.assertEqual(run.out.count("transfer, owned, attested"), 6)
        for line in self.lines((self.dir / "now").read_text()):
            self.assertEqual((line["owner_epoch"], line["domains"][0]["state"], line["domains"][0]["sequence"]), (4, "set", 0))

    def test_what_is_not_ones_own_to_give_or_take(self):
        """T02, T03, T12, T13 at the tool: each with its words; nothing is written."""
        self.play("""
$I transfer -k old.pem --to new.pub $C --evidence e.old -o offer
$I transfer -k old.pem --to new.pub --id 001010010000014 $C --evidence e.old -o one
fails 4 'belongs to the key .* not to' $I transfer -k third.pem --to new.pub $C --evidence e.old -o x
fails 4 'owner: ' $I transfer -k third.pem --to new.pub -d sim/1 $C --evidence e.old -o x
fails 4 'tells no recovery nonce' $I transfer --recover -k maker.pem --to new.pub $C --evidence e.old -o x
fails 4 'made for the key .*, not for -k' $I transfer --accept -k third.pem offer -o x
fails 4 'a transfer by .*, expected one by' $I transfer --accept -k new.pem --from third.pub offer -o x
$I transfer --accept -k new.pem offer -o accepted
fails 4 'signed by -k already' $I transfer --accept -k new.pem accepted -o x
$I claim -k new.pem --target keel-2 -o keel.claim
printf '\\243\\000\\155imprint-batch\\001\\002\\002\\146signed' >twice
cat one one >>twice
fails 2 'the second one for imei 001010010000014' $I transfer --accept -k new.pem twice -o x
fails 4 'is a claim' $I transfer --accept -k new.pem keel.claim -o x
$I lock -k new.pem --target keel-2 -o keel.lock
fails 4 'is a command, expected a transfer' $I transfer --accept -k new.pem keel.lock -o x
fails 2 'no such device has proven anything' $I transfer -k old.pem --to new.pub --id 001010010000030 $C --evidence e.old -o x
fails 2 'has proven anything' $I transfer -k old.pem --to new.pub $C --evidence nothing.yet -o x
fails 4 'no transfer of it was accepted' $I transfer --accept -k new.pem one -d sim/2 $C
$I transfer --accept -k new.pem --from old.pub one -d sim/1 $C
test ! -e x
""")

    def test_devices_refuse_what_the_tool_would_not_make(self):
        """T02, T03: another device's, another record's, one signature, the old claim, twice: each with the device's reason."""
        run = self.play("""
$I transfer -k old.pem --to new.pub $C --evidence e.old -o offer
fails 4 '(approval)' $I push offer -d sim/1 $C
grep -q 'the new owner signs, too .* and whom either of them needs (imprint approve)' said
$I transfer --accept -k new.pem offer -o accepted
$I transfer -k old.pem --to-key new.pem --id 001010010000022 $C --evidence e.old -o second
fails 4 '(not-for-me)' $I push second --index 1 -d sim/1 $C
fails 4 'nothing for it' $I push second -d sim/1 $C
$I claim -k old.pem --target 001010010000014 -o old.claim
$I push old.claim -d sim/1 $C
$I push accepted $D $C
fails 4 '(state)' $I push old.claim -d sim/1 $C
$I transfer -k new.pem --to-key old.pem $D $C
fails 4 '(epoch)' $I push accepted -d sim/1 $C
fails 4 'would refuse (epoch)' $I push accepted -d sim/1 $C --dry-run
$I transfer -k old.pem --to third.pub -d sim/1 $C -o offer --force
$I transfer --accept -k third.pem offer -o first
$I transfer -k old.pem --to-key new.pem -d sim/1 $C
$I transfer -k new.pem --to-key old.pem -d sim/1 $C
fails 4 '(epoch)' $I push first -d sim/1 $C
$I retire -k old.pem -d sim/1 $C
fails 4 'is retired' $I transfer -k old.pem --to-key new.pem -d sim/1 $C --owner old.pub
$I verify --retired -d sim/1 $C --owner old.pub --evidence e.retired
fails 4 'is retired, for good' $I transfer -k old.pem --to-key new.pem --id 001010010000014 $C --evidence e.retired -o x
fails 4 '(state)' $I push first -d sim/1 $C
fails 4 'this transfer makes .* its owner, expected' $I push accepted -d sim/2 $C --owner maker.pub
""")
        self.assertIn("already there, claim, owned, attested", run.out)

    def test_another_owner_record(self):
        """What was made for a device that has begun a new life since, with the same owner and the same epoch: replaced-id."""
        self.play("$I transfer -k old.pem --to-key new.pem $C --evidence e.old -o mine\n")
        shutil.rmtree(self.dir / "sim")
        for name in ("c.cards", "e.old"):
            (self.dir / name).unlink()
        run = self.play("""
fails 4 'would refuse (replaced-id)' $I push mine -d sim/1 $C --dry-run
fails 4 '(replaced-id)' $I push mine -d sim/1 $C
$I verify $D $C --owner old.pub --evidence e.old
""", claim=CLAIM.replace("claim", "claim --allow-recovery"))
        self.assertIn("its owner record is another than this transfer was made for", run.out)

    def test_signatures_that_are_spoilt(self):
        self.play("""
$I transfer -k old.pem --to new.pub --id 001010010000014 $C --evidence e.old -o offer
""")
        good = (self.dir / "offer").read_bytes()
        self.write("spoilt", good[:-1] + bytes([good[-1] ^ 1]))
        self.write("cut", good[:-1])
        self.write("long", good + b"\0")
        accept = ("transfer", "--accept", "-k", "new.pem", "-o", "x")
        self.assertIn("signature of the transfer is wrong", self.run_tool(*accept, "--from", "old.pub", "spoilt", status=5).err)
        body = self.read("offer")[0][3]
        body.value[3][0][0] = cbor2.dumps({1: -7, 4: bytes.fromhex(self.kid("third"))})
        self.write("another", cbor2.dumps(body))
        self.assertIn("is not signed by who hands it over", self.run_tool(*accept, "another", status=4).err)
        for name in ("cut", "long"):
            self.run_tool(*accept, name, status=3)
        self.assertFalse((self.dir / "x").exists())
        run = self.run_tool(*accept, "spoilt")
        self.assertIn("is not verified: --from PUB does", run.err)
        run = self.simulate(START.replace("-o c.cards", "-o c2.cards").replace("--cards c.cards", "--cards c2.cards")
                            + "fails 5 '(signature)' $I push x -d sim/1 $C\n$I verify -d sim/1 $C --owner old.pub\n", "--csv", "d.csv", count=2)
        self.assertIn("owned, attested", run.out)

    def test_a_device_that_lies_about_its_owner(self):
        """T06: it says that it took the transfer, names another record, or keeps what it should wipe; none of that passes."""
        self.play("""
$I pack o.yaml --csv d.csv -k old.pem $C -o o.packages
$I push o.packages $D $C --evidence e.old
$I transfer -k old.pem --to-key new.pem $C --evidence e.old -o whole
""")
        for lie, says in (("applied", "owner: "), ("record", "owner record: "), ("kept", "domain: domain 0 set, expected wiped"), ("owner", "owner: "), ("lifecycle", "lifecycle: ")):
            with self.subTest(lie):
                shutil.rmtree(self.dir / "now", ignore_errors=True)
                shutil.copytree(self.dir / "sim", self.dir / "now")
                run = self.simulate(f"C='--cards c.cards'; $I push whole -d now/1 $C --evidence e.{lie} && exit 9; $I push whole -d now/2 $C --evidence e.{lie}\n",
                                    "--csv", "d.csv", "--state", "now", "--fault", f"1:lie:{lie}", count=2)
                self.assertIn(says, run.out)
                self.assertRegex(run.out, r"now/2 +transfer, owned, attested")

    def test_one_that_fails_leaves_no_file(self):
        """One of two devices belongs to somebody else: nothing is written, and the others are named."""
        run = self.play("""
$I transfer -k old.pem --to-key new.pem -d sim/2 $C
fails 12 'imei 001010010000022' $I transfer -k old.pem --to third.pub $D $C --evidence e.old -o offers
test ! -e offers
$I verify -d sim/2 $C --owner new.pub --evidence e.old
fails 4 'imei 001010010000022: belongs to the key' $I transfer -k old.pem --to third.pub $C --evidence e.old -o offers
test ! -e offers
$I transfer -k old.pem --to third.pub $C --evidence e.old --id 001010010000014 -o offers
fails 2 'offers: exists already' $I transfer -k old.pem --to third.pub -d sim/1 $C --evidence e.old -o offers
if grep PASS said; then exit 1; fi
""")
        self.assertIn("transfer from", run.out)
        self.assertEqual(len(self.read("offers")), 1)

    def test_what_is_not_known_is_left_out_with_a_note(self):
        run = self.play("""
$I claim -k old.pem -d sim/1 $C --evidence e.first
$I transfer -k old.pem --to new.pub $C --evidence e.first -o offers
""")
        self.assertIn("1 device of the cards has proven nothing, and is left out", run.err)
        self.assertEqual(len(self.read("offers")), 1)

    def test_recovery(self):
        """The maker takes a device from an owner that let it, with the nonce of now; and in no other way."""
        claim = "$I claim -k old.pem --maker maker.pem $D $C --evidence e.old\n"
        run = self.play("""
fails 4 'tells no recovery nonce' $I transfer --recover -k maker.pem --to-key new.pem -d sim/1 $C --evidence e.maker
grep -q 'imprint policy --allow-recovery' said
$I policy -k old.pem --allow-recovery $D $C --evidence e.old
$I transfer --recover -k maker.pem --to new.pub --keep 0 $C --evidence e.old -o stale
$I transfer --accept -k new.pem --from maker.pub stale -o stale.accepted
fails 4 'a transfer by .*, expected one by' $I transfer --accept -k new.pem --from old.pub stale -o x
$I policy -k old.pem --allow-recovery $D $C --evidence e.old
fails 4 '(replaced-id)' $I push stale.accepted -d sim/1 $C
grep -q 'make it anew with fresh evidence' said
$I transfer --recover -k third.pem --to-key new.pem --id 001010010000014 $C --evidence e.old -o foreign
fails 4 '(scope)' $I push foreign -d sim/1 $C
$I transfer --recover -k maker.pem --to-key new.pem --id 001010010000022 $C --evidence e.old -o late
$I transfer --recover -k maker.pem --to new.pub -d sim/1 $C --evidence e.maker -o offer
$I transfer --accept -k new.pem --from maker.pub offer -d sim/1 $C --evidence e.new
$I push stale.accepted -d sim/1 $C && exit 98
$I verify -d sim/1 $C --owner new.pub
$I verify -d sim/1 $C --owner new.pub --evidence e.old
fails 4 'owner: ' $I verify -d sim/1 $C --owner old.pub
fails 4 'tells no recovery nonce' $I transfer --recover -k maker.pem --to-key third.pem -d sim/1 $C --evidence e.new
$I policy -k old.pem -d sim/2 $C --evidence e.old
fails 4 '(scope)' $I push late -d sim/2 $C
grep -q 'does not let the maker recover it' said
$I transfer -k new.pem --to-key old.pem --allow-recovery -d sim/1 $C --evidence e.new
$I transfer --recover -k maker.pem --to-key third.pem -d sim/1 $C --evidence e.new
$I verify -d sim/1 $C --owner third.pub
""", "--maker", "maker.pub", claim=claim)
        self.assertIn("recovery from", run.out)
        self.assertEqual(len(re.findall(r"sim/1 +recovery, owned, attested", run.out)), 2)

    def test_no_maker_no_recovery(self):
        self.play("""
$I policy -k old.pem --allow-recovery $D $C --evidence e.old
fails 4 'tells no recovery nonce' $I transfer --recover -k maker.pem --to-key new.pem $C --evidence e.old -o x
test ! -e x
""")

    def test_words_for_people_and_auditors(self):
        run = self.play("""
$I ledger init --ledger l.db
$I transfer -k old.pem --to new.pub --allow-recovery $C --evidence e.old -o offer
$I transfer --accept -k new.pem offer -o accepted
$I push accepted $D $C --ledger l.db
$I pack o.yaml --csv d.csv --epochs 2,0 -k new.pem $C -o new.packages
$I push new.packages -d sim/1 $C --ledger l.db
$I transfer -k new.pem --to-key third.pem -d sim/1 $C -o third
$I push third -d sim/1 $C --ledger l.db --owner third.pub
$I log --ledger l.db --id 001010010000014 >log.txt
$I log --ledger l.db --id 001010010000014 --json >log.json
$I inspect accepted
$I open -k old.pub -k new.pub --item 1 accepted >payload
fails 5 '' $I open -k old.pub -k third.pub --item 1 accepted
""")
        short = {name: self.kid(name)[:16] for name in ("old", "new", "third")}
        log = (self.dir / "log.txt").read_text()
        self.assertIn(f": transfer to {short['new']}, owner-epoch 2", log)
        self.assertIn(f": transfer to {short['third']}, owner-epoch 3", log)
        self.assertRegex(log, rf"evidence .* owned by {short['new']} owner-epoch 2")
        entries = [json for json in self.lines((self.dir / "log.json").read_text()) if json["type"] == "evidence"]
        self.assertEqual([(e["owner"][:16], e["owner_epoch"], e["lifecycle"]) for e in entries],
                         [(short["new"], 2, "owned"), (short["new"], 2, "owned"), (short["third"], 3, "owned")])
        self.assertIn("policy: 1 (recovery allowed)", run.out)
        self.assertIn("previous owner record: h'", run.out)
        self.assertEqual(cbor2.loads((self.dir / "payload").read_bytes())[3], 2)

    def test_two_proofs_tell_of_two_owners(self):
        run = self.play("""
$I pack o.yaml --csv d.csv -k old.pem $C -o o.packages
$I push o.packages -d sim/1 $C --evidence e.old
$I transfer -k old.pem --to-key new.pem --keep all -d sim/1 $C --evidence e.new --owner old.pub
fails 11 'e.old and e.new: .*1 device has another owner' $I diff e.old e.new $C --id 001010010000014
fails 11 '' $I diff e.old e.new $C --id 001010010000014 --json
fails 11 'another owner' $I diff e.new e.old $C --id 001010010000014
fails 11 'another owner' $I diff e.old -d sim/1
$I diff e.new -d sim/1 $C --owner new.pub
""")
        old, new = self.kid("old"), self.kid("new")
        self.assertIn(f"imei 001010010000014: owner {old[:16]}, owner-epoch 1 -> {new[:16]}, owner-epoch 2\n", run.out)
        self.assertIn(f"imei 001010010000014: owner {new[:16]}, owner-epoch 2 -> {old[:16]}, owner-epoch 1\n", run.out)
        self.assertIn(f"owner {old[:16]}, owner-epoch 1 -> {new[:16]}, owner-epoch 2, unproven", run.out)
        told = next(j for j in self.lines(run.out) if j["domain"] is None)
        self.assertEqual([(c["what"], c["first"], c["second"]) for c in told["changes"]], [("owner", old, new)])

    def test_only_what_is_pushed_in_clear_is(self):
        run = self.play("""
$I build o.yaml --csv d.csv -o o.profiles
$I sign -k old.pem o.profiles -o o.signed
fails 4 'a profile is not pushed in clear' $I push o.signed -d sim/1 $C
fails 3 'expected packages' $I push o.profiles -d sim/1 $C
""")
        self.assertIn("imprint encrypt makes packages", run.out)

    def test_what_is_asked_for_must_make_sense(self):
        make, offer = ("transfer", "-k", "old.pem"), ("--evidence", "e", "--cards", "c", "-o", "x")
        for args, says in (((*make, *offer), "name the new owner"), ((*make, "--to", "new.pub", "--to-key", "new.pem", *offer), "name the new owner"),
                           ((*make, "--to", "new.pub", "-d", "sim/1", "--cards", "c"), "has to accept it"), ((*make, "--to", "new.pub", "-o", "x", "--cards", "c"), "name devices"),
                           ((*make, "--to-key", "new.pem", "--approval", "1:third.pub", "-d", "sim/1", "--cards", "c"), "approvers have to sign"),
                           ((*make, "--to", "new.pub", "--keep", "16", *offer), "--keep"), ((*make, "--to", "new.pub", "--keep", "1,", *offer), "--keep"),
                           ((*make, "--to", "new.pub", "--keep", "", *offer), "--keep"), ((*make, "--to", "new.pub", "--keep", "1,,2", *offer), "--keep"),
                           ((*make, "--to", "new.pub", "--from", "old.pub", *offer), "--from goes with --accept"), ((*make, "--to", "new.pub", "file", *offer), "FILE goes with --accept"),
                           ((*make, "--accept", "-o", "x"), "missing FILE"), ((*make, "--accept", "f", "--to", "new.pub", "-o", "x"), "takes it as it is"),
                           ((*make, "--accept", "f", "--keep", "1", "-o", "x"), "takes it as it is"), ((*make, "--accept", "f"), "name devices"),
                           ((*make, "--accept", "f", "-o", "x", "-d", "sim/1", "--cards", "c"), "-o FILE, or -d"), ((*make, "--to", "new.pub", *offer[:-1], "-"), "standard output"),
                           ((*make, "--to", "new.pub", "--evidence", "e", "-o", "x"), "--cards")):
            with self.subTest(args):
                self.assertIn(says, self.run_tool(*args, status=2).err)
                self.assertFalse((self.dir / "x").exists())
        self.run_tool("keygen", "--type", "seal-x25519", "--class", "test", "-o", "seal.pem", "--public", "seal.pub")
        self.write("c", "")
        self.assertIn("is no key that signs", self.run_tool(*make, "--to", "seal.pub", *offer, status=6).err)


if __name__ == "__main__":
    unittest.main()
