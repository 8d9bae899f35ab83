"""How the daemon and the task at hand in a host process hear of each other."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pycwtd.hosts import frames

if TYPE_CHECKING:
    import socket

#: Progress goes out no more often than people can see (seconds).
_PROGRESS_INTERVAL = 0.1
#: Well below any silence that a host is killed for.
_BEAT_SECONDS = 0.5


class DriverDefectError(Exception):
    """A driver gave what can't be right; the text says what."""


class RefusalError(Exception):
    """A driver doesn't compute such a task; the text says why."""


class Link:
    """The host's end of the socketpair."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._sending = threading.Lock()
        self.tasks: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        #: The task that the daemon has cancelled last.
        self.cancelled = -1

    def send(self, message: dict[str, Any]) -> None:
        """Send one message, whole, from any thread."""
        with self._sending:
            self._channel.sendall(frames.encode(message))

    def listen(self) -> None:
        """Sort what comes in; returns when the daemon is gone."""
        while (message := frames.receive(self._channel)) is not None:
            if message["op"] == "cancel":
                self.cancelled = message["id"]
            else:
                self.tasks.put(message)


class TaskControl:
    """How the daemon steers the task at hand; satisfies :class:`pycwt_mod.backends.Control`."""

    def __init__(self, link: Link, task_id: int) -> None:
        self._link = link
        self._task_id = task_id
        self._last = 0.0
        self._after: Callable[[], None] | None = None

    def afterwards(self, work: Callable[[], None]) -> None:
        """Have something short done when the answer has gone, before the next task is taken.

        What it raises is lost: whoever needs its outcome does it again.
        """
        self._after = work

    def follow_up(self) -> None:
        """Do it."""
        if self._after:
            with contextlib.suppress(ValueError, OSError, MemoryError):
                self._after()

    def cancelled(self) -> bool:
        """Whether the daemon wants this task stopped."""
        return self._link.cancelled == self._task_id

    def advance(self, done: int) -> None:
        """Tell the daemon how far the task is."""
        now = time.monotonic()
        if now - self._last >= _PROGRESS_INTERVAL:
            self._last = now
            self._link.send({"id": self._task_id, "event": "progress", "done": done})


class Beat:
    """Tells the daemon, while a long task of our own runs, that the process is alive.

    For numpy's and scipy's loops, which tell nothing themselves; a driver has to advance.
    """

    def __init__(self, control: TaskControl) -> None:
        self._control = control
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(_BEAT_SECONDS):
            self._control.advance(0)


#: What a host process can be asked for: takes the message, gives the fields of the answer.
Operation = Callable[[dict[str, Any], TaskControl], dict[str, Any]]
