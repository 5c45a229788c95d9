-- What waits for something that has failed is not looked at every second either, until somebody sees to that.
ALTER TABLE instance ADD COLUMN is_blocked BIGINT NOT NULL DEFAULT 0;
DROP INDEX instance_by_turn;
CREATE INDEX instance_by_turn ON instance (state, is_frozen, release_at, id)
    WHERE state = 'waiting' AND is_frozen = 0 AND is_held = 0 AND is_blocked = 0;
CREATE INDEX instance_blocked ON instance (state, id) WHERE state = 'waiting' AND is_blocked = 1;
