"""Writes what is made from the types: ``python -m pycwtd.config pycwtd.toml configuration.md``."""

from __future__ import annotations

import sys
from pathlib import Path

from pycwtd.config.reference import default_toml, page

if __name__ == "__main__":
    file, text = map(Path, sys.argv[1:])
    file.write_text(default_toml(), encoding="utf-8")
    text.write_text(page(text.read_text(encoding="utf-8")), encoding="utf-8")
