"""``pycwtctl levels``: what a job has found so far."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pycwtd.client import Jobs
from pycwtd_console.ctl.completing import job_argument
from pycwtd_console.ctl.connection import ask, print_json
from pycwtd_console.ctl.session import Session, json_option, pass_session
from pycwtd_console.ctl.table import print_table

if TYPE_CHECKING:
    from pycwtd.client import Client
    from pycwtd.client.jobs import LevelsView


@click.command()
@job_argument
@json_option
@pass_session
def levels(session: Session, job_id: str) -> None:
    """Show the significance levels of a job by the realisations so far, or all of them.

    The error is the Monte Carlo's standard error; a dash where nothing was counted.
    """

    async def work(client: Client) -> LevelsView:
        return await Jobs(client).levels((await client.find(job_id)).job_id)

    found = ask(session, work)
    if session.json:
        print_json(found)
        return
    session.say(f"{found.level:.4g} levels by {found.realisations:,} realisations")
    print_table(
        ("PERIOD", "LEVEL", "ERROR"),
        [
            (f"{period:.6g}", _cell(level), _cell(error))
            for period, level, error in zip(found.periods, found.levels, found.errors, strict=True)
        ],
    )


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"
