"""The raw results of a run, read: least and median of each case, ratios, the floor.

Everything here is a pure function of the raw results. What wasn't measured is None, and what is
made from it, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from bench import floor, work

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A program's long transform, in the order of the tables: key, title, digits of its result.
LONG = (
    ("c64", "pycwtd, complex64", "single"),
    ("into", "pycwtd, complex64, into an array", "single"),
    ("streamed", "pycwtd, complex64, streamed to a file", "single"),
    ("c128", "pycwtd, complex128", "double"),
    ("pycwt", "pycwt, complex128", "double"),
    ("fcwt", "fCWT, complex64", "single"),
    ("ssqueezepy", "ssqueezepy, complex64", "single"),
    ("pywavelets", "PyWavelets, complex128", "double"),
    ("loop32", "a loop over scipy.fft, complex64", "single"),
    ("loop64", "a loop over scipy.fft, complex128", "double"),
)


@dataclass(frozen=True)
class Gain:
    """How many times the runs of one processor two make, measured by turns.

    Attributes:
        best: of two when they are fastest, over those of one when it is.
        usual: of rounds, over those of the rounds of one next to them; the median.
    """

    best: float
    usual: float

    @property
    def larger(self) -> float:
        """What there is to be gained, as far as this machine lets it be seen.

        Whoever else uses the machine leaves two processors alone more rarely than one, and so
        lowers either figure.
        """
        return max(self.best, self.usual)


@dataclass(frozen=True)
class Beside:
    """Two processes that have nothing in common, each on a processor of its own.

    Attributes:
        alone: least elapsed seconds of a run on each, while the other one rests.
        both: elapsed seconds on each while both run, in the round with most runs of both.
        gain: of both at the same time.
    """

    alone: list[float]
    both: list[float]
    gain: Gain


class Figures:
    """The results of one run.

    Args:
        raw: as ``build/bench.json`` holds it.
        at_floor: cases that are taken to need no more than their floor.
    """

    def __init__(self, raw: dict[str, Any], at_floor: tuple[str, ...] = ()) -> None:
        self.raw = raw
        self._cases: dict[str, Any] = raw["cases"]
        self._at_floor = at_floor

    def missing(self, key: str) -> str | None:
        """Why a case has no figures; None where it has."""
        entry = self._cases.get(key)
        if entry is None or not entry["runs"]:
            return str((entry or {}).get("missing", "not measured in this run"))
        return None

    def calls(self, key: str, kind: str) -> list[float]:
        """Seconds of each call.

        Args:
            key: of the case.
            kind: ``first`` and ``warm`` are CPU time, ``first_elapsed`` and ``warm_elapsed``
                elapsed time. A case without warm calls has its first ones in their place.
        """
        runs = self._cases.get(key, {}).get("runs", [])
        if kind.startswith("first"):
            return [run[kind] for run in runs]
        found = [seconds for run in runs for seconds in run[kind]]
        return found or self.calls(key, kind.replace("warm", "first"))

    def least(self, key: str, kind: str = "warm") -> float | None:
        """Least seconds of a call."""
        if key in self._at_floor:
            return self.floor(key, kind)
        return min(self.calls(key, kind), default=None)

    def median(self, key: str, kind: str = "warm") -> float | None:
        """Median of the seconds of a call."""
        calls = self.calls(key, kind)
        return median(calls) if calls else None

    def peak(self, key: str) -> float | None:
        """Largest peak of resident memory in a first call, in MB, everything included."""
        runs = self._cases.get(key, {}).get("runs", [])
        return max((run["peak_kib"] * 1024 / 1e6 for run in runs), default=None)

    def values(self, key: str, name: str) -> list[Any]:
        """What a case told besides its times, of each round."""
        runs = self._cases.get(key, {}).get("runs", [])
        return [run["values"][name] for run in runs if name in run["values"]]

    def value(self, key: str, name: str) -> Any:
        """The same of the first round."""
        return next(iter(self.values(key, name)), None)

    # -- significance ---------------------------------------------------------------------

    def pycwt_each(self, J: int) -> float | None:
        """CPU seconds of a realisation of pycwt's, at the number of scales less one."""
        key = "pycwt-typical" if work.TYPICAL == J else f"pycwt-{J}"
        return min(self.values(key, "each"), default=None)

    def against_pycwt(self, key: str, J: int, kind: str) -> float | None:
        """CPU time of pycwt's default number of realisations over that of a run of ours."""
        return ratio(times(self.pycwt_each(J), work.COUNT), self.least(key, kind))

    def error(self, key: str, estimator: str, J: int) -> float | None:
        """Largest standard error of a run's levels, by the number of its realisations."""
        told, count = self.value(f"errors-{estimator}-{J}", "told"), self.value(key, "count")
        return None if told is None or count is None else told * (work.COUNT / count) ** 0.5

    def fair(self, key: str, J: int) -> bool:
        """Whether a run of the cascade is nowhere less certain than pycwt's worst."""
        ours = self.error(key, "cascade", J)
        # The series of pycwt are as many times the largest scale at every J.
        theirs = self.value(f"errors-full-{J}", "told")
        theirs = theirs or self.value(f"errors-full-{work.TYPICAL}", "told")
        return ours is not None and theirs is not None and ours <= theirs * (1 + 1e-9)

    # -- floor ----------------------------------------------------------------------------

    def parts_of_floor(self, key: str, kind: str = "warm") -> tuple[float, float] | None:
        """Seconds of the least there is to do: memory to be written, and arithmetic."""
        bytes_and_ffts = {
            "c64": ("fill800", "ffts64"),
            "c128": ("fill1600", "ffts128"),
            "wct32": ("fill800", "ffts64x2"),
        }
        if key in bytes_and_ffts:
            fill, ffts = (self.least(name, kind) for name in bytes_and_ffts[key])
            return None if fill is None or ffts is None else (fill, ffts)
        flops, rate = self.significance_flops(key), self.arithmetic_rate()
        return None if flops is None or rate is None else (0.0, flops / rate)

    def floor(self, key: str, kind: str = "warm") -> float | None:
        """Their sum; of two threads, warm, what :attr:`together` makes of one thread's time."""
        if key in {"full-two", "cascade-two"}:
            one = self.least(key.removesuffix("-two"), kind)
            return ratio(one, self.together) if kind == "warm_elapsed" else None
        parts = self.parts_of_floor(key, kind)
        return None if parts is None else sum(parts)

    def beside(self) -> Beside | None:
        """What two processors do together, each with a process of its own that runs ``full``."""
        both, alone = (
            [pair for pairs in self.values("full-beside", name) for pair in pairs]
            for name in ("beside", "alone")
        )
        if not both:
            return None
        least, best = [min(each) for each in zip(*alone, strict=True)], max(both, key=_runs)
        usual = median(_runs(b) / _runs(a) * 2 for b, a in zip(both, alone, strict=True))
        return Beside(least, best, Gain(_runs(best) / _runs(least) * 2, usual))

    @property
    def together(self) -> float | None:
        """Runs of two processes that have nothing in common over those of one: 2 is ideal."""
        found = self.beside()
        return None if found is None else found.gain.larger

    def threads(self, key: str) -> Gain | None:
        """What two threads gain, warm, of the case of that key on one processor."""
        one, two = (
            [seconds for each in self.values(f"{key}-turns", name) for seconds in each]
            for name in ("one", "two")
        )
        if not two:
            return None
        # Of two rounds in a row each processor was the one: had somebody else's work slowed only
        # that down, two would seem to gain more than there is.
        pairs = zip(pairwise(one), pairwise(two), strict=True)
        return Gain(min(one) / min(two), median(_runs(b) / _runs(a) for a, b in pairs))

    def gained(self, key: str, kind: str) -> float | None:
        """Elapsed time on one processor over that on two.

        Args:
            key: of the case on one processor.
            kind: ``first`` or ``warm``.
        """
        two = f"{key}-two"
        if kind == "first":
            return ratio(self.least(key, "first_elapsed"), self.least(two, "first_elapsed"))
        if two in self._at_floor:
            return self.together
        found = self.threads(key)
        return None if found is None else found.larger

    def arithmetic_rate(self) -> float | None:
        """Operations a second that filters and FFTs can have: half the rate of a product.

        A product of matrices is all multiplications fused with additions. Those would give
        other bits on other processors, so that the kernel does without.
        """
        rates = self.values("rates", "float32")
        return max(rates) * 1e9 / 2 if rates else None

    def significance_flops(self, key: str) -> float | None:
        """Operations of a run, from the points of its plan.

        The cascade's are taken to cost what those of ``full`` cost.
        """
        J, count = work.TYPICAL, self.value(key, "count")
        points = self.value(f"errors-full-{J}", "points")
        if key not in {"full", "cascade"} or count is None or points is None:
            return None
        each = floor.realisation_flops(J, points)
        if key == "cascade":
            fewer = self.value(f"errors-cascade-{J}", "points")
            if fewer is None:
                return None
            each *= fewer / points
        return each * float(count)


def _runs(seconds: Sequence[float]) -> float:
    """Runs a second of processes that take so long for one each."""
    return sum(1 / each for each in seconds)


def ratio(above: float | None, below: float | None) -> float | None:
    """The quotient of two figures."""
    return None if above is None or not below else above / below


def times(figure: float | None, factor: float) -> float | None:
    """A multiple of a figure."""
    return None if figure is None else figure * factor
