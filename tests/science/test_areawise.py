"""The area-wise test against its definition, the closed form of the kernel, and noise."""

from __future__ import annotations

import numpy as np
import pytest

import pycwt_mod as pycwt
from pycwt_mod.analysis.patches import CriticalPatch
from pycwt_mod.backends import Cancelled, NoControl

SJ = 4.0 * 2 ** (np.arange(17) / 4)
ALPHA = 0.5


@pytest.mark.parametrize("omega", [6, 10])
def test_kernel_of_the_morlet_wavelet(omega):
    """√(2a/(1 + a²)) exp(−[b² + ω₀²(1 − a)²]/(2(1 + a²))), from the Gaussian integral."""
    u, b = np.linspace(-1, 1, 21), np.linspace(0, 5, 26)
    a = np.exp2(u)[:, None]
    expected = np.sqrt(2 * a / (1 + a**2)) * np.exp(
        -(b**2 + omega**2 * (1 - a) ** 2) / (2 * (1 + a**2))
    )
    found = pycwt.reproducing_kernel(u, b, pycwt.Morlet(omega))
    np.testing.assert_allclose(found, expected, atol=1e-7)


@pytest.mark.parametrize("m", [4, 40])
def test_kernel_of_pauls_wavelet(m):
    """∫x^(2m) exp(−x(1 + a − ib)) dx: (2√a / |1 + a − ib|)^(2m + 1)."""
    u, b = np.linspace(-2, 2, 17), np.linspace(0, 6, 25)
    a = np.exp2(u)[:, None]
    expected = (2 * np.sqrt(a) / np.abs(1 + a - 1j * b)) ** (2 * m + 1)
    found = pycwt.reproducing_kernel(u, b, pycwt.Paul(m))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_kernel_of_a_derivative_of_a_gaussian():
    """Along time alone it is the autocorrelation of the wavelet, here by convolution."""
    dog = pycwt.DOG(2)
    t = np.arange(-4000, 4001) / 200
    psi = dog.psi(t)
    auto = np.abs([np.sum(psi[k * 100 :] * psi[: psi.size - k * 100]) for k in range(8)])
    found = pycwt.reproducing_kernel(0, np.arange(8) * 0.5, dog)[0]
    np.testing.assert_allclose(found, auto / auto[0], atol=1e-6)


def test_noise_is_correlated_as_the_kernel_says():
    """White noise at a point and at others: |⟨W W'*⟩| over 4,000 series; error about 0.016."""
    rng = np.random.default_rng(181)
    sj = 8 * 2 ** np.array([0, 0.25, 0.5])
    freqs = 1 / (pycwt.Morlet().flambda() * sj)
    W = np.array([pycwt.cwt(rng.standard_normal(128), 1, freqs=freqs).W for _ in range(4000)])
    centre = W[:, 0, 64]
    at = [(k, b) for k in range(3) for b in (0, 4, 8, 16)]
    found = [
        np.abs(np.mean(centre * W[:, k, 64 + b].conj()))
        / np.sqrt(np.mean(np.abs(centre) ** 2) * np.mean(np.abs(W[:, k, 64 + b]) ** 2))
        for k, b in at
    ]
    kernel = pycwt.reproducing_kernel([0, 0.25, 0.5], [0, 0.5, 1, 2])
    np.testing.assert_allclose(found, kernel.ravel(), atol=0.06)


