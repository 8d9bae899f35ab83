"""Lists that the daemon gives page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from msgspec import UnsetType

    from pycwtd.client.client import Client

#: Entries in one answer of the daemon, at most.
_PAGE = 1000


class Page(Protocol):
    """An answer that says where the next one begins."""

    @property
    def next_cursor(self) -> str | UnsetType | None:
        """What to ask with for the next page; nothing on the last one."""


P = TypeVar("P", bound=Page)
T = TypeVar("T")


async def in_pages(
    client: Client,
    path: str,
    kind: type[P],
    entries: Callable[[P], Sequence[T]],
    limit: int | None,
    *,
    wanted: Mapping[str, object] | None = None,
    cursor: str = "cursor",
) -> AsyncIterator[T]:
    """The entries of a list, fetched as they are asked for.

    Args:
        client: of the daemon.
        path: of the list.
        kind: of its pages.
        entries: takes them from a page.
        limit: the most there may be; None means all of them.
        wanted: parameters of the query; None is left out.
        cursor: the parameter that says where a page begins.

    Raises:
        ClientError: the daemon refuses it, or can't be reached.
    """
    query = {name: str(value) for name, value in (wanted or {}).items() if value is not None}
    left = limit
    while left is None or left > 0:
        query["limit"] = str(_PAGE if left is None else min(left, _PAGE))
        page = await client.ask("GET", path, kind, params=query)
        found = entries(page)
        for one in found:
            yield one
        if not page.next_cursor:
            return
        query[cursor] = page.next_cursor
        left = None if left is None else left - len(found)
