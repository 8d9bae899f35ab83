"""Loading the gateware: onto the board that was named, and never onto what may be an ELM11."""

from __future__ import annotations

import os

import pytest

from elm11_boards import simulated
from fpga_boards import usb_device
from pycwt_mod.backends import Cancelled
from pycwtd_drivers.tang_nano_9k.loader import LoaderError, load, usb_of
from pycwtd_drivers.tang_nano_9k.settings import Settings


@pytest.fixture
def silent():
    """A port at which nothing answers."""
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


@pytest.fixture
def bitstream(tmp_path):
    path = tmp_path / "x.fs"
    path.write_text("bits")
    return path


def nothing():
    pass


def test_it_is_called_for_one_board_only(program, silent, bitstream, tmp_path):
    usb_device(tmp_path / "sys", silent)
    configured = Settings(silent, bitstream=bitstream, usb="1-2.3")
    load(silent, configured, nothing, sysfs=tmp_path / "sys")
    load(silent, configured, nothing, flash=True, sysfs=tmp_path / "sys")
    assert program.read_text().splitlines() == [
        f"-b tangnano9k --busdev-num 1:7 {bitstream}",
        f"-b tangnano9k --busdev-num 1:7 -f {bitstream}",
    ]


@pytest.mark.parametrize(
    ("usb", "product", "words"),
    [
        (None, "6010", "no USB path is configured"),
        ("1-2", "6010", "is on the USB path 1-2.3"),
        ("1-2.3", "6014", "isn't a Tang Nano 9K"),
    ],
)
def test_another_board_is_left_alone(program, silent, tmp_path, usb, product, words):  # noqa: PLR0917
    usb_device(tmp_path / "sys", silent, identity=("0403", product))
    bitstream = tmp_path / "x.fs"
    bitstream.write_text("bits")
    with pytest.raises(LoaderError, match=words):
        load(
            silent, Settings(silent, bitstream=bitstream, usb=usb), nothing, sysfs=tmp_path / "sys"
        )
    assert not program.exists()


def test_what_isnt_on_usb_is_left_alone(program, silent, bitstream, tmp_path):
    (tmp_path / "sys").mkdir()
    with pytest.raises(LoaderError, match="isn't on USB"):
        load(
            silent,
            Settings(silent, bitstream=bitstream, usb="1-2"),
            nothing,
            sysfs=tmp_path / "sys",
        )
    assert not program.exists()


def test_an_elm11_is_never_loaded(program, bitstream, tmp_path):
    """It has the same USB identity, and here even the configured path."""
    with simulated() as port:
        usb_device(tmp_path / "sys", port)
        configured = Settings(port, bitstream=bitstream, usb="1-2.3")
        for flash in (False, True):
            with pytest.raises(LoaderError, match="an ELM11 answers"):
                load(port, configured, nothing, flash=flash, sysfs=tmp_path / "sys")
    assert not program.exists()


def test_what_is_missing_is_said(program, silent, bitstream, tmp_path, monkeypatch):
    usb_device(tmp_path / "sys", silent)
    absent = Settings(silent, bitstream=tmp_path / "y.fs", usb="1-2.3")
    with pytest.raises(LoaderError, match="make bitstream"):
        load(silent, absent, nothing, sysfs=tmp_path / "sys")
    configured = Settings(silent, bitstream=bitstream, usb="1-2.3")
    (tmp_path / "fails").touch()
    with pytest.raises(LoaderError, match=r"status 1: unable to open ftdi device: -4"):
        load(silent, configured, nothing, sysfs=tmp_path / "sys")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LoaderError, match="openFPGALoader isn't installed"):
        load(silent, configured, nothing, sysfs=tmp_path / "sys")


def test_whoever_waits_is_asked_and_may_end_it(program, silent, bitstream, tmp_path):
    usb_device(tmp_path / "sys", silent)
    os.mkfifo(tmp_path / "hangs")
    beats = []

    def beat():
        beats.append(program.exists())
        if len(beats) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        load(
            silent,
            Settings(silent, bitstream=bitstream, usb="1-2.3"),
            beat,
            sysfs=tmp_path / "sys",
        )
    assert beats[-1]
    # Nobody reads it any more: the program is gone.
    with pytest.raises(OSError, match="No such device"):
        os.open(tmp_path / "hangs", os.O_WRONLY | os.O_NONBLOCK)


def test_the_device_number_is_read_anew(silent, tmp_path):
    usb_device(tmp_path / "sys", silent, device=7)
    assert usb_of(silent, tmp_path / "sys").device == 7
    (tmp_path / "sys" / "devices" / "1-2.3" / "devnum").write_text("9\n")
    assert usb_of(silent, tmp_path / "sys").device == 9
    assert usb_of("/dev/null", tmp_path / "sys") is None
