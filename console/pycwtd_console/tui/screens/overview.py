"""Everything in sight: devices, jobs, what happens."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding
from textual.widgets import Static

from pycwtd_console.tui import words
from pycwtd_console.tui.cells import device_columns, event_columns, job_columns
from pycwtd_console.tui.screens.jobs import JobActions
from pycwtd_console.tui.widgets.listing import Listing

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.widget import Widget

    from pycwtd.api.types import JobView
    from pycwtd_console.tui.model import Part

#: The newest jobs and events alone: there is a place for all of them.
_JOBS = 200
_EVENTS = 300


class OverviewScreen(JobActions):
    """Devices above, jobs in the middle, events below."""

    TITLE = "Overview"
    PARTS: ClassVar[frozenset[Part]] = frozenset({"jobs", "devices", "events", "rates", "health"})
    AUTO_FOCUS = "#jobs"
    DEFAULT_CSS = """
    OverviewScreen #devices { height: auto; min-height: 2; max-height: 40%; }
    OverviewScreen #jobs { height: 3fr; }
    OverviewScreen #events { height: 2fr; }
    OverviewScreen #counts { height: 1; text-overflow: ellipsis; text-wrap: nowrap; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next list", id="overview.next"),
    ]

    def body(self) -> list[Widget]:
        """Three lists, under how much there is in all."""
        return [
            Static(id="counts"),
            Listing(device_columns(self.model), empty="no devices", id="devices"),
            Listing(job_columns(self.model), empty="no jobs", id="jobs"),
            Listing(event_columns(), empty="nothing has happened", id="events"),
        ]

    def show(self, parts: frozenset[Part]) -> None:
        """What has changed."""
        if parts & {"devices", "rates"}:
            self.query_one("#devices", Listing).show(self.model.devices)
        if "jobs" in parts:
            self.query_one("#jobs", Listing).show(self._jobs())
        if "events" in parts:
            newest = islice(reversed(self.model.events), _EVENTS)
            self.query_one("#events", Listing).show({str(e.seq): e for e in newest})
        if parts & {"health", "rates", "jobs"}:
            self.query_one("#counts", Static).update(self._counts())

    def _jobs(self) -> dict[str, JobView]:
        """Those at work first, then the newest."""
        known = self.model.jobs
        running = sorted(self.model.running.values(), key=lambda job: job.created_at, reverse=True)
        return {j.job_id: j for j in running} | dict(islice(known.items(), _JOBS))

    def _counts(self) -> str:
        health = self.model.health
        if health is None:
            return ""
        counts = health.jobs
        history = words.total(self.model.rates.values())
        now = f"   {words.rate(history[-1]) or '0/s'} " if history else "   "
        text = (
            f" {counts.queued:,} queued  {counts.running:,} running  "
            f"{counts.completed:,} completed  {counts.failed:,} failed  "
            f"{counts.cancelled:,} cancelled{now}"
        )
        return text + words.spark(history, max(self.size.width - len(text) - 1, 0))

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Open the device, the job, or what an event is about."""
        message.stop()
        if message.listing.id == "devices":
            self.console.open_device(message.key)
        elif message.listing.id == "jobs":
            self.console.open_job(message.key)
        else:
            self._open_event(int(message.key))

    def _open_event(self, number: int) -> None:
        for event in self.model.events:
            if event.seq == number and event.job_id:
                self.console.open_job(event.job_id)
            elif event.seq == number and event.data.get("device") in self.model.devices:
                self.console.open_device(event.data["device"])
