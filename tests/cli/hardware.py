# SPDX-License-Identifier: Apache-2.0
"""Keys in hardware that is a program: a SoftHSM token in a folder, and a TPM (swtpm) beside the test."""
import os
import subprocess
import time

from tool import IMPRINT, Case

SOFTHSM = next((p for p in ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/pkcs11/libsofthsm2.so") if os.path.exists(p)), None)
PIN = b"1234\n"


def configure(folder):
    """Have SoftHSM keep its tokens in this folder; the environment that says so."""
    conf = folder / "softhsm.conf"
    conf.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    return {"SOFTHSM2_CONF": str(conf)}


def init_token(env):
    """One more token of the name `line`."""
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "line", "--so-pin", "5678", "--pin", "1234"],
                   env={**os.environ, **env}, check=True, capture_output=True)


def make_token(folder, keys):
    """A token `line` with these keys, each a type and a name; the environment of who uses it."""
    (folder / "tokens").mkdir()
    env = configure(folder)
    init_token(env)
    for kind, name in keys:
        subprocess.run([IMPRINT, "keygen", "--type", kind, "--pass-fd", "0", "-o", uri(name)],
                       input=PIN, env={**os.environ, **env}, check=True, capture_output=True)
    return env


def uri(name, module=SOFTHSM, **more):
    """A key of the token."""
    return f"pkcs11:token=line;object={name}?module-path={module}" + "".join(f"&{k.replace('_', '-')}={v}" for k, v in more.items())


class WithTpm(Case):
    """ES256 by a TPM that is a program: swtpm, in this test's folder."""

    def setUp(self):
        super().setUp()
        state = self.dir / "state"
        state.mkdir()
        self.start()
        self.env = {"TPM2TOOLS_TCTI": f"swtpm:path={self.dir}/tpm.sock", "TPM2OPENSSL_TCTI": f"swtpm:path={self.dir}/tpm.sock"}
        self.tpm("createprimary", "-C", "o", "-g", "sha256", "-G", "ecc", "-c", "primary")

    def start(self):
        self.swtpm = subprocess.Popen(["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self.dir}/state", "--server", f"type=unixio,path={self.dir}/tpm.sock",
                                       "--ctrl", f"type=unixio,path={self.dir}/tpm.sock.ctrl", "--flags", "not-need-init,startup-clear"],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.stop)
        deadline = time.monotonic() + 20
        while not (self.dir / "tpm.sock").exists() and time.monotonic() < deadline:
            time.sleep(0.01)

    def stop(self):
        if self.swtpm.poll() is None:
            self.swtpm.kill()
        self.swtpm.wait()
        for name in ("tpm.sock", "tpm.sock.ctrl"):
            (self.dir / name).unlink(missing_ok=True)

    def tpm(self, verb, *args):
        subprocess.run([f"tpm2_{verb}", *args], cwd=self.dir, env={**os.environ, **self.env}, check=True, capture_output=True)
        if verb != "flushcontext":
            self.tpm("flushcontext", "-t")

    def key(self, handle, kind="ecc256:ecdsa-sha256", *more, rights="fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"):
        self.tpm("create", "-C", "primary", "-g", "sha256", "-G", kind, "-u", "k.pub", "-r", "k.priv", "-a", rights, *more)
        self.tpm("load", "-C", "primary", "-u", "k.pub", "-r", "k.priv", "-c", "k.ctx")
        self.tpm("evictcontrol", "-C", "o", "-c", "k.ctx", handle)
