"""Backends and hardware: what there is, how fast it is, which one to take."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, Meta, Struct

from pycwt_mod.backends import Estimator
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
    RefusedDriver,
)
from pycwtd.engine.device import Condition
from pycwtd.engine.pool import UnknownBackendError
from pycwtd.engine.rates import Work
from pycwtd.platform.hardware import detect
from pycwtd.workloads.wavelet.cost import USUAL_FAMILY, USUAL_GRID, realisation_cost, usual_grid

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.engine.device import Device
    from pycwtd.engine.pool import Pool

#: The estimators, the default first.
_BY_DEFAULT: tuple[Estimator, ...] = ("cascade", "full")
#: What speed-ups are measured against.
REFERENCE = "sequential"


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
        estimated_speedup=_speedup(info.name, pool),
        devices=list(device.parts),
        error=UNSET if device.condition is Condition.READY else _reason(device),
    )


def _usual(estimator: Estimator) -> Work:
    """One realisation of the work that backends are timed with."""
    return Work(estimator, USUAL_FAMILY, realisation_cost(estimator, USUAL_FAMILY, *USUAL_GRID))


def _speedup(name: str, pool: Pool) -> float | None:
    """With the usual estimator, or else with the one that the backend runs."""
    found = (pool.rates.speedup(name, REFERENCE, _usual(one)) for one in _BY_DEFAULT)
    return next((speedup for speedup in found if speedup is not None), None)


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
    refused = [RefusedDriver(name, reason) for name, reason in sorted(pool.refused.items())]
    return answer(BackendList([_describe(device, pool) for device in pool.known()], refused))


async def one(request: web.Request) -> web.StreamResponse:
    """One backend."""
    return answer(_describe(_find(request), request.app[CONTEXT].engine.pool))


async def status(request: web.Request) -> web.StreamResponse:
    """One backend, with what has been measured of it."""
    device = _find(request)
    pool = request.app[CONTEXT].engine.pool
    described = _describe(device, pool)
    each = {one: pool.rates.seconds(device.id, _usual(one)) for one in _BY_DEFAULT}
    return answer(
        BackendStatus(
            **{name: getattr(described, name) for name in Backend.__struct_fields__},
            status=device.condition.value,
            performance_metrics={
                **{
                    f"microseconds_per_realisation_{name}": seconds and seconds * 1e6
                    for name, seconds in each.items()
                },
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
    estimator: Estimator = "cascade"
    priority: Literal["speed", "power", "reliability"] = "speed"


async def recommend(request: web.Request) -> web.StreamResponse:
    """The backend for a significance test, from the rates measured here."""
    query = convert(request.query, RecommendQuery)
    pool = request.app[CONTEXT].engine.pool
    await pool.probed()
    # The default grid of the API: scales from a period of two samples to the whole series.
    s0, dj, J = usual_grid(query.data_size)
    cost = realisation_cost(query.estimator, USUAL_FAMILY, s0, dj, J)
    work = Work(query.estimator, USUAL_FAMILY, cost * query.n_simulations)
    times = {
        device.id: seconds
        for device in pool.backends()
        if device.condition is Condition.READY
        and (seconds := pool.rates.seconds(device.id, work)) is not None
    }
    if not times:
        raise Problem(
            503,
            f"no backend that runs estimator {query.estimator} is available",
            headers={"Retry-After": "10"},
        )
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
                f"{why}: {query.n_simulations} realisations of estimator {query.estimator}, for a "
                f"series of {query.data_size} samples at {J + 1} scales, take "
                f"{times[chosen]:.3g} s"
            ),
            estimated_time=times[chosen],
            alternatives=[Alternative(name, times[name]) for name in ranked if name != chosen],
        )
    )


async def hardware(_request: web.Request) -> web.StreamResponse:
    """What is plugged in; never fails."""
    return answer(await asyncio.to_thread(detect))
