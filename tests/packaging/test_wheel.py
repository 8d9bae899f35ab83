"""The wheel: nothing forgotten, and it works where the source isn't."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE_ROOTS = ("pycwt_mod", "pycwtd", "drivers/pycwtd_drivers", "console/pycwtd_console")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT),
        ],
        check=True,
        capture_output=True,
        # meson and cffi-gen-src are looked up by name.
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )
    (built,) = folder.glob("*.whl")
    return built


def test_every_source_file_is_in_it(wheel):
    """meson.build lists files by hand; one that isn't listed is missed here."""
    tracked = subprocess.run(
        ["git", "ls-files", "--", *SOURCE_ROOTS],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    expected = {
        name.removeprefix("drivers/").removeprefix("console/")
        for name in tracked.stdout.split()
        if not name.endswith("meson.build")
    }
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert expected - names == set()
    assert any(name.startswith("pycwt_mod/_kernel.") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_it_works_in_a_fresh_environment(wheel, tmp_path):
    """The dependencies come from this environment, by a path file; pycwtd from the wheel."""
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv/bin/python"
    site = Path(
        subprocess.run(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    )
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet"),
            *("--disable-pip-version-check", "--no-deps", "--no-index", wheel),
        ],
        check=True,
        capture_output=True,
    )
    program = (
        "import pycwt_mod, numpy as np;"
        "from pycwt_mod.backends import installed_drivers;"
        "print(pycwt_mod.__file__);"
        "print([b.name for d in installed_drivers() for b in d.manifest.backends]);"
        "x, y = np.random.default_rng(1).normal(size=(2, 64));"
        "print(pycwt_mod.wct(x, y, 1.0, mc_count=20, seed=1, progress=False).backend)"
    )
    ran = subprocess.run(
        [python, "-P", "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    where, backends, used = ran.stdout.splitlines()
    assert where.startswith(str(tmp_path))
    assert backends == "['sequential', 'joblib', 'dask', 'elm11_lua', 'tang_nano_9k']"
    assert used == "joblib"
    for name in ("pycwtd", "pycwtctl"):
        shown = subprocess.run(
            [tmp_path / "venv/bin" / name, "--version"], check=True, capture_output=True, text=True
        )
        assert "0.1.0" in shown.stdout
