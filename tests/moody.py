"""Drivers whose mood a test sets: right, lying, dying, away, or holding a chunk back."""

from __future__ import annotations

import os
import select
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pycwt_mod.driver_kit.scaffold import new_driver
from support import PATIENCE

if TYPE_CHECKING:
    from pathlib import Path

    from support import Daemon

#: The C kernel, unless the mood says otherwise.
_RUN = """\
        import os
        import pathlib
        from pycwt_mod.backends import BackendUnavailableError
        from pycwt_mod.monte_carlo.kernel import plan_for

        folder = pathlib.Path("{folder}")
        mood = (folder / "mood").read_text()
        if mood == "away":
            raise BackendUnavailableError("the cable is out")
        if mood == "dies":
            os._exit(3)
        histogram = plan_for(task).run(seed, first, count, 1, control)
        if mood == "one count":
            row = histogram[0]
            full = row.argmax()
            if row[full]:
                row[full] -= 1
                row[full - 1] += 1
        elif mood == "shifted":
            histogram = np.roll(histogram, 2, axis=1)
        elif mood == "negative":
            histogram = -histogram
        elif mood == "holds" and len(task.scales) not in {{6, 25}}:
            (folder / "held").write_bytes(b"")
            (folder / "go").read_bytes()
        return histogram

"""
_FLASH = '''
    def flash(self, control: Control | None = None) -> str:
        """Mends it."""
        import pathlib
        for percent in (0, 50, 100):
            control.advance(percent)
        pathlib.Path("{folder}/mood").write_text("well")
        pathlib.Path("{folder}/firmware").write_text("2.0")
        return "2.0"
'''


@dataclass
class Moody:
    """One such driver."""

    name: str
    folder: Path

    def be(self, mood: str) -> None:
        """Set its mood, from its next run on."""
        (self.folder / "mood").write_text(mood)

    def let_go(self) -> None:
        """Let it finish the chunk that it holds."""
        (self.folder / "go").write_bytes(b"")

    def wait_held(self) -> None:
        """Wait until it holds a chunk."""
        # Without a writer such a file isn't at its end before there has been one.
        held = os.open(self.folder / "held", os.O_RDONLY | os.O_NONBLOCK)
        try:
            assert select.select([held], [], [], PATIENCE)[0], "it holds no chunk"
        finally:
            os.close(held)

    def until(self, daemon: Daemon, state: str, since: int = 0) -> dict[str, object]:
        """The event that it has come to a state."""
        wanted = (f"device.{state}", self.name)
        return daemon.events(since, lambda e: (e["type"], e.get("device")) == wanted)[-1]


def moody(parent: Path, moods: Path, name: str, numerics: str = "f32-1") -> Moody:
    """Write a driver.

    Args:
        parent: of its folder, a folder of drop-ins.
        moods: where its mood is kept.
        name: of driver and backend.
        numerics: the class that it says it is of.
    """
    folder = moods / name
    folder.mkdir(parents=True)
    for fifo in ("go", "held"):
        os.mkfifo(folder / fifo)
    (folder / "firmware").write_text("1.0")
    one = Moody(name, folder)
    one.be("well")
    path = new_driver(name, parent)
    package = path / f"pycwtd_driver_{name}"
    code = (package / "driver.py").read_text()
    start = code.index("        check_span(first, count)\n")
    end = code.index("    def _one(self")
    code = code[:start] + _RUN.format(folder=folder) + code[end:]
    found = 'Availability(True, None, ("the CPU, in place of a board",))'
    assert found in code
    firmware = f'firmware=Path("{folder}/firmware").read_text()'
    code = code.replace(found, f'Availability(True, None, ("a board",), {firmware})')
    (package / "driver.py").write_text(code + _FLASH.format(folder=folder))
    manifest = (package / "driver.toml").read_text()
    manifest = manifest.replace(f"{name}-f64-1", numerics).replace(
        "tolerance = 0.0", "tolerance = 0.003"
    )
    (package / "driver.toml").write_text(manifest + 'hooks = ["flash"]\n')
    return one
