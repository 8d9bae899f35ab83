"""A bell that any number of coroutines can wait for."""

from __future__ import annotations

import asyncio


class Bell:
    """Wakes everyone who waits, each time it rings; keeps no memory of past rings."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake all who wait now."""
        self._event.set()
        self._event = asyncio.Event()

    def waiter(self) -> asyncio.Event:
        """The event of the next ring: take it before looking at the state, wait after."""
        return self._event
