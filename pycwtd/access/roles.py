"""Roles, and which of them the process at the other end of a Unix socket has."""

from __future__ import annotations

import grp
import logging
import os
import pwd
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pycwtd.platform.peers import Peer

log = logging.getLogger(__name__)

Role = Literal["none", "viewer", "analyst", "operator", "admin"]
#: From the least to the most; each may do all that those before it may.
ROLES: tuple[Role, ...] = get_args(Role)


def reaches(has: Role, needed: Role) -> bool:
    """Whether a role may do what another one is needed for."""
    return ROLES.index(has) >= ROLES.index(needed)


class PeerRoles:
    """Roles by user and group id; names are looked up once, when the daemon starts."""

    def __init__(self, users: Mapping[str, Role], groups: Mapping[str, Role], others: Role) -> None:
        self._users = _by_id(users, "user", lambda name: pwd.getpwnam(name).pw_uid)
        self._groups = _by_id(groups, "group", lambda name: grp.getgrnam(name).gr_gid)
        self._others = others
        self._always_admin = {0, os.geteuid()}

    def of(self, peer: Peer) -> Role:
        """The role of a process: root's and our own, else its user's, else its best group's."""
        if peer.uid in self._always_admin:
            return "admin"
        if peer.uid in self._users:
            return self._users[peer.uid]
        found = [self._groups[gid] for gid in peer.groups if gid in self._groups]
        return max(found, key=ROLES.index, default=self._others)


def _by_id(names: Mapping[str, Role], kind: str, look_up: Callable[[str], int]) -> dict[int, Role]:
    """Names, or ids in digits, as ids. A name that isn't there grants nothing."""
    found: dict[int, Role] = {}
    for name, role in names.items():
        try:
            found[int(name) if name.isdecimal() else look_up(name)] = role
        except KeyError:
            log.info("access.%ss: there is no %s %s on this machine", kind, kind, name)
    return found
