"""Configuration: every setting of the daemon, and where its value comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from textual.binding import Binding
from textual.widgets import Static

from pycwtd.client import ClientError, Configuration
from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.widgets.facts import facts
from pycwtd_console.tui.widgets.listing import Column, Listing

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.widget import Widget

    from pycwtd.client.watching import Setting
    from pycwtd_console.tui.model import Part

_DEFAULT = "default"


def columns() -> list[Column[Setting]]:
    """What a line tells of a setting."""
    return [
        Column("setting", 30, lambda one: one.name),
        Column("value", 18, lambda one: shown(one.value)),
        Column(
            "from",
            16,
            lambda one: one.source,
            tone=lambda one: "listing--quiet" if one.source == _DEFAULT else "listing--busy",
            flexible=True,
        ),
    ]


def shown(value: Any) -> str:
    """A value as it would stand in the file, nearly."""
    if value is None:
        return "–"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


class ConfigurationScreen(ConsoleScreen):
    """A list with a filter; the whole of the setting with the cursor."""

    TITLE = "Configuration"
    PARTS: ClassVar[frozenset[Part]] = frozenset({"link"})
    ROLES: ClassVar[dict[str, str]] = {"changed_only": "operator", "renew": "operator"}
    DEFAULT_CSS = """
    ConfigurationScreen #setting { height: 6; border-top: hkey $primary; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "c",
            "changed_only",
            "Changed",
            id="configuration.changed",
            tooltip="What isn't the default alone, or everything",
        ),
        Binding("r", "renew", "Reload", id="configuration.renew", tooltip="Ask for it again"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._all: dict[str, Setting] = {}
        self._changed_only = False
        self._live = False

    def body(self) -> list[Widget]:
        """List and details."""
        listing: Listing[Setting] = Listing(columns(), empty="no settings", id="settings")
        return [listing, Static(id="setting", markup=False)]

    def show(self, parts: frozenset[Part]) -> None:
        """Ask again with every new connection: the daemon may have been started anew."""
        live = self.model.link.state == "live"
        if live and not self._live:
            self.action_renew()
        self._live = live

    def action_renew(self) -> None:
        """Ask for it again."""
        self.begin(self._load, group="load")

    async def _load(self) -> None:
        client = self.console.source.client if self.console.source else None
        if client is None:
            self.query_one("#setting", Static).update("a recording has no configuration")
            return
        try:
            found = await Configuration(client).all()
        except ClientError as error:
            old = "this daemon doesn't tell its configuration; 'pycwtctl config show' does, there"
            self.query_one("#setting", Static).update(old if error.status == 404 else error.detail)
            return
        self._all = {one.name: one for one in found}
        self._fill()

    def _fill(self) -> None:
        chosen = {
            name: one
            for name, one in self._all.items()
            if not (self._changed_only and one.source == _DEFAULT)
        }
        self.query_one("#settings", Listing).show(chosen)

    def action_changed_only(self) -> None:
        """What somebody has set, or all."""
        self._changed_only = not self._changed_only
        self._fill()
        text = "what isn't the default" if self._changed_only else "all settings"
        self.notify(text, timeout=2.0)

    def on_listing_highlighted(self, event: Listing.Highlighted) -> None:
        """All of it."""
        one = self._all.get(event.key or "")
        if one is not None:
            rows = [
                (one.name, shown(one.value)),
                ("from", one.source),
                ("", ""),
                ("means", one.description),
            ]
            self.query_one("#setting", Static).update(facts(rows, max(len(one.name), 7)))
