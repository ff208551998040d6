# SPDX-License-Identifier: Apache-2.0
"""Same input, same bytes: whatever compiler, processor and number of threads. tests/vectors/bytes/SHA256SUMS has what every build must write.

ECDSA signatures and what encryption draws differ from run to run; there it is the content that must be the same. When a format changes on
purpose, `SHA256SUMS` becomes what the failing test shows.
"""
import hashlib
import signal
import subprocess
import unittest

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tool import IMPRINT, ROOT, Case, luhn

VECTORS = ROOT / "tests" / "vectors" / "bytes"
DEVICES = 40


def number(name):
    return hashlib.sha256(name.encode()).digest()


def p256(name):
    return ec.derive_private_key(int.from_bytes(number(name), "big") >> 1, ec.SECP256R1())


def ed(name):
    return ed25519.Ed25519PrivateKey.from_private_bytes(number(name))


def x(name):
    return x25519.X25519PrivateKey.from_private_bytes(number(name))


def raw(key):
    """A public key as the CSV has it: every other device has one of either curve."""
    public = key.public_key()
    if isinstance(public, ec.EllipticCurvePublicKey):
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


class Determinism(Case):
    def setUp(self):
        super().setUp()
        self.wrote = {}
        for name in ("fleet.yaml", "probe.yaml"):
            self.write(name, (VECTORS / name).read_bytes())
        for name, key in (("owner", ed("owner")), ("other", p256("other")), ("backend", p256("backend"))):
            self.private(name, key)
        self.write("seed.key", number("seed"), 0o600)
        self.devices = [(p256 if i % 2 else x)(f"device {i}") for i in range(DEVICES)]
        rows = [f"KS26-{i:06d},{luhn(f'00101001{i:06d}')},{(i - 7) / 3},{i + 1}h,{raw(key)}\n" for i, key in enumerate(self.devices)]
        self.write("fleet.csv", "serial,imei,gain,lifetime,key\n" + "".join(rows))

    def private(self, name, key):
        self.write(f"{name}.pem", b"imprint-class: test\n" + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        self.write(f"{name}.pub", b"imprint-class: test\n" + key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    def make(self, name, *args):
        self.run_tool(*args, "-o", name)
        self.wrote[name] = hashlib.sha256((self.dir / name).read_bytes()).hexdigest()

    def compile(self, verb, name, *args):
        self.run_tool(verb, "fleet.yaml", "--csv", "fleet.csv", "--seed", "seed.key", *args, "-o", name)

    def items(self, name):
        """Those behind the head of a batch."""
        with open(self.dir / name, "rb") as f:
            self.assertEqual(cbor2.load(f)[1], DEVICES)
            starts = [f.tell() for _ in range(DEVICES) if cbor2.load(f) is not None]
            content = (self.dir / name).read_bytes()
        head = len(cbor2.dumps(cbor2.loads(content)))
        return [content[a:b] for a, b in zip([head, *starts], starts)]

    def test_same_input_same_bytes(self):
        self.make("fleet.profiles", "build", "fleet.yaml", "--csv", "fleet.csv", "--seed", "seed.key")
        self.make("fleet.signed", "sign", "-k", "owner.pem", "-j", 1, "fleet.profiles")
        self.run_tool("export", "credentials", "fleet.yaml", "--csv", "fleet.csv", "--seed", "seed.key", "-k", "owner.pem", "--to", "backend.pub",
                      "-o", "fleet.credentials")
        for kind, *options in (("leshan", "--without", "11"), ("thingsboard", "--without", "11"), ("azure", "--without", "11"), ("csv",)):
            self.make(f"export.{kind}", "export", "--format", kind, *options, "-k", "backend.pem", "--signer", "owner.pub", "fleet.credentials")
        expected = dict(reversed(line.split()) for line in (VECTORS / "SHA256SUMS").read_text().splitlines())
        self.assertEqual(self.wrote, expected, "".join(f"\n{value}  {name}" for name, value in self.wrote.items()))

    def test_threads_change_nothing(self):
        self.compile("build", "fleet.profiles")
        for jobs in (1, 3):
            self.run_tool("sign", "-k", "owner.pem", "-j", jobs, "fleet.profiles", "-o", f"{jobs}.signed")
        self.assertEqual((self.dir / "1.signed").read_bytes(), (self.dir / "3.signed").read_bytes())

    def test_interrupted_and_run_again_is_the_same(self):
        """In the middle of a batch: nothing is there, and the same command makes what it would have made."""
        self.compile("build", "fleet.profiles")
        content = (self.dir / "fleet.profiles").read_bytes()
        again = ["sign", "-k", "owner.pem", "-", "-o", "fleet.signed"]
        self.run_tool("sign", "-k", "owner.pem", "fleet.profiles", "-o", "whole.signed")
        for number, status in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
            run = subprocess.Popen([IMPRINT, *again], cwd=self.dir, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            run.stdin.write(content[:len(content) // 2])
            run.stdin.flush()
            while not list(self.dir.glob("*fleet.signed*")):  # it has begun
                self.assertIsNone(run.poll())
            run.send_signal(number)
            run.communicate()
            self.assertEqual(run.returncode, status)
            self.assertFalse((self.dir / "fleet.signed").exists())
        self.run_tool(*again, stdin=content)
        self.assertEqual((self.dir / "fleet.signed").read_bytes(), (self.dir / "whole.signed").read_bytes())

    def test_packages_hold_the_same_bytes(self):
        """Made by pack, in threads; opened with each device's key, of either curve: what build and sign write."""
        self.compile("build", "fleet.profiles")
        self.run_tool("sign", "-k", "owner.pem", "fleet.profiles", "-o", "fleet.signed")
        signed = self.items("fleet.signed")
        for run in ("one", "again"):
            self.compile("pack", f"{run}.packages", "-k", "owner.pem", "-j", 3)
            for i in (0, 1, DEVICES - 2, DEVICES - 1):
                self.private("device", self.devices[i])
                self.assertEqual(self.run_tool("open", "-k", "device.pem", "--item", i + 1, f"{run}.packages").stdout, signed[i])
        self.assertNotEqual((self.dir / "one.packages").read_bytes(), (self.dir / "again.packages").read_bytes(), "what is drawn is drawn")

    def test_ecdsa_signs_the_same_bytes(self):
        self.compile("build", "fleet.profiles")
        self.run_tool("sign", "-k", "other.pem", "fleet.profiles", "-o", "fleet.signed")
        for profile, item in zip(self.items("fleet.profiles"), self.items("fleet.signed")):
            self.assertEqual(cbor2.loads(item).value[2], profile)
        self.assertEqual(self.run_tool("open", "-k", "other.pub", "--item", DEVICES, "fleet.signed").stdout, self.items("fleet.profiles")[-1])

    def test_opens_what_another_machine_sealed(self):
        for i, name in enumerate(("x25519", "p256")):
            self.private("device", self.devices[i])
            content = self.run_tool("open", "-k", "device.pem", VECTORS / f"{name}.package").stdout
            self.write("x.signed", content)
            self.compile("build", f"{name}.profiles")
            self.assertEqual(self.run_tool("open", "-k", "other.pub", "x.signed").stdout, self.items(f"{name}.profiles")[i])


if __name__ == "__main__":
    unittest.main()
