"""``pycwtctl driver``: for those who write one. No daemon is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from pycwt_mod.driver_kit.cassette import VARIABLE
from pycwt_mod.driver_kit.scaffold import new_driver

_PLUGIN = "pycwt_mod.driver_kit.plugin"
_SUITE = "pycwt_mod.driver_kit.suite"
_PATH = click.argument("driver", metavar="PATH")
_REST = click.argument("pytest_options", nargs=-1, metavar="[-- PYTEST OPTIONS]")
_REALISATIONS = click.option(
    "--realisations", default=8, show_default=True, help="Of each test, at least 8."
)


@click.group()
def driver() -> None:
    """Write a driver for a board of your own, and test it.

    PATH is the driver's folder, or the name of an installed driver.
    """


@driver.command()
@click.argument("name")
@click.option(
    "--in",
    "parent",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=".",
    help="Where its folder is made (default: here).",
)
def new(name: str, parent: Path) -> None:
    """Write a driver package that works, to be filled in."""
    try:
        folder = new_driver(name, parent)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except FileExistsError:
        raise click.UsageError(f"{parent / name} exists already") from None
    except OSError as error:
        raise click.FileError(str(parent / name), error.strerror) from None
    click.echo(f"{folder}: next, pycwtctl driver check {folder}")


@driver.command()
@_PATH
@_REALISATIONS
@_REST
def check(driver: str, realisations: int, pytest_options: tuple[str, ...]) -> None:
    """Run the conformance suite against a real or simulated board."""
    _run(driver, realisations, pytest_options)


@driver.command()
@_PATH
@click.option("--to", "cassette", required=True, type=click.Path(dir_okay=False, path_type=Path))
@_REALISATIONS
@_REST
def record(driver: str, cassette: Path, realisations: int, pytest_options: tuple[str, ...]) -> None:
    """Run the suite, and keep what goes over the board's line.

    Without the tests that depend on when things happen.
    """
    if cassette.exists():
        raise click.UsageError(f"--to: {cassette} exists already")
    _run(driver, realisations, pytest_options, f"record:{cassette.absolute()}")
    if not cassette.exists():
        raise click.ClickException("the driver didn't open its line by driver_kit.cassette.opened")


@driver.command()
@_PATH
@click.option(
    "--from",
    "cassette",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@_REALISATIONS
@_REST
def replay(driver: str, cassette: Path, realisations: int, pytest_options: tuple[str, ...]) -> None:
    """Run the suite against what was recorded, in place of a board."""
    _run(driver, realisations, pytest_options, f"replay:{cassette.absolute()}")


def _run(
    driver: str, realisations: int, options: tuple[str, ...], cassette: str | None = None
) -> None:
    if find_spec("pytest") is None:
        raise click.ClickException("needs pytest: pip install 'pycwtd[drivers]'")
    folder = Path(driver).absolute()
    tests = folder / "tests"
    command = [sys.executable, "-P", "-m", "pytest", "-p", _PLUGIN, "-p", "no:cacheprovider"]
    # The driver's own tests have the suite among them, and the board that it may unplug.
    command += [os.fspath(tests)] if tests.is_dir() else ["--pyargs", _SUITE]
    command += ["--driver", os.fspath(folder) if folder.is_dir() else driver]
    command += ["--realisations", str(realisations), *options]
    environment = dict(os.environ)
    if cassette:
        command += ["-m", "not timing"]
        environment[VARIABLE] = cassette
    # The options are those of whoever types them.
    if status := subprocess.run(command, check=False, env=environment).returncode:  # noqa: S603
        sys.exit(status)
