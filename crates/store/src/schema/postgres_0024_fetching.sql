-- A file that is to be fetched from its link is its own order: `fetch_by` is the connection, `fetch_at` when the
-- next try is due (NULL once it has come or is given up), `fetch_since` when the order was given.
ALTER TABLE submission_files ADD COLUMN fetch_by TEXT;
ALTER TABLE submission_files ADD COLUMN fetch_at BIGINT;
ALTER TABLE submission_files ADD COLUMN fetch_since BIGINT;
ALTER TABLE submission_files ADD COLUMN fetch_tries BIGINT NOT NULL DEFAULT 0;
ALTER TABLE submission_files ADD COLUMN fetch_error TEXT;
ALTER TABLE submission_files ADD COLUMN fetch_fence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE submission_files ADD COLUMN fetch_owner TEXT;
ALTER TABLE submission_files ADD COLUMN fetched_at BIGINT;
CREATE INDEX submission_files_to_fetch ON submission_files (fetch_at) WHERE fetch_at IS NOT NULL;
