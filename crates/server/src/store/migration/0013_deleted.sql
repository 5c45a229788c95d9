-- When a project was deleted. Nobody sees it from then on; what is left of it is removed in pieces, and it last.
ALTER TABLE project ADD COLUMN deleted_at BIGINT;
CREATE INDEX project_by_deletion ON project (deleted_at, id) WHERE deleted_at IS NOT NULL;

-- From when on the folder may go: one that is made for a run that is not there yet is named before, so that it goes
-- if the run never comes.
ALTER TABLE removed_run ADD COLUMN not_before BIGINT NOT NULL DEFAULT 0;

-- Instances go some time after their end, like runs.
CREATE INDEX instance_by_end ON instance (project_id, ended_at, id);
