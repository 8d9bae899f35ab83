"""The Dask driver, with real schedulers and workers in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import dask
import numpy as np
import pytest
from distributed import Client
from hypothesis import given
from hypothesis import strategies as st

from clusters import MANY, TASK, Watch, cluster
from pycwt_mod.backends import (
    BackendUnavailableError,
    Cancelled,
    SignificanceTask,
    get_backend,
    installed_drivers,
)
from pycwt_mod.monte_carlo.kernel import plan_for
from pycwtd_drivers.dask import fleet
from pycwtd_drivers.dask.cluster import connect
from pycwtd_drivers.dask.identity import identity
from pycwtd_drivers.dask.piece import MismatchError, compute
from pycwtd_drivers.dask.spread import Pace

LONG = replace(TASK, length=2**15)
#: What a worker loads first, to count otherwise, or not at all.
SPOILT = """
from pycwt_mod.grid import cone_factor
from pycwt_mod.monte_carlo import kernel
kernel.cone_factor = lambda *values: 1.05 * cone_factor(*values)
"""
BROKEN = "import sys; sys.modules['pycwt_mod._kernel'] = None"


@pytest.fixture(scope="module")
def expected():
    return plan_for(TASK).run(5, 3, MANY, 2)


# -- the contract ------------------------------------------------------------------------


def test_the_manifest_says_what_it_is():
    (driver,) = [d for d in installed_drivers() if d.name == "dask"]
    assert driver.error is None
    assert driver.manifest.settings == ("scheduler", "ca_file", "cert", "key")
    (info,) = driver.manifest.backends
    assert get_backend("dask").info == info
    assert info.numerics == get_backend("sequential").info.numerics


def test_the_same_integers_as_on_one_machine(pair, use, expected):
    watch = Watch()
    backend = use(pair)
    np.testing.assert_array_equal(backend.run(TASK, 5, 3, MANY, watch), expected)
    assert watch.seen == sorted(watch.seen)
    assert any(0 < done < MANY for done in watch.seen)
    parts = backend.run(TASK, 5, 3, 1001) + backend.run(TASK, 5, 1004, MANY - 1001)
    np.testing.assert_array_equal(parts, expected)
    backend.close()
    assert backend.run(TASK, 5, 3, 1).sum() == plan_for(TASK).run(5, 3, 1).sum()


def test_it_passes_the_conformance_suite(pair, use, tmp_path):
    """As somebody else would run it; of the tests those that are no others' here."""
    use(pair)
    ctl = Path(sys.executable).with_name("pycwtctl")
    chosen = "manifest or probe or repeats or nonsense or printed"
    done = subprocess.run(
        [ctl, "driver", "check", "dask", "--", "-k", chosen],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("estimator", ["cascade", "full"])
@pytest.mark.parametrize("family", ["morlet", "paul", "dog"])
def test_families_and_estimators(pair, use, family, estimator):
    task = SignificanceTask(
        family, 4.0, tuple(2.0**j for j in range(1, 6)), (1.0,), 200, (0.1, 0.2), 50, estimator
    )
    for nodes in ((), (0.0, 0.5)):
        wanted = replace(task, edge_nodes=nodes)
        got = use(pair).run(wanted, 2**64 - 1, 0, 100)
        np.testing.assert_array_equal(got, plan_for(wanted).run(2**64 - 1, 0, 100))


def test_the_probe_tells_workers_and_threads(pair, use):
    found = use(pair).probe()
    assert found.available
    assert found.devices == (f"2 workers, 2 threads at {pair.address}",)


def test_what_the_kernel_cannot_compute_is_the_callers_error(pair, use):
    backend = use(pair)
    with pytest.raises(ValueError, match="seed"):
        backend.run(TASK, -1, 0, 1)
    with pytest.raises(ValueError, match="realisations"):
        backend.run(TASK, 1, -1, 1)


@given(st.integers(1, 10**7), st.integers(1, 500), st.floats(1e-7, 100))
def test_pieces_are_never_empty_and_never_too_many(left, threads, seconds):
    pace = Pace()
    assert 1 <= pace.size(left, threads) <= left
    pace.measured(1, seconds)
    assert 1 <= pace.size(left, threads) <= left


def test_a_cancel_stops_the_workers(pair, use):
    backend = use(pair)
    # Thought to be so fast, it is cut into pieces that take an hour.
    connect().pace(LONG.fingerprint()).measured(10**6, 1.0)
    with pytest.raises(Cancelled):
        backend.run(LONG, 1, 0, 10**7, Watch(stop_after=20))
    with Client(pair.address, set_as_default=False) as client:
        for address in client.nthreads():
            # Each has one thread, which would be busy for long.
            assert client.submit(os.getpid, workers=[address], pure=False).result(timeout=6)


# -- where the scheduler is --------------------------------------------------------------


def test_without_an_address_it_says_what_to_do(use):
    backend = use("")
    assert not backend.probe().available
    assert "DASK_SCHEDULER_ADDRESS" in backend.probe().error
    with pytest.raises(BackendUnavailableError, match=r"\[drivers.dask\]"):
        backend.run(TASK, 1, 0, 1)


def test_a_scheduler_that_is_not_there(use):
    found = use("tcp://127.0.0.1:1").probe()
    assert not found.available
    assert "tcp://127.0.0.1:1 can't be reached" in found.error
    assert "unknown" in use("nonsense://127.0.0.1:1").probe().error


def test_dasks_own_configuration_and_clients_are_taken(pair, use):
    backend = use("")
    with dask.config.set({"scheduler-address": pair.address}):
        assert backend.probe().devices == (f"2 workers, 2 threads at {pair.address}",)
    with Client(pair.address) as client:
        assert backend.probe().available
        np.testing.assert_array_equal(backend.run(TASK, 1, 0, 50), plan_for(TASK).run(1, 0, 50))
        backend.close()
        assert client.status == "running"


# -- who may compute ---------------------------------------------------------------------


@pytest.fixture
def preload(tmp_path):
    """Options of a worker that runs some code before it starts."""

    def write(code):
        path = tmp_path / f"preload{len(code)}.py"
        path.write_text(code)
        return "--no-nanny", "--preload", str(path)

    return write


def test_other_versions_and_kernels_are_refused(use, tmp_path, preload):
    metadata = tmp_path / "pycwtd-0.0.9.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: pycwtd\nVersion: 0.0.9\n")
    with cluster(0) as one:
        backend = use(one)
        assert "no workers" in backend.probe().error
        one.add_worker(env={"PYTHONPATH": str(tmp_path)})
        found = backend.probe()
        assert not found.available
        assert "has pycwtd 0.0.9 with kernel" in found.error
        assert "install the same version" in found.error
        with pytest.raises(BackendUnavailableError, match="no worker fits"):
            backend.run(TASK, 1, 0, 10)
        one.add_worker(options=preload(SPOILT))
        assert "has pycwtd 0.1.0 with kernel" in backend.probe().error
        one.add_worker(options=preload(BROKEN))
        assert "can't run pycwtd: Exception: ModuleNotFoundError" in backend.probe().error
        one.add_worker(threads=2)
        counted, *refused = backend.probe().devices
        assert counted == f"1 worker, 2 threads at {one.address}"
        assert len(refused) == 3
        got = backend.run(TASK, 1, 0, MANY)
        np.testing.assert_array_equal(got, plan_for(TASK).run(1, 0, MANY, 2))


