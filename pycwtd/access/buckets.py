"""Token buckets: so much at once, so much a second, for each identity."""

from __future__ import annotations

from collections import OrderedDict

#: Identities remembered; the one that was heard of longest ago is forgotten first, and begins
#: with a full bucket when it comes back.
_REMEMBERED = 10_000


class Buckets:
    """One bucket for each identity; memory is bounded however many there are.

    Args:
        rate: tokens that flow into a bucket in a second; 0 means no limit.
        burst: tokens that it holds, at least one.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = max(burst, 1.0)
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._levels)

    def become(self, new: Buckets) -> None:
        """Take over another's rate and burst; what is in the buckets stays, up to the brim."""
        self._rate, self._burst = new._rate, new._burst

    def take(self, identity: str, now: float) -> float:
        """Take a token.

        Args:
            identity: whose bucket.
            now: a monotonic time (seconds).

        Returns:
            0, or the seconds until there will be a token; none has been taken then.
        """
        if not self._rate:
            return 0.0
        level, seen = self._levels.pop(identity, (self._burst, now))
        level = min(self._burst, level + max(0.0, now - seen) * self._rate)
        wait = 0.0 if level >= 1.0 else (1.0 - level) / self._rate
        self._levels[identity] = (level if wait else level - 1.0, now)
        if len(self._levels) > _REMEMBERED:
            self._levels.popitem(last=False)
        return wait
