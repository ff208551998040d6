# SPDX-License-Identifier: Apache-2.0
"""The maps of imprint-formats(7): what is well-formed, and builders for valid objects."""

import os

import cose
import leaves
from cbor_strict import Refused, Tag, decode, encode

OWNER, NETWORK, SERVICE = 0, 1, 2
LOCK, FLOOR, WIPE, POLICY, DECOMMISSION = 4, 5, 6, 7, 8
ZERO_ID = bytes(32)
EVIDENCE_PROFILE = 'tag:imprint.example,2026:evidence-1'
UEID, OEMID, HWMODEL, HWVERSION = 256, 258, 259, 260
SEALING_KID, SEALING_KEY = -70000, -70008
PROFILE_ID, ISSUER_KID, DOMAIN, PAIR = -70010, -70011, -70012, -70013
G_DOMAIN, G_OBJECTS, G_TARGETS, G_EPOCHS, G_SEQUENCES, G_DEPTH, G_APPROVAL = range(-70001, -70008, -1)
LINKS = 3
# Kinds in whose unprotected header a chain may stand, and those in which it may not.
CHAINED = [cose.typ(kind) for kind in ('profile', 'grant', 'challenge', 'batch', 'card')]
UNCHAINED = [cose.typ(kind) for kind in ('package', 'transfer', 'command', 'endorsement', 'evidence', 'credentials', 'revocation')]
U32, U63 = 2 ** 32 - 1, 2 ** 63 - 1


class Malformed(ValueError):
    """An object outside the form of its map."""


def need(condition, what):
    if not condition:
        raise Malformed(what)


def is_int(value, low=0, high=U32):
    return type(value) is int and low <= value <= high


def is_bytes(value, low, high=None):
    return isinstance(value, bytes) and low <= len(value) <= (low if high is None else high)


def is_kid(value):
    return is_bytes(value, 32)


def shape(item, required, optional, what):
    """The item is a map with all of `required` and at most `optional` besides."""
    need(isinstance(item, dict), f'{what} is no map')
    for key, good in required.items():
        need(key in item, f'{what}: {key} missing')
        need(good(item[key]), f'{what}: {key} wrong')
    for key in item.keys() - required.keys():
        need(key in optional, f'{what}: {key} unknown')
        need(optional[key](item[key]), f'{what}: {key} wrong')


def good(check, *args):
    """Whether a check passes, as a predicate."""
    try:
        check(*args)
        return True
    except Malformed:
        return False


CLASS = {OEMID: is_int, HWMODEL: lambda v: is_bytes(v, 1, 32)}


def check_target(target, one):
    """A device (`one`) or a class as well."""
    if isinstance(target, dict) and UEID in target:
        shape(target, {UEID: lambda v: is_bytes(v, 7, 33)}, {**CLASS, SEALING_KID: is_kid}, 'target')
        return
    need(not one, 'target: a device wanted')
    shape(target, {HWMODEL: CLASS[HWMODEL]}, {OEMID: CLASS[OEMID]}, 'class')


def check_key(key, curves=(cose.P256, cose.ED25519)):
    """A public COSE_Key in the exact form; whether it is on its curve is not form."""
    need(isinstance(key, dict) and key.get(-1) in curves and type(key[-1]) is int, 'key: curve')
    if key[-1] == cose.P256:
        shape(key, {1: lambda v: is_int(v, 2, 2), -1: is_int, -2: is_kid, -3: is_kid}, {}, 'key')
    else:
        shape(key, {1: lambda v: is_int(v, 1, 1), -1: is_int, -2: is_kid}, {}, 'key')


def check_point(key):
    """The key is a usable public key: on the curve, not infinity (Ed25519 small orders are the caller's)."""
    try:
        cose.load_public(key)
    except ValueError as error:
        raise Malformed(f'key: {error}') from error


def is_pair(value):
    return isinstance(value, list) and len(value) == 2 and all(is_int(v) for v in value)


def is_scalar(value):
    return value is None or isinstance(value, (int, str, bytes))


def is_u16(value):
    return is_int(value, 0, 65535)


