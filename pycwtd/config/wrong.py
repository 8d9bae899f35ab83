"""What is wrong with a configuration: all of it at once, each with what is right."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from pycwtd.config.model import Config
from pycwtd.words import field_and_finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pycwtd.config.model import Key

#: The longest value that is repeated in a finding.
_LONGEST = 60


class Finding(Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong, and where."""

    #: A file, a variable of the environment, an option.
    source: str
    #: Dotted; empty where the whole file is meant.
    key: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        place = f"{self.source}:{self.line}" if self.line else self.source
        return ": ".join(part for part in (place, self.key, self.message) if part)


class ConfigError(Exception):
    """The configuration can't be used; the text names file, key and what is right."""

    def __init__(self, text: str, findings: Sequence[Finding] = ()) -> None:
        super().__init__(text)
        self.findings = tuple(findings)

    @classmethod
    def of(cls, findings: Sequence[Finding]) -> ConfigError:
        """One error for all that was found."""
        if len(findings) == 1:
            return cls(str(findings[0]), findings)
        listed = "".join(f"\n  {finding}" for finding in findings)
        return cls(f"{len(findings)} errors in the configuration:{listed}", findings)


def dotted(key: Key) -> str:
    """``("listen", 0, "tcp")`` as ``listen[0].tcp``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return text.removeprefix(".")


def masked(value: Any, kind: Any = None) -> Any:
    """A value as it may be shown: without the passwords that addresses may have in them.

    Args:
        value: of a key.
        kind: the key's type; one that is marked ``writeOnly`` in the schema is a secret.
    """
    extras = [getattr(one, "extra_json_schema", None) or {} for one in get_args(kind)]
    if value is not None and any(extra.get("writeOnly") for extra in extras):
        return "***"
    if isinstance(value, str):
        return re.sub(r"//[^/@\s]*@", "//***@", value)
    if isinstance(value, list | tuple):
        return [masked(one) for one in value]
    if isinstance(value, dict):
        return {name: masked(one) for name, one in value.items()}
    return value


def wrong_values(table: dict[str, Any]) -> Iterator[tuple[Key, str]]:
    """Unknown keys and values that can't be, with their places."""
    yield from _in_table(Config, table, ())


def type_at(key: Key) -> Any:
    """The type of a key's value; ``None`` for keys that there aren't."""
    kind: Any = Config
    for part in key:
        if _is_struct(kind):
            kind = _fields(kind).get(str(part))
        elif get_origin(kind) is tuple:
            kind = get_args(kind)[0]
        elif get_origin(kind) is dict:
            kind = get_args(kind)[1]
        else:
            return None
    return kind


def all_keys(kind: type[Struct] = Config, key: Key = ()) -> Iterator[Key]:
    """Every key that isn't a table, those of a listener as ``("listen", 0, …)``."""
    for name, hint in _fields(kind).items():
        if _is_struct(hint):
            yield from all_keys(hint, (*key, name))
        elif _is_struct(element := (get_args(hint) or (None,))[0]):
            yield from all_keys(element, (*key, name, 0))
        else:
            yield (*key, name)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _fields(kind: type[Struct]) -> dict[str, Any]:
    """Types of a table's keys, in their order."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: hints[name] for name in kind.__struct_fields__}


def _in_table(kind: type[Struct], table: dict[str, Any], key: Key) -> Iterator[tuple[Key, str]]:
    fields = _fields(kind)
    for name, value in table.items():
        if name in fields:
            yield from _in_value(fields[name], value, (*key, name))
        else:
            yield (*key, name), f"unknown key; {_hint(name, list(fields))}"


def _hint(name: str, known: list[str]) -> str:
    """The likely intention: a key beside it, else one anywhere."""
    if near := difflib.get_close_matches(name, known, n=1):
        return f"did you mean {near[0]}?"
    everywhere = {dotted(key): key for key in all_keys()}
    last = {str(key[-1]): text for text, key in everywhere.items()}
    if near := difflib.get_close_matches(name, [*everywhere, *last], n=1, cutoff=0.7):
        return f"did you mean {last.get(near[0], near[0])}?"
    return f"known keys: {', '.join(known)}"


def _in_value(kind: Any, value: Any, key: Key) -> Iterator[tuple[Key, str]]:
    element = (get_args(kind) or (None,))[0]
    if _is_struct(kind):
        if isinstance(value, dict):
            yield from _in_table(kind, value, key)
        else:
            yield key, f"is {_shown(value, kind)}, and must be a table"
    elif _is_struct(element) and isinstance(value, list):
        for number, one in enumerate(value):
            yield from _in_value(element, one, (*key, number))
    elif get_origin(kind) is dict and isinstance(value, dict):
        for name, one in value.items():
            yield from _in_value(get_args(kind)[1], one, (*key, name))
    elif finding := _wrong(kind, value):
        yield key, f"is {_shown(value, kind)}, and {finding}"


def _wrong(kind: Any, value: Any) -> str | None:
    """What is wrong with a value that has no keys of ours in it."""
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        inside, finding = field_and_finding(str(error))
        if choices := _choices(kind):
            finding = f"must be one of {', '.join(choices)}"
        where = f"{inside}: " if inside else ""
        return where + finding.replace("an object", "a table")
    return None


def _choices(kind: Any) -> list[str]:
    """The words that a key takes, if it takes no others."""
    nested = [_choices(part) for part in get_args(kind) if not isinstance(part, str)]
    words = [part for part in get_args(kind) if isinstance(part, str)]
    return words or next((found for found in nested if found), [])


def _shown(value: Any, kind: Any) -> str:
    text = repr(masked(value, kind))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
