"""lintian's verdict on the package; it takes minutes, while other things are tried."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from report import Report

_SECONDS = 1200.0


class Lint:
    """lintian at work in the background, where it is installed."""

    def __init__(self, package: Path, told: Path) -> None:
        """Begin.

        Args:
            package: what it looks at.
            told: file for what it says.
        """
        self._told = told
        self._work: subprocess.Popen[bytes] | None = None
        if shutil.which("lintian"):
            command = ["lintian", "--allow-root", "--fail-on", "error,warning", package]
            with told.open("wb") as file:
                self._work = subprocess.Popen(command, stdout=file, stderr=file)

    def end(self, report: Report) -> None:
        """Wait for what it says."""
        if self._work is None:
            report.untried("lintian", "it isn't installed: apt-get install lintian")
            return
        with report.check("lintian has nothing to say that isn't answered in its overrides"):
            status = self._work.wait(_SECONDS)
            assert status == 0, self._told.read_text()

    def stop(self) -> None:
        """It is of no use any more."""
        if self._work and self._work.poll() is None:
            self._work.kill()
            self._work.wait()
