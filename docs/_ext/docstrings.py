"""Sphinx extension: this library's docstrings, for napoleon and reStructuredText.

They are plain text in Google's style. Some of their habits mean something else to what reads
them here: bars are magnitudes, not substitutions; "eq." doesn't end a sentence; and what is given
back, like attributes, is described without a type, which the annotations tell, but may have a
colon in it. And what they name is documented where users import it from.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pycwt_mod

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_LITERAL = re.compile(r"(``.*?``)")
_SHORT = re.compile(r"\b(eq|fig|al)\. ")
_ROLE = re.compile(r":(func|class):`(?:[\w.]+\.)?(\w+)`")
_RETURNS = re.compile(r"^\s*(Returns|Yields):$")
#: Before napoleon, whose priority is the usual 500.
_EARLY = 400


def _public(role: re.Match[str]) -> str:
    known = role[2] in pycwt_mod.__all__
    return f":{role[1]}:`~pycwt_mod.{role[2]}`" if known else role[0]


def _prepare(  # noqa: PLR0917 - Sphinx's order
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    del app, name, obj, options
    for at, line in enumerate(lines):
        pieces = _LITERAL.split(_ROLE.sub(_public, line))
        pieces[::2] = [piece.replace("|", r"\|") for piece in pieces[::2]]
        # A word joiner: summaries end at the first point before a space.
        lines[at] = _SHORT.sub("\\1.\u2060 ", "".join(pieces))
    for at, line in enumerate(lines[:-1]):
        if _RETURNS.match(line):
            lines[at + 1] = re.sub(r"^(\s*)", r"\1: ", lines[at + 1])
    if lines and what in {"attribute", "property"}:
        # An empty type: what stands before the first colon isn't taken for one.
        lines[0] = f": {lines[0]}"


def _public_bases(app: Sphinx, name: str, obj: object, options: object, bases: list[type]) -> None:
    del app, name, obj, options
    bases[:] = [base for base in bases if not base.__name__.startswith("_")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx what to call, and when."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", _prepare, priority=_EARLY)
    app.connect("autodoc-process-bases", _public_bases)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
