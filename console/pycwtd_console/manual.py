"""Pages for ``man``, made of the commands' own help: ``python -m pycwtd_console.manual FOLDER``.

The macros are those of man(7). Every page says what ``--help`` says, so neither can be out of
date without the other.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pycwtd import __version__
from pycwtd.cli import main as daemon
from pycwtd_console.ctl import cli as ctl
from pycwtd_console.tui.cli import main as console

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Each page's command, and its line in the list of all pages.
PAGES: dict[str, tuple[click.Command, str]] = {
    "pycwtd": (daemon, "daemon for time-frequency analysis"),
    "pycwtctl": (ctl, "submit wavelet analyses to pycwtd, watch and fetch them"),
    "pycwtd-console": (console, "devices and jobs of a pycwtd daemon, in a terminal"),
}


def page(name: str) -> str:
    """The source of one page."""
    command, summary = PAGES[name]
    context = click.Context(command, info_name=name, **command.context_settings)
    lines = [
        f'.TH {name.upper()} 1 "" "pycwtd {__version__}" "User Commands"',
        ".SH NAME",
        f"{_text(name)} \\- {_text(summary)}",
        ".SH SYNOPSIS",
        *_synopsis(context),
        ".SH DESCRIPTION",
        *_paragraphs(command.help),
        ".SH OPTIONS",
        *_options(context),
    ]
    if inner := [*_commands(context)]:
        lines += [".SH COMMANDS", *inner]
    others = [f".BR {_text(other)} (1)" for other in PAGES if other != name]
    lines += [".SH SEE ALSO", *(f"{one} ," for one in others[:-1]), others[-1]]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """A text in which nothing is a request or an escape."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    plain = plain.replace("'", "\\(aq").replace("^", "\\(ha").replace("~", "\\(ti")
    # Whatever a system's preconv is told of encodings.
    plain = "".join(one if one.isascii() else f"\\[u{ord(one):04X}]" for one in plain)
    return f"\\&{plain}" if plain[:1] == "." else plain


def _synopsis(context: click.Context) -> Iterator[str]:
    yield f".B {_text(context.command_path)}"
    yield _text(" ".join(context.command.collect_usage_pieces(context)))


def _paragraphs(text: str | None) -> Iterator[str]:
    r"""A help text: paragraphs, those after \b line by line."""
    for number, part in enumerate(inspect.cleandoc(text or "").split("\n\n")):
        if number:
            yield ".PP"
        if part.startswith("\b\n"):
            yield ".nf"
            yield from map(_text, part.removeprefix("\b\n").split("\n"))
            yield ".fi"
        else:
            yield _text(" ".join(part.split()))


def _options(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        if (record := parameter.get_help_record(context)) is not None:
            yield ".TP"
            yield f".B {_text(record[0])}"
            yield _text(" ".join(record[1].split())) or "\\&"


def _commands(context: click.Context) -> Iterator[str]:
    """Every command below, the groups' own after them."""
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        inner = click.Context(command, info_name=name, parent=context)
        yield f'.SS "{_text(inner.command_path)}"'
        yield from _synopsis(inner)
        yield ".PP"
        yield from _paragraphs(command.help)
        yield from _options(inner)
        yield from _commands(inner)


def main() -> None:
    """Write all pages into a folder."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        path = folder / f"{name}.1"
        path.write_text(page(name), encoding="utf-8")
        click.echo(path)


if __name__ == "__main__":
    main()
