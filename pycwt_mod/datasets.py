"""Series of the literature that come with the library; ``data/README.md`` tells their origin."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pycwt_mod import checks

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


_TC98 = "wavelet programs of C. Torrence and G. P. Compo, MIT licence"
_GRINSTED = "wavelet coherence toolbox of A. Grinsted, J. C. Moore and S. Jevrejeva, MIT licence"


@dataclass(frozen=True, slots=True)
class _Source:
    file: str
    label: str
    units: str
    #: Who measured or compiled it.
    source: str
    #: Whose programs it came with, and their licence.
    licence: str
    #: First year and sampling interval; None where the file has a column of years.
    start: float | None
    dt: float


_SOURCES = {
    "ao": _Source(
        "jao.dat",
        "Winter Arctic Oscillation index",
        "1",
        "Thompson and Wallace 1998, Geophys. Res. Lett. 25, 1297-1300",
        _GRINSTED,
        None,
        1.0,
    ),
    "baltic": _Source(
        "jbaltic.dat",
        "Maximum Baltic sea ice extent",
        "1000 km²",
        "Seinä and Palosuo 1996, Meri 27, 79-91; Seinä et al. 2001",
        _GRINSTED,
        None,
        1.0,
    ),
    "monsoon": _Source(
        "monsoon.dat",
        "All-India rainfall anomaly",
        "mm",
        "Parthasarathy et al. 1991",
        _TC98,
        1871.0,
        0.25,
    ),
    "nino3": _Source(
        "sst_nino3.dat",
        "NINO3 sea surface temperature",
        "°C",
        "GISST2.3, UK Meteorological Office",
        _TC98,
        1871.0,
        0.25,
    ),
    "soi": _Source(
        "soi.dat",
        "Southern Oscillation Index",
        "1",
        "Climate Prediction Center",
        _TC98,
        1896.0,
        0.25,
    ),
    "sunspot": _Source(
        "sunspot.dat",
        "Wolf sunspot number",
        "1",
        "National Geophysical Data Center",
        _TC98,
        1748.0,
        0.25,
    ),
}
#: Names of the files that Grinsted's users know.
_ALIASES = {"jao": "ao", "jbaltic": "baltic"}


class _DatasetTuple(NamedTuple):
    time: NDArray[np.float64]
    values: NDArray[np.float64]


class Dataset(_DatasetTuple):
    """``time`` in years and ``values``, both of shape (N,), evenly sampled.

    The transforms take it as it is, time axis included: ``cwt(load_dataset("nino3"))``.
    """

    label: str
    #: Units of the values; "1" for indices and counts.
    units: str
    #: Sampling interval in years.
    dt: float
    #: Who measured or compiled the series.
    source: str
    #: Whose programs it came with, and the licence of those.
    licence: str
    #: Units of ``time`` and ``dt``.
    time_units: str = "years"

    def __repr__(self) -> str:
        return (
            f"<Dataset: {self.label} ({self.units}), {self.values.size} values, "
            f"{self.time[0]:g} to {self.time[-1]:g} every {self.dt:g} {self.time_units}; "
            f"{self.source}>"
        )

    def to_pandas(self) -> Any:
        """The series as a ``pandas.Series`` over years, for which pandas must be installed."""
        import pandas as pd  # noqa: PLC0415 - optional

        series = pd.Series(self.values, pd.Index(self.time, name="time"), name=self.label)
        series.attrs.update(self._attributes())
        return series

    def to_xarray(self) -> Any:
        """The series as an ``xarray.DataArray`` over years, for which xarray must be installed."""
        import xarray as xr  # noqa: PLC0415 - optional

        time = xr.Variable("time", self.time, {"units": self.time_units})
        return xr.DataArray(
            self.values, {"time": time}, ["time"], name=self.label, attrs=self._attributes()
        )

    def _attributes(self) -> dict[str, str]:
        return {
            "long_name": self.label,
            "units": self.units,
            "source": self.source,
            "licence": self.licence,
        }


def load_dataset(name: str) -> Dataset:
    """A series by its name: ao (or jao), baltic (jbaltic), monsoon, nino3, soi or sunspot.

    The Baltic ice extent is as measured; see :func:`percentiles` and :func:`ao_baltic`.

    Raises:
        ValueError: there is no series of that name.
    """
    known = _ALIASES.get(name, name)
    if known not in _SOURCES:
        raise ValueError(f"name must be one of {', '.join(_SOURCES)}, not {name!r}")
    origin = _SOURCES[known]
    text = files("pycwt_mod").joinpath("data", origin.file).read_text(encoding="ascii")
    table = np.array([line.split() for line in text.splitlines() if line.strip()], dtype=float)
    values = table[:, -1].copy()
    if origin.start is None:
        time = table[:, 0].copy()
    else:
        time = origin.start + origin.dt * np.arange(values.size)
    dataset = Dataset(time, values)
    dataset.label, dataset.units, dataset.dt = origin.label, origin.units, origin.dt
    dataset.source, dataset.licence = origin.source, origin.licence
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
