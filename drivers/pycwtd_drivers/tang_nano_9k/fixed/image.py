"""The configuration as the chip's memory has it: addresses and 32-bit words.

The addresses are those of ``fpga_gateware/rtl/config_pkg.sv``; ``fpga_gateware/README.md`` has the
table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd_drivers.tang_nano_9k.fixed.limits import RING

if TYPE_CHECKING:
    from pycwtd_drivers.tang_nano_9k.fixed.configuration import Configuration

#: Where each memory begins.
REGISTERS, GROUPS, WINDOWS_OF, OUTSIDE, INNER, WEIGHTS, WINDOWS, TAPS = (
    0x0000,
    0x1000,
    0x2000,
    0x3000,
    0x3400,
    0x4000,
    0x5000,
    0x8000,
)
#: From one lane's taps to the next one's.
LANE_STRIDE = 0x800


def mean_shift(length: int) -> int:
    """Digits that the sum of a series drops before it is multiplied by the reciprocal."""
    return length.bit_length() - 1


def reciprocal(length: int) -> int:
    """2^(16 + shift) over the length."""
    shift = 16 + mean_shift(length)
    return ((1 << shift) + length // 2) // length


def image(configuration: Configuration) -> tuple[tuple[int, int], ...]:
    """All words of a configuration, by address."""
    groups, taps = _filters(configuration)
    found = dict(enumerate(_registers(configuration)))
    found |= {GROUPS + i: word for i, word in enumerate(groups)}
    at = 0
    for i, scale in enumerate(configuration.scales):
        found[WINDOWS_OF + i] = (len(scale.window) - 1) << 9 | at
        for weight in scale.window:
            found[WINDOWS + at] = weight & 0x3FFFF
            at += 1
    for i, one in enumerate(configuration.counted):
        found[OUTSIDE + i] = one.near.row << 20 | one.outside[1] << 10 | one.outside[0]
        found[INNER + i] = one.beyond.row << 20 | one.inner[1] << 10 | one.inner[0]
    found |= {WEIGHTS + i: weight for i, weight in enumerate(configuration.weights)}
    return tuple(sorted((found | taps).items()))


def _registers(c: Configuration) -> list[int]:
    period = (c.places + c.gap) * c.step
    first, last = c.used
    start = (c.offset + (first - c.half) * c.step) % period
    return [
        c.length,
        c.part.stream,
        *(value & 0x3FFFF for value in (*c.lags, *c.first_gains, *c.gains)),
        mean_shift(c.length),
        reciprocal(c.length),
        start,
        period,
        c.offset + (c.places - 1) * c.step,
        c.step,
        last - first + 2 * c.half,
        -(-len(c.scales) // c.lanes) - 1,
        len(c.scales) - 1,
        c.half,
        ring_depth(len(c.scales)),
        c.shift,
        first,
        len(c.counted) - 1,
        (c.own - len(c.weights) // 2) & 0x7F,
        len(c.weights) - 1,
    ]


def _filters(c: Configuration) -> tuple[list[int], dict[int, int]]:
    """The table of groups of lanes, and the taps of every lane."""
    groups: list[int] = []
    taps: dict[int, int] = {}
    at = 0
    for first in range(0, len(c.scales), c.lanes):
        rows = c.scales[first : first + c.lanes]
        longest = max(len(row.real) for row in rows)
        groups.append((longest - 1) << 10 | at)
        for lane in range(c.lanes):
            row = rows[lane] if lane < len(rows) else None
            for k in range(longest):
                inside = row is not None and k < len(row.real)
                real, imag = (row.real[k], row.imag[k]) if row and inside else (0, 0)
                address = TAPS + lane * LANE_STRIDE + at + k
                taps[address] = (imag & 0xFFFF) << 16 | real & 0xFFFF
        at += longest
    return groups, taps


def tap_words(lengths: list[int], lanes: int) -> int:
    """Words of a lane's memory that filters of such lengths take."""
    return sum(max(lengths[i : i + lanes]) for i in range(0, len(lengths), lanes))


def ring_depth(scales: int) -> int:
    """Places of a scale that the ring holds."""
    return min(64, RING // scales)
