-- Open runs are few and past ones many: the end of a run has no index of the open ones to write.
DROP INDEX run_by_pipeline;
CREATE INDEX run_open ON run (pipeline, partition) WHERE finished_ms IS NULL;
