-- The best times over fixed distances that the system before this one had worked out, by its own ids of activities.
CREATE TABLE old_best (
    athlete TEXT NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    source_id TEXT NOT NULL,
    distance_m BIGINT NOT NULL,
    elapsed_s DOUBLE PRECISION NOT NULL,
    told_date TEXT,
    PRIMARY KEY (athlete, scope, source_id, distance_m)
) WITHOUT ROWID;
