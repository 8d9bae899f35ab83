"""``pycwtctl token``, ``whoami`` and ``audit``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

import click

from pycwtd.client import Accounts, ClientError
from pycwtd.client.accounts import KeyRole
from pycwtd_console.ctl.connection import ask, print_json, print_list
from pycwtd_console.ctl.session import Session, json_option, pass_session
from pycwtd_console.ctl.table import local, print_table

if TYPE_CHECKING:
    from pycwtd.client import Client
    from pycwtd.client.accounts import KeyView

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class _Span(click.ParamType[int]):
    """A time such as ``90d``, in seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"([1-9]\d{0,8})([smhd])", str(value))
        if not found:
            self.fail(f"{value!r} isn't a time such as 90d, 12h, 30m or 45s", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.group()
def token() -> None:
    """Keys for clients on TCP: made, listed, revoked, exchanged for short-lived tokens.

    The daemon keeps no more than a digest of a key, so it is shown once, when it is made.
    """


@token.command()
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(get_args(KeyRole)),
    default="analyst",
    show_default=True,
    help="What its holder may do.",
)
@click.option("--expires", type=_Span(), help="After which it is void, such as 90d or 12h.")
@json_option
@pass_session
def add(session: Session, name: str, role: KeyRole, expires: int | None) -> None:
    """Make a key for NAME, and print it: alone on stdout, so that it goes well into a file.

    \b
    (umask 077; pycwtctl token add alice > alice.key)
    """
    made = ask(session, lambda client: Accounts(client).add(name, role, expires))
    if session.json:
        print_json(made)
        return
    end = f"until {local(made.expires_at)}" if made.expires_at else "until it is revoked"
    session.say(f"Key {made.id} of {made.name}, role {made.role}, {end}. It isn't shown again:")
    click.echo(made.key)


@token.command("list")
@json_option
@pass_session
def list_(session: Session) -> None:
    """List all keys, without their secrets."""
    found = ask(session, lambda client: Accounts(client).keys())
    print_list(
        session,
        found,
        "There are no keys.",
        ("KEY", "NAME", "ROLE", "STATUS", "MADE", "BY", "EXPIRES"),
        lambda one: (
            *(one.id, one.name, one.role, one.status, local(one.created_at)),
            *(one.created_by, local(one.expires_at) if one.expires_at else "never"),
        ),
    )


@token.command()
@click.argument("keys", metavar="KEY...", nargs=-1, required=True)
@json_option
@pass_session
def revoke(session: Session, keys: tuple[str, ...]) -> None:
    """Revoke keys, by id, or all those of a name; who is connected with them is cut off."""
    revoked = ask(session, lambda client: _revoke(client, keys))
    if session.json:
        print_json(revoked)
    for one in revoked:
        session.say(f"{one.id} of {one.name} {one.status}")


async def _revoke(client: Client, wanted: tuple[str, ...]) -> list[KeyView]:
    accounts = Accounts(client)
    known = await accounts.keys()
    found: dict[str, KeyView] = {}
    for one in wanted:
        matching = {key.id: key for key in known if one in {key.id, key.name}}
        if not matching:
            raise ClientError(f"there is no key {one!r}", status=404, code="unknown_key")
        found |= matching
    return [await accounts.revoke(key_id) for key_id in found]


@token.command()
@click.argument("name")
@json_option
@pass_session
def exchange(session: Session, name: str) -> None:
    """Exchange NAME's key, given by --token-file or PYCWTD_TOKEN, for a short-lived token."""
    made = ask(session, lambda client: Accounts(client).exchange(name))
    if session.json:
        print_json(made)
        return
    session.say(f"Valid for {made.expires_in} s:")
    click.echo(made.access_token)


@click.command()
@json_option
@pass_session
def whoami(session: Session) -> None:
    """Show how the daemon sees you: identity, role and address."""
    found = ask(session, lambda client: Accounts(client).me())
    if session.json:
        print_json(found)
        return
    print_table(
        None, [("identity", found.identity), ("role", found.role), ("address", found.address)]
    )


@click.command()
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many."
)
@json_option
@pass_session
def audit(session: Session, limit: int) -> None:
    """Show who changed what, or was kept from it, newest first."""
    found = ask(session, lambda client: Accounts(client).audit(limit))
    print_list(
        session,
        found,
        "Nothing has been changed yet.",
        ("TIME", "WHO", "ROLE", "FROM", "WHAT", "OF", "OUTCOME"),
        lambda one: (
            *(local(one.time), one.identity, one.role, one.address, one.action),
            *(one.target or "-", f"{one.outcome} {one.status}"),
        ),
    )
