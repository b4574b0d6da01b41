-- When each pipeline is due next for each partition, by the rule that the time was worked out from.
CREATE TABLE schedule (
    pipeline TEXT COLLATE "C" NOT NULL,
    partition TEXT COLLATE "C" NOT NULL,
    rule TEXT COLLATE "C" NOT NULL,
    next_ms BIGINT NOT NULL,
    last_slot TEXT COLLATE "C",
    PRIMARY KEY (pipeline, partition)
);

-- Which slots have their run: written together with it, so that none has two.
CREATE TABLE schedule_slot (
    pipeline TEXT COLLATE "C" NOT NULL,
    partition TEXT COLLATE "C" NOT NULL,
    slot TEXT COLLATE "C" NOT NULL,
    due_ms BIGINT NOT NULL,
    run_id TEXT COLLATE "C" REFERENCES run (id) ON DELETE SET NULL,
    PRIMARY KEY (pipeline, partition, slot)
);
CREATE INDEX schedule_slot_by_run ON schedule_slot (run_id);

-- Pipelines that nothing starts by itself.
CREATE TABLE pipeline_pause (
    pipeline TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    since_ms BIGINT NOT NULL,
    note TEXT COLLATE "C"
);
