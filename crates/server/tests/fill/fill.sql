-- Fills a project of a store as if it had been used for long. The texts in braces are replaced: {project} and
-- {account} by ids, {jobs} and {runs} by counts, {now} by microseconds. Both databases understand it.

WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {jobs} / 50)
INSERT INTO folder (project_id, path) SELECT '{project}', 'team' || i FROM n;

WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {jobs} / 50)
INSERT INTO datasource (id, project_id, name, environment, connector, description, resource_group, config,
    secrets_sealed, last_test, created_by, created_at, updated_at, revision)
SELECT '01900000-0000-7000-8001-' || substr(CAST(1000000000000 + i AS TEXT), 2), '{project}', 'store' || i, 'prod',
    CASE i % 3 WHEN 0 THEN 'postgresql' WHEN 1 THEN 'odps' ELSE 'file' END, 'what team ' || i || ' keeps', 'default',
    '{}', '', NULL, '{account}', {now}, {now}, 1 FROM n;

WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {jobs})
INSERT INTO job (id, project_id, name, name_key, folder, description, owner_id, mode, summary, draft_version,
    published_version, created_at, updated_at, revision)
SELECT '01900000-0000-7000-8002-' || substr(CAST(1000000000000 + i AS TEXT), 2), '{project}', 'Copy' || i, 'copy' || i,
    'team' || (i % ({jobs} / 50)), 'copies what team ' || i || ' needs', '{account}', 'script',
    '{"source": {"connector": "postgresql", "datasource": "store1", "table": "orders"}, "target": {"connector": "odps", "datasource": "store2", "table": "orders"}}',
    1, 1, {now}, {now}, 1 FROM n;

INSERT INTO job_version (job_id, number, mode, document, variables, note, author_id, created_at)
SELECT id, 1, 'script', '{"type": "job", "version": "1.0", "configuration": {}}', '{}', '', '{account}', {now} FROM job;

INSERT INTO job_datasource (job_id, project_id, datasource)
SELECT id, '{project}', 'store' || (CAST(substr(id, 25) AS BIGINT) % ({jobs} / 50)) FROM job;

INSERT INTO schedule (job_id, project_id, rule, dependencies, submitted_rule, submitted_by, submitted_at, state,
    reason, generated_until, generate_at, created_by, created_at, updated_at, revision)
SELECT id, '{project}', '{"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC"}', '[]',
    '{"cycle": {"kind": "day", "at": "02:00"}, "zone": "UTC"}', '{account}', {now}, 'active', '', {now} + 86400000000,
    9223372036854775807, '{account}', {now}, {now}, 1 FROM job;

INSERT INTO schedule_dependency (job_id, upstream_job_id, kind)
SELECT j.id, u.id, 'sameCycle' FROM job j JOIN job u ON u.name_key = 'copy' || (CAST(substr(j.id, 25) AS BIGINT) - 1);

-- A run a day and job, the last of them yesterday; every hundredth failed.
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {runs})
INSERT INTO run (id, project_id, number, job_id, job_name, job_version, environment, kind, instance_id, attempt,
    bizdate, cycle_at, variables, options, resource_group, priority, state, created_by, queued_at, started_at,
    ended_at, fence, stop_requested, rows_read, rows_written, rows_dirty, bytes, report)
SELECT '01900000-0000-7000-8003-' || substr(CAST(1000000000000 + i AS TEXT), 2), '{project}', i + 1,
    '01900000-0000-7000-8002-' || substr(CAST(1000000000000 + i % {jobs} AS TEXT), 2), 'Copy' || (i % {jobs}), 1, 'prod',
    CASE WHEN i % 1000 = 0 THEN 'manual' ELSE 'scheduled' END,
    '01900000-0000-7000-8004-' || substr(CAST(1000000000000 + i AS TEXT), 2), 1,
    '20' || (20 + i / {jobs} / 336) || '-' || substr(CAST(101 + i / {jobs} % 336 / 28 AS TEXT), 2) || '-'
        || substr(CAST(101 + i / {jobs} % 28 AS TEXT), 2),
    {now} - (({runs} - i) / {jobs} + 1) * 86400000000, '{"bizdate": "20260304"}', '{}', 'default', 5,
    CASE WHEN i % 100 = 1 THEN 'failed' ELSE 'succeeded' END, '{account}',
    {now} - (({runs} - i) / {jobs} + 1) * 86400000000, {now} - (({runs} - i) / {jobs} + 1) * 86400000000,
    {now} - (({runs} - i) / {jobs} + 1) * 86400000000, 1, 0, 1000, 1000, 0, 65536,
    '{"read": 1000, "written": 1000, "filtered": 0, "dirty": 0, "bytes": 65536, "seconds": 1.5, "channels": 4}' FROM n;

