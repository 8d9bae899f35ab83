"""Backups: made at work, restored on a fresh box, compared job by job."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from box import Box
    from report import Report

BACKUPS = "/var/backups/pycwtd"


def check_backup(box: Box, realisations: int, report: Report) -> str:
    """Returns the job that was computed meanwhile."""
    job = ""
    with report.check("a backup is made by its service while a job computes"):
        box(
            "printf 'value\\n1\\n2\\n4\\n3\\n5\\n%.0s' 1 > /root/upload.csv;"
            " for i in $(seq 60); do echo $((i * i % 17)); done >> /root/upload.csv;"
            " pycwtctl data upload /root/upload.csv"
        )
        job = box.submit(realisations)
        box.until_computing(job)
        box("systemctl start pycwtd-backup.service")
        assert box.show("pycwtd-backup.service", "Result") == "success"
        (name,) = box(["ls", BACKUPS]).split()
        manifest = json.loads(box(["cat", f"{BACKUPS}/{name}/manifest.json"]))
        report.note(f"{manifest['rows']['jobs']} jobs, {len(manifest['files'])} files")
        assert manifest["rows"]["data"] == 1
        assert not manifest["damaged"]
        assert box(["stat", "-c", "%a %U", f"{BACKUPS}/{name}"]) == "700 pycwtd"
        assert box(f"ls {BACKUPS}/{name}/configuration") == "pycwtd.toml"
    with report.check("a second one takes no room for what hasn't changed"):
        box("systemctl start pycwtd-backup.service")
        first, second = box(["ls", BACKUPS]).split()
        done = next(one for one, has in box.jobs().items() if has["status"] == "completed")
        one, other = (
            box(["stat", "-c", "%i", f"{BACKUPS}/{name}/jobs/{done}/result.npz"])
            for name in (first, second)
        )
        assert one == other
    with report.check("the timer is there, and makes one each night once it is enabled"):
        box("systemctl enable --now pycwtd-backup.timer 2>&1")
        assert box.show("pycwtd-backup.timer", "ActiveState") == "active"
        assert box.show("pycwtd-backup.timer", "NextElapseUSecRealtime")
        box("systemctl disable --now pycwtd-backup.timer 2>&1")
    return job


def check_restore(box: Box, fresh: Box, running: str, digests: str, report: Report) -> None:
    """What the first box has in its newest backup, on a second one."""
    with report.check("it is restored on a fresh box"):
        newest = box(["ls", BACKUPS]).split()[-1]
        source = Path(f"/proc/{box.pid}/root{BACKUPS}/{newest}")
        fresh.put(source, f"/root/backup/{newest}")
        fresh("systemctl stop pycwtd.service pycwtd.socket")
        report.note(fresh("pycwtctl restore /root/backup 2>&1").splitlines()[-1].split(" from ")[0])
        fresh("systemctl start pycwtd.socket pycwtd.service")
        fresh.answer()
    with report.check("there every job and every number of it is the same, by digest"):
        here, there = box.jobs(), fresh.jobs()
        assert here.keys() == there.keys(), here.keys() ^ there.keys()
        fresh.finish(running)
        assert fresh.digests(running) == digests
        compared = 0
        for job, has in here.items():
            if has["status"] != "completed" or job == running:
                continue
            assert there[job] == has
            assert fresh.digests(job) == box.digests(job)
            compared += 1
        report.note(f"{len(here)} jobs, {compared} results, and the one that ran")
        assert compared
    with report.check("… and every series"):
        listed = json.loads(box("pycwtctl data list --json"))
        assert listed == json.loads(fresh("pycwtctl data list --json"))
        (one,) = listed if isinstance(listed, list) else listed["data"]
        path = f"http://localhost/api/v1/data/{one['data_id']}/download"
        command = f"curl -sS --fail --unix-socket /run/pycwtd/pycwtd.sock {path} | sha256sum"
        assert box(command) == fresh(command)
    with report.check("a restore doesn't write over what is there, nor under a daemon that runs"):
        ran = fresh.run(["pycwtctl", "restore", "/root/backup"], check=False)
        assert ran.returncode == 1
        assert "another pycwtd is using it" in ran.stderr, ran.stderr
        fresh("systemctl stop pycwtd.service pycwtd.socket")
        ran = fresh.run(["pycwtctl", "restore", "/root/backup"], check=False)
        assert "there are jobs already" in ran.stderr, ran.stderr
        fresh("systemctl start pycwtd.socket pycwtd.service")
    shutil.rmtree(fresh.root / "root/backup", ignore_errors=True)
