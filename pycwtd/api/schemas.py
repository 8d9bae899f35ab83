"""What the types of requests can't say themselves, added to their JSON Schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pycwtd.workloads.plans import series_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pycwtd.workloads.registry import Workloads

_REF = "#/components/schemas/{name}"

Schema = dict[str, Any]


def complete(components: dict[str, Schema], workloads: Workloads, names: Mapping[int, str]) -> None:
    """Say in the schemas what else holds of series, jobs, batches and uploads.

    Args:
        components: by name.
        workloads: whose requests are among them.
        names: of the components, by the ids of their types.
    """
    spellings = {
        name: [names[id(one)] for one in kind.requests if id(one) in names]
        for name, kind in workloads.kinds.items()
    }
    for kind in workloads.kinds.values():
        for one in kind.requests:
            if id(one) in names and series_names(one):
                _choose_series(components[names[id(one)]], series_names(one))
    _describe_jobs(components["NewJob"], spellings)
    components["NewBatch"]["properties"]["tasks"] |= {
        "minItems": 1,
        "maxItems": 1000,
        "items": {"anyOf": _tasks(components, spellings)},
    }
    form = components["UploadForm"]["properties"]
    form["file"] |= {"contentMediaType": "application/octet-stream"}
    form["metadata"] |= {"contentMediaType": "application/json"}


def _choose_series(schema: Schema, names: list[str]) -> None:
    """Each series is there either itself or as an id."""
    schema["allOf"] = [
        {"oneOf": [{"required": [name]}, {"required": [f"{name}_id"]}]} for name in names
    ]


def _describe_jobs(schema: Schema, spellings: Mapping[str, list[str]]) -> None:
    schema["properties"]["kind"] = {"enum": sorted(spellings)}
    schema["anyOf"] = [
        {
            "properties": {
                "kind": {"const": kind},
                "request": {"anyOf": [{"$ref": _REF.format(name=name)} for name in names]},
            }
        }
        for kind, names in spellings.items()
    ]


def _tasks(components: dict[str, Schema], spellings: Mapping[str, list[str]]) -> list[Schema]:
    """A task of a batch is a request with its type among its fields."""
    found = []
    for kind, names in spellings.items():
        for name in names:
            schema = components[name]
            found.append(
                {
                    **schema,
                    "title": f"{kind}: {schema['title']}",
                    "properties": {"type": {"const": kind}, **schema["properties"]},
                    "required": ["type", *schema.get("required", ())],
                }
            )
    return found
