"""Sphinx extension: pages with their Python blocks' output and figures.

Before Sphinx reads a page of the folders in ``run_blocks_pages``, its blocks are run (see
:mod:`blocks`) and what they gave is written beneath them. A figure's caption is the paragraph in
italics beneath its block; it is also what readers hear who can't see the figure.

Pages stay plain Markdown that reads well unbuilt, and the tests run the same blocks without Sphinx
or a notebook's kernel: that is why this isn't left to myst-nb or matplotlib's ``plot`` directive.
"""

from __future__ import annotations

import os
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blocks import Block, BlockError, Output, Runner, find_blocks, save

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def show(block: Block, output: Output, pictures: list[str]) -> str:
    """A block, and beneath it what it gave, as Markdown.

    Raises:
        BlockError: there is a figure without a caption, or a caption without a figure.
    """
    parts = [f"```python\n{block.code}```\n"]
    if output.text.strip():
        parts.append(f"```{{code-block}} text\n:class: output\n\n{output.text.rstrip()}\n```\n")
    for picture in pictures:
        if block.caption is None:
            raise BlockError(f"line {block.line}: a figure needs a caption in italics beneath")
        alt = block.caption.replace("`", "")
        parts.append(f"```{{figure}} {picture}\n:alt: {alt}\n\n{block.caption}\n```\n")
    if not pictures and block.caption is not None:
        raise BlockError(f"line {block.line}: there is a caption, but no figure above it")
    return "\n".join(parts)


def render(page: str, name: str, root: Path, prefix: str) -> str:
    """A page with its blocks' output; figures go to files beneath ``root``.

    Args:
        page: its Markdown.
        name: its name.
        root: folder of the figures.
        prefix: what stands before a figure's name in the page.

    Raises:
        BlockError: a block doesn't do what the page says.
    """
    done, parts = 0, []
    with Runner(name) as runner:
        for block in find_blocks(page):
            parts.append(page[done : block.span[0]])
            done = block.span[1]
            if "no-run" in block.flags:
                parts.append(page[slice(*block.span)].replace("```python no-run", "```python", 1))
                continue
            output = runner.run(block)
            pictures = []
            for number, figure in enumerate(output.figures):
                file = f"{name.replace('/', '-')}-{block.line}-{number}.png"
                save(figure, root / file)
                pictures.append(f"{prefix}/{file}")
            parts.append(show(block, output, pictures))
    return "".join([*parts, page[done:]])


def _read(app: Sphinx, docname: str, content: list[str]) -> None:
    if not any(fnmatch(docname, pattern) for pattern in app.config.run_blocks_pages):
        return
    root = Path(app.doctreedir).parent / "pictures"
    prefix = "/" + Path(os.path.relpath(root, app.srcdir)).as_posix()
    content[0] = render(content[0], docname, root, prefix)


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx what to call, and when."""
    app.add_config_value("run_blocks_pages", [], "env", [list])
    app.connect("source-read", _read)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
