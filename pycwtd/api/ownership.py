"""Whose things are whose."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pycwtd.api.middleware import OWNER
from pycwtd.api.problems import Problem

if TYPE_CHECKING:
    from aiohttp import web


def check_owner(request: web.Request, owner: str, what: str, name: str) -> None:
    """Let the owner of a thing pass, and root, and the daemon's own user.

    Raises:
        Problem: 403 for everybody else.
    """
    if request[OWNER] not in {owner, "uid:0", f"uid:{os.getuid()}"}:
        raise Problem(403, f"{what} {name} belongs to {owner}", code="not_yours")
