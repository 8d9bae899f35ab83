"""etc/upgrade: what it takes for well, and which package it would go back to."""

from __future__ import annotations

import copy
import json
import math
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import running

ETC = Path(__file__).parents[2] / "etc"


@pytest.fixture(scope="module")
def parts():
    """The modules of the program, which stand in a folder of their own once installed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ETC / "upgrade"))
        import health
        import packages
        import process

        yield health, packages, process


@pytest.fixture(scope="module")
def result(parts):
    """The job of a real daemon."""
    health, _, process = parts
    with running(backends=["joblib"]) as daemon, pytest.MonkeyPatch.context() as patch:
        # The program's own environment has no say in it.
        wrapper = daemon.root / "pycwtctl"
        program = Path(sys.executable).with_name("pycwtctl")
        wrapper.write_text(f'#!/bin/sh\nexec "{program}" --socket "{daemon.socket}" "$@"\n')
        wrapper.chmod(0o755)
        patch.setattr(health, "CTL", str(wrapper))
        yield health.compute(60)
        counts = json.loads(process.need([str(wrapper), "health", "--json"], 60))["jobs"]
        assert sum(counts.values()) == 1


def test_a_daemon_that_is_right_is_well(parts, result):
    health, *_ = parts
    coherence, levels = health.judge(result)
    assert max(coherence) <= 1 + 1e-9
    assert len(levels) > 10
    seen = health.Seen(3, coherence, levels)
    health.compare(seen, health.Seen(4, coherence, levels))


def faults(middle):
    def squared(found):
        found["WCT"] = [[value**2 * 0.95 for value in row] for row in found["WCT"]]

    def turned(found):
        found["aWCT"] = [[-value for value in row] for row in found["aWCT"]]

    def flat(found):
        found["signif"] = [0.0 for _ in found["signif"]]

    def nan(found):
        for row in found["WCT"]:
            row[middle] = math.nan

    def gone(found):
        del found["aWCT"]

    return {
        squared: "coherence of two equal tones",
        turned: "a quarter of a period is -1.5",
        flat: "levels of significance can't be right",
        nan: "coherence of two equal tones is nan",
        gone: "isn't one",
    }


@pytest.mark.parametrize(("fault", "said"), faults(128).items(), ids=lambda f: str(f)[:20])
def test_one_that_is_wrong_isnt(parts, result, fault, said):
    health, _, process = parts
    bad = copy.deepcopy(result)
    fault(bad)
    with pytest.raises(process.UnwellError, match=said):
        health.judge(bad)


@pytest.mark.parametrize(
    ("jobs", "coherence", "levels", "said"),
    [
        (3, [0.5, 0.6], [0.7], "knows 3 jobs"),
        (4, [0.5, 0.602], [0.7], "coherence differ by 0.002"),
        (4, [0.5], [0.7], "1 scales in place of 2"),
        (4, [0.5, 0.6], [0.76], "levels differ by 0.06"),
        (4, [0.5, math.nan], [0.7], "coherence differ by nan"),
    ],
)
def test_one_that_has_lost_something_or_counts_otherwise_isnt(parts, jobs, coherence, levels, said):
    health, _, process = parts
    with pytest.raises(process.UnwellError, match=said):
        health.compare(health.Seen(3, [0.5, 0.6], [0.7]), health.Seen(jobs, coherence, levels))


def test_a_program_that_hangs_is_given_up(parts):
    *_, process = parts
    with pytest.raises(process.UnwellError, match=r"'sleep 60' hasn't ended within 0 s"):
        process.need(["sleep", "60"], 0.05)


def deb(folder, version, content):
    """A package of a few bytes."""
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "file").write_text(content)
    (tree / "DEBIAN/control").write_text(
        f"Package: pycwtd\nVersion: {version}\nArchitecture: all\nMaintainer: t <t@localhost>\n"
        "Description: t\n"
    )
    (tree / "DEBIAN/md5sums").write_text(f"{content}  file\n")
    made = folder / f"pycwtd_{version}_all.deb"
    command = ["dpkg-deb", "-Znone", "--root-owner-group", "-b", tree, made]
    subprocess.run(command, check=True, capture_output=True)
    shutil.rmtree(tree)
    return made


@pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="there is no dpkg-deb")
def test_the_older_package_is_of_the_same_version_and_the_same_build(parts, tmp_path, monkeypatch):
    _, packages, process = parts
    kept, beside, sums = tmp_path / "kept", tmp_path / "beside", tmp_path / "md5sums"
    beside.mkdir()
    for name, value in (("KEPT", kept), ("APT", tmp_path / "apt"), ("SUMS", sums)):
        monkeypatch.setattr(packages, name, value)
    installed = packages.Package(sums, "pycwtd", "1-1", "all")
    sums.write_text("first  file\n")
    deb(beside, "1-2", "first")
    with pytest.raises(process.RefusedError, match=r"1-1, which.* isn't there in .*kept"):
        packages.find_older(installed, None, beside)
    other = deb(beside, "1-1", "second")
    with pytest.raises(process.RefusedError, match="but has other files"):
        packages.find_older(installed, None, beside)
    with pytest.raises(process.RefusedError, match="but has other files"):
        packages.find_older(installed, other, beside)
    (tmp_path / "right").mkdir()
    right = deb(tmp_path / "right", "1-1", "first")
    found = packages.keep_package(packages.find_older(installed, right, beside))
    assert found.path.parent == kept
    assert packages.find_older(installed, None, beside).path == found.path
    assert packages.keep_package(found) == found
    for version in ("1-2", "1-3", "1-4"):
        packages.keep_package(packages.read_package(deb(tmp_path, version, "x")))
    packages.drop_packages()
    assert [file.name for file in sorted(kept.iterdir())] == [
        "pycwtd_1-3_all.deb",
        "pycwtd_1-4_all.deb",
    ]


def test_the_manual_page_has_its_options():
    page = (ETC / "debian/pycwtd-upgrade.8").read_text().replace("\\-", "-")
    program = (ETC / "upgrade/__main__.py").read_text()
    options = re.findall(r'add_argument\(\s*"(--[a-z-]+)"', program)
    assert len(options) == 4
    for option in options:
        assert option in page
