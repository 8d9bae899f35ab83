"""Coherence of one window of two series that are still coming in: a stream process's work."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

import pycwt_mod
from pycwt_mod.wavelets import wavelet_of
from pycwtd.worker.render import plain

if TYPE_CHECKING:
    from pycwtd.worker.control import TaskControl


def window(message: dict[str, Any], _control: TaskControl) -> dict[str, Any]:
    """Compute a window and write the message that the client gets.

    Args:
        message: ``folder`` with the samples of both series, one after the other, in the file
            ``window`` (float64); the grid; and ``start``, the number of the first sample.
    """
    folder = Path(message["folder"])
    started = time.perf_counter()
    first, second = np.fromfile(folder / "window").reshape(2, -1)
    wavelet = wavelet_of(message["family"], message["order"], message["shape"])
    grid = (message["dt"], message["dj"], message["s0"], message["J"])
    with warnings.catch_warnings():
        # What is worth a word about a series was so in every window.
        warnings.simplefilter("ignore")
        coherence, phase, coi, freqs, _ = pycwt_mod.wct(
            first, second, *grid, sig=False, wavelet=wavelet, normalize=message["normalize"]
        )
    data = {
        "WCT": plain(coherence),
        "aWCT": plain(phase),
        "coi": plain(coi),
        "freqs": plain(freqs),
        "scales": plain(1 / (wavelet.flambda() * freqs)),
        "start": message["start"],
        "computation_time": time.perf_counter() - started,
    }
    (folder / "result").write_bytes(msgspec.json.encode({"type": "result", "data": data}))
    return {}