-- Each run is that of an instance, and the instances of tomorrow wait.
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {runs} + {jobs})
INSERT INTO instance (id, project_id, job_id, backfill_id, lane, step, cycle_at, bizdate, due_at, release_at, state,
    is_dry_run, is_frozen, is_missed, run_id, attempts, retries, message, created_at, started_at, ended_at)
SELECT '01900000-0000-7000-8004-' || substr(CAST(1000000000000 + i AS TEXT), 2), '{project}',
    '01900000-0000-7000-8002-' || substr(CAST(1000000000000 + i % {jobs} AS TEXT), 2), '', 0, 0,
    {now} - ({runs} / {jobs} - i / {jobs} - 1) * 86400000000,
    '20' || (20 + i / {jobs} / 336) || '-' || substr(CAST(101 + i / {jobs} % 336 / 28 AS TEXT), 2) || '-'
        || substr(CAST(101 + i / {jobs} % 28 AS TEXT), 2),
    {now} - ({runs} / {jobs} - i / {jobs} - 1) * 86400000000, {now} - ({runs} / {jobs} - i / {jobs} - 1) * 86400000000,
    CASE WHEN i >= {runs} THEN 'waiting' WHEN i % 100 = 1 THEN 'failed' ELSE 'succeeded' END, 0, 0, 0,
    CASE WHEN i >= {runs} THEN NULL
        ELSE '01900000-0000-7000-8003-' || substr(CAST(1000000000000 + i AS TEXT), 2) END,
    CASE WHEN i >= {runs} THEN 0 ELSE 1 END, 0, '', {now}, NULL, NULL FROM n;

INSERT INTO run_datasource (run_id, project_id, datasource)
SELECT id, '{project}', 'store' || (number % ({jobs} / 50)) FROM run WHERE number % 10 = 0;

INSERT INTO run_event (run_id, number, event) SELECT id, 1, '{}' FROM run WHERE number % 10 = 0;

INSERT INTO run_sample (run_id, at, rows_read, rows_written, rows_dirty, bytes)
SELECT id, queued_at, 1, 1, 0, 1 FROM run WHERE number % 10 = 0;

INSERT INTO instance_edge (instance_id, upstream_job_id, upstream_cycle_at)
SELECT i.id, i.job_id, i.cycle_at - 86400000000 FROM instance i WHERE i.state = 'waiting';

WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {jobs} / 10)
INSERT INTO backfill (id, project_id, spec, state, created_by, created_at, ended_at, revision)
SELECT '01900000-0000-7000-8005-' || substr(CAST(1000000000000 + i AS TEXT), 2), '{project}', '{}', 'succeeded',
    '{account}', {now}, {now}, 1 FROM n;

WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {runs} / 10)
INSERT INTO audit (id, at, account_id, account_name, access_key_id, address, action, project_id, object_kind,
    object_id, object_name, value_before, value_after)
SELECT '01900000-0000-7000-8006-' || substr(CAST(1000000000000 + i AS TEXT), 2), {now}, '{account}', 'root', NULL,
    '127.0.0.1', 'job.update', '{project}', 'job',
    '01900000-0000-7000-8002-' || substr(CAST(1000000000000 + i % {jobs} AS TEXT), 2), 'Copy' || (i % {jobs}),
    '{"description": "what it was", "folder": "team1"}', '{"description": "what it is", "folder": "team1"}' FROM n;

WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {jobs})
INSERT INTO idempotency (account_id, request_key, request_hash, status, answer, created_at)
SELECT '{account}', 'key' || i, 'hash', 200, '{}', {now} FROM n;

WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {jobs})
INSERT INTO access_key (id, secret_sealed, account_id, project_id, role, description, created_at)
SELECT 'lsk_' || substr(CAST(1000000000000 + i AS TEXT), 2), '', '{account}', NULL, NULL, '', {now} FROM n;

WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {jobs})
INSERT INTO session (token_hash, account_id, csrf_token, created_at, last_seen_at, expires_at, address, agent)
SELECT 'hash' || i, '{account}', '', {now}, {now}, {now} + 86400000000, '', '' FROM n;
