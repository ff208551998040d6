# SPDX-License-Identifier: Apache-2.0
"""A tiny SMP client over a serial line: console framing, COBS, group 4096 (imprint-protocol(7))."""

import base64
import binascii
import hashlib
import os
import select
import termios
import time
import tty
import zlib

import cbor2

OS_GROUP, IMPRINT_GROUP = 0, 4096
READ, WRITE = 0, 2
DESCRIBE, STAGE, APPLY, ATTEST, ENROLL, HISTORY = range(6)
FIRST, NEXT = b'\x06\x09', b'\x04\x14'
CONSOLE_RAW = 93


class Refused(Exception):
    """The device answered with an error: group 4096's reason, or SMP's rc."""

    def __init__(self, group, code):
        super().__init__(f'group {group} rc {code}')
        self.group = group
        self.code = code


class Silence(Exception):
    """No answer before the deadline."""


def packet(op, group, sequence, command, body):
    """One SMP packet, version 2."""
    data = cbor2.dumps(body)
    return (bytes([1 << 3 | op, 0]) + len(data).to_bytes(2, 'big') + group.to_bytes(2, 'big')
            + bytes([sequence, command]) + data)


def console_frames(body):
    """A packet as lines of at most 127 bytes."""
    raw = (len(body) + 2).to_bytes(2, 'big') + body + binascii.crc_hqx(body, 0).to_bytes(2, 'big')
    out = []
    for at in range(0, len(raw), CONSOLE_RAW):
        out.append((NEXT if at else FIRST) + base64.b64encode(raw[at:at + CONSOLE_RAW]) + b'\n')
    return out


def cobs_encode(data):
    out, block = bytearray(), bytearray()
    for i, byte in enumerate(data):
        if byte:
            block.append(byte)
        if not byte:
            out += bytes([len(block) + 1]) + block
            block.clear()
        elif len(block) == 254 and i + 1 < len(data):
            out += b'\xff' + block
            block.clear()
    return bytes(out + bytes([len(block) + 1]) + block)


def cobs_decode(data):
    out, at = bytearray(), 0
    while at < len(data):
        code = data[at]
        block = data[at + 1:at + code]
        if code == 0 or len(block) != code - 1:
            raise ValueError('cobs')
        out += block
        at += code
        if code < 255 and at < len(data):
            out.append(0)
    return bytes(out)


def cobs_frame(body):
    return b'\0' + cobs_encode(body + zlib.crc32(body).to_bytes(4, 'big')) + b'\0'


class ConsoleDeframer:
    """Packets out of console lines; everything else (logs, a shell) is passed over."""

    def __init__(self):
        self.buffer = b''
        self.partial = b''

    def feed(self, data):
        *lines, self.buffer = (self.buffer + data).split(b'\n')
        return [body for body in map(self.line, lines) if body]

    def line(self, line):
        first, following = line.rfind(FIRST), line.rfind(NEXT)
        if first == following:
            return None
        try:
            raw = base64.b64decode(line[max(first, following) + 2:].strip(b'\r'), validate=True)
        except binascii.Error:
            return None
        self.partial = raw if first > following else self.partial + raw
        size = int.from_bytes(self.partial[:2], 'big')
        if len(self.partial) < 2 + size:
            return None
        body, check = self.partial[2:size], self.partial[size:size + 2]
        self.partial = b''
        return body if int.from_bytes(check, 'big') == binascii.crc_hqx(body, 0) else None


class CobsDeframer:
    """Packets out of COBS blocks between zeros; what has no good CRC is passed over."""

    def __init__(self):
        self.buffer = b''

    def feed(self, data):
        *blocks, self.buffer = (self.buffer + data).split(b'\0')
        return [body for body in map(self.block, blocks) if body]

    @staticmethod
    def block(block):
        try:
            raw = cobs_decode(block)
        except ValueError:
            return None
        if len(raw) < 12 or zlib.crc32(raw[:-4]) != int.from_bytes(raw[-4:], 'big'):
            return None
        return raw[:-4]


class Client:
    """One conversation with the device at a path. framing is 'console' or 'cobs'."""

    def __init__(self, path, framing='console', timeout=5.0):
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd, termios.TCSANOW)
        self.framing = framing
        self.timeout = timeout
        self.deframer = CobsDeframer() if framing == 'cobs' else ConsoleDeframer()
        self.sequence = 0

    def close(self):
        os.close(self.fd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, body):
        wire = cobs_frame(body) if self.framing == 'cobs' else b''.join(console_frames(body))
        while wire:
            select.select([], [self.fd], [], self.timeout)
            try:
                wire = wire[os.write(self.fd, wire):]
            except BlockingIOError:
                continue

    def receive(self, deadline):
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise Silence
            try:
                data = os.read(self.fd, 65536)
            except BlockingIOError:
                continue
            found = self.deframer.feed(data)
            if found:
                return found

    def request(self, op, group, command, body):
        """The response map of one request; Refused when it is an error."""
        self.sequence = (self.sequence + 1) % 256
        self.send(packet(op, group, self.sequence, command, body))
        deadline = time.monotonic() + self.timeout
        while True:
            for answer in self.receive(deadline):
                if (answer[0] & 7, answer[4:6], answer[6], answer[7]) == (
                        op + 1, group.to_bytes(2, 'big'), self.sequence, command):
                    return self.unpack(answer)

    @staticmethod
    def unpack(answer):
        if int.from_bytes(answer[2:4], 'big') != len(answer) - 8:
            raise ValueError('smp length')
        body = cbor2.loads(answer[8:])
        if 'err' in body:
            raise Refused(body['err']['group'], body['err']['rc'])
        if 'rc' in body:
            raise Refused(None, body['rc'])
        return body

    def describe(self):
        return self.request(READ, IMPRINT_GROUP, DESCRIBE, {})

    def enroll(self, nonce=None, **by):
        """`by`: a challenge and r, in place of the nonce."""
        return self.request(WRITE, IMPRINT_GROUP, ENROLL, {**by, **({'nonce': nonce} if nonce else {})})['card']

    def attest(self, nonce=None, **by):
        return self.request(WRITE, IMPRINT_GROUP, ATTEST, {**by, **({'nonce': nonce} if nonce else {})})['evidence']

    def history(self, skip=0, **by):
        return self.request(READ, IMPRINT_GROUP, HISTORY, {'from': skip, **by})

    def push(self, data, nonce, chunk=1024):
        """Stage an object in chunks; the last carries the nonce and applies it."""
        sha, at, answer = hashlib.sha256(data).digest(), 0, {}
        while at < len(data) or not answer:
            part = data[at:at + chunk]
            body = {'off': at, 'data': part}
            if at == 0:
                body.update(len=len(data), sha=sha)
            if at + len(part) == len(data):
                body['nonce'] = nonce
            answer = self.request(WRITE, IMPRINT_GROUP, STAGE, body)
            if 'evidence' in answer or answer.get('again'):
                return answer
            at = answer['off']
        return answer
