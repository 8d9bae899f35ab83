"""The driver against the model behind a line: right numbers, or a clear word, never wrong ones."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from elm11_boards import simulated as simulated_elm11
from fpga_boards import PREFIX, Stranger, expected, modelled, small_task, usb_device
from fpga_chip import framed
from pycwt_mod.backends import BackendUnavailableError, Cancelled, get_backend, load_manifest
from pycwt_mod.driver_kit.hooks import exercise
from pycwtd_drivers import tang_nano_9k
from pycwtd_drivers.line.simulator.faults import Faults
from pycwtd_drivers.tang_nano_9k.driver import TangNano9kBackend
from pycwtd_drivers.tang_nano_9k.fixed import NUMERICS

TASK = small_task()
SEED = 0xFEDC_BA98_7654_3210


@pytest.fixture
def backend(monkeypatch):
    monkeypatch.setenv(f"{PREFIX}WAIT", "0.2")
    found = get_backend("tang_nano_9k")
    yield found
    found.close()


@pytest.fixture
def at(monkeypatch):
    """Tell the driver its port."""
    return lambda path: monkeypatch.setenv(f"{PREFIX}PORT", str(path))


class Watch:
    def __init__(self, end=None):
        self.told, self.end = [], end

    def cancelled(self):
        return self.end is not None and len(self.told) >= self.end

    def advance(self, done):
        self.told.append(done)


def test_the_manifest_is_the_models(backend):
    assert backend.info.numerics == NUMERICS


def test_the_counts_are_the_models(backend, at):
    with modelled(TASK) as (path, _):
        at(path)
        found = backend.probe()
        assert found.available, found.error
        watch = Watch()
        counts = backend.run(TASK, SEED, 3, 20, watch)
        np.testing.assert_array_equal(counts, expected(TASK, SEED, 3, 20))
        assert watch.told == sorted(watch.told)
        assert watch.told[-1] <= 20
        parts = [backend.run(TASK, SEED, first, 5) for first in (18, 3, 13, 8)]
        np.testing.assert_array_equal(sum(parts), counts)


def test_more_series_than_a_unit_holds(backend, at, monkeypatch):
    from pycwtd_drivers.tang_nano_9k.fixed.configuration import Configuration

    monkeypatch.setattr(Configuration, "largest_unit", 3)
    with modelled(TASK) as (path, _):
        at(path)
        np.testing.assert_array_equal(backend.run(TASK, SEED, 0, 8), expected(TASK, SEED, 0, 8))


def test_a_bad_line(backend, at):
    """One frame in a hundred is damaged, either way."""
    with modelled(TASK, faults=Faults(frames=0.01)) as (path, _):
        at(path)
        for first in range(0, 20, 5):
            np.testing.assert_array_equal(
                backend.run(TASK, SEED, first, 5), expected(TASK, SEED, first, 5)
            )
        assert backend._chip.port.counters.retries


def test_a_reset_in_the_middle(backend, at):
    with modelled(TASK, faults=Faults(reset_after=3000)) as (path, board):
        at(path)
        np.testing.assert_array_equal(backend.run(TASK, SEED, 0, 10), expected(TASK, SEED, 0, 10))
        assert board.terminal.resets


def test_a_cancel(backend, at):
    with modelled(TASK) as (path, _):
        at(path)
        backend.probe()
        with pytest.raises(Cancelled):
            backend.run(TASK, SEED, 0, 1000, Watch(end=3))
        np.testing.assert_array_equal(backend.run(TASK, SEED, 0, 2), expected(TASK, SEED, 0, 2))


def test_what_it_cant_do(backend, at):
    at("/nowhere")
    with pytest.raises(ValueError, match="cascade"):
        backend.run(small_task(estimator="full"), SEED, 0, 1)
    with pytest.raises(ValueError, match="edges=False"):
        backend.run(replace(TASK, edge_nodes=(0.5,)), SEED, 0, 1)
    with pytest.raises(ValueError, match="seed"):
        backend.run(TASK, 2**64, 0, 1)


def unprobed(backend, words):
    """A probe says what is the matter."""
    state = backend.probe()
    assert not state.available
    assert words in state.error


def unavailable(backend, words):
    """Probe and run say the same."""
    unprobed(backend, words)
    with pytest.raises(BackendUnavailableError) as caught:
        backend.run(TASK, SEED, 0, 1)
    assert words in str(caught.value)


def test_no_port(backend, at, tmp_path, monkeypatch):
    at("")
    unavailable(backend, "no port is configured")
    at(tmp_path / "absent")
    unavailable(backend, "is the board plugged in?")
    monkeypatch.setenv(f"{PREFIX}BAUD", "fast")
    unavailable(backend, "BAUD must be a number")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_no_permission(backend, at):
    with modelled() as (path, _):
        at(path)
        Path(path).chmod(0o600)
        os.seteuid(65534)
        try:
            unavailable(backend, "Permission denied")
        finally:
            os.seteuid(0)


def test_another_gateware(backend, at, tmp_path, monkeypatch):
    with modelled(numerics=7) as (path, _):
        at(path)
        unavailable(backend, "computes fixed-fpga-7")
        # With a bitstream it would be loaded, if this were the board that was named.
        monkeypatch.setenv(f"{PREFIX}BITSTREAM", str(tmp_path / "x.fs"))
        monkeypatch.setenv(f"{PREFIX}USB", "1-2")
        unavailable(backend, "isn't on USB")


def test_an_elm11(backend, at):
    with simulated_elm11() as path:
        at(path)
        unprobed(backend, "in vain")


def test_wrong_counts_are_never_taken(backend, at, monkeypatch):
    """A board whose arithmetic is wrong fails its self-test; one that counts wrong is found out."""
    with modelled(TASK) as (path, board):
        at(path)
        right = board._compute
        board._compute = lambda *work: [row[::-1] for row in right(*work)]
        unavailable(backend, "self-test")
        board._compute = right
        assert backend.probe().available
        board._compute = lambda *work: [(row[0] + 1, *row[1:]) for row in right(*work)]
        with pytest.raises(BackendUnavailableError, match="counts"):
            backend.run(TASK, SEED, 0, 5)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _: framed(0x81, bytes(32), version=2), "speaks version 2"),
        (lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", "in vain"),
        (lambda frame: frame + b"\0", "in vain"),
    ],
)
def test_another_protocol(backend, at, answer, words):
    with Stranger(answer) as path:
        at(path)
        unprobed(backend, words)


def test_a_board_is_flashed_by_order_only(at, tmp_path, monkeypatch, program):
    """It needs the gateware on the board, a USB path and a bitstream; then it is written."""
    manifest = Path(tang_nano_9k.__file__).with_name("driver.toml")
    info = load_manifest(manifest).backends[0]
    with modelled() as (path, _):
        at(path)
        usb_device(tmp_path / "sys", path)
        backend = TangNano9kBackend(info, tmp_path / "sys")
        try:
            with pytest.raises(BackendUnavailableError, match="no USB path"):
                backend.flash()
            monkeypatch.setenv(f"{PREFIX}USB", "1-2.3")
            with pytest.raises(BackendUnavailableError, match="no bitstream"):
                backend.flash()
            bitstream = tmp_path / "x.fs"
            bitstream.write_text("bits")
            monkeypatch.setenv(f"{PREFIX}BITSTREAM", str(bitstream))
            assert backend.probe().available
            assert not program.exists()
            exercise(backend, "flash")
        finally:
            backend.close()
    assert program.read_text().split() == [
        *("-b", "tangnano9k", "--busdev-num", "1:7", "-f", str(bitstream))
    ]


def test_seeds_differ(backend, at):
    with modelled(TASK) as (path, _):
        at(path)
        one, other = (backend.run(TASK, seed, 0, 4) for seed in (1, 1 << 32))
        assert (one != other).any()
