# SPDX-License-Identifier: Apache-2.0
"""SECRET-01: what a process still holds of a secret when it ends, its arguments and environment among it: nothing."""
import ctypes
import os
import signal
import subprocess
import sys
import unittest

from cryptography.hazmat.primitives import serialization

from tool import IMPRINT, Case

TRACEME, CONT, SETOPTIONS = 0, 7, 0x4200
TRACE_EXIT, EVENT_EXIT = 0x40, 6
LARGEST = 1 << 28
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, pid, data=0):
    if libc.ptrace(request, pid, None, data) != 0:
        raise OSError(ctypes.get_errno(), "ptrace")


def image_of(pid):
    """The bytes that a process can read."""
    out = []
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            if line.split()[1][0] == "r" and end - start < LARGEST:
                try:
                    memory.seek(start)
                    out.append(memory.read(end - start))
                except (OSError, ValueError, OverflowError):
                    continue  # what only the kernel maps there
    return out


def start(args, folder, fds):
    """A traced child. Without lazy symbols: resolving one saves registers, with what they hold, on the stack. What is
    freed is kept as it is: neither overwritten, as meson has it, nor used again."""
    pid = os.fork()
    if pid == 0:
        os.chdir(folder)
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        for fd in fds:
            os.set_inheritable(fd, True)
        ptrace(TRACEME, 0)
        os.environ.pop("MALLOC_PERTURB_", None)
        os.execve(args[0], args, {**os.environ, "LD_BIND_NOW": "1", "LD_PRELOAD": os.environ["KEEP"]})
    return pid


def run_traced(args, folder, fds=()):
    """Exit status, and the image when the process ends."""
    pid = start(args, folder, fds)
    os.waitpid(pid, 0)
    ptrace(SETOPTIONS, pid, TRACE_EXIT)
    image, number = [], 0
    while True:
        ptrace(CONT, pid, number)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return os.waitstatus_to_exitcode(status), image
        number = os.WSTOPSIG(status)
        if status >> 8 == signal.SIGTRAP | EVENT_EXIT << 8:
            image = image_of(pid)
        if number == signal.SIGTRAP:
            number = 0


def scalar(path):
    """The private part of a key file."""
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if hasattr(key, "private_numbers"):
        return key.private_numbers().private_value.to_bytes(32, "big")
    return key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())


