-- A file counts from a version of its submission on: what an edit brings under the same name takes the place
-- of what was there for that version and those behind it, and for no earlier one.
ALTER TABLE submission_files ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE submission_files DROP CONSTRAINT submission_files_pkey;
ALTER TABLE submission_files ADD PRIMARY KEY (project, submission, name, version);
