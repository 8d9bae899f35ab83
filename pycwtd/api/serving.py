"""The API on the daemon's sockets.

HTTP takes as long to import as all the rest of the daemon: nothing that is needed earlier may
import this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from pycwtd.access.access import open_access
from pycwtd.api.app import make_app
from pycwtd.api.audit import Trail
from pycwtd.api.context import Context
from pycwtd.api.guard import Gate, listen

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence
    from contextlib import AsyncExitStack

    from pycwtd.config import Config, Key
    from pycwtd.engine.engine import Engine
    from pycwtd.service.listeners import Served
    from pycwtd.store.store import Store

#: Of the 2 s that a stop may take, what answers under way get; the engine has its own share.
_SHUTDOWN_SECONDS = 0.5


async def open_context(
    config: Config,
    store: Store,
    engine: Engine,
    stack: AsyncExitStack,
    origin: Callable[[Key], str],
) -> Context:
    """What handlers need; the audit trail is closed by the stack.

    Raises:
        SecretError: the file with a secret can't be used.
    """
    trail = Trail(store, config.access.audit_rows)
    stack.push_async_callback(trail.close)
    access = await open_access(config, store)
    return Context(config, store, engine, access, trail, origin)


async def serve_api(
    parts: Context, served: Sequence[Served], stack: AsyncExitStack
) -> tuple[list[Gate], list[asyncio.Server]]:
    """Serve all sockets; connections end before their sockets do.

    Returns:
        What watches over the connections of each socket, and what accepts them: closed early,
        clients that come wait in the sockets that systemd keeps.
    """
    runner = web.AppRunner(
        make_app(parts),
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=_SHUTDOWN_SECONDS,
    )
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    gates, servers = [], []
    for one in served:
        gates.append(Gate(one.listener, parts.config.network))
        server = await listen(runner, one.socket, gates[-1])
        stack.callback(server.close)
        servers.append(server)
    return gates, servers
