"""Schemathesis against the real daemon over TCP, every check switched on.

Run as a program (``make fuzz-api``) it takes a seed of its own and goes on for longer.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support import free_port, running

#: Little is asked of the appliance's time, and nothing is refused for want of room or of rate:
#: a 429 would stand in for the answer that is to be looked at.
CONFIG = """
[network]
requests_per_second = 0
messages_per_second = 0
failures_per_minute = 1000000

[limits]
sync_seconds = 0.3
queued_jobs = 1000000
benchmark_seconds = 1.0
"""


def fuzz(examples: int, seed: int) -> subprocess.CompletedProcess[str]:
    """Have everything tried out that a daemon's own document tells of."""
    port = free_port()
    with running(CONFIG, ["--listen", f"127.0.0.1:{port}"]) as daemon:
        token = (daemon.state / "token").read_text().strip()
        ran = subprocess.run(
            [
                *(Path(sys.executable).with_name("st"), "--no-color"),
                *("--config-file", Path(__file__).with_name("schemathesis.toml")),
                *("run", f"http://127.0.0.1:{port}/openapi.json", "--checks", "all"),
                *("--header", f"Authorization: Bearer {token}", "--continue-on-failure"),
                *("--max-examples", str(examples), "--seed", str(seed)),
                *("--request-timeout", "60"),
            ],
            cwd=daemon.root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert daemon.call("GET", "/health").status == 200
        assert "defect" not in daemon.log
    return ran


def main() -> None:
    """A campaign."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    arguments = parser.parse_args()
    ran = fuzz(arguments.examples, arguments.seed)
    sys.stdout.write(ran.stdout + ran.stderr)
    sys.exit(ran.returncode)


if __name__ == "__main__":
    main()
