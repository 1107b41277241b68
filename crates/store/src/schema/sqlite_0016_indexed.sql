-- When a submission or a case took its place in the list of what has changed: a moment of its own, in the
-- order of commits. Lists of changes run along it, so that whoever goes on from the last misses nothing.
ALTER TABLE submissions ADD COLUMN indexed_at BIGINT NOT NULL DEFAULT 0;
UPDATE submissions SET indexed_at = modified_at;
DROP INDEX submissions_by_modified;
DROP INDEX submissions_by_form_modified;
CREATE INDEX submissions_by_indexed ON submissions (project, indexed_at, id);
CREATE INDEX submissions_by_form_indexed ON submissions (project, form, indexed_at, id);
CREATE INDEX submissions_by_number ON submissions (project, form, number, id);

ALTER TABLE cases ADD COLUMN indexed_at BIGINT NOT NULL DEFAULT 0;
UPDATE cases SET indexed_at = server_modified_at;
DROP INDEX cases_by_modified;
DROP INDEX cases_by_type;
DROP INDEX cases_by_owner;
DROP INDEX cases_by_external_id;
CREATE INDEX cases_by_indexed ON cases (project, is_deleted, indexed_at, id);
CREATE INDEX cases_by_type ON cases (project, is_deleted, case_type, indexed_at, id);
CREATE INDEX cases_by_owner ON cases (project, is_deleted, owner, indexed_at, id);
CREATE INDEX cases_by_external_id ON cases (project, is_deleted, external_id, indexed_at, id)
    WHERE external_id <> '';
