"""Bad times over the real daemon: each is a clear word about device and job, and no wrong count."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from fpga_boards import PREFIX, Stranger, expected, modelled, usb_device
from fpga_chip import framed
from pycwt_mod.monte_carlo.conformity import small_task
from pycwt_mod.monte_carlo.run import coherence_task
from pycwt_mod.noise import ar1
from pycwtd.workloads.wavelet.cost import USUAL_GRID
from pycwtd_drivers import tang_nano_9k
from pycwtd_drivers.line.simulator.faults import Faults
from pycwtd_drivers.line.simulator.terminal import UnpluggedError
from support import red_pair, running

CTL = Path(sys.executable).with_name("pycwtctl")
FIRST, SECOND = red_pair(256)
COUNT = 40
REQUEST = {
    **{"signal1": FIRST, "signal2": SECOND, "dt": 1, "dj": 0.5, "s0": 3, "J": 5},
    **{"sig": True, "estimator": "cascade", "edges": False, "seed": 5, "mc_count": COUNT},
}
TASK = coherence_task(ar1(FIRST).g, ar1(SECOND).g, 1, 0.5, 3, 5, estimator="cascade")
#: Until a board is ready it is asked some thousands of requests, which its model takes a while for.
AT_LENGTH = pytest.mark.skipif(
    "GATEWARE_EXAMPLES" not in os.environ, reason="part of `make test-gateware`"
)
#: What the daemon asks a board for beside its jobs: the self-test, and how fast it is.
_S0, _DJ, _J = USUAL_GRID
KNOWN = (
    small_task("cascade", "morlet"),
    coherence_task(0.5, 0.5, 1.0, _DJ, _S0, _J, estimator="cascade"),
)

#: The driver on a machine that lacks something, in its own process: programs, and root's rights to
#: the files of others, which is what every other user lacks.
POOR = '''
"""The driver of the Tang Nano 9K on a machine that lacks something."""

import ctypes
import os
from pathlib import Path

from pycwt_mod.backends import driver_setting, hookimpl, load_manifest
from pycwtd_drivers.tang_nano_9k.driver import TangNano9kBackend

_DAC_OVERRIDE, _DAC_READ_SEARCH = 1 << 1, 1 << 2


def give_up_rights():
    """capset(2), of this thread: version 3, effective, permitted and inheritable, twice."""
    libc = ctypes.CDLL(None, use_errno=True)
    head, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(head, sets) == 0
    sets[0] &= ~(_DAC_OVERRIDE | _DAC_READ_SEARCH)
    assert libc.capset(head, sets) == 0


class Poor(TangNano9kBackend):
    """Without programs, and without rights."""

    def probe(self):
        for key in ("port", "bitstream", "usb"):
            os.environ[f"{prefix}{{key.upper()}}"] = driver_setting("{name}", key) or ""
        os.environ["PATH"] = ""
        give_up_rights()
        return super().probe()


@hookimpl
def pycwtd_backends():
    manifest = load_manifest(Path(__file__).with_name("driver.toml"))
    return [Poor(info, Path("{sysfs}")) for info in manifest.backends]
'''


def poor_driver(drop_ins, sysfs, name):
    package = drop_ins / name / f"pycwtd_driver_{name}"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(POOR.format(prefix=PREFIX, name=name, sysfs=sysfs))
    manifest = Path(tang_nano_9k.__file__).with_name("driver.toml").read_text()
    backend = manifest[manifest.index("[[backend]]") :].replace('["fpga"]', "[]")
    settings = f'[driver]\nname = "{name}"\napi = 1\n'
    settings += 'settings = ["port", "bitstream", "usb"]\n\n'
    (package / "driver.toml").write_text(settings + backend.replace("tang_nano_9k", name))


class Bench:
    """A daemon, and the port that its board is on."""

    def __init__(self, daemon, link):
        self.daemon, self.link = daemon, link
        #: The last event that was waited for.
        self.since = 0

    def until(self, state, words=""):
        """Wait until the board has come to a state, with a reason that has these words."""

        def wanted(event):
            told = event["type"], event.get("device"), words in event.get("reason", "")
            return told == (f"device.{state}", "tang_nano_9k", True)

        # The self-test and the measurement are some thousands of requests: long on a busy machine.
        for _ in range(4):
            with suppress(TimeoutError):
                self.since = self.daemon.events(self.since, wanted)[-1]["seq"]
                return
        raise AssertionError(f"the board doesn't come to {state}: {self.daemon.log}")

    @contextmanager
    def board(self, state, words="", **options):
        """Plug one in, which comes to a state; and pull it out again."""
        with ExitStack() as stack:
            if "answer" in options:
                stack.enter_context(Stranger(options["answer"], self.link))
                board = None
            else:
                _, board = stack.enter_context(modelled(TASK, *KNOWN, link=self.link, **options))
            self.until(state, words)
            yield board
        self.link.unlink(missing_ok=True)
        self.until("unavailable", "isn't plugged in")

    def submit(self, **changes):
        return self.daemon.submit("wct", {**REQUEST, "backend": "tang_nano_9k", **changes})

    def check(self, job_id):
        """Every count of a job is the model's."""
        job = self.daemon.finish(job_id)
        assert (job["status"], job["backend"]) == ("completed", "tang_nano_9k"), job
        assert job["fallback_reason"] is None
        found = self.daemon.result(job_id)
        np.testing.assert_array_equal(found["histogram"], expected(TASK, 5, 0, COUNT))

    def goes_elsewhere(self, job_id, words, name="tang_nano_9k"):
        """A job says why it wasn't computed there, and its counts are the kernel's."""
        job = self.daemon.finish(job_id)
        assert job["status"] == "completed", job
        assert job["backend"] in {"joblib", "sequential"}
        assert job["fallback_reason"].startswith(name)
        assert words in job["fallback_reason"]
        found, exact = self.daemon.result(job_id), self.daemon.result(self.exact)
        np.testing.assert_array_equal(found["histogram"], exact["histogram"])

    def listed(self, name, words):
        """The list says so; at times it is asked whether it is back, which isn't known at once."""
        command = [CTL, "--socket", self.daemon.socket, "devices", "list"]
        since = self.since
        for _ in range(20):
            listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            (line,) = (line for line in listed.splitlines() if line.startswith(name))
            if " unavailable " in line:
                break
            since = self.daemon.events(since, lambda event: event.get("device") == name)[-1]["seq"]
        assert words in line

    def told(self, words, name="tang_nano_9k"):
        """Device list, a job that may go elsewhere, and one that may not say the same."""
        self.goes_elsewhere(self.submit(backend=name), words, name)
        self.listed(name, words)
        request = {**REQUEST, "backend": name, "fallback": False}
        answer = self.daemon.call("POST", "/api/v1/jobs", {"kind": "wct", "request": request})
        assert answer.status == 503
        assert words in answer.json["detail"]


