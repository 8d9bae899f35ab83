"""Transfers over hostile lines: they end, go on where they stopped, and count nothing wrong."""

from __future__ import annotations

import pytest

from line_boards import BAUD, POINTS, ROWS, SHORT, connected, expected, simulated, unit
from pycwtd_drivers.line.board import Board, ResetError, UnitError
from pycwtd_drivers.line.link import SilenceError
from pycwtd_drivers.line.messages import Kind, RefusedError, State
from pycwtd_drivers.line.port import LostError, Port
from pycwtd_drivers.line.simulator.board import serving
from pycwtd_drivers.line.simulator.faults import Faults
from pycwtd_drivers.line.work import Configuration, Unit, WrongCountsError


def asked(simulation, kind):
    return [payload for found, payload in simulation.requests if found == kind]


def fill_on(link, work, times=1):
    """Fill a unit on the port behind a symbolic link; whether it was done."""
    port = Port(str(link), BAUD)
    try:
        Board(port, SHORT).fill(work)
    except LostError:
        return False
    finally:
        port.close()
    return True


# -- a good line ---------------------------------------------------------------------------


def test_a_unit_is_done_and_nothing_is_sent_twice():
    with connected() as (board, simulation):
        one, two = unit(), unit(first=100)
        told = []
        board.fill(one, told.append)
        board.fill(two)
        assert one.histogram() == expected(one)
        assert two.histogram() == expected(two)
        assert one.histogram() != two.histogram()
        assert told == [50, 100]
        # 300 words in two stretches of 150.
        assert len(asked(simulation, Kind.CONFIG)) == 6
        assert len(asked(simulation, Kind.RUN)) == 2
        assert len(asked(simulation, Kind.RESULT)) == 2 * ROWS
        assert board.link.counters.retries == 0


def test_another_configuration_takes_the_place_of_the_first():
    with connected() as (board, simulation):
        for value in (1, 2, 2, 1):
            work = unit(value=value)
            board.fill(work)
            assert work.histogram() == expected(work)
        assert len(asked(simulation, Kind.CONFIG_BEGIN)) == 3


def test_work_that_somebody_left_is_stopped():
    with connected() as (board, _):
        left = unit(count=1000)
        board.greet()
        board._start(left, board.hello)
        assert board.status().state == State.RUNNING
        work = unit(first=7, value=3)
        board.fill(work)
        assert work.histogram() == expected(work)


def test_a_unit_that_was_cancelled_can_be_taken_up_again():
    class StopError(Exception):
        pass

    def stop(done):
        raise StopError

    with connected() as (board, _):
        work = unit()
        with pytest.raises(StopError):
            board.fill(work, stop)
        assert board.abort().state == State.ABORTED
        board.fill(work)
        assert work.histogram() == expected(work)


# -- a bad line ----------------------------------------------------------------------------


def test_one_frame_of_a_hundred_damaged_in_each_direction():
    """40 rows of 512 bytes, as the Tang Nano 9K's; ten times."""
    with connected(Faults(frames=0.01)) as (board, _):
        for first in range(10):
            work = unit(first=first)
            board.fill(work)
            assert work.histogram() == expected(work)
        assert 0 < board.link.counters.damaged < 30


@pytest.mark.parametrize(
    "faults",
    [
        Faults(loss=3e-4),
        Faults(duplication=3e-4),
        Faults(flips=3e-4),
        Faults(loss=1e-4, duplication=1e-4, flips=1e-4, delays=1e-4, delay=0.05, single=True),
        Faults(frames=0.3),
    ],
    ids=["loss", "duplication", "flips", "all", "frames"],
)
def test_nothing_wrong_is_counted(faults):
    with connected(faults) as (board, _):
        work = unit()
        board.fill(work)
        assert work.histogram() == expected(work)
        assert board.link.counters.retries > 0


def test_a_line_of_noise_is_given_up_and_told_of():
    with (
        connected(Faults(frames=0.95)) as (board, _),
        pytest.raises(SilenceError, match="24 times"),
    ):
        board.fill(unit())


