"""Ports: one program at a time, lines that a pseudo terminal lacks, ends that go away."""

from __future__ import annotations

import os
import pty
import tty

import pytest

from line_boards import BAUD
from pycwtd_drivers.line.port import Kind, LostError, Port, PortError, find_port


@pytest.fixture
def ends():
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    held = [ours, theirs]
    yield held, os.ttyname(theirs)
    for handle in held:
        os.close(handle)


def test_bytes_go_both_ways_and_are_counted(ends):
    (ours, _), path = ends
    port = Port(path, BAUD)
    port.write(b"\x00\x11\x13\xff\r\n\x03")
    assert os.read(ours, 100) == b"\x00\x11\x13\xff\r\n\x03"
    os.write(ours, b"\x04\x00\r")
    assert port.read(1) == b"\x04\x00\r"
    assert port.read(0) == b""
    assert (port.counters.bytes_sent, port.counters.bytes_received) == (7, 3)
    port.close()


def test_a_port_belongs_to_one_program(ends):
    port = Port(ends[1], BAUD)
    with pytest.raises(LostError, match="can't be opened"):
        Port(ends[1], BAUD)
    port.close()
    Port(ends[1], BAUD).close()


def test_lines_that_a_pseudo_terminal_lacks_are_passed_over(ends):
    port = Port(ends[1], BAUD, dtr=False, rts=False)
    assert port.set_dtr(True) is False
    assert port.set_rts(True) is False
    port.close()


def test_what_goes_away_is_lost(ends):
    held, path = ends
    port = Port(path, BAUD)
    while held:
        os.close(held.pop())
    with pytest.raises(LostError, match="is gone"):
        port.read(1)
    with pytest.raises(LostError, match="takes nothing"):
        port.write(b"x")
    with pytest.raises(LostError, match="is gone"):
        port.set_dtr(True)
    port.close()
    for use in (port.read, lambda: port.write(b"x")):
        with pytest.raises(LostError):
            use()


def test_what_takes_nothing_doesnt_hang(ends, monkeypatch):
    monkeypatch.setattr("pycwtd_drivers.line.port._WRITE_SECONDS", 0.05)
    port = Port(ends[1], BAUD)
    with pytest.raises(LostError, match="takes nothing"):
        port.write(bytes(1_000_000))
    port.close()


def test_the_beat_goes_on_while_nothing_comes(ends):
    port = Port(ends[1], BAUD, pace=1e-6)
    beats = []
    port.beat = lambda: beats.append(1)
    port.read(60)
    port.write(bytes(64))
    assert len(beats) == 5
    port.close()


def test_only_the_kind_of_bridge_that_is_wanted(tmp_path):
    device = tmp_path / "devices" / "1-1"
    (device / "1-1:1.1" / "ttyUSB7").mkdir(parents=True)
    (device / "idVendor").write_text("1a86\n")
    (device / "idProduct").write_text("7523\n")
    (tmp_path / "ttyUSB7").mkdir()
    (tmp_path / "ttyUSB7" / "device").symlink_to(device / "1-1:1.1" / "ttyUSB7")
    port = str(tmp_path / "ttyUSB7")
    right = Kind("a board", frozenset({(0x1A86, 0x7523), (1, 2)}), "PORT")
    assert find_port(port, right, tmp_path) == port
    wrong = Kind("a board", frozenset({(0x403, 0x6010), (1, 2)}), "PORT")
    with pytest.raises(PortError, match=r"a board has 0001:0002 or 0403:6010: nothing was sent"):
        find_port(port, wrong, tmp_path)
