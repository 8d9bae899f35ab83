"""What the handlers work with, and how they say which path they serve."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from msgspec import Struct

    from pycwtd.access.access import Access
    from pycwtd.api.audit import Trail
    from pycwtd.api.permissions import Rule
    from pycwtd.config import Config, Key
    from pycwtd.engine.engine import Engine
    from pycwtd.store.store import Store

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Context:
    """The daemon's parts, for the handlers."""

    config: Config
    store: Store
    engine: Engine
    access: Access
    trail: Trail
    #: Where the value of a key of the configuration comes from.
    origin: Callable[[Key], str]
    #: WebSockets that compute, open now.
    streams: int = 0
    started: float = field(default_factory=time.monotonic)
    #: Which part of the daemon doesn't move any more, if one doesn't.
    stuck: Callable[[], str | None] = lambda: None
    #: How late the event loop last woke up (seconds).
    lag: Callable[[], float] = lambda: 0.0


CONTEXT: web.AppKey[Context] = web.AppKey("context", Context)
#: The media type that each path takes where it isn't JSON; none, where it takes no body.
TAKES: web.AppKey[dict[str, str]] = web.AppKey("takes", dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path: what is routed is what is documented."""

    method: str
    path: str
    handler: Handler
    summary: str
    tag: str
    #: Status → type of the answer; a tuple: one of several; ``None``: not JSON.
    answers: dict[int, Any]
    #: Type (or types) of the request's body.
    body: Any = None
    #: A body that works.
    example: dict[str, Any] | None = None
    query: type[Struct] | None = None
    #: Values that a parameter of the query takes, where its type doesn't say.
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    #: A header that the operation understands, with its meaning.
    headers: dict[str, str] = field(default_factory=dict)
    #: Statuses of the errors that it may answer with, beside those that all may.
    errors: tuple[int, ...] = ()
    #: Media types of the answer beside JSON.
    also: tuple[str, ...] = ()
    #: Media type of the request's body, where there is one.
    takes: str = "application/json"
    #: Who may use it, where the table of permissions doesn't say.
    rule: Rule | None = None


def rfc3339(time: float | None) -> str | None:
    """A Unix time as clients see it."""
    if time is None:
        return None
    return (
        datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
