"""The program of a host process: takes one task at a time from the daemon and answers.

Run as ``python -P -m pycwtd.worker --fd N --role ROLE``. The main thread computes, a
second one listens, so that a cancel arrives while the computation runs.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import socket
import threading
import traceback
from typing import TYPE_CHECKING, Any

from pycwt_mod.backends import BackendUnavailableError, Cancelled
from pycwtd.store.files import DamagedFileError
from pycwtd.worker.control import DriverDefectError, Link, RefusalError, TaskControl

if TYPE_CHECKING:
    from pycwtd.worker.control import Operation

_PR_SET_PDEATHSIG = 1
#: Yield to the daemon and to interactive calls when the cores are busy.
_BACKEND_NICENESS = 19


def _listen(link: Link) -> None:
    """Take messages; leave the process when the daemon is gone."""
    link.listen()
    # Nobody is left to compute for, and the main thread may be deep in the kernel.
    os._exit(0)


def _die_with_parent() -> None:
    """Have the kernel end this process when the daemon dies, however it dies."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def _answer(
    operations: dict[str, Operation], message: dict[str, Any], control: TaskControl
) -> dict[str, Any]:
    try:
        return {"event": "result", **operations[message["op"]](message, control)}
    except Cancelled:
        return {"event": "cancelled"}
    except MemoryError:
        return {"event": "error", "kind": "value", "message": "there isn't enough memory for it"}
    except (
        BackendUnavailableError,
        DriverDefectError,
        RefusalError,
        ValueError,
        OSError,
    ) as error:
        return {"event": "error", "kind": _kind(error), "message": str(error)}


def _kind(error: Exception) -> str:
    """Whose fault it is: the backend's, the files', the disk's or the task's."""
    if isinstance(error, BackendUnavailableError):
        return "unavailable"
    if isinstance(error, DriverDefectError):
        return "defect"
    if isinstance(error, RefusalError):
        return "refusal"
    if isinstance(error, DamagedFileError | FileNotFoundError):
        return "damaged"
    return "storage" if isinstance(error, OSError) else "value"


def _operations(role: str) -> dict[str, Operation]:
    if role == "numerics":
        from pycwtd.worker import numerics  # noqa: PLC0415 - numpy only where needed

        return {"ping": lambda _message, _control: {}, **numerics.operations()}
    if role.startswith("stream:"):
        from pycwtd.worker import windows  # noqa: PLC0415
        from pycwtd.workloads.registry import find  # noqa: PLC0415

        _, workload, name = role.split(":")
        return dict(windows.operations(find(workload), name))
    if role.startswith("workload:"):
        from pycwtd.worker.jobs import Jobs  # noqa: PLC0415
        from pycwtd.workloads.registry import find  # noqa: PLC0415

        os.nice(_BACKEND_NICENESS)
        return dict(Jobs([find(role.removeprefix("workload:"))]).operations())
    from pycwtd.worker import backend  # noqa: PLC0415

    os.nice(_BACKEND_NICENESS)
    return backend.operations(role.removeprefix("backend:"))


def main() -> None:
    """Serve tasks until the daemon closes the socket."""
    parser = argparse.ArgumentParser(description="A host process of pycwtd; not for people.")
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument(
        "--role",
        required=True,
        help="numerics, stream:WORKLOAD:NAME, workload:NAME or backend:NAME",
    )
    arguments = parser.parse_args()
    _die_with_parent()
    # The daemon decides when this process ends; a Ctrl-C in its terminal isn't for it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link = Link(socket.socket(fileno=arguments.fd))
    threading.Thread(target=_listen, args=(link,), daemon=True).start()
    try:
        operations = _operations(arguments.role)
    except Exception as error:
        # A driver's code may raise anything: the traceback goes to the log, its last line to
        # whoever asks why the backend isn't there.
        reason = traceback.format_exception_only(error)[-1].strip()
        link.send({"id": 0, "event": "failed", "message": reason})
        raise
    link.send({"id": 0, "event": "hello", "pid": os.getpid()})
    while True:
        message = link.tasks.get()
        control = TaskControl(link, message["id"])
        link.send({"id": message["id"], **_answer(operations, message, control)})
        control.follow_up()


if __name__ == "__main__":
    main()
