"""What goes wrong on a line: bytes lost, doubled, flipped, held back, each by chance."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Faults:
    """How often each happens to a byte, and what happens once."""

    loss: float = 0.0
    duplication: float = 0.0
    flips: float = 0.0
    #: Seconds before a byte goes on, and how often.
    delay: float = 0.0
    delays: float = 0.0
    #: Write each byte by itself.
    single: bool = False
    #: Close the line for good after so many bytes that the board sent.
    unplug_after: int | None = None
    #: Reset the board after so many bytes that it sent.
    reset_after: int | None = None
    seed: int = 1


class Wire:
    """One direction of a line."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._faults = faults
        self._random = random.Random(faults.seed * 2 + seed)

    def carry(self, data: bytes) -> bytes:
        """What arrives of some bytes."""
        faults = self._faults
        if not (faults.loss or faults.duplication or faults.flips or faults.delays):
            return data
        out = bytearray()
        for byte in data:
            chance = self._random.random
            if chance() < faults.delays:
                time.sleep(faults.delay)
            if chance() < faults.loss:
                continue
            if chance() < faults.flips:
                byte ^= 1 << self._random.randrange(8)  # noqa: PLW2901 - on its way
            out.append(byte)
            if chance() < faults.duplication:
                out.append(byte)
        return bytes(out)
