-- The way of an activity at 64 places, as two packed columns of positions, and the group of sports it is compared within.
CREATE TABLE activity_route (
    activity_id TEXT COLLATE "C" NOT NULL PRIMARY KEY REFERENCES activity (id) ON DELETE CASCADE,
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    sports TEXT COLLATE "C" NOT NULL,
    start_ms BIGINT NOT NULL,
    meters DOUBLE PRECISION NOT NULL,
    latitude BYTEA NOT NULL,
    longitude BYTEA NOT NULL
);
CREATE INDEX activity_route_by_start ON activity_route (athlete, start_ms, activity_id);

-- The route that a counted activity of a scope is of: the id of the first one that went the same way.
CREATE TABLE route_outing (
    activity_id TEXT COLLATE "C" NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    scope TEXT COLLATE "C" NOT NULL,
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    route_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (activity_id, scope)
);
CREATE INDEX route_outing_by_route ON route_outing (athlete, scope, route_id, activity_id);
