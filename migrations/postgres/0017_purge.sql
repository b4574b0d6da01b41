-- What was deleted because somebody took a permission back: counts by table, and whether the service confirmed it.
CREATE TABLE purge_receipt (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    provenance TEXT COLLATE "C" NOT NULL,
    asked_ms BIGINT NOT NULL,
    done_ms BIGINT,
    is_revoked BOOLEAN NOT NULL,
    not_revoked TEXT COLLATE "C",
    deleted TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (athlete, provenance, asked_ms)
);
