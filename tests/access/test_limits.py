"""How much a client may ask for: rates, connections, sizes, depths."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from contextlib import ExitStack, closing

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycwtd.access.buckets import Buckets
from pycwtd.api.bodies import check_json
from pycwtd.api.problems import Problem
from support import PATIENCE, running
from wires import API, TCP, add_key, over, read_all, tcp, tcp_socket, unix_socket

SLOW = """
[network]
requests_per_second = 0.02
request_burst = 3
messages_per_second = 0.02
message_burst = 2
"""


@given(
    rate=st.floats(0.1, 100),
    burst=st.integers(1, 50),
    pauses=st.lists(st.floats(0, 2), max_size=100),
)
def test_no_bucket_gives_more_than_its_burst_and_its_rate(rate, burst, pauses):
    buckets = Buckets(rate, burst)
    now = given = 0.0
    for pause in pauses:
        now += pause
        wait = buckets.take("a", now)
        given += not wait
        assert given <= burst + rate * now + 1e-6
        if wait:
            # What it says to wait is enough, and no more than for one token.
            assert wait <= 1 / rate + 1e-9
            assert buckets.take("a", now + wait + 1e-6) == 0
            now += wait + 1e-6
            given += 1


def test_buckets_are_bounded_and_each_its_own():
    buckets = Buckets(1, 1)
    for number in range(12_000):
        assert buckets.take(f"{number}", 0.0) == 0
    assert len(buckets) == 10_000
    assert buckets.take("11999", 0.0) > 0
    assert buckets.take("0", 0.0) == 0  # forgotten


@pytest.fixture(scope="module")
def rated():
    with running(SLOW, TCP, backends=()) as daemon:
        yield daemon


def test_each_identity_has_its_rate(rated):
    one, other = (add_key(rated, name, "viewer")["key"] for name in ("one", "other"))
    answers = [tcp(rated, "GET", f"{API}/jobs", token=one) for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    refused = answers[-1]
    assert 40 <= int(refused.headers["Retry-After"]) <= 50
    assert refused.json["error"]["code"] == "rate_limited"
    assert refused.headers["X-Request-ID"]
    assert tcp(rated, "GET", f"{API}/jobs", token=other).status == 200
    # The machine's own admin isn't kept from seeing what is going on.
    assert [rated.call("GET", f"{API}/jobs").status for _ in range(5)] == 5 * [200]


def test_those_without_a_name_share_their_address_rate(rated):
    statuses = [tcp(rated, "GET", "/health").status for _ in range(4)]
    assert statuses == [200, 200, 200, 429]


def test_messages_have_a_rate(rated):
    key = add_key(rated, "talker", "viewer")["key"]

    async def talk():
        async with (
            asyncio.timeout(PATIENCE),
            aiohttp.ClientSession() as session,
            session.ws_connect(
                f"{rated.url}/ws/events", headers={"Authorization": f"Bearer {key}"}
            ) as stream,
        ):
            for _ in range(3):
                await stream.send_str("{}")
            message = await stream.receive()
            return message.type, stream.close_code

    assert asyncio.run(talk()) == (aiohttp.WSMsgType.CLOSE, 1008)


def test_connections_are_counted_for_each_client():
    config = "[network]\nconnections_per_client = 3\nconnections = 5\n"
    with running(config, TCP, backends=()) as daemon, ExitStack() as stack:
        held = [stack.enter_context(closing(tcp_socket(daemon))) for _ in range(3)]
        for one in held:
            assert over(one, "GET", "/health").status == 200
        with closing(tcp_socket(daemon)) as one_more:
            head, _, body = read_all(one_more).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: " in head
        assert "3 connections" in json.loads(body)["detail"]
        # Other listeners have their own places.
        assert daemon.call("GET", "/health").status == 200
        # One that is given back can be taken again.
        for one in held[:2]:
            one.close()
        stack.enter_context(closing(tcp_socket(daemon)))
        assert daemon.call("GET", "/health").status == 200
        with closing(tcp_socket(daemon)) as again:
            assert over(again, "GET", "/health").status == 200


class TestBodies:
    def head(self, daemon, path, *lines):
        connected = unix_socket(daemon)
        text = [f"POST {path} HTTP/1.1", "Host: localhost", *lines, "", ""]
        connected.sendall("\r\n".join(text).encode())
        return connected

    def test_one_too_large_is_refused_before_it_is_sent(self, daemon):
        size = 64 * 2**20 + 1
        lines = ("Content-Type: application/json", f"Content-Length: {size}")
        with closing(self.head(daemon, f"{API}/jobs", *lines, "Expect: 100-continue")) as wire:
            answer = wire.recv(65536)
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert str(64 * 2**20).encode() in answer

    def test_one_that_is_awaited_is_asked_for(self, daemon):
        lines = ("Content-Type: application/json", "Content-Length: 2", "Expect: 100-continue")
        with closing(self.head(daemon, f"{API}/jobs", *lines)) as wire:
            assert wire.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
            wire.sendall(b"{}")
            assert wire.recv(65536).startswith(b"HTTP/1.1 422 ")

    def test_chunks_without_an_end_are_refused_at_the_limit(self):
        with running("[limits]\nbody_bytes = 100000\n", backends=()) as daemon:
            lines = ("Content-Type: application/json", "Transfer-Encoding: chunked")
            with closing(self.head(daemon, f"{API}/jobs", *lines)) as wire:
                for _ in range(11):
                    wire.sendall(b"2710\r\n" + 10_000 * b" " + b"\r\n")
                assert wire.recv(65536).startswith(b"HTTP/1.1 413 ")

    def test_all_together_have_a_limit(self):
        config = "[network]\nbodies_bytes = 100000\n"
        body = json.dumps({"data": [float(i % 7) for i in range(64)], "dt": 1.0}).encode()
        body += b" " * (60_000 - len(body))
        lines = ("Content-Type: application/json", "Content-Length: 60000")
        with (
            running(config, backends=()) as daemon,
            closing(self.head(daemon, f"{API}/wavelet/cwt", *lines, "Expect: 100-continue")) as one,
        ):
            assert one.recv(65536).startswith(b"HTTP/1.1 100 ")
            refused = daemon.call("POST", f"{API}/wavelet/cwt", body)
            assert refused.status == 503
            assert refused.headers["Retry-After"]
            assert daemon.call("GET", "/health").status == 200
            one.sendall(body)
            assert one.recv(65536).startswith(b"HTTP/1.1 200 ")
            # The room is given back after the answer has left: the next client may be sooner.
            assert 200 in (
                daemon.call("POST", f"{API}/wavelet/cwt", body).status for _ in range(100)
            )

    def test_some_routes_take_little(self, daemon):
        answer = daemon.call("POST", f"{API}/auth/keys", {"name": 20_000 * "x"})
        assert answer.status == 413
        assert "16384" in answer.json["detail"]

    def test_packed_ones_are_refused(self, daemon):
        packed = gzip.compress(b" " * 1000)
        answer = daemon.call("POST", f"{API}/jobs", packed, {"Content-Encoding": "gzip"})
        assert answer.status == 415
        assert answer.headers["Accept-Encoding"] == "identity"

    @pytest.mark.parametrize("opening", [b"[", b'{"a":'])
    @pytest.mark.parametrize("levels", [15, 400, 1000])
    def test_deep_ones_are_refused(self, daemon, opening, levels):
        closing_ = b"]" if opening == b"[" else b"}"
        deep = opening * levels + b"1" + closing_ * levels
        body = b'{"kind": "cwt", "request": {"data": ' + deep + b"}}"
        answer = daemon.call("POST", f"{API}/jobs", body)
        assert answer.status == 422
        assert "16 lists and objects inside each other" in answer.json["detail"]


def depth_of(value):
    """How many lists and objects are inside each other."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth_of, value), default=0) if isinstance(value, list) else 0


JSON = st.deferred(
    lambda: (
        st.none()
        | st.floats(allow_nan=False)
        | st.text('[]{}"\\,: a', max_size=8)
        | st.lists(JSON, max_size=3)
        | st.dictionaries(st.text('[]"\\a', max_size=4), JSON, max_size=3)
    )
)


@given(JSON, st.integers(1, 8))
def test_depth_is_that_of_the_structure_not_of_the_texts(value, limit):
    body = json.dumps(value).encode()
    if depth_of(value) <= limit:
        check_json(body, limit, 1000)
    else:
        with pytest.raises(Problem, match="inside each other"):
            check_json(body, limit, 1000)


def test_too_many_texts():
    with pytest.raises(Problem, match="more than 100 texts"):
        check_json(json.dumps([[[[[["a"] * 101]]]]]).encode(), 5, 100)


def test_the_machine_stays_quick_on_bodies_made_to_hold_it_up():
    """64 MiB of brackets in the worst order known: seconds would be a stalled daemon."""
    body = b"[" * 2**20 + b"]" * 2**20
    before = time.process_time()
    with pytest.raises(Problem):
        check_json(body, 16, 1000)
    assert time.process_time() - before < 5
