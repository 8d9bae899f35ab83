"""What a workload declares: its kinds of jobs, what they take, and where they are computed.

The daemon's event loop reads declarations and nothing else of a workload. A declaration needs
the standard library, msgspec and this module; the computation is named by its module, which
worker processes alone import (:mod:`pycwtd.workloads.compute`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from msgspec import Meta, Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pycwtd.config import Limits

#: Version of this interface.
API_VERSION = 1
#: Largest seed: a signed 64-bit integer, which every client and the database can hold.
MAX_SEED = 2**63 - 1


class InvalidCombinationError(ValueError):
    """The fields are valid one by one, but not together; the text names them.

    A request type may raise it in ``__post_init__``; the client gets 400.
    """


class InvalidFieldError(ValueError):
    """One field is out of its range in a way that its type can't express; 422."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class Uploaded(Protocol):
    """What is known of a series that a request names by its id."""

    @property
    def length(self) -> int:
        """Samples."""

    @property
    def missing(self) -> int:
        """Samples of them that aren't there."""

    @property
    def constant(self) -> bool:
        """Whether all of them are equal."""


@dataclass(frozen=True, slots=True)
class Route:
    """A path of a kind's own, beside ``POST /api/v1/jobs``.

    Args:
        path: below ``/api/v1/``.
        request: the type of its body.
        waits: whether it answers with the result, as long as that doesn't take too long, or
            with the job at once.
        summary: of this route, where it isn't the kind's.
        example: a body that works, where it isn't the kind's.
    """

    path: str
    request: type[Struct]
    waits: bool = True
    summary: str = ""
    example: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """A loop of realisations whose counts add up.

    Args:
        count: the field of the request that says how many, 0 for none.
        cost: the fields whose product one realisation costs in proportion to: numbers, or
            series, which count by their length. Times measured with one request are estimates
            for another by it.
    """

    count: str
    cost: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class BackendTask:
    """What a Monte Carlo task of the driver contract is, as far as choosing a backend goes."""

    estimator: str
    family: str
    edges: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one request comes to.

    Args:
        request: what is stored and handed to the computation, every default worked out.
        parameters: what the job's view shows of it: everything but the series.
        files: uploaded series that it needs: name in the job's folder → id.
        total: realisations to begin with, 0 without a Monte Carlo part.
        cost: of one realisation, in units of the kind's own; 0 where that isn't known.
        seed: that the client has given.
        task: for backends; None where the workload's own processes run the realisations.
        backend: that the client asks for.
        fallback: whether another may stand in.
    """

    request: Struct
    parameters: dict[str, Any]
    files: Mapping[str, str] = field(default_factory=dict)
    total: int = 0
    cost: float = 0.0
    seed: int | None = None
    task: BackendTask | None = None
    backend: str = "auto"
    fallback: bool = True


class StreamConfig(
    Struct, tag_field="type", tag="config", forbid_unknown_fields=True, kw_only=True
):
    """What a client asks of a stream: the base of its workload's own type."""

    #: Samples of a window, and from the start of one to the start of the next.
    window: Annotated[int, Meta(ge=16, le=65536)] = 1000
    hop: Annotated[int, Meta(ge=1, le=65536)] | None = None


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """What a stream's config comes to.

    Args:
        arguments: for the computation of each window, every default worked out.
        numbers: in one result, which is sent as JSON.
    """

    arguments: dict[str, Any]
    numbers: int


if TYPE_CHECKING:
    Planner = Callable[[Any, Limits, Mapping[str, Uploaded]], Plan]
    StreamPlanner = Callable[[Any, Limits], StreamPlan]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """An analysis of series that are still coming in, window by window.

    It is served at ``/ws/stream/<name>``.

    Args:
        name: no other stream of any workload has it.
        summary: one line for the documentation.
        series: the fields of a message with samples; all get as many.
        config: the type of its config.
        plan: what a config comes to; it runs in the event loop, so it has to be quick.
        compute: the module with ``window(series, arguments)``: the arrays of a result, by name.
    """

    name: str
    summary: str
    series: tuple[str, ...]
    config: type[StreamConfig]
    plan: StreamPlanner
    compute: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of job.

    Args:
        name: what jobs and tasks of batches call it; no other kind of any workload has it.
        summary: one line for the documentation.
        requests: the types of its requests. With more than one, each spells the same with other
            fields, and which fields are there tells which it is.
        result: the type of its result in JSON; documentation, nothing is checked by it.
        example: a request that works, of the first type.
        result_example: a result.
        series: the fields that hold series, lists of numbers. A field ``x`` with a field
            ``x_id`` beside it may be given as the id of an uploaded series instead; both are
            then optional (``UNSET``).
        least_samples: of each series.
        same_length: whether all series must have as many samples.
        monte_carlo: the loop, where there is one.
        axes: names of the axes of each array in the result, for NetCDF.
        routes: where its path isn't ``/api/v1/analyses/<name>``.
        plan: works out what ``series``, ``least_samples``, ``same_length`` and ``monte_carlo``
            would; it runs in the event loop, so it has to be quick. The computation then gets
            no series and reads the plan's files itself.
        stored: the type of the plan's request, where it isn't the first of ``requests``.
    """

    name: str
    summary: str
    requests: tuple[type[Struct], ...]
    result: type[Struct]
    example: Mapping[str, Any]
    result_example: Mapping[str, Any]
    series: tuple[str, ...] = ()
    least_samples: int = 1
    same_length: bool = False
    monte_carlo: MonteCarlo | None = None
    axes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    plan: Planner | None = None
    stored: type[Struct] | None = None

    @property
    def paths(self) -> tuple[Route, ...]:
        """Its routes, or the usual one."""
        return self.routes or (Route(f"analyses/{self.name}", self.requests[0]),)

    @property
    def simulates(self) -> bool:
        """Whether its jobs may have a Monte Carlo part."""
        return self.monte_carlo is not None

    @property
    def stored_type(self) -> type[Struct]:
        """What ``request.json`` holds."""
        return self.stored or self.requests[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A set of kinds that are computed by one module.

    Args:
        name: of its processes, in the log and in lists.
        title: for people.
        version: of the workload.
        compute: the module with ``prepare`` and, for Monte Carlo, ``chunk`` and ``finish``.
        kinds: of jobs.
        streams: of results.
        api: version of this interface that it is written for.
    """

    name: str
    title: str
    version: str
    compute: str
    kinds: tuple[Kind, ...]
    streams: tuple[Stream, ...] = ()
    api: int = API_VERSION
