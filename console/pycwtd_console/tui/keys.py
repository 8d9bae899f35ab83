"""Keys that a person chooses: the file ``console.toml``, what may stand in it, what clashes.

::

    theme = "light"

    [keys]
    "jobs.cancel" = "ctrl+x"
    "go.logs" = "L,f7"
"""

from __future__ import annotations

import difflib
import importlib
import os
import pkgutil
import re
import sys
import tomllib
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pycwtd_console.tui import themes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from textual.binding import Binding

#: Keys that never arrive, or that do something else on the way here.
RESERVED = {
    "ctrl+b": "is tmux's prefix",
    "ctrl+a": "is screen's prefix",
    "ctrl+s": "stops the output of a terminal",
    "ctrl+q": "lets the output of a terminal go on",
}
#: What these do is up to the innermost thing that has a use for them; that is no clash.
LAYERED = frozenset(
    {"escape", "enter", "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "tab"}
    | {"shift+tab", "space"}
)
_OURS = "pycwtd_console.tui"
_MODIFIER = re.compile(r"^(ctrl|shift|alt|super)\+")


class ConfigError(Exception):
    """The console's file isn't as it must be; the text says where and what is right."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a person has chosen."""

    #: Where it stands, or would stand.
    path: Path
    theme: str = themes.DEFAULT
    #: Keys by the id of what they do, as Textual takes them.
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Known:
    """A binding, and whose it is."""

    owner: type
    binding: Binding


def default_path() -> Path:
    """``pycwtd/console.toml`` where the person's configuration is (XDG_CONFIG_HOME)."""
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "pycwtd" / "console.toml"


def load(path: Path | None = None) -> Configuration:
    """Read the file; without one, nothing is chosen.

    Args:
        path: a file that must be there; None takes the usual one, if it is.

    Raises:
        ConfigError: it can't be read, or something in it is wrong.
    """
    where = path or default_path()
    try:
        text = where.read_text(encoding="utf-8")
    except FileNotFoundError:
        if path is None:
            return Configuration(where)
        raise ConfigError(f"{where}: there is no such file") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{where}: isn't a text file in UTF-8") from None
    except OSError as error:
        raise ConfigError(f"{where}: can't be read: {error.strerror}") from None
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where}: isn't TOML: {error}") from None
    return _checked(where, text, table)


def _checked(where: Path, text: str, table: dict[str, Any]) -> Configuration:
    for name in table.keys() - {"theme", "keys"}:
        raise ConfigError(
            f"{_at(where, text, name)}: there is no setting {name!r}; there are theme and [keys]"
        )
    theme = table.get("theme", themes.DEFAULT)
    if theme not in themes.NAMES:
        raise ConfigError(
            f"{_at(where, text, 'theme')}: theme: there is no theme {theme!r}; "
            f"there are {', '.join(themes.NAMES)}"
        )
    keys = table.get("keys", {})
    if not isinstance(keys, dict):
        raise ConfigError(f"{_at(where, text, 'keys')}: keys: must be a table, [keys]")
    return Configuration(where, theme, _keymap(where, text, keys) if keys else {})


def _keymap(where: Path, text: str, wanted: dict[str, Any]) -> dict[str, str]:
    known = list(catalogue())
    ids = sorted({one.binding.id for one in known if one.binding.id})
    for name, value in wanted.items():
        line = _at(where, text, name)
        if name not in ids:
            raise ConfigError(
                f"{line}: there is nothing called {name!r} that has a key; {_nearest(name, ids)}"
            )
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f'{line}: {name}: must be a key, such as "x", not {value!r}')
        for key in _keys_of(value):
            if reason := _unfit(key):
                raise ConfigError(f"{line}: {name}: {key} {reason}; choose another key")
    keymap = {name: ",".join(_keys_of(value)) for name, value in wanted.items()}
    for key, first, second in clashes(known, keymap):
        if not {first, second} & keymap.keys():
            continue
        name, other = (first, second) if first in keymap else (second, first)
        raise ConfigError(
            f"{_at(where, text, name)}: {name}: {key} is already the key of {other}; choose "
            f"another one, or give {other} another one, too"
        )
    return keymap


def _keys_of(value: str) -> list[str]:
    """Single keys as Textual names them."""
    from textual.keys import _character_to_key  # noqa: PLC0415 - where keys are chosen at all

    found = []
    for one in [value] if value.strip() == "," else value.split(","):
        key, modifiers = one.strip() or ",", ""
        while match := _MODIFIER.match(key):
            modifiers += match[0].lower()
            key = key[match.end() :]
        found.append(modifiers + (_character_to_key(key) if len(key) == 1 else key.lower()))
    return found


