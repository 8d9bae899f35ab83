"""A machine with pycwtd on it: its package, its service, its jobs."""

from __future__ import annotations

import json
import random
import re
import select
import time
from typing import TYPE_CHECKING, Any

from machine import Machine, MachineError

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

SOCKET = "/run/pycwtd/pycwtd.sock"
#: Some seconds of work, on one core.
REQUEST = "--dt 1 --dj 0.0833 --seed 42 --backend sequential --estimator full"
HEAR_SECONDS = 60.0
#: Of the kernel, or written by others in the meantime.
_RESTLESS = (
    *("/proc", "/sys", "/dev", "/run", "/tmp", "/root", "/etc/.pwd.lock"),
    *("/var/log", "/var/cache", "/var/tmp", "/var/lib/dpkg", "/var/lib/systemd/catalog"),
    *("/var/lib/systemd/timers", "/var/lib/systemd/deb-systemd-helper-enabled"),
)
#: Digests of a result's arrays; how long it took is no part of it.
_DIGEST = """
import hashlib, sys, numpy
with numpy.load(sys.argv[1], allow_pickle=False) as found:
    for name in sorted(set(found.files) - {"computation_time"}):
        array = found[name]
        print(name, array.dtype, array.shape, hashlib.sha256(array.tobytes()).hexdigest())
"""


class Box(Machine):
    """What the checks do with a machine."""

    def write_series(self) -> None:
        """Two series with some coherence."""
        chance = random.Random(7)
        common = 0.0
        lines: tuple[list[str], list[str]] = ([], [])
        for _ in range(128):
            common += 0.3 * chance.gauss(0, 1)
            for one in lines:
                one.append(f"{common + chance.gauss(0, 1):.6f}")
        for name, one in zip("ab", lines, strict=True):
            self.write(f"/root/{name}.csv", "\n".join(["value", *one, ""]))

    def install(self, package: Path, options: str = "") -> float:
        """Install a package with dpkg alone; returns the seconds that it took."""
        self.put(package, f"/root/{package.name}")
        began = time.monotonic()
        self(f"DEBIAN_FRONTEND=noninteractive dpkg {options} -i /root/{package.name} </dev/null")
        return time.monotonic() - began

    def submit(self, realisations: int, socket: str = SOCKET) -> str:
        """Hand in the job that all boxes are given; returns its id."""
        return self(
            f"pycwtctl --socket {socket} submit wct /root/a.csv /root/b.csv {REQUEST}"
            f" --mc-count {realisations}"
        )

    def until_computing(self, job: str) -> None:
        """Wait until some of a job's realisations are computed."""
        watch = self.begin(f"exec pycwtctl watch --json {job}")
        try:
            for line in lines(watch, HEAR_SECONDS):
                told = json.loads(line)
                assert told["status"] in {"queued", "running"}, told
                if told["realisations_done"]:
                    return
        finally:
            watch.kill()
            watch.wait()

    def finish(self, job: str, socket: str = SOCKET) -> None:
        """Wait for the end of a job, which must be a good one."""
        self(f"pycwtctl --socket {socket} watch {job}")

    def digests(self, job: str, socket: str = SOCKET) -> str:
        """The digest of each array of a result."""
        self(f"pycwtctl --socket {socket} result {job} --force -o /tmp/{job}.npz")
        return self(["/opt/pycwtd/bin/python", "-c", _DIGEST, f"/tmp/{job}.npz"])

    def jobs(self) -> dict[str, dict[str, Any]]:
        """Every job, by id."""
        listed = json.loads(self("pycwtctl jobs --limit 1000 --json"))
        return {job["job_id"]: job for job in listed}

    def answer(self) -> float:
        """The seconds until the daemon says that it is well, whatever it was doing."""
        began = time.monotonic()
        self(f"curl -sS --fail --max-time 60 --unix-socket {SOCKET} http://localhost/health")
        return time.monotonic() - began

    def cursor(self) -> str:
        """Where the journal ends now."""
        told = self("journalctl -n 1 --show-cursor -o cat | tail -1")
        return told.removeprefix("-- cursor: ")

    def hear(self, pattern: str, cursor: str) -> str:
        """The first line about the service that fits a pattern, after a place in the journal.

        Without a place it is looked for from the beginning: one that was cleared away is none.
        """
        journal = self.begin(
            "exec journalctl -f -o cat --no-tail"
            + (f" --after-cursor '{cursor}'" if cursor else "")
            + " _SYSTEMD_UNIT=pycwtd.service + UNIT=pycwtd.service"
        )
        try:
            for line in lines(journal, HEAR_SECONDS):
                if re.search(pattern, line):
                    return line
        finally:
            journal.kill()
            journal.wait()
        raise MachineError(f"{self.name}: {pattern!r} isn't in the journal")

    def files(self) -> dict[str, str]:
        """Every file, folder and link with owner and mode, but for what changes by itself."""
        left_out = " -o ".join(f"-path {path}" for path in _RESTLESS)
        listed = self(
            f"find / -xdev \\( {left_out} -o -name '*-' \\) -prune -o -printf '%p\\t%M %u %g\\n'"
        )
        return dict(line.split("\t", 1) for line in listed.splitlines())


def lines(process: subprocess.Popen[str], seconds: float) -> Any:
    """The lines that a program says, for so long at most."""
    assert process.stdout
    end = time.monotonic() + seconds
    while select.select([process.stdout], [], [], max(0.0, end - time.monotonic()))[0]:
        line = process.stdout.readline()
        if not line:
            return
        yield line
