"""docs/images/performance.png: CPU time against length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

from bench import work
from bench.figures import LONG, Figures

if TYPE_CHECKING:
    from pathlib import Path

#: Okabe and Ito's colours, which the colour-blind can tell apart; with markers of their own.
_STYLE: dict[str, tuple[str, str]] = {
    "c64": ("#D55E00", "o"),
    "c128": ("#E69F00", "s"),
    "pycwt": ("#000000", "D"),
    "fcwt": ("#0072B2", "^"),
    "ssqueezepy": ("#009E73", "v"),
    "pywavelets": ("#CC79A7", "P"),
    "loop32": ("#56B4E9", "X"),
    "loop64": ("#7F7F7F", "*"),
}


def draw(figures: Figures, path: Path) -> None:
    """Draw both panels to a file."""
    with mpl.rc_context({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False}):
        figure = Figure(figsize=(12, 6.2), layout="constrained")
        left, right = figure.subplots(1, 2, subplot_kw={"xscale": "log", "yscale": "log"})
        _transforms(left, figures)
        _significance(right, figures)
        for axes in (left, right):
            axes.set_ylabel("CPU time in s, one thread")
            axes.grid(visible=True, which="major", color="0.88")
            axes.set_axisbelow(True)
            axes.legend(frameon=False, fontsize=9, loc="upper left")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=130)


def _transforms(axes: Any, figures: Figures) -> None:
    for key, title, _ in LONG:
        if key not in _STYLE:
            continue
        n = list(figures.value(f"scan-{key}", "n") or [])
        cpu = list(figures.value(f"scan-{key}", "cpu") or [])
        last = figures.least(key)
        if last is not None:
            n.append(work.N)
            cpu.append(last)
        colour, marker = _STYLE[key]
        ours = key in {"c64", "c128"}
        if n:
            axes.plot(
                *(n, cpu),
                color=colour,
                marker=marker,
                markersize=6,
                linewidth=2.4 if ours else 1.3,
                label=title.removeprefix("a "),
                zorder=3 if ours else 2,
            )
    axes.set_xlabel("samples of the series")
    axes.set_title(f"Transform at {work.SCALES} scales", loc="left")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * 12)  # room for the legend


def _significance(axes: Any, figures: Figures) -> None:
    _pycwt_line(axes, figures)
    for estimator, colour, marker in (("full", "#0072B2", "s"), ("cascade", "#D55E00", "o")):
        n, cpu = (figures.value(f"scan-{estimator}", name) for name in ("n", "cpu"))
        if n:
            axes.plot(
                n, cpu, color=colour, marker=marker, linewidth=2.4, label=f"pycwtd, {estimator}"
            )
    axes.set_xlabel("samples of a realisation (six times the largest scale)")
    axes.set_title(f"95 % levels from {work.COUNT} realisations", loc="left")


def _pycwt_line(axes: Any, figures: Figures) -> None:
    """Pycwt's measured times, and where they go."""
    known = [
        (J, each * work.COUNT)
        for J in (36, 60, work.TYPICAL, 108, work.LARGE)
        if (each := figures.pycwt_each(J)) is not None
    ]
    if not known:
        return
    colour = _STYLE["pycwt"][0]
    label = f"pycwt, {work.COUNT} times one realisation"
    axes.plot(
        [work.realisation(J) for J, _ in known],
        [seconds for _, seconds in known],
        *("D-",),
        color=colour,
        label=label,
    )
    last, seconds = known[-1]
    beyond = list(range(last, work.LARGEST + 1, 12))
    # Its time goes with the values that it counts one by one: samples times scales.
    one = seconds / (work.realisation(last) * (last + 1))
    axes.plot(
        [work.realisation(J) for J in beyond],
        [one * work.realisation(J) * (J + 1) for J in beyond],
        color=colour,
        linestyle="--",
        label="pycwt, extrapolated by samples × scales",
    )
