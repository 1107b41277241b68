-- How the calls of lifecycles ended, until somebody has looked: those that failed, and while there is trouble those
-- that went well. Written with the step that was told the end; whoever watches makes incidents of it.
CREATE TABLE call_ends (
    project TEXT NOT NULL,
    submission UUID NOT NULL,
    revision BIGINT NOT NULL,
    position BIGINT NOT NULL,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    error TEXT,
    status BIGINT,
    url TEXT,
    delivery UUID,
    key TEXT,
    PRIMARY KEY (project, submission, revision, position)
);
CREATE INDEX call_ends_by_subject ON call_ends (project, subject);
-- What an incident tells last of a submission goes with that: a call that could not be made has no delivery to find it by.
ALTER TABLE incidents ADD COLUMN last_submission UUID;
CREATE INDEX incidents_of_submission ON incidents (project, last_submission) WHERE last_submission IS NOT NULL;
