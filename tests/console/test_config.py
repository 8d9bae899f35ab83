"""``pycwtctl config``: without a daemon, and with exit statuses that scripts can use."""

from __future__ import annotations

import json

import jsonschema
import pytest

from pycwtd_console.ctl import run


@pytest.fixture
def ctl(capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYCWTD_SOCKET", str(tmp_path / "nobody"))

    def call(*arguments: str) -> tuple[int, str, str]:
        status = run([*arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return call


def test_show_tells_where_each_value_comes_from(ctl, tmp_path, monkeypatch):
    (tmp_path / "a.toml").write_text(
        '[limits]\nsync_seconds = 5\n[[listen]]\ntcp = "127.0.0.1:1"\n'
        '[access]\norigins = ["https://me:secret@page"]\n'
    )
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "10.toml").write_text('[access.users]\nalice = "admin"\n')
    monkeypatch.setenv("PYCWTD_LOG__FORMAT", "json")
    status, out, _ = ctl("config", "show", "--config", "a.toml")
    assert status == 0
    rows = {row.split()[0]: row.split()[1:] for row in out.splitlines()}
    assert rows["limits.sync_seconds"] == ["5.0", "a.toml:2"]
    assert rows["limits.streams"] == ["4", "built-in"]
    assert rows["listen[0].tcp"] == ['"127.0.0.1:1"', "a.toml:4"]
    assert rows["listen[0].mode"] == ['"660"', "built-in"]
    assert rows["access.users.alice"] == ['"admin"', "conf.d/10.toml:2"]
    assert rows["log.format"] == ['"json"', "PYCWTD_LOG__FORMAT"]
    assert "secret" not in out
    status, out, _ = ctl("--json", "config", "show", "--config", "a.toml")
    shown = json.loads(out)
    assert shown["access.origins"] == {"value": ["https://***@page"], "from": "a.toml:6"}
    assert "secret" not in out


def test_check_finds_everything_and_says_so_by_its_status(ctl, tmp_path):
    (tmp_path / "good.toml").write_text("[limits]\nstreams = 1\n")
    status, out, _ = ctl("config", "check", "good.toml")
    assert (status, out) == (0, "no errors in good.toml\n")
    (tmp_path / "bad.toml").write_text('[limits]\nstream = 1\nqueued_jobs = "many"\n')
    status, out, err = ctl("config", "check", "bad.toml")
    assert status == 1
    assert "bad.toml:2: limits.stream: unknown key; did you mean streams?" in err
    assert "bad.toml:3: limits.queued_jobs: is 'many', and must be a whole number" in err
    status, out, _ = ctl("--json", "config", "check", "bad.toml")
    assert status == 1
    told = json.loads(out)
    assert told["ok"] is False
    assert [(e["line"], e["key"]) for e in told["errors"]] == [
        (2, "limits.stream"),
        (3, "limits.queued_jobs"),
    ]
    status, _, err = ctl("config", "check", "none.toml")
    assert status == 1
    assert "can't be read" in err


def test_schema_and_default(ctl, tmp_path):
    status, out, _ = ctl("config", "schema")
    assert status == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(out))
    status, out, _ = ctl("config", "default")
    assert status == 0
    (tmp_path / "d.toml").write_text(out)
    assert ctl("config", "check", "d.toml")[0] == 0
