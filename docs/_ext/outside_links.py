"""Sphinx extension: links to files of the repository that aren't pages.

Who reads the Markdown in the repository can follow them; in the built pages their text stays,
as what they lead to isn't there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_LINK = re.compile(r"(?<!!)\[([^\]\n]+)\]\((\.\./[^)\s#]+)\)")


def _read(app: Sphinx, docname: str, content: list[str]) -> None:
    source = Path(app.srcdir).resolve()
    folder = (source / docname).parent

    def plain(link: re.Match[str]) -> str:
        target = (folder / link[2]).resolve()
        outside = target.exists() and not target.is_relative_to(source)
        return link[1] if outside else link[0]

    content[0] = _LINK.sub(plain, content[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx what to call, and when."""
    app.connect("source-read", _read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
