"""The connection to the scheduler: where it is, how it is made, when it is given up."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from pycwt_mod.backends import BackendUnavailableError, driver_setting
from pycwtd_drivers.dask.fleet import Fleet
from pycwtd_drivers.dask.spread import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from distributed import Client

_T = TypeVar("_T")

#: A scheduler on the same network answers within milliseconds.
_CONNECT_SECONDS = 3.0
#: Dask itself waits 2 s for the last words.
_CLOSE_SECONDS = 4.0
#: Dask's own 30 s make a job wait so long for a host whose cable was pulled; below 11 s it
#: refuses to connect (distributed.comm.tcp.set_tcp_timeout).
_SILENT_TCP = "12s"
#: Paces of tasks that are remembered.
_TASKS = 64

_NO_DASK = "dask.distributed isn't installed; install it: pip install 'pycwtd[dask]'"
_NO_ADDRESS = (
    "no scheduler is configured: set scheduler in [drivers.dask] of the daemon's configuration, "
    "or DASK_SCHEDULER_ADDRESS, or make a distributed.Client"
)


@dataclass(slots=True)
class Connection:
    """A client of the scheduler, and what is known of the cluster behind it."""

    client: Client
    address: str
    #: Whether this driver has made the client.
    own: bool
    fleet: Fleet
    paces: dict[str, Pace] = field(default_factory=dict)

    def begin(self, work: Coroutine[Any, Any, _T]) -> concurrent.futures.Future[_T]:
        """Have the client's event loop do something, from another thread."""
        return asyncio.run_coroutine_threadsafe(work, self.client.loop.asyncio_loop)

    @property
    def alive(self) -> bool:
        """Whether the scheduler was there a moment ago."""
        return bool(self.client.status == "running")

    def pace(self, fingerprint: str) -> Pace:
        """The pace of a task, which is forgotten after many others."""
        pace = self.paces.pop(fingerprint, None) or Pace()
        self.paces[fingerprint] = pace
        while len(self.paces) > _TASKS:
            del self.paces[next(iter(self.paces))]
        return pace


_lock = threading.Lock()
#: By address and files: every backend object of the process shares them.
_connections: dict[tuple[str | None, ...], Connection] = {}


def connect() -> Connection:
    """The connection to the scheduler that is configured.

    The driver's own setting counts first, then the :class:`distributed.Client` that the
    program has made, then Dask's configuration.

    Raises:
        BackendUnavailableError: there is none; the text says why and what to do.
    """
    try:
        import dask  # noqa: PLC0415 - optional, and slow to import
        import distributed  # noqa: F401, PLC0415 - dask's configuration gets its defaults
    except ImportError as error:
        raise BackendUnavailableError(f"{_NO_DASK} ({error})") from None
    address = driver_setting("dask", "scheduler")
    if address is None and (client := _client_of_program()):
        return _shared((client.id,), lambda: _adopt(client))
    configured = address or dask.config.get("scheduler-address", None)
    if not configured:
        raise BackendUnavailableError(_NO_ADDRESS)
    files = tuple(driver_setting("dask", key) for key in ("ca_file", "cert", "key"))
    return _shared((configured, *files), lambda: _open(configured, files, ours=bool(address)))


def _shared(key: tuple[str | None, ...], make: Callable[[], Connection]) -> Connection:
    with _lock:
        known = _connections.get(key)
        if known and known.alive:
            return known
        if known:
            _close(_connections.pop(key))  # nobody waits for that
        _connections[key] = made = make()
        return made


def _client_of_program() -> Client | None:
    from distributed import Client  # noqa: PLC0415

    try:
        client = Client.current()
    except ValueError:
        return None
    # Waiting for an asynchronous one would stop the loop that it needs.
    return client if client.status == "running" and not client.asynchronous else None


def _adopt(client: Client) -> Connection:
    address = client.scheduler.address
    return Connection(client, address, own=False, fleet=Fleet(client))


def _open(address: str, files: tuple[str | None, ...], *, ours: bool) -> Connection:
    import dask  # noqa: PLC0415

    if ours:
        # A process of the daemon's; in others Dask is the program's to configure.
        dask.config.set({"distributed.comm.timeouts.tcp": _SILENT_TCP})
    try:
        client = asyncio.run_coroutine_threadsafe(_client(address, files), _loop()).result()
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise BackendUnavailableError(
            f"the Dask scheduler at {address} can't be reached: {error or type(error).__name__}; "
            "start it, or correct its address and certificates"
        ) from error
    return Connection(client, address, own=True, fleet=Fleet(client))


async def _client(address: str, files: tuple[str | None, ...]) -> Client:
    from distributed import Client, Security  # noqa: PLC0415

    security = None
    if any(files):
        names = ("tls_ca_file", "tls_client_cert", "tls_client_key")
        given = {name: file for name, file in zip(names, files, strict=True) if file}
        security = Security(require_encryption=True, **given)
    client = Client(
        address,
        security=security,
        timeout=_CONNECT_SECONDS,
        set_as_default=False,
        asynchronous=True,
        name="pycwtd",
    )
    try:
        return await client
    except BaseException:
        await client.close(timeout=None)
        raise


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The event loop of this driver's clients, in a thread that lives as long as the process.

    A client with a loop of its own leaves its thread behind whenever it can't connect.
    """
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="pycwtd-dask", daemon=True).start()
    return loop


def _close(connection: Connection) -> concurrent.futures.Future[None] | None:
    if not connection.own:
        return None

    async def close() -> None:
        # The scheduler may be gone, and with it whoever would answer.
        with contextlib.suppress(OSError):
            await connection.client.close(timeout=None)

    return connection.begin(close())


def close_all() -> None:
    """Give back every connection that this driver has made."""
    with _lock:
        closing = [_close(_connections.popitem()[1]) for _ in range(len(_connections))]
        concurrent.futures.wait([one for one in closing if one], timeout=_CLOSE_SECONDS)
