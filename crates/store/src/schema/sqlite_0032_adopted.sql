-- How far the submissions of a form with a lifecycle were looked through for those that have none yet: all up to
-- this number have one, or wait to be told of.
CREATE TABLE adopted (
    project TEXT NOT NULL,
    form TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (project, form)
) WITHOUT ROWID;

-- What went wrong in lifecycles, for those who wrote them: the last of each submission.
CREATE TABLE lifecycle_problems (
    project TEXT NOT NULL,
    submission BLOB NOT NULL,
    revision INTEGER NOT NULL,
    position INTEGER NOT NULL,
    form TEXT NOT NULL,
    at INTEGER NOT NULL,
    code TEXT NOT NULL,
    place TEXT,
    sentence TEXT NOT NULL,
    PRIMARY KEY (project, submission, revision, position)
) WITHOUT ROWID;
CREATE INDEX lifecycle_problems_by_time ON lifecycle_problems (at);
