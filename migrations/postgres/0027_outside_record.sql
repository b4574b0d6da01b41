-- What programs from outside told, by the step that ran them; `record_key` is a JSON array of the key fields, or the
-- record's SHA-256, and `body` the record as it came.
CREATE TABLE outside_record (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    pipeline TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    stream TEXT COLLATE "C" NOT NULL,
    record_key TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    changed BIGINT NOT NULL,
    PRIMARY KEY (athlete, pipeline, step, stream, record_key)
);
CREATE INDEX outside_record_by_change ON outside_record (athlete, pipeline, step, changed, stream, record_key);
