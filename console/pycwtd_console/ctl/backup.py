"""``pycwtctl backup`` and ``restore``: of a daemon on this machine."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pycwtd.service import backup as backups
from pycwtd_console.ctl.connection import print_json
from pycwtd_console.ctl.session import (
    RefusedError,
    Session,
    json_option,
    pass_session,
    unusable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_config_option = click.option(
    "--config",
    "file",
    type=click.Path(path_type=Path),
    help="The file that pycwtd gets as --config; without it, /etc/pycwtd/pycwtd.toml.",
)
_state_option = click.option(
    "--state-dir", type=click.Path(path_type=Path), help="In place of the configuration's."
)


@contextmanager
def _refused_as(code: str) -> Iterator[None]:
    """What keeps a backup from being made or put back, as the command tells it."""
    try:
        yield
    except backups.BackupFailedError as error:
        raise RefusedError(str(error), code) from None
    except OSError as error:
        raise unusable(error) from None


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Of the backups in DIR, so many are kept, the newest; 0 keeps all.",
)
@_config_option
@_state_option
@json_option
@pass_session
def backup(
    session: Session, folder: Path, keep: int, file: Path | None, state_dir: Path | None
) -> None:
    """Back up all jobs, results, series and keys into a new folder in DIR.

    The daemon may be at work. The backup is read again and compared with its rows by ids and
    digests. It has no secrets in the clear, but every result: DIR is made for its owner alone.
    If a result was damaged already, the rest is saved and the exit status is 1.
    """
    with _refused_as("backup_failed"):
        path, manifest, removed = backups.backup(
            folder, config=file, state_dir=state_dir, keep=keep
        )
    if session.json:
        print_json(
            {
                "backup": str(path),
                **manifest.rows,
                "bytes": sum(one.size for one in manifest.files.values()),
                "damaged": manifest.damaged,
                "removed": [str(one) for one in removed],
            }
        )
    else:
        click.echo(path)
    session.say(
        f"{manifest.rows['jobs']} jobs and {manifest.rows['data']} series, "
        f"{len(manifest.files)} files, verified"
    )
    for one in removed:
        session.say(f"removed {one}")
    if manifest.damaged:
        raise RefusedError(
            f"damaged before the backup was made: {', '.join(manifest.damaged)}", "damaged"
        )


@click.command()
@click.argument("source", metavar="DIR", type=click.Path(exists=True, path_type=Path))
@click.option("--replace", is_flag=True, help="Move what is there to replaced-TIME first.")
@_config_option
@_state_option
@json_option
@pass_session
def restore(
    session: Session, source: Path, replace: bool, file: Path | None, state_dir: Path | None
) -> None:
    """Put a backup where the daemon keeps its state; the daemon must be stopped.

    DIR is a backup, or a folder of backups, of which the newest is taken. The backup is verified
    before anything is touched, and what was written after it. Jobs that ran go on at the start.
    The files of the configuration that are in a backup are left to you.
    """
    with _refused_as("restore_failed"):
        chosen, place, manifest = backups.restore(
            source, config=file, state_dir=state_dir, replace=replace
        )
    if session.json:
        print_json({"backup": str(chosen), "state_dir": str(place), **manifest.rows})
    else:
        click.echo(place)
    session.say(
        f"{manifest.rows['jobs']} jobs and {manifest.rows['data']} series from {chosen}, verified"
    )
