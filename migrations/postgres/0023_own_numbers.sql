-- A metric of the athlete's own: what it is, by which text and program it was computed, and how far.
CREATE TABLE own_metric (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    program BIGINT NOT NULL,
    about TEXT COLLATE "C" NOT NULL,
    settings TEXT COLLATE "C" NOT NULL,
    replaces_load BOOLEAN NOT NULL,
    rests BOOLEAN NOT NULL,
    changed BIGINT NOT NULL,
    activity_id TEXT COLLATE "C" NOT NULL,
    first_day TEXT COLLATE "C",
    PRIMARY KEY (athlete, name)
);

-- What a metric says of an activity, or why it says nothing.
CREATE TABLE own_activity_number (
    activity_id TEXT COLLATE "C" NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    value DOUBLE PRECISION,
    why TEXT COLLATE "C",
    hash TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (activity_id, name, scope)
);
CREATE INDEX own_activity_number_by_name ON own_activity_number (athlete, name, scope, activity_id);

-- And of a day.
CREATE TABLE own_day_number (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    local_date TEXT COLLATE "C" NOT NULL,
    value DOUBLE PRECISION,
    why TEXT COLLATE "C",
    hash TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (athlete, name, scope, local_date)
);

-- Whose number the load is, where a metric of the athlete's own stands in its place.
ALTER TABLE activity_load ADD COLUMN own_metric TEXT COLLATE "C";
