"""Numbers to cells: axes, braille, maps in pixels, against arrays whose cells are known."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pycwtd_console.tui.drawing import cells, raster
from pycwtd_console.tui.drawing.axes import (
    cell_of,
    label_line,
    linear_ticks,
    number,
    octave_ticks,
)
from pycwtd_console.tui.drawing.braille import Canvas, curve, plot
from pycwtd_console.tui.drawing.palette import PALETTES, luminance, table
from pycwtd_console.tui.drawing.view import View
from pycwtd_console.tui.drawing.words import arrow, phase, reading, sampling

finite = st.floats(-1e6, 1e6)


# -- axes -----------------------------------------------------------------------------------


@given(finite, st.floats(1e-3, 1e6), st.integers(1, 12))
def test_ticks_are_round_even_and_few(low, size, most):
    high = low + size
    ticks = linear_ticks(low, high, most)
    assert len(ticks) <= most
    values = [tick.value for tick in ticks]
    slack = 1e-6 * size + 4 * np.spacing(max(abs(low), abs(high)))
    assert all(low - slack <= v <= high + slack for v in values)
    if len(values) > 1:
        step = values[1] - values[0]
        figure = step / 10.0 ** math.floor(math.log10(step) + 1e-9)
        assert min(abs(figure - one) for one in (1, 2, 5, 10)) < 1e-3
        np.testing.assert_allclose(np.diff(values), step, rtol=1e-4)


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (2.0, 152.0, 20, ["2", "4", "8", "16", "32", "64", "128"]),
        (2.0, 152.0, 4, ["2", "8", "32", "128"]),
        (0.3, 2.5, 9, ["0.5", "1", "2"]),
    ],
)
def test_periods_are_labelled_by_powers_of_two(low, high, most, labels):
    assert [tick.label for tick in octave_ticks(low, high, most)] == labels


@given(st.integers(0, 40), st.integers(41, 400), st.integers(20, 160))
def test_a_label_stands_about_its_cell(low, high, width):
    ticks = linear_ticks(low, high, max(width // 10, 2))
    line = label_line(ticks, low, high, width)
    assert len(line) == width
    there = set(line.split())
    assert there
    for tick in ticks:
        if tick.label not in there:
            continue
        cell = min(int((tick.value - low) / (high - low) * width), width - 1)
        size = len(tick.label)
        begin = max(0, min(cell - size // 2, width - size))
        assert line[begin : begin + size] == tick.label


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-2.5, "−2.5"),
        (1234567.0, "1234567"),
        (0.70825, "0.70825"),
        (1e-7, "1e−7"),
        (25000000.0, "2.5e7"),
        (100.0, "100"),
        (math.nan, "–"),
    ],
)
def test_numbers_are_short(value, text):
    assert number(value) == text


# -- braille --------------------------------------------------------------------------------


def test_a_dot_is_where_unicode_has_it():
    canvas = Canvas(1, 1)
    shown = []
    for y in range(4):
        for x in range(2):
            canvas = Canvas(1, 1)
            canvas.dot(x, y)
            shown.append(canvas.lines()[0])
    # Unicode numbers the dots of a cell 1 2 3 7 down the left and 4 5 6 8 down the right.
    assert "".join(shown) == "⠁⠈⠂⠐⠄⠠⡀⢀"


@given(
    st.lists(finite, min_size=1, max_size=300),
    st.integers(1, 60),
)
def test_no_peak_is_lost(values, columns):
    spans = curve(values, values, columns)
    assert len(spans) == columns
    there = [span for span in spans if span is not None]
    if len(values) >= columns:
        assert min(low for low, _ in there) == min(values)
        assert max(high for _, high in there) == max(values)
    else:
        assert min(values) <= min(low for low, _ in there)
        assert max(high for _, high in there) <= max(values)


def test_missing_bins_leave_a_gap():
    values = [0.0, 1.0, None, math.nan, 1.0, 0.0]
    assert [span is None for span in curve(values, values, 6)] == [False] * 2 + [True] * 2 + [
        False
    ] * 2
    assert curve([None, 3.0], [None, 4.0], 1) == [(3.0, 4.0)]


def test_a_curve_is_joined_up():
    canvas = Canvas(3, 2)
    plot(canvas, [(0.0, 0.0), (7.0, 7.0), (7.0, 7.0), None, (0.0, 0.0), (0.0, 0.0)], 0.0, 7.0)
    # Up in one step, along the top, nothing, along the bottom.
    assert canvas.lines() == ["⢸⠁ ", "⡸ ⣀"]


# -- pixels ---------------------------------------------------------------------------------

PERIODS = 2.0 * 2.0 ** (np.arange(40) / 8)


@given(st.integers(0, 30), st.integers(4, 10), st.integers(1, 80))
def test_every_pixel_has_the_rows_of_its_periods(first, count, pixels):
    rims = raster.bands(PERIODS)[first : first + count + 1]
    low, high = rims[0], rims[-1]
    runs = raster.rows_of(rims, low, high, pixels)
    middles = (rims[1:] + rims[:-1]) / 2
    size = (high - low) / pixels
    for k, (a, b) in enumerate(runs):
        assert 0 <= a < b <= count
        if count >= pixels:
            # Exactly the rows whose middle is in the pixel.
            wanted = (middles >= low + k * size - 1e-9) & (middles < low + (k + 1) * size - 1e-9)
            if wanted.any():
                assert set(range(a, b)) >= set(np.flatnonzero(wanted)) - {a - 1, b}
        else:
            centre = low + (k + 0.5) * size
            assert any(rims[r] - 1e-9 <= centre <= rims[r + 1] + 1e-9 for r in range(a, b)) or all(
                low + k * size - 1e-9 <= middles[r] <= low + (k + 1) * size + 1e-9
                for r in range(a, b)
            )
    assert {r for a, b in runs for r in range(a, b)} == set(range(count)) or count > pixels


@given(st.integers(1, 500), st.integers(1, 120))
def test_columns_are_shared_out_evenly(count, pixels):
    runs = raster.columns_of(count, pixels)
    assert runs[0][0] == 0
    assert runs[-1][1] == count
    for (a, b), (c, _) in pairwise(runs):
        assert a < b
        if count >= pixels:
            assert b == c
    if count >= pixels:
        sizes = {b - a for a, b in runs}
        assert max(sizes) - min(sizes) <= 1


def test_pixels_are_means_or_maxima_of_what_is_in_them():
    values = np.arange(24.0).reshape(4, 6)
    values[0, 0] = np.nan
    rows, columns = [(0, 2), (2, 4)], [(0, 3), (3, 6)]
    blocks = values.reshape(2, 2, 2, 3).swapaxes(1, 2)
    mean = raster.resample(values, rows, columns, "mean")
    # Rows have the same weight, whatever is missing in them.
    assert mean[0, 0] == np.mean([np.mean([1.0, 2.0]), np.mean([6.0, 7.0, 8.0])])
    np.testing.assert_allclose(mean[1], blocks[1].mean(axis=(1, 2)))
    maximum = raster.resample(values, rows, columns, "maximum")
    np.testing.assert_array_equal(maximum, np.nanmax(blocks, axis=(2, 3)))
    assert np.isnan(raster.resample(np.full((1, 1), np.nan), [(0, 1)], [(0, 1)], "mean")).all()


@pytest.mark.parametrize(("width", "height"), [(70, 32), (147, 40), (200, 64)])
def test_the_cones_rim_is_where_the_formula_has_it(width, height):
    # Morlet 6: the rim's period is λ/√2 times the distance from the end (TC98, table 1).
    n, dt = 147, 1.0
    factor = 4 * math.pi / (6 + math.sqrt(38)) / math.sqrt(2)
    distance = np.minimum(np.arange(n) + 0.5, n - np.arange(n) - 0.5) * dt
    low, high = 1.0, math.log2(60)
    columns = raster.columns_of(n, width)
    cone = raster.beyond(factor * distance, low, high, height, columns)
    for x, (a, b) in enumerate(columns):
        t = (a + b - 1) // 2 + 0.5
        rim = math.log2(factor * min(t, n - t))
        first = math.ceil((rim - low) / (high - low) * height - 0.5 + 1e-9)
        first = min(max(first, 0), height)
        assert not cone[:first, x].any()
        assert cone[first:, x].all()


def test_the_contour_is_outside_and_touches():
    inside = np.zeros((6, 8), dtype=bool)
    inside[2:4, 3:6] = True
    drawn = [
        "".join("#" if e else "+" if i else "." for e, i in zip(*rows, strict=True))
        for rows in zip(raster.contour(inside), inside, strict=True)
    ]
    assert drawn == [
        "........",
        "...###..",
        "..#+++#.",
        "..#+++#.",
        "...###..",
        "........",
    ]


# -- cells ----------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.data())
def test_every_pixel_is_in_its_cell(data):
    rows, columns = 2 * data.draw(st.integers(1, 6)), data.draw(st.integers(1, 12))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    share = rng.uniform(-0.2, 1.2, (rows, columns))
    share[rng.uniform(size=share.shape) < 0.1] = np.nan
    cone, edge = rng.uniform(size=(2, rows, columns)) < 0.2
    palette = data.draw(st.sampled_from(PALETTES))
    colours, background = table(palette), (10, 20, 30)
    drawn = cells.coloured(raster.Picture(share, cone, edge), palette, background)
    assert len(drawn) == rows // 2
    for y in range(rows):
        for x in range(columns):
            cell = drawn[y // 2][x]
            assert cell.text == "▀"
            got = cell.above if y % 2 == 0 else cell.below
            if edge[y, x]:
                assert got == (0, 0, 0)
            elif np.isnan(share[y, x]):
                assert got == background
            else:
                own = colours[round(255 * min(max(share[y, x], 0.0), 1.0))]
                if not cone[y, x]:
                    assert got == own
                else:
                    # Between its own colour and the background, which shows through.
                    pairs = zip(own, background, got, strict=True)
                    assert all(min(a, b) <= c <= max(a, b) for a, b, c in pairs)
                    assert got != own or own == background


def test_shades_say_what_colours_say():
    share = np.array([[0.0, 0.3, 0.6, 1.0, np.nan, 0.0]] * 2)
    none = np.zeros(share.shape, dtype=bool)
    edge = none.copy()
    edge[1, 5] = True
    (line,) = cells.shaded(raster.Picture(share, none, edge))
    assert "".join(cell.text for cell in line) == " ░▒▓ █"
    (line,) = cells.shaded(raster.Picture(share, ~none, none))
    assert "".join(cell.text for cell in line) == "╱░▒╱  "


@pytest.mark.parametrize("palette", PALETTES)
def test_palettes_grow_lighter_all_the_way(palette):
    light = [luminance(colour) for colour in table(palette)]
    assert len(light) == 256
    assert all(b > a - 0.005 for a, b in pairwise(light))
    assert light[-1] - light[0] > 0.5


@pytest.mark.parametrize("palette", PALETTES)
def test_palettes_are_matplotlibs(palette):
    matplotlib = pytest.importorskip("matplotlib")
    theirs = matplotlib.colormaps[palette](np.arange(256), bytes=True)[:, :3].astype(int)
    assert np.abs(np.array(table(palette)) - theirs).max() <= 6


# -- what is looked at ----------------------------------------------------------------------

RIMS = raster.bands(PERIODS).tolist()
steps = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(-3, 3), st.integers(-3, 3)),
        st.tuples(
            st.just("zoom"), st.sampled_from([0.5, 1.0, 2.0]), st.sampled_from([0.5, 1.0, 2.0])
        ),
        st.tuples(st.just("step"), st.integers(-9, 9), st.integers(-9, 9)),
    ),
    max_size=25,
)


@given(st.integers(20, 5000), steps, st.integers(10, 150), st.integers(5, 40))
def test_the_cursor_is_always_in_sight(samples, walked, width, height):
    view = View.whole(RIMS, samples)
    for what, a, b in walked:
        before = view
        if what == "move":
            view = view.moved(a, b, width, height)
            for step, was, now, most in (
                (a, before.column, view.column, samples - 1),
                (b, before.row, view.row, len(RIMS) - 2),
            ):
                if step == 0:
                    assert now == was
                elif 0 < was < most:
                    assert (now - was) * step > 0
        elif what == "zoom":
            view = view.zoomed(time=a, period=b)
            assert (view.row, view.column) == (before.row, before.column)
        else:
            view = view.placed(view.row + b, view.column + a)
        assert view.rows[0] <= view.row < view.rows[1] <= len(RIMS) - 1
        assert 0 <= view.columns[0] <= view.column < view.columns[1] <= samples
        x, y = view.cell(width, height)
        assert 0 <= x < width
        assert 0 <= y < height


@given(st.integers(20, 3000), st.integers(10, 150), st.integers(5, 40), st.data())
def test_a_cells_middle_is_in_that_cell(samples, width, height, data):
    view = View.whole(RIMS, samples)
    x, y = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    there = view.at(x, y, width, height)
    octave = view.low + (y + 0.5) / height * (view.high - view.low)
    assert RIMS[there.row] <= octave <= RIMS[there.row + 1]
    if samples >= width:
        assert there.cell(width, height)[0] == x


def test_a_place_has_the_cell_of_its_share():
    assert [cell_of(v, 0.0, 1.0, 4) for v in (-1.0, 0.0, 0.24, 0.25, 0.99, 1.0, 2.0)] == [
        *(0, 0, 0, 1, 3, 3, 3)
    ]


# -- words ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("degrees", "told", "sign"),
    [
        (0.0, "phase 0°: in phase", "→"),
        (45.0, "phase 45°: first leads by 1", "↗"),
        (90.0, "phase 90°: first leads by 2", "↑"),
        (180.0, "phase 180°: in anti-phase", "←"),
        (-175.0, "phase −175°: in anti-phase", "←"),
        (-90.0, "phase −90°: second leads by 2", "↓"),
        (-135.0, "phase −135°: second leads by 3", "↙"),
    ],
)
def test_a_phase_says_who_leads(degrees, told, sign):
    # Of a period of 8, a quarter is 2.
    assert phase(math.radians(degrees), 8.0) == told
    assert arrow(math.radians(degrees)) == sign


def test_a_reading_tells_all():
    from pycwtd_console.tui.result import Point

    point = Point(3, 80, 40.0, 12.25, 0.87654, 0.75, math.pi / 2, True)
    assert reading(point, "wct", 0.95) == (
        "time 40 from the start   period 12.25   R² 0.8765",
        "95 % level 0.75: significant   phase 90°: first leads by 3.06"
        "   within the cone of influence",
    )
    point = Point(3, 80, 40.0, 12.25, math.nan, None, None, False)
    assert reading(point, "cwt", None)[1] == "nothing: its samples are missing"


def test_how_points_became_pixels_is_told():
    assert sampling("mean", 0.7, 1, 0.9) == "every sample and scale"
    assert sampling("maximum", 1.9, 1, 2.0) == "maximum of 1.9 samples × 2.0 scales a pixel"
    told = "mean of 4.0 samples, each 2,272th, × 1.9 scales a pixel"
    assert sampling("mean", 9088.0, 2272, 1.9) == told
