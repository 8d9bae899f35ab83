"""What a lab asks of its appliance in an hour.

The hour is that of a busy lab: twelve people and their scripts do some 3,400 things, nearly one a
second; a fifth of them are broken: programs that crash, cables that are pulled, tokens that have
expired. A run of M minutes plays this hour 60 / M times as fast: the same number of things,
in less time. So what leaks with each request, job or connection is all there after M minutes;
what leaks with time alone shows M / 60 of itself.

Things begin at random moments (a Poisson process) whether or not the ones before have been
answered, as those of different people do: a daemon that is slow isn't spared for it.
"""

from __future__ import annotations

import random
from typing import NamedTuple

PEOPLE = 12
#: The share of the hour in which processes are started, caches filled, pools grown.
HOUR_WARM = 0.25
#: Things that are done as they should be, by their name in :mod:`load.work`: times an hour.
WORK = {
    "transform": 300,
    "cross": 150,
    "coherence": 300,
    "simulate": 360,
    "batch": 30,
    "cancel": 80,
    "fetch": 450,
    "upload": 240,
    "drop": 150,
    "look": 600,
    "stream": 36,
    "watch": 60,
}
#: Things that are broken, by their name in :mod:`load.broken`.
BREAKING = {
    "half_head": 45,
    "half_body": 45,
    "leave_computing": 45,
    "leave_upload": 45,
    "leave_download": 45,
    "leave_socket": 45,
    "leave_stream": 20,
    "answer_lost": 60,
    "malformed": 90,
    "oversized": 30,
    "garbage": 45,
    "wrong_file": 30,
    "wrong_token": 30,
    "foreign_page": 15,
    "slow_head": 20,
    "slow_body": 10,
    "slow_reader": 20,
}


class Moment(NamedTuple):
    """Something that is to be done."""

    #: After the begin (seconds).
    at: float
    name: str
    #: Of its own dice, so that what it does doesn't depend on when others are done.
    seed: int


def moments(seconds: float, seed: int, share: float = 1.0) -> list[Moment]:
    """An hour's worth of things, or a share of it, in so many seconds and in their order.

    Args:
        seconds: that it is to take.
        seed: of the moments, and of what is done at them.
        share: of the hour.
    """
    dice = random.Random(seed)
    found = []
    for name, times in (WORK | BREAKING).items():
        rate = share * times / seconds
        at = dice.expovariate(rate)
        while at < seconds:
            found.append(Moment(at, name, dice.getrandbits(48)))
            at += dice.expovariate(rate)
    return sorted(found)
