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
