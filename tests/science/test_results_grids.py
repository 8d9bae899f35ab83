"""Results on grids of one's own, of Morse wavelets and of ``compat``: what they know and tell."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.io import netcdf_file

import pycwt_mod as pycwt
from pycwt_mod.results.kinds import Transform

COMPAT = "pycwt-0.5"
RNG = np.random.default_rng(64)
X, Y = pycwt.rednoise(200, 0.6, seed=RNG), pycwt.rednoise(200, 0.3, seed=RNG)
#: Ascending frequencies are descending periods; steps of an eighth of an octave.
EVEN = 1 / np.geomspace(32, 4, 25)
UNEVEN = np.linspace(0.03, 0.25, 23)
WAVELETS = [pycwt.Morlet(), pycwt.Morse(2, 9)]


def made(kind, **options):
    if kind == "cwt":
        return pycwt.cwt(X, 0.5, **options)
    plain = {"sig": False} if kind == "wct" else {}
    return getattr(pycwt, kind)(X, Y, 0.5, **options, **plain)


@pytest.mark.parametrize("wavelet", WAVELETS, ids=repr)
@pytest.mark.parametrize("kind", ["cwt", "xwt", "wct"])
@pytest.mark.parametrize(("freqs", "dj"), [(EVEN, 1 / 8), (UNEVEN, None)], ids=["even", "uneven"])
def test_metadata(kind, freqs, dj, wavelet):
    for result in (
        made(kind, freqs=freqs, wavelet=wavelet),
        made(kind, periods=1 / freqs, wavelet=wavelet),
    ):
        assert result.dj == (None if dj is None else pytest.approx(dj))
        assert result.wavelet == wavelet
        assert result.dt == 0.5
        np.testing.assert_allclose(result.frequencies, freqs)
        np.testing.assert_allclose(result.periods, 1 / freqs)
        np.testing.assert_allclose(result.scales, 1 / freqs / wavelet.flambda())
        told = repr(result)
        assert repr(wavelet) in told
        assert f"periods      {1 / freqs.max():.4g} to {1 / freqs.min():.4g}" in told
        assert ("8 an octave" in told) is (dj is not None)


def test_usual_grids_keep_their_spacing():
    for kind in ("cwt", "xwt", "wct"):
        assert made(kind, dj=0.3).dj == 0.3
        assert made(kind, freqs=[0.1]).dj is None
    assert pycwt.cwt(X, 1, freqs=[0.1, 0.1]).dj is None


@pytest.mark.parametrize("wavelet", WAVELETS, ids=repr)
@pytest.mark.parametrize("kind", ["cwt", "xwt", "wct"])
def test_files(kind, wavelet, tmp_path):
    result = made(kind, freqs=UNEVEN, wavelet=wavelet)
    result.to_netcdf(tmp_path / "file.nc")
    with netcdf_file(tmp_path / "file.nc", mmap=False) as file:
        assert file.wavelet.decode() == repr(wavelet)
        assert not hasattr(file, "dj")
        np.testing.assert_allclose(file.variables["period"][:], 1 / UNEVEN)
        np.testing.assert_allclose(file.variables["frequency"][:], UNEVEN)
        np.testing.assert_allclose(file.variables["scale"][:], result.scales)
    table = result.to_pandas()
    np.testing.assert_allclose(table["scale"], result.scales)
    assert result.to_xarray().attrs["wavelet"] == repr(wavelet)
    if kind == "cwt":
        # The level of averages needs γ of TC98's table 2.
        assert table["global_level"].isna().all() == (wavelet == pycwt.Morse(2, 9))
        assert np.isfinite(table["level"]).all()


def rows_of(figure):
    """The colours of a map by row, from short periods to long ones."""
    (mesh,) = [c for c in figure.axes[0].collections if type(c).__name__ == "QuadMesh"]
    return np.asarray(mesh.get_array()).reshape(mesh._coordinates.shape[:2])


@pytest.mark.parametrize("kind", ["cwt", "xwt", "wct"])
@pytest.mark.parametrize("freqs", [EVEN, UNEVEN], ids=["even", "uneven"])
def test_figures_in_any_order(kind, freqs):
    """The order of the rows changes nothing in the figure."""
    order = RNG.permutation(freqs.size)
    wavelet = pycwt.Morse(2, 9)
    pictures = [
        rows_of(made(kind, freqs=f, wavelet=wavelet).plot())
        for f in (np.sort(freqs)[::-1], freqs[order])
    ]
    np.testing.assert_allclose(*pictures, atol=1e-9)


def test_figures_of_the_global_spectrum_and_of_given_levels():
    down, up = (pycwt.cwt(X, 0.5, periods=p) for p in (1 / EVEN, 1 / EVEN[::-1]))
    lines = [t.plot_global().axes[0].lines for t in (down, up)]
    for one, other in zip(*lines, strict=True):
        np.testing.assert_allclose(one.get_xdata(), other.get_xdata())
        np.testing.assert_array_equal(one.get_ydata(), other.get_ydata())
    levels = np.geomspace(1, 3, EVEN.size)
    contours = [
        [c for c in pycwt.plot_scalogram(t, signif=s).axes[0].collections if "Contour" in str(c)]
        for t, s in ((down, levels), (up, levels[::-1]))
    ]
    assert len(contours[0]) == len(contours[1]) > 0
    for one, other in zip(*contours, strict=True):
        np.testing.assert_allclose(one.get_paths()[0].vertices, other.get_paths()[0].vertices)
    with pytest.raises(ValueError, match="two scales, all of them different"):
        pycwt.cwt(X, 0.5, periods=[4, 8, 4]).plot(level=None)


def test_summaries_in_any_order():
    periods = np.geomspace(4, 64, 33)
    t = np.arange(400)
    x = np.cos(2 * np.pi * t / 8) + np.cos(2 * np.pi * t / 32) + 0.01 * RNG.standard_normal(400)
    peaks = pycwt.cwt(x, 1, periods=periods).summary().peak_periods
    assert np.sort(peaks[:2]) == pytest.approx([8, 32], rel=0.06)
    mixed = pycwt.cwt(x, 1, periods=RNG.permutation(periods)).summary().peak_periods
    assert mixed == pytest.approx(peaks)


@pytest.mark.parametrize("wavelet", [*WAVELETS, pycwt.Paul(4), pycwt.DOG(2)], ids=repr)
@pytest.mark.parametrize("method", ["dual", "classical"])
def test_inverse_of_a_result(wavelet, method):
    """All that pycwt's arguments say comes with it."""
    t = pycwt.cwt(X, 0.5, 1 / 8, wavelet=wavelet)
    back = pycwt.icwt(t, method=method)
    np.testing.assert_array_equal(back, pycwt.icwt(t.W, t.sj, 0.5, 1 / 8, wavelet, method=method))
    if method == "dual":
        np.testing.assert_allclose(back, X - X.mean(), atol=1e-10 * np.abs(X - X.mean()).max())
    # A part of the coefficients, as a filter.
    part = t._replace(W=t.W * (t.periods > 8)[:, None])
    np.testing.assert_array_equal(
        pycwt.icwt(part, method="classical"),
        pycwt.icwt(part.W, t.sj, 0.5, 1 / 8, wavelet, method="classical"),
    )


