"""The rows of the one table, and how it is printed to a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from bench import work
from bench.figures import LONG, Figures, ratio, times


@dataclass(frozen=True)
class Row:
    """One program on one piece of work; seconds of CPU time unless the title says otherwise.

    Attributes:
        title: who.
        first: least first call of several fresh processes.
        least: least warm call.
        median: median warm call.
        peak: of resident memory in a first call, MB.
        pycwt: pycwt's least over this one's.
        floor: this one's least over the floor's.
        error: standard error at the worst scale.
        note: why there is nothing, or what is special.
    """

    title: str
    first: float | None = None
    least: float | None = None
    median: float | None = None
    peak: float | None = None
    pycwt: float | None = None
    floor: float | None = None
    error: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Section:
    """Rows of the same work."""

    title: str
    rows: tuple[Row, ...]


HEADINGS = ("first", "least", "median", "peak MB", "vs pycwt", "vs floor", "error")


def sections(figures: Figures) -> tuple[Section, ...]:
    """The table."""
    return (
        Section(
            f"Significance, J {work.TYPICAL}: 95 % levels from {work.COUNT} realisations "
            f"of {work.realisation(work.TYPICAL):,} samples",
            _typical(figures),
        ),
        Section(
            f"Significance, J {work.LARGE}: {work.COUNT} realisations "
            f"of {work.realisation(work.LARGE):,} samples",
            _large(figures),
        ),
        Section(f"95 % levels with an error of {work.PRECISION} at every scale", _precise(figures)),
        Section(f"Transform of {work.N:,} samples at {work.SCALES} scales", _long(figures)),
        Section(f"Coherence of {work.N:,} samples at {work.SCALES} scales", _wct(figures)),
        Section(f"Transform of {work.SMALL} samples", _small(figures)),
    )


def _row(figures: Figures, key: str, title: str, against: str | None = None) -> Row:
    """The row of a case; ``against`` is the case of pycwt's."""
    note = figures.missing(key) or ""
    least = figures.least(key)
    return Row(
        title,
        first=figures.least(key, "first"),
        least=least,
        median=figures.median(key),
        peak=figures.peak(key),
        pycwt=None if against is None else ratio(figures.least(against), least),
        floor=ratio(least, figures.floor(key)),
        note=note,
    )


def _floor(figures: Figures, key: str, title: str) -> Row:
    return Row(title, first=figures.floor(key, "first"), least=figures.floor(key))


def _floor_of_two(figures: Figures, key: str) -> Row:
    return Row(
        f"floor of {key}, two threads, elapsed",
        least=figures.floor(f"{key}-two", "warm_elapsed"),
        note=figures.missing("full-beside") or "",
    )


def _pycwt(figures: Figures, J: int, realisations: float, title: str) -> Row:
    """Realisations of pycwt's, from the time of one."""
    each = figures.pycwt_each(J)
    error = figures.value(f"errors-full-{J}", "told")
    error = error or figures.value(f"errors-full-{work.TYPICAL}", "told")
    return Row(
        title,
        least=times(each, realisations),
        pycwt=None if each is None else 1.0,
        error=times(error, (work.COUNT / realisations) ** 0.5),
        note="" if each is not None else "not measured in this run",
    )


def _run(
    figures: Figures, key: str, estimator: str, J: int, title: str, *, elapsed: bool = False
) -> Row:
    """A whole run of ours."""
    count = figures.value(key, "count")
    suffix = "_elapsed" if elapsed else ""
    least = figures.least(key, "warm" + suffix)
    each = figures.pycwt_each(J)
    return Row(
        title if count in {None, work.COUNT} else f"{title}; {count:,} realisations",
        first=figures.least(key, "first" + suffix),
        least=least,
        median=figures.median(key, "warm" + suffix),
        peak=figures.peak(key),
        pycwt=None if elapsed else ratio(times(each, work.COUNT), least),
        floor=ratio(least, figures.floor(key, "warm" + suffix)),
        error=figures.error(key, estimator, J),
        note=figures.missing(key) or "",
    )


