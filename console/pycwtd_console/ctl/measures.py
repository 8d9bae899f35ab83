"""``pycwtctl stats``, ``metrics``, ``hardware``, ``recommend`` and ``benchmark``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.console import Console

from pycwtd.client import Service
from pycwtd_console.ctl.completing import backend_names
from pycwtd_console.ctl.connection import ask, print_json
from pycwtd_console.ctl.session import RefusedError, Session, json_option, pass_session
from pycwtd_console.ctl.table import print_table
from pycwtd_console.progress import span

if TYPE_CHECKING:
    from pycwtd.client import Client
    from pycwtd.client.service import BenchmarkResult

_ESTIMATOR = click.option(
    "--estimator",
    type=click.Choice(["cascade", "full"]),
    default="cascade",
    show_default=True,
    help="How the noise is drawn.",
)
_SAMPLES = click.option(
    "--samples", type=int, default=1000, show_default=True, help="Of the series."
)


@click.command()
@json_option
@pass_session
def stats(session: Session) -> None:
    """Show totals since the state directory was made."""
    found = ask(session, lambda client: Service(client).stats())
    if session.json:
        print_json(found)
        return
    session.say(
        f"{found.jobs:,} jobs, {found.realisations:,} realisations, "
        f"{found.bytes_stored:,} bytes on the disk"
    )
    if found.by_kind_and_backend:
        print_table(
            ("KIND", "BACKEND", "JOBS", "REALISATIONS", "TOOK"),
            [
                (
                    *(one.kind, one.backend or "-", f"{one.jobs}", f"{one.realisations}"),
                    span(one.seconds),
                )
                for one in found.by_kind_and_backend
            ],
        )


@click.command()
@json_option
@pass_session
def metrics(session: Session) -> None:
    """Print the metrics in Prometheus' text format."""
    text = ask(session, lambda client: Service(client).metrics())
    if session.json:
        print_json({"text": text})
        return
    click.echo(text, nl=False)


@click.command()
@json_option
@pass_session
def hardware(session: Session) -> None:
    """Show what is plugged in."""
    found = ask(session, lambda client: Service(client).hardware())
    if session.json:
        print_json(found)
        return
    rows = [("cpu", f"{found.cpu.model}, {found.cpu.cores} cores")]
    rows += [("gpu", device) for device in found.gpu.devices] or [("gpu", found.gpu.type)]
    for name, boards in (("fpga", found.fpga), ("embedded", found.embedded)):
        rows.append((name, boards.status))
        for one in boards.devices:
            serial = f", serial number {one.serial_number}" if one.serial_number else ""
            rows.append(("", f"{one.port}: {one.description} ({one.vid}:{one.pid}{serial})"))
    print_table(None, rows)


@click.command()
@click.option(
    "--mc-count", type=int, default=300, show_default=True, help="Monte Carlo realisations."
)
@_SAMPLES
@_ESTIMATOR
@click.option(
    "--priority",
    type=click.Choice(["speed", "power", "reliability"]),
    default="speed",
    show_default=True,
    help="What counts.",
)
@json_option
@pass_session
def recommend(session: Session, mc_count: int, samples: int, estimator: str, priority: str) -> None:
    """Show which backend is best for a significance test, by what has been measured."""
    found = ask(
        session,
        lambda client: Service(client).recommend(
            mc_count, samples, estimator=estimator, priority=priority
        ),
    )
    if session.json:
        print_json(found)
        return
    session.say(found.reason)
    rows = [(found.recommended_backend, found.estimated_time, found.waiting_time, found.energy)]
    rows += [
        (one.backend, one.estimated_time, one.waiting_time, one.energy)
        for one in found.alternatives
    ]
    print_table(
        ("BACKEND", "DONE IN", "OF THAT WAITING", "ENERGY"),
        [
            (name, span(done), span(wait), "-" if energy is None else f"{energy:.3g} J")
            for name, done, wait, energy in rows
        ],
    )


@click.command()
@click.argument("backends", nargs=-1, shell_complete=backend_names)
@click.option(
    "--mc-count", type=int, default=1000, show_default=True, help="Monte Carlo realisations."
)
@_SAMPLES
@_ESTIMATOR
@json_option
@pass_session
def benchmark(
    session: Session, backends: tuple[str, ...], mc_count: int, samples: int, estimator: str
) -> None:
    """Time BACKENDS, or all that are available, with the same work.

    What is measured goes into the daemon's later estimates. If none could be timed, the exit
    status is 1.
    """

    async def work(client: Client) -> BenchmarkResult:
        names = backends or tuple(one.name for one in await client.backends() if one.available)
        return await Service(client).benchmark(
            names, samples=samples, realisations=mc_count, estimator=estimator
        )

    with Console(stderr=True, quiet=session.json).status("timing them, one after the other …"):
        found = ask(session, work)
    if session.json:
        print_json(found)
    else:
        print_table(
            ("BACKEND", "STATUS", "SECONDS", "SPEED-UP", "PROBLEM"),
            [
                (
                    *(name, one.status),
                    "-" if one.computation_time is None else f"{one.computation_time:.4f}",
                    "-" if one.speedup is None else f"{one.speedup:.2f}",
                    one.error or "",
                )
                for name, one in found.results.items()
            ],
        )
    if found.fastest_backend is None:
        raise RefusedError("no backend could be timed", "no_backend")
