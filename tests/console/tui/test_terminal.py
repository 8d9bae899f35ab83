"""``pycwtd-console`` on a real terminal: what it says before it draws, and how it ends."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from consoles import PATIENCE, RECORDING
from pycwtd_console.tui.terminal import trouble
from terminals import Cells

CONSOLE = Path(sys.executable).with_name("pycwtd-console")


class Terminal:
    """A pseudo terminal with the console on it, of whose session it is the terminal or not."""

    def __init__(self, *arguments, size=(24, 80), leader=True, **environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        self.process = subprocess.Popen(
            [CONSOLE, *arguments],
            **{"stdin": slave, "stdout": slave, "stderr": slave},
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment},
            preexec_fn=_own_terminal if leader else os.setsid,  # noqa: PLW1509 - no threads yet
        )
        os.close(slave)
        #: All that was ever written on it.
        self.seen = b""
        self._cells = Cells(size[1], size[0])
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def until(self, wanted, raw=False):
        """Read until something stands on it; raw, until these bytes have come."""
        end = time.monotonic() + PATIENCE
        while not (wanted in self.seen if raw else wanted.decode() in self.text):
            rest = max(0.0, end - time.monotonic())
            assert select.select([self.master], [], [], rest)[0], self.text
            try:
                new = os.read(self.master, 65536)
            except OSError:
                raise AssertionError(f"the end, before {wanted}: {self.seen}") from None
            self.seen += new
            self._cells.take(self._decoder.decode(new))
        return self.seen

    @property
    def text(self):
        return self._cells.text

    def type(self, keys):
        os.write(self.master, keys)

    def hang_up(self):
        os.close(self.master)
        self.master = -1


def _own_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def terminal(*arguments, **options):
    one = Terminal(*arguments, **options)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()
        if one.master >= 0:
            os.close(one.master)


def said(*arguments, **environment):
    """Exit status and words of one that doesn't get as far as drawing; stdin is a pipe."""
    done = subprocess.run(
        [CONSOLE, *arguments],
        check=False,
        input="",
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**os.environ, **environment},
    )
    assert "Traceback" not in done.stderr
    return done.returncode, " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", "localhost:8750"], "isn't the URL of a daemon"),
        (["--url", "http://host:99999"], "isn't the URL of a daemon"),
        (["--url", "http://"], "isn't the URL of a daemon"),
        (["--url", "http://h:1", "--token-file", "/nowhere"], "No such file or directory"),
        (["--url", "http://h:1", "--token-file", "/bin/sh"], "it isn't text"),
        (["--url", "http://h:1", "--token-file", "/dev/null"], "there is no token in it"),
        (["--url", "http://h:1", "--socket", "s"], "give one of"),
        (["--replay", "/nowhere"], "No such file or directory"),
        (["--replay", "/dev/null"], "is empty"),
        (["--replay", "/etc/passwd"], "isn't a recording"),
        (["--replay", str(RECORDING), "--speed", "0"], "0"),
        ([], "this isn't a terminal"),
    ],
)
def test_what_cannot_be_shown_is_a_sentence(arguments, words):
    status, text = said(*arguments)
    assert status == 2
    assert words in text


def test_a_bad_url_in_the_environment_is_a_sentence():
    status, text = said(PYCWTD_URL="ftp://x")
    assert (status, "'ftp://x' isn't the URL" in text) == (2, True)


def test_a_terminal_that_cannot_draw_is_told():
    with terminal(TERM="dumb") as one:
        one.until(b"can't move its cursor", raw=True)
        assert one.process.wait(PATIENCE) == 2


def test_a_locale_without_utf_8_is_told(monkeypatch):
    monkeypatch.setattr("locale.getencoding", lambda: "ISO-8859-1")
    for name in ("stdin", "stdout", "__stderr__"):
        monkeypatch.setattr(sys, name, _Tty())
    monkeypatch.setenv("TERM", "xterm")
    assert "LC_ALL=C.UTF-8 pycwtd-console" in trouble()
    monkeypatch.setattr("locale.getencoding", lambda: "UTF-8")
    assert trouble() is None


class _Tty:
    def isatty(self):
        return True


def test_q_leaves_and_the_terminal_is_as_it_was(tmp_path):
    with terminal("--socket", str(tmp_path / "nobody"), NO_COLOR="") as one:
        before = termios.tcgetattr(one.master)
        one.until(b"Overview")
        one.until(b"reconnecting")
        # An empty NO_COLOR is none.
        assert re.search(rb"\x1b\[[\d;]*[34]8;", one.seen)
        one.type(b"q")
        one.until(b"\x1b[?1049l", raw=True)
        assert one.process.wait(PATIENCE) == 0
        assert termios.tcgetattr(one.master)[3] == before[3]


#: Attributes that are no colours, and their end (ECMA-48, 8.3.117).
ATTRIBUTES = {0, 1, 2, 3, 4, 7, 9}


def test_without_colours_there_is_none():
    """On every screen that a recording has; the cursor is seen all the same."""
    with terminal("--replay", str(RECORDING), "--speed", "1000", NO_COLOR="1") as one:
        one.until(b"end of the recording")
        places = {b"2": b"Jobs", b"4": b"Data", b"5": b"Backends", b"8": b"Health", b"?": b"Keys:"}
        for key, title in places.items():
            one.type(key)
            one.until(title)
        one.type(b"\x1b")
        one.until(b"you may")
        one.type(b"1\x1b[B")
        one.type(b"q")
        assert one.process.wait(PATIENCE) == 0
    codes = {
        int(n or 0)
        for found in re.findall(rb"\x1b\[([\d;]*)m", one.seen)
        for n in found.split(b";")
    }
    assert codes <= ATTRIBUTES
    assert {1, 7} <= codes


def test_a_lost_terminal_ends_it(tmp_path):
    with terminal("--socket", str(tmp_path / "nobody")) as one:
        one.until(b"reconnecting")
        one.hang_up()
        assert one.process.wait(PATIENCE) == -1


def test_a_lost_terminal_ends_it_though_nobody_tells(tmp_path):
    """Where it isn't the terminal of its session no signal comes: the line alone says so."""
    with terminal("--socket", str(tmp_path / "nobody"), leader=False) as one:
        one.until(b"reconnecting")
        one.hang_up()
        assert one.process.wait(PATIENCE) == -1


def test_it_ends_in_order_when_it_is_told_to(tmp_path):
    with terminal("--socket", str(tmp_path / "nobody")) as one:
        one.until(b"reconnecting")
        one.process.terminate()
        one.until(b"\x1b[?1049l", raw=True)
        assert one.process.wait(PATIENCE) == 0


def test_a_recording_is_played_to_its_end(tmp_path):
    # However long its path is: how it is is seen.
    path = tmp_path / ("long" * 20)
    path.write_bytes(RECORDING.read_bytes())
    with terminal("--replay", str(path), "--speed", "1000") as one:
        one.until(b"end of the recording")
        one.until(b"elm11_lua")
        one.type(b"q")
        assert one.process.wait(PATIENCE) == 0
