-- Who has connected Strava, with what was granted; the tokens are sealed, and `pair` counts the pairs that came. Of a
-- grant that was taken over the account is known once it was asked.
CREATE TABLE strava_connection (
    athlete TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES athlete (id) ON DELETE CASCADE,
    strava_id BIGINT,
    scopes TEXT COLLATE "C" NOT NULL,
    access_token TEXT COLLATE "C" NOT NULL,
    refresh_token TEXT COLLATE "C" NOT NULL,
    expires_ms BIGINT NOT NULL,
    pair BIGINT NOT NULL,
    refreshing_until_ms BIGINT,
    state TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    connected_ms BIGINT NOT NULL,
    changed_ms BIGINT NOT NULL
);
CREATE UNIQUE INDEX strava_connection_by_strava_id ON strava_connection (strava_id);

-- An authorization that was begun: known by the hash of its state, bound to an athlete, good once and for a while.
CREATE TABLE strava_authorization (
    state_sha256 TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    redirect TEXT COLLATE "C" NOT NULL,
    until_ms BIGINT NOT NULL
);

-- What the application has used of its windows, as Strava's headers and our own count tell.
CREATE TABLE strava_quota (
    bucket TEXT COLLATE "C" NOT NULL,
    span TEXT COLLATE "C" NOT NULL,
    start_ms BIGINT NOT NULL,
    used BIGINT NOT NULL,
    most BIGINT NOT NULL,
    PRIMARY KEY (bucket, span)
);

-- How far the syncs of an athlete are: what the last delta and the last whole sweep were, and what a sweep would not do
-- without being told to. What may be kept no longer waits for a sweep: since when, night after night, and when last.
CREATE TABLE strava_sync (
    athlete TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES athlete (id) ON DELETE CASCADE,
    synced_ms BIGINT,
    swept_ms BIGINT,
    held_back TEXT COLLATE "C",
    no_efforts_ms BIGINT,
    expiry_waits_since_ms BIGINT,
    expiry_waited_ms BIGINT
);

-- Activities as the API tells them, by its own ids: the JSON as it came, and when it was last fetched. A row that is gone
-- at Strava keeps its id and loses the rest. `detail_due` and `streams_due` are the start of one that is to be asked for. The long
-- texts stand last, so that SQLite reads past them alone where it is asked for them.
CREATE TABLE strava_activity (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    strava_id BIGINT NOT NULL,
    activity_id TEXT COLLATE "C" NOT NULL,
    start_ms BIGINT NOT NULL,
    summary_sha256 TEXT COLLATE "C" NOT NULL,
    listed_ms BIGINT NOT NULL,
    detail_ms BIGINT,
    detail_due BIGINT,
    streams_of TEXT COLLATE "C",
    streams_state TEXT COLLATE "C",
    streams_ms BIGINT,
    streams_due BIGINT,
    detail_faults BIGINT NOT NULL,
    streams_faults BIGINT NOT NULL,
    fault TEXT COLLATE "C",
    gone_ms BIGINT,
    summary TEXT COLLATE "C",
    detail TEXT COLLATE "C",
    PRIMARY KEY (athlete, strava_id)
);
CREATE INDEX strava_activity_by_activity ON strava_activity (activity_id);
CREATE INDEX strava_activity_by_listed ON strava_activity (athlete, listed_ms);
CREATE INDEX strava_activity_by_detail ON strava_activity (athlete, detail_due);
CREATE INDEX strava_activity_by_streams ON strava_activity (athlete, streams_due);
CREATE INDEX strava_activity_by_detail_age ON strava_activity (athlete, detail_ms);
CREATE INDEX strava_activity_by_streams_age ON strava_activity (athlete, streams_ms);

-- Profile, zones, gear, segments: the JSON as it came.
CREATE TABLE strava_item (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    kind TEXT COLLATE "C" NOT NULL,
    item_id TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    fetched_ms BIGINT NOT NULL,
    PRIMARY KEY (athlete, kind, item_id)
);

-- Own efforts on segments, from the details of activities and from the lists of starred segments.
CREATE TABLE strava_effort (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    effort_id BIGINT NOT NULL,
    segment_id BIGINT NOT NULL,
    strava_id BIGINT,
    start_ms BIGINT NOT NULL,
    elapsed_s DOUBLE PRECISION,
    moving_s DOUBLE PRECISION,
    distance_m DOUBLE PRECISION,
    avg_hr DOUBLE PRECISION,
    avg_power DOUBLE PRECISION,
    pr_rank BIGINT,
    fetched_ms BIGINT NOT NULL,
    PRIMARY KEY (athlete, effort_id)
);
CREATE INDEX strava_effort_by_segment ON strava_effort (athlete, segment_id, elapsed_s);
CREATE INDEX strava_effort_by_activity ON strava_effort (athlete, strava_id);

-- What webhooks hinted at and no run has looked into yet; the same hint is kept once.
CREATE TABLE strava_hint (
    owner_id BIGINT NOT NULL,
    object_type TEXT COLLATE "C" NOT NULL,
    object_id BIGINT NOT NULL,
    aspect TEXT COLLATE "C" NOT NULL,
    event_s BIGINT NOT NULL,
    is_deauthorization BOOLEAN NOT NULL,
    received_ms BIGINT NOT NULL,
    PRIMARY KEY (owner_id, object_id, aspect, event_s)
);

-- The application's subscription to webhooks: its id at Strava, and the sealed words of its address and its handshake.
CREATE TABLE strava_subscription (
    callback TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    subscription_id BIGINT,
    path_word TEXT COLLATE "C" NOT NULL,
    verify_token TEXT COLLATE "C" NOT NULL,
    changed_ms BIGINT NOT NULL
);
