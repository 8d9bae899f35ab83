"""``pycwtctl submit``: series in, job id out."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import click
import msgspec

from pycwtd.client import Jobs, Uploads
from pycwtd_console.ctl.completing import backend_names, kinds
from pycwtd_console.ctl.completing import series as complete_series
from pycwtd_console.ctl.connection import ask, print_json
from pycwtd_console.ctl.jobs import hand_in
from pycwtd_console.ctl.series import read_series
from pycwtd_console.ctl.session import InputError, Session, json_option, pass_session
from pycwtd_console.ctl.table import print_table
from pycwtd_console.progress import span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pycwtd.api.types import JobAccepted
    from pycwtd.client import Client
    from pycwtd.client.jobs import EstimateView

    Command = Callable[..., None]
    #: Takes the session, the kind, the request and what of it is uploaded.
    Act = Callable[..., None]


def number(value: str) -> float:
    """A number that may be written as a fraction: 0.25, 1/12; click shows this name."""
    try:
        return float(Fraction(value))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise click.BadParameter(f"{value!r} isn't a number or a fraction such as 1/12") from None


_SERIES = "FILE[:COLUMN]|@ID"
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
    click.option(
        "--backend", shell_complete=backend_names, help="Who computes it.  [default: auto]"
    ),
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


class _Verb(NamedTuple):
    """What is done with a request, and the options that only this takes."""

    group: click.Group
    act: Act
    options: tuple[Command, ...]


@click.group()
def submit() -> None:
    """Hand in series for analysis; prints the job's id.

    A series is a column of a text file: CSV, or columns parted by white space, with or without
    a line of names. FILE:COLUMN says which one, by name or by number from 1; without it, the
    only column is taken, or the second of two. @ID is a series that 'pycwtctl data upload' has
    sent before.
    """


@click.group()
def estimate() -> None:
    """Show what a job would be and cost on each backend; nothing is handed in.

    It takes what 'pycwtctl submit' takes, and is refused as that is.
    """


def _add_one(verb: _Verb) -> None:
    @verb.group.command("cwt", help="Continuous wavelet transform of a series.")
    @click.argument("series", metavar=_SERIES, shell_complete=complete_series)
    @_with(*_GRID, _sig(False), _LEVEL, *verb.options)
    @pass_session
    def command(session: Session, /, series: str, **options: Any) -> None:
        _submit(session, verb, "cwt", {"data": series}, options)


def _add_pair(verb: _Verb, kind: str, text: str, *options: Any) -> None:
    """A command on two series."""

    @verb.group.command(kind, help=text)
    @click.argument("first", metavar=_SERIES, shell_complete=complete_series)
    @click.argument("second", metavar=_SERIES, shell_complete=complete_series)
    @_with(*options, *verb.options)
    @pass_session
    def command(session: Session, /, first: str, second: str, **values: Any) -> None:
        _submit(session, verb, kind, {"data1": first, "data2": second}, values)


def _add_request(verb: _Verb) -> None:
    @verb.group.command("request")
    @click.argument("kind", shell_complete=kinds)
    @click.argument("body", metavar="FILE", type=click.File("rb"))
    @_with(*verb.options)
    @pass_session
    def command(session: Session, /, kind: str, body: BinaryIO, **outcome: Any) -> None:
        """A job of any kind that 'pycwtctl workloads' lists.

        FILE has the request as JSON, with the fields that GET /docs describes; - is stdin.
        """
        try:
            fields = msgspec.json.decode(body.read(), type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InputError(f"{body.name}: isn't a JSON object: {error}") from None
        verb.act(session, kind, fields, {}, **outcome)


def _submit(
    session: Session, verb: _Verb, kind: str, files: dict[str, str], options: dict[str, Any]
) -> None:
    column = options.pop("column")
    outcome = {name: options.pop(name) for name in ("wait",) if name in options}
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
    verb.act(session, kind, request, uploaded, **outcome)


def _send(
    session: Session,
    kind: str,
    request: dict[str, Any],
    uploaded: Mapping[str, str],
    *,
    wait: bool,
) -> None:
    """Submit a request; series among the uploaded ones are looked up first, by their ids."""

    async def work(client: Client) -> JobAccepted:
        await _name_uploads(client, request, uploaded)
        return await client.submit(kind, request)

    hand_in(session, work, wait=wait)


async def _name_uploads(
    client: Client, request: dict[str, Any], uploaded: Mapping[str, str]
) -> None:
    for field, data_id in uploaded.items():
        request[f"{field}_id"] = (await Uploads(client).find(data_id)).data_id


def _estimate(
    session: Session, kind: str, request: dict[str, Any], uploaded: Mapping[str, str]
) -> None:
    """Ask what a request would cost."""

    async def work(client: Client) -> EstimateView:
        await _name_uploads(client, request, uploaded)
        return await Jobs(client).estimate(kind, request)

    found = ask(session, work)
    if session.json:
        print_json(found)
        return
    rows = [("kind", found.kind)]
    figures = {"samples": found.samples, "scales": found.scales, "realisations": found.realisations}
    rows += [(name, f"{value:,}") for name, value in figures.items() if value]
    texts = {"estimator": found.estimator, "backend": found.backend}
    texts |= {"fallback": found.fallback_reason, "the soonest": found.recommended_backend}
    rows += [(name, text) for name, text in texts.items() if text]
    if found.estimated_time is not None:
        rows.append(("computing", span(found.estimated_time)))
    print_table(None, rows)
    if found.backends:
        click.echo()
        print_table(("BACKEND", "DONE IN", "OF THAT WAITING", "WHY NOT"), _candidates(found))


def _candidates(found: EstimateView) -> list[tuple[str, str, str, str]]:
    def told(seconds: float | None) -> str:
        return "-" if seconds is None else span(seconds)

    return [
        (one.backend, told(one.estimated_time), told(one.waiting_time), one.reason or "")
        for one in found.backends
    ]


for _verb in (_Verb(submit, _send, tuple(_OUTCOME)), _Verb(estimate, _estimate, (json_option,))):
    _add_one(_verb)
    _add_pair(_verb, "xwt", "Cross-wavelet spectrum of two series.", *_GRID, _sig(False), _LEVEL)
    _add_pair(
        *(_verb, "wct", "Wavelet coherence of two series, with its significance."),
        *(*_GRID, _sig(True), _LEVEL, *_MONTE_CARLO),
    )
    _add_pair(
        *(_verb, "significance"),
        "Levels of coherence that red noise like the two series stays below.",
        *(*_GRID, _LEVEL, *_MONTE_CARLO),
    )
    _add_request(_verb)
