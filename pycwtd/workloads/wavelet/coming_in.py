"""What a client asks of the stream of coherences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pycwtd.workloads.interface import Stream, StreamConfig, StreamPlan
from pycwtd.workloads.wavelet.fields import (
    Count,
    Interval,
    Mother,
    Order,
    Shape,
    Smallest,
    Spacing,
)
from pycwtd.workloads.wavelet.requests import WaveletPair, analysis

if TYPE_CHECKING:
    from pycwtd.config import Limits


class Config(StreamConfig, kw_only=True):
    """What to compute; begins anew with no samples."""

    dt: Interval
    #: For Monte Carlo; a stream has none, but a backend that doesn't exist is refused.
    backend: str = "auto"
    dj: Spacing = 0.25
    s0: Smallest = -1.0
    J: Count = -1
    mother: Mother = "morlet"
    param: Order = -1.0
    gamma: Shape = -1.0
    normalize: bool = True


def plan(config: Config, limits: Limits) -> StreamPlan:
    """The grid with its defaults, as any request for a window of this length gets it.

    Raises:
        InvalidFieldError: a field is out of its range.
        InvalidCombinationError: the fields don't fit together.
    """
    alike: list[float | None] = [float(sample % 2) for sample in range(config.window)]
    names = ("dt", "dj", "s0", "J", "mother", "param", "gamma", "normalize")
    fields = {name: getattr(config, name) for name in names}
    wanted = analysis("wct", WaveletPair(signal1=alike, signal2=alike, **fields), limits, {})
    arguments = {
        **{"dt": wanted.dt, "dj": wanted.dj, "s0": wanted.s0, "J": wanted.J},
        **{"family": wanted.family, "order": wanted.order, "shape": wanted.shape},
        "normalize": wanted.normalize,
    }
    return StreamPlan(arguments, 2 * config.window * (wanted.J + 1))


COHERENCE = Stream(
    name="wct",
    summary="WebSocket: coherence of two series as they come in, window by window",
    series=("signal1", "signal2"),
    config=Config,
    plan=plan,
    compute="pycwtd.workloads.wavelet.windows",
)
