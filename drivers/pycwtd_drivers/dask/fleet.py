"""The workers of a scheduler: which of them may compute, which are refused, which are silent."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from pycwt_mod.backends import BackendUnavailableError
from pycwtd_drivers.dask.identity import Identity, identity
from pycwtd_drivers.dask.piece import hello

if TYPE_CHECKING:
    from distributed import Client

#: The scheduler answers within milliseconds, unless it is stopped or cut off.
_ANSWER_SECONDS = 10.0
#: A worker imports numpy and runs the kernel for its digest.
_HELLO_SECONDS = 5.0
#: Workers tell that they live every 0.5 s, and every (1 + n / 200) s where n are many
#: (distributed.scheduler.heartbeat_interval).
_SILENT_SECONDS = 8.0


class Fleet:
    """What is known of the workers; all methods run in the client's event loop."""

    def __init__(self, client: Client) -> None:
        self._client = client
        #: Threads of the workers that may compute, by address.
        self.threads: dict[str, int] = {}
        #: Workers that are there and haven't said anything for long.
        self.silent: frozenset[str] = frozenset()
        #: Bytes that the workers take, and may take, as they have told the scheduler last.
        self.memory = self.memory_limit = 0
        self._present: dict[str, int] = {}
        #: What each worker is; text where it couldn't say.
        self._known: dict[str, Identity | str] = {}
        self._asking: dict[str, asyncio.Task[Any]] = {}
        #: When each worker was seen by the scheduler, and when we have heard of that.
        self._seen: dict[str, tuple[float, float]] = {}

    @property
    def total(self) -> int:
        """Threads of all workers that may compute."""
        return sum(self.threads.values())

    @property
    def mixed(self) -> bool:
        """Whether there are workers that mustn't be given anything."""
        return len(self.threads) < len(self._present)

    @property
    def unfit(self) -> bool:
        """Whether there are workers, and each has said that it is another version."""
        verdicts = [self._known.get(address) for address in self._present]
        return bool(verdicts) and None not in verdicts and not self.threads and not self.silent

    async def look(self) -> None:
        """Ask the scheduler who is there, and newcomers what they are.

        Raises:
            BackendUnavailableError: the scheduler doesn't answer.
        """
        own = await asyncio.to_thread(identity)
        workers = await self._workers()
        self._present = {address: worker["nthreads"] for address, worker in workers.items()}
        self.memory = sum(int(one["metrics"].get("memory", 0)) for one in workers.values())
        self.memory_limit = sum(int(one.get("memory_limit") or 0) for one in workers.values())
        self._listen(workers)
        for address in [a for a in self._known if a not in workers]:
            del self._known[address]
        new = [a for a in workers if a not in self._known and a not in self._asking]
        for address in new:
            task = self._asking[address] = asyncio.create_task(self._ask(address))
            task.add_done_callback(partial(self._answered, address))
        if self._asking and (new or not self.threads):
            await asyncio.wait(self._asking.values(), timeout=_HELLO_SECONDS)
        self.threads = {
            address: threads
            for address, threads in self._present.items()
            if self._known.get(address) == own and address not in self.silent
        }

    async def _workers(self) -> dict[str, Any]:
        """What the scheduler says of its workers, by their addresses."""
        if self._client.status != "running":
            raise BackendUnavailableError("the connection to the Dask scheduler is lost")
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                told = await self._client.scheduler.identity(n_workers=-1)
        except (OSError, TimeoutError) as error:
            raise BackendUnavailableError(
                f"the Dask scheduler doesn't answer: {error or 'no word for 10 s'}"
            ) from error
        workers: dict[str, Any] = told["workers"]
        return workers

    def _listen(self, workers: dict[str, Any]) -> None:
        """Find the workers whose last word is old, by this machine's clock."""
        now = time.monotonic()
        # By its change, for the scheduler's clock is another machine's.
        self._seen = {
            address: known
            if (known := self._seen.get(address)) and known[0] == worker["last_seen"]
            else (worker["last_seen"], now)
            for address, worker in workers.items()
        }
        patience = _SILENT_SECONDS + len(workers) / 50
        self.silent = frozenset(a for a, (_, at) in self._seen.items() if now - at > patience)

    async def _ask(self, address: str) -> Any:
        async with asyncio.timeout(_ANSWER_SECONDS):
            answers = await self._client.run(hello, workers=[address], on_error="return")
        return answers.get(address)

    def _answered(self, address: str, task: asyncio.Task[Any]) -> None:
        del self._asking[address]
        # What a worker without pycwtd, or with a broken one, raises may be anything.
        error = None if task.cancelled() else task.exception()
        answer = error if error or task.cancelled() else task.result()
        if isinstance(answer, tuple | list):
            self._known[address] = Identity(*answer)
        elif answer is not None and not isinstance(answer, OSError | TimeoutError):
            self._known[address] = f"{type(answer).__name__}: {answer}"
        # Else it is asked again at the next look.

    def refused(self) -> list[str]:
        """Why workers that are there mustn't compute, a sentence each."""
        reasons = []
        for address in self._present:
            known = self._known.get(address)
            if address in self.threads:
                continue
            if address in self.silent or known is None:
                reasons.append(f"worker {address} doesn't answer")
            elif isinstance(known, Identity):
                reasons.append(f"worker {address} has {known}, here is {identity()}")
            else:
                reasons.append(f"worker {address} can't run pycwtd: {known}")
        return reasons

    def lack(self) -> str:
        """Why nobody can compute, and what to do."""
        if not self._present:
            return "the Dask scheduler has no workers: start some (dask worker ADDRESS)"
        return (
            f"no worker fits: {'; '.join(self.refused())}; "
            "install the same version of pycwtd on the workers"
        )

    def forget(self, address: str) -> None:
        """Have a worker asked again: it isn't what it was."""
        self._known.pop(address, None)
