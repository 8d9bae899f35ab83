"""The pages: their examples run, their links lead somewhere, and nothing public is left out."""

from __future__ import annotations

import importlib.util
import re
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import pycwt_mod
from pycwt_mod.datasets import ao_baltic
from support import running

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(p for p in DOCS.rglob("*.md") if "_ext" not in p.parts)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def extension(name: str) -> ModuleType:
    """One of the modules that build the pages; they import neither Sphinx nor one another."""
    spec = importlib.util.spec_from_file_location(name, DOCS / "_ext" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


blocks = extension("blocks")


def name_of(page: Path) -> str:
    return page.relative_to(DOCS).with_suffix("").as_posix()


def without_code(page: Path) -> str:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def anchors(page: Path) -> set[str]:
    """As GitHub and MyST make them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = [re.sub(r"[^\w\- ]", "", h.lower()) for h in HEADING.findall(text)]
    return {h.replace(" ", "-") for h in headings}


def pages_with_examples() -> list[Path]:
    """Those whose examples the build runs, as its configuration names them."""
    line = re.search(r"^run_blocks_pages = \[(.*?)\]", (DOCS / "conf.py").read_text(), re.MULTILINE)
    assert line
    patterns = re.findall(r'"([^"]+)"', line[1])
    return [p for p in PAGES if any(fnmatch(name_of(p), pattern) for pattern in patterns)]


def test_there_are_examples():
    names = {name_of(p) for p in pages_with_examples() if "\n```python" in p.read_text()}
    assert {"index", "tutorial/nino3", "how-to/gaps", "migration/from-pycwt"} <= names
    assert len(names) >= 22


@pytest.mark.parametrize("page", pages_with_examples(), ids=name_of)
def test_examples(page):
    with blocks.Runner(name_of(page)) as runner:
        for block in blocks.find_blocks(page.read_text()):
            if "no-run" in block.flags:
                continue
            output = runner.run(block)
            assert bool(output.figures) == bool(block.caption), f"line {block.line}: caption"


def test_an_example_that_fails_is_told_with_its_place():
    page = "# Title\n\n```python\n1 / 0\n```\n"
    with (
        blocks.Runner("page") as runner,
        pytest.raises(blocks.BlockError, match="page, line 4: ZeroDivisionError"),
    ):
        runner.run(next(blocks.find_blocks(page)))


def test_other_warnings_fail_and_ours_are_shown():
    warn = "```python\nimport warnings\nwarnings.warn('{0}', {1})\n```\n"
    ours = warn.replace("import", "import pycwt_mod,").format("mind", "pycwt_mod.TrendWarning")
    with blocks.Runner("page") as runner:
        output = runner.run(next(blocks.find_blocks(ours)))
        assert output.text == "TrendWarning: mind\n"
        block = next(blocks.find_blocks(warn.format("old", "DeprecationWarning")))
        with pytest.raises(blocks.BlockError, match="DeprecationWarning: old"):
            runner.run(block)


def test_what_must_raise_must_raise():
    with blocks.Runner("page") as runner:
        ok, bad = blocks.find_blocks("```python raises\n1 / 0\n```\n\n```python raises\n1\n```\n")
        assert runner.run(ok).text == "ZeroDivisionError: division by zero\n"
        with pytest.raises(blocks.BlockError, match="no error"):
            runner.run(bad)


def test_unknown_flags_are_refused():
    with pytest.raises(blocks.BlockError, match="skip"):
        list(blocks.find_blocks("```python skip\n1\n```\n"))


@pytest.mark.parametrize("page", [*PAGES, *ROOT.glob("*.md")], ids=lambda page: page.stem)
def test_links(page):
    for match in LINK.finditer(without_code(page)):
        target = match[1] or match[2]
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in anchors(there), f"{page.name} links to {target}"


def test_everything_public_is_in_the_reference():
    text = "\n".join(p.read_text() for p in (DOCS / "reference").glob("*.md"))
    described = set(re.findall(r"^\.\. auto\w+:: pycwt_mod\.(\w+)$", text, re.MULTILINE))
    missing = set(pycwt_mod.__all__) - described - {"__version__"}
    assert not missing
    assert ".. automodule:: pycwt_mod.backends\n" in text


def test_what_the_reference_names_exists():
    text = "\n".join(p.read_text() for p in (DOCS / "reference").glob("*.md"))
    names = re.findall(r"^\.\. auto(?:class|function|exception):: (\S+)$", text, re.MULTILINE)
    assert len(names) > len(pycwt_mod.__all__)
    for name in names:
        module, _, attribute = name.rpartition(".")
        assert getattr(importlib.import_module(module), attribute).__doc__, name


@pytest.fixture
def ready():
    with running(backends=["joblib"]) as daemon:
        yield daemon


def test_the_daemon_page_in_python(ready, monkeypatch, tmp_path):
    page = (DOCS / "how-to" / "daemon.md").read_text()
    (block,) = blocks.find_blocks(page)
    monkeypatch.setenv("PYCWTD_SOCKET", str(ready.socket))
    with blocks.Runner("daemon") as runner:
        output = runner.run(block)
    assert output.text.splitlines()[-2].startswith("completed 100%")
    ours = pycwt_mod.wct(*ao_baltic()[1:], 1, mc_count=1000, seed=1, cache=False)
    theirs = runner.names["result"]
    np.testing.assert_allclose(theirs["WCT"], ours.WCT, rtol=1e-12)
    np.testing.assert_array_equal(theirs["signif"], ours.sig)
