"""docs/troubleshoot.md: what it says that one sees is brought about, and its commands are run."""

from __future__ import annotations

import re
import shlex
import socket
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from pycwtd_console.ctl import cli
from support import red_pair, running
from wires import TCP, add_key

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs" / "troubleshoot.md").read_text()
#: What is seen, in the words of the page, that a test of its own brings about.
ELSEWHERE = {
    "Read-only file system": "daemon/test_read_only.py",
    "you have no permission for it": "appliance/living.py",
    "queue_full": "daemon/test_overload.py",
    "waiting_for": "daemon/test_disk.py",
    "fallback_reason": "api/test_devices.py",
    "quarantined": "devices/test_supervision.py",
    "unavailable": "devices/test_hotplug.py",
    "gap": "api/test_streams.py",
}


def daemon_said(*words):
    """What one that doesn't start says."""
    command = [Path(sys.executable).with_name("pycwtd"), *words]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 1
    return ran.stderr


def refusal(*words):
    """What pycwtctl says of something that it can't do."""
    ran = CliRunner().invoke(cli, list(map(str, words)))
    assert ran.exit_code != 0
    return ran.output


@pytest.fixture(scope="module")
def served():
    """A daemon, a job of its, and a key of a viewer's."""
    with running("", TCP, backends=["joblib"]) as daemon:
        first, second = red_pair()
        request = {"data1": first, "data2": second, "dt": 1.0, "significance_test": False}
        job = daemon.submit("wct", request)
        daemon.finish(job)
        key = add_key(daemon, "reader", "viewer")["key"]
        yield daemon, job, key


def commands():
    return sorted(set(re.findall(r"`(pycwtctl [^`]*)`", PAGE)))


def test_the_page_has_commands():
    assert len(commands()) >= 9


@pytest.mark.parametrize("command", commands())
def test_a_command_does_what_it_is_for(served, command):
    daemon, job, _ = served
    places = {"ID": job, "FILE": str(daemon.root / "config.toml")}
    program, *words = [places.get(word, word) for word in shlex.split(command)]
    assert program == "pycwtctl"
    ran = CliRunner().invoke(cli, ["--socket", str(daemon.socket), *words])
    assert ran.exit_code == 0, ran.output
    assert ran.stdout.strip() or words[0] == "jobs", command


def answer(url, **headers):
    """The status and the text of a refusal."""
    request = urllib.request.Request(url, headers=headers)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    with closing(refused.value) as error:
        return f"{error.code} {error.read().decode()}"


def another_daemon(daemon, _job, _key):
    return daemon_said("--state-dir", daemon.state, "--socket", daemon.root / "t")


def another_process(daemon, _job, _key):
    path = daemon.root / "taken"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        return daemon_said("--state-dir", daemon.root / "other", "--socket", path)


def newer_database(daemon, _job, _key):
    state = daemon.root / "newer"
    state.mkdir()
    with closing(sqlite3.connect(state / "pycwtd.sqlite3")) as database:
        database.execute("PRAGMA user_version = 999")
    return daemon_said("--state-dir", state, "--socket", daemon.root / "t")


def not_ready(_daemon, _job, _key):
    with running(start=False, backends=["joblib"]) as other:
        (other.state / "jobs" / "one").mkdir(parents=True)
        (other.state / "jobs" / "one" / "request.json").write_text("{}")
        with pytest.raises(AssertionError):
            other.start()
        assert other.call("GET", "/api/v1/jobs").status == 503
        return other.log


def no_socket(daemon, _job, _key):
    return refusal("--socket", daemon.root / "none", "jobs")


def nobody_there(daemon, _job, _key):
    path = daemon.root / "left"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    return refusal("--socket", path, "jobs")


def no_key(daemon, _job, _key):
    return answer(f"{daemon.url}/api/v1/jobs")


def wrong_key(daemon, _job, _key):
    return answer(f"{daemon.url}/api/v1/jobs", Authorization="Bearer wrong")


def wrong_role(daemon, _job, key):
    return answer(f"{daemon.url}/api/v1/audit", Authorization=f"Bearer {key}")


def wrong_host(daemon, _job, key):
    return answer(f"{daemon.url}/api/v1/jobs", Host="evil.example", Authorization=f"Bearer {key}")


def wrong_origin(daemon, _job, key):
    headers = {"Origin": "https://evil.example", "Authorization": f"Bearer {key}"}
    return answer(f"{daemon.url}/api/v1/jobs", **headers)


def pickled(daemon, _job, _key):
    import io

    import numpy as np

    file = io.BytesIO()
    np.save(file, np.array([{}], dtype=object), allow_pickle=True)
    refused = daemon.upload(file.getvalue(), "series.npy")
    return f"{refused.status} {refused.body.decode()}"


def elsewhere_file(daemon, _job, _key):
    import h5py
    import numpy as np

    path = daemon.root / "external.nc"
    with h5py.File(path, "w") as file:
        file.create_dataset("a", (8,), "f8", external=[("/etc/hostname", 0, 64)])
        file.create_dataset("b", data=np.zeros(8))
    refused = daemon.upload(path.read_bytes(), "series.nc")
    return f"{refused.status} {refused.body.decode()}"


SEEN = {
    "another pycwtd is using it": another_daemon,
    "another process is listening there already": another_process,
    "use the newer program": newer_database,
    "not ready: …": not_ready,
    "there is no such socket; is pycwtd running?": no_socket,
    "nobody is listening there; is pycwtd running?": nobody_there,
    "a bearer token is needed": no_key,
    "wrong, has expired or has been revoked": wrong_key,
    "this needs the role …": wrong_role,
    "Host: … isn't a name of this listener": wrong_host,
    "Origin: … isn't allowed here": wrong_origin,
    "a pickle": pickled,
    "has its data in another file": elsewhere_file,
}


@pytest.mark.parametrize("words", SEEN)
def test_what_is_seen_is_what_the_page_says(served, words):
    assert f"`{words}`" in PAGE
    told = SEEN[words](*served)
    pattern = re.escape(words).replace("…", "[^\n]*")
    assert re.search(pattern, told), told
    (row,) = [line for line in PAGE.splitlines() if f"`{words}`" in line]
    if status := re.match(r"\| (4\d\d)", row):
        assert told.startswith(status[1]), told


def test_every_sentence_of_the_page_is_brought_about():
    for row in re.findall(r"^\| (.*?) \|", PAGE, re.MULTILINE):
        for words in re.findall(r"`([^`]+)`", row):
            if words in ELSEWHERE:
                assert words in (TESTS / ELSEWHERE[words]).read_text(), words
            else:
                assert words in SEEN or words == "job_id", words


def test_a_wrong_configuration_is_told_with_file_and_line(tmp_path):
    file = tmp_path / "wrong.toml"
    file.write_text("[limits]\nsync_second = 7\nqueued_jobs = true\n")
    told = refusal("config", "check", file)
    assert f"{file}:2" in told or f"{file}, line 2" in told, told
    assert "queued_jobs" in told
