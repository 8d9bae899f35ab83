"""``pycwtctl config``: the configuration of a daemon on this machine, which needn't run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from pycwtd.config import ConfigError, layered_config
from pycwtd.config.listing import leaves
from pycwtd.config.reference import default_toml, schema
from pycwtd.config.wrong import dotted, masked, type_at
from pycwtd_console.ctl.connection import print_json
from pycwtd_console.ctl.session import RefusedError, Session, json_option, pass_session
from pycwtd_console.ctl.table import print_table

if TYPE_CHECKING:
    from pycwtd.config import Finding

_config_option = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    help="The file that pycwtd gets as --config; without it, /etc/pycwtd/pycwtd.toml.",
)


@click.group()
def config() -> None:
    """Show and check what pycwtd would start with, without asking it.

    The layers, each over those before it: what is built in, the file, conf.d/*.toml beside it
    in the order of their names, and the environment, as in PYCWTD_LIMITS__SYNC_SECONDS=10.
    """


@config.command()
@_config_option
@click.option("--remote", is_flag=True, help="Of the daemon that is running, by asking it.")
@json_option
@pass_session
def show(session: Session, file: Path | None, remote: bool) -> None:
    """Print each value, and where it comes from."""
    if remote:
        if file:
            raise click.UsageError("give either --config or --remote")
        _remote(session)
        return
    try:
        found = layered_config(file, {}, os.environ)
    except ConfigError as error:
        raise _refused(session, error) from None
    values = [
        (dotted(key), masked(value, type_at(key)), found.origin(key))
        for key, value in leaves(msgspec.to_builtins(found.config))
    ]
    if session.json:
        print_json({key: {"value": value, "from": origin} for key, value, origin in values})
        return
    print_table(
        ("KEY", "VALUE", "FROM"),
        [(key, msgspec.json.encode(value).decode(), origin) for key, value, origin in values],
    )


def _remote(session: Session) -> None:
    """Print what holds in the daemon now; needs the role operator."""
    from pycwtd.client import Configuration  # noqa: PLC0415 - the other commands ask nobody
    from pycwtd_console.ctl.connection import ask  # noqa: PLC0415

    found = ask(session, lambda client: Configuration(client).all())
    if session.json:
        print_json({one.name: {"value": one.value, "from": one.source} for one in found})
        return
    rows = [(one.name, msgspec.json.encode(one.value).decode(), one.source) for one in found]
    print_table(("KEY", "VALUE", "FROM"), rows)


@config.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@json_option
@pass_session
def check(session: Session, file: Path | None) -> None:
    """Find every mistake in FILE and what comes over it; if there is one, the exit status is 1."""
    try:
        found = layered_config(file, {}, os.environ)
    except ConfigError as error:
        raise _refused(session, error) from None
    files = [str(one) for one in found.files]
    if session.json:
        print_json({"ok": True, "files": files, "errors": []})
        return
    click.echo(f"no errors in {', '.join(files) or 'the environment; there is no file'}")


@config.command(name="schema")
@json_option
def show_schema() -> None:
    """Print the JSON Schema (2020-12) of the file, for editors that check while you type."""
    click.echo(msgspec.json.format(msgspec.json.encode(schema())))


@config.command()
@json_option
def default() -> None:
    """Print a file with every key, its meaning and its default, to begin with."""
    click.echo(default_toml(), nl=False)


def _refused(session: Session, error: ConfigError) -> RefusedError:
    """One line an error on stdout for programs, on stderr for people."""
    if session.json:
        findings: tuple[Finding, ...] = error.findings
        print_json({"ok": False, "errors": findings})
    return RefusedError(str(error), "bad_config")
