"""The command line of ``pycwtd-console``."""

from __future__ import annotations

import gc
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from pycwtd_console.tui.source import Source

_HELP = """Devices and jobs of a pycwtd daemon, as they are now.

Without options it takes PYCWTD_URL with PYCWTD_TOKEN, else PYCWTD_SOCKET, else the
daemon's usual socket. It connects by itself, and again after every restart.

\b
Exit status:
  0  left with q
  2  wrong usage, a file that can't be read, or nothing to show the console on
"""


@click.command(help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pycwtd", message="pycwtd-console %(version)s")
@click.option(
    "--socket",
    # Whether it may be opened is seen, and told, when it is.
    type=click.Path(path_type=Path, readable=False),
    help="Unix socket of the daemon.",
)
@click.option("--url", help="Address of a daemon on TCP, such as http://localhost:8750.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the bearer token for --url; read again after a refusal.",
)
@click.option(
    "--replay",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Play a recording made by pycwtctl events --record.",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0.0, min_open=True),
    default=1.0,
    show_default=True,
    help="How many seconds of the recording pass in one.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keys and colours.  [default: ~/.config/pycwtd/console.toml]",
)
def main(
    *,
    socket: Path | None,
    url: str | None,
    token_file: Path | None,
    replay: Path | None,
    speed: float,
    config: Path | None,
) -> None:
    """Check what can be checked without the daemon, then show the console."""
    # Nothing of what is loaded now is ever thrown away: looking for it would take a tenth longer.
    gc.disable()
    if sum(bool(one) for one in (socket, url, replay)) > 1:
        raise click.UsageError("give one of --socket, --url and --replay")
    url = url or (None if socket or replay else os.environ.get("PYCWTD_URL")) or None
    if replay:
        make, where = _recorded(replay, speed), str(replay)
    else:
        _check(url, token_file)
        make, where = _live(socket, url, token_file), url or f"socket {_path(socket)}"
    from pycwtd_console.tui.keys import (  # noqa: PLC0415 - --help doesn't need it
        ConfigError,
        load,
    )
    from pycwtd_console.tui.terminal import (  # noqa: PLC0415 - nor this
        end_with_terminal,
        painted,
        trouble,
    )

    try:
        configuration = load(config)
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    if text := trouble():
        raise click.UsageError(text)
    end_with_terminal()
    with painted(f" Overview  {where}  connecting"):
        from pycwtd_console.tui.app import ConsoleApp  # noqa: PLC0415 - nor an error

        app = ConsoleApp(make, where, configuration)
    app.run(mouse=True)


def _check(url: str | None, token_file: Path | None) -> None:
    """See that a URL is one, and that the token's file can be read.

    Raises:
        click.UsageError: not so.
    """
    if url:
        try:
            parts = urlsplit(url)
            sound = parts.scheme in {"http", "https"} and bool(parts.hostname)
            sound = sound and parts.port != 0
        except ValueError:
            sound = False
        if not sound:
            text = f"{url!r} isn't the URL of a daemon; give one such as http://localhost:8750"
            raise click.UsageError(text)
    if token_file:
        try:
            text = token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it isn't text"
            raise click.UsageError(f"--token-file {token_file}: {why}") from None
        if not text or len(text.split()) > 1 or not text.isascii():
            raise click.UsageError(f"--token-file {token_file}: there is no token in it, or more")


def _path(socket: Path | None) -> str:
    from pycwtd.platform.paths import default_socket  # noqa: PLC0415 - not for --help

    return str(socket or default_socket())


def _live(
    socket: Path | None, url: str | None, token_file: Path | None
) -> Callable[[], AbstractAsyncContextManager[Source]]:
    @asynccontextmanager
    async def source() -> AsyncIterator[Source]:
        from pycwtd.client import Client  # noqa: PLC0415 - after the first paint
        from pycwtd_console.tui.live import LiveSource  # noqa: PLC0415

        async with Client.from_environment(socket, url, token_file) as client:
            yield LiveSource(client)

    return source


def _recorded(path: Path, speed: float) -> Callable[[], AbstractAsyncContextManager[Source]]:
    from pycwtd_console.tui.heads import read_head  # noqa: PLC0415 - for recordings alone

    try:
        read_head(path)
    except OSError as error:
        raise click.UsageError(f"--replay {path}: {error.strerror}") from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None

    @asynccontextmanager
    async def source() -> AsyncIterator[Source]:
        from pycwtd_console.tui.recording import Replay  # noqa: PLC0415 - after the first paint

        yield Replay(path, speed)

    return source
