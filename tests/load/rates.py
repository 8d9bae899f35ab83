"""What a lab asks of its appliance in an hour.

The hour is that of a busy lab: twelve people and their scripts, each in one role or another, some
6,700 things done, a tenth of them wrong: programs that crash, cables that are pulled, tokens that
have expired. A run of M minutes plays this hour 60 / M times as fast: the same number of things,
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
    "transform": 600,
    "cross": 300,
    "coherence": 600,
    "simulate": 720,
    "batch": 60,
    "cancel": 180,
    "fetch": 900,
    "upload": 480,
    "drop": 300,
    "look": 1200,
    "stream": 60,
    "watch": 120,
}
#: Things that are broken, by their name in :mod:`load.broken`.
BREAKING = {
    "half_head": 90,
    "half_body": 90,
    "leave_computing": 90,
    "leave_upload": 90,
    "leave_download": 90,
    "leave_socket": 90,
    "leave_stream": 30,
    "answer_lost": 120,
    "malformed": 180,
    "oversized": 60,
    "garbage": 90,
    "wrong_file": 60,
    "wrong_token": 60,
    "foreign_page": 30,
    "slow_head": 30,
    "slow_body": 15,
    "slow_reader": 30,
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
