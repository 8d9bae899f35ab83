"""Plug-ins as pip leaves them behind, in folders of their own on ``PYTHONPATH``."""

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


@pytest.fixture
def write_plugin(tmp_path):
    """Writes a package with an entry point; returns the folder that it is importable from."""

    def write(name: str, declaration: str, compute: str = "") -> Path:
        (tmp_path / f"{name}.py").write_text(declaration)
        (tmp_path / f"{name}_compute.py").write_text(compute)
        facts = tmp_path / f"{name}-1.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (facts / "entry_points.txt").write_text(f"[pycwtd.workloads]\n{name} = {name}:WORKLOAD\n")
        return tmp_path

    return write
