"""What happened on a line, counted since it was opened."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from pycwt_mod.backends import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(slots=True)
class Counters:
    """Numbers that only grow."""

    #: Requests sent, the first time and again.
    requests: int = 0
    retries: int = 0
    #: Answers that were taken.
    answers: int = 0
    #: Waits that ended without any.
    silences: int = 0
    #: What arrived damaged: a wrong checksum, no COBS, a wrong length.
    damaged: int = 0
    #: Whole frames that didn't answer the request: late, doubled, another's.
    stale: int = 0
    #: Requests that the board refused.
    refused: int = 0
    #: Resets of the board that were noticed.
    resets: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0

    def copy(self) -> Counters:
        """As they are now."""
        return replace(self)

    def since(self, before: Counters) -> Counters:
        """What was added to an earlier copy."""
        earlier = asdict(before)
        return Counters(**{name: now - earlier[name] for name, now in asdict(self).items()})

    def summary(self) -> str:
        """For people: the requests, and of the rest what isn't nothing."""
        told = [
            (self.retries, "sent again"),
            (self.silences, "without an answer"),
            (self.damaged, "frames damaged"),
            (self.stale, "late or doubled"),
            (self.refused, "refused"),
            (self.resets, "resets"),
        ]
        rest = [f"{number:,} {what}" for number, what in told if number]
        return ", ".join([f"{self.requests:,} requests", *rest])


#: What is counted in bytes.
_BYTES = ("bytes_sent", "bytes_received")


def told(counters: Counters) -> Sequence[Reading]:
    """The counters as a driver's readings."""
    return [
        Reading(name, value, "B" if name in _BYTES else "", total=True)
        for name, value in asdict(counters).items()
    ]
