-- The attempt of a run whose beginning the catalogue was told of.
ALTER TABLE run ADD COLUMN lineage_attempt BIGINT NOT NULL DEFAULT 0;