def test_patch_is_where_the_kernel_exceeds_the_level():
    patch = pycwt.critical_patch(0.5, 1 / 12)
    np.testing.assert_array_equal(
        patch.offsets, np.arange(-patch.offsets.size // 2 + 1, patch.offsets.size // 2 + 1)
    )
    a = np.exp2(patch.offsets / 12)
    b2 = -2 * (1 + a**2) * np.log(0.5 / np.sqrt(2 * a / (1 + a**2))) - 36 * (1 - a) ** 2
    np.testing.assert_allclose(patch.half_widths, np.sqrt(b2), atol=2e-3)
    larger = pycwt.critical_patch(0.3, 1 / 12)
    assert larger.offsets.size > patch.offsets.size
    assert larger.half_widths.max() > patch.half_widths.max()


def opening(mask, scales, patch):
    """The union of patches inside the set, point by point."""
    rows, n = mask.shape
    out = np.zeros_like(mask)
    for j in range(rows):
        for t in range(n):
            inside = np.zeros_like(mask)
            for k, width in zip(patch.offsets, patch.half_widths, strict=True):
                if 0 <= j + k < rows:
                    inside[j + k] |= np.abs(np.arange(n) - t) <= width * scales[j]
            if not (inside & ~mask).any():
                out |= inside
    return out


@pytest.mark.parametrize("seed", range(4))
def test_opening_by_its_definition(seed):
    rng = np.random.default_rng(seed)
    scales = 2 * 2 ** (np.arange(7) / 4)
    blur = np.add.reduce([np.roll(rng.random((7, 60)), k, axis=1) for k in range(3)])
    mask = (blur > 1) | (rng.random((7, 60)) < 0.1)
    mask[:, 20:34] |= seed % 2 == 0
    exact = CriticalPatch(0.5, np.array([-4, 0, 4]), np.array([0.5, 1.0, 0.5]))
    for patch in (*(pycwt.critical_patch(level, 0.25) for level in (0.5, 0.8)), exact):
        found = pycwt.areawise_opening(mask, scales * 0.5, 0.5, patch)
        np.testing.assert_array_equal(found, opening(mask, scales, patch))
        again = pycwt.areawise_opening(found, scales, 1, patch)
        np.testing.assert_array_equal(again, found)
        assert not (found & ~mask).any()
    assert pycwt.areawise_opening(np.ones((7, 60), bool), scales, 1, patch).all()
    assert not pycwt.areawise_opening(np.zeros((7, 60), bool), scales, 1, patch).any()


@pytest.fixture(scope="module")
def calibrated():
    return pycwt.areawise_calibration(512, 1, SJ, ALPHA, mc_count=150, seed=1)


def test_false_area_that_is_left(calibrated):
    """At an area-wise level of 90 %, a tenth of the falsely significant area is left.

    150 other series with other random numbers: 10 ± 4 %, of which the run and its check have a
    standard error of about 1 % each.
    """
    kernel_level, left = calibrated
    assert left == pytest.approx(0.1, abs=0.02)
    patch = pycwt.critical_patch(kernel_level, 0.25)
    rng = np.random.default_rng(182)
    total, kept = 0.0, 0.0
    for _ in range(150):
        x = pycwt.rednoise(512, ALPHA, seed=rng)
        t = pycwt.cwt(x, 1, 0.25, 4, 16)
        level = pycwt.significance(1 / (1 - ALPHA**2), 1, t.sj, 0, ALPHA).signif
        mask = np.abs(t.W) ** 2 >= level[:, None]
        weights = (1 / t.freqs[:, None] <= t.coi) / t.sj[:, None]
        total += weights[mask].sum()
        kept += weights[pycwt.areawise_opening(mask, t.sj, 1, patch)].sum()
    assert kept / total == pytest.approx(0.1, abs=0.04)


def test_level_depends_little_on_the_grid(calibrated):
    """The kernel makes all scales alike: half as many rows, and other noise, the same patch."""
    coarse = pycwt.areawise_calibration(512, 0.1, SJ[4:13] * 0.1, 0.0, mc_count=100, seed=2)[0]
    assert coarse == pytest.approx(calibrated[0], abs=0.1)


def test_a_lasting_oscillation_stays_and_specks_go(calibrated):
    t = np.arange(512)
    signal = 1.5 * np.cos(2 * np.pi * t / 20) * ((t > 150) & (t < 380))
    x = pycwt.rednoise(512, ALPHA, seed=183) + signal
    transform = pycwt.cwt(x, 1, 0.25, 4, 16)
    found = pycwt.areawise_test(transform, 4 / 3, alpha=ALPHA, kernel_level=calibrated[0])
    assert (found.seed, found.mc_count) == (None, 0)
    assert np.isnan(found.left)
    assert not (found.significant & ~found.pointwise).any()
    row = int(np.argmin(np.abs(1 / transform.freqs - 20)))
    assert found.significant[row, 180:350].mean() > 0.6
    away = np.abs(np.log2(transform.freqs * 20)) > 1
    assert found.pointwise[away].sum() > 20
    assert found.significant[away].sum() < found.pointwise[away].sum() / 2


def test_the_run_of_a_test_is_its_calibration():
    x = pycwt.rednoise(200, ALPHA, seed=184)
    transform = pycwt.cwt(x, 0.5, 0.25, 2, 10)
    done = []

    class Watch(NoControl):
        def advance(self, number):
            done.append(number)

    found = pycwt.areawise_test(
        transform, x, alpha=0.3, mc_count=20, seed=9, control=Watch(), areawise_level=0.8
    )
    expected = pycwt.areawise_calibration(
        200, 0.5, transform.sj, 0.3, 0.95, 0.8, mc_count=20, seed=9
    )
    assert (found.patch.kernel_level, found.left) == pytest.approx(expected)
    assert (found.seed, found.mc_count, done[-1]) == (9, 20, 20)
    drawn = [pycwt.areawise_test(transform, x, mc_count=5).seed for _ in range(2)]
    assert drawn[0] != drawn[1]


def test_coherence_of_noise(oracle, measured):
    """60 pairs for the kernel level, 60 others: of their false area 10 ± 5 % is left."""
    levels = pycwt.wct_significance(
        *(ALPHA, ALPHA, 1, 0.25, 4, 16), mc_count=100, seed=1, backend=oracle, cache=False
    )
    rng = np.random.default_rng(185)
    masks = []
    for _ in range(120):
        pair = [pycwt.rednoise(512, ALPHA, seed=rng) for _ in range(2)]
        result = pycwt.wct(*pair, 1, 0.25, 4, 16, sig=False)
        masks.append(levels[:, None] <= result.WCT)
    kernel_level, left = pycwt.areawise_kernel_level(masks[:60], SJ, 1)
    assert left == pytest.approx(0.1, abs=0.02)
    patch = pycwt.critical_patch(kernel_level, 0.25)
    outside = 1 / result.freq[:, None] <= result.coi
    area = outside / SJ[:, None]
    kept = sum(area[pycwt.areawise_opening(mask, SJ, 1, patch)].sum() for mask in masks[60:])
    share = kept / sum(area[mask].sum() for mask in masks[60:])
    measured("false area of coherence left", share)
    assert share == pytest.approx(0.1, abs=0.05)


def test_cancelling():
    class Stop(NoControl):
        def cancelled(self):
            return True

    with pytest.raises(Cancelled):
        pycwt.areawise_calibration(200, 1, SJ, ALPHA, control=Stop())


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: pycwt.critical_patch(0, 0.25), "kernel_level"),
        (lambda: pycwt.critical_patch(0.5, 0), "dj"),
        (lambda: pycwt.areawise_opening([[1]], [1], 1, PATCH), "significant must be a mask"),
        (lambda: pycwt.areawise_opening([[True]], [1, 2], 1, PATCH), "each of the 2 scales"),
        (lambda: pycwt.areawise_calibration(3, 1, SJ, 0.1), "n must be"),
        (lambda: pycwt.areawise_calibration(200, 1, SJ[:1], 0.1), "sj must be at least two"),
        (lambda: pycwt.areawise_calibration(20, 1, SJ * 9, 0.1), "sj: no scale has points"),
        (lambda: pycwt.areawise_calibration(200, 1, SJ, 1), "alpha"),
        (lambda: pycwt.areawise_calibration(200, 1, SJ, 0.1, 1), "significance_level"),
        (lambda: pycwt.areawise_calibration(200, 1, SJ, 0.1, 0.9, 1), "areawise_level"),
        (lambda: pycwt.areawise_calibration(200, 1, SJ, 0.1, mc_count=0), "mc_count must"),
        (lambda: pycwt.areawise_calibration(200, 1, SJ, 0.1, seed=-1), "seed"),
        (
            lambda: pycwt.areawise_calibration(16, 1, [2, 4], 0.1, 1 - 1e-12, mc_count=1, seed=1),
            "masks: no point is significant",
        ),
        (lambda: pycwt.areawise_kernel_level([], SJ, 1), "masks must be masks of one shape"),
        (lambda: pycwt.areawise_kernel_level([np.ones((2, 3))], SJ, 1), "masks must be masks"),
        (lambda: pycwt.areawise_kernel_level([np.ones((2, 300), bool)], SJ, 1), "have 17 scales"),
        (lambda: pycwt.areawise_kernel_level([np.ones((17, 300), bool)], SJ, 1), "leaves 1.00 of"),
    ],
)
def test_bad_arguments(call, match):
    with pytest.raises(ValueError, match=match):
        call()


PATCH = CriticalPatch(0.5, np.array([0]), np.array([0.1]))
