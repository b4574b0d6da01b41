-- Runs that another run waits for: one for a part of what a step of it was given, or one of a pipeline that a step
-- of it runs as a whole, which has no part.
ALTER TABLE run ADD COLUMN parent TEXT REFERENCES run (id) ON DELETE CASCADE;
ALTER TABLE run ADD COLUMN parent_step TEXT;
ALTER TABLE run ADD COLUMN part BIGINT;
CREATE UNIQUE INDEX run_by_parent ON run (parent, parent_step, COALESCE(part, 0)) WHERE parent IS NOT NULL;
CREATE INDEX run_open_child ON run (parent) WHERE parent IS NOT NULL AND finished_ms IS NULL;
-- A part says nothing of its pipeline.
DROP INDEX run_by_state;
CREATE INDEX run_by_state ON run (state, pipeline, finished_ms) WHERE part IS NULL;

-- Since when the time of a run is counted that waits for its children; only such a run has it.
ALTER TABLE job ADD COLUMN waits_since_ms BIGINT;

-- How far a part of a step came; it goes with its run.
CREATE TABLE part_cursor (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    part BIGINT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (run_id, step, part)
) WITHOUT ROWID;
