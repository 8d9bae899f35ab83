"""The commands that look into jobs, the daemon and its log, on a daemon that they share."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete

from pycwtd_console.ctl import cli, run
from pycwtd_console.ctl.blocks import drawn
from pycwtd_console.manual import PAGES, page
from support import red_pair, running

CTL = Path(sys.executable).with_name("pycwtctl")
A, B = red_pair()
PAIR = {"data1": A, "data2": B, "dt": 1.0}


@pytest.fixture(scope="module")
def looked_at():
    """A daemon with a coherence that has completed and a series that was uploaded."""
    with running() as daemon:
        daemon.job_id = daemon.submit("wct", {**PAIR, "significance_test": True, "mc_count": 200})
        daemon.finish(daemon.job_id)
        data = "\n".join(map(repr, A)).encode()
        daemon.data_id = daemon.upload(data, "ice.csv").json["data_id"]
        daemon.call("GET", "/api/v1/backends/recommend")  # waits until all have been probed
        yield daemon


@pytest.fixture
def ctl(looked_at, capfd, monkeypatch, tmp_path):
    """Run a command line; gives exit status, stdout and stderr."""
    monkeypatch.setenv("PYCWTD_SOCKET", str(looked_at.socket))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("".join(f"{x!r}\n" for x in A))
    (tmp_path / "b.csv").write_text("".join(f"{x!r}\n" for x in B))

    def call(*arguments: str) -> tuple[int, str, str]:
        status = run([*arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return call


def rows(out):
    return [line.split() for line in out.splitlines()]


# -- jobs ----------------------------------------------------------------------------------


def test_where_a_job_was_computed(ctl, looked_at):
    status, out, _ = ctl("job", looked_at.job_id[:8], "--chunks")
    header, *lines = rows(out)
    assert (status, header[:3]) == (0, ["FIRST", "COUNT", "BACKEND"])
    assert sum(int(line[1]) for line in lines) == 200
    told = json.loads(ctl("job", looked_at.job_id, "--chunks", "--json")[1])
    assert [str(one["first"]) for one in told] == [line[0] for line in lines]


def test_levels(ctl, looked_at):
    status, out, err = ctl("levels", looked_at.job_id[:8])
    assert status == 0
    assert "0.95 levels by 200 realisations" in err
    assert rows(out)[0] == ["PERIOD", "LEVEL", "ERROR"]
    signif = looked_at.result(looked_at.job_id)["signif"]
    told = json.loads(ctl("levels", looked_at.job_id, "--json")[1])
    assert len(rows(out)) - 1 == len(told["levels"]) == len(signif)
    without = looked_at.submit("cwt", {"data": A, "dt": 1.0})
    looked_at.finish(without)
    status, _, err = ctl("levels", without)
    assert status == 1
    assert "no Monte Carlo" in err


def test_an_estimate_takes_what_submit_takes(ctl, looked_at):
    arguments = ("wct", "a.csv", f"@{looked_at.data_id[:8]}", "--dt", "1", "--mc-count", "500")
    status, out, err = ctl("estimate", *arguments)
    assert status == 0, err
    told = dict(line[:2] for line in rows(out) if len(line) > 1)
    assert (told["kind"], told["realisations"], told["samples"]) == ("wct", "500", str(len(A)))
    assert {"joblib", "sequential"} <= {line[0] for line in rows(out) if line}
    found = json.loads(ctl("estimate", *arguments, "--json")[1])
    assert found["recommended_backend"] in {"joblib", "sequential"}
    Path("r.json").write_text(json.dumps({"data": A, "dt": 1.0}))
    assert ctl("estimate", "request", "cwt", "r.json")[0] == 0
    status, _, err = ctl("estimate", "cwt", "a.csv", "--dt", "0")
    assert status == 1
    assert "dt: must be a number > 0" in err
    assert ctl("estimate", "cwt", "a.csv", "--dt", "1", "--wait")[0] == 2


def test_a_batch_from_a_file(ctl, looked_at):
    task = {"type": "cwt", "data": A, "dt": 1.0}
    Path("batch.json").write_text(json.dumps({"tasks": [task, task]}))
    status, out, err = ctl("batch", "batch.json", "--wait")
    assert status == 0, err
    assert len(looked_at.job(out.strip())["results"]) == 2
    Path("list.json").write_text(json.dumps([task]))
    assert json.loads(ctl("batch", "list.json", "--json")[1])["tasks_count"] == 1
    for text, said in (("{}", 'has no "tasks"'), ("7", "isn't a list of tasks")):
        Path("wrong.json").write_text(text)
        status, _, err = ctl("batch", "wrong.json")
        assert status == 2
        assert said in err
    Path("wrong.json").write_text(json.dumps([{**task, "dt": -1}]))
    status, _, err = ctl("batch", "wrong.json")
    assert status == 1
    assert "tasks[0].dt" in err


def test_a_series_is_drawn(ctl, looked_at):
    status, out, _ = ctl("data", "preview", looked_at.data_id[:8], "--height", "4")
    assert status == 0
    figures = dict(line for line in rows(out) if len(line) == 2)
    assert figures["samples"] == str(len(A))
    assert float(figures["maximum"]) == pytest.approx(max(A), rel=1e-5)
    assert json.loads(ctl("data", "preview", looked_at.data_id, "--json")[1])["minimum"] == min(A)


def test_a_drawing_by_its_dots():
    rising = [float(one) for one in range(8)]
    assert drawn(rising, rising, 4, 2) == ["  ⡠⠊", "⡠⠊"]
    assert drawn([0.0, None], [1.0, None], 2, 1) == ["⣿"]
    assert drawn([-1e308, 1e308], [-1e308, 1e308], 1, 1) == ["⡈"]
    assert drawn([None], [None], 4, 2) == []


# -- the daemon ----------------------------------------------------------------------------


def test_totals_metrics_and_hardware(ctl):
    status, out, err = ctl("stats")
    assert status == 0
    assert "realisations" in err
    assert any(line[0] == "wct" for line in rows(out))
    assert json.loads(ctl("stats", "--json")[1])["realisations"] >= 200
    assert "pycwtd_jobs" in ctl("metrics")[1]
    assert "pycwtd_jobs" in json.loads(ctl("metrics", "--json")[1])["text"]
    assert rows(ctl("hardware")[1])[0][0] == "cpu"
    assert json.loads(ctl("hardware", "--json")[1])["cpu"]["cores"] >= 1


def test_which_backend_and_how_fast(ctl):
    status, out, err = ctl("recommend", "--mc-count", "1000", "--samples", "500")
    assert status == 0
    assert "1000 realisations" in err
    best = json.loads(ctl("recommend", "--json")[1])["recommended_backend"]
    assert best in {line[0] for line in rows(out)}
    status, out, _ = ctl("benchmark", "sequential", "gpu", "--mc-count", "200")
    found = {line[0]: line[1] for line in rows(out)[1:]}
    assert (status, found) == (0, {"sequential": "completed", "gpu": "unavailable"})
    assert ctl("benchmark", "gpu", "--json")[0] == 1
    status, out, _ = ctl("backends", "joblib")
    assert (status, rows(out)[0]) == (0, ["backend", "joblib"])
    assert "microseconds" in out
    assert json.loads(ctl("backends", "joblib", "--json")[1])["name"] == "joblib"
    status, out, _ = ctl("devices", "show", "joblib")
    assert status == 0
    assert "self-test" in out
    assert ["deaths", "0"] in rows(out)


def test_events_and_log(ctl, looked_at):
    status, out, _ = ctl("events", "--job", looked_at.job_id[:8], "--limit", "100")
    assert status == 0
    types = [line[3] for line in rows(out)]
    assert (types[0], types[-1]) == ("job.queued", "job.completed")
    told = ctl("events", "--type", "job.completed", "--json")[1].splitlines()
    assert {json.loads(line)["type"] for line in told} == {"job.completed"}
    numbers = [int(line[0]) for line in rows(out)]
    since = [
        int(line[0])
        for line in rows(ctl("events", "--since", str(numbers[0]), "--limit", "2000")[1])
    ]
    assert min(since) == numbers[0] + 1
    assert set(numbers[1:]) <= set(since)
    status, out, _ = ctl("logs", "--job", looked_at.job_id, "--level", "info")
    assert status == 0
    told = out.splitlines()
    assert told
    assert all(looked_at.job_id in line for line in told)
    lines = ctl("logs", "--limit", "3", "--json")[1].splitlines()
    assert [set(json.loads(line)) >= {"seq", "level", "message"} for line in lines] == [True] * 3


def test_a_recording_is_of_everything(ctl):
    status, _, err = ctl("events", "--record", "tape", "--follow")
    assert status == 2
    assert "give --record alone" in err
    Path("tape").touch()
    status, _, err = ctl("events", "--record", "tape")
    assert status == 2
    assert "is there already" in err


@pytest.mark.parametrize("command", ["events", "logs"])
def test_following_shows_what_is_new(looked_at, command):
    with subprocess.Popen(
        [CTL, "--socket", looked_at.socket, command, "--follow", "--limit", "1"],
        stdout=subprocess.PIPE,
        text=True,
    ) as follower:
        try:
            assert follower.stdout
            assert follower.stdout.readline()
            job_id = looked_at.submit("cwt", {"data": A, "dt": 1.0})
            while (job_id[:8] not in (line := follower.stdout.readline())) and line:
                pass
            assert job_id[:8] in line
        finally:
            follower.kill()


def test_the_configuration_of_the_running_daemon(ctl):
    status, out, _ = ctl("config", "show", "--remote")
    assert status == 0
    found = {line[0]: line[1:] for line in rows(out)}
    assert found["state_dir"][-2:] == ["command", "line"]
    assert found["limits.streams"] == ["4", "default"]
    told = json.loads(ctl("config", "show", "--remote", "--json")[1])
    assert told["limits.streams"] == {"value": 4, "from": "default"}
    assert ctl("config", "show", "--remote", "--config", "x.toml")[0] == 2


# -- completion and pages ------------------------------------------------------------------


def completed(arguments, begun):
    shell = ShellComplete(cli, {}, "pycwtctl", "_PYCWTCTL_COMPLETE")
    return [one.value for one in shell.get_completions(arguments, begun)]


def test_what_is_completed(ctl, looked_at):
    assert "levels" in completed([], "lev")
    for command in (["job"], ["levels"], ["cancel"], ["result"], ["plot"], ["watch"]):
        assert completed(command, looked_at.job_id[:4]) == [looked_at.job_id]
    assert completed(["data", "get"], "") == [looked_at.data_id]
    assert completed(["submit", "cwt"], "@") == [f"@{looked_at.data_id}"]
    assert completed(["submit", "wct", "a", "b", "--backend"], "jo") == ["joblib"]
    assert completed(["devices", "drain"], "seq") == ["sequential"]
    assert "significance" in completed(["submit", "request"], "sig")
    assert completed(["--socket", "nowhere", "job"], "") == []


def test_a_daemon_that_says_nothing_isnt_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "mute"
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen()
        monkeypatch.setenv("PYCWTD_SOCKET", str(path))
        assert completed(["job"], "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(ctl, shell):
    status, out, _ = ctl("completion", shell)
    assert status == 0
    assert f"_PYCWTCTL_COMPLETE={shell}_complete" in out
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=out, text=True, check=True)


def commands(command, path):
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from commands(command.get_command(context, name), f"{path} {name}")


@pytest.mark.parametrize("name", PAGES)
def test_pages_for_man_have_every_command(name):
    text = page(name)
    assert text.isascii()
    for path in commands(PAGES[name][0], name):
        assert path == name or f'.SS "{path}"'.replace("-", "\\-") in text


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff")
@pytest.mark.parametrize("name", PAGES)
def test_pages_for_man_have_no_slip(name):
    command = ["groff", "-man", "-Tutf8", "-ww"]
    seen = subprocess.run(command, input=page(name), capture_output=True, text=True, check=True)
    assert seen.stderr == ""
    assert f"{name.upper()}(1)" in seen.stdout
