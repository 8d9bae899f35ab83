"""From a task to the configurations of the chip.

The chip knows nothing of wavelets: it filters two series of noise with the taps that it is given,
at every ``step``-th sample, forms the products, smooths them with the weights that it is given,
divides and counts. All that depends on the task is worked out here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pycwt_mod import grid
from pycwt_mod.monte_carlo.cascade import EDGE, parts
from pycwt_mod.monte_carlo.edges import padded
from pycwt_mod.transform import edge_distance
from pycwtd_drivers.tang_nano_9k.fixed import limits
from pycwtd_drivers.tang_nano_9k.fixed.configuration import Configuration, Counted, Row, Stratum
from pycwtd_drivers.tang_nano_9k.fixed.filters import half_filter, half_window, powers
from pycwtd_drivers.tang_nano_9k.fixed.image import ring_depth, tap_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.backends import Family, SignificanceTask
    from pycwt_mod.monte_carlo.cascade import Octave

#: Places of the coefficients in a scale, at most so far apart: |W|² of a Morlet wavelet is known
#: from 1.34 values a scale; the others have wider bands.
_STEP: dict[Family, float] = {"morlet": 0.75, "paul": 0.45, "dog": 0.45}
#: The same where windows don't fit into the ring otherwise: R² then differs by 0.003 rms, and by
#: less than 0.001 on the average.
_COARSE_STEP = 0.7
_FEW = 3
#: Standard deviation of a series, at most: eight of them are within its 17 bits.
_SIGMA = 8000
#: By how much one series is made smaller, at most, for the sake of the other one's coefficients.
_BALANCE = 16.0
#: A product exceeds 40 times its mean with a probability of 4e-18; near an edge a few may be cut.
_ROOM, _ROOM_AT_EDGE = 40.0, 8.0
#: What a sample of the whole series counts: weights are whole numbers.
_UNIT = 16
#: Share of a window that may come round the circle unseen.
_UNSEEN = 1e-3
#: Share of a window that may be left off so that it fits.
_LEFT_OFF = 0.01


class _TooLargeError(ValueError):
    """A part of a task doesn't fit the chip in one piece."""


@dataclass(frozen=True)
class _Group:
    """Scales that are counted together, and those beside them."""

    part: Octave
    #: Of the part's scales.
    own: range
    scales: tuple[float, ...]
    lanes: int
    step: int
    places: int
    offset: int

    @property
    def task(self) -> SignificanceTask:
        """Of the part."""
        return self.part.task

    @property
    def samples(self) -> NDArray[np.int64]:
        """The places' samples."""
        return self.offset + self.step * np.arange(self.places)


@lru_cache(maxsize=16)
def configurations(task: SignificanceTask, lanes: int = limits.LANES) -> tuple[Configuration, ...]:
    """What the chip has to do for a task: one configuration for an octave, or a few.

    Args:
        task: the null hypothesis.
        lanes: of the chip; the counts don't depend on them.

    Raises:
        ValueError: the chip can't; the text says why.
    """
    if task.family not in _STEP:
        raise ValueError(f"the gateware runs {', '.join(_STEP)}, not {task.family}")
    if task.estimator != "cascade":
        raise ValueError(
            f"the gateware runs the estimator cascade, not {task.estimator}: take another backend"
        )
    if task.edge_nodes:
        raise ValueError(
            "the gateware doesn't count within the cone of influence: take edges=False, "
            "or another backend"
        )
    found = []
    for part in parts(task):
        if part.task.length > limits.MAX_LENGTH:
            raise ValueError(
                f"the gateware holds {limits.MAX_LENGTH} samples of a series, not "
                f"{part.task.length}: take another backend"
            )
        found += _split(part, range(*part.own), lanes)
    return tuple(found)


