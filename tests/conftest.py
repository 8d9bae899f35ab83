"""Fixtures for all tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support import running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support import Daemon


@pytest.fixture(scope="session")
def daemon() -> Iterator[Daemon]:
    """A daemon that the tests of a session share; for those that leave it as it was."""
    with running() as one:
        yield one
