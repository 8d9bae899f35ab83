"""An hour's worth of a lab's traffic, in minutes: ``make test-load``.

The real daemon, in a process of its own and with its usual limits, is asked for what
:mod:`load.rates` says, by clients of which some break; what it takes of the system is looked at
all the while. Afterwards every job that was accepted is accounted for, and some of the numbers
are computed again by the library. A quarter of the hour is the warm-up; then everybody hangs up
and the daemon is looked at at rest, and once more at the end: what is open then has leaked.

``--leak`` has the daemon leak on purpose (:mod:`load.leaking`); then finding it is what passes.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import random
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from load import broken, checking, leaking, watching, work
from load.figures import LEAKS, trends
from load.lab import Lab
from load.page import draw, page, table
from load.rates import HOUR_WARM, WORK, moments
from load.record import Record
from service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from load.growth import Trend

ROOT = Path(__file__).parents[2]
#: In seconds; then whoever is slow has been cut off.
_CALM = 60.0


async def play(lab: Lab, record: Record, seconds: float, seed: int, share: float) -> None:
    """Do a share of the hour in so many seconds, each thing at its moment."""
    loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
    doing = []
    for moment in moments(seconds, seed, share):
        # Each comes when the hour has it come, whatever has become of the ones before it.
        await asyncio.sleep(began + moment.at - loop.time())
        action: Callable[..., Coroutine[Any, Any, None]] = getattr(
            work if moment.name in WORK else broken, moment.name
        )
        doing.append(
            loop.create_task(_do(moment.name, action(lab, random.Random(moment.seed)), record))
        )
    await asyncio.gather(*doing)


async def _do(name: str, action: Coroutine[Any, Any, None], record: Record) -> None:
    """A thing, with what went wrong for whoever did it."""
    try:
        await action
    except (aiohttp.ClientError, OSError, TimeoutError, KeyError) as error:
        record.complain(f"{name}: {error!r}")


async def phase(lab: Lab, pid: int, seconds: float, seed: int, share: float) -> watching.Look:
    """A share of the hour; returns how the daemon is when all have hung up after it."""
    record = lab.record
    lab.arrive()
    listener = asyncio.create_task(watching.listen(lab.people[0], record))
    await play(lab, record, share * seconds, seed, share)
    await checking.wait_ended(lab)
    listener.cancel()
    with suppress(asyncio.CancelledError):
        await listener
    await lab.leave()
    return await at_rest(pid, record)


async def at_rest(pid: int, record: Record) -> watching.Look:
    """The look with the fewest descriptors until nothing has changed for a while."""
    end, still, best = record.now + _CALM, 0, watching.look(pid, record.now)
    while still < 5 and record.now < end:
        # A look each second: a descriptor that is closed tells nobody.
        await asyncio.sleep(1.0)
        now = watching.look(pid, record.now)
        still = still + 1 if now.fds == best.fds and now.threads == best.threads else 0
        best = now
    return best


async def run(daemon: Service, minutes: float, seed: int, part: float) -> dict[str, Any]:
    """All of it; the raw results."""
    assert daemon.process
    # The backends have been probed before anybody looks.
    daemon.call("GET", "/api/v1/backends/recommend")
    record, looks = Record(), list[watching.Look]()
    lab = Lab(daemon, record)
    pid, seconds = daemon.process.pid, 60 * minutes
    sampler = asyncio.create_task(watching.sample(pid, daemon.state, record, looks))
    before = await phase(lab, pid, seconds, seed, HOUR_WARM * part)
    warm = record.now
    print(f"after {warm:.0f} s: warmed up, {len(record.jobs)} jobs", flush=True)
    after = await phase(lab, pid, seconds, seed + 1, (1 - HOUR_WARM) * part)
    sampler.cancel()
    took = record.now
    lab.arrive()
    ends = await checking.check_jobs(lab)
    uploads = await checking.check_data(lab, daemon.state)
    spots = await checking.check_numbers(lab)
    served = checking.check_daemon(lab, daemon)
    await lab.leave()
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "minutes": minutes,
        "seed": seed,
        "part": part,
        "seconds": took,
        "warm": warm,
        "looks": [asdict(one) for one in looks],
        "rest": [asdict(before), asdict(after)],
        "latencies": record.latencies,
        "statuses": [[*key, count] for key, count in sorted(record.statuses.items())],
        "errors": record.errors,
        "wrong": record.wrong,
        "jobs": len(record.jobs),
        "ends": dict(ends),
        "uploads": uploads,
        "spots": spots,
        "served": served,
        "disk": watching.disk(daemon.state),
        "load": os.getloadavg(),
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Start a daemon, and do all of that to it."""
    with tempfile.TemporaryDirectory(prefix="pl-", dir="/tmp") as folder:
        config = '[log]\nformat = "json"\n'
        daemon = Service(Path(folder), config, ["--listen", "127.0.0.1:0"])
        environment = {"PYCWT_CACHE": f"{folder}/cache"}
        if options.leak:
            environment |= leaking.environment(options.leak, Path(folder))
        daemon.command = (options.program.absolute(),)
        try:
            daemon.start(environment)
            daemon.close()
            return asyncio.run(run(daemon, options.minutes, options.seed, options.part))
        finally:
            if daemon.process and daemon.process.poll() is None:
                daemon.stop()


def verdict(raw: dict[str, Any], found: list[Trend], leak: str | None) -> int:
    """Say what came of it; the exit status."""
    growing = [one.name for one in found if one.grows]
    for text in raw["wrong"][:50]:
        print(f"WRONG: {text}")
    print(f"growing: {', '.join(growing) or 'nothing'}; {len(raw['wrong'])} things are wrong")
    if leak:
        hit = bool(LEAKS[leak] & set(growing))
        print(f"the leak of {leak} that was planted was {'found' if hit else 'NOT FOUND'}")
        return 0 if hit and not raw["wrong"] else 1
    return 1 if growing or raw["wrong"] else 0


def main() -> int:
    """Run, judge, write down."""
    parser = argparse.ArgumentParser(prog="make test-load", description=__doc__)
    default = Path(sys.executable).with_name("pycwtd")
    parser.add_argument("--program", type=Path, default=default, help="the pycwtd that is tested")
    parser.add_argument("--minutes", type=float, default=8.0, help="that the hour takes")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random")
    parser.add_argument("--part", type=float, default=1.0, help="of the hour, as fast, to try it")
    parser.add_argument("--leak", choices=LEAKS, help="leak on purpose, and find it")
    parser.add_argument("--page", action="store_true", help="write docs/load.md, too")
    parser.add_argument("--render", action="store_true", help="measure nothing, read the last run")
    options = parser.parse_args()
    kept = ROOT / "build" / ("load.json" if not options.leak else f"load-{options.leak}.json")
    if options.render:
        raw = json.loads(kept.read_text())
    else:
        raw = measure(options)
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(json.dumps(raw))
    found = trends(raw)
    draw(raw, kept.with_suffix(".png"))
    print(table(raw, found))
    if options.page:
        draw(raw, ROOT / "docs" / "images" / "load.png")
        (ROOT / "docs" / "load.md").write_text(page(raw, found))
    return verdict(raw, found, options.leak)


if __name__ == "__main__":
    sys.exit(main())
