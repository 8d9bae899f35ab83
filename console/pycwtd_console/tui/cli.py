"""The command line of ``pycwtd-console``."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pycwtd_console.tui.source import Source


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pycwtd", message="pycwtd-console %(version)s")
@click.option("--socket", type=click.Path(path_type=Path), help="Unix socket of the daemon.")
@click.option("--url", help="Address of a daemon on TCP, such as http://localhost:8750.")
@click.option(
    "--token-file", type=click.Path(path_type=Path), help="File with the bearer token for --url."
)
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    help="Keys and colours.  [default: ~/.config/pycwtd/console.toml]",
)
def main(
    socket: Path | None, url: str | None, token_file: Path | None, config: Path | None
) -> None:
    """Devices and jobs of a pycwtd daemon, as they are now."""
    if socket and url:
        raise click.UsageError("give either --socket or --url")
    # --help doesn't need them.
    from pycwtd_console.tui.app import ConsoleApp  # noqa: PLC0415
    from pycwtd_console.tui.keys import ConfigError, load  # noqa: PLC0415

    try:
        configuration = load(config)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None

    @asynccontextmanager
    async def source() -> AsyncIterator[Source]:
        from pycwtd.client import Client  # noqa: PLC0415 - after the first paint
        from pycwtd_console.tui.live import LiveSource  # noqa: PLC0415

        async with Client.from_environment(socket, url, token_file) as client:
            yield LiveSource(client)

    where = url or str(socket or os.environ.get("PYCWTD_URL") or "the daemon's socket")
    ConsoleApp(source, where, configuration).run(mouse=True)
