"""All that decides on access, made from the configuration, the store and the state directory."""

from __future__ import annotations

import logging
import os
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pycwtd.access.buckets import Buckets
from pycwtd.access.keys import STATE_KEY, ApiKey, KeyRing, digest
from pycwtd.access.roles import PeerRoles
from pycwtd.store import accounts
from pycwtd.store.files import write_durably

if TYPE_CHECKING:
    from pathlib import Path

    from pycwtd.access.roles import Role
    from pycwtd.config import Config
    from pycwtd.store.store import Store

log = logging.getLogger(__name__)

_SHORTEST_SECRET = 20


class SecretError(Exception):
    """A file with a secret can't be used; the text says which, why and what to do."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom a request is from."""

    #: What jobs and audit rows call them: ``uid:1000``, ``key:alice``, ``token``, …
    name: str
    role: Role
    #: Where they are: an address, or ``unix`` with the process's id.
    address: str
    key: ApiKey | None = None
    #: Whether no rate is asked of them.
    unlimited: bool = False


@dataclass(slots=True)
class Access:
    """Keys, roles and rates."""

    keys: KeyRing
    roles: PeerRoles
    requests: Buckets
    messages: Buckets
    failures: Buckets

    def become(self, new: Access) -> None:
        """Go on as ``new`` would, without forgetting who is connected and who asked how often."""
        self.roles = new.roles
        self.keys.become(new.keys)
        self.requests.become(new.requests)
        self.messages.become(new.messages)
        self.failures.become(new.failures)


async def open_access(config: Config, store: Store) -> Access:
    """Read keys and secrets, and make those that a first start needs.

    Raises:
        SecretError: a secret's file can't be read or written.
    """
    now = time.time()
    keys = [key for key in await store(accounts.keys) if key.works(now)]
    signing = _secret(store.root / "signing-key")
    on_tcp = any(one.tcp and one.wanted == "token" for one in config.listen)
    if on_tcp and config.access.state_token:
        path = store.root / "token"
        keys.append(_state_key(_secret(path)))
        log.info("an admin's bearer token for clients on TCP is in %s", path)
    network = config.network
    return Access(
        KeyRing(signing.encode(), config.access.token_seconds, keys),
        PeerRoles(config.access.users, config.access.groups, config.access.others),
        Buckets(network.requests_per_second, network.request_burst),
        Buckets(network.messages_per_second, network.message_burst),
        Buckets(network.failures_per_minute / 60, network.failures_per_minute / 3),
    )


def _state_key(secret: str) -> ApiKey:
    return ApiKey(
        id=STATE_KEY,
        name="token",
        role="admin",
        secret_sha256=digest(secret),
        created_at=0.0,
        created_by="pycwtd",
    )


def _secret(path: Path) -> str:
    """The secret in a file that its owner alone can read; made where there is none."""
    try:
        secret = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        secret = secrets.token_urlsafe(32)
        umask = os.umask(0o077)
        try:
            write_durably(path, secret.encode() + b"\n")
        except OSError as error:
            raise SecretError(f"{path}: can't be written: {error.strerror}") from None
        finally:
            os.umask(umask)
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(f"{path}: the secret can't be read: {error}") from None
    if len(secret) < _SHORTEST_SECRET:
        raise SecretError(f"{path}: the secret is too short; delete the file to have one made")
    return secret
