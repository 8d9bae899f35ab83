"""Packages of pycwtd: the installed one's file, without which there is no way back."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tarfile
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from process import LONG, NAME, RefusedError, UnwellError, need, run

#: Root's alone, for what is installed from there is run as root.
KEPT = Path("/var/lib/pycwtd-packages")
APT = Path("/var/cache/apt/archives")
SUMS = Path("/var/lib/dpkg/info/pycwtd.md5sums")
#: Beside the one that is installed, the one before.
KEEP = 2


@dataclass(frozen=True)
class Package:
    """A package in a file."""

    path: Path
    name: str
    version: str
    architecture: str


def read_package(path: Path) -> Package:
    """What a file says that it is.

    Raises:
        RefusedError: it is no package.
    """
    try:
        told = need(["dpkg-deb", "--field", path, "Package", "Version", "Architecture"])
    except UnwellError as error:
        raise RefusedError(f"{path} is no package: {error}") from None
    fields = dict(line.split(": ", 1) for line in told.splitlines())
    return Package(path, fields["Package"], fields["Version"], fields["Architecture"])


def read_installed() -> Package:
    """The version that dpkg has installed.

    Raises:
        RefusedError: there is none, or it is installed by halves.
    """
    form = "${db:Status-Status}\t${Version}\t${Architecture}"
    ran = run(["dpkg-query", "--show", f"--showformat={form}", NAME])
    status, version, architecture = [*ran.stdout.split("\t"), "", "", ""][:3]
    if ran.returncode or status != "installed":
        raise RefusedError(f"the package {NAME} isn't installed here, or not wholly; see dpkg -s")
    return Package(SUMS, NAME, version, architecture)


def same_build(path: Path) -> bool:
    """Whether a package has just the files that are installed."""
    command = ["dpkg-deb", "--ctrl-tarfile", path]
    packed = subprocess.run(command, check=True, capture_output=True).stdout  # noqa: S603 - no shell
    with tarfile.open(fileobj=io.BytesIO(packed)) as control:
        for name in ("./md5sums", "md5sums"):
            with suppress(KeyError):
                file = control.extractfile(name)
                return file is not None and file.read() == SUMS.read_bytes()
    return False


def find_older(installed: Package, given: Path | None, beside: Path) -> Package:
    """The package of what is installed.

    Args:
        installed: what to look for.
        given: the file, if its user knows it.
        beside: the folder of the new package; it is looked for there, too.

    Raises:
        RefusedError: it isn't there, or is of another build.
    """
    places = [KEPT, APT, beside]
    files = [given] if given else [one for place in places for one in place.glob(f"{NAME}_*.deb")]
    other = ""
    for file in files:
        try:
            found = read_package(file)
        except RefusedError:
            if given:
                raise
            continue
        if (found.name, found.version, found.architecture) != (
            NAME,
            installed.version,
            installed.architecture,
        ):
            other = f"; {file} is {found.name} {found.version}" if given else other
        elif same_build(file):
            return found
        else:
            other = f"; {file} is of that version, but has other files"
    looked = "" if given else f" in {', '.join(map(str, places))}"
    raise RefusedError(
        f"the package of {NAME} {installed.version}, which is installed, isn't there{looked}{other}"
        ". Without it there is no way back: put it into one of them, or name it by --older"
    )


def keep_package(package: Package) -> Package:
    """A copy of a package in :data:`KEPT`, written whole or not at all."""
    KEPT.mkdir(mode=0o755, exist_ok=True)
    target = KEPT / f"{NAME}_{package.version.replace(':', '%3a')}_{package.architecture}.deb"
    if not target.exists() or not package.path.samefile(target):
        partial = target.with_suffix(".partial")
        shutil.copyfile(package.path, partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.rename(target)
    os.utime(target)
    return replace(package, path=target)


def drop_packages() -> None:
    """Remove all but the newest packages of :data:`KEPT`."""
    files = sorted(KEPT.glob(f"{NAME}_*.deb"), key=lambda file: file.stat().st_mtime_ns)
    for file in files[:-KEEP]:
        file.unlink()


def install(package: Package) -> None:
    """Have dpkg install it; configuration that is there stays.

    Raises:
        UnwellError: dpkg fails.
    """
    need(["dpkg", "--force-confold", "--install", package.path], LONG)


def is_installed(package: Package) -> bool:
    """Whether a package is what dpkg has installed, as a whole."""
    try:
        return read_installed().version == package.version
    except RefusedError:
        return False
