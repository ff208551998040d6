# SPDX-License-Identifier: Apache-2.0
"""COSE in exactly the forms of imprint-formats(7), over python3-cryptography."""

import functools
import hashlib
import os

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature, encode_dss_signature)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap, aes_key_unwrap, aes_key_wrap)

from cbor_strict import Tag, encode

P256, X25519, ED25519 = 1, 4, 6
ALG_CURVE = {-7: P256, -9: P256, -8: ED25519, -19: ED25519}
PRIME_25519 = 2 ** 255 - 19


def sha256(data):
    return hashlib.sha256(data).digest()


def typ(kind):
    return f'application/vnd.imprint.{kind}+cose'


def kid_of(cose_key):
    """RFC 9679 thumbprint of a public COSE_Key in the exact form."""
    return kid_of_parts(*cose_key.items())


@functools.lru_cache(4096)
def kid_of_parts(*parts):
    return sha256(encode(dict(parts)))


def public_map(public):
    """COSE_Key of a python3-cryptography public key."""
    if isinstance(public, ec.EllipticCurvePublicKey):
        numbers = public.public_numbers()
        return {1: 2, -1: P256, -2: numbers.x.to_bytes(32, 'big'), -3: numbers.y.to_bytes(32, 'big')}
    raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {1: 1, -1: ED25519 if isinstance(public, ed25519.Ed25519PublicKey) else X25519, -2: raw}


def load_public(cose_key):
    """python3-cryptography public key of a COSE_Key; ValueError when it is none (off the curve)."""
    return load_parts(cose_key[-1], cose_key[-2], cose_key.get(-3))


@functools.lru_cache(4096)
def load_parts(curve, x, y):
    if curve == P256:
        return ec.EllipticCurvePublicNumbers(*(int.from_bytes(part, 'big') for part in (x, y)), ec.SECP256R1()).public_key()
    return (ed25519.Ed25519PublicKey if curve == ED25519 else x25519.X25519PublicKey).from_public_bytes(x)


class Key:
    """A private key with its public COSE_Key, kid and the algorithm that we write."""

    def __init__(self, private):
        self.private = private
        self.public = public_map(private.public_key())
        self.kid = kid_of(self.public)
        self.curve = self.public[-1]
        self.alg = {P256: -7, ED25519: -8}.get(self.curve)

    @classmethod
    def make(cls, curve=P256):
        if curve == P256:
            return cls(ec.generate_private_key(ec.SECP256R1()))
        kind = ed25519.Ed25519PrivateKey if curve == ED25519 else x25519.X25519PrivateKey
        return cls(kind.generate())

    @classmethod
    def load(cls, path):
        with open(path, 'rb') as source:
            return cls(serialization.load_pem_private_key(source.read(), None))

    def pem(self, test=True):
        text = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return (b'imprint-class: test\n' if test else b'') + text

    def public_pem(self):
        return self.private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data):
        if self.curve == ED25519:
            return self.private.sign(data)
        r, s = decode_dss_signature(self.private.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, 'big') + s.to_bytes(32, 'big')

    def agree(self, cose_key):
        peer = load_public(cose_key)
        if self.curve == P256:
            return self.private.exchange(ec.ECDH(), peer)
        return self.private.exchange(peer)


def verify(cose_key, alg, data, signature):
    """Whether the signature is good, by the row of the table that the key names."""
    if ALG_CURVE.get(alg) != cose_key[-1] or len(signature) != 64:
        return False
    try:
        public = load_public(cose_key)
        if cose_key[-1] == ED25519:
            public.verify(signature, data)
            return True
        r, s = (int.from_bytes(half, 'big') for half in (signature[:32], signature[32:]))
        public.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
        return True
    except (InvalidSignature, ValueError):
        return False


def tbs_one(protected, payload):
    return encode(['Signature1', protected, b'', payload])


def tbs_many(body, signer, payload):
    return encode(['Signature', body, signer, b'', payload])


