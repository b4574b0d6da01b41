-- Weather by cell and hour, shared by all who were there: hundredths of a degree, and whole hours since 1970 in UTC.
CREATE TABLE weather_hour (
    latitude BIGINT NOT NULL,
    longitude BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    temperature_c DOUBLE PRECISION,
    apparent_c DOUBLE PRECISION,
    humidity DOUBLE PRECISION,
    dew_point_c DOUBLE PRECISION,
    precipitation_mm DOUBLE PRECISION,
    weather_code BIGINT,
    cloud_cover DOUBLE PRECISION,
    wind_mps DOUBLE PRECISION,
    wind_direction_deg DOUBLE PRECISION,
    gust_mps DOUBLE PRECISION,
    source TEXT COLLATE "C" NOT NULL,
    is_final BOOLEAN NOT NULL,
    fetched_ms BIGINT NOT NULL,
    PRIMARY KEY (latitude, longitude, hour)
);

-- Which hours and cells an activity is made of, what came of them, and when to look again; JSON is read and written whole.
CREATE TABLE activity_weather (
    activity_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES activity (id) ON DELETE CASCADE,
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    state TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    start_ms BIGINT,
    speed_mps DOUBLE PRECISION,
    track TEXT COLLATE "C",
    conditions TEXT COLLATE "C",
    tries BIGINT NOT NULL,
    due_ms BIGINT
);
CREATE INDEX activity_weather_by_start ON activity_weather (athlete, start_ms, due_ms);

-- How far the activities of an athlete were looked at for their weather, whichever pipeline did it.
CREATE TABLE weather_position (
    athlete TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES athlete (id) ON DELETE CASCADE,
    changed BIGINT NOT NULL,
    activity_id TEXT COLLATE "C" NOT NULL
);

-- The cell that an athlete wants a forecast for.
CREATE TABLE weather_home (
    athlete TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES athlete (id) ON DELETE CASCADE,
    latitude BIGINT NOT NULL,
    longitude BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL
);

-- What was spent of the service's quota in its current minute, hour and day.
CREATE TABLE weather_quota (
    span TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    start_ms BIGINT NOT NULL,
    spent BIGINT NOT NULL
);
