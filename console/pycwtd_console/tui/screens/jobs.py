"""Jobs, all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.widgets.listing import Column, Listing

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.widget import Widget

    from pycwtd.api.types import JobView
    from pycwtd_console.tui.model import Part

_TONES = {
    "running": "listing--busy",
    "completed": "listing--good",
    "failed": "listing--bad",
    "cancelled": "listing--quiet",
    "queued": "",
}


def columns() -> list[Column[JobView]]:
    """What a line tells of a job."""
    return [
        Column("job", 8, lambda job: job.job_id[:8]),
        Column("kind", 12, lambda job: job.kind),
        Column("status", 9, lambda job: job.status, tone=lambda job: _TONES[job.status]),
        Column("done", 5, lambda job: f"{job.progress:.0%}", "right"),
        Column("backend", 12, lambda job: job.backend or "–"),
        Column("owner", 12, lambda job: job.owner, flexible=True),
    ]


class JobsScreen(ConsoleScreen):
    """Every job, newest first."""

    TITLE = "Jobs"
    PARTS: ClassVar[frozenset[Part]] = frozenset({"jobs"})
    ROLES: ClassVar[dict[str, str]] = {"cancel": "analyst"}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("x", "cancel", "Cancel", id="jobs.cancel")]

    def body(self) -> list[Widget]:
        """One listing."""
        return [Listing(columns(), empty="no jobs", id="jobs")]

    def show(self, parts: frozenset[Part]) -> None:
        """The jobs as they are now."""
        self.query_one("#jobs", Listing).show(self.model.jobs)
