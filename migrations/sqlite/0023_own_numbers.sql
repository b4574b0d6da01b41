-- A metric of the athlete's own: what it is, by which text and program it was computed, and how far.
CREATE TABLE own_metric (
    athlete TEXT NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    program BIGINT NOT NULL,
    about TEXT NOT NULL,
    settings TEXT NOT NULL,
    replaces_load BOOLEAN NOT NULL,
    rests BOOLEAN NOT NULL,
    changed BIGINT NOT NULL,
    activity_id TEXT NOT NULL,
    first_day TEXT,
    PRIMARY KEY (athlete, name)
) WITHOUT ROWID;

-- What a metric says of an activity, or why it says nothing.
CREATE TABLE own_activity_number (
    activity_id TEXT NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    athlete TEXT NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    value DOUBLE PRECISION,
    why TEXT,
    hash TEXT NOT NULL,
    PRIMARY KEY (activity_id, name, scope)
) WITHOUT ROWID;
CREATE INDEX own_activity_number_by_name ON own_activity_number (athlete, name, scope, activity_id);

-- And of a day.
CREATE TABLE own_day_number (
    athlete TEXT NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    local_date TEXT NOT NULL,
    value DOUBLE PRECISION,
    why TEXT,
    hash TEXT NOT NULL,
    PRIMARY KEY (athlete, name, scope, local_date)
) WITHOUT ROWID;

-- Whose number the load is, where a metric of the athlete's own stands in its place.
ALTER TABLE activity_load ADD COLUMN own_metric TEXT;
