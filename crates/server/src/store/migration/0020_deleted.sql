-- When a project was deleted. Nobody sees it from then on; what is left of it is removed in pieces, and it last.
ALTER TABLE project ADD COLUMN deleted_at BIGINT;
