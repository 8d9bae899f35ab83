"""``pycwtctl batch``: several jobs from a file."""

from __future__ import annotations

from typing import Any, BinaryIO

import click
import msgspec

from pycwtd.client import Jobs
from pycwtd_console.ctl.jobs import hand_in
from pycwtd_console.ctl.session import InputError, Session, json_option, pass_session


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option("-w", "--wait", is_flag=True, help="Watch the batch until all its jobs have ended.")
@json_option
@pass_session
def batch(session: Session, file: BinaryIO, wait: bool) -> None:
    """Hand in several jobs, all or none; prints the batch's id.

    FILE is JSON: a list of tasks, each with its kind as "type" and the fields of its request
    beside it, or an object with that list as "tasks"; - is stdin.
    """
    tasks = _tasks(file)
    accepted = hand_in(session, lambda client: Jobs(client).submit_batch(tasks), wait=wait)
    if not wait:
        session.say(f"{accepted.tasks_count} tasks")


def _tasks(file: BinaryIO) -> list[dict[str, Any]]:
    try:
        found = msgspec.json.decode(file.read())
        tasks = found["tasks"] if isinstance(found, dict) else found
        return msgspec.convert(tasks, list[dict[str, Any]])
    except KeyError:
        raise InputError(f'{file.name}: has no "tasks"') from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{file.name}: isn't a list of tasks: {error}") from None
