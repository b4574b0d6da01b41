-- How far the loads of an athlete are, and by which settings they were computed, whichever pipeline did it.
CREATE TABLE load_position (
    athlete TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES athlete (id) ON DELETE CASCADE,
    changed BIGINT NOT NULL,
    activity_id TEXT COLLATE "C" NOT NULL,
    given TEXT COLLATE "C" NOT NULL
);

-- Lists of one sport go from the newest to the oldest without passing over the others.
CREATE INDEX activity_by_sport ON activity (athlete, sport, (COALESCE(start_ms, 0)), id);
