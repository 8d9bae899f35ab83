"""``pycwtd``: the daemon in the foreground."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from pycwtd import __version__
from pycwtd.config import ConfigError, load_layered

if TYPE_CHECKING:
    from pycwtd.config import Layered


@click.command()
@click.version_option(__version__)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="Configuration file (TOML), in place of /etc/pycwtd/pycwtd.toml; conf.d is beside it.",
)
@click.option("--socket", "sockets", multiple=True, help="Unix socket to listen on.")
@click.option("--listen", "tcp", multiple=True, metavar="HOST:PORT", help="TCP address to serve.")
@click.option(
    "--auth",
    type=click.Choice(["token", "none"]),
    default="token",
    show_default=True,
    help="What --listen asks of clients: a bearer token, or, on a loopback address alone, nothing.",
)
@click.option("--state-dir", help="Where jobs and results are kept.")
@click.option(
    "--after-damage",
    type=click.Choice(["retry", "salvage", "empty"]),
    help="What to do about a database that is damaged or gone: look at it again, make a new one of "
    "what can be read, or begin anew. What is there is kept aside.",
)
def main(  # noqa: PLR0917 - click hands them over by name
    config_file: Path | None,
    sockets: tuple[str, ...],
    tcp: tuple[str, ...],
    auth: Literal["token", "none"],
    state_dir: str | None,
    after_damage: Literal["retry", "salvage", "empty"] | None,
) -> None:
    """Run the time-frequency analysis daemon in the foreground, logging to stderr.

    It stops on SIGTERM or Ctrl-C; jobs that are running go on at the next start. SIGHUP has it
    read its configuration again.
    """
    # Imported here, where click turns a Ctrl-C into a clean end.
    from pycwtd.access.access import SecretError  # noqa: PLC0415
    from pycwtd.daemon import serve  # noqa: PLC0415
    from pycwtd.hosts.host import HostDiedError  # noqa: PLC0415
    from pycwtd.platform.sockets import ListenError  # noqa: PLC0415
    from pycwtd.store.opening import DatabaseError  # noqa: PLC0415

    def read() -> Layered:
        return load_layered(config_file, sockets=sockets, tcp=tcp, auth=auth, state_dir=state_dir)

    try:
        asyncio.run(serve(read, after_damage))
    except HostDiedError as error:
        raise click.ClickException(f"the processes for numerics don't start: {error}") from None
    except (ConfigError, ListenError, DatabaseError, SecretError) as error:
        raise click.ClickException(str(error)) from None
