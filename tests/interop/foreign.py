# SPDX-License-Identifier: Apache-2.0
"""What is to be expected of the working group's COSE messages: of `imprint open`, of the strict form, of a device."""

import cbor2

import objects as o
from cbor_strict import Refused, decode, encode

CURVES = {'P-256': 1, 'P-384': 2, 'P-521': 3, 'X25519': 4, 'Ed25519': 6, 'Ed448': 7}
SIGN, AGREE, CONTENT = (-7, -8, -9, -19), (-31,), (3,)


def cose_key(key, private):
    """A key of a vector as an encoded COSE_Key."""
    if key['kty'] == 'oct':
        return encode({1: 4, -1: bytes.fromhex(key['k'])})
    out = {1: 1 if key['kty'] == 'OKP' else 2, -1: CURVES[key['crv']], -2: bytes.fromhex(key['x'])}
    if 'y' in key:
        out[-3] = bytes.fromhex(key['y'])
    if private and 'd' in key:
        out[-4] = bytes.fromhex(key['d'])
    return encode(out)


def layers(message):
    """(protected, unprotected, table) of each layer that names an algorithm."""
    body = message.value
    if message.tag == 98:
        return [(s[0], s[1], SIGN) for s in body[3]]
    first = [(body[0], body[1], SIGN if message.tag == 18 else CONTENT)]
    return first + [(r[0], r[1], AGREE) for r in (body[3] if message.tag == 96 else [])]


def open_verdict(vector):
    """(exit status of `imprint open`, why)."""
    message = cbor2.loads(bytes.fromhex(vector['cbor']))
    for key in vector['keys']:
        if key.get('crv', 'P-256') not in ('P-256', 'X25519', 'Ed25519'):
            return 4, f'a key on {key["crv"]} is outside the table'
        if len(key.get('k', 64 * '0')) != 64:
            return 4, 'a symmetric key of another length than 32 is outside the table'
    if not isinstance(message, cbor2.CBORTag) or message.tag not in (16, 18, 96, 98):
        return 3, 'tag is not 16, 18, 96 or 98'
    if message.tag == 96 and any(len(r) != 3 for r in message.value[3]):
        return 3, 'recipients of recipients'
    if any(protected and 2 in cbor2.loads(protected) for protected in [message.value[0]]):
        return 3, 'crit names what nobody here knows'
    for protected, unprotected, table in layers(message):
        header = cbor2.loads(protected) if protected else {}
        if header.get(1) not in table:
            if 1 in header:
                return 4, f'algorithm {header[1]} is outside the table'
            return 4, f'algorithm {unprotected.get(1)} is in the unprotected header'
    return (5, 'does not verify') if vector.get('fail') else (0, 'verifies')


def strict_verdict(data):
    """null, or the rule and the offset that break the strict form."""
    try:
        decode(data)
        return None
    except Refused as error:
        return {'rule': error.rule, 'offset': error.offset}


def object_verdict(data):
    """Why this is no object of imprint."""
    try:
        item = decode(data)
        if getattr(item, 'number', None) == 96:
            o.check_package(item)
        else:
            o.Signed(item)
        return None
    except Refused as error:
        return f'strict form: {error}'
    except o.Malformed as error:
        return str(error)


def expected(vector):
    data = bytes.fromhex(vector['cbor'])
    status, why = open_verdict(vector)
    return {'name': vector['name'], 'open': status, 'why': why, 'strict': strict_verdict(data),
            'object': object_verdict(data)}
