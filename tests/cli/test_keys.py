# SPDX-License-Identifier: Apache-2.0
"""Keys: what is made, what is shown, what is refused."""
import os
import subprocess
import unittest

import cbor2
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519

from tool import EXAMPLES, Case

PEM = serialization.Encoding.PEM
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
PKCS8 = serialization.PrivateFormat.PKCS8
PLAIN = serialization.NoEncryption()
P256_HEAD = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")


def pem(der, label="PUBLIC KEY"):
    import base64
    text = base64.b64encode(der).decode()
    body = "\n".join(text[i:i + 64] for i in range(0, len(text), 64))
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


def cose_key(private):
    """COSE_Key of a private key."""
    if isinstance(private, ec.EllipticCurvePrivateKey):
        numbers = private.private_numbers()
        public = numbers.public_numbers
        return {1: 2, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big"), -4: numbers.private_value.to_bytes(32, "big")}
    raw = serialization.Encoding.Raw
    return {1: 1, -1: 6 if isinstance(private, ed25519.Ed25519PrivateKey) else 4,
            -2: private.public_key().public_bytes(raw, serialization.PublicFormat.Raw),
            -4: private.private_bytes(raw, serialization.PrivateFormat.Raw, PLAIN)}


class Keys(Case):
    def refuse(self, content, status, words, mode=0o644):
        self.write("k.pem", content, mode)
        run = self.run_tool("key", "k.pem", status=status)
        self.assertIn(words, run.err)
        self.assertEqual(run.out, "")
        return run

    def test_every_type_is_made_and_read_again(self):
        for name in ("es256", "eddsa", "seal-p256", "seal-x25519"):
            with self.subTest(name):
                self.run_tool("keygen", "--type", name, "-o", f"{name}.pem", "--public", f"{name}.pub")
                private = self.lines(self.run_tool("key", f"{name}.pem", "--json").out)[0]
                public = self.lines(self.run_tool("key", f"{name}.pub", "--json").out)[0]
                self.assertEqual(private["kid"], public["kid"])
                self.assertTrue(private["private"] and not public["private"])
                self.assertEqual((self.dir / f"{name}.pem").stat().st_mode & 0o777, 0o600)
                serialization.load_pem_private_key((self.dir / f"{name}.pem").read_bytes(), None)

    def test_key_01_infinity(self):
        der = bytes.fromhex("301930130607") + P256_HEAD[6:23] + bytes.fromhex("03020000")
        self.refuse(pem(der), 6, "no public key that can be used")
        self.refuse(pem(P256_HEAD + bytes(65)), 6, "no public key that can be used")
        self.refuse(pem(P256_HEAD + b"\x04" + bytes(64)), 6, "not on its curve")
        self.refuse(cbor2.dumps({1: 2, -1: 1, -2: bytes(32), -3: bytes(32)}), 6, "not one that can be used")

    def test_key_02_small_order_ed25519(self):
        weak = ["00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ec" + "ff" * 31, "01" + "00" * 30 + "80",
                "00" * 31 + "80",
                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
                "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
                "ee" + "ff" * 30 + "7f", "ed" + "ff" * 30 + "7f", "ee" + "ff" * 31, "ed" + "ff" * 31]
        for point in weak:
            with self.subTest(point):
                self.refuse(pem(bytes.fromhex("302a300506032b6570032100" + point)), 6, "small order")

    def test_key_03_explicit_parameters(self):
        made = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit"],
                              capture_output=True, check=True).stdout
        public = subprocess.run(["openssl", "ec", "-pubout", "-param_enc", "explicit"], input=made, capture_output=True,
                                check=True).stdout
        self.refuse(public, 4, "explicit parameters")
        private = subprocess.run(["openssl", "pkcs8", "-topk8", "-nocrypt"], input=made, capture_output=True, check=True).stdout
        self.refuse(private, 4, "explicit parameters", 0o600)

    def test_key_04_other_curves_and_types(self):
        """As a key, and as the verifier of a message that says ES256."""
        keys = [ec.generate_private_key(c()) for c in (ec.SECP256K1, ec.SECP224R1, ec.SECP384R1, ec.BrainpoolP256R1)]
        pairs = [(k.private_bytes(PEM, PKCS8, PLAIN), k.public_key().public_bytes(PEM, SPKI)) for k in keys]
        for command in (("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"),
                        ("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:512")):
            private = subprocess.run(["openssl", *command], capture_output=True, check=True).stdout
            pairs.append((private, subprocess.run(["openssl", "pkey", "-pubout"], input=private, capture_output=True, check=True).stdout))
        self.write("m", cbor2.dumps(cbor2.CBORTag(18, [b"\xa1\x01\x26", {}, b"x", b"\1" * 64])))
        for private, public in pairs:
            with self.subTest(public[:80]):
                self.refuse(private, 4, "expected P-256", 0o600)
                self.refuse(public, 4, "expected P-256, Ed25519 or X25519")
                self.run_tool("open", "-k", "k.pem", "m", "-o", "out", status=4)
                self.assertFalse((self.dir / "out").exists())

    def test_key_05_off_curve(self):
        self.refuse(pem(P256_HEAD + b"\x04" + b"\x01" * 64), 6, "not on its curve")
        self.refuse(pem(P256_HEAD + b"\x04" + b"\xff" * 64), 6, "not on its curve")
        prime = 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1
        y = 0x66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4  # of the point whose x is 0
        good = P256_HEAD + b"\x04" + bytes(32) + y.to_bytes(32, "big")
        self.write("k.pem", pem(good))
        self.run_tool("key", "k.pem")
        self.refuse(pem(good[:-64] + prime.to_bytes(32, "big") + good[-32:]), 6, "not on its curve")  # x = p

    def test_key_06_hybrid_and_compressed(self):
        numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        self.refuse(pem(P256_HEAD + bytes([6 + (y[-1] & 1)]) + x + y), 4, "compressed or hybrid")
        head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
        self.refuse(pem(head + bytes([2 + (y[-1] & 1)]) + x), 4, "compressed or hybrid")

    def secrets(self):
        """A file of every form that holds a secret: PEM, COSE_Key with d or k, 32 bytes."""
        key = ec.generate_private_key(ec.SECP256R1())
        self.write("k.pem", key.private_bytes(PEM, PKCS8, PLAIN), 0o600)
        self.write("d.cose", cbor2.dumps(cose_key(key)), 0o600)
        self.write("k.cose", cbor2.dumps({1: 4, -1: b"k" * 32}), 0o600)
        self.write("seed.key", b"k" * 32, 0o600)
        return ("k.pem", "d.cose", "k.cose", "seed.key")

    def test_key_07_readable_by_others(self):
        for name in self.secrets():
            self.run_tool("key", name)
            for mode in (0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o601):
                with self.subTest(name, mode=oct(mode)):
                    os.chmod(self.dir / name, mode)
                    run = self.run_tool("key", name, status=6)
                    self.assertIn(f"mode is {mode:04o}", run.err)
                    self.assertIn(f"hint: chmod 600 {name}", run.err)
                    self.assertEqual(run.out, "")
        self.profile()
        for args in (("sign", "-k", "k.pem", "p.yaml"), ("open", "-k", "k.cose", "p.yaml"), ("build", "p.yaml", "--seed", "seed.key"),
                     ("enroll", "-d", "/nowhere", "-o", "x", "--endorse", "k.pem")):
            self.assertIn("expected 0600", self.run_tool(*args, status=6).err)

    def test_perm_01_symlink(self):
        for name in self.secrets():
            (self.dir / "link").symlink_to(name)
            self.assertIn("symbolic link", self.run_tool("key", "link", status=6).err)
            (self.dir / "link").unlink()

    def test_perm_01_no_regular_file(self):
        """A pipe or a folder in the place of a key is not waited for."""
        os.mkfifo(self.dir / "pipe", 0o600)
        (self.dir / "folder").mkdir(0o700)
        self.write("x.profiles", b"\xa0")
        for name in ("pipe", "folder", "/dev/null"):
            run = self.run_tool("sign", "-k", name, "x.profiles", status=6, timeout=5)
            self.assertRegex(run.err, "is not a regular file")
            self.assertRegex(self.run_tool("build", "x.profiles", "--seed", name, status=6, timeout=5).err, "is not a regular file")

    def test_perm_01_output_over_a_symlink(self):
        """Neither replaced nor followed, --force or not."""
        self.write("other", "before")
        for target in ("other", "nothing"):
            (self.dir / "link").symlink_to(target)
            for force in ((), ("--force",)):
                self.assertIn("link: is a symbolic link", self.run_tool("keygen", "-o", "link", *force, status=2).err)
            self.assertEqual(os.readlink(self.dir / "link"), target)
            (self.dir / "link").unlink()
        self.assertEqual((self.dir / "other").read_text(), "before")
        self.assertFalse((self.dir / "nothing").exists())

    def test_perm_02_hard_links(self):
        """What is written takes the name's place; the file that also has another name stays as it is."""
        self.keys()
        self.write("other", "before")
        os.link(self.dir / "other", self.dir / "out.pem")
        self.run_tool("keygen", "-o", "out.pem", status=2)
        self.run_tool("keygen", "-o", "out.pem", "--force")
        self.assertEqual((self.dir / "other").read_text(), "before")
        self.assertEqual(os.stat(self.dir / "out.pem").st_mode & 0o777, 0o600)

    def test_perm_02_a_key_of_another_user(self):
        """In a user namespace where we are root and the file's owner is nobody we know."""
        self.run_tool("keygen", "-o", "k.pem")
        if os.geteuid() == 0:
            os.chown(self.dir / "k.pem", 12345, -1)
            self.assertIn("belongs to user 12345, not to you", self.run_tool("key", "k.pem", status=6).err)
            os.chown(self.dir / "k.pem", 0, -1)
            self.run_tool("key", "k.pem")
        else:
            self.assertIn("belongs to user", self.run_tool("key", "/etc/shadow", status=6).err)

    def test_perm_05_folder_that_everybody_may_write(self):
        (self.dir / "open").mkdir()
        os.chmod(self.dir / "open", 0o777)
        self.run_tool("keygen", "-o", "open/k.pem")
        self.assertIn("everybody may write", self.run_tool("key", "open/k.pem", status=6).err)
        os.chmod(self.dir / "open", 0o1777)
        self.run_tool("key", "open/k.pem")

    def test_perm_06_sudo_and_no_terminal(self):
        """sudo for a port is told what it needs instead; without a terminal nobody waits for a passphrase."""
        self.keys()
        run = subprocess.run(["unshare", "-r", os.environ["IMPRINT"], "enroll", "-d", "/nowhere", "-o", "x"], cwd=self.dir,
                             capture_output=True, text=True, env={**os.environ, "SUDO_UID": "1000"})
        if "unshare" not in run.stderr:
            self.assertIn("warning: running as root by sudo", run.stderr)
        self.pass_fd(b"good\n", "keygen", "-o", "k.pem", "--encrypt")
        run = subprocess.run([os.environ["IMPRINT"], "key", "k.pem"], cwd=self.dir, capture_output=True, text=True, timeout=20,
                             stdin=subprocess.DEVNULL, start_new_session=True)
        self.assertEqual(run.returncode, 6)
        self.assertIn("there is no terminal to ask on", run.stderr)

    def test_perm_07_environment(self):
        """The same bytes whatever the environment says; a hostile TMPDIR gets nothing to hold."""
        self.keys()
        self.write("p.yaml", EXAMPLES.joinpath("sensor.yaml").read_bytes())
        csv = EXAMPLES.joinpath("devices.csv").read_bytes()
        args = ("build", "p.yaml", "--csv", "-", "--seed", "seed.key")
        normal = self.run_tool(*args, stdin=csv).stdout
        (self.dir / "tmp").mkdir()
        os.chmod(self.dir / "tmp", 0o777)
        for env in ({"HOME": ""}, {"HOME": "/nowhere", "LC_ALL": "tr_TR.UTF-8"}, {"LC_ALL": "C", "LANG": "C", "TZ": "Asia/Kathmandu"},
                    {"LC_NUMERIC": "de_DE.UTF-8", "POSIXLY_CORRECT": "1"}, {"TMPDIR": str(self.dir / "tmp")},
                    {"MALLOC_PERTURB_": "85", "ARGP_HELP_FMT": "rmargin=10", "OPENSSL_CONF": "/dev/null"},
                    {} if "SANITIZED" in os.environ else {"LD_PRELOAD": "libm.so.6"}):
            with self.subTest(env):
                self.assertEqual(self.run_tool(*args, stdin=csv, env=env).stdout, normal)
        self.assertEqual(list((self.dir / "tmp").iterdir()), [])
        bare = subprocess.run([os.environ["IMPRINT"], *args], cwd=self.dir, input=csv, capture_output=True,
                              env={k: v for k, v in os.environ.items() if k.startswith(("IMPRINT", "ASAN", "UBSAN", "LSAN"))})
        self.assertEqual(bare.stdout, normal, bare.stderr)

    def pass_fd(self, word, *args, status=0):
        r, w = os.pipe()
        os.write(w, word)
        os.close(w)
        from tool import IMPRINT
        run = subprocess.run([IMPRINT, *args, "--pass-fd", str(r)], cwd=self.dir, capture_output=True, pass_fds=[r], text=True)
        os.close(r)
        self.assertEqual(run.returncode, status, run.stderr)
        return run

    def test_key_08_wrong_passphrase_and_end_of_input(self):
        self.pass_fd(b"good\n", "keygen", "-o", "k.pem", "--encrypt")
        self.assertIn(b"BEGIN ENCRYPTED PRIVATE KEY", (self.dir / "k.pem").read_bytes())
        self.pass_fd(b"good\n", "key", "k.pem")
        self.assertIn("wrong", self.pass_fd(b"bad\n", "key", "k.pem", status=6).stderr)
        self.assertIn("no passphrase", self.pass_fd(b"", "key", "k.pem", status=6).stderr)
        serialization.load_pem_private_key((self.dir / "k.pem").read_bytes(), b"good")

    def test_two_encrypted_keys_take_a_line_each(self):
        """In the order of the command's keys; a key in clear takes none."""
        self.pass_fd(b"one\n", "keygen", "-o", "a.pem")
        self.pass_fd(b"two\n", "keygen", "-o", "b.pem")
        self.run_tool("keygen", "-o", "c.pem")
        claim = ("claim", "--target", "keel-2", "--force", "-o", "x")
        self.pass_fd(b"one\ntwo\n", *claim, "-k", "a.pem", "--maker", "b.pem")
        self.pass_fd(b"two\n", *claim, "-k", "c.pem", "--maker", "b.pem")
        self.assertIn("a.pem: the passphrase from --pass-fd is wrong",
                      self.pass_fd(b"two\none\n", *claim, "-k", "a.pem", "--maker", "b.pem", status=6).stderr)
        self.assertIn("b.pem: no passphrase came", self.pass_fd(b"one\n", *claim, "-k", "a.pem", "--maker", "b.pem", status=6).stderr)
        self.pass_fd(b"one\ntwo\n", *claim, "-k", "a.pem", "--maker", "b.pem")
        self.pass_fd(b"two\none\n", "open", "-k", "b.pem", "-k", "a.pem", "x", "-o", "y")
        self.pass_fd(b"one\ntwo\n", "open", "-k", "b.pem", "-k", "a.pem", "x", "-o", "z", status=6)

    def test_both_files_or_none(self):
        self.write("there", "precious")
        for args in (("-o", "k.pem", "--public", "there"), ("-o", "there", "--public", "k.pub"), ("-o", "k.pem", "--public", "no/k.pub"),
                     ("-o", "no/k.pem", "--public", "k.pub"), ("-o", "k.pem", "--public", "k.pem", "--force")):
            with self.subTest(args):
                self.run_tool("keygen", *args, status=2)
                self.assertEqual(sorted(os.listdir(self.dir)), ["there"])
        self.assertEqual((self.dir / "there").read_text(), "precious")
        self.assertIn("not standard output", self.run_tool("keygen", "-o", "-", status=2).err)

    def test_a_seed_has_no_class(self):
        for name in ("test", "production"):
            self.assertIn("no class", self.run_tool("keygen", "--type", "seed", "--class", name, "-o", "s", status=2).err)
        made = self.lines(self.run_tool("keygen", "--type", "seed", "-o", "s", "--json").out)[0]
        self.assertEqual((made["class"], made["kid"]), (None, None))
        shown = self.lines(self.run_tool("key", "s", "--json").out)[0]
        self.assertEqual(shown, {"file": "s", "type": "symmetric", "class": None, "private": True, "hardware": False, "kid": None, "cose_key": None})
        self.assertNotIn("production", self.run_tool("key", "s").out)

    def test_no_terminal_for_a_new_passphrase(self):
        run = subprocess.run([os.environ["IMPRINT"], "keygen", "-o", "k.pem", "--encrypt"], cwd=self.dir, capture_output=True, text=True,
                             timeout=20, stdin=subprocess.DEVNULL, start_new_session=True)
        self.assertEqual(run.returncode, 6)
        self.assertIn("k.pem: needs a passphrase, and there is no terminal to ask on", run.stderr)
        self.assertEqual(os.listdir(self.dir), [])

    def asked(self, *lines):
        return self.at_terminal(["key", "k.pem"], b"of k.pem: ", *lines)

    def test_key_08_three_tries_at_a_terminal(self):
        self.pass_fd(b"good\n", "keygen", "-o", "k.pem", "--encrypt")
        status, shown, questions = self.asked(b"wrong1\n", b"wrong2\n", b"wrong3\n", b"good\n")
        self.assertEqual((status, questions), (6, 3))
        self.assertIn(b"wrong passphrase, 3 times", shown)
        self.assertIn(b"Wrong. Passphrase of k.pem", shown)
        for word in (b"wrong1", b"wrong2", b"wrong3"):
            self.assertNotIn(word, shown, "no echo")
        status, shown, questions = self.asked(b"wrong1\n", b"good\n")
        self.assertEqual((status, questions), (0, 2))
        self.assertNotIn(b"good", shown)
        status, shown, questions = self.asked(b"\x04")
        self.assertEqual((status, questions), (6, 1))
        self.assertIn(b"no passphrase came", shown)

    def test_key_09_no_passphrase_in_arguments(self):
        self.run_tool("keygen", "-o", "k.pem", "--pass", "x", status=2)
        self.run_tool("keygen", "-o", "k.pem", "--passphrase=x", status=2)
        self.assertFalse((self.dir / "k.pem").exists())

    def test_key_11_public_for_private_and_back(self):
        self.keys()
        self.write("x.profiles", b"\xa0")
        self.assertIn("holds a public key, expected a private", self.run_tool("sign", "-k", "owner.pub", "x.profiles", status=6).err)
        run = self.run_tool("enroll", "-d", "/nowhere", "-o", "c", "--factory", "owner.pem", status=6)
        self.assertIn("holds a private key, expected a public", run.err)

    def test_key_12_garbage(self):
        self.run_tool("keygen", "-o", "k.pem")
        good = (self.dir / "k.pem").read_text()
        lines = good.splitlines(keepends=True)
        for name, content in {"truncated": "".join(lines[:-1]), "cut base64": good.replace(lines[1], lines[1][:-6] + "\n"),
                              "two keys": good + good, "garbage": "hello\n", "empty": "", "trailing": good + "x\n",
                              "ec label": good.replace("PRIVATE KEY", "EC PRIVATE KEY"), "other end": good.replace("END PRIVATE", "END PUBLIC"),
                              "padding inside": good.replace(lines[1], lines[1][:-5] + "=\n"), "text before": "x\n" + good}.items():
            with self.subTest(name):
                self.refuse(content, 6, "k.pem", 0o600)
        self.refuse(good + "\n" * 20000, 6, "larger than 16384 bytes", 0o600)

    def test_key_12_ber(self):
        """A longer length than needed, an indefinite one, bytes behind: read by some, written by none."""
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(serialization.Encoding.DER, PKCS8, PLAIN)
        public = key.public_key().public_bytes(serialization.Encoding.DER, SPKI)
        self.assertEqual((private[:2], public[:1]), (b"\x30\x81", b"\x30"))
        for name, label, der in (
                ("long length", "PRIVATE KEY", b"\x30\x82\0" + private[2:]), ("indefinite", "PRIVATE KEY", b"\x30\x80" + private[3:] + b"\0\0"),
                ("version", "PRIVATE KEY", private[:3] + b"\x02\x02\0\0" + private[6:]), ("trailing", "PRIVATE KEY", private + b"\0"),
                ("long length", "PUBLIC KEY", b"\x30\x81" + public[1:]), ("indefinite", "PUBLIC KEY", b"\x30\x80" + public[2:] + b"\0\0"),
                ("trailing", "PUBLIC KEY", public + b"\0"), ("cut", "PUBLIC KEY", public[:-1])):
            with self.subTest(name, label=label):
                self.refuse(pem(der, label), 6, "k.pem", 0o600)

    def test_key_13_private_does_not_fit_public_in_a_cose_key(self):
        for one, two in ((ec.generate_private_key(ec.SECP256R1()) for _ in range(2)), (ed25519.Ed25519PrivateKey.generate() for _ in range(2)),
                         (x25519.X25519PrivateKey.generate() for _ in range(2))):
            key = cose_key(one)
            self.write("k.pem", cbor2.dumps(key), 0o600)
            self.run_tool("key", "k.pem")
            self.refuse(cbor2.dumps({**key, -4: cose_key(two)[-4]}), 6, "does not fit", 0o600)

    def test_a_file_that_cannot_be_used_is_a_key_error(self):
        """Missing, of a wrong length, no key at all: exit 6 wherever a key or seed is named."""
        self.keys()
        self.write("p.yaml", EXAMPLES.joinpath("sensor.yaml").read_bytes())
        self.write("d.csv", EXAMPLES.joinpath("devices.csv").read_bytes())
        self.write("short", b"x" * 31, 0o600)
        self.write("long", b"x" * 33, 0o600)
        for name, words in (("short", "is no key"), ("long", "is no key"), ("missing", "No such file")):
            self.assertIn(f"{name}: {words}", self.run_tool("key", name, status=6).err)
            self.assertIn(name, self.run_tool("build", "p.yaml", "--csv", "d.csv", "--seed", name, "-o", "x", status=6).err)
            self.assertIn(name, self.run_tool("enroll", "-d", "x", "-o", "y", "--factory", name, status=6).err)
            self.assertIn(name, self.run_tool("sign", "-k", name, stdin=b"", status=6).err)
        pem = self.run_tool("build", "p.yaml", "--csv", "d.csv", "--seed", "owner.pem", "-o", "x", status=6).err
        self.assertRegex(pem, r"owner.pem: \d+ bytes, a seed has 32\nhint: it is a PEM file")

    def test_a_fifo_is_no_key_and_is_not_waited_for(self):
        os.mkfifo(self.dir / "f", 0o600)
        for args in (("sign", "-k", "f"), ("key", "f"), ("open", "-k", "f"), ("enroll", "-d", "x", "-o", "y", "--factory", "f"),
                     ("simulate", "--factory", "f", "--", "true"), ("simulate", "--maker", "f", "--", "true")):
            with self.subTest(args):
                self.assertIn("f: is not a regular file", self.run_tool(*args, stdin=b"", status=6, timeout=20).err)

    def test_key_13_private_does_not_fit_public(self):
        a, b = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        def point(k):
            return k.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        der = a.private_bytes(serialization.Encoding.DER, PKCS8, PLAIN).replace(point(a), point(b))
        self.refuse(pem(der, "PRIVATE KEY"), 6, "does not fit", 0o600)

    def test_test_class_is_marked_and_kept(self):
        self.run_tool("keygen", "--class", "test", "-o", "k.pem", "--public", "k.pub")
        self.assertTrue((self.dir / "k.pem").read_text().startswith("imprint-class: test\n"))
        self.assertEqual(self.lines(self.run_tool("key", "k.pub", "--json").out)[0]["class"], "test")

    def test_perm_03_nothing_is_overwritten(self):
        self.write("k.pem", "precious")
        self.assertIn("exists already", self.run_tool("keygen", "-o", "k.pem", status=2).err)
        self.assertEqual((self.dir / "k.pem").read_text(), "precious")
        self.run_tool("keygen", "-o", "k.pem", "--force")

    def test_perm_04_umask_does_not_open_private_files(self):
        old = os.umask(0)
        try:
            self.run_tool("keygen", "-o", "k.pem")
        finally:
            os.umask(old)
        self.assertEqual((self.dir / "k.pem").stat().st_mode & 0o777, 0o600)

    def test_other_tools_keys_are_read(self):
        for key in (ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate(),
                    x25519.X25519PrivateKey.generate()):
            self.write("k.pem", key.private_bytes(PEM, PKCS8, PLAIN), 0o600)
            self.run_tool("key", "k.pem")
            self.write("k.pub", key.public_key().public_bytes(PEM, SPKI))
            self.run_tool("key", "k.pub")


unittest.main()
