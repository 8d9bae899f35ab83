"""Web pages: only our own and those in the configuration may talk to the daemon."""

from __future__ import annotations

from contextlib import closing
from urllib.parse import urlsplit

import pytest

from support import running
from wires import API, TCP, over, read_all, tcp, unix_socket

CONFIG = """
[access]
hosts = ["lab.example"]
origins = ["https://page.example"]
"""


@pytest.fixture(scope="module")
def daemon():
    with running(CONFIG, [*TCP, "--auth", "none"], backends=()) as one:
        yield one


@pytest.fixture
def port(daemon):
    return urlsplit(daemon.url).port


@pytest.mark.parametrize("path", [f"{API}/jobs", "/health", "/ws/events", "/nothing"])
@pytest.mark.parametrize(
    ("host", "refused"),
    [
        ("localhost:PORT", None),
        ("127.0.0.1:PORT", None),
        ("[::1]:PORT", None),
        ("LAB.example", None),
        ("evil.example:PORT", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.nip.example:PORT", 403),
        ("", 403),
        ("[::1", 403),
    ],
)
def test_host(daemon, port, path, host, refused):
    answer = tcp(daemon, "GET", path, Host=host.replace("PORT", str(port)))
    if refused:
        assert answer.status == refused
        assert answer.json["error"]["code"] == "wrong_host"
    else:
        assert answer.status not in {400, 403}


@pytest.mark.parametrize(
    ("host", "expected"), [("localhost", 200), ("lab.example", 200), ("evil.example", 403)]
)
def test_host_on_the_unix_socket(daemon, host, expected):
    assert daemon.call("GET", f"{API}/jobs", headers={"Host": host}).status == expected


@pytest.mark.parametrize("lines", ["", "Host: localhost\r\nHost: localhost\r\n"])
def test_host_is_given_and_once(daemon, lines):
    with closing(unix_socket(daemon)) as wire:
        wire.sendall(f"GET /health HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
        assert read_all(wire).split()[1] == b"400"


@pytest.mark.parametrize("path", [f"{API}/jobs", "/ws/events"])
@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:PORT", True),
        ("http://127.0.0.1:PORT", True),
        ("http://lab.example:PORT", True),
        ("https://page.example", True),
        ("http://page.example", False),
        ("https://page.example:444", False),
        ("http://localhost:1", False),  # another program of this machine
        ("http://localhost", False),
        ("http://evil.example:PORT", False),
        ("null", False),
        ("http://[::1", False),
        ("http://localhost:x", False),
    ],
)
def test_origin(daemon, port, path, origin, allowed):
    head = {"Host": f"127.0.0.1:{port}", "Origin": origin.replace("PORT", str(port))}
    answer = tcp(daemon, "GET", path, **head)
    assert (answer.status != 403) is allowed
    if not allowed:
        assert answer.json["error"]["code"] == "wrong_origin"
    cors = answer.headers["Access-Control-Allow-Origin"]
    assert cors == (origin if origin == "https://page.example" else None)
    assert answer.headers["Vary"] == "Origin"


def test_origin_on_the_unix_socket(daemon):
    assert daemon.call("GET", "/health", headers={"Origin": "http://evil.example"}).status == 403
    assert daemon.call("GET", "/health", headers={"Origin": "http://localhost"}).status == 200


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}, 403),
        ({"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "no-cors"}, 403),
        ({"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}, 200),  # a link
        ({"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"}, 200),
    ],
)
def test_pages_that_send_no_origin(daemon, head, expected):
    assert tcp(daemon, "GET", "/health", **head).status == expected


def test_a_form_of_another_site_changes_nothing(daemon):
    head = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert tcp(daemon, "POST", f"{API}/jobs", {}, **head).status == 403


def test_preflight(daemon):
    ask = {"Access_Control_Request_Method": "POST"}
    allowed = tcp(daemon, "OPTIONS", f"{API}/jobs", Origin="https://page.example", **ask)
    assert allowed.status == 204
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://page.example"
    assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
    assert "DELETE" in allowed.headers["Access-Control-Allow-Methods"]
    refused = tcp(daemon, "OPTIONS", f"{API}/jobs", Origin="https://evil.example", **ask)
    assert refused.status == 403
    assert refused.headers["Access-Control-Allow-Origin"] is None


def test_no_origin_is_allowed_by_default():
    with running("", [*TCP, "--auth", "none"], backends=()) as daemon:
        answer = tcp(daemon, "GET", "/health", Origin="https://page.example")
        assert answer.status == 403
        assert answer.headers["Access-Control-Allow-Origin"] is None
        with closing(unix_socket(daemon)) as wire:
            assert over(wire, "GET", "/health").headers["Vary"] is None
