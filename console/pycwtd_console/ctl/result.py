"""``pycwtctl result``: what a job computed, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pycwtd_console.ctl.completing import job_argument
from pycwtd_console.ctl.connection import ask, print_json
from pycwtd_console.ctl.session import InputError, Session, json_option, pass_session
from pycwtd_console.progress import carried, summary

if TYPE_CHECKING:
    from pycwtd.api.types import JobView
    from pycwtd.client import Client

#: What the daemon calls the formats, by the suffixes of files.
_FORMS = {".npz": "npz", ".nc": "netcdf", ".json": "json"}

output_option = click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="The file to write."
)
force_option = click.option("--force", is_flag=True, help="Replace a file that is there.")


@click.command()
@job_argument
@output_option
@force_option
@json_option
@pass_session
def result(session: Session, job_id: str, output: Path | None, force: bool) -> None:
    """Save the result of a completed job.

    The file's suffix says as what: .npz for numpy, .nc for NetCDF, .json for everyone. Without
    -o, it is called after the job.
    """
    if output and output.suffix not in _FORMS:
        raise click.UsageError(f"-o: must end in .npz, .nc or .json, not {output.name!r}")

    async def work(client: Client) -> tuple[JobView, Path, int]:
        job = await client.find(job_id)
        path = output or Path(f"{job.kind}-{job.job_id[:8]}.npz")
        refuse_to_overwrite(path, force)
        with carried(path.name) as arrived:
            form = _FORMS[path.suffix]
            return job, path, await client.download_result(job.job_id, path, form, arrived)

    job, path, size = ask(session, work)
    announce(session, path, size, estimator=job.estimator)
    session.say(summary(job))


def refuse_to_overwrite(path: Path, force: bool) -> None:
    """Keep what is there, unless told otherwise.

    Raises:
        InputError: there is something.
    """
    if path.exists() and not force:
        raise InputError(f"{path}: exists already; --force replaces it")


def announce(session: Session, path: Path, size: int, **facts: str | None) -> None:
    """Name a file that has been written, and in JSON what else is known of it."""
    if session.json:
        print_json({"file": str(path), "bytes": size, **facts})
    else:
        click.echo(path)
