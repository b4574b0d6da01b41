-- How far the loads of an athlete are, and by which settings they were computed, whichever pipeline did it.
CREATE TABLE load_position (
    athlete TEXT NOT NULL PRIMARY KEY REFERENCES athlete (id) ON DELETE CASCADE,
    changed BIGINT NOT NULL,
    activity_id TEXT NOT NULL,
    given TEXT NOT NULL
) WITHOUT ROWID;

-- Lists of one sport go from the newest to the oldest without passing over the others.
CREATE INDEX activity_by_sport ON activity (athlete, sport, (COALESCE(start_ms, 0)), id);
