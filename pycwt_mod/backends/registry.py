"""Finding drivers and backends: entry points, manifests, and pluggy for the code."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pluggy

from pycwt_mod.backends.manifest import Manifest, ManifestError, load_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwt_mod.backends.backend import BackendInfo, MonteCarloBackend

#: Entry-point group and pluggy project name.
GROUP = "pycwtd.drivers"

hookspec = pluggy.HookspecMarker(GROUP)
#: Marks a driver's implementation of :class:`DriverHooks`.
hookimpl = pluggy.HookimplMarker(GROUP)


class UnknownBackendError(LookupError):
    """No backend has that name; the text lists those there are."""

    def __str__(self) -> str:
        return str(self.args[0])


class DriverHooks:
    """What a driver's module may implement."""

    @hookspec
    def pycwtd_backends(self) -> Sequence[MonteCarloBackend]:  # type: ignore[empty-body]
        """The backends of this driver, one for each ``[[backend]]`` of its manifest."""


@dataclass(frozen=True, slots=True)
class InstalledDriver:
    """A driver package found by its entry point, not imported."""

    name: str
    module: str
    manifest: Manifest | None
    #: Why the driver can't be used, where its manifest is missing or wrong.
    error: str | None = None


def installed_drivers() -> list[InstalledDriver]:
    """All driver packages of this environment, by manifest alone: no driver's code is run."""
    found = []
    for entry in sorted(entry_points(group=GROUP), key=lambda e: e.name):
        try:
            manifest = load_manifest(_package_dir(entry.value) / "driver.toml")
        except ManifestError as error:
            found.append(InstalledDriver(entry.name, entry.value, None, str(error)))
        else:
            found.append(InstalledDriver(entry.name, entry.value, manifest))
    return found


def _package_dir(module: str) -> Path:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise ManifestError(f"{module}: the package isn't installed")
    return Path(spec.origin).parent


@cache
def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(DriverHooks)
    manager.load_setuptools_entrypoints(GROUP)
    return manager


_registered: dict[str, MonteCarloBackend] = {}


def register_backend(backend: MonteCarloBackend) -> None:
    """Add a backend to this process, by hand.

    Raises:
        ValueError: a backend of that name is there already.
    """
    if any(backend.info.name == other.name for other in list_backends()):
        raise ValueError(f"a backend named {backend.info.name!r} exists already")
    _registered[backend.info.name] = backend


def _backends() -> list[MonteCarloBackend]:
    # The façade over pluggy: its hook calls are untyped.
    answers = cast(
        "list[Sequence[MonteCarloBackend]]",
        _manager().hook.pycwtd_backends(),
    )
    return [b for answer in answers for b in answer] + list(_registered.values())


def list_backends() -> list[BackendInfo]:
    """What every backend known to this process says of itself, by name."""
    return sorted((b.info for b in _backends()), key=lambda info: info.name)


def get_backend(name: str) -> MonteCarloBackend:
    """The backend of that name or alias (case-sensitive).

    Raises:
        UnknownBackendError: there is none.
    """
    backends = _backends()
    for backend in backends:
        if name == backend.info.name or name in backend.info.aliases:
            return backend
    known = ", ".join(sorted(b.info.name for b in backends))
    raise UnknownBackendError(f"unknown backend {name!r}; there are: {known}")
