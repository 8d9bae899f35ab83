"""``pycwtctl``: the daemon from the command line."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

from pycwtd_console.ctl.session import Session, json_option, show_error

#: Where each command lives and what it does: ``--help`` must not import them all.
_COMMANDS = {
    "submit": ("submit", "Hand in series for analysis; prints the job's id."),
    "estimate": ("submit", "Show what a job would be and cost; nothing is handed in."),
    "batch": ("batch", "Hand in several jobs from a file, all or none."),
    "jobs": ("jobs", "List jobs, newest first."),
    "job": ("jobs", "Show one job, and where it was computed."),
    "watch": ("jobs", "Watch a job until it ends."),
    "cancel": ("jobs", "Stop jobs."),
    "levels": ("levels", "Show the significance levels that a job has found so far."),
    "stream": ("stream", "Follow the coherence of two series that are still coming in."),
    "result": ("result", "Save the result of a completed job."),
    "data": ("data", "Upload series, list, look at, fetch and delete them."),
    "plot": ("plot", "Draw the result of a completed job."),
    "backends": ("service", "List what can compute, and how fast it is."),
    "devices": ("devices", "Show devices, test them, take them out of work and bring them back."),
    "recommend": ("measures", "Show which backend is best for a piece of work."),
    "benchmark": ("measures", "Time backends with the same work."),
    "hardware": ("measures", "Show what is plugged in."),
    "workloads": ("service", "List the kinds of jobs that there are."),
    "health": ("service", "Show whether the daemon is well."),
    "stats": ("measures", "Show totals of jobs, realisations and bytes."),
    "metrics": ("measures", "Print the metrics as Prometheus reads them."),
    "events": ("watching", "Show what has happened to jobs, devices and the daemon."),
    "logs": ("watching", "Show the newest lines of the daemon's log."),
    "token": ("accounts", "Make, list and revoke keys; exchange one for a token."),
    "config": ("config", "Show and check the configuration of a daemon."),
    "whoami": ("accounts", "Show how the daemon sees you."),
    "audit": ("accounts", "Show who changed what."),
    "backup": ("backup", "Back up a daemon on this machine, which may be at work."),
    "restore": ("backup", "Put a backup where a daemon keeps its state."),
    "completion": ("completion", "Print what makes a shell complete these commands."),
    "driver": ("driver", "Write a driver for a board of your own, and test it."),
}

_HELP = """Submit wavelet analyses to pycwtd, watch them, fetch and draw what comes out.

Job ids may be cut down to any beginning that no other job has. Results and ids go to
stdout, everything said on the way to stderr. Every command takes --json.

\b
Exit status:
  0  done
  1  the job failed or was cancelled, or the daemon refused what was asked
  2  wrong usage, or a file that can't be read or written
  3  no daemon can be reached
  130  interrupted by Ctrl-C (a watched job goes on)

\b
Environment:
  PYCWTD_SOCKET  the daemon's Unix socket
  PYCWTD_URL     a daemon on TCP, in its place
  PYCWTD_TOKEN   bearer token for it
"""


class _Commands(click.Group):
    """Loads a command's module when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"pycwtd_console.ctl.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_Commands, help=_HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pycwtd", message="pycwtctl %(version)s")
@click.option(
    "--socket",
    # Whether it may be opened is seen, and told, when it is.
    type=click.Path(path_type=Path, readable=False),
    help="Unix socket of the daemon.",
)
@click.option("--url", help="Address of a daemon on TCP, such as http://localhost:8750.")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="File with the bearer token for --url.",
)
@json_option
@click.pass_context
def cli(
    context: click.Context, socket: Path | None, url: str | None, token_file: Path | None
) -> None:
    """Everything that all commands share."""
    if socket and url:
        raise click.UsageError("give either --socket or --url")
    session = context.ensure_object(Session)
    session.socket, session.url, session.token_file = socket, url, token_file


def run(arguments: list[str]) -> int:
    """Run one command line; returns the exit status."""
    try:
        status = cli.main(arguments, prog_name="pycwtctl", standalone_mode=False)
    except click.Abort:
        return 130
    except click.ClickException as error:
        # Looked up here, because a wrong command line may stop before --json has been seen.
        show_error(error, as_json="--json" in arguments)
        return error.exit_code
    return status if isinstance(status, int) else 0


def main() -> None:
    """Entry point of ``pycwtctl``."""
    sys.exit(run(sys.argv[1:]))
