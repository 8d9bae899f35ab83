"""``compat="pycwt-0.5"`` against what pycwt 0.5.0b0 gave; see data/README.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pycwt_mod as pycwt

DATA = np.load(Path(__file__).parent / "data" / "pycwt-0.5.0b0.npz")
X, Y = DATA["x"], DATA["y"]
COMPAT = "pycwt-0.5"


def same(result, name, keys):
    for key in keys:
        theirs = DATA[f"{name}_{key}"]
        ours = getattr(result, key)
        assert ours.shape == theirs.shape, key
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12 * np.abs(theirs).max())


@pytest.mark.parametrize(
    ("name", "n", "arguments"),
    [
        ("morlet60", 60, {"dj": 0.5}),
        ("morlet64", 64, {"dj": 0.5}),
        ("morlet4", 60, {"dj": 0.5, "wavelet": pycwt.Morlet(4), "J": 8}),
        ("paul", 60, {"dj": 0.5, "wavelet": "paul"}),
        ("paul_dropped", 60, {"dj": 1.0, "wavelet": "paul", "s0": 2.0, "J": 9}),
        ("dog", 64, {"dj": 0.5, "wavelet": "dog"}),
        ("dog3", 60, {"dj": 0.5, "wavelet": pycwt.DOG(3)}),
        ("freqs", 60, {"freqs": [0.1, 0.03, 0.4]}),
    ],
)
def test_transform(name, n, arguments):
    result = pycwt.cwt(X[:n], 0.5, compat=COMPAT, **arguments)
    same(result, f"cwt_{name}", ("W", "sj", "freqs", "coi", "fft", "fftfreqs"))


@pytest.mark.parametrize(("name", "normalize"), [("units", False), ("normal", True)])
def test_cross_transform(name, normalize):
    result = pycwt.xwt(X[:60], Y[:60], 0.5, dj=0.5, normalize=normalize, compat=COMPAT)
    same(result, f"xwt_{name}", ("W12", "coi", "freq", "signif"))


@pytest.mark.parametrize(
    ("name", "n", "dj", "normalize"),
    [("even", 60, 1 / 12, True), ("odd", 64, 0.08, True), ("coarse", 64, 0.5, False)],
)
def test_coherence(name, n, dj, normalize):
    result = pycwt.wct(
        X[:n], Y[:n], 0.5, dj, J=int(4 / dj), sig=False, normalize=normalize, compat=COMPAT
    )
    same(result, f"wct_{name}", ("WCT", "coi", "freq"))
    if name == "coarse":
        same(result, "wct_coarse", ("aWCT",))
    assert result.sig.tolist() == DATA[f"wct_{name}_sig"].tolist() == [0]


def test_it_is_another_transform():
    """The tolerances above would be worth nothing if both ways gave the same."""
    assert np.abs(pycwt.cwt(X[:64], 0.5, 0.5).W - DATA["cwt_morlet64_W"]).max() > 0.1
    ours = pycwt.wct(X[:60], Y[:60], 0.5, J=48, sig=False).WCT
    assert np.abs(ours - DATA["wct_even_WCT"]).max() > 0.1


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: pycwt.cwt(X, 1, compat="pycwt-0.4"), "compat must be one of pycwt-0.5"),
        (lambda: pycwt.cwt(X, 1, compat=COMPAT, dtype="complex64"), "dtype must have its default"),
        (lambda: pycwt.cwt(X, 1, compat=COMPAT, threads=2), "threads must have its default"),
        (lambda: pycwt.cwt(X, 1, compat=COMPAT, wavelet="morse"), "Morlet, Paul or DOG"),
        (lambda: pycwt.cwt(X, 1, compat=COMPAT, wavelet=pycwt.Paul(11)), "norm overflows"),
        (lambda: pycwt.cwt(X, 1, compat=COMPAT, wavelet="paul", s0=500, J=0), "drops every one"),
        (lambda: pycwt.wct(X, Y, 1, compat=COMPAT), "sig=False"),
        (
            lambda: pycwt.wct(X, Y, 1, compat=COMPAT, sig=False, phase="smoothed"),
            "phase must have its default",
        ),
        (lambda: pycwt.wct(X, Y, 1, compat=COMPAT, sig=False, wavelet="dog"), "Morlet"),
        (lambda: pycwt.wct(X, Y, 1, compat=COMPAT, sig=False, freqs=[0.1, 0.2, 0.25]), "dj, s0"),
        (lambda: pycwt.wct(X, Y, 1, dj=3, compat=COMPAT, sig=False), "window is empty"),
    ],
)
def test_what_pycwt_has_not(call, match):
    with pytest.raises(ValueError, match=match):
        call()
