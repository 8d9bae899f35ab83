"""Clusters that tests of drivers share."""

from __future__ import annotations

import os

import pytest

from clusters import cluster
from pycwt_mod.backends import get_backend, setting_variable


@pytest.fixture(scope="session")
def pair():
    """Two workers that nobody hurts."""
    with cluster(2) as one:
        yield one


@pytest.fixture
def use(monkeypatch):
    """Points the Dask driver at an address."""
    for key in [key for key in os.environ if key.startswith(setting_variable("dask", ""))]:
        monkeypatch.delenv(key)
    backend = get_backend("dask")

    def _use(one, **files):
        address = one if isinstance(one, str) else one.address
        monkeypatch.setenv(setting_variable("dask", "scheduler"), address)
        for key, path in files.items():
            monkeypatch.setenv(setting_variable("dask", key), str(path))
        return backend

    yield _use
    backend.close()
