"""Reading the configuration again while the daemon runs: all of the new one, or none of it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from msgspec import structs

from pycwtd import logs
from pycwtd.access.access import SecretError, open_access
from pycwtd.config import NEEDS_RESTART, Config, ConfigError, Key
from pycwtd.config.listing import origins
from pycwtd.config.wrong import dotted
from pycwtd.store.store import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd.api.context import Context
    from pycwtd.config import Layered
    from pycwtd.platform.notify import Notifier
    from pycwtd.service.notices import Notices

log = logging.getLogger(__name__)


class Reload:
    """What SIGHUP does.

    Args:
        read: gives the configuration anew, or raises :exc:`ConfigError`.
        current: the configuration as it was read, before sockets were found for it.
        notifier: systemd, which waits for the end of a reload.
        notices: shows what it came to.
        parts: the daemon's.
        take: gives a new configuration to whoever isn't told of it here.
        wanted: is set when somebody wants a reload; several wishes at a time are one.
    """

    def __init__(
        self,
        *,
        read: Callable[[], Layered],
        current: Layered,
        notifier: Notifier,
        notices: Notices,
        parts: Context,
        take: Callable[[Config], None],
        wanted: asyncio.Event,
    ) -> None:
        self._read = read
        self._started = current
        self._current = current.config
        self._notifier = notifier
        self._notices = notices
        self._parts = parts
        self._take = take
        self._wanted = wanted
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen for wishes."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """No more reloads."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _run(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            self._notifier.reloading()
            self._notices.reloaded = await self._reload()
            self._notifier.ready(self._notices.line())

    async def _reload(self) -> str:
        """Returns what is worth showing from now on."""
        try:
            wanted = await asyncio.to_thread(self._read)
            new, kept = merged(self._current, wanted.config)
            self._parts.engine.pool.check(new.engine)
            listen = self._parts.config.listen
            access = await open_access(structs.replace(new, listen=listen), self._parts.store)
        except (ConfigError, SecretError, StoreError) as error:
            log.error("the new configuration is refused, and the old one stays: %s", error)
            return f"reload refused: {error}"
        # Nothing waits and nothing fails from here on: whoever asks meets the old or the new.
        changed = [dotted(key) for key in _different(self._current, new)]
        self._current = new
        logs.configure(new.log)
        self._parts.access.become(access)
        self._parts.engine.configure(new)
        self._take(new)
        self._parts.origin = origins(self._started, wanted)
        log.info("configuration read again; changed: %s", ", ".join(changed) or "nothing")
        if not kept:
            return ""
        names = ", ".join(dotted(key) for key in kept)
        log.warning("configuration read again, but %s: needs a restart", names)
        return f"needs a restart: {names}"


def merged(current: Config, wanted: Config) -> tuple[Config, list[Key]]:
    """What can be had of a configuration without a restart, and the keys that can't.

    Args:
        current: what holds now.
        wanted: what was read.
    """
    kept = sorted(key for key in NEEDS_RESTART if _at(current, key) != _at(wanted, key))
    for key in kept:
        wanted = _with(wanted, key, _at(current, key))
    return wanted, kept


def _different(one: Config, other: Config) -> list[Key]:
    """Keys, one table deep, whose values aren't the same."""
    found: list[Key] = []
    for name in structs.asdict(one):
        mine, theirs = getattr(one, name), getattr(other, name)
        if isinstance(mine, tuple | str | dict):
            found += [(name,)] if mine != theirs else []
            continue
        values = structs.asdict(theirs)
        found += [
            (name, key) for key, value in structs.asdict(mine).items() if value != values[key]
        ]
    return found


def _at(value: Any, key: Key) -> Any:
    for name in key:
        value = getattr(value, str(name))
    return value


def _with(table: Any, key: Key, value: Any) -> Any:
    """A table with one value in it replaced, however deep."""
    name, *rest = key
    inner = _with(getattr(table, str(name)), tuple(rest), value) if rest else value
    return structs.replace(table, **{str(name): inner})
