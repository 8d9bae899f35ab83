"""What is looked at for growth, and how much of it is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from load.growth import Trend, trend
from load.rates import HOUR_WARM

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Parts of the daemon that live as long as it does; a stream's process lives as long as it.
PARTS = {
    "daemon": "the daemon",
    "numerics": "the host of transforms",
    "backend": "the hosts of backends",
    "errands": "the host of errands",
}
#: Megabytes that memory may grow by in an hour: below it no leak can be told from what fills up
#: once, as the daemon's newest 2,000 lines of log, or from an allocator that has met a larger
#: request. Four kilobytes for each thing done are seen in the daemon; in a host, 25 for each task.
MEMORY = {"daemon": 12.0, "numerics": 25.0, "backend": 25.0, "errands": 25.0}
#: Milliseconds in an hour of the median answer to whoever looks.
LATENCY = 20.0

#: A leak that is planted, and what shows it.
LEAKS = {
    "fds": {"descriptors at rest: the daemon", "descriptors: the daemon"},
    "memory": {"memory: the daemon"},
    "workers": {"memory: the host of transforms", "memory: the hosts of backends"},
}


def trends(raw: dict[str, Any]) -> list[Trend]:
    """Every figure of a run that must not grow."""
    hour = 60 * raw["minutes"]
    looks = [one for one in raw["looks"] if one["at"] > raw["warm"]]
    # Streams and the slow come and go: what is open at rest is counted apart.
    found = []
    for what, parts, unit, allowed in (
        ("memory", "pss", "MB", MEMORY),
        ("descriptors", "fds", "", dict.fromkeys(PARTS, 5.0)),
        ("threads", "threads", "", dict.fromkeys(PARTS, 3.0)),
    ):
        scale = 1e-6 if unit == "MB" else 1.0
        for part, told in PARTS.items():
            points = [(one["at"], scale * one[parts][part]) for one in looks if part in one[parts]]
            if len(points) > 1:
                name = f"{what}: {told}"
                found.append(trend(name, points, hour=hour, allowed=allowed[part], unit=unit))
    points = [(at, ms) for at, name, ms in raw["latencies"] if at > raw["warm"] and name == "look"]
    found.append(trend("latency: looking", points, hour=hour, allowed=LATENCY, unit="ms"))
    return found + at_rest(raw)


def at_rest(raw: dict[str, Any]) -> list[Trend]:
    """What was open when everybody had hung up: after the warm-up, and at the end."""
    before, after = raw["rest"]
    found = []
    for what, parts in (("descriptors", "fds"), ("threads", "threads")):
        for part, told in PARTS.items():
            first, last = before[parts].get(part, 0), after[parts].get(part, 0)
            if not first and not last:
                continue
            # No chance is in it: what is more is more.
            per_hour = (last - first) / (1 - HOUR_WARM)
            name = f"{what} at rest: {told}"
            # The daemon's pools of threads grow to their sizes when they are first busy.
            allowed = 0.0 if what == "descriptors" else 6.0
            found.append(Trend(name, "", first, last, per_hour, allowed, 0.0))
    found.append(Trend("streams at rest", "", 0, after["fds"].get("stream", 0), 0, 0, 1.0))
    return found


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of them doesn't exceed."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def over_time(
    points: Sequence[tuple[float, float]], width: float, what: Callable[[list[float]], float]
) -> tuple[list[float], list[float]]:
    """Times and figures of spans of ``width`` seconds, where there is anything in them."""
    spans: dict[int, list[float]] = {}
    for at, value in points:
        spans.setdefault(int(at // width), []).append(value)
    keys = sorted(spans)
    return [(key + 0.5) * width for key in keys], [what(spans[key]) for key in keys]
