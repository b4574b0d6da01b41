-- The run that a run follows by retry or replay, what set the first of them off, and the dead letter that a success
-- closes.
ALTER TABLE run ADD COLUMN follows TEXT COLLATE "C";
ALTER TABLE run ADD COLUMN origin TEXT COLLATE "C";
ALTER TABLE run ADD COLUMN letter TEXT COLLATE "C";
CREATE INDEX run_by_followed ON run (follows) WHERE follows IS NOT NULL;

-- The run whose result stands here, where the step was not run again.
ALTER TABLE step_run ADD COLUMN reused_from TEXT COLLATE "C";

-- Runs that failed for good, each once.
CREATE TABLE dead_letter (
    run_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    pipeline TEXT COLLATE "C" NOT NULL,
    partition TEXT COLLATE "C" NOT NULL,
    params TEXT COLLATE "C" NOT NULL,
    error_code TEXT COLLATE "C" NOT NULL,
    error_class TEXT COLLATE "C" NOT NULL,
    error TEXT COLLATE "C" NOT NULL,
    times BIGINT NOT NULL,
    former TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    closed_ms BIGINT,
    note TEXT COLLATE "C",
    replay_run TEXT COLLATE "C"
);
CREATE INDEX dead_letter_by_state ON dead_letter (state, run_id);

-- Runs to be, as a list that was seen before it was started.
CREATE TABLE backfill (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    cause TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C",
    priority BIGINT NOT NULL,
    at_once BIGINT NOT NULL,
    items BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL,
    finished_ms BIGINT
);
CREATE INDEX backfill_by_state ON backfill (state, id);

-- A row without a run has not started; its run is enqueued in the transaction that notes it here.
CREATE TABLE backfill_item (
    backfill_id TEXT COLLATE "C" NOT NULL REFERENCES backfill (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    pipeline TEXT COLLATE "C" NOT NULL,
    partition TEXT COLLATE "C" NOT NULL,
    params TEXT COLLATE "C" NOT NULL,
    run_id TEXT COLLATE "C",
    error_code TEXT COLLATE "C",
    error TEXT COLLATE "C",
    PRIMARY KEY (backfill_id, position)
);

-- When work that is done now and then was last done, by whichever process.
CREATE TABLE upkeep (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    done_ms BIGINT NOT NULL
);
