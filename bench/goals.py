"""The goals, and whether a run's figures meet them.

A goal on time is met only where the first call in a fresh process meets it as well as the warm
ones: the first is what a user sees. What wasn't measured is never met.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bench import work
from bench.figures import Figures, ratio

if TYPE_CHECKING:
    from collections.abc import Callable

Verdict = Literal["met", "met when warm", "missed", "not measured"]


@dataclass(frozen=True)
class Goal:
    """A figure to be reached.

    Attributes:
        text: what is measured.
        sense: whether the figure shall be at least the limit or at most.
        limit: the figure to be reached.
        unit: behind the figure.
        figure: the measured one, of the calls of a kind: "first" or "warm".
    """

    text: str
    sense: Literal["at least", "at most"]
    limit: float
    unit: str
    figure: Callable[[Figures, str], float | None]

    def reached(self, figure: float | None) -> bool:
        """Whether a figure is good enough; None and NaN never are."""
        if figure is None or math.isnan(figure):
            return False
        return figure >= self.limit if self.sense == "at least" else figure <= self.limit


def verdict(goal: Goal, first: float | None, warm: float | None) -> Verdict:
    """What may be said about a goal, from the figures of the first call and of warm ones."""
    if any(figure is None or math.isnan(figure) for figure in (first, warm)):
        return "not measured"
    if goal.reached(first) and goal.reached(warm):
        return "met"
    return "met when warm" if goal.reached(warm) else "missed"


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


def _two(key: str) -> Callable[[Figures, str], float | None]:
    """Elapsed time on one processor over that on two."""

    def figure(figures: Figures, kind: str) -> float | None:
        elapsed = kind + "_elapsed"
        return ratio(figures.least(key, elapsed), figures.least(f"{key}-two", elapsed))

    return figure


def _quotient(above: str, below: str) -> Callable[[Figures, str], float | None]:
    return lambda figures, kind: ratio(figures.least(above, kind), figures.least(below, kind))


def _peak(key: str) -> Callable[[Figures, str], float | None]:
    return lambda figures, _: figures.peak(key)


def _small(figures: Figures, kind: str) -> float | None:
    """A first call alone, or warm ones: how many of ours fit into one of pycwt's."""
    ours, theirs = ("one", "one-pycwt") if kind == "first" else ("small", "small-pycwt")
    return ratio(figures.least(theirs, kind), figures.least(ours, kind))


GOALS = (
    Goal("`full`, typical: pycwt / ours", "at least", 2500, "×", _full),
    Goal("`full`, typical: two threads, elapsed", "at least", 1.8, "×", _two("full")),
    Goal(
        "`cascade`, typical, as certain as pycwt: pycwt / ours", "at least", 20_000, "×", _cascade
    ),
    Goal("`cascade`, typical: two threads, elapsed", "at least", 1.8, "×", _two("cascade")),
    Goal("`cascade`, J 144, as certain as pycwt: pycwt / ours", "at least", 600_000, "×", _large),
    Goal("95 % levels to 0.005, typical", "at most", 0.1, "s", _precise("precise")),
    Goal("95 % levels to 0.005, J 240", "at most", 0.4, "s", _precise("precise-largest")),
    Goal("`cwt` complex64: pycwt / ours", "at least", 30, "×", _quotient("pycwt", "c64")),
    Goal("`cwt` complex64: fCWT / ours", "at least", 5, "×", _quotient("fcwt", "c64")),
    Goal("`cwt` complex64: peak memory", "at most", 1000, "MB", _peak("c64")),
    Goal("`cwt` complex64, streamed: peak memory", "at most", 300, "MB", _peak("streamed")),
    Goal("`cwt` complex128: fCWT single / ours", "at least", 1, "×", _quotient("fcwt", "c128")),
    Goal("`wct` float32 over `cwt` complex64", "at most", 4, "×", _quotient("wct32", "c64")),
    Goal("`wct` float64 over `cwt` complex128", "at most", 4, "×", _quotient("wct64", "c128")),
    Goal("`wct` float32: peak memory", "at most", 1200, "MB", _peak("wct32")),
    Goal("`cwt` of 500 samples: pycwt / ours", "at least", 1, "×", _small),
)
