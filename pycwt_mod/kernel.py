"""The C kernel of the Monte Carlo significance, typed: plans, threads, cancelling.

The C interface and its guarantees are in ``native/include/pycwt_kernel.h``. Lanes of the
vector unit are realisations and histograms are integers, so the result doesn't depend on the
instruction set, the number of threads or the way a span is split.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from pycwt_mod._kernel import ffi, lib
from pycwt_mod.backends import Cancelled, NoControl, check_span

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.backends import Control, SignificanceTask

#: How the coherence is computed: ``plain`` at every sample of every scale, ``multirate`` at a
#: rate of each scale's own (Morlet alone), ``auto`` the fastest that is right for the task.
Path = Literal["auto", "plain", "multirate"]

#: Seconds between two looks at the control; drivers promise 0.1.
POLL_INTERVAL = 0.03
#: Pieces of a span for each thread, so that a slow thread doesn't hold up the end.
PIECES_PER_THREAD = 8

_FAMILIES = {"morlet": lib.PK_MORLET, "paul": lib.PK_PAUL, "dog": lib.PK_DOG}
_PATHS: dict[Path, int] = {
    "auto": lib.PK_AUTO,
    "plain": lib.PK_PLAIN,
    "multirate": lib.PK_MULTIRATE,
}


class KernelError(RuntimeError):
    """The kernel can't compute a task here: no memory, or not this processor."""


@dataclass(frozen=True, slots=True)
class Coherence:
    """Squared coherence of one realisation where it is evaluated, scale by scale."""

    #: ``float32[points]``, each in [0, 1].
    r2: NDArray[np.float32]
    #: ``int32[points]``, the number of the scale.
    scale: NDArray[np.int32]
    #: ``int32[points]``, the sample.
    time: NDArray[np.int32]


def instruction_sets() -> tuple[str, ...]:
    """Names of the instruction sets that the kernel has and this processor runs, best last."""
    names = []
    number = 0
    while (name := lib.pk_isa_name(number)) != ffi.NULL:
        if lib.pk_isa_supported(number):
            names.append(ffi.string(name).decode())
        number += 1
    return tuple(names)


def threefry(key: tuple[int, int], counter: tuple[int, int]) -> tuple[int, int]:
    """One block of Threefry2x32-20 (Salmon et al. 2011), words of 32 bits in and out."""
    out = ffi.new("uint32_t[2]")
    lib.pk_threefry(key, counter, out)
    return int(out[0]), int(out[1])


class Plan:
    """Tables for one task, immutable; any number of threads may run it at once.

    Args:
        task: the null hypothesis.
        isa: one of :func:`instruction_sets`; by default the environment's ``PYCWT_ISA``, or
            else what suits this processor and the size of the task.
        path: how to compute.

    Raises:
        ValueError: a field of the task is out of the kernel's range, or ``isa`` or ``path``
            isn't one that works here.
        KernelError: there is no memory for it.
    """

    def __init__(self, task: SignificanceTask, isa: str | None = None, path: Path = "auto") -> None:
        if path not in _PATHS:
            raise ValueError(f"path must be one of {', '.join(_PATHS)}, not {path!r}")
        isa = isa or os.environ.get("PYCWT_ISA") or None
        scales = ffi.new("double[]", task.scales)
        weights = ffi.new("double[]", task.scale_weights)
        fields = {
            "family": _FAMILIES[task.family],
            "bins": task.bins,
            "order": task.order,
            "length": task.length,
            "ar1": task.ar1,
            "n_scales": len(task.scales),
            "n_weights": len(task.scale_weights),
            "scales": scales,
            "weights": weights,
        }
        out = ffi.new("pk_plan **")
        error = ffi.new("pk_error *")
        name = ffi.NULL if isa is None else ffi.new("char[]", isa.encode())
        code = lib.pk_plan_create(ffi.new("pk_task *", fields), _PATHS[path], name, out, error)
        _check(code, ffi.string(error.text).decode())
        self.task = task
        self._plan = ffi.gc(out[0], lib.pk_plan_free)

    @property
    def path(self) -> Path:
        """Which path runs: ``plain`` or ``multirate``."""
        return "multirate" if lib.pk_plan_path(self._plan) == lib.PK_MULTIRATE else "plain"

    @property
    def isa(self) -> str:
        """Name of the instruction set."""
        return str(ffi.string(lib.pk_plan_isa(self._plan)).decode())

    @property
    def lanes(self) -> int:
        """Realisations computed side by side: the natural unit of splitting."""
        return int(lib.pk_plan_lanes(self._plan))

    @property
    def workspace(self) -> int:
        """Bytes that each thread takes while it runs."""
        return int(lib.pk_plan_workspace(self._plan))

    @property
    def points(self) -> int:
        """Points of one realisation that are evaluated, all scales together.

        The multirate path evaluates few; each counts for the samples next to it, so that both
        paths count every sample outside the cone of influence.
        """
        return int(lib.pk_plan_points(self._plan))

    def run(
        self, seed: int, first: int, count: int, threads: int = 1, control: Control | None = None
    ) -> NDArray[np.int64]:
        """The histogram of the realisations ``first … first + count - 1``.

        The calling thread looks at ``control`` every 30 ms; ``threads`` others compute. An
        exception raised by the control, or :class:`KeyboardInterrupt`, stops them first.

        Args:
            seed: 0 ≤ seed < 2⁶⁴.
            first: number of the first realisation.
            count: how many, at least one.
            threads: how many compute at the same time.
            control: cancels and watches.

        Returns:
            ``int64[scales, bins]``.

        Raises:
            Cancelled: the control said so.
            ValueError: an argument is out of its range.
            KernelError: there is no memory for the workspaces.
        """
        _check_seed(seed)
        check_span(first, count)
        if threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        return _Run(self, seed, first, count, threads).result(control or NoControl())

    def coherence(self, seed: int, realisation: int) -> Coherence:
        """Squared coherence of one realisation where it is evaluated, for tests.

        Raises:
            ValueError: an argument is out of its range.
        """
        _check_seed(seed)
        check_span(realisation, 1)
        r2 = np.empty(self.points, np.float32)
        scale = np.empty(self.points, np.int32)
        time = np.empty(self.points, np.int32)
        _check(
            lib.pk_plan_coherence(
                self._plan,
                seed,
                realisation,
                ffi.from_buffer("float[]", r2),
                ffi.from_buffer("int32_t[]", scale),
                ffi.from_buffer("int32_t[]", time),
            )
        )
        return Coherence(r2, scale, time)

    def series(self, seed: int, realisation: int) -> NDArray[np.float32]:
        """The pair of series of one realisation, ``float32[2, length]``, for tests.

        Their mean is removed; their innovations have unit variance.

        Raises:
            ValueError: an argument is out of its range.
        """
        _check_seed(seed)
        check_span(realisation, 1)
        x = np.empty((2, self.task.length), np.float32)
        first, second = (ffi.from_buffer("float[]", row) for row in x)
        _check(lib.pk_plan_series(self._plan, seed, realisation, first, second))
        return x


