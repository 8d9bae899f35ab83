"""Everything that one can do where one is, by name: for the command line and the palette."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from textual.command import DiscoveryHit, Hit, Provider

from pycwtd_console.tui import themes
from pycwtd_console.tui.places import PLACES
from pycwtd_console.tui.widgets.listing import Listing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from textual.command import Hits
    from textual.screen import Screen

    from pycwtd_console.tui.app import ConsoleApp

#: So many beginnings of ids are offered.
_OFFERED = 200


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be done, with what has to be said about it."""

    name: str
    #: A line for people.
    title: str
    #: Takes what stands after the name.
    run: Callable[[str], Awaitable[None]]
    #: What follows the name, for people; empty where nothing does.
    takes: str = ""
    #: What could follow, for completion.
    choices: Callable[[], Sequence[str]] | None = None
    #: Whether it says anything without that.
    complete: bool = True
    key: str = ""


class CommandError(Exception):
    """It can't be done so; the text says why, and what could."""


def commands(screen: Screen[Any]) -> dict[str, Command]:
    """All that can be done on a screen by whoever is there, by name; places first."""
    app = cast("ConsoleApp", screen.app)
    found: dict[str, Command] = {}
    for command in (*_places(app), *_actions(screen), *_others(app, screen)):
        found.setdefault(command.name, command)
    return found


def _places(app: ConsoleApp) -> Iterator[Command]:
    for place in PLACES:
        if place.role == "viewer" or app.may(place.role):
            yield Command(
                place.name,
                f"Go to {place.title.lower()}",
                _bare(place.name, _going(app, place.name)),
                key=place.key,
            )


def _going(app: ConsoleApp, name: str) -> Callable[[], Awaitable[None]]:
    async def go() -> None:
        app.action_go(name)

    return go


def _actions(screen: Screen[Any]) -> Iterator[Command]:
    """What has a key here, and may be done."""
    for active in screen.active_bindings.values():
        binding = active.binding
        owner = type(active.node).__module__
        if not (owner.startswith("pycwtd_console") and active.enabled and binding.id):
            continue
        if binding.id.startswith(("go.", "leave", "listing.", "app.")) or not binding.description:
            continue
        name = slug(binding.description)
        run = _runner(screen, binding.action, active.node)
        key = screen.app.get_key_display(binding)
        yield Command(name, binding.tooltip or binding.description, _bare(name, run), key=key)


def slug(description: str) -> str:
    """A description as a name that can be typed."""
    return re.sub(r"[^a-z0-9]+", "-", description.casefold()).strip("-")


def _runner(screen: Screen[Any], action: str, node: Any) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        await screen.app.run_action(action, node)

    return run


def _bare(name: str, run: Callable[[], Awaitable[None]]) -> Callable[[str], Awaitable[None]]:
    async def command(rest: str) -> None:
        if rest:
            raise CommandError(f"{name} takes nothing after it, got {rest!r}")
        await run()

    return command


def _others(app: ConsoleApp, screen: Screen[Any]) -> Iterator[Command]:
    async def job(rest: str) -> None:
        await app.find_job(_needed(rest, "job takes the beginning of a job's id"))

    async def device(rest: str) -> None:
        name = _needed(rest, "device takes the name of a device")
        if name not in app.model.devices:
            raise CommandError(f"there is no device {name!r}; {nearest(name, app.model.devices)}")
        app.open_device(name)

    async def theme(rest: str) -> None:
        name, _, keep = _needed(rest, "theme takes the name of a theme").partition(" ")
        if name not in themes.NAMES:
            raise CommandError(f"there is no theme {name!r}; {nearest(name, themes.NAMES)}")
        if keep not in {"", "keep"}:
            raise CommandError(f"after the theme's name stands keep or nothing, got {keep!r}")
        app.choose_theme(name, keep=bool(keep))

    async def words(rest: str) -> None:
        if not list(screen.query(Listing)):
            raise CommandError("there is no list here to be filtered")
        app.filter_list(screen, rest)

    yield Command(
        "job",
        "Open a job",
        job,
        "ID",
        lambda: [job_id[:8] for job_id in list(app.model.jobs)[:_OFFERED]],
        complete=False,
    )
    yield Command(
        "device", "Open a device", device, "NAME", lambda: list(app.model.devices), complete=False
    )
    yield Command(
        "theme",
        "Change colours; 'keep' writes it to the console's file",
        theme,
        "NAME [keep]",
        lambda: [*themes.NAMES, *(f"{name} keep" for name in themes.NAMES)],
        complete=False,
    )
    if list(screen.query(Listing)):
        yield Command("filter", "Show the lines alone that have all words", words, "WORDS", key="/")
    yield Command("keys", "Keys that hold here", _bare("keys", app.show_keys), key="?")
    yield Command("back", "Where one came from", _bare("back", app.leave), key="q")
    yield Command("quit", "Leave the console", _bare("quit", app.action_quit))


def _needed(rest: str, otherwise: str) -> str:
    if not rest:
        raise CommandError(otherwise)
    return rest


def nearest(name: str, names: Sequence[str] | dict[str, Any]) -> str:
    """The name that was probably meant, as the end of a sentence."""
    found = difflib.get_close_matches(name.casefold(), list(names), 1, 0.0)
    return f"did you mean {found[0]}?" if found else "there is none at all"


async def execute(line: str, known: dict[str, Command]) -> None:
    """Do what a line says.

    Args:
        line: a name, and what belongs to it.
        known: what can be done.

    Raises:
        CommandError: there is no such command, or it can't be done so.
    """
    name, _, rest = line.strip().removeprefix(":").strip().partition(" ")
    if not name:
        return
    command = known.get(name.casefold())
    if command is None:
        raise CommandError(f"there is no {name!r} here that you may do; {nearest(name, known)}")
    await command.run(rest.strip())


def completions(line: str, known: dict[str, Command]) -> list[str]:
    """Whole lines that a line is the beginning of, the likeliest first."""
    name, space, rest = line.partition(" ")
    if not space:
        return [one for one in known if one.startswith(name.casefold())]
    command = known.get(name.casefold())
    if command is None or command.choices is None:
        return []
    return [f"{command.name} {one}" for one in command.choices() if one.startswith(rest)]


class ConsoleCommands(Provider):
    """The same for Textual's palette."""

    async def discover(self) -> Hits:
        """All, before anything is typed."""
        for line, command in self._lines():
            yield DiscoveryHit(line, self._runner(line), help=_help(command))

    async def search(self, query: str) -> Hits:
        """Those that match."""
        matcher = self.matcher(query)
        for line, command in self._lines():
            score = max(matcher.match(line), matcher.match(command.title))
            if score > 0:
                yield Hit(score, matcher.highlight(line), self._runner(line), help=_help(command))

    def _lines(self) -> Iterator[tuple[str, Command]]:
        for command in commands(self.screen).values():
            if command.complete:
                yield command.name, command
            for choice in command.choices() if command.choices else ():
                yield f"{command.name} {choice}", command

    def _runner(self, line: str) -> Callable[[], Awaitable[None]]:
        known = commands(self.screen)
        app = cast("ConsoleApp", self.app)

        async def run() -> None:
            await app.execute(line, known)

        return run


def _help(command: Command) -> str:
    return f"{command.title}  [{command.key}]" if command.key else command.title
