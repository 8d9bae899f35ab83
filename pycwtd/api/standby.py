"""What is answered while nothing may start: to everything, that the daemon isn't ready and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from pycwtd.api.guard import Gate, connection_of, listen
from pycwtd.api.problems import Problem

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from pycwtd.access.settings import NetworkConfig
    from pycwtd.service.listeners import Served


async def stand_by(
    served: Sequence[Served], network: NetworkConfig, reason: str, stop: asyncio.Event
) -> None:
    """Answer 503 with the reason to every request, until told to stop.

    Clients have the same limits as ever: this may go on for days.
    """

    async def refuse(request: web.Request) -> web.StreamResponse:
        connection = connection_of(request)
        connection.begin(request, lambda: None)
        connection.end()
        problem = Problem(503, reason, code="not_ready", headers={"Retry-After": "60"})
        return problem.response(request.path, keep_alive=False)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        servers = [await listen(runner, one.socket, Gate(one.listener, network)) for one in served]
        await stop.wait()
        for server in servers:
            server.close()
    finally:
        await runner.cleanup()
