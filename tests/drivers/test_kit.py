"""The kit for makers of boards: the scaffold, the conformance suite, cassettes, the hooks."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pycwt_mod.backends import HOOKS, get_backend, list_backends, registry
from pycwt_mod.driver_kit import cassette, hooks
from pycwt_mod.driver_kit.scaffold import new_driver

CTL = Path(sys.executable).with_name("pycwtctl")


def ctl(*arguments, **environment):
    return subprocess.run(
        [CTL, "driver", *map(os.fspath, arguments)],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


# -- the hooks ------------------------------------------------------------------------------


def test_hook_pycwtd_backends():
    assert {"sequential", "joblib"} <= {info.name for info in list_backends()}
    assert get_backend("sequential").info.name == "sequential"


def test_every_hook_has_a_test():
    hooks = [
        name
        for name, member in inspect.getmembers(registry.DriverHooks, inspect.isfunction)
        if hasattr(member, f"{registry.hookspec.project_name}_spec")
    ]
    assert hooks
    for name in hooks:
        assert f"test_hook_{name}" in globals(), f"nothing tests the hook {name}"


# -- the scaffold ---------------------------------------------------------------------------


def test_a_new_driver_passes_its_own_tests(tmp_path):
    made = ctl("new", "my_board", "--in", tmp_path)
    assert made.returncode == 0, made.stderr
    folder = tmp_path / "my_board"
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["pycwtd.drivers"] == {
        "my_board": "pycwtd_driver_my_board"
    }
    assert "$" not in "".join(
        path.read_text() for path in folder.rglob("*.py") if "conftest" not in path.name
    )
    checked = ctl("check", folder)
    assert checked.returncode == 0, checked.stdout
    assert "2 skipped" in checked.stdout  # there is no cable to pull, and there are no hooks
    again = ctl("new", "my_board", "--in", tmp_path)
    assert again.returncode == 2
    assert "exists already" in again.stderr


@pytest.mark.parametrize("name", ["", "My", "a-b", "../a", "a__b", "1a", "a" * 41])
def test_names_that_are_none_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="lower-case letters"):
        new_driver(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


# -- the suite ------------------------------------------------------------------------------


def test_the_suite_knows_installed_drivers():
    checked = ctl("check", "cpu", "--", "-k", "repeats or class")
    assert checked.returncode == 0, checked.stdout
    assert ctl("check", "no_such_driver").returncode != 0


#: What is wrong with a driver: what is replaced in the scaffold's, and the test that finds it.
FAULTS = {
    "test_histogram_has_its_form": ("task.bins), np.int64)", "task.bins), np.int32)"),
    "test_repeats_itself": ("seed, number, 1)", "next(_SEEDS), number, 1)"),
    "test_spans_add_up": ("first + number)", "number)"),
    "test_numerics_are_of_their_class": ("return coherence", "return 2 * coherence"),
    "test_progress_is_told": ("watch.advance(number + 1)", "watch.advance(count - number)"),
    "test_cancel_is_heeded_and_leaves_nothing": ("raise Cancelled", "return histogram"),
    "test_nonsense_is_refused": ("check_span(first, count)", "first, count = abs(first), 1"),
    "test_nothing_is_printed": ("watch = control", "print('hello'); watch = control"),
    "test_manifest_and_code_agree": ('("driver.toml"))', '("other.toml"))'),
}
#: Faults that give other numbers, but right ones as far as that test can tell.
SUM = "test_numerics_are_of_their_class"


@pytest.mark.parametrize(
    "test",
    [
        test if n % 3 == 0 else pytest.param(test, marks=pytest.mark.long)
        for n, test in enumerate(FAULTS)
    ],
)
def test_the_suite_finds(test, tmp_path):
    folder = new_driver("wrong_board", tmp_path)
    package = folder / "pycwtd_driver_wrong_board"
    code = (package / "driver.py").read_text()
    right, wrong = FAULTS[test]
    assert code.count(right) == 1
    if test == SUM:
        # The right number of points, at other places.
        wrong = "return np.flip(coherence"
        code = code.replace("number, 1)\n", "number, 1), axis=1)\n")
    seeds = "import itertools\n\n_SEEDS = itertools.count(1)\n\n\nclass Wrong"
    code = code.replace("class Wrong", seeds).replace(right, wrong)
    (package / "driver.py").write_text(code)
    manifest = (package / "driver.toml").read_text()
    (package / "other.toml").write_text(manifest.replace("What an", "Not what an"))
    checked = ctl("check", folder, "--", "-k", f"{test} and not paul and not dog and not morse")
    assert checked.returncode == 1, checked.stdout
    assert f"::{test}[" in checked.stdout
    # By the fault, not by a slip in planting it.
    for slip in ("SyntaxError", "NameError", "ImportError"):
        assert slip not in checked.stdout


FLASH = """
    def flash(self, control: Control | None = None) -> str:
        watch = control or NoControl()
        for percent in (0, 100):
            watch.advance(percent)
        return "2.0"
