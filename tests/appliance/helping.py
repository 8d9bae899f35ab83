"""What helps at a terminal: pages for man, and completion in real shells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from box import Box
    from report import Report

_DOCS = Path(__file__).parents[2] / "docs"
_ASKING = r"(?:^|`)((?:journalctl|systemctl (?:status|list-timers)) [^`#|\n]*)"
_PAGES = {"pycwtd": 1, "pycwtctl": 1, "pycwtd-console": 1, "pycwtd-upgrade": 8}
#: Types into a shell on a terminal, and waits for what it makes of it.
_TYPE = r"""
import os, pty, re, select, sys
ready, typed, wanted, *shell = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ["TERM"] = "dumb"
    os.environ["PS1"] = "$ "
    os.execvp(shell[0], shell)
seen = ""
def until(text):
    global seen
    while text not in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|[\x07\r]", "", seen):
        if not select.select([terminal], [], [], 60)[0]:
            sys.exit("it shows: " + ascii(seen))
        try:
            seen += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            sys.exit("it ends: " + ascii(seen))
os.write(terminal, (ready + "; echo on''ward\n").encode())
until("\nonward")
seen = ""
os.write(terminal, typed.encode())
until(wanted)
print("there")
"""
_BASH = ("bash", "--norc", "-i")
_ZSH = ("zsh", "-f", "-i")


def check_help(box: Box, report: Report) -> None:
    """As installed by the package; some job must be there."""
    with report.check("man has a page for each command, and whatis knows it"):
        for name, section in _PAGES.items():
            path = f"/usr/share/man/man{section}/{name}.{section}.gz"
            assert box(["man", "-w", name]) == path
            assert f'{path}: "{name} - ' in box(["lexgrog", path])
            warnings = box.run(["man", "--warnings", "-E", "ascii", name]).stderr
            assert not warnings, warnings
        assert "pycwtctl submit wct" in box("MANWIDTH=100 man pycwtctl")
    job = next(iter(box.jobs()))
    with report.check("bash completes commands and ids where bash-completion looks"):
        ready = ". /usr/share/bash-completion/bash_completion"
        _type(box, ready, "pycwtctl heal\t", "pycwtctl health ", _BASH)
        _type(box, ready, f"pycwtctl job {job[:20]}\t", job, _BASH)
    with report.check("zsh completes them where Debian's zsh looks"):
        ready = "autoload -Uz compinit && compinit -D"
        _type(box, ready, "pycwtctl heal\t", "pycwtctl health ", _ZSH)
        _type(box, ready, f"pycwtctl job {job[:20]}\t", job, _ZSH)
    with report.check("fish completes them where fish looks"):
        assert box(["fish", "-c", "complete -C 'pycwtctl heal'"]).split("\t")[0] == "health"
        assert job in box(["fish", "-c", "complete -C 'pycwtctl job '"])
    with report.check("what the operator's pages have one ask systemd is answered"):
        text = "".join((_DOCS / f"{page}.md").read_text() for page in ("operate", "troubleshoot"))
        found = re.findall(
            r"(?:^|`)((?:journalctl|systemctl (?:status|list-timers)) [^`#|\n]*)", text, re.M
        )
        asked = sorted({re.sub(r"\b(REQUEST_)?ID\b", job, one.strip()) for one in found})
        for command in asked:
            ran = box.run(["sh", "-c", f"SYSTEMD_PAGER= {command}"], check=False)
            # 1 where the journal has no such line.
            assert ran.returncode in {0, 1}, f"{command}: {ran.stderr}"
            assert not ran.stderr, f"{command}: {ran.stderr}"
        report.note(f"{len(asked)} commands")
        assert len(asked) > 8


def _type(box: Box, ready: str, typed: str, wanted: str, shell: tuple[str, ...]) -> None:
    box(["python3", "-c", _TYPE, ready, typed, wanted, *shell])
