"""Forms from the daemon's own description of a request: fields, ranges, choices, defaults.

Reads what the OpenAPI document says of a route's body (JSON Schema 2020-12), as far as requests
use it. What a schema can't say, the daemon says when it is asked for an estimate.
"""

from __future__ import annotations

import json
import math
import operator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

FieldKind = Literal["number", "integer", "text", "choice", "boolean", "series", "json"]

#: Words for nothing, among choices.
NONE = "none"
YES, NO = "yes", "no"
_BOUNDS: tuple[tuple[str, str, Callable[[float, float], bool]], ...] = (
    ("exclusiveMinimum", ">", operator.gt),
    ("minimum", "≥", operator.ge),
    ("exclusiveMaximum", "<", operator.lt),
    ("maximum", "≤", operator.le),
)
_SIMPLE: dict[str, FieldKind] = {
    "number": "number",
    "integer": "integer",
    "boolean": "boolean",
    "string": "text",
}
#: Bounds beyond that are there for the arithmetic's sake.
_ENDLESS = 1e18


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """A field of a request."""

    name: str
    kind: FieldKind
    description: str
    required: bool
    default: Any
    #: Whether null is a value of it.
    nullable: bool
    choices: tuple[str, ...]
    #: Keyword of JSON Schema and bound.
    bounds: tuple[tuple[str, float], ...]
    #: The one value that is right beside the bounds, such as -1 for a choice of the daemon's.
    exempt: float | None
    #: Of a series: whether an uploaded one may stand in, by the field ``…_id``.
    uploads: bool
    longest: int | None = None

    @property
    def shown_default(self) -> str:
        """The default as it would be typed; empty where there is none."""
        if self.default is None:
            return NONE if self.kind == "choice" else ""
        if isinstance(self.default, bool):
            return YES if self.default else NO
        if isinstance(self.default, float):
            return f"{self.default:g}"
        return str(self.default) if isinstance(self.default, int | str) else ""

    @property
    def range(self) -> str:
        """What it takes, in a few words."""
        if self.kind == "choice":
            return ", ".join(self.choices)
        if self.kind in {"boolean", "series"}:
            return ""
        told = [_bound(word, bound) for word, bound in self.bounds if _told(bound)]
        words = " and ".join(told)
        return f"{words}, or {self.exempt:g}" if self.exempt is not None and words else words

    def parse(self, text: str) -> Any:
        """The value that a text means.

        Raises:
            ValueError: with a sentence that begins with "must" or "is".
        """
        text = text.strip()
        if not text:
            if self.required:
                raise ValueError("is needed")
            return self.default
        if self.kind == "boolean":
            return text == YES
        if self.kind == "choice":
            return self._choice(text)
        if self.kind == "text":
            if self.longest is not None and len(text) > self.longest:
                raise ValueError(f"must have {self.longest} characters at most")
            return text
        if self.kind == "json":
            try:
                return json.loads(text)
            except ValueError:
                raise ValueError("must be JSON") from None
        return self._number(text)

    def _choice(self, text: str) -> str | None:
        if text == NONE and self.nullable:
            return None
        if text not in self.choices:
            raise ValueError(f"must be one of {', '.join(self.choices)}")
        return text

    def _number(self, text: str) -> float | int:
        whole = self.kind == "integer"
        words = self._words()
        if "_" in text:
            raise ValueError(words)
        try:
            number = float(Fraction(text)) if "/" in text else float(text)
        except (ValueError, ZeroDivisionError, OverflowError):
            raise ValueError(words) from None
        if not math.isfinite(number) or (whole and not number.is_integer()):
            raise ValueError(words)
        if number != self.exempt:
            for word, bound in self.bounds:
                if not _holds(word, number, bound):
                    raise ValueError(words)
        if whole:
            return int(text) if text.lstrip("+-").isdecimal() else int(number)
        return number

    def _words(self) -> str:
        what = "a whole number" if self.kind == "integer" else "a number"
        return f"must be {what} {self.range}".rstrip()


