"""Series of the literature that come with the library; ``data/README.md`` tells their origin."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pycwt_mod import checks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class _Source:
    file: str
    label: str
    units: str
    #: First year and sampling interval; None where the file has a column of years.
    start: float | None
    dt: float


_SOURCES = {
    "ao": _Source("jao.dat", "Winter Arctic Oscillation index", "1", None, 1.0),
    "baltic": _Source("jbaltic.dat", "Maximum Baltic sea ice extent", "1000 km²", None, 1.0),
    "monsoon": _Source("monsoon.dat", "All-India rainfall anomaly", "mm", 1871.0, 0.25),
    "nino3": _Source("sst_nino3.dat", "NINO3 sea surface temperature", "°C", 1871.0, 0.25),
    "soi": _Source("soi.dat", "Southern Oscillation Index", "1", 1896.0, 0.25),
    "sunspot": _Source("sunspot.dat", "Wolf sunspot number", "1", 1748.0, 0.25),
}


class _DatasetTuple(NamedTuple):
    time: NDArray[np.float64]
    values: NDArray[np.float64]


class Dataset(_DatasetTuple):
    """``time`` in years and ``values``, both of shape (N,), evenly sampled."""

    label: str
    #: Units of the values; "1" for indices and counts.
    units: str
    #: Sampling interval in years.
    dt: float


def load_dataset(name: str) -> Dataset:
    """A series by its name: ao, baltic, monsoon, nino3, soi or sunspot.

    The Baltic ice extent is as measured; see :func:`percentiles` and :func:`ao_baltic`.

    Raises:
        ValueError: there is no series of that name.
    """
    if name not in _SOURCES:
        raise ValueError(f"name must be one of {', '.join(_SOURCES)}, not {name!r}")
    source = _SOURCES[name]
    text = files("pycwt_mod").joinpath("data", source.file).read_text(encoding="ascii")
    table = np.array([line.split() for line in text.splitlines() if line.strip()], dtype=float)
    values = table[:, -1].copy()
    if source.start is None:
        time = table[:, 0].copy()
    else:
        time = source.start + source.dt * np.arange(values.size)
    dataset = Dataset(time, values)
    dataset.label, dataset.units, dataset.dt = source.label, source.units, source.dt
    return dataset


def percentiles(values: ArrayLike) -> NDArray[np.float64]:
    """Turn a series into percentiles: (rank − ½)/N, ties sharing their mean rank.

    Grinsted et al. (2004, section 2) do so with the Baltic ice, whose two-humped
    distribution is far from that of red noise.

    Args:
        values: N real samples, not constant.

    Returns:
        Numbers in (0, 1), shape (N,).

    Raises:
        TypeError: the series isn't made of real numbers.
        ValueError: the series is unfit.
    """
    x = checks.series(values, "values")
    _, inverse, counts = np.unique(x, return_inverse=True, return_counts=True)
    # Half the ties count as below: cumulative count less half of one's own.
    middle: NDArray[np.float64] = (np.cumsum(counts) - counts / 2)[inverse] / x.size
    return middle


def ao_baltic() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The example of Grinsted et al. (2004): years 1851–1997, AO, Baltic ice in percentiles.

    The ice is ranked over its whole record, 1720–1999, before it is cut.
    """
    ao, ice = load_dataset("ao"), load_dataset("baltic")
    ranked = percentiles(ice.values)
    return ao.time, ao.values, ranked[np.isin(ice.time, ao.time)]
