# SPDX-License-Identifier: Apache-2.0
"""Random objects for a device, right ones and ones with one or more faults. What they deserve is for the model to say."""

import cose
import leaves
import objects as o
from cbor_strict import Raw, encode

SIGNING = ('signature', 'algorithm', 'form', 'signers', 'issuer', 'header')
# Only where what is signed is a leaf.
LEAF = ('path', 'place', 'size', 'root', 'leaf kid', 'leaf kind', 'leaf bytes', 'batch map')
LINK = tuple(f'link {name}' for name in (
    *SIGNING, 'map', 'kind', 'domain', 'target', 'owner-epoch', 'domain-epoch', 'object', 'instance', 'low', 'high',
    'depth', 'holder', 'key'))
FAULTS = {
    'profile': (*SIGNING, *LEAF, 'map', 'target', 'sequence', 'owner-epoch', 'domain-epoch', 'replaces', 'conflict', 'object',
                'outer', 'content', 'bytes', 'chain', 'fourth link', 'owner with a chain', *LINK),
    'command': (*SIGNING, 'map', 'target', 'sequence', 'owner-epoch', 'bytes', 'chain'),
    'claim': (*SIGNING, *LEAF, 'map', 'target', 'owner-epoch', 'previous', 'bytes', 'chain', 'key'),
    'transfer': (*SIGNING, 'map', 'target', 'owner-epoch', 'previous', 'bytes', 'chain', 'key', 'class'),
    'recovery': (*SIGNING, 'map', 'target', 'owner-epoch', 'previous', 'bytes', 'chain', 'key', 'nonce', 'not the maker'),
}
VALUES = (0, -1, 2 ** 32, 2 ** 63 - 1, b'', bytes(16), bytes(32), '', None, [], {}, True, [1, 0], {0: 1})
RAW = (b'\x18\x01', b'\xf9\x3c\x00', b'\x9f\xff', b'\x1b' + b'\xff' * 8)
# Public keys that are none: off the curve, infinity.
NO_KEYS = ({1: 2, -1: 1, -2: bytes(32), -3: b'\1' * 32}, {1: 2, -1: 1, -2: bytes(32), -3: bytes(32)})


class NoKey:
    """A public key that is none where a Key is wanted."""

    def __init__(self, public):
        self.public = public


