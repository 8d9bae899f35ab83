"""``python -m pycwtd_console.demo``: a real analysis on a real daemon, in one command.

The winter Arctic Oscillation and the maximum Baltic sea ice extent, the example of Grinsted,
Moore and Jevrejeva (2004), Nonlin. Processes Geophys. 11, 561-566: their coherence, and its
significance against red noise.
"""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from pycwt_mod.coherence import summarise
from pycwt_mod.datasets import ao_baltic
from pycwtd.client import Client, ClientError
from pycwtd_console.figures import coherence_of, draw, load
from pycwtd_console.private import DaemonError, PrivateDaemon
from pycwtd_console.progress import duration, span, watch

if TYPE_CHECKING:
    from pycwt_mod.coherence import CoherenceSummary
    from pycwtd.api.types import JobView

#: Twelve scales to the octave, from 2 to 256 years.
_GRID = {"dt": 1.0, "dj": 1 / 12, "s0": 2.0, "J": 84}
_REALISATIONS = 1000
_SEED = 20040811
_LABELS = ("Arctic Oscillation", "Baltic ice")
#: Phases from 0 on in steps of a quarter turn.
_RELATIONS = (
    "in phase: a strong {0} goes with much {1}",
    "{0} leads {1} by a quarter of the period",
    "in anti-phase: a strong {0} goes with little {1}",
    "{1} leads {0} by a quarter of the period",
)


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("demo.png"),
    show_default=True,
    help="The picture.",
)
@click.option("--count", type=int, default=_REALISATIONS, show_default=True, help="Realisations.")
def main(output: Path, count: int) -> None:
    """Analyse two climate series on a daemon of one's own, and show what came out."""
    started = time.monotonic()
    console = Console(highlight=False)
    daemon = PrivateDaemon()
    try:
        job, first_year = _analyse(daemon, count, console)
    except (DaemonError, ClientError) as error:
        raise click.ClickException(str(error)) from None
    result = daemon.folder / "result.npz"
    arrays = load(result)
    _report(job, summarise(coherence_of(arrays)), console)
    try:
        draw(job, result, t0=first_year, units="years", labels=_LABELS).savefig(output)
    except OSError as error:
        raise click.ClickException(f"{output}: can't be written: {error.strerror}") from None
    except ValueError as error:
        # An unknown suffix: matplotlib's own sentence lists those it has.
        raise click.ClickException(f"{output}: {error}") from None
    console.print(f"\nPicture:  {output.resolve()}", soft_wrap=True)
    console.print(f"Result:   {result}", soft_wrap=True)
    console.print(f"Log:      {daemon.log}", soft_wrap=True)
    console.print(f"State:    {daemon.folder / 'state'}", soft_wrap=True)
    console.print(f"Took {span(time.monotonic() - started)} in all; the daemon has stopped.")


def _analyse(daemon: PrivateDaemon, count: int, console: Console) -> tuple[JobView, float]:
    """Run the job on the daemon; its result is in the daemon's folder then."""
    years, ao, ice = ao_baltic()
    request = {
        "data1": ao.tolist(),
        "data2": ice.tolist(),
        **_GRID,
        "significance_test": True,
        "mc_count": count,
        "seed": _SEED,
    }
    with daemon:
        console.print(
            f"pycwtd is running as process {daemon.pid} on {daemon.socket}", soft_wrap=True
        )
        console.print(
            f"{_LABELS[0]} and {_LABELS[1]}, {years[0]:.0f}-{years[-1]:.0f}: coherence against "
            f"{count:,} realisations of red noise",
            soft_wrap=True,
        )
        job = asyncio.run(_job(daemon, request, console))
    return job, float(years[0])


async def _job(daemon: PrivateDaemon, request: dict[str, object], console: Console) -> JobView:
    async with Client(daemon.socket) as client:
        accepted = await client.submit("wct", request)
        job = await watch(client, accepted.job_id, console)
        if job.status != "completed":
            raise ClientError(f"the job {job.status}: {job.error}")
        await client.download_result(job.job_id, daemon.folder / "result.npz")
    return job


def _report(job: JobView, found: CoherenceSummary, console: Console) -> None:
    periods = ", ".join(f"{period:.1f}" for period in found.peak_periods)
    lines = {
        "Coherence peaks at": f"periods of {periods} years",
        "Significant": f"{found.significant_share:.1%} of the area outside the cone of influence "
        f"(noise: {1 - job.parameters['level']:.0%})",
        "Mean phase there": f"{math.degrees(found.mean_phase):+.0f}°, {relation(found.mean_phase)}",
        "Monte Carlo": f"{job.realisations:,} realisations of estimator {job.estimator} on "
        f"backend {job.backend}, seed {job.seed}",
        "Computing time": span(duration(job) or 0.0),
    }
    console.print()
    for name, text in lines.items():
        console.print(f"{name + ':':<20}{text}", soft_wrap=True)


def relation(phase: float) -> str:
    """A phase (radians, positive where the first series leads) in words."""
    if math.isnan(phase):
        return "undefined: nothing is significant"
    return _RELATIONS[round(phase / (math.pi / 2)) % 4].format(*_LABELS)


if __name__ == "__main__":
    main()
