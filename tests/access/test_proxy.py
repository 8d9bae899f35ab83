"""Behind a real nginx: what is hidden in a body never becomes a request of its own.

``make test-security`` installs nginx.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import closing

import pytest

from programs import need, nginx
from support import running
from wires import AMBIGUOUS, API, BEHIND_PROXY, HIDDEN, add_key, over, read_all

SITE = """
    access_log off;
    upstream pycwtd {{ server unix:{root}/proxy; keepalive 4; }}
    server {{
        listen unix:{root}/front;
        location / {{
            proxy_pass http://pycwtd; proxy_http_version 1.1;
            proxy_set_header Connection ""; proxy_set_header Host localhost;
            proxy_set_header X-Forwarded-For $remote_addr;
        }}
    }}
"""
CONFIG = f"""
[log]
format = "json"
{BEHIND_PROXY}
"""


@pytest.fixture(scope="module")
def proxied():
    need("nginx", "test-security")
    with running(CONFIG, own_socket=False, backends=()) as daemon:
        root = daemon.root
        with nginx(root, SITE.format(root=root), root / "front"):
            yield daemon


def front(daemon):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(30)
    one.connect(os.fspath(daemon.root / "front"))
    return one


def asked(daemon):
    """The routes of all requests that the daemon has seen."""
    told = [json.loads(line) for line in daemon.log.splitlines()]
    return [one["path"] for one in told if one.get("event") == "request"]


@pytest.mark.parametrize("how", AMBIGUOUS)
def test_nothing_is_smuggled_through(proxied, how):
    with closing(front(proxied)) as wire:
        head = "POST /api/v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        wire.sendall(head.encode() + AMBIGUOUS[how].encode() + HIDDEN)
        wire.shutdown(socket.SHUT_WR)
        read_all(wire)
    # The connection that nginx keeps to the daemon is clean: the next answer is to the next.
    with closing(front(proxied)) as wire:
        answer = over(wire, "GET", "/health")
    assert answer.json["status"] == "healthy", (proxied.root / "nginx.stderr").read_text()
    assert f"{API}/auth/me" not in asked(proxied)


def test_the_proxys_socket_gives_nobody_a_role(proxied):
    with closing(front(proxied)) as wire:
        assert over(wire, "GET", f"{API}/jobs").status == 401
    key = add_key(proxied, "one", "viewer")["key"]
    with closing(front(proxied)) as wire:
        head = {"Authorization": f"Bearer {key}", "X-Forwarded-For": "10.9.9.9"}
        me = over(wire, "GET", f"{API}/auth/me", headers=head).json
    assert me["identity"] == "key:one"
    assert me["address"] != "10.9.9.9"
