"""The benchmark: every backend asked for does the same work, one after the other."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from pycwtd.api.answers import answer
from pycwtd.api.benchmark_types import BenchmarkRequest, BenchmarkResult, TestParameters, Timing
from pycwtd.api.context import CONTEXT
from pycwtd.api.problems import Problem, decode
from pycwtd.engine.pool import UnknownBackendError
from pycwtd.engine.rates import Work
from pycwtd.hosts.host import HostDiedError, HostError, TaskCancelledError
from pycwtd.workloads.wavelet.cost import USUAL_FAMILY, realisation_cost, usual_grid

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.api.context import Context

#: What speed-ups are measured against.
_REFERENCE = "sequential"


async def benchmark(request: web.Request) -> web.StreamResponse:
    """Time backends; what is unknown, absent or broken is said beside the others' times."""
    context = request.app[CONTEXT]
    wanted = decode(await request.read(), BenchmarkRequest)
    await context.engine.pool.probed()
    s0, dj, J = usual_grid(wanted.signal_length)
    cost = realisation_cost(wanted.estimator, USUAL_FAMILY, s0, dj, J)
    work = Work(wanted.estimator, USUAL_FAMILY, cost)
    names = list(dict.fromkeys(wanted.backends))
    _check_time(context, names, work.times(wanted.mc_count))
    results = {name: await _time(context, name, work, wanted) for name in names}
    _compare(context, results, work.times(wanted.mc_count))
    done = {n: r.computation_time for n, r in results.items() if r.computation_time is not None}
    return answer(
        BenchmarkResult(
            signal_length=wanted.signal_length,
            mc_count=wanted.mc_count,
            results=results,
            fastest_backend=min(done, key=lambda name: done[name]) if done else None,
            test_parameters=TestParameters(wanted.estimator, USUAL_FAMILY, 1.0, dj, s0, J),
        )
    )


def _check_time(context: Context, names: list[str], work: Work) -> None:
    """Refuse what would take too long, by the rates measured here."""
    pool = context.engine.pool
    limit = context.config.limits.benchmark_seconds
    seconds = sum(pool.seconds(d.id, work) or 0.0 for d in pool.backends() if d.id in names)
    if seconds > limit:
        raise Problem(
            400,
            f"mc_count: this would take about {seconds:.0f} s, more than the {limit:.0f} s that "
            "a benchmark may; take fewer realisations",
            code="too_long",
        )


async def _time(context: Context, name: str, work: Work, wanted: BenchmarkRequest) -> Timing:
    engine = context.engine
    try:
        device = engine.pool.find(name)
    except UnknownBackendError as error:
        return Timing("failed", error=str(error))
    away = not device.usable
    reason = device.reason if away else device.lacks(work.estimator, work.family)
    if away or reason:
        return Timing("unavailable" if away else "failed", error=reason or device.state.name)
    tag = f"benchmark-{uuid.uuid4()}"
    try:
        seconds = await engine.errands.time(
            device.id, work, wanted.signal_length, wanted.mc_count, tag
        )
    except HostError as error:
        return Timing("unavailable" if error.kind == "unavailable" else "failed", error=str(error))
    except (HostDiedError, TaskCancelledError) as error:
        return Timing("failed", error=f"its process was stopped: {error}")
    return Timing("completed", computation_time=seconds)


def _compare(context: Context, results: dict[str, Timing], work: Work) -> None:
    """Fill in the speed-ups, from this run or else from earlier ones."""
    reference = results.get(_REFERENCE)
    base = reference.computation_time if reference else None
    base = base or context.engine.pool.rates.seconds(_REFERENCE, work)
    for timing in results.values():
        if timing.computation_time and base:
            timing.speedup = base / timing.computation_time
