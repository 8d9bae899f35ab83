"""A Debian that boots: systemd as the first process of namespaces of its own, without a network.

It needs root and cgroups of version 1, as few machines have them that aren't containers, or
version 2. What the host's kernel keeps for itself (modules, real devices, power) isn't there.
"""

from __future__ import annotations

import hashlib
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What is in the tree beside Debian's least: what the package depends on, and what the checks use.
PACKAGES = (
    "systemd",
    "systemd-sysv",
    "udev",
    "dbus",
    "python3",
    "nginx-light",
    "openssl",
    "curl",
    "logrotate",
    "procps",
    "umockdev",
    "man-db",
    "bash-completion",
    "zsh",
    "fish",
)
#: The shared libraries that wheels take from the system.
LIBRARIES = ("libstdc++6", "libgcc-s1", "zlib1g")
BOOT_SECONDS = 60.0
COMMAND_SECONDS = 300.0
BUILD_SECONDS = 1500.0
_V1 = ("cpu", "cpuacct", "cpuset", "memory", "pids", "devices", "freezer", "blkio")
_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "HOME": "/root",
}
_INIT = """
set -e
mount --make-rprivate /
mount --rbind "$1" "$1"; cd "$1"
mount -t proc proc proc
mount -t tmpfs -o mode=755,size=256m tmpfs run
mount -t tmpfs -o mode=1777,size=1g tmpfs tmp
mount -t tmpfs -o mode=755,size=4m tmpfs dev
for name in null zero full random urandom tty; do
    touch dev/$name; mount --bind /dev/$name dev/$name
done
mkdir -p dev/pts dev/shm dev/mqueue
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs tmpfs dev/shm
ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin; ln -s /proc/self/fd/1 dev/stdout; ln -s /proc/self/fd/2 dev/stderr
mount -t sysfs -o ro sysfs sys
if [ "$2" = 2 ]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
else
    mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
    for name in $3; do
        mkdir sys/fs/cgroup/$name; mount -t cgroup -o $name cgroup sys/fs/cgroup/$name
    done
    mkdir sys/fs/cgroup/systemd sys/fs/cgroup/unified
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
    mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
fi
mkdir -p run/host; pivot_root . run/host
cd /; mount --make-rshared /
umount -l /run/host
exec env -i container=pycwtd NOTIFY_SOCKET=/.booted PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system
"""
_ENTER = """
mount --make-rprivate /; mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"
exec chroot "$1" sh -ec "$2"
"""
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
#: Brings the loopback device up; Debian's least has no program for it.
_LOOPBACK = (
    "import fcntl, socket, struct;"
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14x', b'lo', 0x49))"
)


class MachineError(Exception):
    """The machine doesn't do what it was told; the text has what it said."""


def make_tree(build: Path) -> Path:
    """A Debian with :data:`PACKAGES`, as an archive; made once, from the host's package sources.

    Raises:
        MachineError: it can't be made.
    """
    include = ",".join((*PACKAGES, *LIBRARIES))
    archive = build / f"tree-{hashlib.sha256(include.encode()).hexdigest()[:8]}.tar"
    if archive.exists():
        return archive
    if shutil.which("mmdebstrap") is None:
        raise MachineError("mmdebstrap is needed: apt-get install mmdebstrap")
    archive.parent.mkdir(parents=True, exist_ok=True)
    partial = archive.with_name(f"partial-{archive.name}")
    command = ["mmdebstrap", "--variant=minbase", f"--include={include}", "bookworm"]
    made = subprocess.run([*command, partial], check=False, capture_output=True, text=True)
    if made.returncode:
        raise MachineError(f"no Debian tree: {made.stderr[-2000:]}")
    return partial.rename(archive)


