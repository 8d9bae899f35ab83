"""Every setting, one by one: its value, where that comes from, and what it means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import msgspec
from msgspec import Struct

from pycwtd.config.layers import BUILT_IN
from pycwtd.config.model import NEEDS_RESTART, Config, Key
from pycwtd.config.reference import descriptions
from pycwtd.config.wrong import dotted, masked, type_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pycwtd.config.layers import Layered

#: In the name of a driver's setting, whose types are the driver's: what it holds is a secret.
_SECRET_WORDS = ("password", "passphrase", "secret", "token", "key")


class Setting(Struct):
    """One setting."""

    #: Dotted, such as ``limits.sync_seconds``.
    name: str
    #: Of a secret, whether it is ``set`` or ``not set``.
    value: Any
    #: ``default``, a file with its line, a variable of the environment, or ``command line``.
    source: str
    description: str


def leaves(value: Any, key: Key = ()) -> Iterator[tuple[Key, Any]]:
    """All values that aren't tables; of a table that is empty, the table."""
    if isinstance(value, dict) and value:
        inner: list[tuple[str | int, Any]] = list(value.items())
    elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
        inner = list(enumerate(value))
    else:
        yield key, value
        return
    for name, one in inner:
        yield from leaves(one, (*key, name))


def settings(config: Config, origin: Callable[[Key], str]) -> Iterator[Setting]:
    """Every setting of a configuration.

    Args:
        config: as it holds.
        origin: tells where a key's value comes from.
    """
    for key, value in leaves(msgspec.to_builtins(config)):
        source = origin(key)
        shown = ("set" if value else "not set") if _is_secret(key) else masked(value)
        meaning = _description(key).replace("``", "")
        yield Setting(dotted(key), shown, "default" if source == BUILT_IN else source, meaning)


def origins(started: Layered, now: Layered) -> Callable[[Key], str]:
    """Where values come from after a reload: what needs a restart is as it was at the start."""

    def origin(key: Key) -> str:
        kept = any(key[: len(one)] == one for one in NEEDS_RESTART)
        return (started if kept else now).origin(key)

    return origin


def _is_secret(key: Key) -> bool:
    """Whether a value is marked ``writeOnly``, or a driver's by whose name one can tell."""
    extras = [getattr(one, "extra_json_schema", None) or {} for one in get_args(type_at(key))]
    if any(extra.get("writeOnly") for extra in extras):
        return True
    return key[0] == "drivers" and any(word in str(key[-1]).lower() for word in _SECRET_WORDS)


def _description(key: Key) -> str:
    """What a key means, or the nearest table around it that anybody has described."""
    for length in range(len(key), 0, -1):
        table = type_at(key[: length - 1]) if length > 1 else Config
        if isinstance(table, type) and issubclass(table, Struct):
            return descriptions(table).get(str(key[length - 1]), "")
    return ""
