# SPDX-License-Identifier: Apache-2.0
"""The network side: credentials for a back-end, and what each server documents that it takes."""
import base64
import csv
import datetime
import hashlib
import io
import json
import os
import re
import ssl
import stat
import subprocess
import unittest

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tool import EXAMPLES, IMPRINT, Case, luhn

MARKER = "4b6579206d61726b657220696e20746865206461726b2c203332206279746573"  # 32 bytes in hex
IMEI = "001010010000014"
SENSOR = EXAMPLES / "sensor.yaml"


def certificate(name):
    """A self-signed certificate of a device, DER."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    start = datetime.datetime(2026, 1, 1)
    made = x509.CertificateBuilder(who, who, key.public_key(), 1, start, start + datetime.timedelta(days=3650)).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.DER)


def public_key():
    return ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class Export(Case):
    def setUp(self):
        super().setUp()
        self.keys()
        self.backend("seal-p256")

    def backend(self, kind, name="backend"):
        self.run_tool("keygen", "--class", "test", "--type", kind, "-o", f"{name}.pem", "--public", f"{name}.pub", "--force")

    def make(self, profile=SENSOR, *args, out="x.credentials", status=0, to="backend.pub", key="owner.pem"):
        return self.run_tool("export", "credentials", profile, *args, "--seed", "seed.key", "-k", key, "--to", to, "-o", out,
                             status=status)

    def account(self, fields, head="", more="", name="p.yaml"):
        """A profile of one device with one account; the key of its server is no secret and stays out of credentials."""
        if re.search("mode: (rpk|cert|est)", fields):
            fields += f', server-key: {{hex: "{public_key().hex()}"}}'
        self.write(name, f"imprint: 1\nprofile: p\ndomain: owner\nsequence: 3\ntarget: {{imei: \"{IMEI}\"}}\n{head}"
                         f"settings:\n  security/0: {{{fields}}}\n{more}")
        return name

    def psk(self, identity='{text: "keel"}', secret=f'{{hex: "{"a5" * 16}"}}', **parts):
        return self.account(f'uri: "coaps://x.example", bootstrap: true, mode: psk, identity: {identity}, secret: {secret}', **parts)

    def export(self, kind, *args, status=0, out="out", source="x.credentials", signer="owner.pub", key="backend.pem"):
        (self.dir / out).unlink(missing_ok=True)
        run = self.run_tool("export", "--format", kind, *args, source, "-k", key, "--signer", signer, "-o", out, status=status)
        if status:
            self.assertFalse((self.dir / out).exists())
        else:
            self.assertEqual(stat.S_IMODE((self.dir / out).stat().st_mode), 0o600)
        return run

    def text(self, kind, *args):
        self.export(kind, *args)
        return (self.dir / "out").read_text(encoding="utf-8")

    def refused(self, profile, kind, *words, status=4):
        """A setting that the server can't take is named with device and resource."""
        (self.dir / "x.credentials").unlink(missing_ok=True)
        self.make(profile)
        run = self.export(kind, status=status)
        self.assertIn(f"x.credentials: credentials 1: imei {IMEI}: ", run.err)
        for word in words:
            self.assertIn(word, run.err)


