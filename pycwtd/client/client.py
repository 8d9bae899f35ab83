"""The client of the daemon's API, over its Unix socket or over HTTP with a token."""

from __future__ import annotations

import os
import secrets
import uuid
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from pycwtd.api.types import (
    Backend,
    BackendList,
    DetailedHealth,
    Health,
    JobAccepted,
    JobList,
    JobView,
    WorkloadList,
    WorkloadView,
)
from pycwtd.client.answers import decode, reason_of, refusal
from pycwtd.client.errors import ClientError, Patience, UnreachableError
from pycwtd.client.pages import in_pages
from pycwtd.platform.paths import default_socket
from pycwtd.store.records import FINAL

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from pathlib import Path

    #: Is told how many bytes are there, and of how many, if that is known.
    Arrived = Callable[[int, int | None], None]

T = TypeVar("T")

_API = "/api/v1"
#: A daemon that doesn't take a connection, or says nothing, for so long is out of reach.
_CONNECT_SECONDS = 10.0
_SILENCE_SECONDS = 60.0
#: A dead connection under a WebSocket is noticed by its unanswered pings.
_HEARTBEAT = 15.0
#: aiohttp waits for an answer to a ping for half of the time between two.
_UNANSWERED = 1.5 * _HEARTBEAT
_BLOCK = 256 * 1024
_FULL_ID = 36


