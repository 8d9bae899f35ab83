"""``pycwtctl data``: series that the daemon keeps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pycwtd.client import Uploads
from pycwtd_console.ctl.blocks import drawn, readable_width
from pycwtd_console.ctl.completing import data_argument
from pycwtd_console.ctl.completing import data_ids as data_ids_of
from pycwtd_console.ctl.connection import ask, ask_each, print_json, print_list
from pycwtd_console.ctl.result import (
    announce,
    force_option,
    output_option,
    refuse_to_overwrite,
)
from pycwtd_console.ctl.series import split
from pycwtd_console.ctl.session import Session, json_option, pass_session
from pycwtd_console.ctl.table import local, print_table
from pycwtd_console.progress import carried

if TYPE_CHECKING:
    from pycwtd.client import Client
    from pycwtd.client.data import DataPreview, DataView, Deleted, Uploaded

#: As much of an id as tables show.
_SHORT = 8


@click.group()
def data() -> None:
    """Series that the daemon keeps, for as many jobs as there are.

    Commands that take FILE[:COLUMN] take @ID in its place, and an id may be cut down to any
    beginning that no other one has.
    """


@data.command()
@click.argument("file", metavar="FILE[:COLUMN]")
@click.option("--column", help="Column or variable, by name or number, where none is given.")
@click.option(
    "--gaps", is_flag=True, help="Samples may be missing: NaN, NA, empty cells, fill values."
)
@click.option(
    "--note", "notes", metavar="NAME=TEXT", multiple=True, help="Kept with it; may be repeated."
)
@json_option
@pass_session
def upload(
    session: Session, file: str, column: str | None, gaps: bool, notes: tuple[str, ...]
) -> None:
    """Upload a series, and print its id.

    CSV, a JSON array, .npy, .npz or NetCDF; COLUMN is the name of a column or variable, or its
    number from 1.

    \b
    id=$(pycwtctl data upload long.nc:sst)
    pycwtctl submit cwt @$id --dt 1/12
    """
    name, own = split(file)
    metadata: dict[str, Any] = dict(map(_note, notes))
    wanted = column if own is None else own
    if wanted is not None:
        metadata["column"] = _column(wanted)
    if gaps:
        metadata["gaps"] = True

    async def work(client: Client) -> Uploaded:
        path = Path(name)
        size = path.stat().st_size
        with carried(path.name, size) as gone:
            return await Uploads(client).upload(path, metadata, lambda read: gone(read, size))

    stored = ask(session, work)
    if session.json:
        print_json(stored)
        return
    session.say(f"{stored.filename}: {stored.length:,} samples")
    click.echo(stored.data_id)


def _note(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r} isn't of the form NAME=TEXT", param_hint="--note")
    if name in {"column", "gaps"}:
        raise click.BadParameter(f"{name} has an option of its own", param_hint="--note")
    return name, value


def _column(wanted: str) -> str | int:
    """A column as the API wants it, which counts from 0."""
    if not wanted.isdecimal():
        return wanted
    if not int(wanted):
        raise click.BadParameter("columns are counted from 1", param_hint="--column")
    return int(wanted) - 1


@data.command("list")
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help="How many."
)
@json_option
@pass_session
def list_(session: Session, limit: int) -> None:
    """List uploaded series, newest first."""

    async def work(client: Client) -> list[DataView]:
        return [one async for one in Uploads(client).all(limit)]

    print_list(
        session,
        ask(session, work),
        "There are no uploaded series.",
        ("DATA", "FORMAT", "SAMPLES", "BYTES", "BY", "UPLOADED", "FILE"),
        lambda one: (
            *(one.data_id[:_SHORT], one.format, f"{one.length}", f"{one.bytes}", one.owner),
            *(local(one.created_at), one.filename),
        ),
    )


@data.command()
@data_argument
@click.option("--height", type=click.IntRange(2, 50), default=8, show_default=True, help="Lines.")
@json_option
@pass_session
def preview(session: Session, data_id: str, height: int) -> None:
    """Show the course of a series: its extremes over equal stretches, and its moments."""
    width = readable_width()

    async def work(client: Client) -> tuple[DataView, DataPreview]:
        uploads = Uploads(client)
        found = await uploads.find(data_id)
        return found, await uploads.preview(found.data_id, 400 if session.json else 2 * width)

    found, seen = ask(session, work)
    if session.json:
        print_json(seen)
        return
    for line in drawn(seen.minima, seen.maxima, width, height):
        click.echo(line)
    figures = {"mean": seen.mean, "std": seen.std, "minimum": seen.minimum, "maximum": seen.maximum}
    rows = [("series", found.filename), ("samples", f"{seen.length:,}")]
    rows += [("missing", f"{seen.missing:,}")] if seen.missing else []
    rows += [(name, "-" if value is None else f"{value:.6g}") for name, value in figures.items()]
    print_table(None, rows)


@data.command()
@data_argument
@output_option
@force_option
@json_option
@pass_session
def get(session: Session, data_id: str, output: Path | None, force: bool) -> None:
    """Fetch an uploaded file as it came; without -o, under the name that it came by."""

    async def work(client: Client) -> tuple[DataView, Path, int]:
        uploads = Uploads(client)
        found = await uploads.find(data_id)
        # The daemon keeps no path, but it may not be ours.
        path = output or Path(Path(found.filename).name or "data")
        refuse_to_overwrite(path, force)
        with carried(path.name) as arrived:
            return found, path, await uploads.download(found.data_id, path, arrived)

    found, path, size = ask(session, work)
    announce(session, path, size, data_id=found.data_id)


@data.command()
@click.argument("data_ids", metavar="ID...", nargs=-1, required=True, shell_complete=data_ids_of)
@json_option
@pass_session
def delete(session: Session, data_ids: tuple[str, ...]) -> None:
    """Delete uploaded series. One that can't be deleted doesn't keep the others from it."""

    async def work(client: Client, data_id: str) -> Deleted:
        uploads = Uploads(client)
        return await uploads.delete((await uploads.find(data_id)).data_id)

    ask_each(session, data_ids, work, lambda one: f"{one.data_id[:_SHORT]} {one.message}")
