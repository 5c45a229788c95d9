-- Ids are UUID version 7 as text, times microseconds since 1970, flags 0 or 1, documents JSON as text.
-- A revision counts the changes of a row; editors name the one they saw.

CREATE TABLE setting (
    name       TEXT PRIMARY KEY,
    value      TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision   BIGINT NOT NULL
);

CREATE TABLE account (
    id                TEXT PRIMARY KEY,
    name              TEXT NOT NULL UNIQUE,
    display_name      TEXT NOT NULL,
    email             TEXT,
    password_hash     TEXT,
    is_admin          BIGINT NOT NULL,
    parent_id         TEXT REFERENCES account (id),
    state             TEXT NOT NULL,
    failed_sign_ins   BIGINT NOT NULL,
    failed_at         BIGINT,
    preferences       TEXT NOT NULL,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    revision          BIGINT NOT NULL
);
CREATE INDEX account_by_parent ON account (parent_id);

CREATE TABLE session (
    token_hash   TEXT PRIMARY KEY,
    account_id   TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    csrf_token   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    address      TEXT NOT NULL,
    agent        TEXT NOT NULL
);
CREATE INDEX session_by_account ON session (account_id);
CREATE INDEX session_by_end ON session (expires_at);

CREATE TABLE project (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    title       TEXT NOT NULL,
    description TEXT NOT NULL,
    mode        TEXT NOT NULL,
    settings    TEXT NOT NULL,
    run_count   BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    revision    BIGINT NOT NULL
);

CREATE TABLE member (
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    account_id TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    role       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (project_id, account_id)
);
CREATE INDEX member_by_account ON member (account_id);

CREATE TABLE access_key (
    id            TEXT PRIMARY KEY,
    secret_sealed TEXT NOT NULL,
    account_id    TEXT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    project_id    TEXT REFERENCES project (id) ON DELETE CASCADE,
    role          TEXT,
    description   TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT,
    revoked_at    BIGINT,
    last_used_at  BIGINT
);
CREATE INDEX access_key_by_account ON access_key (account_id, id);

CREATE TABLE audit (
    id            TEXT PRIMARY KEY,
    at            BIGINT NOT NULL,
    account_id    TEXT,
    account_name  TEXT NOT NULL,
    access_key_id TEXT,
    address       TEXT NOT NULL,
    action        TEXT NOT NULL,
    project_id    TEXT,
    object_kind   TEXT NOT NULL,
    object_id     TEXT NOT NULL,
    object_name   TEXT NOT NULL,
    value_before  TEXT,
    value_after   TEXT
);
CREATE INDEX audit_by_project ON audit (project_id, id);
CREATE INDEX audit_by_object ON audit (object_id, id);