class Drafts:
    """Draws for one device (a lab.Bench). Keys are drawn from a pool that outlives the device."""

    def __init__(self, bench, draw, pool):
        self.bench, self.draw, self.pool = bench, draw, pool
        self.model, self.device = bench.model, bench.device
        self.sent, self.faults, self.pending, self.as_leaf, self.links = [], (), {}, False, 0
        self.deal(*self.any_rule())

    def any_rule(self):
        """A key and its approval, or None."""
        key, *people = self.draw.sample(self.pool, 4)
        asked = self.draw.choice((0, 0, 0, 1, 2))
        return key, (asked, people) if asked else None

    def deal(self, owner, approval):
        """Who is who from now on."""
        self.owner, self.rule = owner, (owner, approval)
        asked = approval[1] if approval else []
        people = asked + [k for k in self.draw.sample(self.pool, len(self.pool)) if k is not owner and k not in asked]
        self.approvers, self.parties, self.strangers = people[:4], people[4:10], people[10:]

    def fault(self, name):
        return name in self.faults

    def one_of(self, *choices):
        return self.draw.choice(choices)

    # Signing.

    def signers(self, rule, wrong):
        """The key and its m approvers; wrong: one too few, too many, foreign or twice."""
        key, approval = rule
        keys = [key] + (self.draw.sample(approval[1], approval[0]) if approval else [])
        if not wrong:
            return keys
        others = [k for k in self.approvers + self.strangers[:2] if k not in keys]
        return self.one_of(keys[:-1] or others[:1], keys + [self.draw.choice(others)], keys[1:] + others[:1],
                           keys + [self.draw.choice(keys)])

    def sign(self, kind, body, rule, un=None, at='', many=None):
        """Sign a map as the rule of its issuer wants it, but for the faults; `at` is what their names begin with."""
        fault = lambda name: self.fault(at + name)  # noqa: E731
        keys = self.signers(rule, fault('signers'))
        many = bool(rule[1]) if many is None else many
        if fault('form'):
            many = not many
        if fault('map'):
            body = self.mutated(body)
        un = dict(un or {})
        if fault('header'):
            un[self.one_of(4, 13, 33, 99, -70030, -70031)] = self.one_of(b'', b'x' * 32, {}, 1)
        algorithm = {'alg': self.one_of(-35, -8, -7, -9, -19, 3, 'x')} if fault('algorithm') else {}
        issuer = self.draw.choice(self.strangers + self.parties) if fault('issuer') else rule[0]
        if kind in ('profile', 'transfer', 'grant') and (self.as_leaf or self.draw.random() < 0.1):
            item = self.sign_leaf(kind, encode(body), issuer.kid, keys, un=un, many=many, signing=algorithm)
        elif many:
            item = cose.sign_many(kind, encode(body), issuer.kid, keys, un, **algorithm)
        else:
            item = cose.sign_one(kind, encode(body), keys[0], un, kid=issuer.kid, **algorithm)
        if fault('signature'):
            self.spoil(item)
        return item

    def sign_leaf(self, kind, payload, issuer, keys, **parts):
        """A leaf of a batch; the faults are those of LEAF."""
        size = self.one_of(1, 2, 3, 5, 8, 13)
        parts.update(size=size, index=self.draw.randrange(size), label=self.one_of(None, 'a batch'))
        batch = {}
        if self.fault('size'):
            batch[3] = self.one_of(0, size + 1, max(size - 1, 1), 2 * size, 2 ** 32)
        if self.fault('root'):
            batch[2] = self.one_of(bytes(32), bytes(31))
        if self.fault('batch map'):
            batch[self.one_of(1, 2, 4, 5, 10, -1)] = self.one_of(*VALUES, cose.typ('batch'), cose.typ('grant'))
        if self.fault('leaf kid'):
            parts['kid'] = self.draw.choice(self.strangers).kid
        if self.fault('leaf kind'):
            parts['typ'] = cose.typ(self.one_of('profile', 'transfer', 'grant', 'command', 'batch', 'x'))
        if self.fault('leaf bytes'):
            parts['leaf'] = self.one_of(lambda p: [*p, 0], lambda p: p[:1], lambda p: [p[0] + b'\0', p[1]], lambda p: {0: p})
            parts['rest'] = self.one_of(b'', b'\xf6')
        if self.fault('path') or self.fault('place'):
            parts['proof'] = self.spoilt_proof
        return leaves.sign(kind, payload, issuer, keys, batch=batch, **parts)

    def spoilt_proof(self, proof):
        size, index, path = proof
        if self.fault('place'):
            index = self.one_of(index + 1, max(index - 1, 0), size, -1, 2 ** 32 - 1)
        if self.fault('path'):
            path = self.one_of([*path, bytes(32)], path[1:], path[:-1], path[::-1], [bytes(32)] * len(path), [b''], {})
        return self.one_of([size, index, path], [size, index, path], [size, index, path, 0], [size + 1, index, path])

    def spoil(self, item):
        where = item.value[3] if item.number == 98 else item.value
        place, at = (self.draw.choice(where), 2) if item.number == 98 else (where, 3)
        spoilt = bytearray(place[at])
        spoilt[self.draw.randrange(64)] ^= 1 << self.draw.randrange(8)
        place[at] = bytes(spoilt)

    def mutated(self, body):
        """The map with one thing changed that may break its form."""
        body = dict(body)
        key = self.draw.choice(list(body))
        change = self.one_of('drop', 'value', 'value', 'add', 'raw')
        if change == 'drop':
            del body[key]
        elif change == 'value':
            body[key] = self.draw.choice(VALUES)
        elif change == 'add':
            body[self.one_of(0, 4, 6, 7, 11, 13, 99, -1, -70007, -70008, 'x')] = self.draw.choice(VALUES)
        else:
            body[key] = Raw(self.draw.choice(RAW))
        return body

    # What objects are about.

    def target(self, wrong):
        me = {o.UEID: self.device.ueid}
        kind = {o.HWMODEL: self.device.hwmodel, o.OEMID: self.device.oemid}
        if wrong:
            return self.one_of({o.UEID: b'\3' + bytes(14)}, {**me, o.HWMODEL: b'x'}, {**me, o.OEMID: 1},
                               {**me, o.SEALING_KID: bytes(32)})
        return self.one_of(me, me, me, {**me, **kind}, {**me, o.SEALING_KID: self.device.sealing.kid})

    def any_target(self, wrong):
        """A class, too."""
        kind = {o.HWMODEL: self.device.hwmodel, o.OEMID: self.device.oemid}
        if wrong:
            return self.one_of(self.target(True), {**kind, o.OEMID: 1}, {o.HWMODEL: b'x'})
        return self.one_of(self.target(False), kind, {o.HWMODEL: self.device.hwmodel})

    def settings(self, number):
        """Instances that no other domain holds, or with a fault one that another does."""
        held = {(obj, i): d for d, v in self.model.domains.items() if v.settings
                for obj, instances in v.settings.items() for i in instances}
        free = [(obj, i) for obj in (10, 11) for i in range(6) if held.get((obj, i), number) == number]
        taken = [place for place, d in held.items() if d != number]
        places = self.draw.sample(free, min(len(free), self.draw.randrange(4)))
        if self.fault('conflict') and taken:
            places.append(self.draw.choice(taken))
        if self.fault('object'):
            places.append((self.one_of(0, 9, 999), 0))
        out = {}
        for obj, instance in places:
            value = self.one_of(0, -5, 2 ** 40, 'text', b'\1\2', True, None, {0: 1, 7: 'x'})
            out.setdefault(obj, {})[instance] = {self.draw.randrange(9): value}
        return out

    def pair(self, number):
        """Epochs and sequence above what the device stores, or with faults not."""
        have = self.model.domain(number)
        raised = number != 0 and self.draw.random() < 0.15
        epoch = have.epoch + (self.one_of(1, 1, 3) if raised else 0)
        low = 0 if raised else have.sequence
        if self.fault('domain-epoch'):
            epoch = self.one_of(epoch - 1, have.epoch + 1, 2 ** 32 - 1) if number == 0 or have.epoch else epoch
        sequence = low + self.one_of(1, 1, 1, 2, 9, 2 ** 20)
        if self.fault('sequence'):
            sequence = self.one_of(low, max(low - 1, 1), 1, o.U63)
        owner_epoch = self.model.owner_epoch or 1
        if self.fault('owner-epoch'):
            owner_epoch += self.one_of(1, -1, 7)
        return [max(owner_epoch, 0), min(max(epoch, 0), o.U32)], min(max(sequence, 1), o.U63)

    # Grants.

    def grant(self, holder, issuer, domain, epochs, depth, written=None, parent=None):
        """One link that allows what is written, exactly or more; (the item, the rule of its holder)."""
        fault = lambda name: self.fault('link ' + name) and self.link_at == depth  # noqa: E731
        sequence, settings = written or (1, {})
        objects = {obj: self.one_of([], sorted({*instances, *self.draw.sample(range(9), 2)}))
                   for obj, instances in settings.items()}
        for obj in self.draw.sample((0, 1, 10, 11, 65535), self.draw.randrange(1, 3)):
            objects.setdefault(obj, [])
        if fault('object') and settings:
            del objects[self.draw.choice(list(settings))]
            objects.setdefault(77, [])
        if fault('instance') and settings:
            obj = self.draw.choice([obj for obj in settings])
            objects[obj] = [i for i in range(9) if i not in settings[obj]] + [60000]
        targets = [self.any_target(False)]
        if self.draw.random() < 0.3:
            targets.insert(self.draw.randrange(2), self.any_target(True))
        if fault('target'):
            targets = [self.any_target(True) for _ in range(self.draw.randrange(1, 3))]
        low, high = self.one_of((1, o.U63), (sequence, sequence), (max(1, sequence - 1), min(o.U63, sequence + 5)))
        if fault('low') and sequence < o.U63:
            low, high = sequence + 1, o.U63
        if fault('high') and sequence > 1:
            low, high = 1, sequence - 1
        epochs = list(epochs)
        if fault('owner-epoch'):
            epochs[0] += 1
        if fault('domain-epoch'):
            epochs[1] = self.one_of(epochs[1] + 1, max(0, epochs[1] - 1))
        others = [k for k in self.approvers if k not in (holder, issuer[0])]
        asked = self.one_of(0, 0, 0, 1, 2)
        approval = (asked, self.draw.sample(others, self.draw.randrange(asked, 4))) if asked else None
        named = self.draw.choice(self.strangers) if fault('holder') else holder
        if fault('key'):
            named = NoKey(self.one_of(*NO_KEYS, cose.Key.make(cose.X25519).public))
        body = o.grant(named, self.device.ueid, domain=domain % 15 + 1 if fault('domain') else domain, objects=objects,
                       targets=targets, epochs=epochs, sequences=(low, high), approval=approval,
                       depth=max(0, depth - 1) if fault('depth') else self.draw.randrange(depth, o.LINKS),
                       exp=self.one_of(None, None, 0, 2 ** 40))
        at = 'link ' if self.link_at == depth else 'no '
        kind = self.one_of('command', 'profile', 'card') if fault('kind') else 'grant'
        return self.sign(kind, body, issuer, {} if parent is None else {13: parent}, at), (holder, approval)

    def chain(self, links, domain, epochs, written=None):
        """Grants from the owner over `links` parties: (the last party's rule, the unprotected header)."""
        rule, parent = self.rule, None
        parties = self.draw.sample(self.parties, links)
        self.link_at = self.draw.randrange(min(links, o.LINKS)) if links else None
        for below in reversed(range(links)):
            parent, rule = self.grant(parties[below], rule, domain, epochs, min(below, o.LINKS - 1), written, parent)
        return rule, {13: parent} if links else {}

    # Objects. Each is encoded as it travels.

    def profile(self):
        number = self.draw.choice((0,) + (1, 1, 1, 2, 2, 2, 3, 3, 4) * 2)
        epochs, sequence = self.pair(number)
        settings = self.settings(number)
        links = self.draw.choice((0, 1, 1, 2, 2, 3, 3)) if number else 0
        if self.fault('fourth link'):
            links = 4
        self.links = links
        rule, un = self.chain(links, number or 1, epochs, (sequence, settings))
        if self.fault('chain'):
            un = self.one_of({}, {13: self.chain(1, number or 1, epochs)[1][13]})
        if self.fault('owner with a chain'):
            rule = self.rule
        replaces = self.one_of(None, None, None, self.model.domain(number).id)
        if self.fault('replaces'):
            replaces = self.one_of(bytes(32), self.model.record)
        body = o.profile(self.device.ueid, sequence, settings, domain=number, epochs=epochs, replaces=replaces,
                         label=self.one_of(None, 'a label'))
        body[4] = self.target(self.fault('target'))
        return self.seal(self.sign('profile', body, rule, un))

    def seal(self, signed):
        try:
            claims = o.outer_claims(signed)
        except (LookupError, TypeError, ValueError):
            claims = {o.UEID: self.device.ueid, o.PROFILE_ID: bytes(32), o.ISSUER_KID: self.owner.kid, o.DOMAIN: 0,
                      o.PAIR: [1, 0, 1]}
        if claims.get(o.UEID) != self.device.ueid and self.draw.random() < 0.7:
            claims[o.UEID] = self.device.ueid
        if self.fault('outer'):
            field = self.draw.choice(list(claims))
            claims[field] = self.one_of(0, 1, bytes(32), [1, 0, 7], self.device.ueid, b'\3' + bytes(14))
        content = encode(signed)
        if self.fault('content'):
            content = self.damaged(content)
        return encode(self.bench.fleet.seal(signed, content, claims=claims))

    def command(self):
        op = self.draw.choice((o.LOCK, o.FLOOR, o.FLOOR, o.WIPE, o.WIPE, o.POLICY) * 4 + (o.DECOMMISSION,))
        number = self.draw.choice((0, 1, 1, 2, 2, 3, 15) if op != o.FLOOR else (1, 1, 2, 2, 3, 3, 15))
        have = self.model.domain(number)
        epochs, sequence = self.pair(0)
        argument = {o.FLOOR: {number: have.epoch + self.one_of(0, 1, 1, 2)}, o.WIPE: sorted({number, self.draw.randrange(16)}),
                    o.POLICY: self.one_of(0, 1)}.get(op)
        body = o.command(op, {}, None if op in (o.LOCK, o.FLOOR) else sequence, argument, epochs[0])
        body[4] = (self.any_target if op in (o.LOCK, o.FLOOR) else self.target)(self.fault('target'))
        un = self.chain(1, 1, epochs)[1] if self.fault('chain') else {}
        return encode(self.sign('command', body, self.rule, un))

    def claim(self):
        key, approval = self.rule
        body = o.claim(self.any_target(self.fault('target')), key, self.one_of(0, 0, 1), approval)
        if self.fault('owner-epoch'):
            body[3] = self.one_of(0, 2)
        if self.fault('previous'):
            body[8] = b'\1' * 32
        if self.fault('key'):
            body[6] = [1, [self.one_of(*NO_KEYS), self.approvers[0].public]]
        un = self.chain(1, 1, (1, 0))[1] if self.fault('chain') else {}
        maker = self.bench.maker
        if maker is not None and not self.fault('signers'):
            return encode(self.sign_sides('transfer', body, key, [self.rule, (maker, None)], un))
        return encode(self.sign('transfer', body, self.rule, un, many=True))

    def transfer(self):
        return self.handover(self.owner, self.rule)

    def recovery(self):
        maker = self.bench.maker or self.draw.choice(self.strangers)
        if self.fault('not the maker'):
            return self.handover(self.owner, self.rule, self.model.recovery or bytes(16))
        nonce = bytes(16) if self.fault('nonce') else self.model.recovery or self.draw.randbytes(16)
        return self.handover(maker, (maker, None), nonce)

    def handover(self, issuer, side, nonce=None):
        """To somebody new, or to the same key again; whoever takes it over is dealt anew once the device has."""
        rule = self.one_of(self.any_rule(), self.any_rule(), self.rule)
        kept = self.one_of(None, [], self.draw.sample(range(16), 4), range(16), sorted(self.model.domains))
        body = o.transfer(self.device.ueid, rule[0], (self.model.owner_epoch or 1) + 1, self.model.record or b'\1' * 32,
                          policy=self.one_of(0, 1, 1), approval=rule[1], kept=kept, nonce=nonce)
        body[4] = self.any_target(True) if self.fault('class') else self.target(self.fault('target'))
        if self.fault('owner-epoch'):
            body[3] += self.one_of(-1, 1, 7)
        if self.fault('previous'):
            body[8] = self.one_of(b'\1' * 32, o.ZERO_ID)
        if self.fault('key'):
            body[6] = [1, [self.one_of(*NO_KEYS), self.approvers[0].public]]
        un = self.chain(1, 1, (1, 0))[1] if self.fault('chain') else {}
        item = self.sign_sides('transfer', body, issuer, [rule, side], un)
        self.pending[cose.id_of(item)] = rule
        return encode(item)

    def sign_sides(self, kind, body, issuer, sides, un=None):
        """Sign for several sides at once, each key once."""
        keys = []
        for side in sides:
            keys += [k for k in self.signers(side, False) if k not in keys]
        rule = (issuer, (len(keys) - 1, [k for k in keys if k is not issuer])) if issuer in keys else (issuer, None)
        return self.sign(kind, body, rule, un, many=True)

    def damaged(self, raw):
        raw = bytearray(raw)
        at = self.draw.randrange(len(raw))
        change = self.one_of('flip', 'flip', 'flip', 'cut', 'insert', 'append')
        if change == 'flip':
            raw[at] ^= 1 << self.draw.randrange(8)
        elif change == 'cut':
            del raw[max(at, 1):]
        elif change == 'insert':
            raw.insert(at, self.draw.randrange(256))
        else:
            raw.append(0)
        return bytes(raw)

    def next(self):
        """(what it is, its faults, its bytes); `links` is then how many grants are behind it."""
        self.links = 0
        if self.sent and self.draw.random() < 0.08:
            return ('again', (), self.draw.choice(self.sent))
        if self.model.record in self.pending:
            self.deal(*self.pending.pop(self.model.record))
        kind = self.draw.choice(('profile',) * 24 + ('command',) * 4 + ('claim',) * 2 + ('transfer', 'recovery'))
        if self.model.owner is None:
            kind = self.draw.choice(('claim', 'claim', 'claim', kind))
        wanted = self.draw.choices((0, 1, 2, 3), (38, 42, 15, 5))[0]
        self.faults = tuple(self.draw.sample(FAULTS[kind], wanted))
        self.as_leaf = bool(set(self.faults) & set(LEAF)) or self.draw.random() < 0.2
        raw = getattr(self, kind)()
        if self.fault('bytes'):
            raw = self.damaged(raw)
        self.sent = self.sent[-20:] + [raw]
        return kind, self.faults, raw