def id_one(protected, payload):
    return sha256(tbs_one(protected, payload))


def id_many(body, payload):
    return sha256(encode(['Signature', body, b'', b'', payload]))


def id_of(item):
    """The identity of a decoded signed object."""
    body, _, payload, _ = item.value
    return id_one(body, payload) if item.number == 18 else id_many(body, payload)


def sign_one(kind, payload, key, un=None, **wrong):
    """one(kind). `wrong` replaces parts: alg, kid, typ, protected (a map), signature, payload_sent."""
    header = {1: wrong.get('alg', key.alg), 4: wrong.get('kid', key.kid), 16: wrong.get('typ', typ(kind))}
    protected = wrong.get('protected_raw', encode(wrong.get('protected', header)))
    signature = wrong.get('signature', key.sign(tbs_one(protected, payload)))
    return Tag(wrong.get('tag', 18), [protected, {} if un is None else un, wrong.get('payload_sent', payload), signature])


def sign_many(kind, payload, issuer, keys, un=None, **wrong):
    """many(kind), signatures ascending by kid unless `unsorted`."""
    header = {4: issuer, 16: wrong.get('typ', typ(kind))}
    body = wrong.get('protected_raw', encode(wrong.get('protected', header)))
    signers = []
    for key in keys if wrong.get('unsorted') else sorted(keys, key=lambda k: k.kid):
        protected = encode({1: wrong.get('alg', key.alg), 4: key.kid})
        signers.append([protected, wrong.get('signer_un', {}), key.sign(tbs_many(body, protected, payload))])
    return Tag(98, [body, {} if un is None else un, payload, signers])


def kdf_info(recipient_protected):
    return encode([-5, [None] * 3, [None] * 3, [256, recipient_protected]])


def kek(shared, recipient_protected):
    return HKDF(hashes.SHA256(), 32, None, kdf_info(recipient_protected)).derive(shared)


def seal(content, claims, sealing, **wrong):
    """A package (or, without claims, credentials), and the ephemeral Key that made it. `wrong` replaces parts of the form."""
    if claims is None:
        header = {1: 3, 16: wrong.get('typ', typ('credentials'))}
    else:
        header = {1: 3, 15: claims, 16: wrong.get('typ', typ('package'))}
    protected = encode(wrong.get('protected', header))
    inner = encode(wrong.get('recipient', {1: -31, 4: wrong.get('kid', kid_of(sealing))}))
    ephemeral = wrong.get('ephemeral') or Key.make(sealing[-1])
    cek = os.urandom(32)
    iv = wrong.get('iv', os.urandom(12))
    aad = encode(['Encrypt', wrong.get('aad_protected', protected), b''])
    sealed = AESGCM(cek).encrypt(iv if len(iv) >= 8 else bytes(12), content, aad)
    wrapped = wrong.get('wrap', aes_key_wrap)(kek(ephemeral.agree(sealing), wrong.get('kdf_protected', inner)), cek)
    epk = wrong.get('epk', ephemeral.public)
    item = Tag(96, [protected, wrong.get('un', {5: iv}), wrong.get('ciphertext', sealed),
                    wrong.get('recipients', [[inner, wrong.get('recipient_un', {-1: epk}),
                                              wrong.get('wrapped', wrapped)]])])
    return item, ephemeral


def open_sealed(item, shared_of):
    """The content of a package; ValueError for each way of failing. shared_of(epk) is the agreement."""
    protected, un, sealed, recipients = item.value
    inner, recipient_un, wrapped = recipients[0]
    try:
        cek = aes_key_unwrap(kek(shared_of(recipient_un[-1]), inner), wrapped)
        return AESGCM(cek).decrypt(un[5], sealed, encode(['Encrypt', protected, b'']))
    except (InvalidUnwrap, InvalidTag, KeyError) as error:
        raise ValueError('decrypt') from error
