"""Keys and the audit trail, for clients whose role is admin."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from pycwtd.api.accounts import (
    AccessToken,
    AuditEntry,
    AuditList,
    KeyList,
    KeyMade,
    KeyRole,
    KeyView,
    Me,
)
from pycwtd.client.errors import ClientError
from pycwtd.client.pages import in_pages

if TYPE_CHECKING:
    from pycwtd.client.client import Client

_AUTH = "/api/v1/auth"

__all__ = ["AuditEntry", "KeyMade", "KeyRole", "KeyView", "Me"]


class Accounts:
    """Keys, tokens and the audit trail of the daemon that a client is connected to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def me(self) -> Me:
        """How the daemon sees this client."""
        return await self._client.ask("GET", f"{_AUTH}/me", Me)

    async def keys(self) -> list[KeyView]:
        """All keys, oldest first."""
        return (await self._client.ask("GET", f"{_AUTH}/keys/", KeyList)).keys

    async def add(self, name: str, role: KeyRole, expires_in: int | None = None) -> KeyMade:
        """Make a key; its secret is in the answer and nowhere else.

        Args:
            name: whose it is.
            role: what it may do.
            expires_in: seconds; None means until it is revoked.
        """
        body = {"name": name, "role": role, "expires_in": expires_in}
        return await self._client.ask("POST", f"{_AUTH}/keys/", KeyMade, json=body)

    async def revoke(self, key_id: str) -> KeyView:
        """Revoke a key, by its full id."""
        return await self._client.ask("DELETE", f"{_AUTH}/keys/{quote(key_id, safe='')}", KeyView)

    async def exchange(self, name: str) -> AccessToken:
        """A short-lived token for the key that this client was made with.

        Raises:
            ClientError: it was made without one, or the key isn't of this name.
        """
        if not self._client.token:
            raise ClientError("there is no key to exchange", code="no_key")
        form = {"grant_type": "password", "username": name, "password": self._client.token}
        return await self._client.ask("POST", f"{_AUTH}/token", AccessToken, data=form)

    async def audit(self, limit: int | None = 100) -> list[AuditEntry]:
        """The audit trail, newest first; ``limit`` None means all of it."""
        rows = in_pages(self._client, "/api/v1/audit", AuditList, lambda page: page.entries, limit)
        return [one async for one in rows]
