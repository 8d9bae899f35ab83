"""What is answered while nothing may start: to everything, that the daemon isn't ready and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from pycwtd.api.problems import Problem

if TYPE_CHECKING:
    import asyncio
    import socket
    from collections.abc import Sequence


async def stand_by(sockets: Sequence[socket.socket], reason: str, stop: asyncio.Event) -> None:
    """Answer 503 with the reason to every request, until told to stop."""

    async def refuse(request: web.Request) -> web.StreamResponse:
        problem = Problem(503, reason, code="not_ready", headers={"Retry-After": "60"})
        return problem.response(request.path, keep_alive=False)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        for one in sockets:
            await web.SockSite(runner, one).start()
        await stop.wait()
    finally:
        await runner.cleanup()