class Credentials(Export):
    def opened(self, name="one.credentials"):
        """The map inside the credentials of one device."""
        signed = self.run_tool("open", "-k", "backend.pem", name).stdout
        self.write("signed", signed)
        return cbor2.loads(self.run_tool("open", "-k", "owner.pub", "signed").stdout)

    def test_they_hold_the_secrets_of_the_built_profile(self):
        for kind in ("seal-p256", "seal-x25519"):
            self.backend(kind)
            for imei in (IMEI, "001010010000022"):
                options = ("-s", f"imei={imei}", "--generation", "4", "--sequence", "9", "--epochs", "2,0")
                self.make(SENSOR, *options, "--force", out="one.credentials")
                self.run_tool("build", SENSOR, *options, "--seed", "seed.key", "-o", "p.profile", "--force")
                payload = (self.dir / "p.profile").read_bytes()
                profile, body = cbor2.loads(payload), self.opened()
                self.assertEqual(body.pop(12), {0: {0: {r: profile[5][0][0][r] for r in (0, 1, 2, 3, 5)}}})
                self.assertEqual(body, {1: 1, 2: 0, 3: 9, 8: hashlib.sha256(payload).digest(), 13: f"urn:imei:{imei}",
                                        256: profile[4][256]})

    def test_again_is_the_same_in_another_wrapping(self):
        self.make(SENSOR, "-s", f"imei={IMEI}", out="one.credentials")
        self.make(SENSOR, "-s", f"imei={IMEI}", out="two.credentials")
        self.assertEqual(self.opened("one.credentials"), self.opened("two.credentials"))
        self.assertNotEqual((self.dir / "one.credentials").read_bytes(), (self.dir / "two.credentials").read_bytes())

    def test_profile_without_an_endpoint_names_none(self):
        self.make(self.psk(), out="one.credentials")
        self.assertNotIn(13, self.opened())

    def test_a_batch_counts_them(self):
        run = self.make(SENSOR, "--csv", EXAMPLES / "devices.csv")
        self.assertEqual(run.err, "note: x.credentials: credentials of 8 devices\n")
        self.assertEqual(stat.S_IMODE((self.dir / "x.credentials").stat().st_mode), 0o600)
        shown = self.run_tool("inspect", "x.credentials").out
        self.assertIn('2 kind: "credentials"', shown)
        self.assertEqual(shown.count("application/vnd.imprint.credentials+cose"), 8)

    def test_inspect_names_what_is_inside_and_hides_the_secret(self):
        self.make(self.psk(secret=f'{{hex: "{MARKER}"}}'), out="one.credentials")
        signed = self.run_tool("open", "-k", "backend.pem", "one.credentials").stdout
        for args in ((), ("--json",)):
            shown = self.run_tool("inspect", *args, stdin=signed).out
            self.assertIn("profile, SHA-256", shown)
            self.assertIn("identity", shown)
            self.assertNotIn(MARKER, shown)

    def test_nothing_appears_unless_all_is_good(self):
        rows = (EXAMPLES / "devices.csv").read_text().replace("001010010000030", "001010010000031")
        self.write("d.csv", rows)
        run = self.make(SENSOR, "--csv", "d.csv", status=3)
        self.assertIn("d.csv:4:13: imei 001010010000031: check digit is 1, should be 0", run.err)
        self.assertFalse((self.dir / "x.credentials").exists())
        self.profile()
        run = self.make("p.yaml", "-s", f"imei={IMEI}", status=4)
        self.assertIn(f"imei {IMEI}: its profile has no secret for a server", run.err)
        self.assertEqual(list(self.dir.glob("*.credentials*")), [])

    def test_keep_going_leaves_out_what_is_wrong(self):
        rows = (EXAMPLES / "devices.csv").read_text().replace("001010010000030", "001010010000031")
        self.write("d.csv", rows)
        run = self.make(SENSOR, "--csv", "d.csv", "--keep-going", status=11)
        self.assertIn("d.csv:4:13: imei 001010010000031: check digit is 1, should be 0", run.err)
        self.assertIn("credentials of 7 devices", run.err)
        self.assertEqual(self.text("leshan").count("\n"), 7)
        (self.dir / "x.credentials").unlink()
        self.profile()
        self.write("d.csv", f"serial,imei\nA,{IMEI}\n")
        run = self.make("p.yaml", "--csv", "d.csv", "--keep-going", status=11)
        self.assertIn("d.csv:2: imei 001010010000014: its profile has no secret for a server", run.err)

    def test_threads_keep_the_order_of_the_rows(self):
        for jobs in ("1", "4"):
            self.make(SENSOR, "--csv", EXAMPLES / "devices.csv", "-j", jobs, "--force")
            shown = [json.loads(line)["endpoint"] for line in self.text("leshan").splitlines()]
            rows = csv.DictReader((EXAMPLES / "devices.csv").read_text().splitlines())
            self.assertEqual(shown, [f"urn:imei:{row['imei']}" for row in rows])

    def test_keys_must_fit(self):
        self.assertIn("only signs", self.make(SENSOR, "-s", f"imei={IMEI}", to=self.eddsa(), status=6).err)
        self.run_tool("keygen", "-o", "real.pem", "--public", "real.pub")
        self.assertIn("backend.pub: is a test key, and real.pem is for production",
                      self.make(SENSOR, "-s", f"imei={IMEI}", key="real.pem", status=4).err)
        self.make(SENSOR, "-s", f"imei={IMEI}", to="backend.pem", status=6)
        self.make(SENSOR, "-s", f"imei={IMEI}", key="owner.pub", status=6)
        run = self.run_tool("export", "credentials", SENSOR, "-s", f"imei={IMEI}", "-k", "owner.pem", "--to", "backend.pub", "-o", "x",
                            status=6)
        self.assertIn("--seed KEY is needed", run.err)
        self.assertFalse((self.dir / "x").exists())

    def eddsa(self):
        self.run_tool("keygen", "--class", "test", "--type", "eddsa", "-o", "ed.pem", "--public", "ed.pub")
        return "ed.pub"

    def test_usage(self):
        o = ("-k", "owner.pem", "-o", "x")
        for args, words in (((), "missing 'credentials PROFILE' or --format"), (("credentials",), "missing PROFILE"),
                            (("credentials", SENSOR, *o), "missing --to PUB"),
                            (("credentials", SENSOR, "--to", "backend.pub"), "missing -k KEY"),
                            (("credentials", SENSOR, "--to", "backend.pub", "--signer", "owner.pub", *o), "imprint export credentials: unknown option '--signer'"),
                            (("--format", "csv", "x.credentials", *o), "missing --signer PUB"),
                            (("--format", "csv", *o), "missing FILE"),
                            (("x.credentials", "--signer", "owner.pub", *o), "missing --format leshan|"),
                            (("--format", "lishan", "x.credentials"), "'lishan' is none of leshan|"),
                            (("--format", "csv", "x.credentials", "--signer", "owner.pub", "-k", "backend.pem"), "missing -o FILE"),
                            (("--format", "csv", "x.credentials", "--signer", "owner.pub", "-k", "backend.pem", "-o", "-"), "missing -o FILE"),
                            (("--format", "csv", "x.credentials", "--signer", "owner.pub", "--seed", "seed.key", *o), "imprint export: unknown option '--seed'"),
                            (("--format", "csv", "x.credentials", "--signer", "owner.pub", "-j", "3", *o), "imprint export: invalid option -- 'j'"),
                            (("--format", "azure", "x.credentials", "--signer", "owner.pub", "--type", "zzz", *o), "--type: azure has none"),
                            (("--format", "csv", "x.credentials", "--signer", "owner.pub", "--instance", "0", *o), "--instance: csv takes all"),
                            (("--format", "csv", "x.credentials", "y", "--signer", "owner.pub", *o), "unexpected 'y'")):
            with self.subTest(args=args):
                self.assertIn(words, self.run_tool("export", *args, status=2).err)
        self.assertFalse((self.dir / "x").exists())


