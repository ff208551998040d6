# SPDX-License-Identifier: Apache-2.0
"""Keys in hardware: PKCS#11 tokens (SoftHSM, also behind a module that fails as it is told) and a TPM (swtpm)."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import cbor2
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from hardware import PIN, SOFTHSM, WithTpm, configure, init_token, make_token, uri
from tool import EXAMPLES, IMPRINT, Case, luhn

# SoftHSM leaks with each Ed25519 signature: leaks of ours are looked for with ES256.
ED25519 = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
ROWS = 24
shared = {}


def setUpModule():
    shared["folder"] = tempfile.TemporaryDirectory(prefix="imprint-token-")
    make_token(pathlib.Path(shared["folder"].name), (("es256", "owner"), ("eddsa", "log"), ("es256", "other"), ("es256", "factory:test")))


def tearDownModule():
    shared["folder"].cleanup()


class Token(Case):
    def setUp(self):
        super().setUp()
        source = pathlib.Path(shared["folder"].name)
        shutil.copytree(source / "tokens", self.dir / "tokens")
        self.env = {**configure(self.dir), "HSM_REAL": SOFTHSM, "HSM_LOG": str(self.dir / "calls"), "HSM_OTHER": "other"}
        self.write("pin", PIN, 0o600)

    def failing(self, name):
        return uri(name, os.environ["HSM"])

    def pin(self, *args, pin=PIN, plan=None, env=None, **more):
        env = {**self.env, **({"HSM_PLAN": plan} if plan else {}), **(env or {})}
        return self.run_tool(*args, "--pass-fd", "0", stdin=pin, env=env, **more)

    def public(self, name):
        self.run_tool("key", "--public", f"pkcs11:token=line;object={name};type=public?module-path={SOFTHSM}", "-o", f"{name}.pub", "--force", env=self.env)
        return self.dir / f"{name}.pub"

    def profiles(self, rows=ROWS):
        self.profile()
        self.write("d.csv", "imei\n" + "".join(f"{luhn(35000000000000 + i)}\n" for i in range(rows)))
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "all.profiles")

    def tool11(self, *args, check=True):
        return subprocess.run(["pkcs11-tool", "--module", SOFTHSM, "--token-label", "line", "--login", "--pin", "1234", *args],
                              env={**os.environ, **self.env}, capture_output=True, text=True, check=check, cwd=self.dir)

    def calls(self):
        path = self.dir / "calls"
        text = path.read_text().split() if path.exists() else []
        path.unlink(missing_ok=True)
        return text


def items(path):
    """(payload, to-be-signed, signature) of each signed object of a file."""
    found = []
    with open(path, "rb") as f:
        decoder = cbor2.CBORDecoder(f)
        while True:
            try:
                item = decoder.decode()
            except (EOFError, cbor2.CBORDecodeError):
                return found
            if isinstance(item, cbor2.CBORTag):
                protected, _, payload, signature = item.value
                found.append((payload, cbor2.dumps(["Signature1", protected, b"", payload]), signature))


class Uris(Token):
    def test_uris_that_are_refused_before_anything_is_loaded(self):
        for name, words in {
            "pkcs11:tokn=line": "'tokn' is unknown in a key's URI, expected token,",
            "pkcs11:token=line;token=line": "token stands twice",
            "pkcs11:token=line;": "ends in a separator",
            "pkcs11:token=line;object": "expected name=value",
            "pkcs11:token=line;object=": "object is empty",
            "pkcs11:token=" + 33 * "x": "token: longer than 32 bytes",
            "pkcs11:token=a b": "must be written as %XX",
            "pkcs11:token=a%2": "must be written as %XX",
            "pkcs11:token=a%00": "must be written as %XX",
            "pkcs11:token=a?module-name=b;type=public": "hint: ; stands between attributes before the ?",
            "pkcs11:token=line;type=cert": "type=cert, expected private or public",
            "pkcs11:token=line?object=x": "'object' is unknown behind the ?",
            "pkcs11:token=line?module-path=lib.so": "expected an absolute path",
            "pkcs11:token=line?module-name=../x": "expected a name, not the path",
            "pkcs11:token=line?module-name=a&module-path=/b": "one of them",
            "pkcs11:token=line?pin-source=|/bin/cat%20x": "pin-source: expected file:/PATH",
            "handle:": "expected handle:0x81NNNNNN",
            "handle:0x810000000": "expected handle:0x81NNNNNN",
            "handle:0x8100000": "expected handle:0x81NNNNNN",
            "handle:0x81000000?pas": "expected handle:0x81NNNNNN",
            "handle:0x80000000": "expected handle:0x81NNNNNN",
        }.items():
            with self.subTest(name):
                self.assertIn(words, self.run_tool("key", name, status=2).err)

    def test_key_09_no_pin_in_arguments(self):
        for name in ("pkcs11:token=line;object=owner?pin-value=98765", "pkcs11:token=line;pin-value=98765", "pkcs11:pin-value=98765;tokn=x",
                    "pkcs11:tokn=x;pin-value=98765"):
            run = self.run_tool("key", name, status=2)
            self.assertNotIn("98765", run.err + run.out)
        self.assertIn("--pass-fd FD reads it", self.run_tool("key", "pkcs11:token=line?pin-value=98765", status=2).err)

    def test_each_attribute_picks(self):
        info = subprocess.run(["softhsm2-util", "--show-slots"], env={**os.environ, **self.env}, capture_output=True, text=True, check=True).stdout
        serial = info.split("Serial number:")[1].split()[0]
        slot = info.split("Slot ")[1].split()[0]
        for good, bad in ((f"serial={serial}", "serial=0000"), (f"slot-id={slot}", "slot-id=77"), ("manufacturer=SoftHSM%20project", "manufacturer=x"),
                          ("model=SoftHSM%20v2", "model=SoftHSM"), ("token=%6cine", "token=lin")):
            self.pin("key", f"pkcs11:{good};object=owner?module-path={SOFTHSM}")
            self.assertIn("no such token, found 'line'", self.pin("key", f"pkcs11:{bad};object=owner?module-path={SOFTHSM}", status=6).err)

    def test_id_of_any_bytes(self):
        self.tool11("--keypairgen", "--key-type", "EC:prime256v1", "--id", "00ff3b", "--label", "raw", "--usage-sign")
        self.assertIn("P-256", self.pin("key", f"pkcs11:token=line;id=%00%ff%3B?module-path={SOFTHSM}").out)

    def test_modules(self):
        run = self.pin("key", uri("owner", "/no/such.so"), status=6)
        self.assertIn("the module cannot be loaded: /no/such.so", run.err)
        libc = next(line.split()[-1] for line in pathlib.Path("/proc/self/maps").read_text().splitlines() if "libc.so" in line)
        self.assertIn("is no PKCS#11 module", self.pin("key", uri("owner", libc), status=6).err)
        run = self.pin("key", "pkcs11:token=line;object=owner?module-name=nonesuch", status=6)
        self.assertIn("no module of the name nonesuch is configured in /etc/pkcs11/modules", run.err)
        self.assertIn("P-256", self.pin("key", "pkcs11:token=line;object=owner?module-name=softhsm2").out)
        self.assertIn("P-256", self.pin("key", "pkcs11:token=line;object=owner").out)  # p11-kit's proxy

    def test_completion_knows_them(self):
        self.assertIn("pkcs11:token=\t", self.run_tool("complete", "--", "sign", "-k", "").out)
        self.assertIn("handle:0x81\t", self.run_tool("complete", "--", "key", "ha").out)


# What a thief with the PIN would try: read the value, loosen the attributes, wrap the key. Straight calls into SoftHSM.
EXTRACT = """
import ctypes, sys
lib, label = ctypes.CDLL(sys.argv[1]), sys.argv[2].encode()
class Attribute(ctypes.Structure):
    _fields_ = [("type", ctypes.c_ulong), ("value", ctypes.c_void_p), ("len", ctypes.c_ulong)]
