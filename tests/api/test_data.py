"""Uploads over a real socket: every format, every way of being wrong, and what is left behind."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import socket

import h5netcdf
import numpy as np
import pytest
from scipy.io import netcdf_file

import pycwt_mod
from support import red_pair, running
from wires import TCP, add_key, tcp

A, B = red_pair()
UPLOAD = "/api/v1/data/upload"


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def netcdf3(tmp_path, values):
    with netcdf_file(tmp_path / "old.nc", "w") as file:
        file.createDimension("time", len(values))
        file.createVariable("time", "d", ("time",))[:] = np.arange(len(values))
        file.createVariable("ice", "d", ("time",))[:] = values
    return (tmp_path / "old.nc").read_bytes()


def netcdf4(tmp_path, values, **attributes):
    with h5netcdf.File(tmp_path / "new.nc", "w") as file:
        file.dimensions = {"time": len(values)}
        variable = file.create_variable("ice", ("time",), data=values)
        variable.attrs.update(attributes)
    return (tmp_path / "new.nc").read_bytes()


def text(values):
    return "\n".join(map(repr, values)).encode()


STRANGE_FIELD = b'--b\r\nContent-Disposition: form-data; name="fil"\r\n\r\n1\r\n--b--\r\n'
FORMS = {
    "csv": (lambda _: text(A), None),
    "csv with a name": (lambda _: b"ice\n" + text(A), None),
    "csv by name": (
        lambda _: (
            b"# a comment\nyear;ice\n" + b"".join(b"%d;%r\n" % (i, a) for i, a in enumerate(A))
        ),
        {"column": "ice", "station": "Baltic"},
    ),
    "csv by number, beside dates": (
        lambda _: b"".join(b"2001-01-%02d,%r\n" % (i, a) for i, a in enumerate(A)),
        {"column": 1},
    ),
    "json": (lambda _: json.dumps(A).encode(), None),
    "npy": (lambda _: npy(np.array(A)), None),
    "npy of two columns": (lambda _: npy(np.array([B, A]).T), {"column": 1}),
    "npz": (lambda _: npz(ice=np.array(A)), None),
    "npz by name": (lambda _: npz(ice=np.array(A), ao=np.array(B)), {"column": "ice"}),
    "NetCDF-3": (lambda path: netcdf3(path, A), None),
    "NetCDF-4": (lambda path: netcdf4(path, A), {"column": "ice"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_format_gives_the_same_samples(daemon, tmp_path, form):
    make, metadata = FORMS[form]
    content = make(tmp_path)
    answer = daemon.upload(content, metadata=metadata and json.dumps(metadata))
    assert answer.status == 200, answer.body
    data_id = answer.json["data_id"]
    assert answer.json["length"] == len(A)
    assert answer.headers["Location"] == f"/api/v1/data/{data_id}"
    seen = daemon.call("GET", f"/api/v1/data/{data_id}").json
    assert seen["sha256"] == hashlib.sha256(content).hexdigest()
    assert seen["metadata"] == (metadata or {})
    assert daemon.call("GET", f"/api/v1/data/{data_id}/download").body == content
    by_name = daemon.call("POST", "/api/v1/wavelet/cwt", {"data_id": data_id, "dt": 1.0}).json
    inline = daemon.call("POST", "/api/v1/wavelet/cwt", {"data": A, "dt": 1.0}).json
    assert by_name["wave"] == inline["wave"]


def test_packed_values_are_unpacked(daemon, tmp_path):
    """By NetCDF's own convention: packed * scale_factor + add_offset."""
    packed = np.arange(40, dtype=np.int16) ** 2 % 23
    content = netcdf4(tmp_path, packed, scale_factor=0.5, add_offset=-3.0)
    data_id = daemon.upload(content).json["data_id"]
    got = daemon.call(
        "POST", "/api/v1/wavelet/cwt", {"data_id": data_id, "dt": 1, "normalize": False}
    )
    expected = pycwt_mod.cwt(packed * 0.5 - 3.0, 1.0, 0.25).fft
    np.testing.assert_allclose(np.array(got.json["fft"])[:, 0], expected.real, atol=1e-12)


def test_missing_values_are_named(daemon, tmp_path):
    values = np.array(A)
    values[7] = -999.0
    answer = daemon.upload(netcdf4(tmp_path, values, _FillValue=-999.0))
    assert answer.status == 422
    assert "sample 7" in answer.json["detail"]


