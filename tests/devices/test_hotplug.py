"""Boards that are plugged in and pulled out, on the real daemon: a simulated ELM11 behind a pty,
with a name as udev gives it, in a folder of the test's.
"""

from __future__ import annotations

import numpy as np
import pytest

import elm11_model as model
from elm11_boards import started
from moody import moody
from pycwt_mod.monte_carlo.run import coherence_task
from pycwt_mod.noise import ar1
from pycwtd_drivers.elm11.plan import plan
from support import red_pair, running, wait_gone

A, B = red_pair(96)
COUNT = 60
REQUEST = {
    **{"signal1": A, "signal2": B, "sig": True, "mc_count": COUNT, "seed": 5, "backend": "elm11"},
    **{"dt": 1, "dj": 0.25, "s0": 2, "J": 12},
}
NAME = "usb-Maker_ELM11_0001-if01-port0"


def until(daemon, name, state, since=0):
    """The event that a device has come to a state."""
    wanted = (f"device.{state}", name)
    return daemon.events(since, lambda e: (e["type"], e.get("device")) == wanted)[-1]["seq"]


@pytest.fixture
def folder(tmp_path):
    """Of udev's names; it isn't there before there is a name, as udev's isn't."""
    return tmp_path / "serial" / "by-id"


@pytest.fixture
def daemon(folder):
    with running(start=False, backends=["sequential"]) as one:
        port = f"{folder}/usb-Maker_ELM11_*-if01-port0"
        one.config = f'[drivers.elm11]\nport = "{port}"\npace = 0\nwait = 0.2\n'
        yield one


def test_a_board_comes_goes_and_comes_back(daemon, folder):
    daemon.start()
    found = daemon.call("GET", "/api/v1/devices/elm11").json
    assert found["state"] == "unavailable"
    assert "isn't plugged in" in found["reason"]
    folder.mkdir(parents=True)
    with started("--link", folder / NAME) as (_, process):
        seq = until(daemon, "elm11_lua", "ready")
        found = daemon.call("GET", "/api/v1/devices/elm11").json
        assert found["state"] == "ready"
        assert found["firmware"]
        assert NAME in found["parts"][0]
        job = daemon.submit("wct", REQUEST)
        daemon.until(job, lambda told: told["realisations_done"] >= 2)
        process.terminate()
        seq = until(daemon, "elm11_lua", "unavailable", seq)
        # No other is of its class: what it has done is thrown away, and all of it done elsewhere.
        ended = daemon.finish(job)
        assert ended["status"] == "completed", ended
        assert ended["backend"] in {"joblib", "sequential"}
        assert "elm11_lua can't go on: it isn't plugged in" in ended["fallback_reason"]
        other = daemon.submit("wct", {**REQUEST, "backend": "sequential"})
        daemon.finish(other)
        found, exact = daemon.result(job), daemon.result(other)
        np.testing.assert_array_equal(found["histogram"], exact["histogram"])
    with started("--link", folder / NAME):
        seq = until(daemon, "elm11_lua", "self_tested", seq)
        until(daemon, "elm11_lua", "ready", seq)
        job = daemon.submit("wct", REQUEST)
        ended = daemon.finish(job)
        assert (ended["status"], ended["backend"]) == ("completed", "elm11_lua")
        task = coherence_task(ar1(A).g, ar1(B).g, 1, 0.25, 2, 12)
        expected = model.histogram(plan(task), task, 5, 0, COUNT)
        np.testing.assert_array_equal(daemon.result(job)["histogram"], expected)
        is_flashed_and_gives_its_port_back(daemon)


