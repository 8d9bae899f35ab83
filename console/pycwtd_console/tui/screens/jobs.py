"""Jobs, all of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import Binding
from textual.widgets import Static

from pycwtd_console.tui.cells import job_columns
from pycwtd_console.tui.model import ENDED
from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.widgets.listing import Listing

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.widget import Widget

    from pycwtd.client import Client, ClientError
    from pycwtd_console.tui.model import Part

#: Jobs that are cancelled at the same time.
_AT_ONCE = 8
#: In the order in which ``s`` goes through them.
_STATUSES = ("", "queued", "running", "completed", "failed", "cancelled")


class JobActions(ConsoleScreen):
    """What can be done with the jobs of a listing with the id ``jobs``."""

    ROLES: ClassVar[dict[str, str]] = {"cancel": "analyst"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "cancel", "Cancel", id="jobs.cancel"),
        Binding("y", "copy", "Copy id", id="copy"),
    ]

    @work(exclusive=True, group="cancel")
    async def action_cancel(self) -> None:
        """Cancel the marked jobs, or the one with the cursor."""
        listing = self.query_one("#jobs", Listing)
        # Fixed before it is asked: rows go on arriving while somebody reads the question.
        picked = [self.model.jobs[key] for key in listing.picked if key in self.model.jobs]
        jobs = [job for job in picked if job.status not in ENDED]
        if not jobs:
            self.notify("there is nothing to cancel: the job has ended", severity="warning")
            return
        if len(jobs) == 1:
            (one,) = jobs
            what = (
                f"{one.kind} {one.job_id[:8]} of {one.owner}, {one.status}, {one.progress:.0%} done"
            )
            sentence, yes = f"The job is cancelled: {what}; that is lost.", "Cancel it"
        else:
            running = sum(job.status == "running" for job in jobs)
            sentence = f"{len(jobs)} jobs are cancelled, of which {running} are running."
            sentence += " What they have computed so far is lost."
            yes = f"Cancel {len(jobs)} jobs"
        if await self.sure(sentence, yes):
            listing.marked.clear()
            listing.refresh()
            wrong = await self.ask(lambda client: _cancel(client, [job.job_id for job in jobs]))
            if wrong:
                text = f"{len(jobs) - len(wrong)} of {len(jobs)} cancelled: {wrong[0].detail}"
                self.notify(text, severity="error", timeout=10.0)
            elif wrong is not None:
                self.notify(f"cancelled {len(jobs)}")

    def action_copy(self) -> None:
        """Copy the ids of the marked jobs, or of the one with the cursor."""
        focused = self.focused if isinstance(self.focused, Listing) else None
        listing = focused or self.query_one("#jobs", Listing)
        if listing.picked:
            self.app.copy_to_clipboard("\n".join(listing.picked))
            self.notify(f"copied {', '.join(listing.picked[:3])}{' …' * (len(listing.picked) > 3)}")


async def _cancel(client: Client, job_ids: list[str]) -> list[ClientError]:
    """Cancel jobs, a few at a time; returns what the daemon has to say against it."""
    from pycwtd.client import ClientError  # noqa: PLC0415 - not before the first paint

    async def one(job_id: str) -> ClientError | None:
        try:
            await client.cancel(job_id)
        except ClientError as error:
            return error
        return None

    wrong: list[ClientError] = []
    for begin in range(0, len(job_ids), _AT_ONCE):
        answers = await asyncio.gather(*map(one, job_ids[begin : begin + _AT_ONCE]))
        wrong += [error for error in answers if error]
    return wrong


class JobsScreen(JobActions):
    """Every job, newest first."""

    TITLE = "Jobs"
    PARTS: ClassVar[frozenset[Part]] = frozenset({"jobs", "health"})
    AUTO_FOCUS = "#jobs"
    DEFAULT_CSS = "JobsScreen #counts { height: 1; text-overflow: ellipsis; text-wrap: nowrap; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "status(1)", "Status", id="jobs.status"),
        Binding("S", "status(-1)", "Status back", id="jobs.status_back", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._status = ""

    def body(self) -> list[Widget]:
        """One listing, under what it is of."""
        return [
            Static(id="counts"),
            Listing(job_columns(self.model), empty="no jobs", id="jobs"),
        ]

    def show(self, parts: frozenset[Part]) -> None:
        """The jobs as they are now."""
        jobs = self.model.jobs
        if self._status:
            jobs = {key: job for key, job in jobs.items() if job.status == self._status}
        listing = self.query_one("#jobs", Listing)
        if "jobs" in parts:
            listing.show(jobs)
        self.query_one("#counts", Static).update(self._counts(len(listing.keys)))

    def _counts(self, shown: int) -> str:
        health = self.model.health
        there = 0
        if health is not None:
            counts = health.jobs
            there = counts.queued + counts.running + counts.completed
            there += counts.failed + counts.cancelled
        which = f"{self._status} jobs" if self._status else "jobs of every status"
        text = f" {shown:,} {which}; {max(there, len(self.model.jobs)):,} jobs in all"
        if self.model.older:
            return f"{text}; older ones come when you go down to them"
        if self.model.full:
            return f"{text}; the newest {len(self.model.jobs):,} are kept here"
        return text

    def action_status(self, step: int) -> None:
        """Show the jobs of the next status alone; after the last one, all."""
        place = (_STATUSES.index(self._status) + step) % len(_STATUSES)
        self._status = _STATUSES[place]
        self.show(self.PARTS)

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Open the job."""
        message.stop()
        self.console.open_job(message.key)

    def on_listing_near_end(self, message: Listing.NearEnd) -> None:
        """Fetch the jobs behind the last one."""
        message.stop()
        if self.model.older:
            self.run_worker(self.console.older_jobs(), group="older")
