"""docs/performance.md, written from the raw results of a run."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, get_args

from bench import work
from bench.figures import LONG, Figures, ratio
from bench.goals import GOALS, Goal, Verdict, judge
from bench.table import HEADINGS, Section, cells, seconds, sections, significant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_FIRST_LINE = (
    "<!-- Written by `make bench` from the figures of one run. Don't edit: run it again. -->"
)
#: Which calls fall short of a goal that others reach.
_CALLS: dict[Verdict, str] = {
    "met when warm": "a first call gives",
    "met at first": "warm calls give",
}


def page(figures: Figures) -> str:
    """The whole page, Markdown."""
    parts = [
        _FIRST_LINE,
        "# Performance",
        conditions(figures),
        "## Goals",
        goals(figures),
        "## Where we lose",
        losses(figures),
        "## Time against length",
        "![CPU time against length, of transforms and of the significance](images/performance.png)",
        _picture_note(figures),
        "## All figures",
        _columns(),
        *(_section(section) for section in sections(figures)),
        "## The floor",
        floor(figures),
        "## How it is measured",
        method(figures),
    ]
    return "\n\n".join(parts) + "\n"


def conditions(figures: Figures) -> str:
    """Date, machine and versions."""
    machine, versions = figures.raw["machine"], figures.raw["versions"]
    ours = ", ".join(f"{name} {number}" for name, number in versions["ours"].items())
    theirs = ", ".join(f"{name} {number}" for name, number in versions["peers"].items())
    isa = figures.value(f"errors-cascade-{work.TYPICAL}", "isa")
    kernel = f"; the kernel ran on {isa}" if isa else ""
    load = max(machine["load"])
    busy = f"When the run began and ended the machine had a load of up to {load:.1f}" + (
        ": others were using it, and the figures are the worse for it." if load > 1.5 else "."
    )
    return (
        f"One run on {figures.raw['date']}: {machine['processor']}, {machine['processors']} "
        f"processors, {machine['memory_gb']:.0f} GB, {machine['system']}{kernel}. {busy}\n\n"
        f"Ours: {ours}, Python {machine['python']}. The peers: {theirs or 'none could be run'}."
    )


def goals(figures: Figures) -> str:
    """The goals with the figures of this run."""
    rows = [
        (
            goal.text,
            f"{'≥' if goal.sense == 'at least' else '≤'} {amount(goal, goal.limit)}",
            amount(goal, first),
            amount(goal, warm),
            f"**{result}**" if result != "met" else result,
        )
        for goal, first, warm, result in judge(figures)
    ]
    heading = ("", "goal", "first call", "warm", "")
    return (
        "CPU time of the call on one thread, ratios to peers from the same run. A goal counts as "
        "met when the first call of a fresh process meets it as well as warm calls, as met when "
        "warm or met at first when only the ones or only the other does.\n\n"
        + markdown(heading, rows)
        + _fresh_memory(figures)
    )


def _fresh_memory(figures: Figures) -> str:
    """What the memory of a first call costs, where that is much more than later."""
    first, warm = figures.least("fill800", "first"), figures.least("fill800")
    factor = ratio(first, warm)
    if factor is None or factor < 1.5:
        return ""
    ours, least = figures.least("c64", "first"), figures.floor("c64", "first")
    passed = ours is not None and least is not None and ours < least
    best = None if passed else ratio(figures.least("pycwt", "first"), least)
    even = "" if best is None else f" The floor itself is {best:.1f} times as fast as pycwt there."
    return "\n\n" + paragraph(
        f"In this run a process that touches its first 800 MB waits {seconds(first)} for them, and "
        f"{seconds(warm)} when it frees them and does so again: the system has to find them first, "
        "and on a virtual machine its host, too. The first calls of all long transforms contain "
        "that." + even
    )


def amount(goal: Goal, figure: float | None) -> str:
    """A figure in the unit of its goal."""
    if figure is None:
        return "–"
    return seconds(figure) if goal.unit == "s" else f"{significant(figure)} {goal.unit}"


def losses(figures: Figures) -> str:
    """Every goal that isn't met, and every peer that beats us at something, from the figures."""
    missed = [
        _missed(goal, first, warm, result) + _at_floor(figures, goal, result) + "."
        for goal, first, warm, result in judge(figures)
        if result != "met"
    ]
    lists = (
        (f"Of {len(GOALS)} goals, {_counts(figures)}:", missed),
        ("Others are ahead of us here:", list(_beaten(figures))),
    )
    parts = [
        heading + "\n\n" + "\n".join(f"- {line}" for line in lines)
        for heading, lines in lists
        if lines
    ]
    return "\n\n".join(parts) or "Nowhere, among what this run compares."


