-- Runs under way are few and found by their state. An index of leases would make every beat of every run write all
-- index entries of its row anew in PostgreSQL.
DROP INDEX run_by_lease;
