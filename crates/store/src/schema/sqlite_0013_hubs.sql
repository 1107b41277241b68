-- The hubs that work on this database, as each tells of itself every few seconds. One that stops
-- takes its row away; one that was killed leaves it, and it says when it was seen last.
CREATE TABLE hubs (
    hub TEXT NOT NULL PRIMARY KEY,
    version TEXT NOT NULL,
    host TEXT,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,
    lanes INTEGER NOT NULL,
    calls INTEGER NOT NULL
) WITHOUT ROWID;
