"""Finding drivers and backends: manifests first, and pluggy for the code of those asked for.

A driver is a package of this environment with an entry point in the group ``pycwtd.drivers``, or
a folder dropped into one of :func:`drop_in_folders`. What it offers is read from its
``driver.toml``; its code is imported when one of its backends is wanted, so that one driver's
fault is nobody else's.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pluggy

from pycwt_mod.backends.backend import BackendUnavailableError
from pycwt_mod.backends.manifest import Manifest, ManifestError, load_manifest
from pycwt_mod.backends.trust import distrust

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pycwt_mod.backends.backend import BackendInfo, MonteCarloBackend

#: Entry-point group and pluggy project name.
GROUP = "pycwtd.drivers"
#: Folders of drop-in drivers, separated as in PATH.
FOLDERS_VARIABLE = "PYCWTD_DRIVERS"
DEFAULT_FOLDER = "/etc/pycwtd/drivers.d"

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
    """A driver package that was found, not imported."""

    name: str
    module: str
    manifest: Manifest | None
    #: Why the driver can't be used, where its manifest or its folder is missing or wrong.
    error: str | None = None
    #: Of a drop-in: where its package lies.
    folder: Path | None = None


def drop_in_folders() -> list[Path]:
    """Where drop-in drivers are looked for, each in a folder of its own."""
    names = os.environ.get(FOLDERS_VARIABLE, DEFAULT_FOLDER).split(os.pathsep)
    return [Path(name) for name in names if name]


def installed_drivers() -> list[InstalledDriver]:
    """All drivers of this machine, by manifest alone: no driver's code is run.

    Those that can't be used are among them, with the reason; one that offers a backend which an
    earlier one has is such a driver.
    """
    found = sorted(_packages(), key=lambda driver: driver.name)
    for folder in drop_in_folders():
        if folder.is_dir():
            found += [_dropped_in(path) for path in sorted(folder.iterdir()) if path.is_dir()]
    taken: dict[str, str] = {}
    drivers = []
    for driver in found:
        offered = [name for info in _infos(driver) for name in (info.name, *info.aliases)]
        if clashes := [name for name in offered if name in taken]:
            owner = taken[clashes[0]]
            error = f"it offers {clashes[0]!r}, which driver {owner} has already"
            drivers.append(replace(driver, manifest=None, error=error))
            continue
        taken |= dict.fromkeys(offered, driver.name)
        drivers.append(driver)
    return drivers


def _infos(driver: InstalledDriver) -> tuple[BackendInfo, ...]:
    return driver.manifest.backends if driver.manifest else ()


def _packages() -> Iterator[InstalledDriver]:
    for entry in entry_points(group=GROUP):
        try:
            manifest = load_manifest(_package_dir(entry.value) / "driver.toml")
        except ManifestError as error:
            yield InstalledDriver(entry.name, entry.value, None, str(error))
        else:
            yield InstalledDriver(entry.name, entry.value, manifest)


def _package_dir(module: str) -> Path:
    try:
        spec = importlib.util.find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise ManifestError(f"{module}: the package isn't installed")
    return Path(spec.origin).parent


def _dropped_in(folder: Path) -> InstalledDriver:
    # Whoever names folders answers for what is in them.
    named = {os.geteuid()} if FOLDERS_VARIABLE in os.environ else set()
    if reason := distrust(folder, frozenset({0, *named})):
        return InstalledDriver(folder.name, "", None, reason, folder)
    return driver_in(folder)


def driver_in(folder: Path) -> InstalledDriver:
    """The driver in a folder, trusted or not, by its manifest alone.

    Args:
        folder: holds one package with a ``driver.toml`` in it, and whatever else.
    """
    name = folder.name
    manifests = [*folder.glob("*/driver.toml")]
    if len(manifests) != 1:
        many = "no package" if not manifests else "more than one package"
        error = f"{folder}: has {many} with a driver.toml; it must have one"
        return InstalledDriver(name, "", None, error, folder)
    module = manifests[0].parent.name
    try:
        manifest = load_manifest(manifests[0])
        if importlib.util.find_spec(module) and module not in _imported:
            raise ManifestError(f"{folder}: a module named {module} exists already")
    except ManifestError as error:
        return InstalledDriver(name, module, None, str(error), folder)
    return InstalledDriver(name, module, manifest, None, folder)


#: Modules of drop-ins, which are on the path of modules since they were imported.
_imported: set[str] = set()


@cache
def _manager() -> pluggy.PluginManager:
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(DriverHooks)
    return manager


@cache
def _known(folders: str | None) -> tuple[InstalledDriver, ...]:
    """Drivers that can be used; looked for once, and again when the folders are others."""
    del folders
    return tuple(driver for driver in installed_drivers() if driver.manifest)


def _usable() -> tuple[InstalledDriver, ...]:
    return _known(os.environ.get(FOLDERS_VARIABLE))


def load_driver(driver: InstalledDriver) -> Sequence[MonteCarloBackend]:
    """The backends of a driver, its code imported.

    Raises:
        BackendUnavailableError: it can't be imported, or offers nothing.
    """
    manager = _manager()
    module = manager.get_plugin(driver.name)
    if module is None:
        if driver.folder:
            # Behind everything else: a drop-in must not stand in for another package.
            sys.path.append(os.fspath(driver.folder))
            _imported.add(driver.module)
        try:
            module = importlib.import_module(driver.module)
        except ImportError as error:
            raise BackendUnavailableError(
                f"driver {driver.name} can't be imported: {error}"
            ) from error
        manager.register(module, driver.name)
    # The façade over pluggy: its hook calls are untyped.
    others = [plugin for plugin in manager.get_plugins() if plugin is not module]
    caller = manager.subset_hook_caller("pycwtd_backends", others)
    answers = cast("list[Sequence[MonteCarloBackend]]", caller())
    return [backend for answer in answers for backend in answer]


_registered: dict[str, MonteCarloBackend] = {}


def register_backend(backend: MonteCarloBackend) -> None:
    """Add a backend to this process, by hand.

    Raises:
        ValueError: a backend of that name is there already.
    """
    if any(backend.info.name == other.name for other in list_backends()):
        raise ValueError(f"a backend named {backend.info.name!r} exists already")
    _registered[backend.info.name] = backend


def list_backends() -> list[BackendInfo]:
    """What every backend known to this process says of itself, by name."""
    infos = [info for driver in _usable() for info in _infos(driver)]
    infos += [backend.info for backend in _registered.values()]
    return sorted(infos, key=lambda info: info.name)


def get_backend(name: str) -> MonteCarloBackend:
    """The backend of that name or alias (case-sensitive).

    Raises:
        UnknownBackendError: there is none.
        BackendUnavailableError: its driver can't be imported, or doesn't offer what its manifest
            says.
    """
    for info in list_backends():
        if name != info.name and name not in info.aliases:
            continue
        if registered := _registered.get(info.name):
            return registered
        (driver,) = (one for one in _usable() if info in _infos(one))
        for backend in load_driver(driver):
            if backend.info.name == info.name:
                return backend
        raise BackendUnavailableError(
            f"driver {driver.name} doesn't offer the backend {info.name!r} of its manifest"
        )
    known = ", ".join(info.name for info in list_backends())
    raise UnknownBackendError(f"unknown backend {name!r}; there are: {known}")
