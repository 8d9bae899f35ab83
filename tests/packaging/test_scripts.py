"""The shell scripts of the appliance, as shellcheck sees them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ETC = Path(__file__).parents[2] / "etc"
SCRIPTS = [
    *(ETC / name for name in ("build-deb.sh", "install.sh", "stage-system.sh")),
    *(ETC / "debian" / name for name in ("postinst", "postrm", "pycwtd-upgrade")),
]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck isn't installed")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_finds_nothing(script):
    ran = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_install_says_what_its_options_are():
    ran = subprocess.run(
        ["sh", ETC / "install.sh", "--help"], capture_output=True, text=True, check=True
    )
    for option in ("--dry-run", "--wheels DIR", "--no-start", "--remove"):
        assert option in ran.stdout
    refused = subprocess.run(
        ["sh", ETC / "install.sh", "--force"], capture_output=True, text=True, check=False
    )
    assert refused.returncode == 1
    assert "--force: unknown" in refused.stderr
