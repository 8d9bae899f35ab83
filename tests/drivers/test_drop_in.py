"""Drivers dropped into a folder: found, trusted or refused, and harmless to each other."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pycwt_mod.backends import (
    BackendUnavailableError,
    UnknownBackendError,
    get_backend,
    installed_drivers,
    list_backends,
)
from pycwt_mod.backends.trust import distrust
from pycwt_mod.driver_kit.scaffold import new_driver
from pycwt_mod.monte_carlo.conformity import small_task
from support import red_pair, running

PACKAGE = "pycwtd_driver_drop_bad"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of drop-ins that only this test knows."""
    path = tmp_path / "drivers.d"
    path.mkdir(mode=0o755)
    monkeypatch.setenv("PYCWTD_DRIVER_FOLDERS", os.fspath(path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    return path


def found(name):
    (driver,) = [one for one in installed_drivers() if one.name == name]
    return driver


def test_a_dropped_in_driver_computes(folder):
    new_driver("drop_one", folder)
    assert found("drop_one").error is None
    assert "pycwtd_driver_drop_one" not in sys.modules
    assert "drop_one" in [info.name for info in list_backends()]
    task = small_task("full", "morlet")
    assert get_backend("drop_one").run(task, 1, 0, 2).sum() > 0
    assert get_backend("sequential").run(task, 1, 0, 2).sum() > 0


def test_files_of_nobody_who_counts_are_refused(tmp_path):
    path = new_driver("drop_two", tmp_path)
    assert distrust(path, frozenset({0, os.geteuid()})) is None
    assert "must belong to" in distrust(path, frozenset({54321}))


@pytest.mark.parametrize("place", [".", PACKAGE, f"{PACKAGE}/driver.py"])
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_may_write_is_refused(folder, place, mode):
    path = new_driver("drop_bad", folder) / place
    path.chmod(path.stat().st_mode | mode)
    assert "must belong to" in found("drop_bad").error
    assert path.name in found("drop_bad").error or place == "."
    with pytest.raises(UnknownBackendError):
        get_backend("drop_bad")


def test_a_folder_that_others_may_write_is_refused_whole(folder):
    new_driver("drop_in_open", folder)
    folder.chmod(0o777)
    assert str(folder) in found("drop_in_open").error


def test_links_are_refused(folder, tmp_path):
    path = new_driver("drop_link", folder)
    (path / "elsewhere").symlink_to(tmp_path)
    assert "is a link" in found("drop_link").error


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_belongs_to_another_user_is_refused(folder):
    path = new_driver("drop_foreign", folder)
    os.chown(path / "pycwtd_driver_drop_foreign" / "driver.py", 54321, -1)
    assert "must belong to" in found("drop_foreign").error


def spoil_manifest(path, package):
    (package / "driver.toml").write_text("[driver]\nname = 3\n")


def no_manifest(path, package):
    (package / "driver.toml").unlink()


def two_packages(path, package):
    shutil.copytree(package, path / "other")


def name_of_another(path, package):
    text = (package / "driver.toml").read_text()
    (package / "driver.toml").write_text(text.replace('"drop_wrong"', '"sequential"'))


def name_of_a_module(path, package):
    package.rename(path / "json")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_manifest, "needs a table [driver] with a name"),
        (no_manifest, "has no package with a driver.toml"),
        (two_packages, "has more than one package"),
        (name_of_another, "'sequential', which driver cpu has already"),
        (name_of_a_module, "a module named json exists already"),
    ],
)
def test_a_wrong_one_is_listed_with_the_reason(folder, spoil, words):
    path = new_driver("drop_wrong", folder)
    spoil(path, path / "pycwtd_driver_drop_wrong")
    assert words in found("drop_wrong").error
    names = [info.name for info in list_backends()]
    assert "drop_wrong" not in names
    assert names.count("sequential") == 1


def test_one_that_breaks_when_imported_harms_nobody_else(folder):
    path = new_driver("drop_broken", folder)
    (path / "pycwtd_driver_drop_broken" / "__init__.py").write_text("import there_is_no_such\n")
    with pytest.raises(BackendUnavailableError, match="there_is_no_such"):
        get_backend("drop_broken")
    assert get_backend("joblib").probe().available


def test_the_daemon_uses_good_ones_and_lists_bad_ones(folder):
    new_driver("drop_good", folder)
    spoilt = new_driver("drop_spoilt", folder)
    spoil_manifest(spoilt, spoilt / "pycwtd_driver_drop_spoilt")
    crashing = new_driver("drop_crashing", folder)
    (crashing / "pycwtd_driver_drop_crashing" / "driver.py").write_text("1 / 0\n")
    a, b = red_pair()
    request = {"signal1": a, "signal2": b, "dt": 1.0, "sig": True, "seed": 3, "mc_count": 10}
    with running(backends=["joblib"]) as daemon:
        answer = daemon.call("POST", "/api/v1/wavelet/wct", {**request, "backend": "drop_good"})
        assert answer.status == 200, answer.body
        assert answer.json["backend_used"] == "drop_good"
        down = ("device.broken", "drop_crashing")
        daemon.events(0, lambda event: (event["type"], event.get("device")) == down)
        told = daemon.call("GET", "/api/v1/backends/").json
        assert [one["driver"] for one in told["refused"]] == ["drop_spoilt"]
        (crashed,) = [one for one in told["backends"] if one["name"] == "drop_crashing"]
        assert not crashed["available"]
        assert "division by zero" in crashed["error"]
        shown, listed = (
            subprocess.run(
                [Path(sys.executable).with_name("pycwtctl"), "backends", *options],
                env={**os.environ, "PYCWTD_SOCKET": os.fspath(daemon.socket), "COLUMNS": "200"},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for options in ([], ["--json"])
        )
        assert "drop_good" in shown
        assert "refused" in shown
        refused = {one["name"]: one for one in json.loads(listed) if one.get("refused")}
        assert list(refused) == ["drop_spoilt"]
        assert refused["drop_spoilt"]["error"] == told["refused"][0]["reason"]
