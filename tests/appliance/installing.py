"""The package: what it puts where, and that it goes as it came."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from packing import version_of

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from box import Box
    from report import Report

#: As ``systemd-analyze security`` has it, of 10.
MOST_EXPOSED = 1.0
_MODES = {
    "/var/lib/pycwtd": "750 pycwtd pycwtd",
    "/var/backups/pycwtd": "700 pycwtd pycwtd",
    "/etc/pycwtd": "755 root root",
    "/etc/pycwtd/pycwtd.toml": "640 root pycwtd",
    "/run/pycwtd/pycwtd.sock": "660 root pycwtd",
    "/opt/pycwtd": "755 root root",
}
_LOAD = """
import http.client, json, os, socket, sys
class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX); self.sock.settimeout(60)
        self.sock.connect(sys.argv[1])
good = 0; bad = []
print("begun", flush=True)
while not os.path.exists("/run/enough"):
    connection = Unix("localhost")
    try:
        connection.request("GET", "/api/v1/jobs")
        answer = connection.getresponse(); answer.read()
        if answer.status == 200: good += 1
        else: bad.append(answer.status)
    except OSError as error: bad.append(repr(error))
    except http.client.HTTPException as error: bad.append(repr(error))
    connection.close()
print(json.dumps([good, bad]))
"""


def check_install(box: Box, package: Path, report: Report) -> None:
    """On a Debian that has no network."""
    with report.check("the package is installed without a network"):
        assert box("ls /sys/class/net") == "lo"
        report.note(f"dpkg took {box.install(package):.1f} s")
        assert box("dpkg-query -W -f '${Status}' pycwtd") == "install ok installed"
    with report.check("everything has its owner and mode, and nothing is everybody's to write"):
        for path, mode in _MODES.items():
            found = box(["stat", "-c", "%a %U %G", path])
            assert found == mode, f"{path} has {found} in place of {mode}"
        listed = "dpkg -L pycwtd | xargs -d '\\n' stat -c '%A %n' | grep '^[^l].......w' || true"
        assert not box(listed), box(listed)
        assert not box("dpkg --verify pycwtd"), box("dpkg --verify pycwtd")
    with report.check("the service is hardly exposed"):
        for unit in ("pycwtd.service", "pycwtd-backup.service"):
            told = box.run(["systemd-analyze", "security", "--no-pager", unit]).stdout
            found = re.search(r"Overall exposure level for \S+: ([\d.]+)", told)
            assert found, told
            report.note(f"{unit} {found[1]} of 10")
            assert float(found[1]) <= MOST_EXPOSED
    with report.check("systemd finds nothing wrong with the units"):
        units = " ".join(box("ls /lib/systemd/system/pycwtd*").split())
        assert not box(f"systemd-analyze verify --man=no {units} 2>&1")


def check_restarts(box: Box, report: Report) -> None:
    """Sockets are systemd's: whoever comes meanwhile waits."""
    with report.check("ten restarts, and no request fails"):
        load = begin_load(box)
        for _ in range(10):
            box("systemctl restart pycwtd.service")
        end_load(box, load, report)


def begin_load(box: Box) -> subprocess.Popen[str]:
    """A client that asks one thing after the other."""
    box("rm -f /run/enough")
    load = box.begin(f"exec /opt/pycwtd/bin/python -c '{_LOAD}' /run/pycwtd/pycwtd.sock")
    assert load.stdout
    assert load.stdout.readline() == "begun\n"
    return load


def end_load(box: Box, load: subprocess.Popen[str], report: Report) -> None:
    """Not one of its requests has failed."""
    assert load.stdout
    box("touch /run/enough")
    good, bad = json.loads(load.stdout.readline())
    load.wait()
    report.note(f"{good} requests answered, {len(bad)} failed")
    assert not bad, bad[:5]
    assert good > 10


def check_upgrade(box: Box, packages: tuple[Path, Path], digests: str, report: Report) -> None:
    """A job computes and clients ask all the while."""
    old, new = packages
    with report.check("an upgrade restarts the service, and no request fails"):
        load = begin_load(box)
        box("echo '# kept by the admin' >> /etc/pycwtd/pycwtd.toml")
        before, jobs = box.show("pycwtd", "MainPID"), box.jobs()
        job = box.submit(40_000)
        box.until_computing(job)
        report.note(f"dpkg took {box.install(new, '--force-confold'):.1f} s")
        assert box("dpkg-query -W -f '${Version}' pycwtd") == version_of(new)
        assert box.show("pycwtd", "MainPID") not in {before, "0"}
        end_load(box, load, report)
    with report.check("after it jobs are kept, and the one that ran ends with the same numbers"):
        box.finish(job)
        assert box.digests(job) == digests
        now = box.jobs()
        for job_id, job_was in jobs.items():
            assert now[job_id] == job_was, job_id
    with report.check("after it the configuration is the admin's, and the new one beside it"):
        assert box("tail -1 /etc/pycwtd/pycwtd.toml") == "# kept by the admin"
        assert box("stat -c '%a %G' /etc/pycwtd/pycwtd.toml") == "640 pycwtd"
        assert box("tail -1 /etc/pycwtd/pycwtd.toml.dpkg-dist") == "# of the newer version"
    with report.check("the older package can be put back"):
        report.note(f"dpkg took {box.install(old, '--force-confold'):.1f} s")
        assert box("dpkg-query -W -f '${Version}' pycwtd") == version_of(old)
        box.answer()
        assert box.jobs().keys() == {*jobs, job}


def check_removal(box: Box, before: dict[str, str], report: Report) -> None:
    """First the program, then everything."""
    with report.check("removed, the program is gone, and jobs and configuration stay"):
        box("dpkg -r pycwtd </dev/null")
        assert box.run(["systemctl", "is-active", "pycwtd.service"], check=False).returncode
        assert box.run(["systemctl", "is-active", "pycwtd.socket"], check=False).returncode
        left = box("ls -d /opt/pycwtd /usr/bin/pycwtd* 2>/dev/null || true")
        assert not left, left
        assert box("ls /var/lib/pycwtd/jobs")
        assert box("ls /etc/pycwtd/pycwtd.toml")
    with report.check("purged, nothing asks and nothing is left"):
        box("dpkg -P pycwtd </dev/null")
        after = box.files()
        assert not after.keys() - before.keys(), sorted(after.keys() - before.keys())[:20]
        changed = {path for path in before if before[path] != after.get(path)}
        assert not changed, sorted(changed)[:20]
        for kind in ("passwd", "group"):
            assert "pycwtd" not in box(["getent", kind])
        assert not box("find /run /var/lib/systemd -name '*pycwtd*'")
