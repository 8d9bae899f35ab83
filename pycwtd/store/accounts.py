"""API keys in the database: ``await store(accounts.keys)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pycwtd.access.keys import ApiKey
from pycwtd.store.schema import insertion

if TYPE_CHECKING:
    from pycwtd.store.database import Database
    from pycwtd.store.records import Witness

_KEY_COLUMNS = ApiKey.__struct_fields__


def add_key(database: Database, key: ApiKey, witness: Witness | None = None) -> None:
    """Keep a new key."""
    with database.transaction() as db:
        db.execute(insertion("api_keys", _KEY_COLUMNS), msgspec.structs.asdict(key))
        database.testify(witness)


def revoke_key(
    database: Database, key_id: str, now: float, witness: Witness | None = None
) -> ApiKey | None:
    """Revoke a key, if there is one; the row stays. A second time changes nothing."""
    with database.transaction() as db:
        db.execute(
            "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (now, key_id)
        )
        row = db.execute("SELECT * FROM api_keys WHERE id = ?", (key_id,)).fetchone()
        if row:
            database.testify(witness)
    return ApiKey(**dict(row)) if row else None


def keys(database: Database) -> list[ApiKey]:
    """All keys, the revoked ones included, oldest first."""
    with database.transaction() as db:
        rows = db.execute("SELECT * FROM api_keys ORDER BY created_at, id").fetchall()
    return [ApiKey(**dict(row)) for row in rows]
