"""What a run has found: a table for the shell, a picture, and docs/load.md."""

from __future__ import annotations

import statistics
from functools import partial
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure

from load.broken import __doc__ as broken_is
from load.figures import PARTS, over_time, percentile
from load.growth import BLOCKS, FALSE_ALARM
from load.rates import BREAKING, PEOPLE, WORK

if TYPE_CHECKING:
    from pathlib import Path

    from load.growth import Trend

#: Okabe and Ito's colours, which the colour-blind can tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
_SPAN = 10.0


def latencies(raw: dict[str, Any]) -> list[tuple[str, int, float, float]]:
    """What was asked for, how often, its median and p99 (ms)."""
    found: dict[str, list[float]] = {}
    for _, name, ms in raw["latencies"]:
        found.setdefault(name, []).append(ms)
    return [
        (name, len(ms), statistics.median(ms), percentile(ms, 0.99))
        for name, ms in sorted(found.items())
    ]


def growth(found: list[Trend]) -> str:
    """Every figure that must not grow, Markdown."""
    lines = ["| figure | after the warm-up | at the end | growth in the hour | allowed | p | |"]
    lines.append("|---|---|---|---|---|---|---|")
    for one in found:
        unit = f" {one.unit}" if one.unit else ""
        p = "–" if "at rest" in one.name else f"{one.p:.2g}"
        word = "**grows**" if one.grows else ""
        lines.append(
            f"| {one.name} | {one.first:.1f}{unit} | {one.last:.1f}{unit} | {one.per_hour:+.1f} |"
            f" {one.allowed:.0f} | {p} | {word} |".replace(".0 |", " |")
        )
    return "\n".join(lines)


def answers(raw: dict[str, Any]) -> str:
    """Latencies, Markdown."""
    lines = ["| what | answers | median | p99 |", "|---|---|---|---|"]
    lines += [
        f"| {name} | {count} | {median:.0f} ms | {p99:.0f} ms |"
        for name, count, median, p99 in latencies(raw)
    ]
    return "\n".join(lines)


def broken(raw: dict[str, Any]) -> str:
    """What broken clients got, Markdown."""
    lines = ["| what was broken | times | answers |", "|---|---|---|"]
    for name in BREAKING:
        told = {status: n for one, status, n in raw["statuses"] if one == name}
        got = ", ".join(f"{n} × {status}" for status, n in told.items())
        lines.append(f"| {name.replace('_', ' ')} | {sum(told.values())} | {got} |")
    return "\n".join(lines)


def counted(raw: dict[str, Any]) -> str:
    """Jobs and what was wrong, in sentences."""
    ends = ", ".join(f"{n} {status}" for status, n in sorted(raw["ends"].items()))
    refused = sum(n for name, s, n in raw["statuses"] if s == "503")
    size, files, _ = raw["disk"]
    if raw["wrong"]:
        wrong = f"**{len(raw['wrong'])} things were wrong**, the first: {raw['wrong'][0]}"
        return f"{raw['jobs']} jobs were accepted: {ends}. {wrong}"
    return (
        f"{raw['jobs']} jobs were accepted: {ends}; none lost, doubled, or ended otherwise than "
        f"it should. {raw['spots']} results and answers were computed again by the library: the "
        f"levels the same to the last bit, transforms and coherence within 10⁻⁹. "
        f"{raw['uploads']} uploads are kept; no file is left of those that were broken off. "
        f"{refused} streams found all places taken (503, the only answer of 5xx). The state "
        f"directory has {size / 1e6:.0f} MB in {files} files."
    )


def table(raw: dict[str, Any], found: list[Trend]) -> str:
    """All of it, for the shell."""
    return "\n\n".join((counted(raw), growth(found), answers(raw), broken(raw)))


