# SPDX-License-Identifier: Apache-2.0
"""open and inspect: COSE from anybody, made here with other libraries; each way to be wrong is refused and writes nothing."""
import os
import unittest

import cbor2
from cryptography.hazmat.primitives import hashes, keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tool import Case

N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551


def enc(x):
    return cbor2.dumps(x, canonical=True)


def raw_sign(key, data):
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sign1(key, payload, protected=None, unprotected=None, aad=b"", detached=False, alg=-7):
    head = enc({1: alg} if protected is None else protected) if not isinstance(protected, bytes) else protected
    sig = raw_sign(key, enc(["Signature1", head, aad, payload]))
    return cbor2.CBORTag(18, [head, unprotected or {}, None if detached else payload, sig])


def pub(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def private(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def cose_key(public):
    if isinstance(public, x25519.X25519PublicKey):
        return {1: 1, -1: 4, -2: public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)}
    n = public.public_numbers()
    return {1: 2, -1: 1, -2: n.x.to_bytes(32, "big"), -3: n.y.to_bytes(32, "big")}


def encrypt(peer, plain, kid=None, tamper=None, aad=b"", alg=3, extra=0, info=None, wrap=keywrap.aes_key_wrap, rp=None):
    """COSE_Encrypt with ECDH-ES+A256KW, party data nil unless info says otherwise."""
    curve = isinstance(peer, x25519.X25519PublicKey)
    eph = x25519.X25519PrivateKey.generate() if curve else ec.generate_private_key(ec.SECP256R1())
    z = eph.exchange(peer) if curve else eph.exchange(ec.ECDH(), peer)
    rp = rp or enc({1: -31, **({4: kid} if kid else {})})
    kek = HKDF(hashes.SHA256(), 32, None, enc(info or [-5, [None] * 3, [None] * 3, [256, rp]])).derive(z)
    cek, iv = os.urandom(32), os.urandom(12)
    parts = {"bp": enc({1: alg}), "iv": iv, "wrapped": wrap(kek, cek), "epk": cose_key(eph.public_key())}
    parts["ct"] = AESGCM(cek).encrypt(iv, plain, enc(["Encrypt", parts["bp"], aad]))
    if tamper:
        tamper(parts)
    recipient = [rp, {-1: parts["epk"]}, parts["wrapped"]]
    return cbor2.CBORTag(96, [parts["bp"], {5: parts["iv"]}, parts["ct"], [recipient] * (1 + extra)])


class Open(Case):
    def setUp(self):
        super().setUp()
        self.p256 = ec.generate_private_key(ec.SECP256R1())
        self.write("k.pub", pub(self.p256))

    def opens(self, message, *args, key="k.pub", status=0, words=""):
        self.write("m", message if isinstance(message, bytes) else cbor2.dumps(message))
        run = self.run_tool("open", "-k", key, "m", "-o", "out", "--force", *args, status=status)
        self.assertIn(words, run.err)
        self.assertEqual((self.dir / "out").exists(), status == 0, "nothing may be written")
        got = (self.dir / "out").read_bytes() if status == 0 else None
        (self.dir / "out").unlink(missing_ok=True)
        return got

    def test_signatures_of_other_libraries(self):
        self.assertEqual(self.opens(sign1(self.p256, b"hi")), b"hi")
        self.assertEqual(self.opens(sign1(self.p256, b"hi", {1: -9})), b"hi")
        ed = ed25519.Ed25519PrivateKey.generate()
        self.write("ed.pub", pub(ed))
        self.assertEqual(self.opens(sign1(ed, b"hi", alg=-8), key="ed.pub"), b"hi")
        self.assertEqual(self.opens(sign1(ed, b"hi", alg=-19), key="ed.pub"), b"hi")
        self.write("aad", b"context")
        self.assertEqual(self.opens(sign1(self.p256, b"hi", aad=b"context"), "--external-aad", "aad"), b"hi")
        self.opens(sign1(self.p256, b"hi", aad=b"context"), status=5, words="does not verify")
        self.write("payload", b"far")
        self.assertEqual(self.opens(sign1(self.p256, b"far", detached=True), "--detached", "payload"), b"far")

    def test_cose_10_detached_must_be_asked_for(self):
        self.opens(sign1(self.p256, b"far", detached=True), status=3, words="detached")
        self.write("payload", b"far")
        self.opens(sign1(self.p256, b"far"), "--detached", "payload", status=3, words="attached")

    def test_cose_01_02_03_04_algorithms(self):
        p = self.p256
        self.opens(sign1(p, b"x", {}, {1: -7}), status=4, words="unprotected")                 # COSE-01
        self.opens(sign1(p, b"x", {1: -7}, {1: -7}), status=3, words="both headers")           # COSE-06
        self.opens(sign1(p, b"x", {}), status=4, words="names no algorithm")                   # COSE-02
        for alg in (-999, "unknown", -35, -37, 5, 3, -31):                                             # COSE-03
            self.opens(sign1(p, b"x", {1: alg}), status=4, words="not one that imprint uses")
        self.opens(sign1(p, b"x", {1: -8}), status=6, words="no key given that fits")          # COSE-04

    def test_cose_05_crit(self):
        p = self.p256
        for head, un in (({1: -7, 2: [99]}, {}), ({1: -7, 2: []}, {}), ({1: -7, 2: [16]}, {}), ({1: -7}, {2: [1]})):
            self.opens(sign1(p, b"x", head, un), status=3, words="crit")

    def test_cose_06_07_duplicates_and_protected(self):
        p = self.p256
        self.opens(sign1(p, b"x", b"\xa2\x01\x26\x01\x26"), status=3)
        good = cbor2.dumps(sign1(p, b"x"))
        self.opens(good.replace(b"\x43\xa1\x01\x26", b"\xa1\x01\x26"), status=3)
        self.opens(sign1(p, b"x", b"\x80"), status=3, words="not one map")

    def test_cose_08_09_tag_and_structure(self):
        message = sign1(self.p256, b"x").value
        good = cbor2.dumps(message)
        self.opens(good, status=3, words="not a COSE message")
        self.opens(cbor2.CBORTag(998, message), status=3)
        self.opens(cbor2.CBORTag(17, message), status=3)
        self.opens(cbor2.CBORTag(18, cbor2.CBORTag(18, message)), status=3)
        self.opens(cbor2.CBORTag(18, message[:3]), status=3)
        self.opens(cbor2.CBORTag(18, message + [1]), status=3)

    def test_cose_11_12_signature_bytes(self):
        message = sign1(self.p256, b"x").value
        sig = message[3]
        r, s = int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big")
        der = utils.encode_dss_signature(r, s)
        wrong = [b"", sig[:63], sig + b"\0", bytes(64), der, sig[:32] + bytes(32), bytes(32) + sig[32:],
                 N.to_bytes(32, "big") + sig[32:], sig[32:] + sig[:32]]
        for bad in wrong:
            self.opens(cbor2.CBORTag(18, message[:3] + [bad]), status=5, words="does not verify")
        high = sig[:32] + (N - s).to_bytes(32, "big")  # another signature of the same message: why ids are not over it
        self.assertEqual(self.opens(cbor2.CBORTag(18, message[:3] + [high])), b"x")

    def test_cose_13_14_15_16(self):
        p = self.p256
        self.opens(cbor2.dumps(sign1(p, b"x")) + b"\0", status=3, words="bytes after")                     # COSE-13
        self.assertEqual(self.opens(sign1(p, b"x", b"\xa1\x01\x38\x06")), b"x")                          # COSE-14: received bytes
        self.write("m", cbor2.dumps(sign1(p, b"x", b"\xa1\x18\x01\x26")))
        self.run_tool("inspect", "--strict", "m", status=0)  # the outer item is strict; what it wraps is bytes
        message = sign1(p, b"x").value
        self.opens(cbor2.CBORTag(18, [enc({1: -7, 4: b"k"})] + message[1:]), status=5)                    # COSE-15
        message = sign1(p, b"x", {1: -7, 4: b"k"}).value
        self.opens(cbor2.CBORTag(18, [enc({1: -7})] + message[1:]), status=5)                             # COSE-15: removed
        for label in (32, 33, 34, 35, 14):                                                               # COSE-16
            self.opens(sign1(p, b"x", {1: -7}, {label: b"k"}), status=4, words="key material")
            self.opens(sign1(p, b"x", {1: -7, label: b"k"}), status=4, words="key material")

    def test_cose_16_in_the_body_or_with_one_of_several_signers(self):
        body, more = enc({16: "t"}), enc({16: "t", 33: b"certificate"})
        def part(head, over):
            return [head, {}, raw_sign(self.p256, enc(["Signature", over, head, b"", b"x"]))]
        plain, chain = enc({1: -7}), enc({1: -7, 33: b"certificate"})
        self.assertEqual(self.opens(cbor2.CBORTag(98, [body, {}, b"x", [part(plain, body)]])), b"x")
        self.opens(cbor2.CBORTag(98, [more, {}, b"x", [part(plain, more)]]), status=4, words="key material")
        self.opens(cbor2.CBORTag(98, [body, {33: b"c"}, b"x", [part(plain, body)]]), status=4, words="key material")
        self.opens(cbor2.CBORTag(98, [body, {}, b"x", [part(chain, body)]]), status=4, words="key material")

    def test_cose_16_a_key_in_the_message_is_not_the_verifiers(self):
        """Signed by a stranger whose key stands in the message, under every label where one might look."""
        stranger = ec.generate_private_key(ec.SECP256R1())
        key = cose_key(stranger.public_key())
        for label in (-1, -2, 4, 8, 13, 14, 33):
            for head, un in (({1: -7, label: key if label != 4 else enc(key)}, {}), ({1: -7}, {label: key if label != 4 else enc(key)})):
                with self.subTest(label, protected=bool(un)):
                    self.write("m", cbor2.dumps(sign1(stranger, b"x", head, un)))
                    self.assertIn(self.run_tool("open", "-k", "k.pub", "m", "-o", "out", status=None).returncode, (3, 4, 5))
                    self.assertFalse((self.dir / "out").exists())

    def test_cose_18_many_signers(self):
        other = ec.generate_private_key(ec.SECP256R1())
        self.write("o.pub", pub(other))
        body = enc({16: "t"})
        def part(key, kid):
            head = enc({1: -7, 4: kid})
            return [head, {}, raw_sign(key, enc(["Signature", body, head, b"", b"x"]))]
        both = cbor2.CBORTag(98, [body, {}, b"x", [part(self.p256, b"1"), part(other, b"2")]])
        self.assertEqual(self.opens(both, "-k", "o.pub"), b"x")
        self.opens(both, status=5, words="signature 2")
        self.opens(cbor2.CBORTag(98, [body, {}, b"x", []]), status=3)
        self.opens(cbor2.CBORTag(98, [body, {}, b"x", [part(self.p256, b"1"), part(self.p256, b"1")]]), status=4,
                   words="same signer")

    def seal(self):
        self.p = ec.generate_private_key(ec.SECP256R1())
        self.x = x25519.X25519PrivateKey.generate()
        self.write("p.pem", private(self.p), 0o600)
        self.write("x.pem", private(self.x), 0o600)

    def test_encryption_of_other_libraries(self):
        self.seal()
        self.assertEqual(self.opens(encrypt(self.p.public_key(), b"secret"), key="p.pem"), b"secret")
        self.assertEqual(self.opens(encrypt(self.x.public_key(), b"secret"), key="x.pem"), b"secret")
        self.write("sym", b"k" * 32, 0o600)
        head, iv = enc({1: 3}), b"i" * 12
        ct = AESGCM(b"k" * 32).encrypt(iv, b"secret", enc(["Encrypt0", head, b""]))
        self.assertEqual(self.opens(cbor2.CBORTag(16, [head, {5: iv}, ct]), key="sym"), b"secret")

    def test_enc_cases(self):
        self.seal()
        def change(**parts):
            return lambda old: old.update({k: v(old[k]) if callable(v) else v for k, v in parts.items()})
        flip = lambda b: b[:-1] + bytes([b[-1] ^ 1])
        point = {1: 2, -1: 1}
        off, infinity = {**point, -2: b"\x01" * 32, -3: b"\x02" * 32}, {**point, -2: bytes(32), -3: bytes(32)}
        cases = {
            "ENC-01 off curve": (change(epk=off), 5), "ENC-01 other curve": (change(epk=cose_key(self.x.public_key())), 6),
            "ENC-01 small order": (change(epk={1: 1, -1: 4, -2: bytes(32)}), 5), "ENC-01 infinity": (change(epk=infinity), 5),
            "ENC-01 compressed": (change(epk={**off, -3: True}), 4), "ENC-01 empty": (change(epk={**point, -2: b"", -3: b""}), 4),
            "ENC-02 no AEAD": (change(bp=enc({1: -65534})), 4), "ENC-02 a signature": (change(bp=enc({1: -7})), 4),
            "ENC-02 a recipient's": (change(bp=enc({1: -31})), 4), "ENC-04 short": (change(wrapped=lambda w: w[:-1]), 5),
            "ENC-05 no tag": (change(ct=b"x" * 15), 5),
            "ENC-08 other header": (change(bp=enc({1: 3, 16: "t"})), 5),
            "ENC-09 epk": (change(epk=cose_key(ec.generate_private_key(ec.SECP256R1()).public_key())), 5),
            "ENC-09 wrapped": (change(wrapped=flip), 5), "ENC-09 iv": (change(iv=flip), 5), "ENC-09 tag": (change(ct=flip), 5),
            "ENC-09 ct": (change(ct=lambda b: bytes([b[0] ^ 1]) + b[1:]), 5), "ENC-09 protected": (change(bp=enc({1: 3, 4: b""})), 5),
        }
        cases |= {f"ENC-04 wrapped key of {n}": (change(wrapped=os.urandom(n)), 5) for n in (0, 15, 17, 24, 32, 48)}
        cases |= {f"ENC-05 IV of {n}": (change(iv=b"i" * n), 4) for n in (0, 1, 8, 11, 13, 16)}
        cases |= {f"ENC-05 tag of {16 - n}": (change(ct=lambda ct, n=n: ct[:-n]), 5) for n in range(1, 16)}
        words = set()
        for name, (tamper, status) in cases.items():
            with self.subTest(name):
                self.write("m", cbor2.dumps(encrypt(self.p.public_key(), b"secret" * 9, tamper=tamper)))
                run = self.run_tool("open", "-k", "p.pem", "m", "-o", "out", status=status)
                if name.startswith("ENC-09"):
                    words.add(run.err)
                self.assertFalse((self.dir / "out").exists())
        self.assertEqual(len(words), 1, "no oracle: one and the same words")
        good = encrypt(self.p.public_key(), b"secret").value
        for un in ({}, {6: b"i" * 12}, {5: good[1][5], 6: b"i"}):                                         # ENC-05
            self.opens(cbor2.CBORTag(96, [good[0], un, *good[2:]]), key="p.pem", status=4, words="IV")

    def test_enc_01_small_order_and_top_bit_for_x25519(self):
        """To a key of that curve: what would give a shared secret that everybody knows, and another spelling of a good point."""
        self.seal()
        for u in (0, 1, 2 ** 255 - 20, 2 ** 255 - 19, 2 ** 255 - 18, 325606250916557431795983626356110631294008115727848805560023387167927233504,
                  39382357235489614581723060781553021112529911719440698176882885853963445705823):
            epk = {1: 1, -1: 4, -2: u.to_bytes(32, "little")}
            self.opens(encrypt(self.x.public_key(), b"s", tamper=lambda old, e=epk: old.update(epk=e)), key="x.pem", status=5, words="not a point")

        def top(old):
            old["epk"] = {**old["epk"], -2: old["epk"][-2][:31] + bytes([old["epk"][-2][31] | 0x80])}
        self.opens(encrypt(self.x.public_key(), b"s", tamper=top), key="x.pem", status=5, words="not a point")

    def test_enc_02_recipient_algorithms_and_headers(self):
        """What would change the derivation and is not implemented is refused, not passed over."""
        self.seal()
        for head in ({1: -29}, {1: -25}, {1: -6}, {1: 3}, {1: -7}, {}, {1: -31, -20: b"salt"}, {1: -31, -21: b"party"}, {1: -31, 99: 1}):
            good = encrypt(self.p.public_key(), b"s", rp=enc(head)).value
            self.opens(cbor2.CBORTag(96, good), key="p.pem", status=4)
        good = encrypt(self.p.public_key(), b"s").value
        good[3][0][1] |= {-20: b"salt"}
        self.opens(cbor2.CBORTag(96, good), key="p.pem", status=4, words="headers other than")

    def test_enc_04_another_iv_of_the_key_wrap(self):
        """RFC 5649 wraps with another initial value than RFC 3394."""
        self.seal()
        self.opens(encrypt(self.p.public_key(), b"s", wrap=keywrap.aes_key_wrap_with_padding), key="p.pem", status=5, words="does not decrypt")

    def test_enc_06_agreed_for_something_else(self):
        """The right key, but derived for another recipient header, another party, another length."""
        self.seal()
        self.assertEqual(self.opens(encrypt(self.p.public_key(), b"s", info=[-5, [None] * 3, [None] * 3, [256, enc({1: -31})]]), key="p.pem"), b"s")
        for info in ([-5, [None] * 3, [None] * 3, [256, b""]], [-5, [b"u", None, None], [None] * 3, [256, enc({1: -31})]],
                     [-5, [None] * 3, [None, None, b"v"], [256, enc({1: -31})]], [-5, [None] * 3, [None] * 3, [128, enc({1: -31})]],
                     [-3, [None] * 3, [None] * 3, [256, enc({1: -31})]]):
            self.opens(encrypt(self.p.public_key(), b"s", info=info), key="p.pem", status=5, words="does not decrypt")

    def test_enc_07_kid_of_another_device(self):
        """A kid that names the other of two keys: that one is tried and no other."""
        self.seal()
        other = ec.generate_private_key(ec.SECP256R1())
        self.write("o.cose", enc({**cose_key(other.public_key()), 2: b"other", -4: other.private_numbers().private_value.to_bytes(32, "big")}), 0o600)
        message = encrypt(self.p.public_key(), b"s", kid=b"other")
        self.opens(message, "-k", "o.cose", key="p.pem", status=5, words="does not decrypt")

    def test_key_17_two_keys_by_one_name(self):
        """Both are tried, in either order; one whose kid is a thumbprint is never another's by what that calls itself."""
        self.seal()
        a, b = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        for name, key in (("a", a), ("b", b)):
            self.write(f"{name}.cose", enc({**cose_key(key.public_key()), 2: b"one"}))
            self.write(f"{name}.priv", enc({**cose_key(key.public_key()), 2: b"one", -4: key.private_numbers().private_value.to_bytes(32, "big")}), 0o600)
        signed = {key: sign1(key, b"x", {1: -7, 4: b"one"}) for key in (a, b)}
        for key, other in ((a, "b"), (b, "a")):
            self.assertEqual(self.opens(signed[key], "-k", "b.cose", key="a.cose"), b"x")
            self.assertEqual(self.opens(signed[key], "-k", "a.cose", key="b.cose"), b"x")
            self.opens(signed[key], key=f"{other}.cose", status=5)
        sealed = encrypt(b.public_key(), b"s", kid=b"one")
        self.assertEqual(self.opens(sealed, "-k", "b.priv", key="a.priv"), b"s")
        self.assertEqual(self.opens(sealed, "-k", "a.priv", key="b.priv"), b"s")
        self.opens(sealed, key="a.priv", status=5)

    def test_enc_08_external_data(self):
        self.seal()
        self.write("aad", b"context")
        self.write("wrong", b"Context")
        message = encrypt(self.p.public_key(), b"s", aad=b"context")
        self.assertEqual(self.opens(message, "--external-aad", "aad", key="p.pem"), b"s")
        self.opens(message, key="p.pem", status=5, words="does not decrypt")
        self.opens(message, "--external-aad", "wrong", key="p.pem", status=5, words="does not decrypt")

    def test_enc_03_recipients(self):
        self.seal()
        two = encrypt(self.p.public_key(), b"secret", extra=1)
        self.assertEqual(self.opens(two, key="p.pem"), b"secret", "foreign messages may have several")
        none = cbor2.CBORTag(96, two.value[:3] + [[]])
        self.opens(none, key="p.pem", status=3)
        nested = cbor2.CBORTag(96, two.value[:3] + [[two.value[3][0] + [[two.value[3][0]]]]])
        self.opens(nested, key="p.pem", status=3)

    def test_enc_03_a_long_recipient_header_is_named(self):
        self.seal()
        for length, status in ((121, 0), (122, 4), (2000, 4)):
            message = encrypt(self.p.public_key(), b"secret", kid=b"k" * length)
            words = "" if status == 0 else "expected at most 128"
            self.assertEqual(len(message.value[3][0][0]) <= 128, status == 0)
            self.opens(message, key="p.pem", status=status, words=words)

    def test_enc_07_another_key(self):
        self.seal()
        self.opens(encrypt(ec.generate_private_key(ec.SECP256R1()).public_key(), b"s"), key="p.pem", status=5)

    def test_inspect_never_shows_a_secret(self):
        self.write("key", enc({1: 2, -1: 1, -2: b"x" * 32, -3: b"y" * 32, -4: b"\xca\xfe" * 16}))
        self.write("sym", enc({1: 4, -1: b"\xca\xfe" * 16}))
        for name in ("key", "sym"):
            for option in ((), ("--json",)):
                self.assertNotIn("cafe", self.run_tool("inspect", name, *option).out)

    def test_open_picks_an_item_of_a_batch(self):
        messages = [cbor2.dumps(sign1(self.p256, b"one")), cbor2.dumps(sign1(self.p256, b"two"))]
        head = lambda n, kind="signed": enc({0: "imprint-batch", 1: n, 2: kind})
        self.assertEqual(self.opens(head(1) + messages[0]), b"one")
        self.assertEqual(self.opens(head(2) + b"".join(messages), "--item", "1"), b"one")
        self.assertEqual(self.opens(head(2) + b"".join(messages), "--item", "2"), b"two")
        self.opens(head(2) + b"".join(messages), status=2, words="m: is a batch of 2 (signed)\nhint: --item N opens one of them")
        self.opens(head(2) + b"".join(messages), "--item", "3", status=2, words="has no item 3")
        self.opens(messages[0], "--item", "2", status=2, words="has no item 2")
        self.opens(head(0), status=2, words="is a batch of 0")
        self.opens(head(3) + b"".join(messages), "--item", "1", status=3, words="item 3: offset 0: input ends")
        self.opens(head(1) + b"".join(messages), status=3, words="goes on after its last item")
        self.opens(head(2, "profiles") + b"\xa0\xa0", status=3, words="profiles, which nobody signed yet")
        self.opens(head(2) + messages[0] + messages[1][:-1] + bytes([messages[1][-1] ^ 1]), "--item", "2", status=5, words="does not verify")

    def test_open_of_a_file_that_is_made_here(self):
        self.keys()
        self.write("d.csv", "imei\n001010010000014\n001010010000022\n")
        self.profile()
        self.run_tool("build", "p.yaml", "--csv", "d.csv", "-o", "b.profiles")
        self.run_tool("sign", "-k", "owner.pem", "b.profiles", "-o", "s.signed")
        self.assertIn("hint: imprint inspect b.profiles", self.run_tool("open", "-k", "owner.pub", "b.profiles", status=3).err)
        one, two = (self.run_tool("open", "-k", "owner.pub", "s.signed", "--item", n, "-o", "-").stdout for n in (1, 2))
        self.assertEqual(cbor2.loads(one)[4][256][-1], 1)
        self.assertNotEqual(one, two)

    def test_inspect_says_what_a_text_is(self):
        texts = {"d.csv": ("serial,imei\nA,1\n", "text (CSV)"), "t.csv": ("serial\timei\nA\t1\n", "text (CSV)"), "s.yaml": ("imprint: 1\n", "text (YAML)"),
                 "j.json": ('{"imprint": 1}\n', "text (YAML)"), "n": ("hello\n" * 2000 + "\u00e9" * 9000, "text")}
        for name, (content, kind) in texts.items():
            self.write(name, content)
            run = self.run_tool("inspect", name, status=3)
            self.assertIn(f"{name}: is {kind}, expected CBOR", run.err)
            self.assertEqual(run.out, "")
        self.keys()
        for name, kind in (("owner.pem", "PEM"), ("d.csv", "text (CSV)")):
            self.assertIn(f"{name}: is {kind}, expected cards", self.run_tool("verify", "-d", "x", "--cards", name, status=3).err)
        self.write("m", b"aA")  # the text "A"
        self.assertEqual(self.run_tool("inspect", "m").out, '"A"\n')

    def test_inspect_takes_other_descriptions(self):
        self.keys()
        (self.dir / "objects").mkdir()
        self.write("objects/x.yaml", "{object: 42790, name: mine, instances: single, resources: {on: {id: 1, type: bool}, word: {id: 2, type: text}}}\n")
        self.write("p.yaml", 'imprint: 1\nprofile: t\ndomain: owner\nsequence: 1\ntarget: {imei: "001010010000014"}\n'
                   'settings: {mine: {on: true, word: "hello"}}\n')
        self.run_tool("build", "p.yaml", "--objects", "objects", "-o", "p")
        for option in ((), ("--json",)):
            shown = self.run_tool("inspect", "p", "--objects", "objects", *option).out
            self.assertTrue("mine" in shown and "word" in shown and "hello" in shown and "true" in shown, shown)
            hidden = self.run_tool("inspect", "p", *option).out
            self.assertFalse("hello" in hidden or "true" in hidden, hidden)
        self.assertIn("no: No such file or directory", self.run_tool("inspect", "p", "--objects", "no", status=2).err)

    def test_inspect_shows_nothing_that_reorders_a_line(self):
        self.write("m", enc({1: "a\u202eb\u2066", "k\u200f": "c\x1b"}))
        for option in ((), ("--json",)):
            out = self.run_tool("inspect", "m", *option).out
            for hidden in "\u202e\u2066\u200f\x1b":
                self.assertNotIn(hidden, out)
                self.assertIn(f"\\u{ord(hidden):04x}", out)

    def test_inspect_shows_nothing_of_a_key_or_of_half_a_file(self):
        self.keys()
        run = self.run_tool("inspect", "owner.pem", status=3)
        self.assertIn("owner.pem: is PEM, expected CBOR", run.err)
        self.assertIn("hint: imprint key owner.pem", run.err)
        self.assertEqual(run.out, "")
        self.write("half", b"\x01\x43abc\x44ab")
        run = self.run_tool("inspect", "half", status=3)
        self.assertEqual(run.out, "")
        self.assertIn("offset 5", run.err)

    def test_inspect_strict_names_offset_and_rule(self):
        for hexed, offset, rule in (("a2020001 00", 3, "ascending"), ("1801", 0, "shortest"), ("9fff", 0, "indefinite"), ("f93c00", 0, "float"),
                                    ("0000", 1, "bytes after"), ("", 0, "ends inside"), ("6107", 0, "control"), ("c000", 0, "tag")):
            self.write("m", bytes.fromhex(hexed))
            run = self.run_tool("inspect", "--strict", "m", status=3)
            self.assertIn(f"offset {offset}: ", run.err)
            self.assertIn(rule, run.err)


if __name__ == "__main__":
    unittest.main()
