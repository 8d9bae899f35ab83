"""All devices: made from the drivers' manifests, probed, measured, chosen from."""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pycwt_mod.backends import installed_drivers, setting_variable
from pycwtd.config import ConfigError
from pycwtd.engine.absent import absent
from pycwtd.engine.device import NOWHERE, NUMERICS, Device, orders_of
from pycwtd.engine.hotplug import Hotplug, Slot
from pycwtd.engine.lifecycle import (
    Broken,
    Drained,
    Quarantined,
    Unavailable,
    retry_of,
)
from pycwtd.engine.rates import Rates, Work
from pycwtd.engine.settings import (
    SWITCHED_OFF,
    DriverSettings,
    DriverTables,
    check_drivers,
    driver_settings,
)
from pycwtd.engine.supervision import Supervision
from pycwtd.hosts.host import Host
from pycwtd.workloads.registry import RESERVED, Workloads
from pycwtd.workloads.wavelet.cost import USUAL_FAMILY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from pycwt_mod.backends import BackendInfo, Manifest
    from pycwtd.config import EngineConfig

log = logging.getLogger(__name__)


class UnknownBackendError(LookupError):
    """No backend has that name; the text lists those there are."""

    def __str__(self) -> str:
        return str(self.args[0])


class BackendUnavailableError(Exception):
    """The backend is known, can't compute now, and the client wants no other."""


class UnfitBackendError(ValueError):
    """The backend doesn't run such a task, and the client wants no other, or none does."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The backend that a job gets, and why, if it isn't the one asked for."""

    name: str
    fallback_reason: str | None = None


def _usual(work: Work) -> Work:
    """What backends are compared by that haven't done such work yet."""
    return replace(work, family=USUAL_FAMILY, units=1.0)