def check_settings(settings):
    need(isinstance(settings, dict) and all(map(is_u16, settings)), 'objects')
    for instances in settings.values():
        need(isinstance(instances, dict) and all(map(is_u16, instances)), 'instances')
        for resources in instances.values():
            need(isinstance(resources, dict) and all(map(is_u16, resources)), 'resources')
            for value in resources.values():
                if isinstance(value, dict):
                    need(value and all(map(is_u16, value)), 'resource instances')
                    need(all(map(is_scalar, value.values())), 'value')
                else:
                    need(is_scalar(value), 'value')


def check_profile(profile):
    shape(profile, {
        1: lambda v: is_int(v, 1, 1), 2: lambda v: is_int(v, 0, 15), 3: lambda v: is_int(v, 1, U63),
        4: lambda v: good(check_target, v, True), 5: lambda v: good(check_settings, v),
        6: lambda v: is_bytes(v, 16), 9: is_pair,
    }, {8: is_kid, 10: lambda v: isinstance(v, str) and 1 <= len(v.encode()) <= 64}, 'profile')


def check_approval(approval):
    need(isinstance(approval, list) and len(approval) == 2, 'approval')
    count, keys = approval
    need(isinstance(keys, list) and 1 <= len(keys) <= 7 and is_int(count, 1, len(keys)), 'approval: m of n')
    need(len({encode(key) for key in keys}) == len(keys), 'approval: keys twice')
    for key in keys:
        check_key(key)


def is_handover(body):
    """A transfer from an owner to the next, not a claim."""
    return body.get(3) != 1 and body.get(8) != ZERO_ID


def check_transfer(body):
    """A claim, or a transfer, which may keep domains."""
    need(isinstance(body, dict), 'transfer')
    handover = {9: lambda v: v == [] or is_domain_list(v), 11: lambda v: is_bytes(v, 16)}
    shape(body, {
        1: lambda v: is_int(v, 1, 1), 3: is_int, 4: lambda v: good(check_target, v, is_handover(body)),
        5: lambda v: good(check_key, v), 7: lambda v: is_int(v, 0, 3), 8: is_kid,
    }, {6: lambda v: good(check_approval, v), **(handover if is_handover(body) else {})}, 'transfer')


def is_domain_list(value):
    return (isinstance(value, list) and len(value) >= 1 and all(is_int(v, 0, 15) for v in value)
            and all(a < b for a, b in zip(value, value[1:])))


def is_floor(value):
    return (isinstance(value, dict) and len(value) >= 1
            and all(is_int(k, 0, 15) and is_int(v) for k, v in value.items()))


ARGUMENT = {FLOOR: is_floor, WIPE: is_domain_list, POLICY: lambda v: is_int(v, 0, 3)}


def check_command(command):
    need(isinstance(command, dict) and is_int(command.get(2), LOCK, DECOMMISSION), 'command: op')
    op = command[2]
    one = op in (WIPE, POLICY, DECOMMISSION)
    required = {1: lambda v: is_int(v, 1, 1), 2: is_int, 4: lambda v: good(check_target, v, one),
                9: lambda v: is_pair(v) and v[1] == 0}
    if one:
        required[3] = lambda v: is_int(v, 1, U63)
    if op in ARGUMENT:
        required[12] = ARGUMENT[op]
    shape(command, required, {}, 'command')


def ascends(items):
    return all(a < b for a, b in zip(items, items[1:]))


def check_grant(body):
    """A grant's claims: domain 1..15, ascending instances, some object, some target, 1 <= low <= high."""
    shape(body, {
        8: lambda v: isinstance(v, dict) and list(v) == [1] and good(check_key, v[1]),
        G_DOMAIN: lambda v: is_int(v, 1, 15),
        G_OBJECTS: lambda v: isinstance(v, dict) and v and all(map(is_u16, v)) and all(
            isinstance(i, list) and all(map(is_u16, i)) and ascends(i) for i in v.values()),
        G_TARGETS: lambda v: isinstance(v, list) and v and all(good(check_target, t, False) for t in v),
        G_EPOCHS: is_pair,
        G_SEQUENCES: lambda v: isinstance(v, list) and len(v) == 2 and is_int(v[0], 1, U63) and is_int(v[1], v[0], U63),
        G_DEPTH: lambda v: is_int(v, 0, LINKS - 1),
    }, {4: lambda v: is_int(v, 0, U63), G_APPROVAL: lambda v: good(check_approval, v)}, 'grant')


