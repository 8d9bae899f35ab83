"""The analyses over a real socket: numbers are the library's, whichever way they are asked for."""

from __future__ import annotations

import io

import numpy as np
import pytest

import pycwt_mod
from support import red_pair, running

A, B = red_pair()
GRID = {"dt": 0.5, "dj": 0.25, "s0": 1.0, "J": 16}


def complexes(nested):
    array = np.array(nested)
    return array[..., 0] + 1j * array[..., 1]


def test_cwt_is_that_of_the_library(daemon):
    answer = daemon.call("POST", "/api/v1/wavelet/cwt", {"data": A, "normalize": False, **GRID})
    assert answer.status == 200
    wave, scales, freqs, coi, fft, fftfreqs = pycwt_mod.cwt(np.array(A), 0.5, 0.25, 1.0, 16)
    got = answer.json
    np.testing.assert_allclose(complexes(got["wave"]), wave, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(complexes(got["fft"]), fft, rtol=1e-12, atol=1e-12)
    for name, expected in (
        *(("scales", scales), ("freqs", freqs)),
        *(("coi", coi), ("fftfreqs", fftfreqs)),
    ):
        np.testing.assert_allclose(got[name], expected, rtol=1e-12)
    assert got["computation_time"] > 0


@pytest.mark.parametrize(
    ("path", "names", "test"),
    [
        ("wavelet", ("signal1", "signal2"), "sig"),
        ("analysis", ("data1", "data2"), "significance_test"),
    ],
)
def test_xwt_in_both_spellings(daemon, path, names, test):
    body = dict(zip(names, (A, B), strict=True)) | {test: True} | GRID
    got = daemon.call("POST", f"/api/v1/{path}/xwt", body).json
    cross, coi, freqs, signif = pycwt_mod.xwt(np.array(A), np.array(B), 0.5, 0.25, 1.0, 16)
    np.testing.assert_allclose(complexes(got["xwt"]), cross, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(got["amplitude"], np.abs(cross), rtol=1e-12)
    np.testing.assert_allclose(got["phase"], np.angle(cross), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got["coi"], coi)
    np.testing.assert_allclose(got["freqs"], freqs)
    np.testing.assert_allclose(got["signif"], signif)


@pytest.mark.parametrize("estimator", ["cascade", "full"])
@pytest.mark.parametrize("wavelet", ["morlet", "paul", "dog", "mexicanhat"])
def test_coherence_of_every_wavelet_with_its_test(daemon, wavelet, estimator):
    body = {"signal1": A, "signal2": B, "mother": wavelet, "mc_count": 20, "seed": 3, **GRID}
    body["estimator"] = estimator
    answer = daemon.call("POST", "/api/v1/wavelet/wct", {**body, "significance_level": 0.9})
    assert answer.status == 200, answer.body
    got = answer.json
    library = pycwt_mod.wct(
        np.array(A),
        np.array(B),
        *(0.5, 0.25, 1.0, 16),
        significance_level=0.9,
        wavelet=wavelet,
        mc_count=20,
        seed=3,
        backend=got["backend_used"],
        progress=False,
        estimator=estimator,
    )
    np.testing.assert_allclose(got["WCT"], library[0], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got["aWCT"], library[1], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(got["signif"], library[4], rtol=1e-12)
    assert got["sig95"] == got["signif"]
    assert (got["seed"], got["mc_count"], got["significance_level"]) == (3, 20, 0.9)
    assert got["estimator"] == estimator
    assert np.min(got["WCT"]) >= 0
    assert np.max(got["WCT"]) <= 1


@pytest.mark.parametrize(
    ("fields", "gamma", "beta"), [({}, 3, 20), ({"gamma": 2, "param": 5}, 2, 5)]
)
def test_morse_wavelets(daemon, fields, gamma, beta):
    """They run the estimator full, and the answer says so."""
    body = {"signal1": A, "signal2": B, "mother": "morse", **fields, "sig": True, "dt": 0.5}
    body |= {"dj": 0.25, "J": 12, "mc_count": 20, "seed": 3}
    got = daemon.call("POST", "/api/v1/wavelet/wct", body).json
    options = {"mc_count": 20, "seed": 3, "progress": False, "cache": False}
    wavelet = pycwt_mod.Morse(gamma, beta)
    library = pycwt_mod.wct(np.array(A), np.array(B), 0.5, 0.25, J=12, wavelet=wavelet, **options)
    assert got["estimator"] == library.estimator == "full"
    np.testing.assert_allclose(got["scales"], library.scales)
    np.testing.assert_allclose(got["WCT"], library.WCT, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got["signif"], library.sig, rtol=1e-12)
    body = {"data": A, "dt": 0.5, "wavelet": "morse", **fields, "normalize": False}
    one = daemon.call("POST", "/api/v1/analysis/cwt", body).json
    own = pycwt_mod.cwt(np.array(A), 0.5, 0.25, wavelet=wavelet)
    np.testing.assert_allclose(complexes(one["wave"]), own.W, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one["coi"], own.coi)


def test_a_seed_reproduces_the_result_exactly_and_its_absence_is_reported(daemon):
    body = {"signal1": A, "signal2": B, "sig": True, "mc_count": 30, **GRID}
    drawn = daemon.call("POST", "/api/v1/wavelet/wct", body).json
    again = daemon.call("POST", "/api/v1/wavelet/wct", {**body, "seed": drawn["seed"]}).json
    other = daemon.call("POST", "/api/v1/wavelet/wct", body).json
    assert again["signif"] == drawn["signif"]
    assert other["signif"] != drawn["signif"]


def test_backends_of_one_class_give_the_same_bits(daemon):
    body = {"data1": A, "data2": B, "significance_test": True, "mc_count": 33, "seed": 5, **GRID}
    results = [
        daemon.call("POST", "/api/v1/analysis/wct", {**body, "backend": backend}).json
        for backend in ("sequential", "joblib")
    ]
    assert [r["backend_used"] for r in results] == ["sequential", "joblib"]
    assert results[0]["signif"] == results[1]["signif"]


def test_npz_on_request(daemon):
    body = {"data": A, **GRID}
    as_json = daemon.call("POST", "/api/v1/wavelet/cwt", body).json
    for answer in (
        daemon.call("POST", "/api/v1/wavelet/cwt?format=npz", body),
        daemon.call("POST", "/api/v1/wavelet/cwt", body, {"Accept": "application/x-npz"}),
    ):
        assert answer.headers["Content-Type"] == "application/x-npz"
        with np.load(io.BytesIO(answer.body), allow_pickle=False) as archive:
            np.testing.assert_array_equal(archive["wave"], complexes(as_json["wave"]))


def test_synchronous_calls_leave_nothing_behind():
    with running() as daemon:
        assert daemon.call("POST", "/api/v1/wavelet/cwt", {"data": A, **GRID}).status == 200
        assert daemon.call("GET", "/api/v1/jobs").json["jobs"] == []
        assert daemon.stop() == 0
        assert list((daemon.state / "jobs").iterdir()) == []


def test_the_shortest_series(daemon):
    answer = daemon.call("POST", "/api/v1/wavelet/cwt", {"data": A[:16], "dt": 1})
    assert answer.status == 200
    assert len(answer.json["wave"][0]) == 16


def test_significance_is_queued_at_once(daemon):
    body = {"data1": A, "data2": B, "mc_count": 40, "seed": 1, **GRID}
    answer = daemon.call("POST", "/api/v1/analysis/significance", body)
    assert answer.status == 200
    assert answer.json["status"] == "queued"
    assert answer.headers["Location"] == f"/api/v1/jobs/{answer.json['job_id']}"
    done = daemon.finish(answer.json["job_id"])
    assert done["status"] == "completed"
    result = daemon.result(done["job_id"])
    synchronous = daemon.call(
        "POST",
        "/api/v1/wavelet/wct",
        {"signal1": A, "signal2": B, "sig": True, "mc_count": 40, "seed": 1, **GRID},
    ).json
    np.testing.assert_array_equal(result["signif"], synchronous["signif"])


def test_precision_runs_until_every_level_is_that_precise(daemon):
    body = {"data1": A, "data2": B, "precision": 0.006, "seed": 2, **GRID}
    job = daemon.finish(daemon.submit("significance", body))
    result = daemon.result(job["job_id"])
    count = int(result["mc_count"])
    assert result["signif_error"].max() <= 0.006
    assert count in {300 * 2**n for n in range(12)}
    fixed = {**body, "mc_count": count}
    del fixed["precision"]
    same = daemon.result(daemon.finish(daemon.submit("significance", fixed))["job_id"])
    np.testing.assert_array_equal(same["histogram"], result["histogram"])
