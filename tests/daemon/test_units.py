"""The unit files, as systemd's own tools see them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "etc/systemd"
PYCWTD = Path(sys.executable).with_name("pycwtd")
ANALYZE = shutil.which("systemd-analyze")
#: Of 10; what is in the unit's comments is the reason for what is left of it.
MOST_EXPOSED = 1.0

needs_tool = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze isn't installed")


@pytest.fixture
def units(tmp_path) -> list[Path]:
    """The units with the path of this environment's daemon."""
    copies = []
    for unit in sorted(UNITS.glob("*.s[eo]*")):
        text = unit.read_text()
        copies.append(tmp_path / unit.name)
        copies[-1].write_text(text.replace("/usr/bin/pycwtd", str(PYCWTD)))
    return copies


def analyze(*arguments: object) -> str:
    assert ANALYZE
    ran = subprocess.run(
        [ANALYZE, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout + ran.stderr


@needs_tool
def test_systemd_finds_nothing_wrong(units):
    assert [unit.name for unit in units] == ["pycwtd-tcp.socket", "pycwtd.service", "pycwtd.socket"]
    assert analyze("verify", "--man=no", *units) == ""


@needs_tool
def test_the_service_is_hardly_exposed(units):
    (service,) = [unit for unit in units if unit.suffix == ".service"]
    told = analyze("security", "--offline=yes", "--no-pager", service)
    exposure = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert exposure, told
    assert float(exposure[1]) <= MOST_EXPOSED, told


def test_what_the_daemon_stands_on_is_in_the_unit():
    text = (UNITS / "pycwtd.service").read_text()
    for setting in ("Type=notify", "Restart=always", "StartLimitIntervalSec=0"):
        assert f"\n{setting}\n" in text
    assert re.search(r"^WatchdogSec=\d+s$", text, re.MULTILINE)
    # Roles are by user: in a user namespace everybody would be nobody.
    assert "\nPrivateUsers=" not in text
    names = re.findall(r"^FileDescriptorName=(.*)$", _sockets(), re.MULTILINE)
    assert names == ["tcp", "unix"]


def _sockets() -> str:
    return "".join(unit.read_text() for unit in sorted(UNITS.glob("*.socket")))
