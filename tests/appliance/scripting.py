"""etc/install.sh: the second way to install, on a box that the package was purged from."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from box import Box
    from report import Report

ROOT = Path(__file__).parents[2]
_SCRIPT = "sh /root/clone/etc/install.sh --wheels /root/wheels"
_CLONE = "sh /root/clone/etc/install.sh"
#: What is made by programs that a step names.
_MADE = ("/opt/pycwtd", "/etc/pycwtd", "/var/lib/pycwtd", "/var/backups/pycwtd")
#: What stays of an installation that is removed, beside what is in it.
_STAYS = ("/etc/pycwtd", "/var/lib/pycwtd", "/var/backups/pycwtd", "/etc/systemd/system/pycwtd")
#: Folders of the system that may not have been there.
_FOLDERS = "/usr/local/lib/"


def check_script(box: Box, wheels: Path, report: Report) -> None:
    """Without a network, from the wheels that make deb has left."""
    told = done = ""
    box.put(ROOT / "etc", "/root/clone/etc")
    box.put(ROOT / "constraints.txt", "/root/clone/constraints.txt")
    box.put(wheels, "/root/wheels")
    before = box.files()
    with report.check("install.sh --dry-run says what it would do, and does nothing"):
        told = box(f"{_SCRIPT} --dry-run")
        report.note(f"{len(_steps(told))} steps")
        assert "write /etc/pycwtd/pycwtd.toml" in told
        assert box.files() == before
    with report.check("install.sh stops before a file that isn't its own"):
        box("mkdir -p /etc/udev/rules.d && echo '# mine' > /etc/udev/rules.d/70-pycwtd.rules")
        ran = box.run(["sh", "-c", f"{_SCRIPT} --dry-run"], check=False)
        assert ran.returncode == 1
        assert "70-pycwtd.rules is there and isn't of this script" in ran.stderr, ran.stderr
        assert box("cat /etc/udev/rules.d/70-pycwtd.rules") == "# mine"
        box("rm /etc/udev/rules.d/70-pycwtd.rules")
    with report.check("install.sh installs from a folder of wheels"):
        # Its first line is a step, and has lost what was before it.
        done = f"  {box(_SCRIPT)}"
        box.answer()
        assert box.show("pycwtd.service", "ActiveState") == "active"
        assert box("/usr/local/bin/pycwtctl --version").startswith("pycwtctl ")
    with report.check("what it did is what --dry-run has said, and nothing else"):
        differ = set(_steps(done)) ^ set(_steps(told))
        assert not differ, sorted(differ)
        for path in box.files().keys() - before.keys():
            assert _named(path, done), path
    with report.check("a second run finds nothing to do, and leaves the configuration alone"):
        box("echo '# mine' >> /etc/pycwtd/pycwtd.toml")
        pid, files = box.show("pycwtd.service", "MainPID"), box.files()
        assert box(_SCRIPT) == "Everything is there already."
        assert box.show("pycwtd.service", "MainPID") == pid
        assert box.files().keys() == files.keys()
        assert box("tail -1 /etc/pycwtd/pycwtd.toml") == "# mine"
    with report.check("install.sh --remove takes its own things away, and nothing else"):
        box("sh /root/clone/etc/install.sh --remove")
        after = box.files()
        assert not before.keys() - after.keys(), sorted(before.keys() - after.keys())
        left = [path for path in after.keys() - before.keys() if not path.startswith(_STAYS)]
        left = [path for path in left if not path.startswith(_FOLDERS) or after[path][0] != "d"]
        assert not left, sorted(left)


def _steps(told: str) -> list[str]:
    return [line for line in told.splitlines() if line.startswith("  ")]


def _named(path: str, told: str) -> bool:
    """Whether a file or folder that is new belongs to a step that was told."""
    if path.startswith(_MADE):
        return True
    # Links by "enable" and their folders, and folders that were made for a file.
    if path.startswith("/etc/systemd/system/") and path.endswith(".wants"):
        return "  enable " in told
    return Path(path).name in told or f" {path}/" in told


def has_index() -> bool:
    """Whether packages can be fetched."""
    with tempfile.TemporaryDirectory() as folder:
        fetch = ["pip", "--quiet", "download", "--no-deps", "--no-cache-dir", "--dest", folder]
        command = [sys.executable, "-m", *fetch, "sdnotify"]
        return subprocess.run(command, check=False, capture_output=True).returncode == 0


def check_clone(machine: Box, report: Report) -> None:
    """With the network of the host, from a clone; then without one, and with systemd."""
    with report.check("install.sh builds from a clone, with a network"):
        archive = subprocess.run(
            ["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True
        )
        (machine.root / "root/clone").mkdir()
        unpack = ["tar", "-x", "-C", machine.root / "root/clone"]
        subprocess.run(unpack, input=archive.stdout, check=True)
        told = machine.with_network(f"{_CLONE} --dry-run")
        assert not (machine.root / "opt/pycwtd").exists()
        done = machine.with_network(_CLONE)
        differ = set(_steps(done)) ^ set(_steps(told))
        assert not differ, sorted(differ)
    with report.check("a second run, without a network, starts what is there"):
        report.note(f"{machine.boot():.1f} s to boot")
        machine(_CLONE)
        assert machine.show("pycwtd.service", "ActiveState") == "active"
        machine.answer()
        assert machine(_CLONE) == "Everything is there already."
