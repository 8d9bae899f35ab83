"""``pycwtctl jobs``, ``job``, ``watch`` and ``cancel``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar, get_args

import click
from rich.console import Console

from pycwtd.client import Jobs, Status
from pycwtd_console.ctl.completing import job_argument
from pycwtd_console.ctl.completing import job_ids as job_ids_of
from pycwtd_console.ctl.connection import ask, ask_each, print_json, print_list
from pycwtd_console.ctl.session import RefusedError, Session, json_option, pass_session
from pycwtd_console.ctl.table import local, print_table
from pycwtd_console.progress import duration, span, summary
from pycwtd_console.progress import watch as watch_job

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pycwtd.api.types import BatchAccepted, JobAccepted, JobView
    from pycwtd.client import Client
    from pycwtd.client.jobs import ChunkView

A = TypeVar("A", bound="JobAccepted | BatchAccepted")

#: As much of an id as tables show: with 10,000 jobs, two of them alike once in 86 tables.
_SHORT = 8


@click.command()
@click.option("--status", type=click.Choice(get_args(Status)), help="Only these.")
@click.option("--kind", help="Only these, such as wct.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many."
)
@json_option
@pass_session
def jobs(session: Session, status: str | None, kind: str | None, limit: int) -> None:
    """List jobs, newest first."""

    async def work(client: Client) -> list[JobView]:
        return [job async for job in client.jobs(status=status, kind=kind, limit=limit)]

    print_list(
        session,
        ask(session, work),
        "There are no such jobs." if status or kind else "There are no jobs.",
        ("JOB", "KIND", "STATUS", "PROGRESS", "BACKEND", "SUBMITTED", "TOOK"),
        lambda job: (
            job.job_id[:_SHORT],
            job.kind,
            job.status,
            f"{job.progress:.0%}",
            job.backend or "-",
            local(job.created_at),
            "-" if (seconds := duration(job)) is None else span(seconds),
        ),
    )


@click.command()
@job_argument
@click.option("--chunks", "wanted", is_flag=True, help="Show where it was computed, instead.")
@json_option
@pass_session
def job(session: Session, job_id: str, wanted: bool) -> None:
    """Show one job."""
    if wanted:
        _chunks(session, job_id)
        return
    found = ask(session, lambda client: client.find(job_id))
    if session.json:
        print_json(found)
        return
    print_table(None, _facts(found))


def _facts(found: JobView) -> list[tuple[str, str]]:
    """What is shown of one job."""
    rows = [
        ("job", found.job_id),
        ("kind", found.kind),
        ("status", found.status),
        ("progress", f"{found.progress:.0%}"),
        ("submitted", f"{local(found.created_at)} by {found.owner}"),
        ("started", local(found.started_at)),
        ("ended", local(found.completed_at)),
    ]
    rows += _simulated(found) if found.realisations else []
    rows += [(f"task {one.task_id}", f"{one.job_id} {one.status}") for one in found.results or ()]
    optional = {"fallback": found.fallback_reason, "error": found.error}
    rows += [(name, text) for name, text in optional.items() if text]
    known: tuple[str, ...]
    known = ("samples", "dt", "dj", "s0", "J", "family", "order", "normalize", "level", "precision")
    values = found.parameters
    if "family" not in values:  # of another workload, whatever it shows
        known = tuple(name for name in values if name not in {"seed", "cost"})
    return rows + [(name, f"{values[name]}") for name in known if values.get(name) is not None]


def _simulated(found: JobView) -> list[tuple[str, str]]:
    """What is shown of its Monte Carlo part."""
    done = f"{found.realisations_done:,} of {found.realisations:,}"
    rows = [("realisations", done), ("backend", found.backend or "-")]
    rows += [("estimator", found.estimator)] if found.estimator else []
    rows += [("edges", "tested")] if found.parameters.get("edges") else []
    return [*rows, ("seed", str(found.seed))]


def _chunks(session: Session, job_id: str) -> None:
    """Print where a job was computed."""

    async def work(client: Client) -> list[ChunkView]:
        return await Jobs(client).chunks((await client.find(job_id)).job_id)

    print_list(
        session,
        ask(session, work),
        "No realisation of it is done.",
        ("FIRST", "COUNT", "BACKEND", "SECONDS", "PER SECOND"),
        lambda one: (
            *(f"{one.first}", f"{one.count}", one.backend, f"{one.seconds:.3f}"),
            f"{one.count / one.seconds:,.0f}" if one.seconds else "-",
        ),
    )


@click.command()
@job_argument
@json_option
@pass_session
def watch(session: Session, job_id: str) -> None:
    """Watch a job until it ends; Ctrl-C stops watching, not the job.

    With --json, a line on stdout each time the job has advanced.
    """

    async def work(client: Client) -> JobView:
        return await show(session, client, (await client.find(job_id)).job_id, stream=True)

    conclude(session, ask(session, work), printed=True)


@click.command()
@click.argument("job_ids", metavar="ID...", nargs=-1, required=True, shell_complete=job_ids_of)
@json_option
@pass_session
def cancel(session: Session, job_ids: tuple[str, ...]) -> None:
    """Stop jobs. One that can't be stopped doesn't keep the others from it."""

    async def work(client: Client, job_id: str) -> JobView:
        return await client.cancel((await client.find(job_id)).job_id)

    ask_each(session, job_ids, work, lambda job: f"{job.job_id[:_SHORT]} {job.status}")


async def show(session: Session, client: Client, job_id: str, *, stream: bool = False) -> JobView:
    """Watch a job to its end, as the session wants to see it."""
    try:
        if not session.json:
            return await watch_job(client, job_id, Console(stderr=True))
        async for seen in client.follow(job_id):
            if stream:
                print_json(seen)
        return seen
    except asyncio.CancelledError:
        session.say(f"Stopped watching; the job goes on: pycwtctl watch {job_id[:_SHORT]}")
        raise


def conclude(session: Session, job: JobView, *, printed: bool = False) -> None:
    """Tell how a job ended.

    Raises:
        RefusedError: it has no result.
    """
    if session.json and not printed:
        print_json(job)
    if job.status != "completed":
        raise RefusedError(f"job {job.job_id[:_SHORT]} {summary(job)}", f"job_{job.status}")
    session.say(summary(job))


def hand_in(session: Session, submit: Callable[[Client], Awaitable[A]], *, wait: bool) -> A:
    """Submit something, print its id, and watch it to its end where that is wanted.

    Raises:
        RefusedError: it was watched, and has no result.
    """

    async def work(client: Client) -> tuple[A, JobView | None]:
        accepted = await submit(client)
        if not session.json:
            # At once, so that a pipe's reader can go on while this one watches.
            click.echo(accepted.job_id)
        return accepted, await show(session, client, accepted.job_id) if wait else None

    accepted, ended = ask(session, work)
    if ended:
        conclude(session, ended)
    elif session.json:
        print_json(accepted)
    return accepted
