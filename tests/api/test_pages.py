"""The pages for people: whole without any internet."""

from __future__ import annotations

import hashlib
import http.client
import re
from importlib import resources

import pytest

from pycwtd.assets import FOREIGN, OWN
from support import free_port, running


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_a_page_needs_nothing_from_elsewhere(daemon, path):
    page = daemon.call("GET", path)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "http" not in policy
    text = page.body.decode()
    assert "://" not in text
    assert not re.search(r"<script(?! src=)", text)
    names = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert names
    for name in names:
        answer = daemon.call("GET", name)
        assert answer.status == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_pages_show_this_daemons_document(daemon):
    for name in OWN:
        assert b'"/openapi.json"' in daemon.call("GET", f"/assets/{name}").body


def test_the_files_are_the_ones_that_were_published(daemon):
    for name, (_, digest) in FOREIGN.items():
        body = daemon.call("GET", f"/assets/{name}").body
        assert hashlib.sha256(body).hexdigest() == digest


def test_licences_are_beside_them():
    folder = resources.files("pycwtd.assets")
    assert "Apache License" in (folder / "swagger-ui.LICENSE.txt").read_text()
    assert "MIT" in (folder / "redoc.LICENSE.txt").read_text()


@pytest.mark.parametrize("name", ["../routes.py", "__init__.py", "nothing.js", "..%2fx"])
def test_nothing_else_is_served(daemon, name):
    assert daemon.call("GET", f"/assets/{name}").status == 404


def test_they_need_no_token_and_tell_nothing():
    port = free_port()
    with running(arguments=["--listen", f"127.0.0.1:{port}"], backends=()):
        for path, status in (
            ("/docs", 200),
            ("/redoc", 200),
            ("/openapi.json", 200),
            ("/assets/docs.js", 200),
            ("/api/v1/data", 401),
            ("/metrics", 401),
        ):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", path)
            assert connection.getresponse().status == status
            connection.close()
