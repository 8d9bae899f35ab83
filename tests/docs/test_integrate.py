"""The programs of docs/integrate.md, as they stand, each by its interpreter against a daemon."""

from __future__ import annotations

import importlib.util
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pycwt_mod
from programs import need
from support import running
from wires import TCP, add_key

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "integrate.md").read_text()
#: How each language's programs are run: the interpreter, and what stands before the file.
RUN = {
    "sh": ("curl", ["sh"]),
    "python": (sys.executable, [sys.executable]),
    "javascript": ("node", ["node", "--experimental-websocket"]),
    "r": ("Rscript", ["Rscript", "--vanilla"]),
    "matlab": ("octave", ["octave", "--no-gui", "--quiet", "--no-init-file"]),
}
ENDINGS = {"sh": ".sh", "python": ".py", "javascript": ".mjs", "r": ".R", "matlab": ".m"}


def find(language):
    spec = importlib.util.spec_from_file_location("blocks", DOCS / "_ext" / "blocks.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["blocks"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    found = module.find_blocks(PAGE, language)
    return [block for block in found if "no-run" not in block.flags]


PROGRAMS = [
    pytest.param(language, block, id=f"{language}, line {block.line}")
    for language in RUN
    for block in find(language)
]


@pytest.fixture(scope="module")
def served():
    """What the environment of the programs has."""
    with running("", TCP, backends=["joblib"]) as daemon:
        key = add_key(daemon, "guide")["key"]
        yield {**os.environ, "PYCWTD_URL": daemon.url, "PYCWTD_TOKEN": key}


@pytest.fixture(scope="module")
def expected():
    """The library's own figure, for the series of the page."""
    t = np.arange(128)
    one = np.array([math.sin(i / 3) + math.cos(i * i) for i in t])
    other = np.array([math.sin(i / 3) + math.cos(2 * i * i) for i in t])
    return f"{np.mean(pycwt_mod.wct(one, other, 1.0, 0.25, sig=False)[0]):.6f}"


def test_every_language_has_a_program():
    assert [len(find(language)) for language in RUN] == [1, 3, 2, 1, 1]


@pytest.mark.parametrize(("language", "block"), PROGRAMS)
def test_a_program_does_what_it_says(served, expected, tmp_path, language, block):
    program, command = RUN[language]
    need(program, "test-guides")
    file = tmp_path / f"example{ENDINGS[language]}"
    file.write_text(block.code)
    told = subprocess.run(
        [*command, file],
        cwd=tmp_path,
        env=served,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    if "stream/wct" in block.code:
        assert told.stdout.splitlines() == [f"window at sample {n}" for n in (0, 32, 64)]
    elif language == "sh":
        with np.load(tmp_path / "coherence.npz") as result:
            assert f"{result['WCT'].mean():.6f}" == expected
            first = np.load(tmp_path / "first-scales.npy")
            np.testing.assert_array_equal(first, result["WCT"][:4])
    else:
        assert told.stdout.splitlines()[-1] == f"mean coherence {expected}"
