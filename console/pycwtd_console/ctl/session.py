"""What the commands share: how to reach the daemon, what to print, which exit status.

Imported for ``--help`` too, so nothing that takes time to load is needed here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path


class RefusedError(click.ClickException):
    """The daemon refused, or the job came to nothing."""

    exit_code = 1

    def __init__(self, message: str, code: str = "refused", status: int | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class InputError(click.ClickException):
    """A file that can't be used."""

    exit_code = 2
    code = "bad_file"


def unusable(error: OSError) -> InputError:
    """A file that the system refuses, as the command tells it."""
    where = f"{error.filename}: " if error.filename else ""
    return InputError(f"{where}{error.strerror}")


class NotReachedError(click.ClickException):
    """There is no daemon to talk to."""

    exit_code = 3
    code = "unreachable"


class Session:
    """The options that hold for every command."""

    def __init__(self) -> None:
        self.socket: Path | None = None
        self.url: str | None = None
        self.token_file: Path | None = None
        self.json = False

    def say(self, text: str) -> None:
        """Talk, on stderr; not to programs."""
        if not self.json:
            click.echo(text, err=True)


def _json(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    session = context.ensure_object(Session)
    session.json = session.json or wanted


json_option = click.option(
    "--json",
    is_flag=True,
    expose_value=False,
    callback=_json,
    is_eager=True,
    help="Print JSON, errors included.",
)
pass_session = click.make_pass_decorator(Session, ensure=True)


def show_error(error: click.ClickException, *, as_json: bool) -> None:
    """Say what went wrong, on stderr."""
    if not as_json:
        error.show()
        return
    code = getattr(error, "code", "usage")
    body: dict[str, Any] = {
        "code": code,
        "message": error.format_message(),
        "exit_status": error.exit_code,
    }
    if status := getattr(error, "status", None):
        body["status"] = status
    click.echo(json.dumps({"error": body}), err=True)
