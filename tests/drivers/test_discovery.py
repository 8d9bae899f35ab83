"""Whose names count, and how much is read to find a backend: packages with an entry point."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pluggy
import pytest

import pycwt_mod
import pycwtd_drivers
from plugins import announce
from pycwt_mod.backends import installed_drivers
from pycwt_mod.driver_kit.scaffold import new_driver


def stranger(folder, name, driver="abacus"):
    """A package that offers a backend of that name; returns the folder for a Python path."""
    path = new_driver("abacus", folder)
    manifest = path / "pycwtd_driver_abacus" / "driver.toml"
    text = manifest.read_text()
    manifest.write_text(
        text.replace('[[backend]]\nname = "abacus"', f'[[backend]]\nname = "{name}"')
    )
    assert manifest.read_text() != text or name == "abacus"
    announce(path, "abacus", "pycwtd.drivers", f"{driver} = pycwtd_driver_abacus")
    return path


def said(program, *paths, options=()):
    """What a fresh process prints."""
    return json.loads(
        subprocess.run(
            [sys.executable, *options, "-c", f"import json\n{program}"],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.fspath, paths))},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    )


@pytest.mark.parametrize("name", ["joblib", "fpga"])
def test_nobody_takes_a_name_of_ours(tmp_path, monkeypatch, name):
    """In the order of names a driver called abacus comes before all of ours."""
    before = installed_drivers()
    path = stranger(tmp_path, name)
    monkeypatch.syspath_prepend(path)
    refused, *others = installed_drivers()
    assert others == before
    assert refused.name == "abacus"
    owner = {"joblib": "cpu", "fpga": "tang_nano_9k"}[name]
    assert refused.error == f"it offers {name!r}, which driver {owner} has already"
    ask = f"print(json.dumps(type(get_backend({name!r})).__module__))"
    module = said(f"from pycwt_mod.backends import get_backend\n{ask}", path)
    assert module == f"pycwtd_drivers.{owner}.driver"


def test_a_driver_that_is_called_as_one_of_ours_harms_nothing(tmp_path):
    """Whichever of the two is asked first."""
    path = stranger(tmp_path, "abacus", driver="cpu")
    ask = "print(json.dumps([type(get_backend(name)).__module__ for name in names]))"
    for names in (["abacus", "joblib"], ["joblib", "abacus"]):
        code = f"from pycwt_mod.backends import get_backend\nnames = {names}\n{ask}"
        found = dict(zip(names, said(code, path), strict=True))
        theirs = "pycwtd_driver_abacus.driver"
        assert found == {"abacus": theirs, "joblib": "pycwtd_drivers.cpu.driver"}


READ = """
import sys
from pathlib import Path
import pycwt_mod.monte_carlo.conformity
from pycwt_mod.backends import choose_backend

read = set()

def note(event, arguments):
    path = Path(str(arguments[0])) if event == "open" else Path()
    if path.name in ("driver.toml", "entry_points.txt"):
        read.add(path.parent.name.partition("-")[0])

sys.addaudithook(note)
task = pycwt_mod.monte_carlo.conformity.small_task("full", "morlet")
name = choose_backend({name!r}, task).info.name
print(json.dumps([name, sorted(read)]))
"""


@pytest.mark.parametrize(
    ("asked", "got", "read"),
    [
        ("auto", "joblib", {"pycwtd", "cpu"}),
        ("sequential", "sequential", {"pycwtd", "cpu"}),
        ("abacus", "abacus", None),
    ],
)
def test_no_more_is_read_than_has_to_be(tmp_path, asked, got, read):
    """Files that say what is installed, of the many that there are."""
    name, files = said(READ.format(name=asked), stranger(tmp_path, "abacus"))
    assert name == got
    if read is None:
        assert {"pycwtd", "abacus", "cpu", "dask", "elm11", "tang_nano_9k"} < set(files)
    else:
        assert set(files) == read


def test_without_metadata_of_ours_there_are_the_others(tmp_path):
    """Just the files, on the path: no entry point says that there are drivers among them."""
    (tmp_path / "site").mkdir()
    for package in (pluggy, pycwt_mod, pycwtd_drivers):
        folder = Path(package.__file__).parent
        (tmp_path / "site" / folder.name).symlink_to(folder)
    found = said(
        "from pycwt_mod.backends import list_backends, installed_drivers\n"
        "found = installed_drivers(), list_backends()\n"
        "print(json.dumps([[one.name for one in ones] for ones in found]))",
        *(tmp_path / "site", stranger(tmp_path, "joblib")),
        options=["-S"],
    )
    assert found == [["abacus"], ["joblib"]]