CREATE TABLE resource_group (
    id          TEXT PRIMARY KEY,
    project_id  TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    slots       BIGINT NOT NULL,
    egress      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    revision    BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

CREATE TABLE datasource (
    id             TEXT PRIMARY KEY,
    project_id     TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    environment    TEXT NOT NULL,
    connector      TEXT NOT NULL,
    description    TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    config         TEXT NOT NULL,
    secrets_sealed TEXT NOT NULL,
    last_test      TEXT,
    created_by     TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    revision       BIGINT NOT NULL,
    UNIQUE (project_id, name, environment)
);
CREATE INDEX datasource_by_project ON datasource (project_id, id);

CREATE TABLE folder (
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    path       TEXT NOT NULL,
    PRIMARY KEY (project_id, path)
);

-- `name_key` is the name in lower case: names that differ in case only are one name. `summary` tells the two
-- sides of the draft, for lists.
CREATE TABLE job (
    id                TEXT PRIMARY KEY,
    project_id        TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    name              TEXT NOT NULL,
    name_key          TEXT NOT NULL,
    folder            TEXT NOT NULL,
    description       TEXT NOT NULL,
    owner_id          TEXT NOT NULL,
    mode              TEXT NOT NULL,
    summary           TEXT NOT NULL,
    draft_version     BIGINT NOT NULL,
    published_version BIGINT,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    revision          BIGINT NOT NULL,
    UNIQUE (project_id, name_key)
);
CREATE INDEX job_by_folder ON job (project_id, folder, name_key);

CREATE TABLE job_version (
    job_id     TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    number     BIGINT NOT NULL,
    mode       TEXT NOT NULL,
    document   TEXT NOT NULL,
    variables  TEXT NOT NULL,
    note       TEXT NOT NULL,
    author_id  TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (job_id, number)
);

-- The data sources that the draft or the published version of a job names.
CREATE TABLE job_datasource (
    job_id     TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL,
    datasource TEXT NOT NULL,
    PRIMARY KEY (job_id, datasource)
);
CREATE INDEX job_datasource_by_name ON job_datasource (project_id, datasource);

-- When a job runs: the rule and dependencies as they are edited, and what was submitted of them.
-- `generated_until` is the first day without instances, `generate_at` when it gets them.
CREATE TABLE schedule (
    job_id          TEXT PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
    project_id      TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    rule            TEXT NOT NULL,
    dependencies    TEXT NOT NULL,
    submitted_rule  TEXT,
    submitted_by    TEXT,
    submitted_at    BIGINT,
    state           TEXT NOT NULL,
    reason          TEXT NOT NULL,
    paused_at       BIGINT,
    generated_until BIGINT NOT NULL,
    generate_at     BIGINT NOT NULL,
    created_by      TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    revision        BIGINT NOT NULL
);
CREATE INDEX schedule_by_project ON schedule (project_id, job_id);
CREATE INDEX schedule_by_generation ON schedule (generate_at, job_id);

-- The dependencies that were submitted.
CREATE TABLE schedule_dependency (
    job_id          TEXT NOT NULL REFERENCES schedule (job_id) ON DELETE CASCADE,
    upstream_job_id TEXT NOT NULL REFERENCES schedule (job_id),
    kind            TEXT NOT NULL,
    PRIMARY KEY (job_id, upstream_job_id, kind)
);
CREATE INDEX schedule_dependency_by_upstream ON schedule_dependency (upstream_job_id);

CREATE TABLE backfill (
    id         TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    spec       TEXT NOT NULL,
    state      TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at   BIGINT,
    revision   BIGINT NOT NULL
);
CREATE INDEX backfill_by_project ON backfill (project_id, id);
CREATE INDEX backfill_by_state ON backfill (state);

-- One cycle of a job. A job has one instance a cycle, and one more for each backfill of it; outside of
-- backfills `backfill_id` is empty. In a backfill a step waits for the one before it in the same lane.
CREATE TABLE instance (
    id          TEXT PRIMARY KEY,
    project_id  TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    job_id      TEXT NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    backfill_id TEXT NOT NULL,
    lane        BIGINT NOT NULL,
    step        BIGINT NOT NULL,
    cycle_at    BIGINT NOT NULL,
    bizdate     TEXT NOT NULL,
    due_at      BIGINT NOT NULL,
    release_at  BIGINT NOT NULL,
    state       TEXT NOT NULL,
    is_dry_run  BIGINT NOT NULL,
    is_frozen   BIGINT NOT NULL,
    is_missed   BIGINT NOT NULL,
    run_id      TEXT,
    attempts    BIGINT NOT NULL,
    retries     BIGINT NOT NULL,
    message     TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    started_at  BIGINT,
    ended_at    BIGINT,
    UNIQUE (job_id, cycle_at, backfill_id)
);
CREATE INDEX instance_by_project ON instance (project_id, id);
CREATE INDEX instance_by_project_state ON instance (project_id, state, id);
CREATE INDEX instance_by_project_bizdate ON instance (project_id, bizdate, id);
CREATE INDEX instance_by_job ON instance (job_id, id);
CREATE INDEX instance_by_job_state ON instance (job_id, state, due_at);
CREATE INDEX instance_by_state ON instance (state, release_at, id);
CREATE INDEX instance_by_backfill ON instance (backfill_id, lane, step, state);
CREATE INDEX instance_of_backfill ON instance (backfill_id, id);

-- What an instance waits for, by name: an instance that is made anew is still waited for. The upstream
-- instance is one of the same backfill.
CREATE TABLE instance_edge (
    instance_id       TEXT NOT NULL REFERENCES instance (id) ON DELETE CASCADE,
    upstream_job_id   TEXT NOT NULL,
    upstream_cycle_at BIGINT NOT NULL,
    PRIMARY KEY (instance_id, upstream_job_id, upstream_cycle_at)
);
CREATE INDEX instance_edge_by_upstream ON instance_edge (upstream_job_id, upstream_cycle_at);

-- One execution of a version of a job. `owner` holds it until `lease_until`; `fence` counts the owners,
-- and whoever writes with an old one is too late.
CREATE TABLE run (
    id             TEXT PRIMARY KEY,
    project_id     TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    number         BIGINT NOT NULL,
    job_id         TEXT NOT NULL,
    job_name       TEXT NOT NULL,
    job_version    BIGINT NOT NULL,
    environment    TEXT NOT NULL,
    kind           TEXT NOT NULL,
    instance_id    TEXT,
    attempt        BIGINT NOT NULL,
    bizdate        TEXT NOT NULL,
    cycle_at       BIGINT NOT NULL,
    variables      TEXT NOT NULL,
    options        TEXT NOT NULL,
    resource_group TEXT NOT NULL,
    priority       BIGINT NOT NULL,
    state          TEXT NOT NULL,
    created_by     TEXT NOT NULL,
    queued_at      BIGINT NOT NULL,
    started_at     BIGINT,
    ended_at       BIGINT,
    owner          TEXT,
    lease_until    BIGINT,
    fence          BIGINT NOT NULL,
    stop_requested BIGINT NOT NULL,
    rows_read      BIGINT NOT NULL,
    rows_written   BIGINT NOT NULL,
    rows_dirty     BIGINT NOT NULL,
    bytes          BIGINT NOT NULL,
    progress       TEXT,
    report         TEXT,
    error          TEXT,
    UNIQUE (project_id, number)
);
CREATE INDEX run_by_project ON run (project_id, id);
CREATE INDEX run_by_project_state ON run (project_id, state, id);
CREATE INDEX run_by_job ON run (job_id, id);
CREATE INDEX run_by_state ON run (state, priority DESC, id);
CREATE INDEX run_by_lease ON run (lease_until);
CREATE INDEX run_by_instance ON run (instance_id, id);

-- The data sources that a run uses, for their limits.
CREATE TABLE run_datasource (
    run_id     TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL,
    datasource TEXT NOT NULL,
    PRIMARY KEY (run_id, datasource)
);
CREATE INDEX run_datasource_by_name ON run_datasource (project_id, datasource, run_id);

-- The ledger of a run: what makes it continue exactly wherever it was.
CREATE TABLE run_event (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    event  TEXT NOT NULL,
    PRIMARY KEY (run_id, number)
);

-- How far a run was at times, for its chart.
CREATE TABLE run_sample (
    run_id       TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    at           BIGINT NOT NULL,
    rows_read    BIGINT NOT NULL,
    rows_written BIGINT NOT NULL,
    rows_dirty   BIGINT NOT NULL,
    bytes        BIGINT NOT NULL,
    PRIMARY KEY (run_id, at)
);

CREATE TABLE alert_channel (
    id             TEXT PRIMARY KEY,
    project_id     TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    name           TEXT NOT NULL,
    kind           TEXT NOT NULL,
    config         TEXT NOT NULL,
    secrets_sealed TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    revision       BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

CREATE TABLE alert_rule (
    id         TEXT PRIMARY KEY,
    project_id TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    spec       TEXT NOT NULL,
    is_enabled BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    UNIQUE (project_id, name)
);

-- A message to a channel. It is made once per key and sent until it is taken or given up.
CREATE TABLE alert (
    id          TEXT PRIMARY KEY,
    project_id  TEXT NOT NULL REFERENCES project (id) ON DELETE CASCADE,
    rule_id     TEXT NOT NULL,
    channel_id  TEXT NOT NULL,
    message_key TEXT NOT NULL UNIQUE,
    message     TEXT NOT NULL,
    state       TEXT NOT NULL,
    attempts    BIGINT NOT NULL,
    next_at     BIGINT NOT NULL,
    error       TEXT,
    created_at  BIGINT NOT NULL,
    sent_at     BIGINT
);
CREATE INDEX alert_by_project ON alert (project_id, id);
CREATE INDEX alert_by_state ON alert (state, next_at);

-- Answers to requests that must not be done twice.
CREATE TABLE idempotency (
    account_id   TEXT NOT NULL,
    request_key  TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status       BIGINT NOT NULL,
    answer       TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (account_id, request_key)
);
CREATE INDEX idempotency_by_time ON idempotency (created_at);

-- The processes that share this store.
CREATE TABLE server (
    id           TEXT PRIMARY KEY,
    address      TEXT NOT NULL,
    version      TEXT NOT NULL,
    slots        BIGINT NOT NULL,
    is_draining  BIGINT NOT NULL,
    started_at   BIGINT NOT NULL,
    heartbeat_at BIGINT NOT NULL
);