class Memory(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        self.run_tool("keygen", "--type", "eddsa", "--class", "test", "-o", "ed.pem")
        hexed, word, pin = "5ec4e7c0ffee" * 5 + "abcd", "a-secret-word/" * 3, "a-secret-pin+" * 3
        self.secrets = {"hex": hexed.encode(), "bytes": bytes.fromhex(hexed), "text": word.encode(), "csv": pin.encode(),
                        "seed": (self.dir / "seed.key").read_bytes(), "ES256": scalar(self.dir / "owner.pem"), "EdDSA": scalar(self.dir / "ed.pem")}
        self.write("p.yaml", f'''imprint: 1
profile: t
domain: owner
sequence: 1
target: {{imei: "${{imei}}"}}
variables: {{imei: {{type: imei}}, pin: {{type: text, secret: true}}}}
settings:
  apn/0: {{name: x, auth: pap, user: "{word}", secret: "${{pin}}"}}
  security/0: {{bootstrap: true, mode: psk, identity: {{text: a}}, secret: {{hex: "{hexed}"}}}}
''')
        self.write("wrong.yaml", (self.dir / "p.yaml").read_text() + "  apn/1: {name: y, auth: nine}\n")
        self.write("d.csv", f"imei,pin\n001010010000014,{pin}\n")
        self.simulate("$I enroll -d sim/1 -o x.cards; $I claim -k owner.pem -d sim/1 --cards x.cards")
        self.write("no.cards", b"\xa3\x00\x6dimprint-batch\x01\x00\x02\x65cards")

    def ends_clean(self, *args, status=0, fds=()):
        with self.subTest(" ".join(args)):
            got, image = run_traced([IMPRINT, *args], self.dir, fds)
            self.assertEqual(got, status)
            self.assertTrue(any(args[-1].encode() in part for part in image), "the image is that of the process")
            self.assertEqual([name for name, secret in self.secrets.items() if any(secret in part for part in image)], [])

    def test_secret_01_nothing_is_left_in_memory(self):
        rows = ("--csv", "d.csv", "--seed", "seed.key")
        self.ends_clean("build", "p.yaml", *rows, "-o", "b.profiles")
        self.ends_clean("build", "p.yaml", *rows)
        self.ends_clean("build", "wrong.yaml", *rows, "-o", "w.profiles", status=3)
        for key in ("owner.pem", "ed.pem"):
            self.ends_clean("sign", "-k", key, "b.profiles", "-o", f"{key}.signed")
            self.ends_clean("pack", "p.yaml", *rows, "-k", key, "--cards", "x.cards", "-o", f"{key}.packages")
            self.ends_clean("key", key)
        self.ends_clean("encrypt", "--accept-asserted", "--cards", "x.cards", "owner.pem.signed", "-o", "e.packages")
        self.ends_clean("encrypt", "--accept-asserted", "--cards", "no.cards", "owner.pem.signed", "-o", "f.packages", status=4)
        for name in ("b.profiles", "ed.pem.signed", "e.packages"):
            self.ends_clean("inspect", name)

    def test_secret_01_nothing_is_left_of_what_is_exported(self):
        self.run_tool("keygen", "--type", "seal-p256", "--class", "test", "-o", "back.pem", "--public", "back.pub")
        self.secrets["back-end"] = scalar(self.dir / "back.pem")
        self.ends_clean("export", "credentials", "p.yaml", "--csv", "d.csv", "--seed", "seed.key", "-k", "owner.pem", "--to", "back.pub",
                        "-o", "x.credentials")
        for form in ("leshan", "thingsboard", "azure", "azure-dps", "csv"):
            more = () if form == "csv" else ("--without", "11")
            self.ends_clean("export", "--format", form, *more, "x.credentials", "-k", "back.pem", "--signer", "owner.pub", "-o", f"out.{form}")
        self.ends_clean("export", "--format", "leshan", "x.credentials", "-k", "back.pem", "--signer", "owner.pub", "-o", "none", status=4)

    def test_secret_01_nothing_is_left_of_what_is_imported(self):
        self.ends_clean("import", "d.csv", "--from", "imei", "-o", "without.csv")
        self.ends_clean("import", "d.csv", "--from", "imei", "--keep", "pin", "-o", "with.csv")
        self.assertIn(self.secrets["csv"], (self.dir / "with.csv").read_bytes())

    def test_secret_01_nothing_is_left_of_what_open_opened(self):
        import cbor2
        from test_open import encrypt, private, pub, sign1
        from cryptography.hazmat.primitives.asymmetric import ec
        key = ec.generate_private_key(ec.SECP256R1())
        self.write("k.pem", private(key), 0o600)
        self.write("k.pub", pub(key))
        self.write("e", cbor2.dumps(encrypt(key.public_key(), self.secrets["text"])))
        self.write("s", cbor2.dumps(sign1(key, self.secrets["text"])))
        self.ends_clean("open", "-k", "k.pem", "e", "-o", "opened")
        self.ends_clean("open", "-k", "k.pub", "s", "-o", "verified")
        self.assertEqual({(self.dir / n).read_bytes() for n in ("opened", "verified")}, {self.secrets["text"]})

    def test_secret_01_nothing_is_left_of_a_passphrase(self):
        self.secrets["passphrase"] = b"the passphrase of this key"
        for args in (("keygen", "-o", "k.pem"), ("key", "k.pem")):
            r, w = os.pipe()
            os.write(w, self.secrets["passphrase"] + b"\n")
            os.close(w)
            self.ends_clean(args[0], "--pass-fd", str(r), *args[1:], fds=(r,))
            os.close(r)

    @unittest.skipUnless(os.path.exists(SOFTHSM), "no SoftHSM")
    def test_secret_01_nothing_is_left_of_a_pin(self):
        """Of a token: of ours, not of the module's, which is in the same process."""
        self.secrets["PIN"] = b"the pin of this token"
        (self.dir / "tokens").mkdir()
        self.write("softhsm.conf", f"directories.tokendir = {self.dir}/tokens\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(self.dir / "softhsm.conf")
        subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "line", "--so-pin", "5678", "--pin", self.secrets["PIN"]], check=True, capture_output=True)
        for args in (("keygen", "-o", f"pkcs11:token=line;object=owner?module-path={SOFTHSM}"), ("key", f"pkcs11:token=line;object=owner?module-path={SOFTHSM}")):
            r, w = os.pipe()
            os.write(w, self.secrets["PIN"] + b"\n")
            os.close(w)
            self.ends_clean(args[0], "--pass-fd", str(r), *args[1:], fds=(r,))
            os.close(r)


if __name__ == "__main__":
    if os.geteuid() != 0:  # only root reads a process that forbids it, be it of a namespace
        os.execvp("unshare", ["unshare", "--user", "--map-root-user", sys.executable, *sys.argv])
    unittest.main()