@pytest.fixture(scope="module")
def bench():
    """One for all tests."""
    with tempfile.TemporaryDirectory(prefix="pw-", dir="/tmp") as folder:
        # For whoever comes without rights, too.
        Path(folder).chmod(0o755)
        yield from started(Path(folder))


def started(folder):
    drop_ins = folder / "drivers.d"
    drop_ins.mkdir(mode=0o755)
    link, sysfs = folder / "board", folder / "sys"
    os.environ["PYCWTD_DRIVER_FOLDERS"] = os.fspath(drop_ins)
    (folder / "x.fs").write_text("bits")
    with ExitStack() as stack:
        stack.callback(os.environ.pop, "PYCWTD_DRIVER_FOLDERS")
        config = f'[drivers.tang_nano_9k]\nport = "{link}"\nwait = 0.2\n'
        # Those of a machine that lacks something have boards of their own, which stay.
        for number, name in enumerate(("tang_tools", "tang_rights")):
            port, _ = stack.enter_context(modelled(numerics=7))
            usb_device(sysfs, port, path=f"1-{number}")
            if name == "tang_rights" and os.geteuid() == 0:
                os.chown(port, 65534, -1)
                Path(port).chmod(0o600)
            poor_driver(drop_ins, sysfs, name)
            config += f'[drivers.{name}]\nport = "{port}"\nbitstream = "{folder / "x.fs"}"\n'
            config += f'usb = "1-{number}"\n'
        daemon = stack.enter_context(running(config, backends=["sequential"]))
        one = Bench(daemon, link)
        one.exact = daemon.submit("wct", {**REQUEST, "backend": "sequential"})
        assert daemon.finish(one.exact)["status"] == "completed"
        yield one


