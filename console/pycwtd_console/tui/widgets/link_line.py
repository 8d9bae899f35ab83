"""The first line of every screen: where one is, whom one talks to, and whether it is still true."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, cast

from textual.content import Content
from textual.widgets import Static

if TYPE_CHECKING:
    from pycwtd_console.tui.app import ConsoleApp

_WORDS = {
    "connecting": "connecting",
    "live": "live",
    "reconnecting": "stale",
    "refused": "refused",
    "replay": "recording",
    "ended": "end of the recording",
}


class LinkLine(Static):
    """One line; it never says live when it isn't."""

    def __init__(self, title: str) -> None:
        super().__init__(id="link")
        self._title = title

    def on_mount(self) -> None:
        """The age of what is shown goes on by itself."""
        self.set_interval(1.0, self._tick)
        self.refresh_link()

    def on_resize(self) -> None:
        """There may be more room, or less."""
        self.refresh_link()

    def _tick(self) -> None:
        if cast("ConsoleApp", self.app).model.link.state not in {"live", "ended"}:
            self.refresh_link()

    def refresh_link(self) -> None:
        """Say how it is now."""
        app = cast("ConsoleApp", self.app)
        link = app.model.link
        text = _WORDS[link.state]
        if link.state == "reconnecting":
            text = f"stale since {time.monotonic() - link.since:.0f} s, reconnecting"
        if link.reason:
            text = f"{text}: {link.reason}"
        # How it is has to be seen, however long the path to it is.
        room = app.size.width - len(self._title) - len(text.partition(":")[0]) - 5
        where = app.where if len(app.where) <= room else f"…{app.where[1 - max(room, 2) :]}"
        self.set_class(link.state not in {"live", "replay", "ended"}, "-stale")
        self.update(Content.assemble((f" {self._title} ", "bold"), " ", where, "  ", text))
