"""``pycwtctl`` as people run it, on the real daemon: output, errors, exit status."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pycwtd_console.ctl import run
from support import red_pair, running

CTL = Path(sys.executable).with_name("pycwtctl")
A, B = red_pair()

#: Options of a job that no machine finishes while a test looks on.
ENDLESS = ("--dj", "1/12", "--s0", "2", "--J", "100", "--mc-count", "1000000", "--estimator=full")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    (folder / "a.csv").write_text("year,a\n" + "".join(f"{i},{x!r}\n" for i, x in enumerate(A)))
    (folder / "b.txt").write_text("".join(f"{x!r}\n" for x in B))
    return str(folder / "a.csv"), str(folder / "b.txt")


@pytest.fixture
def ctl(daemon, capfd, monkeypatch, tmp_path):
    """Run a command line; gives exit status, stdout and stderr."""
    monkeypatch.setenv("PYCWTD_SOCKET", str(daemon.socket))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        status = run([*arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return call


@pytest.fixture
def coherence(ctl, files):
    """The id of a coherence job that has completed."""
    status, out, err = ctl("submit", "wct", *files, "--dt", "1", "--mc-count", "20", "-w")
    assert status == 0, err
    last = err.splitlines()[-1]
    assert last.startswith("completed: wct, 20 realisations on ")
    assert "estimator cascade" in last
    return out.strip()


def test_submitted_fields_arrive(ctl, daemon, files):
    status, out, _ = ctl(
        *("submit", "wct", *files, "--dt", "1/4", "--dj", "1/12", "--s0", "1", "--J", "20"),
        *("--wavelet", "paul", "--param", "5", "--level", "0.9", "--mc-count", "7"),
        *("--backend", "sequential", "--seed", "11", "--no-normalize", "--estimator", "full"),
    )
    assert status == 0
    job = daemon.finish(out.strip())
    assert job["status"] == "completed"
    wanted = {
        **{"dt": 0.25, "dj": 1 / 12, "s0": 1.0, "J": 20, "family": "paul", "order": 5.0},
        **{"level": 0.9, "mc_count": 7, "backend": "sequential", "seed": 11},
        **{"normalize": False, "test": True, "samples": len(A), "estimator": "full"},
    }
    assert wanted.items() <= job["parameters"].items()


@pytest.mark.parametrize(
    ("arguments", "simulates"),
    [
        (["cwt", "A"], False),
        (["xwt", "A", "B"], False),
        (["wct", "A", "B", "--no-sig"], False),
        (["wct", "A", "B"], True),
        (["significance", "A", "B"], True),
    ],
)
def test_kinds(ctl, files, arguments, simulates):
    named = [{"A": files[0], "B": files[1]}.get(one, one) for one in arguments]
    status, out, _ = ctl("submit", *named, "--dt", "1", "--wait", "--json")
    job = json.loads(out)
    assert (status, job["status"], job["kind"]) == (0, "completed", arguments[0])
    assert job["realisations"] == (300 if simulates else 0)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["submit", "cwt", "none.csv", "--dt", "1"], 2, "none.csv: can't be read"),
        (["submit", "cwt", "A:9", "--dt", "1"], 2, "has no column '9'"),
        (["submit", "cwt", "A"], 2, "--dt"),
        (["submit", "cwt", "A", "--dt", "often"], 2, "'often' isn't a number"),
        (["submit", "cwt", "A", "--dt", "1/0"], 2, "'1/0' isn't a number"),
        (["submit", "cwt", "A", "--dt", "1", "--no-sig", "--level", "0.9"], 2, "--no-sig"),
        (["submit", "wct", "A", "B", "--dt", "1", "--estimator", "half"], 2, "'half'"),
        (["submit", "wct", "A", "B", "--dt", "1", "--no-sig", "--edges"], 2, "--edges is of no"),
        (["submit", "cwt", "A", "--dt", "0"], 1, "dt: must be a number > 0"),
        (["submit", "wct", "A", "B", "--dt", "1", "--backend", "abacus"], 1, "abacus"),
        (["jobs", "--status", "lost"], 2, "lost"),
        (["jobs", "--limit", "0"], 2, "--limit"),
        (["job", "zzz"], 1, "there is no job 'zzz'"),
        (["job", ""], 1, "there is no job ''"),
        (["job", "../health"], 1, "there is no job '../health'"),
        (["watch", "00000000-0000-0000-0000-000000000000"], 1, "there is no job"),
        (["cancel"], 2, "ID"),
        (["result", "zzz", "-o", "x.csv"], 2, "must end in .npz, .nc or .json"),
        (["fly"], 2, "No such command 'fly'"),
        (["--socket", "x", "--url", "http://localhost", "jobs"], 2, "either --socket or --url"),
        (["--token-file", "none", "jobs"], 2, "none: No such file"),
        (["--url", "no url", "jobs"], 1, "isn't a URL"),
    ],
)
def test_refusals_and_wrong_usage(ctl, files, arguments, status, message):
    named = [one.replace("A", files[0]) if one[:1] == "A" else one for one in arguments]
    named = [files[1] if one == "B" else one for one in named]
    got, out, err = ctl(*named)
    assert (got, out) == (status, "")
    assert message in err
    got, out, err = ctl(*named, "--json")
    assert (got, out) == (status, "")
    error = json.loads(err)["error"]
    assert message in error["message"]
    assert error["exit_status"] == status
    assert error["code"]


def test_listing_and_abbreviated_ids(ctl, coherence):
    status, out, _ = ctl("jobs", "--status", "completed", "--kind", "wct", "--limit", "1")
    header, row = out.splitlines()
    assert status == 0
    assert header.split()[:3] == ["JOB", "KIND", "STATUS"]
    assert row.split()[:3] == [coherence[:8], "wct", "completed"]
    assert ctl("job", coherence[:10])[1].split()[1] == coherence
    (listed,) = json.loads(ctl("jobs", "--limit", "1", "--json")[1])
    assert listed == json.loads(ctl("job", coherence[:10], "--json")[1])


def test_an_id_that_several_jobs_have(ctl, files):
    # Seventeen ids have sixteen first digits to choose from.
    ids = [ctl("submit", "cwt", files[0], "--dt", "1")[1].strip() for _ in range(17)]
    first = [one[0] for one in ids]
    common = next(digit for digit in first if first.count(digit) > 1)
    status, _, err = ctl("job", common)
    assert status == 1
    assert f"jobs begin with '{common}'" in err


def test_results(ctl, coherence, daemon):
    status, out, err = ctl("result", coherence[:10])
    assert "estimator cascade" in err
    path = Path(out.strip())
    assert (status, path) == (0, Path(f"wct-{coherence[:8]}.npz"))
    with np.load(path) as arrays:
        assert arrays["WCT"].shape == (arrays["scales"].size, len(A))
    before = path.read_bytes()
    status, _, err = ctl("result", coherence)
    assert status == 2
    assert "exists already; --force replaces it" in err
    path.write_bytes(b"old")
    assert ctl("result", coherence, "--force")[0] == 0
    assert path.read_bytes() == before
    status, out, _ = ctl("result", coherence, "-o", "r.json", "--json")
    size = Path("r.json").stat().st_size
    assert json.loads(out) == {"file": "r.json", "bytes": size, "estimator": "cascade"}
    assert np.shape(json.loads(Path("r.json").read_text())["WCT"])[1] == len(A)
    assert ctl("result", coherence, "-o", "r.nc")[0] == 0
    assert Path("r.nc").read_bytes()[1:4] == b"HDF"
    status, _, err = ctl("result", coherence, "-o", "nowhere/r.npz")
    assert status == 2
    assert "No such file" in err
    assert "Traceback" not in daemon.log
    # Nothing half-written is left anywhere.
    assert sorted(p.name for p in Path().iterdir()) == ["r.json", "r.nc", path.name]


def test_edges(ctl, daemon, files):
    """They arrive, are told of, and are drawn."""
    status, out, err = ctl("submit", "wct", *files, "--dt", "1", "--edges", "-w")
    assert status == 0, err
    job_id = out.strip()
    assert daemon.job(job_id)["parameters"]["edges"] is True
    assert "edges" in ctl("job", job_id)[1]
    assert ctl("plot", job_id, "-o", "e.svg")[0] == 0
    # Words are paths in matplotlib's SVG, with the text in a comment before them.
    assert "tested by its distance from the end" in Path("e.svg").read_text()


def test_plots(ctl, coherence, files):
    status, out, _ = ctl("plot", coherence, "-o", "m.png", "--t0", "1851", "--units", "years")
    assert (status, out) == (0, "m.png\n")
    assert Path("m.png").read_bytes().startswith(b"\x89PNG")
    assert ctl("plot", coherence, "-o", "m.png")[0] == 2
    transform = ctl("submit", "cwt", files[0], "--dt", "1", "--sig", "-w")[1].strip()
    assert ctl("plot", transform, "-o", "t.svg")[0] == 0
    assert "<svg" in Path("t.svg").read_text()
    assert ctl("plot", transform, "-o", "t.doc")[0] == 2
    cross = ctl("submit", "xwt", *files, "--dt", "1", "-w")[1].strip()
    for tested in (cross, ctl("submit", "xwt", *files, "--dt", "1", "--sig", "-w")[1].strip()):
        assert ctl("plot", tested, "-o", f"{tested}.svg")[0] == 0
        assert "Cross wavelet power of first and second" in Path(f"{tested}.svg").read_text()
    levels = ctl("submit", "significance", *files, "--dt", "1", "-w")[1].strip()
    status, _, err = ctl("plot", levels, "-o", "x.png")
    assert status == 1
    assert "cwt, xwt, wct jobs can" in err


def test_backends_and_health(ctl):
    status, out, _ = ctl("backends")
    assert status == 0
    names = [line.split()[0] for line in out.splitlines()[1:]]
    assert {"sequential", "joblib"} <= set(names)
    assert [one["name"] for one in json.loads(ctl("backends", "--json")[1])] == names
    status, out, _ = ctl("health")
    assert status == 0
    assert out.split()[:2] == ["status", "healthy"]
    assert json.loads(ctl("--json", "health")[1])["status"] == "healthy"


def test_cancelling(ctl, files):
    long = ctl("submit", "wct", *files, "--dt", "1", *ENDLESS)[1].strip()
    status, _, err = ctl("cancel", "zzz", long)
    assert status == 1
    assert f"{long[:8]} cancelled" in err
    assert "there is no job 'zzz'" in err
    status, _, err = ctl("watch", long)
    assert status == 1
    assert "cancelled" in err
    status, _, err = ctl("cancel", long, "--json")
    assert (status, json.loads(err)["error"]["code"]) == (1, "already_ended")
    status, _, err = ctl("result", long, "-o", "r.npz")
    assert status == 1
    assert "the job is cancelled" in err


def test_interrupting_a_watch_leaves_the_job(ctl, daemon, files):
    long = ctl("submit", "wct", *files, "--dt", "1", *ENDLESS)[1].strip()
    with subprocess.Popen(
        # A test run in the background has SIGINT ignored, and its children would, too.
        ["env", "--default-signal=INT", CTL, "watch", long],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ},
    ) as watcher:
        assert watcher.stderr
        assert "realisations" in watcher.stderr.readline()
        watcher.send_signal(signal.SIGINT)
        rest = watcher.stderr.read()
    assert watcher.returncode == 130
    assert "Traceback" not in rest
    assert f"the job goes on: pycwtctl watch {long[:8]}" in rest
    assert daemon.job(long)["status"] == "running"
    assert ctl("cancel", long)[0] == 0


def test_nobody_there(tmp_path, capfd):
    gone = str(tmp_path / "gone")
    for arguments in (["jobs"], ["health"], ["backends"], ["watch", "x"], ["cancel", "x"]):
        assert run(["--socket", gone, *arguments]) == 3
        err = capfd.readouterr().err
        assert f"can't reach the daemon on socket {gone}: there is no such socket" in err
        assert "is pycwtd running?" in err
    assert run(["--socket", gone, "jobs", "--json"]) == 3
    assert json.loads(capfd.readouterr().err)["error"]["code"] == "unreachable"


def test_help_loads_nothing_heavy():
    code = "\n".join(
        [
            "import sys",
            "from pycwtd_console.ctl import run",
            "assert run(['--help']) == 0",
            "print(sorted({'numpy', 'aiohttp', 'asyncio', 'rich', 'msgspec'} & set(sys.modules)))",
        ]
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *text, loaded = out.stdout.splitlines()
    assert loaded == "[]"
    assert "Exit status:" in map(str.strip, text)


def test_no_numpy_to_talk_to_the_daemon(daemon):
    code = "\n".join(
        [
            "import sys",
            "from pycwtd_console.ctl import run",
            f"assert run(['--socket', {str(daemon.socket)!r}, 'jobs']) == 0",
            "assert 'numpy' not in sys.modules",
        ]
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)


def test_over_tcp_with_a_token(tmp_path, capfd, monkeypatch):
    monkeypatch.delenv("PYCWTD_SOCKET", raising=False)
    with running(arguments=["--listen", "127.0.0.1:0"]) as daemon:
        address = next(
            word for word in daemon.log.replace(",", " ").split() if word.startswith("http://")
        )
        assert run(["--url", address, "jobs"]) == 1
        assert "a bearer token is needed" in capfd.readouterr().err
        assert run(["--url", address, "--token-file", str(daemon.state / "token"), "jobs"]) == 0
        monkeypatch.setenv("PYCWTD_URL", address)
        monkeypatch.setenv("PYCWTD_TOKEN", (daemon.state / "token").read_text().strip())
        assert run(["jobs"]) == 0
