"""What the operator's pages have one type is there: commands, subcommands and options."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from pycwtd_console.ctl import cli

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("operate", "troubleshoot", "access", "faults", "configuration")
#: Commands that come with the packages of the appliance, and have tests of their own.
ELSEWHERE = {"backup", "restore"}


def commands():
    for page in PAGES:
        text = (DOCS / f"{page}.md").read_text()
        for found in re.findall(r"\bpycwtctl ([a-z][^`\n#|>)…]*)", text):
            words = shlex.split(found)
            if words[0] not in ELSEWHERE:
                yield pytest.param(words, id=f"{page}: {' '.join(words)}")


@pytest.mark.parametrize("words", list(commands()))
def test_it_is_there(words):
    command = cli
    known = {name for one in command.params for name in one.opts}
    for word in words:
        if word.startswith("-"):
            assert word.partition("=")[0] in known, word
        elif isinstance(command, click.Group):
            command = command.get_command(click.Context(command), word)
            assert command, word
            known |= {name for one in command.params for name in one.opts}