def test_inverse_of_grids_in_any_order():
    periods = RNG.permutation(np.geomspace(1, 260, 100))
    t = pycwt.cwt(X, 0.5, periods=periods)
    np.testing.assert_allclose(pycwt.icwt(t), X - X.mean(), atol=1e-9)
    step = np.log2(260) / 99
    classical = pycwt.icwt(t, method="classical")
    np.testing.assert_allclose(
        classical, pycwt.icwt(t.W, t.sj, 0.5, step, method="classical"), atol=1e-12
    )
    running = pycwt.RunningTransform(0.5, 60, 1 / 8, s0=1.0)
    running.append(X)
    live = running.result()
    np.testing.assert_allclose(
        pycwt.icwt(live, method="classical"),
        pycwt.icwt(live.W, live.sj, 0.5, 1 / 8, method="classical"),
        atol=1e-12,
    )


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda t: pycwt.icwt(t, t.sj), ValueError, "sj comes with the transform"),
        (lambda t: pycwt.icwt(t, wavelet="paul"), ValueError, "wavelet comes with the transform"),
        (lambda t: pycwt.icwt(t, dj=0.1), ValueError, "dj comes with the transform"),
        (lambda t: pycwt.icwt(t.W), TypeError, "sj and dt must be given"),
        (lambda t: pycwt.icwt(t.W, t.sj), TypeError, "sj and dt must be given"),
        (lambda t: pycwt.icwt(Transform(*t)), ValueError, "dt isn't known"),
        (
            lambda t: pycwt.icwt(pycwt.cwt(X, 0.5, freqs=UNEVEN), method="classical"),
            ValueError,
            "method='classical' needs scales that are evenly spaced",
        ),
        (
            lambda t: pycwt.icwt(pycwt.cwt(X, 0.5, compat=COMPAT)),
            ValueError,
            "method='dual' inverts this library's transform",
        ),
    ],
)
def test_inverses_that_are_refused(call, error, match):
    with pytest.raises(error, match=match):
        call(pycwt.cwt(X, 0.5))


@pytest.mark.parametrize("kind", ["cwt", "xwt", "wct"])
def test_results_of_another_release_say_so(kind, tmp_path):
    result = made(kind, dj=0.25, compat=COMPAT)
    assert result.about.compat == COMPAT
    assert made(kind, dj=0.25).about.compat is None
    assert (result.dj, result.dt, result.wavelet) == (0.25, 0.5, pycwt.Morlet())
    assert "numbers      those of pycwt-0.5" in repr(result)
    result.plot()
    result.to_netcdf(tmp_path / "file.nc")
    with netcdf_file(tmp_path / "file.nc", mmap=False) as file:
        assert file.compat.decode() == COMPAT
    if kind == "cwt":
        back = pycwt.icwt(result, method="classical")
        assert np.corrcoef(back, X)[0, 1] > 0.98
        np.testing.assert_allclose(result.series, X - X.mean())
    if kind == "xwt":
        assert result.significance_level == 0.95


def test_coherence_with_levels_in_any_order(oracle):
    """Rows, levels and significant points belong together, in files and figures too."""
    periods = np.geomspace(4, 16, 9)
    options = {"mc_count": 40, "seed": 4, "backend": oracle, "cache": False, "progress": False}
    up, down = (pycwt.wct(X, Y, 0.5, periods=p, **options) for p in (periods, periods[::-1]))
    np.testing.assert_array_equal(up.significant, down.significant[::-1])
    up_table, down_table = up.to_pandas(), down.to_pandas()
    for column in ("level", "level_error", "significant_share"):
        np.testing.assert_allclose(up_table[column], down_table[column][::-1])
    assert up.summary().significant_share == down.summary().significant_share
    np.testing.assert_allclose(rows_of(up.plot()), rows_of(down.plot()))
