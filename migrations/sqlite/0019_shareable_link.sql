-- The record that counts in its stead where nothing of the Strava API may; the API's own have none.
ALTER TABLE activity ADD COLUMN shareable_of TEXT REFERENCES activity (id) ON DELETE SET NULL;
UPDATE activity SET shareable_of = duplicate_of WHERE provenance <> 'strava_api';
CREATE INDEX activity_by_shareable ON activity (shareable_of);
-- The monthly estimates read this index alone: it holds the link that they look at.
DROP INDEX activity_by_day;
CREATE INDEX activity_by_day ON activity
    (athlete, local_date, provenance, sport, sub_sport, max_hr, best_20min_power, duplicate_of, shareable_of);

-- By which ranking the records of an athlete were linked, and up to which start they are linked anew.
ALTER TABLE load_position ADD COLUMN linked BIGINT NOT NULL DEFAULT 0;
ALTER TABLE load_position ADD COLUMN linked_ms BIGINT;
