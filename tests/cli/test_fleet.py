# SPDX-License-Identifier: Apache-2.0
"""AUD: a fleet of two makers, four stations and three authorities, in which somebody has planted frauds of every kind: all are found, and nothing else is."""
import os
import shutil
import time
import unittest

import book
from book import Book, Line, ueid_of
from tool import Case, luhn

COUNT = 1000 if os.environ.get("IMPRINT_SOAK") else 100
DAY = 86400
# What is planted, on how many devices, and what an audit says of each.
PLANTED = {
    "clone": (2, {"clone"}),
    "rollback": (2, {"rollback"}),
    "foreign-authority": (2, {"foreign-authority", "unissued-profile"}),
    "unissued-profile": (3, {"unissued-profile"}),
    "history-mismatch": (2, {"history-mismatch"}),
    "restored": (4, {"history-gap"}),
    "pre-claimed": (2, {"pre-claimed"}),
    "duplicate-identity": (2, {"duplicate-identity"}),
    "key-conflict": (4, {"key-conflict"}),
    "out-of-scope": (2, {"out-of-scope", "unissued-profile"}),
    "revoked": (2, {"revoked"}),
    "unknown-device": (2, {"unknown-device"}),
    "wrong-lifecycle": (2, {"wrong-lifecycle", "history-gap"}),
    "debug-enabled": (2, {"debug-enabled"}),
    "in-doubt": (2, {"in-doubt"}),
    "asserted-key": (2, {"asserted-key"}),
    "single-path": (2, {"single-path"}),
    "stale": (2, {"stale"}),
}


def imei(number):
    """Of the simulated device of this number, from 1."""
    return luhn(f"00101001{number:06}")


