"""The report of the bitstream that is kept."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest

GATEWARE = Path(__file__).parents[2] / "fpga_gateware"
REPORTS = sorted((GATEWARE / "release").glob("*.json"))


@pytest.fixture
def build(monkeypatch):
    monkeypatch.syspath_prepend(str(GATEWARE))
    spec = importlib.util.spec_from_file_location("gateware_build", GATEWARE / "build.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.stem)
def test_it_is_of_these_sources_and_good_enough(build, path):
    """Whoever changes the gateware runs ``make bitstream`` again."""
    report = json.loads(path.read_text())
    options = build.Options(**report["options"])
    assert report["sources_sha256"] == build.digest(options)
    assert report["fmax_mhz"] >= options.mhz
    for name in ("LUT4", "ALU", "DFF", "BSRAM", "MULT18X18"):
        used, available = report["used"][name]
        assert used <= 0.9 * available, name


def test_there_is_one():
    assert REPORTS
