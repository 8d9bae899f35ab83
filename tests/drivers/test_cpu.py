"""The CPU driver through the driver contract."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from pycwt_mod.backends import (
    Cancelled,
    MonteCarloBackend,
    Reading,
    SignificanceTask,
    get_backend,
    installed_drivers,
    list_backends,
)
from pycwt_mod.monte_carlo.kernel import instruction_sets, plan_for
from pycwtd_drivers.cpu.cores import usable_cores
from pycwtd_drivers.cpu.sensors import temperatures

TASK = SignificanceTask(
    "morlet", 6.0, tuple(2 * 2 ** (j / 4) for j in range(16)), (0.3, 0.4, 0.3), 200, (0.5, 0.2), 40
)


class StopAtOnce:
    def cancelled(self) -> bool:
        return True

    def advance(self, done: int) -> None:
        pass


def test_the_manifest_and_the_code_offer_the_same():
    (driver,) = [d for d in installed_drivers() if d.name == "cpu"]
    assert driver.error is None
    offered = {info.name: info for info in list_backends()}
    assert {info.name for info in driver.manifest.backends} == {"sequential", "joblib"}
    assert all(offered[info.name] == info for info in driver.manifest.backends)


@pytest.mark.parametrize("name", ["sequential", "joblib"])
def test_a_backend_keeps_the_contract(name):
    backend = get_backend(name)
    assert isinstance(backend, MonteCarloBackend)
    histogram = backend.run(TASK, 7, 10, 50)
    assert histogram.dtype == np.int64
    assert histogram.shape == (16, 40)
    parts = backend.run(TASK, 7, 10, 21) + backend.run(TASK, 7, 31, 29)
    np.testing.assert_array_equal(histogram, parts)
    np.testing.assert_array_equal(histogram, plan_for(TASK).run(7, 10, 50))
    backend.close()
    np.testing.assert_array_equal(histogram, backend.run(TASK, 7, 10, 50))


@pytest.mark.parametrize("name", ["sequential", "joblib"])
def test_a_backend_can_be_cancelled(name):
    with pytest.raises(Cancelled):
        get_backend(name).run(TASK, 1, 0, 10**8, StopAtOnce())


@pytest.mark.parametrize("family", ["morlet", "paul", "dog"])
def test_every_declared_family_runs(family):
    task = SignificanceTask(family, 4.0, (2.0, 4.0, 8.0), (1.0,), 100, (0.1, 0.2))
    assert get_backend("sequential").run(task, 1, 0, 4).sum() > 0


def test_the_probe_tells_threads_and_instruction_set():
    alone = get_backend("sequential").probe()
    assert alone.available
    assert alone.devices == (f"1 thread, {instruction_sets()[-1]}",)
    assert get_backend("joblib").probe().devices[0].startswith(str(usable_cores()))


def test_a_backend_may_run_in_several_threads_at_once():
    expected = plan_for(TASK).run(3, 0, 40)
    results = []
    backend = get_backend("joblib")
    threads = [
        threading.Thread(target=lambda: results.append(backend.run(TASK, 3, 0, 40)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    for result in results:
        np.testing.assert_array_equal(result, expected)


@pytest.fixture
def control_groups(tmp_path, monkeypatch):
    """Builds a tree of control groups, the process in /a/b, and counts cores by it."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))

    def count(lines, files):
        proc = tmp_path / "cgroup"
        proc.write_text(lines, encoding="utf-8")
        for name, text in files.items():
            path = tmp_path / "fs" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="ascii")
        return usable_cores(proc, tmp_path / "fs")

    return count


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 8),
        ({"a/b/cpu.max": "max 100000\n"}, 8),
        ({"a/b/cpu.max": "250000 100000\n"}, 3),
        ({"a/b/cpu.max": "400000 100000\n", "a/cpu.max": "200000 100000\n"}, 2),
        ({"a/b/cpu.max": "10000 100000\n"}, 1),
        ({"a/b/cpu.max": "nonsense\n"}, 8),
        ({"a/b/cpu.max": "6400000 100000\n"}, 8),
    ],
)
def test_a_quota_limits_the_cores(control_groups, files, cores):
    assert control_groups("0::/a/b\n", files) == cores


@pytest.mark.parametrize(("quota", "cores"), [("-1", 8), ("150000", 2)])
def test_a_quota_of_the_older_interface_limits_the_cores(control_groups, quota, cores):
    files = {
        "cpu,cpuacct/a/b/cpu.cfs_quota_us": f"{quota}\n",
        "cpu,cpuacct/a/b/cpu.cfs_period_us": "100000\n",
    }
    assert control_groups("5:memory:/m\n4:cpu,cpuacct:/a/b\n", files) == cores


def test_without_control_groups_affinity_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {2, 5, 7})
    assert usable_cores(tmp_path / "none", tmp_path) == 3


def sensors(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")


def test_temperatures_are_those_of_the_processor(tmp_path):
    """As a desktop's kernel shows them: its disk and its network card aren't the processor."""
    package = {"temp1_label": "Package id 0", "temp1_input": "51000"}
    cores = {"temp2_label": "Core 0", "temp2_input": "48500", "temp3_label": "Core 1"}
    found = {"name": "coretemp", **package, **cores}
    sensors(tmp_path / "hwmon/hwmon2", found)
    sensors(tmp_path / "hwmon/hwmon0", {"name": "nvme", "temp1_input": "40000"})
    sensors(tmp_path / "thermal/thermal_zone0", {"type": "x86_pkg_temp", "temp": "51000"})
    assert temperatures(tmp_path) == [
        Reading("temperature Package id 0", 51.0, "°C"),
        Reading("temperature Core 0", 48.5, "°C"),
    ]


def test_temperatures_of_a_small_board_are_in_its_thermal_zones(tmp_path):
    sensors(tmp_path / "thermal/thermal_zone0", {"type": "cpu-thermal", "temp": "62345"})
    sensors(tmp_path / "thermal/thermal_zone1", {"type": "iwlwifi_1", "temp": "30000"})
    sensors(tmp_path / "thermal/thermal_zone2", {"type": "cpu-big", "temp": "off"})
    assert temperatures(tmp_path) == [Reading("temperature cpu-thermal", 62.345, "°C")]


def test_a_machine_without_sensors_has_no_readings(tmp_path):
    assert temperatures(tmp_path) == []
