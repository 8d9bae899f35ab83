"""One daemon for all screens: with a listener for everybody, who is a viewer there, and keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import plugins
from support import red_pair, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support import Daemon

CONFIG = """
[[listen]]
unix = "s"

[[listen]]
tcp = "127.0.0.1:0"
auth = "none"

[access]
loopback = "viewer"

[network]
requests_per_second = 0
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with a series in its store, and a workload that isn't its own."""
    folder = tmp_path_factory.mktemp("plugins")
    plugins.write(folder, "sums", "WORKLOAD = workload('sums', kind('sums'))", plugins.ROGUE)
    with running(CONFIG, own_socket=False, start=False) as one:
        one.start({"PYTHONPATH": str(folder)})
        first, _ = red_pair()
        text = "level\n" + "".join(f"{x!r}\n" for x in first)
        assert one.upload(text.encode(), "level.csv").status == 200
        yield one


@pytest.fixture(scope="module")
def analyst(house: Daemon) -> str:
    """A token of somebody who may submit, and no more."""
    body = {"name": "ann", "role": "analyst", "expires_in": None}
    answer = house.call("POST", "/api/v1/auth/keys/", body)
    assert answer.status in {200, 201}, answer.body
    return str(answer.json["key"])


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """Two series in files of text."""
    paths = []
    for name, values in zip("ab", red_pair(), strict=True):
        path = tmp_path / f"{name}.csv"
        path.write_text("".join(f"{x!r}\n" for x in values))
        paths.append(str(path))
    return paths[0], paths[1]