class Machine:
    """One box: a tree of its own, booted, ordered about and powered off."""

    def __init__(self, name: str, archive: Path, root: Path) -> None:
        """Unpack the tree.

        Args:
            name: of its control groups, and of the box in messages.
            archive: what :func:`make_tree` made.
            root: where it is unpacked; what was there is removed.
        """
        self.name = name
        self.root = root
        self._groups: list[Path] = []
        self._outer: subprocess.Popen[bytes] | None = None
        self.pid = 0
        if root.exists():
            shutil.rmtree(root)
        root.mkdir(parents=True)
        subprocess.run(["tar", "--numeric-owner", "-xf", archive, "-C", root], check=True)
        (root / "etc/hostname").write_text(f"{name}\n")
        (root / "etc/hosts").write_text(f"127.0.0.1 localhost {name}\n")

    def with_network(self, command: str) -> str:
        """Before it is booted: what a line for the shell says, with the host's network.

        Raises:
            MachineError: it fails.
        """
        for name in ("etc/resolv.conf", "etc/hosts"):
            shutil.copyfile(Path("/") / name, self.root / name)
        kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        if _AUTHORITIES.exists():
            # Under another name: the box's own are written anew when a package brings some.
            shutil.copyfile(_AUTHORITIES, self.root / "root/authorities.crt")
            kept["PIP_CERT"] = "/root/authorities.crt"
        enter = ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "sh", "-ec", _ENTER]
        ran = subprocess.run(
            [*enter, "sh", str(self.root), command],
            env={**kept, **_ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
        if ran.returncode:
            raise MachineError(f"{self.name}: {command}: {ran.stdout[-2000:]}")
        return ran.stdout

    def boot(self) -> float:
        """Start it and wait until systemd is through; returns the seconds that it took."""
        began = time.monotonic()
        version = self._make_groups()
        command = ["unshare", "--pid", "--mount", "--ipc", "--uts", "--net", "--cgroup"]
        command += ["--fork", "--kill-child=KILL"]
        # The groups must hold from the first moment: unshare's own cgroup namespace begins there.
        entering = "".join(f"echo $$ > '{group}/cgroup.procs'; " for group in self._groups)
        script = f'{entering}exec setsid {" ".join(command)} sh -c "$INIT" init "$@"'
        with self._ear() as ear:
            self._outer = subprocess.Popen(
                ["sh", "-c", script, "sh", self.root, str(version), " ".join(_V1)],
                env={**os.environ, "INIT": _INIT},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=(self.root.parent / f"{self.name}.log").open("wb"),
            )
            self.pid = self._until_ready(ear, self._outer)
        (self.root / ".booted").unlink()
        self(["python3", "-c", _LOOPBACK])
        return time.monotonic() - began

    @contextmanager
    def _ear(self) -> Iterator[socket.socket]:
        """Where the box's systemd says that it is through."""
        folder = os.open(self.root, os.O_PATH)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
            ear.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            # A path of any length.
            ear.bind(f"/proc/self/fd/{folder}/.booted")
            os.close(folder)
            yield ear

    def _until_ready(self, ear: socket.socket, outer: subprocess.Popen[bytes]) -> int:
        """Wait for its READY; returns its process, which the kernel says with each message."""
        end = os.pidfd_open(outer.pid)
        try:
            while ear in select.select([ear, end], [], [], BOOT_SECONDS)[0]:
                message, ancillary, *_ = ear.recvmsg(4096, socket.CMSG_SPACE(12))
                if b"READY=1" in message:
                    return int(struct.unpack("3i", ancillary[0][2])[0])
        finally:
            os.close(end)
        log = (self.root.parent / f"{self.name}.log").read_text(errors="replace")
        raise MachineError(f"{self.name} doesn't boot: {log}")

    def _make_groups(self) -> int:
        """A control group of every kind for the box; returns the version."""
        top = Path("/sys/fs/cgroup")
        if (top / "cgroup.controllers").exists():
            self._groups = [_own_group(top, "") / f"pycwtd-{self.name}"]
            self._groups[0].mkdir(exist_ok=True)
            return 2
        for kind in (*_V1, "systemd", "unified"):
            names = {"systemd": "name=systemd", "unified": ""}
            mine = _own_group(top / kind, names.get(kind, kind))
            group = mine / f"pycwtd-{self.name}"
            group.mkdir(exist_ok=True)
            if kind == "cpuset":
                for name in ("cpuset.cpus", "cpuset.mems"):
                    (group / name).write_text((mine / name).read_text())
                (group / "cgroup.clone_children").write_text("1")
            self._groups.append(group)
        return 1

    def run(self, command: list[object], *, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a program in the box, as root.

        Raises:
            MachineError: it fails, unless ``check`` is false.
        """
        ran = subprocess.run(
            ["nsenter", "-t", str(self.pid), "-a", "env", "-i"]
            + [f"{name}={value}" for name, value in _ENVIRONMENT.items()]
            + [str(word) for word in command],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=COMMAND_SECONDS,
        )
        if check and ran.returncode != 0:
            words = " ".join(map(str, command))
            raise MachineError(
                f"{self.name}: {words} ends with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
            )
        return ran

    def __call__(self, command: list[object] | str) -> str:
        """What a program, or a line for the shell, says on stdout.

        Raises:
            MachineError: it fails.
        """
        if isinstance(command, str):
            command = ["sh", "-ec", command]
        return self.run(command).stdout.strip()

    def begin(self, command: str) -> subprocess.Popen[str]:
        """Start a line for the shell in the box, and read what it says."""
        words = [f"{name}={value}" for name, value in _ENVIRONMENT.items()]
        return subprocess.Popen(
            ["nsenter", "-t", str(self.pid), "-a", "env", "-i", *words, "sh", "-ec", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def show(self, unit: str, name: str) -> str:
        """A property of a unit."""
        return self(["systemctl", "show", "--value", "--property", name, unit])

    def put(self, source: Path, target: str) -> None:
        """Copy a file or a folder into the box."""
        # /tmp and /run of the box are only seen from within.
        place = Path(f"/proc/{self.pid}/root{target}")
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, place, dirs_exist_ok=True)
        else:
            shutil.copy2(source, place)

    def write(self, path: str, text: str) -> None:
        """Write a file in the box."""
        place = Path(f"/proc/{self.pid}/root{path}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def power_off(self) -> None:
        """Take its current away: with its first process all others go; and clear up after it."""
        if self._outer is None:
            return
        if self._outer.poll() is None:
            outer = self._outer.pid
            inner = Path(f"/proc/{outer}/task/{outer}/children").read_text().split()
            # unshare waits for its child; without one, nothing has begun.
            for pid in map(int, inner or [outer]):
                os.kill(pid, signal.SIGKILL)
        self._outer.wait(COMMAND_SECONDS)
        self._outer, self.pid = None, 0
        # Its first process ends after all others: they are empty now.
        for group in self._groups:
            for path, _, _ in os.walk(group, topdown=False):
                Path(path).rmdir()
        self._groups = []


def _own_group(top: Path, controller: str) -> Path:
    """Where this process is in the hierarchy of a controller, mounted at ``top``."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return top / path.lstrip("/")
    return top
