"""Backends that clients know by name and that no installed driver offers."""

from __future__ import annotations

from pycwt_mod.backends import BackendInfo, BackendType
from pycwtd.engine.device import Device
from pycwtd.engine.lifecycle import Unavailable
from pycwtd.hosts.host import Host

_NO_DRIVER = (
    "no driver for it is installed; install a package that offers {name} under the entry point "
    "'pycwtd.drivers' and restart pycwtd"
)


def _info(name: str, kind: BackendType, description: str, *aliases: str) -> BackendInfo:
    return BackendInfo(
        name=name,
        type=kind,
        description=description,
        numerics="unknown",
        tolerance=0.0,
        families=(),
        estimators=(),
        aliases=aliases,
    )


_KNOWN = (
    _info("sequential", "cpu", "One core"),
    _info("joblib", "cpu", "All cores"),
    _info("dask", "distributed", "A Dask cluster"),
    _info("gpu", "gpu", "A graphics processor"),
    _info("elm11_lua", "embedded", "An ELM11 board that runs Lua", "elm11"),
    _info("tang_nano_9k", "fpga", "A Tang Nano 9K board"),
)


class AbsentDevice(Device):
    """A backend without a driver."""

    def __init__(self, info: BackendInfo, silence_seconds: float) -> None:
        # The host is never started: nothing asks a device that isn't ready.
        super().__init__(info.name, info.name, Host(f"backend:{info.name}", silence_seconds), info)
        self.unconfigured = _NO_DRIVER.format(name=info.name)
        self.state = Unavailable(self.unconfigured)
        self.settled.set()

    def lacks(self, estimator: str, family: str) -> str | None:
        """Nothing is known of what it could do: that it is absent is all there is to say."""
        return None


def absent(present: set[str], silence_seconds: float) -> list[AbsentDevice]:
    """The known backends that aren't among those present."""
    return [AbsentDevice(info, silence_seconds) for info in _KNOWN if info.name not in present]