@pytest.mark.parametrize(
    ("content", "metadata", "status", "words"),
    [
        (b"1\n2\nx\n4\n", None, 422, ["line 3", "'x'"]),
        (b"ice\n1\n\nNA\n", None, 422, ["line 4", "'NA'"]),
        (b"NA\n1\n2\n", None, 422, ["line 1", "'NA'"]),
        (b"1\nnan\n", None, 422, ["line 2", "nan"]),
        (b"1\n1_0\n", None, 422, ["line 2", "1_0"]),
        (b"1,2\n3,4\n", None, 400, ["2 columns", "column"]),
        (b"a,b\n3,4\n", None, 400, ["'a', 'b'"]),
        (b"a,b\n3,4\n", '{"column": "c"}', 422, ["metadata.column", "'a', 'b'"]),
        (b"1\n2\n", '{"column": 3}', 422, ["metadata.column", "0 to 0"]),
        (b"1,2\n3\n", '{"column": 0}', 422, ["line 2", "1 cells"]),
        (b"1\n2\n", '{"column": 1.5}', 422, ["metadata", "column"]),
        (b"1\n2\n", "{", 422, ["metadata", "JSON"]),
        (b"1\n2\n", "[]", 422, ["metadata", "object"]),
        (b"1\n\xff\n", None, 422, ["UTF-8"]),
        (b"", None, 422, ["empty"]),
        (b"# nothing\n", None, 422, ["no line"]),
        (b"[1, 2, null]", None, 422, ["sample 2"]),
        (b"[1, 2", None, 422, ["JSON"]),
        (b'{"a": [1]}', None, 422, ["list of numbers"]),
        (b"\x00\x01\x02", None, 415, ["CSV", "NetCDF"]),
        (npy(np.array([1.0, np.inf])), None, 422, ["sample 1", "inf"]),
        (npy(np.zeros(5, complex)), None, 422, ["complex128"]),
        (npy(np.zeros((3, 4))), None, 400, ["(3, 4)"]),
        (npy(np.array([print], dtype=object), allow_pickle=True), None, 422, ["pickle"]),
        (npz(a=np.zeros(3), b=np.zeros(3)), None, 400, ["'a', 'b'"]),
        (b"PK\x03\x04 cut off", None, 422, ["file"]),
        (b"\x89HDF\r\n\x1a\n cut off", None, 422, ["NetCDF"]),
        (b"CDF\x01 cut off", None, 422, ["NetCDF"]),
    ],
)
def test_a_wrong_file_gets_a_sentence(daemon, content, metadata, status, words):
    before = daemon.call("GET", "/api/v1/data").json
    answer = daemon.upload(content, metadata=metadata)
    assert answer.status == status, answer.body
    for word in words:
        assert word in answer.json["detail"]
    assert daemon.call("GET", "/api/v1/data/").json == before


@pytest.mark.parametrize(
    ("body", "media", "status"),
    [
        (b"x", "multipart/form-data", 422),
        (b"x", "multipart/form-data; boundary=b", 422),
        (b"--b--\r\n", "multipart/form-data; boundary=b", 422),
        (STRANGE_FIELD, "multipart/form-data; boundary=b", 422),
        (b"{}", "application/json", 415),
    ],
)
def test_a_wrong_form(daemon, body, media, status):
    answer = daemon.call("POST", UPLOAD, body, {"Content-Type": media})
    assert answer.status == status, answer.body
    assert list((daemon.state / "incoming").iterdir()) == []


def test_a_deleted_series_stays_with_the_jobs_that_use_it():
    with running("[engine]\nchunk_seconds = 0.2\n", backends=["joblib"]) as daemon:
        one, two = (daemon.upload(text(s)).json["data_id"] for s in (A, B))
        busy = {"data1": A, "data2": B, "dt": 1.0, "mc_count": 1_000_000, "estimator": "full"}
        blocker = daemon.submit("significance", busy)
        request = {"signal1_id": one, "signal2_id": two, "dt": 1.0, "sig": True, "seed": 3}
        job_id = daemon.submit("wct", request)
        for data_id in (one, two):
            assert daemon.call("DELETE", f"/api/v1/data/{data_id}").status == 200
            assert daemon.call("GET", f"/api/v1/data/{data_id}").status == 404
        daemon.kill()
        daemon.start()
        daemon.call("DELETE", f"/api/v1/jobs/{blocker}")
        assert daemon.finish(job_id)["status"] == "completed"
        assert daemon.job(job_id)["parameters"]["data_ids"] == [one, two]
        library = pycwt_mod.wct(np.array(A), np.array(B), 1.0, 0.25, sig=False)
        np.testing.assert_allclose(daemon.result(job_id)["WCT"], library[0], atol=1e-12)
        again = daemon.call("POST", "/api/v1/jobs", {"kind": "wct", "request": request})
        assert again.status == 404
        assert one in again.json["detail"]


def test_uploads_survive_a_kill_and_orphans_dont():
    with running(backends=["joblib"]) as daemon:
        data_id = daemon.upload(text(A)).json["data_id"]
        daemon.kill()
        (daemon.state / "data" / "orphan").mkdir()
        (daemon.state / "incoming" / "half").mkdir()
        daemon.start()
        assert sorted(p.name for p in (daemon.state / "data").iterdir()) == [data_id]
        assert list((daemon.state / "incoming").iterdir()) == []
        listed = daemon.call("GET", "/api/v1/data").json["data"]
        assert [one["data_id"] for one in listed] == [data_id]


