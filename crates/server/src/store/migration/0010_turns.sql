-- What waits under a paused schedule or a backfill that is not running is held: every second the instances that may
-- take their turn are looked at, and those cannot, however many there are.
ALTER TABLE instance ADD COLUMN is_held BIGINT NOT NULL DEFAULT 0;
UPDATE instance SET is_held = 1 WHERE state = 'waiting' AND backfill_id = ''
    AND EXISTS (SELECT 1 FROM schedule s WHERE s.job_id = instance.job_id AND s.state = 'paused');
UPDATE instance SET is_held = 1 WHERE state = 'waiting' AND backfill_id <> ''
    AND EXISTS (SELECT 1 FROM backfill b WHERE b.id = instance.backfill_id AND b.state <> 'running');
CREATE INDEX instance_by_turn ON instance (state, is_frozen, release_at, id)
    WHERE state = 'waiting' AND is_frozen = 0 AND is_held = 0;
