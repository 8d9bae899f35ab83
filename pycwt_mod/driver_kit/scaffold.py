"""A driver package to start from: it works, and computes on the CPU until a board does."""

from __future__ import annotations

import re
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_LONGEST = 40
#: Files of the template, and what they become.
_FILES = {
    "README.md.in": "README.md",
    "pyproject.toml.in": "pyproject.toml",
    "package.py.in": "$package/__init__.py",
    "driver.py.in": "$package/driver.py",
    "driver.toml.in": "$package/driver.toml",
    "conftest.py.in": "tests/conftest.py",
    "test_contract.py.in": "tests/test_contract.py",
}


def new_driver(name: str, parent: Path) -> Path:
    """Write a driver package.

    Args:
        name: of the backend, in lower case: ``my_board``.
        parent: the package's folder is made in it, with this name.

    Returns:
        The folder.

    Raises:
        ValueError: the name isn't one.
        FileExistsError: there is something of that name.
        OSError: it can't be written.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise ValueError(
            f"name must be words of lower-case letters and digits joined by _, at most "
            f"{_LONGEST} characters, as in my_board, not {name!r}"
        )
    folder = parent / name
    folder.mkdir()
    words = {
        "name": name,
        "package": f"pycwtd_driver_{name}",
        "class_name": "".join(word.title() for word in name.split("_")),
    }
    template: Traversable = files(__package__) / "template"
    for source, target in _FILES.items():
        path = folder / Template(target).substitute(words)
        path.parent.mkdir(exist_ok=True)
        text = (template / source).read_text(encoding="utf-8")
        path.write_text(Template(text).substitute(words), encoding="utf-8")
    return folder
