"""Every key for eyes: the schema, the file in ``etc/`` and the tables of the documentation."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, get_args

import msgspec
from msgspec import Struct

from pycwtd.config.model import NEEDS_RESTART, Config, Key, Listener
from pycwtd.config.wrong import all_keys, dotted, type_at

if TYPE_CHECKING:
    from collections.abc import Iterator

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
#: A default that depends on the machine, as it is for a service.
_DEPENDS: dict[Key, str] = {("state_dir",): "/var/lib/pycwtd"}
_HEAD = """\
# The configuration of pycwtd: every key with its default. What is commented out holds anyhow.
# Files in conf.d/*.toml beside this one come after it, in the order of their names, and after
# them the environment: PYCWTD_LIMITS__SYNC_SECONDS=10. "pycwtctl config check" finds mistakes,
# "pycwtctl config show" tells where a value comes from, "systemctl reload pycwtd" applies what
# needs no restart.
"""
#: After it come the tables.
_KEYS = "Sizes are in bytes, times in seconds.\n\n"
_BOUNDS = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
_TYPES = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "number": "number",
    "object": "table",
    "string": "text",
}
#: Of keys that have no default.
_EXAMPLES = {
    "unix": '"/run/pycwtd/pycwtd.sock"',
    "tcp": '"127.0.0.1:8750"',
    "auth": '"token"',
    "activated": '"tcp"',
}
#: Width of the file's comments.
_WIDTH = 96


def descriptions(kind: type[Struct]) -> dict[str, str]:
    """What each key of a table means: the ``#:`` comment above it, or above its group."""
    found: dict[str, str] = {}
    words: list[str] = []
    group_ended = False
    for line in inspect.getsource(kind).splitlines():
        text = line.strip()
        if text.startswith("#:"):
            words = [] if group_ended else words
            words.append(text.removeprefix("#:").strip())
            group_ended = False
        elif (name := text.partition(":")[0]) in kind.__struct_fields__:
            found.setdefault(name, " ".join(words))
            group_ended = True
    return found


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a configuration file."""
    made = msgspec.json.schema(Config)
    for kind in _tables(Config):
        properties = made["$defs"][kind.__name__]["properties"]
        for name, text in descriptions(kind).items():
            # Beside a reference, too: since 2019-09 it may have siblings.
            properties[name]["description"] = text.replace("``", "")
    return {"$schema": _DRAFT, "title": "pycwtd.toml", **made}


def default_toml() -> str:
    """A configuration file with every key, its meaning and its default."""
    lines = [_HEAD]
    for name, keys in _by_table().items():
        if name == "listen":
            lines.append("\n# One such table for each address.\n# [[listen]]")
        elif name:
            lines.append(f"\n[{name}]")
        for key in keys:
            lines += _wrapped(_description(key).replace("``", ""))
            lines.append(f"# {key[-1]} = {_EXAMPLES.get(str(key[-1])) or _default(key)}")
    return "\n".join(lines) + "\n"


def markdown() -> str:
    """The keys as tables of Markdown, a section for each table of the file."""
    parts = []
    for name, keys in _by_table().items():
        title = "[[listen]]" if name == "listen" else f"[{name}]" if name else "At the top"
        parts.append(f"### {title}\n\n| key | default | takes | |\n|---|---|---|---|")
        for key in keys:
            meaning = _description(key).replace("``", "`").replace("|", "\\|")
            if any(key[: len(one)] == one for one in NEEDS_RESTART):
                meaning += " *Needs a restart.*"
            parts.append(f"| `{key[-1]}` | `{_default(key)}` | {_takes(key)} | {meaning} |")
        parts.append("")
    return "\n".join(parts)


def page(text: str) -> str:
    """A page of the documentation with its tables as they are now; they are its end."""
    before, heading, _ = text.partition(_KEYS)
    return before + heading + markdown().rstrip("\n") + "\n"


def _tables(kind: type[Struct]) -> Iterator[type[Struct]]:
    """A table and all those inside it."""
    yield kind
    for name in kind.__struct_fields__:
        # Our own only has tables at the top.
        hint = type_at((name,)) if kind is Config else None
        for inner in (hint, *get_args(hint)):
            if isinstance(inner, type) and issubclass(inner, Struct):
                yield inner


def _by_table() -> dict[str, list[Key]]:
    """All keys by the names of their tables, those of the top first."""
    found: dict[str, list[Key]] = {"": []}
    for key in all_keys():
        name = dotted(tuple(part for part in key[:-1] if isinstance(part, str)))
        found.setdefault(name, []).append(key)
    return found


def _description(key: Key) -> str:
    return descriptions(type_at(key[:-1]))[str(key[-1])]


def _default(key: Key) -> str:
    value: Any = _DEPENDS.get(key)
    if value is None:
        value = Config(listen=(Listener(),))
        for part in key:
            value = value[part] if isinstance(part, int) else getattr(value, part)
    return _toml(value)


def _toml(value: Any) -> str:
    """A value as TOML has it, which has nothing for none."""
    if value is None:
        return "–"
    if isinstance(value, dict):
        pairs = ", ".join(f"{name} = {_toml(one)}" for name, one in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return msgspec.json.encode(value).decode()


def _takes(key: Key) -> str:
    """A key's type and its bounds, in words."""
    made = msgspec.json.schema(type_at(key))
    made = next((one for one in made.get("anyOf", ()) if one != {"type": "null"}), made)
    if "enum" in made:
        return ", ".join(f"`{word}`" for word in _words(type_at(key)))
    bounds = " ".join(f"{sign} {made[name]}" for name, sign in _BOUNDS.items() if name in made)
    return f"{_TYPES[made['type']]} {bounds}".strip()


def _words(kind: Any) -> list[str]:
    """The words of a literal type in their own order, not the alphabet's."""
    own = [part for part in get_args(kind) if isinstance(part, str)]
    return own or next((words for part in get_args(kind) if (words := _words(part))), [])


def _wrapped(text: str) -> list[str]:
    lines = ["#"]
    for word in text.split():
        if len(lines[-1]) + len(word) + 1 > _WIDTH:
            lines.append("#")
        lines[-1] += f" {word}"
    return lines
