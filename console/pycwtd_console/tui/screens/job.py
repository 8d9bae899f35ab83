"""One job: what it is and was asked for, how it goes, its levels, and the map that it made."""

from __future__ import annotations

import asyncio
import importlib
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher, Static

from pycwtd_console.tui.drawing.axes import number
from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.telling import DEVICE_KINDS, about, headline, pages, parameters
from pycwtd_console.tui.widgets.chart import ChartView
from pycwtd_console.tui.widgets.job_pages import ChunksPage, LevelsPage, RowsPage
from pycwtd_console.tui.widgets.listing import Column, Listing
from pycwtd_console.tui.widgets.map import MapView

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.binding import BindingType
    from textual.widget import Widget

    from pycwtd.api.types import BatchEntry, JobView
    from pycwtd.client import Client, ClientError
    from pycwtd_console.tui.model import Part
    from pycwtd_console.tui.telling import Rows

_KEYS = {
    "about": "p",
    "map": "m",
    "spectrum": "s",
    "result": "r",
    "members": "b",
    "levels": "v",
    "chunks": "c",
    "log": "l",
}
_TITLES = ("About", "Map", "Spectrum", "Result", "Batch", "Levels", "Where", "Log")
_NOT_FOUND = 404
#: Codes of the API's own answers to what isn't there.
_OUR_404 = frozenset({"unknown_job", "no_array", "no_result"})
_LOG_LINES = 200
#: Elements of a list that are shown.
_LIST = 6


