-- The run that a run follows by retry or replay, what set the first of them off, and the dead letter that a success
-- closes.
ALTER TABLE run ADD COLUMN follows TEXT;
ALTER TABLE run ADD COLUMN origin TEXT;
ALTER TABLE run ADD COLUMN letter TEXT;
CREATE INDEX run_by_followed ON run (follows) WHERE follows IS NOT NULL;

-- The run whose result stands here, where the step was not run again.
ALTER TABLE step_run ADD COLUMN reused_from TEXT;

-- Runs that failed for good, each once.
CREATE TABLE dead_letter (
    run_id TEXT NOT NULL PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    pipeline TEXT NOT NULL,
    partition TEXT NOT NULL,
    params TEXT NOT NULL,
    error_code TEXT NOT NULL,
    error_class TEXT NOT NULL,
    error TEXT NOT NULL,
    times BIGINT NOT NULL,
    former TEXT,
    state TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    closed_ms BIGINT,
    note TEXT,
    replay_run TEXT
) WITHOUT ROWID;
CREATE INDEX dead_letter_by_state ON dead_letter (state, run_id);

-- Runs to be, as a list that was seen before it was started.
CREATE TABLE backfill (
    id TEXT NOT NULL PRIMARY KEY,
    cause TEXT NOT NULL,
    request_id TEXT,
    priority BIGINT NOT NULL,
    at_once BIGINT NOT NULL,
    items BIGINT NOT NULL,
    state TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    finished_ms BIGINT
) WITHOUT ROWID;
CREATE INDEX backfill_by_state ON backfill (state, id);

-- A row without a run has not started; its run is enqueued in the transaction that notes it here.
CREATE TABLE backfill_item (
    backfill_id TEXT NOT NULL REFERENCES backfill (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    pipeline TEXT NOT NULL,
    partition TEXT NOT NULL,
    params TEXT NOT NULL,
    run_id TEXT,
    error_code TEXT,
    error TEXT,
    PRIMARY KEY (backfill_id, position)
) WITHOUT ROWID;

-- When work that is done now and then was last done, by whichever process.
CREATE TABLE upkeep (
    name TEXT NOT NULL PRIMARY KEY,
    done_ms BIGINT NOT NULL
) WITHOUT ROWID;
