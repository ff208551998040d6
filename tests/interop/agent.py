# SPDX-License-Identifier: Apache-2.0
"""A model of the device: the verdicts, the states and the history of imprint-agent(7), on plain data."""

import hashlib
import itertools

import cose
import objects as o
from cbor_strict import Refused, Tag, decode

REASONS = dict(enumerate((
    'malformed', 'unsupported', 'not-for-me', 'epoch', 'sequence', 'scope', 'signature', 'decrypt',
    'replaced-id', 'conflict', 'state', 'approval', 'too-big', 'storage', 'challenge'), 1))
NUMBERS = {name: number for number, name in REASONS.items()}
EXIT = {1: 3, 7: 5, 8: 5, 15: 5, 14: 7, **{n: 4 for n in (2, 3, 4, 5, 6, 9, 10, 11, 12, 13)}}
RING = 16
SET, WIPED = 1, 2
KIND_PROFILE, KIND_TRANSFER, KIND_RECOVERY = 1, 2, 3


class Refusal(Exception):
    """The device says no: one of REASONS."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason
        self.number = NUMBERS[reason]


def refuse_unless(condition, reason):
    if not condition:
        raise Refusal(reason)


class Device:
    """What a device is born with."""

    def __init__(self, ueid, signing, sealing, **parts):
        self.ueid = ueid
        self.signing = signing
        self.sealing = sealing
        self.oemid = parts.get('oemid', 32473)
        self.hwmodel = parts.get('hwmodel', b'keel-2')
        self.objects = parts.get('objects', {0: '1.2', 1: '1.2', 10: '1.1', 11: '1.1'})
        self.object_max = parts.get('object_max', 4096)
        self.domains = parts.get('domains', 4)
        self.maker = parts.get('maker')

    def shared(self, epk):
        """The agreement of the sealing key with an ephemeral key; ValueError when there is none."""
        return self.sealing.agree(epk)


class Domain:
    """What a device stores of one domain."""

    def __init__(self):
        self.epoch, self.sequence = 0, 0
        self.id = self.authority = self.settings = None
        self.state = 0


def history_start(signing_kid, domain):
    return hashlib.sha256(b'imprint-history-1' + signing_kid + bytes([domain])).digest()


def history_step(head, number, entry):
    return hashlib.sha256(b'\1' + head + number.to_bytes(4, 'big') + entry).digest()


def history_entry(kind, domain, owner_epoch, domain_epoch, sequence, issuer, object_id):
    return (bytes([kind, domain]) + owner_epoch.to_bytes(4, 'big') + domain_epoch.to_bytes(4, 'big')
            + sequence.to_bytes(8, 'big') + issuer + object_id)


def nonce_of(beacon, ueid, r):
    return hashlib.sha256(b'imprint-nonce-1' + beacon + bytes([len(ueid)]) + ueid + r).digest()


def is_granted(objects, settings):
    """Every instance that is written is one that is granted; an empty list grants them all."""
    return all(obj in objects and (not objects[obj] or set(instances) <= set(objects[obj]))
               for obj, instances in settings.items())


def can_be_dealt(signers, sides, parts):
    """Whether each signer can have a part, or one on each side, so that all parts are filled by different keys of a side."""
    if not signers:
        return not any(must or left for must, left in parts)
    choices = []
    for (key, approvers), (must, left) in zip(sides, parts):
        mine = [(must, left)]
        if signers[0] == key:
            mine += [(False, left)] if must else []
        elif signers[0] in approvers and left:
            mine.append((must, left - 1))
        choices.append(mine)
    for dealt in itertools.product(*choices):
        if list(dealt) != list(parts) and can_be_dealt(signers[1:], sides, dealt):
            return True
    return False


def need_set(signed, sides):
    """The signatures are those that the sides, each (key, approval), need: none missing, twice, foreign or too many."""
    kids = [signer[0] for signer in signed.signers]
    refuse_unless(len(kids) <= 8 and len(set(kids)) == len(kids), 'approval')
    names = [(cose.kid_of(key), {cose.kid_of(k) for k in approval[1]} if approval else set()) for key, approval in sides]
    parts = [(True, approval[0] if approval else 0) for _, approval in sides]
    refuse_unless(can_be_dealt(kids, names, parts), 'approval')


def need_keys(side):
    """The keys of a side are keys, those of approvers who did not sign included."""
    key, approval = side
    for each in (key, *(approval[1] if approval else ())):
        try:
            o.check_point(each)
        except o.Malformed as error:
            raise Refusal('signature') from error


def need_signatures(signed, sides):
    keys = {cose.kid_of(k): k for key, approval in sides for k in (key, *(approval[1] if approval else ()))}
    refuse_unless(signed.included, 'signature')
    for kid, alg, tbs, signature in signed.signers:
        refuse_unless(cose.verify(keys[kid], alg, tbs, signature), 'signature')


class Agent:
    """The device: apply() takes an object and says 'applied' or 'again', or raises Refusal."""

    def __init__(self, device):
        self.device = device
        self.owner = self.record = self.last_command = None
        self.recovery = None  # the nonce; only the device can tell it
        self.owner_epoch, self.approval, self.policy = 0, None, 0
        self.locked = self.dead = False
        self.domains = {}
        self.heads = {0: (0, history_start(cose.kid_of(device.signing.public), 0))}
        self.ring = []

    def lifecycle(self):
        if self.dead:
            return 0x6000
        if self.locked:
            return 0x3000
        return 0x2000 if self.owner else 0x1000

    def domain(self, number):
        return self.domains.get(number) or Domain()

    def apply(self, data):
        """The whole way of a staged object, in the order of checks. Sets evidence_due for an object taken."""
        self.evidence_due = True
        refuse_unless(len(data) <= self.device.object_max, 'too-big')
        try:
            item = decode(data)
            o.need(isinstance(item, Tag), 'untagged')
            if item.number == 96:
                return self.apply_package(item)
            return self.apply_signed(o.Signed(item))
        except (o.Malformed, Refused) as error:
            raise Refusal('malformed') from error

    def apply_signed(self, signed):
        refuse_unless(signed.typ in (cose.typ('transfer'), cose.typ('command')), 'unsupported')
        self.need_algorithms([signed])
        if signed.typ == cose.typ('transfer'):
            return self.apply_transfer(signed)
        return self.apply_command(signed)

    @staticmethod
    def need_algorithms(messages):
        """Nothing beyond the table."""
        refuse_unless(all(signer[1] in cose.ALG_CURVE for m in messages for signer in m.signers), 'unsupported')

    def is_meant(self, target):
        mine = {o.UEID: self.device.ueid, o.OEMID: self.device.oemid, o.HWMODEL: self.device.hwmodel,
                o.SEALING_KID: cose.kid_of(self.device.sealing.public)}
        return all(mine[key] == value for key, value in target.items())

    def need_target(self, target):
        refuse_unless(self.is_meant(target), 'not-for-me')

    def need_right(self, signed, chain, domain, epochs, written=None):
        """The owner, or someone whom every grant up to the owner's allows it. `written`: (sequence, settings)."""
        owner = cose.kid_of(self.owner)
        if not chain.links:
            refuse_unless(signed.issuer == owner, 'scope')
            return
        refuse_unless(not chain.too_long and chain.links[-1][0].issuer == owner, 'scope')
        below = [signed] + [link for link, _ in chain.links]
        for above, (_, body) in enumerate(chain.links):
            refuse_unless(below[above].issuer == cose.kid_of(body[8][1]) != owner, 'scope')
            refuse_unless(body[o.G_DOMAIN] == domain and body[o.G_EPOCHS] == epochs, 'scope')
            refuse_unless(any(map(self.is_meant, body[o.G_TARGETS])), 'scope')
            refuse_unless(body[o.G_DEPTH] >= above, 'scope')
            if written is not None:
                low, high = body[o.G_SEQUENCES]
                refuse_unless(low <= written[0] <= high and is_granted(body[o.G_OBJECTS], written[1]), 'scope')

    def need_chain_signed(self, signed, chain):
        """The owner's grant, the grants below it, the object: each by whom the one above names. Sets first."""
        parts, rule = [], (self.owner, self.approval)
        for link, body in reversed(chain.links):
            parts.append((link, rule))
            rule = (body[8][1], body.get(o.G_APPROVAL))
        parts.append((signed, rule))
        refuse_unless(sum(len(part.signers) for part, _ in parts) <= 8, 'approval')
        for part, (key, approval) in parts:
            refuse_unless(part.many == bool(approval), 'approval')
            need_set(part, [(key, approval)])
        for part, side in parts:
            need_keys(side)
            need_signatures(part, [side])

    def apply_transfer(self, signed):
        body = o.decode_map(signed.payload, 'transfer')
        o.need(isinstance(body, dict), 'transfer')
        o.check_transfer(body)
        self.need_target(body[4])
        if self.record is not None and signed.id == self.record:
            return self.again(body[4])
        issuer, second = (self.need_next if o.is_handover(body) else self.need_first)(body)
        refuse_unless(issuer is not None and signed.issuer == cose.kid_of(issuer), 'scope')
        refuse_unless(signed.many, 'approval')
        sides = [(body[5], body.get(6)), *second]
        need_set(signed, sides)
        need_keys(sides[0])
        need_signatures(signed, sides)
        self.take_over(body, signed)
        return 'applied'

    def need_first(self, body):
        """A claim is the new owner's, and the maker signs it too: (issuer, the other sides)."""
        refuse_unless(self.heads[0][0] == 0 and not self.dead, 'state')
        refuse_unless(body[3] == 1, 'epoch')
        refuse_unless(body[8] == o.ZERO_ID, 'replaced-id')
        return body[5], [(self.device.maker, None)] if self.device.maker else []

    def need_next(self, body):
        """The same of a transfer, which is the owner's, and of a recovery, which is the maker's where the owner lets it."""
        refuse_unless(self.owner is not None and not self.dead, 'state')
        refuse_unless(body[3] == self.owner_epoch + 1, 'epoch')
        refuse_unless(body[8] == self.record, 'replaced-id')
        if 11 not in body:
            return self.owner, [(self.owner, self.approval)]
        refuse_unless(not self.may_be_recovered() or body[11] == self.recovery, 'replaced-id')
        return self.device.maker if self.may_be_recovered() else None, [(self.device.maker, None)]

    def may_be_recovered(self):
        return bool(self.owner and self.device.maker and self.policy & 1)

    def take_over(self, body, signed):
        """The new owner starts with pairs of its own and what it kept; the heads go on, the ring starts again."""
        self.owner, self.owner_epoch, self.record = body[5], body[3], signed.id
        self.approval, self.policy, self.recovery = body.get(6), body[7], None
        self.wipe(set(self.domains) - set(body.get(9, [])))
        self.domains = {d: v for d, v in self.domains.items() if v.state}
        for domain in self.domains.values():
            domain.epoch = domain.sequence = 0
        kind = KIND_RECOVERY if 11 in body else KIND_TRANSFER
        self.ring = []
        self.remember(kind, 0, body[3], 0, 0, cose.kid_of(body[5]), signed.id)

    def again(self, target):
        """Under policy bit 1 an `again` to a class target carries no evidence."""
        self.evidence_due = not (self.policy & 2 and o.UEID not in target)
        return 'again'

    def answer(self, data, r):
        """The nonce under which evidence or a card answers a challenge; whatever is wrong with it, the reason is one."""
        try:
            signed = o.Signed(decode(data))
            o.need(signed.typ == cose.typ('challenge'), 'no challenge')
            body, chain = o.decode_map(signed.payload, 'challenge'), o.Chain(signed)
            o.check_challenge(body)
            self.need_algorithms([signed] + [link for link, _ in chain.links])
            self.need_target(body[4])
            refuse_unless(self.owner is not None and body[9][0] == self.owner_epoch, 'epoch')
            refuse_unless((2 in body) == bool(chain.links), 'scope')
            refuse_unless(body[9][1] >= self.domain(body.get(2, 0)).epoch, 'epoch')
            self.need_right(signed, chain, body.get(2), body[9])
            self.need_chain_signed(signed, chain)
        except (o.Malformed, Refused, Refusal) as error:
            raise Refusal('challenge') from error
        return nonce_of(body[8], self.device.ueid, r)

    def need_owned(self, owner_epoch):
        refuse_unless(self.owner is not None and not self.dead, 'state')
        refuse_unless(owner_epoch == self.owner_epoch, 'epoch')

    def changes(self, op, argument):
        """Whether a lock or a floor would change anything."""
        if op == o.LOCK:
            return not self.locked
        return 0 in argument or any(self.domain(d).epoch < epoch for d, epoch in argument.items())

    def apply_command(self, signed):
        body = o.decode_map(signed.payload, 'command')
        o.check_command(body)
        self.need_target(body[4])
        op, argument, sequence = body[2], body.get(12), body.get(3, 0)
        if self.last_command is not None and signed.id == self.last_command:
            return self.again(body[4])
        self.need_owned(body[9][0])
        refuse_unless(op != o.FLOOR or 0 not in argument, 'epoch')
        refuse_unless(op in (o.LOCK, o.FLOOR) or sequence > self.domain(0).sequence, 'sequence')
        refuse_unless(signed.issuer == cose.kid_of(self.owner), 'scope')
        refuse_unless(op != o.FLOOR or self.fits([d for d, epoch in argument.items() if epoch]), 'too-big')
        self.need_chain_signed(signed, o.Chain(signed))
        if op in (o.LOCK, o.FLOOR) and not self.changes(op, argument):
            return self.again(body[4])
        self.carry_out(op, argument, sequence)
        self.last_command = signed.id
        self.remember(op, 0, self.owner_epoch, 0, sequence, signed.issuer, signed.id)
        return 'applied'

    def carry_out(self, op, argument, sequence):
        if sequence:
            self.domains.setdefault(0, Domain()).sequence = sequence
        if op == o.LOCK:
            self.locked = True
        elif op == o.FLOOR:
            for number, epoch in ((d, e) for d, e in argument.items() if e):
                domain = self.domains.setdefault(number, Domain())
                if domain.epoch < epoch:
                    domain.epoch, domain.sequence = epoch, 0
        elif op == o.POLICY:
            self.policy, self.recovery = argument, None
        else:
            self.wipe(argument if op == o.WIPE else list(self.domains))
            self.dead = op == o.DECOMMISSION

    def wipe(self, numbers):
        for number in numbers:
            domain = self.domains.get(number)
            if domain is not None and domain.state:
                domain.state, domain.settings = WIPED, None

    def apply_package(self, item):
        kind, claims, kid = o.check_package(item)
        refuse_unless(kind == cose.typ('package'), 'unsupported')
        refuse_unless(claims[o.UEID] == self.device.ueid, 'not-for-me')
        refuse_unless(kid == cose.kid_of(self.device.sealing.public), 'not-for-me')
        try:
            o.check_epk(item.value[3][0][1][-1])
            o.check_point(item.value[3][0][1][-1])
            content = cose.open_sealed(item, self.device.shared)
            signed = o.Signed(decode(content))
            o.need(signed.typ == cose.typ('profile'), 'no profile')
            o.check_profile(o.decode_map(signed.payload, 'profile'))
            chain = o.Chain(signed)
        except (ValueError, Refused) as error:
            raise Refusal('decrypt') from error
        self.need_algorithms([signed] + [link for link, _ in chain.links])
        return self.apply_profile(signed, chain, claims)

    def apply_profile(self, signed, chain, claims):
        body = decode(signed.payload)
        refuse_unless(body[4][o.UEID] == claims[o.UEID], 'not-for-me')
        self.need_target(body[4])
        o.need(o.outer_claims(signed.item) == claims, 'inner differs from outer')
        number, sequence = body[2], body[3]
        domain = self.domain(number)
        if domain.state == SET and domain.id == signed.id:
            return 'again'
        self.need_owned(body[9][0])
        refuse_unless(number != 0 or body[9][1] == 0, 'epoch')
        refuse_unless(body[9][1] >= domain.epoch, 'epoch')
        refuse_unless((body[9][1], sequence) > (domain.epoch, domain.sequence), 'sequence')
        refuse_unless(8 not in body or body[8] == domain.id, 'replaced-id')
        self.need_right(signed, chain, number, body[9], (sequence, body[5]))
        refuse_unless(all(obj in self.device.objects for obj in body[5]), 'unsupported')
        self.need_room(number, body[5])
        self.need_chain_signed(signed, chain)
        domain = self.domains.setdefault(number, domain)
        domain.epoch, domain.sequence, domain.id = body[9][1], sequence, signed.id
        domain.authority, domain.state, domain.settings = signed.issuer, SET, body[5]
        self.remember(KIND_PROFILE, number, self.owner_epoch, domain.epoch, sequence, signed.issuer, signed.id)
        return 'applied'

    def fits(self, numbers):
        """Whether the device has room for these domains too; the sequence of commands takes none."""
        kept = {d for d, domain in self.domains.items() if d or domain.state}
        return len(kept | set(numbers)) <= self.device.domains

    def need_room(self, number, settings):
        """No (object, instance) is another domain's, and the table of domains has room."""
        held = {(obj, i) for d, domain in self.domains.items() if d != number and domain.settings
                for obj, instances in domain.settings.items() for i in instances}
        wanted = {(obj, i) for obj, instances in settings.items() for i in instances}
        refuse_unless(not held & wanted, 'conflict')
        refuse_unless(self.fits([number]), 'too-big')

    def remember(self, kind, domain, owner_epoch, domain_epoch, sequence, issuer, object_id):
        entry = history_entry(kind, domain, owner_epoch, domain_epoch, sequence, issuer, object_id)
        number, head = self.heads.get(domain) or (0, history_start(cose.kid_of(self.device.signing.public), domain))
        self.heads[domain] = (number + 1, history_step(head, number + 1, entry))
        self.ring = (self.ring + [entry])[-RING:]

    def snapshot(self):
        """What evidence must say of this state."""
        return {
            'lifecycle': self.lifecycle(),
            'owner': None if self.owner is None else [cose.kid_of(self.owner), self.owner_epoch, self.record],
            'heads': {d: list(h) for d, h in sorted(self.heads.items())},
            'policy': self.policy, 'recovery': self.may_be_recovered(),
            'components': {d: (v.sequence, v.id, v.authority, v.state, v.epoch)
                           for d, v in sorted(self.domains.items()) if v.state},
            'pairs': {d: [v.epoch, v.sequence] for d, v in sorted(self.domains.items())
                      if not v.state and (v.epoch, v.sequence) != (0, 0)},
        }


def snapshot_of(body):
    """The same of the claims of evidence."""
    return {'lifecycle': body[2395], 'owner': body[-70020],
            'heads': {d: list(h) for d, h in sorted(body[-70021].items())},
            'policy': body[-70023], 'recovery': -70025 in body, 'components': o.components(body), 'pairs': body.get(-70026, {})}


def fold(base, entries):
    """The heads that a ring's entries lead to from its base."""
    heads = {d: list(h) for d, h in base.items()}
    for entry in entries:
        number, head = heads[entry[1]]
        heads[entry[1]] = [number + 1, history_step(head, number + 1, entry)]
    return heads
