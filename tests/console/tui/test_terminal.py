"""``pycwtd-console`` on a real terminal: what it says before it draws, and how it ends."""

from __future__ import annotations

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
        self.seen = b""

    def until(self, wanted):
        """Read until something is on it."""
        end = time.monotonic() + PATIENCE
        while wanted not in self.seen:
            rest = max(0.0, end - time.monotonic())
            assert select.select([self.master], [], [], rest)[0], self.seen
            try:
                self.seen += os.read(self.master, 65536)
            except OSError:
                raise AssertionError(f"the end, before {wanted}: {self.seen}") from None
        return self.seen

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
        one.until(b"can't move its cursor")
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
    with terminal("--socket", str(tmp_path / "nobody")) as one:
        before = termios.tcgetattr(one.master)
        one.until(b"Overview")
        one.until(b"reconnecting")
        one.type(b"q")
        one.until(b"\x1b[?1049l")
        assert one.process.wait(PATIENCE) == 0
        assert termios.tcgetattr(one.master)[3] == before[3]


def test_without_colours_there_are_greys_alone(tmp_path):
    with terminal("--socket", str(tmp_path / "nobody"), NO_COLOR="1") as one:
        one.until(b"reconnecting")
        numbers = {int(n) for n in re.findall(rb"[34]8;5;(\d+)", one.seen)}
        # Black, white, and the greys between them.
        assert numbers <= {0, 7, 8, 15, 16, 59, 102, 145, 188, *range(231, 256)}
        mixed = re.findall(rb"[34]8;2;(\d+);(\d+);(\d+)", one.seen)
        assert all(len(set(parts)) == 1 for parts in mixed)


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
        one.until(b"\x1b[?1049l")
        assert one.process.wait(PATIENCE) == 0


def test_a_recording_is_played_to_its_end():
    with terminal("--replay", str(RECORDING), "--speed", "1000") as one:
        one.until(b"end of the recording")
        one.until(b"elm11_lua")
        one.type(b"q")
        assert one.process.wait(PATIENCE) == 0
