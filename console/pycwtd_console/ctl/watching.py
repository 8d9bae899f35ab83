"""``pycwtctl events`` and ``logs``: what happens, and what the daemon says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pycwtd.client import ClientError, Events, Logs, UnreachableError
from pycwtd.client.errors import Patience
from pycwtd_console.ctl.completing import job_ids
from pycwtd_console.ctl.connection import ask, print_json
from pycwtd_console.ctl.session import InputError, Session, json_option, pass_session
from pycwtd_console.ctl.table import local

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pycwtd.client import Client
    from pycwtd.client.watching import LogLine

#: How often the log is asked for what is new (seconds).
_LOOK_SECONDS = 0.5
#: How long a daemon that restarts is waited for (seconds).
_PATIENCE_SECONDS = 60.0
#: What is told of every event, before what it says itself.
_ALWAYS = ("type", "seq", "time", "job_id")

_JOB = click.option("--job", "job_id", metavar="ID", shell_complete=job_ids, help="Only of this.")
_LIMIT = click.option(
    "--limit", type=click.IntRange(1, 2000), default=20, show_default=True, help="How many."
)
_FOLLOW = click.option("-f", "--follow", is_flag=True, help="Go on as they come, until Ctrl-C.")


@click.command()
@click.option("--since", type=click.IntRange(min=0), help="Only those after this number.")
@_JOB
@click.option("--type", "kind", metavar="TYPE", help="Only of this type, such as job.failed.")
@_LIMIT
@_FOLLOW
@click.option(
    "--record",
    "target",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write a recording for pycwtd-console --replay, until Ctrl-C.",
)
@json_option
@pass_session
def events(
    session: Session,
    *,
    since: int | None,
    job_id: str | None,
    kind: str | None,
    limit: int,
    follow: bool,
    target: Path | None,
) -> None:
    """Show what has happened to jobs, devices and the daemon, the newest last.

    With --json, an object a line.
    """
    if target is not None:
        if follow or job_id or kind or since is not None:
            raise click.UsageError("a recording has everything: give --record alone")
        _record(session, target)
        return

    async def work(client: Client) -> None:
        job = None if job_id is None else (await client.find(job_id)).job_id
        # With --since none is left out; without it, the newest are enough.
        most = None if since is not None and follow else limit
        found = await Events(client).recent(most, since=since, job_id=job, type=kind)
        for event in reversed(found):
            _print_event(session, event)
        if follow:
            await _go_on(session, client, found[0]["seq"] if found else since, job, kind)

    ask(session, work)


async def _go_on(
    session: Session, client: Client, last: int | None, job: str | None, kind: str | None
) -> None:
    """Print events as they come, and where some are lost."""
    async for event in _followed(client, last):
        wanted = job in {None, event.get("job_id")} and kind in {None, event["type"]}
        if wanted or event["type"] == "gap":
            _print_event(session, event)


def _record(session: Session, target: Path) -> None:
    from pycwtd_console.tui.recorder import record  # noqa: PLC0415 - --help doesn't need it

    if target.exists():
        raise InputError(f"{target} is there already; a recording doesn't replace it")

    def begun() -> None:
        session.say(f"recording into {target}; Ctrl-C ends it")

    try:
        ask(session, lambda client: record(client, target, begun=begun))
    except KeyboardInterrupt:
        session.say(f"play it with pycwtd-console --replay {target}")


async def _followed(client: Client, since: int | None) -> AsyncIterator[dict[str, Any]]:
    """Events as they come; goes on after a restart of the daemon where it was."""
    patience = Patience(_PATIENCE_SECONDS)
    while True:
        try:
            async for event in Events(client).follow(since):
                patience.renew()
                if event is not None:
                    yield event
                    since = event.get("seq", since)
        except ClientError as error:
            await patience.after(error)


def _print_event(session: Session, event: dict[str, Any]) -> None:
    if session.json:
        print_json(event)
        return
    if event["type"] == "gap":
        session.say(f"(events {event['from']} to {event['to']} aren't kept any more)")
        return
    words = [f"{event['seq']:>6}", local(event["time"]), f"{event['type']:<18}"]
    words += [event["job_id"][:8]] if event["job_id"] else []
    words += [f"{name}={value}" for name, value in event.items() if name not in _ALWAYS]
    click.echo("  ".join(words).rstrip())


@click.command()
@click.option(
    "--level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    help="The least that is shown.",
)
@_JOB
@_LIMIT
@_FOLLOW
@json_option
@pass_session
def logs(session: Session, level: str | None, job_id: str | None, limit: int, follow: bool) -> None:
    """Show the newest lines of the daemon's log, the newest last; needs the role operator.

    They are those in its memory: what was before its start is in the journal. With --json, an
    object a line.
    """

    async def work(client: Client) -> None:
        job = None if job_id is None else (await client.find(job_id)).job_id
        lines = await Logs(client).recent(limit, level=level, job_id=job)
        last = 0
        patience = Patience(_PATIENCE_SECONDS)
        while True:
            for line in lines:
                _print_line(session, line)
                last = line.seq
            if not follow:
                return
            await asyncio.sleep(_LOOK_SECONDS)
            try:
                lines = await Logs(client).recent(2000, since=last, level=level, job_id=job)
                patience.renew()
            except UnreachableError as error:
                # Another daemon begins to count anew.
                lines, last = [], 0
                await patience.after(error)

    ask(session, work)


def _print_line(session: Session, line: LogLine) -> None:
    if session.json:
        print_json(line)
        return
    click.echo(f"{local(line.time)} {line.level.upper():<8} {line.message}")
    if trace := line.fields.get("traceback"):
        click.echo(trace)
