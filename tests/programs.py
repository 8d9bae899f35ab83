"""Programs that few machines have: what needs them has a target of make that installs them."""

from __future__ import annotations

import os
import shutil

import pytest


def need(program: str, target: str, *, slow: bool = False) -> str:
    """The path of a program; without it, the test is skipped, but not under its own target.

    Args:
        program: its name.
        target: the target of make that installs it, and sets ``PROGRAMS_NEEDED`` for its tests.
        slow: whether they take so long that they are run by that target alone.
    """
    wanted = "PROGRAMS_NEEDED" in os.environ
    if slow and not wanted:
        pytest.skip(f"takes half a minute: make {target} runs it")
    if path := shutil.which(program):
        return path
    if wanted:
        pytest.fail(f"{program} isn't there")
    pytest.skip(f"there is no {program} on this machine: make {target} installs it")
