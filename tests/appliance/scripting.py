"""etc/install.sh: the second way to install, on a box that the package was purged from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from box import Box
    from report import Report

ROOT = Path(__file__).parents[2]
_SCRIPT = "sh /root/clone/etc/install.sh --wheels /root/wheels"
#: What stays of an installation that is removed, beside what is in it.
_STAYS = ("/etc/pycwtd", "/var/lib/pycwtd", "/var/backups/pycwtd", "/etc/systemd/system/pycwtd")
#: Folders of the system that may not have been there.
_FOLDERS = "/usr/local/lib/"


def check_script(box: Box, wheels: Path, report: Report) -> None:
    """Without a network, from the wheels that make deb has left."""
    box.put(ROOT / "etc", "/root/clone/etc")
    box.put(ROOT / "constraints.txt", "/root/clone/constraints.txt")
    box.put(wheels, "/root/wheels")
    before = box.files()
    with report.check("install.sh --dry-run says what it would do, and does nothing"):
        told = box(f"{_SCRIPT} --dry-run")
        report.note(f"{len(told.splitlines()) - 1} steps")
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
        box(_SCRIPT)
        box.answer()
        assert box.show("pycwtd.service", "ActiveState") == "active"
        assert box("/usr/local/bin/pycwtctl --version").startswith("pycwtctl ")
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
