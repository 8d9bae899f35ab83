"""The database's tables, as numbered migrations that are never edited once released."""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY,
        number INTEGER NOT NULL UNIQUE,       -- order of acceptance
        kind TEXT NOT NULL,
        owner TEXT NOT NULL,
        status TEXT NOT NULL
            CHECK (status IN ('queued', 'running', 'completed', 'failed', 'cancelled')),
        batch_id TEXT REFERENCES jobs (id),
        parameters TEXT NOT NULL,             -- JSON: the request without its series
        backend_asked TEXT NOT NULL,
        backend TEXT,                         -- the one that runs or ran
        fallback_reason TEXT,
        seed INTEGER NOT NULL,
        total INTEGER NOT NULL,               -- realisations asked for, 0 without Monte Carlo
        attempts INTEGER NOT NULL DEFAULT 0,  -- how often it was started
        host_deaths INTEGER NOT NULL DEFAULT 0,
        created_at REAL NOT NULL,             -- Unix time, seconds
        started_at REAL,
        completed_at REAL,
        estimated_seconds REAL,
        error TEXT,
        result_sha256 TEXT,
        CHECK ((status = 'failed') = (error IS NOT NULL)),
        CHECK (status != 'completed' OR completed_at IS NOT NULL)
    ) STRICT;
    CREATE INDEX jobs_by_status ON jobs (status, number);
    CREATE INDEX jobs_by_batch ON jobs (batch_id) WHERE batch_id IS NOT NULL;

    CREATE TABLE chunks (
        job_id TEXT NOT NULL REFERENCES jobs (id),
        first INTEGER NOT NULL,
        count INTEGER NOT NULL CHECK (count > 0),
        file TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        backend TEXT NOT NULL,
        seconds REAL NOT NULL,
        PRIMARY KEY (job_id, first)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        time REAL NOT NULL,
        type TEXT NOT NULL,
        job_id TEXT,
        data TEXT NOT NULL                    -- JSON
    ) STRICT;
    CREATE INDEX events_by_job ON events (job_id, seq);

    CREATE TABLE idempotency (
        owner TEXT NOT NULL,
        key TEXT NOT NULL,
        request_sha256 TEXT NOT NULL,
        job_id TEXT NOT NULL REFERENCES jobs (id),
        PRIMARY KEY (owner, key)
    ) STRICT, WITHOUT ROWID;
    """,
    """
    CREATE TABLE api_keys (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,                   -- whose it is; several keys may have one name
        role TEXT NOT NULL CHECK (role IN ('viewer', 'analyst', 'operator', 'admin')),
        secret_sha256 TEXT NOT NULL,
        created_at REAL NOT NULL,
        created_by TEXT NOT NULL,
        expires_at REAL,
        revoked_at REAL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE audit (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        time REAL NOT NULL,
        identity TEXT NOT NULL,               -- who
        role TEXT NOT NULL,
        address TEXT NOT NULL,                -- from where
        action TEXT NOT NULL,                 -- what
        target TEXT,                          -- of which job, key, …
        outcome TEXT NOT NULL CHECK (outcome IN ('done', 'denied', 'failed', 'unknown')),
        status INTEGER NOT NULL,
        request_id TEXT NOT NULL,
        detail TEXT
    ) STRICT;
    """,
    """
    CREATE TABLE data (
        id TEXT PRIMARY KEY,
        number INTEGER NOT NULL UNIQUE,       -- order of arrival
        owner TEXT NOT NULL,
        filename TEXT NOT NULL,
        format TEXT NOT NULL,
        length INTEGER NOT NULL CHECK (length > 0),
        constant INTEGER NOT NULL,            -- whether all samples are equal
        bytes INTEGER NOT NULL,               -- of the file as it came
        sha256 TEXT NOT NULL,                 -- of the file as it came
        series_sha256 TEXT NOT NULL,          -- of series.npy
        metadata TEXT NOT NULL,               -- JSON
        created_at REAL NOT NULL
    ) STRICT;
    """,
    """
    -- Samples that aren't there: NaN in series.npy.
    ALTER TABLE data ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
    """,
    """
    -- Devices that wait for an operator, over restarts, too.
    CREATE TABLE devices (
        id TEXT PRIMARY KEY,
        state TEXT NOT NULL CHECK (state IN ('quarantined', 'drained')),
        since REAL NOT NULL,
        data TEXT NOT NULL                    -- JSON
    ) STRICT, WITHOUT ROWID;
    """,
    """
    -- Where the realisations of ended jobs were computed; chunks have files, these haven't.
    CREATE TABLE ran (
        job_id TEXT NOT NULL REFERENCES jobs (id),
        first INTEGER NOT NULL,
        count INTEGER NOT NULL CHECK (count > 0),
        backend TEXT NOT NULL,
        seconds REAL NOT NULL,
        PRIMARY KEY (job_id, first)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX events_by_type ON events (type, seq);
    CREATE INDEX jobs_by_kind ON jobs (kind, number);
    """,
)


def insertion(table: str, columns: tuple[str, ...]) -> str:
    """The statement that inserts a row, its values given by the columns' names."""
    values = ", ".join(f":{name}" for name in columns)
    # Table and columns are our own.
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608
