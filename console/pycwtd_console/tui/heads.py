"""The first line of a recording; read before anything else of the console is loaded."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = "pycwtd-recording"
#: Goes up when files of before can't be read any more, or those of now not by programs of before.
VERSION = 1
#: Longer first lines are no head.
_LONGEST = 4096


def read_head(path: Path) -> dict[str, Any]:
    """The head of a recording.

    Raises:
        OSError: the file can't be read.
        ValueError: it isn't a recording, or one of a newer format; a sentence.
    """
    with path.open("rb") as file:
        first = file.readline(_LONGEST)
    if not first:
        raise ValueError(f"{path} is empty: nothing was recorded")
    try:
        head = json.loads(first)
    except ValueError:
        head = None
    if not isinstance(head, dict) or head.get("format") != FORMAT:
        raise ValueError(f"{path} isn't a recording; pycwtctl events --record FILE makes one")
    version = head.get("version")
    if not isinstance(version, int) or not _is_time(head.get("time")):
        raise ValueError(f"{path} is damaged: its first line doesn't say how to read it")
    if version > VERSION:
        raise ValueError(
            f"{path} is a recording of format {version}, and this console reads {VERSION}: "
            "use one that is as new as the program that made it"
        )
    return head


def _is_time(text: object) -> bool:
    try:
        datetime.fromisoformat(str(text))
    except ValueError:
        return False
    return True
