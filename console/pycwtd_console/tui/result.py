"""The map in a job's result, fetched part by part: no more than what is drawn.

Needs numpy, so it is imported when a map is shown.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from pycwtd.client import ClientError
from pycwtd_console.tui.drawing.raster import bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwtd.api.types import JobView
    from pycwtd.client import Client
    from pycwtd_console.tui.drawing.raster import Run
    from pycwtd_console.tui.drawing.view import View

#: Arrays of each kind of job that has a map: the map itself and its phase.
_ARRAYS = {"wct": ("WCT", "aWCT"), "xwt": ("amplitude", "phase"), "cwt": ("wave", None)}
#: Kinds of jobs with a map.
MAPPED = frozenset(_ARRAYS)
#: Up to so many points all of what is looked at is fetched.
_ALL_POINTS = 400_000
#: Beyond, so many samples for each column of the terminal.
_A_COLUMN = 4


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a map.

    Attributes:
        rows: of the map.
        columns: samples from where to where.
        step: every how many samples there is one.
        values: R² or power, shape (rows, samples).
        ratio: of the values to their levels, the same shape; None where nothing was tested.
        coi: longest period free of the ends' influence, one for each of the samples.
        within: points that ends or gaps reach, where the series has gaps.
        phase: in radians; None where the kind has none.
    """

    rows: Run
    columns: Run
    step: int
    values: NDArray[np.float64]
    ratio: NDArray[np.float64] | None
    coi: NDArray[np.float64]
    within: NDArray[np.bool_] | None
    phase: NDArray[np.float64] | None

    def has(self, view: View) -> bool:
        """Whether all of a view is in it."""
        return _in(view.rows, self.rows) and _in(view.columns, self.columns)

    def cut(self, view: View) -> Part:
        """The part of it that a view shows."""
        rows = slice(view.rows[0] - self.rows[0], view.rows[1] - self.rows[0])
        first = -(-(view.columns[0] - self.columns[0]) // self.step)
        last = -(-(view.columns[1] - self.columns[0]) // self.step)
        across = slice(first, max(last, first + 1))

        def of(array: NDArray[Any] | None) -> Any:
            return None if array is None else array[rows, across]

        return Part(
            view.rows,
            view.columns,
            self.step,
            of(self.values),
            of(self.ratio),
            self.coi[across],
            of(self.within),
            of(self.phase),
        )


@dataclass(frozen=True, slots=True)
class Point:
    """What is at one row and sample."""

    row: int
    column: int
    time: float
    period: float
    value: float
    level: float | None
    #: Radians.
    phase: float | None
    within: bool


class ResultMap:
    """The map of a completed job.

    Attributes:
        kind: of the job.
        dt: sampling interval.
        samples: of the series.
        periods: ascending, one for each row.
        rims: of their bands in octaves.
        levels: one for each row; None where nothing was tested.
        errors: their standard errors; None where they have none.
        top: power at the end of the colours; 1 for coherence.
        last: row from which on all is within the cone of influence.
    """

    def __init__(self, client: Client, job: JobView) -> None:
        self._client = client
        self._path = f"/api/v1/jobs/{quote(job.job_id, safe='')}/result/"
        self._main, self._angle = _ARRAYS[job.kind]
        self._gapped = job.parameters.get("gaps") is not None
        self._edges = bool(job.parameters.get("edges"))
        self.kind = job.kind
        self.probability = job.parameters.get("level")
        self.family: str = job.parameters.get("family", "")
        self.order: float = job.parameters.get("order", -1.0)
        self.gamma: float = job.parameters.get("shape", 0.0)
        self.dt: float = job.parameters["dt"]
        self.samples: int = job.parameters["samples"]
        self.periods: NDArray[np.float64] = np.empty(0)
        self.rims: NDArray[np.float64] = np.empty(0)
        self.levels: NDArray[np.float64] | None = None
        self.errors: NDArray[np.float64] | None = None
        self.top = 1.0
        self.last = 0

    async def open(self, width: int) -> Part:
        """What all parts share, and the whole map for a terminal so wide.

        Raises:
            ClientError: it can't be had.
        """
        self.periods = 1.0 / await self._array("freqs")
        self.rims = bands(self.periods)
        self.levels = await self._optional("signif")
        self.errors = await self._optional("signif_error")
        middle = self.samples // 2
        coi = await self._array("coi", f"{middle}:{middle + 1}")
        free = int(np.count_nonzero(self.periods <= float(coi[0])))
        self.last = free if free > 1 else self.periods.size
        part = await self.part((0, self.periods.size), (0, self.samples), width)
        if self.kind != "wct":
            greatest = float(np.nanmax(part.values))
            self.top = 2.0 ** math.ceil(math.log2(greatest)) if greatest > 0 else 1.0
        return part

    async def part(self, rows: Run, columns: Run, width: int) -> Part:
        """A part of the map, with samples enough for so many columns of a terminal."""
        count = columns[1] - columns[0]
        step = 1
        if count * (rows[1] - rows[0]) > _ALL_POINTS:
            step = max(1, count // (width * _A_COLUMN))
        across, down = f"{columns[0]}:{columns[1]}:{step}", f"{rows[0]}:{rows[1]}"
        values = _power(await self._array(self._main, down, across))
        coi = await self._array("coi", across)
        within = None
        if self._gapped:
            within = ~np.asarray(await self._array("outside", down, across), dtype=np.bool_)
        phase = None if self._angle is None else await self._array(self._angle, down, across)
        ratio = None
        if self.levels is not None:
            levels = self.levels[rows[0] : rows[1], None]
            if self._edges:
                levels = await self._array("level_map", down, across)
            ratio = values / levels
        return Part(rows, columns, step, values, ratio, coi, within, phase)

    async def point(self, row: int, column: int) -> Point:
        """What is at a row and sample, as the result has it."""
        part = await self.part((row, row + 1), (column, column + 1), 1)
        return self.of(part, row, column)

    def of(self, part: Part, row: int, column: int) -> Point:
        """What is at a row and sample of a part that has every sample."""
        at = row - part.rows[0], column - part.columns[0]
        value, period = float(part.values[at]), float(self.periods[row])
        level = None if part.ratio is None else value / float(part.ratio[at])
        if level is not None and not value:
            level = None if self.levels is None else float(self.levels[row])
        within = period > float(part.coi[at[1]])
        if part.within is not None:
            within = bool(part.within[at])
        phase = None if part.phase is None else float(part.phase[at])
        return Point(row, column, column * self.dt, period, value, level, phase, within)

    def share(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where values lie in the colours, 0 to 1: R² itself; power over eight octaves."""
        if self.kind == "wct":
            return values
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(1.0 + np.log2(values / self.top) / OCTAVES)

    async def _array(self, name: str, rows: str = "", cols: str = "") -> NDArray[Any]:
        params = {k: v for k, v in (("rows", rows), ("cols", cols)) if v}
        body = await self._client.read(self._path + name, params=params)
        return np.asarray(np.load(io.BytesIO(body), allow_pickle=False))

    async def _optional(self, name: str) -> NDArray[np.float64] | None:
        try:
            return await self._array(name)
        except ClientError as error:
            if error.code == "no_array":
                return None
            raise


#: Octaves of power that the colours span, as in the figures.
OCTAVES = 8


def _power(values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype.kind == "c":
        return np.asarray(values.real**2 + values.imag**2, dtype=np.float64)
    return np.asarray(values, dtype=np.float64)


def _in(inner: Run, outer: Run) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]
