"""The OpenAPI 3.1 document, made from the table of operations and its types."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from pycwtd import __version__
from pycwtd.api.answers import FORMS, JSON, NETCDF, NPZ, answer
from pycwtd.api.data_types import Uploaded
from pycwtd.api.examples import EXAMPLES
from pycwtd.api.permissions import rule_of
from pycwtd.api.results import NPY
from pycwtd.api.schemas import complete
from pycwtd.api.service import API_VERSION, NAME
from pycwtd.api.types import BatchAccepted, JobAccepted
from pycwtd.workloads.registry import installed

if TYPE_CHECKING:
    from aiohttp import web

    from pycwtd.api.context import Operation

_REF = "#/components/schemas/{name}"
_PROBLEM = "application/problem+json"
#: Every operation may answer with these.
_ALWAYS = (400, 401, 403, 408, 413, 415, 429, 503)
#: The paths that the ids in these answers are for.
_LEADS_TO: dict[Any, tuple[str, str]] = {
    JobAccepted: ("/api/v1/jobs", "job_id"),
    BatchAccepted: ("/api/v1/jobs", "job_id"),
    Uploaded: ("/api/v1/data", "data_id"),
}
#: What is always sent as bytes.
_BINARY = {NPZ, NETCDF, NPY, "application/octet-stream", "image/png"}
_HEADER_TEXTS = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "Seconds until there is room again."},
    503: {"Retry-After": "Seconds until another attempt makes sense."},
}
_SECURITY = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key that `pycwtctl token add` made, or a token that it was exchanged "
        "for. On the Unix socket the kernel says who calls, and none is needed.",
    },
    "password": {
        "type": "oauth2",
        "flows": {"password": {"tokenUrl": "/api/v1/auth/token", "scopes": {}}},
    },
}


class ErrorBody(Struct):
    """What clients of older servers look at."""

    code: str
    message: str
    path: str


class ProblemBody(Struct):
    """RFC 9457 problem details; ``detail`` is a sentence that names the field."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    error: ErrorBody
    #: As in ``X-Request-ID`` and the log; none where a connection is refused before any request.
    request_id: str | None = None


async def openapi(_request: web.Request) -> web.StreamResponse:
    """The document."""
    return answer(document(_operations()))


def _operations() -> tuple[Operation, ...]:
    from pycwtd.api.routes import operations  # noqa: PLC0415 - the table lists this handler

    return operations()


def document(operations: tuple[Operation, ...]) -> dict[str, Any]:
    """The OpenAPI document of these operations."""
    types: list[Any] = [ProblemBody]
    for operation in operations:
        for kind in (operation.body, *operation.answers.values()):
            types += [one for one in _each(kind) if one not in (None, dict)]
    schema_of, components = _schemas(types)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        entry = _operation(operation, schema_of)
        paths.setdefault(operation.path, {})[operation.method.lower()] = entry
    return {
        "openapi": "3.1.0",
        "info": {
            "title": NAME,
            "version": API_VERSION,
            "summary": "Wavelet transforms, coherence and their significance",
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
            "x-server-version": __version__,
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": _SECURITY,
        },
    }


def _operation(operation: Operation, schema_of: dict[int, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "operationId": _name(operation),
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": _parameters(operation),
        "responses": {
            str(status): _answer(operation, status, kind, schema_of)
            for status, kind in operation.answers.items()
        },
    }
    always = set(_ALWAYS)
    if HTTPStatus.SWITCHING_PROTOCOLS in operation.answers:
        always.add(HTTPStatus.UPGRADE_REQUIRED.value)
    for status in sorted({*operation.errors, *always}):
        entry["responses"][str(status)] = _problem(status)
    rule = rule_of(operation)
    assert rule, "make_app refuses a route without one"
    if operation.body is not None:
        body = {"schema": schema_of[id(operation.body)], "example": operation.example}
        entry["requestBody"] = {"required": True, "content": {operation.takes: body}}
    if rule.role == "none":
        entry["security"] = []
    else:
        # On a Unix socket, or a loopback address that asks for nothing, none is needed.
        entry["security"] = [{}, *({name: []} for name in _SECURITY)]
        entry["description"] = f"Needs the role `{rule.role}`."
    entry["x-role"] = rule.role
    return entry


def _name(operation: Operation) -> str:
    return re.sub(r"\W+", "_", f"{operation.method.lower()}{operation.path}").strip("_")


def _problem(status: int) -> dict[str, Any]:
    described: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "content": {_PROBLEM: {"schema": {"$ref": _REF.format(name="ProblemBody")}}},
    }
    if status in _HEADER_TEXTS:
        described["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in _HEADER_TEXTS[status].items()
        }
    return described


