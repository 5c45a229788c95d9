-- Since when a rule watches; whoever is late before that is not told of.
ALTER TABLE alert_rule ADD COLUMN watched_from BIGINT NOT NULL DEFAULT 0;
CREATE INDEX alert_rule_by_project ON alert_rule (project_id, id);
CREATE INDEX alert_channel_by_project ON alert_channel (project_id, id);
CREATE INDEX alert_by_project_state ON alert (project_id, state, id);
CREATE INDEX alert_by_rule ON alert (rule_id, id);

-- What a rule has to tell, once for each key. The events of a group become one message to each channel.
CREATE TABLE alert_event (
    id         TEXT PRIMARY KEY,
    rule_id    TEXT NOT NULL REFERENCES alert_rule (id) ON DELETE CASCADE,
    event_key  TEXT NOT NULL,
    event      TEXT NOT NULL,
    group_id   TEXT NOT NULL,
    ready_at   BIGINT NOT NULL,
    is_dropped BIGINT NOT NULL,
    is_told    BIGINT NOT NULL,
    UNIQUE (rule_id, event_key)
);
CREATE INDEX alert_event_by_time ON alert_event (is_told, ready_at);
CREATE INDEX alert_event_by_rule ON alert_event (rule_id, is_told, is_dropped, ready_at, id);
CREATE INDEX alert_event_by_group ON alert_event (group_id, is_told);

-- The data sources that a rule tests from time to time. `fence` counts the tests, and whoever ends one with an
-- old number is too late.
CREATE TABLE alert_watch (
    rule_id       TEXT NOT NULL REFERENCES alert_rule (id) ON DELETE CASCADE,
    datasource_id TEXT NOT NULL REFERENCES datasource (id) ON DELETE CASCADE,
    next_at       BIGINT NOT NULL,
    fence         BIGINT NOT NULL,
    is_down       BIGINT NOT NULL,
    PRIMARY KEY (rule_id, datasource_id)
);
CREATE INDEX alert_watch_by_time ON alert_watch (next_at, rule_id, datasource_id);
CREATE INDEX alert_watch_by_datasource ON alert_watch (datasource_id);
