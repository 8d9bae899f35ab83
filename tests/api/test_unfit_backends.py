"""A driver whose manifest declares ``full`` alone, and one wavelet less, is given nothing else."""

from __future__ import annotations

import os
import textwrap

import numpy as np
import pytest

from plugins import announce
from pycwt_mod import ar1
from pycwt_mod.backends import get_backend
from pycwt_mod.monte_carlo.run import coherence_task
from support import red_pair, running

A, B = red_pair()
GRID = {"dt": 1.0, "dj": 0.25, "s0": 2.0, "J": 16}
REQUEST = {"signal1": A, "signal2": B, "sig": True, "mc_count": 64, "seed": 5, **GRID}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A Python path with a driver package, found by its entry point like any."""
    folder = tmp_path_factory.mktemp("driver")
    package = folder / "abacus"
    package.mkdir()
    (package / "driver.toml").write_text(
        textwrap.dedent("""
            [driver]
            name = "abacus"
            api = 1
            [[backend]]
            name = "abacus"
            type = "embedded"
            description = "The reference kernel behind a driver that knows one estimator"
            numerics = "f32-1"
            tolerance = 0.003
            families = ["morlet", "dog"]
            estimators = ["full"]
        """)
    )
    (package / "__init__.py").write_text(
        textwrap.dedent("""
            from pathlib import Path
            from pycwt_mod.backends import Availability, MonteCarloBackend, hookimpl
            from pycwt_mod.backends import load_manifest

            class Abacus(MonteCarloBackend):
                info = load_manifest(Path(__file__).with_name("driver.toml")).backends[0]

                def probe(self):
                    return Availability(True, None, ("beads",))

                def run(self, task, seed, first, count, control=None):
                    if task.estimator != "full":
                        raise ValueError("an abacus has no cascade")
                    from pycwt_mod.monte_carlo.kernel import plan_for
                    return plan_for(task).run(seed, first, count, 1, control)

            @hookimpl
            def pycwtd_backends():
                return [Abacus()]
        """)
    )
    announce(folder, "abacus", "pycwtd.drivers", "abacus = abacus")
    return folder


@pytest.fixture(scope="module")
def with_abacus(folder):
    # Preferred to all others, as far as it goes.
    with running('[engine]\npreference = ["abacus"]\n', start=False) as daemon:
        daemon.start({"PYTHONPATH": os.fspath(folder)})
        recommended = daemon.call("GET", "/api/v1/backends/recommend?estimator=full").json
        names = [one["backend"] for one in recommended["alternatives"]]
        assert "abacus" in [recommended["recommended_backend"], *names], daemon.log
        yield daemon


def submit(daemon, **fields):
    body = {"kind": "wct", "request": {**REQUEST, **fields}}
    return daemon.call("POST", "/api/v1/jobs", body)


def test_it_says_what_it_runs(with_abacus):
    described = with_abacus.call("GET", "/api/v1/backends/abacus").json
    assert described["capabilities"]["estimators"] == ["full"]
    assert described["estimated_speedup"] > 0
    metrics = with_abacus.call("GET", "/api/v1/backends/abacus/status").json
    metrics = metrics["performance_metrics"]
    assert metrics["microseconds_per_realisation_full"] > 0
    assert metrics["microseconds_per_realisation_cascade"] is None


def test_it_gets_what_it_runs(with_abacus):
    job_id = submit(with_abacus, backend="abacus", estimator="full").json["job_id"]
    job = with_abacus.finish(job_id)
    assert (job["status"], job["backend"], job["fallback_reason"]) == (
        "completed",
        "abacus",
        None,
    )
    result = with_abacus.result(job_id)
    al1, al2 = (ar1(np.array(values))[0] for values in (A, B))
    task = coherence_task(al1, al2, *GRID.values(), estimator="full")
    expected = get_backend("sequential").run(task, 5, 0, 64)
    np.testing.assert_array_equal(result["histogram"], expected)


def test_auto_and_recommendations_pass_it_over(with_abacus):
    job = with_abacus.finish(submit(with_abacus).json["job_id"])
    assert job["status"] == "completed", job
    assert job["backend"] in {"joblib", "sequential"}
    recommended = with_abacus.call("GET", "/api/v1/backends/recommend").json
    others = [one["backend"] for one in recommended["alternatives"]]
    assert {recommended["recommended_backend"], *others} == {"joblib", "sequential"}


def test_by_name_another_stands_in_and_the_answer_says_why(with_abacus):
    job = with_abacus.finish(submit(with_abacus, backend="abacus").json["job_id"])
    assert job["status"] == "completed", job
    assert job["backend"] in {"joblib", "sequential"}
    assert job["fallback_reason"] == "abacus doesn't run estimator cascade, it runs full"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"estimator": "cascade"}, "abacus doesn't run estimator cascade, it runs full"),
        (
            {"estimator": "full", "mother": "paul"},
            "abacus doesn't run wavelet paul, it runs morlet, dog",
        ),
    ],
)
def test_by_name_and_no_other_it_is_refused(with_abacus, fields, words):
    answer = submit(with_abacus, backend="abacus", fallback=False, **fields)
    assert answer.status == 400
    assert answer.json["detail"] == f"backend: {words}"
    assert answer.json["error"]["code"] == "unfit_backend"
