-- OpenLineage events that wait to be delivered, those of one run in order. `next_at` is when an event is tried
-- next; whoever tries it moves that on first, so that nobody else does.
CREATE TABLE lineage_event (
    id         TEXT PRIMARY KEY,
    run_id     TEXT NOT NULL,
    number     BIGINT NOT NULL,
    event      TEXT NOT NULL,
    attempts   BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (run_id, number)
);
CREATE INDEX lineage_event_by_time ON lineage_event (next_at);
CREATE INDEX lineage_event_by_age ON lineage_event (created_at);
