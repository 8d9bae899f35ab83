"""What a Monte Carlo significance job is: plain data, no numerics, no numpy.

A job is pure: ``(task, seed, first, count) -> int64[rows, bins]``. Everything that can
change a single bin is in :class:`SignificanceTask`; who computes it, in which order, split
in which way, isn't.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import operator
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from pycwt_mod.grid import Family, cone_factor

FAMILIES: tuple[Family, ...] = get_args(Family)
#: ``full``: every realisation is a pair of series of the whole length, seen at every scale.
#: ``cascade``: every octave of scales draws short pairs of its own; see
#: :mod:`pycwt_mod.monte_carlo.cascade`.
Estimator = Literal["full", "cascade"]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)
#: Families of which the levels within the cone of influence are calibrated, with the number of
#: their nodes: between so many the level is interpolated along a line with errors below 0.003, of
#: DOG 0.005. Measured for white noise to α = 0.99 and gaps of 0 to 5 scales.
EDGE_NODES: dict[Family, int] = {"morlet": 7, "paul": 7, "dog": 9}
EDGE_FAMILIES: tuple[Family, ...] = tuple(EDGE_NODES)
#: Families whose levels by ``cascade`` were measured to be those of ``full``.
_CASCADED: tuple[Family, ...] = ("morlet", "paul", "dog")
#: Raised whenever an estimator's histograms change: those of two revisions aren't mixed.
_REVISIONS: dict[Estimator, int] = {"full": 1, "cascade": 2}

#: A realisation's number is one 32-bit word of the generator's counter.
MAX_REALISATIONS = 2**32
#: A run that stops by precision is judged at 300, 600, 1200 … realisations and nowhere else, so
#: that its result depends on the seed alone.
FIRST_STAGE = 300
LAST_STAGE = 1_000_000
#: The time index shares the other word of the counter with the stream's number.
MAX_LENGTH = 2**26
#: Distances from the ends that a task may count at.
MAX_NODES = 64


@dataclass(frozen=True, slots=True)
class SignificanceTask:
    """The null hypothesis of a coherence test: two independent AR(1) series, one wavelet.

    Realisation ``k`` is a pair of AR(1) series of ``length`` samples whose mean is removed
    (or, of the ``cascade``, a short pair for every octave); its squared coherence is counted
    at every scale, at the points outside the cone of influence, in ``bins`` equal bins over
    [0, 1] (1.0 belongs to the last one).

    With ``edge_nodes`` it is also counted within the cone, at these distances from either end:
    row ``i * len(scales) + j`` of the histogram belongs to node ``i - 1`` of scale ``j``, the
    first ``len(scales)`` rows to the points outside. Where the nodes lie in samples says
    :func:`pycwt_mod.monte_carlo.edges.node_samples`.

    Lengths and scales are in samples, so that tasks which differ by the sampling interval
    alone are the same task.
    """

    family: Family
    #: ω0 of the Morlet wavelet, m of Paul and DOG, β of Morse.
    order: float
    #: Wavelet scales in samples, increasing.
    scales: tuple[float, ...]
    #: Weights of the smoothing over scales, odd in number and symmetric, sum 1.
    scale_weights: tuple[float, ...]
    #: Samples of a realisation.
    length: int
    #: Lag-1 coefficients of the two series, each in (-1, 1).
    ar1: tuple[float, float]
    bins: int = 1000
    estimator: Estimator = "full"
    #: γ of Morse; 0 for the other families.
    shape: float = 0.0
    #: Distances from the ends in scales, increasing, each less than the cone's.
    edge_nodes: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what can't be computed; the message names the field.

        Raises:
            ValueError: a field is out of its range.
        """
        if self.family not in FAMILIES:
            raise ValueError(f"family must be one of {', '.join(FAMILIES)}, not {self.family!r}")
        if not (math.isfinite(self.order) and self.order > 0):
            raise ValueError(f"order must be a positive number, not {self.order}")
        if not math.isfinite(self.shape) or (self.family == "morse") != (self.shape > 0):
            raise ValueError(
                f"shape must be γ of the family morse, else 0, not {self.shape} of {self.family}"
            )
        _check_scales(self.scales)
        _check_weights(self.scale_weights)
        if not 16 <= self.length <= MAX_LENGTH:
            raise ValueError(f"length must be 16 to {MAX_LENGTH} samples, not {self.length}")
        if len(self.ar1) != 2 or not all(abs(a) < 1 for a in self.ar1):
            raise ValueError(f"ar1 must be two coefficients between -1 and 1, not {self.ar1}")
        if self.estimator not in ESTIMATORS:
            raise ValueError(
                f"estimator must be one of {', '.join(ESTIMATORS)}, not {self.estimator!r}"
            )
        if self.estimator not in estimators_of(self.family):
            raise ValueError(
                f"estimator={self.estimator!r} isn't calibrated for wavelets of the family "
                f"{self.family}: take estimator='full'"
            )
        if not 2 <= self.bins <= 65536:
            raise ValueError(f"bins must be 2 to 65536, not {self.bins}")
        _check_nodes(self.edge_nodes, self.family)

    @property
    def rows(self) -> int:
        """Rows of the histogram."""
        return (1 + len(self.edge_nodes)) * len(self.scales)

    def to_dict(self) -> dict[str, Any]:
        """The task as JSON-able data.

        Without ``shape`` where the family has none, with its estimator's revision after the first.
        """
        data = asdict(self)
        if not self.shape:
            del data["shape"]
        # What is kept of tasks without nodes goes by the digest that it always had.
        if not self.edge_nodes:
            del data["edge_nodes"]
        revision = _REVISIONS[self.estimator]
        return data | ({"revision": revision} if revision > 1 else {})

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> SignificanceTask:
        """The inverse of :meth:`to_dict`.

        Raises:
            ValueError: a field is missing, unknown or out of range, or the task is of another
                revision of its estimator.
        """
        names = {field.name for field in fields(cls)}
        if unknown := set(data) - names - {"revision"}:
            raise ValueError(f"unknown field of a task: {', '.join(sorted(unknown))}")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        revision = values.pop("revision", 1)
        try:
            task = cls(**values)
        except TypeError as error:
            raise ValueError(f"a task can't be read: {error}") from None
        if revision != _REVISIONS[task.estimator]:
            raise ValueError(
                f"a task of the estimator {task.estimator} must be of its revision "
                f"{_REVISIONS[task.estimator]}, not {revision}: it has to be started anew"
            )
        return task

    def fingerprint(self) -> str:
        """A digest of everything that the numbers depend on, but seed and realisations."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def estimators_of(family: Family) -> tuple[Estimator, ...]:
    """The estimators that a family of wavelets has, the default first."""
    return ("cascade", "full") if family in _CASCADED else ("full",)


def _check_scales(scales: tuple[float, ...]) -> None:
    if not scales:
        raise ValueError("scales must have at least one element")
    # The check of every run: all that increase from a positive one to a finite one are right.
    if scales[0] > 0 and scales[-1] < math.inf and all(map(operator.lt, scales, scales[1:])):
        return
    if not all(math.isfinite(s) and s > 0 for s in scales):
        raise ValueError("scales must be positive numbers of samples")
    raise ValueError("scales must increase")


def _check_weights(weights: tuple[float, ...]) -> None:
    if len(weights) % 2 == 0 or weights != weights[::-1]:
        raise ValueError("scale_weights must be odd in number and symmetric")
    if not all(w >= 0 for w in weights) or abs(sum(weights) - 1) > 1e-9:
        raise ValueError("scale_weights must be non-negative and sum to 1")


def _check_nodes(nodes: tuple[float, ...], family: Family) -> None:
    if not nodes:
        return
    if family not in EDGE_FAMILIES:
        raise ValueError(
            f"levels within the cone of influence aren't calibrated for wavelets of the family "
            f"{family}: take edges=False, without edge_nodes"
        )
    cone = cone_factor(family)
    if len(nodes) > MAX_NODES:
        raise ValueError(f"edge_nodes must be at most {MAX_NODES}, not {len(nodes)}")
    if not all(0 <= node < cone for node in nodes):
        raise ValueError(f"edge_nodes must lie between 0 and the cone's {cone:.4g}, not {nodes}")
    if any(b <= a for a, b in itertools.pairwise(nodes)):
        raise ValueError("edge_nodes must increase")


def check_span(first: int, count: int) -> None:
    """Refuse realisations that have no number in the generator's counter.

    Raises:
        ValueError: ``first`` is negative, ``count`` below one, or their sum above 2³².
    """
    if first < 0 or count < 1 or first + count > MAX_REALISATIONS:
        raise ValueError(
            f"realisations must lie between 0 and {MAX_REALISATIONS}, "
            f"not first={first}, count={count}"
        )
