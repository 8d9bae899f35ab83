"""What the analyses answer, as types: documentation for clients, and for theirs to decode by."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from pycwt_mod.backends import Estimator

Matrix = list[list[float]]
#: ``[re, im]``.
Complex = Annotated[list[float], Meta(min_length=2, max_length=2)]
ComplexMatrix = list[list[Complex]]


class CwtResult(Struct, kw_only=True):
    """A continuous wavelet transform; ``wave`` is scales × time."""

    wave: ComplexMatrix
    scales: list[float]
    freqs: list[float]
    coi: list[float]
    fft: list[Complex]
    fftfreqs: list[float]
    #: With ``gaps``, the share of each wavelet that falls on samples that are there.
    coverage: Matrix | UnsetType = UNSET
    #: With ``gaps``, the points that neither the ends nor gaps reach; scales × time.
    outside: list[list[bool]] | UnsetType = UNSET
    signif: list[float] | UnsetType = UNSET
    #: What the numerics found worth a word, such as a series that is nearly a random walk.
    warnings: list[str] | UnsetType = UNSET
    #: Seconds.
    computation_time: float


class XwtResult(Struct, kw_only=True):
    """A cross-wavelet spectrum; ``phase`` in radians, positive where the first leads."""

    xwt: ComplexMatrix
    amplitude: Matrix
    phase: Matrix
    coi: list[float]
    freqs: list[float]
    scales: list[float]
    coverage: Matrix | UnsetType = UNSET
    outside: list[list[bool]] | UnsetType = UNSET
    signif: list[float] | UnsetType = UNSET
    warnings: list[str] | UnsetType = UNSET
    computation_time: float


class SignificanceResult(Struct, kw_only=True):
    """Levels of the squared coherence of independent red noise, for each scale."""

    scales: list[float]
    freqs: list[float]
    signif: list[float | None] | UnsetType = UNSET
    sig95: list[float | None] | UnsetType = UNSET
    #: Monte Carlo standard error of each level.
    signif_error: list[float | None] | UnsetType = UNSET
    #: With ``edges``, the level at every point, the cone of influence included; scales × time.
    level_map: list[list[float | None]] | UnsetType = UNSET
    level_map_error: list[list[float | None]] | UnsetType = UNSET
    significance_level: float | UnsetType = UNSET
    seed: int | UnsetType = UNSET
    mc_count: int | UnsetType = UNSET
    #: How the noise was drawn.
    estimator: Estimator | UnsetType = UNSET
    backend_used: str | UnsetType = UNSET
    fallback_reason: str | UnsetType = UNSET
    warnings: list[str] | UnsetType = UNSET
    computation_time: float


class WctResult(SignificanceResult, kw_only=True):
    """Squared wavelet coherence (0 … 1) and phase (radians), scales × time."""

    WCT: Matrix
    aWCT: Matrix  # noqa: N815 - the name is pycwt's
    coi: list[float]
    coverage: Matrix | UnsetType = UNSET
    outside: list[list[bool]] | UnsetType = UNSET
