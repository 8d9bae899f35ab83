"""When the state was last backed up, in a file beside it: backups write it, the daemon reads it."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from pycwtd.store.files import sync_directory

if TYPE_CHECKING:
    from pathlib import Path

#: A Unix time, decimal.
STAMP = "last-backup"
_LONGEST = 100


def write_stamp(state_dir: Path, created_at: float) -> None:
    """Note that a good backup was made, for :func:`read_stamp`.

    Args:
        state_dir: of the daemon, which may belong to another user than the caller.
        created_at: when the backup was made (Unix time).

    Raises:
        OSError: the state directory takes no file.
    """
    temporary = state_dir / f"{STAMP}.tmp"
    temporary.unlink(missing_ok=True)
    # Root writes where the daemon's user may: whatever lies there by that name isn't followed.
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    try:
        with os.fdopen(fd, "w", encoding="ascii") as file:
            if os.geteuid() == 0:
                owner = state_dir.stat()
                os.fchown(fd, owner.st_uid, owner.st_gid)
            file.write(f"{created_at:.3f}\n")
            file.flush()
            os.fsync(fd)
        temporary.rename(state_dir / STAMP)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(state_dir)


def read_stamp(state_dir: Path) -> float:
    """When the last good backup was made (Unix time); 0 if none is known of."""
    try:
        with (state_dir / STAMP).open(encoding="ascii") as file:
            found = float(file.read(_LONGEST))
    except (OSError, ValueError):
        return 0.0
    return found if math.isfinite(found) and found > 0 else 0.0
