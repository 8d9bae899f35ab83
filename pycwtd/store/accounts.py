"""API keys and the audit trail in the database: ``await store(accounts.keys)``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pycwtd.access.keys import ApiKey
from pycwtd.store.records import AuditRow
from pycwtd.store.schema import insertion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pycwtd.store.database import Database

_KEY_COLUMNS = ApiKey.__struct_fields__
_AUDIT_COLUMNS = tuple(name for name in AuditRow.__struct_fields__ if name != "seq")


def add_key(database: Database, key: ApiKey) -> None:
    """Keep a new key."""
    with database.transaction() as db:
        db.execute(insertion("api_keys", _KEY_COLUMNS), msgspec.structs.asdict(key))


def revoke_key(database: Database, key_id: str, now: float) -> ApiKey | None:
    """Revoke a key, if there is one; the row stays. A second time changes nothing."""
    with database.transaction() as db:
        db.execute(
            "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", (now, key_id)
        )
        row = db.execute("SELECT * FROM api_keys WHERE id = ?", (key_id,)).fetchone()
    return ApiKey(**dict(row)) if row else None


def keys(database: Database) -> list[ApiKey]:
    """All keys, the revoked ones included, oldest first."""
    with database.transaction() as db:
        rows = db.execute("SELECT * FROM api_keys ORDER BY created_at, id").fetchall()
    return [ApiKey(**dict(row)) for row in rows]


def add_audit(database: Database, rows: Sequence[AuditRow], keep: int) -> None:
    """Write rows of the audit trail, and drop the oldest beyond ``keep``."""
    with database.transaction() as db:
        db.executemany(
            insertion("audit", _AUDIT_COLUMNS), [msgspec.structs.asdict(row) for row in rows]
        )
        db.execute("DELETE FROM audit WHERE seq <= (SELECT max(seq) FROM audit) - ?", (keep,))


def audit(database: Database, before: int | None, limit: int) -> list[AuditRow]:
    """The audit trail, newest first, from before row ``before``."""
    with database.transaction() as db:
        rows = db.execute(
            "SELECT * FROM audit WHERE (:before IS NULL OR seq < :before)"
            " ORDER BY seq DESC LIMIT :limit",
            {"before": before, "limit": limit},
        ).fetchall()
    return [AuditRow(**dict(row)) for row in rows]
