"""Which workloads are installed: found by entry point, read with care, refused with a reason."""

from __future__ import annotations

import logging
import re
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, NoReturn

import msgspec

# Our own declarations need what this imports, and a declaration may not be the first to do so.
import pycwt_mod.backends  # noqa: F401
from pycwtd.workloads.interface import API_VERSION, Kind, StreamConfig, Workload
from pycwtd.workloads.plans import series_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.metadata import EntryPoint

log = logging.getLogger(__name__)

#: Entry-point group; an entry's value is ``package.module:WORKLOAD``.
GROUP = "pycwtd.workloads"
#: The distribution whose workloads share the processes for numerics.
OURS = "pycwtd"
#: Words that aren't analyses: they are job kinds of the daemon's own.
RESERVED = frozenset({"batch", "self_test", "flash"})
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_PATH = re.compile(r"[a-z0-9_]+(/[a-z0-9_-]+)+")
#: What a declaration may import beside its own package and the standard library.
_LIGHT = frozenset({"msgspec", "pycwt_mod", "pycwtd"})


class DeclarationError(ValueError):
    """A declaration that can't be used, and why."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A workload, and where it comes from."""

    workload: Workload
    distribution: str

    @property
    def shares(self) -> bool:
        """Whether it is computed in the daemon's processes for numerics.

        Others have processes of their own: what one of them takes down is its own.
        """
        return self.distribution == OURS

    @property
    def process(self) -> str:
        """Role and pool of its worker processes."""
        return "numerics" if self.shares else f"workload:{self.workload.name}"


@dataclass(frozen=True, slots=True)
class Workloads:
    """All that there are, those that are refused included."""

    installed: tuple[Installed, ...] = ()
    #: Reasons, by name of the entry point.
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def kinds(self) -> dict[str, Kind]:
        """All kinds by name."""
        return {kind.name: kind for one in self.installed for kind in one.workload.kinds}

    def home(self, kind: str) -> Installed | None:
        """The workload that a kind belongs to; None where it isn't installed."""
        for one in self.installed:
            if any(kind == own.name for own in one.workload.kinds):
                return one
        return None


@cache
def installed() -> Workloads:
    """The workloads of this environment.

    Nothing that one of them does wrong keeps the others from being there.
    """
    found: list[Installed] = []
    refused: dict[str, str] = {}
    for entry in _entries():
        try:
            one = Installed(_declaration(entry), _maker(entry))
            _check(entry.name, one, found)
        except (TypeError, ValueError, AttributeError) as error:
            known = {*refused, *(one.workload.name for one in found)}
            name = f"{entry.name} of {_maker(entry)}" if entry.name in known else entry.name
            refused[name] = str(error)
            log.error("workload %s is refused: %s", name, error)
            continue
        found.append(one)
    return Workloads(tuple(found), refused)


def ours() -> list[Workload]:
    """Our own workloads, for the processes for numerics."""
    return [entry.load() for entry in _entries() if _maker(entry) == OURS]


def find(name: str) -> Workload:
    """The workload of an entry point, for a worker process, where anything may be imported.

    Raises:
        DeclarationError: there is none of that name, or it can't be used.
    """
    for entry in _entries():
        # No other one is touched: what is wrong with it isn't this one's fault.
        if entry.name == name:
            declared: Workload = entry.load()
            return declared
    raise DeclarationError(f"no workload {name} is installed")


def _entries() -> list[EntryPoint]:
    """Ours first: of two with the same name, the plug-in is the one that is refused."""
    return sorted(entry_points(group=GROUP), key=lambda e: (_maker(e) != OURS, e.name, _maker(e)))


