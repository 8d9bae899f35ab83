"""Errors as clients see them: RFC 9457 problem details, with one clear sentence each."""

from __future__ import annotations

import re
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

import msgspec
from aiohttp import web

from pycwtd.logs import REQUEST_ID
from pycwtd.words import field_and_finding
from pycwtd.workloads.interface import InvalidCombinationError, InvalidFieldError

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

#: Beyond it not every whole number is a float.
_MOST_WHOLE = 2.0**63


class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """A request that isn't answered as asked, and why."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        #: A word for programs; by default the name of the status.
        self.code = code or HTTPStatus(status).name.lower()
        self.headers = dict(headers or {})

    def response(self, instance: str, *, keep_alive: bool = True) -> web.Response:
        """The answer, in the shape of RFC 9457 and, beside it, of older clients."""
        response = web.Response(
            status=self.status,
            body=self._body(instance, REQUEST_ID.get()),
            content_type="application/problem+json",
            headers=self.headers,
        )
        if not keep_alive:
            response.force_close()
        return response

    def raw(self, request_id: str) -> bytes:
        """The answer as it goes over the wire, where there is no request to answer.

        Args:
            request_id: that the log has it under.
        """
        body = self._body("", request_id)
        headers = {
            "X-Request-ID": request_id,
            "Content-Type": "application/problem+json",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **self.headers,
        }
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + body

    def _body(self, instance: str, request_id: str) -> bytes:
        return msgspec.json.encode(
            {
                "type": f"urn:pycwtd:problem:{self.code}",
                "title": HTTPStatus(self.status).phrase,
                "status": self.status,
                "detail": self.detail,
                "instance": instance,
                **({"request_id": request_id} if request_id else {}),
                "error": {"code": self.code, "message": self.detail, "path": instance},
            }
        )


def no_data(data_id: str) -> Problem:
    """The answer where an uploaded series isn't there."""
    return Problem(404, f"there is no data {ascii(data_id)[1:-1]}", code="unknown_data")


def decode(body: bytes, kind: type[T]) -> T:
    """A request's JSON body as its type.

    Raises:
        Problem: 422, naming the field and what is right.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        if isinstance(error.__cause__, InvalidFieldError | InvalidCombinationError):
            raise error.__cause__ from None  # the type itself has looked
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            # To JSON, and to many a client, 300.0 is the same whole number as 300.
            return msgspec.convert(_whole(msgspec.json.decode(body)), kind)
        raise Problem(422, explain(error, kind), code="invalid_field") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(422, _malformed(body, error), code="invalid_json") from None


def _whole(value: Any) -> Any:
    """The same with whole numbers as such, but for those in lists, which are samples."""
    if isinstance(value, dict):
        return {name: _whole(element) for name, element in value.items()}
    if isinstance(value, list):
        return [_whole(one) if isinstance(one, dict) else one for one in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _MOST_WHOLE:
        return int(value)
    return value


def convert(values: Mapping[str, Any], kind: type[T]) -> T:
    """Query parameters as their type.

    Raises:
        Problem: 422, naming the parameter and what is right.
    """
    try:
        return msgspec.convert(dict(values), kind, strict=False)
    except msgspec.ValidationError as error:
        raise Problem(422, explain(error, kind), code="invalid_field") from None


def explain(error: msgspec.ValidationError, kind: Any) -> str:
    """``Expected `float` > 0 - at `$.dt``` as ``dt: must be a number > 0``."""
    text, _, _ = str(error).partition(" - at `")
    field, finding = field_and_finding(str(error))
    if found := re.fullmatch(r"Object missing required field `(.*)`", text):
        return f"{_join(field, found[1])}: is missing"
    if found := re.fullmatch(r"Object contains unknown field `(.*)`", text):
        return f"{_join(field, found[1])}: there is no such field"
    if found := re.fullmatch(r"Invalid enum value (.*)", text):
        return f"{field}: must be one of {', '.join(_choices(kind, field))}, not {found[1]}"
    return f"{field or 'the body'}: {finding}"


def _malformed(body: bytes, error: Exception) -> str:
    """What is wrong with JSON that isn't; Python's NaN is the usual case."""
    found = re.search(rb"[\[,:]\s*(NaN|-?Infinity)\b", body)
    if not found:
        return f"the body isn't valid JSON: {error}"
    names = re.findall(rb'"(\w+)"\s*:', body[: found.start() + 1])
    field = names[-1].decode() if names else "the body"
    return f"{field}: holds {found[1].decode()}, but every value must be a finite number"


def _choices(kind: Any, field: str) -> list[str]:
    """The values that a field of literals takes, where it may also be left out."""
    hint = get_type_hints(kind)[field]
    choices = [choice for part in (hint, *get_args(hint)) for choice in get_args(part)]
    return sorted({choice for choice in (*choices, *get_args(hint)) if isinstance(choice, str)})


def _join(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name
