"""The log on stderr: lines for people, or JSON; each with the request that it is about.

A call may give ``extra={"fields": {…}}``: the text says it to people, the fields to programs.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pycwtd.config import LogConfig

#: Of the request that is being answered; empty outside of requests.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")

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
    root.handlers = [handler]
    root.setLevel(config.level.upper())


def fields_of(**values: Any) -> dict[str, dict[str, Any]]:
    """What goes into ``extra``; values that are ``None`` are left out."""
    return {"fields": {name: value for name, value in values.items() if value is not None}}


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
