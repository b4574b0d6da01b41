-- The version of the formulas that an activity's numbers were computed by; 0 where they were not yet.
ALTER TABLE activity ADD COLUMN numbers BIGINT NOT NULL DEFAULT 0;
CREATE INDEX activity_by_numbers ON activity (athlete, numbers, id);

-- What follows from the samples of an activity alone; curves are JSON by seconds, held values are text.
CREATE TABLE activity_number (
    activity_id TEXT NOT NULL PRIMARY KEY REFERENCES activity (id) ON DELETE CASCADE,
    xpower DOUBLE PRECISION,
    gap_minetti_mps DOUBLE PRECISION,
    gap_hr_mps DOUBLE PRECISION,
    ngp_mps DOUBLE PRECISION,
    decoupling_pct DOUBLE PRECISION,
    efficiency_factor DOUBLE PRECISION,
    vdot DOUBLE PRECISION,
    power_curve TEXT,
    hr_curve TEXT,
    pace_curve TEXT,
    power_seconds TEXT,
    speed_seconds TEXT
);

-- What the athlete's settings make of these; seconds in zones are JSON lists.
ALTER TABLE activity_load ADD COLUMN trimp_edwards DOUBLE PRECISION;
ALTER TABLE activity_load ADD COLUMN trimp_lucia DOUBLE PRECISION;
ALTER TABLE activity_load ADD COLUMN rtss DOUBLE PRECISION;
ALTER TABLE activity_load ADD COLUMN stss DOUBLE PRECISION;
ALTER TABLE activity_load ADD COLUMN session_rpe DOUBLE PRECISION;
ALTER TABLE activity_load ADD COLUMN zones_hr TEXT;
ALTER TABLE activity_load ADD COLUMN zones_power TEXT;
ALTER TABLE activity_load ADD COLUMN zones_pace TEXT;
