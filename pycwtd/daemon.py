"""The daemon's life: everything is opened in order, serves, and is closed in reverse."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from pycwtd.access.access import open_access
from pycwtd.api.app import make_app
from pycwtd.api.audit import Trail
from pycwtd.api.context import Context
from pycwtd.api.guard import listen
from pycwtd.engine.engine import Engine
from pycwtd.engine.pool import Pool
from pycwtd.platform.notify import Notifier
from pycwtd.platform.sockets import listen_tcp, listen_unix, lock_directory
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
        SecretError: the file with a secret can't be used.
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
        pool = Pool(config.engine, drivers=config.drivers)
        engine = Engine(config, store, pool)
        stack.push_async_callback(engine.stop)
        await pool.start()
        await engine.start()
        trail = Trail(store, config.access.audit_rows)
        stack.push_async_callback(trail.close)
        access = await open_access(config, store)
        runner = web.AppRunner(
            make_app(Context(config, store, engine, access, trail)),
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_SHUTDOWN_SECONDS,
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        for one, listener in zip(sockets, config.listen, strict=True):
            server = await listen(runner, one, listener, config.network)
            stack.callback(server.close)
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
