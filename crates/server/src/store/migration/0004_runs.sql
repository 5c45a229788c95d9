-- A replay feeds the dirty rows of another run back; `row_form` tells which columns they have.
ALTER TABLE run ADD COLUMN origin_id TEXT;
ALTER TABLE run ADD COLUMN row_form TEXT;
CREATE INDEX run_by_origin ON run (origin_id, id);
-- Runs are removed some time after their end.
CREATE INDEX run_by_end ON run (project_id, ended_at, id);

-- Runs that are removed, and whose folders are not yet.
CREATE TABLE removed_run (
    id TEXT PRIMARY KEY
);

-- Both halves of a schedule are compared with what was submitted.
ALTER TABLE schedule ADD COLUMN submitted_dependencies TEXT;
UPDATE schedule SET submitted_dependencies = dependencies WHERE submitted_rule IS NOT NULL;
