"""Uploaded series in a few numbers."""

from __future__ import annotations

import io

import numpy as np
import pytest

SEED = 20260301


def upload(daemon, values, metadata=None):
    buffer = io.BytesIO()
    np.save(buffer, values)
    answer = daemon.upload(buffer.getvalue(), "series.npy", metadata)
    assert answer.status == 200, answer.body
    return answer.json["data_id"]


def preview(daemon, data_id, query=""):
    answer = daemon.call("GET", f"/api/v1/data/{data_id}/preview{query}")
    assert answer.status == 200, answer.body
    return answer.json


def test_a_long_series_stretch_by_stretch(daemon):
    values = np.random.default_rng(SEED).normal(1e6, 1.0, 2_500_000)
    found = preview(daemon, upload(daemon, values), "?points=250")
    parts = values.reshape(250, -1)
    np.testing.assert_array_equal(found["minima"], parts.min(axis=1))
    np.testing.assert_array_equal(found["maxima"], parts.max(axis=1))
    assert (found["length"], found["missing"]) == (values.size, 0)
    # Far from 0 a sum of squares would lose the deviation.
    assert found["mean"] == pytest.approx(values.mean(), rel=1e-12)
    assert found["std"] == pytest.approx(values.std(), rel=1e-9)
    assert (found["minimum"], found["maximum"]) == (values.min(), values.max())


def test_a_short_series_sample_by_sample(daemon):
    values = np.array([3.0, 1.0, 4.0, 1.0, 5.0])
    found = preview(daemon, upload(daemon, values))
    assert found["minima"] == found["maxima"] == values.tolist()


def test_missing_samples_are_null_where_nothing_else_is(daemon):
    values = np.arange(40.0)
    values[10:20] = np.nan
    values[25] = np.nan
    found = preview(daemon, upload(daemon, values, '{"gaps": true}'), "?points=4")
    assert found["minima"] == [0.0, None, 20.0, 30.0]
    assert found["maxima"] == [9.0, None, 29.0, 39.0]
    assert found["missing"] == 11
    assert found["mean"] == pytest.approx(np.nanmean(values))
    assert found["std"] == pytest.approx(np.nanstd(values))


def test_stretches_of_unequal_length_cover_every_sample(daemon):
    values = np.arange(10.0)
    found = preview(daemon, upload(daemon, values), "?points=3")
    assert (found["minima"], found["maxima"]) == ([0.0, 3.0, 6.0], [2.0, 5.0, 9.0])


@pytest.mark.parametrize("points", ["0", "10001", "many"])
def test_a_wrong_number_of_points(daemon, points):
    data_id = upload(daemon, np.arange(5.0))
    answer = daemon.call("GET", f"/api/v1/data/{data_id}/preview?points={points}")
    assert answer.status == 422
    assert "points" in answer.json["detail"]


def test_no_such_series(daemon):
    assert daemon.call("GET", "/api/v1/data/nobody/preview").status == 404
