"""Where a job goes whose task a backend doesn't take."""

from __future__ import annotations

import asyncio

import pytest

from pycwtd.config import EngineConfig
from pycwtd.engine.active import ActiveJob
from pycwtd.engine.ledger import Ledger
from pycwtd.engine.lifecycle import Identity, Present, Ready, Unavailable
from pycwtd.engine.pool import Pool
from pycwtd.engine.refusals import Refusals
from pycwtd.engine.repair import Repair
from pycwtd.store.records import Job
from pycwtd.store.store import Store


@pytest.fixture
def pool():
    """The CPU's backends are ready, other drivers' aren't; no process is started."""
    one = Pool(EngineConfig())
    for device in one.backends():
        ready = device.info.type == "cpu"
        device.take_up(Ready(Identity()) if ready else Unavailable("it isn't there"))
    return one


@pytest.fixture
def refusals(pool, tmp_path):
    store = Store(tmp_path)
    ledger = Ledger(store, asyncio.Event())
    yield Refusals(pool, ledger, Repair(store, ledger, lambda job: (job, tmp_path, "numerics")))
    asyncio.run(store.close())


def a_job(folder, asked, **parameters):
    record = Job(
        id="j",
        kind="wct",
        owner="o",
        parameters={"family": "morlet", "estimator": "cascade", "cost": 1.0, **parameters},
        backend_asked=asked,
        backend="joblib" if asked == "auto" else asked,
        seed=1,
        total=100,
        created_at=0.0,
    )
    return ActiveJob(record, folder, durable=False)


def test_it_goes_from_one_to_the_next_and_each_word_is_kept(refusals, tmp_path):
    job = a_job(tmp_path, "joblib")
    assert asyncio.run(refusals.by(job, "joblib", "too long")) is None
    assert job.record.backend == "sequential"
    assert job.record.fallback_reason == "joblib doesn't take the task: too long"
    hopeless = asyncio.run(refusals.by(job, "sequential", "too wide"))
    assert hopeless == (
        "no backend can compute it: joblib doesn't take the task: too long; "
        "sequential doesn't take the task: too wide"
    )


@pytest.mark.parametrize(("asked", "moves"), [("joblib", False), ("auto", True)])
def test_a_client_who_wants_no_other_backend(refusals, tmp_path, asked, moves):
    """One who leaves the choice to the daemon has asked for none."""
    job = a_job(tmp_path, asked, fallback=False)
    hopeless = asyncio.run(refusals.by(job, "joblib", "too long"))
    assert hopeless == (None if moves else "joblib doesn't take the task: too long")
    assert job.record.backend == ("sequential" if moves else "joblib")


def test_a_backend_that_is_being_probed_is_waited_for(refusals, pool, tmp_path):
    device = pool.devices["sequential"]
    device.state = Present()
    device.settled.clear()

    async def refused():
        job = a_job(tmp_path, "joblib")
        asking = asyncio.create_task(refusals.by(job, "joblib", "too long"))
        # One turn of the loop, no time: as far as it gets by itself.
        await asyncio.sleep(0)
        assert not asking.done()
        device.take_up(Ready(Identity()))
        assert await asking is None
        return job

    assert asyncio.run(refused()).record.backend == "sequential"


def test_a_job_that_is_cancelled_meanwhile_goes_nowhere(refusals, tmp_path):
    job = a_job(tmp_path, "joblib")
    job.cancelled = True
    assert asyncio.run(refusals.by(job, "joblib", "too long")) is None
    assert job.record.backend == "joblib"
