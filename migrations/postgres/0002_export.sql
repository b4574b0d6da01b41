-- What an athlete's export says: its rows of activities, and its lists of gear, segments, media and the like.
CREATE TABLE export_row (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    provenance TEXT COLLATE "C" NOT NULL,
    source_id TEXT COLLATE "C" NOT NULL,
    archive TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    file TEXT COLLATE "C",
    activity_id TEXT COLLATE "C" REFERENCES activity (id) ON DELETE SET NULL,
    figures TEXT COLLATE "C" NOT NULL,
    columns TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (athlete, provenance, source_id)
);
CREATE INDEX export_row_by_activity ON export_row (activity_id);

CREATE TABLE export_item (
    athlete TEXT COLLATE "C" NOT NULL REFERENCES athlete (id) ON DELETE CASCADE,
    provenance TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    source_id TEXT COLLATE "C" NOT NULL,
    position BIGINT NOT NULL,
    columns TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (athlete, provenance, kind, source_id)
);

-- How fast an activity on foot covered the classic distances.
CREATE TABLE best_effort (
    activity_id TEXT COLLATE "C" NOT NULL REFERENCES activity (id) ON DELETE CASCADE,
    distance_m DOUBLE PRECISION NOT NULL,
    elapsed_s DOUBLE PRECISION NOT NULL,
    start_s DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (activity_id, distance_m)
);

-- The activity that is counted where several records tell of the same one.
ALTER TABLE activity ADD COLUMN duplicate_of TEXT COLLATE "C" REFERENCES activity (id) ON DELETE SET NULL;
CREATE INDEX activity_by_duplicate ON activity (duplicate_of);
-- The monthly estimates leave duplicates out, and must not touch the wide rows for it.
DROP INDEX activity_by_day;
CREATE INDEX activity_by_day ON activity
    (athlete, local_date, provenance, sport, sub_sport, max_hr, best_20min_power, duplicate_of);

-- Of the packed entry of an archive, so that an unchanged one is known without unpacking it.
ALTER TABLE source_file ADD COLUMN crc32 BIGINT;

-- The row of the export that tells of the file.
ALTER TABLE import_file ADD COLUMN source_row TEXT COLLATE "C";

-- What the entry is: a file, a row of an export without one, or a list of an export.
ALTER TABLE import_file ADD COLUMN kind TEXT COLLATE "C" NOT NULL DEFAULT 'file';

-- The attempt that a step is at, or that ended it well; any other is a row of `step_attempt`.
ALTER TABLE step_run ADD COLUMN worker TEXT COLLATE "C";
ALTER TABLE step_run ADD COLUMN attempt_ms BIGINT;

-- With the path, which orders the answer: without it a search by content runs through all files of the athlete.
DROP INDEX source_file_by_content;
CREATE INDEX source_file_by_content ON source_file (athlete, content_sha256, path);
