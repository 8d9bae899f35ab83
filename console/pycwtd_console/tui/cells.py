"""The columns of jobs, devices and events, for every screen that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd_console.tui import words
from pycwtd_console.tui.widgets.listing import Column

if TYPE_CHECKING:
    from pycwtd.api.types import JobView
    from pycwtd.client.devices import DeviceView
    from pycwtd_console.tui.model import Model
    from pycwtd_console.tui.source import Happening

#: From so many cells on there is room for more columns.
_WIDE = 110
_SPARK = 40


def job_columns(model: Model) -> list[Column[JobView]]:
    """What a line tells of a job."""
    return [
        Column("job", 8, lambda job: job.job_id[:8]),
        Column(
            "created", 14, lambda job: words.local(job.created_at, "%b %d %H:%M"), from_width=_WIDE
        ),
        Column("kind", 10, lambda job: job.kind),
        Column(
            "status",
            9,
            lambda job: job.status,
            tone=lambda job: words.JOB_TONES.get(job.status, ""),
        ),
        Column("done", 11, words.progress, tone=lambda job: words.JOB_TONES.get(job.status, "")),
        Column("realisations", 15, _realisations, "right", from_width=_WIDE),
        Column(
            "rate", 7, lambda job: words.rate(job.rate) if job.status == "running" else "", "right"
        ),
        Column("left", 7, lambda job: words.left(job, model.clock()) or words.took(job), "right"),
        Column("backend", 12, lambda job: job.backend or "–"),
        Column("owner", 6, _owner, flexible=True),
    ]


def _realisations(job: JobView) -> str:
    if not job.realisations:
        return ""
    done, asked = words.figure(job.realisations_done), words.figure(job.realisations)
    return f"{done} of {asked}"


def _owner(job: JobView) -> str:
    why = job.error or job.waiting_for
    return f"{job.owner}: {why}" if why else job.owner


def device_columns(model: Model) -> list[Column[DeviceView]]:
    """What a line tells of a device."""

    def rate(device: DeviceView) -> str:
        at_work = [
            job.rate or 0.0 for job in model.running.values() if job.backend == device.backend
        ]
        return words.rate(sum(at_work))

    def said(device: DeviceView) -> str:
        history = model.rates.get(device.backend)
        if device.reason:
            return str(device.reason)
        if history and any(history):
            return words.spark(history, _SPARK)
        return ", ".join(device.parts)

    return [
        Column("device", 12, lambda d: d.id),
        Column(
            "state",
            13,
            words.device_state,
            tone=lambda d: words.DEVICE_TONES.get(d.state, "listing--warning"),
        ),
        Column("rate", 7, rate, "right"),
        Column("reading", 8, lambda d: next((text for _, text in words.readings(d)), ""), "right"),
        Column("job", 8, lambda d: d.job_id[:8] if d.job_id else ""),
        Column("", 10, said, flexible=True),
    ]


def event_columns() -> list[Column[Happening]]:
    """What a line tells of an event."""
    return [
        Column("time", 8, lambda e: words.local(e.time), tone=lambda _: "listing--quiet"),
        Column("number", 8, lambda e: str(e.seq), "right", from_width=_WIDE),
        Column("event", 20, words.event, tone=words.event_tone, flexible=True),
    ]
