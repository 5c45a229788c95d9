-- How often a run has lost its server since its ledger went forward, and how far the ledger was then.
ALTER TABLE run ADD COLUMN takeovers BIGINT NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN progress_at_takeover BIGINT NOT NULL DEFAULT -1;

-- Where runs wait is looked at before the runs.
CREATE INDEX run_by_place ON run (state, project_id, resource_group);
