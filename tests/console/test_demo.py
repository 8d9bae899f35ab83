"""The demonstration, from start to picture, and what it says when it can't."""

from __future__ import annotations

import math
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pycwtd_console.demo import relation
from pycwtd_console.private import DaemonError, PrivateDaemon


def test_demo(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "pycwtd_console.demo", "--count", "200"],
        cwd=tmp_path,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "demo.png").read_bytes().startswith(b"\x89PNG")
    # Grinsted et al. (2004), section 5: significant regions, all of them in anti-phase.
    assert "in anti-phase" in ran.stdout
    found = re.search(r"Significant: +([\d.]+)%", ran.stdout)
    assert found
    assert 20 < float(found[1]) < 60
    assert "200 realisations of estimator cascade on backend" in ran.stdout
    result, log = (re.search(rf"{name}: +(.*)", ran.stdout) for name in ("Result", "Log"))
    assert result
    assert log
    assert Path(result[1]).exists()
    assert Path(log[1]).read_text().splitlines()[-1].endswith("stopped")


@pytest.mark.parametrize(
    ("degrees", "words"),
    [
        (0, "in phase"),
        (-174, "in anti-phase"),
        (180, "in anti-phase"),
        (80, "Arctic Oscillation leads"),
        (-100, "Baltic ice leads"),
        (math.nan, "undefined"),
    ],
)
def test_phases_in_words(degrees, words):
    assert relation(math.radians(degrees)).startswith(words)


def test_a_daemon_that_does_not_start(tmp_path):
    (tmp_path / "state").write_text("a file is in the way")
    daemon = PrivateDaemon(tmp_path)
    with pytest.raises(DaemonError, match="ended before it was ready") as caught:
        daemon.start()
    assert f"state directory {tmp_path / 'state'}" in str(caught.value)
