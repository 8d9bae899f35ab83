"""``driver.toml``: what a driver package offers, readable without importing its code."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, get_args

from pycwt_mod.backends.backend import HOOKS, BackendInfo, BackendType
from pycwt_mod.backends.task import ESTIMATORS, FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: Version of the driver contract that this library speaks.
API_VERSION = 1

_KEYS = {
    "name",
    "type",
    "description",
    "numerics",
    "tolerance",
    "families",
    "estimators",
    "aliases",
    "hooks",
}
#: Of a board on USB.
_IDENTITY = ("vendor", "product", "interface")
#: A name with fewer letters than this, beside what all have, is nobody's.
_SHORTEST_NAME = 4
#: Keys that may be left out.
_OPTIONAL = {"aliases", "hooks"}


class ManifestError(ValueError):
    """A manifest that can't be used; the text names file, key and what is right."""


@dataclass(frozen=True, slots=True)
class BoardPort:
    """What the port of a driver's board looks like."""

    #: The setting that names it; what an operator has set there wins.
    setting: str
    #: Names in ``/dev/serial/by-id`` that no other kind of board has; patterns.
    by_id: tuple[str, ...] = ()
    #: USB identity that a port of such a name must have, too; patterns, in hexadecimal. By it
    #: alone nothing is ever taken for the board.
    vendor: str = ""
    product: str = ""
    interface: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of one ``driver.toml``."""

    driver: str
    backends: tuple[BackendInfo, ...]
    #: Keys that an operator may set; see :func:`.driver_setting`.
    settings: tuple[str, ...] = ()
    #: Environment variables of which one must be set, or the driver has nothing to compute on.
    needs: tuple[str, ...] = ()
    #: What is said where none is.
    without: str = ""
    #: Of a board on a serial port.
    board: BoardPort | None = None

    def unconfigured(self, environment: Mapping[str, str]) -> str | None:
        """Why the driver needn't be asked whether it can compute; ``None`` if it must be."""
        if not self.needs or any(environment.get(name) for name in self.needs):
            return None
        return self.without or f"it isn't configured: set {' or '.join(self.needs)}"


def load_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises:
        ManifestError: it isn't there, isn't TOML, or a key is missing, unknown or wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ManifestError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path}: isn't TOML: {error}") from None
    return _parsed(path, text)


# Whoever looks for drivers reads a manifest, and then the driver itself does.
@lru_cache(maxsize=32)
def _parsed(path: Path, text: str) -> Manifest:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"{path}: isn't TOML: {error}") from None
    driver = data.get("driver")
    if not isinstance(driver, dict) or not isinstance(driver.get("name"), str):
        raise ManifestError(f"{path}: needs a table [driver] with a name")
    if driver.get("api") != API_VERSION:
        raise ManifestError(f"{path}: driver.api must be {API_VERSION}, not {driver.get('api')!r}")
    entries = data.get("backend")
    if not isinstance(entries, list) or not entries:
        raise ManifestError(f"{path}: needs at least one [[backend]]")
    settings, needs = (_names(path, driver, key) for key in ("settings", "needs"))
    without = driver.get("without", "")
    if not isinstance(without, str):
        raise ManifestError(f"{path}: driver.without must be a sentence")
    backends = tuple(_backend(path, entry) for entry in entries)
    board = _board(path, data["board"], settings) if "board" in data else None
    return Manifest(driver["name"], backends, settings, needs, without, board)


def _names(path: Path, driver: dict[str, Any], key: str) -> tuple[str, ...]:
    names = driver.get(key, [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ManifestError(f"{path}: driver.{key} must be a list of names")
    return tuple(names)


def _board(path: Path, entry: object, settings: tuple[str, ...]) -> BoardPort:
    if not isinstance(entry, dict):
        raise ManifestError(f"{path}: board must be a table")
    if unknown := set(entry) - {"port", *_IDENTITY, "by_id"}:
        raise ManifestError(f"{path}: board: unknown key {', '.join(sorted(unknown))}")
    if entry.get("port") not in settings:
        known = ", ".join(settings) or "none"
        raise ManifestError(f"{path}: board.port must name one of driver.settings ({known})")
    by_id = _names(path, entry, "by_id")
    for name in by_id:
        # What udev puts into every such name tells no board from another.
        told = re.sub(r"^usb-|-if[0-9*?]+|-port[0-9*?]+|[*?\[\]_-]", "", name)
        if "/" in name or len(told) < _SHORTEST_NAME:
            raise ManifestError(f"{path}: board.by_id: {name!r} doesn't tell the board from others")
    identity = {key: entry.get(key, "") for key in _IDENTITY}
    if not all(isinstance(value, str) for value in identity.values()):
        raise ManifestError(f"{path}: board: {', '.join(_IDENTITY)} must be strings")
    return BoardPort(entry["port"], by_id, **identity)


def _backend(path: Path, entry: dict[str, Any]) -> BackendInfo:
    where = f"{path}: backend {entry.get('name', '?')}"
    if unknown := set(entry) - _KEYS:
        raise ManifestError(f"{where}: unknown key {', '.join(sorted(unknown))}")
    if missing := _KEYS - _OPTIONAL - set(entry):
        raise ManifestError(f"{where}: {', '.join(sorted(missing))} missing")
    if entry["type"] not in get_args(BackendType):
        raise ManifestError(f"{where}: type must be one of {', '.join(get_args(BackendType))}")
    if not set(entry["families"]) <= set(FAMILIES):
        raise ManifestError(f"{where}: families must be among {', '.join(FAMILIES)}")
    if not entry["estimators"] or not set(entry["estimators"]) <= set(ESTIMATORS):
        raise ManifestError(f"{where}: estimators must be among {', '.join(ESTIMATORS)}")
    if not isinstance(entry["tolerance"], int | float) or entry["tolerance"] < 0:
        raise ManifestError(f"{where}: tolerance must be a number, 0 or more")
    if not all(isinstance(entry[key], str) for key in ("name", "description", "numerics")):
        raise ManifestError(f"{where}: name, description and numerics must be strings")
    if not set(entry.get("hooks", ())) <= set(HOOKS):
        raise ManifestError(f"{where}: hooks must be among {', '.join(HOOKS)}")
    return BackendInfo(
        name=entry["name"],
        type=entry["type"],
        description=entry["description"],
        numerics=entry["numerics"],
        tolerance=float(entry["tolerance"]),
        families=tuple(entry["families"]),
        estimators=tuple(entry["estimators"]),
        aliases=tuple(entry.get("aliases", ())),
        hooks=tuple(entry.get("hooks", ())),
    )
