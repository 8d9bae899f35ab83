"""What devices measure of themselves, in the console's words."""

from __future__ import annotations

import msgspec

from pycwtd.client.devices import DeviceView
from pycwtd_console.tui import words
from pycwtd_console.tui.cells import device_columns
from pycwtd_console.tui.model import Link, Model

_HOT = {
    **{"id": "joblib", "backend": "joblib", "state": "ready", "since": "2026-11-22T00:00:00Z"},
    **{"parts": ["2 threads"], "hooks": ["readings"]},
    "readings": [{"name": "temperature", "value": 51.25, "unit": "°C"}],
}


def test_a_reading_is_shown_at_a_glance():
    hot = msgspec.convert(_HOT, DeviceView)
    cool = msgspec.convert({**_HOT, "readings": []}, DeviceView)
    (column,) = [c for c in device_columns(Model(Link("live", 0.0))) if c.title == "reading"]
    assert column.cell(hot) == "51.25 °C"
    assert column.cell(cool) == ""
    assert words.readings(hot) == [("temperature", "51.25 °C")]
