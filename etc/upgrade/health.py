"""Whether the daemon is well: ready, of good health, and right in a job with known numbers."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from process import UnwellError, need

UNIT = "pycwtd.service"
CTL = "/usr/bin/pycwtctl"
#: Two tones of this period, the second a quarter of it later, in a little noise.
PERIOD, SAMPLES, NOISE = 16, 256, 0.2
REALISATIONS, SEED = 300, 20
#: Between versions: of coherence, and of significance levels, whose standard error is below 0.01.
SAME_COHERENCE, SAME_LEVELS = 1e-3, 0.05


@dataclass(frozen=True)
class Seen:
    """What a daemon that is well has shown."""

    #: How many it knows.
    jobs: int
    coherence: list[float]
    levels: list[float]


def series() -> tuple[list[float], list[float]]:
    """Two tones in noise; the second is a quarter of a period later."""
    state, noise = 1, []
    for _ in range(2 * SAMPLES):
        # The multiplier of Park and Miller (1988).
        state = state * 16807 % (2**31 - 1)
        noise.append(NOISE * (2 * state / (2**31 - 1) - 1))
    turns = [2 * math.pi * t / PERIOD for t in range(SAMPLES)]
    return (
        [math.cos(turn) + noise[t] for t, turn in enumerate(turns)],
        [math.sin(turn) + noise[SAMPLES + t] for t, turn in enumerate(turns)],
    )


def compute(seconds: float) -> dict[str, Any]:
    """Have the daemon compute the coherence of :func:`series`.

    Raises:
        UnwellError: it refuses it, or hasn't done it in time.
    """
    with tempfile.TemporaryDirectory(prefix="pycwtd-upgrade-") as name:
        folder = Path(name)
        for letter, values in zip("ab", series(), strict=True):
            (folder / letter).write_text("".join(f"{value!r}\n" for value in values))
        options = f"--dt 1 --dj 0.25 --mc-count {REALISATIONS} --seed {SEED}".split()
        submit: list[str | Path] = [CTL, "submit", "wct", folder / "a", folder / "b", *options]
        job = need(submit, seconds).strip()
        need([CTL, "watch", job], seconds)
        need([CTL, "result", job, "-o", folder / "result.json"], seconds)
        result: dict[str, Any] = json.loads((folder / "result.json").read_text())
        return result


def judge(result: dict[str, Any]) -> tuple[list[float], list[float]]:
    """Coherence in the middle of the series, and levels, one a scale, if they can be right.

    At the tones' period the coherence is 1 but for the noise, and the first series is a quarter
    of a period ahead. Levels of 95 % lie well within 0 and 1, for noise of any colour.

    Raises:
        UnwellError: they can't.
    """
    try:
        scale = min(range(len(result["freqs"])), key=lambda k: abs(result["freqs"][k] * PERIOD - 1))
        coherence = [float(row[SAMPLES // 2]) for row in result["WCT"]]
        phase = float(result["aWCT"][scale][SAMPLES // 2])
        levels = [float(level) for level in result["signif"] if level is not None]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UnwellError(f"its result isn't one: {error!r}") from None
    if not 0.95 < coherence[scale] < 1 + 1e-9:
        raise UnwellError(f"the coherence of two equal tones is {coherence[scale]:.4f}, not 1")
    if not abs(phase - math.pi / 2) < 0.1:
        raise UnwellError(f"a quarter of a period is {phase:.4f} rad, not 1.5708")
    if not levels or not all(0.3 < level < 1 for level in levels):
        raise UnwellError(f"its levels of significance can't be right: {levels}")
    return coherence, levels


def compare(before: Seen, now: Seen) -> None:
    """See that nothing is lost, and that the same job has the same numbers.

    Raises:
        UnwellError: it isn't so.
    """
    if now.jobs <= before.jobs:
        raise UnwellError(f"it knows {now.jobs} jobs; before it were {before.jobs}, and one more")
    for what, old, new, most in (
        ("coherence", before.coherence, now.coherence, SAME_COHERENCE),
        ("levels", before.levels, now.levels, SAME_LEVELS),
    ):
        if len(old) != len(new):
            raise UnwellError(f"its {what} are of {len(new)} scales in place of {len(old)}")
        apart = [abs(one - other) for one, other in zip(old, new, strict=True)]
        # Of what isn't a number, nothing is greater.
        worst = next((one for one in apart if math.isnan(one)), max(apart))
        if not worst <= most:
            raise UnwellError(f"its {what} differ by {worst:.3g} from those before")


def look(seconds: float, before: Seen | None = None) -> Seen:
    """See that the daemon is ready and well, and computes what it should.

    Args:
        seconds: for each of its steps.
        before: what was seen before.

    Raises:
        UnwellError: it isn't.
    """
    # Waits for the start that dpkg has begun; where that failed, it is tried once more.
    need(["systemctl", "start", UNIT], seconds)
    coherence, levels = judge(compute(seconds))
    # Afterwards: a daemon that has just started is still looking for what computes.
    told = json.loads(need([CTL, "health", "--json"], seconds))
    now = Seen(sum(told["jobs"].values()), coherence, levels)
    if before:
        compare(before, now)
    return now