class JobScreen(ConsoleScreen):
    """A job, followed as long as somebody looks at it.

    Args:
        job_id: its full id.
    """

    PARTS: ClassVar[frozenset[Part]] = frozenset({"link"})
    ROLES: ClassVar[dict[str, str]] = {"cancel": "analyst"}
    DEFAULT_CSS = """
    JobScreen #headline { height: auto; max-height: 4; padding: 0 1; }
    JobScreen #headline.-failed { color: $text-error; }
    JobScreen #pages { height: 1; padding: 0 1; color: $text-muted; }
    JobScreen ContentSwitcher { height: 1fr; }
    JobScreen #spectrum-told { height: 1; padding: 0 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"page('{name}')", title, id=f"job.{name}", show=False)
            for (name, key), title in zip(_KEYS.items(), _TITLES, strict=True)
        ),
        Binding("e", "export", "Export", id="job.export"),
        Binding("x", "cancel", "Cancel", id="job.cancel"),
        Binding("d", "device", "Device", id="job.device"),
    ]

    def __init__(self, job_id: str) -> None:
        super().__init__()
        self.job_id = job_id

        self.job: JobView | None = None
        self.page = ""
        self._following = False
        self._headline = Static(id="headline", markup=False)
        self._titles = Static(id="pages")
        #: What the pages draw in, which is at hand even while the screen goes away.
        self._map = MapView(id="map")
        self._told = Static(id="spectrum-told", markup=False)
        self._chart = ChartView(id="spectrum-chart")
        self._members: Listing[BatchEntry] = Listing(_members(), empty="no members", id="members")
        self._levels = LevelsPage(id="levels")
        self._chunks = ChunksPage(id="chunks")
        self._rows = {name: RowsPage(id=name) for name in ("about", "result", "log")}
        spectrum = Vertical(self._told, self._chart, id="spectrum")
        pages = (self._map, spectrum, self._members, self._levels, self._chunks)
        self._switcher = ContentSwitcher(*self._rows.values(), *pages, initial="about")
        #: State of the job that a page was last filled for, and pages that are being filled.
        self._shown: dict[str, object] = {}
        self._busy: set[str] = set()

    @property
    def heading(self) -> str:
        """Whose screen it is."""
        return f"Job {self.job_id[:8]}"

    def body(self) -> list[Widget]:
        """A headline, the pages' names, the pages."""
        return [self._headline, self._titles, self._switcher]

    # -- following --------------------------------------------------------------------------

    def show(self, parts: frozenset[Part]) -> None:
        """The link has come or gone: follow, where that is possible."""
        client = self.console.source.client if self.console.source else None
        if client is None:
            if self.model.link.state in {"replay", "ended"} and self.job_id in self.model.jobs:
                self.take(self.model.jobs[self.job_id])
        elif not self._following and self.model.link.state == "live":
            self._following = True
            self.run_worker(self._follow(client), group="follow", exclusive=True)

    def on_screen_suspend(self) -> None:
        """Nobody looks."""
        self.workers.cancel_group(self, "follow")
        self._following = False

    async def _follow(self, client: Client) -> None:
        from pycwtd.client import ClientError  # noqa: PLC0415

        try:
            async for job in client.follow(self.job_id):
                self.take(job)
        except ClientError as error:
            self._headline.update(error.detail)
            self._following = False

    def take(self, job: JobView) -> None:
        """Show the job as it is now."""
        before, self.job = self.job, job
        self._headline.update(headline(job))
        self._headline.set_class(job.status == "failed", "-failed")
        self._rows["about"].show(about(job), parameters(job), self._device(job))
        there = self._pages
        ended = before is not None and not before.completed_at and job.completed_at
        if not self.page or self.page not in there or (ended and "map" in there):
            self._turn("map" if "map" in there else "members" if "members" in there else "about")
        else:
            self._turn(self.page)
        self.refresh_bindings()

    @property
    def _pages(self) -> dict[str, str]:
        if self.job is None:
            return {}
        found = pages(self.job)
        if not self.console.may("operator"):
            found.pop("log")
        return found

    def _device(self, job: JobView) -> Rows:
        """How the device of an operator's job is."""
        device = self.model.devices.get(job.backend or "")
        if job.kind not in DEVICE_KINDS or device is None:
            return []
        reason = device.reason if isinstance(device.reason, str) else ""
        rows = [("device", device.id), ("its state", device.state)]
        return rows + ([("because", reason)] if reason else [])

    # -- pages ------------------------------------------------------------------------------

    def action_page(self, name: str) -> None:
        """Turn to a page."""
        if name in self._pages:
            self._turn(name)

    def _turn(self, name: str) -> None:
        job, turned = self.job, name != self.page
        assert job is not None
        self.page = name
        if self._switcher.children:  # else it is going away
            self._switcher.current = name
        titles = [
            (f" {_KEYS[page]} {title} ", "reverse" if page == name else "")
            for page, title in self._pages.items()
        ]
        self._titles.update(Content.assemble(*titles))
        if turned:
            self._focus(name)
        self._fill(name, job)

    def _focus(self, name: str) -> None:
        page = self._rows.get(name) or {"map": self._map, "members": self._members}.get(name)
        self.set_focus(page)

    def _fill(self, name: str, job: JobView) -> None:
        """Fetch what a page shows, where that has changed."""
        if name == "members":
            rows = {entry.job_id: entry for entry in job.results or []}
            self._members.show(rows)
        if name == "spectrum":
            name = "map"
        fills = {
            "map": self._fill_map,
            "result": self._fill_result,
            "levels": self._fill_levels,
            "chunks": self._fill_chunks,
            "log": self._fill_log,
        }
        # The history of the errors is kept whichever page is looked at.
        for page in {name, "levels"} & fills.keys() & self._pages.keys():
            state = (job.status, 0 if page == "map" else job.realisations_done)
            if page not in self._busy and self._shown.get(page) != state:
                self._busy.add(page)
                self._shown[page] = state
                self.run_worker(self._fetch(page, fills[page]))

    async def _fetch(self, page: str, fill: Callable[[Client], Awaitable[None]]) -> None:
        """Fill a page; what goes wrong is said on it."""
        from pycwtd.client import ClientError  # noqa: PLC0415

        client = self.console.source.client if self.console.source else None
        try:
            if client is None:
                self._say(page, "A recording has no more than what is shown.")
            else:
                await fill(client)
        except ClientError as error:
            self._say(page, _sentence(error))
            if error.passing:
                self._shown.pop(page, None)
        finally:
            self._busy.discard(page)
        if self.job is not None and client is not None and page in self._shown:
            # It may have gone on meanwhile.
            self._fill(self.page, self.job)

    def _say(self, page: str, sentence: str) -> None:
        if page in self._rows:
            self._rows[page].show([("", sentence)])
        elif page == "levels":
            self._levels.say(sentence)
        elif page == "chunks":
            self._chunks.say(sentence)
        else:
            self.notify(sentence, severity="error")

    async def _fill_map(self, client: Client) -> None:
        """The map, and the spectrum that is its mean."""
        assert self.job is not None
        # numpy and scipy take half a second to load.
        found = await asyncio.to_thread(importlib.import_module, "pycwtd_console.tui.spectrum")
        module = await asyncio.to_thread(importlib.import_module, "pycwtd_console.tui.result")
        view = self._map
        await view.open(module.ResultMap(client, self.job))
        assert view.map is not None
        assert view.whole is not None
        mean = found.spectrum(view.map, view.whole)
        self._told.update(mean.words)
        self._chart.show(partial(found.draw, mean))

    async def _fill_levels(self, client: Client) -> None:
        from pycwtd.client import Jobs  # noqa: PLC0415

        assert self.job is not None
        self._levels.show(await Jobs(client).levels(self.job_id), self.job)

    async def _fill_chunks(self, client: Client) -> None:
        from pycwtd.client import Jobs  # noqa: PLC0415

        assert self.job is not None
        found = await Jobs(client).chunks(self.job_id)
        if found:
            self._chunks.show(found, self.job.realisations)
        else:
            self._chunks.say("Nothing is computed yet.")

    async def _fill_result(self, client: Client) -> None:
        """The result of what has no map, as far as it fits."""
        path = f"/api/v1/jobs/{self.job_id}/result"
        found = await client.ask("GET", path, dict[str, Any], params={"format": "json"})
        self._rows["result"].show([(k, _short(v)) for k, v in found.items()])

    async def _fill_log(self, client: Client) -> None:
        """The last lines about this job."""
        query = {"job_id": self.job_id, "limit": str(_LOG_LINES)}
        found = await client.ask("GET", "/api/v1/logs", dict[str, Any], params=query)
        lines = [one for value in found.values() if isinstance(value, list) for one in value]
        rows = [(str(one.get("time", "")), str(one.get("message", ""))) for one in lines]
        self._rows["log"].show(rows or [("", "Nothing is logged about it.")])

    # -- actions ----------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What can be done with this job, by this person."""
        job = self.job
        if action == "cancel" and (job is None or job.completed_at):
            return False
        if action == "export" and (job is None or job.status != "completed" or job.results):
            return False
        if action == "device" and (job is None or job.kind not in DEVICE_KINDS):
            return False
        return super().check_action(action, parameters)

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """A member of the batch."""
        self.console.open_job(message.key)

    def action_device(self) -> None:
        """The device of an operator's job."""
        if self.job is not None and self.job.backend:
            self.console.open_device(self.job.backend)

    def action_export(self) -> None:
        """Ask where to, and write there."""
        from pycwtd_console.tui.export import Export  # noqa: PLC0415 - seldom needed

        if self.job is not None:
            self.app.push_screen(Export(self.job))

    @work
    async def action_cancel(self) -> None:
        """Stop the job, after a question."""
        job_id = self.job_id
        if await self.sure(f"Job {job_id[:8]} will be stopped for good.", "Cancel it"):
            await self.ask(lambda client: client.cancel(job_id))


def _members() -> list[Column[BatchEntry]]:
    return [
        Column("task", 5, lambda entry: str(entry.task_id), "right"),
        Column("job", 36, lambda entry: entry.job_id, flexible=True),
        Column("status", 10, lambda entry: entry.status),
    ]


def _sentence(error: ClientError) -> str:
    """What went wrong; an older daemon hasn't all that this console asks for."""
    if error.status == _NOT_FOUND and error.code not in _OUR_404:
        return "This daemon is older than the console and doesn't tell that."
    return error.detail


def _short(value: object) -> str:
    """A value of a result in one line."""
    if isinstance(value, list):
        shown = ", ".join(_short(one) for one in value[:_LIST])
        more = f" … ({len(value):,} in all)" if len(value) > _LIST else ""
        return f"[{shown}]{more}" if not any(isinstance(v, list) for v in value) else _shape(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number(value)
    return "–" if value is None else str(value)


def _shape(value: object) -> str:
    sizes = []
    while isinstance(value, list):
        sizes.append(len(value))
        value = value[0] if value else None
    return " × ".join(f"{size:,}" for size in sizes) + " numbers"
