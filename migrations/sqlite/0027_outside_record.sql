-- What programs from outside told, by the step that ran them; `record_key` is a JSON array of the key fields, or the
-- record's SHA-256, and `body` the record as it came.
CREATE TABLE outside_record (
    athlete TEXT NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    pipeline TEXT NOT NULL,
    step TEXT NOT NULL,
    stream TEXT NOT NULL,
    record_key TEXT NOT NULL,
    body TEXT NOT NULL,
    changed BIGINT NOT NULL,
    PRIMARY KEY (athlete, pipeline, step, stream, record_key)
) WITHOUT ROWID;
CREATE INDEX outside_record_by_change ON outside_record (athlete, pipeline, step, changed, stream, record_key);
