"""How many cores this process may use: affinity, and the quota of its control group."""

from __future__ import annotations

import os
import sys
import time
from functools import lru_cache
from pathlib import Path

#: Control groups are looked at anew after so long (seconds): reading a dozen small files takes
#: a tenth of a short run.
_FRESH = 1.0


def usable_cores(
    proc: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")
) -> int:
    """Cores that the process may keep busy, at least one.

    The scheduler's affinity mask, cut down by the CPU bandwidth quota of the control group
    (v2 ``cpu.max``, v1 ``cpu.cfs_quota_us``) and of the groups above it. A quota of two and a
    half cores counts as three: the third thread makes use of the half.

    Args:
        proc: where the kernel tells the process its control groups.
        root: where control groups are mounted.
    """
    bandwidth = _bandwidth(proc, root, int(time.monotonic() / _FRESH))
    return min(len(os.sched_getaffinity(0)), bandwidth)


@lru_cache(maxsize=1)
def _bandwidth(proc: Path, root: Path, _moment: int) -> int:
    """Cores that the quotas leave; a very large number without any."""
    quotas = [quota for group in _groups(proc, root) if (quota := _quota(group))]
    return min((max(1, -(-most // period)) for most, period in quotas), default=sys.maxsize)


def _groups(proc: Path, root: Path) -> list[Path]:
    """The process's groups and all above them, as folders."""
    try:
        lines = proc.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
    folders = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = root / controllers if controllers else root
        relative = Path(path.lstrip("/"))
        folders += [base / part for part in (relative, *relative.parents)]
    return folders


def _quota(group: Path) -> tuple[int, int] | None:
    """Microseconds of CPU time and the period they are for; None where there is no limit."""
    try:
        quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        try:
            quota = (group / "cpu.cfs_quota_us").read_text(encoding="ascii").strip()
            period = (group / "cpu.cfs_period_us").read_text(encoding="ascii").strip()
        except OSError:
            return None
    if not (quota.isdecimal() and period.isdecimal() and int(period) > 0):
        return None  # "max" and -1 mean no limit
    return int(quota), int(period)
