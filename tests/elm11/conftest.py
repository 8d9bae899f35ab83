"""Interpreters for the firmware, and simulated boards."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lupa import lua54

from elm11_boards import simulated
from pycwtd_drivers.elm11.firmware import FILES, source

#: Made by ``make lua32``: Lua with 32-bit integers, as the board has it.
LUA32 = Path(__file__).parents[2] / "build" / "lua32" / "lua"
_PROGRAM = "\n".join(f"do\n{source(name)}\nend" for name in FILES)


class Embedded:
    """Lua with 64-bit integers."""

    def run(self, code):
        lua = lua54.LuaRuntime(register_eval=False)
        out = []
        lua.globals().print = lambda *values: out.append("\t".join(str(v) for v in values))
        lua.execute(_PROGRAM)
        lua.execute(code)
        return out


class Program:
    """Lua with 32-bit integers."""

    def run(self, code):
        done = subprocess.run(
            [LUA32, "-"], input=_PROGRAM + "\n" + code, capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()


@pytest.fixture(params=["64-bit", "32-bit"])
def lua(request):
    if request.param == "64-bit":
        return Embedded()
    if not LUA32.exists():
        pytest.skip("no Lua with 32-bit integers: make lua32")
    return Program()


@pytest.fixture
def board(monkeypatch):
    """The driver's settings for a simulated board without faults."""
    with simulated() as path:
        monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PORT", path)
        monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PACE", "0")
        yield path


@pytest.fixture
def backend(board):
    from pycwt_mod.backends import get_backend

    found = get_backend("elm11")
    yield found
    found.close()