def _answer(
    operation: Operation, status: int, kind: Any, schema_of: dict[int, Any]
) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if kind is not None:
        schemas = [{"type": "object"} if k is dict else schema_of[id(k)] for k in _each(kind)]
        content[JSON] = {
            "schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas},
            "example": _example(_each(kind)[0]),
        }
    if status in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        for media in operation.also:
            content[media] = {"schema": {} if media in _BINARY else {"type": "string"}}
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if kind in _LEADS_TO:
        described["links"] = _links(*_LEADS_TO[kind])
    return {**described, "content": content} if content else described


def _example(kind: Any) -> Any:
    of_results = {one.result: one.result_example for one in installed().kinds.values()}
    return of_results[kind] if kind in of_results else EXAMPLES[kind]


def _schemas(types: list[Any]) -> tuple[dict[int, Any], dict[str, Any]]:
    """The schema of each type by its id, and what these refer to, by name.

    Types of other people's workloads have the workload's name before theirs: they may be called
    as they like.
    """
    homes = {
        id(type_): f"{one.workload.name}."
        for one in installed().installed
        if not one.shares
        for kind in one.workload.kinds
        for type_ in (*kind.requests, kind.result)
    }
    groups: dict[str, list[Any]] = {}
    for type_ in types:
        groups.setdefault(homes.get(id(type_), ""), []).append(type_)
    schema_of: dict[int, Any] = {}
    components: dict[str, Any] = {}
    for prefix, members in groups.items():
        template = _REF.replace("{name}", f"{prefix}{{name}}")
        schemas, found = msgspec.json.schema_components(members, ref_template=template)
        schema_of |= {id(t): schema for t, schema in zip(members, schemas, strict=True)}
        components |= {f"{prefix}{name}": schema for name, schema in found.items()}
    names = {key: schema["$ref"].rpartition("/")[2] for key, schema in schema_of.items()}
    complete(components, installed(), names)
    return schema_of, components


def _links(prefix: str, field: str) -> dict[str, Any]:
    """Where the id in an answer leads to."""
    return {
        _name(one): {"operationId": _name(one), "parameters": {"id": f"$response.body#/{field}"}}
        for one in _operations()
        if one.path.startswith(f"{prefix}/{{id}}") and "{array}" not in one.path
    }


def _each(kind: Any) -> tuple[Any, ...]:
    return kind if isinstance(kind, tuple) else (kind,)


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", operation.path)
    ]
    if operation.query is not None:
        schema = msgspec.json.schema(operation.query)["$defs"][operation.query.__name__]
        for name, property_ in schema["properties"].items():
            plain = {key: value for key, value in property_.items() if key != "default"}
            if name in operation.choices:
                plain = {"anyOf": [{"enum": list(operation.choices[name])}, {"type": "null"}]}
            found.append({"name": name, "in": "query", "required": False, "schema": plain})
    if NPZ in operation.also:
        form = {"type": "string", "enum": list(FORMS)}
        found.append({"name": "format", "in": "query", "required": False, "schema": form})
    for name, meaning in operation.headers.items():
        found.append(
            {
                "name": name,
                "in": "header",
                "required": False,
                "description": meaning,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    return found
