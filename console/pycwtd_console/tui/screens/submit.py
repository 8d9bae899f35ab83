"""Submit: a form for whatever the daemon computes, looked at as it will look at it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from rich.table import Table
from rich.text import Text
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from pycwtd.client import ClientError, Uploads
from pycwtd_console.tui import series
from pycwtd_console.tui.estimates import describe, estimate, lines_of
from pycwtd_console.tui.schema import fields_of
from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.widgets.curve import Curve
from pycwtd_console.tui.widgets.field import Choice
from pycwtd_console.tui.widgets.form import Form, shown
from pycwtd_console.tui.widgets.prompt import Pick

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.widget import Widget

    from pycwtd.api.types import JobAccepted, KindView
    from pycwtd.client import Client
    from pycwtd.client.data import DataView
    from pycwtd.client.jobs import EstimateView
    from pycwtd_console.tui.model import Part

#: Typing is over when nothing has come for so long (seconds).
_PAUSE = 0.35
#: Longer series are sent for an estimate once they are uploaded.
_LONGEST = 200_000


class SubmitScreen(ConsoleScreen):
    """Kind, series, parameters; a glance at the series; what it would take."""

    TITLE = "Submit"
    PARTS: ClassVar[frozenset[Part]] = frozenset({"link", "backends"})
    ROLES: ClassVar[dict[str, str]] = dict.fromkeys(("send", "upload", "from_store"), "analyst")
    DEFAULT_CSS = """
    SubmitScreen #kinds { height: 1; background: $surface; }
    SubmitScreen #kinds Static { width: 21; padding: 0 1; color: $text-muted; }
    SubmitScreen #parts { height: 1fr; layout: vertical; }
    SubmitScreen #side { height: 7; }
    SubmitScreen #preview { height: 1fr; }
    SubmitScreen #estimates { height: auto; max-height: 3; padding: 0 1; }
    SubmitScreen #help { height: 2; color: $text-muted; padding: 0 1; background: $surface; }
    SubmitScreen #verdict { height: 1; padding: 0 1; background: $panel; text-style: bold; }
    SubmitScreen #verdict.-wrong { color: $text-error; }
    SubmitScreen.-wide #parts { layout: horizontal; }
    SubmitScreen.-wide #parts Form { width: 3fr; }
    SubmitScreen.-wide #side { width: 2fr; height: 1fr; border-left: vkey $primary; }
    SubmitScreen.-wide #estimates { max-height: 12; }
    SubmitScreen.-wide #preview { max-height: 16; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+g", "send", "Send", id="submit.send", tooltip="Send it as a job"),
        Binding("ctrl+o", "from_store", "Store", id="submit.store", tooltip="Series of the store"),
        Binding("ctrl+t", "upload", "Upload", id="submit.upload", tooltip="Upload the file now"),
        Binding("up", "app.focus_previous", "Field above", id="submit.up", show=False),
        Binding("down", "app.focus_next", "Field below", id="submit.down", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._document: dict[str, Any] = {}
        self._kinds: dict[str, tuple[KindView, str]] = {}
        self._store: list[DataView] = []
        #: Series that were found, by what was typed and whether gaps are allowed.
        self._found: dict[tuple[str, bool], series.Series] = {}
        #: Series that were chosen elsewhere before there were fields for them.
        self._waiting: list[str] = []

    def body(self) -> list[Widget]:
        """The kind on top; side by side or above each other: form, preview and times."""
        suggester = series.SeriesSuggester(lambda: [one.data_id for one in self._store])
        kinds = Horizontal(Static("kind"), Choice(["…"], "…", id="kind"), id="kinds")
        side = Vertical(
            Curve(empty="the series that is entered is shown here", id="preview"),
            Static(id="estimates", markup=False),
            id="side",
        )
        parts = Vertical(Form(suggester, id="form"), side, id="parts")
        return [kinds, parts, Static(id="help", markup=False), Static(id="verdict", markup=False)]

    # -- what there is to submit ----------------------------------------------------------

    def show(self, parts: frozenset[Part]) -> None:
        """Ask for the kinds as soon as there is somebody to ask."""
        if self.model.link.state == "live" and not self._kinds:
            self.begin(self._load, group="load")

    def on_screen_resume(self) -> None:
        """The store may have other series by now."""
        super().on_screen_resume()
        if self._kinds:
            self.begin(self._list_store, group="store")

    async def _load(self) -> None:
        async def work(client: Client) -> None:
            workloads = await client.workloads()
            self._document = await client.ask("GET", "/openapi.json", dict[str, Any])
            there = sorted((w for w in workloads if w.available), key=lambda w: w.name != "wavelet")
            self._kinds = {k.name: (k, w.name) for w in there for k in w.kinds if k.paths}

        await self.ask(work)
        await self._list_store()
        if self._kinds:
            choice = self.query_one("#kind", Choice)
            choice.options = list(self._kinds)
            choice.value = next(iter(self._kinds))
            choice.refresh()

    async def _list_store(self) -> None:
        async def work(client: Client) -> list[DataView]:
            return [one async for one in Uploads(client).all(1000)]

        found = await self.ask(work)
        if found is not None:
            self._store = found

    @property
    def form(self) -> Form:
        """Its fields."""
        return self.query_one(Form)

    @property
    def kind(self) -> str:
        """What is to be computed."""
        return self.query_one("#kind", Choice).value

    async def on_choice_changed(self, event: Choice.Changed) -> None:
        """Another kind has other fields."""
        if event.value not in self._kinds:
            return
        kind, workload = self._kinds[event.value]
        specs = fields_of(self._document, kind.paths[-1])
        names = [b.name for b in self.model.backends.backends] if self.model.backends else []
        preset = {"significance_test": "yes"} if event.value == "wct" else {}
        await self.form.turn_to(
            shown(specs, kind.name, kind.simulates, workload),
            {"backend": ["auto", *names]} if names else {},
            preset,
        )
        self.query_one("#help", Static).update(kind.summary)
        waiting, self._waiting = self._waiting, []
        for text in waiting:
            self.take_series(text)
        self._look()

    def take_series(self, text: str) -> None:
        """Enter a series that somebody has chosen elsewhere."""
        forms = list(self.query(Form))
        if forms and forms[0].series:
            forms[0].put_series(text)
        else:
            self._waiting.append(text)

    # -- looking at it --------------------------------------------------------------------

    def on_form_focused(self, event: Form.Focused) -> None:
        """Say more of the field."""
        spec = event.spec
        default = f" Default: {spec.shown_default}." if spec.shown_default else ""
        text = spec.description
        if spec.kind == "series":
            text = f"FILE, FILE:COLUMN or @ID of the store; → completes. {text}"
        self.query_one("#help", Static).update(f"{spec.name}: {text}{default}")
        if spec.kind == "series":
            self._draw(spec.name)

    def on_form_changed(self, event: Form.Changed) -> None:
        """Look again when the typing is over."""
        self._look()

    def _look(self) -> None:
        self.begin(self._judge, group="look")

    async def _judge(self) -> None:
        await asyncio.sleep(_PAUSE)
        client = self.console.source.client if self.console.source else None
        if client is None:
            return
        await self._find_series(client)
        wrong = self.form.wrong()
        if wrong:
            self._say_wrong(wrong[0][0].spec.name, wrong[0][1], len(wrong))
            return
        request, pending = self._request()
        if pending:
            self._say(f"Ready; {pending}.", None)
            return
        try:
            found = await estimate(client, self.kind, request)
        except ClientError as error:
            self._blame(error)
            return
        self.form.forgive()
        self._say("Ready to be sent." if found else "Ready; this daemon can't estimate.", found)

    async def _find_series(self, client: Client) -> None:
        gaps = self._gaps()
        for spec in self.form.series:
            row = self.form.row(spec.name)
            text = row.text.strip()
            if not text:
                row.note("")
                continue
            try:
                if (text, gaps) not in self._found:
                    self._found[text, gaps] = await series.find(client, text, gaps=gaps)
            except series.SeriesError as error:
                row.say(str(error))
                continue
            row.say("")
            row.note(self._found[text, gaps].note)
            self._draw(spec.name)

    def _gaps(self) -> bool:
        rows = [row for row in self.form.rows if row.spec.name == "gaps"]
        return bool(rows) and rows[0].text not in {"", "none"}

    def _series(self, name: str) -> series.Series | None:
        return self._found.get((self.form.row(name).text.strip(), self._gaps()))

    def _draw(self, name: str) -> None:
        curve = self.query_one(Curve)
        found = self._series(name)
        if found is None:
            return
        if found.preview is None:
            curve.clear(f"{name}: {found.note}; no preview before it is uploaded")
            return
        glance = found.preview
        curve.border_title = name
        curve.show(glance.minima, glance.maxima, 0.0, float(max(glance.length - 1, 1)))

    def _request(self) -> tuple[dict[str, Any], str]:
        """The request, and what it lacks for an estimate."""
        request, pending = self.form.request(), ""
        for spec in self.form.series:
            found = self._series(spec.name)
            if found is None:
                continue
            if found.data_id is not None:
                request[f"{spec.name}_id"] = found.data_id
            elif found.values is not None:
                request[spec.name] = found.values
                if len(found.values) > _LONGEST:
                    pending = f"{spec.name} is long: Upload it for an estimate"
            else:
                pending = f"{spec.name} is for the daemon to read: Upload it now, or send"
        return request, pending

    def _say(self, verdict: str, found: EstimateView | None) -> None:
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, min_width=14)
        table.add_column(no_wrap=True, overflow="ellipsis")
        for name, time in lines_of(found) if found else ():
            table.add_row(Text(name), Text(time))
        self.query_one("#estimates", Static).update(table if found else "")
        if found:
            verdict = f"Ready: {describe(found)}"
        line = self.query_one("#verdict", Static)
        line.remove_class("-wrong")
        line.update(verdict)

    def _say_wrong(self, name: str, wrong: str, count: int) -> None:
        self.query_one("#estimates", Static).update("")
        line = self.query_one("#verdict", Static)
        line.add_class("-wrong")
        more = f" (and {count - 1} more)" if count > 1 else ""
        line.update(f"✗ {name}: {wrong}{more}")

    def _blame(self, error: ClientError) -> None:
        """Put the daemon's sentence where it belongs."""
        detail = error.detail
        if error.code == "unknown_data":
            for spec in self.form.series:
                found = self._series(spec.name)
                if found and found.data_id and found.data_id in detail:
                    self._found.pop((self.form.row(spec.name).text.strip(), self._gaps()), None)
                    detail = f"{spec.name}: {detail}"
        self.form.blame(detail)
        name, _, rest = detail.partition(": ")
        self._say_wrong(name, rest, 1) if rest else self._say_wrong(self.kind, detail, 1)

    # -- doing it -------------------------------------------------------------------------

    async def action_send(self) -> None:
        """Send it; what is typed stays."""
        self.begin(self._send, group="send")

    async def _send(self) -> None:
        client = self.console.source.client if self.console.source else None
        if client is None:
            return
        await self._find_series(client)
        wrong = self.form.wrong()
        if wrong:
            row, text = wrong[0]
            row.say(text)
            self._say_wrong(row.spec.name, text, len(wrong))
            row.query_one(".entry").focus()
            return
        if not await self._upload_files():
            return
        kind, (request, _) = self.kind, self._request()
        try:
            job: JobAccepted = await client.submit(kind, request)
        except ClientError as error:
            self._blame(error)
            self.notify(error.detail, severity="error")
            return
        self.notify(f"{kind} {job.job_id[:8]}: {job.message}")
        self.console.open_job(job.job_id)

    async def action_upload(self) -> None:
        """Upload the files among the series."""

        async def work() -> None:
            if await self._upload_files(everything=True):
                self._look()

        self.begin(work, group="send")

    async def _upload_files(self, *, everything: bool = False) -> bool:
        """Put uploads in the place of files; whether all went well."""
        gaps = self._gaps()
        for spec in self.form.series:
            row, found = self.form.row(spec.name), self._series(spec.name)
            if found is None or found.data_id or not (found.file or everything):
                continue
            path, column = series.file_of(row.text)
            row.note("is being uploaded …")

            async def work(client: Client, path: Any = path, column: Any = column) -> str:
                return await series.upload(client, path, column, gaps=gaps)

            try:
                data_id = await self.ask(work)
            except series.SeriesError as error:
                row.say(str(error))
                return False
            if data_id is None:
                row.note("")
                return False
            row.text = f"@{data_id}"
        await self._list_store()
        client = self.console.source.client if self.console.source else None
        if client is not None:
            await self._find_series(client)
        return True

    def action_from_store(self) -> None:
        """Choose a series that the daemon has."""
        focused = self.focused
        row = next((r for r in self.form.rows if focused in r.children), None)
        target = row if row is not None and row.spec.kind == "series" else None
        choices = [
            (one.data_id, f"{one.data_id[:8]}  {one.filename}  {one.length:,} samples")
            for one in self._store
        ]

        def take(data_id: str | None) -> None:
            if data_id is None:
                return
            if target is not None:
                target.text = f"@{data_id}"
            else:
                self.form.put_series(f"@{data_id}")

        self.app.push_screen(Pick("Series of the store", choices, "the store is empty"), take)
