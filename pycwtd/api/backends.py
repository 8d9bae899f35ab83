"""Backends and hardware: what there is, how fast it is, which one to take."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, Meta, Struct

from pycwtd.api.answers import answer
from pycwtd.api.context import CONTEXT
from pycwtd.api.problems import Problem, convert
from pycwtd.api.types import (
    Alternative,
    Backend,
    BackendList,
    BackendStatus,
    Capabilities,
    Recommendation,
)
from pycwtd.engine.device import Condition
from pycwtd.engine.pool import UnknownBackendError
from pycwtd.platform.hardware import detect

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.engine.device import Device
    from pycwtd.engine.pool import Pool

#: What speed-ups are measured against.
REFERENCE = "sequential"
#: On the default grid scales go up to the length of the series, and surrogates are so many
#: times as long as the largest scale.
_SPANS = 6


def _describe(device: Device, pool: Pool) -> Backend:
    info = device.info
    assert info
    return Backend(
        name=info.name,
        type=info.type,
        description=info.description,
        available=device.condition is Condition.READY,
        capabilities=Capabilities(
            wavelets=list(info.families),
            estimators=list(info.estimators),
            tolerance=info.tolerance,
        ),
        numerics=info.numerics,
        estimated_speedup=pool.rates.speedup(info.name, REFERENCE),
        devices=list(device.parts),
        error=UNSET if device.condition is Condition.READY else _reason(device),
    )


def _reason(device: Device) -> str:
    return device.reason or "it is being probed; ask again in a second"


def _find(request: web.Request) -> Device:
    try:
        return request.app[CONTEXT].engine.pool.find(request.match_info["name"])
    except UnknownBackendError as error:
        raise Problem(404, str(error), code="unknown_backend") from None


async def listing(request: web.Request) -> web.StreamResponse:
    """All backends, the unavailable ones with the reason."""
    pool = request.app[CONTEXT].engine.pool
    return answer(BackendList([_describe(device, pool) for device in pool.backends()]))


async def one(request: web.Request) -> web.StreamResponse:
    """One backend."""
    return answer(_describe(_find(request), request.app[CONTEXT].engine.pool))


async def status(request: web.Request) -> web.StreamResponse:
    """One backend, with what has been measured of it."""
    device = _find(request)
    pool = request.app[CONTEXT].engine.pool
    described = _describe(device, pool)
    each = pool.rates.seconds(device.id, 1.0)
    return answer(
        BackendStatus(
            **{name: getattr(described, name) for name in Backend.__struct_fields__},
            status=device.condition.value,
            performance_metrics={
                "nanoseconds_per_point": None if each is None else each * 1e9,
                "speedup": described.estimated_speedup,
            },
            last_error=device.reason,
        )
    )


class RecommendQuery(Struct, forbid_unknown_fields=True):
    """The work that a backend is sought for."""

    n_simulations: Annotated[int, Meta(ge=1, le=1_000_000)] = 300
    #: Samples of the series.
    data_size: Annotated[int, Meta(ge=16, le=10_000_000)] = 1000
    priority: Literal["speed", "power", "reliability"] = "speed"


async def recommend(request: web.Request) -> web.StreamResponse:
    """The backend for a significance test, from the rates measured here."""
    query = convert(request.query, RecommendQuery)
    pool = request.app[CONTEXT].engine.pool
    await pool.probed()
    # The default grid of the API: dj = 0.25, scales up to the length of the series.
    scales = 4 * (query.data_size // 2).bit_length() + 1
    units = float(query.n_simulations * _SPANS * query.data_size * scales)
    times = {
        device.id: seconds
        for device in pool.backends()
        if device.condition is Condition.READY
        and (seconds := pool.rates.seconds(device.id, units)) is not None
    }
    if not times:
        raise Problem(503, "no backend is available", headers={"Retry-After": "10"})
    ranked = sorted(times, key=lambda name: times[name])
    if query.priority == "speed":
        chosen, why = ranked[0], "the fastest as measured here"
    else:
        # One core draws least, and has the fewest parts that can fail.
        chosen = REFERENCE if REFERENCE in times else ranked[0]
        why = {
            "power": "one core draws the least power",
            "reliability": "one core, no other hardware, has the fewest parts that can fail",
        }[query.priority]
    return answer(
        Recommendation(
            recommended_backend=chosen,
            reason=(
                f"{why}: {query.n_simulations} realisations for a series of {query.data_size} "
                f"samples, each a pair of surrogates of {_SPANS} times its length at {scales} "
                f"scales, take {times[chosen]:.3g} s"
            ),
            estimated_time=times[chosen],
            alternatives=[Alternative(name, times[name]) for name in ranked if name != chosen],
        )
    )


async def hardware(_request: web.Request) -> web.StreamResponse:
    """What is plugged in; never fails."""
    return answer(await asyncio.to_thread(detect))
