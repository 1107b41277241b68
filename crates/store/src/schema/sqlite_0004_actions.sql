-- Actions over many deliveries or messages, and what is erased in time.

-- What a person asked to be done to many. It is worked off in steps: `cursor` is the last delivery
-- or message that was dealt with, moved in the transaction that deals with it. A hub holds an
-- action until `lease_until`; `fence` tells it from those that held it before.
CREATE TABLE bulk_actions (
    project TEXT NOT NULL,
    id BLOB NOT NULL,
    action TEXT NOT NULL,
    filter TEXT NOT NULL,
    forwarder TEXT,
    rate INTEGER NOT NULL,
    state TEXT NOT NULL,
    matched INTEGER NOT NULL,
    cursor BLOB,
    touched INTEGER NOT NULL,
    passed_over INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    finished_at INTEGER,
    last_error TEXT,
    owner TEXT,
    lease_until INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    PRIMARY KEY (project, id)
) WITHOUT ROWID;
CREATE INDEX bulk_actions_running ON bulk_actions (created_at) WHERE state = 'running';
CREATE INDEX bulk_actions_finished ON bulk_actions (finished_at) WHERE finished_at IS NOT NULL;

-- When the bytes of a message, or the bodies of an attempt, were erased.
ALTER TABLE messages ADD COLUMN erased_at INTEGER;
ALTER TABLE attempts ADD COLUMN erased_at INTEGER;

-- How far each kind of retention has come in each project: everything up to `cursor` was looked at.
CREATE TABLE retention_cursors (
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    cursor BLOB NOT NULL,
    PRIMARY KEY (project, kind)
) WITHOUT ROWID;

-- Messages that were looked at too early, because something of theirs still waited.
CREATE TABLE retention_later (
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    message BLOB NOT NULL,
    look_at INTEGER NOT NULL,
    PRIMARY KEY (project, kind, message)
) WITHOUT ROWID;
CREATE INDEX retention_later_due ON retention_later (project, kind, look_at);

-- What a person had erased: how much and when, and of whom only as a digest.
CREATE TABLE erasures (
    project TEXT NOT NULL,
    id BLOB NOT NULL,
    criterion TEXT NOT NULL,
    criterion_sha256 BLOB NOT NULL,
    messages INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    started_by TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (project, id)
) WITHOUT ROWID;
