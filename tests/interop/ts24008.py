# SPDX-License-Identifier: Apache-2.0
"""Timers and eDRX on the air, from the tables of 3GPP TS 24.008 alone: what an octet means."""

DECIHOUR, HOUR = 360, 3600
# 10.5.7.4, GPRS timer 2 (T3324), and 10.5.7.4a, GPRS timer 3 (T3412 extended): seconds a unit, by bits 8 to 6.
T3324 = {0b000: 2, 0b001: 60, 0b010: DECIHOUR}
T3412 = {0b000: 600, 0b001: HOUR, 0b010: 10 * HOUR, 0b011: 2, 0b100: 30, 0b101: 60, 0b110: 320 * HOUR}
# 10.5.5.32: hundredths of a second. WB-S1 mode has no cycles above 43 minutes; NB-S1 mode has some of the others only, and windows
# twice as long.
CYCLES = dict(enumerate((512, 1024, 2048, 4096, 6144, 8192, 10240, 12288, 14336, 16384, 32768, 65536, 131072, 262144, 524288, 1048576)))
WB_CYCLES = {value: CYCLES[value] for value in range(0b1110)}
NB_CYCLES = {value: CYCLES[value] for value in (0b0010, 0b0011, 0b0101, 0b1001, 0b1010, 0b1011, 0b1100, 0b1101, 0b1110, 0b1111)}
EDRX = {'edrx-wb': (WB_CYCLES, 128), 'edrx-nb': (NB_CYCLES, 256)}


def timer(units, octet):
    """Seconds; None: deactivated, or a unit that nobody sends."""
    unit = units.get(octet >> 5)
    return unit and unit * (octet & 31)


def timers(units):
    """{seconds: octets that say so}."""
    said = {}
    for octet in range(256):
        seconds = timer(units, octet)
        if seconds is not None:
            said.setdefault(seconds, []).append(octet)
    return said


def edrx(kind, octet):
    """(cycle, window) in hundredths of a second; None: a cycle that this mode does not have."""
    cycles, window = EDRX[kind]
    cycle = cycles.get(octet & 15)
    return cycle and (cycle, window * ((octet >> 4) + 1))


def duration(hundredths):
    """As a profile writes it."""
    return f'{hundredths // 100}.{hundredths % 100:02}s'
