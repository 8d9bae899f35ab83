"""pycwtd-upgrade: there, and back by itself with every job and result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from box import lines
from installing import begin_load, end_load
from machine import MachineError
from packing import changed, never_ready, stuck_and_migrated, version_of, wrong

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from box import Box
    from packing import Edit
    from report import Report

_KEPT = "/var/lib/pycwtd-packages"
#: Of each step that may fail; a start is given up after the first of these.
_START_SECONDS, _SECONDS = 10, 30
_DPKG_SECONDS = 300.0


def check_way_back(box: Box, package: Path, target: Path, report: Report) -> None:
    """The older version is installed, and stays."""
    box.write(
        "/etc/systemd/system/pycwtd.service.d/check.conf",
        f"[Service]\nTimeoutStartSec={_START_SECONDS}\n",
    )
    box("systemctl daemon-reload && rm -f /root/pycwtd_*.deb")
    version, jobs = version_of(package), box.jobs()
    box.put(changed(package, target, 3, never_ready), "/root/never/pycwtd.deb")
    with report.check("pycwtd-upgrade changes nothing where the older package isn't there"):
        files = box.files()
        told = _upgrade(box, "/root/never/pycwtd.deb", 2)
        assert f"the package of pycwtd {version}, which is installed, isn't there" in told, told
        assert "nothing was changed" in told
        assert box.jobs() == jobs
        assert box.files() == files
    with report.check("pycwtd-upgrade --dry-run says what it would do, and does nothing"):
        box.put(package, f"/root/never/{package.name}")
        files = box.files()
        told = _upgrade(box, "--dry-run /root/never/pycwtd.deb", 0)
        report.note(f"{told.count('would ')} steps")
        assert f"would install {version} again" in told.replace("if not: ", ""), told
        assert box.jobs() == jobs
        assert box.files() == files
    with report.check("a version whose daemon doesn't get ready is rolled back"):
        told = _upgrade(box, "/root/never/pycwtd.deb", 1)
        assert "isn't well: 'systemctl start pycwtd.service' ends with 1" in told, told
        _is_back(box, version, told)
    box("rm -r /root/never")
    with report.check("a version that computes something else is rolled back"):
        told = _broken(box, package, target, wrong)
        assert "the coherence of two equal tones is" in told or "differ by" in told, told
        _is_back(box, version, told)
    with report.check("all jobs are there, as they were"):
        now = box.jobs()
        for job, was in jobs.items():
            assert now[job] == was, job
    _check_migrated(box, package, target, report)


def _check_migrated(box: Box, package: Path, target: Path, report: Report) -> None:
    version, jobs = version_of(package), box.jobs()
    done = [job for job, has in jobs.items() if has["status"] == "completed"][:3]
    digests = [box.digests(job) for job in done]
    late = ""
    with report.check("one that has migrated the store, and ends no job, goes with the backup"):
        made = changed(package, target, 5, stuck_and_migrated)
        box.put(made, "/root/stuck/pycwtd.deb")
        made.unlink()
        work = box.begin(f"exec pycwtd-upgrade --seconds {_SECONDS} /root/stuck/pycwtd.deb")
        told = _until(work, "looking whether")
        late = box.submit(10)
        told += work.communicate()[0]
        report.note(f"status {work.returncode}")
        assert work.returncode == 1, told
        assert f"hasn't ended within {_SECONDS} s" in told, told
        assert late in told.split("and there alone: ")[1].split(), told
        _is_back(box, version, told)
    with report.check("after it every job and result is there, as it was"):
        now = box.jobs()
        for job, was in jobs.items():
            assert now[job] == was, job
        assert late not in now
        for job, was in zip(done, digests, strict=True):
            assert box.digests(job) == was
        report.note(f"{len(jobs)} jobs, {len(done)} results by digest")


def check_way_there(box: Box, new: Path, report: Report) -> None:
    """Clients ask all the while."""
    with report.check("pycwtd-upgrade installs a good version, and no request fails"):
        jobs = box.jobs()
        load = begin_load(box)
        box.put(new, "/root/good/pycwtd.deb")
        told = _upgrade(box, "/root/good/pycwtd.deb", 0)
        assert f"{version_of(new)} is installed, and well" in told, told
        end_load(box, load, report)
        assert box("dpkg-query -W -f '${Version}' pycwtd") == version_of(new)
        now = box.jobs()
        for job, was in jobs.items():
            assert now[job] == was, job
    with report.check("it keeps both packages for the next one, for root to write alone"):
        kept = box(["ls", _KEPT]).split()
        assert len(kept) == 2, kept
        assert box(f"stat -c '%a %U' {_KEPT} {_KEPT}/*").split("\n") == [
            "755 root",
            *["644 root"] * 2,
        ]
        assert "isn't newer than" in _upgrade(box, "/root/good/pycwtd.deb", 2)
    with report.check("the service's own backups go on beside its"):
        box("systemctl start pycwtd-backup.service")
        assert box.show("pycwtd-backup.service", "Result") == "success"


def _broken(box: Box, package: Path, target: Path, edit: Edit) -> str:
    made = changed(package, target, 4, edit)
    box.put(made, "/root/broken/pycwtd.deb")
    made.unlink()
    told = _upgrade(box, "/root/broken/pycwtd.deb", 1)
    box("rm -r /root/broken")
    return told


def _upgrade(box: Box, options: str, status: int) -> str:
    """What it says."""
    command = f"exec pycwtd-upgrade --seconds {_SECONDS} {options} 2>&1"
    ran = box.run(["sh", "-c", command], check=False)
    assert ran.returncode == status, f"exit status {ran.returncode}: {ran.stdout}"
    return ran.stdout


def _is_back(box: Box, version: str, told: str) -> None:
    assert f"{version} is back, and well" in told, told
    assert box("dpkg-query -W -f '${Version} ${db:Status-Status}' pycwtd") == f"{version} installed"
    assert not box("dpkg --verify pycwtd | grep -v ' c '  || true")
    assert box.show("pycwtd.service", "ActiveState") == "active"
    box.answer()


def _until(work: subprocess.Popen[str], words: str) -> str:
    """What a program says up to a line."""
    told = ""
    for line in lines(work, _DPKG_SECONDS):
        told += line
        if words in line:
            return told
    raise MachineError(f"{words!r} isn't said: {told}")
