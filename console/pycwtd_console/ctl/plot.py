"""``pycwtctl plot``: a job's result as a picture."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pycwtd_console.ctl.completing import job_argument
from pycwtd_console.ctl.connection import ask
from pycwtd_console.ctl.result import announce, force_option, refuse_to_overwrite
from pycwtd_console.ctl.session import RefusedError, Session, json_option, pass_session
from pycwtd_console.figures import DRAWN, draw

if TYPE_CHECKING:
    from pycwtd.api.types import JobView
    from pycwtd.client import Client


@click.command()
@job_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write; its suffix says as what: .png, .pdf, .svg.",
)
@click.option("--t0", type=float, default=0.0, show_default=True, help="Time of the first sample.")
@click.option("--units", default="time units", show_default=True, help="Of dt, such as years.")
@click.option("--labels", nargs=2, default=("first", "second"), help="Names of the two series.")
@click.option("--title", help="A heading.")
@force_option
@json_option
@pass_session
def plot(
    session: Session,
    *,
    job_id: str,
    output: Path,
    t0: float,
    units: str,
    labels: tuple[str, str],
    title: str | None,
    force: bool,
) -> None:
    """Draw the result of a completed cwt, xwt or wct job over time and period."""
    refuse_to_overwrite(output, force)
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "result.npz"

        async def work(client: Client) -> JobView:
            job = await client.find(job_id)
            if job.kind not in DRAWN:
                raise RefusedError(f"a {job.kind} job can't be drawn; {', '.join(DRAWN)} jobs can")
            await client.download_result(job.job_id, data)
            return job

        job = ask(session, work)
        figure = draw(job, data, t0=t0, units=units, labels=labels, title=title)
    try:
        figure.savefig(output)
    except ValueError as error:
        # An unknown suffix: matplotlib's own sentence lists those it has.
        raise click.UsageError(f"-o: {error}") from None
    announce(session, output, output.stat().st_size)
