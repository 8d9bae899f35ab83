"""Backends: what can compute here, how fast it was measured to be, and why the others can't."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

import msgspec
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from pycwtd.client import ClientError
from pycwtd_console.tui.estimates import seconds
from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.widgets.facts import facts
from pycwtd_console.tui.widgets.listing import Column, Listing

if TYPE_CHECKING:
    from textual.binding import BindingType
    from textual.widget import Widget

    from pycwtd.api.types import Backend
    from pycwtd.client import Client
    from pycwtd_console.tui.model import Part


class _Status(msgspec.Struct):
    performance_metrics: dict[str, float | None] = {}
    last_error: str | None = None


class _Timing(msgspec.Struct):
    status: str
    computation_time: float | None = None
    speedup: float | None = None
    error: str = ""


class _Benchmark(msgspec.Struct):
    signal_length: int
    mc_count: int
    results: dict[str, _Timing]
    fastest_backend: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A backend, or a driver that was refused."""

    name: str
    backend: Backend | None
    refused: str = ""

    @property
    def state(self) -> str:
        """In one word."""
        if self.backend is None:
            return "refused"
        return self.backend.device.state if self.backend.available else "unavailable"

    @property
    def words(self) -> str:
        """What it is, or what keeps it from work."""
        if self.backend is None:
            return self.refused
        return self.backend.error or self.backend.description

    @property
    def tone(self) -> str:
        """Style of its state."""
        if self.backend is None:
            return "listing--bad"
        return "listing--good" if self.backend.available else "listing--quiet"


def columns() -> list[Column[Row]]:
    """What a line tells of a backend."""
    return [
        Column("backend", 13, lambda row: row.name),
        Column("state", 11, lambda row: row.state, tone=lambda row: row.tone),
        Column("type", 11, lambda row: row.backend.type if row.backend else "", from_width=100),
        Column("numerics", 12, lambda row: row.backend.numerics if row.backend else ""),
        Column("speed", 6, _speedup, "right"),
        Column("admits", 6, _tolerance, "right", from_width=100),
        Column("", 16, lambda row: row.words, flexible=True),
    ]


def _speedup(row: Row) -> str:
    found = row.backend.estimated_speedup if row.backend else None
    return f"{found:.1f}×" if found is not None else "–"


def _tolerance(row: Row) -> str:
    return f"{row.backend.capabilities.tolerance:g}" if row.backend else ""


class BackendsScreen(ConsoleScreen):
    """A list, all that is known of the one with the cursor, and what a benchmark has found."""

    TITLE = "Backends"
    PARTS: ClassVar[frozenset[Part]] = frozenset({"backends", "devices", "link"})
    ROLES: ClassVar[dict[str, str]] = {"benchmark": "analyst"}
    DEFAULT_CSS = """
    BackendsScreen Listing { height: 1fr; min-height: 5; }
    BackendsScreen VerticalScroll { height: 11; border-top: hkey $primary; padding: 0 1; }
    BackendsScreen VerticalScroll Static { height: auto; }
    BackendsScreen #bench { color: $text-accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "b",
            "benchmark",
            "Benchmark",
            id="backends.benchmark",
            tooltip="Time the marked ones, else all that are there",
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, Row] = {}
        self._status: dict[str, _Status] = {}

    def body(self) -> list[Widget]:
        """List and details."""
        listing: Listing[Row] = Listing(columns(), empty="no backends", id="backends")
        details = VerticalScroll(
            Static(id="bench", markup=False), Static(id="details", markup=False), can_focus=False
        )
        return [listing, details]

    def show(self, parts: frozenset[Part]) -> None:
        """The backends as they are now."""
        found = self.model.backends
        if found is None:
            return
        self._rows = {one.name: Row(one.name, one) for one in found.backends}
        self._rows |= {
            f"refused {one.driver}": Row(one.driver, None, one.reason) for one in found.refused
        }
        self._status.clear()
        listing = self.query_one("#backends", Listing)
        listing.show(self._rows)
        self._details(listing.key)

    def on_listing_highlighted(self, event: Listing.Highlighted) -> None:
        """Say all of it."""
        self._details(event.key)

    def _details(self, key: str | None) -> None:
        row = self._rows.get(key or "")
        if row is None:
            return
        self.query_one("#details", Static).update(facts(self._facts(row)))
        if row.backend is not None and row.name not in self._status:
            self.begin(self._ask_status, row.name, group="status")

    async def _ask_status(self, name: str) -> None:
        path = f"/api/v1/backends/{quote(name, safe='')}/status"

        async def work(client: Client) -> _Status:
            return await client.ask("GET", path, _Status)

        found = await self.ask(work)
        if found is not None:
            self._status[name] = found
            self._details(self.query_one("#backends", Listing).key)

    def _facts(self, row: Row) -> list[tuple[str, str]]:
        if row.backend is None:
            return [("driver", row.name), ("refused", row.refused)]
        one, status = row.backend, self._status.get(row.name, _Status())
        can = one.capabilities
        device, last = one.device, status.last_error or ""
        return [
            ("backend", f"{one.name}: {one.description}"),
            ("what to do", one.error or ""),
            ("way out", device.way_out or ""),
            ("last error", last if last != one.error else ""),
            ("computes on", ", ".join(one.devices)),
            ("estimators", ", ".join(can.estimators)),
            ("wavelets", ", ".join(can.wavelets)),
            ("numerics", f"{one.numerics}; a 95 % level may be off by {can.tolerance:g}"),
            ("speed", _speed(status.performance_metrics, one.estimated_speedup)),
            ("type", one.type),
        ]

    def action_benchmark(self) -> None:
        """Time backends with the same work."""
        marked = self.query_one("#backends", Listing).marked
        names = [
            row.name
            for key, row in self._rows.items()
            if row.backend is not None and (key in marked if marked else row.backend.available)
        ]
        if names:
            self.begin(self._benchmark, names, group="benchmark")

    async def _benchmark(self, names: list[str]) -> None:
        line = self.query_one("#bench", Static)
        line.update(f"{', '.join(names)}: being timed …")
        client = self.console.source.client if self.console.source else None
        if client is None:
            line.update("a recording can't be timed")
            return
        body = {"backends": names}
        try:
            found = await client.ask("POST", "/api/v1/benchmark", _Benchmark, json=body)
        except ClientError as error:
            line.update(f"✗ {error.detail}")
            return
        self._status.clear()
        what = f"{found.mc_count} realisations of {found.signal_length} samples:"
        line.update(facts([("benchmark", what), *_timings(found)]))


def _timings(found: _Benchmark) -> list[tuple[str, str]]:
    rows = []
    for name, one in found.results.items():
        if one.computation_time is None:
            rows.append((name, f"✗ {one.status}: {one.error}"))
            continue
        against = f", {one.speedup:.2f}× sequential" if one.speedup is not None else ""
        best = ", the fastest" if name == found.fastest_backend else ""
        rows.append((name, f"{seconds(one.computation_time)}{against}{best}"))
    return rows


def _speed(metrics: dict[str, float | None], speedup: float | None) -> str:
    start = "microseconds_per_realisation_"
    parts = [
        f"{name.removeprefix(start)} {value:.3g} µs a realisation"
        for name, value in metrics.items()
        if name.startswith(start) and value is not None
    ]
    if speedup is not None:
        parts.append(f"{speedup:.2f}× sequential")
    return ", ".join(parts) or "not measured yet"
