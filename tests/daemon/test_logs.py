"""The log and the metrics: a line a request, a line a step of a job, one id through all of it."""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
from collections import Counter

import pytest
from prometheus_client.parser import text_string_to_metric_families

from pycwtd import logs
from pycwtd.config import LogConfig
from service import serving
from support import red_pair, running
from wires import API, TCP, tcp

A, B = red_pair()
REQUEST = {"signal1": A, "signal2": B, "dt": 1.0, "sig": True, "mc_count": 20}
JSON_LOG = '[log]\nformat = "json"\nlevel = "debug"\n'


@pytest.fixture(scope="module")
def service():
    with serving(JSON_LOG, TCP) as one:
        one.status("2 of 2 backends ready")
        yield one


def lines(service, **wanted):
    """The lines of the log with these fields."""
    told = [json.loads(line) for line in service.log.splitlines()]
    assert all({"time", "level", "logger", "message"} <= set(line) for line in told)
    return [line for line in told if all(line.get(n) == v for n, v in wanted.items())]


def test_one_id_from_the_request_to_the_jobs_end(service):
    mine = "trace-17:a.b"
    body = {"kind": "wct", "request": REQUEST}
    answer = service.call("POST", f"{API}/jobs", body, headers={"X-Request-ID": mine})
    assert answer.headers["X-Request-ID"] == mine
    job_id = answer.json["job_id"]
    assert service.finish(job_id)["status"] == "completed"
    (asked,) = lines(service, event="request", request_id=mine)
    assert asked["route"] == f"{API}/jobs"
    assert (asked["method"], asked["status"]) == ("POST", 202)
    assert asked["identity"] == f"uid:{os.geteuid()}"
    assert asked["ms"] > 0
    # A line for each step, once.
    steps = [line for line in lines(service, job_id=job_id) if line["event"] != "request"]
    assert [line["event"] for line in steps] == ["job.queued", "job.running", "job.completed"]
    assert {line["request_id"] for line in steps} == {mine}
    assert steps[-1]["kind"] == "wct"
    assert steps[-1]["backend"] in {"joblib", "sequential"}
    assert steps[-1]["seconds"] > 0
    events = service.events(0, lambda event: event["type"] == "job.completed")
    (queued,) = [e for e in events if e["type"] == "job.queued" and e["job_id"] == job_id]
    assert queued["request_id"] == mine


def test_a_refusal_has_the_id_too(service):
    answer = service.call("GET", f"{API}/jobs/none", headers={"X-Request-ID": "lost"})
    assert (answer.status, answer.json["request_id"]) == (404, "lost")
    (line,) = lines(service, event="request", request_id="lost")
    assert line["route"] == f"{API}/jobs/{{id}}"
    # What isn't well formed is replaced, in the log and in the answer alike.
    forged = 'x" "level": "error'
    answer = service.call("GET", f"{API}/jobs/none", headers={"X-Request-ID": forged})
    made = answer.headers["X-Request-ID"]
    assert made == answer.json["request_id"]
    assert made != forged
    assert len(lines(service, event="request", request_id=made)) == 1


