-- How far the activities of an athlete were looked at for each part of the ways, and by which version of its rules.
CREATE TABLE way_position (
    athlete TEXT NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    part TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    activity_id TEXT NOT NULL,
    PRIMARY KEY (athlete, part)
) WITHOUT ROWID;

-- A way whose times are compared; the line is two packed columns of positions, and `sports` a group of them or empty.
CREATE TABLE segment (
    id TEXT NOT NULL PRIMARY KEY,
    athlete TEXT NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    sports TEXT NOT NULL,
    provenance TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT,
    latitude BYTEA NOT NULL,
    longitude BYTEA NOT NULL,
    meters DOUBLE PRECISION NOT NULL,
    is_matched BOOLEAN NOT NULL DEFAULT FALSE,
    created_ms BIGINT NOT NULL
);
CREATE INDEX segment_by_athlete ON segment (athlete, name, id);

-- Each time that an activity followed a segment.
CREATE TABLE segment_effort (
    segment_id TEXT NOT NULL REFERENCES segment (id) ON DELETE CASCADE,
    activity_id TEXT NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    start_ms BIGINT NOT NULL,
    elapsed_s DOUBLE PRECISION NOT NULL,
    meters DOUBLE PRECISION NOT NULL,
    avg_hr DOUBLE PRECISION,
    avg_power DOUBLE PRECISION,
    PRIMARY KEY (segment_id, activity_id, start_ms)
) WITHOUT ROWID;
CREATE INDEX segment_effort_by_time ON segment_effort (segment_id, elapsed_s, activity_id, start_ms);
CREATE INDEX segment_effort_by_activity ON segment_effort (activity_id);

-- Tiles of zoom 19 that an activity went through, packed; `cut` without those in privacy zones, and none where it is
-- the same.
CREATE TABLE activity_place (
    activity_id TEXT NOT NULL PRIMARY KEY REFERENCES activity (id) ON DELETE CASCADE,
    athlete TEXT NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    cells BYTEA NOT NULL,
    cut BYTEA
);
CREATE INDEX activity_place_by_athlete ON activity_place (athlete);

-- Circles that nobody but the athlete is shown.
CREATE TABLE privacy_zone (
    id TEXT NOT NULL PRIMARY KEY,
    athlete TEXT NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    latitude DOUBLE PRECISION NOT NULL,
    longitude DOUBLE PRECISION NOT NULL,
    radius_m DOUBLE PRECISION NOT NULL,
    created_ms BIGINT NOT NULL
);
CREATE INDEX privacy_zone_by_athlete ON privacy_zone (athlete, id);
