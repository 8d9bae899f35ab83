"""Which port is a board's: by udev's names and the kernel's, and never by a guess."""

from __future__ import annotations

import select
from pathlib import Path

import pytest

from pycwt_mod.backends import BackendInfo, BoardPort, ManifestError, load_manifest
from pycwtd.engine import hotplug
from pycwtd.engine.device import Device
from pycwtd.engine.hotplug import Slot
from pycwtd.hosts.host import Host
from pycwtd.platform.inotify import Watch
from pycwtd.platform.ports import fitting, mark, split_pattern, usb_identity

INFO = BackendInfo("board", "embedded", "", "f32-1", 0.0, ("morlet",), ("full",))
BOARD = BoardPort("port", ("usb-Maker_My_Board_*-if01",), "1d50", "60??", "01")
NAME = "usb-Maker_My_Board_7-if01"


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A folder of udev's names, and a kernel that tells what is behind them."""
    by_id = tmp_path / "by-id"
    by_id.mkdir()

    def plug(name, vendor="1d50", product="6018", interface="01", tty="ttyUSB0"):
        device = tmp_path / "devices" / tty / "usb1" / "1-1" / f"1-1:1.{interface}"
        (device / tty).mkdir(parents=True)
        (device / "bInterfaceNumber").write_text(f"{interface}\n")
        (device.parent / "idVendor").write_text(f"{vendor}\n")
        (device.parent / "idProduct").write_text(f"{product}\n")
        (tmp_path / "tty" / tty).mkdir(parents=True)
        (tmp_path / "tty" / tty / "device").symlink_to(device / tty)
        (tmp_path / tty).touch()
        (by_id / name).symlink_to(tmp_path / tty)
        return by_id / name

    monkeypatch.setattr(hotplug, "usb_identity", lambda port: usb_identity(port, tmp_path / "tty"))
    plug.folder = str(by_id)
    return plug


def look(machine, board=BOARD, configured=None):
    device = Device("board", "board", Host("backend:board", 1.0), INFO)
    return Slot(device, board, "PORT", configured, machine.folder).look()


def test_a_port_of_its_name_and_identity_is_the_boards(machine):
    assert look(machine)[0] is None
    assert look(machine) == (None, look(machine)[1])
    port = machine(NAME)
    assert look(machine) == (port, "")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"vendor": "1a86"}, "its USB vendor is 1a86, not 1d50"),
        ({"product": "7018"}, "its USB product is 7018, not 60??"),
        ({"interface": "00"}, "its USB interface is 00, not 01"),
    ],
)
def test_another_identity_under_its_name_isnt(machine, wrong, said):
    machine(NAME, **wrong)
    port, reason = look(machine)
    assert port is None
    assert said in reason


@pytest.mark.parametrize("board", [BOARD, BoardPort("port", ("usb-*Debugger*",), "0403", "6010")])
def test_an_identity_that_boards_share_is_never_taken_for_one(machine, board):
    """A bitstream for a Tang Nano 9K would destroy an ELM11, and both are 0403:6010."""
    machine("usb-SIPEED_USB_Debugger_FactoryAIOT_Pro-if01-port0", "0403", "6010")
    machine(NAME, "0403", "6010", tty="ttyUSB1")
    port, reason = look(machine, board)
    assert port is None
    assert "other kinds of boards are 0403:6010, too" in reason
    assert "by-path" in reason


def test_what_the_operator_configures_wins(machine):
    machine(NAME)
    other = machine("usb-SIPEED_USB_Debugger-if01-port0", "0403", "6010", tty="ttyUSB1")
    assert look(machine, configured=str(other)) == (other, "")
    assert look(machine, configured=f"{machine.folder}/usb-SIPEED*") == (other, "")
    assert look(machine, configured="/nowhere/at/all")[1].endswith("there is no /nowhere/at/all")


def test_of_several_none_is_taken(machine):
    machine(NAME)
    machine("usb-Maker_My_Board_8-if01", tty="ttyUSB1")
    port, reason = look(machine)
    assert port is None
    assert "several ports fit: usb-Maker_My_Board_7-if01, usb-Maker_My_Board_8-if01" in reason


