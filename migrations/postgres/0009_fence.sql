-- What a claim changes is one row: the fence and the wish to stop belong to the job and end with it.
ALTER TABLE job ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
UPDATE job SET fence = run_fence.fence FROM run_fence WHERE run_fence.run_id = job.run_id;
DROP TABLE run_fence;
ALTER TABLE job ADD COLUMN cancel_asked BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE job SET cancel_asked = run.cancel_asked FROM run WHERE run.id = job.run_id;
ALTER TABLE run DROP COLUMN cancel_asked;

-- Makes the fence a part of a key: who raises it waits for those who share the key, which a lease's renewal does not.
ALTER TABLE job ADD UNIQUE (run_id, fence);
