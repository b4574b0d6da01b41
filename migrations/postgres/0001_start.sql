-- Runs: what was asked, which script it pins, and how far it came.
CREATE TABLE script (
    hash TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    body TEXT COLLATE "C" NOT NULL
);

CREATE TABLE run (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    pipeline TEXT COLLATE "C" NOT NULL,
    partition TEXT COLLATE "C" NOT NULL,
    params TEXT COLLATE "C" NOT NULL,
    cause TEXT COLLATE "C" NOT NULL,
    request_id TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL,
    script_hash TEXT COLLATE "C" NOT NULL REFERENCES script (hash),
    plan_hash TEXT COLLATE "C" NOT NULL,
    cancel_asked BOOLEAN NOT NULL DEFAULT FALSE,
    enqueued_ms BIGINT NOT NULL,
    started_ms BIGINT,
    finished_ms BIGINT,
    error_code TEXT COLLATE "C",
    error TEXT COLLATE "C"
);
CREATE INDEX run_by_pipeline ON run (pipeline, partition, state);
CREATE INDEX run_by_state ON run (state, pipeline, finished_ms);

-- The hot, narrow table: a row lives as long as its run has work left.
CREATE TABLE job (
    run_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    lock_key TEXT COLLATE "C",
    priority BIGINT NOT NULL,
    ready_ms BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    worker TEXT COLLATE "C",
    lease_boot TEXT COLLATE "C",
    lease_until_ms BIGINT
);
CREATE INDEX job_ready ON job (priority DESC, ready_ms, run_id);

CREATE TABLE run_fence (
    run_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    fence BIGINT NOT NULL
);

CREATE TABLE run_lock (
    lock_key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    run_id TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE
);

CREATE TABLE worker (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    host TEXT COLLATE "C" NOT NULL,
    process_id BIGINT NOT NULL,
    process_start BIGINT NOT NULL,
    started_ms BIGINT NOT NULL,
    seen_ms BIGINT NOT NULL
);

CREATE TABLE step_run (
    run_id TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    step TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    artifact TEXT COLLATE "C",
    meters TEXT COLLATE "C" NOT NULL,
    started_ms BIGINT,
    finished_ms BIGINT,
    error_code TEXT COLLATE "C",
    error TEXT COLLATE "C",
    -- In the order of the plan, so that steps that follow each other share a page.
    PRIMARY KEY (run_id, position)
);

CREATE TABLE step_attempt (
    run_id TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    step TEXT COLLATE "C" NOT NULL,
    attempt BIGINT NOT NULL,
    worker TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    started_ms BIGINT NOT NULL,
    finished_ms BIGINT,
    error_code TEXT COLLATE "C",
    error TEXT COLLATE "C",
    PRIMARY KEY (run_id, step, attempt)
);

CREATE TABLE step_cursor (
    pipeline TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    partition TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    changed_ms BIGINT NOT NULL,
    PRIMARY KEY (pipeline, step, partition)
);

-- The athlete and what the athlete says of himself or herself, dated.
CREATE TABLE athlete (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    timezone TEXT COLLATE "C" NOT NULL,
    created_ms BIGINT NOT NULL
);

CREATE TABLE athlete_setting (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    from_date TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    provenance TEXT COLLATE "C" NOT NULL,
    changed_ms BIGINT NOT NULL,
    PRIMARY KEY (athlete, name, provenance, from_date)
);

-- Source records, kept as they came.
CREATE TABLE original (
    sha256 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    bytes BIGINT NOT NULL,
    encoding TEXT COLLATE "C" NOT NULL,
    content BYTEA NOT NULL
);

CREATE TABLE source_file (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    path TEXT COLLATE "C" NOT NULL,
    provenance TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    content_sha256 TEXT COLLATE "C" NOT NULL,
    format TEXT COLLATE "C" NOT NULL,
    decoder BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    modified_ns BIGINT,
    changed_ms BIGINT NOT NULL,
    PRIMARY KEY (athlete, path)
);
CREATE INDEX source_file_by_content ON source_file (athlete, content_sha256);

CREATE TABLE import_file (
    run_id TEXT COLLATE "C" NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    path TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C",
    reason TEXT COLLATE "C",
    warnings TEXT COLLATE "C" NOT NULL,
    activities TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, position)
);

