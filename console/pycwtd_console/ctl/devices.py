"""``pycwtctl devices``: how what computes fares, and what operators order of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import click

from pycwtd.client.devices import DeviceDetails, Devices
from pycwtd_console.ctl.completing import backend_names
from pycwtd_console.ctl.connection import ask, print_json
from pycwtd_console.ctl.jobs import show
from pycwtd_console.ctl.session import RefusedError, Session, json_option, pass_session
from pycwtd_console.ctl.table import local, print_table
from pycwtd_console.progress import span, summary

if TYPE_CHECKING:
    from pycwtd.client import Client
    from pycwtd.client.devices import DeviceView

_NAME = click.argument("name", metavar="DEVICE", shell_complete=backend_names)


@click.group()
def devices() -> None:
    """Show devices, test them, take them out of work and bring them back.

    A device has the name of its backend. Orders need the role operator.
    """


def _what(device: DeviceView) -> str:
    """What it computes on, or why it doesn't."""
    if device.reason:
        retry = f" (next try {local(device.next_try)})" if device.next_try else ""
        return f"{device.reason}{retry}"
    words = list(device.parts)
    words += [f"firmware {device.firmware}"] if device.firmware else []
    words += [f"at work for job {device.job_id[:8]}"] if device.job_id else []
    return ", ".join(words)


@devices.command("list")
@json_option
@pass_session
def list_(session: Session) -> None:
    """List all devices with their states."""
    found = ask(session, lambda client: Devices(client).all())
    if session.json:
        print_json(found)
        return
    rows = [(one.id, one.state, local(one.since), _what(one)) for one in found]
    print_table(("DEVICE", "STATE", "SINCE", "WHAT IT COMPUTES ON, OR WHY IT DOESN'T"), rows)


@devices.command("show")
@_NAME
@json_option
@pass_session
def show_(session: Session, name: str) -> None:
    """Show one device."""
    _print(session, ask(session, lambda client: Devices(client).one(name)))


def _print(session: Session, device: DeviceView) -> None:
    if session.json:
        print_json(device)
        return
    rows = [
        ("device", device.id),
        ("state", f"{device.state} since {local(device.since)}"),
        *(("computes on", part) for part in device.parts),
    ]
    optional = {
        "firmware": device.firmware,
        "serial": device.serial,
        "job": device.job_id,
        "reason": device.reason,
        "next try": local(device.next_try) if device.next_try else None,
        "hooks": ", ".join(device.hooks),
    }
    rows += [(name, text) for name, text in optional.items() if text]
    print_table(None, rows + _told(device))


def _told(device: DeviceView) -> list[tuple[str, str]]:
    """What only the answer about one device has."""
    if not isinstance(device, DeviceDetails):
        return []
    rows = [(one.name, f"{one.value:g} {one.unit}".strip()) for one in device.readings]
    rows += [(name, f"{value:g}") for name, value in device.counters.items()]
    return rows + [
        (
            "self-test",
            f"{local(one.time)} {'passed' if one.passed else 'failed'} in {span(one.duration)}: "
            f"{one.figures}",
        )
        for one in device.self_tests
    ]


def _order(name: str, order: Literal["drain", "resume", "release"], text: str) -> click.Command:
    @json_option
    @pass_session
    def run(session: Session, /, name: str) -> None:
        device = ask(session, lambda client: Devices(client).order(name, order))
        _print(session, device)

    command: click.Command = devices.command(name, help=text)(_NAME(run))
    return command


drain = _order("drain", "drain", "Give it no more work; what it has begun it finishes.")
resume = _order("resume", "resume", "Bring a drained device back: it is probed and tested first.")
release = _order(
    "release", "release", "Let it out of quarantine: it is probed and tested before it gets work."
)


def _job(session: Session, name: str, kind: Literal["self-test", "flash"]) -> dict[str, Any]:
    """Have a job of a device done, and watch it; returns its result.

    Raises:
        RefusedError: it came to nothing.
    """

    async def work(client: Client) -> dict[str, Any]:
        job = await show(session, client, await Devices(client).run(name, kind))
        if job.status != "completed":
            raise RefusedError(f"{name}: {summary(job)}", f"job_{job.status}")
        return await client.ask("GET", f"/api/v1/jobs/{job.job_id}/result", dict[str, Any])

    return ask(session, work)


@devices.command("self-test")
@_NAME
@json_option
@pass_session
def self_test(session: Session, name: str) -> None:
    """Have it compute what is known; if it fails, it is quarantined and the exit status is 1."""
    found = _job(session, name, "self-test")
    if session.json:
        print_json(found)
    else:
        session.say(found["figures"])
    if not found["passed"]:
        raise RefusedError(f"{name} is quarantined: {found['figures']}", "self_test")


@devices.command("flash")
@_NAME
@click.confirmation_option(
    "--yes", prompt="Its firmware is written anew, and jobs on it wait. Go on?"
)
@json_option
@pass_session
def flash(session: Session, name: str) -> None:
    """Write its firmware anew, if its driver can."""
    found = _job(session, name, "flash")
    if session.json:
        print_json(found)
    else:
        session.say(f"{name} has the firmware {found['firmware']}")
