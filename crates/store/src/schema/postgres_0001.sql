-- The first schema. Times are microseconds since 1970 UTC; ids are UUIDv7.

CREATE TABLE projects (
    project TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    configuration_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE definitions (
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (project, kind, name)
);

-- The digests of the secrets and ids that lead to a source. The key is unique over all projects: a
-- request comes without the name of a project.
CREATE TABLE source_keys (
    digest BYTEA NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    source TEXT NOT NULL
);
CREATE INDEX source_keys_by_source ON source_keys (project, source);

-- What lists read; the bytes lie apart.
CREATE TABLE messages (
    project TEXT NOT NULL,
    id UUID NOT NULL,
    source TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    duplicate_of UUID,
    reason TEXT,
    content_type TEXT,
    bytes BIGINT NOT NULL,
    identity TEXT,
    version BIGINT NOT NULL,
    seen BIGINT NOT NULL,
    PRIMARY KEY (project, id)
);
CREATE INDEX messages_by_source ON messages (project, source, id);
CREATE INDEX messages_not_kept ON messages (project, state, id) WHERE state <> 'kept';

CREATE TABLE message_bodies (
    project TEXT NOT NULL,
    message UUID NOT NULL,
    request TEXT NOT NULL,
    bytes BYTEA NOT NULL,
    PRIMARY KEY (project, message)
);

-- Deduplication: the key decides, within the accepting transaction. At `forget_at`, where there is
-- one, the same content is news again.
CREATE TABLE identities (
    project TEXT NOT NULL,
    source TEXT NOT NULL,
    identity TEXT NOT NULL,
    version BIGINT NOT NULL,
    content_hash BYTEA NOT NULL,
    message UUID NOT NULL,
    at BIGINT NOT NULL,
    forget_at BIGINT,
    PRIMARY KEY (project, source, identity)
);

-- Finds the content of a quarantined message, to forget it when the message is released.
CREATE INDEX identities_quarantined ON identities (project, message)
    WHERE substr(identity, 1, 11) = 'quarantine:';

CREATE TABLE quarantine_counts (
    project TEXT NOT NULL,
    source TEXT NOT NULL,
    messages BIGINT NOT NULL,
    PRIMARY KEY (project, source)
);

CREATE TABLE deliveries (
    project TEXT NOT NULL,
    id UUID NOT NULL,
    forwarder TEXT NOT NULL,
    connection TEXT NOT NULL,
    event TEXT NOT NULL,
    payload_kind TEXT NOT NULL,
    payload_id UUID NOT NULL,
    key TEXT,
    state TEXT NOT NULL,
    origin TEXT NOT NULL,
    resend_of UUID,
    attempts BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    registered_at BIGINT NOT NULL,
    next_attempt_at BIGINT,
    last_status BIGINT,
    last_error TEXT,
    PRIMARY KEY (project, id)
);
CREATE INDEX deliveries_by_payload ON deliveries (project, payload_id);
CREATE INDEX deliveries_by_forwarder ON deliveries (project, forwarder, id);
CREATE INDEX deliveries_in_trouble ON deliveries (project, state, id)
    WHERE state NOT IN ('pending', 'failed', 'succeeded');
CREATE INDEX deliveries_by_key ON deliveries (project, key, id) WHERE key IS NOT NULL;

-- What is still to be sent, and nothing else: a row leaves when its delivery is final. A claim
-- sets `owner` and moves `next_at` to the end of its lease, so that a lost lease is due again by
-- itself.
-- `rank` is 0 for first tries and 1 for retries; first tries go first.
CREATE TABLE queue (
    project TEXT NOT NULL,
    delivery UUID NOT NULL,
    lane TEXT NOT NULL,
    rank BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    forwarder TEXT NOT NULL,
    fence BIGINT NOT NULL,
    owner TEXT,
    PRIMARY KEY (project, delivery)
);
-- Every delivery updates its row here and then leaves: dead rows must go quickly.
ALTER TABLE queue SET (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX queue_due ON queue (project, lane, rank, next_at, delivery);

CREATE TABLE attempts (
    project TEXT NOT NULL,
    delivery UUID NOT NULL,
    number BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    duration BIGINT NOT NULL,
    request TEXT,
    request_sha256 BYTEA,
    request_bytes BIGINT NOT NULL,
    request_body BYTEA,
    status BIGINT,
    response_headers TEXT,
    response_body BYTEA,
    truncated BIGINT NOT NULL,
    error_kind TEXT,
    error_message TEXT,
    PRIMARY KEY (project, delivery, number)
);

-- The hubs that have worked on this store, and how often each was started.
CREATE TABLE nodes (
    node TEXT NOT NULL PRIMARY KEY,
    start BIGINT NOT NULL
);

-- Facts about the installation, such as the digest of the administrator's token.
CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);