"""
PROBED = '("the CPU, in place of a board",)'
#: What is wrong with a driver's hook, and the test that finds it.
FLASHING = {
    "not declared": (FLASH, "", f'{PROBED}, "2.0"', "test_hooks_are_declared"),
    "another version is on the board": (
        *(FLASH, "flash", f'{PROBED}, "1.0"', "test_hooks_are_exercised"),
    ),
}


READINGS = """
    def readings(self) -> list[Reading]:
        return [Reading("temperature", {value}, "°C"), Reading("{name}", 1.0, total=True)]
"""
#: Readings that aren't, and what the suite says of them.
READING = {
    "nan": (READINGS.format(value='float("nan")', name="retries"), "must be finite"),
    "twice": (READINGS.format(value="21.5", name="temperature"), "names of their own"),
}


@pytest.mark.parametrize("case", READING)
def test_the_suite_exercises_the_hook_readings(case, tmp_path):
    code, said = READING[case]
    folder = new_driver("feeling", tmp_path)
    package = folder / "pycwtd_driver_feeling"
    text = (
        (package / "driver.py")
        .read_text()
        .replace("    NoControl,\n", "    NoControl,\n    Reading,\n")
    )
    assert "Reading," in text
    (package / "driver.py").write_text(text + code)
    with (package / "driver.toml").open("a") as manifest:
        manifest.write('hooks = ["readings"]\n')
    checked = ctl("check", folder, "--", "-k", "hooks")
    assert checked.returncode == 1, checked.stdout
    assert "::test_hooks_are_exercised[" in checked.stdout
    assert said in checked.stdout
    for slip in ("SyntaxError", "NameError", "ImportError"):
        assert slip not in checked.stdout


@pytest.mark.parametrize("case", FLASHING)
def test_the_suite_exercises_the_hook_flash(case, tmp_path):
    code, hook, probed, finds = FLASHING[case]
    folder = new_driver("flashing", tmp_path)
    package = folder / "pycwtd_driver_flashing"
    text = (package / "driver.py").read_text()
    assert PROBED in text
    (package / "driver.py").write_text(text.replace(PROBED, probed) + code)
    with (package / "driver.toml").open("a") as manifest:
        manifest.write(f"hooks = {[hook] if hook else []}\n")
    checked = ctl("check", folder, "--", "-k", "hooks")
    assert checked.returncode == 1, checked.stdout
    assert f"::{finds}[" in checked.stdout
    for slip in ("SyntaxError", "NameError", "ImportError"):
        assert slip not in checked.stdout


def test_hooks_that_no_test_exercises_fail():
    """A method that is added to the contract needs an exercise in the suite."""
    assert set(hooks.EXERCISES) == set(HOOKS)
    with pytest.raises(AssertionError, match="nothing tests the hook melt"):
        hooks.exercise(get_backend("sequential"), "melt")


# -- cassettes ------------------------------------------------------------------------------


class Echo:
    """A line whose board answers in capitals, three bytes at a time."""

    def __init__(self):
        self.waiting = b""
        self.open = True

    def write(self, data):
        self.waiting += data.upper()
        return len(data)

    def read(self, size=1):
        data, self.waiting = self.waiting[: min(size, 3)], self.waiting[min(size, 3) :]
        return data

    def close(self):
        self.open = False


def session(line, text):
    """What a driver might do."""
    line.write(text)
    heard = b""
    while part := line.read(8):
        heard += part
    line.close()
    return heard


@pytest.fixture
def taped(tmp_path, monkeypatch):
    """A cassette of two sessions, and a way to set it."""
    path = tmp_path / "tape"

    def mode(word):
        monkeypatch.setenv(cassette.VARIABLE, f"{word}:{path}")
        cassette._played.clear()

    mode("record")
    for text in (b"hello", b"world"):
        assert session(cassette.opened(Echo), text) == text.upper()
    mode("replay")
    return path


def nothing():
    raise AssertionError("a replay needs no line")


def test_a_session_is_played_back(taped):
    assert session(cassette.opened(nothing), b"hello") == b"HELLO"
    assert session(cassette.opened(nothing), b"world") == b"WORLD"
    with pytest.raises(cassette.CassetteError, match="over"):
        cassette.opened(nothing)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda line: line.write(b"hullo"), "sends b'hullo' instead of b'hello'"),
        (lambda line: line.read(8), "reads 8 bytes, where it was recorded to: sent"),
        (lambda line: (line.write(b"hello"), line.read(2)), "reads 2 bytes instead of 3"),
        (lambda line: [line.write(b"hello") for _ in "12"], "where it was recorded to: read"),
    ],
)
def test_another_order_is_an_error(taped, act, words):
    line = cassette.opened(nothing)
    with pytest.raises(cassette.CassetteError, match=words):
        act(line)


@pytest.mark.parametrize("content", ["", "{}", "nonsense", '{"version": 2}\n', "[1]\n"])
def test_what_is_no_cassette_is_refused(taped, content):
    taped.write_text(content)
    with pytest.raises(cassette.CassetteError):
        cassette.opened(nothing)


def test_a_variable_that_means_nothing_is_refused(monkeypatch):
    monkeypatch.setenv(cassette.VARIABLE, "rewind:tape")
    with pytest.raises(cassette.CassetteError, match="record:FILE or replay:FILE"):
        cassette.opened(nothing)


def test_the_suite_is_recorded_and_replayed(tmp_path):
    """A driver with a line: the board answers a realisation's histogram, or nothing at all."""
    folder = new_driver("line_board", tmp_path)
    driver = folder / "pycwtd_driver_line_board" / "driver.py"
    code = driver.read_text()
    code = code.replace("        return coherence_histogram(task, seed, number, 1)\n", LINE)
    driver.write_text(code)
    tape = tmp_path / "tape"
    chosen = ("--", "-k", "repeats and full and morlet")
    recorded = ctl("record", folder, "--to", tape, *chosen)
    assert recorded.returncode == 0, recorded.stdout
    replayed = ctl("replay", folder, "--from", tape, *chosen, BOARD="unplugged")
    assert replayed.returncode == 0, replayed.stdout
    assert ctl("check", folder, *chosen, BOARD="unplugged").returncode == 1
    # In another order it isn't the same session.
    other = ("--", "-k", "add_up and full and morlet")
    failed = ctl("replay", folder, "--from", tape, *other, BOARD="unplugged")
    assert failed.returncode == 1
    assert "instead of" in failed.stdout


def test_a_driver_without_a_line_leaves_no_recording(tmp_path):
    folder, tape = new_driver("no_line", tmp_path), tmp_path / "tape"
    done = ctl("record", folder, "--to", tape, "--", "-k", "test_probe_answers")
    assert done.returncode == 1
    assert "didn't open its line" in done.stderr
    assert not tape.exists()


LINE = """\
        import os

        from pycwt_mod.driver_kit.cassette import opened

        class Board:
            def __init__(self):
                if os.environ.get("BOARD") == "unplugged":
                    raise OSError("no such device")

            def write(self, data):
                seed, number = map(int, data.split())
                self.answer = coherence_histogram(task, seed, number, 1).tobytes()

            def read(self, size=1):
                return self.answer[:size]

            def close(self):
                pass

        line = opened(Board)
        line.write(b"%d %d" % (seed, number))
        data = line.read(1 << 20)
        line.close()
        return np.frombuffer(data, np.int64).reshape(task.rows, task.bins)
"""
