"""systemd's notification protocol; does nothing where nobody listens."""

from __future__ import annotations

import os
import time

import sdnotify

#: A start that goes on gets so long from each sign of life on (seconds).
_EXTENSION = 60
#: Signs of life beyond one in so long are left out (seconds).
_SPACING = 1.0


class Notifier:
    """Tells the service manager what state the daemon is in."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()
        self._status = ""
        self._extended = float("-inf")

    def starting(self, status: str) -> None:
        """The start goes on with something that may take long."""
        self._status = status
        self._extended = time.monotonic()
        self._say("EXTEND_TIMEOUT_USEC=" + str(_EXTENSION * 1_000_000), f"STATUS={_line(status)}")

    def still_starting(self) -> None:
        """It goes on; any thread may say so, and as often as it likes."""
        if time.monotonic() - self._extended > _SPACING:
            self.starting(self._status)

    def ready(self, status: str) -> None:
        """The daemon answers requests, again or for the first time."""
        self._status = status
        self._say("READY=1", f"STATUS={_line(status)}")

    def status(self, status: str) -> None:
        """The daemon's state has changed."""
        if status != self._status:
            self._status = status
            self._say(f"STATUS={_line(status)}")

    def reloading(self) -> None:
        """The configuration is being read again; ends with :meth:`ready`."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._status = "Reading the configuration"
        self._say("RELOADING=1", f"MONOTONIC_USEC={now}", f"STATUS={self._status}")

    def alive(self) -> None:
        """Everything that has to move does."""
        self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """The daemon is on its way out."""
        self._status = "Stopping"
        self._say("STOPPING=1", "STATUS=Stopping")

    def _say(self, *lines: str) -> None:
        self._notifier.notify("\n".join(lines))


def watchdog_seconds() -> float | None:
    """After how long without a sign of life systemd kills this process; ``None`` if it doesn't."""
    text = os.environ.get("WATCHDOG_USEC", "")
    meant = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(text) / 1e6 if meant and text.isdecimal() and int(text) else None


def _line(status: str) -> str:
    """A status has one line, whatever an error's text has."""
    return " ".join(status.split())
