"""The udev rules, run by udev itself on boards whose sysfs is made up (umockdev)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from box import Box
    from report import Report

_BOARD = Path(__file__).with_name("board.umockdev")
_DEVICE = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-2"
_PORT = f"{_DEVICE}/1-2:1.1/ttyUSB1"
_NAME = "pycwtd/board-pci-0000:00:14.0-usb-0:2:1.1"


def check_rules(box: Box, report: Report) -> None:
    """What udev would do about a board, and about one that only looks like it."""
    text = _BOARD.read_text()
    group = box("getent group pycwtd-boards | cut -d: -f3")
    with report.check("udev gives a board its group, its mode and a name by its place"):
        done = _done(box, text, f"{_PORT}/tty/ttyUSB1")
        assert done == {f"GROUP {group}", "MODE 0660", f"LINK '{_NAME}'"}, done
        assert _done(box, text, _DEVICE) == {f"GROUP {group}", "MODE 0660"}
        assert _done(box, text, _PORT) == {f"ATTR '{_PORT}/latency_timer' writing '1'"}
    with report.check("… and leaves its JTAG port and boards with another serial number alone"):
        jtag = text.replace("bInterfaceNumber=01", "bInterfaceNumber=00")
        assert not _done(box, jtag, f"{_PORT}/tty/ttyUSB1")
        other = text.replace("A: serial=FactoryAIOT Pro", "A: serial=FT6SXK2P")
        assert text not in {jtag, other}
        for path in (_DEVICE, _PORT, f"{_PORT}/tty/ttyUSB1"):
            assert not _done(box, other, path), path


def _done(box: Box, board: str, path: str) -> set[str]:
    """What our rules do when a device comes."""
    box.write("/run/board.umockdev", board)
    ran = box.run(
        [
            *("umockdev-run", "-d", "/run/board.umockdev", "--"),
            *("udevadm", "test", "--action=add", path),
        ],
        check=False,
    )
    told = ran.stdout + ran.stderr
    assert "This program is for debugging only" in told, told
    lines = [line for line in told.splitlines() if "70-pycwtd.rules:" in line]
    return {
        line.split("70-pycwtd.rules:", 1)[1].split(" ", 1)[1]
        for line in lines
        if "Importing properties" not in line
    }
