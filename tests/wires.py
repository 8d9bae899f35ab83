"""What tests of access share: requests as they go over the wire, and other people's sockets."""

from __future__ import annotations

import array
import http.client
import json
import os
import select
import socket
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from support import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support import Daemon

API = "/api/v1"
#: Without any rate, for tests of other things.
NO_RATE = "[network]\nrequests_per_second = 0\n"
TCP = ["--listen", "127.0.0.1:0"]
#: Listeners for the tests, and for a proxy before the daemon.
BEHIND_PROXY = """\
[[listen]]
unix = "s"
[[listen]]
unix = "proxy"
auth = "token"
proxy = true
"""

#: Framings on which a proxy and we could differ (RFC 9112, sections 6.3 and 11.2).
AMBIGUOUS = {
    "both lengths": "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": "Content-Length: 5\r\nContent-Length: 45\r\n\r\n12345",
    "a list of lengths": "Content-Length: 5, 45\r\n\r\n12345",
    "a signed length": "Content-Length: +5\r\n\r\n12345",
    "a length with underscores": "Content-Length: 0_5\r\n\r\n12345",
    "a length in hexadecimal": "Content-Length: 0x5\r\n\r\n12345",
    "an unknown coding": "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "a coding twice": "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "another coding after it": "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a blank before the colon": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "a folded line": "X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a bare return": "X-A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk of negative size": "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n",
    "a chunk's size with underscores": "Transfer-Encoding: chunked\r\n\r\n0_1\r\nx\r\n0\r\n\r\n",
    "a chunk longer than it says": "Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n",
    "a null in a header": "X-A: b\0c\r\nContent-Length: 0\r\n\r\n",
}
#: A request that would be answered if it were taken for one.
HIDDEN = b"GET /api/v1/auth/me HTTP/1.1\r\nHost: localhost\r\n\r\n"

#: Becomes somebody else, connects to a Unix socket, and hands the connection over.
_CONNECT = """
import array, os, socket, sys
uid, gid, *groups = map(int, sys.argv[3:])
os.setgroups(groups)
os.setresgid(gid, gid, gid)
os.setresuid(uid, uid, uid)
one = socket.socket(socket.AF_UNIX)
one.connect(sys.argv[1])
out = socket.socket(fileno=int(sys.argv[2]))
out.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [one.fileno()]))])
"""


def over(
    connected: socket.socket,
    method: str,
    path: str,
    body: Any = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request over a connection that is there already."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = connected
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, data, {"Content-Type": "application/json", **(headers or {})})
    response = connection.getresponse()
    return Answer(response.status, response.headers, response.read())


def tcp(
    daemon: Daemon,
    method: str,
    path: str,
    body: Any = None,
    *,
    token: str | None = None,
    **headers: str,
) -> Answer:
    """One request over TCP."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if token:
        given["Authorization"] = f"Bearer {token}"
    with closing(tcp_socket(daemon)) as connected:
        return over(connected, method, path, body, given)


def tcp_socket(daemon: Daemon, timeout: float = 30) -> socket.socket:
    """A connection over TCP."""
    parts = urlsplit(daemon.url)
    return socket.create_connection((parts.hostname, parts.port), timeout)


def unix_socket(daemon: Daemon, timeout: float = 30) -> socket.socket:
    """A connection over the Unix socket, by whoever runs the tests."""
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(timeout)
    one.connect(os.fspath(daemon.socket))
    return one


def peer_socket(path: Path, uid: int, gid: int, groups: Sequence[int] = ()) -> socket.socket:
    """A connection to a Unix socket by another user: the kernel has seen that user connect."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        subprocess.run(
            [
                *(sys.executable, "-ISc", _CONNECT, path),
                *map(str, (theirs.fileno(), uid, gid, *groups)),
            ],
            pass_fds=[theirs.fileno()],
            check=True,
            timeout=30,
        )
        _, ((_, _, handle),), _, _ = ours.recvmsg(1, socket.CMSG_SPACE(4))
    one = socket.socket(fileno=array.array("i", handle[:4])[0])
    one.settimeout(30)
    return one


def add_key(daemon: Daemon, name: str, role: str = "analyst", **fields: Any) -> dict[str, Any]:
    """A new key, made by the admin whom the Unix socket knows."""
    answer = daemon.call("POST", f"{API}/auth/keys", {"name": name, "role": role, **fields})
    assert answer.status == 201, answer.body
    return dict(answer.json)


def exchange(daemon: Daemon, name: str, key: str) -> Answer:
    """A key for a token."""
    form = urlencode({"grant_type": "password", "username": name, "password": key})
    kind = "application/x-www-form-urlencoded"
    with closing(tcp_socket(daemon)) as connected:
        head = {"Content-Type": kind}
        return over(connected, "POST", f"{API}/auth/token", form.encode(), head)


def read_all(connected: socket.socket) -> bytes:
    """What comes until the other side closes."""
    data = b""
    try:
        while piece := connected.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data


def wait_cut_off(connected: socket.socket, seconds: float = 30) -> None:
    """Wait until the other side has closed, without reading a byte."""
    poll = select.poll()
    poll.register(connected, select.POLLRDHUP)
    assert poll.poll(seconds * 1000), "the connection is still there"
