-- What a claim changes is one row: the fence and the wish to stop belong to the job and end with it.
ALTER TABLE job ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
UPDATE job SET fence = COALESCE((SELECT run_fence.fence FROM run_fence WHERE run_fence.run_id = job.run_id), 0);
DROP TABLE run_fence;
ALTER TABLE job ADD COLUMN cancel_asked BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE job SET cancel_asked = (SELECT run.cancel_asked FROM run WHERE run.id = job.run_id);
ALTER TABLE run DROP COLUMN cancel_asked;
