"""Results in every form, whole and in parts."""

from __future__ import annotations

import io

import h5netcdf
import numpy as np
import pytest

from support import red_pair

A, B = red_pair()
GRID = {"dt": 0.5, "dj": 0.25, "s0": 1.0, "J": 16}


@pytest.fixture(scope="module")
def done(daemon):
    """A coherence with its significance, completed."""
    request = {"signal1": A, "signal2": B, "sig": True, "mc_count": 50, "seed": 4, **GRID}
    job_id = daemon.submit("wct", request)
    assert daemon.finish(job_id)["status"] == "completed"
    return f"/api/v1/jobs/{job_id}/result", daemon.result(job_id)


@pytest.fixture(scope="module")
def transformed(daemon):
    job_id = daemon.submit("cwt", {"data": A, **GRID})
    daemon.finish(job_id)
    return f"/api/v1/jobs/{job_id}/result", daemon.result(job_id)


def netcdf(answer):
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/netcdf"
    return h5netcdf.File(io.BytesIO(answer.body), "r")


def test_netcdf_holds_what_npz_holds(daemon, done):
    path, arrays = done
    with netcdf(daemon.call("GET", path, headers={"Accept": "application/netcdf"})) as file:
        for name, array in arrays.items():
            if array.dtype.kind == "U":
                assert file.attrs[name] == "\n".join(np.atleast_1d(array))
            else:
                np.testing.assert_array_equal(file.variables[name][...], array)
        assert file.variables["WCT"].dimensions == ("scale", "time")
        assert file.variables["signif"].dimensions == ("scale",)


def test_netcdf_has_the_levels_within_the_cone(daemon):
    request = {"signal1": A, "signal2": B, "sig": True, "mc_count": 20, "seed": 4, **GRID}
    job_id = daemon.submit("wct", {**request, "edges": True})
    assert daemon.finish(job_id)["status"] == "completed"
    arrays = daemon.result(job_id)
    with netcdf(daemon.call("GET", f"/api/v1/jobs/{job_id}/result?format=netcdf")) as file:
        assert file.variables["level_map"].dimensions == ("scale", "time")
        # Its rows are the scales and the nodes within the cone.
        assert len(arrays["histogram"]) > len(arrays["scales"])
        for name in ("level_map", "level_map_error", "histogram"):
            np.testing.assert_array_equal(file.variables[name][...], arrays[name])


def test_complex_arrays_are_two_in_netcdf(daemon, transformed):
    path, arrays = transformed
    with netcdf(daemon.call("GET", f"{path}?format=netcdf")) as file:
        for part in ("real", "imag"):
            found = file.variables[f"wave_{part}"][...]
            np.testing.assert_array_equal(found, getattr(arrays["wave"], part))


def test_netcdf_of_a_synchronous_call(daemon):
    path = "/api/v1/wavelet/cwt?format=netcdf"
    with netcdf(daemon.call("POST", path, {"data": A, **GRID})) as file:
        assert file.variables["wave_real"].shape == (17, 128)


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("application/json;q=0.1, application/netcdf", "application/netcdf"),
        ("text/html, application/x-netcdf", "application/netcdf"),
        ("application/x-npz, */*;q=0.5", "application/x-npz"),
        ("text/html, */*;q=0.1", "application/json"),
        ("APPLICATION/JSON", "application/json"),
    ],
)
def test_the_most_wanted_form_is_sent(daemon, done, accept, media):
    answer = daemon.call("GET", done[0], headers={"Accept": accept})
    assert (answer.status, answer.headers["Content-Type"]) == (200, media)


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0"])
def test_other_forms_are_refused(daemon, done, accept):
    answer = daemon.call("GET", done[0], headers={"Accept": accept})
    assert answer.status == 406
    assert "application/netcdf" in answer.json["detail"]


def array(answer):
    assert answer.headers["Content-Type"] == "application/x-npy"
    return np.load(io.BytesIO(answer.body), allow_pickle=False)


def test_single_arrays_and_strided_parts(daemon, done):
    path, arrays = done
    for name, whole in arrays.items():
        np.testing.assert_array_equal(array(daemon.call("GET", f"{path}/{name}")), whole)
    part = array(daemon.call("GET", f"{path}/WCT?rows=2:15:3&cols=:100:7"))
    np.testing.assert_array_equal(part, arrays["WCT"][2:15:3, :100:7])
    np.testing.assert_array_equal(
        array(daemon.call("GET", f"{path}/signif.npy?rows=5:")), arrays["signif"][5:]
    )


def test_byte_ranges(daemon, done):
    for path in (f"{done[0]}/WCT", f"{done[0]}/WCT?cols=0:100:3", f"{done[0]}?format=npz"):
        whole = daemon.call("GET", path)
        assert whole.headers["Accept-Ranges"] == "bytes"
        size, etag = len(whole.body), whole.headers["ETag"]
        for asked, first, last in (
            ("bytes=0-0", 0, 0),
            ("bytes=100-1999", 100, 1999),
            ("bytes=1000-", 1000, size - 1),
            ("bytes=-5", size - 5, size - 1),
            (f"bytes=10-{size * 2}", 10, size - 1),
        ):
            part = daemon.call("GET", path, headers={"Range": asked, "If-Range": etag})
            assert part.status == 206
            assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
            assert part.body == whole.body[first : last + 1]
        for ignored in ("lines=1-2", "bytes=5-2", "bytes=0-1,3-4", "bytes=-"):
            assert daemon.call("GET", path, headers={"Range": ignored}).body == whole.body
        stale = daemon.call("GET", path, headers={"Range": "bytes=0-1", "If-Range": '"x"'})
        assert (stale.status, stale.body) == (200, whole.body)
        behind = daemon.call("GET", path, headers={"Range": f"bytes={size}-"})
        assert (behind.status, behind.headers["Content-Range"]) == (416, f"bytes */{size}")
        assert daemon.call("GET", path, headers={"If-None-Match": f'"a", {etag}'}).status == 304
        head = daemon.call("HEAD", path)
        assert (head.body, int(head.headers["Content-Length"])) == (b"", size)


@pytest.mark.parametrize(
    ("asked", "status", "word"),
    [
        ("/nothing", 404, "WCT"),
        ("/WCT?rows=1", 422, "rows"),
        ("/WCT?rows=0:5:0", 422, "rows"),
        ("/WCT?rows=-1:5", 422, "rows"),
        ("/WCT?columns=1:2", 422, "columns"),
        ("/coi?cols=1:2", 400, "rows"),
        ("/seed?rows=1:2", 400, "whole"),
    ],
)
def test_a_part_that_isnt_there(daemon, done, asked, status, word):
    answer = daemon.call("GET", done[0] + asked)
    assert answer.status == status
    assert word in answer.json["detail"]


def test_json_is_compressed_for_who_accepts_it(daemon, done):
    plain = daemon.call("GET", done[0])
    packed = daemon.call("GET", done[0], headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.body) < len(plain.body)
