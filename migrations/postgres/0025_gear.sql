-- What the athlete says of a pair of shoes or a bicycle, which sources may tell of too: only what was said is kept, and
-- the rest is as the sources have it. `retired_on` is empty for what is in use although a source says otherwise.
CREATE TABLE gear (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    name TEXT COLLATE "C",
    kind TEXT COLLATE "C",
    before_m DOUBLE PRECISION NOT NULL,
    before_s DOUBLE PRECISION NOT NULL,
    retired_on TEXT COLLATE "C",
    changed_ms BIGINT NOT NULL
);
CREATE INDEX gear_by_athlete ON gear (athlete, id);

-- What is mounted on gear, from a day to a day, both included; without the first, from the first use on.
CREATE TABLE gear_component (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    gear_id TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    from_date TEXT COLLATE "C",
    to_date TEXT COLLATE "C",
    changed_ms BIGINT NOT NULL
);
CREATE INDEX gear_component_by_gear ON gear_component (athlete, gear_id, id);

-- What was done to gear, or to a component of it, on which day.
CREATE TABLE gear_service (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    item_id TEXT COLLATE "C" NOT NULL,
    done_on TEXT COLLATE "C" NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (athlete, item_id, done_on, what)
);

-- What an activity was done with, where the athlete says otherwise than its sources; empty for nothing. It outlives the
-- record, which has the same id when it comes again.
CREATE TABLE gear_choice (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    activity_id TEXT COLLATE "C" NOT NULL,
    gear_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (athlete, activity_id)
);
