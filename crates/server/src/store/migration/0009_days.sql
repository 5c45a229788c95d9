-- What failed on a day is few among the many of that day, and is what an operator looks at first.

CREATE INDEX run_by_project_bizdate_state ON run (project_id, bizdate, state, id);
CREATE INDEX instance_by_project_bizdate_state ON instance (project_id, bizdate, state, id);