def test_what_is_no_request_has_an_id_of_its_own():
    with (
        running("[network]\nhead_seconds = 0.2\n", backends=["joblib"]) as daemon,
        socket.socket(socket.AF_UNIX) as one,
    ):
        one.connect(os.fspath(daemon.socket))
        one.settimeout(30)
        one.sendall(b"GET / HT")
        answer = b"".join(iter(lambda: one.recv(4096), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408")
        made = json.loads(body)["request_id"]
        assert f"X-Request-ID: {made}".encode() in head
        assert f"cut off [{made}]" in daemon.log


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secrets_in_the_log(form):
    config = f'[log]\nformat = "{form}"\nlevel = "debug"\n'
    with running(config, TCP, backends=["joblib"]) as daemon:
        admin = (daemon.state / "token").read_text().strip()
        made = tcp(daemon, "POST", f"{API}/auth/keys", {"name": "alice"}, token=admin).json
        wrong = "pycwtd_00000000_" + "x" * 43
        assert tcp(daemon, "GET", f"{API}/jobs", token=wrong).status == 401
        assert tcp(daemon, "GET", f"{API}/jobs?token={wrong}").status == 401
        form_body = f"username=alice&password={made['key']}".encode()
        media = {"Content-Type": "application/x-www-form-urlencoded"}
        token = daemon.call("POST", f"{API}/auth/token", form_body, media).json["access_token"]
        assert tcp(daemon, "GET", f"{API}/auth/me", token=token).json["identity"] == "key:alice"
        signing = (daemon.state / "signing-key").read_text().strip()
        text = daemon.log
        assert "/auth/token" in text
        for secret in (admin, made["key"], token, signing, wrong):
            assert secret not in text
        assert "x" * 20 not in text


def test_metrics_by_route_kind_and_backend(service):
    def read():
        families = text_string_to_metric_families(service.call("GET", "/metrics").body.decode())
        return {family.name: family for family in families}

    def counts(family, **labels):
        return sum(
            sample.value
            for sample in family.samples
            if sample.name.endswith("_count") and labels.items() <= sample.labels.items()
        )

    before = read()
    for _ in range(3):
        service.call("GET", f"{API}/jobs/none")
    kinds = Counter()
    for kind in ("wct", "wct", "cwt"):
        body = {"signal1": A, "signal2": B} if kind == "wct" else {"data": A}
        job = service.finish(service.submit(kind, {**body, "dt": 1.0}))
        kinds[kind, job["backend"] or "none"] += 1
    after = read()
    route = {"path": f"{API}/jobs/{{id}}", "method": "GET", "status": "404"}
    requests = "pycwtd_request_seconds"
    assert counts(after[requests], **route) == counts(before[requests], **route) + 3
    for name in ("pycwtd_queue_seconds", "pycwtd_compute_seconds"):
        for (kind, backend), number in kinds.items():
            labels = {"kind": kind, "backend": backend}
            was = counts(before[name], **labels) if name in before else 0
            assert counts(after[name], **labels) == was + number
    for name in (requests, "pycwtd_queue_seconds", "pycwtd_compute_seconds"):
        assert after[name].type == "histogram"
        check_histogram(after[name])
    assert after["pycwtd_stuck"].samples[0].value == 0
    assert after["pycwtd_build_info"].samples[0].labels["version"]


def check_histogram(family):
    """Buckets add up, the last one is the count, and the sum can be theirs."""
    series = {}
    for sample in family.samples:
        labels = frozenset((n, v) for n, v in sample.labels.items() if n != "le")
        entry = series.setdefault(labels, {"buckets": []})
        if sample.name.endswith("_bucket"):
            entry["buckets"].append((float(sample.labels["le"]), sample.value))
        else:
            entry[sample.name.rpartition("_")[2]] = sample.value
    assert series
    for entry in series.values():
        counts = [count for _, count in sorted(entry["buckets"])]
        assert counts == sorted(counts)
        assert max(entry["buckets"]) == (float("inf"), entry["count"])
        assert entry["sum"] >= 0


# -- the formats by themselves ------------------------------------------------------------


@pytest.fixture
def root_logger():
    root = logging.getLogger()
    kept, level = root.handlers, root.level
    yield root
    root.handlers = kept
    root.setLevel(level)


def test_a_traceback_is_one_line_of_json(root_logger, capfd):
    logs.configure(LogConfig(format="json"))
    try:
        raise ValueError("line one\nline two")
    except ValueError:
        logging.getLogger("x").exception("went wrong\nreally", extra=logs.fields_of(a=1, b=None))
    (line,) = capfd.readouterr().err.splitlines()
    told = json.loads(line)
    assert told["message"] == "went wrong\nreally"
    assert told["a"] == 1
    assert "b" not in told
    assert "ValueError: line one" in told["traceback"]


def test_the_journal_gets_priorities_and_no_times(root_logger, capfd, monkeypatch):
    status = os.fstat(sys.stderr.fileno())
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
    logs.configure(LogConfig())
    logging.getLogger("x").error("two\nlines")
    logging.getLogger("x").info("one")
    assert capfd.readouterr().err == "<3>two\\nlines\n<6>one\n"
    try:
        raise ValueError("why")
    except ValueError:
        logging.getLogger("x").exception("a traceback")
    told = capfd.readouterr().err.splitlines()
    assert len(told) > 3
    assert all(line.startswith("<3>") for line in told)
    monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino + 1}")
    logs.configure(LogConfig())
    logging.getLogger("x").info("one")
    assert capfd.readouterr().err.endswith(" INFO one\n")
