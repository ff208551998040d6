# SPDX-License-Identifier: Apache-2.0
"""Write cases.json: bytes that the strict reader must refuse, with the rule and the offset, each written by hand.

Two lists: `forbidden` are well-formed CBOR outside imprint's strict form, `malformed` are not well-formed at all
(RFC 8949 3, appendix F), `accepted` is what must pass. `zeros` counts bytes of 0 after `hex`.
"""

import json
import pathlib

# What stands before an item, where it changes nothing but the offset: (name, prefix, suffix).
PLACES = (('alone', '', ''), ('in an array', '8201', ''), ('a map value', 'a107', ''), ('tagged', 'd2', ''),
          ('deep', 'd8628281a10a', '00'))


def placed(cases):
    """Each case alone; every third one in another place, too."""
    out = []
    for number, (rule, name, text, offset) in enumerate(cases):
        out.append((rule, name, text, offset))
        if number % 3 == 0:
            where, before, after = PLACES[1 + number // 3 % 4]
            out.append((rule, f'{name}, {where}', before + text + after, offset + len(before) // 2))
    return out


def not_shortest():
    for major, name in enumerate(('unsigned', 'negative', 'bytes', 'text', 'array', 'map', 'tag')):
        small = {6: 18}.get(major, 0)
        body = {6: '00'}.get(major, '')
        for info, width in ((24, 1), (25, 2), (26, 4), (27, 8)):
            yield 'not-shortest', f'{name} in {width} bytes', f'{major << 5 | info:02x}{small:0{width * 2}x}{body}', 0
    for text, name in (('1817', '23'), ('1900ff', '255'), ('1a0000ffff', '65535'), ('1b00000000ffffffff', '2^32-1'),
                       ('3817', '-24'), ('3900ff', '-256'), ('3a0000ffff', '-65536'), ('3b00000000ffffffff', '-2^32')):
        yield 'not-shortest', name, text, 0
    yield 'not-shortest', 'text of 1 in 1 byte', '780161', 0
    yield 'not-shortest', 'bytes of 23 in 1 byte', '5817' + '00' * 23, 0
    yield 'not-shortest', 'tag 98 in 2 bytes', 'd9006200', 0
    yield 'not-shortest', 'a key', 'a1180100', 1
    yield 'not-shortest', 'a second key equal to the first', 'a20100180100', 3


def floats_and_simples():
    for text, name in (('f90000', '0.0'), ('f93c00', '1.0'), ('f97c00', 'infinity'), ('f97e00', 'nan'), ('f98000', '-0.0'),
                       ('f90001', 'the smallest half'), ('fa47c35000', '100000.0'), ('fa7fc00000', 'nan in 4'),
                       ('fb3ff199999999999a', '1.1'), ('fb7ff8000000000000', 'nan in 8'), ('fbfff0000000000000', '-infinity')):
        yield 'float', name, text, 0
    for text, name in (('f7', 'undefined'), ('e0', 'simple 0'), ('e1', 'simple 1'), ('f0', 'simple 16'), ('f3', 'simple 19'),
                       ('f820', 'simple 32'), ('f880', 'simple 128'), ('f8ff', 'simple 255')):
        yield 'simple', name, text, 0


def indefinite():
    for text, name in (('5fff', 'bytes, empty'), ('5f4100ff', 'bytes'), ('5f41004101ff', 'bytes, two chunks'),
                       ('7fff', 'text, empty'), ('7f6161ff', 'text'), ('9fff', 'array, empty'), ('9f01ff', 'array'),
                       ('bfff', 'map, empty'), ('bf0102ff', 'map'), ('9f9fffff', 'nested'),
                       ('7f61c361a9ff', 'text, a character over two chunks')):
        yield 'indefinite', name, text, 0


def tags():
    for number, text in ((0, 'c0'), (1, 'c1'), (2, 'c2'), (3, 'c3'), (4, 'c4'), (5, 'c5'), (15, 'cf'), (19, 'd3'), (20, 'd4'),
                         (23, 'd7'), (24, 'd818'), (32, 'd820'), (60, 'd83c'), (62, 'd83e'), (95, 'd85f'), (99, 'd863'),
                         (107, 'd86b'), (55799, 'd9d9f7'), (998, 'd903e6'), (2 ** 32 - 1, 'daffffffff'),
                         (2 ** 64 - 1, 'db' + 'ff' * 8)):
        yield 'tag', f'tag {number}', text + '00', 0
    yield 'tag', 'inside an allowed one', 'd2c200', 1


def ranges():
    for text, name in (('1b8000000000000000', '2^63'), ('1bffffffffffffffff', '2^64-1'),
                       ('3b8000000000000000', '-2^63-1'), ('3bffffffffffffffff', '-2^64')):
        yield 'integer-range', name, text, 0
    yield 'integer-range', 'a key', 'a11b800000000000000000', 1


def maps():
    for text, name, offset in (
            ('a202000100', '2 1', 3), ('a220000100', '-1 1', 3), ('a2616100613000', 'a 0', 4), ('a262616100616200', 'aa b', 5),
            ('a26161000100', 'a text before a number', 4),
            ('a21818001700', '24 23', 4), ('a221002000', '-2 -1', 3), ('a3010003000200', '1 3 2', 5),
            ('a239010000' '2000', '-257 -1', 5), ('a219010000' '181800', '256 24', 5), ('a220001903e800', '-1 1000', 3)):
        yield 'key-order', name, text, offset
    for text, name, offset in (('a201000100', '1 1', 3), ('a220002000', '-1 -1', 3), ('a2616100616100', 'a a', 4),
                               ('a260006000', 'empty texts', 3), ('a3010002000200', '1 2 2', 5)):
        yield 'duplicate', name, text, offset
    for text, name in (('a14000', 'bytes'), ('a1410000', 'bytes of 1'), ('a18000', 'array'), ('a1a000', 'map'),
                       ('a1d20000', 'tagged'), ('a1f400', 'false'), ('a1f500', 'true'), ('a1f600', 'null')):
        yield 'key-type', name, text, 1


def texts():
    for number in (0, 1, 7, 9, 10, 13, 27, 31, 127):
        yield 'control', f'U+{number:04X}', f'61{number:02x}', 0
    for number in (0x80, 0x85, 0x9b, 0x9f):
        yield 'control', f'U+{number:04X}', f'62c2{number:02x}', 0
    yield 'control', 'at the end', '63616209', 0
    yield 'control', 'in a key', 'a1610000', 1


def deep():
    yield 'depth', '17 arrays', '81' * 16 + '80', 16
    yield 'depth', '17 arrays with an item', '81' * 17 + '00', 16
    yield 'depth', '17 maps', 'a101' * 16 + 'a0', 32
    yield 'depth', '17 tags', 'd2' * 17 + '00', 16
    yield 'depth', 'mixed', 'd281a101' * 5 + '8180', 21
    yield 'depth', '2048 arrays', '81' * 2047 + '80', 16
    yield 'depth', 'in the second item', '8200' + '81' * 15 + '80', 17


def rest():
    for text, name, offset in (('0000', 'two items', 1), ('8000', 'a byte after an array', 1), ('a0a0', 'two maps', 1),
                               ('4000', 'a byte after bytes', 1), ('f6f6', 'two nulls', 1), ('d20001', 'after a tag', 2)):
        yield 'trailing', name, text, offset
    yield 'too-long', '65537 bytes', '59fffe' + '00' * 65534, 0


def truncated():
    for text, name in (('', 'nothing'), ('18', 'u8'), ('19', 'u16'), ('1900', 'u16 of one byte'), ('1a', 'u32'),
                       ('1a000000', 'u32 of three'), ('1b', 'u64'), ('1b00000000000000', 'u64 of seven'), ('38', 'n8'),
                       ('39', 'n16'), ('3a', 'n32'), ('3b', 'n64'), ('58', 'bytes length'), ('59', 'bytes length 2'),
                       ('5a', 'bytes length 4'), ('5b', 'bytes length 8'), ('78', 'text length'), ('79', 'text length 2'),
                       ('7a', 'text length 4'), ('7b', 'text length 8'), ('98', 'array count'), ('99', 'array count 2'),
                       ('9a', 'array count 4'), ('9b', 'array count 8'), ('b8', 'map count'), ('b9', 'map count 2'),
                       ('ba', 'map count 4'), ('bb', 'map count 8'), ('d8', 'tag number'), ('d9', 'tag number 2'),
                       ('da', 'tag number 4'), ('db', 'tag number 8'), ('41', 'bytes'), ('4401', 'bytes of 4'),
                       ('5818' + '00' * 23, 'bytes of 24'), ('61', 'text'), ('7818' + '61' * 23, 'text of 24'),
                       ('f8', 'simple'), ('f9', 'half'), ('f900', 'half of one'), ('fa000000', 'single of three'),
                       ('fb00000000000000', 'double of seven'), ('5affffffff', 'bytes of 2^32-1'),
                       ('7bffffffffffffffff', 'text of 2^64-1'), ('5b8000000000000000', 'bytes of 2^63')):
        yield 'truncated', name, text, 0
    for text, name, offset in (('d2', 'a tag without an item', 1), ('820118', 'the second item', 2),
                               ('a10118', 'a value', 2), ('8161', 'text inside', 1)):
        yield 'truncated', name, text, offset


def counts():
    for text, name, offset in (('81', 'array of 1', 0), ('8201', 'array of 2', 0), ('a1', 'map of 1', 0), ('a101', 'a key only', 0),
                               ('a2010203', 'a key without a value', 0), ('9affffffff', 'array of 2^32-1', 0),
                               ('9a08000000', 'array of 2^27', 0), ('99ffff' * 8, 'arrays in arrays', 0),
                               ('9b' + 'ff' * 8, 'array of 2^64-1', 0), ('bb8000000000000000', 'map of 2^63', 0),
                               ('ba0fffffff', 'map of 2^28', 0), ('bb7fffffffffffffff', 'map of 2^63-1', 0),
                               ('98ff' + '00' * 254, 'array of 255 with 254', 0),
                               ('8181', 'the inner array', 1), ('8281a100', 'a map inside', 2),
                               ('bb4000000000000001', 'map whose double wraps', 0)):
        yield 'count', name, text, offset


def reserved():
    for major in range(8):
        for info in (28, 29, 30):
            yield 'reserved', f'major {major} info {info}', f'{major << 5 | info:02x}', 0
    for text, name in (('1f', 'unsigned'), ('3f', 'negative'), ('df', 'tag')):
        yield 'indefinite-integer', name, text, 0
    yield 'break', 'alone', 'ff', 0
    yield 'break', 'in an array', '81ff', 1
    yield 'break', 'as a value', 'a101ff', 2
    yield 'break', 'under a tag', 'd2ff', 1
    for number in (0, 19, 20, 22, 24, 31):
        yield 'simple', f'simple {number} in two bytes', f'f8{number:02x}', 0


def broken_texts():
    for text, name in (('80', 'lone continuation'), ('bf', 'lone continuation'), ('c0', 'c0'), ('c1', 'c1'), ('c3', 'cut after 1 of 2'),
                       ('e2', 'cut after 1 of 3'), ('e282', 'cut after 2 of 3'), ('f09f98', 'cut after 3 of 4'),
                       ('c080', 'overlong NUL'), ('c1bf', 'overlong U+007F'), ('e08080', 'overlong in 3'), ('e09fbf', 'overlong U+07FF'),
                       ('f0808080', 'overlong in 4'), ('f08fbfbf', 'overlong U+FFFF'), ('eda080', 'U+D800'), ('edafbf', 'U+DBFF'),
                       ('edb080', 'U+DC00'), ('edbfbf', 'U+DFFF'), ('f4908080', 'U+110000'), ('f5808080', 'f5'), ('f8888080', 'f8'),
                       ('fc84808080', 'fc'), ('fe', 'fe'), ('ff', 'ff'), ('c328', 'bad second'), ('e28228', 'bad third'),
                       ('f0288cbc', 'bad second of 4'), ('6180', 'after a letter'), ('eda080edb080', 'a surrogate pair')):
        yield 'utf-8', name, f'{0x60 + len(text) // 2:02x}{text}', 0


def accepted():
    for text, name in (('00', '0'), ('17', '23'), ('1818', '24'), ('1b7fffffffffffffff', '2^63-1'), ('3b7fffffffffffffff', '-2^63'),
                       ('40', 'no bytes'), ('60', 'no text'), ('80', 'empty array'), ('a0', 'empty map'), ('f4', 'false'),
                       ('f5', 'true'), ('f6', 'null'), ('62c3a9', 'e acute'), ('62c2a0', 'U+00A0'), ('64f09f9880', 'emoji'),
                       ('64f48fbfbf', 'U+10FFFF'), ('63efbfbf', 'U+FFFF'), ('a301002000616100', '1 -1 a'),
                       ('a20a00186400', '10 100'), ('a4190100001a00010000002000616100', 'keys of all widths'),
                       ('d28443a10126a0410040', 'a Sign1'), ('d08340a040', 'tag 16'), ('d100', 'tag 17'), ('d83d00', 'tag 61'),
                       ('d86000', 'tag 96'), ('d86100', 'tag 97'), ('d86200', 'tag 98'), ('81' * 15 + '80', '16 arrays'),
                       ('81' * 16 + '00', '16 arrays and an item'), ('d2' * 16 + '00', '16 tags'),
                       ('a101' * 15 + 'a0', '16 maps'), ('59fffd' + '00' * 65533, '65536 bytes')):
        yield name, text


def bytes_of(text):
    """The bytes as hex, a long tail of zeros as its length."""
    short = text.rstrip('0')
    zeros = (len(text) - len(short)) // 2
    return {'hex': text[:-2 * zeros], 'zeros': zeros} if zeros > 300 else {'hex': text}


def case(rule, name, text, offset):
    return {'name': name, 'rule': rule, 'offset': offset, **bytes_of(text)}


def main():
    forbidden = placed([*not_shortest(), *floats_and_simples(), *indefinite(), *tags(), *ranges(), *maps(), *texts()])
    forbidden += [*deep(), *rest()]
    broken = placed([*reserved(), *broken_texts()]) + [*truncated(), *counts()]
    lists = {'forbidden': [case(*c) for c in forbidden], 'malformed': [case(*c) for c in broken],
             'accepted': [{'name': n, **bytes_of(t)} for n, t in accepted()]}
    text = ',\n'.join(f'"{k}": [\n' + ',\n'.join(map(json.dumps, v)) + '\n]' for k, v in lists.items())
    (pathlib.Path(__file__).parent / 'cases.json').write_text('{\n' + text + '\n}\n')


if __name__ == '__main__':
    main()
