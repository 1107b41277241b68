-- Actions over many deliveries or messages, and what is erased in time.

-- What a person asked to be done to many. It is worked off in steps: `cursor` is the last delivery
-- or message that was dealt with, moved in the transaction that deals with it. A hub holds an
-- action until `lease_until`; `fence` tells it from those that held it before.
CREATE TABLE bulk_actions (
    project TEXT NOT NULL,
    id UUID NOT NULL,
    action TEXT NOT NULL,
    filter TEXT NOT NULL,
    forwarder TEXT,
    rate BIGINT NOT NULL,
    state TEXT NOT NULL,
    matched BIGINT NOT NULL,
    cursor UUID,
    touched BIGINT NOT NULL,
    passed_over BIGINT NOT NULL,
    started_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    last_error TEXT,
    owner TEXT,
    lease_until BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    PRIMARY KEY (project, id)
);
CREATE INDEX bulk_actions_running ON bulk_actions (created_at) WHERE state = 'running';
CREATE INDEX bulk_actions_finished ON bulk_actions (finished_at) WHERE finished_at IS NOT NULL;

-- When the bytes of a message, or the bodies of an attempt, were erased.
ALTER TABLE messages ADD COLUMN erased_at BIGINT;
ALTER TABLE attempts ADD COLUMN erased_at BIGINT;

-- How far each kind of retention has come in each project: everything up to `cursor` was looked at.
CREATE TABLE retention_cursors (
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    cursor UUID NOT NULL,
    PRIMARY KEY (project, kind)
);

-- Messages that were looked at too early, because something of theirs still waited.
CREATE TABLE retention_later (
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    message UUID NOT NULL,
    look_at BIGINT NOT NULL,
    PRIMARY KEY (project, kind, message)
);
CREATE INDEX retention_later_due ON retention_later (project, kind, look_at);

-- What a person had erased: how much and when, and of whom only as a digest.
CREATE TABLE erasures (
    project TEXT NOT NULL,
    id UUID NOT NULL,
    criterion TEXT NOT NULL,
    criterion_sha256 BYTEA NOT NULL,
    messages BIGINT NOT NULL,
    deliveries BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    started_by TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (project, id)
);
