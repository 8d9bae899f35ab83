"""The pytest plug-in of the conformance suite: which driver, which of its backends, which tasks.

``pytest -p pycwt_mod.driver_kit.plugin --driver PATH --pyargs pycwt_mod.driver_kit.suite``, which
is what ``pycwtctl driver check PATH`` runs; or ``pytest`` in a folder whose ``conftest.py`` names
this plug-in.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

from pycwt_mod.backends import MonteCarloBackend, driver_in, installed_drivers, load_driver
from pycwt_mod.monte_carlo.conformity import FEWEST

if TYPE_CHECKING:
    from pycwt_mod.backends import InstalledDriver


class Board(Protocol):
    """A simulated board whose cable can be pulled; a driver's tests give it as ``board``."""

    def unplug(self) -> None:
        """Pull the cable."""

    def plug(self) -> None:
        """Put it back."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The suite's options."""
    group = parser.getgroup("pycwtd drivers")
    group.addoption(
        "--driver",
        default=".",
        help="folder of the driver, or the name of an installed one (default: this folder)",
    )
    group.addoption(
        "--realisations",
        type=int,
        default=FEWEST,
        help=f"of each test; at least {FEWEST} (default), more for a finer comparison",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse what can't be tested.

    Raises:
        pytest.UsageError: there is no such driver, or too few realisations.
    """
    config.addinivalue_line("markers", "timing: depends on when things happen, not on what")
    if config.getoption("--realisations") < FEWEST:
        raise pytest.UsageError(f"--realisations must be at least {FEWEST}")
    if (driver := _driver(config.getoption("--driver"))).manifest is None:
        raise pytest.UsageError(f"--driver: {driver.error}")


@cache
def _driver(wanted: str) -> InstalledDriver:
    for driver in installed_drivers():
        if driver.name == wanted:
            return driver
    folder = Path(wanted).absolute()
    if not folder.is_dir():
        raise pytest.UsageError(f"--driver: {wanted} is neither a folder nor an installed driver")
    return driver_in(folder)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each test for every backend of the driver; or for all that the backend says it runs."""
    manifest = _driver(metafunc.config.getoption("--driver")).manifest
    assert manifest is not None
    if "case" in metafunc.fixturenames:
        cases = [
            (info.name, estimator, family)
            for info in manifest.backends
            for estimator in info.estimators
            for family in info.families
            # What nobody can ask for needn't run.
            if estimator == "full" or family != "morse"
        ]
        metafunc.parametrize("case", cases, ids=["-".join(case) for case in cases])
    elif "hook" in metafunc.fixturenames:
        hooks = [(info.name, hook) for info in manifest.backends for hook in info.hooks]
        metafunc.parametrize("hook", hooks, ids=["-".join(hook) for hook in hooks])
    elif "backend_name" in metafunc.fixturenames:
        metafunc.parametrize("backend_name", [info.name for info in manifest.backends])


@pytest.fixture(scope="session")
def driver(pytestconfig: pytest.Config) -> InstalledDriver:
    """The driver under test."""
    return _driver(pytestconfig.getoption("--driver"))


@pytest.fixture(scope="session")
def realisations(pytestconfig: pytest.Config) -> int:
    """How many a test runs."""
    count: int = pytestconfig.getoption("--realisations")
    return count


@pytest.fixture
def board() -> Board | None:
    """None where the driver's tests give no board whose cable can be pulled."""
    return None


def backend_of(driver: InstalledDriver, name: str) -> MonteCarloBackend:
    """A backend of a driver, fresh."""
    for backend in load_driver(driver):
        if backend.info.name == name:
            return backend
    raise AssertionError(f"driver.toml offers {name!r}, and the code doesn't")
