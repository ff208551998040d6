# SPDX-License-Identifier: Apache-2.0
"""Leaves of signed batches: the tree by the recursive words of RFC 6962 2.1, the form of imprint-formats(7)."""

import os

import cose
from cbor_strict import decode, encode

LEAF, PROOF = -70030, -70031
KINDS = [cose.typ(kind) for kind in ('profile', 'grant', 'transfer')]


def split(size):
    """The largest power of two below size."""
    return 1 << (size - 1).bit_length() - 1


def leaf_hash(identity):
    return cose.sha256(b'\0' + identity)


def node(left, right):
    return cose.sha256(b'\1' + left + right)


def root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    k = split(len(hashes))
    return node(root(hashes[:k]), root(hashes[k:]))


def path(index, hashes):
    if len(hashes) == 1:
        return []
    k = split(len(hashes))
    if index < k:
        return [*path(index, hashes[:k]), root(hashes[k:])]
    return [*path(index - k, hashes[k:]), root(hashes[:k])]


def path_len(index, size):
    if size == 1:
        return 0
    k = split(size)
    return 1 + (path_len(index, k) if index < k else path_len(index - k, size - k))


def climb(index, size, leaf, hashes):
    """The root that a path of the right length leads to."""
    if size == 1:
        return leaf
    k = split(size)
    if index < k:
        return node(climb(index, k, leaf, hashes[:-1]), hashes[-1])
    return node(hashes[-1], climb(index - k, size - k, leaf, hashes[:-1]))


def header(kid, typ):
    return encode({4: kid, 16: typ})


def identity(kid, typ, payload):
    return cose.id_many(header(kid, typ), payload)


def view(item):
    """(kid, typ, payload, identity) of a signed object, or of the leaf that it carries."""
    body, un, payload, _ = item.value
    if decode(body)[16] == cose.typ('batch') and LEAF in un:
        body, payload = decode(un[LEAF])
        number = cose.id_many(body, payload)
    else:
        number = cose.id_of(item)
    return decode(body)[4], decode(body)[16], payload, number


def sign(kind, payload, issuer, keys, **parts):
    """One leaf of a batch of `size`, the others made up, with the batch that signs it: one, or with `many` many.

    parts: size, index, un, many, label; kid, typ, batch (a map), leaf, proof, signing: what is told in place of the truth.
    """
    size = parts.get('size', 1)
    index = parts.get('index', size - 1)
    typ = parts.get('typ', cose.typ(kind))
    hashes = [os.urandom(32) for _ in range(size)]
    hashes[index] = leaf_hash(identity(issuer, cose.typ(kind), payload))
    batch = {1: 1, 2: root(hashes), 3: size, 4: typ}
    if parts.get('label'):
        batch[10] = parts['label']
    batch.update(parts.get('batch', {}))
    proof = parts.get('proof', lambda p: p)([size, index, path(index, hashes)])
    leaf = parts.get('leaf', lambda p: p)([header(parts.get('kid', issuer), typ), payload])
    un = {**parts.get('un', {}), LEAF: encode(leaf) + parts.get('rest', b''), PROOF: encode(proof)}
    signing = parts.get('signing', {})
    if parts.get('many'):
        return cose.sign_many('batch', encode(batch), issuer, keys, un, **signing)
    return cose.sign_one('batch', encode(batch), keys[0], un, **{'kid': issuer, **signing})


__all__ = ['KINDS', 'LEAF', 'PROOF', 'climb', 'header', 'identity', 'leaf_hash', 'path_len', 'root', 'sign', 'view']
