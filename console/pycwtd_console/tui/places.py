"""The screens that one goes to by a key, by ``:name`` or by the palette."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd.access.roles import Role
    from pycwtd_console.tui.screens.base import ConsoleScreen


def load(name: str, screen: str) -> Callable[..., ConsoleScreen]:
    """A screen's class, from the module of :mod:`pycwtd_console.tui.screens` of that name."""
    module = importlib.import_module(f"pycwtd_console.tui.screens.{name}")
    found: type[ConsoleScreen] = getattr(module, screen)
    return found


@dataclass(frozen=True, slots=True)
class Place:
    """A screen, loaded when somebody goes there."""

    name: str
    key: str
    title: str
    #: Class, in the module of :mod:`pycwtd_console.tui.screens` that has the place's name.
    screen: str
    #: The least role that it is shown to.
    role: Role = "viewer"

    def make(self) -> ConsoleScreen:
        """Load it, and make one."""
        return load(self.name, self.screen)()


PLACES = (
    Place("overview", "1", "Overview", "OverviewScreen"),
    Place("jobs", "2", "Jobs", "JobsScreen"),
    Place("submit", "3", "Submit", "SubmitScreen", "analyst"),
    Place("data", "4", "Data", "DataScreen"),
    Place("backends", "5", "Backends", "BackendsScreen"),
    Place("configuration", "6", "Configuration", "ConfigurationScreen", "operator"),
    Place("logs", "7", "Logs", "LogsScreen", "operator"),
    Place("health", "8", "Health", "HealthScreen"),
)
BY_NAME = {place.name: place for place in PLACES}
