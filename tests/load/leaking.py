"""Leaks on purpose, to see that they are found.

The daemon is started with a ``sitecustomize`` in its path that spoils asyncio or the host
processes. Each leak is small: one descriptor in a hundred connections, ten kilobytes in each, a
hundred in each task of a host process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: Descriptors of every hundredth connection stay open.
_DESCRIPTORS = """
import os
from asyncio import selector_events as spoilt
made, kept = spoilt._SelectorSocketTransport.__init__, []
def leak(self, loop, sock, *rest, **more):
    kept.append(None)
    if len(kept) % 100 == 0:
        os.dup(sock.fileno())
    made(self, loop, sock, *rest, **more)
spoilt._SelectorSocketTransport.__init__ = leak
"""
#: Of every connection ten kilobytes stay.
_MEMORY = """
from asyncio import selector_events as spoilt
made, kept = spoilt._SelectorSocketTransport.__init__, []
def leak(self, *rest, **more):
    kept.append(bytearray(10_000))
    made(self, *rest, **more)
spoilt._SelectorSocketTransport.__init__ = leak
"""
#: Of every task of a host process a hundred.
_WORKERS = """
import sys
if "pycwtd.worker" in " ".join(sys.orig_argv):
    from pycwtd.hosts import frames as spoilt
    decode, kept = spoilt.decode, []
    def leak(body):
        kept.append(bytearray(100_000))
        return decode(body)
    spoilt.decode = leak
"""
_HOW = {"fds": _DESCRIPTORS, "memory": _MEMORY, "workers": _WORKERS}


def environment(leak: str, folder: Path) -> dict[str, str]:
    """What a daemon is started with so that it leaks.

    Args:
        leak: of what: ``fds``, ``memory`` or ``workers``.
        folder: for the module that does it.
    """
    place = folder / "leak"
    place.mkdir()
    (place / "sitecustomize.py").write_text(_HOW[leak])
    return {"PYTHONPATH": str(place)}