-- Numbers the changes of an athlete's facts, so that a step can say what it changed in two integers.
CREATE TABLE change_number (
    athlete TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES athlete (id) ON DELETE CASCADE,
    last BIGINT NOT NULL
);

CREATE TABLE activity (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    provenance TEXT COLLATE "C" NOT NULL,
    source_id TEXT COLLATE "C" NOT NULL,
    file TEXT COLLATE "C" NOT NULL,
    sha256 TEXT COLLATE "C" NOT NULL,
    part BIGINT NOT NULL,
    parts BIGINT NOT NULL,
    sport TEXT COLLATE "C" NOT NULL,
    sub_sport TEXT COLLATE "C",
    name TEXT COLLATE "C",
    device TEXT COLLATE "C",
    start_ms BIGINT,
    utc_offset_s BIGINT,
    local_date TEXT COLLATE "C",
    elapsed_s DOUBLE PRECISION,
    timer_s DOUBLE PRECISION,
    moving_s DOUBLE PRECISION,
    distance_m DOUBLE PRECISION,
    ascent_m DOUBLE PRECISION,
    avg_hr DOUBLE PRECISION,
    max_hr DOUBLE PRECISION,
    avg_power DOUBLE PRECISION,
    max_power DOUBLE PRECISION,
    avg_cadence DOUBLE PRECISION,
    samples BIGINT NOT NULL,
    np DOUBLE PRECISION,
    best_20min_power DOUBLE PRECISION,
    hr_seconds TEXT COLLATE "C",
    warnings TEXT COLLATE "C" NOT NULL,
    changed BIGINT NOT NULL,
    UNIQUE (athlete, provenance, source_id)
);
CREATE INDEX activity_by_start ON activity (athlete, (COALESCE(start_ms, 0)), id);
-- Holds what the monthly estimates read, so that they never touch the wide rows.
CREATE INDEX activity_by_day ON activity
    (athlete, local_date, provenance, sport, sub_sport, max_hr, best_20min_power);
CREATE INDEX activity_by_change ON activity (athlete, changed, id);
CREATE INDEX activity_by_content ON activity (athlete, sha256, part);

-- What the athlete's settings make of an activity; computed again when they change.
CREATE TABLE activity_load (
    activity_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES activity (id) ON DELETE CASCADE,
    trimp DOUBLE PRECISION,
    hrtss DOUBLE PRECISION,
    intensity DOUBLE PRECISION,
    tss DOUBLE PRECISION,
    load DOUBLE PRECISION,
    load_method TEXT COLLATE "C",
    estimated BOOLEAN NOT NULL
);

CREATE TABLE activity_stream (
    activity_id TEXT COLLATE "C" NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    channel TEXT COLLATE "C" NOT NULL,
    content BYTEA NOT NULL,
    PRIMARY KEY (activity_id, channel)
);

CREATE TABLE lap (
    activity_id TEXT COLLATE "C" NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    start_ms BIGINT,
    elapsed_s DOUBLE PRECISION,
    timer_s DOUBLE PRECISION,
    distance_m DOUBLE PRECISION,
    ascent_m DOUBLE PRECISION,
    avg_hr DOUBLE PRECISION,
    max_hr DOUBLE PRECISION,
    avg_power DOUBLE PRECISION,
    max_power DOUBLE PRECISION,
    avg_cadence DOUBLE PRECISION,
    PRIMARY KEY (activity_id, position)
);

-- Days: derived, in two scopes; `shareable` is computed without any strava_api input.
CREATE TABLE day (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    scope TEXT COLLATE "C" NOT NULL,
    local_date TEXT COLLATE "C" NOT NULL,
    activities BIGINT NOT NULL,
    timer_s DOUBLE PRECISION NOT NULL,
    distance_m DOUBLE PRECISION NOT NULL,
    load DOUBLE PRECISION NOT NULL,
    ctl DOUBLE PRECISION NOT NULL,
    atl DOUBLE PRECISION NOT NULL,
    tsb DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (athlete, scope, local_date)
);

-- The first day whose numbers no longer follow from the activities.
CREATE TABLE stale_day (
    athlete TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES athlete (id) ON DELETE CASCADE,
    from_date TEXT COLLATE "C" NOT NULL
);

CREATE TABLE insight (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    scope TEXT COLLATE "C" NOT NULL,
    local_date TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (athlete, scope, local_date)
);
