"""From a command to the daemon and back, errors as the command line tells them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from pycwtd.client import Client, ClientError, UnreachableError
from pycwtd_console.ctl.session import InputError, NotReachedError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from pycwtd_console.ctl.session import Session

T = TypeVar("T")


def ask(session: Session, work: Callable[[Client], Awaitable[T]]) -> T:
    """Do something with a client.

    Raises:
        RefusedError: the daemon says no.
        NotReachedError: it says nothing.
        InputError: a file can't be read or written.
    """

    async def main() -> T:
        async with Client.from_environment(
            session.socket, session.url, session.token_file
        ) as client:
            return await work(client)

    try:
        return asyncio.run(main())
    except UnreachableError as error:
        raise NotReachedError(error.detail) from None
    except ClientError as error:
        raise refused(error) from None
    except OSError as error:
        raise InputError(f"{error.filename}: {error.strerror}") from None


def refused(error: ClientError) -> RefusedError:
    """The daemon's refusal as the command's."""
    return RefusedError(error.detail, error.code, error.status)


def print_json(value: Any) -> None:
    """One line of JSON on stdout."""
    click.echo(msgspec.json.encode(value))
