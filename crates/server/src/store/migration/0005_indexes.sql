-- Every list has an index that holds its filter and its order, see `tests/it/plans.rs`.

CREATE INDEX access_key_by_project ON access_key (project_id);

CREATE INDEX run_by_project_bizdate ON run (project_id, bizdate, id);
CREATE INDEX run_by_project_kind ON run (project_id, kind, id);
CREATE INDEX run_by_job_state ON run (job_id, state, id);

CREATE INDEX instance_by_job_and_state ON instance (job_id, state, id);

DROP INDEX job_datasource_by_name;
CREATE INDEX job_datasource_by_name ON job_datasource (project_id, datasource, job_id);
