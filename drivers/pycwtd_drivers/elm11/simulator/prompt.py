"""The simulated board: Lua's prompt, as the ELM11's documents describe it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lupa import lua54

from pycwtd_drivers.elm11.simulator.programs import Programs
from pycwtd_drivers.line.simulator.terminal import ResetError, Terminal, UnpluggedError

if TYPE_CHECKING:
    from pathlib import Path

    from pycwtd_drivers.line.simulator.faults import Faults

#: The board's heap.
_HEAP_BYTES = 2**20
#: Lua and lupa take more in 64 bits than on the board; what a program takes is what it adds.
_OWN_BYTES = 2**20
#: The line buffer, with the byte that ends a string.
_BUFFER = 255
_COLOUR = b"\x1b[38;5;222m"
#: Instructions of Lua between two looks whether somebody interrupts.
_LOOK_EVERY = 2000
#: Instructions of the CPU that one of Lua's takes: an empty loop's is 29, a multiplication's 100.
_PER_INSTRUCTION = 80

_SETUP = """
local poll, emit, every, run = ...
local base = { "assert", "collectgarbage", "error", "getmetatable", "ipairs", "load", "next",
  "pairs", "pcall", "rawequal", "rawget", "rawlen", "rawset", "select", "setmetatable", "tonumber",
  "tostring", "type" }
local whole = {}
for _, name in ipairs(base) do whole[name] = _G[name] end
local env = { _VERSION = _VERSION, _sW = "simulated", _fW = "simulated", _hW = "simulated", _cI = 0,
  math = {}, string = {}, table = {} }
env._G = env
local string_table, tostring_, sethook, load_ = string, tostring, debug.sethook, load
local libraries = { math = math, string = string, table = table }
local collect = collectgarbage
function env.print(...)
  local text = {}
  for i = 1, select("#", ...) do text[i] = tostring_((select(i, ...))) end
  emit(libraries.table.concat(text, "\\t") .. "\\r\\n")
end
function env.import(what)
  if what ~= "all" then error("only all is simulated", 2) end
  for name, value in next, whole do env[name] = value end
  env.load = function(text, name, mode) return load_(text, name or "=load", "t", env) end
  for name, library in next, libraries do
    for key, value in next, library do env[name][key] = value end
  end
end
local function hooked()
  if poll() then error("<user interruption>", 0) end
end
local function guarded(chunk)
  sethook(hooked, "", every)
  local results = libraries.table.pack(pcall(chunk))
  sethook()
  if not results[1] then return tostring_(results[2]) end
  if results.n > 1 then env.print(libraries.table.unpack(results, 2, results.n)) end
end
function env.run_program(name)
  local text = run(name)
  if not text then error("no program " .. tostring_(name), 2) end
  local chunk, message = load_(text, "=" .. name, "t", env)
  if not chunk then error(message, 0) end
  chunk()
end
return function(text)
  local chunk, message = load_("return " .. text, "=stdin", "t", env)
  if not chunk then chunk, message = load_(text, "=stdin", "t", env) end
  if not chunk then
    if libraries.string.sub(message, -5) == "<eof>" then return "more" end
    return "error", message
  end
  message = guarded(chunk)
  if message then return "error", message end
  return "done"
end
"""


class SimulatedBoard:
    """A board behind a pseudo terminal.

    Args:
        link: where a symbolic link to its terminal is put.
        faults: what goes wrong on the line.
        megahertz: speed, at one instruction a cycle; None for as fast as it goes.
        programs: what is stored on it; None for nothing.
    """

    def __init__(
        self,
        link: Path | None,
        faults: Faults,
        megahertz: float | None = None,
        programs: Programs | None = None,
    ) -> None:
        self.terminal = Terminal(link, faults)
        self.programs = programs or Programs()
        self._megahertz = megahertz
        self._owed = 0.0
        self._evaluate: Any = None

    def serve(self) -> None:
        """Answer until the line is gone."""
        try:
            while True:
                try:
                    self._power_on()
                    while True:
                        self._line()
                except ResetError:
                    continue
        except UnpluggedError:
            pass
        finally:
            self.terminal.close()

    def _power_on(self) -> None:
        self.terminal.mishap = None
        lua = lua54.LuaRuntime(
            encoding="latin-1", max_memory=_HEAP_BYTES + _OWN_BYTES, register_eval=False
        )
        setup = lua.eval("function(text) return load(text, '=setup') end")(_SETUP)
        self._evaluate = setup(self._interrupted, self._emit, _LOOK_EVERY, self.programs.stored.get)
        self.terminal.write(b"\r\nembLua OS (simulated)\r\n\r\n")

    # -- what Lua calls --------------------------------------------------------------------

    def _interrupted(self) -> bool:
        if self._megahertz:
            self._owed += _LOOK_EVERY * _PER_INSTRUCTION / (self._megahertz * 1e6)
            if self._owed > 0.005:
                time.sleep(self._owed)
                self._owed = 0.0
        while self.terminal.waiting():
            if self.terminal.read() == ord("q"):
                return True
        return False

    def _emit(self, text: str) -> None:
        self.terminal.write(text.encode("latin-1", "replace"))

    # -- lines -----------------------------------------------------------------------------

    def _line(self) -> None:
        text = self._read_line(b"$ ")
        if text.strip() in {"cmd", "command"}:
            self.programs.serve(self.terminal, self._read_line)
            return
        state, message = self._result(text)
        while state == "more":
            text += "\n" + self._read_line(b"$$ ")
            state, message = self._result(text)
        if state == "error":
            self._emit(f"{message}\r\nstack traceback:\r\n\t[C]: in ?\r\n")

    def _result(self, text: str) -> tuple[str, str]:
        if not text.strip():
            return "done", ""
        try:
            answer = self._evaluate(text)
        except lua54.LuaMemoryError:
            answer = ("error", "not enough memory")
        if self.terminal.mishap:
            raise self.terminal.mishap
        return answer if isinstance(answer, tuple) else (answer, "")

    def _read_line(self, prompt: bytes) -> str:
        """A line as the board's editor takes it: echoed, and cut where its buffer is full."""
        self.terminal.write(_COLOUR + prompt)
        line = bytearray()
        while True:
            byte = self.terminal.read()
            if byte in b"\r\n":
                self.terminal.write(b"\r\n")
                return line.decode("latin-1")
            if byte in {8, 127}:
                if line:
                    line.pop()
                    self.terminal.write(b"\b \b")
            elif len(line) < _BUFFER and byte >= 32:
                line.append(byte)
                self.terminal.write(bytes([byte]))
