"""Logs: the daemon's newest lines, as they come."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.widgets import Static

from pycwtd.client import ClientError, Logs
from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.widgets.facts import facts
from pycwtd_console.tui.widgets.listing import Column, Listing

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.widget import Widget

    from pycwtd.client.watching import LogLine
    from pycwtd_console.tui.model import Part

#: Lines that are kept here, the newest ones.
_KEPT = 2000
#: Lines are asked for so often, while somebody looks (seconds).
_EVERY = 1.0
_LEVELS = ("debug", "info", "warning", "error")
_SIGNS = {"debug": "·", "info": " ", "warning": "▲", "error": "✗", "critical": "✗"}
_TONES = {
    "debug": "listing--quiet",
    "warning": "listing--warning",
    "error": "listing--bad",
    "critical": "listing--bad",
}


def columns() -> list[Column[LogLine]]:
    """What is shown of a line."""
    return [
        Column("UTC", 8, lambda line: line.time[11:19]),
        Column(
            "level",
            9,
            lambda line: f"{_SIGNS.get(line.level, ' ')} {line.level}",
            tone=lambda line: _TONES.get(line.level, ""),
        ),
        Column("from", 24, lambda line: line.logger, from_width=120),
        Column("message", 30, lambda line: line.message, flexible=True),
    ]


class LogsScreen(ConsoleScreen):
    """Newest line first: who looks at the top sees them come."""

    TITLE = "Logs"
    PARTS: ClassVar[frozenset[Part]] = frozenset({"link"})
    ROLES: ClassVar[dict[str, str]] = {"pause": "operator", "level": "operator"}
    DEFAULT_CSS = """
    LogsScreen #line { height: 4; border-top: hkey $primary; padding: 0 1; }
    LogsScreen #how { height: 1; color: $text-muted; padding: 0 1; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("p", "pause", "Pause", id="logs.pause", tooltip="Let no more lines come, or go on"),
        Binding("l", "level", "Level", id="logs.level", tooltip="The next least level"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[LogLine] = deque(maxlen=_KEPT)
        self._seen: int | None = None
        self._paused = False
        self._level = "debug"
        self._old = False

    def body(self) -> list[Widget]:
        """How one looks; the lines; the whole of one."""
        listing: Listing[LogLine] = Listing(columns(), empty="no lines", id="logs")
        return [Static(id="how", markup=False), listing, Static(id="line", markup=False)]

    def on_mount(self) -> None:
        """Lines come without an event."""
        self.set_interval(_EVERY, self._tick)
        self._tell()

    def show(self, parts: frozenset[Part]) -> None:
        """A daemon that was started anew counts its lines from one again."""
        link = self.model.link
        if link.state != "live":
            self._seen, self._old = None, False
        elif self._seen is None:
            self._lines.clear()
            self._tick()

    def _tick(self) -> None:
        live = self.model.link.state == "live"
        if live and self.is_current and not (self._paused or self._old):
            self.begin(self._load, group="load")

    async def _load(self) -> None:
        client = self.console.source.client if self.console.source else None
        if client is None:
            return
        try:
            new = await Logs(client).recent(_KEPT, since=self._seen)
        except ClientError as error:
            if error.status == 404:
                self._old = True
                text = "this daemon doesn't tell its log; 'journalctl -u pycwtd' does, there"
                self.query_one("#line", Static).update(text)
            return
        if new:
            self._seen = new[-1].seq
            self._lines.extendleft(new)
            self._fill()

    def _fill(self) -> None:
        least = _LEVELS.index(self._level)
        self.query_one("#logs", Listing).show(
            {
                str(line.seq): line
                for line in self._lines
                if line.level not in _LEVELS or _LEVELS.index(line.level) >= least
            }
        )

    def _tell(self) -> None:
        how = "paused: p goes on" if self._paused else "following"
        level = "every level" if self._level == "debug" else f"{self._level} and worse"
        self.query_one("#how", Static).update(f"{how}; {level}; newest first; at most {_KEPT:,}")

    def action_pause(self) -> None:
        """Stop the lines, or let them come."""
        self._paused = not self._paused
        self._tell()
        self._tick()

    def action_level(self) -> None:
        """Leave out what is less than that."""
        self._level = _LEVELS[(_LEVELS.index(self._level) + 1) % len(_LEVELS)]
        self._tell()
        self._fill()

    def on_listing_highlighted(self, event: Listing.Highlighted) -> None:
        """All of the line."""
        line = next((one for one in self._lines if str(one.seq) == event.key), None)
        if line is None:
            return
        more = "  ".join(f"{name}={value}" for name, value in line.fields.items())
        self.query_one("#line", Static).update(facts([("", line.message), ("", more)], 0))