@AT_LENGTH
def test_a_bad_line(bench):
    """Two frames in a hundred are damaged, either way: every count is right."""
    with bench.board("ready") as board:
        damaged = []
        for wire in (board.terminal._in, board.terminal._out):
            wire._faults = Faults(frames=0.02)

            def carry(data, carry=wire.carry):
                arrived = carry(data)
                damaged.append(arrived != data)
                return arrived

            wire.carry = carry
        bench.check(bench.submit())
        assert any(damaged)


def test_another_gateware(bench):
    words = "computes fixed-fpga-7"
    with bench.board("unavailable", words, numerics=7):
        bench.told(words)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _: framed(0x81, bytes(32), version=2), "speaks version 2"),
        (lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", "in vain"),
    ],
)
def test_another_protocol(bench, answer, words):
    with bench.board("unavailable", words, answer=answer):
        bench.told(words)


@AT_LENGTH
def test_unplugged_in_the_middle_of_a_unit(bench):
    """Its job goes elsewhere, and the board is tested again when it is back."""
    with bench.board("ready") as board:

        def pulled(*_):
            raise UnpluggedError

        board._compute = pulled
        job_id = bench.submit()
        bench.goes_elsewhere(job_id, "tang_nano_9k can't go on: it isn't plugged in")
    with bench.board("ready"):
        bench.check(bench.submit())


@AT_LENGTH
def test_wrong_counts_are_never_taken(bench):
    with bench.board("ready") as board:
        compute = board._compute
        board._compute = lambda *work: [(row[0] + 1, *row[1:]) for row in compute(*work)]
        bench.goes_elsewhere(bench.submit(), "counts")


#: More than the chip can: within the cone of influence, and 45 weights over scales.
TOO_MUCH = {
    "take edges=False": {"edges": True},
    "smooths over at most 31 scales, not": {"dj": 1 / 80, "J": 90, "mc_count": 2},
}


@AT_LENGTH
def test_more_than_the_chip_can(bench):
    """Known when the job has been prepared, and before the board is asked for anything."""
    with bench.board("ready") as board:
        before = len(board.requests)
        for words, changes in TOO_MUCH.items():
            job = bench.daemon.finish(bench.submit(**changes))
            assert job["status"] == "completed", job
            assert job["backend"] in {"joblib", "sequential"}
            told = "tang_nano_9k doesn't take the task: the gateware"
            assert job["fallback_reason"].startswith(told)
            assert words in job["fallback_reason"]
            job = bench.daemon.finish(bench.submit(**changes, fallback=False))
            assert job["status"] == "failed"
            assert words in job["error"]
        assert len(board.requests) == before
        device = bench.daemon.call("GET", "/api/v1/devices/tang_nano_9k").json
        assert device["state"] in {"ready", "leased"}


def test_no_program_to_load_with(bench):
    bench.told("openFPGALoader isn't installed", "tang_tools")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give the port to another user")
def test_no_permission(bench):
    bench.told("Permission denied", "tang_rights")
