# SPDX-License-Identifier: Apache-2.0
"""Batches: threads, folders, rows with mistakes, keys in the CSV, rows that change while they are read."""
import base64
import os
import subprocess
import unittest

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tool import IMPRINT, Case, luhn

IMEIS = [luhn(f"00101001{n:06d}") for n in range(3000)]


class Batch(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        self.profile()

    def csv(self, rows, head="imei"):
        return self.write("d.csv", "\n".join([head, *rows]) + "\n")

    def build(self, *args, status=0, **options):
        return self.run_tool("build", "p.yaml", "--csv", "d.csv", "--force", "-o", "x.profiles", *args, status=status, **options)

    def sequence(self, name):
        """The items behind a file's head."""
        out, content = [], (self.dir / name).read_bytes()
        with open(self.dir / name, "rb") as f:
            while f.tell() < len(content):
                out.append(cbor2.load(f))
        self.assertEqual(out[0][1], len(out) - 1)
        return out[1:]

    def claims(self, name):
        return [cbor2.loads(item.value[0])[15] for item in self.sequence(name)]

    def pack(self, *args, status=0):
        return self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "-o", "x.packages", "--force", *args, status=status)

    def key_rows(self, count):
        """Rows with a P-256 key in hex."""
        points = [ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
                  for _ in range(count)]
        return [f"{imei},{point.hex()}" for imei, point in zip(IMEIS, points)]

    def test_threads_keep_the_order_and_the_ids(self):
        self.csv(IMEIS[:300])
        self.build()
        profiles = (self.dir / "x.profiles").read_bytes()
        for jobs in (1, 2, 7):
            self.run_tool("sign", "-k", "owner.pem", "-j", jobs, "x.profiles", "-o", f"{jobs}.signed")
            self.assertEqual([item.value[2] for item in self.sequence(f"{jobs}.signed")], [cbor2.dumps(p, canonical=False) for p in self.sequence("x.profiles")])
        self.build()
        self.assertEqual((self.dir / "x.profiles").read_bytes(), profiles)

    def test_pack_in_threads_is_pack(self):
        self.csv(self.key_rows(4), "imei,key")
        self.pack("-j", 1)
        one = self.claims("x.packages")
        self.pack("-j", 4)
        self.assertEqual(self.claims("x.packages"), one)
        self.assertEqual([c[256][1:].hex()[1::2] for c in one], [i[:14] for i in IMEIS[:4]])

    def test_signed_together_in_threads(self):
        """One signature for all; every number of threads gives the same leaves in the same order."""
        self.csv(IMEIS[:300])
        self.build()
        profiles = [cbor2.dumps(p, canonical=False) for p in self.sequence("x.profiles")]
        for jobs in (1, 2, 7):
            self.run_tool("sign", "-k", "owner.pem", "--batch", "-j", jobs, "x.profiles", "-o", f"{jobs}.signed")
            items = self.sequence(f"{jobs}.signed")
            self.assertEqual([cbor2.loads(item.value[1][-70030])[1] for item in items], profiles)
            self.assertEqual([cbor2.loads(item.value[1][-70031])[:2] for item in items], [[300, n] for n in range(300)])
            self.assertEqual(len({item.value[3] for item in items}), 1)
        for args in (("--label", "x"), ("--batch", "--label", ""), ("--batch", "--label", "x" * 65), ("--batch", "--label", "a\nb"), ("--batch", "--label", "\u202ex")):
            with self.subTest(args):
                self.assertIn("--label", self.run_tool("sign", "-k", "owner.pem", *args, "x.profiles", "-o", "bad.signed", status=2).err)
        self.run_tool("sign", "-k", "owner.pem", "--batch", "--label", "x" * 64, "x.profiles", "-o", "good.signed")

    def test_a_batch_of_nothing_or_cut_off_is_not_signed(self):
        self.csv(IMEIS[:3])
        self.build()
        whole = (self.dir / "x.profiles").read_bytes()
        for content in (cbor2.dumps({0: "imprint-batch", 1: 0, 2: "profiles"}), whole[:-1], whole + b"\0", b""):
            for stdin in (None, content):
                self.write("y.profiles", content)
                self.run_tool("sign", "-k", "owner.pem", "--batch", *(["y.profiles"] if stdin is None else []), "-o", "y.signed", stdin=stdin, status=3)
                self.assertFalse((self.dir / "y.signed").exists())

    def test_key_column_takes_every_form(self):
        """B3: one key, written in each way, seals alike; the recipient's kid tells."""
        private = ec.generate_private_key(ec.SECP256R1()).public_key()
        point = private.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        spki = private.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        pem = private.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        cose = cbor2.dumps({1: 2, -1: 1, -2: point[1:33], -3: point[33:]})
        forms = [point.hex(), base64.b64encode(point).decode(), spki.hex(), base64.b64encode(spki).decode(), f'"{pem}"', cose.hex(),
                 base64.b64encode(cose).decode()]
        raw = x25519.X25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        kids = set()
        for form in forms:
            self.csv([f"{IMEIS[0]},{form}"], "imei,key")
            self.pack()
            kids.add(cbor2.loads(self.sequence("x.packages")[0].value[3][0][0])[4])
        self.assertEqual(len(kids), 1)
        self.csv([f"{IMEIS[0]},{raw.hex()}"], "imei,key")
        self.pack()
        self.assertNotIn(cbor2.loads(self.sequence("x.packages")[0].value[3][0][0])[4], kids)

    def test_key_column_is_checked(self):
        """KEY-05, KEY-06, KEY-14, CSV-08: what is no key, and one key twice in two forms."""
        rows = self.key_rows(1)
        good = rows[0].split(",")[1]
        other = base64.b64encode(bytes.fromhex(good)).decode()
        for form, words in ((f"{good[:-2]}{int(good[-2:], 16) ^ 1:02x}", "not on its curve"), ("02" + good[2:66], "no SubjectPublicKeyInfo"), ("00", "no SubjectPublicKeyInfo"),
                            ("zz!", "neither PEM, nor hex, nor base64"), ("04" + "00" * 64, "not on its curve"), ("00" * 32, "small order")):
            self.csv([f"{IMEIS[0]},{form}"], "imei,key")
            run = self.pack(status=3)
            self.assertRegex(run.err, r"^d\.csv:2:17: key .*" + words)
        self.csv([rows[0], f"{IMEIS[1]},{other}"], "imei,key")
        self.assertIn("stands already in line 2", self.pack(status=3).err)
        self.assertFalse((self.dir / "x.packages").exists())

    def test_keys_of_a_csv_are_asserted(self):
        self.run_tool("keygen", "-o", "prod.pem")
        self.csv(self.key_rows(2), "imei,key")
        run = self.pack("-k", "prod.pem", status=2)  # -k twice
        run = self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "prod.pem", "-o", "x.packages", status=4)
        self.assertIn("nobody vouches for its key", run.err)
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "prod.pem", "-o", "x.packages", "--accept-asserted")
        run = self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "prod.pem", "-o", "y.packages", "--accept-asserted", "--factory", "factory.pub", status=4)
        self.assertIn("is a test key", run.err)

    def test_split_makes_a_folder_of_files(self):
        self.csv(self.key_rows(3), "imei,key")
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--split", "out")
        self.assertEqual(sorted(os.listdir(self.dir / "out")), [f"{i}.package" for i in IMEIS[:3]])
        self.run_tool("inspect", f"out/{IMEIS[0]}.package")
        before = set(os.listdir(self.dir))
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--split", "out", status=2)
        self.csv(self.key_rows(2) + [IMEIS[2] + ","], "imei,key")
        self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", "--split", "new", status=4)
        self.assertEqual(set(os.listdir(self.dir)), before)
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "--split", "clear")
        self.assertEqual({oct((self.dir / "clear" / n).stat().st_mode & 0o777) for n in os.listdir(self.dir / "clear")}, {"0o600"})

    def test_csv_09_keep_going_leaves_out_and_reports(self):
        self.csv([IMEIS[0], "001010010000015", IMEIS[1], IMEIS[0]])
        run = self.build(status=3)
        self.assertFalse((self.dir / "x.profiles").exists())
        self.assertIn("2 rows with mistakes", run.err)
        run = self.build("--keep-going", status=11)
        self.assertRegex(run.err, r"d\.csv:3:1: imei 001010010000015: check digit")
        self.assertIn("d.csv:5:1: imei", run.err)
        self.assertIn("2 rows left out", run.err)
        self.assertEqual(len(self.sequence("x.profiles")), 2)
        self.csv(self.key_rows(2) + [IMEIS[2] + ","], "imei,key")
        run = self.pack("--keep-going", status=11)
        self.assertIn("d.csv:4: imei " + IMEIS[2] + ": no card, and no key", run.err)
        self.assertEqual(len(self.claims("x.packages")), 2)

    def test_all_rows_without_a_key_are_named(self):
        """One is the error itself; of many, enough to see that it is all of them. Nothing is written, to standard output neither."""
        words = [f"d.csv:{line}: imei {imei}: no card, and no key of its own" for line, imei in enumerate(IMEIS, 2)]
        rows = self.key_rows(3)
        self.csv([rows[0], IMEIS[1] + ",", rows[2]], "imei,key")
        self.assertTrue(self.pack(status=4).err.startswith("imprint: " + words[1]))
        self.csv([rows[0], IMEIS[1] + ",", rows[2], IMEIS[3] + ","], "imei,key")
        for jobs in ("1", "3"):
            run = self.pack("-j", jobs, status=4)
            self.assertEqual([line for line in run.err.splitlines() if line.startswith("d.csv:")], [words[1], words[3]], run.err)
            self.assertTrue(run.err.endswith("imprint: d.csv: 2 rows failed\n"), run.err)
            self.assertFalse((self.dir / "x.packages").exists())
        self.csv([f"{IMEIS[300]},", *self.key_rows(300)], "imei,key")
        self.assertEqual(self.run_tool("pack", "p.yaml", "--csv", "d.csv", "-k", "owner.pem", status=4).stdout, b"", "nothing behind the first that failed")
        self.csv([f"{imei}," for imei in IMEIS[:30]], "imei,key")
        run = self.pack(status=4)
        self.assertEqual(run.err.count("no card, and no key"), 20)
        self.assertTrue(run.err.endswith("imprint: d.csv: 20 rows failed, and there may be more\n"), run.err)

    def test_all_mistakes_are_counted(self):
        self.csv(["001010010000015"] * 3000)
        run = self.build(status=3)
        self.assertIn("3000 rows with mistakes", run.err)
        self.assertIn("... and more", run.err)
        self.assertLess(len(run.err), 100000)

    def test_a_bad_cell_is_told_once(self):
        self.csv(["001010010000015"])
        run = self.build(status=3)
        self.assertEqual(run.err.count("check digit"), 1, run.err)

    def test_ids_that_no_row_has(self):
        self.csv(IMEIS[:3])
        run = self.build("--id", IMEIS[0], "--id", IMEIS[7], status=3)
        self.assertIn(f"no row with --id {IMEIS[7]}", run.err)

    def test_one_device_by_two_rows(self):
        self.write("p.yaml", (self.dir / "p.yaml").read_text().replace('"${imei}"', f'"{IMEIS[0]}"'))
        self.csv(IMEIS[:2])
        self.assertIn("d.csv:3:1: the profile's target is the device of line 2 again", self.build(status=3).err)

    def test_ueid_and_imei_of_a_row_agree(self):
        ueid = "03" + "".join(f"0{d}" for d in IMEIS[0][:14])
        self.csv([f"{IMEIS[0]},{ueid}"], "imei,ueid")
        self.build()
        self.csv([f"{IMEIS[1]},{ueid}"], "imei,ueid")
        self.assertIn("is not the ueid of the imei", self.build(status=3).err)

    def test_csv_13_rows_that_change_while_they_are_read(self):
        """What is handed on must be what was checked."""
        self.csv([imei + "," + "a" * 80 for imei in IMEIS], "imei,x")
        # The head is written after all rows were checked; then the pipe is full, and waits for its reader.
        run = subprocess.Popen([IMPRINT, "build", "p.yaml", "--csv", "d.csv"], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertTrue(run.stdout.read(1))
        with open(self.dir / "d.csv", "r+b") as f:
            f.seek(-3, os.SEEK_END)
            f.write(b"b")
        _, err = run.communicate()
        self.assertEqual(run.returncode, 3)
        self.assertIn(b"changed while it was read", err)

    def test_profiles_that_change_while_they_are_signed_together(self):
        """What is handed out must be what the one signature is over."""
        self.csv(IMEIS)
        self.build()
        run = subprocess.Popen([IMPRINT, "sign", "-k", "owner.pem", "--batch", "x.profiles"], cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertTrue(run.stdout.read(1))
        with open(self.dir / "x.profiles", "r+b") as f:
            f.seek(-1, os.SEEK_END)  # of the label
            f.write(b"x")
        _, err = run.communicate()
        self.assertEqual(run.returncode, 3)
        self.assertIn(b"profiles 3000: is another than when its batch was signed", err)

    def test_pro_14_files_that_change_while_they_are_used(self):
        """The profile, and what it names with {file: ...}, is read once: all rows get what the first one got."""
        text = (self.dir / "p.yaml").read_text().replace("settings:\n", "settings:\n  security/0: {bootstrap: true, mode: rpk, identity: {file: key.pub}, server-key: {hex: 01}}\n")
        self.write("p.yaml", text)
        self.write("key.pub", b"first")
        self.csv(IMEIS)
        args = [IMPRINT, "build", "p.yaml", "--csv", "d.csv"]
        want = subprocess.run(args, cwd=self.dir, capture_output=True, check=True).stdout
        run = subprocess.Popen(args, cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
        start = run.stdout.read(1)  # the rest waits for its reader
        self.write("p.yaml", text.replace("10h", "20h"))
        self.write("key.pub", b"other")
        rest, err = run.communicate()
        self.assertEqual((run.returncode, err), (0, b""))
        self.assertEqual(start + rest, want)

    def test_csv_07_rows_are_not_kept(self):
        def peak(count):
            self.csv([imei + "," + "x" * 4000 for imei in IMEIS[:count]], "imei,x")
            process = subprocess.Popen([IMPRINT, "build", "p.yaml", "--csv", "d.csv", "-o", "x", "--force"], cwd=self.dir, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            return usage.ru_maxrss
        self.assertLess(peak(3000) - peak(100), 262144 if os.environ.get("SANITIZED") else 4096, "KiB, and the rows have 12,000")

    def test_csv_14_wherever_rows_come_from(self):
        """Standard input, a FIFO and a link give what the file gives; a folder and nothing are no tables."""
        self.csv(IMEIS[:20])
        self.build()
        want, rows = (self.dir / "x.profiles").read_bytes(), (self.dir / "d.csv").read_bytes()
        (self.dir / "link").symlink_to("d.csv")
        os.mkfifo(self.dir / "fifo")
        with subprocess.Popen(["cp", "d.csv", "fifo"], cwd=self.dir):
            for path, stdin in (("fifo", None), ("-", rows), ("link", None)):
                self.assertEqual(self.run_tool("build", "p.yaml", "--csv", path, stdin=stdin).stdout, want, path)
        for path, status, words in ((".", 2, "is a folder"), ("d.csv/x", 2, "Not a directory"), ("/dev/null", 3, "no header")):
            self.assertIn(words, self.run_tool("build", "p.yaml", "--csv", path, "-o", "y", status=status, timeout=20).err)
            self.assertFalse((self.dir / "y").exists())

    def test_secret_variables_go_nowhere_else(self):
        head = 'imprint: 1\ndomain: owner\nsequence: 1\ntarget: {imei: "001010010000014"}\nvariables: {pin: {type: text, secret: true}}\n'
        for settings, line in (('profile: "l-${pin}"\nsettings: {cellular: {psm-timer: 10h}}', 6), ('profile: p\nsettings: {apn/0: {name: "${pin}", auth: none}}', 7)):
            self.write("p.yaml", head + settings + "\n")
            self.write("d.csv", "imei,pin\n001010010000014,topsecret9\n")
            run = self.build("--seed", "seed.key", status=3)
            self.assertRegex(run.err, rf"p\.yaml:{line}:")
            self.assertIn("secret", run.err)
            self.assertNotIn("topsecret9", run.err)
        run = self.run_tool("build", "p.yaml", "-s", "pin=topsecret9", "--seed", "seed.key", "-o", "y", status=2)
        self.assertIn("everybody may read a command line", run.err)

    def test_empty_cells_and_null_are_no_values(self):
        head = 'imprint: 1\nprofile: p\ndomain: owner\nsequence: 1\ntarget: {imei: "${imei}"}\nvariables: {imei: {type: imei}, n: {type: text}}\n'
        self.write("d.csv", "imei,n\n001010010000014,\n")
        for value, words in (('"${n}"', "d.csv:2:17: n: is empty, and the variable has no default"), ("null", "null is no value"), ("~", "null is no value"), ('""', "is required, and empty"),
                             ("", "null is no value")):
            self.write("p.yaml", head + f"settings:\n  apn/0:\n    name: {value}\n    auth: none\n")
            self.assertIn(words, self.build(status=3).err)
        self.write("p.yaml", head.replace("n: {type: text}", "n: {type: text, default: x}") + 'settings: {apn/0: {name: "${n}", auth: none}}\n')
        self.build()
        self.assertEqual(self.sequence("x.profiles")[0][5][11][0][0], "x")

    def test_csv_10_a_last_line_without_end_is_told(self):
        self.write("d.csv", f"imei\n{IMEIS[0]}")
        self.assertIn("the last line has no end: was the file cut off?", self.build().err)
        self.write("d.csv", f"imei,x\n{IMEIS[0]}")
        self.assertIn("1 field, the header has 2", self.build(status=3).err)


if __name__ == "__main__":
    unittest.main()
