BEGIN TRANSACTION;
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
INSERT INTO "chunks" VALUES('c43a2b94-d4e0-4214-a227-bcbb32a5b444',0,152228,'chunk-1-2.npy','1eb7d24ed2ed95ec37d8d6af5a71c991d9aa2a6dbae58f3bdb7a7db5553a8e64','sequential',2.02421950998541433364e-01);
CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        time REAL NOT NULL,
        type TEXT NOT NULL,
        job_id TEXT,
        data TEXT NOT NULL                    -- JSON
    ) STRICT;
INSERT INTO "events" VALUES(1,1.79526279728100323675e+09,'job.queued','c43a2b94-d4e0-4214-a227-bcbb32a5b444','{}');
INSERT INTO "events" VALUES(2,1.79526279729667830467e+09,'job.running','c43a2b94-d4e0-4214-a227-bcbb32a5b444','{"backend":"sequential"}');
INSERT INTO "events" VALUES(3,1.79526279789960408212e+09,'job.progress','c43a2b94-d4e0-4214-a227-bcbb32a5b444','{"done":152228,"total":1000000}');
INSERT INTO "events" VALUES(4,1.79526279791313076016e+09,'job.queued','e9dc0e3c-f523-436b-93d3-593cbb22519f','{}');
INSERT INTO "events" VALUES(5,1.79526279792023801809e+09,'job.running','e9dc0e3c-f523-436b-93d3-593cbb22519f','{"backend":"joblib"}');
CREATE TABLE idempotency (
        owner TEXT NOT NULL,
        key TEXT NOT NULL,
        request_sha256 TEXT NOT NULL,
        job_id TEXT NOT NULL REFERENCES jobs (id),
        PRIMARY KEY (owner, key)
    ) STRICT, WITHOUT ROWID;
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
INSERT INTO "jobs" VALUES('c43a2b94-d4e0-4214-a227-bcbb32a5b444',1,'wct','uid:0','running',NULL,'{"kind":"wct","dt":1.0,"dj":0.5,"s0":2.0,"J":4,"family":"morlet","order":6.0,"normalize":true,"test":true,"level":0.95,"mc_count":1000000,"precision":null,"backend":"auto","fallback":true,"seed":11,"samples":64,"units":240.0}','auto','sequential',NULL,11,1000000,1,0,1.79526279728100323675e+09,1.79526279729667544368e+09,NULL,2.62762332153831934533e-01,NULL,NULL);
INSERT INTO "jobs" VALUES('e9dc0e3c-f523-436b-93d3-593cbb22519f',2,'significance','uid:0','running',NULL,'{"kind":"significance","dt":1.0,"dj":0.5,"s0":2.0,"J":4,"family":"morlet","order":6.0,"normalize":true,"test":true,"level":0.95,"mc_count":5000,"precision":null,"backend":"auto","fallback":true,"seed":12,"samples":64,"units":240.0}','auto','joblib',NULL,12,5000,1,0,1.79526279791313076016e+09,1.79526279792023491857e+09,NULL,1.32806472777358131054e-03,NULL,NULL);
CREATE INDEX jobs_by_status ON jobs (status, number);
CREATE INDEX jobs_by_batch ON jobs (batch_id) WHERE batch_id IS NOT NULL;
CREATE INDEX events_by_job ON events (job_id, seq);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',5);
COMMIT;
PRAGMA user_version = 1;