@lru_cache(maxsize=16)
def _cached(task: SignificanceTask, isa: str | None, path: Path) -> Plan:
    return Plan(task, isa, path)


def plan_for(task: SignificanceTask, isa: str | None = None, path: Path = "auto") -> Plan:
    """A plan like :class:`Plan`'s, from the few that were used last."""
    return _cached(task, isa or os.environ.get("PYCWT_ISA") or None, path)


class _Run:
    """One call of :meth:`Plan.run`: pieces of a span handed to threads."""

    def __init__(self, plan: Plan, seed: int, first: int, count: int, threads: int) -> None:
        lanes = plan.lanes
        blocks = -(-count // lanes)
        piece = lanes * max(1, blocks // (threads * PIECES_PER_THREAD))
        end = first + count
        self._pieces = iter([(at, min(piece, end - at)) for at in range(first, end, piece)])
        self._plan = plan
        self._seed = seed
        self._threads = min(threads, blocks)
        self._cancel = ffi.new("int32_t *")
        self._progress = [ffi.new("int64_t *") for _ in range(self._threads)]
        self._done = [0] * self._threads
        self._lock = threading.Lock()
        self._running = self._threads
        self._over = threading.Event()
        self._codes: list[int] = []
        shape = (self._threads, len(plan.task.scales), plan.task.bins)
        self._hist = np.zeros(shape, np.int64)

    def result(self, control: Control) -> NDArray[np.int64]:
        workers = [
            threading.Thread(target=self._work, args=(i,), name=f"pycwt-kernel-{i}", daemon=True)
            for i in range(self._threads)
        ]
        try:
            for worker in workers:
                worker.start()
            while not self._over.wait(POLL_INTERVAL):
                control.advance(self._advanced())
                if control.cancelled():
                    raise Cancelled
        finally:
            # Whatever ended the watch, the threads must not outlive it.
            self._cancel[0] = 1
            for worker in workers:
                if worker.ident is not None:
                    worker.join()
        for code in self._codes:
            _check(code)
        control.advance(self._advanced())
        return np.asarray(self._hist.sum(axis=0))

    def _work(self, number: int) -> None:
        out = ffi.new("pk_space **")
        code = lib.pk_space_create(self._plan._plan, out)
        if code == lib.PK_OK:
            code = self._pieces_of(number, out[0])
            lib.pk_space_free(out[0])
        with self._lock:
            self._codes.append(code)
            self._running -= 1
            # After a failure the others have nothing left to work for.
            if code != lib.PK_OK:
                self._cancel[0] = 1
            if self._running == 0:
                self._over.set()

    def _pieces_of(self, number: int, space: object) -> int:
        """Compute piece after piece; returns the kernel's code."""
        hist = ffi.from_buffer("int64_t[]", self._hist[number])
        progress = self._progress[number]
        code: int = lib.PK_OK
        while code == lib.PK_OK and (piece := self._next()):
            span = (self._seed, *piece)
            code = lib.pk_plan_run(self._plan._plan, space, *span, hist, self._cancel, progress)
            with self._lock:
                self._done[number] += progress[0]
                progress[0] = 0
        return code

    def _next(self) -> tuple[int, int] | None:
        with self._lock:
            return next(self._pieces, None)

    def _advanced(self) -> int:
        with self._lock:
            return sum(self._done) + sum(int(cell[0]) for cell in self._progress)


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must lie between 0 and 2**64 - 1, not {seed}")


def _check(code: int, text: str = "") -> None:
    if code == lib.PK_NO_MEMORY:
        raise KernelError(text or "no memory for the kernel's workspace")
    if code != lib.PK_OK:
        raise ValueError(text or f"the kernel refuses its arguments, code {code}")
