"""What the types of requests can't say themselves, added to their JSON Schemas."""

from __future__ import annotations

from typing import Any

from pycwtd.workloads.wavelet.requests import TYPES, series_names

_REF = "#/components/schemas/{name}"

Schema = dict[str, Any]


def complete(components: dict[str, Schema]) -> None:
    """Say in the schemas what else holds of series, jobs, batches and uploads."""
    for kinds in TYPES.values():
        for kind in kinds:
            _choose_series(components[kind.__name__], series_names(kind))
    _describe_jobs(components["NewJob"])
    components["NewBatch"]["properties"]["tasks"] |= {
        "minItems": 1,
        "maxItems": 1000,
        "items": {"anyOf": _tasks(components)},
    }
    form = components["UploadForm"]["properties"]
    form["file"] |= {"contentMediaType": "application/octet-stream"}
    form["metadata"] |= {"contentMediaType": "application/json"}


def _choose_series(schema: Schema, names: list[str]) -> None:
    """Each series is there either itself or as an id."""
    schema["allOf"] = [
        {"oneOf": [{"required": [name]}, {"required": [f"{name}_id"]}]} for name in names
    ]


def _describe_jobs(schema: Schema) -> None:
    schema["anyOf"] = [
        {
            "properties": {
                "kind": {"const": kind},
                "request": {"anyOf": [{"$ref": _REF.format(name=t.__name__)} for t in spellings]},
            }
        }
        for kind, spellings in TYPES.items()
    ]


def _tasks(components: dict[str, Schema]) -> list[Schema]:
    """A task of a batch is a request with its type among its fields."""
    found = []
    for kind, spellings in TYPES.items():
        for spelling in spellings:
            schema = components[spelling.__name__]
            found.append(
                {
                    **schema,
                    "title": f"{kind}: {schema['title']}",
                    "properties": {"type": {"const": kind}, **schema["properties"]},
                    "required": ["type", *schema["required"]],
                }
            )
    return found
