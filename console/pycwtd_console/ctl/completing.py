"""What shells complete ids and names with: the daemon's own, if it answers at once.

Standard library alone: a shell waits for it with every key.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from collections.abc import Callable

    Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

#: Nobody waits any longer for a completion (seconds).
_PATIENCE = 0.3
#: The newest are the likeliest.
_MOST = 50


class _Unix(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_PATIENCE)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_PATIENCE)
        self.sock.connect(str(self._path))


def _asked(context: click.Context, path: str) -> Any:
    """The daemon's answer, or nothing, whatever is wrong."""
    options = context.find_root().params
    connection: http.client.HTTPConnection
    try:
        connection, headers = _connection(options)
    except (OSError, ValueError):
        return {}
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return json.loads(answer.read()) if answer.status == http.HTTPStatus.OK else {}
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    finally:
        connection.close()


def _connection(options: dict[str, Any]) -> tuple[http.client.HTTPConnection, dict[str, str]]:
    """To the daemon that the command line, or else the environment, names."""
    from pycwtd.platform.paths import default_socket  # noqa: PLC0415 - not for --help

    token = os.environ.get("PYCWTD_TOKEN")
    if file := options.get("token_file"):
        token = Path(file).read_text(encoding="utf-8").strip()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = options.get("url")
    if not url and not options.get("socket"):
        url = os.environ.get("PYCWTD_URL")
    if not url:
        return _Unix(options.get("socket") or default_socket()), headers
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_PATIENCE), headers


def _items(found: list[tuple[str, str]], begun: str) -> list[CompletionItem]:
    return [CompletionItem(name, help=text) for name, text in found if name.startswith(begun)]


def job_ids(
    context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Ids of the newest jobs, with what they are."""
    jobs = _asked(context, f"/api/v1/jobs/?limit={_MOST}").get("jobs", [])
    return _items([(one["job_id"], f"{one['kind']} {one['status']}") for one in jobs], begun)


def data_ids(
    context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Ids of the newest uploaded series, with their files' names."""
    listed = _asked(context, f"/api/v1/data/?limit={_MOST}").get("data", [])
    return _items([(one["data_id"], one["filename"]) for one in listed], begun)


def series(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Files, and after an @ ids of uploaded series."""
    if not begun.startswith("@"):
        return [CompletionItem(begun, type="file")]
    found = data_ids(context, parameter, begun[1:])
    return [CompletionItem(f"@{one.value}", help=one.help) for one in found]


def backend_names(
    context: click.Context, _parameter: click.Parameter, begun: str
) -> list[CompletionItem]:
    """Names of backends, which are those of their devices."""
    listed = _asked(context, "/api/v1/backends/").get("backends", [])
    return _items([(one["name"], one["description"]) for one in listed], begun)


def kinds(context: click.Context, _parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Kinds of jobs."""
    listed = _asked(context, "/api/v1/workloads/").get("workloads", [])
    found = [(kind["name"], kind["summary"]) for one in listed for kind in one["kinds"]]
    return _items(found, begun)


job_argument = click.argument("job_id", metavar="ID", shell_complete=job_ids)
data_argument = click.argument("data_id", metavar="ID", shell_complete=data_ids)
