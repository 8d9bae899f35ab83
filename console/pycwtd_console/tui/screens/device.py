"""One device: what it is, how it fares, what it has computed, and what may be done with it."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from textual import work
from textual.binding import Binding
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from pycwtd_console.tui import words
from pycwtd_console.tui.cells import job_columns
from pycwtd_console.tui.model import ENDED
from pycwtd_console.tui.screens.base import ConsoleScreen
from pycwtd_console.tui.widgets.listing import Listing

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType
    from textual.widget import Widget

    from pycwtd.api.types import JobView
    from pycwtd.client import Client
    from pycwtd.client.devices import DeviceDetails, DeviceView
    from pycwtd_console.tui.model import Part

Order = Literal["drain", "resume", "release"]

_JOBS = 500
_SELF_TESTS = 5
#: Cells for the names of facts.
_NAMES = 12
#: Kinds of jobs that are about the device itself.
_ERRANDS = frozenset({"self_test", "flash"})
_QUESTIONS = {
    "drain": "{} gets no more work; what it has begun it finishes. Jobs go on elsewhere or wait, "
    "and it stays so until it is resumed.",
    "resume": "{} is probed and tested, and then takes work again.",
    "release": "{} is let out of quarantine, its deaths are forgotten; it is probed and tested, "
    "and then takes work again.",
    "self-test": "{} computes what is known, which takes it from work for up to a minute. "
    "If it fails, it is quarantined.",
    "flash": "The firmware of {} is written anew. Jobs on it wait meanwhile; don't cut its power.",
}
#: Actions, and whether a device's driver and state allow them.
_FITS: dict[str, Callable[[DeviceView], bool]] = {
    "self_test": lambda device: device.state != "unavailable",
    "flash": lambda device: "flash" in device.hooks and device.state != "unavailable",
    "drain": lambda device: device.state not in {"draining", "drained", "quarantined"},
    "resume": lambda device: device.state in {"draining", "drained"},
    "release": lambda device: device.state == "quarantined",
}


class DeviceScreen(ConsoleScreen):
    """Facts above or on the left, jobs below or on the right.

    Args:
        device_id: which device.
    """

    TITLE = "Device"
    PARTS: ClassVar[frozenset[Part]] = frozenset({"devices", "jobs", "rates"})
    AUTO_FOCUS = "#jobs"
    ROLES: ClassVar[dict[str, str]] = dict.fromkeys(
        ("self_test", "flash", "drain", "resume", "release"), "operator"
    )
    DEFAULT_CSS = """
    DeviceScreen #both { layout: vertical; height: 1fr; }
    DeviceScreen #about { height: auto; max-height: 65%; padding: 0 1; }
    DeviceScreen #jobs { height: 1fr; min-height: 3; }
    DeviceScreen.-wide #both { layout: horizontal; }
    DeviceScreen.-wide #about { height: 100%; max-height: 100%; width: 2fr; }
    DeviceScreen.-wide #jobs { height: 100%; width: 3fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "self_test", "Self-test", id="device.self_test"),
        Binding("f", "flash", "Flash", id="device.flash"),
        Binding("d", "drain", "Drain", id="device.drain"),
        Binding("u", "resume", "Resume", id="device.resume"),
        Binding("l", "release", "Release", id="device.release"),
        Binding("y", "copy", "Copy name", id="copy"),
    ]

    def __init__(self, device_id: str) -> None:
        super().__init__()
        self.device_id = device_id
        #: With what only this route tells; as old as the last change.
        self._whole: DeviceDetails | None = None
        self._asked_for: DeviceView | None = None
        #: The self-test or flashing that was ordered here, and what came of it.
        self._errand: str | None = None
        self._outcome = ""

    @property
    def device(self) -> DeviceView | None:
        """As it is now."""
        return self.model.devices.get(self.device_id)

    def body(self) -> list[Widget]:
        """Facts, jobs."""
        jobs: Listing[JobView] = Listing(
            job_columns(self.model), empty="no job of those known here has run on it", id="jobs"
        )
        about = VerticalScroll(Static(id="facts"), id="about", can_focus=False)
        return [Container(about, jobs, id="both")]

    def show(self, parts: frozenset[Part]) -> None:
        """What has changed."""
        device = self.device
        if device is not None and device is not self._asked_for and not self._replayed:
            self._asked_for = device
            self._fetch()
        if "jobs" in parts:
            self.query_one("#jobs", Listing).show(self._jobs())
            self._look_after_errand()
        self.query_one("#facts", Static).update(self._facts())
        self.refresh_bindings()

    def on_resize(self) -> None:
        """Lines are broken where they end now."""
        self.call_after_refresh(self.changed, self.PARTS)

    @property
    def _replayed(self) -> bool:
        return self.console.source is None or self.console.source.client is None

    @work(exclusive=True, group="device")
    async def _fetch(self) -> None:
        """Ask for its self-tests and counters."""
        from pycwtd.client import Devices  # noqa: PLC0415 - not before the first paint

        self._whole = await self.ask(lambda client: Devices(client).one(self.device_id))
        self.query_one("#facts", Static).update(self._facts())

    def _jobs(self) -> dict[str, JobView]:
        device = self.device
        names = {self.device_id, device.backend if device else self.device_id}
        of_it = ((key, job) for key, job in self.model.jobs.items() if job.backend in names)
        return dict(islice(of_it, _JOBS))

    # -- what is told of it ---------------------------------------------------------------

    def _facts(self) -> Content:
        device = self.device
        if device is None:
            return Content(f"There is no device {self.device_id}.")
        lines = [_fact("device", device.id), self._state(device)]
        lines += [_fact("why", device.reason)] if device.reason else []
        lines += [_fact("way out", device.way_out)] if device.way_out else []
        if device.next_try:
            lines.append(_fact("next try", words.local(device.next_try)))
        lines += [_fact("computes on", ", ".join(device.parts))] if device.parts else []
        lines += [_fact("firmware", device.firmware)] if device.firmware else []
        lines += [_fact("serial", device.serial)] if device.serial else []
        lines += [_fact("job", device.job_id[:8])] if device.job_id else []
        lines += self._measured(device) + self._tested() + self._ordered()
        width = self.query_one("#facts").size.width
        return Content("\n").join(hanging for line in lines for hanging in _hanging(line, width))

    def _state(self, device: DeviceView) -> Content:
        since = words.local(device.since, "%Y-%m-%d %H:%M:%S")
        tone = words.DEVICE_TONES.get(device.state, "listing--warning")
        colour = {"good": "$text-success", "bad": "$text-error", "busy": "$text-primary"}
        style = colour.get(tone.rpartition("--")[2], "$text-warning")
        return Content.assemble(
            ("state".ljust(_NAMES), "dim"),
            (words.device_state(device), f"bold {style}"),
            f" since {since}",
        )

    def _measured(self, device: DeviceView) -> list[Content]:
        lines = []
        history = self.model.rates.get(device.backend)
        if history and any(history):
            now = words.rate(history[-1]) or "0/s"
            lines.append(_fact("rate", f"{now} {words.spark(history, 60)}"))
        if figures := words.readings(device) or words.readings(self._whole):
            lines.append(_fact("readings", ", ".join(f"{name} {text}" for name, text in figures)))
        if self._whole:
            counters = self._whole.counters.items()
            said = ", ".join(f"{name.replace('_', ' ')} {n:,.0f}" for name, n in counters)
            lines.append(_fact("counters", said))
        return lines

    def _tested(self) -> list[Content]:
        tests = self._whole.self_tests if self._whole else []
        lines = []
        for number, test in enumerate(tests[:_SELF_TESTS]):
            verdict = ("passed", "$text-success") if test.passed else ("failed", "$text-error")
            lines.append(
                Content.assemble(
                    (("" if number else "self-tests").ljust(_NAMES), "dim"),
                    words.local(test.time, "%b %d %H:%M:%S "),
                    verdict,
                    f" in {test.duration:.3g} s: {test.figures}",
                )
            )
        return lines

    # -- what is done with it -------------------------------------------------------------

    def _ordered(self) -> list[Content]:
        """How far a self-test or flashing is, whoever has ordered it; or what came of ours."""
        for job in self.model.jobs.values():
            if job.kind in _ERRANDS and self._is_about(job) and job.status not in ENDED:
                done = f"{job.status} {words.bar(job.progress, 20)} {job.progress:.0%}"
                return [_fact(job.kind.replace("_", "-"), done)]
        return [_fact("outcome", self._outcome)] if self._outcome else []

    def _is_about(self, job: JobView) -> bool:
        return job.parameters.get("device") == self.device_id or job.backend == self.device_id

    def _look_after_errand(self) -> None:
        job = self.model.jobs.get(self._errand or "")
        if job is not None and job.status in ENDED:
            self._errand = None
            self._conclude(job)

    @work(exclusive=True, group="errand")
    async def _conclude(self, job: JobView) -> None:
        """Say what came of a self-test or flashing."""
        what = job.kind.replace("_", "-")
        if job.status != "completed":
            self._outcome = f"{what} {job.status}: {job.error or 'nothing was found out'}"
        else:
            path = f"/api/v1/jobs/{job.job_id}/result"
            found = await self.ask(lambda client: client.ask("GET", path, dict[str, Any]))
            if found is None:
                return
            verdict = ""
            if "passed" in found:
                verdict = "passed: " if found["passed"] else "failed: "
            told = found.get("figures") or f"firmware {found.get('firmware')}"
            self._outcome = f"{what} {verdict}{told}"
        good = job.status == "completed" and "failed" not in self._outcome
        self.notify(self._outcome, severity="information" if good else "error", timeout=10.0)
        self.show(self.PARTS)
        self._fetch()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What the role may do, the driver can and the state allows."""
        if not super().check_action(action, parameters):
            return False
        fits = _FITS.get(action)
        return fits is None or (self.device is not None and fits(self.device))

    @work(exclusive=True, group="order")
    async def _order(self, order: Order) -> None:
        from pycwtd.client import Devices  # noqa: PLC0415 - not before the first paint

        async def do(client: Client) -> DeviceView:
            return await Devices(client).order(self.device_id, order)

        question = _QUESTIONS[order].format(self.device_id)
        agreed = await self.sure(question, order.capitalize())
        if agreed and await self.ask(do) is not None:
            self.notify(f"{self.device_id}: {order} ordered")

    @work(exclusive=True, group="order")
    async def _run(self, kind: Literal["self-test", "flash"]) -> None:
        from pycwtd.client import Devices  # noqa: PLC0415 - not before the first paint

        async def do(client: Client) -> str:
            return await Devices(client).run(self.device_id, kind)

        question = _QUESTIONS[kind].format(self.device_id)
        if await self.sure(question, kind.capitalize()) and (job_id := await self.ask(do)):
            self._errand, self._outcome = job_id, ""
            self._look_after_errand()

    def action_self_test(self) -> None:
        """Have it compute what is known."""
        self._run("self-test")

    def action_flash(self) -> None:
        """Write its firmware anew."""
        self._run("flash")

    def action_drain(self) -> None:
        """Give it no more work."""
        self._order("drain")

    def action_resume(self) -> None:
        """Bring it back from being drained."""
        self._order("resume")

    def action_release(self) -> None:
        """Let it out of quarantine."""
        self._order("release")

    def action_copy(self) -> None:
        """Copy its name."""
        self.app.copy_to_clipboard(self.device_id)
        self.notify(f"copied {self.device_id}")

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Open the job."""
        message.stop()
        self.console.open_job(message.key)


def _hanging(line: Content, width: int) -> list[Content]:
    """A line in as many as it needs, the later ones under the text of the first."""
    if width <= 2 * _NAMES or len(line) <= width:
        return [line]
    parts = line[_NAMES:].wrap(width - _NAMES)
    return [line[:_NAMES] + parts[0], *(Content(" " * _NAMES) + part for part in parts[1:])]


def _fact(name: str, text: str) -> Content:
    return Content.assemble((name.ljust(_NAMES), "dim"), text)
