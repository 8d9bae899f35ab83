"""The layers of the configuration, each over those before it, and where each value comes from."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from pycwtd.config.model import Config, Key, wrong_together
from pycwtd.config.places import lines
from pycwtd.config.wrong import ConfigError, Finding, dotted, type_at, wrong_values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Read where nobody names another.
DEFAULT_FILE = Path("/etc/pycwtd/pycwtd.toml")
#: Beside the file; what is in it comes after it, in the order of the names.
DROP_INS = "conf.d"
_PREFIX = "PYCWTD_"
BUILT_IN = "built-in"


@dataclass(frozen=True)
class _Layer:
    """What one source says."""

    table: dict[str, Any]
    #: A file, or the word for all of it.
    name: str
    #: Of a file.
    text: str = ""
    #: Variable of each key, of the environment.
    variables: dict[Key, str] = field(default_factory=dict)

    def sets(self, key: Key) -> bool:
        """Whether it says anything of a key."""
        inner: Any = self.table
        for part in key:
            try:
                inner = inner[part]
            except (KeyError, IndexError, TypeError):
                return False
        return True

    def place(self, key: Key) -> tuple[str, int | None]:
        """Where in this source a key is set: name and line."""
        where = lines(self.text) if self.text else {}
        for length in range(len(key), 0, -1):
            if key[:length] in self.variables:
                return self.variables[key[:length]], None
            if key[:length] in where:
                return self.name, where[key[:length]]
        return self.name, None


@dataclass(frozen=True)
class _Origins:
    """The layer that set each value, and the first that had each table."""

    values: dict[Key, _Layer] = field(default_factory=dict)
    tables: dict[Key, _Layer] = field(default_factory=dict)

    def of(self, key: Key) -> _Layer | None:
        """The layer of a key or of the list that it is in; none, if it is built in."""
        if key in self.tables:
            return self.tables[key]
        lengths = range(len(key), 0, -1)
        return next((self.values[key[:n]] for n in lengths if key[:n] in self.values), None)


@dataclass(frozen=True)
class Layered:
    """The configuration, and where each of its values comes from."""

    config: Config
    #: The files that were read, in their order.
    files: tuple[Path, ...]
    _origins: _Origins

    def origin(self, key: Key) -> str:
        """Where a value comes from: a file with its line, a variable, an option, or built in."""
        layer = self._origins.of(key)
        # In a list that somebody has set, too, there are keys that nobody has.
        if layer is None or not layer.sets(key):
            return BUILT_IN
        name, line = layer.place(key)
        return f"{name}:{line}" if line else name


def load_layered(
    path: Path | None,
    *,
    sockets: tuple[str, ...] = (),
    tcp: tuple[str, ...] = (),
    auth: Literal["token", "none"] = "token",
    state_dir: str | None = None,
) -> Layered:
    """The configuration from all its layers; the command line is the last.

    Args:
        path: the file; without it ``/etc/pycwtd/pycwtd.toml``, where there is one.
        sockets: Unix sockets to listen on. Listeners given here replace those of the file.
        tcp: TCP addresses to listen on.
        auth: what these ask of clients.
        state_dir: where jobs and results are kept.

    Raises:
        ConfigError: a file can't be read, keys are unknown or values wrong: all that are.
    """
    options: dict[str, Any] = {}
    listeners: list[dict[str, Any]] = [{"unix": one} for one in sockets]
    listeners += [{"tcp": one, "auth": auth} for one in tcp]
    if listeners:
        options["listen"] = listeners
    if state_dir:
        options["state_dir"] = state_dir
    return layered_config(path, options, os.environ)


def layered_config(
    path: Path | None, options: dict[str, Any], environment: Mapping[str, str]
) -> Layered:
    """The same with where each value comes from.

    Raises:
        ConfigError: as above.
    """
    findings: list[Finding] = []
    files = tuple(_files(path))
    layers = [layer for file in files if (layer := _read(file, findings))]
    layers += [_environment(environment), _Layer(options, "command line")]
    table: dict[str, Any] = {}
    origins = _Origins()
    for layer in layers:
        _lay_over(table, layer.table, (), layer, origins)
    wrong = list(wrong_values(table))
    findings += [_finding(key, text, origins) for key, text in wrong]
    if not findings:
        config = msgspec.convert(table, Config)
        findings += [_finding(key, text, origins) for key, text in wrong_together(config)]
    if findings:
        raise ConfigError.of(findings)
    return Layered(config, files, origins)


def _files(path: Path | None) -> Iterator[Path]:
    if path or DEFAULT_FILE.exists():
        yield path or DEFAULT_FILE
    yield from sorted(((path or DEFAULT_FILE).parent / DROP_INS).glob("*.toml"))


def _read(path: Path, findings: list[Finding]) -> _Layer | None:
    try:
        text = path.read_text(encoding="utf-8")
        return _Layer(tomllib.loads(text), str(path), text)
    except OSError as error:
        findings.append(Finding(str(path), "", f"can't be read: {error.strerror}"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        found = re.search(r" \(at line (\d+), (column \d+)\)$", str(error))
        line = int(found[1]) if found else None
        what = f"{str(error)[: found.start()]}, {found[2]}" if found else str(error)
        findings.append(Finding(str(path), "", f"isn't TOML: {what}", line))
    return None


def _environment(environment: Mapping[str, str]) -> _Layer:
    """``PYCWTD_LIMITS__SYNC_SECONDS`` and its like; a key without a table has no ``__``.

    Clients have variables of their own, so a name without ``__`` that is no key is no error.
    """
    layer = _Layer({}, "environment")
    for variable, text in sorted(environment.items()):
        if not variable.startswith(_PREFIX):
            continue
        key = tuple(variable.removeprefix(_PREFIX).lower().split("__"))
        if len(key) == 1 and key[0] not in Config.__struct_fields__:
            continue
        inner = layer.table
        for name in key[:-1]:
            inner = inner.setdefault(name, {})
            if not isinstance(inner, dict):
                break
        else:
            inner[key[-1]] = _value(text, type_at(key))
            layer.variables[key] = variable
    return layer


def _value(text: str, kind: Any) -> Any:
    """A variable's text as what its key takes: texts as they stand, all else as TOML."""
    if kind is None or _is_text(kind):
        return text
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text  # and refused as such, under its name


def _is_text(kind: Any) -> bool:
    parts = [part for part in get_args(kind) if part is not type(None)]
    if not parts:
        return kind is str
    return all(isinstance(part, str | msgspec.Meta) or _is_text(part) for part in parts)


def _lay_over(
    table: dict[str, Any],
    over: dict[str, Any],
    key: Key,
    layer: _Layer,
    origins: _Origins,
) -> None:
    """Tables are joined key by key; all else, lists too, is replaced."""
    for name, value in over.items():
        place = (*key, name)
        if isinstance(value, dict):
            if not isinstance(table.get(name), dict):
                table[name] = {}
            _lay_over(table[name], value, place, layer, origins)
            origins.tables.setdefault(place, layer)
        else:
            table[name] = value
            origins.values[place] = layer


def _finding(key: Key, text: str, origins: _Origins) -> Finding:
    layer = origins.of(key)
    name, line = layer.place(key) if layer else (BUILT_IN, None)
    return Finding(name, dotted(key), text, line)
