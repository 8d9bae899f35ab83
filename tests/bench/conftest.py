"""The scripts aren't installed: they are found where they lie."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    # Last, so that installed packages come before the folders of the tree.
    sys.path.append(str(ROOT))
