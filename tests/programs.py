"""Programs that few machines have: what needs them has a target of make that installs them."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: What nginx needs around a site that isn't in /etc/nginx.
_NGINX = """
daemon off; master_process off; worker_processes 1; pid {root}/nginx.pid; error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {root}/b; proxy_temp_path {root}/p;
    fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;
    {site}
}}
"""


def need(program: str, target: str, *, slow: bool = False) -> str:
    """The path of a program; without it, the test is skipped, but not under its own target.

    Args:
        program: its name.
        target: the target of make that installs it, and sets ``PROGRAMS_NEEDED`` for its tests.
        slow: whether they take so long that they are run by that target alone.
    """
    wanted = "PROGRAMS_NEEDED" in os.environ
    if slow and not wanted:
        pytest.skip(f"takes half a minute: make {target} runs it")
    if path := shutil.which(program):
        return path
    if wanted:
        pytest.fail(f"{program} isn't there")
    pytest.skip(f"there is no {program} on this machine: make {target} installs it")


@contextmanager
def nginx(root: Path, site: str, address: Path | tuple[str, int]) -> Iterator[None]:
    """An nginx that listens.

    Args:
        root: a folder, which may be there, for its files; ``nginx.stderr`` has what it says.
        site: what it serves.
        address: where it listens, by that.
    """
    root.mkdir(exist_ok=True)
    said, config = root / "nginx.stderr", root / "nginx.conf"
    config.write_text(_NGINX.format(root=root, site=site))
    command = [need("nginx", "test-security"), "-p", root, "-c", config]
    family = socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX
    there = address if isinstance(address, tuple) else os.fspath(address)
    with said.open("w") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            end = time.monotonic() + 30
            # It tells nobody when it listens: a connection is refused until it does.
            while True:
                assert time.monotonic() < end, said.read_text()
                assert process.poll() is None, said.read_text()
                with closing(socket.socket(family)) as one:
                    if one.connect_ex(there) == 0:
                        break
                os.sched_yield()
            yield
        finally:
            process.terminate()
