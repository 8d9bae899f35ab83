"""From a request's fields to a plan, for kinds that declare how."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from pycwtd.workloads.interface import InvalidCombinationError, InvalidFieldError, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from msgspec import Struct

    from pycwtd.config import Limits
    from pycwtd.workloads.interface import Kind, Uploaded

#: An uploaded series in place of the field's own.
ID = "_id"


def spelling(kind: Kind, fields: set[str]) -> type[Struct]:
    """The request type that a body with these fields is meant for."""
    names = [_names(one) for one in kind.requests]

    def own(number: int) -> int:
        others = (other for i, other in enumerate(names) if i != number)
        return len(fields & (names[number].difference(*others)))

    # Of equals the first one.
    return kind.requests[max(range(len(names)), key=lambda i: (own(i), -i))]


@cache
def _names(request: type[Struct]) -> frozenset[str]:
    """What JSON calls its fields; looking takes longer than to decode a thousand samples."""
    return frozenset(one.encode_name for one in msgspec.structs.fields(request))


def series_names(request: type[Struct]) -> list[str]:
    """The fields of a request type that an uploaded series may stand in for."""
    names = request.__struct_fields__
    return [name for name in names if f"{name}{ID}" in names]


def data_ids(request: Struct) -> list[str]:
    """The uploaded series that a request names."""
    given = (getattr(request, f"{name}{ID}") for name in series_names(type(request)))
    return [one for one in given if one not in (UNSET, None)]


def make_plan(
    kind: Kind, request: Struct, limits: Limits, uploaded: Mapping[str, Uploaded]
) -> Plan:
    """What a request comes to.

    Args:
        kind: that it is for.
        request: of one of the kind's types.
        limits: of this appliance.
        uploaded: the series that :func:`data_ids` tells of.

    Raises:
        InvalidFieldError: a field is out of its range.
        InvalidCombinationError: the fields don't fit together.
    """
    if kind.plan is not None:
        return kind.plan(request, limits, uploaded)
    lengths = {name: _length(request, name, uploaded) for name in kind.series}
    _check_lengths(kind, lengths)
    total = _count(kind, request)
    cost = _cost(kind, request, lengths) if total else 0.0
    parameters: dict[str, Any] = {
        **_scalars(request),
        "samples": max(lengths.values(), default=0),
        "cost": cost,
    }
    return Plan(
        request=request,
        parameters=parameters,
        files={file_of(name): one for name in kind.series if (one := _id(request, name))},
        total=total,
        cost=cost,
        seed=getattr(request, "seed", None),
    )


def file_of(name: str) -> str:
    """The file in a job's folder that an uploaded series is linked to."""
    return f"series-{name}.npy"


def linked_files(request: Any) -> dict[str, str]:
    """The uploaded series that a stored request needs in its job's folder, by file.

    Args:
        request: as it is stored: the wavelets' name file and series in ``series``, other
            workloads' have the fields that clients sent.
    """
    if not isinstance(request, dict):
        return {}
    found = {
        one["file"]: one["data_id"] for one in request.get("series", ()) if isinstance(one, dict)
    }
    for name, value in request.items():
        if name.endswith(ID) and isinstance(value, str):
            found[file_of(name.removesuffix(ID))] = value
    return found


def _id(request: Struct, name: str) -> str | None:
    value = getattr(request, f"{name}{ID}", UNSET)
    return None if value in (UNSET, None) else str(value)


def _length(request: Struct, name: str, uploaded: Mapping[str, Uploaded]) -> int:
    values, data_id = getattr(request, name), _id(request, name)
    takes_id = name in series_names(type(request))
    if values in (UNSET, None) and data_id is None:
        raise InvalidFieldError(
            name, f"is missing; give it, or {name}{ID}" if takes_id else "is missing"
        )
    if values not in (UNSET, None) and data_id is not None:
        raise InvalidFieldError(name, f"give either it or {name}{ID}, not both")
    if data_id is None:
        return len(values)
    if uploaded[data_id].missing:
        raise InvalidCombinationError(f"{name}: samples are missing in it, and none may be")
    return uploaded[data_id].length


def _check_lengths(kind: Kind, lengths: Mapping[str, int]) -> None:
    for name, length in lengths.items():
        if length < kind.least_samples:
            raise InvalidCombinationError(
                f"{name}: at least {kind.least_samples} samples are needed, these are {length}"
            )
    if kind.same_length and len(set(lengths.values())) > 1:
        raise InvalidCombinationError(
            f"{' and '.join(lengths)}: must have the same length, not "
            f"{' and '.join(map(str, lengths.values()))} samples"
        )


def _scalars(request: Struct) -> dict[str, Any]:
    """The fields that a job's row has room for."""
    found = {name: getattr(request, name) for name in request.__struct_fields__}
    return {n: v for n, v in found.items() if isinstance(v, str | int | float)}


def _count(kind: Kind, request: Struct) -> int:
    if kind.monte_carlo is None:
        return 0
    count = getattr(request, kind.monte_carlo.count)
    if not isinstance(count, int) or count < 0:
        raise InvalidFieldError(kind.monte_carlo.count, "must be a whole number, 0 or more")
    return count


def _cost(kind: Kind, request: Struct, lengths: Mapping[str, int]) -> float:
    assert kind.monte_carlo
    names = kind.monte_carlo.cost
    return math.prod(float(lengths.get(name) or getattr(request, name)) for name in names)