def _typical(figures: Figures) -> tuple[Row, ...]:
    J = work.TYPICAL
    return (
        _pycwt(figures, J, work.COUNT, "pycwt"),
        _run(figures, "full", "full", J, "pycwtd, full"),
        _run(figures, "full-two", "full", J, "pycwtd, full, two threads, elapsed", elapsed=True),
        _run(figures, "cascade", "cascade", J, "pycwtd, cascade"),
        _run(figures, "cascade-another", "cascade", J, "pycwtd, cascade, new coefficients"),
        _run(
            *(figures, "cascade-two", "cascade", J, "pycwtd, cascade, two threads, elapsed"),
            elapsed=True,
        ),
        _floor(figures, "full", "floor of full"),
        _floor(figures, "cascade", "floor of cascade"),
        _floor_of_two(figures, "full"),
        _floor_of_two(figures, "cascade"),
    )


def _large(figures: Figures) -> tuple[Row, ...]:
    return (
        _pycwt(figures, work.LARGE, work.COUNT, f"pycwt, {work.COUNT} times one realisation"),
        _run(figures, "cascade-large", "cascade", work.LARGE, "pycwtd, cascade"),
    )


def _precise(figures: Figures) -> tuple[Row, ...]:
    error = figures.value(f"errors-full-{work.TYPICAL}", "told")
    needed = None if error is None else work.COUNT * (error / work.PRECISION) ** 2
    found = []
    for key, J in (("precise", work.TYPICAL), ("precise-largest", work.LARGEST)):
        row = _run(figures, key, "cascade", J, f"pycwtd, cascade, J {J}")
        reached = figures.values(key, "error")
        # pycwt has no such stop: it is given as many realisations as its error asks for.
        theirs = None if needed is None else times(figures.pycwt_each(J), needed)
        found.append(
            Row(
                *(row.title, row.first, row.least, row.median, row.peak),
                pycwt=ratio(theirs, row.least),
                error=max(reached, default=None),
                note=row.note,
            )
        )
    if needed is not None:
        title = f"pycwt, J {work.TYPICAL}, {needed:,.0f} times one realisation"
        found.insert(0, _pycwt(figures, work.TYPICAL, needed, title))
    return tuple(found)


def _long(figures: Figures) -> tuple[Row, ...]:
    return (
        *(_row(figures, key, title, "pycwt") for key, title, _ in LONG),
        _floor(figures, "c64", "floor of complex64"),
        _floor(figures, "c128", "floor of complex128"),
    )


def _wct(figures: Figures) -> tuple[Row, ...]:
    return (
        _row(figures, "wct32", "pycwtd, float32"),
        _row(figures, "wct64", "pycwtd, float64"),
        _floor(figures, "wct32", "floor of float32"),
    )


def _small(figures: Figures) -> tuple[Row, ...]:
    many = f"{work.CALLS} calls"
    return (
        _row(figures, "small", f"pycwtd, {many}", "small-pycwt"),
        _row(figures, "small-pycwt", f"pycwt, {many}", "small-pycwt"),
        _row(figures, "one", "pycwtd, a first call", "one-pycwt"),
        _row(figures, "one-pycwt", "pycwt, a first call", "one-pycwt"),
        _row(figures, "cold", "pycwtd, import and call", "cold-pycwt"),
        _row(figures, "cold-pycwt", "pycwt, import and call", "cold-pycwt"),
    )


def seconds(figure: float | None) -> str:
    """Seconds with three digits, in a unit that suits them."""
    if figure is None:
        return ""
    if figure < 0.0995:
        return f"{significant(figure * 1e3)} ms"
    return f"{significant(figure)} s"


def significant(figure: float | None) -> str:
    """A figure with three digits, all of them where it has more before the point."""
    if figure is None:
        return ""
    if abs(figure) >= 100:
        return f"{figure:,.0f}"
    return f"{figure:#.3g}".rstrip(".")


def cells(row: Row) -> list[str]:
    """A row's entries under :data:`HEADINGS`."""
    return [
        seconds(row.first),
        seconds(row.least),
        seconds(row.median),
        "" if row.peak is None else f"{row.peak:,.0f}",
        significant(row.pycwt),
        significant(row.floor),
        "" if row.error is None else f"{row.error:.4f}",
    ]


def text(figures: Figures) -> str:
    """The table for a terminal."""
    lines = []
    for section in sections(figures):
        heading = "".join(f"{name:>10}" for name in HEADINGS)
        lines += ["", section.title, f"{'':63}{heading}"]
        for row in section.rows:
            entries = "".join(f"{entry:>10}" for entry in cells(row)).rstrip()
            lines.append(f"  {row.title:61}{row.note if row.note else entries}")
    return "\n".join(lines)
