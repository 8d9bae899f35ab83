"""Run by the build: copies the foreign files here, and refuses others than those meant."""

from __future__ import annotations

import hashlib
import importlib.util
import runpy
import sys
from pathlib import Path


def main(target: Path) -> None:
    """Copy every file to ``target``.

    Raises:
        SystemExit: the package isn't installed, or a file in it has another digest.
    """
    # By path: what is being built can't be imported.
    table = runpy.run_path(str(Path(__file__).with_name("__init__.py")))["FOREIGN"]
    # Found, not imported: it would want Django.
    package = importlib.util.find_spec("drf_spectacular_sidecar")
    if package is None or not package.submodule_search_locations:
        sys.exit("drf-spectacular-sidecar, which carries the pages of /docs, isn't installed")
    source = Path(package.submodule_search_locations[0]) / "static/drf_spectacular_sidecar"
    for name, (path, digest) in table.items():
        content = (source / path).read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            sys.exit(f"{source / path} isn't the file that pycwtd/assets/__init__.py names")
        (target / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