def check_challenge(body):
    """By the owner without a domain, and with domain-epoch 0."""
    need(isinstance(body, dict), 'challenge')
    shape(body, {
        1: lambda v: is_int(v, 1, 1), 4: lambda v: good(check_target, v, False), 8: lambda v: is_bytes(v, 32),
        9: lambda v: is_pair(v) and (2 in body or v[1] == 0),
    }, {2: lambda v: is_int(v, 1, 15)}, 'challenge')


def check_batch(batch):
    shape(batch, {
        1: lambda v: is_int(v, 1, 1), 2: is_kid, 3: lambda v: is_int(v, 1), 4: lambda v: v in leaves.KINDS,
    }, {10: lambda v: isinstance(v, str) and 1 <= len(v.encode()) <= 64}, 'batch')


class Signed:
    """A COSE_Sign1 or COSE_Sign in our form, taken apart; nothing of it is verified."""

    def __init__(self, item):
        need(isinstance(item, Tag) and item.number in (18, 98), 'tag')
        need(isinstance(item.value, list) and len(item.value) == 4, 'message: four items')
        self.item = item
        self.many = item.number == 98
        self.protected, self.un, self.payload, last = item.value
        need(isinstance(self.protected, bytes) and isinstance(self.payload, bytes), 'message')
        header = decode_map(self.protected, 'protected')
        shape(header, {4: is_kid, 16: lambda v: True, **({} if self.many else {1: is_alg})},
              {}, 'protected')
        self.issuer, self.typ = header[4], header[16]
        need(isinstance(self.un, dict) and self.un.keys() <= {13, -70030, -70031}, 'unprotected')
        need((-70030 in self.un) == (-70031 in self.un), 'a leaf and its proof')
        self.id, self.included = cose.id_of(item), True
        self.signers = self.take_signers(last) if self.many else [
            (self.issuer, header[1], cose.tbs_one(self.protected, self.payload), last)]
        need(all(is_bytes(s[3], 64) for s in self.signers), 'signature: 64 bytes')
        if -70030 in self.un:
            self.take_leaf()
        need(13 not in self.un or self.typ not in UNCHAINED, 'unprotected: a chain')

    def take_leaf(self):
        """The leaf as if it were signed so; `included`: it is one of the tree."""
        need(self.typ == cose.typ('batch'), 'a leaf in no batch')
        batch = decode_map(self.payload, 'batch')
        check_batch(batch)
        leaf, proof = (decode_map(self.un[key], 'leaf') if isinstance(self.un[key], bytes) else None
                       for key in (-70030, -70031))
        need(isinstance(leaf, list) and len(leaf) == 2 and all(isinstance(v, bytes) for v in leaf), 'leaf')
        need(leaf[0] == leaves.header(self.issuer, batch[4]), 'leaf: header')
        need(isinstance(proof, list) and len(proof) == 3 and is_int(proof[0]) and proof[0] == batch[3], 'proof: size')
        size, index, path = proof
        need(is_int(index, 0, size - 1) and isinstance(path, list) and all(map(is_kid, path)), 'proof')
        need(len(path) == leaves.path_len(index, size), 'proof: length of the path')
        self.typ, self.payload = batch[4], leaf[1]
        self.id = cose.id_many(*leaf)
        self.included = leaves.climb(index, size, leaves.leaf_hash(self.id), path) == batch[2]

    def take_signers(self, last):
        need(isinstance(last, list) and 1 <= len(last) <= 8, 'signatures')
        out = []
        for signer in last:
            need(isinstance(signer, list) and len(signer) == 3, 'signer: three items')
            need(isinstance(signer[0], bytes) and signer[1] == {}, 'signer')
            header = decode_map(signer[0], 'signer protected')
            shape(header, {1: is_alg, 4: is_kid}, {}, 'signer protected')
            out.append((header[4], header[1], cose.tbs_many(self.protected, signer[0], self.payload), signer[2]))
        kids = [s[0] for s in out]
        need(kids == sorted(kids), 'signers: ascending by kid')
        return out


class Chain:
    """An object's grants, the one to its signer first; `too_long` where a fourth one follows."""

    def __init__(self, signed):
        self.links, at = [], signed
        while 13 in at.un and len(self.links) < LINKS:
            at = Signed(at.un[13])
            need(at.typ == cose.typ('grant'), 'chain: no grant')
            body = decode_map(at.payload, 'grant')
            check_grant(body)
            self.links.append((at, body))
        self.too_long = 13 in at.un