def _maker(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist else ""


def _declaration(entry: EntryPoint) -> Workload:
    """Import a declaration without letting it bring anything heavy into this process."""
    try:
        with _nothing_heavy(entry):
            declared = entry.load()
    except (Exception, SystemExit) as error:
        # Other people's code: it may raise anything, and must not keep the daemon down.
        log.exception("workload %s can't be imported", entry.name)
        reason = str(error) or "no more is known"
        raise DeclarationError(f"{entry.value}: {type(error).__name__}: {reason}") from None
    if not isinstance(declared, Workload):
        raise DeclarationError(
            f"{entry.value}: must be a Workload, not a {type(declared).__name__}"
        )
    return declared


class _Guard:
    """Refuses imports, by standing before the finders of modules."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed | _LIGHT | sys.stdlib_module_names

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Nothing is found here; what isn't allowed is refused."""
        root = name.partition(".")[0]
        if root not in self._allowed:
            self._refuse(root)

    def _refuse(self, root: str) -> NoReturn:
        raise ImportError(
            f"a declaration is read by the event loop and may not import {root}: only the "
            "standard library, msgspec, pycwtd.workloads.interface and its own package"
        )


@contextmanager
def _nothing_heavy(entry: EntryPoint) -> Iterator[None]:
    guard = _Guard(frozenset({entry.module.partition(".")[0]}))
    sys.meta_path.insert(0, guard)
    try:
        yield
    finally:
        sys.meta_path.remove(guard)


# -- what must hold ------------------------------------------------------------------------


def _check(name: str, one: Installed, others: Sequence[Installed]) -> None:
    workload = one.workload
    if workload.api != API_VERSION:
        raise DeclarationError(
            f"it is written for version {workload.api} of the interface, this is {API_VERSION}"
        )
    _check_name("workload", workload.name)
    if workload.name != name:
        raise DeclarationError(f"its entry point must be called {workload.name}, not {name}")
    if not workload.kinds:
        raise DeclarationError("it declares no kinds")
    for other in others:
        if other.workload.name == workload.name:
            raise DeclarationError(f"{other.distribution} has a workload {workload.name}, too")
    taken = {k.name: o.workload.name for o in others for k in o.workload.kinds}
    paths = {r.path for o in others for k in o.workload.kinds for r in k.paths}
    for kind in workload.kinds:
        _check_name("kind", kind.name)
        try:
            if kind.name in RESERVED:
                raise DeclarationError("is one of the daemon's own")
            if kind.name in taken:
                raise DeclarationError(f"{taken[kind.name]} has one of that name")
            _check_paths(kind, one.shares, paths)
            _check_types(kind)
        except (TypeError, ValueError, AttributeError) as error:
            raise DeclarationError(f"kind {kind.name}: {error}") from None
        taken[kind.name] = workload.name
    _check_streams(one, others)


def _check_streams(one: Installed, others: Sequence[Installed]) -> None:
    taken = {stream.name for other in others for stream in other.workload.streams}
    for stream in one.workload.streams:
        _check_name("stream", stream.name)
        if stream.name in taken:
            raise DeclarationError(f"stream {stream.name}: there is one of that name")
        if not stream.series or not issubclass(stream.config, StreamConfig):
            raise DeclarationError(
                f"stream {stream.name}: needs series, and a config made from StreamConfig"
            )
        taken.add(stream.name)


def _check_paths(kind: Kind, ours: bool, paths: set[str]) -> None:
    for route in kind.paths:
        if not ours and route.path != f"analyses/{kind.name}":
            raise DeclarationError(f"its path is analyses/{kind.name}")
        if not _PATH.fullmatch(route.path) or route.path in paths:
            raise DeclarationError(f"path {route.path} is taken or wrong")
        paths.add(route.path)


def _check_name(what: str, name: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise DeclarationError(
            f"{what} {name!r}: a name has up to 32 small letters, digits and _, a letter first"
        )


def _check_types(kind: Kind) -> None:
    """The types can be documented, the examples are of them, the named fields are there."""
    if not kind.requests:
        raise DeclarationError("requests: there must be one")
    msgspec.json.schema_components([*kind.requests, kind.result], ref_template="#/{name}")
    msgspec.json.Decoder(kind.stored_type)
    for what, example, type_ in (
        ("example", kind.example, kind.requests[0]),
        ("result_example", kind.result_example, kind.result),
    ):
        try:
            msgspec.convert(example, type_)
        except msgspec.ValidationError as error:
            raise DeclarationError(f"{what}: {error}") from None
    if kind.plan is not None:
        return
    if len(kind.requests) != 1:
        raise DeclarationError("requests: with more than one there must be a plan")
    fields = kind.requests[0].__struct_fields__
    named = [*kind.series]
    if kind.monte_carlo:
        named += [kind.monte_carlo.count, *kind.monte_carlo.cost]
    if unknown := sorted(set(named) - set(fields)):
        raise DeclarationError(f"{', '.join(unknown)}: its requests have no such field")
    if stray := sorted(set(series_names(kind.requests[0])) - set(kind.series)):
        raise DeclarationError(f"{', '.join(stray)}: has an _id, but isn't among its series")
