"""The sockets that are served: those that systemd passes, and those opened here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from pycwtd.config import Listener, wrong_listener
from pycwtd.platform.inherited import address_of, inherited_sockets
from pycwtd.platform.paths import default_socket
from pycwtd.platform.sockets import ListenError, listen_tcp, listen_unix

if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence

#: How a passed socket of this name is served that the configuration doesn't know: the kernel would
#: tell the proxy's user, and so grant every client what that one may.
_BY_NAME = {"proxy": Listener(auth="token", proxy=True)}


@dataclass(frozen=True, slots=True)
class Served:
    """A listening socket and how it is served; ``listener`` has its address in any case."""

    socket: socket.socket
    listener: Listener
    #: Whether its path is ours to remove.
    own: bool

    @property
    def name(self) -> str:
        """Where clients find it."""
        return self.listener.unix or f"http://{address_of(self.socket)[1]}"

    def close(self) -> None:
        """Stop listening; a socket of systemd's goes on without us."""
        self.socket.close()
        if self.own and self.listener.unix is not None:
            Path(self.listener.unix).unlink(missing_ok=True)


def open_listeners(wanted: Sequence[Listener]) -> list[Served]:
    """Every socket of the configuration, and every one that systemd passes.

    A socket that is passed belongs to the listener that has its address, or else its name in
    ``activated``; one that nobody asks for is served as its kind is by default, and one named
    ``proxy`` as that of a proxy.

    Raises:
        ListenError: one can't be had, or isn't fit for what is asked of it.
    """
    passed = inherited_sockets()
    served: list[Served] = []
    try:
        for listener in wanted:
            mine = [one for one in passed if _is_for(listener, *one)]
            passed = [one for one in passed if one not in mine]
            served += [_served(name, one, listener) for name, one in mine]
            if not mine:
                served.append(_opened(listener, [name for name, _ in passed]))
        served += [_served(name, one, _BY_NAME.get(name, Listener())) for name, one in passed]
        if not served:
            served.append(_opened(Listener(unix=str(default_socket())), []))
    except ListenError:
        for one in served:
            one.close()
        raise
    return served


def _is_for(listener: Listener, name: str, one: socket.socket) -> bool:
    if listener.activated is not None:
        return listener.activated == name
    unix, tcp = address_of(one)
    return listener.unix == unix if unix is not None else listener.tcp == tcp


def _served(name: str, one: socket.socket, listener: Listener) -> Served:
    """A socket that was passed, under the address that it has."""
    unix, tcp = address_of(one)
    found = structs.replace(listener, unix=unix, tcp=tcp, activated=None)
    if wrong := wrong_listener(found):
        raise ListenError(f"socket {name!r}, passed by systemd at {unix or tcp}: {wrong}")
    # The port alone is known where the kernel was to choose it.
    return Served(one, found, own=False)


def _opened(listener: Listener, passed: Sequence[str]) -> Served:
    if listener.activated is not None:
        there = ", ".join(passed) or "none"
        raise ListenError(
            f"listen: systemd passes no socket named {listener.activated!r}; it passes: {there}"
        )
    if listener.unix is not None:
        one = listen_unix(Path(listener.unix), int(listener.mode, 8))
    else:
        one = listen_tcp(listener.host, listener.port)
    return Served(one, listener, own=True)