class BackEnd(Export):
    def test_only_the_signer_and_the_back_end_that_were_named(self):
        self.make(SENSOR, "--csv", EXAMPLES / "devices.csv")
        self.assertIn("are signed by another key", self.export("csv", signer="stranger.pub", status=5).err)
        self.backend("seal-p256", "other")
        self.assertIn("are encrypted to another key", self.export("csv", key="other.pem", status=5).err)
        self.backend("seal-x25519", "third")
        self.export("csv", key="third.pem", status=5)
        self.export("csv", key="owner.pub", status=6)
        self.export("csv", key="backend.pub", status=6)
        self.export("csv", signer="backend.pem", status=6)

    def test_altered_cut_and_foreign_files(self):
        self.make(SENSOR, "--csv", EXAMPLES / "devices.csv")
        raw = (self.dir / "x.credentials").read_bytes()
        for at in range(0, len(raw), 97):
            self.write("x.credentials", raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:])
            run = self.run_tool("export", "--format", "csv", "x.credentials", "-k", "backend.pem", "--signer", "owner.pub", "-o", "out", status=None)
            self.assertIn(run.returncode, (3, 4, 5), f"byte {at}")
            self.assertFalse((self.dir / "out").exists())
        self.write("x.credentials", raw[:len(raw) // 2])
        self.assertIn("its head says 8", self.cut(raw).err)
        self.write("x.credentials", raw + raw[-1:])
        self.export("csv", status=3)
        self.write("x.credentials", b"")
        self.assertIn("is empty", self.export("csv", status=3).err)
        self.run_tool("build", SENSOR, "--csv", EXAMPLES / "devices.csv", "--seed", "seed.key", "-o", "x.profiles")
        self.assertIn("holds profiles, expected credentials", self.export("csv", source="x.profiles", status=3).err)

    def cut(self, raw):
        """Seven of eight: whole items, fewer than announced."""
        items, at = [], 0
        while at < len(raw):
            item = cbor2.loads(raw[at:])
            size = len(cbor2.dumps(item, canonical=True))
            items.append(raw[at:at + size])
            at += size
        self.assertEqual(len(items), 9)
        self.write("x.credentials", b"".join(items[:-1]))
        return self.export("csv", status=3)

    def test_a_file_that_is_there_stays(self):
        self.make(SENSOR, "--csv", EXAMPLES / "devices.csv")
        self.write("out", "mine")
        for signer, status, args in (("owner.pub", 2, ()), ("stranger.pub", 5, ("--force",))):
            self.run_tool("export", "--format", "csv", "x.credentials", "-k", "backend.pem", "--signer", signer, "-o", "out", *args, status=status)
            self.assertEqual((self.dir / "out").read_text(), "mine")
        self.run_tool("export", "--format", "csv", "x.credentials", "-k", "backend.pem", "--signer", "owner.pub", "-o", "out", "--force")
        self.assertEqual(stat.S_IMODE((self.dir / "out").stat().st_mode), 0o600)

    def test_secrets_go_into_regular_files_only(self):
        self.make(SENSOR, "--csv", EXAMPLES / "devices.csv")
        for out in ("/dev/stdout", "/dev/null"):
            run = self.run_tool("export", "--format", "csv", "x.credentials", "-k", "backend.pem", "--signer", "owner.pub", "-o", out, status=2)
            self.assertIn(f"{out}: secrets in clear go into a regular file", run.err)
            self.assertEqual(run.out, "")

    def test_a_full_disk_is_told(self):
        self.make(SENSOR, "--csv", EXAMPLES / "devices.csv")
        run = subprocess.run(["sh", "-c", f'ulimit -f 1; trap "" XFSZ; exec "{IMPRINT}" export --format csv x.credentials -k backend.pem '
                              "--signer owner.pub -o out"], cwd=self.dir, capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 10, run.stderr)
        self.assertIn("imprint: out: File too large\nhint: ulimit -f shows", run.stderr)
        self.assertEqual(list(self.dir.glob("out*")), [])

    def test_an_endpoint_stands_once(self):
        self.write("d.csv", f"imei\n{IMEI}\n001010010000022\n")
        text = SENSOR.read_text().replace('endpoint: "urn:imei:${imei}"', "endpoint: same")
        self.write("p.yaml", text)
        self.assertIn("d.csv:3:1: the profile's endpoint is that of line 2 again", self.make("p.yaml", "--csv", "d.csv", status=3).err)
        items = b""
        for imei in (IMEI, "001010010000022"):  # of two runs
            self.make("p.yaml", "-s", f"imei={imei}", out=imei)
            items += (self.dir / imei).read_bytes()
        self.write("x.credentials", cbor2.dumps({0: "imprint-batch", 1: 2, 2: "credentials"}) + items)
        self.assertIn("credentials 2: imei 001010010000022: endpoint same stands already in 1", self.export("leshan", status=3).err)
        self.export("csv")

    def test_a_device_without_imei_needs_an_endpoint(self):
        ueid = "01" + "ab" * 16
        text = SENSOR.read_text().replace('imei: "${imei}", ', f'ueid: "{ueid}", ').replace("keel-${imei}", "keel")
        for endpoint, status in (("", 4), ("endpoint: mine\n", 0)):
            self.write("p.yaml", re.sub(r"endpoint: .*\n", endpoint, text).replace("  imei: {type: imei}\n", ""))
            self.make("p.yaml", "--force")
            run = self.export("leshan", status=status)
        self.assertEqual(json.loads((self.dir / "out").read_text())["endpoint"], "mine")
        self.write("p.yaml", re.sub(r"endpoint: .*\n", "", text).replace("  imei: {type: imei}\n", ""))
        self.make("p.yaml", "--force")
        run = self.export("leshan", status=4)
        self.assertIn(f"ueid {ueid}: has no endpoint and no imei", run.err)
        rows = list(csv.DictReader(io.StringIO(self.text("csv"))))
        self.assertEqual({(r["ueid"], r["imei"], r["endpoint"]) for r in rows}, {(ueid, "", "")})

    def test_secrets_of_other_objects_are_not_lost_unnoticed(self):
        self.make(self.psk(more='  apn/0: {name: n, auth: pap, user: u, secret: s}\n'))
        run = self.export("leshan", status=4)
        self.assertIn(f"imei {IMEI}: object 11/0 resource 5: a server of this kind has no place for it", run.err)
        self.assertIn("hint: --without 11", run.err)
        self.export("leshan", "--without", "11")
        self.assertNotIn("pap", self.text("csv"))
        self.assertIn(",11,0,6,,text,s\n", self.text("csv"))

    def test_several_accounts_need_a_choice(self):
        self.make(self.psk(more=f'  security/3: {{uri: "coaps://l.example", bootstrap: false, short-id: 7, mode: psk, identity: {{text: "l"}}, '
                                f'secret: {{hex: "{"5a" * 16}"}}}}\n'))
        run = self.export("leshan", status=4)
        self.assertIn("has several accounts: security/0, security/3", run.err)
        self.assertIn("--instance N", run.err)
        self.assertEqual(json.loads(self.text("leshan", "--instance", "3"))["tls"]["details"], {"identity": "l", "key": "5a" * 16})
        self.assertEqual(json.loads(self.text("leshan", "--instance", "0"))["tls"]["details"]["identity"], "keel")
        self.assertIn("has no account security/1", self.export("leshan", "--instance", "1", status=4).err)

    def test_sms_secrets_have_no_place(self):
        self.refused(self.account('bootstrap: true, mode: psk, identity: {text: "i"}, secret: {generate: 16}, '
                                  'sms-secret: {generate: 16}'), "azure", "security/0 sms-secret: Azure IoT Hub has no place for it")

    def test_secret_01_a_marker_is_in_the_output_and_nowhere_else(self):
        """Neither in clear in the credentials, nor in any message, whatever is refused."""
        raw = bytes.fromhex(MARKER)
        self.write("d.csv", f"imei,psk\n{IMEI},{MARKER}\n")
        text = SENSOR.read_text().replace("{generate: 16}", '{hex: "${psk}"}').replace("variables:\n", "variables:\n  psk: {type: hex, secret: true}\n")
        self.write("p.yaml", text)
        said = self.make("p.yaml", "--csv", "d.csv").err
        for kind, status in (("leshan", 0), ("thingsboard", 0), ("azure", 0), ("azure-dps", 0), ("csv", 0), ("aws", 4), ("leshan-bootstrap", 4)):
            said += self.export(kind, status=status).err + self.export(kind, signer="stranger.pub", status=5).err
        for needle in (MARKER, MARKER[:16], raw.decode(), base64.b64encode(raw).decode()[:12]):
            self.assertNotIn(needle, said)
        (self.dir / "out").unlink(missing_ok=True)
        for path in self.dir.iterdir():
            if path.name not in ("d.csv",):
                self.assertNotIn(raw, path.read_bytes(), path.name)
                self.assertNotIn(MARKER.encode(), path.read_bytes(), path.name)

    def test_csv_07_memory_does_not_grow_with_the_rows(self):
        peak = []
        for count in (50, 3000):
            rows = "".join(f"S{n},{luhn(10000000000000 + n)}\n" for n in range(count))
            self.write("d.csv", "serial,imei\n" + rows)
            self.make(SENSOR, "--csv", "d.csv", "--force")
            peak.append(self.peak_kib("export", "--format", "leshan", "x.credentials", "-k", "backend.pem", "--signer", "owner.pub", "-o", "out",
                                      "--force"))
        self.assertLess(peak[1] - peak[0], 262144 if os.environ.get("SANITIZED") else 4096, peak)


class Schema(Case):
    """Shapes as their documentation gives them, checked by hand."""

    def exactly(self, value, keys):
        self.assertIsInstance(value, dict)
        self.assertEqual(set(value), set(keys))


class Leshan(Export, Schema):
    """Eclipse Leshan 2.0: JacksonSecurityDeserializer, BootstrapConfig, DefaultConfigurationChecker."""

    def check(self, line):
        info = json.loads(line)
        self.assertIsInstance(info["endpoint"], str)
        self.exactly(info, ("endpoint", "tls"))
        mode = info["tls"]["mode"]
        self.exactly(info["tls"], ("mode",) if mode == "x509" else ("mode", "details"))
        self.assertIn(mode, ("psk", "rpk", "x509"))
        if mode == "psk":
            self.exactly(info["tls"]["details"], ("identity", "key"))
            self.assertRegex(info["tls"]["details"]["key"], r"\A([0-9a-fA-F]{2})+\Z")
        if mode == "rpk":
            self.exactly(info["tls"]["details"], ("key",))
            serialization.load_der_public_key(bytes.fromhex(info["tls"]["details"]["key"]))
        return info

    def test_psk(self):
        self.make(SENSOR, "--csv", EXAMPLES / "devices.csv")
        self.run_tool("build", SENSOR, "--csv", EXAMPLES / "devices.csv", "--seed", "seed.key", "-o", "x.profiles")
        raw = (self.dir / "x.profiles").read_bytes()
        lines = self.text("leshan").splitlines()
        self.assertEqual(len(lines), 8)
        for line in lines:
            info = self.check(line)
            self.assertEqual(info["tls"]["details"]["identity"], "keel-" + info["endpoint"].removeprefix("urn:imei:"))
            self.assertIn(bytes.fromhex(info["tls"]["details"]["key"]), raw)

    def test_rpk_and_certificates(self):
        der = public_key()
        self.make(self.account(f'bootstrap: false, short-id: 1, mode: rpk, identity: {{hex: "{der.hex()}"}}, secret: {{hex: "{MARKER}"}}'))
        self.assertEqual(self.check(self.text("leshan"))["tls"]["details"]["key"], der.hex())
        self.assertNotIn(MARKER, self.text("csv"), "a private key left the owner")
        self.make(self.account(f'bootstrap: true, mode: cert, identity: {{hex: "{certificate("x").hex()}"}}'), "--force")
        self.assertEqual(self.check(self.text("leshan"))["tls"], {"mode": "x509"})

    def test_what_it_cannot_take_is_named(self):
        self.refused(self.psk(identity='{hex: "ff00"}'), "leshan", "security/0 identity: is not a text")
        self.refused(self.account('bootstrap: true, mode: rpk, identity: {text: "key"}'), "leshan", "security/0 identity: is not DER")
        self.refused(self.account('bootstrap: true, mode: est, secret: {generate: 16}'), "leshan", "security/0 mode: est is not one")
        self.refused(self.psk(secret="{device-key: true}"), "leshan", "security/0 secret: is the key that the device holds")

    def test_bootstrap_store(self):
        more = ('  security/1: {uri: "coaps://l.example", bootstrap: false, short-id: 7, mode: psk, identity: {text: "l"}, '
                'secret: {generate: 32}}\n')
        self.make(self.psk(more=more))
        store = json.loads(self.text("leshan-bootstrap"))
        self.assertEqual(list(store), [f"urn:imei:{IMEI}"])
        config = store[f"urn:imei:{IMEI}"]
        self.exactly(config, ("servers", "security"))
        self.assertEqual(config["servers"], {"1": {"shortId": 7}})
        for instance, entry in config["security"].items():
            own = ("uri", "bootstrapServer", "securityMode", "publicKeyOrId", "secretKey")
            self.exactly(entry, own if entry["bootstrapServer"] else (*own, "serverId"))
            self.assertEqual(entry["securityMode"], "PSK")
            for octets in (entry["publicKeyOrId"], entry["secretKey"]):
                self.assertTrue(octets and all(0 <= o <= 255 for o in octets))
            self.assertEqual(entry["bootstrapServer"], instance == "0")
        self.assertEqual(config["security"]["1"]["serverId"], 7)
        self.assertEqual(bytes(config["security"]["0"]["secretKey"]), b"\xa5" * 16)

    def test_bootstrap_store_of_many(self):
        text = SENSOR.read_text() + ('  security/1: {uri: "coaps://l.example", bootstrap: false, short-id: 7, mode: psk, identity: '
                                     '{text: "l-${imei}"}, secret: {generate: 32}}\n')
        self.write("p.yaml", text)
        self.make("p.yaml", "--csv", EXAMPLES / "devices.csv")
        self.assertEqual(len(json.loads(self.text("leshan-bootstrap"))), 8)

    def test_bootstrap_store_refuses(self):
        self.refused(self.psk(), "leshan-bootstrap", "has no account of an LwM2M server")
        self.refused(self.account(f'bootstrap: false, short-id: 1, mode: rpk, identity: {{hex: "{public_key().hex()}"}}'),
                     "leshan-bootstrap", "security/0 mode: rpk is not one")
        self.refused(self.account('bootstrap: false, short-id: 1, mode: psk, identity: {text: "i"}, secret: {generate: 16}'),
                     "leshan-bootstrap", "security/0 uri: is not set")


class ThingsBoard(Export):
    """ThingsBoard 4.0: BulkImportColumnType, DeviceBulkImportService, DeviceCredentialsServiceImpl."""

    COLUMNS = {"NAME", "TYPE", "LABEL", "ACCESS_TOKEN", "X509", "LWM2M_CLIENT_ENDPOINT", "LWM2M_CLIENT_SECURITY_CONFIG_MODE",
               "LWM2M_CLIENT_IDENTITY", "LWM2M_CLIENT_KEY", "LWM2M_CLIENT_CERT"}

    def rows(self, *args):
        rows = list(csv.DictReader(io.StringIO(self.text("thingsboard", *args)), strict=True))
        for row in rows:
            self.assertLessEqual(set(row), self.COLUMNS)
            self.check({k: v for k, v in row.items() if v})
        return rows

    def check(self, row):
        """validateLwM2MClientCredentials."""
        self.assertTrue(row["NAME"] and row["TYPE"] and row["LWM2M_CLIENT_ENDPOINT"])
        mode = row["LWM2M_CLIENT_SECURITY_CONFIG_MODE"]
        own = {"PSK": {"LWM2M_CLIENT_IDENTITY", "LWM2M_CLIENT_KEY"}, "RPK": {"LWM2M_CLIENT_KEY"}, "X509": {"LWM2M_CLIENT_CERT"}}[mode]
        self.assertEqual(set(row) - {"NAME", "TYPE", "LWM2M_CLIENT_ENDPOINT", "LWM2M_CLIENT_SECURITY_CONFIG_MODE"}, own)
        if mode == "PSK":
            self.assertNotEqual(row["LWM2M_CLIENT_IDENTITY"], "NO_SEC")
            self.assertRegex(row["LWM2M_CLIENT_KEY"], r"\A[0-9a-fA-F]+\Z")
            self.assertIn(len(row["LWM2M_CLIENT_KEY"]), (32, 64, 128))
        elif mode == "RPK":
            serialization.load_der_public_key(base64.b64decode(row["LWM2M_CLIENT_KEY"], validate=True))
        else:
            x509.load_der_x509_certificate(base64.b64decode(row["LWM2M_CLIENT_CERT"], validate=True))

    def test_psk(self):
        self.make(SENSOR, "--csv", EXAMPLES / "devices.csv")
        rows = self.rows("--type", "keel, second")
        self.assertEqual(len(rows), 8)
        self.assertEqual({r["TYPE"] for r in rows}, {"keel, second"})
        self.assertEqual(rows[0]["LWM2M_CLIENT_IDENTITY"], f"keel-{IMEI}")
        self.assertEqual({r["TYPE"] for r in self.rows()}, {"lwm2m"})

    def test_rpk_and_certificates(self):
        self.make(self.account(f'bootstrap: true, mode: rpk, identity: {{hex: "{public_key().hex()}"}}'))
        self.assertEqual(len(self.rows()), 1)
        self.make(self.account(f'bootstrap: true, mode: cert, identity: {{hex: "{certificate("x").hex()}"}}'), "--force")
        self.assertEqual(len(self.rows()), 1)

    def test_what_it_cannot_take_is_named(self):
        self.refused(self.psk(secret="{generate: 24}"), "thingsboard", "security/0 secret: 24 bytes, ThingsBoard takes 16, 32 or 64")
        self.refused(self.psk(identity='{text: "NO_SEC"}'), "thingsboard", "security/0 identity: ThingsBoard keeps NO_SEC")
        self.refused(self.account('bootstrap: true, mode: est, secret: {generate: 16}'), "thingsboard", "security/0 mode: est is not one")
        for cell in ("=cmd|' /C calc'!A0", "@SUM(1)", "+1", "-1"):                                                    # CSV-11
            self.refused(self.psk(identity=f'{{text: "{cell}"}}'), "thingsboard", "security/0 identity: a spreadsheet would take it")
        self.refused(self.psk(head="endpoint: \"=1\"\n"), "thingsboard", "endpoint: a spreadsheet")


class Aws(Export, Schema):
    """AWS IoT: newline-delimited JSON of string parameters (Bulk registration); a thing name is [a-zA-Z0-9:_-]{1,128}
    (CreateThing), a value at most 4096 characters (RegisterThing)."""

    def test_certificate(self):
        der = certificate(f"urn:imei:{IMEI}")
        self.make(self.account(f'bootstrap: false, short-id: 1, mode: cert, identity: {{hex: "{der.hex()}"}}'))
        text = self.text("aws")
        self.assertEqual(text.count("\n"), 1)
        line = json.loads(text)
        self.exactly(line, ("ThingName", "SerialNumber", "CertificatePem"))
        self.assertTrue(all(isinstance(v, str) and len(v) <= 4096 for v in line.values()))
        self.assertRegex(line["ThingName"], r"\A[a-zA-Z0-9:_-]{1,128}\Z")
        self.assertEqual((line["ThingName"], line["SerialNumber"]), (f"urn:imei:{IMEI}", IMEI))
        self.assertEqual(ssl.PEM_cert_to_DER_cert(line["CertificatePem"]), der)
        self.assertTrue(all(len(x) <= 64 for x in line["CertificatePem"].splitlines()))

    def test_what_it_cannot_take_is_named(self):
        self.refused(self.psk(), "aws", "security/0 mode: psk is not one that AWS IoT takes", "hint: AWS IoT knows devices by X.509 certificates only")
        self.refused(self.account(f'bootstrap: true, mode: rpk, identity: {{hex: "{public_key().hex()}"}}'), "aws", "security/0 mode: rpk is not one")
        cert = f'bootstrap: true, mode: cert, identity: {{hex: "{certificate("x").hex()}"}}'
        for name in ("a.b", "a b", "a" * 129):
            self.refused(self.account(cert, head=f'endpoint: "{name}"\n'), "aws", f"endpoint {name}: AWS IoT takes names")
        self.refused(self.account(cert.replace("3082", "3083", 1)), "aws", "security/0 identity: is not DER")
        big = b"\x30\x82\x0b\xbc" + bytes(3004)
        self.refused(self.account(f'bootstrap: true, mode: cert, identity: {{hex: "{big.hex()}"}}'), "aws", "takes 4096 characters of PEM")


class Azure(Export, Schema):
    """Azure IoT Hub: ExportImportDevice, a line each (Import and export device identities in bulk); SymmetricKey, X509Thumbprint of its SDK;
    DPS: Individual Enrollment - Create Or Update; keys of 16 to 64 bytes in Base64 (Symmetric key attestation)."""

    def key(self, value):
        raw = base64.b64decode(value, validate=True)
        self.assertTrue(16 <= len(raw) <= 64)
        return raw

    def keys_of(self, pair):
        self.exactly(pair, ("primaryKey", "secondaryKey"))
        return self.key(pair["primaryKey"]), self.key(pair["secondaryKey"])

    def hub(self, line):
        device = json.loads(line)
        self.exactly(device, ("id", "importMode", "status", "authentication"))
        self.assertRegex(device["id"], r"\A[A-Za-z0-9\-:.+%_#*?!(),=@;$']{1,128}\Z")
        self.assertIn(device["importMode"], ("create", "createOrUpdate", "update", "delete"))
        self.assertIn(device["status"], ("enabled", "disabled"))
        auth = device["authentication"]
        if auth["type"] == "sas":
            self.exactly(auth, ("type", "symmetricKey"))
            self.keys_of(auth["symmetricKey"])
        else:
            self.exactly(auth, ("type", "x509Thumbprint"))
            self.assertEqual(auth["type"], "selfSigned")
            self.assertRegex(auth["x509Thumbprint"]["primaryThumbprint"], r"\A([a-fA-F0-9]{2}){32}\Z")
        return device

    def enrollment(self, line):
        body = json.loads(line)
        self.exactly(body, ("registrationId", "deviceId", "provisioningStatus", "attestation"))
        self.assertRegex(body["registrationId"], r"\A[A-Za-z0-9\-._:]{0,127}[A-Za-z0-9-]\Z")
        kind = body["attestation"]["type"]
        self.exactly(body["attestation"], ("type", kind))
        self.assertIn(kind, ("symmetricKey", "x509"))
        return body

    def test_symmetric_keys(self):
        self.make(SENSOR, "--csv", EXAMPLES / "devices.csv")
        leshan = {d["endpoint"]: d["tls"]["details"]["key"] for d in map(json.loads, self.text("leshan").splitlines())}
        lines = self.text("azure").splitlines()
        self.assertEqual(len(lines), 8)
        for line in lines:
            device = self.hub(line)
            keys = self.keys_of(device["authentication"]["symmetricKey"])
            self.assertEqual([k.hex() for k in keys], [leshan[device["id"]]] * 2)
        for line in self.text("azure-dps").splitlines():
            body = self.enrollment(line)
            self.assertEqual(body["registrationId"], body["deviceId"])
            self.assertEqual(self.keys_of(body["attestation"]["symmetricKey"])[0].hex(), leshan[body["deviceId"]])

    def test_certificates(self):
        der = certificate("x")
        self.make(self.account(f'bootstrap: true, mode: cert, identity: {{hex: "{der.hex()}"}}'))
        print_ = self.hub(self.text("azure"))["authentication"]["x509Thumbprint"]["primaryThumbprint"]
        self.assertEqual(print_, hashlib.sha256(der).hexdigest())
        inner = self.enrollment(self.text("azure-dps"))["attestation"]["x509"]
        self.exactly(inner, ("clientCertificates",))
        self.exactly(inner["clientCertificates"], ("primary",))
        self.assertEqual(base64.b64decode(inner["clientCertificates"]["primary"]["certificate"], validate=True), der)

    def test_what_it_cannot_take_is_named(self):
        for kind, server in (("azure", "Azure IoT Hub"), ("azure-dps", "Azure DPS")):
            self.refused(self.psk(secret='{hex: "00112233445566778899aabbccddee"}'), kind, f"security/0 secret: 15 bytes, {server} takes 16 to 64")
            self.refused(self.account(f'bootstrap: true, mode: rpk, identity: {{hex: "{public_key().hex()}"}}'), kind,
                         f"security/0 mode: rpk is not one that {server} takes")
            self.refused(self.psk(head='endpoint: "a b"\n'), kind, f"endpoint a b: {server} takes names")
        self.refused(self.psk(head='endpoint: "a:"\n'), "azure-dps", "a letter, a digit or a dash as its last")
        self.refused(self.psk(head='endpoint: "a$$b"\n'), "azure-dps", "endpoint a$b: Azure DPS takes names")


class Csv(Export):
    """Our own."""

    COLUMNS = ["ueid", "imei", "endpoint", "domain", "sequence", "profile", "object", "instance", "resource", "resource_instance", "type", "value"]

    def rows(self):
        reader = csv.DictReader(io.StringIO(self.text("csv")), strict=True)
        self.assertEqual(reader.fieldnames, self.COLUMNS)
        return list(reader)

    def test_every_value_is_a_line(self):
        self.make(self.psk())
        rows = {(r["object"], r["instance"], r["resource"]): (r["type"], r["value"]) for r in self.rows()}
        self.assertEqual(rows, {("0", "0", "0"): ("text", "coaps://x.example"), ("0", "0", "1"): ("bool", "true"), ("0", "0", "2"): ("int", "0"),
                                ("0", "0", "3"): ("hex", b"keel".hex()), ("0", "0", "5"): ("hex", "a5" * 16)})

    def test_csv_11_formulas_are_neutralised(self):
        for text in ("=cmd|' /C calc'!A0", "@SUM(1)", "+49123", "-1"):
            self.make(self.psk(head=f'endpoint: "{text}"\n', more=f'  apn/0: {{name: n, auth: pap, user: "{text}", secret: "a,b\\"c"}}\n'), "--force")
            rows = self.rows()
            self.assertEqual({r["endpoint"] for r in rows}, {"'" + text})
            self.assertIn(("11", "5", "'" + text), [(r["object"], r["resource"], r["value"]) for r in rows])
            self.assertIn(("11", "6", 'a,b"c'), [(r["object"], r["resource"], r["value"]) for r in rows])
            for line in (self.dir / "out").read_text().splitlines():
                self.assertFalse(any(cell[:1] in ("=", "@", "+", "-") for cell in next(csv.reader([line]))), line)


unittest.main()
