"""Figures: what is drawn where, down to the pixels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

import pycwt_mod as pycwt
from pycwt_mod.plots.frame import COLUMNS, Block
from pycwt_mod.results.kinds import About

N, PERIODS = 256, 2 ** np.linspace(1, 7, 73)


class Picture:
    """The pixels of a figure, found by time and period."""

    def __init__(self, figure, axes=None):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        self.axes = axes or figure.axes[0]
        self.pixels = np.asarray(canvas.buffer_rgba())[..., :3].astype(int)

    def at(self, time, period):
        """Row and column of a point."""
        x, y = self.axes.transData.transform((time, np.log2(period)))
        return round(self.pixels.shape[0] - 1 - y), round(x)

    def box(self, time, period, half=6):
        row, column = self.at(time, period)
        return self.pixels[row - half : row + half + 1, column - half : column + half + 1]


def same(pixels, colour, tolerance=3):
    return (np.abs(pixels - np.asarray(colour)) <= tolerance).all(axis=-1)


def dark(pixels):
    return pixels.sum(axis=-1) < 90


def made(r2, phase=0.0, sig=None):
    """A coherence of a given face; Morlet's cone at dt = 1."""
    shape = (PERIODS.size, N)
    wavelet = pycwt.Morlet()
    edge = np.maximum(np.minimum(np.arange(N), N - 1 - np.arange(N)), 1e-5)
    return pycwt.Coherence(
        np.broadcast_to(r2, shape).copy(),
        np.broadcast_to(phase, shape).copy(),
        wavelet.flambda() * wavelet.coi() * edge,
        1 / PERIODS,
        np.zeros(1) if sig is None else np.full(PERIODS.size, sig),
        about=About(dt=1.0, dj=1 / 12, wavelet=wavelet),
    )


def test_the_cone_is_shaded_and_hatched():
    figure = made(0.2).plot(period_range=(2, 120))
    picture = Picture(figure)
    plain = np.array(colormaps["viridis"](0.2)[:3]) * 255
    for time, period in ((128, 4), (128, 60), (40, 20), (10, 4)):
        assert period < 0.9 * made(0.2).coi[time]
        assert same(picture.box(time, period), plain).all()
    for time, period in ((20, 40), (236, 40), (60, 110), (200, 110)):
        assert period > 1.1 * made(0.2).coi[time]
        box = picture.box(time, period, half=12)
        assert not same(box, plain).any()
        # More than half of it white, and darker strokes across.
        shade = 0.45 * plain + 0.55 * 255
        assert 0.4 < same(box, shade).mean() < 0.95
        assert (box.sum(axis=-1) < shade.sum() - 60).any()


def test_the_cone_begins_where_it_should():
    picture = Picture(made(0.2).plot(period_range=(2, 120)))
    plain = np.array(colormaps["viridis"](0.2)[:3]) * 255
    for time in (30, 60, 200):
        edge = made(0.2).coi[time]
        row, column = picture.at(time, edge)
        free = np.flatnonzero(same(picture.pixels[:, column], plain))
        # The white line of the edge is 2½ pixels wide at this resolution.
        assert abs(free.max() - row) <= 4


def test_the_contour_runs_where_the_level_is_reached():
    r2 = np.linspace(0, 0.98, PERIODS.size)[:, None]
    figure = made(r2, sig=0.4).plot(period_range=(2, 120))
    picture = Picture(figure)
    level = np.interp(0.4, r2[:, 0], np.log2(PERIODS))
    for time in (60, 100, 128, 190):
        row, column = picture.at(time, 2**level)
        # Arrows are drawn from R² = 0.5 on.
        until = picture.at(time, 2 ** np.interp(0.47, r2[:, 0], np.log2(PERIODS)))[0]
        top = picture.at(time, 2.1)[0]
        black = top + np.flatnonzero(dark(picture.pixels[top:until, column]))
        assert black.size > 0
        assert np.abs(black - row).max() <= 3
    without = Picture(made(r2).plot(period_range=(2, 120)))
    row, column = without.at(128, 2**level)
    assert not dark(without.pixels[row - 3 : row + 4, column]).any()