def is_flashed_and_gives_its_port_back(daemon):
    seq = until(daemon, "elm11_lua", "unavailable")
    seq = until(daemon, "elm11_lua", "ready", seq)
    answer = daemon.call("POST", "/api/v1/devices/elm11/flash")
    told = daemon.follow(answer.json["job_id"])
    assert told[-1]["status"] == "completed", told[-1]
    shares = [one["progress"] for one in told]
    assert shares == sorted(shares)
    result = daemon.call("GET", f"/api/v1/jobs/{answer.json['job_id']}/result").json
    seq = until(daemon, "elm11_lua", "self_tested", seq)
    seq = until(daemon, "elm11_lua", "ready", seq)
    assert daemon.call("GET", "/api/v1/devices/elm11").json["firmware"] == result["firmware"]
    (pid,) = daemon.workers("backend:elm11_lua")
    daemon.call("POST", "/api/v1/devices/elm11/drain")
    wait_gone(pid, 20)
    daemon.call("POST", "/api/v1/devices/elm11/resume")
    until(daemon, "elm11_lua", "ready", seq)


@pytest.fixture
def claimed(tmp_path, folder, monkeypatch):
    """A daemon with a driver whose board is known by its name, and nothing configured."""
    drop_ins = tmp_path / "drivers.d"
    drop_ins.mkdir(mode=0o755)
    one = moody(drop_ins, tmp_path / "moods", "my_board")
    path = drop_ins / "my_board" / "pycwtd_driver_my_board" / "driver.toml"
    path.write_text(
        path.read_text().replace(
            "[[backend]]",
            'settings = ["port"]\n\n[board]\nport = "port"\n'
            'by_id = ["usb-Maker_My_Board_*-if00"]\n\n[[backend]]',
        )
    )
    code = path.with_name("driver.py")
    text = code.read_text()
    # It says which port it was told.
    assert '("a board",)' in text
    told = 'import os\nPORT = os.environ.get("PYCWTD_DRIVER_MY_BOARD_PORT", "none")\n\nclass '
    code.write_text(text.replace('("a board",)', "(PORT,)").replace("\nclass ", f"\n{told}", 1))
    monkeypatch.setenv("PYCWTD_DRIVER_FOLDERS", str(drop_ins))
    with running(
        f'[engine]\nby_id_folder = "{folder}"\nchunk_seconds = 0.1\n', backends=["sequential"]
    ) as daemon:
        yield daemon, one


def test_a_board_that_a_manifest_names_needs_no_configuration(claimed, folder):
    daemon, one = claimed
    found = daemon.call("GET", "/api/v1/devices/my_board").json
    assert (found["state"], "isn't plugged in" in found["reason"]) == ("unavailable", True)
    folder.mkdir(parents=True)
    (folder / "usb-Maker_My_Board_0001-if01").symlink_to("/dev/null")  # another interface
    port = folder / "usb-Maker_My_Board_0001-if00"
    port.symlink_to("/dev/null")
    seq = until(daemon, "my_board", "ready")
    assert daemon.call("GET", "/api/v1/devices/my_board").json["parts"] == [str(port)]
    # Pulled out in the middle of a chunk: another of its class goes on at once.
    one.be("holds")
    request = {**REQUEST, "backend": "my_board", "mc_count": 30_000}
    job = daemon.submit("wct", request)
    one.wait_held()
    port.unlink()
    seq = until(daemon, "my_board", "unavailable", seq)
    ended = daemon.finish(job)
    assert ended["status"] == "completed"
    assert ended["backend"] in {"joblib", "sequential"}
    one.be("well")
    other = daemon.submit("wct", {**request, "backend": "sequential"})
    daemon.finish(other)
    found, exact = daemon.result(job), daemon.result(other)
    np.testing.assert_array_equal(found["histogram"], exact["histogram"])
    # Into another socket, where it gets another number.
    port = folder / "usb-Maker_My_Board_0002-if00"
    port.symlink_to("/dev/null")
    seq = until(daemon, "my_board", "ready", seq)
    assert daemon.call("GET", "/api/v1/devices/my_board").json["parts"] == [str(port)]
    (folder / "usb-Maker_My_Board_0003-if00").symlink_to("/dev/null")
    until(daemon, "my_board", "unavailable", seq)
    found = daemon.call("GET", "/api/v1/devices/my_board").json
    assert "several ports fit" in found["reason"]