def is_alg(value):
    """An algorithm of COSE, known or not (RFC 9052 3.1)."""
    return type(value) in (int, str)


def decode_map(data, what):
    try:
        return decode(data)
    except Refused as error:
        raise Malformed(f'{what}: {error}') from error


def check_epk(key):
    check_key(key, (cose.P256, cose.X25519))
    if key[-1] == cose.X25519:
        need(int.from_bytes(key[-2], 'little') < cose.PRIME_25519, 'epk: u')


def check_package(item):
    """The outer claims and the sealing kid of a package in our form."""
    need(isinstance(item, Tag) and item.number == 96, 'tag')
    need(isinstance(item.value, list) and len(item.value) == 4, 'package: four items')
    protected, un, sealed, recipients = item.value
    need(isinstance(protected, bytes), 'protected')
    header = decode_map(protected, 'protected')
    shape(header, {1: lambda v: is_int(v, 3, 3), 15: lambda v: isinstance(v, dict),
                   16: lambda v: True}, {}, 'protected')
    shape(header[15], {
        UEID: lambda v: is_bytes(v, 7, 33), PROFILE_ID: is_kid, ISSUER_KID: is_kid,
        DOMAIN: lambda v: is_int(v, 0, 15),
        PAIR: lambda v: isinstance(v, list) and len(v) == 3 and is_int(v[0]) and is_int(v[1]) and is_int(v[2], 1, U63),
    }, {}, 'claims')
    shape(un, {5: lambda v: is_bytes(v, 12)}, {}, 'unprotected')
    need(isinstance(sealed, bytes) and len(sealed) >= 16, 'ciphertext')
    need(isinstance(recipients, list) and len(recipients) == 1, 'one recipient')
    recipient = recipients[0]
    need(isinstance(recipient, list) and len(recipient) == 3, 'recipient: three items')
    need(isinstance(recipient[0], bytes), 'recipient protected')
    inner = decode_map(recipient[0], 'recipient protected')
    shape(inner, {1: lambda v: is_int(v, -31, -31), 4: is_kid}, {}, 'recipient protected')
    shape(recipient[1], {-1: lambda v: good(check_key, v, (cose.P256, cose.X25519))}, {}, 'recipient unprotected')
    need(is_bytes(recipient[2], 40), 'wrapped key')
    return header[16], header[15], inner[4]


def check_credentials(body):
    """The map that a back-end gets."""
    shape(body, {
        1: lambda v: is_int(v, 1, 1), 2: lambda v: is_int(v, 0, 15), 3: lambda v: is_int(v, 1, U63), 8: is_kid,
        12: lambda v: good(check_settings, v) and len(v) > 0, UEID: lambda v: is_bytes(v, 7, 33),
    }, {13: lambda v: isinstance(v, str) and 1 <= len(v.encode()) <= 255}, 'credentials')


SIBLINGS = {0: {0, 1, 2, 3, 10, 17}, 21: {1, 2, 3, 4, 5, 6}}


def picked(settings, secret):
    """What of a profile's settings goes into credentials; secret is a set of (object, resource)."""
    out = {}
    for obj, instances in settings.items():
        for instance, resources in instances.items():
            own = obj == 0 and resources.get(2) in (1, 2, 4)
            secrets = {r for r in resources if (obj, r) in secret and not (own and r == 5)}
            if secrets or own or (obj == 0 and 17 in resources):
                keep = {r: v for r, v in resources.items() if r in secrets | SIBLINGS.get(obj, set())}
                if keep:
                    out.setdefault(obj, {})[instance] = keep
    return out


def credentials(ueid, secrets, **parts):
    out = {1: 1, 2: parts.get('domain', OWNER), 3: parts.get('sequence', 1), 8: parts.get('profile', bytes(32)),
           12: secrets, UEID: ueid}
    if parts.get('endpoint') is not None:
        out[13] = parts['endpoint']
    return out


def open_credentials(item, backend, signer):
    """The map inside sealed credentials, decrypted by the private Key `backend` and verified by a public one."""
    protected, _, _, recipients = item.value
    header, inner = decode_map(protected, 'protected'), decode_map(recipients[0][0], 'recipient')
    need(item.number == 96 and header == {1: 3, 16: cose.typ('credentials')}, 'credentials: header')
    need(len(recipients) == 1 and inner == {1: -31, 4: backend.kid}, 'credentials: recipient')
    body = verified_body(decode(cose.open_sealed(item, backend.agree)), 'credentials', signer)
    check_credentials(body)
    return body


