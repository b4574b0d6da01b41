-- What the steps of a run said, in the order in which it was noted. It goes with its run.
CREATE TABLE step_log (
    run_id TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    -- The place of the step in its plan, as in `step_run`.
    position BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    at_ms BIGINT NOT NULL,
    level TEXT COLLATE "C" NOT NULL,
    text TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, seq)
);

-- The number of that commit of the run which changed the step last.
ALTER TABLE step_run ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;

-- What the attempt counted; of one that ended its step well the step tells it.
ALTER TABLE step_attempt ADD COLUMN meters TEXT COLLATE "C" NOT NULL DEFAULT '{}';

-- How a pipeline went is read from its runs since a time, and an id begins with its time.
CREATE INDEX run_by_age ON run (pipeline, partition, id);
