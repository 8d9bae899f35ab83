"""The daemon's client: what programs, ``pycwtctl`` and consoles talk to it with."""

from pycwtd.client.accounts import Accounts
from pycwtd.client.client import Client
from pycwtd.client.data import Uploads
from pycwtd.client.devices import Devices
from pycwtd.client.errors import ClientError, UnreachableError
from pycwtd.client.events import Events
from pycwtd.client.jobs import Jobs
from pycwtd.client.service import Service
from pycwtd.client.streams import Stream, Streams
from pycwtd.client.watching import Configuration, Logs
from pycwtd.store.records import Status

__all__ = [
    "Accounts",
    "Client",
    "ClientError",
    "Configuration",
    "Devices",
    "Events",
    "Jobs",
    "Logs",
    "Service",
    "Status",
    "Stream",
    "Streams",
    "UnreachableError",
    "Uploads",
]
