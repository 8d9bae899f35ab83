"""What the kernel does about processes and memory."""

from __future__ import annotations

import contextlib
import resource
from pathlib import Path

#: Where memory is short, a worker goes before the daemon: its job goes on, in another worker.
_WORKERS_FIRST = 500


def limit(pid: int, most: int) -> None:
    """Bound the memory that a process may take (bytes; 0: unbounded), and offer it up first."""
    with contextlib.suppress(OSError):  # it has ended already, or /proc isn't there
        Path(f"/proc/{pid}/oom_score_adj").write_text(str(_WORKERS_FIRST), encoding="ascii")
    if most:
        with contextlib.suppress(ProcessLookupError):
            # Not the address space, of which libraries take more than they use.
            resource.prlimit(pid, resource.RLIMIT_DATA, (most, most))


def oom_kills() -> int:
    """Processes that the kernel has killed for want of memory since it started; 0 if unknown."""
    try:
        text = Path("/proc/vmstat").read_text(encoding="ascii")
    except OSError:
        return 0
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == "oom_kill":
            return int(value)
    return 0
