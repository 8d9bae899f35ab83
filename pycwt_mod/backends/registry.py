"""Finding drivers and backends: manifests first, and pluggy for the code of those asked for.

A driver is a package of this environment with an entry point in the group ``pycwtd.drivers``, or
a folder dropped into one of :func:`drop_in_folders`. What it offers is read from its
``driver.toml``; its code is imported when one of its backends is wanted, so that one driver's
fault is nobody else's.

The drivers of this distribution come first: no other takes the name of one of their backends, and
whoever asks for one of these waits for no search of everything that is installed.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import pluggy

from pycwt_mod.backends.backend import BackendUnavailableError
from pycwt_mod.backends.manifest import Manifest, ManifestError, load_manifest
from pycwt_mod.backends.trust import distrust

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.metadata import EntryPoint

    from pycwt_mod.backends.backend import BackendInfo, MonteCarloBackend

#: Entry-point group and pluggy project name.
GROUP = "pycwtd.drivers"
#: What this library is installed as.
DISTRIBUTION = "pycwtd"
#: Folders of drop-in drivers, separated as in PATH.
FOLDERS_VARIABLE = "PYCWTD_DRIVER_FOLDERS"
DEFAULT_FOLDER = "/etc/pycwtd/drivers.d"

hookspec = pluggy.HookspecMarker(GROUP)
#: Marks a driver's implementation of :class:`DriverHooks`.
hookimpl = pluggy.HookimplMarker(GROUP)


class UnknownBackendError(LookupError):
    """No backend has that name; the text lists those there are."""

    def __str__(self) -> str:
        return str(self.args[0])


class DriverHooks(Protocol):
    """What a driver's module may implement."""

    @hookspec
    def pycwtd_backends(self) -> Sequence[MonteCarloBackend]:
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

    Packages by name, then drop-ins. Those that can't be used are among them, with the reason; one
    that offers a backend which another has already is such a driver. Names belong to the drivers
    of this distribution first, then to packages in the order of their names, then to drop-ins.
    """
    ours = _our_entries()
    entries = sorted(entry_points(group=GROUP), key=lambda e: (e not in ours, e.name))
    found = [_package(entry) for entry in entries]
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
    packages, dropped_in = drivers[: len(entries)], drivers[len(entries) :]
    return sorted(packages, key=lambda driver: driver.name) + dropped_in


def _infos(driver: InstalledDriver) -> tuple[BackendInfo, ...]:
    return driver.manifest.backends if driver.manifest else ()


@cache
def _our_entries() -> tuple[EntryPoint, ...]:
    """Of this distribution alone; none where only its files are there, without metadata."""
    try:
        entries = distribution(DISTRIBUTION).entry_points.select(group=GROUP)
    except PackageNotFoundError:
        return ()
    return tuple(sorted(entries, key=lambda entry: entry.name))


def _package(entry: EntryPoint) -> InstalledDriver:
    try:
        manifest = load_manifest(_package_dir(entry.value) / "driver.toml")
    except ManifestError as error:
        return InstalledDriver(entry.name, entry.value, None, str(error))
    return InstalledDriver(entry.name, entry.value, manifest)


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
#: Of each driver that was imported one that knows it alone: who asks a driver for its backends
#: asks no other.
_managers: dict[str, pluggy.PluginManager] = {}


@cache
def _known(folders: str | None) -> tuple[InstalledDriver, ...]:
    """Drivers that can be used; looked for once, and again when the folders are others."""
    del folders
    return tuple(driver for driver in installed_drivers() if driver.manifest)


#: Our own manifests change with our code alone.
_our_driver = cache(_package)


def _usable() -> Iterator[InstalledDriver]:
    """Drivers that can be used, ours first; no more is looked for than is asked for."""
    ours = _our_entries()
    yield from (driver for driver in map(_our_driver, ours) if driver.manifest)
    modules = {entry.value for entry in ours}
    known = _known(os.environ.get(FOLDERS_VARIABLE))
    yield from (driver for driver in known if driver.module not in modules)


def load_driver(driver: InstalledDriver) -> Sequence[MonteCarloBackend]:
    """The backends of a driver, its code imported.

    Raises:
        BackendUnavailableError: it can't be imported, or offers nothing.
    """
    # By module, not by name: two packages may call their drivers the same.
    manager = _managers.get(driver.module)
    if manager is None:
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
        manager = pluggy.PluginManager(GROUP)
        manager.add_hookspecs(DriverHooks)
        manager.register(module, driver.module)
        _managers[driver.module] = manager
    # The façade over pluggy: its hook calls are untyped.
    answers = cast("list[Sequence[MonteCarloBackend]]", manager.hook.pycwtd_backends())
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


def offered_backends() -> Iterator[BackendInfo]:
    """What :func:`list_backends` gives, in the order in which it is found, as far as is asked."""
    for driver in _usable():
        yield from _infos(driver)
    yield from (backend.info for backend in _registered.values())


def list_backends() -> list[BackendInfo]:
    """What every backend known to this process says of itself, by name."""
    return sorted(offered_backends(), key=lambda info: info.name)


def get_backend(name: str) -> MonteCarloBackend:
    """The backend of that name or alias (case-sensitive).

    Raises:
        UnknownBackendError: there is none.
        BackendUnavailableError: its driver can't be imported, or doesn't offer what its manifest
            says.
    """
    for driver in _usable():
        for info in _infos(driver):
            if name in (info.name, *info.aliases):
                registered = _registered.get(info.name)
                return _offered_by(driver, info.name) if registered is None else registered
    for backend in _registered.values():
        if name in (backend.info.name, *backend.info.aliases):
            return backend
    known = ", ".join(info.name for info in list_backends())
    raise UnknownBackendError(f"unknown backend {name!r}; there are: {known}")


def _offered_by(driver: InstalledDriver, name: str) -> MonteCarloBackend:
    for backend in load_driver(driver):
        if backend.info.name == name:
            return backend
    raise BackendUnavailableError(
        f"driver {driver.name} doesn't offer the backend {name!r} of its manifest"
    )
