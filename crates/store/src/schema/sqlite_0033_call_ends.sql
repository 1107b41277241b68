-- How the calls of lifecycles ended, until somebody has looked: those that failed, and while there is trouble those
-- that went well. Written with the step that was told the end; whoever watches makes incidents of it.
CREATE TABLE call_ends (
    project TEXT NOT NULL,
    submission BLOB NOT NULL,
    revision INTEGER NOT NULL,
    position INTEGER NOT NULL,
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    error TEXT,
    status INTEGER,
    url TEXT,
    delivery BLOB,
    key TEXT,
    PRIMARY KEY (project, submission, revision, position)
) WITHOUT ROWID;
CREATE INDEX call_ends_by_subject ON call_ends (project, subject);
-- What an incident tells last of a submission goes with that: a call that could not be made has no delivery to find it by.
ALTER TABLE incidents ADD COLUMN last_submission BLOB;
CREATE INDEX incidents_of_submission ON incidents (project, last_submission) WHERE last_submission IS NOT NULL;