def profile(ueid, sequence, settings, **parts):
    """A profile map. parts: domain, epochs, salt, replaces, label, target."""
    out = {1: 1, 2: parts.get('domain', OWNER), 3: sequence, 4: {UEID: ueid, **parts.get('target', {})},
           5: settings, 6: parts.get('salt', os.urandom(16)), 9: list(parts.get('epochs', (1, 0)))}
    if parts.get('replaces') is not None:
        out[8] = parts['replaces']
    if parts.get('label') is not None:
        out[10] = parts['label']
    return out


def claim(target, owner, policy=0, approval=None, epoch=1, previous=ZERO_ID):
    out = {1: 1, 3: epoch, 4: target, 5: owner.public, 7: policy, 8: previous}
    if approval is not None:
        out[6] = [approval[0], [k.public for k in approval[1]]]
    return out


def transfer(ueid, owner, epoch, record, **parts):
    """To the next owner; parts: policy, approval, kept, nonce (a recovery)."""
    out = claim({UEID: ueid}, owner, parts.get('policy', 0), parts.get('approval'), epoch, record)
    if parts.get('kept') is not None:
        out[9] = sorted(parts['kept'])
    if parts.get('nonce') is not None:
        out[11] = parts['nonce']
    return out


def command(op, target, sequence=None, argument=None, owner_epoch=1):
    out = {1: 1, 2: op, 4: target, 9: [owner_epoch, 0]}
    if sequence is not None:
        out[3] = sequence
    if argument is not None:
        out[12] = argument
    return out


def challenge(target, beacon=None, domain=None, epochs=(1, 0)):
    out = {1: 1, 4: target, 8: beacon or os.urandom(32), 9: list(epochs)}
    if domain is not None:
        out[2] = domain
    return out


def sign(kind, body, keys, **wrong):
    """Sign a map by the issuer keys[0] and its approvers: one, or many where there are several or a claim."""
    payload = wrong.pop('payload', None) or encode(body)
    if len(keys) > 1 or kind == 'transfer' or wrong.pop('many', False):
        return cose.sign_many(kind, payload, wrong.pop('issuer', keys[0].kid), keys, **wrong)
    return cose.sign_one(kind, payload, keys[0], **wrong)


def grant(holder, ueid, **parts):
    """A grant to a Key; parts: domain, objects, targets, epochs, sequences, depth, approval, exp."""
    out = {8: {1: holder.public}, G_DOMAIN: parts.get('domain', NETWORK), G_OBJECTS: parts.get('objects', {10: [], 11: []}),
           G_TARGETS: parts.get('targets', [{UEID: ueid}]), G_EPOCHS: list(parts.get('epochs', (1, 0))),
           G_SEQUENCES: list(parts.get('sequences', (1, U63))), G_DEPTH: parts.get('depth', 0)}
    if parts.get('approval') is not None:
        out[G_APPROVAL] = [parts['approval'][0], [k.public for k in parts['approval'][1]]]
    if parts.get('exp') is not None:
        out[4] = parts['exp']
    return out


def outer_claims(signed):
    """The claims that the package of a signed profile carries."""
    kid, _, payload, identity = leaves.view(signed)
    inner = decode(payload)
    return {UEID: inner[4][UEID], PROFILE_ID: identity, ISSUER_KID: kid,
            DOMAIN: inner[2], PAIR: [*inner[9], inner[3]]}


def package(signed, sealing, claims=None, **wrong):
    """The package of a signed profile to one sealing key: (item, ephemeral key)."""
    return cose.seal(encode(signed), claims or outer_claims(signed), sealing, **wrong)


def card(device, nonce, endorsement=None, **parts):
    """A card by a model device (agent.Device)."""
    body = {1: 1, 8: {1: device.signing.public}, 10: nonce, UEID: device.ueid, OEMID: device.oemid,
            HWMODEL: device.hwmodel, SEALING_KEY: device.sealing.public, -70009: dict(device.objects),
            -70014: [device.object_max, device.domains], **parts}
    return cose.sign_one('card', encode(body), device.signing, None if endorsement is None else {13: endorsement})


