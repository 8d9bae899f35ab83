"""Backends and hardware: what there is, how fast it is, which one to take."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, Meta, Struct

from pycwt_mod.backends import Estimator
from pycwtd.api.answers import answer
from pycwtd.api.context import CONTEXT
from pycwtd.api.device_details import view
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
from pycwtd.engine.pool import UnknownBackendError
from pycwtd.engine.rates import Work
from pycwtd.platform.hardware import detect
from pycwtd.workloads.wavelet.cost import USUAL_FAMILY, USUAL_GRID, realisation_cost, usual_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        available=device.usable,
        capabilities=Capabilities(
            wavelets=list(info.families),
            estimators=list(info.estimators),
            tolerance=info.tolerance,
        ),
        numerics=info.numerics,
        estimated_speedup=_speedup(info.name, pool),
        devices=list(device.identity.parts),
        device=view(device),
        error=UNSET if device.usable else _reason(device),
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
            status=described.device.state,
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
    """The backend for a significance test, from what has been measured here, with the arithmetic.

    What it takes to hand tasks over, through a process or over a line, is in the measured rates.
    """
    query = convert(request.query, RecommendQuery)
    pool = request.app[CONTEXT].engine.pool
    await pool.probed()
    # The default grid of the API: scales from a period of two samples to the whole series.
    s0, dj, J = usual_grid(query.data_size)
    cost = realisation_cost(query.estimator, USUAL_FAMILY, s0, dj, J)
    work = Work(query.estimator, USUAL_FAMILY, cost * query.n_simulations)
    watts = request.app[CONTEXT].config.engine.watts
    costs = [
        _Cost(device.id, seconds, pool.wait(device.id), watts.get(device.id))
        for device in pool.backends()
        if device.usable and (seconds := pool.rates.seconds(device.id, work)) is not None
    ]
    if not costs:
        raise Problem(
            503,
            f"no backend that runs estimator {query.estimator} is available",
            headers={"Retry-After": "10"},
        )
    costs.sort(key=lambda cost: cost.done)
    chosen, why = _preferred(costs, query.priority)
    what = (
        f"{query.n_simulations} realisations of estimator {query.estimator}, for a series of "
        f"{query.data_size} samples at {J + 1} scales"
    )
    return answer(
        Recommendation(
            recommended_backend=chosen.name,
            reason=f"{why}: {what}, {chosen.told()}",
            estimated_time=chosen.done,
            waiting_time=chosen.wait,
            energy=chosen.energy,
            alternatives=[
                Alternative(one.name, one.done, one.wait, one.energy)
                for one in costs
                if one is not chosen
            ],
        )
    )


@dataclass(frozen=True, slots=True)
class _Cost:
    """What a piece of work costs on a backend."""

    name: str
    #: Of computing, and behind the jobs that it has.
    seconds: float
    wait: float
    watts: float | None

    @property
    def done(self) -> float:
        """Seconds from now."""
        return self.wait + self.seconds

    @property
    def energy(self) -> float | None:
        """Joules."""
        return None if self.watts is None else self.watts * self.seconds

    def told(self) -> str:
        """The arithmetic."""
        words = f"take {self.seconds:.3g} s"
        words += f" after {self.wait:.3g} s of other jobs" if self.wait else ", nothing before them"
        if self.energy is not None:
            words += f"; {self.watts:g} W for that long are {self.energy:.3g} J"
        return words


def _preferred(costs: Sequence[_Cost], priority: str) -> tuple[_Cost, str]:
    """The best of some, which are sorted by when they would be done, and why."""
    if priority == "speed":
        return costs[0], "the soonest to be done, as measured here"
    # One core has the fewest parts that can fail, and without other knowledge draws least.
    simple = next((one for one in costs if one.name == REFERENCE), costs[0])
    if priority == "reliability":
        return simple, "one core, no other hardware, has the fewest parts that can fail"
    known = {one.name: one.energy for one in costs if one.energy is not None}
    if not known:
        return simple, "one core draws the least power (engine.watts tells nothing of any backend)"
    return min(
        (one for one in costs if one.name in known), key=lambda one: known[one.name]
    ), "the least energy by engine.watts"


async def hardware(_request: web.Request) -> web.StreamResponse:
    """What is plugged in; never fails."""
    return answer(await asyncio.to_thread(detect))
