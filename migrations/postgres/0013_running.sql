-- The power of a run by a model of its energy, and the numbers that settings make of runs.
ALTER TABLE activity_number ADD COLUMN lnp_w_per_kg DOUBLE PRECISION;
ALTER TABLE activity_load ADD COLUMN govss DOUBLE PRECISION;
ALTER TABLE activity_load ADD COLUMN running_index DOUBLE PRECISION;

-- Laps may end before the samples do: nobody moves for longer than it lasted.
UPDATE activity SET moving_s = elapsed_s WHERE moving_s > elapsed_s;
