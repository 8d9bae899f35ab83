"""The goals, and whether a run's figures meet them.

A goal on time is met only where the first call in a fresh process meets it as well as the warm
ones: the first is what a user sees. Where only the ones or only the other does, the verdict says
which. What wasn't measured is never met.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench import work
from bench.figures import Figures, ratio

if TYPE_CHECKING:
    from collections.abc import Callable

Verdict = Literal["met", "met when warm", "met at first", "missed", "not measured"]
Sense = Literal["at least", "at most"]


@dataclass(frozen=True)
class Goal:
    """A figure to be reached.

    Attributes:
        text: what is measured.
        sense: whether the figure shall be at least the limit or at most.
        limit: the figure to be reached.
        unit: behind the figure.
        figure: the measured one, of the calls of a kind: "first" or "warm".
        ours: the cases of ours whose time the figure follows; none where no floor is known.
        floor_gives: begins the sentence that ends with what the figure is at the floor.
    """

    text: str
    sense: Sense
    limit: float
    unit: str
    figure: Callable[[Figures, str], float | None]
    ours: tuple[str, ...] = ()
    floor_gives: str = "the floor itself gives"

    def reached(self, figure: float | None) -> bool:
        """Whether a figure is good enough; None and NaN never are."""
        if figure is None or math.isnan(figure):
            return False
        return figure >= self.limit if self.sense == "at least" else figure <= self.limit

    def at_floor(self, figures: Figures, kind: str) -> float | None:
        """What the figure would be if our calls took as long as their floors.

        None where the run doesn't tell a floor of each of :attr:`ours`.
        """
        return self.figure(Figures(figures.raw, self.ours), kind) if self.ours else None

    def passes_floor(self, figures: Figures, kind: str) -> bool:
        """Whether calls of the kind, or warm ones, are better than at the floor.

        Floors of first calls depend on the memory that the system had at hand, and those of the
        significance on what the work is counted as: a floor that was passed is no bound.
        """
        sign = 1 if self.sense == "at least" else -1
        for calls in (kind, "warm"):
            own, least = self.figure(figures, calls), self.at_floor(figures, calls)
            if own is not None and least is not None and sign * own > sign * least:
                return True
        return False


def verdict(goal: Goal, first: float | None, warm: float | None) -> Verdict:
    """What may be said about a goal, from the figures of the first call and of warm ones."""
    if any(figure is None or math.isnan(figure) for figure in (first, warm)):
        return "not measured"
    if goal.reached(first) and goal.reached(warm):
        return "met"
    if goal.reached(warm):
        return "met when warm"
    return "met at first" if goal.reached(first) else "missed"


def judge(figures: Figures) -> list[tuple[Goal, float | None, float | None, Verdict]]:
    """Every goal with its figures, first call and warm."""
    found = []
    for goal in GOALS:
        first, warm = goal.figure(figures, "first"), goal.figure(figures, "warm")
        found.append((goal, first, warm, verdict(goal, first, warm)))
    return found


def _full(figures: Figures, kind: str) -> float | None:
    return figures.against_pycwt("full", work.TYPICAL, kind)


def _cascade(figures: Figures, kind: str) -> float | None:
    # A run that is less certain than pycwt's isn't the same work.
    if not figures.fair("cascade", work.TYPICAL):
        return None
    return figures.against_pycwt("cascade", work.TYPICAL, kind)


def _large(figures: Figures, kind: str) -> float | None:
    if not figures.fair("cascade-large", work.LARGE):
        return None
    return figures.against_pycwt("cascade-large", work.LARGE, kind)


def _precise(key: str) -> Callable[[Figures, str], float | None]:
    def figure(figures: Figures, kind: str) -> float | None:
        reached = figures.values(key, "error")
        if not reached or max(reached) > work.PRECISION:
            return None
        return figures.least(key, kind)

    return figure


def _two(key: str) -> Goal:
    """A goal of the elapsed time on one processor over that on two."""
    return Goal(
        f"`{key}`, typical: two threads, elapsed",
        *("at least", 1.8, "×", lambda figures, kind: figures.gained(key, kind), (f"{key}-two",)),
        floor_gives="two processes that have nothing in common reach",
    )


def _quotient(text: str, sense: Sense, limit: float, above: str, below: str) -> Goal:
    """A goal of one case's time over another's; both are at their floors where both are ours."""

    def figure(figures: Figures, kind: str) -> float | None:
        return ratio(figures.least(above, kind), figures.least(below, kind))

    ours = tuple(key for key in (above, below) if key not in {"pycwt", "fcwt"})
    return Goal(text, sense, limit, "×", figure, ours)


def _peak(key: str) -> Callable[[Figures, str], float | None]:
    return lambda figures, _: figures.peak(key)


def _small(figures: Figures, kind: str) -> float | None:
    """A first call alone, or warm ones: how many of ours fit into one of pycwt's."""
    ours, theirs = ("one", "one-pycwt") if kind == "first" else ("small", "small-pycwt")
    return ratio(figures.least(theirs, kind), figures.least(ours, kind))


GOALS = (
    Goal("`full`, typical: pycwt / ours", "at least", 2500, "×", _full, ("full",)),
    _two("full"),
    Goal(
        "`cascade`, typical, as certain as pycwt: pycwt / ours",
        *("at least", 20_000, "×", _cascade, ("cascade",)),
    ),
    _two("cascade"),
    Goal("`cascade`, J 144, as certain as pycwt: pycwt / ours", "at least", 600_000, "×", _large),
    Goal("95 % levels to 0.005, typical", "at most", 0.1, "s", _precise("precise")),
    Goal("95 % levels to 0.005, J 240", "at most", 0.4, "s", _precise("precise-largest")),
    _quotient("`cwt` complex64: pycwt / ours", "at least", 30, "pycwt", "c64"),
    _quotient("`cwt` complex64: fCWT / ours", "at least", 5, "fcwt", "c64"),
    Goal("`cwt` complex64: peak memory", "at most", 1000, "MB", _peak("c64")),
    Goal("`cwt` complex64, streamed: peak memory", "at most", 300, "MB", _peak("streamed")),
    _quotient("`cwt` complex128: fCWT single / ours", "at least", 1, "fcwt", "c128"),
    _quotient("`wct` float32 over `cwt` complex64", "at most", 4, "wct32", "c64"),
    _quotient("`wct` float64 over `cwt` complex128", "at most", 4, "wct64", "c128"),
    Goal("`wct` float32: peak memory", "at most", 1200, "MB", _peak("wct32")),
    Goal("`cwt` of 500 samples: pycwt / ours", "at least", 1, "×", _small),
)
