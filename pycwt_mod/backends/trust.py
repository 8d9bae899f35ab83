"""Whether a folder of code may be trusted: nobody but root can have put it there, or changed it.

A driver's code runs with the rights of whoever loads it, and the daemon loads what lies in its
folder of drop-ins. The rule is the one of sudo and cron for their drop-in folders.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def distrust(folder: Path, owners: frozenset[int] = frozenset({0})) -> str | None:
    """Why the code in a folder isn't trusted; None if it is.

    The folder, everything in it, and every folder above must belong to one of the owners and not
    be writable by others; links aren't followed.

    Args:
        folder: of one driver.
        owners: user ids.
    """
    try:
        for above in folder.absolute().parents:
            status = above.stat()
            # In /tmp and its like only the owner can rename or remove what is there.
            shared = status.st_mode & stat.S_ISVTX
            if status.st_uid not in owners or (status.st_mode & _OTHERS_WRITE and not shared):
                return _wrong(above, owners)
        for path in (folder, *sorted(folder.rglob("*"))):
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                return f"{path}: is a link; a driver's files must lie in its folder"
            if status.st_uid not in owners or status.st_mode & _OTHERS_WRITE:
                return _wrong(path, owners)
    except OSError as error:
        return f"{error.filename}: can't be looked at: {error.strerror}"
    return None


def _wrong(path: Path, owners: frozenset[int]) -> str:
    who = "root" if owners == {0} else "root or you"
    return f"{path}: must belong to {who} and be writable by nobody else"
