"""The unit files, as systemd's own tools see them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "etc/systemd"
DROP_INS = UNITS / "pycwtd.service.d"
PYCWTD = Path(sys.executable).with_name("pycwtd")
ANALYZE = shutil.which("systemd-analyze")
#: Of 10; what is in the unit's comments is the reason for what is left of it.
MOST_EXPOSED = 1.0

needs_tool = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze isn't installed")


@pytest.fixture
def units(tmp_path) -> list[Path]:
    """The units with the path of this environment's daemon."""
    copies = []
    for unit in sorted(UNITS.glob("pycwtd*")):
        if unit.suffix not in {".service", ".socket", ".timer"}:
            continue
        text = unit.read_text()
        copies.append(tmp_path / unit.name)
        copies[-1].write_text(text.replace("/usr/bin", str(PYCWTD.parent)))
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
    assert [unit.name for unit in units] == [
        "pycwtd-backup.service",
        "pycwtd-backup.timer",
        "pycwtd-proxy.socket",
        "pycwtd-tcp.socket",
        "pycwtd.service",
        "pycwtd.socket",
    ]
    assert analyze("verify", "--man=no", *units) == ""


@needs_tool
def test_the_services_are_hardly_exposed(units):
    services = [unit for unit in units if unit.suffix == ".service"]
    assert services
    for service in services:
        assert exposure(service) <= MOST_EXPOSED


@needs_tool
def test_with_boards_it_is_hardly_more_exposed(units):
    """The drop-in's settings, as an operator has them who has removed the marks of comments."""
    (service,) = [unit for unit in units if unit.name == "pycwtd.service"]
    without = exposure(service)
    drop_in = re.sub(r"(?m)^#(?=[A-Z]\w+=)", "", (DROP_INS / "boards.conf").read_text())
    assert "\nPrivateDevices=no\n" in drop_in
    service.write_text(f"{service.read_text()}\n{drop_in}")
    assert without < exposure(service) <= MOST_EXPOSED


def test_the_drop_ins_change_nothing_as_they_come():
    drop_ins = sorted(DROP_INS.glob("*.conf"))
    assert drop_ins
    for drop_in in drop_ins:
        lines = [line for line in drop_in.read_text().splitlines() if line[:1] != "#"]
        assert lines == ["[Service]"], drop_in.name


def exposure(service: Path) -> float:
    told = analyze("security", "--offline=yes", "--no-pager", service)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
    assert found, told
    return float(found[1])


def test_what_the_daemon_stands_on_is_in_the_unit():
    text = (UNITS / "pycwtd.service").read_text()
    for setting in ("Type=notify", "Restart=always", "StartLimitIntervalSec=0"):
        assert f"\n{setting}\n" in text
    assert re.search(r"^WatchdogSec=\d+s$", text, re.MULTILINE)
    # Roles are by user: in a user namespace everybody would be nobody.
    assert "\nPrivateUsers=" not in text
    names = re.findall(r"^FileDescriptorName=(.*)$", _sockets(), re.MULTILINE)
    assert names == ["proxy", "tcp", "unix"]
    proxy = (UNITS / "pycwtd-proxy.socket").read_text()
    assert "\nSocketMode=0600\nSocketUser=www-data\n" in proxy


def _sockets() -> str:
    return "".join(unit.read_text() for unit in sorted(UNITS.glob("*.socket")))
