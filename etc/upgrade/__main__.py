"""Upgrade pycwtd, and put the older version back where the new one isn't well.

    pycwtd-upgrade [--dry-run] [--older DEB] [--backups DIR] [--seconds N] NEW.deb

It looks for the package of the version that is installed, has the daemon compute a small job whose
numbers are known, makes a verified backup, installs the new package, and looks again: the daemon
gets ready, says that it is well, knows every job, and computes the same job. If any of that fails,
the older package is installed again, and looked at in the same way. The store is left as it is
where the older version can use it; where it can't, the backup is put back, and what was accepted
since is kept aside and named.

Packages that were installed by it are kept in /var/lib/pycwtd-packages, for the next upgrade.
All that it says is in the journal, too: journalctl -t pycwtd-upgrade.

Exit status: 0, upgraded; 1, the new version wasn't well, and the older one is back and well;
2, nothing was changed; 3, neither is well, and somebody has to see to it.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import sys
import syslog
from pathlib import Path

from health import CTL, UNIT, Seen, look
from packages import (
    KEPT,
    Package,
    drop_packages,
    find_older,
    install,
    is_installed,
    keep_package,
    read_installed,
    read_package,
)
from process import LONG, NAME, RefusedError, UnwellError, need, run, say

BACKUPS = Path("/var/backups/pycwtd")
LOCK = Path("/run/pycwtd-upgrade.lock")
#: The exit status.
DONE, BACK, REFUSED, LOST = range(4)
_ACCEPTED = """
import sqlite3, sys
def ids(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return {row[0] for row in database.execute("SELECT id FROM jobs")}
print(*sorted(ids(sys.argv[1]) - ids(sys.argv[2])))
"""


def backup(folder: Path) -> Path:
    """Back the store up as the daemon's user, who owns it; returns where it is.

    Raises:
        RefusedError: there is no verified backup.
    """
    try:
        told = json.loads(need([CTL, "backup", "--json", folder], LONG, NAME))
    except (UnwellError, ValueError) as error:
        raise RefusedError(f"no backup: {error}") from None
    return Path(told["backup"])


def main_pid() -> str:
    """The process of the service."""
    return need(["systemctl", "show", "--value", "--property=MainPID", UNIT]).strip()


def go(new: Package, seconds: float, before: Seen) -> None:
    """Install the new package, and look at it.

    Raises:
        UnwellError: it can't be installed, or isn't well.
    """
    old_pid = main_pid()
    say(f"installing {new.version}")
    install(new)
    if main_pid() == old_pid:
        raise UnwellError("its installation hasn't restarted the service")
    say("looking whether it is ready and well, and computes what the older one did")
    look(seconds, before)


def go_back(older: Package, saved: Path, seconds: float, before: Seen) -> int:
    """Install the older package, and the backup where it needs that; returns the status."""
    try:
        if not is_installed(older):
            say(f"installing {older.version} again")
            install(older)
        try:
            look(seconds, before)
        except UnwellError as error:
            say(f"{older.version} can't use the store as it is: {error}")
            put_back(saved, seconds)
            look(seconds, before)
    except (UnwellError, OSError, ValueError) as error:
        say(
            f"{older.version} isn't well either: {error}.\n"
            f"See journalctl -u {NAME}. The package is {older.path}, the backup is {saved}:\n"
            f"    dpkg --force-confold -i {older.path}\n"
            f"    systemctl stop {NAME}.service {NAME}.socket\n"
            f"    pycwtctl restore --replace {saved}\n"
            f"    systemctl start {NAME}.socket {NAME}.service"
        )
        return LOST
    say(f"{older.version} is back, and well")
    return BACK


def put_back(saved: Path, seconds: float) -> None:
    """Restore the backup, and name what isn't in it.

    Raises:
        UnwellError: it can't be restored.
    """
    say(f"putting the backup back: {saved}")
    # With its sockets, lest a client start it in between.
    listening = [one for one in sockets() if not run(["systemctl", "is-active", one]).returncode]
    need(["systemctl", "stop", UNIT, *listening], seconds)
    told = json.loads(need([CTL, "restore", "--replace", "--json", saved], LONG, NAME))
    aside = max(Path(told["state_dir"]).glob("replaced-*"), key=lambda one: one.stat().st_mtime_ns)
    need(["systemctl", "start", *listening], seconds)
    say(f"what was there is in {aside}")
    files: list[str | Path] = [aside / "pycwtd.sqlite3", saved / "pycwtd.sqlite3"]
    ran = run([sys.executable, "-IBc", _ACCEPTED, *files], 600, NAME)
    if ran.returncode:
        say("which jobs were accepted since the backup can't be read there")
    elif jobs := ran.stdout.strip():
        say(f"accepted since the backup, and there alone: {jobs}")


def sockets() -> list[str]:
    """The units of the package that listen."""
    told = need(["dpkg-query", "--listfiles", NAME]).splitlines()
    return sorted(Path(name).name for name in told if name.endswith(".socket"))


def prepare(options: argparse.Namespace) -> tuple[Package, Package]:
    """The new package and the older one; nothing is changed.

    Raises:
        RefusedError: the way there or back isn't open.
    """
    if os.geteuid() != 0:
        raise RefusedError("it must be run as root")
    new = read_package(options.package)
    installed = read_installed()
    if new.name != NAME or new.architecture != installed.architecture:
        raise RefusedError(
            f"{new.path} is {new.name} for {new.architecture}, and here {NAME} for"
            f" {installed.architecture} is installed"
        )
    versions: list[str | Path] = [new.version, "gt", installed.version]
    if run(["dpkg", "--compare-versions", *versions]).returncode:
        raise RefusedError(
            f"{new.version} isn't newer than {installed.version}, which is installed"
        )
    return new, find_older(installed, options.older, new.path.parent)


def tell(new: Package, older: Package, options: argparse.Namespace) -> int:
    """What would be done; returns the exit status.

    Raises:
        UnwellError: the daemon isn't well now.
    """
    status = need([CTL, "health"], options.seconds).splitlines()[0].split()[-1]
    say(f"the daemon is {status}")
    for step in (
        "have it compute a small job",
        f"back up to {options.backups}",
        f"keep {older.path.name} in {KEPT}",
        f"install {new.path}, and keep it there as well",
        "look whether it is ready and well, and computes the same job",
        f"if not: install {older.version} again, and the backup where it needs it",
    ):
        say(f"would {step}")
    return DONE


def upgrade(options: argparse.Namespace) -> int:
    """All of it; returns the exit status.

    Raises:
        RefusedError: it can't be begun.
    """
    new, older = prepare(options)
    say(f"{older.version} is installed, and its package is {older.path}; {new.version} is new")
    if options.dry_run:
        return tell(new, older, options)
    try:
        before = look(options.seconds)
    except UnwellError as error:
        raise RefusedError(f"{older.version} isn't well: {error}; see to that first") from None
    older = keep_package(older)
    saved = backup(options.backups)
    say(f"backup: {saved}")
    # From here on it is gone through with, whatever becomes of the terminal.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    try:
        go(new, options.seconds, before)
    except (UnwellError, OSError, ValueError) as error:
        say(f"{new.version} isn't well: {error}")
        return go_back(older, saved, options.seconds, before)
    say(f"{new.version} is installed, and well")
    try:
        keep_package(new)
        drop_packages()
    except OSError as error:
        say(f"for the next upgrade keep {new.path}; it can't be kept in {KEPT}: {error}")
    return DONE


def parser() -> argparse.ArgumentParser:
    """What the command line has."""
    found = argparse.ArgumentParser(
        prog="pycwtd-upgrade",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        usage=argparse.SUPPRESS,
    )
    found.add_argument("package", metavar="NEW.deb", type=Path)
    found.add_argument("--dry-run", action="store_true", help="say what would be done")
    found.add_argument("--older", metavar="DEB", type=Path, help="package of what is installed")
    found.add_argument(
        "--backups",
        metavar="DIR",
        type=Path,
        default=BACKUPS,
        help="the daemon's user writes there",
    )
    found.add_argument(
        "--seconds", metavar="N", type=float, default=300, help="for each step; by default 300"
    )
    return found


def main() -> int:
    """Returns the exit status."""
    options = parser().parse_args()
    options.package = options.package.absolute()
    syslog.openlog("pycwtd-upgrade")
    try:
        with LOCK.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return upgrade(options)
    except BlockingIOError:
        say("another pycwtd-upgrade is at work; nothing was changed")
    except (RefusedError, UnwellError, OSError) as error:
        say(f"{error}; nothing was changed")
    return REFUSED


if __name__ == "__main__":
    sys.exit(main())