def test_an_upload_that_breaks_off_leaves_nothing(daemon):
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(str(daemon.socket))
        one.sendall(
            b"POST /api/v1/data/upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n"
            b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
            b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + b"1\n" * 9000
        )
    # The daemon notices it before it answers what comes after.
    for _ in range(200):
        daemon.call("GET", "/health")
        if not list((daemon.state / "incoming").iterdir()):
            return
    raise AssertionError(list((daemon.state / "incoming").iterdir()))


def test_limits():
    config = "[limits]\nupload_bytes = 2000\nupload_samples = 100\n"
    with running(config, backends=()) as daemon:
        assert daemon.upload(b"1\n2\n" * 50).status == 200
        many = daemon.upload(b"1\n2\n" * 51)
        assert (many.status, "more samples than the 100" in many.json["detail"]) == (413, True)
        assert daemon.upload(b"1.00\n" * 401).status == 413
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(daemon.socket))
        connection.putrequest("POST", UPLOAD)
        connection.putheader("Content-Type", "multipart/form-data; boundary=b")
        connection.putheader("Content-Length", "1000000000")
        connection.endheaders()
        # Refused by its announced length, before anything of it has come.
        assert connection.getresponse().status == 413
        connection.close()
        assert list((daemon.state / "incoming").iterdir()) == []


def test_a_disk_without_room_refuses_uploads():
    with running(f"[limits]\nreserve_bytes = {2**60}\n", backends=()) as daemon:
        assert daemon.upload(text(A)).status == 507


def test_pages_of_the_listing(daemon):
    wanted = [daemon.upload(text(A), f"{n}.csv").json["data_id"] for n in range(3)]
    found, cursor = [], ""
    while cursor is not None and len(found) < 3:
        page = daemon.call("GET", f"/api/v1/data?limit=2{cursor}").json
        found += [one["data_id"] for one in page["data"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert found[:3] == wanted[::-1]


def test_only_the_owner_and_operators_delete():
    with running(arguments=TCP, backends=()) as daemon:
        keys = {
            name: add_key(daemon, name, role)["key"]
            for name, role in (("a", "analyst"), ("b", "analyst"), ("o", "operator"))
        }
        form = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n' + text(A)
        ids = []
        for _ in range(2):
            media = {"Content-Type": "multipart/form-data; boundary=b"}
            answer = tcp(daemon, "POST", UPLOAD, form + b"\r\n--b--", token=keys["a"], **media)
            assert answer.status == 200, answer.body
            ids.append(answer.json["data_id"])
        mine, other = (f"/api/v1/data/{one}" for one in ids)
        refused = tcp(daemon, "DELETE", mine, token=keys["b"])
        assert (refused.status, refused.json["error"]["code"]) == (403, "not_owner")
        assert tcp(daemon, "DELETE", mine, token=keys["a"]).status == 200
        assert tcp(daemon, "DELETE", other, token=keys["o"]).status == 200
        told = [
            (one["action"], one["identity"], one["target"], one["outcome"])
            for one in daemon.call("GET", "/api/v1/audit").json["entries"]
            if one["action"].startswith("data.")
        ]
        assert told == [
            ("data.delete", "key:o", ids[1], "done"),
            ("data.delete", "key:a", ids[0], "done"),
            ("data.delete", "key:b", ids[0], "denied"),
            ("data.upload", "key:a", ids[1], "done"),
            ("data.upload", "key:a", ids[0], "done"),
        ]


def test_who_only_reads_uploads_nothing():
    with running(arguments=TCP, backends=()) as daemon:
        key = add_key(daemon, "v", "viewer")["key"]
        media = {"Content-Type": "multipart/form-data; boundary=b"}
        assert tcp(daemon, "POST", UPLOAD, b"--b--", token=key, **media).status == 403
        assert tcp(daemon, "POST", UPLOAD, b"--b--", **media).status == 401
        assert tcp(daemon, "GET", "/api/v1/data/", token=key).json["data"] == []


def test_levels_within_the_cone_know_the_length_of_an_upload(daemon):
    ids = [daemon.upload(text(values)).json["data_id"] for values in (A, B)]
    request = {"dt": 1.0, "dj": 0.5, "J": 6, "sig": True, "edges": True, "mc_count": 20, "seed": 1}
    given = dict(zip(("signal1_id", "signal2_id"), ids, strict=True))
    by_id = daemon.submit("wct", {**request, **given})
    inline = daemon.submit("wct", {**request, "signal1": A, "signal2": B})
    for job_id in (by_id, inline):
        assert daemon.finish(job_id)["status"] == "completed"
    found, expected = daemon.result(by_id), daemon.result(inline)
    np.testing.assert_array_equal(found["level_map"], expected["level_map"])
