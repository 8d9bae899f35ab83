"""The conformance suite of every driver, run as somebody else would run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fpga_boards import PREFIX, gateware, modelled
from pycwt_mod.backends import get_backend
from pycwt_mod.monte_carlo.conformity import small_task

CTL = Path(sys.executable).with_name("pycwtctl")


def passes(port, folder):
    """The suite finds nothing wrong with the board at a port."""
    done = subprocess.run(
        # What is on a terminal of our own isn't on USB: it can't be flashed.
        [CTL, "driver", "check", "tang_nano_9k", "--", "-k", "not exercised"],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, f"{PREFIX}PORT": str(port)},
    )
    assert done.returncode == 0, done.stdout
    # There is nobody to pull the cable.
    assert " 23 passed, 1 skipped, 1 deselected" in done.stdout, done.stdout


def test_the_model_behind_a_line_passes(tmp_path):
    families = get_backend("tang_nano_9k").info.families
    with modelled(*(small_task("cascade", family) for family in families)) as (path, _):
        passes(path, tmp_path)


@pytest.mark.skipif("GATEWARE_EXAMPLES" not in os.environ, reason="part of `make test-gateware`")
def test_the_gateware_passes(tmp_path):
    with gateware() as (path, _):
        passes(path, tmp_path)