def quiver_of(axes):
    return next(c for c in axes.collections if isinstance(c, Quiver))


def head(picture, octave):
    """Pixels by which the weight of an arrow lies off the middle of its extent: right, up."""
    offsets = quiver_of(picture.axes).get_offsets()
    middle = np.mean(picture.axes.get_xlim())
    nearest = np.abs(offsets[:, 0] - middle) / middle + np.abs(offsets[:, 1] - octave)
    time, octave = offsets[nearest.argmin()]
    # An arrow is 23 pixels long, and wide at its head.
    down, right = np.nonzero(dark(picture.box(time, 2**octave, half=14)))
    return right.mean() - (right.min() + right.max()) / 2, (
        (down.min() + down.max()) / 2 - down.mean()
    )


@pytest.mark.parametrize(("shift", "right", "up"), [(0, 1, 0), (10, -1, 0), (5, 0, 1), (-5, 0, -1)])
def test_arrows_point_as_the_legend_says(shift, right, up):
    """Sines of period 20: in phase, anti-phase, y1 ahead by a quarter, y2 ahead."""
    t = np.arange(N)
    hiss = pycwt.rednoise(N, 0.0, 1e-3, seed=81)
    y1 = np.sin(2 * np.pi * t / 20) + hiss
    y2 = np.sin(2 * np.pi * (t - shift) / 20) + hiss[::-1]
    result = pycwt.wct(y1, y2, 1, s0=10, dj=1 / 12, J=24, sig=False)
    found = head(Picture(result.plot()), np.log2(20))
    assert found == pytest.approx((2.5 * right, 2.5 * up), abs=1.2)


def test_the_legend_names_the_series():
    result = made(0.9)
    figure = result.plot(labels=("AO", "ice"))
    assert figure.axes[0].get_title(loc="left") == (
        "Arrows: → in phase, ← anti-phase, ↑ AO leads, ↓ ice leads"
    )
    assert figure._suptitle.get_text() == "Wavelet coherence of AO and ice"
    assert made(0.9).plot()._suptitle.get_text() == "Wavelet coherence of y1 and y2"
    named = made(0.9)
    about = About(dt=1.0, dj=1 / 12, wavelet=pycwt.Morlet(), names=("a", "a"))
    title = named._replace(about=about).plot()._suptitle.get_text()
    assert title == "Wavelet coherence of a (y1) and a (y2)"


def test_small_axes_get_fewer_arrows():
    def count(size):
        figure = Figure(figsize=size)
        axes = figure.add_subplot()
        assert made(0.9).plot(ax=axes) is figure
        return quiver_of(axes).N

    assert count((3, 2)) < 0.3 * count((11, 6))


@pytest.fixture(scope="module")
def nino3():
    return pycwt.cwt(pycwt.load_dataset("nino3"))


def test_the_figure_of_the_paper(nino3):
    """TC98, fig. 1: the 95 % contour holds the El Niños of 1877 to 1890 and of 1972, at periods
    of 2 to 4 years, and nothing at periods beyond 8 (as the paper tells, section 4c)."""
    figure = nino3.plot(with_series=True, with_global=True, period_range=(0.5, 64))
    axes, above, beside = (a for a in figure.axes if a.get_label() != "<colorbar>")
    picture = Picture(figure, axes)
    assert [t.get_text() for t in axes.get_yticklabels()] == [
        *("0.5", "1", "2", "4", "8", "16", "32", "64")
    ]
    assert axes.get_xlabel() == "Time (years)"
    assert axes.get_ylabel() == "Period (years)"
    assert above.get_ylabel() == "Anomaly (°C)"
    assert beside.get_xlabel() == "Power (°C²)"
    # Up from a point within, a contour is met.
    for time, period in ((1887, 3.2), (1972, 3.5)):
        row, column = picture.at(time, period)
        top = picture.at(time, 1)[0]
        assert dark(picture.pixels[top:row, column]).any()
    low, high = picture.at(1930, 8.5)[0], picture.at(1930, 30)[0]
    left, right = picture.at(1905, 8)[1], picture.at(1960, 8)[1]
    assert not (picture.pixels[low:high, left:right].sum(axis=-1) < 20).any()
    # The map, the series and the spectrum share their axes.
    assert above.get_xlim() == axes.get_xlim()
    assert beside.get_ylim() == axes.get_ylim()
    box, spectrum, series = (a.get_position() for a in (axes, beside, above))
    assert spectrum.x0 > box.x1
    assert spectrum.y0 == pytest.approx(box.y0)
    assert series.y0 > box.y1


