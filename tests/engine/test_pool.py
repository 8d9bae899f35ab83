"""Choosing a backend: what it declares comes first, then what has been measured of it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from pycwtd.config import EngineConfig
from pycwtd.engine import spans
from pycwtd.engine.lifecycle import Identity, Present, Ready, Unavailable
from pycwtd.engine.pool import BackendUnavailableError, Pool, UnfitBackendError
from pycwtd.engine.rates import Pace, Rates, Work

CASCADE = Work("cascade", "morlet", 100.0)
FULL = Work("full", "morlet", 100.0)
PAUL = Work("cascade", "paul", 100.0)


@pytest.fixture
def pool():
    """The CPU's backends are ready, other drivers' aren't; no process is started."""
    one = Pool(EngineConfig())
    for device in one.backends():
        ready = device.info.type == "cpu"
        device.take_up(Ready(Identity()) if ready else Unavailable("it isn't there"))
    return one


def choose(pool, asked, work, *, fallback=True):
    return asyncio.run(pool.choose(asked, work, fallback=fallback))


def limit(pool, name, **declared):
    device = pool.devices[name]
    device.info = replace(device.info, **declared)


def test_before_anything_is_measured_the_configured_order_counts(pool):
    assert choose(pool, "auto", CASCADE).name == "joblib"


def test_the_fastest_at_the_estimator_asked_for(pool):
    for name, cascade, full in (("joblib", 1.0, 9.0), ("sequential", 2.0, 5.0)):
        pool.rates.measured(name, CASCADE, cascade)
        pool.rates.measured(name, FULL, full)
    assert choose(pool, "auto", CASCADE).name == "joblib"
    assert choose(pool, "auto", FULL).name == "sequential"


def test_what_one_backend_has_not_done_follows_from_another(pool):
    """Else the backend that happens to run a family first would keep it for ever."""
    for name, seconds in (("joblib", 1.0), ("sequential", 3.0)):
        pool.rates.measured(name, CASCADE, seconds)
    assert choose(pool, "auto", PAUL).name == "joblib"
    pool.rates.measured("sequential", PAUL, 6.0)
    assert pool.seconds("joblib", PAUL) == pytest.approx(2.0)
    assert choose(pool, "auto", PAUL).name == "joblib"
    pool.rates.measured("joblib", PAUL, 8.0)
    assert choose(pool, "auto", PAUL).name == "sequential"


def test_what_a_backend_does_not_declare_it_is_not_given(pool):
    limit(pool, "joblib", estimators=("full",))
    assert choose(pool, "auto", CASCADE).name == "sequential"
    assert choose(pool, "auto", FULL).name == "joblib"
    chosen = choose(pool, "joblib", CASCADE)
    assert chosen.name == "sequential"
    assert chosen.fallback_reason == "joblib doesn't run estimator cascade, it runs full"
    with pytest.raises(UnfitBackendError, match="joblib doesn't run estimator cascade"):
        choose(pool, "joblib", CASCADE, fallback=False)
    assert pool.same_class("joblib", CASCADE) == "sequential"
    assert pool.same_class("sequential", FULL) == "joblib"
    limit(pool, "sequential", families=("morlet",))
    assert choose(pool, "auto", replace(FULL, family="dog")).name == "joblib"


def test_work_that_none_declares_is_refused_for_good(pool):
    for device in pool.backends():
        limit(pool, device.id, estimators=("full",))
    with pytest.raises(UnfitBackendError, match="no backend runs estimator cascade"):
        choose(pool, "auto", CASCADE)
    with pytest.raises(UnfitBackendError, match="joblib doesn't run estimator cascade"):
        choose(pool, "joblib", CASCADE)


def test_work_that_only_an_absent_one_declares_is_refused_for_now(pool):
    limit(pool, "joblib", estimators=("full",))
    pool.devices["sequential"].enter(Unavailable("it is unplugged"))
    with pytest.raises(BackendUnavailableError, match="no backend that runs it is available"):
        choose(pool, "auto", CASCADE)
    with pytest.raises(BackendUnavailableError, match="it is unplugged"):
        choose(pool, "sequential", CASCADE)


def test_rates_of_one_estimator_or_family_say_nothing_of_another():
    rates = Rates()
    rates.measured("joblib", FULL, 2.0)
    assert rates.seconds("joblib", FULL.times(3)) == pytest.approx(6.0)
    assert rates.seconds("joblib", CASCADE) is None
    assert rates.seconds("joblib", replace(FULL, family="paul")) is None
    assert rates.seconds("joblib", replace(FULL, edges=True)) is None
    assert rates.seconds("sequential", FULL) is None


def test_a_small_first_measurement_with_all_its_overhead_is_soon_outweighed():
    pace = Pace()
    pace.measured(32, 0.2 + 32 * 1e-4)
    for _ in range(10):
        count = spans.chunk_count(10**9, pace.seconds_per_unit, 1.0)
        pace.measured(count, count * 1e-4)
    assert 0.8 < count * 1e-4 < 1.2


@pytest.mark.parametrize("units", [32, 500])
def test_a_machine_that_stood_still_is_soon_forgotten(units):
    """As the first, it makes what follows too short to be measured by itself."""
    each, rates = 2e-4, Rates()
    rates.measured("joblib", replace(FULL, units=units), 6.5)
    for _ in range(60):
        known = rates.seconds("joblib", replace(FULL, units=1))
        count = spans.chunk_count(10**9, known, 0.1)
        rates.measured("joblib", replace(FULL, units=count), count * each)
    assert rates.seconds("joblib", replace(FULL, units=1)) == pytest.approx(each)


def test_one_stall_among_others_changes_nothing_but_a_lasting_change_does():
    pace = Pace()
    for seconds in (0.1, 0.1, 0.1, 6.5):
        pace.measured(500, seconds)
    assert pace.seconds_per_unit == pytest.approx(0.1 / 500)
    for _ in range(3):
        pace.measured(500, 1.0)
    assert pace.seconds_per_unit == pytest.approx(1.0 / 500)


def test_what_is_too_short_to_be_measured_shows_at_most_that_it_is_faster():
    pace = Pace()
    pace.measured(100, 0.01)
    assert pace.seconds_per_unit is None
    pace.measured(100, 0.1)
    pace.measured(10, 0.02)
    assert pace.seconds_per_unit == pytest.approx(0.1 / 100)
    pace.measured(200, 0.02)
    assert pace.seconds_per_unit == pytest.approx(0.02 / 200)


def test_work_of_unknown_size_is_neither_measured_nor_estimated():
    rates = Rates()
    unknown = replace(FULL, units=0.0)
    rates.measured("joblib", unknown, 2.0)
    assert rates.seconds("joblib", FULL) is None
    rates.measured("joblib", FULL, 2.0)
    assert rates.seconds("joblib", unknown) is None


def test_a_lost_backend_hands_over_when_all_are_probed(pool):
    """Else a job that is early fails beside a backend that would do."""
    pool.devices["joblib"].enter(Unavailable("it is unplugged"))
    pool.devices["sequential"].enter(Present())
    assert pool.lost("joblib") is None
    pool.devices["sequential"].take_up(Ready(Identity()))
    assert pool.lost("joblib") == "it is unplugged"
    pool.devices["joblib"].waits = True
    assert pool.lost("joblib") is None
    assert pool.awaited("joblib") == "joblib isn't available: it is unplugged"
    assert pool.awaited("sequential") is None
    assert pool.awaited(None) is None
