"""Configuration of access: refused with the key's name, and what it turns off is off."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from pycwtd.api.permissions import rule_of
from pycwtd.api.routes import operations
from support import START_SECONDS, running
from wires import API, TCP, tcp

OPERATIONS = operations()
PYCWTD = Path(sys.executable).with_name("pycwtd")


def refused(folder, text):
    file = folder / "pycwtd.toml"
    file.write_text(text)
    ran = subprocess.run(
        [PYCWTD, "--config", file, "--state-dir", folder / "state"],
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    return ran.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[access]\nother = 'viewer'", ["access.other", "did you mean others"]),
        ("[access]\nothers = 'admin'", ["access.others", "admin"]),
        ("[access.users]\nalice = 'root'", ["access.users", "root"]),
        ("[access]\norigins = ['https://page.example/path']", ["access.origins"]),
        ("[access]\nproxies = ['nginx']", ["access.proxies", "nginx"]),
        ("[network]\nhead_second = 1", ["network.head_second", "did you mean head_seconds"]),
        ("[network]\nbody_seconds = 0", ["network.body_seconds", "> 0"]),
        ("[[listen]]\nunix = 's'\nauth = 'none'", ["listen[0]", "peer or token"]),
        ("[[listen]]\nunix = 's'\nproxy = true", ["listen[0]", 'auth = "token"']),
        ("[[listen]]\ntcp = '127.0.0.1:0'\nauth = 'peer'", ["listen[0]", "Unix sockets"]),
        ("[[listen]]\ntcp = '127.0.0.1:0'\nproxy = true", ["listen[0]", "access.proxies"]),
    ],
)
def test_a_wrong_key_is_named(tmp_path, text, words):
    sentence = refused(tmp_path, text)
    for word in words:
        assert word in sentence


def test_a_secret_that_is_none_is_refused(tmp_path):
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "signing-key").write_text("short")
    socket = f'[[listen]]\nunix = "{tmp_path}/s"\n'
    sentence = refused(tmp_path, socket)
    assert "signing-key" in sentence
    assert "too short" in sentence


def test_the_state_directorys_token_can_be_switched_off():
    with running("", TCP, backends=()) as daemon:
        token = (daemon.state / "token").read_text().strip()
        assert tcp(daemon, "GET", f"{API}/auth/me", token=token).json["role"] == "admin"
        daemon.stop()
        daemon.config = "[access]\nstate_token = false\n"
        daemon.start()
        assert tcp(daemon, "GET", f"{API}/auth/me", token=token).status == 401


def test_the_document_says_who_may_do_what_and_how_it_is_refused(daemon):
    document = daemon.call("GET", "/openapi.json").json
    OpenAPIV31SpecValidator(document).validate()
    schemes = document["components"]["securitySchemes"]
    assert schemes["key"]["scheme"] == "bearer"
    assert schemes["password"]["flows"]["password"]["tokenUrl"] == f"{API}/auth/token"
    for operation in OPERATIONS:
        entry = document["paths"][operation.path][operation.method.lower()]
        rule = rule_of(operation)
        assert entry["x-role"] == rule.role
        assert {"401", "403", "408", "413", "429"} <= set(entry["responses"])
        assert "Retry-After" in entry["responses"]["429"]["headers"]
        if rule.role == "none":
            assert entry["security"] == []
        else:
            assert {"key": []} in entry["security"]
            assert rule.role in entry["description"]
        if operation.body is not None:
            assert set(entry["requestBody"]["content"]) == {operation.takes}
