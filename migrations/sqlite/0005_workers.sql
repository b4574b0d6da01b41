-- Whose turn it is follows from how many runs of a partition are at work, so the queue knows the partition.
ALTER TABLE job ADD COLUMN partition TEXT NOT NULL DEFAULT '';
UPDATE job SET partition = (SELECT run.partition FROM run WHERE run.id = job.run_id);
DROP INDEX job_ready;
CREATE INDEX job_ready ON job (priority DESC, partition, ready_ms, run_id) WHERE worker IS NULL;
CREATE INDEX job_held ON job (partition) WHERE worker IS NOT NULL;

-- How long a worker counts as there, on the clock of the leases.
ALTER TABLE worker ADD COLUMN lease_boot TEXT NOT NULL DEFAULT '';
ALTER TABLE worker ADD COLUMN lease_until_ms BIGINT NOT NULL DEFAULT 0;