class Fleet(Case):
    def tool(self, words, status=0, env=None):
        return self.run_tool(*words.split(), status=status, env=self.env | (env or {}), timeout=900)

    def outside(self, words, status=0):
        return self.tool(words, status, {"IMPRINT_LEDGER": ""})

    @staticmethod
    def ports(devices):
        return " ".join(f"-d sim/{d}" for d in devices) + " --timeout 600"

    def rows(self, devices, name="d.csv"):
        self.write(name, "imei\n" + "".join(f"{imei(d)}\n" for d in devices))

    def pack(self, devices, sequence, domain, key, words="", cards="--cards all.cards"):
        number = {"owner": 0, "network": 1, "service": 2}.get(domain, domain)
        self.profile(sequence, domain)
        if number:
            text = (self.dir / "p.yaml").read_text().split("settings:")[0]
            self.write("p.yaml", text + f"settings:\n  apn/{number}: {{name: iot, apn: iot.example, auth: none}}\n")
        self.rows(devices)
        self.outside(f"pack p.yaml --csv d.csv -k {key}.pem {cards} -o p.packages --force {words}")

    def push(self, devices, sequence, domain="owner", key="owner", words="", status=0, ledger=True):
        for station, some in self.shifts(devices).items():
            self.pack(some, sequence, domain, key, words)
            run = self.tool if ledger else self.outside
            run(f"push p.packages {self.ports(some)} --cards all.cards --station {station}", status)

    @staticmethod
    def shifts(devices):
        """Devices by the station that does them."""
        out = {}
        for d in devices:
            out.setdefault(f"line-{1 + d % 4}", []).append(d)
        return out

    def setUp(self):
        super().setUp()
        self.env = {"IMPRINT_LEDGER": str(self.dir / "fleet.db")}
        for name in ("owner", "maker-a", "maker-b", "operator", "service", "stranger"):
            self.outside(f"keygen --class test -o {name}.pem --public {name}.pub")
        self.outside("keygen --type eddsa --class test -o log.pem --public log.pub")
        self.outside("ledger key log.pub --name log.example/fleet -o log.vkey")
        for holder, domain, name in (("operator", 1, "operator"), ("service", 2, "service"), ("stranger", 3, "secret-3"), ("service", 4, "secret-4")):
            self.outside(f"grant -k owner.pem --holder {holder}.pub --domain {domain} --allow 11 --target keel-2 -o {name}.grant")
        self.tool("ledger init --origin log.example/fleet")
        self.of, at = {}, 3
        step = max(1, (COUNT - 6) // sum(n for n, _ in PLANTED.values()))
        for kind, (n, _) in PLANTED.items():  # spread over the fleet
            self.of[kind] = [at + step * i for i in range(n)]
            at += step * n
        self.bad = {d: codes for kind, (_, codes) in PLANTED.items() for d in self.of[kind]}
        self.line = Line(self)
        self.sim()

    def sim(self, *faults):
        self.line.stop()
        self.line.start(*[word for f in faults for word in ("--fault", f)], count=COUNT)

    def all_but(self, *kinds):
        left_out = {d for kind in kinds for d in self.of[kind]}
        return [d for d in range(1, COUNT + 1) if d not in left_out]

    # The line, as it should be, and as it is
    def enroll(self):
        plain = {d for kind in ("asserted-key", "single-path", "duplicate-identity") for d in self.of[kind]}
        for station, some in self.shifts(self.all_but("unknown-device", "stale")).items():
            maker = "maker-a" if station in ("line-1", "line-2") else "maker-b"
            endorsed = [d for d in some if d not in plain]
            self.tool(f"enroll {self.ports(endorsed)} --station {station} --endorse {maker}.pem -o all.cards")
            if len(endorsed) < len(some):
                self.tool(f"enroll {self.ports([d for d in some if d in plain])} --station {station} -o all.cards")
        self.outside(f"enroll {self.ports(self.of['unknown-device'])} -o all.cards")

    def old_times(self):
        """Devices that were not heard of since the spring."""
        then = book.at(time.time() - 60 * DAY)
        some = self.of["stale"]
        self.tool(f"enroll {self.ports(some)} --endorse maker-a.pem -o all.cards --station line-1", env=then)
        self.tool(f"claim -k owner.pem {self.ports(some)} --cards all.cards --station line-1", env=then)
        self.pack(some, 1, "owner", "owner")
        self.tool(f"push p.packages {self.ports(some)} --cards all.cards --station line-1", env=then)

    def claim(self):
        self.outside(f"claim -k stranger.pem {self.ports(self.of['pre-claimed'])} --cards all.cards")
        for station, some in self.shifts(self.all_but("stale", "pre-claimed")).items():
            self.tool(f"claim -k owner.pem {self.ports(some)} --cards all.cards --station {station}")

    def provision(self):
        good = self.all_but("stale", "pre-claimed")
        self.push(good, 1)
        self.push(good, 1, "network", "operator", "--grant operator.grant")
        self.push([d for d in good if d % 2], 1, "service", "service", "--grant service.grant")

    # Frauds
    def at_night(self):
        """With keys that leaked, and nothing written down."""
        self.push(self.of["unissued-profile"], 5, "network", "operator", "--grant operator.grant", status=None, ledger=False)
        self.push(self.of["foreign-authority"], 1, 3, "stranger", "--grant secret-3.grant", status=None, ledger=False)
        self.push(self.of["out-of-scope"], 1, 4, "service", "--grant secret-4.grant", status=None, ledger=False)
        for sequence in (5, 6):  # something else, and the right settings again
            self.push(self.of["restored"], sequence, status=None, ledger=False)
        self.outside(f"retire -k owner.pem {self.ports(self.of['wrong-lifecycle'])} --cards all.cards --owner owner.pub --grant operator.grant --grant service.grant")

    def with_a_programmer(self):
        """What is read out now comes back later, in the same board or in another one."""
        self.line.stop()
        self.old = {d: self.line.keep(imei(d)) for d in self.of["rollback"]}
        for d in self.of["clone"]:
            self.line.copy_to(self.dir / "twin/devices", imei(d))
        for first, second in zip(self.of["key-conflict"][::2], self.of["key-conflict"][1::2]):
            shutil.copy(self.line.file(imei(first), "keys"), self.line.file(imei(second), "keys"))
            self.line.file(imei(second), "flash").unlink(missing_ok=True)
        for _ in range(2):
            self.sim()

    def impostors(self):
        other = Line(self, "other")
        self.rows(self.of["duplicate-identity"], "other.csv")
        other.start("--csv", "other.csv", count=len(self.of["duplicate-identity"]))
        for number in range(len(self.of["duplicate-identity"])):
            self.tool(f"enroll -d other/{number + 1} --station line-9", status=4)
        other.stop()

    def twins(self):
        twin = Line(self, "twin")
        self.rows(self.of["clone"], "twin.csv")
        twin.start("--csv", "twin.csv", count=len(self.of["clone"]))
        for number in range(len(self.of["clone"])):
            self.tool(f"verify -d twin/{number + 1} --cards all.cards --station line-9", status=5)
        twin.stop()

    def revoke(self):
        b = Book(self.dir / "fleet.db")
        ids = [b.last("issued", ueid_of(imei(d)))[book.OBJECT].hex() for d in self.of["revoked"]]
        self.tool(f"revoke -k owner.pem {' '.join('--object ' + x for x in ids)} -o owner.list")

    def next_day(self):
        """The line comes again, to all that answer to it."""
        self.push(self.all_but("stale", "pre-claimed", "key-conflict", "wrong-lifecycle", "revoked"), 9, status=None)
        self.push(self.of["in-doubt"], 10, words="--epochs 7,0", status=None)

    def proof(self):
        """Everybody proves its state; some devices lie, some boards are not what they were."""
        for d in self.of["rollback"]:
            self.line.stop()
            self.line.put_back(imei(d), self.old[d])
        self.sim(*[f"{d}:lie:history" for d in self.of["history-mismatch"]], *[f"{d}:lie:debug" for d in self.of["debug-enabled"]])
        gone = ("stale", "key-conflict", "duplicate-identity", "wrong-lifecycle", "unknown-device")
        for station, some in self.shifts(self.all_but(*gone)).items():
            self.tool(f"verify {self.ports(some)} --cards all.cards --allow-debug --station {station}", status=None)
        for station, some in self.shifts(self.of["single-path"]).items():
            self.tool(f"verify {self.ports(some)} --cards all.cards --confirm cable --station {station}")
        for station, some in self.shifts(self.of["wrong-lifecycle"]).items():
            self.tool(f"verify {self.ports(some)} --cards all.cards --retired --station {station}", status=None)

    def audit(self, *args, status=11):
        known = ["--owner", "owner.pub", "--grant", "operator.grant", "--grant", "service.grant", "--stale", "30"]
        lines = self.lines(self.run_tool("audit", "--json", *known, *args, env=self.env, status=status, timeout=900).out)
        return lines[:-1], lines[-1]

    def test_every_fraud_is_found_and_nothing_else(self):
        self.old_times()
        self.enroll()
        self.claim()
        self.provision()
        self.at_night()
        self.with_a_programmer()
        self.tool(f"enroll {self.ports(self.of['key-conflict'][1::2])} --endorse maker-a.pem --station line-9", status=None)
        self.next_day()
        self.twins()
        self.revoke()
        self.impostors()
        early = shutil.copy(self.dir / "fleet.db", self.dir / "early.db")
        self.proof()
        self.tool("ledger checkpoint -k log.pem -o c")
        anchor = ["--checkpoint", "c", "--log", "log.vkey"]
        begun = time.monotonic()
        found, totals = self.audit(*anchor, "--html", os.environ.get("FLEET_HTML", "fleet.html"), "--force", "--deep")
        took = time.monotonic() - begun
        seen = {}
        for f in found:
            seen.setdefault(f["device"], set()).add(f["finding"])
        expected = {f"imei {imei(d)}": codes for d, codes in self.bad.items()}
        missed = {name: codes - seen.get(name, set()) for name, codes in expected.items() if codes - seen.get(name, set())}
        false = {name: codes - expected.get(name, set()) for name, codes in seen.items() if codes - expected.get(name, set())}
        print(f"# {totals['devices']} devices, {totals['entries']} entries, {len(self.bad)} frauds of {len(PLANTED)} kinds: {len(self.bad) - len(missed)} found, "
              f"{len(false)} false alarms, {took:.1f} s with {totals['signatures']} signatures", flush=True)
        self.assertEqual((missed, false), ({}, {}), [f for f in found if f["device"] in {*missed, *false}])
        self.assertEqual(totals["clean"], totals["devices"] - len(self.bad))
        # The ledger itself: an old copy, and no checkpoint at all.
        self.env["IMPRINT_LEDGER"] = str(early)
        self.assertEqual([f["device"] for f in self.audit(*anchor)[0] if f["finding"] == "ledger-forked"], [None])
        self.assertEqual([f["device"] for f in self.audit()[0] if f["finding"] == "not-anchored"], [None])
        kinds = {f["finding"] for f in found} | {"ledger-forked", "not-anchored"}
        self.assertEqual(len(kinds), 20)


if __name__ == "__main__":
    unittest.main()
