"""Series as people name them in a form: ``FILE``, ``FILE:COLUMN``, ``@ID``.

The same words as ``pycwtctl submit`` takes.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.suggester import Suggester

from pycwtd.client import ClientError, Uploads
from pycwtd_console.ctl.series import read_series, split
from pycwtd_console.ctl.session import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pycwtd.api.data_types import DataPreview
    from pycwtd.client import Client

#: Files that the daemon alone can read.
UPLOADED = frozenset({".npy", ".npz", ".nc", ".nc4", ".cdf", ".json"})
#: Bins of a preview: more than any terminal has columns of dots.
BINS = 512


@dataclass(frozen=True, slots=True)
class Preview:
    """A series in bins."""

    minima: Sequence[float | None]
    maxima: Sequence[float | None]
    length: int
    missing: int


@dataclass(frozen=True, slots=True)
class Series:
    """A series that has been found."""

    #: Its samples, where they are here; None is a missing one.
    values: list[float | None] | None = None
    #: Its id, where the daemon has it.
    data_id: str | None = None
    #: A file that has to be uploaded first.
    file: Path | None = None
    column: str | None = None
    preview: Preview | None = None
    #: What there is to say of it, in few words.
    note: str = ""


class SeriesError(Exception):
    """There is no such series, or it isn't one; the text is for people."""


async def preview(client: Client, data_id: str) -> DataPreview | None:
    """An uploaded series at a glance; None where the daemon is too old to tell.

    Raises:
        ClientError: the daemon says something else.
    """
    try:
        return await Uploads(client).preview(data_id, BINS)
    except ClientError as error:
        if error.status in {404, 405} and error.code != "unknown_data":
            return None
        raise


async def find(client: Client, spec: str, *, gaps: bool) -> Series:
    """The series that a text names.

    Args:
        client: of the daemon.
        spec: ``FILE``, ``FILE:COLUMN`` or ``@ID``.
        gaps: whether samples may be missing.

    Raises:
        SeriesError: there is none, or it isn't right.
    """
    spec = spec.strip()
    if spec.startswith("@"):
        try:
            found = await Uploads(client).find(spec[1:])
            glance = await preview(client, found.data_id)
        except ClientError as error:
            raise SeriesError(error.detail) from None
        seen = glance and Preview(glance.minima, glance.maxima, glance.length, glance.missing)
        note = f"{found.filename}: {found.length:,} samples"
        return Series(data_id=found.data_id, preview=seen or None, note=note)
    return await asyncio.to_thread(_read, spec, gaps)


def _read(spec: str, gaps: bool) -> Series:
    name, column = split(str(Path(spec).expanduser()))
    path = Path(name)
    if path.is_dir():
        raise SeriesError("is a folder; go on typing")
    if path.suffix.lower() in UPLOADED:
        if not path.is_file():
            raise SeriesError("there is no such file")
        return Series(file=path, column=column, note="is uploaded when it is sent")
    try:
        values = read_series(str(Path(spec).expanduser()), gaps=gaps)
    except InputError as error:
        raise SeriesError(str(error).removeprefix(f"{name}: ").removeprefix(f"{name}, ")) from None
    return Series(values=values, preview=binned(values), note=f"{len(values):,} samples")


def binned(values: Sequence[float | None]) -> Preview:
    """A series in bins of its least and greatest values."""
    count = min(len(values), BINS)
    minima: list[float | None] = []
    maxima: list[float | None] = []
    for k in range(count):
        part = values[k * len(values) // count : (k + 1) * len(values) // count]
        there = [v for v in part if v is not None and math.isfinite(v)]
        minima.append(min(there, default=None))
        maxima.append(max(there, default=None))
    return Preview(minima, maxima, len(values), sum(v is None for v in values))


def file_of(spec: str) -> tuple[Path, str | None]:
    """File and column that ``FILE:COLUMN`` names."""
    name, column = split(str(Path(spec.strip()).expanduser()))
    return Path(name), column


async def upload(
    client: Client,
    path: Path,
    column: str | None,
    *,
    gaps: bool,
    progress: Callable[[int], None] | None = None,
) -> str:
    """Send a file; returns the id of the series.

    Args:
        client: of the daemon.
        path: of the file.
        column: by name, or by number from 1.
        gaps: whether samples may be missing.
        progress: is told how many bytes have gone, from another thread.

    Raises:
        SeriesError: the file can't be read.
        ClientError: the daemon refuses it.
    """
    metadata: dict[str, Any] = {"gaps": True} if gaps else {}
    if column is not None:
        numbered = column.isdecimal() and int(column) > 0
        metadata["column"] = int(column) - 1 if numbered else column
    try:
        return (await Uploads(client).upload(path, metadata, progress)).data_id
    except OSError as error:
        raise SeriesError(f"{path}: can't be read: {error.strerror}") from None


class SeriesSuggester(Suggester):
    """Completes paths; behind ``@``, ids of uploaded series.

    Args:
        ids: of the series that the daemon has, newest first.
    """

    def __init__(self, ids: Callable[[], Sequence[str]] = tuple) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._ids = ids

    async def get_suggestion(self, value: str) -> str | None:
        """What is typed, and how it may go on."""
        if value.startswith("@"):
            return next((f"@{one}" for one in self._ids() if one.startswith(value[1:])), None)
        return await asyncio.to_thread(complete_path, value) if value else None


def complete_path(typed: str) -> str | None:
    """The first file or folder in the order of the alphabet whose path begins so."""
    folder, slash, beginning = typed.rpartition("/")
    try:
        parent = Path(folder + slash).expanduser() if slash else Path()
        found = sorted(
            one.name + ("/" if one.is_dir() else "")
            for one in parent.iterdir()
            if one.name.startswith(beginning) and (beginning or not one.name.startswith("."))
        )
    except OSError:
        return None
    return f"{folder}{slash}{found[0]}" if found else None
