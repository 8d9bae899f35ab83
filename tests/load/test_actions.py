"""Everything that the load hour does, a few times each: the hour itself is ``make test-load``."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from load import broken, checking, watching, work
from load.lab import Lab
from load.rates import BREAKING, WORK
from load.record import Record
from support import running

#: Clocks by which nobody has to wait for the slow; the log as the hour has it.
CONFIG = """
[network]
head_seconds = 1.0
body_seconds = 1.0
[log]
format = "json"
"""
#: It takes its time.
LONG = {"slow_reader"}
#: They do nothing where there is nothing yet.
LATER = {"drop", "fetch"}
TIMES = 2


@pytest.fixture(scope="module")
def hour():
    """A daemon to which everything was done, what was seen, and how it was told to have ended."""
    with (
        pytest.MonkeyPatch.context() as patch,
        running(CONFIG, ["--listen", "127.0.0.1:0"], backends=["joblib"]) as daemon,
    ):
        patch.setattr(checking, "SPOTS", 8)
        record = Record()

        async def go():
            lab = Lab(daemon, record)
            lab.arrive()
            listener = asyncio.create_task(watching.listen(lab.people[0], record))
            # Results and uploads first, for those who want some.
            for names in (WORK.keys() - LATER, LATER | BREAKING.keys() - LONG):
                await asyncio.gather(
                    *(
                        getattr(work if name in WORK else broken, name)(
                            lab, random.Random(f"{name} {number}")
                        )
                        for name in sorted(names)
                        for number in range(TIMES)
                    )
                )
                await checking.wait_ended(lab)
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
            ends = await checking.check_jobs(lab)
            await checking.check_data(lab, daemon.state)
            spots = await checking.check_numbers(lab)
            checking.check_daemon(lab, daemon)
            looks = watching.look(daemon.process.pid, 0.0)
            await lab.leave()
            return ends, spots, looks

        yield record, *asyncio.run(go())


def test_nothing_is_wrong_and_every_job_is_accounted_for(hour):
    record, ends, spots, _ = hour
    assert record.wrong == []
    assert ends.total() == len(record.jobs) > 8
    assert ends["completed"]
    assert spots > 3


def test_everything_was_done(hour):
    record, _, _, _ = hour
    done = Counter()
    for (name, _), count in record.statuses.items():
        done[name] += count
    assert {name for name in BREAKING.keys() - LONG if done[name] != TIMES} == set()
    assert {"job accepted", "upload", "delete", "look", "windows", "cancel"} <= done.keys()


def test_the_daemons_processes_are_seen(hour):
    _, _, _, look = hour
    assert {"daemon", "numerics", "backend"} <= look.pss.keys()
    assert look.pss["daemon"] > 10e6
    assert look.fds["daemon"] > 8
    assert look.threads["daemon"] >= 2


def test_a_lost_and_a_doubled_job_are_noticed():
    record = Record()
    record.accept("a", "cwt", {})
    record.accept("a", "cwt", {})
    assert len(record.wrong) == 1
    record.end("a", "job.completed")
    record.end("a", "job.completed")
    assert record.completed({"cwt"}) == []
    record.accept("b", "cwt", {})
    assert record.open_jobs() == ["b"]
