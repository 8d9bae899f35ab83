"""Bad series and arguments; what importing costs."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import pycwt_mod as pycwt

GOOD = np.random.default_rng(51).standard_normal(64)


def with_bad(value):
    x = GOOD.copy()
    x[17] = value
    return x


BAD_SERIES = [
    ([], ValueError, "at least 4 samples, not 0"),
    ([1.0, 2.0], ValueError, "at least 4 samples, not 2"),
    (np.full(64, 0.1), ValueError, "constant"),
    (with_bad(np.nan), ValueError, "at index 17"),
    (with_bad(-np.inf), ValueError, "-inf at index 17"),
    (GOOD.reshape(8, 8), ValueError, "one-dimensional"),
    (np.ma.masked_greater(GOOD, 1), ValueError, "masked"),
    (GOOD + 1j, TypeError, "complex"),
    (["a"] * 64, TypeError, "real numbers"),
    ([[1, 2], [3]], TypeError, "real numbers"),
]


@pytest.mark.parametrize(("series", "error", "match"), BAD_SERIES)
def test_bad_series(series, error, match):
    for name, call in (
        ("signal", lambda: pycwt.cwt(series, 1)),
        ("signal", lambda: pycwt.significance(series, 1, [2, 4])),
        ("y1", lambda: pycwt.xwt(series, GOOD, 1)),
        ("y2", lambda: pycwt.wct(GOOD, series, 1)),
    ):
        with pytest.raises(error, match=f"{name} .*{match}"):
            call()


@pytest.mark.parametrize("function", [pycwt.xwt, pycwt.wct])
def test_different_lengths(function):
    with pytest.raises(ValueError, match="same length, not 64 and 63"):
        function(GOOD, GOOD[1:], 1)


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"dt": 0}, ValueError, "dt"),
        ({"dt": -1}, ValueError, "dt"),
        ({"dt": np.nan}, ValueError, "dt"),
        ({"dt": "1"}, TypeError, "dt"),
        ({"dt": None}, TypeError, "dt"),
        ({"dj": 0}, ValueError, "dj"),
        ({"dj": -0.1}, ValueError, "dj"),
        ({"dj": 100}, ValueError, "dj"),
        ({"s0": 0}, ValueError, "s0"),
        ({"s0": 1e9}, ValueError, "s0 = 1e"),
        ({"J": -2}, ValueError, "J"),
        ({"J": 1.5}, ValueError, "J"),
        ({"J": 10**6}, ValueError, "J"),
        ({"J": 5000}, ValueError, "J = 5000"),
        ({"J": True}, TypeError, "J"),
        ({"wavelet": "haar"}, ValueError, "wavelet"),
        ({"wavelet": 6}, TypeError, "wavelet"),
    ],
)
@pytest.mark.parametrize("function", ["cwt", "xwt", "wct"])
def test_bad_arguments(function, arguments, error, match):
    series = [GOOD] if function == "cwt" else [GOOD, GOOD[::-1]]
    with pytest.raises(error, match=match):
        getattr(pycwt, function)(*series, **{"dt": 1, **arguments})


@pytest.mark.parametrize("freqs", [[], [0.1, 0], [0.1, -0.2], [np.nan], [[0.1]]])
def test_bad_frequencies(freqs):
    with pytest.raises(ValueError, match="freqs"):
        pycwt.cwt(GOOD, 1, freqs=freqs)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: pycwt.icwt(np.ones((3, 5)), [1, 2], 1), "W must have one row"),
        (lambda: pycwt.icwt(np.ones(5), [1], 1), "W must have one row"),
        (lambda: pycwt.icwt(np.ones((1, 5)), [-1], 1), "sj"),
        (lambda: pycwt.icwt(np.ones((1, 5)), [1], 1, dj=0), "dj"),
        (lambda: pycwt.rednoise(0, 0.5), "N"),
        (lambda: pycwt.rednoise(10, 1), "g"),
        (lambda: pycwt.rednoise(10, 0.5, 0), "a must"),
        (lambda: pycwt.ar1_spectrum([0.1], 1), "ar1"),
    ],
)
def test_other_bad_arguments(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_the_contract_needs_no_numpy():
    code = (
        "import sys, pycwt_mod.backends, pycwt_mod\n"
        "heavy = {'numpy', 'scipy', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "pycwt_mod.cwt\n"
        "assert 'numpy' in sys.modules and 'matplotlib' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_coherence_imports_only_what_it_uses():
    """Half of what scipy takes to load is for other things; a daemon starts the sooner."""
    code = (
        "import sys, numpy as np, pycwt_mod\n"
        "y1, y2 = np.random.default_rng(1).standard_normal((2, 300))\n"
        "pycwt_mod.wct(y1, y2, 1.0, mc_count=50, cache=False, progress=False)\n"
        "unused = {'integrate', 'interpolate', 'optimize', 'signal', 'stats'}\n"
        "found = {name for name in unused if f'scipy.{name}' in sys.modules}\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names():
    for name in pycwt.__all__:
        assert getattr(pycwt, name) is not None
    assert set(pycwt.__all__) <= set(dir(pycwt))
    with pytest.raises(AttributeError, match="no attribute 'fft'"):
        _ = pycwt.fft
