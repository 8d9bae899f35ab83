"""``pycwtctl batch``: several jobs from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO

import click
import msgspec

from pycwtd.client import Jobs
from pycwtd_console.ctl.connection import ask, print_json
from pycwtd_console.ctl.jobs import conclude, show
from pycwtd_console.ctl.session import InputError, Session, json_option, pass_session

if TYPE_CHECKING:
    from pycwtd.api.types import BatchAccepted, JobView
    from pycwtd.client import Client


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

    async def work(client: Client) -> tuple[BatchAccepted, JobView | None]:
        made = await Jobs(client).submit_batch(tasks)
        if not session.json:
            click.echo(made.job_id)
        return made, await show(session, client, made.job_id) if wait else None

    accepted, ended = ask(session, work)
    if ended:
        conclude(session, ended)
    elif session.json:
        print_json(accepted)
    else:
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
