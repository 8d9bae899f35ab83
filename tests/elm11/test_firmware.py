"""Each file of the firmware, in Lua with 64-bit and with 32-bit integers."""

from __future__ import annotations

import math
import zlib

import numpy as np
import pytest

import elm11_model as model
from pycwt_mod.monte_carlo.reference import realisation_coherence
from pycwt_mod.monte_carlo.run import coherence_task
from pycwt_mod.monte_carlo.streams import noise_pair
from pycwt_mod.transform import transform
from pycwt_mod.wavelets import wavelet_of
from pycwtd_drivers.elm11.blocks import DIGITS, read_bins, write_numbers
from pycwtd_drivers.elm11.board import TABLES
from pycwtd_drivers.elm11.firmware import FILES, MAX_NAME, MAX_PROGRAM, firmware, source
from pycwtd_drivers.elm11.plan import plan

SEED = (5 << 40) + 3


def checksum(text):
    """CRC-32 in six digits of base 64, by way of octal digits."""
    octal = f"{zlib.crc32(text.encode()):012o}"
    return "".join(DIGITS[int(octal[i : i + 2], 8)] for i in range(0, 12, 2))


def numbers(lines):
    return np.array([[int(v) for v in line.split()] for line in lines], dtype=np.int64)


def array(name, values, start=1):
    return (
        f"{name} = {{}} local i_ = {start} for v in string.gmatch([[{' '.join(map(str, values))}]]"
        f', "%S+") do {name}[i_] = tonumber(v) // 1 i_ = i_ + 1 end '
    )


# -- noise ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [  # Random123's kat_vectors: threefry 2x32, 20 rounds
        ((0, 0), (0, 0), "6b200159 99ba4efe"),
        ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), "1cb996fc bb002be7"),
        ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), "c4923a9c 483df7a0"),
    ],
)
def test_threefry_gives_the_published_words(lua, counter, key, expected):
    words = ",".join(f"0x{w:08x}" for w in (*key, *counter))
    assert lua.run(f'print(string.format("%08x %08x", pycwt.threefry({words})))') == [expected]


@pytest.mark.parametrize(
    ("a", "stream", "number"), [((0.5, 0.2), 0, 0), ((0.99, -0.8), 3, 2**32 - 1)]
)
def test_the_series_are_those_of_the_reference(lua, a, stream, number):
    task = coherence_task(*a, 1, 0.25, 2, 8, estimator="full", n=300)
    (series,) = plan(task)
    key = (SEED & 0xFFFFFFFF, SEED >> 32)
    lags = (*series.lags, *series.innovations)
    found = numbers(
        lua.run(
            f"local x, y = pycwt.series(300, 5, {key[0]:#x}, {key[1]:#x}, {number:#x}, {stream},"
            f"{','.join(map(str, lags))}) for i = 1, #x do print(x[i] .. ' ' .. y[i]) end"
        )
    )
    assert not found[:5].any()
    assert not found[-5:].any()
    exact = noise_pair(SEED, number, 300, a, stream)
    for i in range(2):
        unit = 4000 * math.sqrt(1 - a[i] ** 2)
        # Rounded to whole numbers in every step, by tables that are right to 1e-4.
        error = found[5:-5, i] - unit * exact[i]
        assert np.abs(error).max() < 0.004 * 4000


def test_the_series_are_the_models_to_the_bit(lua):
    task = coherence_task(0.9, -0.3, 1, 0.25, 2, 2, estimator="full", n=1000)
    (series,) = plan(task)
    key = (SEED & 0xFFFFFFFF, SEED >> 32)
    lags = (*series.lags, *series.innovations)
    found = numbers(
        lua.run(
            f"local x, y = pycwt.series(1000, 0, {key[0]:#x}, {key[1]:#x}, 7, 0,"
            f"{','.join(map(str, lags))}) for i = 1, #x do print(x[i] .. ' ' .. y[i]) end"
        )
    )
    np.testing.assert_array_equal(found.T, model.noise(series, SEED, 7))