def test_a_piece_for_another_version_is_refused(pair):
    """Whatever the handshake has said: workers may be replaced after it."""
    asked = (TASK.to_dict(), 1, 0, 1, ("0.0.9", identity().kernel))
    with Client(pair.address, set_as_default=False) as client:
        with pytest.raises(MismatchError, match=r"the worker has pycwtd 0\.1\.0 with kernel"):
            client.submit(compute, *asked).result(timeout=20)
        own = client.submit(compute, *asked[:-1], tuple(identity())).result(timeout=20)
        np.testing.assert_array_equal(own[0], plan_for(TASK).run(1, 0, 1))


def test_a_spoilt_worker_that_joins_late_counts_nothing(pair, use, preload, expected):
    with ExitStack() as stack:
        join = partial(stack.enter_context, pair.extra(options=preload(SPOILT)))
        got = use(pair).run(TASK, 5, 3, MANY, Watch(join))
    np.testing.assert_array_equal(got, expected)


# -- what may happen to them -------------------------------------------------------------


def test_a_killed_worker_costs_time_alone(pair, use, expected):
    with pair.extra() as worker:
        watch = Watch(lambda: worker.send(signal.SIGKILL))
        np.testing.assert_array_equal(use(pair).run(TASK, 5, 3, MANY, watch), expected)
        assert worker.process.wait(10) == -signal.SIGKILL


def test_a_stopped_worker_costs_time_alone(pair, use, expected, monkeypatch):
    monkeypatch.setattr(fleet, "_SILENT_SECONDS", 1.5)
    with pair.extra() as worker:
        backend = use(pair)
        watch = Watch(lambda: worker.send(signal.SIGSTOP))
        np.testing.assert_array_equal(backend.run(TASK, 5, 3, MANY, watch), expected)
        # The scheduler still counts it as present: it wasn't Dask that gave up.
        counted, refused = backend.probe().devices
        assert counted.startswith("2 workers, 2 threads")
        assert "doesn't answer" in refused


def test_the_only_worker_and_the_scheduler_may_stop(use, expected, monkeypatch):
    def replace_it():
        one.workers[0].kill()
        one.add_worker()

    with cluster(1) as one:
        np.testing.assert_array_equal(use(one).run(TASK, 5, 3, MANY, Watch(replace_it)), expected)
        backend = use(one)
        watch = Watch(lambda: one.scheduler.send(signal.SIGSTOP))
        monkeypatch.setattr(fleet, "_ANSWER_SECONDS", 1.0)
        with pytest.raises(BackendUnavailableError, match="doesn't answer"):
            backend.run(TASK, 5, 3, 10**6, watch)


def test_a_killed_scheduler_is_told(use):
    with cluster(1) as one:
        backend = use(one)
        with pytest.raises(BackendUnavailableError, match="connection to the Dask scheduler"):
            backend.run(TASK, 5, 3, 10**6, Watch(one.scheduler.kill))
        assert "can't be reached" in backend.probe().error
        one.start()
        one.add_worker()
        assert backend.probe().available
        assert backend.run(TASK, 5, 3, 10).sum() > 0
