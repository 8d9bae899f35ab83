"""A job's progress for people: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TransferSpeedColumn,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pycwtd.api.types import JobView
    from pycwtd.client import Client

#: Off a terminal, a line for every such share of the work, or after so many seconds.
_LINE_SHARE = 0.1
_LINE_SECONDS = 60.0


async def watch(client: Client, job_id: str, console: Console) -> JobView:
    """Show a job until it has ended.

    Returns:
        The job in its final state.

    Raises:
        ClientError: there is no such job, or the daemon stays away.
    """
    if console.is_terminal:
        return await _bar(client, job_id, console)
    return await _lines(client, job_id, console)


@contextmanager
def carried(name: str, total: int | None = None) -> Iterator[Callable[[int, int | None], None]]:
    """Show how much of a file has gone over, on a terminal; elsewhere, nothing.

    Args:
        name: of the file.
        total: its size in bytes, where it is known beforehand.

    Yields:
        What is told how many bytes have gone over, and of how many.
    """
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda _done, _total: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=console, transient=True) as progress:
        task = progress.add_task(name, total=total)
        yield lambda done, whole: progress.update(task, completed=done, total=whole or total)


async def _bar(client: Client, job_id: str, console: Console) -> JobView:
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    with progress:
        task = progress.add_task("", total=None, figures="")
        async for job in client.follow(job_id):
            progress.update(
                task,
                description=f"{job.kind} {job.status}",
                total=job.realisations or None,
                completed=job.realisations_done,
                figures=_figures(job),
            )
    return job


async def _lines(client: Client, job_id: str, console: Console) -> JobView:
    said: tuple[str, int] | None = None
    due = 0.0
    async for job in client.follow(job_id):
        now = (job.status, int(job.progress / _LINE_SHARE))
        if (now != said or time.monotonic() >= due) and not job.completed_at:
            said, due = now, time.monotonic() + _LINE_SECONDS
            figures = _figures(job)
            text = f"{job.status}: {figures}" if figures else job.status
            console.print(text, highlight=False, markup=False, soft_wrap=True)
    return job


def _figures(job: JobView) -> str:
    if not job.realisations:
        return ""
    parts = [f"{job.realisations_done:,} of {job.realisations:,} realisations"]
    if job.rate:
        left = (job.realisations - job.realisations_done) / job.rate
        # Of a board that does less than one in a second "0/s" would say that it stands still.
        parts += [f"{job.rate:,.{0 if job.rate >= 10 else 1}f}/s", f"{span(left)} left"]
    return ", ".join(parts)


def summary(job: JobView) -> str:
    """An ended job in one line."""
    parts: list[str] = [job.kind]
    if job.realisations and job.status == "completed":
        parts.append(f"{job.realisations:,} realisations on {job.backend}")
        if job.estimator:  # a batch has none of its own
            parts.append(f"estimator {job.estimator}")
        parts.append(f"seed {job.seed}")
    if (seconds := duration(job)) is not None:
        parts.append(span(seconds))
    text = f"{job.status}: {', '.join(parts)}"
    if job.fallback_reason:
        text += f" ({job.fallback_reason})"
    return f"{text}: {job.error}" if job.error else text


def duration(job: JobView) -> float | None:
    """Seconds from start to end of an ended job."""
    if not job.started_at or not job.completed_at:
        return None
    begin, end = (datetime.fromisoformat(t) for t in (job.started_at, job.completed_at))
    return (end - begin).total_seconds()


def span(seconds: float) -> str:
    """A length of time for people: 0.4 s, 12 s, 3 min 20 s, 2 h 05 min."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