class Pool:
    """The devices of this appliance."""

    def __init__(
        self,
        config: EngineConfig,
        workloads: Workloads | None = None,
        drivers: DriverTables | None = None,
    ) -> None:
        """Find the drivers; nothing is started yet.

        Args:
            config: of the engine.
            workloads: those that are installed.
            drivers: ``[drivers.NAME]`` of the configuration.

        Raises:
            ConfigError: a preferred backend doesn't exist, or a driver takes no such setting.
        """
        self._config = config
        self.rates = Rates()
        self.workloads = workloads or Workloads()
        self.devices: dict[str, Device] = {}
        #: Seconds of work that a backend has before it.
        self.wait: Callable[[str], float] = lambda _name: 0.0
        #: Called whenever a device becomes usable or is lost.
        self.changed: Callable[[], None] = lambda: None
        #: Called with a device whose state has changed.
        self.told: Callable[[Device], None] = lambda _device: None
        #: Drivers whose manifest can't be used, with the reason.
        self.refused: dict[str, str] = {}
        self.supervision = Supervision(self.rates)
        self._hotplug = Hotplug(self.supervision)
        for number in range(config.numerics_workers):
            self._add(f"{NUMERICS}-{number}", NUMERICS, "numerics", None)
            for one in self.workloads.installed:
                if not one.shares:
                    self._add(f"{one.process}-{number}", one.process, one.process, None)
        installed = installed_drivers()
        for driver in installed:
            if driver.manifest is None:
                self.refused[driver.name] = driver.error or "no manifest"
                log.error("driver %s is refused: %s", driver.name, driver.error)
                continue
            settings = driver_settings(driver.manifest, drivers or {})
            for info in driver.manifest.backends:
                self._add(info.name, info.name, f"backend:{info.name}", info, settings)
                self._place(self.devices[info.name], driver.manifest, settings)
        check_drivers(drivers or {}, [driver.name for driver in installed])
        known = {device.id for device in self.backends()}
        #: Backends that clients know by name, without a driver.
        self.absent = absent(known, config.silence_seconds)
        self.check(config)

    def check(self, config: EngineConfig) -> None:
        """See that a configuration is fit for what there is.

        Raises:
            ConfigError: a backend that it names doesn't exist.
        """
        for key, names, devices in (
            ("preference", config.preference, self.backends()),
            ("watts", config.watts, self.known()),
            ("switched_off", config.switched_off, self.known()),
        ):
            there = [device.id for device in devices]
            for name in names:
                if name not in there:
                    raise ConfigError(
                        f"engine.{key}: there is no backend {name!r}, only {', '.join(there)}"
                    )

    def configure(self, config: EngineConfig) -> None:
        """Go by another configuration from now on; it has been checked."""
        self._config = config
        for device in self.devices.values():
            device.host.configure(config.silence_seconds)

    def _add(
        self,
        device_id: str,
        pool: str,
        role: str,
        info: BackendInfo | None,
        settings: DriverSettings | None = None,
    ) -> None:
        settings = settings or DriverSettings()
        limits = self._config.silence_seconds, self._config.memory_bytes
        host = Host(role, *limits, environment=settings.environment)
        device = self.devices[device_id] = Device(device_id, pool, host, info)
        device.recalled, device.waits = settings.wanted, settings.waits
        device.told = self._told

    def _place(self, device: Device, manifest: Manifest, settings: DriverSettings) -> None:
        """Find out where a device's board is to be looked for, if it has one."""
        if device.id in self._config.switched_off:
            device.recalled, device.unconfigured = False, SWITCHED_OFF
            return
        environment = {**os.environ, **settings.environment}
        device.unconfigured = manifest.unconfigured(environment)
        if (board := manifest.board) is None:
            return
        variable = setting_variable(manifest.driver, board.setting)
        configured = environment.get(variable) or None
        if configured or board.by_id:
            device.recalled, device.unconfigured = True, None
            folder = self._config.by_id_folder
            self._hotplug.add(Slot(device, board, variable, configured, folder))

    def _told(self, device: Device) -> None:
        self.changed()
        self.told(device)

    async def start(self) -> None:
        """Get the numerics processes going."""
        for device in self.devices.values():
            # Those of other workloads start with their first job.
            if device.pool == NUMERICS:
                await device.host.call("ping", {})

    def begin(self, kept: Mapping[str, Quarantined | Drained]) -> None:
        """Bring the backends up, one after the other, and keep them up.

        Args:
            kept: states that an operator has still to decide about, from an earlier run.
        """
        self._hotplug.start()
        for device in self.backends():
            if device.id in kept:
                device.take_up(kept[device.id])
            elif isinstance(state := device.fresh(), Unavailable):
                device.take_up(state)
        self.supervision.begin(self.backends())

    async def probed(self) -> None:
        """Wait until every backend has had its first turn."""
        await self.supervision.probed()

    async def stop(self) -> None:
        """End every host process."""
        self._hotplug.stop()
        await self.supervision.stop()
        await asyncio.gather(*(device.host.kill() for device in self.devices.values()))

    # -- choosing ------------------------------------------------------------------------

    def numerics(self) -> Device:
        """A process for numerics, the idlest one."""
        devices = [d for d in self.devices.values() if d.pool == NUMERICS]
        return min(devices, key=lambda d: d.host.busy)

    def process_of(self, kind: str) -> str:
        """The pool that prepares and finishes jobs of a kind."""
        home = self.workloads.home(kind)
        if kind in RESERVED:
            return NUMERICS
        return NOWHERE if home is None else home.process

    def backs(self, pool: str) -> bool:
        """Whether a pool is a backend's, be it one that has gone, and no workload's."""
        processes = {NUMERICS, NOWHERE, *(one.process for one in self.workloads.installed)}
        return pool not in processes

    def backends(self) -> list[Device]:
        """The devices that are backends, by name."""
        return sorted((d for d in self.devices.values() if d.info), key=lambda d: d.id)

    def known(self) -> list[Device]:
        """The backends, and those that have no driver, by name."""
        return sorted((*self.backends(), *self.absent), key=lambda d: d.id)

    def find(self, name: str) -> Device:
        """A backend by name or alias.

        Raises:
            UnknownBackendError: there is none.
        """
        for device in self.known():
            assert device.info
            if name == device.info.name or name in device.info.aliases:
                return device
        known = ", ".join(device.id for device in self.known())
        raise UnknownBackendError(f"unknown backend {name!r}; there are: {known}, and auto")

    async def choose(self, asked: str, work: Work, *, fallback: bool) -> Choice:
        """The backend for a new job.

        Raises:
            UnknownBackendError: there is none of that name.
            UnfitBackendError: it doesn't run such a task, and either ``fallback`` is false or
                no other does.
            BackendUnavailableError: it isn't available, and either ``fallback`` is false or
                there is no other.
        """
        device = None if asked == "auto" else self.find(asked)
        await self._first_of((device.id,) if device else self._config.preference, work)
        fit = [d for d in self.backends() if d.lacks(work.estimator, work.family) is None]
        if device in fit and device.usable:
            return Choice(device.id)
        lack = device.lacks(work.estimator, work.family) if device else None
        if not fit or (lack and not fallback):
            nobody = f"no backend runs estimator {work.estimator} with wavelet {work.family}"
            raise UnfitBackendError(lack or nobody)
        reason = None
        if device:
            reason = lack or f"{device.id} isn't available: {device.reason}"
            if not fallback:
                raise BackendUnavailableError(reason)
        fastest = self.fastest(work)
        if fastest is None:
            raise BackendUnavailableError(reason or "no backend that runs it is available")
        return Choice(fastest, reason)

    async def _first_of(self, names: Iterable[str], work: Work) -> None:
        """Wait for the first backend that can do it: others may take long to be probed."""
        for name in names:
            if one := self.devices.get(name):
                await one.settled.wait()
                if one.usable and one.lacks(work.estimator, work.family) is None:
                    return

    def fastest(
        self, work: Work, *, like: str | None = None, but: Collection[str] = ()
    ) -> str | None:
        """The ready backend that has done such work soonest, after all that it has to do before.

        What it takes to hand tasks over is in what was measured.

        Args:
            work: to be done.
            like: a backend; another of its class is wanted.
            but: backends; any other is wanted.
        """
        numerics = None if like is None else self._numerics(like)
        ready = [
            d.id
            for d in self.backends()
            if d.usable
            and d.lacks(work.estimator, work.family) is None
            and d.id not in but
            and (like is None or (d.id != like and self._numerics(d.id) == numerics))
        ]
        preference = {name: i for i, name in enumerate(self._config.preference)}
        ready.sort(key=lambda name: preference.get(name, 99))
        for known, wait in ((work, self.wait), (_usual(work), lambda _name: 0.0)):
            times = [
                (seconds + wait(name), i)
                for i, name in enumerate(ready)
                if (seconds := self.seconds(name, known))
            ]
            if times:
                return ready[min(times)[1]]
        return ready[0] if ready else None

    def seconds(self, name: str, work: Work) -> float | None:
        """Time that work would take on a backend; ``None`` before its like has been measured.

        What has been measured on another backend alone tells it, too, by their speeds with the
        usual wavelet.
        """
        if (known := self.rates.seconds(name, work)) is not None:
            return known
        for other in self.backends():
            known = self.rates.seconds(other.id, work)
            speedup = self.rates.speedup(name, other.id, _usual(work))
            if known is not None and speedup is not None:
                return known / speedup
        return None

    def _numerics(self, name: str) -> str:
        info = self.devices[name].info
        assert info
        return info.numerics

    def lost(self, name: str) -> str | None:
        """Why a backend that was chosen for a job will not come back; ``None`` if it may."""
        device = self.devices.get(name)
        if device is None:
            return self._lost_order(name)
        if self.awaited(name) or not self._all_probed(like=name):
            return None
        state = device.state
        if isinstance(state, Broken) and retry_of(state):
            return None  # it is tried again, and quarantined if that goes on
        gone = isinstance(state, Unavailable | Broken | Quarantined | Drained)
        return device.reason if gone else None

    def _lost_order(self, name: str) -> str | None:
        """Why what is ordered of a device itself can't be done."""
        for device in self.backends():
            if orders_of(device.id) == name:
                return device.reason if isinstance(device.state, Unavailable) else None
        return "its driver isn't installed any more"

    def drained(self, name: str) -> bool:
        """Whether an operator has taken a backend out of work, to bring it back some time."""
        device = self.devices.get(name)
        return device is not None and isinstance(device.state, Drained)

    def _all_probed(self, *, like: str) -> bool:
        """Whether it is known of every backend of a class if it can stand in."""
        numerics = self._numerics(like)
        return all(d.settled.is_set() for d in self.backends() if self._numerics(d.id) == numerics)

    def awaited(self, name: str | None) -> str | None:
        """Why jobs wait for a backend that is away, if that is what they shall do."""
        device = self.devices.get(name or "")
        if device is None:
            return None
        away = device.waits and isinstance(device.state, Unavailable | Broken)
        return f"{device.id} isn't available: {device.reason}" if away else None

    def undecided(self) -> bool:
        """Whether no backend can compute, and one may soon."""
        known = self.backends()
        return not any(d.usable for d in known) and not all(d.settled.is_set() for d in known)

    def waiting_for(self, name: str | None) -> str | None:
        """Why the jobs of a backend don't go on, where somebody may bring it back."""
        device = self.devices.get(name or "")
        if device and isinstance(device.state, Drained):
            return device.reason
        return self.awaited(name)

    def same_class(self, name: str, work: Work) -> str | None:
        """Another backend, ready for such work, whose numbers are bit-identical to its own."""
        return self.fastest(work, like=name) if name in self.devices else None
