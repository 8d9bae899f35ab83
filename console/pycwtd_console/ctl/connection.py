"""From a command to the daemon and back, errors as the command line tells them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from pycwtd.client import Client, ClientError, UnreachableError
from pycwtd_console.ctl.session import NotReachedError, RefusedError, unusable
from pycwtd_console.ctl.table import print_table

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

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
    except BrokenPipeError:  # nobody reads stdout any more; click ends quietly
        raise
    except OSError as error:
        raise unusable(error) from None


def ask_each(
    session: Session,
    ids: Iterable[str],
    work: Callable[[Client, str], Awaitable[T]],
    tell: Callable[[T], str],
) -> None:
    """Do the same to several things; one that can't be done doesn't keep the others from it.

    Args:
        session: of the command.
        ids: of the things.
        work: what is done to each.
        tell: what was done, in a line.

    Raises:
        RefusedError: some couldn't be done; the others are done and told.
    """

    async def one(client: Client, name: str) -> T | ClientError:
        try:
            return await work(client, name)
        except UnreachableError:
            raise
        except ClientError as error:
            return error

    async def each(client: Client) -> list[T | ClientError]:
        return [await one(client, name) for name in ids]

    outcomes = ask(session, each)
    done = [found for found in outcomes if not isinstance(found, ClientError)]
    if session.json:
        print_json(done)
    for found in done:
        session.say(tell(found))
    errors = [found for found in outcomes if isinstance(found, ClientError)]
    if errors:
        raise RefusedError("; ".join(e.detail for e in errors), errors[0].code, errors[0].status)


def refused(error: ClientError) -> RefusedError:
    """The daemon's refusal as the command's."""
    return RefusedError(error.detail, error.code, error.status)


def print_json(value: Any) -> None:
    """One line of JSON on stdout."""
    click.echo(msgspec.json.encode(value))


def print_list(
    session: Session,
    found: Sequence[T],
    nothing: str,
    header: Sequence[str],
    cells: Callable[[T], Sequence[str]],
) -> None:
    """Several things: a line each, or what is said where there are none; or all as JSON.

    Args:
        session: of the command.
        found: the things.
        nothing: the sentence for none.
        header: above the lines.
        cells: of a thing's line, as many as in the header.
    """
    if session.json:
        print_json(found)
    elif found:
        print_table(header, [cells(one) for one in found])
    else:
        session.say(nothing)
