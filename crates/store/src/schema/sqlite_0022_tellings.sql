-- What others had told of cases, and an erasure has cancelled: it is told again once the case is made anew.
CREATE TABLE tellings (
    project TEXT NOT NULL,
    case_id TEXT NOT NULL,
    delivery BLOB NOT NULL,
    submission BLOB NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (project, case_id, delivery)
) WITHOUT ROWID;

-- Payloads that no message set off: retention walks along them by themselves.
CREATE INDEX payloads_alone ON payloads (project, id) WHERE message IS NULL;
CREATE INDEX payloads_alone_whole ON payloads (project, id) WHERE message IS NULL AND facts <> '';
