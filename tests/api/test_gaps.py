"""Missing samples, from the request or the upload to the result."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

import pycwt_mod
from support import red_pair

A, B = (list(series) for series in red_pair())
for at in (40, 41, 42, 120):
    A[at] = None
GRID = {"dt": 0.5, "dj": 0.25, "s0": 1.0, "J": 20}
ARRAYS = np.array(A, float), np.array(B, float)
#: Arrays that come through JSON lose nothing.
EXACT = np.testing.assert_array_equal


@pytest.mark.parametrize("gaps", ["mask", "linear"])
def test_a_transform_is_the_library_s(daemon, gaps):
    body = {"data": A, "gaps": gaps, "normalize": False, "sig": True, **GRID}
    found = daemon.call("POST", "/api/v1/wavelet/cwt", body).json
    expected = pycwt_mod.cwt(ARRAYS[0], **GRID, gaps=gaps)
    EXACT(np.array(found["wave"]) @ [1, 1j], expected.W)
    EXACT(found["coverage"], expected.coverage)
    EXACT(found["outside"], expected.outside)
    level = pycwt_mod.significance(ARRAYS[0], 0.5, expected.sj, gaps=gaps).signif
    np.testing.assert_allclose(found["signif"], level, rtol=1e-9)
    unit = daemon.call("POST", "/api/v1/wavelet/cwt", {**body, "normalize": True}).json
    deviation = np.nanstd(ARRAYS[0])
    np.testing.assert_allclose(
        np.array(unit["wave"]), np.array(found["wave"]) / deviation, atol=1e-12
    )


@pytest.mark.parametrize("gaps", ["mask", "linear"])
def test_pairs_are_the_library_s(daemon, gaps):
    body = {"data1": A, "data2": B, "gaps": gaps, **GRID}
    found = daemon.call("POST", "/api/v1/analysis/xwt", {**body, "significance_test": True}).json
    expected = pycwt_mod.xwt(*ARRAYS, **GRID, gaps=gaps)
    EXACT(np.array(found["xwt"]) @ [1, 1j], expected.W12)
    EXACT(found["signif"], expected.signif)
    EXACT(found["outside"], expected.outside)

    run = {"mc_count": 100, "seed": 5, "significance_level": 0.9}
    job_id = daemon.submit("wct", {**body, **run})
    assert daemon.finish(job_id)["parameters"]["gaps"] == gaps
    found = daemon.result(job_id)
    how = {"mc_count": 100, "seed": 5, "cache": False, "significance_level": 0.9}
    expected = pycwt_mod.wct(*ARRAYS, **GRID, **how, gaps=gaps, estimator="cascade")
    EXACT(found["WCT"], expected.WCT)
    EXACT(found["signif"], expected.sig)
    EXACT(found["coverage"], expected.coverage)
    EXACT(found["outside"], expected.outside)


def test_an_upload_with_gaps(daemon):
    text = "\n".join("NA" if v is None else repr(v) for v in A)
    contents = [text.encode(), npy(ARRAYS[0]), json.dumps(A).encode()]
    metadata = {"gaps": True}
    for content in contents[:2]:
        assert "'gaps' in the metadata" in daemon.upload(content).json["detail"]
    assert daemon.upload(contents[2]).status == 422
    answers = [daemon.upload(content, metadata=json.dumps(metadata)) for content in contents]
    ids = [answer.json["data_id"] for answer in answers]
    view = daemon.call("GET", f"/api/v1/data/{ids[0]}").json
    assert (view["length"], view["missing"], view["metadata"]) == (len(A), 4, metadata)
    expected = pycwt_mod.cwt(ARRAYS[0], **GRID, gaps="mask")
    for data_id in ids:
        body = {"data_id": data_id, "gaps": "mask", "normalize": False, **GRID}
        found = daemon.call("POST", "/api/v1/wavelet/cwt", body).json
        EXACT(np.array(found["wave"]) @ [1, 1j], expected.W)
    refused = daemon.call("POST", "/api/v1/wavelet/cwt", {"data_id": ids[0], **GRID})
    assert refused.status == 400
    assert "data: lacks 4 of its samples" in refused.json["detail"]


def npy(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def test_without_gaps_nothing_is_told_of_them(daemon):
    found = daemon.call("POST", "/api/v1/wavelet/cwt", {"data": B, **GRID}).json
    assert not {"coverage", "outside"} & found.keys()


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({}, 400, "data: lacks 4 of its samples, the first at data[40]; with gaps = mask"),
        ({"gaps": "cubic"}, 422, "gaps"),
        ({"gaps": "mask", "data": [None] * 100}, 400, "this one has 0"),
        ({"gaps": "mask", "data": [1.0, None] * 10}, 400, "this one has 10"),
        ({"gaps": "mask", "data": [1.0, 1.0, None] * 10}, 400, "all samples are equal"),
    ],
)
def test_bad_requests(daemon, change, status, word):
    body = {"data": A, **GRID, "J": 4, **change}
    answer = daemon.call("POST", "/api/v1/wavelet/cwt", body)
    assert answer.status == status
    assert word in answer.json["detail"]
