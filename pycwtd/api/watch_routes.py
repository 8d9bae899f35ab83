"""The operations for those who watch the daemon itself: its events, its log, its settings."""

from __future__ import annotations

from pycwtd.api import events, watching, workloads
from pycwtd.api.context import Operation
from pycwtd.api.watch_types import ConfigView, EventList, LogLines

WATCHING: tuple[Operation, ...] = (
    Operation(
        "GET",
        f"{workloads.API}/events",
        events.history,
        "Events that have happened, newest first",
        "Events",
        {200: EventList},
        query=events.HistoryQuery,
        errors=(422,),
    ),
    Operation(
        "GET",
        f"{workloads.API}/logs",
        watching.logs,
        "The newest lines of the daemon's log",
        "Service",
        {200: LogLines},
        query=watching.LogsQuery,
        errors=(422,),
    ),
    Operation(
        "GET",
        f"{workloads.API}/config",
        watching.config,
        "Every setting, and where its value comes from",
        "Service",
        {200: ConfigView},
    ),
)
