"""The configuration: TOML, checked key by key, with every default in one place."""

from __future__ import annotations

import difflib
import ipaddress
import tomllib
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from pycwtd.access.settings import AccessConfig, NetworkConfig
from pycwtd.platform.paths import default_socket, default_state_dir
from pycwtd.words import field_and_finding

if TYPE_CHECKING:
    from pathlib import Path


class ConfigError(Exception):
    """The configuration can't be used; the text names file, key and what is right."""


class Listener(Struct, forbid_unknown_fields=True, frozen=True):
    """One address to serve: either ``unix`` or ``tcp``."""

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
    body_bytes: Annotated[int, Meta(ge=1024)] = 64 * 2**20
    queued_jobs: Annotated[int, Meta(ge=1)] = 10_000
    #: With less room on the disk no jobs are taken: those that are there have to be finished.
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
    #: What ``auto`` chooses before anything has been measured, best first.
    preference: tuple[str, ...] = ("joblib", "sequential")


class Config(Struct, forbid_unknown_fields=True, frozen=True):
    """Everything that an operator can set."""

    state_dir: str = field(default_factory=lambda: str(default_state_dir()))
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    listen: tuple[Listener, ...] = ()
    limits: Limits = field(default_factory=Limits)
    engine: EngineConfig = field(default_factory=EngineConfig)
    access: AccessConfig = field(default_factory=AccessConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    #: Settings of drivers, by the driver's name; see :mod:`pycwtd.engine.settings`.
    drivers: dict[str, dict[str, str | int | float | bool]] = {}


def load_config(
    path: Path | None,
    *,
    sockets: tuple[str, ...] = (),
    tcp: tuple[str, ...] = (),
    auth: Literal["token", "none"] = "token",
    state_dir: str | None = None,
) -> Config:
    """The configuration from a file, overridden by what the command line gives.

    Listeners on the command line replace those of the file. Without any, the daemon listens
    on the default Unix socket.

    Raises:
        ConfigError: the file can't be read, a key is unknown or a value wrong.
    """
    config = _read(path) if path else Config()
    listeners = (
        *(Listener(unix=s) for s in sockets),
        *(Listener(tcp=t, auth=auth) for t in tcp),
    )
    listeners = listeners or config.listen or (Listener(unix=str(default_socket())),)
    for number, listener in enumerate(listeners):
        _check_listener(f"listen[{number}]", listener)
    for proxy in config.access.proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            raise ConfigError(f"access.proxies: {error}") from None
    return msgspec.structs.replace(
        config, listen=listeners, state_dir=state_dir or config.state_dir
    )


def _read(path: Path) -> Config:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: can't be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: isn't TOML: {error}") from None
    _check_keys(str(path), data, Config)
    try:
        return msgspec.convert(data, Config)
    except msgspec.ValidationError as error:
        key, finding = field_and_finding(str(error))
        raise ConfigError(f"{path}: {key}: {finding.replace('an object', 'a table')}") from None


def _check_keys(path: str, data: dict[str, Any], kind: type[Struct], prefix: str = "") -> None:
    """Unknown keys first, by name and with the likely intention."""
    tables: dict[str, type[Struct]] = {
        "limits": Limits,
        "engine": EngineConfig,
        "listen": Listener,
        "access": AccessConfig,
        "network": NetworkConfig,
    }
    known = [f.encode_name for f in msgspec.structs.fields(kind)]
    for key, value in data.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
            raise ConfigError(f"{path}: unknown key {prefix}{key}; {hint}")
        for table in value if isinstance(value, list) else [value]:
            if kind is Config and key in tables and isinstance(table, dict):
                _check_keys(path, table, tables[key], f"{key}.")


def _check_listener(where: str, listener: Listener) -> None:
    if (listener.unix is None) == (listener.tcp is None):
        raise ConfigError(f"{where}: give either unix or tcp")
    if listener.tcp is None:
        if listener.wanted == "none":
            raise ConfigError(f'{where}: auth = "none" is for TCP; here it is peer or token')
        if listener.proxy and listener.wanted != "token":
            raise ConfigError(f'{where}: proxy = true needs auth = "token"')
        return
    if listener.wanted == "peer" or listener.proxy:
        what = "proxy = true" if listener.proxy else 'auth = "peer"'
        raise ConfigError(f"{where}: {what} is for Unix sockets; see access.proxies for TCP")
    host, _, port = listener.tcp.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"{where}: tcp must be HOST:PORT, not {listener.tcp!r}")
    if listener.auth == "none" and not is_loopback(listener.host):
        raise ConfigError(
            f'{where}: auth = "none" is allowed on a loopback address alone, not on {host}'
        )


def is_loopback(host: str) -> bool:
    """Whether a listener on this host can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
