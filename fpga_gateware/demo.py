"""Coherence jobs of a real daemon on the simulated gateware: ``make demo-fpga``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent / "bench"))

import simulate

from pycwt_mod.datasets import ao_baltic

if TYPE_CHECKING:
    from collections.abc import Iterator

_BIN = Path(sys.executable).parent
_GRID = ("--dt", "1", "--dj", "1/4", "--s0", "2", "--J", "20", "--seed", "1")
_ON_BOARD = ("--backend", "tang_nano_9k")


def _ctl(*arguments: str) -> str:
    done = subprocess.run(
        [_BIN / "pycwtctl", *arguments], text=True, stdout=subprocess.PIPE, check=True
    )
    return done.stdout.strip()


def _job(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_ctl("job", "--json", name))
    return found


def _submit(series: tuple[str, str], *arguments: str) -> str:
    return str(json.loads(_ctl("submit", "wct", *series, *_GRID, *arguments, "--json"))["job_id"])


@contextmanager
def _daemon(folder: Path, link: Path) -> Iterator[None]:
    """A daemon that knows the board's port."""
    config = folder / "pycwtd.toml"
    config.write_text(f'[drivers.tang_nano_9k]\nport = "{link}"\nwait = 60\n')
    os.environ["PYCWTD_SOCKET"] = str(folder / "s")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [
                *(_BIN / "pycwtd", "--config", config, "--socket", folder / "s"),
                *("--state-dir", folder / "state"),
            ],
            stderr=log,
        )
    try:
        while not (folder / "s").exists():
            if process.poll() is not None:
                sys.exit((folder / "log").read_text())
            time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait(20)


def _series(folder: Path) -> tuple[str, str]:
    _, ao, ice = ao_baltic()
    paths = folder / "ao.txt", folder / "ice.txt"
    for path, values in zip(paths, (ao, ice), strict=True):
        path.write_text("\n".join(map(str, values)))
    return str(paths[0]), str(paths[1])


def _wait(job: str, done: int) -> None:
    """Until so many realisations are done."""
    while _job(job)["realisations_done"] < done:
        time.sleep(0.1)


def _pulled(
    program: Path, link: Path, series: tuple[str, str], board: subprocess.Popen[str]
) -> None:
    """A job whose board is unplugged, and plugged in again; and one that is cancelled."""
    print("\nanother one, and the cable is pulled:", flush=True)
    job = _submit(series, *_ON_BOARD, "--mc-count", "30")
    _wait(job, 10)
    board.kill()
    board.wait()
    print(f"unplugged at {_job(job)['realisations_done']} of 30", flush=True)
    with simulate.started(program, "--link", str(link)):
        print("plugged in again")
        _watch(job)
        cancelled = _submit(series, *_ON_BOARD, "--mc-count", "100000")
        _wait(cancelled, 5)
        _ctl("cancel", cancelled)


def main() -> None:
    """A job with progress, one on a line that is cut, a cancel, and the CPU beside it."""
    print("building the simulated board …", flush=True)
    program = simulate.build("board_pty")
    with tempfile.TemporaryDirectory(prefix="pw-", dir="/tmp") as name:
        folder = Path(name)
        link, series = folder / "board", _series(folder)
        damage = ("--damage", "5000")
        with (
            simulate.started(program, "--link", str(link), *damage) as (_, board),
            _daemon(folder, link),
        ):
            print("a daemon finds the board, tests it and measures its speed …", flush=True)
            first = _submit(series, *_ON_BOARD, "--mc-count", "20")
            print("\n" + _ctl("backends"))
            print("\na job on the board, one byte in 5,000 of its line damaged:", flush=True)
            beside = _submit(series, "--backend", "sequential", "--mc-count", "20000")
            _watch(first)
            _pulled(program, link, series, board)
            print("\na third one was cancelled, and the CPU had one meanwhile:\n")
            _watch(beside)
            print(_ctl("jobs"))


def _watch(job: str) -> None:
    subprocess.run([_BIN / "pycwtctl", "watch", job], check=True)


if __name__ == "__main__":
    main()
