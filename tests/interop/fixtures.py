# SPDX-License-Identifier: Apache-2.0
"""A device, its owner and what the owner sends it, for the tests of this folder."""

import agent
import cose
import objects as o
from cbor_strict import encode


def imei_ueid(number):
    """The UEID of an IMEI whose 14 digits are `number`."""
    return b'\3' + bytes(int(d) for d in f'{number:014d}')


def settings(count=3, apn='iot.example'):
    """`count` settings of objects 10 and 11."""
    all_of = [(10, 0, 4, 36000), (10, 0, 5, 20), (11, 0, 1, apn), (11, 0, 0, 'iot'), (11, 0, 4, 3), (11, 0, 24, 1),
              (11, 0, 30, {0: 14, 1: 13}), (10, 0, 9, b'\x35'), (10, 0, 13, 3), (11, 0, 2, False), (11, 0, 3, True),
              (10, 0, 14, 1), (10, 0, 0, '+4912345'), (10, 0, 8, b'\x12')]
    out = {}
    for obj, instance, resource, value in all_of[:count]:
        out.setdefault(obj, {}).setdefault(instance, {})[resource] = value
    return out


def device(ueid=imei_ueid(35938300000001), **parts):
    return agent.Device(ueid, cose.Key.make(), cose.Key.make(parts.pop('sealing', cose.P256)), **parts)


class Fleet:
    """One model device and its keys; items are built for it."""

    def __init__(self, the_device=None):
        self.device = the_device or device()
        self.owner, self.stranger = cose.Key.make(), cose.Key.make(cose.ED25519)
        self.agent = agent.Agent(self.device)

    def claim(self, keys=None, **parts):
        approval = parts.get('approval')
        keys = keys or [self.owner, *(approval[1][:approval[0]] if approval else [])]
        body = o.claim({o.UEID: self.device.ueid}, keys[0], **parts)
        return o.sign('transfer', body, keys)

    def package(self, sequence, keys=None, content=None, target=None, **parts):
        to = target or self.device
        body = o.profile(to.ueid, sequence, parts.pop('settings', settings()), **parts)
        signed = o.sign('profile', body, keys or [self.owner])
        return self.seal(signed, content, to)

    def seal(self, signed, content=None, to=None, claims=None, **wrong):
        """A package; its ephemeral key is noted for a device whose private key nobody here has."""
        to = to or self.device
        item, ephemeral = cose.seal(encode(signed) if content is None else content,
                                    claims or o.outer_claims(signed), to.sealing.public, **wrong)
        if hasattr(to, 'ephemerals'):
            to.ephemerals[encode(ephemeral.public)] = ephemeral
        return item

    def command(self, op, sequence=None, argument=None, keys=None, **parts):
        body = o.command(op, {o.UEID: self.device.ueid}, sequence, argument, **parts)
        return o.sign('command', body, keys or [self.owner])


__all__ = ['Fleet', 'device', 'encode', 'imei_ueid', 'settings']
