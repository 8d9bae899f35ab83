"""What the API answers of events, the log and the settings, as types."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from pycwtd.config.listing import Setting

Level = Literal["debug", "info", "warning", "error", "critical"]


class EventList(Struct, omit_defaults=True):
    """A page of events, newest first, each as on the WebSocket."""

    events: list[dict[str, Any]]
    #: Pass it as ``before`` for the next page; not there on the last one.
    next_cursor: str | UnsetType = UNSET


class LogLine(Struct):
    """One line of the log."""

    seq: int
    time: str
    level: Level
    logger: str
    message: str
    #: What it says to programs: the request, the job, the device, …
    fields: dict[str, Any]


class LogLines(Struct):
    """Lines of the log, oldest first."""

    lines: list[LogLine]
    #: Number of the oldest line that is kept, and of the newest that there was; 0 without any.
    first_seq: int
    last_seq: int


class ConfigView(Struct):
    """Every setting."""

    settings: list[Setting]
