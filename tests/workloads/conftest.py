"""The example, as pip installs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples/lomb_scargle"


@pytest.fixture(scope="session")
def example(tmp_path_factory) -> Path:
    """The example, installed by pip from what this environment has."""
    # A copy: setuptools builds in the source's own folder.
    source = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("source") / "example")
    target = tmp_path_factory.mktemp("installed")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-build-isolation", "--no-deps", "--no-index", "--target", target, source),
        ],
        check=True,
        capture_output=True,
    )
    return target