class Mechanism(ctypes.Structure):
    _fields_ = [("type", ctypes.c_ulong), ("value", ctypes.c_void_p), ("len", ctypes.c_ulong)]
kept = []
def attributes(*pairs):
    made = (Attribute * len(pairs))()
    for i, (kind, value) in enumerate(pairs):
        kept.append(ctypes.create_string_buffer(value, len(value)))
        made[i] = Attribute(kind, ctypes.addressof(kept[-1]), len(value))
    return made
def ok(rv):
    assert rv == 0, hex(rv)
number = lambda n: int(n).to_bytes(8, sys.byteorder)
n, s = ctypes.c_ulong(8), ctypes.c_ulong()
slots = (ctypes.c_ulong * 8)()
ok(lib.C_Initialize(None))
ok(lib.C_GetSlotList(1, slots, ctypes.byref(n)))
ok(lib.C_OpenSession(ctypes.c_ulong(slots[0]), ctypes.c_ulong(6), None, None, ctypes.byref(s)))
ok(lib.C_Login(s, ctypes.c_ulong(1), b"1234", ctypes.c_ulong(4)))
ok(lib.C_FindObjectsInit(s, attributes((0, number(3)), (3, label)), ctypes.c_ulong(2)))
found = (ctypes.c_ulong * 2)()
ok(lib.C_FindObjects(s, found, ctypes.c_ulong(2), ctypes.byref(n)))
ok(lib.C_FindObjectsFinal(s))
print(n.value, "objects")
key = ctypes.c_ulong(found[0])
print("value", hex(lib.C_GetAttributeValue(s, key, attributes((0x11, bytes(100))), ctypes.c_ulong(1))))
print("extractable", hex(lib.C_SetAttributeValue(s, key, attributes((0x162, b"\\1")), ctypes.c_ulong(1))))
print("sensitive", hex(lib.C_SetAttributeValue(s, key, attributes((0x103, b"\\0")), ctypes.c_ulong(1))))
wrapping = ctypes.c_ulong()
ok(lib.C_GenerateKey(s, ctypes.byref(Mechanism(0x1080, None, 0)), attributes((0x161, number(32)), (0x106, b"\\1")), ctypes.c_ulong(2), ctypes.byref(wrapping)))
out, n = ctypes.create_string_buffer(500), ctypes.c_ulong(500)
print("wrapped", hex(lib.C_WrapKey(s, ctypes.byref(Mechanism(0x210a, None, 0)), wrapping, key, out, ctypes.byref(n))))
"""


class Keys(Token):
    def extract(self, label):
        run = subprocess.run([sys.executable, "-c", EXTRACT, SOFTHSM, label], env={**os.environ, **self.env}, capture_output=True, text=True, check=False)
        return run.stdout.splitlines() if run.returncode in (0, -11) else [run.stderr]

    def test_made_keys_stay_in_the_token(self):
        for kind in ("es256", "eddsa"):
            run = self.pin("keygen", "--type", kind, "-o", uri(kind), "--public", f"{kind}.pub", "--json")
            made = self.lines(run.out)[0]
            self.assertEqual((made["class"], made["encrypted"], made["public_file"]), ("production", False, f"{kind}.pub"))
            shown = self.lines(self.pin("key", "--json", uri(kind)).out)[0]
            self.assertEqual((shown["kid"], shown["private"], shown["hardware"]), (made["kid"], True, True))
            self.assertEqual(self.lines(self.run_tool("key", "--json", f"{kind}.pub").out)[0]["kid"], made["kid"])
            listed = self.tool11("--list-objects", "--type", "privkey", "--label", kind).stdout
            self.assertIn("sensitive, always sensitive, never extractable, local", listed)
            self.assertIn("Usage:      sign\n", listed)
            self.assertEqual(self.extract(kind), ["1 objects", "value 0x11", "extractable 0x10", "sensitive 0x10", "wrapped 0x6a"])

    def test_a_token_that_makes_keys_that_leave_is_refused_and_left_as_it_was(self):
        run = self.pin("keygen", "-o", self.failing("loose"), "--public", "loose.pub", env={"HSM_LOOSE": "1"}, status=4)
        self.assertIn("could be taken out of it: it was removed", run.err)
        self.pin("keygen", "-o", self.failing("mute"), "--public", "loose.pub", env={"HSM_NOSIGN": "1"}, status=6)
        listed = self.tool11("--list-objects").stdout
        self.assertIn("owner", listed)
        self.assertNotIn("loose", listed)
        self.assertNotIn("mute", listed)
        self.assertFalse((self.dir / "loose.pub").exists())

    def test_a_name_is_given_once(self):
        for more in ((), ("--type", "eddsa")):
            self.assertIn("a key of that name is in the token", self.pin("keygen", "-o", uri("owner"), *more, status=2).err)
        self.assertIn("keys in hardware are not replaced", self.pin("keygen", "-o", uri("owner"), "--force", status=2).err)

    def test_what_is_not_made_in_hardware(self):
        for args, words in ((("-o", uri("x"), "--type", "seal-x25519"), "made in a file only"), (("-o", uri("x"), "--type", "seed"), "made in a file only"),
                            (("-o", f"pkcs11:token=line?module-path={SOFTHSM}"), "expected object="), (("-o", "handle:0x81000000"), "imprint-keys(7)")):
            self.assertIn(words, self.pin("keygen", *args, status=2).err)
        self.run_tool("keygen", "-o", uri("x"), "--encrypt", status=2, env=self.env)
        self.profile()
        self.assertIn("a seed is a file", self.run_tool("build", "p.yaml", "--seed", uri("x"), "-s", "imei=350000000000006", status=6).err)

    def test_the_class_stands_in_the_label(self):
        shown = self.lines(self.pin("key", "--json", uri("factory:test")).out)[0]
        self.assertEqual(shown["class"], "test")
        self.assertRegex(self.pin("keygen", "--class", "test", "-o", uri("x"), status=2).err, "has a name that ends in :test\nhint: object=x:test")
        self.assertIn("has a name that does not end in :test", self.pin("keygen", "--class", "production", "-o", uri("x:test"), status=2).err)
        self.pin("keygen", "--class", "test", "-o", uri("x:test"))
        self.public("factory:test")
        self.assertIn("imprint-class: test", (self.dir / "factory:test.pub").read_text())

    def test_the_public_half_is_revoked_where_it_is(self):
        self.run_tool("keygen", "--class", "test", "-o", "o.pem", "--public", "o.pub")
        half = f"pkcs11:token=line;object=owner;type=public?module-path={SOFTHSM}"
        kid = self.lines(self.run_tool("key", half, "--json", env=self.env).out)[0]["kid"]
        self.run_tool("revoke", "-k", "o.pem", "--kid", half, "-o", "o.list", env=self.env)
        self.assertIn(kid, self.run_tool("inspect", "o.list").out)

    def test_the_public_half_takes_no_pin(self):
        self.assertIn("a public key", self.run_tool("key", f"pkcs11:token=line;object=owner;type=public?module-path={SOFTHSM}", env=self.env).out)
        self.profile()
        self.run_tool("sign", "-k", f"pkcs11:token=line;object=owner;type=public?module-path={SOFTHSM}", "p.yaml", env=self.env, status=6)

    def test_other_types_are_refused_by_name(self):
        for kind, status, words in (("rsa:1024", 4, "an RSA key, expected a key on P-256 or Ed25519"), ("EC:secp384r1", 4, "a key on another curve")):
            self.tool11("--keypairgen", "--key-type", kind, "--id", "77", "--label", kind.replace(":", "-"))
            self.assertIn(words, self.pin("key", uri(kind.replace(":", "-")), status=status).err)
            self.tool11("--delete-object", "--type", "privkey", "--label", kind.replace(":", "-"))
        self.assertIn("it may not sign (CKA_SIGN is false)", self.pin("key", self.failing("owner"), env={"HSM_NOSIGN": "1"}, status=6).err)

    def test_a_key_without_its_public_half(self):
        self.tool11("--keypairgen", "--key-type", "EC:prime256v1", "--id", "79", "--label", "half", "--usage-sign")
        self.tool11("--delete-object", "--type", "pubkey", "--label", "half")
        run = self.pin("key", uri("half"), status=6)
        self.assertIn("does not tell its public part\nhint: a public key with the same id", run.err)

    def test_a_foreign_public_half_lets_nothing_out(self):
        self.tool11("--keypairgen", "--key-type", "EC:prime256v1", "--id", "7a", "--label", "mixed", "--usage-sign")
        self.tool11("--delete-object", "--type", "pubkey", "--label", "mixed")
        stranger = ec.generate_private_key(ec.SECP256R1()).public_key()
        self.write("x.der", stranger.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
        self.tool11("--write-object", "x.der", "--type", "pubkey", "--id", "7a", "--label", "mixed")
        self.profiles(2)
        run = self.pin("sign", "-k", uri("mixed"), "all.profiles", "-o", "x.signed", status=5)
        self.assertIn("does not verify under its own public key: it was not let out", run.err)
        self.assertFalse((self.dir / "x.signed").exists())

    def test_key_15_missing_and_two(self):
        self.assertIn("no private key of that name in the token", self.pin("key", uri("nobody"), status=6).err)
        self.assertIn("two private keys fit, expected one", self.pin("key", f"pkcs11:token=line?module-path={SOFTHSM}", status=6).err)
        self.assertIn("no such token, found 'line'", self.pin("key", f"pkcs11:token=lane;object=owner?module-path={SOFTHSM}", status=6).err)
        init_token(self.env)
        self.assertIn("2 tokens fit, expected one", self.pin("key", uri("owner"), status=6).err)


class Pins(Token):
    def test_key_15_wrong_pin_once(self):
        run = self.pin("key", self.failing("owner"), pin=b"9999\n9999\n1234\n", status=6)
        self.assertIn("wrong PIN: not all tries are left before it locks", run.err)
        self.assertEqual(self.calls().count("login"), 1)
        self.assertIn("no PIN came", self.pin("key", uri("owner"), pin=b"", status=6).err)

    def test_key_15_locked_and_nearly(self):
        self.assertIn("its PIN is locked", self.pin("key", self.failing("owner"), env={"HSM_FLAGS": "40000"}, status=6).err)
        self.assertIn("its PIN is locked", self.pin("key", self.failing("owner"), plan="login:1:fail:a4", status=6).err)
        self.calls()
        run = self.pin("key", self.failing("owner"), env={"HSM_FLAGS": "20000"}, status=6)
        self.assertIn("one try is left before its PIN locks: not spent without a person", run.err)
        self.assertEqual(self.calls().count("login"), 0)
        for answer, words in (("a3", "its PIN has expired"), ("102", "it has no PIN yet"), ("54", "logging in: the module answers CKR_FUNCTION_NOT_SUPPORTED")):
            self.assertIn(words, self.pin("key", self.failing("owner"), plan=f"login:1:fail:{answer}", status=6).err)

    def test_pin_source(self):
        self.run_tool("key", uri("owner", pin_source=f"file:{self.dir}/pin"), env=self.env)
        self.run_tool("key", uri("owner", pin_source=f"{self.dir}/pin"), env=self.env)
        (self.dir / "pin").chmod(0o644)
        self.assertIn("pin", self.run_tool("key", uri("owner", pin_source=f"file:{self.dir}/pin"), env=self.env, status=6).err)

    def at_a_terminal(self, *lines, flags=""):
        return self.at_terminal(["key", self.failing("owner")], b"PIN of pkcs11:", *lines, env={**self.env, **({"HSM_FLAGS": flags} if flags else {})})

    def test_key_08_pins_at_a_terminal(self):
        status, shown, questions = self.at_a_terminal(b"9999\n", b"1234\n")
        self.assertEqual((status, questions), (0, 2))
        self.assertIn(b"Wrong. PIN of pkcs11:token=line;object=owner, not all tries are left before it locks: ", shown)
        self.assertNotIn(b"9999", shown)
        self.assertEqual(self.at_a_terminal(b"1\n", b"2\n", b"3\n", b"1234\n")[::2], (6, 3))
        status, shown, questions = self.at_a_terminal(b"1234\n", flags="20000")
        self.assertEqual((status, questions), (0, 1))
        self.assertIn(b"one try is left before it locks: ", shown)

    def test_a_token_without_login(self):
        """Its public objects need none; a private one is not even seen."""
        self.assertIn("needs a PIN, and there is no terminal",
                      subprocess.run([IMPRINT, "key", uri("owner")], env={**os.environ, **self.env}, capture_output=True, text=True,
                                     stdin=subprocess.DEVNULL, start_new_session=True).stderr)

    def test_a_pin_for_each_signature(self):
        self.tool11("--keypairgen", "--key-type", "EC:prime256v1", "--id", "7b", "--label", "careful", "--usage-sign", "--always-auth")
        self.profiles(3)
        self.pin("sign", "-j", "1", "-k", self.failing("careful"), "all.profiles", "-o", "x.signed")
        self.assertEqual(self.calls().count("login"), 4)


class Batches(Token):
    """T13, KEY-15: what a batch does when the token does not."""

    def signed(self, key, name, *more, env=None, **how):
        env = {**(env or {}), **(ED25519 if key == "log" else {})}
        return self.pin("sign", "-k", self.failing(key), "all.profiles", "-o", name, "--force", *more, env=env, **how)

    def setUp(self):
        super().setUp()
        self.profiles()

    def test_batches_come_out_whole_and_in_order(self):
        self.pin("sign", "-k", uri("log"), "all.profiles", "-o", "good.signed", env=ED25519)
        good = (self.dir / "good.signed").read_bytes()
        # A loss at each place, twice, in a row, while it is mended; a token that is away for a while.
        for plan in ("sign:1:lose:b3", f"sign:{ROWS}:lose:b0", "sign:5:lose:32", "sign:5:fail:30", "sign:5:lose:b3,sign:6:lose:b3,sign:7:lose:30",
                     "sign:3:away:32", "sign:2:lose:101,sign:9:lose:101,session:3:fail:30", "sign:4:lose:b3,login:2:fail:30",
                     ",".join(f"sign:{n}:lose:b3" for n in range(3, ROWS, 5))):
            for jobs in ("1", "4"):
                with self.subTest(plan=plan, jobs=jobs):
                    self.calls()
                    self.signed("log", "x.signed", "-j", jobs, plan=plan)
                    self.assertEqual((self.dir / "x.signed").read_bytes(), good)
                    self.assertGreater(self.calls().count("session"), 1)

    def test_es256_batches_verify(self):
        key = serialization.load_pem_public_key(self.public("owner").read_bytes())
        self.signed("owner", "x.signed", "-j", "3", plan="sign:7:lose:b3,sign:20:lose:32")
        found = items(self.dir / "x.signed")
        self.assertEqual(len(found), ROWS)
        for _, tbs, signature in found:
            der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
            key.verify(der, tbs, ec.ECDSA(hashes.SHA256()))
        imeis = [cbor2.loads(payload)[4][256] for payload, _, _ in found]
        self.assertEqual(imeis, [b"\3" + bytes(map(int, f"{35000000000000 + i:014d}")) for i in range(ROWS)])

    def test_a_token_that_stays_away_ends_the_batch_with_nothing_written(self):
        start = time.monotonic()
        run = self.signed("owner", "x.signed", "-j", "2", plan="sign:9:gone:32", status=6)
        self.assertIn("the token is gone, 8 openings later: ", run.err)
        self.assertLess(time.monotonic() - start, 20)
        self.assertFalse((self.dir / "x.signed").exists())
        self.signed("owner", "x.signed")  # resumed by doing it again

    def test_one_that_never_signs_is_asked_a_few_times(self):
        plan = ",".join(f"sign:{n}:fail:30" for n in range(1, 40))
        run = self.signed("owner", "x.signed", "-j", "1", plan=plan, status=6)
        self.assertIn("signing: the module answers CKR_DEVICE_ERROR", run.err)
        self.assertEqual(self.calls().count("sign"), 5)

    def test_what_does_not_get_better_is_not_tried_again(self):
        run = self.signed("owner", "x.signed", "-j", "1", plan="sign:2:fail:68", status=6)
        self.assertIn("signing: the module answers CKR_KEY_FUNCTION_NOT_PERMITTED", run.err)
        self.assertEqual(self.calls().count("sign"), 2)

    def test_the_pin_is_tried_once_after_a_loss(self):
        run = self.signed("owner", "x.signed", "-j", "4", plan="sign:2:lose:b3,login:2:fail:a0,login:3:fail:a0", status=6)
        self.assertIn("wrong PIN", run.err)
        self.assertEqual(self.calls().count("login"), 2)

    def test_another_key_after_a_loss_signs_nothing(self):
        run = self.signed("owner", "x.signed", "-j", "1", plan="sign:2:swap:b3", status=5)
        self.assertIn("the token has another key of that name", run.err)
        self.assertFalse((self.dir / "x.signed").exists())

    def test_wrong_signatures_are_not_let_out(self):
        for key in ("log", "owner"):
            for plan in ("sign:3:flip:0", "sign:3:flip:3f"):
                with self.subTest(key + plan):
                    run = self.signed(key, "x.signed", plan=plan, status=5)
                    self.assertIn("it was not let out", run.err)
                    self.assertFalse((self.dir / "x.signed").exists())
            self.signed(key, "x.signed", plan="sign:3:short:3f", status=6)

    def test_few_sessions_serve_many_threads(self):
        self.signed("owner", "x.signed", "-j", "8", env={"HSM_SESSIONS": "2", "HSM_SLOW": "5"})
        self.assertEqual(len(items(self.dir / "x.signed")), ROWS)

    def test_key_15_interrupted_while_waiting_for_the_token(self):
        run = subprocess.Popen([IMPRINT, "sign", "-k", self.failing("owner"), "--pass-fd", "0", "-j", "2", "all.profiles", "-o", "x.signed"], cwd=self.dir,
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **self.env, "HSM_PLAN": "sign:2:gone:32"})
        run.stdin.write(PIN)
        run.stdin.flush()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.calls_so_far().count("slots") < 6:
            time.sleep(0.01)
        start = time.monotonic()
        run.terminate()
        self.assertEqual(run.wait(20), 130)
        self.assertLess(time.monotonic() - start, 2)
        run.stdin.close()
        run.stderr.close()

    def calls_so_far(self):
        path = self.dir / "calls"
        return path.read_text().split() if path.exists() else []


class Jobs(Token):
    def test_every_command_that_signs(self):
        self.profile()
        for name in ("owner", "log"):
            self.public(name)
            self.env[name.upper()] = uri(name, pin_source=f"file:{self.dir}/pin")
        self.env.update(MODULE=SOFTHSM, **ED25519)
        self.write("d.csv", "imei\n001010010000014\n")
        self.run_tool("keygen", "--type", "seal-p256", "-o", "back.pem", "--public", "back.pub")
        self.run_tool("keygen", "--type", "seed", "-o", "seed.key")
        shutil.copy(EXAMPLES / "sensor.yaml", self.dir)
        done = self.simulate("""set -e
