"""A stream that a plug-in declares, over a real WebSocket."""

from __future__ import annotations

import asyncio
import os

import aiohttp

from plugins import write
from support import PATIENCE, running

DECLARED = """
from msgspec import Struct
from pycwtd.workloads.interface import Stream, StreamConfig, StreamPlan

class Config(StreamConfig, kw_only=True):
    factor: float

def plan(config, limits):
    return StreamPlan({"factor": config.factor}, 1 if config.factor < 100 else 10**9)

SUMS = Stream(
    name="sums", summary="WebSocket: sums", series=("values",), config=Config, plan=plan,
    compute="sums_compute",
)
WORKLOAD = workload("sums", kind("sum_up"), streams=(SUMS,))
"""
COMPUTE = """
def window(series, arguments):
    (values,) = series
    if values[0] < 0:
        raise KeyError("negative")
    return {"sum": arguments["factor"] * values.sum()}
"""


def test_windows_are_computed_and_faults_told(tmp_path):
    write(tmp_path, "sums", DECLARED, COMPUTE)

    async def talk(daemon):
        connector = aiohttp.UnixConnector(os.fspath(daemon.socket))
        async with (
            asyncio.timeout(PATIENCE),
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect("http://localhost/ws/stream/sums") as one,
        ):

            async def ask(**message):
                await one.send_json(message)
                return await one.receive_json()

            ten = [1.0] * 16
            early = await ask(type="data", values=ten)
            assert (early["type"], early["message"]) == ("error", "send a config first")
            nothing = await ask(type="config", window=16)
            assert "factor: is missing" in nothing["message"]
            large = await ask(type="config", window=16, factor=100.0)
            assert "1000000000 numbers" in large["message"]
            ack = await ask(type="config", window=16, factor=2.0)
            assert ack == {"type": "ack", "window": 16, "hop": 16}
            found = await ask(type="data", values=ten)
            assert (found["data"]["sum"], found["data"]["start"]) == (32.0, 0)
            wrong = await ask(type="data", values=[-1.0] * 16)
            assert "workload sums has a defect: KeyError: 'negative'" in wrong["message"]
            found = await ask(type="data", values=ten)
            assert (found["data"]["sum"], found["data"]["start"]) == (32.0, 32)

    with running(start=False, backends=["joblib"]) as daemon:
        daemon.start({"PYTHONPATH": str(tmp_path)})
        paths = daemon.call("GET", "/openapi.json").json["paths"]
        assert paths["/ws/stream/sums"]["get"]["summary"] == "WebSocket: sums"
        asyncio.run(talk(daemon))
