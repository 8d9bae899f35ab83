"""The backend through the driver contract."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import elm11_model as model
from pycwt_mod.backends import (
    BackendUnavailableError,
    Cancelled,
    SignificanceTask,
    get_backend,
    installed_drivers,
)
from pycwt_mod.driver_kit.hooks import exercise
from pycwt_mod.monte_carlo.conformity import conformity, small_task
from pycwt_mod.monte_carlo.histogram import levels
from pycwt_mod.monte_carlo.reference import coherence_histogram
from pycwt_mod.monte_carlo.run import coherence_task, wct_significance
from pycwtd_drivers.elm11.firmware import firmware
from pycwtd_drivers.elm11.plan import MEMORY, memory, plan
from pycwtd_drivers.elm11.ports import KIND, settings
from pycwtd_drivers.line.port import PortError, find_port

TASK = coherence_task(0.5, 0.2, 1, 0.25, 2, 8)
INFO = get_backend("elm11").info


def test_the_manifest_and_the_code_offer_the_same():
    (driver,) = [d for d in installed_drivers() if d.name == "elm11"]
    assert driver.error is None
    assert driver.manifest.backends == (INFO,)
    assert get_backend("elm11") is get_backend("elm11_lua")


@pytest.mark.parametrize(
    ("a", "dj", "s0", "J", "estimator"),
    [
        ((0.0, 0.0), 0.25, 2, 12, "full"),
        ((0.7, 0.3), 0.25, 2, 16, "cascade"),
        ((0.95, 0.9), 0.5, 4, 8, "cascade"),
    ],
)
def test_levels_are_those_of_the_kernel(a, dj, s0, J, estimator):
    """Within the declared tolerance, for the same noise.

    What differs is which points are counted.
    """
    task = coherence_task(*a, 1, dj, s0, J, estimator=estimator)
    ours = levels(model.histogram(plan(task), task, 9, 0, 400))[0]
    theirs = levels(get_backend("sequential").run(task, 9, 0, 400))[0]
    assert np.abs(ours - theirs).max() < INFO.tolerance


@pytest.mark.parametrize("estimator", ["full", "cascade"])
@pytest.mark.parametrize("n", [None, 40, 333])
def test_every_sample_is_counted_once(estimator, n):
    """Of every row as many counts as the reference's, however coarse its points are."""
    task = coherence_task(0.5, 0.2, 1, 0.25, 2, 12, estimator=estimator, n=n)
    ours = model.histogram(plan(task), task, 1, 0, 3).sum(axis=1)
    np.testing.assert_array_equal(ours, coherence_histogram(task, 1, 0, 3).sum(axis=1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"family": "paul", "order": 4.0}, "runs the wavelet morlet"),
        ({"edge_nodes": (0.0, 1.0)}, "edges=False"),
        ({"bins": 5000}, "4096 bins"),
        ({"length": 200_000, "estimator": "full"}, "kB on an ELM11"),
    ],
)
def test_what_it_cant_compute_is_refused(change, words, monkeypatch):
    monkeypatch.setenv("PYCWTD_DRIVER_ELM11_PORT", "/nowhere")
    task = replace(TASK, **change)
    with pytest.raises(ValueError, match=words):
        get_backend("elm11").run(task, 1, 0, 1)


@pytest.mark.parametrize("first", [-1, 2**32])
def test_a_wrong_span_or_seed_is_refused(first):
    with pytest.raises(ValueError, match="realisations"):
        get_backend("elm11").run(TASK, 1, first, 1)
    with pytest.raises(ValueError, match="seed"):
        get_backend("elm11").run(TASK, 2**64, 0, 1)


def test_the_default_grid_fits_into_the_board():
    task = coherence_task(0.5, 0.2, 1, 1 / 12, 2, 84)
    assert memory(plan(task)) < MEMORY


def test_every_sum_of_a_filter_fits_into_32_bits():
    """At the largest samples there are, for orders and scales that push the bounds."""
    for order in (2.0, 6.0, 20.0):
        for s0 in (1.0, 2.0, 3.3, 50.0):
            scales = tuple(s0 * 2 ** (j / 4) for j in range(9))
            task = SignificanceTask(
                "morlet", order, scales, (0.3, 0.4, 0.3), 700, (0.99, -0.99), estimator="full"
            )
            for group in plan(task)[0].groups:
                extreme = np.full(700, 32767), np.where(np.arange(700) % 2, 32767, -32767)
                model.coherence_bins(group, *extreme, 1000)
                for row in group.rows:
                    full = 2 * sum(row.window) - row.window[0]
                    assert 0 < full * 2**20 < 2**31
                assert sum(group.weights) * 2000 * 2**20 // 256 < 2**31