def _split(part: Octave, own: range, lanes: int) -> list[Configuration]:
    """One configuration if the scales fit, else two halves; of a few, with coarser steps."""
    few = len(own) <= _FEW
    for coarse in (False, True) if few else (False,):
        try:
            found = _configuration(part, own, lanes, coarse)
        except _TooLargeError:
            if coarse and len(own) == 1:
                raise
        else:
            return [found] if found else []
    middle = own.start + len(own) // 2
    halves = range(own.start, middle), range(middle, own.stop)
    return [one for half in halves for one in _split(part, half, lanes)]


def _configuration(part: Octave, own: range, lanes: int, coarse: bool) -> Configuration | None:
    """None where nothing of it is counted."""
    group = _group(part, own, lanes, coarse)
    counted = _counted(group)
    if not any(one.near.points + one.beyond.points for one in counted):
        return None
    filters = [half_filter(part.task.family, part.task.order, s) for s in group.scales]
    if tap_words([f.size for f in filters], lanes) > limits.MAX_TAPS:
        raise _TooLargeError(
            f"filters of {sum(f.size for f in filters)} taps don't fit into the gateware's "
            f"{lanes} × {limits.MAX_TAPS}: take another backend"
        )
    whole = _whole_taps(filters)
    # First, as it takes the least time to see that they don't fit.
    windows = _windows(group)
    sigmas, shift = _levels(group, whole, counted)
    halo = len(part.task.scale_weights) // 2
    a1, a2 = (_lag(a) for a in part.task.ar1)
    return Configuration(
        part=part,
        row=part.row + own.start - part.own[0],
        length=part.task.length,
        lags=(a1, a2),
        first_gains=(_gain(sigmas[0], 0), _gain(sigmas[1], 0)),
        gains=(_gain(sigmas[0], a1), _gain(sigmas[1], a2)),
        step=group.step,
        offset=group.offset,
        places=group.places,
        gap=_gap(group, windows, counted),
        scales=tuple(
            Row(real, imag, window) for (real, imag), window in zip(whole, windows, strict=True)
        ),
        shift=shift,
        own=own.start - max(0, own.start - halo),
        counted=counted,
        weights=_whole_weights(part.task.scale_weights),
        lanes=lanes,
    )


def _group(part: Octave, own: range, lanes: int, coarse: bool) -> _Group:
    task = part.task
    halo = len(task.scale_weights) // 2
    if 2 * halo + 1 > limits.MAX_WEIGHTS:
        raise ValueError(
            f"the gateware smooths over at most {limits.MAX_WEIGHTS - 1} scales, "
            f"not {2 * halo + 1}: take a larger dj, or another backend"
        )
    scales = task.scales[max(0, own.start - halo) : own.stop + halo]
    if len(scales) > limits.MAX_SCALES or 2 * len(own) > limits.MAX_ROWS:
        raise _TooLargeError(
            f"{len(scales)} scales at a time don't fit into the gateware's {limits.MAX_SCALES}: "
            "take a larger dj, or another backend"
        )
    step = max(1, int(_spacing(task, coarse) * task.scales[own.start]))
    places = max(1, round(task.length / step))
    offset = (task.length - 1 - (places - 1) * step) // 2
    return _Group(part, own, scales, lanes, step, places, offset)


