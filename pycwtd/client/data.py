"""Uploaded series: sent, listed, fetched, deleted."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiohttp
import msgspec

from pycwtd.api.data_types import DataList, DataPreview, DataView, Deleted, Uploaded
from pycwtd.client.errors import ClientError
from pycwtd.client.pages import in_pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from pycwtd.client.client import Arrived, Client

_DATA = "/api/v1/data"
_FULL_ID = 36

__all__ = ["DataPreview", "DataView", "Deleted", "Uploaded", "Uploads"]


class Uploads:
    """The uploaded series of the daemon that a client is connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def upload(
        self,
        path: Path,
        metadata: Mapping[str, Any] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> Uploaded:
        """Send a file; it isn't in memory as a whole.

        Args:
            path: of a CSV, JSON, ``.npy``, ``.npz`` or NetCDF file.
            metadata: kept with the series. ``column`` says which of several columns or
                variables it is, by name or by number from 0 on.
            progress: is told how many bytes of the file have been read, from another thread.

        Raises:
            ClientError: the daemon refuses it, or can't be reached. It isn't sent again: the
                daemon would have it twice.
            OSError: the file can't be read.
        """
        with _Counted(path, progress) as file:
            form = aiohttp.FormData()
            form.add_field("metadata", msgspec.json.encode(metadata or {}).decode())
            form.add_field("file", file, filename=path.name)
            return await self._client.ask("POST", f"{_DATA}/upload", Uploaded, data=form)

    def all(self, limit: int | None = 100) -> AsyncIterator[DataView]:
        """Series, newest first, fetched page by page; ``limit`` None means all of them."""
        return in_pages(self._client, f"{_DATA}/", DataList, lambda page: page.data, limit)

    async def find(self, prefix: str) -> DataView:
        """A series by its id or by a beginning of it that no other one's id has.

        Raises:
            ClientError: there is no such series, or more than one.
        """
        if len(prefix) >= _FULL_ID:
            return await self._client.ask("GET", _path(prefix), DataView)
        found = [one async for one in self.all(None) if one.data_id.startswith(prefix)]
        if not found or not prefix:
            raise ClientError(
                f"there is no uploaded series {prefix!r}", status=404, code="unknown_data"
            )
        if len(found) > 1:
            raise ClientError(
                f"{len(found)} uploaded series begin with {prefix!r}; give more of the id",
                code="ambiguous_id",
            )
        return found[0]

    async def preview(self, data_id: str, points: int = 400) -> DataPreview:
        """A series in a few numbers, by its full id.

        Args:
            data_id: the full id.
            points: equal stretches whose minima and maxima are wanted, up to 10,000.
        """
        params = {"points": str(points)}
        path = f"{_path(data_id)}/preview"
        return await self._client.ask("GET", path, DataPreview, params=params)

    async def download(self, data_id: str, path: Path, arrived: Arrived | None = None) -> int:
        """Fetch a file as it came; returns its size in bytes.

        Args:
            data_id: the full id.
            path: of the file; one that is there is replaced.
            arrived: see :meth:`Client.fetch`.

        Raises:
            ClientError: there is no such series, or it doesn't arrive.
            OSError: the file can't be written.
        """
        return await self._client.fetch(f"{_path(data_id)}/download", path, arrived)

    async def delete(self, data_id: str) -> Deleted:
        """Forget a series, by its full id; jobs that use it go on."""
        return await self._client.ask("DELETE", _path(data_id), Deleted)


class _Counted(io.BufferedReader):
    """A file that tells how far it has been read."""

    def __init__(self, path: Path, progress: Callable[[int], None] | None) -> None:
        super().__init__(io.FileIO(path))
        self._progress = progress
        self._read = 0

    def read(self, size: int | None = -1, /) -> bytes:
        block = super().read(size)
        self._read += len(block)
        if self._progress:
            self._progress(self._read)
        return block


def _path(data_id: str) -> str:
    return f"{_DATA}/{quote(data_id, safe='')}"
