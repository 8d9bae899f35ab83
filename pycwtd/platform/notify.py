"""systemd's notification protocol; does nothing where nobody listens."""

from __future__ import annotations

import sdnotify


class Notifier:
    """Tells the service manager what state the daemon is in."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()

    def ready(self, status: str) -> None:
        """The daemon answers requests."""
        self._notifier.notify(f"READY=1\nSTATUS={status}")

    def status(self, text: str) -> None:
        """Why it doesn't answer them yet."""
        self._notifier.notify(f"STATUS={text}")

    def stopping(self) -> None:
        """The daemon is on its way out."""
        self._notifier.notify("STOPPING=1\nSTATUS=Stopping")
