# SPDX-License-Identifier: Apache-2.0
"""Devices change hands by the crate: many transfers under one signature of each owner, approved m-of-n. T02, T03, T12, T13, BIND-01."""
import io
import os
import re
import sys
import unittest

import cbor2

from tool import ROOT, Case

sys.path.append(str(ROOT / "tests/interop"))
import cose  # noqa: E402
import leaves as tree  # noqa: E402
import objects as o  # noqa: E402
from cbor_strict import decode, encode  # noqa: E402

IMEIS = ["001010010000014", "001010010000022", "001010010000030"]
SET = "2:a.pub,b.pub,c.pub"
LEAF, PROOF = -70030, -70031
# A command that must end so, and say that; the script goes on.
START = """set -e
D="-d sim/1 -d sim/2 -d sim/3" C="--cards c.cards" E="--evidence e.old"
fails() {
	want=$1 says=$2 rc=0; shift 2
	"$@" >said 2>&1 || rc=$?
	cat said
	if [ $rc != "$want" ] || ! grep -q -e "$says" said; then echo "WRONG: $rc, wanted $want and '$says': $*"; exit 99; fi
}
"""
CLAIM = "for n in 1 2 3; do $I enroll -d sim/$n -o c.cards; done\n$I claim -k old.pem $D $C $E\n"
OFFER = "$I transfer -k old.pem --to new.pub --batch --label 'lot 7' $C $E -o offer\n"