def test_the_global_spectrum(nino3):
    axes = nino3.plot_global(level=0.9).axes[0]
    power, level, noise = axes.get_lines()
    np.testing.assert_allclose(power.get_xdata(), np.mean(np.abs(nino3.W) ** 2, axis=1))
    np.testing.assert_allclose(2.0 ** power.get_ydata(), nino3.periods)
    test = nino3.significance(0.9, test=1)
    np.testing.assert_array_equal(level.get_xdata(), test.signif)
    np.testing.assert_array_equal(noise.get_xdata(), test.fft_theor)
    assert [t.get_text() for t in axes.get_legend().get_texts()] == [
        *("global spectrum", "90 % level", "AR(1) noise")
    ]
    assert len(nino3.plot_global(level=None).axes[0].get_lines()) == 1


def test_dates_on_the_axis(nino3):
    index = pd.date_range("1971-01-01", periods=504, freq="MS")
    figure = pycwt.cwt(pd.Series(nino3.series, index, name="x")).plot()
    picture = Picture(figure)
    labels = [label.get_text() for label in picture.axes.get_xticklabels()]
    assert {"1980", "1990", "2000"} <= set(labels)
    assert picture.axes.get_xlabel() == "Time"
    assert picture.axes.get_ylabel() == "Period (years)"
    days = np.array(picture.axes.get_xlim()) + np.datetime64("1970-01-01").astype(float)
    assert days[1] - days[0] == (index[-1] - index[0]).days
    # Dates may be given to the drawing, too.
    axes = pycwt.plot_scalogram(nino3, index, time_units="years").axes[0]
    assert axes.get_xlabel() == "Time"


def test_cross_power(nino3):
    series = pycwt.load_dataset("nino3")
    figure = pycwt.xwt(series, -series.values).plot()
    axes, bar = figure.axes
    assert bar.get_ylabel() == "Cross power |W12|"
    arrows = quiver_of(axes)
    assert arrows.N > 10
    np.testing.assert_allclose(arrows.U, -1)


def test_contour_of_a_level(nino3):
    """A lower level encloses more."""

    def enclosed(level):
        axes = nino3.plot(level=level).axes[0]
        paths = [p for c in axes.collections if hasattr(c, "levels") for p in c.get_paths()]
        return sum(len(p.vertices) for p in paths)

    assert enclosed(None) == 0
    assert 0 < enclosed(0.999) < enclosed(0.95)


def test_long_series_are_thinned():
    block = Block(100_000)
    values = np.random.default_rng(82).standard_normal((2, 100_000))
    thin = block.thin(values)
    assert thin.shape[1] <= COLUMNS
    np.testing.assert_allclose(thin[:, 0], values[:, :25].mean(axis=1))
    few = values[:, :COLUMNS]
    np.testing.assert_array_equal(Block(COLUMNS).thin(few), few)
    long = pycwt.cwt(values[0, :20_000], 1, dj=1 / 2)
    mesh = long.plot(level=None).axes[0].collections[0]
    assert mesh.get_array().shape[-1] <= COLUMNS


def test_notebooks_show_figures(nino3):
    assert nino3.plot()._repr_png_().startswith(b"\x89PNG")


