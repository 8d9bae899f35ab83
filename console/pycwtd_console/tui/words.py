"""What is said of things: states, times, rates, events. Plain functions from values to text."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pycwtd.api.types import JobView
    from pycwtd.client.devices import DeviceView
    from pycwtd_console.tui.source import Happening

_BARS = "▁▂▃▄▅▆▇█"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
#: Beside colours, for those who don't see them.
_SIGNS = {
    "ready": "●",
    "leased": "▶",
    "draining": "◐",
    "drained": "○",
    "broken": "✗",
    "quarantined": "!",
    "unavailable": "–",
}
DEVICE_TONES = {
    "ready": "listing--good",
    "leased": "listing--busy",
    "draining": "listing--warning",
    "drained": "listing--warning",
    "broken": "listing--bad",
    "quarantined": "listing--bad",
    "unavailable": "listing--quiet",
}
JOB_TONES = {
    "running": "listing--busy",
    "completed": "listing--good",
    "failed": "listing--bad",
    "cancelled": "listing--quiet",
}
#: By the end of an event's type.
_EVENT_TONES = {
    "gap": "listing--bad",
    "failed": "listing--bad",
    "died": "listing--bad",
    "broken": "listing--bad",
    "quarantined": "listing--bad",
    "retried": "listing--warning",
    "moved": "listing--warning",
    "draining": "listing--warning",
    "drained": "listing--warning",
    "completed": "listing--good",
    "ready": "listing--good",
    "running": "listing--busy",
    "progress": "listing--quiet",
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def device_state(device: DeviceView) -> str:
    """A sign and the state's word."""
    return f"{_SIGNS.get(device.state, '…')} {device.state}"


def local(time: str | None, form: str = "%H:%M:%S") -> str:
    """A time of the API in this machine's zone; a dash for none."""
    return datetime.fromisoformat(time).astimezone().strftime(form) if time else "–"


def span(seconds: float) -> str:
    """A length of time in at most seven characters: 0.4 s, 12 s, 3m 20s, 2h 05m, 3d 04h."""
    if seconds < 9.95:
        return f"{max(seconds, 0.0):.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02d}s"
    if whole < _DAY:
        return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE:02d}m"
    return f"{whole // _DAY}d {whole % _DAY // _HOUR:02d}h"


def figure(value: float | None) -> str:
    """A number in at most five characters, with k, M, G or T; empty for none."""
    if value is None:
        return ""
    units = iter("kMGT")
    unit = ""
    while abs(value) >= 999.5:
        value, unit = value / 1000, next(units)
    small = abs(value) < 9.95 and (unit or value != round(value))
    return f"{value:.{1 if small else 0}f}{unit}"


def rate(value: float | None) -> str:
    """Realisations per second."""
    return f"{figure(value)}/s" if value else ""


def bar(share: float, width: int) -> str:
    """So much of a line that many cells long."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    text = "█" * (eighths // 8)
    if eighths % 8:
        text += _EIGHTHS[eighths % 8]
    return text.ljust(width, "·")


def spark(values: Sequence[float], width: int) -> str:
    """The last values as columns; the highest of them is as high as a line."""
    shown = list(values)[-width:]
    top = max(shown, default=0.0)
    if top <= 0 or not math.isfinite(top):
        return "▁" * len(shown)
    return "".join(_BARS[min(7, int(8 * max(value, 0.0) / top))] for value in shown)


def progress(job: JobView, width: int = 6) -> str:
    """A bar while it runs, and the share that is done."""
    if job.status == "running":
        return f"{bar(job.progress, width)} {job.progress:4.0%}"
    if job.status == "completed":
        return ""
    return f"{job.progress:.0%}" if job.progress else ""


def left(job: JobView, now: float) -> str:
    """Time until it is done, as far as anybody can tell."""
    if job.status != "running":
        return ""
    if job.rate and job.realisations:
        return span((job.realisations - job.realisations_done) / job.rate)
    return span(datetime.fromisoformat(job.eta).timestamp() - now) if job.eta else ""


def took(job: JobView) -> str:
    """Time from start to end."""
    if not job.started_at or not job.completed_at:
        return ""
    begin, end = (datetime.fromisoformat(t) for t in (job.started_at, job.completed_at))
    return span((end - begin).total_seconds())


def readings(device: DeviceView | None) -> list[tuple[str, str]]:
    """What a device measures of itself, such as its temperature: names, and values with units."""
    found = device.readings if device else []
    return [(one.name, f"{one.value:.4g} {one.unit}".strip()) for one in found]


def event(happening: Happening) -> str:
    """An event in a sentence."""
    kind, _, what = happening.type.partition(".")
    data = happening.data
    if happening.type == "gap":
        first, last = data.get("from"), happening.seq
        which = f"event {last} is" if first == last else f"events {first} to {last} are"
        return f"{which} missing: not kept any more"
    match kind:
        case "job":
            told = [f"job {(happening.job_id or '?')[:8]} {what}"]
        case "device":
            told = [f"device {data.get('device', '?')} {what.replace('_', ' ')}"]
        case _:
            told = [happening.type.replace(".", " ").replace("_", " ")]
    told += [
        _said(name, value)
        for name, value in data.items()
        if name not in _SILENT and value is not None
    ]
    return ": ".join([told[0], ", ".join(told[1:])]) if told[1:] else told[0]


#: What an event's sentence has already, or doesn't need.
_SILENT = frozenset({"device", "status", "kind", "owner", "next_try", "request_id"})


def _said(name: str, value: object) -> str:
    if name in {"reason", "error", "figures", "message"}:
        return str(value)
    if isinstance(value, float):
        return f"{name.replace('_', ' ')} {value:.3g}"
    return f"{name.replace('_', ' ')} {value}"


def event_tone(happening: Happening) -> str:
    """How an event looks."""
    return _EVENT_TONES.get(happening.type.rpartition(".")[2], "")


def total(histories: Iterable[Sequence[float]]) -> list[float]:
    """The sum of histories that end at the same time."""
    known = [list(history) for history in histories]
    longest = max(map(len, known), default=0)
    padded = [[0.0] * (longest - len(one)) + one for one in known]
    return [sum(values) for values in zip(*padded, strict=True)]