def page(raw: dict[str, Any], found: list[Trend]) -> str:
    """docs/load.md."""
    things, wrong = sum(WORK.values()), sum(BREAKING.values())
    grown = [one.name for one in found if one.grows]
    verdict = f"**These grow: {', '.join(grown)}.**" if grown else _quiet(found)
    busy = (
        f" The machine's load was {raw['load'][1]:.1f} in the mean of five minutes: latencies are "
        "of a machine that others use, too."
        if raw["load"][1] > 2
        else ""
    )
    return f"""\
<!-- Written by `make test-load PAGE=1` from the figures of one run. Don't edit: run it again. -->

# An hour of a lab

`make test-load` plays an hour of a busy lab in {raw["minutes"]:.0f} minutes, \
{60 / raw["minutes"]:.1f} times as fast: {PEOPLE} people do {things + wrong:,} things, {wrong:,} \
of them broken, at random moments that don't wait for answers. The daemon is installed from its \
wheel, with the limits that it comes with, on TCP with keys. One run on {raw["date"]}.{busy}

{verdict} {counted(raw)}

![Memory, descriptors, latencies and errors over the run](images/load.png)

## Growth

{growth(found)}

A quarter of the hour is the warm-up, and isn't counted. Of the rest the medians of {BLOCKS} \
blocks count: growth is what rises by Kendall's test (p < {FALSE_ALARM:g} in blocks of random \
order; of some ten figures, a false alarm in a hundred runs) **and** by more than is \
allowed in the hour, by the median of all slopes. At rest, when everybody has hung up, there may \
be no descriptor more than before. `make test-load LEAK=fds`, `memory` and `workers` have the \
daemon leak on purpose (one descriptor in a hundred connections, 10 kB in each, 100 kB in each \
task of a host) and pass if that is found.

What fills up once is allowed for, as the 2,000 newest lines of log that the daemon holds. Less \
than four kilobytes for each thing done in the daemon, or 25 for each in a host, isn't told from \
that. The allowances for memory were set after a run on a busy machine had shown +8 MB in the \
daemon and +14 MB in the host of transforms. What leaks with requests, jobs and connections shows \
in full; what leaks with time alone shows \
{raw["minutes"]:.0f} minutes of itself.

## Answers

Of those that went well; of a stream, two windows.

{answers(raw)}

## {str(broken_is).rstrip(".").split(":", maxsplit=1)[0]}

{broken(raw)}

`left` has no answer: the client was gone. 408 comes after 10 s to a head, after 30 s to a body.
"""


def _quiet(found: list[Trend]) -> str:
    """That nothing grows by more than is allowed, and what rises within that all the same."""
    rising = [
        f"{one.name.partition(': ')[2]} by {one.per_hour:.0f} MB"
        for one in found
        if one.unit == "MB" and one.p < FALSE_ALARM and one.per_hour > 1
    ]
    text = "Nothing grows by more than is allowed."
    if rising:
        text += (
            f" **Memory rises within that: {' and '.join(rising)} in the hour.** Whether it levels "
            "off, a run of this length can't show."
        )
    return text


def draw(raw: dict[str, Any], path: Path) -> None:
    """Memory, descriptors, latencies and errors over the run."""
    style = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    with mpl.rc_context(style):
        figure = Figure(figsize=(11, 7), layout="constrained")
        memory, files, answers_, errors = figure.subplots(2, 2, sharex=True).flat
        _parts(memory, raw, "pss", 1e-6)
        memory.set_title("Memory (PSS) in MB", loc="left")
        _parts(files, raw, "fds", 1.0)
        files.set_title("Open descriptors", loc="left")
        _latencies(answers_, raw)
        answers_.set_title(f"Latency in ms, of each {_SPAN:.0f} s: median, p99 dashed", loc="left")
        _errors(errors, raw)
        errors.set_title(f"Every {_SPAN:.0f} s", loc="left")
        for axes in (memory, files, answers_, errors):
            axes.axvspan(0, raw["warm"], color="0.94", zorder=0)
            axes.grid(visible=True, color="0.88")
            axes.set_axisbelow(True)
            axes.set_xlim(0, raw["seconds"])
            axes.legend(frameon=False, fontsize=8)
        for axes in (answers_, errors):
            axes.set_xlabel("seconds; grey: the warm-up")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=120)


def _parts(axes: Any, raw: dict[str, Any], what: str, scale: float) -> None:
    names = {**PARTS, "stream": "hosts of streams"}
    for colour, (part, told) in zip(_COLOURS, names.items(), strict=False):
        points = [(one["at"], scale * one[what].get(part, 0)) for one in raw["looks"]]
        axes.plot(*zip(*points, strict=True), color=colour, linewidth=1.2, label=told)
    axes.set_ylim(bottom=0)


def _latencies(axes: Any, raw: dict[str, Any]) -> None:
    shown = {"look": "look", "wct, npz": "coherence", "job accepted": "job accepted"}
    for colour, (name, told) in zip(_COLOURS, shown.items(), strict=False):
        points = [(at, ms) for at, one, ms in raw["latencies"] if one == name]
        axes.plot(*over_time(points, _SPAN, statistics.median), color=colour, label=told)
        worst = partial(percentile, share=0.99)
        axes.plot(*over_time(points, _SPAN, worst), color=colour, linestyle="--", linewidth=0.8)
    axes.set_yscale("log")


def _errors(axes: Any, raw: dict[str, Any]) -> None:
    series = {
        "answers": [(at, 1.0) for at, _, _ in raw["latencies"]],
        "broken or refused": [(at, 1.0) for at in raw["errors"]],
    }
    for colour, (name, points) in zip(_COLOURS, series.items(), strict=False):
        axes.plot(*over_time(points, _SPAN, sum), color=colour, label=name)
    stored = [(one["at"], one["disk"][0] / 1e6) for one in raw["looks"] if one["disk"]]
    axes.plot(*zip(*stored, strict=True), color="0.5", label="state directory, MB")
    axes.set_ylim(bottom=0)