def test_extreme_words_have_normal_numbers(lua):
    edges = [0, 1, 2, 15, 16, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1]
    words = [(a, b) for a in edges for b in edges]
    code = "".join(f"print(pycwt.normals(0x{a:08x}, 0x{b:08x}))\n" for a, b in words)
    found = numbers(lua.run(code)) / 4096
    for (a, b), pair in zip(words, found, strict=True):
        # The smallest and the largest words are told apart to 28 binary digits.
        u = (min(max(a, 8), 2**32 - 9) + 0.5) * 2.0**-32
        radius, angle = math.sqrt(-2 * math.log(u)), 2 * math.pi * b * 2.0**-32
        exact = (radius * math.cos(angle), radius * math.sin(angle))
        assert pair == pytest.approx(exact, abs=0.15 if min(a, 2**32 - 1 - a) < 16 else 6e-3)


def test_no_table_hangs_on_the_last_digit_of_a_logarithm():
    j = np.arange(449)
    e, seg = -(-j // 16), -j % 16
    u = 2.0**-e * (1 + seg / 16) / 2
    exact = [
        4096 * np.sqrt(-2 * np.log(u)),
        4096 * np.sqrt(-2 * np.log1p(-u)),
        # A quarter of the turn has all the values; at its ends and middle they are whole or exact.
        16384 * np.cos(2 * np.pi * np.arange(1, 128) / 512),
    ]
    for values in exact:
        assert np.abs(values % 1 - 0.5).min() > 1e-10


def test_the_tables_checksum_is_the_one_that_the_driver_knows(lua):
    text = " ".join(str(v) for table in model.tables() for v in table)
    assert checksum(text) == TABLES
    (line,) = lua.run('pw("5 H "..pycwt.crc("5 H"))')
    assert line.split()[3] == TABLES


# -- transform, smoothing ------------------------------------------------------------------


def test_coefficients_are_those_of_the_transform(lua):
    """In the interior, to the rounding of taps and coefficients, of the reference's own."""
    task = coherence_task(0.5, 0.5, 1, 0.25, 4, 8, estimator="full", n=256)
    (series,) = plan(task)
    x, y = model.noise(series, SEED, 1)
    group = series.groups[1]
    row = 2
    half = len(group.rows[row].taps) // 2
    code = (
        array("x", [0] * half + x.tolist() + [0] * half)
        + array("y", [0] * half + y.tolist() + [0] * half)
        + array("taps", group.rows[row].taps)
        + "out = {{}, {}, {}, {}} "
        + f"pycwt.coefficients(x, y, taps, {half + 1 + group.offset}, {group.step}, 0, "
        + f"{group.points - 1}, {group.shifts[0]}, {group.shifts[1]}, out) "
        + f"for i = 0, {group.points - 1} do "
        + 'print(table.concat({out[1][i], out[2][i], out[3][i], out[4][i]}, " ")) end'
    )
    found = numbers(lua.run(code)).T
    scale = task.scales[series.part.own[0] + group.row - group.own + row]
    at = group.offset + group.step * np.arange(group.points)
    inside = (at > 3 * scale) & (at < 256 - 3 * scale)
    for signal, (re, im) in ((x, found[:2]), (y, found[2:])):
        (exact,) = transform(
            signal.astype(float), np.array([scale]), wavelet_of("morlet", 6.0, 0.0)
        )
        exact = exact[at][inside]
        ours = (re + 1j * im)[inside]
        # The board's wavelet is the conjugate, and has another size.
        factor = (ours.conj() @ exact.conj()).conj() / (exact @ exact.conj())
        error = np.abs(ours.conj() - factor.conj() * exact)
        error = np.minimum(error, np.abs(ours - factor * exact))
        assert error.max() < 4e-3 * np.abs(ours).max() + 1.5


def test_windows_pass_over_products(lua):
    rng = np.random.default_rng(3)
    values = rng.integers(-(2**20) + 1, 2**20, (4, 40))
    window = [300, 200, 120, 60, 20]
    code = "w, out = {{}, {}, {}, {}}, {{}, {}, {}, {}} "
    code += "".join(array(f"w[{n + 1}]", values[n], 0) for n in range(4)) + array("window", window)
    code += "pycwt.smooth(w, window, 0, 39, 0, 39, out) for n = 1, 4 do "
    code += "print(out[n][0] .. ' ' .. table.concat(out[n], ' ')) end"
    found = numbers(lua.run(code))
    full = np.array(window[:0:-1] + window)
    for n in range(4):
        np.testing.assert_array_equal(found[n], np.convolve(values[n], full)[4:-4] // 256)


# -- coherence -----------------------------------------------------------------------------


def call(seq, *words):
    text = " ".join((str(seq), *map(str, words)))
    return f'pw"{text} {checksum(text)}" '


def board_bins(lua, task, series_at, number):
    """All bins of a series, group by group, through the protocol."""
    from pycwtd_drivers.elm11.blocks import Blocks

    work = plan(task)
    blocks = Blocks(work, task.bins)
    code = call(1, "F")
    code += "".join(call(2, "B", i, 0, len(t), t) for i, t in enumerate(blocks.texts))
    series = work[series_at]
    for n, block in enumerate(blocks.groups[series_at]):
        where = (f"{SEED & 0xFFFFFFFF:x}", f"{SEED >> 32:x}", series.part.stream)
        code += call(10 + n, "R", n, 48, block, *where, f"{number:x}")
    found = [[[] for _ in group.counted] for group in series.groups]
    for line in lua.run(code):
        body, _, code = line[1:].rpartition(" *")
        assert checksum(body) == code
        tag, seq, *rest = body.split()
        assert tag in "kre", line
        if tag == "r":
            row = found[int(seq) - 10][int(rest[0])]
            assert int(rest[1]) == len(row)
            row += read_bins(rest[2])
    return series, found


CASES = [
    # α, dj, s0, J, estimator; which series of the plan
    (((0.5, 0.2), 0.25, 2, 12, "full"), 0),
    (((0.99, -0.6), 1 / 12, 3, 24, "cascade"), 1),
    (((0.0, 0.9), 0.5, 2, 10, "cascade"), 3),
    (((0.3, 0.3), 1.0, 4, 2, "full"), 0),
]


@pytest.mark.parametrize(("case", "series_at"), CASES)
def test_bins_are_the_models_and_the_references(lua, case, series_at):
    a, dj, s0, J, estimator = case
    task = coherence_task(*a, 1, dj, s0, J, estimator=estimator)
    series, found = board_bins(lua, task, series_at, 11)
    x, y = model.noise(series, SEED, 11)
    part = series.part
    exact = realisation_coherence(part.task, SEED, 11, part.stream)
    for group, rows in zip(series.groups, found, strict=True):
        expected = model.coherence_bins(group, x, y, task.bins)
        for j, (row, (bins, _)) in enumerate(zip(rows, expected, strict=True)):
            low, high = group.counted[j].outside
            np.testing.assert_array_equal(row, bins[low : high + 1])
            at = part.own[0] + group.row - part.row + j
            points = group.offset + group.step * np.arange(low, high + 1)
            error = (np.array(row) + 0.5) / task.bins - exact[at, points]
            # Below 3.5 samples the filter is a shortened one.
            assert np.sqrt((error**2).mean()) < (0.006 if part.task.scales[at] > 3.5 else 0.12)


# -- lines ---------------------------------------------------------------------------------


def test_numbers_and_bins_are_read_as_they_were_written(lua):
    values = [0, 1, -1, 65535, -65536, 131071, -131072]
    out = lua.run(f'print(table.concat(pycwt.read_numbers("{write_numbers(values)}"), " "))')
    assert [int(v) for v in out[0].split()] == values
    bins = list(range(0, 4096, 13))
    (line,) = lua.run(array("b", bins) + "print(pycwt.write_bins(b))")
    assert read_bins(line) == bins


@pytest.mark.parametrize("text", ["", "a", "123456789", DIGITS * 4])
def test_checksums_are_those_of_everybody(lua, text):
    assert lua.run(f'print(pycwt.crc("{text}"))') == [checksum(text)]


@pytest.mark.parametrize(
    "line",
    [
        'pw"1 H AAAAAA"',
        'pw""',
        'pw"7 AAAAAA"',
        'pw"1 H"',
        call(3, "X"),
        call(4, "R", 1, 8, 9, 0, 0, 0, 0),
        call(5, "L", 1, 8, 0, 0, 9),
    ],
)
def test_what_isnt_a_call_is_refused(lua, line):
    (out,) = lua.run(line)
    assert out.startswith("@n ")


def test_pieces_come_in_order_and_twice_is_once(lua):
    text = write_numbers(range(20))
    whole = len(text)
    starts = [0, 0, 20, 20, 50, 40, 40]
    ends = [20, 20, 40, 45, 60, 60, 60]
    code = "".join(
        call(n, "B", 3, a, whole, text[a:b])
        for n, (a, b) in enumerate(zip(starts, ends, strict=True))
    )
    have = [int(line.split()[3]) for line in lua.run(code)]
    assert have == [20, 20, 40, 40, 40, 60, 60]
    # Another block begins anew, also in the middle of one.
    other = call(1, "B", 4, 0, whole, text[:20]) + call(2, "B", 5, 20, whole, text[20:])
    assert [line.split()[2:4] for line in lua.run(other)] == [["4", "20"], ["5", "0"]]


def test_an_answer_can_be_asked_for_again(lua):
    from pycwtd_drivers.elm11.blocks import Blocks

    task = coherence_task(0.5, 0.2, 1, 0.25, 2, 8, estimator="full")
    work = plan(task)
    blocks = Blocks(work, task.bins)
    code = "".join(call(2, "B", i, 0, len(t), t) for i, t in enumerate(blocks.texts))
    run = (blocks.groups[0][0], 5, 0, 0, "3")
    code += call(10, "R", 7, 96, *run) + call(11, "R", 7, 8, *run)
    code += call(12, "L", 7, 16, 1, 5, 45) + call(13, "L", 8, 16, 1, 5, 45)
    found = {seq: [] for seq in ["10", "11", "12", "13"]}
    for line in lua.run(code):
        tag, seq, *rest = line[1:].rpartition(" *")[0].split()
        if seq in found:
            found[seq].append((tag, *rest))
    whole, short = (
        {
            row: "".join(one[3] for one in found[seq] if one[:2] == ("r", row))
            for row in dict.fromkeys(one[1] for one in found[seq][:-1])
        }
        for seq in ("10", "11")
    )
    assert whole == short
    assert found["10"][-1] == found["11"][-1]
    assert max(len(one[3]) for one in found["11"] if one[0] == "r") == 16
    lines = found["12"]
    assert [int(one[2]) for one in lines[:-1]] == [5, 21, 37]
    assert "".join(one[3] for one in lines[:-1]) == whole["1"][10:90]
    assert lines[-1] == ("e", "40")
    assert found["13"] == [("n", "key")]


# -- the program ---------------------------------------------------------------------------


def test_the_program_fits_into_the_board():
    program = firmware()
    assert len(program.text) < MAX_PROGRAM
    assert len(program.name) <= MAX_NAME
    assert all(len(source(name)) < 6000 for name in FILES)


def test_a_damaged_program_does_nothing(lua):
    text = firmware().text
    damaged = text.replace("16384", "16385", 1)
    code = "pycwt = nil assert(load([===[{}]===]))() print(pycwt and pycwt.version)"
    assert lua.run(code.format(text)) == [firmware().version]
    assert lua.run(code.format(damaged)) in (["nil"], ["None"])
