"""One host process seen from the daemon: started, asked, watched, killed, started again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
from contextvars import Context
from typing import TYPE_CHECKING, Any

from pycwtd.hosts import frames
from pycwtd.platform import memory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)

#: Interpreter start, imports and, on a slow disk, a cold cache.
_START_SECONDS = 60.0
#: A cancel takes effect within 0.2 s in the kernel; the contract promises 1 s in all.
_CANCEL_SECONDS = 0.8
#: Longest line of a host's own output that is kept for the log.
_LINE_BYTES = 4096


class HostError(Exception):
    """A task failed; the host process is well."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        #: ``value``, ``storage``, ``damaged``, ``unavailable``, ``defect`` or ``refusal``.
        self.kind = kind


class HostDiedError(Exception):
    """The process exited, was killed, hung or sent garbage; the text says which."""


class TaskCancelledError(Exception):
    """The task was stopped on the daemon's own wish."""


class Host:
    """A host process that does one task at a time.

    It starts with the first task and starts again with the first one after a death.
    """

    def __init__(
        self,
        role: str,
        silence_seconds: float,
        memory_bytes: int = 0,
        *,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Nothing is started yet.

        Args:
            role: what it does.
            silence_seconds: saying nothing for so long, it is killed.
            memory_bytes: that it may take; 0: as many as there are.
            environment: variables beside those of the daemon's own environment.
        """
        self.role = role
        #: Variables beside those of the daemon's own environment; another process is started
        #: where they have changed.
        self.environment = dict(environment or {})
        self._started_with: dict[str, str] = {}
        self._silence = silence_seconds
        self._memory = memory_bytes
        self._oom_kills = 0
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._log_task: asyncio.Task[None] | None = None
        self._serial = 0
        self._turn = asyncio.Lock()
        #: For whom the task at hand is done.
        self._tag: str | None = None
        self._cancelled: set[str] = set()
        self._cancelling: asyncio.TimerHandle | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process else None

    @property
    def busy(self) -> bool:
        """Whether it is at work."""
        return self._turn.locked()

    async def call(
        self,
        op: str,
        arguments: dict[str, Any],
        on_progress: Callable[[int], None] | None = None,
        tag: str = "",
    ) -> dict[str, Any]:
        """Have one task done, after those that were asked for before.

        Args:
            op: the operation.
            arguments: what it takes.
            on_progress: told how far it is.
            tag: for :meth:`cancel`.

        Raises:
            HostError: the task can't be done, and why.
            HostDiedError: the process is gone; the task may be tried again.
            TaskCancelledError: :meth:`cancel` was called.
        """
        async with self._turn:
            if tag in self._cancelled:
                self._cancelled.discard(tag)
                raise TaskCancelledError
            self._serial += 1
            self._tag = tag
            try:
                return await self._attempt(op, arguments, on_progress)
            finally:
                self._cancelled.discard(tag)
                self._tag = None
                if self._cancelling:
                    self._cancelling.cancel()
                    self._cancelling = None

    async def _attempt(
        self, op: str, arguments: dict[str, Any], on_progress: Callable[[int], None] | None
    ) -> dict[str, Any]:
        try:
            if self._process and self._process.returncode is not None:
                log.warning("host %s died at rest: %s", self.role, await self._bury(None))
            if self._process and self._started_with != self.environment:
                await self.kill()
            if self._process is None:
                await self._start()
            return await self._converse(op, arguments, on_progress)
        except TimeoutError:
            await self.kill()
            raise HostDiedError(f"killed after {self._silence:.0f} s of silence") from None
        except frames.FrameError as error:
            await self.kill()
            raise HostDiedError(f"killed, because it sent garbage: {error}") from None
        except (OSError, asyncio.IncompleteReadError) as error:
            raise HostDiedError(await self._bury(error)) from None
        except asyncio.CancelledError:
            await self.kill()
            raise

    async def _converse(
        self, op: str, arguments: dict[str, Any], on_progress: Callable[[int], None] | None
    ) -> dict[str, Any]:
        assert self._writer
        task_id = self._serial
        self._writer.write(frames.encode({"op": op, "id": task_id, **arguments}))
        await self._writer.drain()
        while True:
            message = await self._receive(self._silence)
            if message.get("id") != task_id:
                # What a task that was given up had still to say.
                continue
            match message.get("event"):
                case "progress":
                    if on_progress:
                        on_progress(int(message["done"]))
                case "result":
                    return message
                case "cancelled":
                    raise TaskCancelledError
                case "error":
                    raise HostError(str(message["kind"]), str(message["message"]))
                case event:
                    raise frames.FrameError(f"unknown event {event!r}")

    async def _receive(self, timeout: float) -> dict[str, Any]:
        assert self._reader
        async with asyncio.timeout(timeout):
            header = await self._reader.readexactly(frames.HEADER.size)
            return frames.decode(await self._reader.readexactly(frames.body_length(header)))

    async def _start(self) -> None:
        self._started_with = dict(self.environment)
        ours, theirs = socket.socketpair()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "pycwtd.worker"),
                *("--fd", str(theirs.fileno()), "--role", self.role),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(),),
                env={**os.environ, **self.environment},
                limit=_LINE_BYTES,
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._oom_kills = memory.oom_kills()
        memory.limit(self._process.pid, self._memory)
        self._reader, self._writer = await asyncio.open_connection(sock=ours)
        self._log_task = asyncio.create_task(
            # It says things long after the request that it was started for.
            self._log_output(self._process),
            context=Context(),
        )
        hello = await self._receive(_START_SECONDS)
        if hello.get("event") != "hello":
            message = str(hello.get("message", hello))
            await self.kill()
            raise HostDiedError(f"didn't start: {message}")
        log.info("host %s started, pid %d", self.role, self._process.pid)

    async def _log_output(self, process: asyncio.subprocess.Process) -> None:
        """Whatever a driver prints goes to the log, line by line, and nowhere else."""
        assert process.stdout
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:  # a line over the limit; its rest follows
                line = b"(a very long line)"
            if not line:
                return
            log.info("host %s says: %s", self.role, ascii(line.rstrip().decode(errors="replace")))

    def configure(self, silence_seconds: float) -> None:
        """Wait so long from the next message on."""
        self._silence = silence_seconds

    def cancel(self, tag: str) -> None:
        """Stop the task with this tag: by asking, and if that doesn't help, by killing."""
        if self._tag != tag or self._writer is None:
            # It waits for its turn behind another, or there is nothing to stop.
            if self.busy:
                self._cancelled.add(tag)
            return
        with contextlib.suppress(OSError):
            self._writer.write(frames.encode({"op": "cancel", "id": self._serial}))
        if self._cancelling is None:
            loop = asyncio.get_running_loop()
            self._cancelling = loop.call_later(_CANCEL_SECONDS, self._kill_now)

    def _kill_now(self) -> None:
        if self._process and self._process.returncode is None:
            self._process.kill()

    async def rest(self) -> None:
        """End the process when it has done what it was asked for: what it holds, it gives back."""
        async with self._turn:
            await self.kill()

    async def kill(self) -> None:
        """End the process, if there is one; the next task starts a new one."""
        self._kill_now()
        await self._bury(None)

    async def _bury(self, error: Exception | None) -> str:
        """Collect a dead process; returns how it died."""
        process, self._process = self._process, None
        if self._writer:
            self._writer.close()
        self._reader = self._writer = None
        if process is None:
            return f"couldn't be started: {error}"
        try:
            async with asyncio.timeout(1):
                code = await process.wait()
        except TimeoutError:  # closed its socket and lives on
            process.kill()
            code = await process.wait()
        if self._log_task:
            # Its last words; a grandchild that keeps the pipe open isn't waited for.
            await asyncio.wait({self._log_task}, timeout=0.2)
            self._log_task.cancel()
        if code >= 0:
            return f"exited with status {code}"
        short = code == -signal.SIGKILL and memory.oom_kills() > self._oom_kills
        why = ", while the kernel was killing processes for want of memory" if short else ""
        return f"killed by signal {-code}{why}"