def _counts(figures: Figures) -> str:
    """How many goals have which verdict."""
    verdicts = [result for *_, result in judge(figures)]
    return ", ".join(f"{verdicts.count(result)} {result}" for result in get_args(Verdict))


def _missed(goal: Goal, first: float | None, warm: float | None, result: Verdict) -> str:
    limit = f"{goal.sense} {amount(goal, goal.limit)}"
    if result == "not measured":
        return f"{goal.text}: {limit} wanted, not measured in this run"
    figure = first if result == "met when warm" else warm
    calls = _CALLS.get(result, "we have")
    short = ratio(goal.limit, figure) if goal.sense == "at least" else ratio(figure, goal.limit)
    by = "" if short is None else f", {short:.2f} times off"
    return f"{goal.text}: {limit} wanted, {calls} {amount(goal, figure)}{by}"


def _at_floor(figures: Figures, goal: Goal, result: Verdict) -> str:
    """What the least work would give in place of the calls that fall short."""
    kind = "first" if result == "met when warm" else "warm"
    figure = goal.at_floor(figures, kind)
    if figure is None or result == "not measured":
        return ""
    passed = ", which our own calls pass" if goal.passes_floor(figures, kind) else ""
    return f"; {goal.floor_gives} {amount(goal, figure)}{passed}"


def _beaten(figures: Figures) -> Iterable[str]:
    """Peers that are faster or smaller than our transform of the same precision."""
    for key, title, precision in LONG:
        ours = "c64" if precision == "single" else "c128"
        if key in {ours, "into", "streamed"}:
            continue
        name = title.split(",", maxsplit=1)[0]
        for kind, word in (("first", "first calls"), ("warm", "warm calls")):
            factor = ratio(figures.least(ours, kind), figures.least(key, kind))
            if factor is not None and factor > 1:
                yield f"{name} is {factor:.2f} times as fast ({precision} precision, {word})."
        mine, theirs = figures.peak(ours), figures.peak(key)
        if mine is not None and theirs is not None and theirs < mine:
            yield f"{name} peaks at {theirs:,.0f} MB, we at {mine:,.0f} MB ({precision} precision)."
        slower = _slower_at(figures, f"scan-{ours}", f"scan-{key}")
        if slower:
            lengths = ", ".join(f"{n:,}" for n in slower)
            yield f"{name} is faster at {lengths} samples ({precision} precision, warm calls)."
    for own, other, what in (
        ("one", "one-pycwt", f"a first call with {work.SMALL} samples"),
        ("cold", "cold-pycwt", f"the import and a call with {work.SMALL} samples"),
    ):
        factor = ratio(figures.least(own), figures.least(other))
        if factor is not None and factor > 1:
            yield f"pycwt is {factor:.2f} times as fast as we are at {what}."


def _slower_at(figures: Figures, ours: str, theirs: str) -> list[int]:
    """Lengths at which a peer is faster."""
    mine, other = figures.value(ours, "cpu"), figures.value(theirs, "cpu")
    if mine is None or other is None:
        return []
    pairs = zip(figures.value(ours, "n"), mine, other, strict=True)
    return [n for n, own, peer in pairs if peer < own]


