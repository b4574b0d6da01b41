-- Every text of a rule that was in order and in force, and since when. The newest of a path is the one that is in
-- force, or was last.
CREATE TABLE script_version (
    path TEXT COLLATE "C" NOT NULL,
    since_ms BIGINT NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (path, since_ms)
);
CREATE INDEX script_version_by_hash ON script_version (path, hash, since_ms);