def _bound(word: str, bound: float) -> str:
    sign = next(sign for name, sign, _ in _BOUNDS if name == word)
    return f"{sign} {bound:g}" if abs(bound) < 1e6 else f"{sign} {int(bound):,}"


def _told(bound: float) -> bool:
    return abs(bound) < _ENDLESS and (bound == 0 or abs(bound) > 1 / _ENDLESS)


def _holds(word: str, value: float, bound: float) -> bool:
    return next(holds for name, _, holds in _BOUNDS if name == word)(value, bound)


def fields_of(document: dict[str, Any], path: str) -> list[FieldSpec]:
    """The fields of what is posted to a path, in the order of the document.

    Args:
        document: OpenAPI 3.1.
        path: of a route that takes a JSON object.

    Raises:
        KeyError: there is no such route, or it takes something else.
    """
    body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
    schema = _resolved(document, body["schema"])
    properties: dict[str, Any] = schema["properties"]
    required = set(schema.get("required", ()))
    # Of an inline series and an uploaded one, one is needed.
    for alternative in schema.get("allOf", ()):
        for one in alternative.get("oneOf", ()):
            required.update(one.get("required", ()))
    return [
        _field(document, name, one, required, f"{name}_id" in properties)
        for name, one in properties.items()
        if not (name.endswith("_id") and name[:-3] in properties)
    ]


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    while reference := schema.get("$ref"):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        schema = {**found, **{k: v for k, v in schema.items() if k != "$ref"}}
    return schema


def _field(
    document: dict[str, Any], name: str, schema: dict[str, Any], required: set[str], uploads: bool
) -> FieldSpec:
    schema = _resolved(document, schema)
    parts = [_resolved(document, one) for one in schema.get("anyOf", ())]
    nullable = any(one.get("type") == "null" for one in parts)
    real = [one for one in parts if one.get("type") != "null" and "const" not in one]
    constants = [one["const"] for one in parts if "const" in one]
    # One way beside null or a constant says the same as without them.
    merged = {**schema, **real[0]} if len(real) == 1 else schema
    bounds = tuple((w, float(merged[w])) for w, _, _ in _BOUNDS if w in merged)
    choices = tuple(one for one in merged.get("enum", ()) if one is not None)
    exempt = float(constants[0]) if constants and not isinstance(constants[0], str) else None
    return FieldSpec(
        name=name,
        kind=_kind(merged, choices),
        description=str(merged.get("description") or schema.get("description") or ""),
        required=name in required,
        default=schema.get("default"),
        nullable=nullable,
        choices=tuple(map(str, choices)),
        bounds=bounds,
        exempt=exempt,
        uploads=uploads,
        longest=merged.get("maxLength"),
    )


def _kind(schema: dict[str, Any], choices: tuple[Any, ...]) -> FieldKind:
    if choices:
        return "choice"
    kind = schema.get("type")
    if kind == "array" and _of_numbers(schema.get("items", {})):
        return "series"
    return _SIMPLE.get(str(kind), "json")


def _of_numbers(items: dict[str, Any]) -> bool:
    kinds = {one.get("type") for one in items.get("anyOf", [items])} - {"null"}
    return bool(kinds) and kinds <= {"number", "integer"}


def named_field(detail: str, names: list[str]) -> str | None:
    """The field that the daemon's sentence speaks of; None where it is the whole.

    Args:
        detail: such as ``dt: must be a number > 0`` or ``data1, data2: …``.
        names: of all fields.
    """
    head, colon, _ = detail.partition(":")
    if colon:
        for one in head.split(","):
            name = one.strip().partition("[")[0].partition(".")[0]
            for candidate in (name, name.removesuffix("_id")):
                if candidate in names:
                    return candidate
    words = detail.replace("'", " ").replace(",", " ").split()
    return next((name for name in names if len(name) > 1 and name in words), None)
