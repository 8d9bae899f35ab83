"""Fixtures of the tests of the daemon's life."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

import shim
from support import running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from shim import Faults
    from support import Daemon


@pytest.fixture(scope="session")
def shim_library(tmp_path_factory: pytest.TempPathFactory):
    """The library that injects faults, compiled."""
    return shim.build(tmp_path_factory.mktemp("shim"))


@pytest.fixture
def faulty(shim_library) -> Callable[..., AbstractContextManager[tuple[Daemon, Faults]]]:
    """Makes a daemon whose disk, clock and life the test has in its hands."""

    @contextmanager
    def make(config: str = "", *, start: bool = True) -> Iterator[tuple[Daemon, Faults]]:
        with running(config, start=False, backends=["joblib"]) as daemon:
            faults = shim.Faults(shim_library, daemon)
            if start:
                daemon.start(faults.env)
            yield daemon, faults

    return make