def test_blocks_get_shorter_where_long_ones_dont_arrive():
    with connected(Faults(flips=4e-3, seed=3)) as (board, simulation):
        board.configure(unit().configuration)
        lengths = {(len(payload) - 2) // 4 for payload in asked(simulation, Kind.CONFIG)}
        assert min(lengths) < 64
        assert board.status().config_crc == unit().configuration.checksum


# -- cuts and resets -----------------------------------------------------------------------


@pytest.mark.parametrize("sent", [120, 700, 5_000, 15_000])
def test_after_a_cut_only_what_is_missing_is_sent(sent, tmp_path):
    """The cable is pulled in the middle of an answer; the board, with its own supply, goes on."""
    link = tmp_path / "board"
    work = unit()
    first = simulated(Faults(unplug_after=sent), link=link)
    with serving(first):
        assert fill_on(link, work) is False
    had = dict(work.rows)
    second = simulated(link=link)
    # As the same board: what it knew is still there.
    second._memory, second._boots = first._memory, first._boots
    second._power_on = lambda: None
    with serving(second):
        assert fill_on(link, work)
    assert work.histogram() == expected(work)
    rows = [payload[-2:] for payload in asked(second, Kind.RESULT)]
    assert len(rows) == ROWS - len(had)
    words = sum((len(p) - 2) // 4 for p in asked(first, Kind.CONFIG) + asked(second, Kind.CONFIG))
    # Of a block whose answer was cut the board's checksum tells.
    assert words == 300
    assert len(asked(first, Kind.RUN) + asked(second, Kind.RUN)) in {1, 2}
    assert len({payload[:4] for payload in asked(second, Kind.RUN)}) <= 1
    if sent > 1000:
        assert had
        assert not asked(second, Kind.RUN)


def test_after_a_cut_that_took_its_supply_too_rows_that_came_stay(tmp_path):
    link = tmp_path / "board"
    work = unit()
    with serving(simulated(Faults(unplug_after=9_000), link=link)):
        assert fill_on(link, work) is False
    had = dict(work.rows)
    assert 5 < len(had) < ROWS
    other = simulated(link=link)
    other._random.seed(99)
    with serving(other):
        assert fill_on(link, work)
    assert work.histogram() == expected(work)
    assert len(asked(other, Kind.RESULT)) == ROWS - len(had)


@pytest.mark.parametrize("sent", [60, 130, 200, 260, 300, 800, 10_000])
def test_a_board_that_resets_itself_is_told_everything_again(sent):
    """During the handshake, the configuration, the work, and the rows."""
    with connected(Faults(reset_after=sent)) as (board, simulation):
        work = unit()
        board.fill(work)
        assert work.histogram() == expected(work)
        assert simulation.terminal.resets == 1
        board.greet()
        if sent > 100:
            assert board.link.counters.resets == 1


def test_a_board_that_resets_again_and_again_is_given_up():
    with connected() as (board, simulation):
        ask = board.link.ask

        def ask_and_reset(kind, *rest):
            if kind == Kind.RESULT:
                simulation._power_on()
            return ask(kind, *rest)

        board.link.ask = ask_and_reset
        work = unit()
        with pytest.raises(ResetError, match="reset 8 times"):
            board.fill(work)
        assert not work.rows


# -- what can't be right -------------------------------------------------------------------


@pytest.mark.parametrize("change", [1, -1])
def test_counts_that_dont_add_up_are_refused(change):
    with connected() as (board, simulation):
        right = simulation._compute

        def wrong(*work):
            rows = right(*work)
            rows[3] = (rows[3][0] + change, *rows[3][1:])
            return rows

        simulation._compute = wrong
        work = unit()
        with pytest.raises(WrongCountsError, match=r"row 3 has .* nothing of these"):
            board.fill(work)
        assert not work.rows
        with pytest.raises(ValueError, match="haven't come"):
            work.histogram()
        simulation._compute = right
        board.fill(work)
        assert work.histogram() == expected(work)


def test_what_the_board_refuses_is_told():
    with connected() as (board, _):
        work = unit()
        work.points += (POINTS,)
        with pytest.raises(RefusedError, match="refuses result: no such row"):
            board.fill(work)


def test_a_unit_that_failed_isnt_counted():
    with connected() as (board, simulation):

        def failed(*_):
            simulation._memory.run = (0, 0, 0)
            return []

        simulation._compute = failed
        power = simulation._work

        def work_and_fail():
            power()
            if simulation._memory.state == State.DONE:
                simulation._memory.state = State.FAILED

        simulation._work = work_and_fail
        work = unit()
        with pytest.raises(UnitError, match="gave up 100 realisations: failed"):
            board.fill(work)
        assert not work.rows


@pytest.mark.parametrize("blocks", [[], [(0, [])], [(0xFFFF, [1, 2])], [(0, [-1])], [(0, [2**32])]])
def test_a_configuration_that_no_board_takes(blocks):
    with pytest.raises(ValueError, match="blocks has"):
        Configuration(blocks)


def test_the_checksum_is_the_one_that_was_agreed():
    import struct
    import zlib

    one = Configuration([(5, [1, 2]), (3, [7])])
    assert one.checksum == zlib.crc32(struct.pack("<HIHIHI", 5, 1, 6, 2, 3, 7))
    assert one.block(0, 64) == (5, (1, 2))
    assert one.block(2, 64) == (3, (7,))


def test_rows_are_held_to_their_bins():
    work = Unit(Configuration([(0, [1])]), 1, 0, 2, (3,), 2)
    with pytest.raises(WrongCountsError, match="6 counts in 3 bins, 6 in 2"):
        work.take(0, (3, 2, 1))
    work.take(0, (4, 2))
    assert work.histogram() == [(4, 2)]
