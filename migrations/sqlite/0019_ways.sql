-- How far the activities of an athlete were looked at for each part of the ways, and by which version of its rules.
CREATE TABLE way_position (
    athlete TEXT NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    part TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    activity_id TEXT NOT NULL,
    PRIMARY KEY (athlete, part)
) WITHOUT ROWID;
