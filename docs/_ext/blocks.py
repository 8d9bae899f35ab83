"""The blocks of a page: found in its Markdown; Python's are run one after the other, and shown.

A page's blocks share one namespace and one empty working directory. What a block prints, the
value of its last expression, warnings of the library and figures come out. After the fence's
``python`` may stand

- ``no-run``: the block is for reading only;
- ``raises``: it must end with an error, whose last line comes out.

Other warnings and errors end the build: a page shows nothing that doesn't work.
"""

from __future__ import annotations

import ast
import contextlib
import io
import re
import tempfile
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pycwt_mod import CautionWarning

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FENCE = (
    r"^```{language}(?P<flags>[^\n`]*)\n(?P<code>.*?)^```[ ]*\n(?:\n\*(?P<caption>[^*\n]+)\*\n)?"
)
_FLAGS = {"no-run", "raises"}
#: Sharp where the text's column is some 700 pixels wide.
_DPI = 120


class BlockError(Exception):
    """A block of a page that doesn't do what the page says."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a program."""

    #: Its text.
    code: str
    #: The line of the page that it begins at, from 1.
    line: int
    #: Where it begins and ends in the page, its caption included.
    span: tuple[int, int]
    #: What stands beneath it in italics: the caption of its figure.
    caption: str | None
    #: What stands after ``python``.
    flags: frozenset[str]


@dataclass
class Output:
    """What a block gave."""

    text: str = ""
    figures: list[Figure] = field(default_factory=list)


def find_blocks(page: str, language: str = "python") -> Iterator[Block]:
    """The blocks of a page that are in one language.

    Args:
        page: its Markdown.
        language: the word that stands behind the fence.

    Raises:
        BlockError: a flag isn't known.
    """
    fence = _FENCE.replace("{language}", re.escape(language))
    for match in re.finditer(fence, page, re.MULTILINE | re.DOTALL):
        line = page.count("\n", 0, match.start()) + 2
        flags = frozenset(match["flags"].split())
        if flags - _FLAGS:
            raise BlockError(f"line {line}: unknown flags {sorted(flags - _FLAGS)}")
        yield Block(match["code"], line, match.span(), match["caption"], flags)


class Runner:
    """Runs the blocks of one page; a context manager that holds their working directory."""

    def __init__(self, name: str) -> None:
        self._name = name
        #: What the blocks have defined so far.
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Runner:
        folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        self._stack.enter_context(contextlib.chdir(folder))
        self._stack.enter_context(mpl.rc_context({"figure.max_open_warning": 0}))
        mpl.use("agg")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, block: Block) -> Output:
        """Run a block in the page's namespace.

        Raises:
            BlockError: it fails, warns of what isn't the library's, or should fail and doesn't.
        """
        out = Output()
        text = io.StringIO()
        where = f"{self._name}, line {block.line}"
        with (
            contextlib.redirect_stdout(text),
            contextlib.redirect_stderr(io.StringIO()),
            warnings.catch_warnings(record=True) as caught,
        ):
            warnings.simplefilter("error")
            warnings.simplefilter("always", CautionWarning)
            try:
                value = self._execute(block, where)
            # A page's code may raise anything: it ends the build, or is what the page shows.
            except Exception as error:
                if "raises" not in block.flags:
                    raise BlockError(f"{where}: {type(error).__name__}: {error}") from error
                print(f"{type(error).__name__}: {error}")
                value = None
            else:
                if "raises" in block.flags:
                    raise BlockError(f"{where}: no error was raised")
            figure = value.get_figure() if isinstance(value, Axes) else value
            if isinstance(figure, Figure):
                out.figures.append(figure)
            elif value is not None:
                print(repr(value))
        told = [f"{w.category.__name__}: {w.message}\n" for w in caught]
        out.text = "".join(told) + text.getvalue()
        return out

    def _execute(self, block: Block, where: str) -> Any:
        """The value of a last line that is an expression, or None."""
        tree = ast.parse(block.code, where)
        last = tree.body[-1] if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        if last is not None:
            tree.body.pop()
        exec(compile(tree, where, "exec"), self.names)  # noqa: S102 - our own pages
        if last is None:
            return None
        expression = ast.Expression(last.value)
        return eval(compile(expression, where, "eval"), self.names)  # noqa: S307


def save(figure: Figure, path: Path) -> None:
    """Write a figure for a page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=_DPI, bbox_inches="tight")
