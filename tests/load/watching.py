"""The daemon as the system sees it, and the events as one reader sees them who never misses one."""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

from load.record import ENDS

if TYPE_CHECKING:
    from load.lab import Person
    from load.record import Record

#: Between two looks (seconds).
INTERVAL = 1.0
#: Every so many looks, the disk is looked at, too.
_DISK_EVERY = 10


@dataclass
class Look:
    """One look at all of its processes."""

    at: float
    #: By what a process is (``daemon``, ``numerics``, ``backend``, ``errands``, ``stream``).
    pss: dict[str, int] = field(default_factory=dict)
    fds: dict[str, int] = field(default_factory=dict)
    threads: dict[str, int] = field(default_factory=dict)
    #: Bytes and files of the state directory, and bytes of the write-ahead log.
    disk: tuple[int, int, int] | None = None


def look(pid: int, at: float) -> Look:
    """What its processes have at this moment."""
    found = Look(at)
    sums = [defaultdict(int) for _ in range(3)]
    for one, part in processes(pid).items():
        with suppress(OSError):
            folder = Path(f"/proc/{one}")
            values = (_pss(folder), len(os.listdir(folder / "fd")), _threads(folder))  # noqa: PTH208
            for into, value in zip(sums, values, strict=True):
                into[part] += value
    found.pss, found.fds, found.threads = map(dict, sums)
    return found


def processes(pid: int) -> dict[int, str]:
    """The daemon's processes, and what each is."""
    parents, found = {}, {pid: "daemon"}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(fields[1])
    # A child is started after its parent, and numbers go round once in a very long while.
    for one, parent in sorted(parents.items()):
        if parent == pid:
            with suppress(OSError):
                words = Path(f"/proc/{one}/cmdline").read_text().split("\0")
                role = words[words.index("--role") + 1] if "--role" in words else "starting"
                found[one] = role.partition(":")[0].partition("-")[0]
        elif parent in found:
            found[one] = found[parent]
    return found


def _pss(folder: Path) -> int:
    """Bytes, what is shared with others by halves, thirds and so on."""
    for line in (folder / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return 1024 * int(line.split()[1])
    raise ProcessLookupError(folder)


def _threads(folder: Path) -> int:
    for line in (folder / "status").read_text().splitlines():
        if line.startswith("Threads:"):
            return int(line.split()[1])
    raise ProcessLookupError(folder)


def disk(state: Path) -> tuple[int, int, int]:
    """Bytes and files of a state directory, and bytes of its write-ahead log."""
    size = files = log = 0
    for folder, _, names in os.walk(state):
        for name in names:
            with suppress(FileNotFoundError):
                status = Path(folder, name).stat()
                size, files = size + status.st_size, files + 1
                log += status.st_size if name.endswith("-wal") else 0
    return size, files, log


async def sample(pid: int, state: Path, record: Record, looks: list[Look]) -> None:
    """Look again and again, until cancelled."""
    while True:
        one = await asyncio.to_thread(look, pid, record.now)
        if len(looks) % _DISK_EVERY == 0:
            one.disk = await asyncio.to_thread(disk, state)
        looks.append(one)
        await asyncio.sleep(INTERVAL)


async def listen(person: Person, record: Record) -> None:
    """Take note of the end of every job, until cancelled.

    It is cut off now and then, and goes on where it was: no event may come twice, or not at all.
    """
    dice = random.Random(0)
    while True:
        socket = await person.session.ws_connect(f"/ws/events?since={record.seen}", max_msg_size=0)
        try:
            async with asyncio.timeout(dice.uniform(5, 30)):
                async for message in socket:
                    event = message.json()
                    if event.get("seq") != record.seen + 1:
                        record.complain(f"events: {event} came after {record.seen}")
                    record.seen = event.get("seq", record.seen)
                    if event["type"] in ENDS:
                        record.end(event["job_id"], event["type"])
        except TimeoutError:
            pass
        except aiohttp.ClientError as error:
            record.complain(f"events: {error!r}")
        finally:
            if transport := socket.get_extra_info("transport"):
                transport.abort()
            await socket.close()
