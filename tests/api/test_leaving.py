"""Clients that hang up while their call is accepted, computed, or made a job: nothing stays."""

from __future__ import annotations

import json
import socket
import struct
from contextlib import closing

import pytest

from support import red_pair, running
from wires import API, NO_RATE, unix_socket

A, B = red_pair(500)
CALL = {"signal1": A, "signal2": B, "dt": 1.0, "dj": 1 / 12, "sig": True, "mc_count": 100}
#: Never done within a test.
LONG = {**CALL, "mc_count": 1_000_000, "estimator": "full"}


def send(daemon, asked):
    """Send a call on a connection of its own."""
    body = json.dumps(asked).encode()
    head = f"POST {API}/wavelet/wct HTTP/1.1\r\nHost: localhost\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    wire = unix_socket(daemon)
    wire.sendall(head.encode() + body)
    return wire


def wait_empty(folder, daemon):
    """The daemon has ended a job that came after them; what it clears away takes a little more."""
    daemon.finish(daemon.submit("cwt", {"data": A, "dt": 1.0}))
    for _ in range(2000):
        daemon.call("GET", "/health")
        left = [path.name for path in folder.iterdir()]
        listed = [job["job_id"] for job in daemon.call("GET", f"{API}/jobs").json["jobs"]]
        if not set(left) - set(listed):
            return
    raise AssertionError(left)


@pytest.mark.parametrize("answers", [0, 1])
def test_a_call_that_is_left_at_once_leaves_nothing(answers):
    """Before it is accepted, while it is, and a little later."""
    with running(NO_RATE, backends=["joblib"]) as daemon:
        daemon.call("POST", f"{API}/wavelet/wct", CALL)
        for turn in range(40):
            with closing(send(daemon, {**CALL, "seed": turn})):
                # The time that some other answers take is enough to get on with this one.
                for _ in range(answers * (turn % 4)):
                    daemon.call("GET", "/health")
        wait_empty(daemon.state / "jobs", daemon)
        assert daemon.call("GET", f"{API}/jobs").json["jobs"][1:] == []


def test_a_call_that_is_left_as_it_becomes_a_job_is_one_or_is_none():
    """There may be a job, as where its answer is lost; then it is one like any other."""
    config = f"{NO_RATE}[limits]\nsync_seconds = 0.2\n"
    with running(config, backends=["joblib"]) as daemon:
        wires = [send(daemon, {**LONG, "seed": turn}) for turn in range(8)]
        # The first ones that are told: the others are at it.
        wires[0].recv(1)
        for wire in wires:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            wire.close()
        for job in daemon.call("GET", f"{API}/jobs").json["jobs"]:
            assert daemon.call("DELETE", f"{API}/jobs/{job['job_id']}").status in {200, 409}
        wait_empty(daemon.state / "jobs", daemon)
