"""The layers of the configuration: which one wins, what each value's origin is, what is wrong."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated

import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycwtd.config import Config, ConfigError, Limits, layered_config
from pycwtd.config.places import lines
from pycwtd.config.reference import default_toml, descriptions, page, schema
from pycwtd.config.wrong import all_keys, dotted, masked, type_at

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path):
    def write(text: str, **drop_ins: str):
        path = tmp_path / "pycwtd.toml"
        path.write_text(text)
        (tmp_path / "conf.d").mkdir(exist_ok=True)
        for name, one in drop_ins.items():
            (tmp_path / "conf.d" / f"{name}.toml").write_text(one)
        return path

    return write


def refused(path, options=(), environment=()) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        layered_config(path, dict(options), dict(environment))
    return caught.value


def test_each_layer_is_over_those_before_it(file):
    path = file(
        "[limits]\nsync_seconds = 1\nqueued_jobs = 1\nstreams = 1\nreserve_bytes = 1\n",
        a10="[limits]\nsync_seconds = 2\nqueued_jobs = 2\nstreams = 2\n",
        a20="[limits]\nqueued_jobs = 3\nstreams = 3\n",
    )
    (path.parent / "conf.d" / "note.txt").write_text("not TOML [")
    found = layered_config(path, {"state_dir": "/s"}, {"PYCWTD_LIMITS__STREAMS": "4"})
    limits = found.config.limits
    assert (limits.reserve_bytes, limits.sync_seconds) == (1, 2.0)
    assert (limits.queued_jobs, limits.streams) == (3, 4)
    assert limits.upload_bytes == Limits().upload_bytes
    drop_ins = path.parent / "conf.d"
    for key, origin in {
        "reserve_bytes": f"{path}:5",
        "sync_seconds": f"{drop_ins / 'a10.toml'}:2",
        "queued_jobs": f"{drop_ins / 'a20.toml'}:2",
        "streams": "PYCWTD_LIMITS__STREAMS",
        "upload_bytes": "built-in",
    }.items():
        assert found.origin(("limits", key)) == origin
    assert found.origin(("state_dir",)) == "command line"


def test_tables_are_joined_and_lists_replaced(file):
    path = file(
        '[access.users]\na = "viewer"\nb = "viewer"\n[engine]\npreference = ["joblib"]\n',
        one='[access.users]\nb = "admin"\n[engine]\npreference = ["sequential"]\n',
    )
    config = layered_config(path, {}, {}).config
    assert config.access.users == {"a": "viewer", "b": "admin"}
    assert config.engine.preference == ("sequential",)


def test_the_environment_as_its_keys_types_want_it(file):
    environment = {
        "PYCWTD_STATE_DIR": "/var/state",
        "PYCWTD_LOG__FORMAT": "json",
        "PYCWTD_ACCESS__STATE_TOKEN": "false",
        "PYCWTD_ACCESS__HOSTS": '["lab.example", "box"]',
        "PYCWTD_ACCESS__USERS__ALICE": "admin",
        "PYCWTD_LISTEN": '[{tcp = "127.0.0.1:1"}]',
        "PYCWTD_ENGINE__CHUNK_SECONDS": "2",
        # Clients' own, and somebody else's.
        "PYCWTD_SOCKET": "/x",
        "PYCWTD_TOKEN": "secret",
        "PATH": "/bin",
    }
    config = layered_config(file(""), {}, environment).config
    assert config.state_dir == "/var/state"
    assert config.log.format == "json"
    assert config.access.state_token is False
    assert config.access.hosts == ("lab.example", "box")
    assert config.access.users == {"alice": "admin"}
    assert config.listen[0].tcp == "127.0.0.1:1"
    assert config.engine.chunk_seconds == 2.0


def test_all_mistakes_are_told_at_once_each_with_its_place(file):
    path = file(
        '[limits]\nsync_seconds = "x"\nqueud_jobs = 1\n\n[[listen]]\nunix = "s"\nmode = "9"\n',
        bad="[limits\n",
        other="[acces]\n",
    )
    error = refused(path, environment={"PYCWTD_LOG__FORMAT": "yaml", "PYCWTD_LIMITS__STREAM": "1"})
    drop_ins = path.parent / "conf.d"
    assert {(f.source, f.line, f.key) for f in error.findings} == {
        (str(path), 2, "limits.sync_seconds"),
        (str(path), 3, "limits.queud_jobs"),
        (str(path), 7, "listen[0].mode"),
        (str(drop_ins / "bad.toml"), 1, ""),
        (str(drop_ins / "other.toml"), 1, "acces"),
        ("PYCWTD_LOG__FORMAT", None, "log.format"),
        ("PYCWTD_LIMITS__STREAM", None, "limits.stream"),
    }
    text = str(error)
    assert f"{path}:2: limits.sync_seconds: is 'x', and must be a number, not a text" in text
    assert "did you mean queued_jobs?" in text
    assert "did you mean access?" in text
    assert "did you mean streams?" in text
    assert "'yaml', and must be one of text, json" in text


def test_a_key_of_another_table_is_suggested(file):
    assert "did you mean limits.sync_seconds?" in str(refused(file("sync_seconds = 3\n")))


def test_what_is_wrong_together_has_its_place_too(file):
    text = '[access]\nproxies = ["nginx"]\n[[listen]]\nunix = "s"\n[[listen]]\ntcp = "x"\n'
    findings = refused(file(text)).findings
    assert [(f.line, f.key) for f in findings] == [(5, "listen[1]"), (2, "access.proxies")]


def test_a_table_that_isnt_one(file):
    assert "must be a table" in str(refused(file("limits = 3\n")))
    environment = {"PYCWTD_LOG": "loud", "PYCWTD_LOG__LEVEL": "info"}
    assert "must be a table" in str(refused(file(""), environment=environment))


#: Nested tables of TOML, as a person or a program may write them.
NAMES = st.text("abcdefgh_-", min_size=1, max_size=4)
VALUES = st.one_of(
    st.integers(-9, 9),
    st.booleans(),
    st.text('ab"#[]=\n\\', max_size=8),
    st.lists(st.integers(0, 9), max_size=3),
)


@given(st.lists(st.tuples(NAMES, st.dictionaries(NAMES, VALUES, max_size=4)), max_size=4))
def test_a_keys_line_is_where_it_is_written(tables):
    rows, places, seen = ["# a comment = 1", ""], {}, set()
    for name, table in tables:
        if name in seen:
            continue
        seen.add(name)
        rows.append(f"[{name}] # [not.this]")
        places[(name,)] = len(rows)
        for key, value in table.items():
            places[(name, key)] = len(rows) + 1
            text = msgspec.json.encode(value).decode()
            # A list over several lines, with what looks like a table inside.
            text = text.replace(",", ", # [x]\n ") if isinstance(value, list) else text
            rows += f"{key} = {text}".split("\n")
    text = "\n".join(rows)
    assert tomllib.loads(text).keys() == seen
    assert lines(text) == places


def test_lines_of_lists_of_tables_and_of_texts_over_several_lines():
    text = '[[listen]]\nunix = """\n[[listen]]\n"""\n[[listen]]\na = {b = 1}\nc.d = 2\n'
    assert lines(text) == {
        ("listen", 0): 1,
        ("listen", 0, "unix"): 2,
        ("listen", 1): 5,
        ("listen", 1, "a"): 6,
        ("listen", 1, "a", "b"): 6,
        ("listen", 1, "c"): 7,
        ("listen", 1, "c", "d"): 7,
    }


def test_secrets_arent_shown(file):
    marked = Annotated[str, msgspec.Meta(extra_json_schema={"writeOnly": True})]
    assert masked("tell-nobody", marked) == "***"
    assert masked(None, marked) is None
    assert masked("level") == "level"
    text = '[access]\nproxies = ["http://me:pass@proxy"]\norigins = "https://me:pass@page"\n'
    error = str(refused(file(text)))
    assert "pass" not in error
    assert "https://***@page" in error


# -- what is made from the types ----------------------------------------------------------


def test_every_key_is_described():
    for key in all_keys():
        assert descriptions(type_at(key[:-1]))[str(key[-1])], dotted(key)


def test_the_schema_takes_what_is_right_and_nothing_else():
    made = schema()
    jsonschema.Draft202012Validator.check_schema(made)
    validator = jsonschema.Draft202012Validator(made)
    right = '[limits]\nstreams = 3\n[[listen]]\nunix = "s"\n[access.users]\na = "admin"\n'
    validator.validate(tomllib.loads(right))
    for wrong in (
        "limit = 1",
        "[limits]\nstreams = 65",
        "[limits]\nstream = 6",
        "[[listen]]\nmode = '99'",
        "[access.users]\na = 'root'",
        "[log]\nformat = 'yaml'",
    ):
        assert not validator.is_valid(tomllib.loads(wrong)), wrong
    properties = made["$defs"]["Limits"]["properties"]
    assert properties["queued_jobs"]["description"].startswith("Jobs that")


def test_the_default_file_has_every_key_with_its_default():
    text = default_toml()
    assert msgspec.convert(tomllib.loads(text), Config) == Config()
    # Of a listener's keys one excludes the other; all the rest holds when it is uncommented.
    head, _, rest = text.partition("# [[listen]]")
    listen, _, rest = rest.partition("\n[")
    uncommented = re.sub(r"^# (\w+ = )", r"\1", f"{head}[{rest}", flags=re.MULTILINE)
    table = tomllib.loads(uncommented)
    assert table.pop("state_dir") == "/var/lib/pycwtd"
    assert msgspec.convert(table, Config) == Config()
    for key in all_keys():
        if key[0] == "listen":
            assert f"\n# {key[-1]} = " in listen
        elif len(key) > 1:
            assert key[-1] in table[key[0]]


def test_the_page_names_every_key_and_is_up_to_date():
    text = (ROOT / "docs/configuration.md").read_text()
    assert page(text) == text, "run make configuration"
    for key in all_keys():
        assert f"| `{key[-1]}` |" in text
    restarts = [row for row in text.splitlines() if "*Needs a restart.*" in row]
    assert any("`numerics_workers`" in row for row in restarts)
    assert not any("`sync_seconds`" in row for row in restarts)


def test_the_file_that_is_installed_is_up_to_date():
    assert (ROOT / "etc/pycwtd.toml").read_text() == default_toml(), "run make configuration"
    layered_config(ROOT / "etc/pycwtd.toml", {}, {})
