"""The audit of dependencies never takes what it couldn't look up for sound."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "etc" / "audit.py"
CONSTRAINTS = "a==1\nB_c==2\n# d==3\nd-e==1.0\n"
SOUND = [{"name": name, "version": "1", "vulns": []} for name in ("a", "b-c", "d-e")]
SKIPPED = [{"name": name, "skip_reason": "not found"} for name in ("a", "b-c", "d-e")]
BAD = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}


@pytest.mark.parametrize(
    ("dependencies", "status", "words"),
    [
        (SOUND, 0, ["3 of 3"]),
        (SKIPPED, 2, ["0 of 3", "not checked", "network"]),
        ([], 2, ["0 of 3", "not checked"]),
        (SOUND[:2], 2, ["2 of 3", "not checked: d-e"]),
        ([*SOUND[:2], SKIPPED[2]], 2, ["2 of 3", "not checked: d-e"]),
        ([BAD, *SOUND[1:]], 1, ["PYSEC-1", "fixed in 2", "3 of 3"]),
        ([BAD, *SKIPPED[1:]], 1, ["PYSEC-1", "1 of 3", "not checked: b-c, d-e"]),
    ],
)
def test_what_wasnt_looked_up_is_said(tmp_path, dependencies, status, words):
    """A program that says what pip-audit would, run as it is run."""
    report = json.dumps({"dependencies": dependencies, "fixes": []})
    fake = tmp_path / "pip-audit"
    fake.write_text(f"#!/bin/sh\necho 'No known vulnerabilities found' >&2\necho '{report}'\n")
    fake.chmod(0o755)
    assert run(tmp_path, fake) == (status, words)


def run(folder, program):
    """The status and, of the words that are looked for, those that were said."""
    (folder / "constraints.txt").write_text(CONSTRAINTS)
    told = subprocess.run(
        [sys.executable, PROGRAM, program, folder / "constraints.txt"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return told.returncode, Words(told.stdout)


class Words(str):
    """Equal to a list of words that are all in it."""

    __slots__ = ()

    def __eq__(self, words):
        return all(word in str(self) for word in words)

    __hash__ = str.__hash__


@pytest.mark.parametrize("script", [None, "echo no JSON", "exit 3"])
def test_a_program_that_fails_has_checked_nothing(tmp_path, script):
    fake = tmp_path / "pip-audit"
    if script:
        fake.write_text(f"#!/bin/sh\n{script}\n")
        fake.chmod(0o755)
    assert run(tmp_path, fake) == (2, ["not checked"])


def test_every_pin_is_counted():
    spec = importlib.util.spec_from_file_location("audit", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = (ROOT / "constraints.txt").read_text()
    lines = [line for line in text.splitlines() if line and line[0] != "#"]
    assert len(module.pins(text)) == len(lines) > 100
