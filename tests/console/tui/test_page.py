"""The user's page has every key that there is, and no other."""

from __future__ import annotations

import os
import re
from pathlib import Path

from textual.screen import ModalScreen

from pycwtd_console.tui import themes
from pycwtd_console.tui.keys import RESERVED, catalogue
from pycwtd_console.tui.places import PLACES

PAGE = Path(__file__).parents[3] / "docs" / "console.md"
_MARKED = re.compile(r"(<!-- keys (\S+) -->\n)(.*?)(<!-- /keys -->)", re.DOTALL)
_SIGNS = {
    "colon": ":",
    "slash": "/",
    "question_mark": "?",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "full_stop": ".",
    "comma": ",",
}


def rows_of(owner):
    """Rows of a class's table: keys, what they do, id."""
    found = {}
    for one in catalogue():
        binding = one.binding
        if one.owner.__name__ != owner or not (binding.id and binding.description):
            continue
        keys, _ = found.setdefault(binding.id, ([], binding.tooltip or binding.description))
        keys.append(f"`{_SIGNS.get(binding.key, binding.key)}`")
    return [f"| {' '.join(keys)} | {does} | `{id}` |" for id, (keys, does) in found.items()]


def table(rows):
    return "\n".join(["| key | does | id |", "|---|---|---|", *rows]) + "\n"


def owners():
    """Classes with keys; dialogues and fields tell theirs themselves."""
    return {
        one.owner.__name__
        for one in catalogue()
        if not issubclass(one.owner, ModalScreen)
        and one.owner.__name__ not in {"Choice", "Form", "FilterLine", "Controls", "ConsoleScreen"}
        and one.binding.id
        and one.binding.description
    }


def test_the_page_s_tables_are_the_bindings():
    text = PAGE.read_text(encoding="utf-8")
    named = {match[2] for match in _MARKED.finditer(text)} - {"*"}
    # The rest stands together, each class by what its ids begin with.
    rest = [row for owner in sorted(owners() - named) for row in rows_of(owner)]

    def right(match):
        rows = list(dict.fromkeys(rest)) if match[2] == "*" else rows_of(match[2])
        assert rows, match[2]
        return f"{match[1]}{table(rows)}{match[4]}"

    wanted = _MARKED.sub(right, text)
    if os.environ.get("PYCWTD_DUMPS") == "write":
        PAGE.write_text(wanted, encoding="utf-8")
        text = wanted
    assert text == wanted, "PYCWTD_DUMPS=write pytest of this file writes the tables anew"


def test_the_page_names_places_themes_and_reserved_keys():
    text = PAGE.read_text(encoding="utf-8")
    for place in PLACES:
        assert f"| `{place.key}` | {place.name} |" in text
        assert (place.role == "viewer") or re.search(rf"{place.name} .*\({place.role}\)", text)
    for name in (*themes.NAMES, *RESERVED):
        assert f"`{name}`" in text
