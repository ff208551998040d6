# SPDX-License-Identifier: Apache-2.0
"""The worked examples: what each compiles to, and that devices take it and prove it."""
import csv
import io
import shutil
import struct
import unittest

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from tool import EXAMPLES, Case, luhn

# Folder, its profile, what the simulator needs beyond it, the domain that is written.
WORKED = (("nb-iot-sensor", "sensor.yaml", (), 0), ("lte-m-tracker", "tracker.yaml", (), 0),
          ("calibration", "channels.yaml", ("--vendor", "calibration.yaml"), 2))
SECURITY, CELLULAR, CALIBRATION = 0, 10, 42770


class Worked(Case):
    def take(self, name):
        for path in (EXAMPLES.parent / name).iterdir():
            shutil.copy(path, self.dir)

    def rows(self, name):
        with open(EXAMPLES.parent / name / "devices.csv", encoding="ascii", newline="") as f:
            return list(csv.DictReader(f))

    def built(self, name, profile):
        """The settings of each device."""
        self.take(name)
        self.run_tool("keygen", "--type", "seed", "-o", "seed.key", "--force")
        data = self.run_tool("build", profile, "--csv", "devices.csv", "--seed", "seed.key").stdout
        stream = io.BytesIO(data)
        decoder = cbor2.CBORDecoder(stream)
        items = []
        while stream.tell() < len(data):
            items.append(decoder.decode())
        self.assertEqual(len(items), 9)
        return [item[5] for item in items[1:]]

    def test_each_is_one_of_these(self):
        self.assertEqual({p.name for p in EXAMPLES.parent.iterdir()}, {w[0] for w in WORKED})

    def test_identities_are_for_tests_and_never_twice(self):
        seen = set()
        for name, *_ in WORKED:
            rows = self.rows(name)
            self.assertEqual(len(rows), 8)
            for row in rows:
                with self.subTest(row["serial"]):
                    self.assertRegex(row["imei"], r"^00101001[0-9]{7}$")
                    self.assertEqual(luhn(row["imei"][:-1]), row["imei"])
                    if "iccid" in row:
                        self.assertRegex(row["iccid"], r"^8988211[0-9]{12}$")
                        self.assertEqual(luhn(row["iccid"][:-1]), row["iccid"])
                    for key in ("serial", "imei", "iccid"):
                        self.assertNotIn(row.get(key), seen)
                    seen |= {row[key] for key in ("serial", "imei", "iccid") if key in row}

    def test_devices_take_them_and_prove_it(self):
        self.keys()
        for name, profile, more, domain in WORKED:
            with self.subTest(name):
                shutil.rmtree(self.dir / "sim", ignore_errors=True)
                self.take(name)
                run = self.simulate(
                    f"c='--cards {name}.cards --factory factory.pub' e='--owner owner.pub --evidence {name}.evidence'\n"
                    f"$I enroll -d all -o {name}.cards --factory factory.pub && $I claim -k owner.pem -d all $c --evidence {name}.evidence && "
                    f"$I pack {profile} --csv devices.csv --seed seed.key -k owner.pem $c -o {name}.packages && "
                    f"$I push {name}.packages -d all $c $e && $I verify -d all $c $e --expect {name}.packages --json",
                    "--csv", "devices.csv", "--factory", "factory.pem", *more, count=8)
                proven = self.lines(run.out)
                self.assertEqual([(d["result"], d["assurance"], d["key_assurance"], [(x["domain"], x["sequence"]) for x in d["domains"]])
                                  for d in proven], [("pass", "attested", "endorsed", [(domain, 1)])] * 8)
                self.assertEqual([d["serial"] for d in proven], [row["serial"] for row in self.rows(name)])

    def test_nb_iot_sensor(self):
        all_settings = self.built("nb-iot-sensor", "sensor.yaml")
        secrets = {s[SECURITY][0][5] for s in all_settings}
        self.assertEqual((len(secrets), {len(s) for s in secrets}), (8, {16}))
        for settings, row in zip(all_settings, self.rows("nb-iot-sensor")):
            # 81.92 s is 0101, four windows of 2.56 s are 0011. Source: 3GPP TS 24.008 10.5.5.32.
            self.assertEqual(settings[CELLULAR][0], {4: 36000, 5: 20, 9: bytes([0x35]), 13: 0b11})
            self.assertEqual((settings[SECURITY][0][2], settings[SECURITY][0][3]), (0, f"keel-{row['imei']}".encode()))

    def test_lte_m_tracker(self):
        all_settings = self.built("lte-m-tracker", "tracker.yaml")
        lifetimes = {"1d": 86400, "6h": 21600}
        for settings, row in zip(all_settings, self.rows("lte-m-tracker")):
            # 20.48 s is 0010, four windows of 1.28 s are 0011; no psm, no timers of it.
            self.assertEqual(settings[CELLULAR][0], {8: bytes([0x32]), 13: 0b10})
            security = settings[SECURITY][0]
            self.assertEqual((security[2], security[3], security[5]), (2, None, None), "the device holds certificate and key")
            self.assertEqual(settings[1][0][1], lifetimes[row["lifetime"]])
            self.assertEqual(settings[1][0][0], security[10])
        server = x509.load_der_x509_certificate(all_settings[0][SECURITY][0][4])
        self.assertIsInstance(server.public_key().curve, ec.SECP256R1)
        self.assertIn(server.subject.rfc4514_string()[3:], all_settings[0][SECURITY][0][0])

    def test_calibration(self):
        all_settings = self.built("calibration", "channels.yaml")
        for settings, row in zip(all_settings, self.rows("calibration")):
            channels = settings[CALIBRATION]
            self.assertEqual(set(settings), {CALIBRATION})
            self.assertEqual([struct.unpack(">d", channels[0][i])[0] for i in (1, 2)], [float(row["gain"]), float(row["offset"])])
            self.assertEqual([struct.unpack(">d", v)[0] for v in channels[1][3].values()], [-4.0, 0.0405, -2.8e-6])
            self.assertEqual(channels[2][4], bytes.fromhex(row["table"]))

    def test_calibration_has_rules(self):
        self.take("calibration")
        text = (self.dir / "channels.yaml").read_text()
        for old, new, says in (('gain: "${gain}", ', "", "method needs gain"), ("method: table, ", "", "method is missing"),
                               ("method: linear", "method: polynomial", "method excludes offset"),
                               ("method: linear", "method: cubic", "no such value"), ("range: 125", "range: 0", "is not from 1 to 1000"),
                               ('{hex: "${table}"}', '{hex: "0102"}', "4 to 256"), ("[-4.0,", "[x,", "number"),
                               ("range: 125", "7: 1", "reported by the device")):
            with self.subTest(new or old):
                self.assertIn(old, text)
                self.write("channels.yaml", text.replace(old, new))
                self.assertIn(says, self.run_tool("build", "channels.yaml", "--csv", "devices.csv", "-o", "x", status=3).err)

    def test_calibration_needs_firmware_that_has_it(self):
        self.take("calibration")
        self.keys()
        run = self.simulate("$I enroll -d all -o x.cards && $I pack channels.yaml --csv devices.csv -k owner.pem --cards x.cards -o x.packages",
                            "--csv", "devices.csv", count=8, status=4)
        self.assertIn("its firmware has no object 42770", run.err)
        self.assertFalse((self.dir / "x.packages").exists())


unittest.main()
