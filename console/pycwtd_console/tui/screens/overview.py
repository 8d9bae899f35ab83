"""Everything in sight: devices, jobs, what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.screens.jobs import columns
from pycwtd_console.tui.widgets.listing import Column, Listing

if TYPE_CHECKING:
    from textual.widget import Widget

    from pycwtd.client.devices import DeviceView
    from pycwtd_console.tui.model import Part


def _devices() -> list[Column[DeviceView]]:
    return [
        Column("device", 12, lambda d: d.id),
        Column("state", 12, lambda d: d.state),
        Column("", 10, lambda d: d.reason or "", flexible=True),
    ]


class OverviewScreen(ConsoleScreen):
    """Devices above, jobs in the middle, events below."""

    TITLE = "Overview"
    PARTS: ClassVar[frozenset[Part]] = frozenset({"jobs", "devices", "events", "rates"})

    def body(self) -> list[Widget]:
        """Three lists."""
        return [
            Listing(_devices(), empty="no devices", id="devices"),
            Listing(columns(), empty="no jobs", id="jobs"),
        ]

    def show(self, parts: frozenset[Part]) -> None:
        """What has changed."""
        if "devices" in parts:
            self.query_one("#devices", Listing).show(self.model.devices)
        if "jobs" in parts:
            self.query_one("#jobs", Listing).show(self.model.jobs)
