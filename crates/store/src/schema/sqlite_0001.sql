-- The first schema. Times are microseconds since 1970 UTC; ids are UUIDv7 as 16 bytes.

CREATE TABLE projects (
    project TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    configuration_version INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE definitions (
    project TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (project, kind, name)
) WITHOUT ROWID;

-- The digests of the secrets and ids that lead to a source. The key is unique over all projects: a
-- request comes without the name of a project.
CREATE TABLE source_keys (
    digest BLOB NOT NULL PRIMARY KEY,
    project TEXT NOT NULL,
    source TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX source_keys_by_source ON source_keys (project, source);

-- What lists read; the bytes lie apart. `body` points at message_bodies: appending to a table
-- with an integer key is the cheapest insert that SQLite has.
CREATE TABLE messages (
    project TEXT NOT NULL,
    id BLOB NOT NULL,
    source TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    duplicate_of BLOB,
    reason TEXT,
    content_type TEXT,
    bytes INTEGER NOT NULL,
    identity TEXT,
    version INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    body INTEGER NOT NULL,
    PRIMARY KEY (project, id)
) WITHOUT ROWID;
CREATE INDEX messages_by_source ON messages (project, source, id);
CREATE INDEX messages_not_kept ON messages (project, state, id) WHERE state <> 'kept';

CREATE TABLE message_bodies (
    body INTEGER PRIMARY KEY,
    request TEXT NOT NULL,
    bytes BLOB NOT NULL
);

-- Deduplication: the key decides, within the accepting transaction. At `forget_at`, where there is
-- one, the same content is news again.
CREATE TABLE identities (
    project TEXT NOT NULL,
    source TEXT NOT NULL,
    identity TEXT NOT NULL,
    version INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    message BLOB NOT NULL,
    at INTEGER NOT NULL,
    forget_at INTEGER,
    PRIMARY KEY (project, source, identity)
) WITHOUT ROWID;

-- Finds the content of a quarantined message, to forget it when the message is released.
CREATE INDEX identities_quarantined ON identities (project, message)
    WHERE substr(identity, 1, 11) = 'quarantine:';

CREATE TABLE quarantine_counts (
    project TEXT NOT NULL,
    source TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (project, source)
) WITHOUT ROWID;

CREATE TABLE deliveries (
    project TEXT NOT NULL,
    id BLOB NOT NULL,
    forwarder TEXT NOT NULL,
    connection TEXT NOT NULL,
    event TEXT NOT NULL,
    payload_kind TEXT NOT NULL,
    payload_id BLOB NOT NULL,
    key TEXT,
    state TEXT NOT NULL,
    origin TEXT NOT NULL,
    resend_of BLOB,
    attempts INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    registered_at INTEGER NOT NULL,
    next_attempt_at INTEGER,
    last_status INTEGER,
    last_error TEXT,
    PRIMARY KEY (project, id)
) WITHOUT ROWID;
CREATE INDEX deliveries_by_payload ON deliveries (project, payload_id);
CREATE INDEX deliveries_by_forwarder ON deliveries (project, forwarder, id);
CREATE INDEX deliveries_in_trouble ON deliveries (project, state, id)
    WHERE state NOT IN ('pending', 'failed', 'succeeded');
CREATE INDEX deliveries_by_key ON deliveries (project, key, id) WHERE key IS NOT NULL;

-- What is still to be sent, and nothing else: a row leaves when its delivery is final. A claim
-- sets `owner` and moves `next_at` to the end of its lease. What has an owner is claimed by nobody
-- else; a start frees what earlier starts held.
-- `rank` is 0 for first tries and 1 for retries; first tries go first.
CREATE TABLE queue (
    project TEXT NOT NULL,
    delivery BLOB NOT NULL,
    lane TEXT NOT NULL,
    rank INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    forwarder TEXT NOT NULL,
    fence INTEGER NOT NULL,
    owner TEXT,
    PRIMARY KEY (project, delivery)
) WITHOUT ROWID;
CREATE INDEX queue_due ON queue (project, lane, rank, next_at, delivery);

CREATE TABLE attempts (
    project TEXT NOT NULL,
    delivery BLOB NOT NULL,
    number INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    request TEXT,
    request_sha256 BLOB,
    request_bytes INTEGER NOT NULL,
    request_body BLOB,
    status INTEGER,
    response_headers TEXT,
    response_body BLOB,
    truncated INTEGER NOT NULL,
    error_kind TEXT,
    error_message TEXT,
    PRIMARY KEY (project, delivery, number)
) WITHOUT ROWID;

-- The hubs that have worked on this store, and how often each was started.
CREATE TABLE nodes (
    node TEXT NOT NULL PRIMARY KEY,
    start INTEGER NOT NULL
) WITHOUT ROWID;

-- Facts about the installation, such as the digest of the administrator's token.
CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
