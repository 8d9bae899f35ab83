"""What must hold of series before anything is computed of them."""

from __future__ import annotations

from pycwtd.workloads.wavelet.fields import (
    MIN_SAMPLES,
    InvalidCombinationError,
)


def check_series(name: str, length: int, constant: bool) -> None:
    """See that there is something to analyse in the samples that are there.

    Raises:
        InvalidCombinationError: the series of this name is too short, or all its samples equal.
    """
    if length < MIN_SAMPLES:
        raise InvalidCombinationError(
            f"{name}: a series needs at least {MIN_SAMPLES} samples, this one has {length}"
        )
    if constant:
        raise InvalidCombinationError(
            f"{name}: all samples are equal, there is nothing to analyse in a constant"
        )


def check_gaps(name: str, missing: int, gaps: str | None, first: int | None = None) -> None:
    """See that somebody said what to do with missing samples.

    Args:
        name: of the series.
        missing: how many are.
        gaps: what was said.
        first: number of the first that is, where it is known.

    Raises:
        InvalidCombinationError: nobody did.
    """
    if missing and gaps is None:
        raise InvalidCombinationError(
            f"{name}: lacks {missing} of its samples"
            + (f", the first at {name}[{first}]" if first is not None else "")
            + "; with gaps = mask they weigh nothing, with linear straight lines bridge them",
        )


def check_fits(samples: int, dt: float, s0: float, cone: float) -> None:
    """See that at least the smallest scale has a point outside the cone of influence.

    Args:
        samples: of the series.
        dt: sampling interval.
        s0: smallest scale.
        cone: e-folding time of the wavelet, in scales.

    Raises:
        InvalidCombinationError: it has none.
    """
    if s0 * cone > (samples - 1) // 2 * dt:
        raise InvalidCombinationError(
            f"s0: a series of {samples} samples is too short for scales from {s0:g} on: none of "
            "them has a point outside the cone of influence; s0 must be at most "
            f"{(samples - 1) // 2 * dt / cone:.6g}"
        )
