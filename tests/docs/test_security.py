"""The threat model: every line has a test that is there, and no file of tests is only named."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "security.md").read_text()
TABLE = PAGE.partition("## Threats")[2].partition("\n## ")[0]
NAMED = re.findall(r"`(\S+\.py)::([\w:]+)`", TABLE)


@cache
def names_in(file: str) -> set[str]:
    """What pytest finds in a file: functions, and methods under their class's name."""
    found = set()
    for node in ast.parse((TESTS / file).read_text()).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            inner = (n.name for n in node.body if isinstance(n, ast.FunctionDef))
            found |= {f"{node.name}::{name}" for name in inner}
    return {name for name in found if name.rpartition("::")[2].startswith("test_")}


@pytest.mark.parametrize(("file", "test"), sorted(set(NAMED)))
def test_the_test_of_a_threat_exists(file, test):
    assert test in names_in(file)


def test_every_threat_has_one():
    rows = [row for row in TABLE.splitlines() if row.startswith("| ")][1:]
    threats = [row for row in rows if not row.startswith(("| **", "|---"))]
    assert len(threats) > 40
    assert [row for row in threats if ".py::test_" not in row and ".py::Test" not in row] == []
    assert sum(row.startswith("| **") for row in rows) == 7


@pytest.mark.parametrize(
    "word",
    [
        *("path traversal", "zip and npz bombs", "pickles", "JSON too deep", "slow heads"),
        *("request smuggling", "DNS rebinding", "cross-site WebSocket hijacking"),
        *("log injection", "timing of comparison", "secrets in the log"),
        "secrets in lists of processes",
    ],
)
def test_the_usual_threats_are_among_them(word):
    assert re.search(rf"^\| (?:… )?{re.escape(word)}", TABLE, re.MULTILINE)
