-- A file counts from a version of its submission on: what an edit brings under the same name takes the place
-- of what was there for that version and those behind it, and for no earlier one.
CREATE TABLE files_by_version (
    project TEXT NOT NULL,
    submission BLOB NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    content_type TEXT,
    sha256 BLOB,
    bytes INTEGER,
    link TEXT,
    PRIMARY KEY (project, submission, name, version)
) WITHOUT ROWID;
INSERT INTO files_by_version (project, submission, name, content_type, sha256, bytes, link)
    SELECT project, submission, name, content_type, sha256, bytes, link FROM submission_files;
DROP TABLE submission_files;
ALTER TABLE files_by_version RENAME TO submission_files;
CREATE INDEX submission_files_by_content ON submission_files (sha256) WHERE sha256 IS NOT NULL;
