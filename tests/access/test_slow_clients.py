"""Clients that send or read slowly, or not at all, are cut off; memory stays bounded."""

from __future__ import annotations

import json
import re
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from support import red_pair, running
from wires import API, TCP, over, read_all, tcp_socket, unix_socket, wait_cut_off

CLOCKS = """
[network]
head_seconds = 0.3
body_seconds = 0.3
body_rate = 1000000000
idle_seconds = 0.6
send_seconds = 0.5
"""
A, _ = red_pair()


@pytest.fixture(scope="module")
def daemon():
    with running(CLOCKS, TCP, backends=()) as one:
        yield one


@pytest.fixture(params=[unix_socket, tcp_socket], ids=["unix", "tcp"])
def wire(request, daemon):
    with closing(request.param(daemon)) as one:
        yield one


@pytest.mark.parametrize("sent", ["", "G", "GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: b"])
def test_a_head_that_doesnt_come(wire, sent):
    wire.sendall(sent.encode())
    answer = read_all(wire)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"0.3 s" in answer


def test_a_head_that_drips(wire):
    """Each byte in time doesn't help: the whole head has to be."""
    wire.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n")
    wire.settimeout(0.05)
    answer, drops = b"", 0
    while b"408" not in answer:
        try:
            answer += wire.recv(4096)
        except TimeoutError:
            wire.sendall(b"X-A: b\r\n")
            drops += 1
            assert drops < 200
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_second_head_that_drips(wire):
    assert over(wire, "GET", "/health").status == 200
    wire.sendall(b"GET /hea")
    assert read_all(wire).startswith(b"HTTP/1.1 408 ")


def test_a_connection_without_a_request_is_closed(wire):
    assert over(wire, "GET", "/health").status == 200
    assert read_all(wire) == b""


def test_a_body_that_doesnt_come(daemon):
    with closing(unix_socket(daemon)) as wire:
        wire.sendall(
            f"POST {API}/jobs HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: slow-body\r\n"
            'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"kind":'.encode()
        )
        assert read_all(wire).startswith(b"HTTP/1.1 408 ")
    assert daemon.call("GET", "/health").status == 200
    assert re.search(r"slow-body POST /api/v1/jobs 408 ", daemon.log)


def test_a_large_body_at_a_fair_rate_has_its_time():
    """The clock of a body goes by what has arrived: 200 kB at a rate of 100 kB/s may take 2 s."""
    config = "[network]\nbody_seconds = 0.2\nbody_rate = 100000\n"
    body = json.dumps({"data": A, "dt": 1.0}).encode()
    body += b" " * (200_000 - len(body))
    with running(config, backends=()) as daemon, closing(unix_socket(daemon)) as wire:
        head = f"POST {API}/wavelet/cwt HTTP/1.1\r\nHost: localhost\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        wire.sendall(head.encode() + body[:150_000])
        wire.settimeout(0.5)
        with pytest.raises(TimeoutError):  # longer than body_seconds, and nobody complains
            wire.recv(1)
        wire.sendall(body[150_000:])
        wire.settimeout(30)
        assert wire.recv(65536).startswith(b"HTTP/1.1 200 ")


def memory(pid):
    """Resident size in bytes."""
    text = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(re.search(r"VmRSS:\s+(\d+)", text)[1])


@pytest.fixture
def talkative():
    """A daemon with 60 MB of events to tell."""
    with running(CLOCKS, TCP, backends=()) as one:
        one.stop()
        with closing(sqlite3.connect(one.state / "pycwtd.sqlite3")) as db, db:
            event = (1.0, "job.progress", None, json.dumps({"text": 3000 * "x"}))
            db.executemany(
                "INSERT INTO events (time, type, job_id, data) VALUES (?, ?, ?, ?)",
                (event for _ in range(20_000)),
            )
        one.start()
        yield one


@pytest.mark.parametrize("connect", [unix_socket, tcp_socket], ids=["unix", "tcp"])
def test_a_websocket_that_doesnt_read_is_cut_off_and_costs_no_memory(talkative, connect):
    before = memory(talkative.process.pid)
    token = (talkative.state / "token").read_text().strip()
    with closing(connect(talkative)) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.sendall(
            b"GET /ws/events?since=0 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            + f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        wait_cut_off(wire)
    assert memory(talkative.process.pid) - before < 24 * 2**20
    assert "has taken nothing for 0.5 s" in talkative.log
    assert talkative.call("GET", "/health").status == 200


def test_answers_that_nobody_reads_are_cut_off(talkative):
    with closing(unix_socket(talkative)) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
        wire.setblocking(False)
        try:
            for _ in range(2000):
                wire.sendall(one)
        except BlockingIOError:
            pass
        wait_cut_off(wire)
    assert talkative.call("GET", "/health").status == 200
