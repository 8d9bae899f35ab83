"""An uploaded series in a few numbers: what a plot of it needs, and no more."""

from __future__ import annotations

import math
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pycwtd.store.files import DamagedFileError
from pycwtd.worker.control import Beat
from pycwtd.worker.render import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pycwtd.worker.control import TaskControl

#: Samples that are looked at together: 8 MB.
_BLOCK = 2**20


def preview(message: dict[str, Any], control: TaskControl) -> dict[str, Any]:
    """The extremes of equal stretches of a series, and its moments.

    Args:
        message: ``folder`` with ``series.npy``, and ``points``, the number of stretches; of a
            shorter series, each sample is one.
        control: told that the process is alive.

    Returns:
        ``minima`` and ``maxima`` of the stretches, and ``length``, ``missing``, ``mean``,
        ``std`` (divided by the number of samples), ``minimum`` and ``maximum``. What isn't
        finite, as where all samples are missing, is null.
    """
    path = Path(message["folder"]) / "series.npy"
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise DamagedFileError(f"{path.name} can't be read: {error.strerror}") from None
    with Beat(control):
        minima, maxima = _extremes(values, min(message["points"], values.size))
        there, mean, std = _moments(values)
    return {
        **{"length": values.size, "missing": values.size - there},
        **{"minima": plain(minima), "maxima": plain(maxima)},
        **{"mean": plain(np.array(mean)), "std": plain(np.array(std))},
        **{"minimum": plain(_least(minima)), "maximum": plain(-_least(-maxima))},
    }


def _extremes(
    values: NDArray[np.float64], points: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minimum and maximum of each stretch; NaN where all of it is missing."""
    edges = np.arange(points) * values.size // points
    return np.fmin.reduceat(values, edges), np.fmax.reduceat(values, edges)


def _least(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.fmin.reduce(values))


def _blocks(values: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """What is there of each block."""
    for start in range(0, values.size, _BLOCK):
        block = np.asarray(values[start : start + _BLOCK])
        if (present := block[~np.isnan(block)]).size:
            yield present


def _moments(values: NDArray[np.float64]) -> tuple[int, float, float]:
    """Samples that are there, their mean and standard deviation (Chan, Golub & LeVeque 1983)."""
    count, mean, squares = 0, 0.0, 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # too large to be squared: null
        for block in _blocks(values):
            here = float(block.mean())
            away = here - mean
            total = count + block.size
            squares += float(((block - here) ** 2).sum()) + away * away * count * block.size / total
            mean += away * block.size / total
            count = total
    return count, mean if count else math.nan, math.sqrt(squares / count) if count else math.nan
