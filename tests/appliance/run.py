"""The appliance, proved: a Debian that boots, the package on it, and everything that it promises.

``make test-appliance`` calls it, as root: ``python tests/appliance/run.py PACKAGE BUILD``.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from box import Box
from helping import check_help
from installing import check_install, check_removal, check_restarts, check_upgrade
from keeping import check_backup, check_restore
from linting import Lint
from living import (
    check_crash,
    check_crashes,
    check_hang,
    check_journal,
    check_limits,
    check_reload,
    check_start,
    reference,
)
from machine import make_tree
from packing import changed, newer
from proxying import check_proxy
from report import Report
from ruling import check_rules
from scripting import check_clone, check_script, has_index
from upgrading import check_way_back, check_way_there

#: Of the job that everything is tried on.
REALISATIONS = 40_000
UNTRIED = {
    "boards plugged in and out": "the machine has no USB; "
    "udev's part is tried on a board whose sysfs is made up",
    "power cuts": "the machine's disk is a folder of the host's; tests/daemon cuts at the system "
    "calls",
    "a boot loader, a kernel and its modules": "the box shares the host's kernel",
    "clients on another machine": "the box has no network but its own loopback",
    "certificates of an authority, and their renewal": "there is no network",
    "the timer's first night": "nobody waits for it; its service is started by hand",
    "systemd of other releases": "the tree is Debian 12",
    "Ubuntu, by install.sh or the package": "no mirror of it is among this machine's sources of "
    "packages; install.sh is tried on Debian alone",
}


def main(package: Path, build: Path) -> int:
    """Run all checks; returns the exit status."""
    if os.geteuid() != 0:
        print("root is needed: namespaces, control groups, a tree with its owners", file=sys.stderr)
        return 2
    # So that no box stays behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    report, began = Report(), time.monotonic()
    with report.check("a Debian tree is there"):
        archive = make_tree(build)
    box, fresh = Box("box", archive, build / "box"), Box("fresh", archive, build / "fresh")
    lint = Lint(package, build / "lintian.log")
    with ExitStack() as stack:
        stack.callback(lint.stop)
        stack.callback(box.power_off)
        stack.callback(fresh.power_off)
        with report.check("the first box boots"):
            report.note(f"{box.boot():.1f} s to systemd's 'running'")
        _first(box, package, report)
        digests = reference(box, REALISATIONS, report)
        _faults(box, digests, report)
        check_help(box, report)
        job = check_backup(box, REALISATIONS, report)
        with report.check("the second box boots"):
            report.note(f"{fresh.boot():.1f} s")
        before = fresh.files()
        fresh.install(package)
        check_restore(box, fresh, job, digests, report)
        check_proxy(box, report)
        check_restarts(box, report)
        new = changed(package, build, 2, newer)
        check_upgrade(box, (package, new), digests, report)
        check_way_back(box, package, build, report)
        box.put(package, f"/root/good/{package.name}")
        check_way_there(box, new, report)
        check_removal(fresh, before, report)
        check_script(fresh, package.parents[1] / "wheels", report)
        if has_index():
            clone = Box("clone", archive, build / "clone")
            stack.callback(clone.power_off)
            check_clone(clone, report)
        else:
            report.untried("install.sh from a clone", "the index of Python packages isn't reached")
        lint.end(report)
    for name, reason in UNTRIED.items():
        report.untried(name, reason)
    print(f"{time.monotonic() - began:.0f} s in all")
    return report.end()


def _first(box: Box, package: Path, report: Report) -> None:
    check_install(box, package, report)
    check_rules(box, report)
    box.write_series()
    check_start(box, report)


def _faults(box: Box, digests: str, report: Report) -> None:
    check_crash(box, REALISATIONS, digests, report)
    check_crashes(box, report)
    check_hang(box, report)
    check_reload(box, report)
    check_limits(box, report)
    check_journal(box, report)


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()))
