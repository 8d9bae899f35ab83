"""Devices: how they fare, and what operators order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from pycwtd.api.device_types import DeviceDetails, DeviceList, DeviceView
from pycwtd.api.types import JobAccepted

if TYPE_CHECKING:
    from pycwtd.client.client import Client

_DEVICES = "/api/v1/devices/"

__all__ = ["DeviceDetails", "DeviceView", "Devices"]


class Devices:
    """The devices of the daemon that a client is connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def all(self) -> list[DeviceView]:
        """Every device, by name."""
        return (await self._client.ask("GET", _DEVICES, DeviceList)).devices

    async def one(self, name: str) -> DeviceDetails:
        """A device by its backend's name or alias, looked into."""
        return await self._client.ask("GET", f"{_DEVICES}{quote(name, safe='')}", DeviceDetails)

    async def order(self, name: str, order: Literal["drain", "resume", "release"]) -> DeviceView:
        """Take a device out of work, bring it back, or let it out of quarantine."""
        path = f"{_DEVICES}{quote(name, safe='')}/{order}"
        return await self._client.ask("POST", path, DeviceView)

    async def run(self, name: str, kind: Literal["self-test", "flash"]) -> str:
        """Have a device tested, or its firmware written; returns the job's id."""
        path = f"{_DEVICES}{quote(name, safe='')}/{kind}"
        return (await self._client.ask("POST", path, JobAccepted)).job_id
