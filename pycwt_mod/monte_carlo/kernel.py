"""The C kernel of the Monte Carlo significance, typed: plans of full and cascade tasks.

The C interface and its guarantees are in ``native/include/pycwt_kernel.h``. Lanes of the
vector unit are realisations and histograms are integers, so the result doesn't depend on the
instruction set, the number of threads or the way a span is split.
"""

from __future__ import annotations

import os
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from pycwt_mod._kernel import ffi, lib
from pycwt_mod.backends import NoControl, check_span
from pycwt_mod.grid import cone_factor
from pycwt_mod.monte_carlo.cascade import EDGE, Octave, octaves, whole
from pycwt_mod.monte_carlo.edges import node_samples
from pycwt_mod.monte_carlo.kernel_run import KernelError, Part, Run, check

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pycwt_mod.backends import Control, SignificanceTask

__all__ = [
    "Coherence",
    "GivenSeries",
    "KernelError",
    "Plan",
    "instruction_sets",
    "plan_for",
    "threefry",
]

#: How the coherence is computed: ``plain`` at every sample of every scale, ``multirate`` at a
#: rate of each scale's own (Morlet without nodes alone), ``auto`` the fastest that is right for
#: the task.
Path = Literal["auto", "plain", "multirate"]

_FAMILIES = {
    "morlet": lib.PK_MORLET,
    "paul": lib.PK_PAUL,
    "dog": lib.PK_DOG,
    "morse": lib.PK_MORSE,
}
_PATHS: dict[Path, int] = {
    "auto": lib.PK_AUTO,
    "plain": lib.PK_PLAIN,
    "multirate": lib.PK_MULTIRATE,
}


class Coherence(NamedTuple):
    """Squared coherence of one realisation where it is evaluated, scale by scale."""

    #: ``float32[points]``, each in [0, 1].
    r2: NDArray[np.float32]
    #: ``int32[points]``, the number of the scale.
    scale: NDArray[np.int32]
    #: ``int32[points]``, the sample.
    time: NDArray[np.int32]


@cache
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
        cascade = task.estimator == "cascade"
        self.task = task
        self._octaves = octaves(task) if cascade else (whole(task),)
        models: dict[object, Any] = {}
        parts = []
        for octave in self._octaves:
            # Octaves alike share their tables.
            tables = (octave.task.scales, octave.task.length, octave.own)
            plan = _create(
                octave, isa, path, models.get(tables), pitch=len(task.scales) * task.bins
            )
            models.setdefault(tables, plan)
            part = Part(
                plan,
                octave.row * task.bins,
                lanes=int(lib.pk_plan_lanes(plan)),
                fewest=int(lib.pk_plan_fewest(plan)),
                workspace=int(lib.pk_plan_workspace(plan)),
                series=octave.series,
            )
            parts.append(part)
        # Those that lend their tables live as long as any.
        #: What is computed by itself.
        self.parts = tuple(parts)

    @property
    def handle(self) -> Any:
        """The kernel's own plan, of a task that isn't a cascade."""
        return self.parts[0].plan

    @property
    def path(self) -> Path:
        """Which path runs: ``plain`` or ``multirate``; of a cascade, at the largest scales."""
        last = lib.pk_plan_path(self.parts[-1].plan)
        return "multirate" if last == lib.PK_MULTIRATE else "plain"

    @property
    def isa(self) -> str:
        """Name of the instruction set."""
        return str(ffi.string(lib.pk_plan_isa(self.parts[-1].plan)).decode())

    @property
    def lanes(self) -> int:
        """Realisations computed side by side: the natural unit of splitting."""
        return max(part.lanes for part in self.parts)

    @property
    def workspace(self) -> int:
        """Bytes that each thread takes while it runs."""
        return max(part.workspace for part in self.parts)

    @property
    def points(self) -> int:
        """Points of one realisation that are evaluated, all scales together.

        The multirate path evaluates few; each counts for the samples next to it, so that both
        paths count every sample outside the cone of influence.
        """
        return sum(int(lib.pk_plan_points(part.plan)) for part in self.parts)

    def run(
        self, seed: int, first: int, count: int, threads: int = 1, control: Control | None = None
    ) -> NDArray[np.int64]:
        """The histogram of the realisations ``first … first + count - 1``.

        The calling thread looks at ``control`` every 30 ms, and is one of those that compute
        where that leaves it time to. An exception raised by the control, or
        :class:`KeyboardInterrupt`, stops them first.

        Args:
            seed: 0 ≤ seed < 2⁶⁴.
            first: number of the first realisation.
            count: how many, at least one.
            threads: how many compute at the same time.
            control: cancels and watches.

        Returns:
            ``int64[task.rows, bins]``.

        Raises:
            Cancelled: the control said so.
            ValueError: an argument is out of its range.
            KernelError: there is no memory for the workspaces, or there are no threads.
        """
        _check_seed(seed)
        check_span(first, count)
        if threads < 1:
            raise ValueError(f"threads must be at least 1, not {threads}")
        shape = (self.task.rows, self.task.bins)
        run = Run(self.parts, shape, seed, (first, count), threads)
        return run.result(control or NoControl())

    def coherence(self, seed: int, realisation: int, octave: int = 0) -> Coherence:
        """Squared coherence of one realisation where it is evaluated, for tests.

        Args:
            seed: 0 ≤ seed < 2⁶⁴.
            realisation: its number.
            octave: of a cascade; scale and time are those of the octave's own task.

        Raises:
            ValueError: an argument is out of its range.
        """
        _check_seed(seed)
        check_span(realisation, 1)
        plan = self.parts[octave].plan
        points = int(lib.pk_plan_points(plan))
        r2 = np.empty(points, np.float32)
        scale = np.empty(points, np.int32)
        time = np.empty(points, np.int32)
        check(
            lib.pk_plan_coherence(
                plan,
                seed,
                realisation,
                ffi.from_buffer("float[]", r2),
                ffi.from_buffer("int32_t[]", scale),
                ffi.from_buffer("int32_t[]", time),
            )
        )
        return Coherence(r2, scale, time)

    def series(self, seed: int, realisation: int, octave: int = 0) -> NDArray[np.float32]:
        """The pair of series of one realisation, ``float32[2, length]``, for tests.

        Their mean is removed; their innovations have unit variance.

        Raises:
            ValueError: an argument is out of its range.
        """
        _check_seed(seed)
        check_span(realisation, 1)
        x = np.empty((2, self._octaves[octave].task.length), np.float32)
        first, second = (ffi.from_buffer("float[]", row) for row in x)
        check(lib.pk_plan_series(self.parts[octave].plan, seed, realisation, first, second))
        return x


