"""Fixtures for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from support import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support import Daemon

# A busy machine is no failure: how long an example takes isn't tested.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


#: Folders whose files have many short tests.
_SHORT = {"config", "engine", "kernel", "science", "store"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Short tests last: they fill up whichever process is done first."""
    items.sort(key=lambda item: item.path.parent.name in _SHORT)


@pytest.fixture(scope="session")
def daemon() -> Iterator[Daemon]:
    """A daemon that the tests of a session share; for those that leave it as it was."""
    with running() as one:
        yield one


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The library's cache: not that of whoever runs the tests, and empty at first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYCWT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
