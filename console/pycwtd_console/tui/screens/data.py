"""Data: the series that the daemon keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Static

from pycwtd.client import ClientError, Uploads
from pycwtd_console.tui import series
from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.widgets.curve import Curve
from pycwtd_console.tui.widgets.facts import facts, size
from pycwtd_console.tui.widgets.listing import Column, Listing
from pycwtd_console.tui.widgets.prompt import Ask

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.widget import Widget

    from pycwtd.client import Client
    from pycwtd.client.data import DataView
    from pycwtd_console.tui.model import Part
    from pycwtd_console.tui.screens.submit import SubmitScreen

#: So many are listed, the newest ones.
_MOST = 20_000


def columns() -> list[Column[DataView]]:
    """What a line tells of a series."""
    return [
        Column("series", 8, lambda one: one.data_id[:8]),
        Column("file", 12, lambda one: one.filename, flexible=True),
        Column("samples", 10, lambda one: f"{one.length:,}", "right"),
        Column("missing", 7, lambda one: f"{one.missing:,}" if one.missing else "", "right"),
        Column("format", 6, lambda one: one.format, from_width=70),
        Column("size", 9, lambda one: size(one.bytes), "right", from_width=70),
        Column("by", 12, lambda one: one.owner, from_width=100),
        Column("uploaded", 16, lambda one: one.created_at[:16].replace("T", " "), from_width=100),
    ]


class DataScreen(ConsoleScreen):
    """A list, and a glance at the series with the cursor."""

    TITLE = "Data"
    PARTS: ClassVar[frozenset[Part]] = frozenset({"link", "events"})
    ROLES: ClassVar[dict[str, str]] = dict.fromkeys(("upload", "delete", "analyse"), "analyst")
    DEFAULT_CSS = """
    DataScreen #parts { height: 1fr; layout: vertical; }
    DataScreen #glance { height: 11; border-top: hkey $primary; }
    DataScreen #details { height: auto; max-height: 6; padding: 0 1; }
    DataScreen #preview { height: 1fr; min-height: 5; }
    DataScreen #progress { height: auto; padding: 0 1; background: $panel; }
    DataScreen.-wide #parts { layout: horizontal; }
    DataScreen.-wide #parts Listing { width: 3fr; }
    DataScreen.-wide #glance {
        width: 2fr; height: 1fr; border-top: none; border-left: vkey $primary;
    }
    DataScreen.-wide #details { max-height: 14; }
    DataScreen.-wide #preview { max-height: 18; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "analyse", "Analyse", id="data.analyse", tooltip="Submit a job on it"),
        Binding("u", "upload", "Upload", id="data.upload", tooltip="Upload a file"),
        Binding("d", "download", "Download", id="data.download", tooltip="Fetch the file"),
        Binding("x", "delete", "Delete", id="data.delete", tooltip="Delete what is marked"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._all: dict[str, DataView] = {}
        self._seen = -1
        self._live = False

    def body(self) -> list[Widget]:
        """List; details and preview of one; how an upload goes."""
        listing: Listing[DataView] = Listing(columns(), empty="no series; u uploads one", id="data")
        glance = Vertical(
            Static(id="details", markup=False), Curve(empty="", id="preview"), id="glance"
        )
        return [Vertical(listing, glance, id="parts"), Static(id="progress", markup=False)]

    def show(self, parts: frozenset[Part]) -> None:
        """Ask anew when there is news of series, or a new connection."""
        live = self.model.link.state == "live"
        news = [e for e in self.model.events if e.type.startswith("data.") and e.seq > self._seen]
        if live and (news or not self._live):
            if self.model.events:
                self._seen = self.model.events[-1].seq
            self.load()
        self._live = live

    def load(self) -> None:
        """Ask for the list."""
        self.begin(self._load, group="load")

    async def _load(self) -> None:
        async def work(client: Client) -> list[DataView]:
            return [one async for one in Uploads(client).all(_MOST)]

        found = await self.ask(work)
        if found is not None:
            self._all = {one.data_id: one for one in found}
            self._list.show(self._all)

    @property
    def _list(self) -> Listing[DataView]:
        return self.query_one("#data", Listing)

    def on_listing_highlighted(self, event: Listing.Highlighted) -> None:
        """Details at once, the preview when it comes."""
        one = self._all.get(event.key or "")
        details, curve = self.query_one("#details", Static), self.query_one(Curve)
        if one is None:
            details.update("")
            curve.clear("")
            return
        details.update(facts(_facts(one)))
        self.begin(self._glance, one, group="glance")

    async def _glance(self, one: DataView) -> None:
        client = self.console.source.client if self.console.source else None
        if client is None:
            return
        curve = self.query_one(Curve)
        try:
            found = await series.preview(client, one.data_id)
        except ClientError as error:
            curve.clear(error.detail)
            return
        if found is None:
            curve.clear("this daemon gives no previews")
            return
        curve.show(found.minima, found.maxima, 0.0, float(max(found.length - 1, 1)))
        numbers = [
            (name, f"{value:.6g}")
            for name, value in (
                ("mean", found.mean),
                ("std", found.std),
                ("minimum", found.minimum),
                ("maximum", found.maximum),
            )
            if value is not None
        ]
        words = ", ".join(f"{name} {value}" for name, value in numbers)
        self.query_one("#details", Static).update(facts([*_facts(one), ("values", words)]))

    # -- doing ----------------------------------------------------------------------------

    def on_listing_chosen(self, event: Listing.Chosen) -> None:
        """Enter analyses, for those who may."""
        if self.check_action("analyse", ()):
            self.action_analyse()

    def action_analyse(self) -> None:
        """Go to the form with these series in it."""
        picked = self._list.picked
        if not picked:
            return
        self.console.action_go("submit")
        for data_id in picked[:2]:
            cast("SubmitScreen", self.app.screen).take_series(f"@{data_id}")

    def action_upload(self) -> None:
        """Ask for a path, and send the file."""

        def take(text: str | None) -> None:
            if text:
                self.begin(self._upload, text, group="upload")

        question = "Upload FILE or FILE:COLUMN (CSV, JSON, .npy, .npz, NetCDF)"
        self.app.push_screen(Ask(question, "", series.SeriesSuggester(), _wrong_file), take)

    async def _upload(self, text: str) -> None:
        path, column = series.file_of(text)
        total = max(path.stat().st_size, 1)
        gone = 0
        line = self.query_one("#progress", Static)

        def progress(count: int) -> None:
            nonlocal gone
            gone = count

        def tell() -> None:
            line.update(f"{path.name}: {min(gone / total, 1.0):.0%} of {size(total)} uploaded")

        timer = self.set_interval(0.2, tell)

        async def work(client: Client) -> str:
            return await series.upload(client, path, column, gaps=True, progress=progress)

        try:
            data_id = await self.ask(work)
        except series.SeriesError as error:
            self.notify(str(error), severity="error")
            data_id = None
        finally:
            timer.stop()
            line.update("")
        if data_id is not None:
            self.notify(f"{path.name} is {data_id[:8]} now")
            await self._load()

    def action_download(self) -> None:
        """Ask where to, and fetch the files."""
        picked = [self._all[key] for key in self._list.picked]
        if not picked:
            return
        if len(picked) == 1:
            question, text = "Write the file to", Path(picked[0].filename).name or "data"
        else:
            question, text = f"Write {len(picked)} files into the folder", "."

        def take(answer: str | None) -> None:
            if answer:
                target = Path(answer).expanduser()
                self.begin(self._download, picked, target, group="download")

        wrong = _wrong_target if len(picked) == 1 else _wrong_folder
        self.app.push_screen(Ask(question, text, series.SeriesSuggester(), wrong), take)

    async def _download(self, picked: list[DataView], target: Path) -> None:
        line = self.query_one("#progress", Static)
        for one in picked:
            # Files of the same name must not replace one another.
            own = f"{one.data_id[:8]}-{Path(one.filename).name or 'data'}"
            path = target if len(picked) == 1 else target / own
            line.update(f"{path}: {size(one.bytes)} are being fetched")

            async def work(client: Client, one: DataView = one, path: Path = path) -> int:
                return await Uploads(client).download(one.data_id, path)

            try:
                count = await self.ask(work)
            except OSError as error:
                self.notify(f"{path}: can't be written: {error.strerror}", severity="error")
                count = None
            if count is not None:
                self.notify(f"{path}: {size(count)}")
        line.update("")

    def action_delete(self) -> None:
        """Ask, and delete what is marked."""
        picked = [self._all[key] for key in self._list.picked]
        if not picked:
            return
        self.begin(self._delete, picked, group="delete")

    async def _delete(self, picked: list[DataView]) -> None:
        what = picked[0].filename if len(picked) == 1 else f"{len(picked)} series"
        sentence = f"{what} will be gone. Jobs that use it go on."
        if not await self.sure(sentence, f"Delete {what}"):
            return
        gone = 0
        for one in picked:

            async def work(client: Client, data_id: str = one.data_id) -> bool:
                return bool(await Uploads(client).delete(data_id))

            gone += bool(await self.ask(work))
        if gone:
            self.notify(f"{gone} deleted")
        self._list.marked.clear()
        await self._load()


def _facts(one: DataView) -> list[tuple[str, str]]:
    notes = ", ".join(f"{name} {value}" for name, value in one.metadata.items())
    missing = f", {one.missing:,} missing" if one.missing else ""
    return [
        ("file", f"{one.filename} ({one.format}, {size(one.bytes)})"),
        ("samples", f"{one.length:,}{missing}"),
        ("uploaded", f"{one.created_at[:19].replace('T', ' ')} UTC by {one.owner}"),
        ("notes", notes),
        ("id", one.data_id),
    ]


def _wrong_file(text: str) -> str:
    path, _ = series.file_of(text)
    if not text:
        return "a path is needed"
    if path.is_dir():
        return f"{path} is a folder"
    return "" if path.is_file() else f"there is no file {path}"


def _wrong_target(text: str) -> str:
    path = Path(text).expanduser()
    if not text:
        return "a path is needed"
    if path.exists():
        return f"{path} is there already; give another name"
    return "" if path.parent.is_dir() else f"there is no folder {path.parent}"


def _wrong_folder(text: str) -> str:
    path = Path(text).expanduser()
    return "" if text and path.is_dir() else f"there is no folder {path}"
