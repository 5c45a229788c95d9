-- Before a rule tells, what it has told within the last day is counted.
CREATE INDEX alert_by_rule_time ON alert (rule_id, created_at);