def _picture_note(figures: Figures) -> str:
    scanned = [J for J in (36, 60, 108, work.LARGE) if figures.pycwt_each(J)]
    largest = max([*scanned, work.TYPICAL])
    return paragraph(
        f"Left: warm calls, {work.SCALES} scales from 2 samples to a ninety-fourth of the series. "
        f"Right: the 95 % levels from {work.COUNT} realisations, dj 1/12, s0 2, J 36 to "
        f"{work.LARGEST}; pycwt's time is {work.COUNT} times that of one realisation, measured up "
        f"to J {largest}; beyond, the dashed line goes on with the number of values."
    )


def _columns() -> str:
    return paragraph(
        "CPU time of all threads of the process during the call. *first*: the least first call of "
        "several fresh processes, the import not included; *least* and *median*: of the warm calls "
        "in those processes. *peak*: of resident memory in a first call, interpreter and libraries "
        "included. *vs pycwt*: pycwt's least over this row's, how many times as fast. *vs floor*: "
        "this row's least over the floor's, how many times as long. *error*: Monte Carlo standard "
        "error of the 95 % level at the "
        "worst scale."
    )


def _section(section: Section) -> str:
    rows = [
        [row.title, *(cells(row) if not row.note else ["–"] * len(HEADINGS))]
        for row in section.rows
    ]
    shown = [i for i in range(len(HEADINGS)) if any(row[i + 1] not in {"", "–"} for row in rows)]
    table = markdown(
        ("", *(HEADINGS[i] for i in shown)),
        [(row[0], *(row[i + 1] for i in shown)) for row in rows],
    )
    notes = "".join(f"\n\n{row.title}: {row.note}." for row in section.rows if row.note)
    return f"### {section.title}\n\n{table}{notes}"


def floor(figures: Figures) -> str:
    """What the least work would cost here, and what stands between us and it."""
    rates = figures.raw["cases"].get("rates", {}).get("runs", [])
    lines = [
        paragraph(
            "Of the long transforms: writing as many bytes as the result has to fresh memory, "
            "page faults included, and the FFTs, namely a forward one of the padded series and an "
            "inverse one for each octave of scales at half the rate of the one before. Both are "
            "measured in this run, the FFTs with scipy. It is assumed that everything else is "
            "free: the wavelets, and bringing each scale to the rate of the result."
        ),
        _floor_table(figures),
        paragraph(
            "Of the significance: operations counted, at the highest rate measured. Counted are "
            "5·n·log₂ n for each FFT (two inverse ones for each scale, of 1.34 complex samples for "
            "every s of the series), 30 for a sample of noise, 12 for each product of a pair, and "
            "120 for each point where coherence is counted, which the plan tells: filters of 16 "
            "taps in time, running sums over scales. The cascade's points are taken to cost what "
            "those of `full` cost. The rate is half that of numpy's product of float32 matrices, "
            "since the kernel uses no fused multiplications: its results are the same on every "
            "processor. No FFT comes near that rate."
        ),
    ]
    if rates:
        lines.append(_rates(figures))
    lines.append(_two_processors(figures))
    return "\n\n".join(lines)


def _two_processors(figures: Figures) -> str:
    """What two threads could gain at most on this machine."""
    found = figures.beside()
    if found is None:
        measured = f"There is no figure of that: {figures.missing('full-beside')}."
    else:
        alone, both = (" and ".join(map(seconds, each)) for each in (found.alone, found.both))
        measured = (
            f"Alone a run takes {alone} on the one and the other, at the least; in the best of "
            f"many short rounds side by side {both}, counted while both were busy: "
            f"{significant(found.gain.best)} times the runs of one alone, where processors that "
            f"share nothing would make 2. The median round side by side has "
            f"{significant(found.gain.usual)} times the runs of the ones next to it with one alone."
        )
    threads = "".join(
        f" Two threads of `{key}` make, likewise, {significant(gain.best)} times the runs of one "
        f"at best and {significant(gain.usual)} times in the median of the rounds."
        for key in ("full", "cascade")
        if (gain := figures.threads(key))
    )
    return paragraph(
        "Of two threads: what is gained by two processes that have nothing in common, each with a "
        "processor of its own, which run `full` over and over at the same time. The cascade is "
        f"taken to gain as much. Elapsed time, warm calls. {measured}{threads} Each is compared "
        "with one processor by turns. Whoever else uses the machine leaves two processors alone "
        "more rarely than one: that lowers all of these figures, and of each two the larger one "
        "is taken."
    )


