"""``[drivers.NAME]`` of the configuration: what a driver is told, and what the engine does."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pycwt_mod.backends import setting_variable
from pycwtd.config import ConfigError

if TYPE_CHECKING:
    from pycwt_mod.backends import Manifest

#: ``[drivers.NAME]`` of the configuration, by name.
DriverTables = Mapping[str, Mapping[str, str | int | float | bool]]

#: Why a backend can't be used that ``engine.switched_off`` names.
SWITCHED_OFF = "it is switched off: engine.switched_off of the daemon's configuration names it"
#: The key that is the engine's own, in every driver's table.
_WHEN_LOST = "when_lost"


@dataclass(frozen=True, slots=True)
class DriverSettings:
    """What an operator has set for one driver."""

    #: Whether there is a table for it: someone wants it to work.
    wanted: bool = False
    #: Whether jobs wait for a backend that is lost, or go to another of its class.
    waits: bool = False
    #: Variables of its host processes.
    environment: Mapping[str, str] = field(default_factory=dict)


def check_drivers(tables: Mapping[str, object], installed: list[str]) -> None:
    """Refuse settings of a driver that isn't there.

    Raises:
        ConfigError: a table's name is no installed driver's.
    """
    for name in tables:
        if name not in installed:
            raise ConfigError(
                f"drivers.{name}: there is no driver of that name, only {', '.join(installed)}"
            )


def driver_settings(manifest: Manifest, tables: DriverTables) -> DriverSettings:
    """The settings of a driver.

    Args:
        manifest: names the settings that it takes.
        tables: ``[drivers.NAME]`` of the configuration, by name.

    Raises:
        ConfigError: a key is none of its settings, or ``when_lost`` is neither word.
    """
    table = tables.get(manifest.driver)
    if table is None:
        return DriverSettings()
    where = f"drivers.{manifest.driver}"
    known = (*manifest.settings, _WHEN_LOST)
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
            raise ConfigError(f"unknown key {where}.{key}; {hint}")
    when_lost = table.get(_WHEN_LOST, "fallback")
    if when_lost not in {"wait", "fallback"}:
        raise ConfigError(f'{where}.when_lost must be "wait" or "fallback", not {when_lost!r}')
    environment = {
        setting_variable(manifest.driver, key): _text(value)
        for key, value in table.items()
        if key != _WHEN_LOST
    }
    return DriverSettings(True, when_lost == "wait", environment)


def _text(value: str | float | bool) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
