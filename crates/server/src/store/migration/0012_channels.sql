-- What each split of a run does, in one row beside the run, so that lists of runs do not read it.
CREATE TABLE run_splits (
    run_id   TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    splits   TEXT NOT NULL,
    left_out BIGINT NOT NULL
);

-- The time that tasks took until a sample, and how much of it they waited for one side.
ALTER TABLE run_sample ADD COLUMN task_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_sample ADD COLUMN wait_reader_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run_sample ADD COLUMN wait_writer_ms BIGINT NOT NULL DEFAULT 0;

-- A trial may read so many rows at most.
ALTER TABLE run ADD COLUMN limit_rows BIGINT;

-- Runs by their resource group, by who asked for them, and by when they began.
CREATE INDEX run_by_project_group ON run (project_id, resource_group, id);
CREATE INDEX run_by_project_creator ON run (project_id, created_by, id);
CREATE INDEX run_by_project_start ON run (project_id, started_at, id);
CREATE INDEX run_by_job_start ON run (job_id, started_at, id);

-- What was said when a version was published last.
ALTER TABLE job_version ADD COLUMN publication_note TEXT NOT NULL DEFAULT '';
ALTER TABLE job_version ADD COLUMN published_at BIGINT;