class GivenSeries:
    """Counts the coherence of series that the caller made; several threads may do so at once.

    Args:
        plan: of a ``full`` task; its coefficients only tell what order of size to expect.

    Raises:
        ValueError: the plan is of a cascade.
    """

    def __init__(self, plan: Plan) -> None:
        if plan.task.estimator != "full":
            raise ValueError("plan must be of a full task: a cascade makes its own series")
        self._plan = plan
        self._cancel = ffi.new("int32_t *")

    def cancel(self) -> None:
        """Stop what is being counted, for good."""
        self._cancel[0] = 1

    @property
    def cancelled(self) -> bool:
        """Whether :meth:`cancel` was called."""
        return bool(self._cancel[0])

    def histogram(self, x1: NDArray[np.float32], x2: NDArray[np.float32]) -> NDArray[np.int64]:
        """The histogram of pairs of series.

        Args:
            x1: finite and of the order of one, ``float32[pairs, length]``, contiguous.
            x2: the same.

        Returns:
            ``int64[task.rows, bins]``.

        Raises:
            Cancelled: :meth:`cancel` was called.
            ValueError: the arrays aren't like that.
            KernelError: there is no memory for the workspace.
        """
        task = self._plan.task
        for x, name in ((x1, "x1"), (x2, "x2")):
            if x.shape != (len(x1), task.length) or x.dtype != np.float32:
                raise ValueError(
                    f"{name} must be float32 of shape ({len(x1)}, {task.length}), not {x.dtype} "
                    f"of shape {x.shape}"
                )
        hist = np.zeros((task.rows, task.bins), np.int64)
        code = lib.pk_plan_run_given(
            self._plan.handle,
            ffi.NULL,
            ffi.from_buffer("float[]", x1),
            ffi.from_buffer("float[]", x2),
            len(x1),
            ffi.from_buffer("int64_t[]", hist),
            self._cancel,
            ffi.NULL,
        )
        check(code)
        return hist


def _create(octave: Octave, isa: str | None, path: Path, model: Any, *, pitch: int) -> Any:
    """The kernel's plan of an octave, with tables of its own or with the model's."""
    task = octave.task
    # What the fields point to must live through the call.
    scales = ffi.new("double[]", task.scales)
    weights = ffi.new("double[]", task.scale_weights)
    near = ffi.new("int64_t[]", [near for near, _ in octave.weights])
    beyond = ffi.new("int64_t[]", [beyond for _, beyond in octave.weights])
    nodes = [
        node_samples(task, scale) or (-1,) * len(task.edge_nodes)
        for scale in task.scales[slice(*octave.own)]
    ]
    at = ffi.new("int32_t[]", [sample for row in nodes for sample in row])
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
        "stream": octave.stream,
        "own": octave.own,
        "edge": EDGE,
        "near": near,
        "beyond": beyond,
        "shape": task.shape,
        "cone": cone_factor(task.family, task.order, task.shape),
        "n_nodes": len(task.edge_nodes),
        "nodes": at,
        "pitch": pitch,
    }
    out = ffi.new("pk_plan **")
    error = ffi.new("pk_error *")
    told = ffi.new("pk_task *", fields)
    if model is not None:
        code = lib.pk_plan_like(model, told, out, error)
    else:
        name = ffi.NULL if isa is None else ffi.new("char[]", isa.encode())
        code = lib.pk_plan_create(told, _PATHS[path], name, out, error)
    check(code, ffi.string(error.text).decode())
    return ffi.gc(out[0], lib.pk_plan_free)


@lru_cache(maxsize=16)
def _cached(task: SignificanceTask, isa: str | None, path: Path) -> Plan:
    return Plan(task, isa, path)


def plan_for(task: SignificanceTask, isa: str | None = None, path: Path = "auto") -> Plan:
    """A plan like :class:`Plan`'s, from the few that were used last."""
    return _cached(task, isa or os.environ.get("PYCWT_ISA") or None, path)


def _check_seed(seed: int) -> None:
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must lie between 0 and 2**64 - 1, not {seed}")
