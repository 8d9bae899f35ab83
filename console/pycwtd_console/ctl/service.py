"""``pycwtctl backends`` and ``health``."""

from __future__ import annotations

import click
import msgspec

from pycwtd.client import Service
from pycwtd_console.ctl.completing import backend_names
from pycwtd_console.ctl.connection import ask, print_json
from pycwtd_console.ctl.session import RefusedError, Session, json_option, pass_session
from pycwtd_console.ctl.table import print_table
from pycwtd_console.progress import span


class _Refused(msgspec.Struct):
    """A refused driver, among backends."""

    name: str
    error: str
    available: bool = False
    refused: bool = True


@click.command()
@click.argument("name", required=False, shell_complete=backend_names)
@json_option
@pass_session
def backends(session: Session, name: str | None) -> None:
    """List what can compute, and how fast it is; with NAME, show what is measured of that one.

    With --json, drivers that are refused are at the end, with "refused": true. The speed-up is
    against the backend "sequential", as measured on the daemon's machine.
    """
    if name is not None:
        _one(session, name)
        return
    listed = ask(session, lambda client: client.backend_list())
    if session.json:
        # A refused driver may have more than one backend, or none that anybody knows of.
        refused = [_Refused(one.driver, one.reason) for one in listed.refused]
        print_json([*listed.backends, *refused])
        return
    print_table(
        ("NAME", "TYPE", "AVAILABLE", "SPEED-UP", "DEVICES, OR WHY THERE ARE NONE"),
        [
            (
                one.name,
                one.type,
                "yes" if one.available else "no",
                "-" if one.estimated_speedup is None else f"{one.estimated_speedup:.1f}",
                one.error or "; ".join(one.devices),
            )
            for one in listed.backends
        ]
        + [(one.driver, "-", "refused", "-", one.reason) for one in listed.refused],
    )


def _one(session: Session, name: str) -> None:
    """Show one backend."""
    found = ask(session, lambda client: Service(client).backend(name))
    if session.json:
        print_json(found)
        return
    rows = [
        *(("backend", found.name), ("what it is", found.description), ("state", found.status)),
        *(("computes on", part) for part in found.devices),
        ("wavelets", ", ".join(found.capabilities.wavelets)),
        ("estimators", ", ".join(found.capabilities.estimators)),
        ("numerics", found.numerics),
    ]
    for figure, value in found.performance_metrics.items():
        rows.append((figure.replace("_", " "), "-" if value is None else f"{value:.3g}"))
    rows += [("error", found.last_error)] if found.last_error else []
    print_table(None, rows)


@click.command()
@json_option
@pass_session
def workloads(session: Session) -> None:
    """List the workloads, and the kinds of jobs that they bring."""
    found = ask(session, lambda client: client.workloads())
    if session.json:
        print_json(found)
        return
    rows = [
        (one.name, kind.name, "yes" if kind.simulates else "no", kind.summary)
        for one in found
        for kind in one.kinds
    ]
    rows += [(one.name, "-", "-", f"refused: {one.error}") for one in found if not one.available]
    print_table(("WORKLOAD", "KIND", "MONTE CARLO", "WHAT IT IS, OR WHY IT IS REFUSED"), rows)


@click.command()
@json_option
@pass_session
def health(session: Session) -> None:
    """Show whether the daemon is well; if it isn't, the exit status is 1."""
    found = ask(session, lambda client: client.detailed_health())
    if session.json:
        print_json(found)
    else:
        jobs = msgspec.structs.asdict(found.jobs)
        states = {
            name: "well" if one.available and one.healthy else "ill" if one.available else "absent"
            for name, one in found.backends.items()
        }
        usage = msgspec.structs.asdict(found.system)
        print_table(
            None,
            [
                ("status", found.status),
                ("version", found.version),
                ("up for", span(found.uptime)),
                ("backends", ", ".join(f"{name} {state}" for name, state in states.items())),
                ("jobs", ", ".join(f"{count} {name}" for name, count in jobs.items())),
                *((name.replace("_usage", ""), f"{share:.0f} %") for name, share in usage.items()),
            ],
        )
    if found.status != "healthy":
        raise RefusedError(f"the daemon is {found.status}: no backend is available", "degraded")
