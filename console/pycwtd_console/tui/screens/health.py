"""Health: the daemon part by part, and who one is to it."""

from __future__ import annotations

import platform
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from textual.containers import VerticalScroll
from textual.widgets import Static

from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.widgets.facts import facts, size

if TYPE_CHECKING:
    from rich.table import Table
    from textual.widget import Widget

    from pycwtd.client import Client
    from pycwtd_console.tui.model import Part

#: Load and memory are asked for so often, while somebody looks (seconds).
_EVERY = 5.0
_MAY = {
    "none": "nothing",
    "viewer": "look at everything but keys, configuration and logs",
    "analyst": "submit, cancel your own jobs, upload, delete your own series, benchmark",
    "operator": "what an analyst may, and handle devices, every job, configuration and logs",
    "admin": "everything, keys and the audit trail included",
}
_BARS = 20
#: Shares beyond which a resource is called tight (%).
_TIGHT = 90.0


class _Stats(msgspec.Struct):
    jobs: int
    realisations: int
    bytes_stored: int


class HealthScreen(ConsoleScreen):
    """What the daemon says of itself."""

    TITLE = "Health"
    PARTS: ClassVar[frozenset[Part]] = frozenset({"health", "link", "backends", "devices"})
    DEFAULT_CSS = """
    HealthScreen VerticalScroll { height: 1fr; padding: 0 1; }
    HealthScreen Static { height: auto; }
    HealthScreen .-head { color: $text-accent; text-style: bold; }
    HealthScreen .-body { margin-bottom: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._stats: _Stats | None = None
        self._asked = 0.0

    def body(self) -> list[Widget]:
        """Parts, one below the other."""
        names = ("service", "you", "machine", "work", "parts")
        inner: list[Static] = []
        for name in names:
            head = Static(name.capitalize(), classes="-head", markup=False)
            inner += [head, Static(id=name, classes="-body", markup=False)]
        return [VerticalScroll(*inner)]

    def on_mount(self) -> None:
        """Load and memory change without an event."""
        self.set_interval(_EVERY, self._refresh)

    def _refresh(self) -> None:
        if self.is_current and self.model.link.state == "live":
            self.begin(self._ask, group="ask")

    async def _ask(self) -> None:
        async def work(client: Client) -> _Stats:
            return await client.ask("GET", "/api/v1/stats", _Stats)

        if self.console.source is None or self.console.source.client is None:
            return
        found = await self.ask(work)
        if found is not None:
            self._stats = found
            self.model.health = await self.ask(lambda client: client.detailed_health())
            self.show(self.PARTS)

    def show(self, parts: frozenset[Part]) -> None:
        """Health as it was told last."""
        if self._stats is None and "link" in parts:
            self._refresh()
        sections: dict[str, Table] = {
            "service": facts(self._service()),
            "machine": facts(self._machine()),
            "work": facts(self._work()),
            "parts": facts(self._parts(), 14),
            "you": facts(self._you()),
        }
        for name, table in sections.items():
            self.query_one(f"#{name}", Static).update(table)

    def _service(self) -> list[tuple[str, str]]:
        health, link = self.model.health, self.model.link
        if health is None:
            return [("status", "not known yet"), ("link", f"{link.state} {link.reason}".strip())]
        sign = "✓" if health.status == "healthy" else "▲"
        rows = [("status", f"{sign} {health.status}")]
        rows += [("why", reason) for reason in health.reasons]
        return [
            *rows,
            ("version", f"daemon {health.version}, console {version('pycwtd')}"),
            ("uptime", _uptime(health.uptime)),
            ("link", f"{link.state} for {_uptime(time.monotonic() - link.since)}"),
        ]

    def _machine(self) -> list[tuple[str, str]]:
        health = self.model.health
        if health is None:
            return []
        use = health.system
        advice = "delete results and series that nobody needs; new jobs are refused when it is full"
        return [
            ("processor", _bar(use.cpu_usage, "")),
            ("memory", _bar(use.memory_usage, "fewer engine.numerics_workers need less")),
            ("disk", _bar(use.disk_usage, advice)),
        ]

    def _work(self) -> list[tuple[str, str]]:
        health, stats = self.model.health, self._stats
        rows = []
        if health is not None:
            counts: dict[str, Any] = msgspec.structs.asdict(health.jobs)
            rows.append(("jobs", ", ".join(f"{n:,} {what}" for what, n in counts.items())))
        if stats is not None:
            rows.append(("in all", f"{stats.jobs:,} jobs, {stats.realisations:,} realisations"))
            rows.append(("stored", size(stats.bytes_stored)))
        return rows

    def _parts(self) -> list[tuple[str, str]]:
        health = self.model.health
        if health is None:
            return []
        errors = (
            {b.name: b.error for b in self.model.backends.backends} if (self.model.backends) else {}
        )
        rows = []
        for name, backend in health.backends.items():
            words = "✓ well" if backend.healthy else "▲ there, but not well"
            if not backend.available:
                words = f"– {errors.get(name) or 'not there'}"
            rows.append((name, words))
        for name, workload in health.workloads.items():
            words = "✓ taken" if workload.available else f"✗ {workload.error or ''}"
            rows.append((name, f"{words} (workload)"))
        return rows

    def _you(self) -> list[tuple[str, str]]:
        greeting = self.model.greeting
        here = f"{platform.node()}, Python {platform.python_version()}"
        if greeting is None:
            return [("console", here)]
        return [
            ("you are", f"{greeting.identity}, {greeting.role}"),
            ("you may", _MAY.get(greeting.role, "")),
            ("console", here),
        ]


def _bar(share: float, advice: str) -> str:
    filled = round(share / 100 * _BARS)
    bar = "█" * filled + "░" * (_BARS - filled)
    text = f"{bar} {share:3.0f} %"
    return f"{text}  ▲ tight: {advice}" if share > _TIGHT and advice else text


def _uptime(value: float) -> str:
    minutes, rest = divmod(int(value), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"
