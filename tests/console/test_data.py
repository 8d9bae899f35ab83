"""``pycwtctl data`` and ``submit … @ID`` on the real daemon."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pycwtd.client import Client, ClientError, Uploads
from pycwtd_console.ctl import run
from support import red_pair, running

A, B = red_pair()


@pytest.fixture(scope="module")
def own():
    """A daemon whose uploads are all from here."""
    with running(backends=["joblib"]) as one:
        yield one


@pytest.fixture
def ctl(own, capfd, monkeypatch, tmp_path):
    """Run a command line; gives exit status, stdout and stderr."""
    monkeypatch.setenv("PYCWTD_SOCKET", str(own.socket))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.csv").write_text(
        "year,a,b\n"
        + "".join(f"{i},{x!r},{y!r}\n" for i, (x, y) in enumerate(zip(A, B, strict=True)))
    )
    np.save(tmp_path / "b.npy", np.array(B))

    def call(*arguments: str) -> tuple[int, str, str]:
        status = run([*arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return status, out, err

    return call


def test_series_go_up_once_and_are_analysed_by_id(ctl, own):
    status, out, err = ctl("data", "upload", "two.csv:a", "--note", "station=Baltic")
    first = out.strip()
    assert (status, err) == (0, f"two.csv: {len(A)} samples\n")
    second = json.loads(ctl("data", "upload", "b.npy", "--json")[1])["data_id"]
    kept = own.call("GET", f"/api/v1/data/{first}").json
    assert kept["metadata"] == {"column": "a", "station": "Baltic"}
    options = ("--dt", "1", "--seed", "3", "--mc-count", "20", "--wait")
    status, out, _ = ctl("submit", "wct", f"@{first[:18]}", f"@{second}", *options)
    assert status == 0
    by_id = own.result(out.strip())
    # One of them from here, as ever.
    mixed = own.result(ctl("submit", "wct", "two.csv:a", f"@{second}", *options)[1].strip())
    files = own.result(ctl("submit", "wct", "two.csv:a", "two.csv:b", *options)[1].strip())
    for name in ("WCT", "aWCT", "signif"):
        np.testing.assert_array_equal(by_id[name], files[name])
        np.testing.assert_array_equal(mixed[name], files[name])


@pytest.mark.parametrize("column", ["3", "b"])
def test_columns_are_counted_from_one(ctl, own, column):
    data_id = ctl("data", "upload", "two.csv", "--column", column)[1].strip()
    job_id = ctl("submit", "cwt", f"@{data_id}", "--dt", "1", "-w")[1].strip()
    inline = ctl("submit", "cwt", "two.csv:b", "--dt", "1", "-w")[1].strip()
    np.testing.assert_array_equal(own.result(job_id)["wave"], own.result(inline)["wave"])


def test_listed_fetched_and_deleted(ctl, tmp_path):
    ids = [ctl("data", "upload", "two.csv:a")[1].strip() for _ in range(2)]
    header, *rows = ctl("data", "list", "--limit", "2")[1].splitlines()
    assert header.split() == ["DATA", "FORMAT", "SAMPLES", "BYTES", "BY", "UPLOADED", "FILE"]
    assert [row.split()[0] for row in rows] == [one[:8] for one in reversed(ids)]
    listed = json.loads(ctl("data", "list", "--json")[1])
    assert [one["data_id"] for one in listed[:2]] == ids[::-1]
    status, _, err = ctl("data", "get", ids[0][:18])
    assert (status, "two.csv: exists already" in err) == (2, True)
    assert ctl("data", "get", ids[0], "-o", "back.csv") == (0, "back.csv\n", "")
    assert (tmp_path / "back.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()
    status, out, err = ctl("data", "delete", *ids, "zzz")
    assert (status, out) == (1, "")
    assert [line.split()[0] for line in err.splitlines()[:2]] == [one[:8] for one in ids]
    assert "there is no uploaded series 'zzz'" in err
    assert not {one["data_id"] for one in json.loads(ctl("data", "list", "--json")[1])} & {*ids}


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["data", "upload", "none.csv"], 2, "none.csv: No such file"),
        (["data", "upload", "two.csv"], 1, "has 3 columns"),
        (["data", "upload", "two.csv:zzz"], 1, "zzz"),
        (["data", "upload", "two.csv", "--column", "0"], 2, "counted from 1"),
        (["data", "upload", "two.csv:a", "--note", "x"], 2, "NAME=TEXT"),
        (["data", "upload", "two.csv:a", "--note", "column=b"], 2, "option of its own"),
        (["data", "get", "zzz"], 1, "there is no uploaded series 'zzz'"),
        (["data", "get", ""], 1, "there is no uploaded series ''"),
        (["data", "delete"], 2, "ID"),
        (["data", "delete", "00000000-0000-0000-0000-000000000000"], 1, "00000000-0000"),
        (["submit", "cwt", "@zzz", "--dt", "1"], 1, "there is no uploaded series 'zzz'"),
    ],
)
def test_refusals_and_wrong_usage(ctl, arguments, status, message):
    got, out, err = ctl(*arguments)
    assert (got, out) == (status, "")
    assert message in err
    got, out, err = ctl(*arguments, "--json")
    assert got == status
    assert message in json.loads(err)["error"]["message"]


def test_the_client_pages_through_all(own, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(A))

    async def main() -> None:
        async with Client(own.socket) as client:
            uploads = Uploads(client)
            made = [(await uploads.upload(path, {"n": n})).data_id for n in range(3)]
            found = [one.data_id async for one in uploads.all(2)]
            assert found == made[:0:-1]
            everything = [one.data_id async for one in uploads.all(None)]
            assert everything[:3] == made[::-1]
            with pytest.raises(ClientError) as caught:
                await uploads.find("0" * 36)
            assert caught.value.status == 404

    asyncio.run(main())


def test_a_bar_shows_on_a_terminal_what_goes_over(own, tmp_path):
    """Bytes of the file and of the whole; nothing of it on stdout."""
    np.save(tmp_path / "long.npy", np.random.default_rng(1).standard_normal(200_000))
    master, terminal = os.openpty()
    command = [Path(sys.executable).with_name("pycwtctl"), "--socket", own.socket, "data", "upload"]
    try:
        done = subprocess.run(
            [*command, tmp_path / "long.npy"],
            stdout=subprocess.PIPE,
            stderr=terminal,
            env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
            check=True,
        )
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # the end of a terminal that nobody has open any more
            while part := os.read(master, 65536):
                shown += part
    finally:
        os.close(master)
    assert b"long.npy" in shown
    assert b"/1.6 MB" in shown
    assert len(done.stdout.decode().strip()) == 36
