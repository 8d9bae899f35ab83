"""A daemon of one's own, for a demonstration or a test: started, waited for, stopped."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Self

#: A start takes about half a second; on a busy Raspberry Pi, ten times that.
_START_SECONDS = 60.0
#: The daemon promises to stop within 2 s.
_STOP_SECONDS = 20.0
#: Of 107 bytes that a Unix socket's path may have, what the names in the folder need.
_LONGEST_FOLDER = 107 - len("/pycwtd.sock")
_LOG_LINES = 15


class DaemonError(Exception):
    """The daemon didn't start or stop as it should; the text ends with its last words."""


class PrivateDaemon:
    """A ``pycwtd`` process with a state directory, a Unix socket and a log of its own.

    A context manager: inside it, the daemon answers. Its files stay.

    Args:
        folder: for all its files; None makes one with a short path.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or _short_folder()
        self.socket = self.folder / "pycwtd.sock"
        self.log = self.folder / "pycwtd.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Id of its process."""
        assert self._process
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it says that it is ready, as a service manager would.

        Raises:
            DaemonError: it ends instead, or takes too long.
        """
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            # An abstract address: no path, so no limit on its length and nothing to clean up.
            notify.bind("")
            environment = {k: v for k, v in os.environ.items() if not k.startswith("PYCWTD_")}
            environment["NOTIFY_SOCKET"] = "@" + notify.getsockname()[1:].decode()
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603 - our own program
                    [
                        *(sys.executable, "-c", "from pycwtd.cli import main; main()"),
                        *("--socket", str(self.socket)),
                        *("--state-dir", str(self.folder / "state")),
                    ],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=environment,
                    # Ctrl-C is for whoever started it, who then stops it in order.
                    start_new_session=True,
                )
            ended = os.pidfd_open(self._process.pid)
            try:
                self._wait_ready(notify, ended)
            except BaseException:
                self.kill()
                raise
            finally:
                os.close(ended)

    def _wait_ready(self, notify: socket.socket, ended: int) -> None:
        while True:
            events, _, _ = select.select([notify.fileno(), ended], [], [], _START_SECONDS)
            if notify.fileno() in events:
                if b"READY=1" in notify.recv(4096).split(b"\n"):
                    return
            elif ended in events:
                raise DaemonError(self._with_log("the daemon ended before it was ready"))
            else:
                text = f"the daemon wasn't ready after {_START_SECONDS:g} s"
                raise DaemonError(self._with_log(text))

    def stop(self) -> None:
        """Ask it to stop, and see that it did so in order.

        Raises:
            DaemonError: it had to be killed, or its exit status isn't 0.
        """
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            text = f"the daemon didn't stop within {_STOP_SECONDS:g} s and was killed"
            raise DaemonError(self._with_log(text)) from None
        if status:
            raise DaemonError(self._with_log(f"the daemon's exit status was {status}, not 0"))

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        assert self._process
        self._process.kill()
        self._process.wait()

    def _with_log(self, text: str) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        last = "\n".join(f"  {line}" for line in lines[-_LOG_LINES:])
        return f"{text}; the end of {self.log}:\n{last or '  (nothing)'}"


def _short_folder() -> Path:
    base = tempfile.gettempdir()
    if len(os.fsencode(base)) + len("/pycwtd-12345678") > _LONGEST_FOLDER:
        base = "/tmp"  # noqa: S108 - mkdtemp makes an unguessable folder of mode 700 in it
    return Path(tempfile.mkdtemp(prefix="pycwtd-", dir=base))