def test_the_library_uses_it_like_any_other(backend):
    assert backend.probe().available
    found = wct_significance(
        0.5, 0.2, 1, 0.25, 2, 8, mc_count=60, backend="elm11_lua", seed=3, cache=False
    )
    expected = levels(model.histogram(plan(TASK), TASK, 3, 0, 60))[0]
    np.testing.assert_array_equal(found, expected)


def test_two_threads_take_turns(backend):
    results = {}

    def run(first):
        results[first] = backend.run(TASK, 7, first, 4)

    threads = [threading.Thread(target=run, args=(first,)) for first in (0, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    whole = results[0] + results[4]
    np.testing.assert_array_equal(whole, model.histogram(plan(TASK), TASK, 7, 0, 8))


def test_the_lines_counters_are_its_readings(backend):
    assert list(backend.readings()) == []  # nothing is opened for them
    backend.run(TASK, 7, 0, 1)
    told = {one.name: one for one in backend.readings()}
    assert told["answers"].value > 0
    assert told["requests"].value >= told["answers"].value
    assert all(one.total for one in told.values())
    backend.close()
    assert list(backend.readings()) == []


def test_it_passes_the_conformance_suite(board, tmp_path):
    """As somebody else would run it, from a folder of their own."""
    ctl = Path(sys.executable).with_name("pycwtctl")
    done = subprocess.run(
        [ctl, "driver", "check", "elm11"], check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout
    assert " 19 passed, 1 skipped" in done.stdout


# -- ports ---------------------------------------------------------------------------------


def test_without_a_port_there_is_nothing(monkeypatch):
    monkeypatch.delenv("PYCWTD_DRIVER_ELM11_PORT", raising=False)
    found = get_backend("elm11").probe()
    assert not found.available
    assert "PYCWTD_DRIVER_ELM11_PORT" in found.error
    with pytest.raises(BackendUnavailableError, match="PYCWTD_DRIVER_ELM11_PORT"):
        get_backend("elm11").run(TASK, 1, 0, 1)


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "inf"])
def test_a_wrong_time_is_refused(value):
    with pytest.raises(PortError, match="PYCWTD_DRIVER_ELM11_WAIT"):
        settings({"PYCWTD_DRIVER_ELM11_PORT": "/x", "PYCWTD_DRIVER_ELM11_WAIT": value})


def usb(tmp_path, identity):
    """A terminal and the kernel's folder about the USB device behind it."""
    device = tmp_path / "devices" / "usb1" / "1-1"
    interface = device / "1-1:1.1" / "ttyUSB1"
    interface.mkdir(parents=True)
    vendor, product = identity.split(":")
    (device / "idVendor").write_text(vendor + "\n")
    (device / "idProduct").write_text(product + "\n")
    about = tmp_path / "class" / "ttyUSB1"
    about.mkdir(parents=True)
    (about / "device").symlink_to(interface)
    (tmp_path / "ttyUSB1").touch()
    return str(tmp_path / "ttyUSB1"), tmp_path / "class"


def test_a_usb_device_of_another_kind_is_left_alone(tmp_path):
    port, sysfs = usb(tmp_path, "1a86:7523")
    with pytest.raises(PortError, match=r"1a86:7523.*nothing was sent"):
        find_port(port, KIND, sysfs)


def test_the_bridge_of_the_board_is_taken(tmp_path):
    port, sysfs = usb(tmp_path, "0403:6010")
    assert find_port(port, KIND, sysfs) == port
    assert find_port(str(tmp_path / "ttyUSB*"), KIND, sysfs) == port


def test_a_pattern_that_fits_two_ports_isnt_guessed_at(tmp_path):
    for name in ("ttyUSB1", "ttyUSB3"):
        (tmp_path / name).touch()
    with pytest.raises(PortError, match="name one"):
        find_port(str(tmp_path / "ttyUSB*"), KIND)


def test_flashing_puts_the_program_on_the_board_again(backend):
    """The conformance suite's exercise; and what was cancelled in the middle does no harm."""
    exercise(backend, "flash")
    told = []

    class Impatient:
        def cancelled(self):
            return bool(told) and told[-1] >= 20

        def advance(self, done):
            told.append(done)

    with pytest.raises(Cancelled):
        backend.flash(Impatient())
    assert 20 <= told[-1] < 100
    found = backend.probe()
    assert (found.error, found.firmware) == (None, firmware().version)
    assert conformity(backend, small_task("cascade", "morlet")).passed
