"""Partial and multiple coherence against linear algebra, made-up cases and noise."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from scipy import stats

import pycwt_mod as pycwt
from pycwt_mod.analysis.elimination import multiple_of, partial_of
from pycwt_mod.analysis.multivariate_noise import NoiseModel, noise, noise_levels
from pycwt_mod.backends import Cancelled, NoControl
from pycwt_mod.monte_carlo.streams import noise_pair
from pycwt_mod.smoothing import Smoother, scale_weights
from pycwt_mod.wavelets import find_wavelet

GRID = {"dt": 1.0, "dj": 0.25, "s0": 4.0, "J": 12}


def red(n, *lag1, seed):
    rng = np.random.default_rng(seed)
    return [pycwt.rednoise(n, a, seed=rng) for a in lag1]


def spectra(series, wavelet="morlet"):
    """The matrix S at every point, in the plain way, shape (points, series, series)."""
    transforms = [pycwt.cwt(x, **GRID, wavelet=wavelet) for x in series]
    sj = transforms[0].sj
    mother = find_wavelet(wavelet)
    smoother = Smoother(mother, sj, scale_weights(0.25, mother), series[0].size)
    S = [[smoother.complex(a.W * b.W.conj() / sj[:, None]) for b in transforms] for a in transforms]
    return np.moveaxis(np.array(S), (0, 1), (2, 3))


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_elimination_against_the_inverse_and_determinants(count):
    rng = np.random.default_rng(count)
    a = rng.standard_normal((50, count, count + 3)) + 1j * rng.standard_normal(
        (50, count, count + 3)
    )
    S = a @ a.conj().swapaxes(1, 2)
    root = np.sqrt(np.einsum("kii->ki", S).real)
    coherency = np.moveaxis(S / root[:, :, None] / root[:, None, :], 0, 2)
    P = np.linalg.inv(S)
    expected = -P[:, 0, 1] / np.sqrt(P[:, 0, 0].real * P[:, 1, 1].real)
    np.testing.assert_allclose(partial_of(coherency.copy()), expected, atol=1e-12)
    ratio = np.linalg.det(S).real / (S[:, 0, 0] * np.linalg.det(S[:, 1:, 1:])).real
    np.testing.assert_allclose(multiple_of(coherency.copy()), 1 - ratio, atol=1e-12)


@pytest.mark.parametrize("wavelet", ["morlet", "paul", "morse"])
def test_against_linear_algebra_at_every_point(wavelet):
    y, x, z1, z2 = red(200, 0.5, 0.3, 0.7, 0.0, seed=111)
    y = y + 0.5 * x + z1
    x = x + z1 - 0.2 * z2
    S = spectra([y, x, z1, z2], wavelet)
    P = np.linalg.inv(S)
    gamma = -P[..., 0, 1] / np.sqrt(P[..., 0, 0] * P[..., 1, 1])
    partial = pycwt.partial_coherence(y, x, [z1, z2], **GRID, sig=False, wavelet=wavelet)
    np.testing.assert_allclose(partial.coherency, gamma, atol=1e-7)
    np.testing.assert_allclose(partial.r2, np.abs(gamma) ** 2, atol=1e-7)
    ratio = np.linalg.det(S) / (S[..., 0, 0] * np.linalg.det(S[..., 1:, 1:]))
    multiple = pycwt.multiple_coherence(y, [x, z1, z2], **GRID, sig=False, wavelet=wavelet)
    np.testing.assert_allclose(multiple.r2, 1 - ratio.real, atol=1e-7)
    assert 0 <= multiple.r2.min() <= multiple.r2.max() <= 1


def test_one_predictor_is_plain_coherence():
    y, x = red(200, 0.5, 0.5, seed=112)
    plain = pycwt.wct(y + x, x, **GRID, sig=False)
    found = pycwt.multiple_coherence(1e6 * (y + x), [x], **GRID, sig=False)
    np.testing.assert_allclose(found.r2, plain.WCT, atol=1e-9)
    np.testing.assert_array_equal(found.coi, plain.coi)
    np.testing.assert_allclose(found.freqs, plain.freq)


def test_exclusion_of_one_series_by_the_known_formula():
    """Ng & Chan (2012), eq. 3 for its modulus; Hu & Si (2021) for the phase."""
    y, x, z = red(250, 0.5, 0.3, 0.6, seed=113)
    y, x = y + z, x + 2 * z + 0.5 * y
    S = spectra([y, x, z])

    def g(i, j):
        return S[..., i, j] / np.sqrt(S[..., i, i].real * S[..., j, j].real)

    numerator = g(0, 1) - g(0, 2) * g(2, 1)
    expected = numerator / np.sqrt((1 - np.abs(g(0, 2)) ** 2) * (1 - np.abs(g(1, 2)) ** 2))
    found = pycwt.partial_coherence(y, x, {"z": z}, **GRID, sig=False)
    np.testing.assert_allclose(found.coherency, expected, atol=1e-8)
    np.testing.assert_allclose(found.phase, np.angle(expected), atol=1e-6)


def test_a_common_driver_taken_off_leaves_nothing():
    """y and x share z alone: plain coherence is high, partial that of unrelated noise."""
    z, a, b = red(2000, 0.6, 0.2, 0.2, seed=114)
    y, x = z + 0.5 * a, z + 0.5 * b
    plain = pycwt.wct(y, x, **GRID, sig=False).WCT
    partial = pycwt.partial_coherence(y, x, [z], **GRID, mc_count=60, seed=1)
    unrelated = pycwt.partial_coherence(a, b, [z], **GRID, sig=False)
    outside = 1 / partial.freqs[:, None] <= partial.coi
    assert plain[outside].mean() > 0.7
    assert partial.r2[outside].mean() == pytest.approx(unrelated.r2[outside].mean(), abs=0.03)
    assert (partial.r2 > partial.sig[:, None])[outside].mean() < 0.1


def test_a_sum_is_explained_by_its_parts_alone_together():
    a, b, e = red(2000, 0.5, 0.5, 0.5, seed=115)
    y = a + b
    alone = pycwt.multiple_coherence(y, [a], **GRID, sig=False).r2
    together = pycwt.multiple_coherence(y, [a, b], **GRID, sig=False).r2
    np.testing.assert_allclose(together, 1, atol=1e-6)
    assert 0.4 < alone[:, 500:1500].mean() < 0.7
    noisy = pycwt.multiple_coherence(y + e, [a, b], **GRID, sig=False).r2
    # Two parts in three, and of the rest at most what two predictors explain of anything.
    chance = pycwt.multiple_coherence(e, [a, b], **GRID, sig=False).r2[:, 500:1500].mean()
    assert 2 / 3 < noisy[:, 500:1500].mean() < 1 - (1 - chance) / 3
    assert (noisy >= pycwt.multiple_coherence(y + e, [b], **GRID, sig=False).r2 - 1e-9).all()


def test_sign_of_the_phase():
    """y leads x by 2: a positive phase, with or without a series taken off."""
    z, y, e = red(602, 0.3, 0.5, 0.0, seed=116)
    lead, follow = y[2:], y[:-2] + 0.1 * e[2:]
    partial = pycwt.partial_coherence(lead, follow, [z[2:]], 1.0, s0=16 / 1.033, J=0, sig=False)
    np.testing.assert_allclose(partial.phase[0, 200:400], 2 * np.pi * 2 / 16, atol=0.25)


def test_dependent_series():
    y, x, z = red(200, 0.5, 0.5, 0.5, seed=117)
    for others in ([x, 3 * x + 1], [x, z, x - 2 * z]):
        with pytest.raises(ValueError, match="predictors: one of the series is a linear"):
            pycwt.multiple_coherence(y, others, **GRID, sig=False)
    with pytest.raises(ValueError, match="y, x and exclude"):
        pycwt.partial_coherence(y, x, [-x], **GRID, sig=False)
    # Where one ends alone it is NaN there, and only there.
    copy = np.where(np.arange(200) < 120, x, z)
    found = pycwt.multiple_coherence(y, [x, copy], **GRID, sig=False).r2
    assert np.isnan(found[0, 30:80]).all()
    assert np.isfinite(found[:, 170:]).all()
    # What is explained wholly is 1 for the dependent variable, not an error.
    assert pycwt.multiple_coherence(x + z, [x, z], **GRID, sig=False).r2.min() > 1 - 1e-6


def test_noise_is_that_of_the_streams():
    found = noise(9, 4, 50, (0.1, 0.2, 0.3))
    np.testing.assert_array_equal(found[:2], noise_pair(9, 4, 50, (0.1, 0.2)))
    np.testing.assert_array_equal(found[2], noise_pair(9, 4, 50, (0.3, 0.3), 1)[0])


def test_runs_are_reproducible_and_can_be_read_anew():
    y, x, z = red(200, 0.5, 0.5, 0.5, seed=118)
    runs = [
        pycwt.partial_coherence(y, x, [z], **GRID, mc_count=n, seed=s).monte_carlo
        for n, s in ((20, 5), (20, 5), (20, 6), (30, 5))
    ]
    np.testing.assert_array_equal(runs[0].histogram, runs[1].histogram)
    assert (runs[0].histogram != runs[2].histogram).any()
    # More realisations begin with the same ones.
    assert (runs[3].histogram >= runs[0].histogram).all()
    assert (runs[0].seed, runs[0].mc_count, runs[0].significance_level) == (5, 20, 0.95)
    assert (runs[0].at(0.99).levels > runs[0].levels).all()
    p = runs[0].p_values(runs[0].levels)
    np.testing.assert_allclose(p, 0.05, atol=1e-9)
    assert np.isnan(runs[0].p_values(np.full((13, 2), np.nan))).all()
    drawn = [pycwt.multiple_coherence(y, [x], **GRID, mc_count=2) for _ in range(2)]
    assert drawn[0].monte_carlo.seed != drawn[1].monte_carlo.seed


def test_levels_of_two_series_are_those_of_plain_coherence(oracle):
    """The other way to them: :func:`wct_significance`, with other random numbers."""
    y, x = red(300, 0.5, 0.2, seed=119)
    run = pycwt.multiple_coherence(y, [x], **GRID, mc_count=300, seed=2).monte_carlo
    plain = pycwt.wct_significance(
        *(pycwt.ar1(y).g, pycwt.ar1(x).g), **GRID, mc_count=300, seed=3, backend=oracle, cache=False
    )
    assert (np.abs(run.levels - plain) < 5 * np.sqrt(2) * run.standard_errors).all()


@pytest.mark.parametrize("kind", ["partial", "multiple"])
def test_false_alarms(kind, measured):
    """Unrelated noises exceed the 5 % level at 4 to 6 % of points.

    60 sets of three series; the share of each is one independent number, with a standard error
    of their mean of 0.25 %: four of those, and 0.5 % for surrogates that aren't as long as the
    series.
    """
    shares, run = [], None
    for k in range(60):
        y, x, z = red(512, 0.5, 0.3, 0.7, seed=1200 + k)
        if kind == "partial":
            found = pycwt.partial_coherence(y, x, [z], **GRID, sig=run is None, seed=7)
        else:
            found = pycwt.multiple_coherence(y, [x, z + x], **GRID, sig=run is None, seed=7)
        run = run or found.monte_carlo
        outside = 1 / found.freqs[:, None] <= found.coi
        shares.append((found.r2 > run.levels[:, None])[outside].mean())
    measured(f"points of {kind} R², three series, N = 512", shares)
    assert np.mean(shares) == pytest.approx(0.05, abs=0.015)


def test_distribution_of_multiple_coherence():
    """Without smoothing over scales, from independent averages: R² of q predictors is Beta.

    n complex Gaussian values give Beta(q, n − q) (Koopmans 1995, chapter 8).
    """
    rng = np.random.default_rng(120)
    n, q = 12, 3
    a = rng.standard_normal((q + 1, n, 4000)) + 1j * rng.standard_normal((q + 1, n, 4000))
    S = np.einsum("ink,jnk->ijk", a, a.conj())
    root = np.sqrt(np.einsum("iik->ik", S).real)
    r2 = multiple_of(S / root[:, None] / root[None])
    assert stats.kstest(r2, stats.beta(q, n - q).cdf).pvalue > 0.01
    gamma = partial_of(S / root[:, None] / root[None])
    assert stats.kstest(np.abs(gamma) ** 2, stats.beta(1, n - q).cdf).pvalue > 0.01


def test_stated_errors_are_those_of_whole_series():
    """Against the spread of the levels over 60 runs, known to 9 % at a scale; 25 % too large."""
    sj = 2.0 * 2 ** (np.arange(13) / 4)
    colours = {"lag1": (0.3, 0.3, 0.3), "dt": 1.0, "dj": 0.25, "sj": sj}
    model = NoiseModel.on_grid("partial", **colours, wavelet=pycwt.Morlet())
    runs = [noise_levels(model, 30, seed=seed) for seed in range(60)]
    stated = np.mean([run.standard_errors for run in runs], axis=0)
    ratio = stated / np.std([run.levels for run in runs], axis=0)
    assert 0.9 < ratio[:6].mean() < 1.5


def test_progress_and_cancelling():
    class Watch(NoControl):
        def __init__(self, stop):
            self.done, self.stop = [], stop

        def cancelled(self):
            return len(self.done) >= self.stop

        def advance(self, done):
            self.done.append(done)

    y, x = red(100, 0.5, 0.5, seed=121)
    watch = Watch(100)
    pycwt.multiple_coherence(y, [x], **GRID, mc_count=3, control=watch)
    assert watch.done == [1, 2, 3]
    with pytest.raises(Cancelled):
        pycwt.multiple_coherence(y, [x], **GRID, mc_count=3, control=Watch(2))


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"exclude": []}, ValueError, "exclude must have at least 1 series"),
        ({"exclude": [np.arange(5.0)]}, ValueError, "same length"),
        ({"exclude": 3}, TypeError, "exclude must be several series"),
        ({"x": np.ones(100)}, ValueError, "x is constant"),
        ({"mc_count": 0}, ValueError, "mc_count"),
        ({"seed": -1}, ValueError, "seed"),
        ({"significance_level": 1}, ValueError, "significance_level"),
        ({"bins": 1}, ValueError, "bins"),
        ({"dt": 0}, ValueError, "dt"),
    ],
)
def test_bad_arguments(change, error, match):
    y, x, z = red(100, 0.1, 0.1, 0.1, seed=122)
    usual = {"y": y, "x": x, "exclude": [z], **GRID, "mc_count": 2}
    with pytest.raises(error, match=match):
        pycwt.partial_coherence(**{**usual, **change})


def test_p_values_of_what_is_no_coherence():
    y, x = red(100, 0.1, 0.1, seed=123)
    run = pycwt.multiple_coherence(y, [x], **GRID, mc_count=2).monte_carlo
    with pytest.raises(ValueError, match="one row for each of the 13 scales"):
        run.p_values(np.zeros(5))
    with pytest.raises(ValueError, match="between 0 and 1"):
        run.p_values(np.full(13, 1.5))


def test_series_with_time_axes_and_what_is_told():
    mpl.use("Agg")
    pandas = pytest.importorskip("pandas")
    rng = np.random.default_rng(99)
    index = pandas.date_range("1900", periods=200, freq="YS")
    table = pandas.DataFrame(rng.standard_normal((200, 3)).cumsum(axis=0), index, ["y", "x", "z"])
    table = table.diff().bfill()
    how = {"dj": 0.25, "mc_count": 30, "seed": 1}
    partial = pycwt.partial_coherence(table["y"], table["x"], table[["z"]], **how)
    plain = pycwt.partial_coherence(*table.to_numpy().T[:2], [table["z"].to_numpy()], 1, **how)
    np.testing.assert_array_equal(partial.r2, plain.r2)
    np.testing.assert_array_equal(partial.sig, plain.sig)
    assert partial.about.names == ("y", "x", "z")
    assert partial.time[0] == np.datetime64("1900-01-01")
    np.testing.assert_array_equal(plain.time, np.arange(200))
    expected = (partial.r2 >= partial.sig[:, None]) & partial.outside
    np.testing.assert_array_equal(partial.significant, expected)
    multiple = pycwt.multiple_coherence(table["y"], table[["x", "z"]], **how)
    for found, name in ((partial, "PartialCoherence"), (multiple, "MultipleCoherence")):
        text = repr(found)
        assert text.startswith(f"<{name}: ")
        assert "y, x, z" in text
        assert "1900-01-01 to 2099-01-01" in text
        assert found.plot().axes
    assert "Arrows" in partial.plot().axes[0].get_title(loc="left")
    assert partial.significant.any()
    assert "phase" in repr(partial)
    assert "phase" not in repr(multiple)
    assert not multiple.plot().axes[0].get_title(loc="left")
    none = pycwt.partial_coherence(table["y"], table["x"], table[["z"]], sig=False)
    with pytest.raises(ValueError, match="PartialCoherence has no levels"):
        none.significant  # noqa: B018 - the property raises
    with pytest.raises(ValueError, match="different time indices"):
        pycwt.partial_coherence(table["y"], table["x"].shift(1, "D"), table[["z"]])
