-- What an athlete measures once a day, apart from training.
CREATE TABLE daily_metric (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    local_date TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    value DOUBLE PRECISION NOT NULL,
    provenance TEXT COLLATE "C" NOT NULL,
    changed_ms BIGINT NOT NULL,
    PRIMARY KEY (athlete, local_date, name)
);

-- The elapsed time of a day's activities, beside that of their timers.
ALTER TABLE day ADD COLUMN elapsed_s DOUBLE PRECISION NOT NULL DEFAULT 0;
UPDATE day SET elapsed_s = COALESCE((
    SELECT SUM(a.elapsed_s) FROM activity a
    WHERE a.athlete = day.athlete AND a.local_date = day.local_date AND a.duplicate_of IS NULL
    AND (day.scope = 'all' OR a.provenance <> 'strava_api')
), 0);
