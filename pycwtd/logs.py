"""The log on stderr: lines for people, or JSON; each with the request that it is about.

A call may give ``extra={"fields": {…}}``: the text says it to people, the fields to programs.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
from collections import deque
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pycwtd.config import LogConfig

#: Of the request that is being answered; empty outside of requests.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")

#: The path that the ring is read by.
LOG_ROUTE = "/api/v1/logs"
#: Lines that are kept in memory, and the characters of each.
_RING_LINES = 2000
_LONGEST = 4000

#: systemd's priorities (sd-daemon(3)); what comes in another one is shown in its colour.
_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}

#: Control characters (C0, DEL, C1) and Unicode's ends of lines.
_SPELT = {code: ascii(chr(code))[1:-1] for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


def new_request_id() -> str:
    """For a request that brings none."""
    return secrets.token_hex(8)


def configure(config: LogConfig) -> None:
    """Say from now on what the configuration asks for, as it asks for it."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(config.format))
    root = logging.getLogger()
    # One assignment: no line is lost or said twice, whichever thread says it.
    root.handlers = [handler, RING]
    root.setLevel(config.level.upper())


def fields_of(**values: Any) -> dict[str, dict[str, Any]]:
    """What goes into ``extra``; values that are ``None`` are left out."""
    return {"fields": {name: value for name, value in values.items() if value is not None}}


class Line(NamedTuple):
    """One line of the log, as the ring keeps it."""

    seq: int
    #: Seconds since the epoch.
    time: float
    level: str
    logger: str
    message: str
    fields: dict[str, Any]


class Ring(logging.Handler):
    """The newest lines, in memory: what stderr is told, and no more of it than fits."""

    def __init__(self, size: int = _RING_LINES) -> None:
        super().__init__()
        self._lines: deque[Line] = deque(maxlen=size)
        self._last = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        fields = {"request_id": REQUEST_ID.get(), **getattr(record, "fields", {})}
        if fields.get("route") == LOG_ROUTE:
            return  # whoever follows the log would read of nothing but that
        if record.exc_info:
            fields["traceback"] = _cut((self.formatter or _PLAIN).formatException(record.exc_info))
        self._last += 1
        line = Line(
            self._last,
            record.created,
            record.levelname.lower(),
            record.name,
            _cut(record.getMessage()),
            {name: _plain(value) for name, value in fields.items() if value not in (None, "")},
        )
        self._lines.append(line)

    @property
    def kept(self) -> tuple[int, int]:
        """Numbers of the oldest line that is kept, and of the newest."""
        lines = list(self._lines)
        return (lines[0].seq, lines[-1].seq) if lines else (0, 0)

    def lines(
        self, since: int | None, limit: int, level: str = "debug", job_id: str | None = None
    ) -> list[Line]:
        """Some lines, oldest first.

        Args:
            since: only those after this number, the oldest of them; None: the newest.
            limit: the most there may be.
            level: the least.
            job_id: only those about this job.
        """
        least = logging.getLevelNamesMapping()[level.upper()]
        found = [
            line
            for line in list(self._lines)
            if logging.getLevelNamesMapping().get(line.level.upper(), 0) >= least
            and (since is None or line.seq > since)
            and (job_id is None or line.fields.get("job_id") == job_id)
        ]
        return found[-limit:] if since is None else found[:limit]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _plain(value: Any) -> Any:
    """A field as it fits into JSON."""
    if isinstance(value, str):
        return _cut(value)
    return value if isinstance(value, bool | int | float) else _cut(str(value))


_PLAIN = logging.Formatter()
#: What :func:`configure` has said since the process began.
RING = Ring()


def _formatter(form: str) -> logging.Formatter:
    if form == "json":
        return _Json()
    if _to_journal():
        return _Journal("%(message)s")
    return _Text("%(asctime)s %(levelname)s %(message)s")


def _to_journal() -> bool:
    """Whether stderr is systemd's journal, which has its own times (``JOURNAL_STREAM``)."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


class _Text(logging.Formatter):
    """Lines for people: a message is one, and what would move a terminal's cursor is spelt out.

    Messages have words of clients and drivers in them, which could else write lines of their own.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        record.message = record.message.translate(_SPELT)
        return super().formatMessage(record)


class _Journal(_Text):
    """Lines with systemd's priority before them."""

    def format(self, record: logging.LogRecord) -> str:
        priority = _PRIORITIES.get(record.levelno, 2)
        # The journal takes every line of a traceback for one of its own.
        return "\n".join(f"<{priority}>{line}" for line in super().format(record).split("\n"))


class _Json(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": time.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=True, default=str)
