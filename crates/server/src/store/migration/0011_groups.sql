-- When an event was noted. What was noted while a group was open belongs to it, also where two servers began one
-- each because neither saw the other's. Earlier events stay in their groups.
ALTER TABLE alert_event ADD COLUMN noted_at BIGINT NOT NULL DEFAULT 0;
UPDATE alert_event SET noted_at = ready_at;
