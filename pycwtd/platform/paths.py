"""Where the daemon keeps its state and its socket when nobody says otherwise.

Daemon and clients ask the same functions, so that a bare ``pycwtctl`` finds a bare ``pycwtd``.
"""

from __future__ import annotations

import os
from pathlib import Path


def default_state_dir() -> Path:
    """Systemd's choice, else the system's place for root, else the user's own."""
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0])
    if os.geteuid() == 0:
        return Path("/var/lib/pycwtd")
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local/state") / "pycwtd"


def default_socket() -> Path:
    """``PYCWTD_SOCKET``, else systemd's, the system's or the user's run-time directory."""
    if given := os.environ.get("PYCWTD_SOCKET"):
        return Path(given)
    if runtime := os.environ.get("RUNTIME_DIRECTORY"):
        return Path(runtime.split(":")[0]) / "pycwtd.sock"
    if os.geteuid() == 0:
        return Path("/run/pycwtd/pycwtd.sock")
    base = os.environ.get("XDG_RUNTIME_DIR")
    return (Path(base) if base else default_state_dir()) / "pycwtd.sock"
