"""The client through restarts and lost connections: nothing is lost, nothing is done twice."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pycwtd.client import Client, ClientError, UnreachableError
from support import red_pair, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A, B = red_pair()
COHERENCE = {"data1": A, "data2": B, "dt": 1.0, "significance_test": True, "mc_count": 20}
LONG = {**COHERENCE, "dj": 1 / 12, "s0": 2.0, "J": 100, "mc_count": 1_000_000}
LONG["estimator"] = "full"


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_following_through_a_restart(end):
    async def watch(daemon) -> None:
        async with Client(daemon.socket) as client:
            job_id = (await client.submit("wct", LONG)).job_id
            restarted = cancelled = False
            async for job in client.follow(job_id):
                if not restarted and job.status == "running":
                    restarted = True
                    await asyncio.to_thread(getattr(daemon, end))
                    await asyncio.to_thread(daemon.start)
                elif restarted and not cancelled and job.status == "running":
                    cancelled = True
                    await client.cancel(job_id)
            assert (restarted, job.status) == (True, "cancelled")

    with running(backends=["joblib"]) as daemon:
        asyncio.run(watch(daemon))


@contextmanager
def cutting_proxy(path: Path, target: Path) -> Iterator[list[bytes]]:
    """A proxy that hangs up on the first request, once the daemon has answered it."""
    answers: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client, socket.socket(socket.AF_UNIX) as server:
                server.connect(os.fspath(target))
                # The whole request is one small body behind its headers.
                request = b""
                while (end := request.find(b"\r\n\r\n")) < 0 or len(request) < end + 4 + _length(
                    request
                ):
                    request += client.recv(65536)
                server.sendall(request)
                answers.append(server.recv(65536))
                if len(answers) > 1:
                    client.sendall(answers[-1])

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(path))
        listener.listen()
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield answers
        finally:
            # Closing alone doesn't wake a thread that waits in accept().
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _length(request: bytes) -> int:
    for line in request.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def test_a_lost_answer_leads_to_one_job():
    async def submit(path: Path) -> str:
        async with Client(path) as client:
            return (await client.submit("wct", COHERENCE)).job_id

    async def listed(path: Path) -> list[str]:
        async with Client(path) as client:
            return [job.job_id async for job in client.jobs()]

    with running(backends=["joblib"]) as daemon:
        proxy = daemon.root / "p"
        with cutting_proxy(proxy, daemon.socket) as answers:
            job_id = asyncio.run(submit(proxy))
        assert [answer.split(b" ", 2)[1] for answer in answers] == [b"202", b"202"]
        assert asyncio.run(listed(daemon.socket)) == [job_id]


def test_one_key_one_job(daemon):
    async def submit() -> None:
        async with Client(daemon.socket) as client:
            first = await client.submit("wct", COHERENCE, "a key")
            again = await client.submit("wct", COHERENCE, "a key")
            assert first.job_id == again.job_id
            assert (await client.submit("wct", COHERENCE)).job_id != first.job_id
            with pytest.raises(ClientError) as caught:
                await client.submit("wct", {**COHERENCE, "dt": 2.0}, "a key")
            assert (caught.value.status, caught.value.code) == (409, "key_reused")

    asyncio.run(submit())


def test_a_missing_daemon_is_not_waited_for(tmp_path):
    async def submit(path: Path) -> None:
        async with Client(path, patience=3600) as client:
            await client.submit("wct", COHERENCE)

    with pytest.raises(UnreachableError, match="there is no such socket"):
        asyncio.run(submit(tmp_path / "none"))
    dead = tmp_path / "dead"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(dead))
    with pytest.raises(UnreachableError, match="nobody is listening there"):
        asyncio.run(submit(dead))


def test_patience_ends():
    async def watch(daemon) -> None:
        async with Client(daemon.socket, patience=0.2) as client:
            job_id = (await client.submit("wct", LONG)).job_id
            async for job in client.follow(job_id):
                if job.status == "running":
                    await asyncio.to_thread(daemon.kill)

    with running(backends=["joblib"]) as daemon, pytest.raises(UnreachableError):
        asyncio.run(watch(daemon))


def test_all_pages_of_jobs(daemon):
    async def pages() -> tuple[list[str], list[str]]:
        async with Client(daemon.socket) as client:
            for _ in range(5):
                await client.submit("cwt", {"data": A, "dt": 1.0})
            every = [job.job_id async for job in client.jobs(limit=None)]
            return every, [job.job_id async for job in client.jobs(limit=3)]

    every, three = asyncio.run(pages())
    assert len(set(every)) == len(every) >= 5
    assert three == every[:3]


def test_something_else_answers(tmp_path):
    async def ask(path: Path, answer: bytes) -> None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        async with await asyncio.start_unix_server(serve, path), Client(path) as client:
            await client.health()

    page = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\n\r\n<html>"
    with pytest.raises(ClientError, match="was answered with 502 Bad Gateway") as caught:
        asyncio.run(ask(tmp_path / "proxy", page))
    assert caught.value.status == 502
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"
    with pytest.raises(ClientError, match="isn't understood"):
        asyncio.run(ask(tmp_path / "other", page))
