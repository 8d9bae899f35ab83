"""Temperatures of the processor, as the kernel tells them in sysfs."""

from __future__ import annotations

from pathlib import Path

from pycwt_mod.backends import Reading

_SYSFS = Path("/sys/class")
#: Drivers of the kernel, and types of thermal zones, whose sensors are the processor's
#: (Documentation/hwmon and Documentation/driver-api/thermal of Linux).
_HWMON = {"coretemp", "k10temp", "zenpower", "cpu_thermal", "scpi_sensors"}
_ZONES = ("cpu", "x86_pkg_temp", "soc")
#: Both count in thousandths of a degree.
_MILLI = 1000.0


def temperatures(sysfs: Path = _SYSFS) -> list[Reading]:
    """What the processor's sensors say, by their labels; nothing on a machine that has none.

    Args:
        sysfs: the folder with ``hwmon`` and ``thermal``.
    """
    found: dict[str, float] = {}
    for folder in sorted(sysfs.glob("hwmon/hwmon*")):
        if (driver := _text(folder / "name")) in _HWMON:
            for path in sorted(folder.glob("temp*_input")):
                label = _text(path.with_name(path.name.replace("_input", "_label")))
                _add(found, label or driver, path)
    # The same sensors once more, where there is hwmon.
    for folder in () if found else sorted(sysfs.glob("thermal/thermal_zone*")):
        kind = _text(folder / "type")
        if kind.lower().startswith(_ZONES):
            _add(found, kind, folder / "temp")
    return [Reading(f"temperature {name}", value, "°C") for name, value in found.items()]


def _add(found: dict[str, float], name: str, path: Path) -> None:
    """A sensor's value, if it has one; of several of one name, the highest."""
    try:
        value = int(_text(path)) / _MILLI
    except ValueError:  # switched off
        return
    found[name] = max(value, found.get(name, value))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
