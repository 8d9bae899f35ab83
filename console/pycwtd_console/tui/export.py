"""A job's result as a file: where to is asked and checked before anything is written."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from pycwtd.client import ClientError

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.worker import Worker

    from pycwtd.api.types import JobView
    from pycwtd.client import Client
    from pycwtd_console.tui.app import ConsoleApp

#: What a file's suffix says.
_FORMS = {".npz": "npz", ".nc": "netcdf"}
_PICTURES = (".png", ".pdf", ".svg")
#: Kinds that :mod:`pycwtd_console.figures` draws; that module needs matplotlib.
_DRAWN = frozenset({"cwt", "xwt", "wct"})
_MEGABYTE = 1e6
_NOT_ACCEPTABLE = 406


def suffixes(job: JobView) -> tuple[str, ...]:
    """Of the files that a job's result can be written to."""
    return (*_FORMS, *(_PICTURES if job.kind in _DRAWN else ()))


def objection(path: Path, job: JobView) -> str | None:
    """Why a result can't be written to a path; None where it can, as far as can be seen."""
    known = suffixes(job)
    if path.suffix not in known:
        return f"The name must end in one of {', '.join(known)}, which says what is written."
    if path.is_dir():
        return f"{path} is a folder."
    if not path.parent.is_dir():
        return f"There is no folder {path.parent}."
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return f"You may not write to {path.parent}."
    return None


class Export(ModalScreen[None]):
    """Asks for a path and writes the result there; what goes wrong is said beneath.

    Args:
        job: completed.
    """

    DEFAULT_CSS = """
    Export { align: center middle; }
    Export > Vertical {
        width: 76; max-width: 95%; height: auto;
        border: round $primary; padding: 0 1; background: $surface;
    }
    Export #export-told { height: auto; min-height: 1; }
    Export #export-told.-bad { color: $text-error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Back", id="export.close"),
        Binding("down", "form(1)", "Next format", id="export.next", priority=True),
        Binding("up", "form(-1)", "Format before", id="export.before", priority=True),
    ]

    def __init__(self, job: JobView) -> None:
        super().__init__()
        self._job = job
        self._writing: Worker[None] | None = None

    def compose(self) -> ComposeResult:
        """A sentence, a path, and what has become of it."""
        told = (
            f"Write the result of {self._job.kind} {self._job.job_id[:8]} to (↑ ↓ other formats):"
        )
        with Vertical():
            yield Static(told, markup=False)
            yield Input(f"{self._job.kind}-{self._job.job_id[:8]}.npz", compact=True)
            yield Static("Enter writes, Escape leaves", id="export-told", markup=False)

    def action_form(self, step: int) -> None:
        """Another suffix."""
        field, known = self.query_one(Input), suffixes(self._job)
        path = Path(field.value or self._job.kind)
        at = known.index(path.suffix) + step if path.suffix in known else 0
        field.value = str(path.with_suffix(known[at % len(known)]))

    def action_close(self) -> None:
        """Back; what isn't written yet won't be."""
        if self._writing is not None:
            self._writing.cancel()
        self.dismiss()

    def on_input_submitted(self) -> None:
        """Check, and write."""
        if self._writing is None or self._writing.is_finished:
            self._writing = self._write(Path(self.query_one(Input).value).expanduser())

    def say(self, text: str, *, bad: bool = False) -> None:
        """How it goes."""
        told = self.query_one("#export-told", Static)
        told.update(text)
        told.set_class(bad, "-bad")

    @work
    async def _write(self, path: Path) -> None:
        from pycwtd_console.tui.widgets.confirm import Confirm  # noqa: PLC0415 - seldom needed

        if text := objection(path, self._job):
            self.say(text, bad=True)
            return
        if path.exists():
            asked = Confirm(f"{path} is there already and will be replaced.", "Replace it")
            if not await self.app.push_screen_wait(asked):
                self.say(f"{path} is as it was.")
                return
        app = cast("ConsoleApp", self.app)
        client = app.source.client if app.source else None
        if client is None:
            self.say("There is no daemon to fetch it from.", bad=True)
            return
        try:
            size = await self._fetch(client, path)
        except ClientError as error:
            self.say(_sentence(error), bad=True)
        except OSError as error:
            self.say(f"{path} can't be written: {error.strerror or error}.", bad=True)
        except ValueError as error:
            self.say(f"It can't be drawn: {error}.", bad=True)
        else:
            self.app.notify(f"{path} is written, {size / _MEGABYTE:,.1f} MB")
            self.dismiss()

    async def _fetch(self, client: Client, path: Path) -> int:
        if path.suffix in _FORMS:
            return await self._download(client, path, _FORMS[path.suffix])
        with tempfile.TemporaryDirectory() as folder:
            data = Path(folder) / "result.npz"
            await self._download(client, data, "npz")
            self.say("Drawing …")
            # Beside the screen; a worker process can't be made while the screen has the streams.
            return await asyncio.to_thread(picture, self._job, data, path)

    async def _download(self, client: Client, path: Path, form: str) -> int:
        target = f"/api/v1/jobs/{self._job.job_id}/result"
        self.say("The daemon prepares it …")
        return await client.fetch(target, path, self._arrived, params={"format": form})

    def _arrived(self, there: int, total: int | None) -> None:
        of = f" of {total / _MEGABYTE:,.1f}" if total else ""
        self.say(f"{there / _MEGABYTE:,.1f}{of} MB")


def picture(job: JobView, data: Path, path: Path) -> int:
    """Draw a result into a file that is whole or not there; returns its size in bytes.

    Args:
        job: of kind cwt or wct.
        data: its result, ``.npz``.
        path: of the picture; its suffix says as what.

    Raises:
        OSError: the file can't be written.
        ValueError: the result makes no figure.
    """
    from pycwtd_console.figures import draw  # noqa: PLC0415 - matplotlib

    figure = draw(job, data, t0=0.0, units="time units", labels=("first", "second"))
    part = path.with_name(f".{path.stem}.{secrets.token_hex(4)}{path.suffix}")
    try:
        figure.savefig(part)
        size = part.stat().st_size
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return size


def _sentence(error: ClientError) -> str:
    if error.status == _NOT_ACCEPTABLE:
        return f"{error.detail} (the name would end in .npz)"
    return error.detail
