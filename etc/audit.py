"""Known vulnerabilities of the pinned dependencies, by pip-audit, and how many were looked up.

pip-audit says "no known vulnerabilities" where it could look nothing up, too: without a network,
or of packages that its source doesn't know. Here every pin is accounted for.

Exit status: 0, all were looked up and none is vulnerable; 1, some are; 2, some or all weren't
looked up, and none of the others is vulnerable.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

_SECONDS = 600
_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)==\S+", re.MULTILINE)


def pins(constraints: str) -> set[str]:
    """The names that are pinned, as PEP 503 writes them."""
    return {normal(name) for name in _PIN.findall(constraints)}


def normal(name: str) -> str:
    """A name as PEP 503 writes it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def verdict(wanted: set[str], report: dict[str, Any]) -> tuple[int, list[str]]:
    """The exit status, and what there is to say.

    Args:
        wanted: names that are pinned.
        report: pip-audit's, as JSON.
    """
    looked_up = {normal(one["name"]) for one in report["dependencies"] if "vulns" in one}
    bad = [one for one in report["dependencies"] if one.get("vulns")]
    lines = []
    for one in bad:
        for found in one["vulns"]:
            fixed = ", ".join(found.get("fix_versions", [])) or "no version yet"
            lines.append(f"{one['name']} {one['version']}: {found['id']}; fixed in {fixed}")
    missed = sorted(wanted - looked_up)
    lines.append(f"{len(wanted & looked_up)} of {len(wanted)} pinned packages were looked up")
    if missed and not looked_up & wanted:
        lines.append("not checked: none could be looked up; is there a network?")
    elif missed:
        lines.append(f"not checked: {', '.join(missed)}")
    return (1 if bad else 2 if missed or not wanted else 0), lines


def main() -> int:
    """Run pip-audit, and say what came of it."""
    program, constraints = sys.argv[1:]
    command = [program, "--requirement", constraints, "--no-deps", "--disable-pip"]
    command += ["--format", "json", "--progress-spinner", "off"]
    try:
        told = subprocess.run(  # noqa: S603 - our own arguments
            command, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        report = json.loads(told.stdout)
    except (OSError, subprocess.TimeoutExpired, json.JSONDecodeError) as error:
        print(f"not checked: pip-audit gave no report ({error})")
        return 2
    status, lines = verdict(pins(Path(constraints).read_text(encoding="utf-8")), report)
    print("\n".join(lines))
    print("Swagger UI and Redoc are pinned by digest in pycwtd/assets, and not looked up here.")
    return status


if __name__ == "__main__":
    sys.exit(main())
