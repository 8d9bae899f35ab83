"""The daemon's life: everything is opened in order, serves, and is closed in reverse."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from pycwtd.api.app import make_app
from pycwtd.api.context import Context
from pycwtd.engine.engine import Engine
from pycwtd.engine.pool import Pool
from pycwtd.platform.notify import Notifier
from pycwtd.platform.sockets import ListenError, listen_tcp, listen_unix, lock_directory
from pycwtd.store.files import write_durably
from pycwtd.store.store import Store

if TYPE_CHECKING:
    import socket

    from pycwtd.config import Config, Listener

log = logging.getLogger(__name__)

#: Of the 2 s that a stop may take, what answers under way get; the engine has its own share.
_SHUTDOWN_SECONDS = 0.5


async def serve(config: Config) -> None:
    """Run the daemon until SIGTERM or SIGINT.

    Raises:
        ListenError: a socket or the state directory can't be had.
        DatabaseError: the database can't be used.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    notifier = Notifier()
    state_dir = Path(config.state_dir)
    async with AsyncExitStack() as stack:
        stack.callback(os.close, lock_directory(state_dir))
        sockets = [_listen(listener) for listener in config.listen]
        for one, listener in zip(sockets, config.listen, strict=True):
            stack.callback(_close, one, listener)
        store = Store(state_dir)
        stack.push_async_callback(store.close)
        pool = Pool(config.engine)
        engine = Engine(config, store, pool)
        stack.push_async_callback(engine.stop)
        await pool.start()
        await engine.start()
        runner = web.AppRunner(
            make_app(Context(config, store, engine, _token(config, state_dir))),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_SHUTDOWN_SECONDS,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        for one in sockets:
            await web.SockSite(runner, one).start()
        names = ", ".join(
            _name(one, listener) for one, listener in zip(sockets, config.listen, strict=True)
        )
        log.info("ready on %s, state in %s", names, state_dir)
        notifier.ready(f"Serving on {names}")
        await stop.wait()
        log.info("stopping")
        notifier.stopping()
        engine.begin_stop()
    log.info("stopped")


def _listen(listener: Listener) -> socket.socket:
    if listener.unix is not None:
        return listen_unix(Path(listener.unix), int(listener.mode, 8))
    return listen_tcp(listener.host, listener.port)


def _close(one: socket.socket, listener: Listener) -> None:
    one.close()
    if listener.unix is not None:
        Path(listener.unix).unlink(missing_ok=True)


def _name(one: socket.socket, listener: Listener) -> str:
    return listener.unix or "http://{}:{}".format(*one.getsockname()[:2])


def _token(config: Config, state_dir: Path) -> str | None:
    """The bearer token of the TCP listeners, made at the first start that needs one."""
    if not any(listener.tcp and listener.auth == "token" for listener in config.listen):
        return None
    path = state_dir / "token"
    try:
        token = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        token = secrets.token_urlsafe(32)
        umask = os.umask(0o077)
        try:
            write_durably(path, token.encode() + b"\n")
        finally:
            os.umask(umask)
    except (OSError, UnicodeDecodeError) as error:
        raise ListenError(f"{path}: the token can't be read: {error}") from None
    if len(token) < 20:
        raise ListenError(f"{path}: the token is too short; delete the file to have one made")
    log.info("clients on TCP need the bearer token in %s", path)
    return token
