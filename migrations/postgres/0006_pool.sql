-- What is shared by all who call one upstream. How much a pool holds stands in a script and not here.
CREATE TABLE pool (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    -- The beginning of the window in which the calls were counted.
    window_ms BIGINT NOT NULL DEFAULT 0,
    calls BIGINT NOT NULL DEFAULT 0,
    -- Attempts that failed in a row.
    failures BIGINT NOT NULL DEFAULT 0,
    closed_ms BIGINT,
    closed_until_ms BIGINT,
    closed_by TEXT COLLATE "C",
    -- How long it closes again where a trial fails; there from a cooldown to the first success after it.
    cooldown_ms BIGINT
);

-- Who is in a pool or waits for it. A row counts only while its run is held under that fence by a live lease.
CREATE TABLE pool_use (
    run_id TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    step TEXT COLLATE "C" NOT NULL,
    pool TEXT COLLATE "C" NOT NULL,
    fence BIGINT NOT NULL,
    since_ms BIGINT NOT NULL,
    is_in BOOLEAN NOT NULL,
    -- Of one who waits: for what.
    why TEXT COLLATE "C",
    PRIMARY KEY (run_id, step)
);
CREATE INDEX pool_use_by_pool ON pool_use (pool);