def _floor_table(figures: Figures) -> str:
    rows = []
    titles = {
        "c64": "`cwt` complex64",
        "c128": "`cwt` complex128",
        "wct32": "`wct` float32",
        "full": "significance, `full`",
        "cascade": "significance, `cascade`",
    }
    for key, title in titles.items():
        parts, ours = figures.parts_of_floor(key), figures.least(key)
        if parts is None or ours is None:
            rows.append((title, *["–"] * 5))
            continue
        rest = ours - sum(parts)
        rows.append(
            (
                title,
                seconds(parts[0]) if parts[0] else "",
                seconds(parts[1]),
                seconds(ours),
                seconds(rest) if rest > 0 else "none",
                f"{ours / sum(parts):.2f}",
            )
        )
    heading = ("", "memory", "arithmetic", "ours, least", "the rest", "ours / floor")
    return markdown(heading, rows)


def _rates(figures: Figures) -> str:
    best: dict[int, float] = {}
    for rates in figures.values("rates", "fft"):
        for size, rate in rates.items():
            best[int(size)] = max(best.get(int(size), 0.0), rate)
    shown = ", ".join(f"{rate:.1f} at {size:,}" for size, rate in sorted(best.items()))
    single, double = (max(figures.values("rates", name)) for name in ("float32", "float64"))
    fill = figures.least("fill800")
    memory = "" if fill is None else f" Fresh memory: {0.8 / fill:.1f} GB/s."
    return paragraph(
        f"Rates of this run on one thread, in GFLOP/s: products of matrices {single:.0f} in "
        f"float32 and {double:.0f} in float64; scipy's FFT in complex64 {shown} points.{memory}"
    )


def method(figures: Figures) -> str:
    """Conditions, the same for everyone; and where the errors come from."""
    full, cascade = f"errors-full-{work.TYPICAL}", f"errors-cascade-{work.TYPICAL}"
    spread = ""
    if figures.value(full, "spread") and figures.value(cascade, "spread"):
        spread = (
            f" From the spread of {figures.value(full, 'runs')} runs of {work.COUNT} realisations "
            f"the worst scale of `full` has {figures.value(full, 'spread'):.4f} and that of the "
            f"cascade {figures.value(cascade, 'spread'):.4f}; the formula says "
            f"{figures.value(full, 'told'):.4f} and {figures.value(cascade, 'told'):.4f}."
        )
    return "\n\n".join(
        (
            paragraph(
                "Each case runs in a process of its own, bound to one processor (two where the row "
                "says so), with every library's own threads set to as many. Cases take turns, "
                "round after round. The least of several calls is the one least disturbed by "
                "others on the machine. No cache of results is used."
            ),
            paragraph(
                "pycwt's time per realisation is the difference of two runs, so that its setting "
                "up isn't counted; at J 144 it is one realisation less the transform that it sets "
                "up with. What pycwt computes there differs from ours in the window over scales; "
                "it leaves out the largest scale."
            ),
            paragraph(
                "Errors of ours are those of `MonteCarlo.standard_errors`, read from a longer run "
                "and scaled by the root of the number of realisations. pycwt tells none: it counts "
                "the same points of series of the same length as `full`, whose error stands in for "
                "its own. Where the cascade is less certain than that, it is given as many more "
                "realisations as make up for it, before it is timed." + spread
            ),
            paragraph(
                "Only pycwt has a significance of coherence, too. Wavelets and scales are the same "
                "for all, Morlet with ω₀ = 6; each program pads and normalises in its own way."
            ),
        )
    )


def markdown(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table whose columns but the first stand to the right."""
    lines = [
        "| " + " | ".join(heading) + " |",
        "|---|" + "---:|" * (len(heading) - 1),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
    return "\n".join(lines)


def paragraph(text: str) -> str:
    """One paragraph on one line, as the other pages have them."""
    return " ".join(textwrap.dedent(text).split())
