"""Streaming coherence over a real WebSocket, and what events tell of their gaps."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import numpy as np
import pytest

import pycwt_mod
from support import PATIENCE, red_pair, running

A, B = red_pair(400)


@asynccontextmanager
async def stream(daemon):
    connector = aiohttp.UnixConnector(os.fspath(daemon.socket))
    async with (
        asyncio.timeout(PATIENCE),
        aiohttp.ClientSession(connector=connector) as session,
        session.ws_connect("http://localhost/ws/stream/wct", max_msg_size=0) as one,
    ):
        yield one


async def ask(one, **message):
    await one.send_json(message)
    return await one.receive_json()


def test_every_window_is_the_librarys_coherence(daemon):
    async def go():
        async with stream(daemon) as one:
            config = {"type": "config", "dt": 0.5, "window": 150, "hop": 60, "dj": 0.5}
            ack = await ask(one, **config, backend="joblib")
            assert ack == {"type": "ack", "window": 150, "hop": 60}
            found, position = [], 0
            # Chunks of any length: empty, within a window, over several.
            for length in (0, 1, 148, 1, 3, 200, 47):
                chunk = {"signal1": A[position : position + length]}
                chunk["signal2"] = B[position : position + length]
                await one.send_json({"type": "data", **chunk})
                position += length
            assert position == 400
            while len(found) < 5:
                found.append((await one.receive_json())["data"])
            assert (await ask(one, type="ping")) == {"type": "pong"}
            return found

    found = asyncio.run(go())
    assert [one["start"] for one in found] == [0, 60, 120, 180, 240]
    for one in found:
        window = slice(one["start"], one["start"] + 150)
        pair = np.array(A)[window], np.array(B)[window]
        coherence, phase, coi, freqs, _ = pycwt_mod.wct(*pair, 0.5, 0.5, sig=False)
        np.testing.assert_allclose(one["WCT"], coherence, atol=1e-12)
        np.testing.assert_allclose(one["aWCT"], phase, atol=1e-9)
        np.testing.assert_allclose(one["coi"], coi)
        np.testing.assert_allclose(one["freqs"], freqs)


def test_windows_with_a_pause_between_them(daemon):
    async def go():
        async with stream(daemon) as one:
            await ask(one, type="config", dt=1.0, window=50, hop=120)
            await one.send_json({"type": "data", "signal1": A, "signal2": B})
            return [(await one.receive_json())["data"]["start"] for _ in range(3)]

    assert asyncio.run(go()) == [0, 120, 240]


def test_errors_name_what_is_wrong_and_leave_the_stream_open(daemon):
    async def go():
        async with stream(daemon) as one:

            async def wrong(word, **message):
                answer = await ask(one, **message)
                assert answer["type"] == "error"
                assert word in answer["message"], answer

            await wrong("config", type="data", signal1=A, signal2=B)
            await wrong("dt", type="config")
            await wrong("window", type="config", dt=1.0, window=3)
            await wrong("abacus", type="config", dt=1.0, backend="abacus")
            await wrong("param", type="config", dt=1.0, mother="mexicanhat", param=4)
            await wrong("window", type="config", dt=1.0, window=65536, J=700, dj=0.02)
            await wrong("type", type="hello")
            await one.send_str("{")
            assert (await one.receive_json())["type"] == "error"
            await ask(one, type="config", dt=1.0, window=64)
            await wrong("3 and 2", type="data", signal1=[1, 2, 3], signal2=[1, 2])
            await wrong("signal1[0]", type="data", signal1=[None], signal2=[1])
            # A constant has no coherence.
            await wrong("constant", type="data", signal1=[1.0] * 64, signal2=B[:64])
            # None of the samples refused is in the next window.
            answer = await ask(one, type="data", signal1=A[:64], signal2=B[:64])
            return answer["data"]

    data = asyncio.run(go())
    assert data["start"] == 64
    coherence = pycwt_mod.wct(np.array(A[:64]), np.array(B[:64]), 1.0, 0.25, sig=False).WCT
    np.testing.assert_allclose(data["WCT"], coherence, atol=1e-12)


def test_no_more_streams_than_configured():
    with running("[limits]\nstreams = 1\n", backends=()) as daemon:

        async def refused():
            with pytest.raises(aiohttp.WSServerHandshakeError) as error:
                async with stream(daemon):
                    pass
            assert error.value.status == 503
            assert int(error.value.headers["Retry-After"]) > 0

        async def go():
            async with stream(daemon) as one:
                await ask(one, type="config", dt=1.0, window=64)
                await refused()

        asyncio.run(go())
        # A refused or closed stream leaves neither process nor file.
        assert daemon.stop() == 0
        assert list((daemon.state / "incoming").iterdir()) == []


def memory(pid):
    """Resident memory in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_a_client_that_doesnt_read_costs_no_memory(daemon):
    """It is slowed down by its own connection: what it sends isn't taken any more."""
    config = json.dumps({"type": "config", "dt": 1.0, "window": 1000, "hop": 100})
    rng = np.random.default_rng(1)
    chunk = {name: rng.normal(size=5000).tolist() for name in ("signal1", "signal2")}
    data = json.dumps({"type": "data", **chunk})

    async def send_for_ever(one):
        for sent in range(10_000):
            try:
                async with asyncio.timeout(2):
                    await one.send_str(data)
            except TimeoutError:
                return sent
        raise AssertionError("it took everything")

    async def go():
        before = memory(daemon.process.pid)
        async with stream(daemon) as one:
            await one.send_str(config)
            # The client's library reads behind its user's back; so it mustn't.
            transport = one._response.connection.transport
            transport.pause_reading()
            # Each message asks for fifty results of 1.4 MB, and not one is read.
            sent = await send_for_ever(one)
            assert (await asyncio.to_thread(daemon.call, "GET", "/health")).status == 200
            grown = memory(daemon.process.pid) - before
            transport.abort()
        return grown, sent

    grown, sent = asyncio.run(go())
    assert sent < 200
    assert grown < 40


def test_plain_requests_are_told_what_this_is(daemon):
    answer = daemon.call("GET", "/ws/stream/wct")
    assert answer.status == 426
    assert answer.headers["Upgrade"] == "websocket"


def test_a_stream_ends_with_the_daemon():
    with running(backends=()) as daemon:

        async def go():
            async with stream(daemon) as one:
                await ask(one, type="config", dt=1.0, window=64)
                daemon.process.terminate()
                kinds = aiohttp.WSMsgType
                assert (await one.receive()).type in {kinds.CLOSE, kinds.CLOSED, kinds.CLOSING}

        asyncio.run(go())
        assert daemon.process.wait(5) == 0


def test_events_that_are_no_longer_kept_are_a_gap():
    """As after a tidying of the database: what is missing is told, not passed over."""
    with running(backends=()) as daemon:
        daemon.finish(daemon.submit("cwt", {"data": A, "dt": 1.0}))
        daemon.stop()
        with sqlite3.connect(daemon.state / "pycwtd.sqlite3") as db:
            db.execute("DELETE FROM events WHERE seq <= 3")
        db.close()
        daemon.start()
        first, second = daemon.events(1, lambda e: e.get("seq") == 4)
        assert first == {"type": "gap", "from": 2, "to": 3}
        assert second["seq"] == 4


def test_a_client_that_has_seen_more_than_there_is_hears_of_it(daemon):
    (first,) = daemon.events(10**9, lambda event: event["type"] == "gap")
    assert first["from"] == 1
    assert first["to"] < 10**9
