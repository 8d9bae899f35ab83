"""What a job would take, before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pycwtd.client import ClientError, Jobs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycwtd.client import Client
    from pycwtd.client.jobs import Candidate, EstimateView


async def estimate(client: Client, kind: str, request: Mapping[str, Any]) -> EstimateView | None:
    """Ask the daemon; None where it is too old to tell.

    Raises:
        ClientError: the request isn't right; the text names the field.
    """
    try:
        return await Jobs(client).estimate(kind, request)
    except ClientError as error:
        if error.status == 405 or (error.status == 404 and error.code == "not_found"):
            return None
        raise


def seconds(value: float | None) -> str:
    """A duration, short."""
    if value is None:
        return "not measured yet"
    if value < 0.001:
        return "< 1 ms"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < 100:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def describe(found: EstimateView) -> str:
    """The size of a job, and what it takes as it is asked for."""
    parts = [
        f"{count:,} {what}"
        for count, what in (
            (found.samples, "samples"),
            (found.scales, "scales"),
            (found.realisations, "realisations"),
        )
        if count
    ]
    where = f" on {found.backend}" if found.backend else ""
    text = f"{', '.join(parts)}; {seconds(found.estimated_time)}{where}"
    return f"{text} ({found.fallback_reason})" if found.fallback_reason else text


def lines_of(found: EstimateView) -> list[tuple[str, str]]:
    """Backends with their times, the recommended one first, those that can't last."""
    ordered = sorted(
        found.backends,
        key=lambda one: (
            one.backend != found.recommended_backend,
            not one.available,
            one.estimated_time is None,
            one.estimated_time or 0.0,
        ),
    )
    return [(_name(one, found), _time(one)) for one in ordered]


def _name(one: Candidate, found: EstimateView) -> str:
    return f"{'▸' if one.backend == found.recommended_backend else ' '} {one.backend}"


def _time(one: Candidate) -> str:
    if not one.available:
        return f"✗ {(one.reason or 'not available').partition(':')[0]}"
    text = seconds(one.estimated_time)
    return f"{text}, {seconds(one.waiting_time)} of it waiting" if one.waiting_time else text
