"""What an operator sets for a driver: environment variables, which the daemon fills from its file.

A driver names its settings in ``driver.toml``; ``[drivers.NAME]`` of the daemon's configuration
gives them values. They reach the driver's host process as variables, so that a driver reads
them in the same way in a program of its user's.
"""

from __future__ import annotations

import os


def setting_variable(driver: str, key: str) -> str:
    """The environment variable that holds a setting: ``PYCWTD_DRIVER_<driver>_<key>``."""
    return f"PYCWTD_DRIVER_{driver}_{key}".upper().replace("-", "_")


def driver_setting(driver: str, key: str) -> str | None:
    """A setting's text; ``None`` where it isn't set or is empty.

    Args:
        driver: the name in its manifest.
        key: one of the manifest's ``settings``.
    """
    return os.environ.get(setting_variable(driver, key)) or None
