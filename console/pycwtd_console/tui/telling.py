"""A job in words: its headline, its parameters, and which pages it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pycwtd_console.progress import duration, span, summary
from pycwtd_console.tui.drawing.axes import number

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd.api.types import JobView

Rows = list[tuple[str, str]]

#: Kinds of jobs that operators order of devices.
DEVICE_KINDS = frozenset({"self_test", "flash"})
_MAPPED = frozenset({"wct", "xwt", "cwt"})
_BAR = 20
_FAMILIES = {"morlet": "Morlet", "paul": "Paul", "dog": "DOG", "morse": "Morse"}
_ORDERS = {"morlet": "ω0", "paul": "order", "dog": "derivative", "morse": "β"}


def headline(job: JobView) -> str:
    """How a job is, in one line."""
    if job.completed_at:
        return summary(job)
    parts = [job.kind, job.status]
    if job.status == "running":
        done = round(job.progress * _BAR)
        parts.append(f"{'━' * done}{'╌' * (_BAR - done)} {job.progress:.0%}")
    if job.realisations:
        parts.append(f"{job.realisations_done:,} of {job.realisations:,}")
    if job.rate:
        left = (job.realisations - job.realisations_done) / job.rate
        parts += [f"{job.rate:,.0f}/s", f"{span(left)} left"]
    if job.backend:
        parts.append(f"on {job.backend}")
    if job.waiting_for:
        parts.append(f"waiting for {job.waiting_for}")
    return "  ".join(parts)


def pages(job: JobView) -> dict[str, str]:
    """Pages of a job's screen by their names, in order, with their titles."""
    found = {"about": "About"}
    if job.kind in _MAPPED and job.status == "completed":
        found |= {"map": "Map", "spectrum": "Spectrum"}
    elif job.status == "completed" and not job.results:
        found["result"] = "Result"
    if job.results:
        return found | {"members": "Batch", "log": "Log"}
    if job.realisations:
        found |= {"levels": "Levels", "chunks": "Where"}
    return found | {"log": "Log"}


def about(job: JobView) -> Rows:
    """Everything about a job but its parameters; empty names are continued lines."""
    rows = [
        ("job", job.job_id),
        ("kind", job.kind),
        ("status", job.status),
        ("owner", job.owner),
        ("submitted", _time(job.created_at)),
    ]
    rows += [("started", _time(job.started_at))] if job.started_at else []
    if job.completed_at:
        took = duration(job)
        rows.append(("ended", _time(job.completed_at) + (f", {span(took)}" if took else "")))
    elif job.eta:
        rows.append(("done about", _time(job.eta)))
    if job.estimated_time_seconds is not None:
        rows.append(("estimate", span(job.estimated_time_seconds)))
    rows.append(("backend", job.backend or "–"))
    rows += [("fallback", job.fallback_reason)] if job.fallback_reason else []
    if job.realisations:
        rows.append(("realisations", f"{job.realisations_done:,} of {job.realisations:,}"))
    rows.append(("attempts", str(job.attempts)))
    if job.kind not in DEVICE_KINDS and not job.results:
        rows.append(("seed", str(job.seed)))
    rows += [("waiting for", job.waiting_for)] if job.waiting_for else []
    rows += [("error", job.error)] if job.error else []
    return rows


def parameters(job: JobView) -> Rows:
    """What was asked for, with units; what isn't known here is shown as it is."""
    values = dict(job.parameters)
    rows: Rows = []
    if "family" in values:
        family = values.pop("family")
        order, gamma = values.pop("order", -1.0), values.pop("shape", 0.0)
        text = f"{_FAMILIES.get(family, family)}, {_ORDERS.get(family, 'order')} {number(order)}"
        rows.append(("wavelet", f"{text}, γ {number(gamma)}" if family == "morse" else text))
    tested = values.get("test", True)
    for name in ("kind", "cost", "seed"):
        values.pop(name, None)
    if not tested:
        for name in ("level", "mc_count", "precision", "estimator", "edges"):
            values.pop(name, None)
    for name, (title, say) in _KNOWN.items():
        if name in values and (value := values.pop(name)) is not None:
            rows.append((title, say(value)))
    rows += [(name, _plain(value)) for name, value in values.items() if value is not None]
    return rows


def _time(text: str | None) -> str:
    from datetime import datetime  # noqa: PLC0415

    if not text:
        return "–"
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M:%S}"


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, float) else str(value)


def _octaves(dj: float) -> str:
    return f"{number(dj)} octaves, {number(1 / dj, 3)} scales to the octave"


_KNOWN: dict[str, tuple[str, Callable[[Any], str]]] = {
    "samples": ("length", lambda n: f"{n:,} samples"),
    "dt": ("sampling", lambda dt: f"dt {number(dt)}, in units of time"),
    "s0": ("least scale", lambda s0: f"{number(s0)} units of time"),
    "dj": ("spacing", _octaves),
    "J": ("scales", lambda last: f"{last + 1:,}"),
    "normalize": ("normalised", _plain),
    "gaps": ("gaps", str),
    "test": ("tested", lambda test: "against red noise" if test else "no"),
    "level": ("level", lambda p: f"{100 * p:g} %"),
    "mc_count": ("asked for", lambda n: f"{n:,} realisations"),
    "precision": ("precision", lambda p: f"standard errors below {number(p)}"),
    "estimator": ("estimator", str),
    "edges": ("edges", lambda yes: "tested by their distance" if yes else "not tested"),
    "backend": ("asked of", str),
    "fallback": ("fallback", lambda yes: "allowed" if yes else "refused"),
}
