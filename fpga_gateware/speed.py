"""How fast the gateware is, from simulated cycles, and what it takes: ``make bench-fpga``.

Every octave's configuration is loaded into the simulated board and computes some series; cycles are
counted between the answer to RUN and the core's rest. The line's bytes are counted, too. Seconds
are cycles at the clock that the bitstream is built for; nothing is timed but the CPU.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent / "bench"))

import simulate

from pycwt_mod.backends import get_backend
from pycwt_mod.monte_carlo.run import coherence_task
from pycwtd_drivers.line import messages
from pycwtd_drivers.line.frame import END, Frame, encode
from pycwtd_drivers.line.messages import Kind, Status
from pycwtd_drivers.line.work import Configuration as Words
from pycwtd_drivers.tang_nano_9k.fixed import BINS, Configuration, configurations

if TYPE_CHECKING:
    from pycwt_mod.backends import SignificanceTask

#: Assumed, not measured: the board's 5 V at 0.2 A with all of the chip at work, its bridge
#: included; and one core of a server's CPU with its share of the memory.
BOARD_WATTS, CORE_WATTS = 1.0, 10.0
#: Bits of a byte on the line, and what a request waits for the bridge and the host at best.
_BITS, _TURN_SECONDS = 10, 0.001
#: Series that are computed of each octave.
_SERIES = 4
GRIDS = {
    "25 scales, dj 1/4, 6 octaves": (1 / 4, 2.0, 24),
    "85 scales, dj 1/12 (default)": (1 / 12, 2.0, 84),
}


@dataclass
class Cost:
    """Of a run of so many realisations."""

    cycles: int = 0
    #: On the line, both ways, and how many requests.
    line_bytes: int = 0
    requests: int = 0


class Chip:
    """The simulated board, without retries: its line is good."""

    def __init__(self, lanes: int) -> None:
        self.board = simulate.Board(simulate.build("board_library", lanes=lanes))
        self._unit = 0
        self.cost = Cost()

    def ask(self, kind: int, payload: bytes = b"") -> bytes:
        """The answer's frame, still stuffed."""
        request = END + encode(Frame(kind, 1, payload))
        self.board.send(request)
        found = self.board.answer()
        self.cost.line_bytes += len(request) + len(found)
        self.cost.requests += 1
        return found

    def configure(self, plan: Configuration) -> None:
        """Tell it a configuration."""
        words = Words((address, (word,)) for address, word in plan.words)
        self.ask(Kind.CONFIG_BEGIN)
        at = 0
        while at < len(words.words):
            address, block = words.block(at, messages.MOST_WORDS)
            self.ask(Kind.CONFIG, messages.pack_config(address, block))
            at += len(block)

    def cycles(self, count: int) -> int:
        """Clock cycles for some series of the configuration that it has."""
        self._unit += 1
        self.ask(Kind.RUN, messages.pack_run(self._unit, 1, 0, count))
        started = self.board.cycles
        while self.board.working:
            self.board.run(64)
        return self.board.cycles - started

    def status(self) -> Status | None:
        """What it says of itself."""
        return Status.read(self.ask(Kind.STATUS))


def measure(chip: Chip, plans: tuple[Configuration, ...], count: int) -> Cost:
    """The cost of a run of realisations from 0 on."""
    chip.cost = Cost()
    for plan in plans:
        _, series = plan.span(0, count)
        chip.configure(plan)
        # The second figure lacks what a unit costs once.
        few, more = chip.cycles(_SERIES), chip.cycles(2 * _SERIES)
        a_series = (more - few) / _SERIES
        chip.cost.cycles += round(few + a_series * (series - _SERIES))
        for row in range(plan.rows):
            chip.ask(Kind.RESULT, messages.pack_result(chip._unit, row))
    return chip.cost


def cpu_seconds(name: str, task: SignificanceTask, count: int) -> float:
    """The best of some runs of a backend."""
    backend = get_backend(name)
    best = float("inf")
    for _ in range(5):
        started = time.perf_counter()
        backend.run(task, 1, 0, count)
        best = min(best, time.perf_counter() - started)
    return best


def main() -> None:
    """One table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mhz", type=float, default=54)
    parser.add_argument("--baud", type=int, default=1_000_000)
    parser.add_argument("--lanes", default="2", help="separated by commas")
    parser.add_argument("--count", type=int, default=3000)
    wanted = parser.parse_args()
    print(
        f"{wanted.count} realisations of the cascade, {wanted.mhz:g} MHz, {wanted.baud:,} baud; "
        f"{BOARD_WATTS:g} W for the board, {CORE_WATTS:g} W for a core of the CPU (assumed)\n"
    )
    print("| task | on | computing | realisations/s | with the line | J a realisation |")
    print("|---|---|---|---|---|---|")
    for name, (dj, s0, J) in GRIDS.items():
        task = coherence_task(0.5, 0.5, 1.0, dj, s0, J, estimator="cascade")
        for lanes in map(int, wanted.lanes.split(",")):
            cost = measure(Chip(lanes), configurations(task, lanes), wanted.count)
            seconds = cost.cycles / wanted.mhz / 1e6
            whole = seconds + cost.line_bytes * _BITS / wanted.baud + cost.requests * _TURN_SECONDS
            _row(name, f"board, {lanes} lanes", seconds, whole, wanted.count, BOARD_WATTS)
        for estimator in ("cascade", "full"):
            whole_task = coherence_task(0.5, 0.5, 1.0, dj, s0, J, estimator=estimator)
            seconds = cpu_seconds("sequential", whole_task, wanted.count)
            where = "CPU, 1 core" if estimator == "cascade" else "CPU, 1 core, estimator full"
            _row(name, where, seconds, seconds, wanted.count, CORE_WATTS)
    print(f"\nOf every run {BINS} bins of each row go over the line, however many realisations.")


def _row(  # noqa: PLR0917 - a row of a table
    task: str, where: str, seconds: float, whole: float, count: int, watts: float
) -> None:
    print(
        f"| {task} | {where} | {seconds:.2f} s | {count / seconds:,.0f} | {whole:.2f} s "
        f"| {watts * whole / count * 1e3:.2f} mJ |",
        flush=True,
    )


if __name__ == "__main__":
    main()