def _unfit(key: str) -> str:
    """Why this can't be a key."""
    from textual.keys import Keys  # noqa: PLC0415 - where keys are chosen at all

    if key in RESERVED:
        return RESERVED[key]
    name = key
    while match := _MODIFIER.match(name):
        name = name[match.end() :]
    if name in {one.value for one in Keys} or re.fullmatch(r"f([1-9]|1\d|2[0-4])", name):
        return ""
    if len(name) == 1 and name.isprintable():
        return ""
    try:
        unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return "isn't the name of a key"
    return ""


def _nearest(name: str, names: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, list(names), 1, 0.3)
    return f"did you mean {found[0]!r}?" if found else "? and docs/console.md list what there is"


def _at(where: Path, text: str, name: str) -> str:
    """The file and the line that begins with a name."""
    pattern = re.compile(rf"^\s*\[?[\"']?{re.escape(name)}[\"']?\s*[=\].]")
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.match(line):
            return f"{where}, line {number}"
    return str(where)


# -- what there is ------------------------------------------------------------------------


def catalogue() -> Iterator[Known]:
    """Every binding of the console's own classes."""
    from textual.widget import Widget  # noqa: PLC0415 - where keys are chosen at all

    from pycwtd_console.tui.app import ConsoleApp  # noqa: PLC0415 - it imports this

    owners: set[type] = {ConsoleApp}
    for folder in ("screens", "widgets"):
        package = importlib.import_module(f"{_OURS}.{folder}")
        for one in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{one.name}")
            owners |= {
                thing
                for thing in vars(module).values()
                if isinstance(thing, type)
                and issubclass(thing, Widget)
                and thing.__module__.startswith(_OURS)
            }
    for owner in sorted(owners, key=lambda o: (o.__module__, o.__name__)):
        yield from (Known(owner, binding) for binding in _own(owner))


def _own(owner: type) -> Iterator[Binding]:
    """The bindings that a class and those of ours that it is made from declare, key by key."""
    from textual.binding import Binding  # noqa: PLC0415 - where keys are chosen at all

    for base in owner.__mro__:
        if base.__module__.startswith(_OURS):
            yield from Binding.make_bindings(vars(base).get("BINDINGS", ()))


def clashes(known: Iterable[Known], keymap: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Keys that would do two things in one place: the key, and the ids of both.

    A key of the app holds on every screen but in dialogues; one of a widget on the screens
    whose module uses the widget.
    """
    by_owner: dict[type, dict[str, list[str]]] = {}
    for one in known:
        keys = by_owner.setdefault(one.owner, {})
        binding = one.binding
        chosen = keymap.get(binding.id or "")
        for key in _keys_of(chosen) if chosen else [_character_key(binding.key)]:
            names = keys.setdefault(key, [])
            name = binding.id or binding.action
            if name not in names:
                names.append(name)
    for group in _groups(by_owner):
        held: dict[str, str] = {}
        for owner in group:
            for key, names in by_owner[owner].items():
                for name in names:
                    other = held.setdefault(key, name)
                    if other != name and key not in LAYERED:
                        yield key, other, name


def _character_key(key: str) -> str:
    from textual.keys import _character_to_key  # noqa: PLC0415 - where keys are chosen at all

    return _character_to_key(key) if len(key) == 1 else key


def _groups(owners: Iterable[type]) -> Iterator[tuple[type, ...]]:
    """What can be in force at the same time."""
    from textual.screen import Screen  # noqa: PLC0415 - where keys are chosen at all
    from textual.widget import Widget  # noqa: PLC0415 - where keys are chosen at all

    everyone = list(owners)
    screens = [o for o in everyone if issubclass(o, Screen)]
    apps = [o for o in everyone if not issubclass(o, Widget)]
    for owner in everyone:
        yield (owner,)
    for screen in screens:
        modal = bool(getattr(screen, "_modal", False)) or "ModalScreen" in {
            base.__name__ for base in screen.__mro__
        }
        around = () if modal else tuple(apps)
        yield (*around, screen)
        used = vars(sys.modules[screen.__module__]).values()
        for widget in everyone:
            if widget in used and not issubclass(widget, Screen):
                yield (*around, screen, widget)


# -- what is written ----------------------------------------------------------------------


def keep_theme(path: Path, theme: str) -> None:
    """Write a theme into the file; all else in it stays as it is.

    Raises:
        OSError: it can't be written.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    line = f'theme = "{theme}"'
    # A key of the top table stands before the first table.
    head, bracket, rest = text.partition("\n[") if not text.startswith("[") else ("", "", text)
    if re.search(r"(?m)^\s*theme\s*=.*$", head):
        head = re.sub(r"(?m)^\s*theme\s*=.*$", line, head, count=1)
    else:
        head = f"{line}\n{head}"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(head + bracket + rest, encoding="utf-8")
    part.replace(path)
