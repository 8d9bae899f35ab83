"""Packages that were changed: newer ones, good and bad."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    #: Changes the tree of a package.
    Edit = Callable[[Path], None]

_SITE = "opt/pycwtd/lib/python3.*/site-packages"


def version_of(package: Path) -> str:
    """As the package says it."""
    command = ["dpkg-deb", "-f", package, "Version"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def changed(package: Path, target: Path, revision: int, edit: Edit) -> Path:
    """A package of a later revision.

    Args:
        package: what is changed.
        target: folder for the new one.
        revision: of the new one.
        edit: what is different in it.
    """
    version = version_of(package)
    later = f"{version.rsplit('-', 1)[0]}-{revision}"
    tree = target / "changed"
    subprocess.run(["rm", "-rf", tree], check=True)
    subprocess.run(["dpkg-deb", "-R", package, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(control.read_text().replace(f"Version: {version}", f"Version: {later}"))
    edit(tree)
    made = target / package.name.replace(version, later)
    # Nobody keeps it: what isn't compressed is made and installed the soonest.
    command = ["dpkg-deb", "-Znone", "--root-owner-group", "-b", tree, made]
    subprocess.run(command, check=True, capture_output=True)
    subprocess.run(["rm", "-rf", tree], check=True)
    return made


def newer(tree: Path) -> None:
    """A version with another default configuration."""
    with (tree / "etc/pycwtd/pycwtd.toml").open("a") as file:
        file.write("# of the newer version\n")


def never_ready(tree: Path) -> None:
    """A daemon that doesn't say READY."""
    program = tree / "opt/pycwtd/bin/pycwtd"
    program.write_text("#!/bin/sh\nexec sleep infinity\n")


def wrong(tree: Path) -> None:
    """A daemon that computes something else."""
    _edit(
        tree,
        "pycwtd/workloads/wavelet/compute.py",
        '        "WCT": coherence,',
        '        "WCT": coherence**2,',
    )


def stuck_and_migrated(tree: Path) -> None:
    """A daemon that brings the database to a version of its own, and ends no coherence."""
    _edit(
        tree,
        "pycwtd/store/schema.py",
        "MIGRATIONS: tuple[str, ...] = (",
        "MIGRATIONS: tuple[str, ...] = (",
        end='    "CREATE TABLE later (number INTEGER) STRICT;",\n)\n',
    )
    _edit(
        tree,
        "pycwtd/workloads/wavelet/compute.py",
        "    coherence, phase, coi, freqs, _ = found",
        "    import signal; signal.pause()\n    coherence, phase, coi, freqs, _ = found",
    )


def _edit(tree: Path, name: str, old: str, new: str, end: str = "") -> None:
    """Replace the only occurrence of a text, and the end of the tuple that it begins, if given."""
    (file,) = tree.glob(f"{_SITE}/{name}")
    text = file.read_text()
    assert text.count(old) == 1, f"{name} has {old!r} {text.count(old)} times"
    text = text.replace(old, new)
    if end:
        at = text.index("\n)\n", text.index(new)) + 1
        text = text[:at] + end + text[at:].removeprefix(")\n")
    file.write_text(text)
    # Compiled ones are never compared with their source.
    for compiled in file.parent.glob(f"__pycache__/{file.stem}.*.pyc"):
        compiled.unlink()
