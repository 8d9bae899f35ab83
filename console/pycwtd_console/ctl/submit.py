"""``pycwtctl submit``: series in, job id out."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import click

from pycwtd.client import Uploads
from pycwtd_console.ctl.connection import ask, print_json
from pycwtd_console.ctl.jobs import conclude, show
from pycwtd_console.ctl.series import read_series
from pycwtd_console.ctl.session import Session, json_option, pass_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from pycwtd.api.types import JobAccepted, JobView
    from pycwtd.client import Client

    Command = Callable[..., None]


def number(value: str) -> float:
    """A number that may be written as a fraction: 0.25, 1/12; click shows this name."""
    try:
        return float(Fraction(value))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise click.BadParameter(f"{value!r} isn't a number or a fraction such as 1/12") from None


_GRID = [
    click.option("--dt", type=number, required=True, help="Sampling interval."),
    click.option("--dj", type=number, help="Spacing of scales in octaves.  [default: 0.25]"),
    click.option("--s0", type=number, help="Smallest scale.  [default: of period 2 dt]"),
    click.option("--J", "J", type=int, help="Scales less one.  [default: as many as fit]"),
    click.option(
        "--wavelet",
        type=click.Choice(["morlet", "paul", "dog", "mexicanhat", "morse"]),
        help="Mother wavelet.  [default: morlet]",
    ),
    click.option("--param", type=number, help="Its ω0, order or β.  [default: 6, 4, 2, 20]"),
    click.option("--gamma", type=number, help="γ of Morse.  [default: 3]"),
    click.option(
        "--normalize/--no-normalize",
        default=None,
        help="Take off the mean and divide by the standard deviation or not.  [default: do]",
    ),
    click.option(
        "--gaps",
        type=click.Choice(["mask", "linear"]),
        help="Missing samples (NaN, NA, empty cells) weigh nothing, or are bridged by straight "
        "lines.  [default: refused]",
    ),
    click.option("--column", help="Column of the files, by name or number, where none is given."),
]
_LEVEL = click.option(
    "--level", "significance_level", type=number, help="Level of the test.  [default: 0.95]"
)
_MONTE_CARLO = [
    click.option("--mc-count", type=int, help="Monte Carlo realisations.  [default: 300]"),
    click.option(
        "--precision",
        type=number,
        help="In their place: go on until the standard error of every level is below this.",
    ),
    click.option(
        "--estimator",
        type=click.Choice(["auto", "cascade", "full"]),
        help="Draw short series for every octave of scales, or series of full length at ten "
        "times the cost.  [default: auto: cascade, but full for Morse]",
    ),
    click.option(
        "--edges",
        is_flag=True,
        default=None,
        help="Test within the cone of influence, too, by levels that know the distance from the "
        "ends; takes 1000 realisations or more.",
    ),
    click.option("--backend", help="Who computes it.  [default: auto]"),
    click.option("--seed", type=int, help="Reproduces the result.  [default: drawn]"),
]
_OUTCOME = [
    click.option("-w", "--wait", is_flag=True, help="Watch the job until it ends."),
    json_option,
]


def _sig(default: bool) -> Command:
    text = "Test against red noise or not." + ("  [default: do]" if default else "")
    return click.option("--sig/--no-sig", "significance_test", default=None, help=text)


def _with(*options: Any) -> Callable[[Command], Command]:
    """Options in the order in which --help shall list them."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@click.group()
def submit() -> None:
    """Hand in series for analysis; prints the job's id.

    A series is a column of a text file: CSV, or columns parted by white space, with or without
    a line of names. FILE:COLUMN says which one, by name or by number from 1; without it, the
    only column is taken, or the second of two. @ID is a series that 'pycwtctl data upload' has
    sent before.
    """


@submit.command()
@click.argument("series", metavar="FILE[:COLUMN]|@ID")
@_with(*_GRID, _sig(False), _LEVEL, *_OUTCOME)
@pass_session
def cwt(session: Session, /, series: str, **options: Any) -> None:
    """Continuous wavelet transform of a series."""
    _submit(session, "cwt", {"data": series}, options)


def _pair(kind: str, *options: Any) -> Callable[[Command], click.Command]:
    """A command on two series."""

    def decorate(text: Command) -> click.Command:
        @submit.command(kind, help=text.__doc__)
        @click.argument("first", metavar="FILE[:COLUMN]|@ID")
        @click.argument("second", metavar="FILE[:COLUMN]|@ID")
        @_with(*options, *_OUTCOME)
        @pass_session
        def command(session: Session, /, first: str, second: str, **values: Any) -> None:
            _submit(session, kind, {"data1": first, "data2": second}, values)

        return command

    return decorate


@_pair("xwt", *_GRID, _sig(False), _LEVEL)
def xwt() -> None:
    """Cross-wavelet spectrum of two series."""


@_pair("wct", *_GRID, _sig(True), _LEVEL, *_MONTE_CARLO)
def wct() -> None:
    """Wavelet coherence of two series, with its significance."""


@_pair("significance", *_GRID, _LEVEL, *_MONTE_CARLO)
def significance() -> None:
    """Levels of coherence that red noise like the two series stays below."""


def _submit(session: Session, kind: str, files: dict[str, str], options: dict[str, Any]) -> None:
    wait, column = options.pop("wait"), options.pop("column")
    request = {name: value for name, value in options.items() if value is not None}
    if "precision" in request and "mc_count" in request:
        raise click.UsageError("give either --mc-count or --precision")
    if request.get("significance_test") is False and "significance_level" in request:
        raise click.UsageError("--level is of no use with --no-sig")
    if request.get("significance_test") is False and "edges" in request:
        raise click.UsageError("--edges is of no use with --no-sig")
    if kind == "wct":
        request.setdefault("significance_test", True)
    # A file that is called so has a path: ./@1.csv.
    uploaded = {field: spec[1:] for field, spec in files.items() if spec.startswith("@")}
    for field, spec in files.items():
        if field not in uploaded:
            request[field] = read_series(spec, column, gaps="gaps" in request)

    async def work(client: Client) -> tuple[JobAccepted, JobView | None]:
        for field, data_id in uploaded.items():
            request[f"{field}_id"] = (await Uploads(client).find(data_id)).data_id
        job = await client.submit(kind, request)
        if not session.json:
            # At once, so that a pipe's reader can go on while this one watches.
            click.echo(job.job_id)
        return job, await show(session, client, job.job_id) if wait else None

    accepted, ended = ask(session, work)
    if ended:
        conclude(session, ended)
    elif session.json:
        print_json(accepted)
