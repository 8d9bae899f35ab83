"""What goes wrong on a line, by chance: bytes lost, doubled, flipped, late; frames damaged."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

#: Bytes of the shortest frame, so that the damage is within it.
_SHORTEST = 11


@dataclass(frozen=True, slots=True)
class Faults:
    """How often each happens to a byte, and what happens once."""

    loss: float = 0.0
    duplication: float = 0.0
    flips: float = 0.0
    #: Seconds before a byte goes on, and how often.
    delay: float = 0.0
    delays: float = 0.0
    #: How often a frame, what is between two bytes 00, has one wrong bit.
    frames: float = 0.0
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
        #: Bytes to the one of this frame that will be damaged.
        self._spared: int | None = None

    def carry(self, data: bytes) -> bytes:
        """What arrives of some bytes."""
        faults = self._faults
        if not (faults.loss or faults.duplication or faults.flips or faults.delays):
            return self._in_frames(data) if faults.frames else data
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

    def _in_frames(self, data: bytes) -> bytes:
        out = bytearray(data)
        for at, byte in enumerate(data):
            if byte == 0:
                hit = self._random.random() < self._faults.frames
                self._spared = self._random.randrange(_SHORTEST) if hit else None
            elif self._spared is not None:
                if self._spared == 0:
                    out[at] ^= 1 << self._random.randrange(8)
                self._spared -= 1
        return bytes(out)