"$I" enroll -d all -o all.cards --endorse "$OWNER" --factory owner.pub
"$I" claim -k "$OWNER" --maker "$LOG" -d all --cards all.cards --factory owner.pub --evidence all.evidence
"$I" pack p.yaml --csv d.csv -k "$OWNER" --cards all.cards --factory "pkcs11:token=line;object=owner;type=public?module-path=$MODULE" -o all.packages
"$I" push all.packages -d all --cards all.cards --evidence all.evidence
"$I" lock -k "$OWNER" -d all --cards all.cards --evidence all.evidence
"$I" grant --allow cellular --target 001010010000014 --domain network --holder log.pub -k "$OWNER" -o n.grant
"$I" challenge -k "$OWNER" --target 001010010000014 -o today.challenge
"$I" build p.yaml --csv d.csv -o all.profiles
"$I" sign --batch all.profiles -k "$OWNER" -o batch.signed
"$I" encrypt batch.signed --cards all.cards --factory owner.pub -o batch.packages
"$I" export credentials sensor.yaml --csv d.csv --seed seed.key -k "$OWNER" --to back.pub -o all.credentials
"$I" export --format csv all.credentials -k back.pem --signer owner.pub -o all.csv
"$I" ledger init --ledger l.db --origin x.example/line
"$I" enroll -d all --ledger l.db
"$I" ledger checkpoint -k "$LOG" --ledger l.db -o c.checkpoint
"$I" ledger key log.pub --name x.example/line -o l.vkey
"$I" ledger verify --ledger l.db --log l.vkey --checkpoint c.checkpoint
""", "--csv", "d.csv", "--maker", "log.pub", env=self.env)
        for words in ("enrolled, key endorsed now", "claim, owned, attested", "domain 0 sequence 1, owned, attested", "lock, locked, attested"):
            self.assertIn(words, done.out)

    def test_a_simulated_factory(self):
        self.public("factory:test")
        self.simulate("""exec "$I" enroll -d all -o c.cards --factory factory:test.pub""", "--factory", uri("factory:test", pin_source=f"file:{self.dir}/pin"),
                      count=2, env=self.env)

    def test_open_verifies_with_them_and_decrypts_with_none(self):
        self.profiles(1)
        self.pin("sign", "-k", uri("owner"), "all.profiles", "-o", "one.signed")
        self.run_tool("open", "one.signed", "-k", f"pkcs11:token=line;object=owner;type=public?module-path={SOFTHSM}", "-o", "opened", env=self.env)
        self.assertGreater((self.dir / "opened").stat().st_size, 0)


class Tpm(WithTpm):
    """What a TPM signs, and what is told where it fails."""

    def profiles(self, rows):
        self.profile()
        self.write("d.csv", "imei\n" + "".join(f"{luhn(35000000000000 + i)}\n" for i in range(rows)))
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "all.profiles")

    def verify(self, path, public):
        key = serialization.load_pem_public_key((self.dir / public).read_bytes())
        found = items(self.dir / path)
        for _, tbs, signature in found:
            der = utils.encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
            key.verify(der, tbs, ec.ECDSA(hashes.SHA256()))
        return len(found)

    def test_a_batch_on_four_threads(self):
        self.key("0x81000101")
        self.profiles(12)
        self.run_tool("key", "--public", "handle:0x81000101", "-o", "k.pem", env=self.env)
        self.run_tool("sign", "-j", "4", "-k", "handle:0x81000101", "all.profiles", "-o", "x.signed", env=self.env)
        self.assertEqual(self.verify("x.signed", "k.pem"), 12)
        shown = self.lines(self.run_tool("key", "--json", "handle:0x81000101", env=self.env).out)[0]
        self.assertEqual((shown["type"], shown["private"], shown["hardware"], shown["class"]), ("P-256", True, True, "production"))

    def test_passwords(self):
        """A wrong one is tried once: three of them lock this TPM."""
        self.key("0x81000102", "ecc256", "-p", "secret")
        self.profiles(12)
        self.run_tool("sign", "-k", "handle:0x81000102?pass", "--pass-fd", "0", "all.profiles", "-o", "x.signed", stdin=b"secret\n", env=self.env)
        for count in (1, 2):
            run = self.run_tool("sign", "-j", "4", "-k", "handle:0x81000102?pass", "--pass-fd", "0", "all.profiles", "-o", "y.signed", stdin=b"wrong\n", env=self.env, status=6)
            self.assertIn("wrong password", run.err)
            said = subprocess.run(["tpm2_getcap", "properties-variable"], env={**os.environ, **self.env}, capture_output=True, text=True, check=True).stdout
            self.assertIn(f"TPM2_PT_LOCKOUT_COUNTER: 0x{count}\n", said)
        self.tpm("dictionarylockout", "--clear-lockout")
        run = self.run_tool("sign", "-k", "handle:0x81000102", "all.profiles", "-o", "y.signed", env=self.env, status=6)
        self.assertIn("the key has a password\nhint: handle:0x81000102?pass asks for it", run.err)
        for _ in range(3):
            run = self.run_tool("sign", "-k", "handle:0x81000102?pass", "--pass-fd", "0", "all.profiles", "-o", "y.signed", stdin=b"wrong\n", env=self.env, status=6)
        self.assertIn("locked after wrong passwords", run.err)
        self.assertNotIn("esys", run.err)
        self.assertFalse((self.dir / "y.signed").exists())

    def test_a_key_file_that_only_its_tpm_can_use(self):
        self.profiles(3)
        for more, ask in (((), {}), (("-pkeyopt", "user-auth:secret"), {"stdin": b"secret\n"})):
            with self.subTest(more):
                subprocess.run(["openssl", "genpkey", "-provider", "tpm2", "-provider", "default", "-propquery", "?provider=tpm2", "-algorithm", "EC", "-pkeyopt", "group:P-256",
                                *more, "-out", "k.pem"], cwd=self.dir, env={**os.environ, **self.env}, check=True, capture_output=True)
                (self.dir / "k.pem").chmod(0o600)
                self.assertIn("TSS2 PRIVATE KEY", (self.dir / "k.pem").read_text())
                self.run_tool("key", "--public", "k.pem", "--pass-fd", "0", "-o", "shown.pub", "--force", env=self.env, **ask)
                self.run_tool("sign", "-k", "k.pem", "--pass-fd", "0", "all.profiles", "-o", "x.signed", "--force", env=self.env, **ask)
                self.assertEqual(self.verify("x.signed", "shown.pub"), 3)
        (self.dir / "k.pem").chmod(0o644)
        self.run_tool("sign", "-k", "k.pem", "all.profiles", "-o", "y.signed", env=self.env, status=6)

    def connected(self):
        """imprint sign, which has opened its key and waits for profiles to come through a pipe."""
        run = subprocess.Popen([IMPRINT, "sign", "-j", "2", "-k", "handle:0x81000101", "-", "-o", "x.signed"], cwd=self.dir, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, **self.env})
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and not self.reads(run.pid):
            time.sleep(0.02)
        return run

    @staticmethod
    def reads(pid):
        """Does it wait for a pipe? Of a process that forbids looking only root sees that: others wait a while."""
        try:
            return "pipe_read" in pathlib.Path(f"/proc/{pid}/wchan").read_text()
        except OSError:
            time.sleep(2)
            return True

    def test_a_tpm_that_is_started_again(self):
        self.key("0x81000101")
        self.profiles(6)
        self.run_tool("key", "--public", "handle:0x81000101", "-o", "shown.pub", env=self.env)
        run = self.connected()
        self.stop()
        run.stdin.write((self.dir / "all.profiles").read_bytes())
        run.stdin.flush()
        time.sleep(0.4)
        self.start()
        _, said = run.communicate(timeout=30)
        self.assertEqual(run.returncode, 0, said)
        self.assertEqual(self.verify("x.signed", "shown.pub"), 6)

    def test_a_tpm_that_stays_away(self):
        self.key("0x81000101")
        self.profiles(6)
        run = self.connected()
        self.stop()
        _, said = run.communicate((self.dir / "all.profiles").read_bytes(), timeout=30)
        self.assertEqual(run.returncode, 6, said)
        self.assertIn(b"handle:0x81000101: the TPM cannot be reached", said)
        self.assertFalse((self.dir / "x.signed").exists())

    def test_a_tpm_that_comes_back_as_another(self):
        self.key("0x81000101")
        self.stop()
        (self.dir / "state").rename(self.dir / "first")
        (self.dir / "state").mkdir()
        self.start()
        self.tpm("createprimary", "-C", "o", "-g", "sha256", "-G", "ecc", "-c", "primary")
        self.key("0x81000101")
        self.profiles(6)
        run = self.connected()
        self.stop()
        run.stdin.write((self.dir / "all.profiles").read_bytes())
        run.stdin.flush()
        time.sleep(0.4)
        (self.dir / "state").rename(self.dir / "second")
        (self.dir / "first").rename(self.dir / "state")
        self.start()
        _, said = run.communicate(timeout=30)
        self.assertEqual(run.returncode, 5, said)
        self.assertIn(b"after the TPM was lost it has another key there", said)
        self.assertFalse((self.dir / "x.signed").exists())

    def test_trouble(self):
        self.key("0x81000103", "rsa2048")
        self.assertIn("a key of type RSA", self.run_tool("key", "handle:0x81000103", env=self.env, status=4).err)
        self.assertRegex(self.run_tool("key", "handle:0x81000109", env=self.env, status=6).err, "no such key in the TPM.*\nhint: tpm2_getcap handles-persistent")
        self.stop()
        self.assertIn("the TPM cannot be reached", self.run_tool("key", "handle:0x81000103", env=self.env, status=6).err)
        self.run_tool("keygen", "-o", "handle:0x81000104", env=self.env, status=2)


if __name__ == "__main__":
    unittest.main()
