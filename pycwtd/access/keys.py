"""API keys and the short-lived tokens that they are exchanged for.

A key is 256 random bits, so a plain SHA-256 of it can't be searched; what is compared is
digests, in constant time. A token is signed by itsdangerous and names its key, and the key is
looked up at each use: whatever a key has lost, its tokens have lost at the same moment.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from typing import TYPE_CHECKING

import itsdangerous
from msgspec import Struct

from pycwtd.access.roles import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_FORM = re.compile(r"pycwtd_([0-9a-f]{8})_[\w-]{43}")
#: Id of the key that is the file ``token`` in the state directory.
STATE_KEY = "state"
_NOBODYS_DIGEST = "0" * 64


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key as its row has it: all but the secret."""

    id: str
    #: Whose it is; several keys may have one name, and are one identity.
    name: str
    role: Role
    secret_sha256: str
    created_at: float
    created_by: str
    expires_at: float | None = None
    revoked_at: float | None = None

    @property
    def identity(self) -> str:
        """What jobs and audit rows call whoever uses it."""
        return "token" if self.id == STATE_KEY else f"key:{self.name}"

    def works(self, now: float) -> bool:
        """Whether it lets anybody in at this time."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def make_key(
    name: str, role: Role, created_by: str, seconds: float | None = None
) -> tuple[ApiKey, str]:
    """A new key, and its secret, which is kept nowhere."""
    key_id = secrets.token_hex(4)
    secret = f"pycwtd_{key_id}_{secrets.token_urlsafe(32)}"
    now = time.time()
    key = ApiKey(
        id=key_id,
        name=name,
        role=role,
        secret_sha256=digest(secret),
        created_at=now,
        created_by=created_by,
        expires_at=None if seconds is None else now + seconds,
    )
    return key, secret


class KeyRing:
    """All keys that work, in memory, and who is connected with them.

    Args:
        signing_key: signs the tokens; at least 32 random bytes.
        token_seconds: how long a token lives.
        keys: those in the store.
    """

    def __init__(self, signing_key: bytes, token_seconds: int, keys: Iterable[ApiKey]) -> None:
        self.token_seconds = token_seconds
        self._signer = itsdangerous.URLSafeTimedSerializer(
            signing_key,
            salt="pycwtd access token",
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )
        self._keys = {key.id: key for key in keys}
        self._connected: dict[str, set[Callable[[], None]]] = {}

    def add(self, key: ApiKey) -> None:
        """Let a key's holder in from now on."""
        self._keys[key.id] = key

    def drop(self, key_id: str) -> None:
        """Shut a key out, and cut off who is connected with it."""
        self._keys.pop(key_id, None)
        for hang_up in list(self._connected.pop(key_id, ())):
            hang_up()

    def become(self, new: KeyRing) -> None:
        """Take over another's keys and signature, and cut off whose key isn't there any more."""
        gone = self._keys.keys() - new._keys.keys()
        self.token_seconds, self._signer = new.token_seconds, new._signer
        changed = {i for i, key in new._keys.items() if i in self._keys and self._keys[i] != key}
        for key_id in gone | changed:
            self.drop(key_id)
        self._keys = new._keys

    def connect(self, key_id: str, hang_up: Callable[[], None]) -> Callable[[], None]:
        """Remember a long-lived connection; what is returned forgets it."""
        self._connected.setdefault(key_id, set()).add(hang_up)

        def forget() -> None:
            ends = self._connected.get(key_id, set())
            ends.discard(hang_up)
            if not ends:
                self._connected.pop(key_id, None)

        return forget

    def token(self, key: ApiKey) -> str:
        """A new short-lived token for a key."""
        return str(self._signer.dumps(key.id))

    def find(self, bearer: str) -> ApiKey | None:
        """Whose key or token this is; none if it is wrong, expired or revoked."""
        key = self._by_token(bearer) if "." in bearer else self.by_secret(bearer)
        return key if key and key.works(time.time()) else None

    def by_secret(self, secret: str) -> ApiKey | None:
        """The key with this secret, whether or not it has expired."""
        form = _FORM.fullmatch(secret)
        key = self._keys.get(form[1] if form else STATE_KEY)
        # One comparison whatever was found, so that time doesn't tell which ids there are.
        known = key.secret_sha256 if key else _NOBODYS_DIGEST
        return key if hmac.compare_digest(digest(secret), known) else None

    def _by_token(self, token: str) -> ApiKey | None:
        try:
            key_id = self._signer.loads(token, max_age=self.token_seconds)
        except itsdangerous.BadData:
            return None
        return self._keys.get(key_id)
