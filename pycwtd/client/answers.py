"""What the daemon answers, as types; what it refuses, as errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from pycwtd.client.errors import ClientError

if TYPE_CHECKING:
    import aiohttp

T = TypeVar("T")


def decode(body: bytes | str, kind: type[T], where: str) -> T:
    """An answer as a type.

    Args:
        body: the JSON.
        kind: the type.
        where: it is from, for people.

    Raises:
        ClientError: it isn't of that type.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise ClientError(
            f"the answer from {where} isn't understood ({error}); is it pycwtd, and of "
            "the same version as this client?",
            code="bad_answer",
        ) from None


def refusal(response: aiohttp.ClientResponse, body: bytes) -> ClientError:
    """The problem that the daemon, or something before it, answered with."""
    status = response.status
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except msgspec.DecodeError:
        text = f"{response.method} {response.url} was answered with {status} {response.reason}"
        return ClientError(text, status=status, code="http")
    return ClientError(problem.detail, status=status, code=problem.error.code)


def reason_of(error: OSError) -> str:
    """Why there is no connection."""
    if isinstance(error, FileNotFoundError):
        return "there is no such socket"
    if isinstance(error, ConnectionRefusedError):
        return "nobody is listening there"
    if isinstance(error, PermissionError):
        return "you have no permission for it (the members of its group have)"
    return error.strerror or str(error)


class _ProblemCode(msgspec.Struct):
    code: str


class _Problem(msgspec.Struct):
    detail: str
    error: _ProblemCode