def test_bad_arguments(nino3):
    axes = Figure().add_subplot()
    with pytest.raises(ValueError, match="ax has no room"):
        nino3.plot(ax=axes, with_global=True)
    with pytest.raises(ValueError, match="level"):
        nino3.plot(level=2)
    with pytest.raises(ValueError, match="signif must have 97 levels"):
        pycwt.plot_scalogram(nino3, signif=[1, 2])
    with pytest.raises(ValueError, match="time isn't known"):
        pycwt.Transform(*nino3).plot(level=None)
    with pytest.raises(ValueError, match="time must increase evenly"):
        nino3.plot(time=pd.date_range("2000", periods=505).delete(7))


def test_gaps_are_hatched_like_the_cone():
    """A place beside a gap is shaded to white and struck; elsewhere all is as it was."""
    tone = np.cos(2 * np.pi * np.arange(N) / 16)
    lacking = tone.copy()
    lacking[120:136] = np.nan
    whole, gapped = (
        pycwt.wct(x, tone, 1, dj=1 / 12, s0=2, J=60, sig=False, gaps="mask")
        for x in (tone, lacking)
    )
    assert not gapped.outside[np.abs(gapped.periods - 9).argmin(), 128]
    pictures = [Picture(c.plot(period_range=(4, 64))) for c in (whole, gapped)]
    plain, struck = (picture.box(128, 9, half=10) for picture in pictures)
    assert not same(struck, plain).all()
    assert (struck.min(axis=-1) > 110).mean() > 0.4  # more than half of it white
    assert (plain.min(axis=-1) > 110).mean() < 0.1
    assert same(*(p.box(60, 5) for p in pictures), tolerance=15).mean() > 0.9


def test_results_of_analyses_tell_and_draw_themselves():
    nino3, soi = pycwt.load_dataset("nino3"), pycwt.load_dataset("soi")
    t = pycwt.cwt(nino3, dj=0.25)
    spectrum = pycwt.global_spectrum(t)
    reached = 1 / spectrum.freqs[spectrum.power >= spectrum.level]
    assert f"{reached.size} reach the level: {reached[0]:.3g}" in repr(spectrum)
    average = pycwt.scale_average(t, (2, 8))
    np.testing.assert_array_equal(average.time, t.time)
    assert (average.significant <= average.outside).all()
    assert "504 samples" in repr(average)
    n = min(nino3.values.size, soi.values.size)
    lags = pycwt.band_correlation(soi.values[:n], nino3.values[:n], 0.25, (2, 8), range(-4, 5))
    best = lags.lags[np.argmax(np.abs(lags.r))]
    assert f"at {best:.4g}, p =" in repr(lags)
    rng = np.random.default_rng(1)
    times = np.sort(rng.uniform(0, 100, 120))
    x, y = rng.standard_normal((2, 120))
    uneven = pycwt.wwz(times, x, [0.05, 0.1, 0.2], np.arange(5, 95, 5.0), mc_count=20, seed=1)
    assert "3 frequencies × 18 times, periods 5 to 20; levels of 20" in repr(uneven)
    both = pycwt.wwz_coherence(
        (times, x), (times, y), [0.05, 0.1], np.arange(5, 95, 5.0), sig=False
    )
    assert repr(both).startswith("<UnevenCoherence: 2 frequencies")
    areawise = pycwt.areawise_test(t, kernel_level=0.5)
    np.testing.assert_array_equal(areawise.significant, areawise.opened & t.outside)
    assert f"{areawise.significant.sum() / t.outside.sum():.1%} area-wise" in repr(areawise)
    for result in (spectrum, average, lags, uneven, both, areawise):
        figure = result.plot()
        figure.canvas.draw()
        assert figure.axes
    assert "2 of 3 tests, p up to 0.02" in repr(pycwt.false_discovery([0.01, 0.02, 0.9], 0.1))
    assert repr(pycwt.ridges(t)[0]).startswith("<Ridge: samples ")
    with pytest.raises(ValueError, match="at least two times"):
        pycwt.wwz(times, x, [0.1], [50.0], sig=False).plot()