class Client:
    """One connection to a daemon, to be used as an asynchronous context manager.

    Args:
        socket: path of the daemon's Unix socket; None takes the one that it listens on
            when nobody says otherwise.
        url: of a daemon on TCP, in place of the socket.
        token: bearer token for the URL.
        patience: how long a restarting daemon is waited for (seconds).
    """

    def __init__(
        self,
        socket: Path | None = None,
        *,
        url: str | None = None,
        token: str | None = None,
        patience: float = 60.0,
    ) -> None:
        if url and not url.startswith(("http://", "https://")):
            raise ClientError(
                f"{url!r} isn't a URL: it must begin with http:// or https://", code="url"
            )
        self._path = None if url else (socket or default_socket())
        self._base = url.rstrip("/") if url else "http://localhost"
        #: The bearer token, where there is one.
        self.token = token
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    @classmethod
    def from_environment(
        cls,
        socket: Path | None = None,
        url: str | None = None,
        token_file: Path | None = None,
        *,
        patience: float = 60.0,
    ) -> Self:
        """What is given, else ``PYCWTD_URL`` and ``PYCWTD_TOKEN``, else the Unix socket.

        Raises:
            OSError: the token's file can't be read.
        """
        token = os.environ.get("PYCWTD_TOKEN")
        if token_file:
            token = token_file.read_text(encoding="utf-8").strip()
        if socket is None and url is None:
            url = os.environ.get("PYCWTD_URL") or None
        return cls(socket, url=url, token=token or None, patience=patience)

    @property
    def where(self) -> str:
        """The socket or the URL, for people."""
        return f"socket {self._path}" if self._path else self._base

    async def __aenter__(self) -> Self:
        connector = aiohttp.UnixConnector(str(self._path)) if self._path else aiohttp.TCPConnector()
        self._session = aiohttp.ClientSession(
            connector=connector,
            headers={"Authorization": f"Bearer {self.token}"} if self.token else None,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS
            ),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session
        await self._session.close()

    async def health(self) -> Health:
        """Whether the daemon works."""
        return await self._get("/health", Health)

    async def detailed_health(self) -> DetailedHealth:
        """Every part of the daemon, one by one."""
        return await self._get(f"{_API}/health/detailed", DetailedHealth)

    async def backends(self) -> list[Backend]:
        """All backends, the unavailable ones with the reason."""
        return (await self.backend_list()).backends

    async def backend_list(self) -> BackendList:
        """All backends, and the drivers that were refused, with the reason."""
        return await self._get(f"{_API}/backends/", BackendList)

    async def workloads(self) -> list[WorkloadView]:
        """All workloads with their kinds of jobs, the refused ones with the reason."""
        return (await self._get(f"{_API}/workloads/", WorkloadList)).workloads

    async def submit(
        self, kind: str, request: Mapping[str, Any], idempotency_key: str | None = None
    ) -> JobAccepted:
        """Hand in a job; a lost connection leads to another attempt, never to another job.

        Args:
            kind: cwt, xwt, wct, significance, or one that another workload brings.
            request: the fields of the kind's own route, in either spelling.
            idempotency_key: of this submission; None draws one.

        Raises:
            ClientError: the daemon refuses it, or can't be reached.
        """
        body = msgspec.json.encode({"kind": kind, "request": request})
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key or str(uuid.uuid4()),
        }
        patience = Patience(self._patience)
        while True:
            try:
                path = f"{_API}/jobs/"
                async with self._answer("POST", path, data=body, headers=headers) as response:
                    return self._decode(await response.read(), JobAccepted)
            except ClientError as error:
                await patience.after(error)

    async def job(self, job_id: str) -> JobView:
        """One job, by its full id."""
        return await self._get(f"{_API}/jobs/{quote(job_id, safe='')}", JobView)

    def jobs(
        self, *, status: str | None = None, kind: str | None = None, limit: int | None = 100
    ) -> AsyncIterator[JobView]:
        """Jobs, newest first, fetched page by page; ``limit`` None means all of them."""
        wanted = {"status": status, "kind": kind}
        jobs = f"{_API}/jobs/"
        return in_pages(self, jobs, JobList, lambda page: page.jobs, limit, wanted=wanted)

    async def find(self, prefix: str) -> JobView:
        """A job by its id or by a beginning of it that no other job's id has.

        Raises:
            ClientError: there is no such job, or more than one.
        """
        if len(prefix) >= _FULL_ID:
            return await self.job(prefix)
        found = [job async for job in self.jobs(limit=None) if job.job_id.startswith(prefix)]
        if not found or not prefix:
            raise ClientError(f"there is no job {prefix!r}", status=404, code="unknown_job")
        if len(found) > 1:
            several = ", ".join(job.job_id[: len(prefix) + 4] for job in found[:4])
            raise ClientError(
                f"{len(found)} jobs begin with {prefix!r} ({several} …); give more of the id",
                code="ambiguous_id",
            )
        return found[0]

    async def cancel(self, job_id: str) -> JobView:
        """Stop a job, by its full id."""
        path = f"{_API}/jobs/{quote(job_id, safe='')}"
        async with self._answer("DELETE", path) as response:
            return self._decode(await response.read(), JobView)

    async def follow(self, job_id: str) -> AsyncIterator[JobView]:
        """A job as it advances, until it has ended; outlives a restart of the daemon.

        Raises:
            ClientError: there is no such job, or the daemon stays away.
        """
        patience = Patience(self._patience)
        while True:
            try:
                # A refused handshake comes without a sentence; this answer has one.
                await self.job(job_id)
                patience.met = True
                async for message in self.listen(f"/ws/jobs/{quote(job_id, safe='')}"):
                    patience.renew()
                    if message is None:
                        continue
                    job = self._decode(message, JobView)
                    yield job
                    if job.status in FINAL:
                        return
            except ClientError as error:
                await patience.after(error)

    async def listen(
        self, path: str, params: Mapping[str, str] | None = None
    ) -> AsyncIterator[str | None]:
        """What a WebSocket of the daemon says, text by text; None first, once it stands.

        Raises:
            ClientError: it can't be reached, or the connection has ended.
        """
        assert self._session, "use the client in 'async with'"
        url = self._base + path
        with self._translated("GET", url):
            async with self._session.ws_connect(url, heartbeat=_HEARTBEAT, params=params) as socket:
                yield None
                async for message in socket:
                    if isinstance(message.data, TimeoutError):
                        text = f"nothing was heard of it for {_UNANSWERED:g} s"
                        raise self._unreachable(text, lost=True, silent=_UNANSWERED)
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    yield message.data
        raise self._unreachable("it closed the connection", lost=True)

    async def download_result(
        self, job_id: str, path: Path, form: str = "npz", arrived: Arrived | None = None
    ) -> int:
        """Fetch the result of a completed job into a file that is whole or not there.

        Args:
            job_id: the full id.
            path: of the file; one that is there is replaced.
            form: npz, netcdf or json.
            arrived: see :meth:`fetch`.

        Returns:
            The file's size in bytes.

        Raises:
            ClientError: there is no result, or it doesn't arrive.
            OSError: the file can't be written.
        """
        target = f"{_API}/jobs/{quote(job_id, safe='')}/result"
        return await self.fetch(target, path, arrived, params={"format": form})

    async def fetch(
        self, target: str, path: Path, arrived: Arrived | None = None, **options: Any
    ) -> int:
        """Fetch what is at a path of the API into a file that is whole or not there.

        Args:
            target: from the root on.
            path: of the file; one that is there is replaced.
            arrived: is told how many bytes are there, and of how many, if that is known.
            options: what aiohttp's ``request`` takes beside them.

        Returns:
            The file's size in bytes.

        Raises:
            ClientError: there is nothing, or it doesn't arrive.
            OSError: the file can't be written.
        """
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
        try:
            async with self._answer("GET", target, **options) as response:
                with part.open("xb") as file:
                    async for block in response.content.iter_chunked(_BLOCK):
                        file.write(block)
                        if arrived is not None:
                            arrived(file.tell(), response.content_length)
                    size = file.tell()
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return size

    async def read(self, target: str, **options: Any) -> bytes:
        """What is at a path of the API, as bytes; for parts of arrays, which are small.

        Args:
            target: from the root on.
            options: what aiohttp's ``request`` takes beside them.
        """
        async with self._answer("GET", target, **options) as response:
            return await response.read()

    async def ask(self, method: str, path: str, kind: type[T], **options: Any) -> T:
        """One call of the API, its answer as a type.

        Args:
            method: of HTTP.
            path: from the root on.
            kind: of the answer.
            options: what aiohttp's ``request`` takes beside them: ``json``, ``data``, ``params``.
        """
        async with self._answer(method, path, **options) as response:
            return self._decode(await response.read(), kind)

    async def text(self, path: str) -> str:
        """What is at a path of the API, where that is a text."""
        async with self._answer("GET", path) as response:
            return await response.text()

    async def _get(self, path: str, kind: type[T]) -> T:
        return await self.ask("GET", path, kind)

    @asynccontextmanager
    async def _answer(
        self, method: str, path: str, **options: Any
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """A successful answer; every other becomes a ClientError."""
        assert self._session, "use the client in 'async with'"
        url = self._base + path
        with self._translated(method, url):
            async with self._session.request(method, url, **options) as response:
                if not response.ok:
                    raise refusal(response, await response.read())
                yield response

    @contextmanager
    def _translated(self, method: str, url: str) -> Iterator[None]:
        """Turn what goes wrong on the way into a ClientError."""
        try:
            yield
        except aiohttp.WSServerHandshakeError as error:
            raise ClientError(
                f"{method} {url} was answered with {error.status}",
                status=error.status,
                code="service_unavailable" if error.status == 503 else "handshake",
            ) from None
        except aiohttp.InvalidURL:
            raise ClientError(
                f"{self._base!r} isn't a URL; give one such as http://localhost:8750", code="url"
            ) from None
        except aiohttp.ClientConnectorError as error:
            raise self._unreachable(reason_of(error.os_error), lost=False) from None
        except aiohttp.ConnectionTimeoutError:
            text = f"it took no connection within {_CONNECT_SECONDS:g} s"
            raise self._unreachable(text, lost=False) from None
        except TimeoutError:
            text = f"it said nothing for {_SILENCE_SECONDS:g} s"
            raise self._unreachable(text, lost=True, silent=_SILENCE_SECONDS) from None
        except aiohttp.ClientError as error:
            text = f"the connection was lost ({error or type(error).__name__})"
            raise self._unreachable(text, lost=True) from None

    def _unreachable(self, reason: str, *, lost: bool, silent: float = 0.0) -> UnreachableError:
        start = f"pycwtd --socket {self._path}" if self._path else "pycwtd --listen HOST:PORT"
        return UnreachableError(
            f"can't reach the daemon on {self.where}: {reason}; is pycwtd running? "
            f"Start it with '{start}', or name another one with "
            "--socket or --url",
            lost=lost,
            silent=silent,
        )

    def _decode(self, body: bytes | str, kind: type[T]) -> T:
        return decode(body, kind, self.where)
