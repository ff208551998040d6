# SPDX-License-Identifier: Apache-2.0
"""The deterministic CBOR of imprint-formats(7): an encoder and a strict decoder of their own."""

LIMIT = 65536
DEPTH = 16
TAGS = (16, 17, 18, 61, 96, 97, 98)


class Refused(ValueError):
    """Bytes outside the strict form: which rule, and the offset of the item's head."""

    def __init__(self, rule, offset):
        super().__init__(f'byte {offset}: {rule}')
        self.rule = rule
        self.offset = offset


class Tag:
    """A tagged item."""

    def __init__(self, number, value):
        self.number = number
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Tag) and (self.number, self.value) == (other.number, other.value)

    def __repr__(self):
        return f'Tag({self.number}, {self.value!r})'


class Raw(bytes):
    """Bytes that the encoder puts in as they are: for deliberately wrong objects."""


class Pairs(list):
    """A map as a list of pairs in the order given: for deliberately wrong objects."""


def head(major, value):
    """The shortest head of a major type."""
    if value < 24:
        return bytes([major << 5 | value])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if value < 1 << 8 * size:
            return bytes([major << 5 | info]) + value.to_bytes(size, 'big')
    raise OverflowError(value)


def encode(item):
    """The one deterministic encoding of an item (RFC 8949 4.2.1)."""
    if isinstance(item, Raw):
        return bytes(item)
    if item is None or isinstance(item, bool):
        return {False: b'\xf4', True: b'\xf5', None: b'\xf6'}[item]
    if isinstance(item, int):
        return head(0, item) if item >= 0 else head(1, -1 - item)
    if isinstance(item, (bytes, bytearray)):
        return head(2, len(item)) + bytes(item)
    if isinstance(item, str):
        text = item.encode('utf-8', 'surrogatepass')
        return head(3, len(text)) + text
    if isinstance(item, Pairs):
        return head(5, len(item)) + b''.join(encode(k) + encode(v) for k, v in item)
    if isinstance(item, (list, tuple)):
        return head(4, len(item)) + b''.join(encode(i) for i in item)
    if isinstance(item, dict):
        pairs = sorted((encode(k), encode(v)) for k, v in item.items())
        return head(5, len(pairs)) + b''.join(k + v for k, v in pairs)
    if isinstance(item, Tag):
        return head(6, item.number) + encode(item.value)
    raise TypeError(type(item))


class _Decoder:
    def __init__(self, data, base):
        self.data = data
        self.base = base
        self.at = 0

    def refuse(self, rule, at):
        raise Refused(rule, self.base + at)

    def take_head(self):
        start = self.at
        if start >= len(self.data):
            self.refuse('truncated', start)
        first = self.data[start]
        major, info = first >> 5, first & 31
        self.at += 1
        if info < 24:
            return start, major, info, info
        if info == 31:
            self.refuse('break' if major == 7 else 'indefinite-integer' if major in (0, 1, 6) else 'indefinite', start)
        if info > 27:
            self.refuse('reserved', start)
        size = 1 << info - 24
        if self.at + size > len(self.data):
            self.refuse('truncated', start)
        value = int.from_bytes(self.data[self.at:self.at + size], 'big')
        self.at += size
        if major != 7 and (value < 24 if size == 1 else value < 1 << 4 * size):
            self.refuse('not-shortest', start)
        return start, major, info, value

    def item(self, depth):
        start, major, info, value = self.take_head()
        if major == 7:
            return self.simple(start, info)
        if major in (0, 1):
            if value >> 63:
                self.refuse('integer-range', start)
            return value if major == 0 else -1 - value
        if major in (2, 3):
            return self.string(start, major, value)
        if depth == DEPTH:
            self.refuse('depth', start)
        if major == 6:
            if value not in TAGS:
                self.refuse('tag', start)
            return Tag(value, self.item(depth + 1))
        if value * (1 if major == 4 else 2) > len(self.data) - self.at:
            self.refuse('count', start)
        if major == 4:
            return [self.item(depth + 1) for _ in range(value)]
        return self.map(value, depth)

    def simple(self, start, info):
        if info in (20, 21, 22):
            return {20: False, 21: True, 22: None}[info]
        self.refuse('float' if info in (25, 26, 27) else 'simple', start)
        return None

    def string(self, start, major, size):
        if size > len(self.data) - self.at:
            self.refuse('truncated', start)
        raw = self.data[self.at:self.at + size]
        self.at += size
        if major == 2:
            return raw
        try:
            text = raw.decode('utf-8')
        except UnicodeDecodeError:
            self.refuse('utf-8', start)
        if any(ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0 for c in text):
            self.refuse('control', start)
        return text

    def map(self, count, depth):
        out, last = {}, b''
        for _ in range(count):
            start = self.at
            if start < len(self.data) and self.data[start] >> 5 not in (0, 1, 3):
                self.take_head()
                self.refuse('key-type', start)
            key = self.item(depth + 1)
            raw = self.data[start:self.at]
            if raw <= last:
                self.refuse('duplicate' if raw == last else 'key-order', start)
            last = raw
            out[key] = self.item(depth + 1)
        return out


def decode_first(data, base=0):
    """(item, length) of the first strict item of `data`."""
    decoder = _Decoder(bytes(data), base)
    return decoder.item(0), decoder.at


def decode(data, base=0):
    """The one strict item that `data` is. Raises Refused."""
    if len(data) > LIMIT:
        raise Refused('too-long', base)
    item, used = decode_first(data, base)
    if used != len(data):
        raise Refused('trailing', base + used)
    return item


def sequence(data):
    """The items of a CBOR sequence (RFC 8742), each strict: (item, its bytes)."""
    out, at = [], 0
    while at < len(data):
        item, used = decode_first(data[at:], at)
        out.append((item, bytes(data[at:at + used])))
        at += used
    return out