def test_a_name_of_what_is_gone_is_no_port(tmp_path):
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    assert fitting(f"{tmp_path}/dang*") == []


def test_a_name_that_was_made_again_is_another(tmp_path):
    port = tmp_path / "port"
    assert mark(port) == ()
    port.symlink_to("/dev/null")
    first = mark(port)
    assert mark(port) == first
    other = tmp_path / "other"
    other.symlink_to("/dev/null")
    other.rename(port)
    assert mark(port) != first


@pytest.mark.parametrize(
    ("pattern", "folder"),
    [
        ("/dev/serial/by-id/usb-*", "/dev/serial/by-id"),
        ("/dev/ttyUSB0", "/dev"),
        ("/dev/serial/by-*/x", "/dev/serial"),
    ],
)
def test_where_a_pattern_is_looked_for(pattern, folder):
    assert split_pattern(pattern)[0] == Path(folder)


def told(watch, seconds=20.0):
    """Whether something has happened."""
    ready = bool(select.select([watch.fd], [], [], seconds)[0])
    watch.read()
    return ready


def test_a_watch_follows_a_folder_that_comes_and_goes(tmp_path):
    folder = tmp_path / "serial" / "by-id"
    watch = Watch()
    try:
        watch.set([folder])
        folder.parent.mkdir()
        assert told(watch)
        watch.set([folder])
        folder.mkdir()
        assert told(watch)
        watch.set([folder])
        assert told(watch)  # that nothing above is watched any more
        (tmp_path / "elsewhere").touch()
        assert not told(watch, 0)
        (folder / "port").symlink_to("/dev/null")
        assert told(watch)
        (folder / "port").unlink()
        folder.rmdir()
        folder.parent.rmdir()
        assert told(watch)
        watch.set([folder])
        folder.parent.mkdir()
        assert told(watch)
    finally:
        watch.close()


MANIFEST = """
[driver]
name = "board"
api = 1
settings = ["port"]

[board]
{board}

[[backend]]
name = "board"
type = "embedded"
description = "A board"
numerics = "board-1"
tolerance = 0.01
families = ["morlet"]
estimators = ["full"]
{backend}
"""


@pytest.mark.parametrize(
    ("board", "backend", "said"),
    [
        ('port = "tty"', "", "board.port must name one of driver.settings"),
        ('by_id = ["usb-Maker*"]', "", "board.port must name one of driver.settings"),
        ('port = "port"\nby_id = ["*"]', "", "doesn't tell the board from others"),
        ('port = "port"\nby_id = ["usb-*-if01-port0"]', "", "doesn't tell the board from others"),
        ('port = "port"\nby_id = ["../ttyUSB0"]', "", "doesn't tell the board from others"),
        ('port = "port"\nby_id = "usb-Maker"', "", "must be a list of names"),
        ('port = "port"\nvendor = 1027', "", "must be strings"),
        ('port = "port"\nserial = "1"', "", "board: unknown key serial"),
        ('port = "port"', 'hooks = ["melt"]', "hooks must be among flash"),
    ],
)
def test_a_manifest_that_would_guess_is_refused(tmp_path, board, backend, said):
    path = tmp_path / "driver.toml"
    path.write_text(MANIFEST.format(board=board, backend=backend))
    with pytest.raises(ManifestError, match=said.replace(".", r"\.")):
        load_manifest(path)


def test_a_manifest_says_what_its_board_looks_like(tmp_path):
    path = tmp_path / "driver.toml"
    board = f'port = "port"\nby_id = ["{BOARD.by_id[0]}"]\nvendor = "1d50"\nproduct = "60??"'
    path.write_text(
        MANIFEST.format(board=f'{board}\ninterface = "01"', backend='hooks = ["flash"]')
    )
    manifest = load_manifest(path)
    assert manifest.board == BOARD
    assert manifest.backends[0].hooks == ("flash",)
