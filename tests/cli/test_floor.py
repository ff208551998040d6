# SPDX-License-Identifier: Apache-2.0
"""Floors: what ends what was granted and signed before, on devices; from the command line, through the simulator. KEY-16, ROLL-02."""
import unittest

from tool import Case

ME, OTHER = "001010010000014", "001010010000022"
SOURCE = '''imprint: 1
profile: granted
domain: network
sequence: {sequence}
target: {{imei: "${{imei}}"}}
variables: {{imei: {{type: imei}}}}
settings:
  cellular: {{psm-timer: 10h, active-timer: 20s}}
'''


class Floor(Case):
    """Two devices of a class, claimed; an operator with a grant under epochs 1,0."""

    START = '''set -e
$I enroll -d all -o x.cards
$I claim -k owner.pem -d all --cards x.cards --evidence x.evidence
$I grant -k owner.pem --holder operator.pub --domain network --allow cellular --target keel-2 -o old.grant
pack() { $I pack $1.yaml --csv two.csv -k operator.pem --grant $2.grant --owner owner.pub --cards x.cards -o $3.packages $4 $5; }
push() { $I push $1 -d all --cards x.cards --evidence x.evidence --owner owner.pub --grant old.grant $2 $3; }
state() { $I verify -d all --cards x.cards --evidence x.evidence --owner owner.pub --grant old.grant $2 $3 --json >$1.json; }
'''

    def setUp(self):
        super().setUp()
        self.keys()
        self.run_tool("keygen", "--class", "test", "-o", "operator.pem", "--public", "operator.pub")
        self.write("two.csv", f"imei\n{ME}\n{OTHER}\n")
        for n in (1, 2, 9):
            self.write(f"{n}.yaml", SOURCE.format(sequence=n))

    def run_all(self, script):
        return self.simulate(self.START + script, count=2)

    def told(self, name):
        """What each device proved."""
        return [d for d in self.lines((self.dir / f"{name}.json").read_text()) if d.get("imei")]

    def epochs(self, name):
        return [[(d["domain"], d["domain_epoch"]) for d in device["domains"]] for device in self.told(name)]

    def test_a_class_file_is_pushed_again_and_again(self):
        """It goes to every device of the class, twice to none; lower ones change nothing, and nothing is lowered."""
        run = self.run_all('''
$I floor -k owner.pem --raise 1=5 --raise 2=1 --target keel-2 -o all.floor
$I floor -k owner.pem --raise 1=4 --target keel-2 -o lower.floor
$I floor -k owner.pem --raise 1=6 --target keel-2 -o higher.floor
$I floor -k owner.pem --raise 1=7 --target keel-3 -o others.floor
pack 1 old one
push one.packages
state before
push all.floor
state first
push all.floor
push lower.floor
state again
push higher.floor
push all.floor
state last
push others.floor || echo status $?
push lower.floor
state end
''')
        self.assertEqual([self.epochs(name) for name in ("before", "first", "again", "last", "end")], [[[(1, epoch)]] * 2 for epoch in (0, 5, 5, 6, 6)])
        self.assertEqual(run.out.count("already there, floor"), 2 * 4)
        self.assertIn("status 12", run.out)

    def test_what_was_granted_before_is_dead(self):
        """The device refuses it by its epoch, and push says what it stands at; nothing is changed by it."""
        run = self.run_all('''
pack 1 old one; pack 2 old two
push one.packages
$I floor -k owner.pem --raise 1=1 --target keel-2 -o f.floor
push f.floor
state before
push two.packages && exit 1; echo status $?
push one.packages || echo status $?
state after
$I grant -k owner.pem --holder operator.pub --domain network --allow cellular --target keel-2 --epochs 1,1 -o new.grant
pack 1 new three --epochs 1,1
push three.packages "--grant" new.grant
state new
''')
        self.assertEqual(run.out.count("the device refuses (epoch)"), 2)
        self.assertEqual(run.out.count("domain-epoch: 1, expected 0"), 2)  # what is there already no longer stands where it stood
        self.assertEqual(run.out.count("status 12"), 2)
        self.assertEqual(self.epochs("before"), [[(1, 1)]] * 2)
        self.assertEqual([d["domains"] for d in self.told("before")], [d["domains"] for d in self.told("after")])
        self.assertEqual([[(d["domain_epoch"], d["sequence"]) for d in device["domains"]] for device in self.told("new")], [[(1, 1)]] * 2)

    def test_a_newer_profile_carries_it_along(self):
        """Whatever the owner signs or grants under a higher epoch raises it where it arrives."""
        run = self.run_all('''
pack 9 old old
$I grant -k owner.pem --holder operator.pub --domain network --allow cellular --target keel-2 --epochs 1,3 -o new.grant
pack 1 new new --epochs 1,3
push new.packages --grant new.grant
state granted
push old.packages && exit 1; echo status $?
$I pack 1.yaml --csv two.csv -k owner.pem --cards x.cards --epochs 1,4 -o owners.packages
push owners.packages
state owners
pack 2 new two --epochs 1,3
push two.packages --grant new.grant && exit 1; echo status $?
$I floor -k owner.pem --raise 1=4 --target keel-2 -o f.floor
push f.floor
state end
''')
        self.assertEqual([self.epochs(name) for name in ("granted", "owners", "end")], [[[(1, 3)]] * 2, [[(1, 4)]] * 2, [[(1, 4)]] * 2])
        self.assertEqual(run.out.count("status 12"), 2)
        self.assertEqual(run.out.count("already there, floor"), 2)
        self.assertEqual(run.out.count("the device refuses (epoch)"), 4)


if __name__ == "__main__":
    unittest.main()
