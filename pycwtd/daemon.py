"""The daemon's life: everything is opened in order, serves, and is closed in reverse."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from pycwtd import logs
from pycwtd.engine.engine import Engine
from pycwtd.engine.pool import Pool
from pycwtd.platform.notify import Notifier
from pycwtd.platform.sockets import lock_directory
from pycwtd.service.listeners import open_listeners
from pycwtd.service.notices import Notices
from pycwtd.service.pulse import Pulse
from pycwtd.service.reload import Reload
from pycwtd.store.state import UndecidedError
from pycwtd.store.store import Store
from pycwtd.workloads.registry import installed

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd.api.context import Context
    from pycwtd.config import Config, Key, Layered
    from pycwtd.service.listeners import Served
    from pycwtd.store.state import Decision

log = logging.getLogger(__name__)

#: How often a start that waits for an operator asks systemd for more time.
_PATIENCE_SECONDS = 20.0
#: The API and with it HTTP, imported while the processes for numerics start: a third of a second.
_SERVING = "pycwtd.api.serving"


async def serve(read: Callable[[], Layered], decision: Decision | None = None) -> None:
    """Run the daemon until SIGTERM or SIGINT; SIGHUP has the configuration read again.

    With a database that is damaged or gone it answers 503 and the reason to everything, for
    nothing may look as if there had never been any jobs.

    Args:
        read: gives the configuration from its files and all else that it is made of.
        decision: what an operator wants done about such a database.

    Raises:
        ConfigError: the configuration can't be used.
        ListenError: a socket or the state directory can't be had.
        DatabaseError: the database can't be used.
        SecretError: the file with a secret can't be used.
    """
    stop, reload = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # Before everything else: its default would end a daemon that is still starting.
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    layered = read()
    wanted = layered.config
    logs.configure(wanted.log)
    notifier = Notifier()
    async with AsyncExitStack() as stack:
        served = _open(wanted, stack)
        # Sockets have modes of their own; files are for us and our group, whoever has started us.
        os.umask(os.umask(0o077) | 0o027)
        config = structs.replace(wanted, listen=tuple(one.listener for one in served))
        try:
            parts = await _start(config, decision, notifier, stack, layered.origin)
        except UndecidedError as error:
            log.error("not ready: %s", error)
            await _stay_unready(config, served, str(error), notifier, stop)
            return
        from pycwtd.api.serving import serve_api  # noqa: PLC0415 - see _SERVING

        notices, pulse = _watch(parts, notifier)
        gates, servers = await serve_api(parts, served, stack)

        def take(new: Config) -> None:
            parts.config = structs.replace(new, listen=config.listen)
            parts.trail.configure(new.access.audit_rows)
            for gate in gates:
                gate.network = new.network

        reloads = Reload(
            read=read,
            current=layered,
            notifier=notifier,
            notices=notices,
            parts=parts,
            take=take,
            wanted=reload,
        )
        names = ", ".join(one.name for one in served)
        log.info("ready on %s, state in %s", names, config.state_dir)
        notifier.ready(notices.line())
        for one in (notices, pulse, reloads):
            one.start()
            stack.push_async_callback(one.stop)
        await stop.wait()
        log.info("stopping")
        notifier.stopping()
        for server in servers:
            server.close()
        parts.engine.begin_stop()
    log.info("stopped")


def _open(config: Config, stack: AsyncExitStack) -> list[Served]:
    """The state directory, for us alone, and the sockets."""
    stack.callback(os.close, lock_directory(Path(config.state_dir)))
    served = open_listeners(config.listen)
    for one in served:
        stack.callback(one.close)
    return served


async def _start(
    config: Config,
    decision: Decision | None,
    notifier: Notifier,
    stack: AsyncExitStack,
    origin: Callable[[Key], str],
) -> Context:
    """Store, engine and access, each closed when all that came after it is."""
    notifier.starting("Opening the database")
    place, progress = Path(config.state_dir), notifier.still_starting
    pool = Pool(config.engine, installed(), config.drivers)
    # Interpreters take longer to start than a database to open and HTTP to be imported.
    processes = asyncio.create_task(pool.start())
    imported = asyncio.create_task(asyncio.to_thread(import_module, _SERVING))
    try:
        store = await asyncio.to_thread(Store, place, decision, progress)
    except BaseException:
        processes.cancel()
        await asyncio.wait({processes})
        await pool.stop()
        raise
    stack.push_async_callback(store.close)
    engine = Engine(config, store, pool)
    stack.push_async_callback(engine.stop)
    notifier.starting("Starting the processes for numerics")
    await processes
    notifier.starting("Taking up what there was")
    await engine.start(notifier.still_starting)
    await imported
    from pycwtd.api.serving import open_context  # noqa: PLC0415 - see _SERVING

    return await open_context(config, store, engine, stack, origin)


async def _stay_unready(
    config: Config, served: list[Served], reason: str, notifier: Notifier, stop: asyncio.Event
) -> None:
    """Answer with the reason until told to stop; systemd isn't to run out of patience meanwhile."""

    async def extend() -> None:
        while True:
            notifier.starting(f"Not ready: {reason}")
            await asyncio.sleep(_PATIENCE_SECONDS)

    from pycwtd.api.standby import stand_by  # noqa: PLC0415 - see _SERVING

    extending = asyncio.create_task(extend())
    try:
        await stand_by(served, config.network, reason, stop)
    finally:
        extending.cancel()


def _watch(parts: Context, notifier: Notifier) -> tuple[Notices, Pulse]:
    notices = Notices(notifier, parts)
    beats = {"the store": parts.store.beat, "the scheduler": parts.engine.beat}
    pulse = Pulse(notifier, beats, notices.change)
    parts.stuck = lambda: pulse.stuck
    parts.lag = lambda: pulse.lag
    return notices, pulse
