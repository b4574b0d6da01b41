-- When each pipeline is due next for each partition, by the rule that the time was worked out from.
CREATE TABLE schedule (
    pipeline TEXT NOT NULL,
    partition TEXT NOT NULL,
    rule TEXT NOT NULL,
    next_ms BIGINT NOT NULL,
    last_slot TEXT,
    PRIMARY KEY (pipeline, partition)
) WITHOUT ROWID;

-- Which slots have their run: written together with it, so that none has two.
CREATE TABLE schedule_slot (
    pipeline TEXT NOT NULL,
    partition TEXT NOT NULL,
    slot TEXT NOT NULL,
    due_ms BIGINT NOT NULL,
    run_id TEXT REFERENCES run (id) ON DELETE SET NULL,
    PRIMARY KEY (pipeline, partition, slot)
) WITHOUT ROWID;
CREATE INDEX schedule_slot_by_run ON schedule_slot (run_id);

-- Pipelines that nothing starts by itself.
CREATE TABLE pipeline_pause (
    pipeline TEXT NOT NULL PRIMARY KEY,
    since_ms BIGINT NOT NULL,
    note TEXT
) WITHOUT ROWID;
