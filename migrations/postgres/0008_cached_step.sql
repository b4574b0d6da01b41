-- Results that stand for a step whose inputs are unchanged, by the hash of all that they rest on.
CREATE TABLE cached_step (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    partition TEXT COLLATE "C" NOT NULL,
    artifact TEXT COLLATE "C" NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL,
    made_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);
CREATE INDEX cached_step_by_until ON cached_step (until_ms, key);

-- Whether the run leaves such results alone and makes them anew.
ALTER TABLE run ADD COLUMN fresh BOOLEAN NOT NULL DEFAULT FALSE;

-- The one run that answers every request with a key; it is claimed before its run is there.
CREATE TABLE run_key (
    pipeline TEXT COLLATE "C" NOT NULL,
    partition TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    run_id TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (pipeline, partition, key)
);
CREATE INDEX run_key_by_run ON run_key (run_id);

-- Which files of the watched folder a pipeline was given, as they were then: written together with the run.
CREATE TABLE watched_file (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    pipeline TEXT COLLATE "C" NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    bytes BIGINT NOT NULL,
    modified_ns BIGINT,
    run_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (athlete, pipeline, path)
);
