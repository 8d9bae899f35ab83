"""What an operator can set: every key with its type, its default and its description.

A description is the ``#:`` comment above its key; the schema, the file in ``etc/`` and the page
of the documentation are made from them.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta, Struct, field

from pycwtd.access.settings import AccessConfig, NetworkConfig
from pycwtd.platform.paths import default_state_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

#: A key's place: names of tables and keys, and numbers in lists of tables.
Key = tuple[str | int, ...]


class Listener(Struct, forbid_unknown_fields=True, frozen=True):
    """One address to serve: ``unix``, ``tcp`` or ``activated``, and how clients are known there."""

    #: Path of a Unix socket.
    unix: str | None = None
    #: Permissions of the Unix socket, octal.
    mode: Annotated[str, Meta(pattern="^0?[0-7]{3}$")] = "660"
    #: ``HOST:PORT``.
    tcp: str | None = None
    #: How clients show who they are. ``peer``, on Unix sockets alone and their default: the
    #: kernel tells. ``token``, TCP's default: a bearer token. ``none``: on loopback alone. A
    #: bearer token that is given counts everywhere.
    auth: Literal["peer", "token", "none"] | None = None
    #: Whether a proxy is at the other end of this Unix socket, with X-Forwarded-For; needs
    #: ``auth = "token"``, for the kernel would tell the proxy's user, not the client's.
    proxy: bool = False
    #: Name of the sockets that systemd passes (``FileDescriptorName=``), in place of an address.
    #: One with an address of this list is that listener's, without being named.
    activated: str | None = None

    @property
    def wanted(self) -> Literal["peer", "token", "none"]:
        """``auth``, with its default."""
        return self.auth or ("peer" if self.tcp is None else "token")

    @property
    def host(self) -> str:
        """The host part of ``tcp``."""
        assert self.tcp is not None
        return self.tcp.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port part of ``tcp``."""
        assert self.tcp is not None
        return int(self.tcp.rpartition(":")[2])


class Limits(Struct, forbid_unknown_fields=True, frozen=True):
    """What a client may ask for."""

    #: A synchronous call that runs longer becomes a job (seconds).
    sync_seconds: Annotated[float, Meta(gt=0)] = 30.0
    #: Size of a request's body, uploads apart.
    body_bytes: Annotated[int, Meta(ge=1024)] = 64 * 2**20
    #: Jobs that haven't ended; beyond it, submissions are refused.
    queued_jobs: Annotated[int, Meta(ge=1)] = 20_000
    #: The same of each owner.
    queued_jobs_per_owner: Annotated[int, Meta(ge=1)] = 10_000
    #: Bytes of the requests of jobs that haven't ended.
    queued_bytes: Annotated[int, Meta(ge=1024)] = 8 * 2**30
    #: The same of each owner.
    queued_bytes_per_owner: Annotated[int, Meta(ge=1024)] = 4 * 2**30
    #: With less room on the disk, beside what a new job itself needs, no jobs are taken: those
    #: that are there have to be finished.
    reserve_bytes: Annotated[int, Meta(ge=0)] = 32 * 2**20
    #: Time points times scales of one transform; bounds a worker's memory.
    transform_points: Annotated[int, Meta(ge=1000)] = 50_000_000
    #: The same of a lone transform, which is written row by row; bounds its 16 bytes a point
    #: on the disk, which are needed twice while it is computed.
    streamed_points: Annotated[int, Meta(ge=1000)] = 500_000_000
    #: Size of an uploaded file.
    upload_bytes: Annotated[int, Meta(ge=1024)] = 100 * 2**20
    #: Samples of an uploaded series.
    upload_samples: Annotated[int, Meta(ge=16)] = 10_000_000
    #: A benchmark that would run longer is refused (seconds).
    benchmark_seconds: Annotated[float, Meta(gt=0)] = 300.0
    #: WebSockets that compute at the same time; each has a process of its own.
    streams: Annotated[int, Meta(ge=0, le=64)] = 4
    #: Numbers in a result that is written as JSON; larger ones are fetched as npz.
    json_numbers: Annotated[int, Meta(ge=1000)] = 5_000_000


class EngineConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """How jobs are cut up and run."""

    #: Computing time that a chunk aims at (seconds).
    chunk_seconds: Annotated[float, Meta(gt=0, le=60)] = 1.0
    #: Processes for transforms and coherence.
    numerics_workers: Annotated[int, Meta(ge=1, le=64)] = 1
    #: A host that says nothing for so long is killed (seconds).
    silence_seconds: Annotated[float, Meta(gt=0)] = 60.0
    #: Memory that each host process may take; what needs more, fails. 0: as much as there is.
    memory_bytes: Annotated[int, Meta(ge=0)] = 0
    #: Where udev names serial ports by what is behind them; boards are found there.
    by_id_folder: str = "/dev/serial/by-id"
    #: What ``auto`` chooses before anything has been measured, best first.
    preference: tuple[str, ...] = ("joblib", "sequential")
    #: Backends that are left alone, by name: nothing is asked of them and they get no work.
    switched_off: tuple[str, ...] = ()
    #: What backends draw while they compute, by name (watts): recommendations of the least power
    #: go by it.
    watts: dict[str, Annotated[float, Meta(gt=0)]] = {}


class LogConfig(Struct, forbid_unknown_fields=True, frozen=True):
    """What the daemon says on stderr."""

    #: The least that is worth a line.
    level: Literal["debug", "info", "warning", "error"] = "info"
    #: ``text`` for people; ``json``: an object a line, with the fields of requests and jobs.
    format: Literal["text", "json"] = "text"


class Config(Struct, forbid_unknown_fields=True, frozen=True):
    """Everything that an operator can set."""

    #: Where jobs, results, keys and secrets are kept.
    state_dir: str = field(default_factory=lambda: str(default_state_dir()))
    #: What is served. Without any: the sockets that systemd passes, else the usual Unix socket.
    listen: tuple[Listener, ...] = ()
    #: What a client may ask for.
    limits: Limits = field(default_factory=Limits)
    #: How jobs are cut up and run.
    engine: EngineConfig = field(default_factory=EngineConfig)
    #: Who may do what.
    access: AccessConfig = field(default_factory=AccessConfig)
    #: What a client may cost.
    network: NetworkConfig = field(default_factory=NetworkConfig)
    #: What the daemon says on stderr.
    log: LogConfig = field(default_factory=LogConfig)
    #: Settings of drivers, by the driver's name: what its manifest names, and when_lost.
    drivers: dict[str, dict[str, str | int | float | bool]] = {}


#: What holds from a start to the next; a reload says so and changes all the rest.
NEEDS_RESTART: frozenset[Key] = frozenset(
    {
        ("state_dir",),
        ("listen",),
        ("drivers",),
        ("engine", "numerics_workers"),
        ("engine", "by_id_folder"),
        ("engine", "switched_off"),
        ("limits", "body_bytes"),
    }
)


def wrong_together(config: Config) -> Iterator[tuple[Key, str]]:
    """What is wrong with values that are right one by one."""
    for number, listener in enumerate(config.listen):
        if finding := wrong_listener(listener):
            yield ("listen", number), finding
    for proxy in config.access.proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            yield ("access", "proxies"), str(error)


def wrong_listener(listener: Listener) -> str | None:
    """What is wrong with a listener, if anything is."""
    places = [listener.unix, listener.tcp, listener.activated]
    if sum(place is not None for place in places) != 1:
        return "give either unix or tcp, or activated, and one of them alone"
    if listener.proxy and listener.wanted != "token":
        return 'proxy = true needs auth = "token"'
    if listener.activated is not None:
        return None
    if listener.tcp is None:
        wrong = listener.wanted == "none"
        return 'auth = "none" is for TCP; here it is peer or token' if wrong else None
    return _wrong_tcp(listener, listener.tcp)


def _wrong_tcp(listener: Listener, tcp: str) -> str | None:
    if listener.wanted == "peer" or listener.proxy:
        what = "proxy = true" if listener.proxy else 'auth = "peer"'
        return f"{what} is for Unix sockets; see access.proxies for TCP"
    host, _, port = tcp.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        return f"tcp must be HOST:PORT, not {tcp!r}"
    if listener.auth == "none" and not is_loopback(listener.host):
        return f'auth = "none" is allowed on a loopback address alone, not on {host}'
    return None


def is_loopback(host: str) -> bool:
    """Whether a listener on this host can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