def _left_off(window: NDArray[np.float64], scales: int) -> float:
    """The share of a window that doesn't fit into the ring."""
    return 2 * float(np.abs(window[ring_depth(scales) // 2 :]).sum())


def _spacing(task: SignificanceTask, coarse: bool) -> float:
    """Distance of two places in scales, at most: it goes as the width of the band of |W|².

    A real wavelet's has twice its frequency; Paul's reaches from m − 3√m to m + 4.5√m. Measured
    are those of DOG 2 and Paul 4.
    """
    root, narrower = math.sqrt(task.order), 1.0
    if task.family == "dog":
        narrower = min(1.0, 8.73 / (2 * root + 5.9))
    if task.family == "paul":
        narrower = min(1.0, 13 / (task.order + 4.5 * root - max(0.0, root * (root - 3))))
    # Wider bands than those two don't bear coarser steps.
    if coarse and narrower > 0.99:
        return max(_COARSE_STEP, _STEP[task.family])
    return _STEP[task.family] * narrower


def _lag(coefficient: float) -> int:
    limit = (1 << limits.LAG_BITS) - 1
    return max(-limit, min(limit, round(coefficient * (1 << limits.LAG_BITS))))


def _gain(sigma: float, lag: int) -> int:
    """Of a series' innovations; with lag 0, of its first sample."""
    exact = lag / (1 << limits.LAG_BITS)
    size = sigma * math.sqrt(1 - exact**2) * (1 << limits.GAIN_BITS)
    return round(size / math.sqrt(limits.NOISE_VARIANCE))


def _whole_taps(
    filters: list[NDArray[np.complex128]],
) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Taps times a factor that the scales have in common; the middle ones halved."""
    halves = [np.concatenate([f[:1] / 2, f[1:]]) for f in filters]
    largest = max(max(np.abs(h.real).max(), np.abs(h.imag).max()) for h in halves)
    total = max(2 * max(np.abs(h.real).sum(), np.abs(h.imag).sum()) for h in halves)
    # Each may be rounded up by a half.
    room = limits.TAP_SUM - max(h.size for h in halves)
    factor = min(limits.TAP_LIMIT / largest, room / total)
    return [
        (
            tuple(int(v) for v in (h.real * factor).round()),
            tuple(int(v) for v in (h.imag * factor).round()),
        )
        for h in halves
    ]


def _levels(
    group: _Group,
    taps: list[tuple[tuple[int, ...], tuple[int, ...]]],
    counted: tuple[Counted, ...],
) -> tuple[tuple[float, float], int]:
    """Standard deviations of the two series, and the digits that their products drop.

    The series whose coefficients are larger is made smaller, so that one shift suits all
    products.
    """
    spans = [one.outside for one in counted if one.near.points or one.beyond.points]
    low = min(span[0] for span in spans)
    # From the end to where counting begins, and in the middle.
    at = np.unique([*np.linspace(0, low, 12).round().astype(int), group.places // 2])
    matrices = np.array([_dense(group, at, np.array(re), np.array(im)) for re, im in taps])
    unit = (_SIGMA / (1 << limits.FILTER_SHIFT)) ** 2
    length = group.task.length
    within = np.array([unit * powers(matrices, a, length) for a in group.task.ar1])
    mean, edge = within[:, :, at >= low].max(axis=(1, 2)), within.max(axis=(1, 2))
    smaller = np.minimum(1, np.maximum(np.sqrt(mean.min() / mean), 1 / _BALANCE))
    needed = max(_ROOM * (mean * smaller**2).max(), _ROOM_AT_EDGE * (edge * smaller**2).max())
    shift = max(0, math.ceil(math.log2(needed / limits.PRODUCT_LIMIT)))
    if shift > limits.MAX_SHIFT:
        smaller *= 2.0 ** ((limits.MAX_SHIFT - shift) / 2)
    sigmas = (float(_SIGMA * smaller[0]), float(_SIGMA * smaller[1]))
    return sigmas, min(shift, limits.MAX_SHIFT)


def _dense(
    group: _Group, places: NDArray[np.int64], real: NDArray[np.int64], imag: NDArray[np.int64]
) -> NDArray[np.complex128]:
    """What each sample counts at some places, shape (places, length)."""
    k = np.arange(group.task.length) - group.samples[places, None]
    at = np.minimum(np.abs(k), real.size - 1)
    value = real[at] * np.where(k == 0, 2, 1) + 1j * imag[at] * np.sign(k)
    dense: NDArray[np.complex128] = np.where(np.abs(k) < real.size, value, 0)
    return dense


def _windows(group: _Group) -> list[tuple[int, ...]]:
    """The windows of all scales, whole; none wider than the ring."""
    task = group.task
    widest = ring_depth(len(group.scales)) // 2 - 1
    found = []
    for scale in group.scales:
        window = half_window(task.family, task.order, scale, group.step)
        if _left_off(window, len(group.scales)) > _LEFT_OFF:
            raise _TooLargeError(
                f"the smoothing window of scale {scale:g} reaches over {window.size - 1} places to "
                f"either side, the gateware's over {widest}: take another backend"
            )
        window = window[: widest + 1]
        factor = ((1 << limits.WINDOW_BITS) - 2 * window.size) / (2 * window.sum() - window[0])
        found.append(tuple(int(v) for v in (window * factor).round()))
    if sum(len(w) for w in found) > limits.MAX_WINDOWS:
        raise _TooLargeError("the smoothing windows don't fit into the gateware")
    return found


def _gap(group: _Group, windows: list[tuple[int, ...]], counted: tuple[Counted, ...]) -> int:
    """Empty places between the two ends on the circle that the library's smoothing goes round.

    Where hardly anything comes round, a window's half width of them: then nothing does.
    """
    half = max(len(w) for w in windows) - 1
    gap = round(padded(group.task.length) / group.step) - group.places
    if gap >= half:
        return half
    gap = max(0, gap)
    # The largest of the scales that are summed up for each.
    reach = len(windows) - len(counted) if group.own.stop < len(group.task.scales) else 0
    around = max(
        sum(windows[min(j + reach, len(windows) - 1)][one.outside[0] + gap + 1 :])
        for j, one in enumerate(counted, start=len(windows) - reach - len(counted))
        if one.near.points or one.beyond.points
    )
    return half if around < _UNSEEN * (1 << limits.WINDOW_BITS) else gap


def _whole_weights(weights: tuple[float, ...]) -> tuple[int, ...]:
    return tuple(round(w * (limits.WEIGHT_SUM - len(weights))) for w in weights)


def _counted(group: _Group) -> tuple[Counted, ...]:
    """The points of every own scale, with rows of the chip's histogram one after the other."""
    found: list[Counted] = []
    row = 0
    for own in group.own:
        one = _points(group, own)
        near = replace(one.near, row=row)
        row += one.near.points > 0
        beyond = replace(one.beyond, row=row)
        row += one.beyond.points > 0
        found.append(replace(one, near=near, beyond=beyond))
    return tuple(found)


def _points(group: _Group, own: int) -> Counted:
    """The points of one scale outside the cone of influence, near the ends and beyond.

    A place counts for the samples around it, with the weights that the cascade gives them.
    """
    task = group.task
    scale = task.scales[own]
    weights = group.part.weights[own - group.part.own[0]]
    distance = edge_distance(task.length)
    outside = scale * grid.cone_factor(task.family, task.order, task.shape) <= distance
    inner = distance >= EDGE * scale
    totals = [int((outside & ~inner).sum()) * weights[0], int((outside & inner).sum()) * weights[1]]
    if not any(totals):
        return Counted((1, 0), (1, 0), Stratum(0, 0, 0), Stratum(0, 0, 0))
    at = group.samples
    places = np.nonzero(outside[at])[0]
    if not places.size:
        # None of the places is among the samples: the one in the middle stands for them.
        middle = np.nonzero(outside)[0].mean()
        places = np.abs(at - middle).argmin(keepdims=True)
    beyond = places[inner[at[places]]]
    points = [places.size - beyond.size, beyond.size]
    if not all(points):
        totals = [sum(totals) if n else 0 for n in points]
    near_, beyond_ = (
        Stratum(0, n, max(1, round(_UNIT * total / n)) if n else 0)
        for n, total in zip(points, totals, strict=True)
    )
    span = (int(beyond[0]), int(beyond[-1])) if beyond.size else (1, 0)
    return Counted((int(places[0]), int(places[-1])), span, near_, beyond_)
