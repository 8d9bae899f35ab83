"""msgspec's findings in words that people use."""

from __future__ import annotations

import re

_WORDS = {
    "float": "a number",
    "int": "a whole number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def field_and_finding(message: str) -> tuple[str, str]:
    """``Expected `float` > 0 - at `$.dt``` as ``("dt", "must be a number > 0")``.

    The field is empty where the whole is meant.
    """
    text, _, place = message.partition(" - at `")
    field = place.rstrip("`").removeprefix("$").lstrip(".")
    text = re.sub(r"`([^`]*)`", lambda found: _in_words(found[1]), text)
    text = re.sub(r"^Expected ", "must be ", text).replace(", got ", ", not ")
    if text == "must be a whole number, not a number":
        text = "must be a whole number, without a fraction"
    return field, text[0].lower() + text[1:]


def _in_words(types: str) -> str:
    kinds = [_WORDS.get(kind, kind) for kind in types.split(" | ") if kind != "null"]
    return " or ".join(kinds) or "null"