class Handover(Case):
    def setUp(self):
        super().setUp()
        for name in ("old", "new", "third", "a", "b", "c"):
            self.run_tool("keygen", "--class", "test", "-o", f"{name}.pem", "--public", f"{name}.pub")
        self.write("d.csv", "imei\n" + "".join(f"{i}\n" for i in IMEIS))

    def play(self, script, start=CLAIM):
        """A script beside three devices; $D are all, $C and $E appraise them."""
        return self.simulate(START + start + script, "--csv", "d.csv", count=3)

    def items(self, name):
        data, out = io.BytesIO((self.dir / name).read_bytes()), []
        while data.tell() < len(data.getbuffer()):
            out.append(cbor2.load(data))
        return out

    def leaves(self, name):
        """The leaves of a file, each in its bytes."""
        head, *items = self.items(name)
        self.assertEqual(head, {0: "imprint-batch", 1: len(items), 2: "signed"})
        return [cbor2.dumps(item) for item in items]

    def file(self, name, parts):
        self.write(name, cbor2.dumps({0: "imprint-batch", 1: len(parts), 2: "signed"}) + b"".join(parts))

    def kid(self, name):
        return self.lines(self.run_tool("key", f"{name}.pub", "--json").out)[0]["kid"]

    @staticmethod
    def changed(leaf, payload=None, proof=None):
        """A leaf with other terms, or on another way to the root."""
        item = cbor2.loads(leaf)
        un = item.value[1]
        if payload:
            header, body = cbor2.loads(un[LEAF])
            terms = cbor2.loads(body)
            payload(terms)
            un[LEAF] = cbor2.dumps([header, cbor2.dumps(terms)])
        if proof:
            way = cbor2.loads(un[PROOF])
            proof(way)
            un[PROOF] = cbor2.dumps(way)
        return cbor2.dumps(item)

    def odd(self, leaves, single, other):
        """Files that are no whole batch: {name: (parts, status, what is said)}."""
        first, second, third = leaves
        taken = cbor2.loads(cbor2.loads(cbor2.loads(second).value[1][LEAF])[1])
        def renamed(terms):
            terms[4] = taken[4]
        def to_second(terms):
            terms.update({4: taken[4], 8: taken[8]})
        def recoverable(terms):
            terms[7] = 1
        def bent(way):
            way[2][0] = bytes([way[2][0][0] ^ 1]) + way[2][0][1:]
        def moved(way):
            way[1] = 1
        return {"renamed": ([self.changed(first, renamed), second, third], 5, "is no leaf of the batch"),
                "moved": ([self.changed(first, to_second), second, third], 5, "is no leaf of the batch"),
                "altered": ([first, self.changed(second, recoverable), third], 5, "is no leaf of the batch"),
                "way": ([self.changed(first, proof=bent), second, third], 5, "is no leaf of the batch"),
                "place": ([self.changed(first, proof=moved), second, third], 3, "is leaf 1 of its batch, expected leaf 0"),
                "fewer": ([first, second], 3, "2 of the batch's 3 leaves are here"),
                "turned": ([second, first, third], 3, "is leaf 1 of its batch, expected leaf 0"),
                "twice": ([first, first, third], 3, "is leaf 0 of its batch, expected leaf 1"),
                "two": ([first, other, third], 3, "is a leaf of another batch"),
                "mixed": ([first, second, single], 3, "is signed by itself, expected a leaf of a batch"),
                "mixed2": ([single, second, third], 3, "is a leaf of a batch, and those before are not")}

    def test_three_devices_by_one_batch(self):
        """Each owner signs once; each device takes its own, and proves whose it is now."""
        run = self.play(OFFER + """
$I approve -k a.pem offer --owner old.pub -o x --yes
$I transfer --accept -k new.pem --from old.pub offer -o accepted
fails 4 '(approval)' $I push offer -d sim/1 $C
$I push accepted -d sim/2 $C $E
$I push accepted $D $C $E
$I push accepted $D $C $E
$I verify $D $C --owner new.pub --evidence e.old
$I lock -k old.pem --target 001010010000014 -o l
fails 4 '(epoch)' $I push l -d sim/1 $C
$I open -k old.pub -k new.pub --item 2 accepted >payload
""")
        offer, accepted = self.leaves("offer"), self.leaves("accepted")
        old, new = self.kid("old"), self.kid("new")
        for leaves, signers in ((offer, {old}), (accepted, {old, new})):
            self.assertEqual(len({cbor2.dumps(cbor2.loads(leaf).value[3]) for leaf in leaves}), 1, "one signature of each owner")
            self.assertEqual({cbor2.loads(s[0])[4].hex() for s in cbor2.loads(leaves[0]).value[3]}, signers)
            self.assertEqual([cbor2.loads(cbor2.loads(leaf).value[1][PROOF])[:2] for leaf in leaves], [[3, 0], [3, 1], [3, 2]])
        self.assertEqual(cbor2.loads(cbor2.loads(offer[0]).value[2])[10], "lot 7")
        self.assertEqual(re.findall(r"^transfer: imei (\d+) goes to the new owner ", run.out, re.M), IMEIS)
        self.assertIn("all of them are one batch, by one signature: lot 7\n", run.out)
        self.assertEqual(re.findall(r"^imei (\d+): transfer from ", run.out, re.M), IMEIS * 2)
        self.assertEqual((run.out.count("  one of a batch of 3, by one signature: lot 7\n"), run.out.count("  as above\n")), (2, 4))
        self.assertEqual(cbor2.loads((self.dir / "payload").read_bytes())[4][256].hex()[3::2], IMEIS[1][:14])
        self.assertEqual(len(re.findall(r"PASS .* already there, transfer, owned, attested", run.out)), 4)

    def test_what_is_no_whole_batch_is_not_accepted(self):
        """One signature takes over all of it: whatever is not what the root stands for is refused before anything is signed."""
        self.play(OFFER + OFFER.replace("lot 7", "lot 8").replace("-o offer", "-o other")
                  + "$I transfer -k old.pem --to new.pub --id 001010010000030 $C $E -o single\n")
        odd = self.odd(self.leaves("offer"), (self.dir / "single").read_bytes(), self.leaves("other")[1])
        for name, (parts, status, says) in odd.items():
            self.file(name, parts)
            for args in (("--from", "old.pub"), ()):
                with self.subTest(name, args=args):
                    run = self.run_tool("transfer", "--accept", "-k", "new.pem", *args, name, "-o", "x", status=status)
                    self.assertRegex(run.err, f"{name}: .*({says}|signature of the transfer is wrong)")
                    self.assertEqual(run.out, "")
                    self.assertFalse((self.dir / "x").exists())
            if name not in ("mixed", "mixed2"):
                self.run_tool("approve", "-k", "a.pem", "--owner", "old.pub", name, "-o", "x", "--yes", status=status)
        bad = [cbor2.loads(leaf) for leaf in self.leaves("offer")]
        bad[1].value[3][0][2] = bytes(64)
        self.file("spoilt", [cbor2.dumps(leaf) for leaf in bad])
        self.assertIn("item 2: the issuer's signature of the transfer is wrong",
                      self.run_tool("transfer", "--accept", "-k", "new.pem", "--from", "old.pub", "spoilt", "-o", "x", status=5).err)
        for key, says in (("third", "is made for the key"), ("old", "is made for the key")):
            self.assertIn(says, self.run_tool("transfer", "--accept", "-k", f"{key}.pem", "offer", "-o", "x", status=4).err)
        self.assertIn("a transfer by", self.run_tool("transfer", "--accept", "-k", "new.pem", "--from", "third.pub", "offer", "-o", "x", status=4).err)
        self.run_tool("transfer", "--accept", "-k", "new.pem", "offer", "-o", "accepted")
        self.assertIn("is signed by -k already", self.run_tool("transfer", "--accept", "-k", "new.pem", "accepted", "-o", "x", status=4).err)
        self.run_tool("transfer", "--accept", "-k", "new.pem", "--from", "old.pub", "-", "-o", "piped", stdin=(self.dir / "offer").read_bytes())
        self.assertEqual(len(self.leaves("piped")), 3)

    def test_the_device_refuses_what_is_not_its_leaf(self):
        """BIND-01, BIND-02: the same, with good signatures of both owners on the root."""
        self.play(OFFER + "$I transfer --accept -k new.pem --from old.pub offer -o accepted\n")
        accepted = self.leaves("accepted")
        odd = self.odd(accepted, b"", b"")
        for name, at in (("renamed", 0), ("moved", 0), ("altered", 1), ("way", 0), ("place", 0)):
            self.write(name, odd[name][0][at])
        run = self.play("""
fails 4 '(not-for-me)' $I push accepted --index 1 -d sim/2 $C
fails 4 '(replaced-id)' $I push renamed -d sim/2 $C
fails 5 '(signature)' $I push moved --index 1 -d sim/2 $C
fails 4 '(not-for-me)' $I push moved --index 1 -d sim/1 $C
fails 5 '(signature)' $I push altered -d sim/2 $C
fails 5 '(signature)' $I push way -d sim/1 $C
fails 5 '(signature)' $I push place -d sim/1 $C
$I verify $D $C --owner old.pub $E
$I push accepted $D $C $E
$I verify $D $C --owner new.pub
""", start="")
        self.assertEqual(run.out.count("transfer, owned, attested"), 3)

    def test_ways_to_make_and_take_a_batch(self):
        """By attached devices; with both keys at hand; accepted and applied in one go; to one's own key."""
        run = self.play("""
$I transfer -k old.pem --to new.pub --batch -d sim/1 -d sim/3 $C -o two
$I transfer --accept -k new.pem --from old.pub two -d sim/1 -d sim/3 $C $E
$I transfer -k old.pem --to-key new.pem --batch -d sim/2 $C -o whole
$I push whole -d sim/2 $C $E
$I transfer -k new.pem --to-key third.pem --keep all --batch --json $C $E -o all
$I push all $D $C $E
$I transfer -k third.pem --to-key third.pem --batch $C $E -o again
$I push again $D $C $E
$I verify $D $C --owner third.pub
""")
        self.assertEqual([len(cbor2.loads(leaf).value[3]) for leaf in self.leaves("all") + self.leaves("again")], [2, 2, 2, 1, 1, 1])
        told = [j for j in self.lines(run.out) if "change" in j]
        self.assertEqual([(j["change"], j["owner_epoch"], len(j["signed_by"]), j["kept"], j["batch"], j["label"]) for j in told], [("transfer", 3, 2, list(range(16)), 3, None)] * 3)
        make = ("transfer", "-k", "old.pem", "--to", "new.pub", "--cards", "c.cards")
        for args, says in (((*make, "-d", "sim/1", "--batch"), "has to accept it"), ((*make, "--evidence", "e.old", "--label", "x", "-o", "x"), "--label goes with --batch"),
                           (("transfer", "-k", "old.pem", "--to-key", "new.pem", "-d", "sim/1", "--cards", "c.cards", "--batch"), "--batch goes with -o FILE"),
                           (("transfer", "--accept", "-k", "new.pem", "two", "--batch", "-o", "x"), "takes it as it is")):
            with self.subTest(args):
                self.assertIn(says, self.run_tool(*args, status=2).err)

    def test_an_owner_with_approvers_hands_over(self):
        """T13: two of three approve a transfer, and a batch of them; one too few, one too many, the same twice and an outsider are nothing to the tool, nor to the device."""
        claim = f"""$I enroll $D -o c.cards
$I claim -k old.pem --target keel-2 --approval {SET} -o k0
$I approve -k c.pem k0 -o k1 --yes
$I approve -k a.pem k1 -o k2 --yes
$I push k2 $D $C $E
A='--owner old.pub --approval {SET}'
"""
        run = self.play("""
$I transfer -k old.pem --to new.pub --id 001010010000014 $C $E -o one
$I transfer -k old.pem --to new.pub --batch --id 001010010000022 --id 001010010000030 $C $E -o lot
for f in one lot; do
	fails 4 'is not among those who may approve it' $I approve -k third.pem $f $A -o x --yes
	fails 4 'signs it in its own name' $I approve -k old.pem $f $A -o x --yes
	fails 4 'signs it in its own name' $I approve -k new.pem $f $A -o x --yes
	$I approve -k b.pem $f $A -o $f.b --yes
	fails 4 'has approved it already' $I approve -k b.pem $f.b $A -o x --yes
	$I transfer --accept -k new.pem --from old.pub $f.b -o $f.few
	$I approve -k a.pem $f.few $A -o $f.good --yes
	fails 4 'one more is one too many' $I approve -k c.pem $f.good $A -o x --yes
	$I approve -k c.pem $f.b $A -o $f.bc --yes
	fails 4 'as many as its owner needs have approved it' $I approve -k a.pem $f.bc $A -o x --yes
	$I approve -k c.pem $f.good --owner old.pub -o $f.many --yes
	$I approve -k third.pem $f.few --owner old.pub -o $f.outsider --yes
done
test ! -e x
fails 4 'nobody has approved\|has 1 of the 2 approvals' $I push one.few -d sim/1 $C --approval '%s'
fails 4 '(approval)' $I push one.bc -d sim/1 $C
for kind in few many outsider; do
	fails 4 '(approval)' $I push one.$kind -d sim/1 $C
	fails 12 '(approval)' $I push lot.$kind -d sim/2 -d sim/3 $C
done
$I verify $D $C --owner old.pub $E
""" % SET, start=claim)
        self.assertIn("approved by 1 of the 2 that it needs", run.out)
        for name in ("one", "lot"):
            parts = self.items(f"{name}.few")
            for item in parts[-1:]:
                signer, = (s for s in item.value[3] if cbor2.loads(s[0])[4].hex() == self.kid("b"))
                item.value[3].insert(item.value[3].index(signer), signer)
            self.write(f"{name}.twice", cbor2.dumps(parts[-1]))
        self.assertIn("has signed it twice", self.run_tool("approve", "-k", "a.pem", "one.twice", "--owner", "old.pub", "--approval", SET, "-o", "x", "--yes", status=4).err)
        run = self.play("""
fails 4 'signed it twice\|(approval)' $I push one.twice -d sim/1 $C
fails 4 'signed it twice\|(approval)' $I push lot.twice -d sim/3 $C
$I push one.good -d sim/1 $C $E
$I push lot.good -d sim/2 -d sim/3 $C $E
$I verify $D $C --owner new.pub $E
""", start="")
        self.assertEqual(len(re.findall("PASS .*transfer, owned, attested", run.out)), 3)

    def test_devices_are_picked_by_rows(self):
        """Of the cards, by ueid, imei or serial; each row must be met, and by one device only."""
        self.write("d.csv", "imei,serial\n" + "".join(f"{imei},KS-{n if n < 2 else 1}\n" for n, imei in enumerate(IMEIS)))
        self.play("")
        self.write("one.csv", "serial,imei,batch\nKS-0,,B7\n")
        self.write("two.csv", f"imei,ueid\n{IMEIS[1]},\n,03{''.join('0' + c for c in IMEIS[2][:14])}\n{IMEIS[1]},\n")
        make = ("transfer", "-k", "old.pem", "--to", "new.pub", "--cards", "c.cards", "--evidence", "e.old")
        self.assertEqual(re.findall(r"^imei (\d+)", self.run_tool(*make, "--csv", "one.csv", "-o", "one").out, re.M), IMEIS[:1])
        self.assertEqual(re.findall(r"^imei (\d+)", self.run_tool(*make, "--csv", "two.csv", "--batch", "-o", "two").out, re.M), IMEIS[1:])
        self.assertEqual(re.findall(r"^imei (\d+)", self.run_tool(*make, "--csv", "d.csv", "-o", "all").out, re.M), IMEIS)
        for text, status, says in (("imei\n001010010000048\n", 2, "bad.csv:2: there is no card of it"), ("serial\nKS-0\nKS-1\n", 4, "bad.csv:3: two devices have this serial"),
                                   ("batch\nB7\n", 3, "expected a column ueid, imei or serial"), ("imei,serial\n,\n", 3, "bad.csv:2: names no device"),
                                   ("imei\n001010010000015\n", 3, "bad.csv:2: imei 001010010000015"), ("imei,x\n001010010000014\n", 3, "bad.csv:2"),
                                   (f"imei\n{IMEIS[0]}\n\n001010010000048\n", 2, "bad.csv:4: there is no card of it")):
            with self.subTest(text):
                self.write("bad.csv", text)
                self.assertIn(says, self.run_tool(*make, "--csv", "bad.csv", "-o", "x", status=status).err)
                self.assertFalse((self.dir / "x").exists())
        for args, says in (((*make, "--csv", "one.csv", "-d", "sim/1", "-o", "x"), "--csv picks of"), (("transfer", "--accept", "-k", "new.pem", "all", "--csv", "one.csv", "-o", "x"), "--csv picks of"),
                           (("transfer", "-k", "old.pem", "--to", "new.pub", "--evidence", "e.old", "-o", "x"), "or of --ledger")):
            with self.subTest(args):
                self.assertIn(says, self.run_tool(*args, status=2).err)

    def test_devices_are_those_of_the_ledger(self):
        """Cards and evidence are the registry's: no file is needed. What it took out is left out, unless it was named."""
        env = {"IMPRINT_LEDGER": str(self.dir / "l.db")}
        self.run_tool("ledger", "init", env=env)
        self.write("script.sh", 'I="$IMPRINT"\n' + START + """
$I enroll $D
$I claim -k old.pem -d sim/1 -d sim/3
$I transfer -k old.pem --to new.pub -o offer
$I transfer -k old.pem --to new.pub --batch --csv first.csv -o one
fails 2 'rest.csv:3: it has not proven anything yet' $I transfer -k old.pem --to new.pub --csv rest.csv -o x
fails 3 'a ledger does not find serials' $I transfer -k old.pem --to new.pub --csv serial.csv -o x
$I retire -k old.pem -d sim/3
$I claim -k old.pem -d sim/2
$I transfer -k old.pem --to new.pub -o left
fails 4 '001010010000030: is retired' $I transfer -k old.pem --to new.pub --csv d.csv -o x
fails 4 '001010010000030: is retired' $I transfer -k old.pem --to new.pub --id 001010010000030 -o x
test ! -e x
$I transfer --accept -k new.pem --from old.pub left -o accepted
$I push accepted -d sim/1 -d sim/2
$I verify -d sim/1 -d sim/2 --owner new.pub
""")
        for name, rows in (("first", IMEIS[:1]), ("rest", [IMEIS[0], IMEIS[1]])):
            self.write(f"{name}.csv", "imei\n" + "".join(f"{i}\n" for i in rows))
        self.write("serial.csv", "serial\nSIM-1\n")
        run = self.run_tool("simulate", "-n", 3, "--csv", "d.csv", "--", "sh", "script.sh", env=env, timeout=120)
        self.assertEqual(re.findall(r"^imei (\d+): transfer", run.out, re.M), [IMEIS[n] for n in (0, 2, 0, 0, 0, 1, 0, 1, 0, 1)])
        self.assertIn("1 device of the cards has proven nothing, and is left out", run.err)
        self.assertIn("1 device that the ledger took out is left out", run.err)
        self.assertEqual(len(re.findall("PASS .*transfer, owned, attested", run.out)), 2)

    def test_a_folder_that_has_no_room(self):
        """What waits needs one, and says so; what is applied at once needs none."""
        run = self.play("""
export TMPDIR=$PWD/none
fails 10 'no room to keep the transfers' $I transfer -k old.pem --to new.pub $C $E -o x
test ! -e x
$I transfer -k old.pem --to-key new.pem -d sim/1 $C $E
""")
        self.assertIn("TMPDIR names another folder", run.out)

    def many(self, name, height):
        """A batch of 2^height transfers, as another program makes it."""
        old, new = (cose.Key.load(self.dir / f"{n}.pem") for n in ("old", "new"))
        payloads = [encode(o.transfer(b"\x02" + n.to_bytes(8, "big"), new, 2, os.urandom(32))) for n in range(1 << height)]
        levels = [[tree.leaf_hash(tree.identity(old.kid, cose.typ("transfer"), p)) for p in payloads]]
        for _ in range(height):
            levels.append([cose.sha256(b"\1" + a + b) for a, b in zip(levels[-1][::2], levels[-1][1::2])])
        batch = cose.sign_many("batch", encode({1: 1, 2: levels[-1][0], 3: 1 << height, 4: cose.typ("transfer")}), old.kid, [old])
        with open(self.dir / name, "wb") as f:
            f.write(encode({0: "imprint-batch", 1: 1 << height, 2: "signed"}))
            for n, payload in enumerate(payloads):
                way = [levels[k][(n >> k) ^ 1] for k in range(height)]
                batch.value[1] = {LEAF: encode([tree.header(old.kid, cose.typ("transfer")), payload]), PROOF: encode([1 << height, n, way])}
                f.write(encode(batch))

    def test_sixteen_thousand_stream(self):
        """They are on the disk, not in memory; another program's batch is accepted, and one bit of it is missed."""
        self.many("few", 4)
        self.many("many", 14)
        accept = ("transfer", "--accept", "-k", "new.pem", "--from", "old.pub")
        few, many = (self.peak_kib(*accept, name, "-o", f"{name}.accepted") for name in ("few", "many"))
        size = (self.dir / "many").stat().st_size >> 10
        self.assertGreater(size, 14 << 10)
        # A sanitizer keeps what was given back.
        self.assertLess(many - few, 262144 if os.environ.get("SANITIZED") else size // 3)
        keys = {k.kid: k.public for k in (cose.Key.load(self.dir / f"{n}.pem") for n in ("old", "new"))}
        signed = o.Signed(decode(self.leaves("many.accepted")[-1]))
        self.assertEqual({s[0] for s in signed.signers}, set(keys))
        for kid, alg, tbs, signature in signed.signers:
            self.assertTrue(cose.verify(keys[kid], alg, tbs, signature))
        data = bytearray((self.dir / "many").read_bytes())
        at = data.rindex((16000).to_bytes(8, "big"))
        data[at] ^= 1
        self.write("bad", bytes(data))
        self.assertIn("item 16001: is no leaf of the batch", self.run_tool(*accept, "bad", "-o", "x", status=5).err)
        self.assertFalse((self.dir / "x").exists())


if __name__ == "__main__":
    unittest.main()