def endorsement(device, factory):
    body = {8: {1: device.signing.public}, UEID: device.ueid, OEMID: device.oemid,
            HWMODEL: device.hwmodel, SEALING_KEY: device.sealing.public}
    return cose.sign_one('endorsement', encode(body), factory)


def verified_body(item, kind, key=None):
    """The payload map of a one(kind), verified by `key` or, for a card, by its own key."""
    signed = Signed(item)
    need(not signed.many and signed.typ == cose.typ(kind), f'no {kind}')
    body = decode_map(signed.payload, kind)
    key = key or body[8][1]
    kid, alg, tbs, signature = signed.signers[0]
    need(kid == cose.kid_of(key), f'{kind}: kid')
    need(cose.verify(key, alg, tbs, signature), f'{kind}: signature')
    return body


def check_card(body):
    shape(body, {
        1: lambda v: is_int(v, 1, 1), 8: lambda v: isinstance(v, dict) and list(v) == [1] and good(check_key, v[1]),
        10: is_kid, UEID: lambda v: is_bytes(v, 7, 33), OEMID: is_int, HWMODEL: CLASS[HWMODEL],
        SEALING_KEY: lambda v: good(check_key, v, (cose.P256, cose.X25519)),
        -70009: lambda v: isinstance(v, dict) and all(is_u16(k) and isinstance(s, str) for k, s in v.items()),
        -70014: lambda v: isinstance(v, list) and len(v) == 2 and is_int(v[0], 1, 65536) and is_int(v[1], 1, 16),
    }, {HWVERSION: lambda v: isinstance(v, list) and 1 <= len(v) <= 2,
        -70015: lambda v: isinstance(v, dict) and v and v.keys() <= {'imei', 'iccid', 'serial'}}, 'card')


def check_evidence(body):
    """The claims that evidence must have; unknown ones are passed over."""
    for key, fine in {
            10: is_kid, UEID: lambda v: is_bytes(v, 7, 33), OEMID: is_int, HWMODEL: CLASS[HWMODEL],
            263: lambda v: is_int(v, 0, 4), 265: lambda v: v == EVIDENCE_PROFILE, 267: is_int,
            2395: lambda v: v in (0x1000, 0x2000, 0x3000, 0x6000),
            -70020: lambda v: v is None or (len(v) == 3 and is_kid(v[0]) and is_int(v[1]) and is_kid(v[2])),
            -70021: lambda v: isinstance(v, dict) and 0 in v and all(
                is_int(d, 0, 15) and len(h) == 2 and is_int(h[0]) and is_kid(h[1]) for d, h in v.items()),
            -70022: is_int, -70023: lambda v: is_int(v, 0, 3), -70024: lambda v: is_int(v, 0, 1)}.items():
        need(key in body and fine(body[key]), f'evidence: {key}')
    need(-70025 not in body or is_bytes(body[-70025], 16), 'evidence: -70025')
    held, owned = components(body), body[-70020] is not None
    pairs = body.get(-70026, {0: [0, 1]})
    need(pairs and all(is_int(d, 0, 15) and d not in held and len(pair) == 2 and is_int(pair[0]) and is_int(pair[1], 0, U63)
                       and pair != [0, 0] for d, pair in pairs.items() if -70026 in body), 'evidence: -70026')
    need(owned == (body[2395] != 0x1000) and owned == (body[-70021][0][0] > 0), 'evidence: owner')
    need({0, *held} == set(body[-70021]) and all(body[-70021][d][0] for d in held), 'evidence: domains')
    return held


def components(body):
    """{domain: (sequence, id, authority, state, domain-epoch)} of evidence."""
    out, last = {}, -1
    for measured in body.get(273, []):
        need(measured[0] == 295 and isinstance(measured[1], bytes), 'component')
        inner = decode_map(measured[1], 'component')
        name = inner[1][0]
        if not name.startswith('imprint/'):
            continue
        domain = int(name[8:])
        need(name == f'imprint/{domain}' and domain > last, 'component: order')
        last = domain
        flags = inner[4]
        need(is_bytes(flags, 8) and flags[1] == domain and flags[2:4] == b'\0\0', 'component: flags8')
        need(inner[2][0] == 1 and len(inner[3]) == 1 and list(inner) == [1, 2, 3, 4], 'component: shape')
        out[domain] = (int(inner[1][1][0]), inner[2][1], inner[3][0], flags[0], int.from_bytes(flags[4:], 'big'))
    return out
